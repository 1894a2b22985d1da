//! From texts to files without a disk, as `render` does it.

use platgen::diagnostic::{Diagnostics, Severity};
use platgen::files::Files;
use platgen::model::lock::Lock;
use platgen::render::{self, Origin};
use platgen::resolve::{Inputs, Resolution, resolve};
use platgen::source::Sources;
use platgen::spec::{DEFAULTS, Specs, assemble};
use platgen::syntax::parse;
use std::collections::BTreeMap;

/// What became of a spec.
pub(crate) struct Made {
    /// Every finding as `severity[code]: message`, sorted.
    pub(crate) findings: Vec<String>,
    pub(crate) resolution: Option<Resolution>,
    pub(crate) files: Option<Files>,
}

impl Made {
    pub(crate) fn errors(&self) -> Vec<&str> {
        self.findings.iter().map(String::as_str).filter(|line| line.starts_with("error")).collect()
    }
}

/// Takes a spec as far as it goes: a fault of one stage keeps the next ones from running, as in the program.
pub(crate) fn make(texts: &[(&str, &str)]) -> Made {
    let mut sources = Sources::default();
    let mut found = Diagnostics::default();
    let ids: Vec<_> = texts.iter().map(|(name, text)| sources.add(*name, *text)).collect();
    let nodes: Vec<_> = ids.iter().filter_map(|id| parse(&sources, *id, &mut found)).collect();
    let mut made = Made { findings: Vec::new(), resolution: None, files: None };
    if nodes.len() == ids.len() {
        let id = sources.add_default("defaults.yaml", DEFAULTS);
        let defaults = parse(&sources, id, &mut found).expect("the defaults can be read");
        let specs: Specs = assemble(&nodes, &defaults, &mut found);
        let included = BTreeMap::new();
        let resolution = resolve(&specs, &Lock::default(), Inputs { sources: &sources, included: &included });
        found.extend(resolution.diagnostics.iter().cloned());
        if let Some(estate) = resolution.estate.as_ref().filter(|_| !found.has_errors()) {
            match render::files(estate, Origin { specs: &specs, lock: &resolution.lock, included: &included }) {
                Ok(files) => made.files = Some(files),
                Err(faults) => found.extend(faults),
            }
        }
        made.resolution = Some(resolution);
    }
    // Printing looks up every place in the texts, so a wrong one shows here.
    let sorted = found.sorted();
    for format in platgen::diagnostic::Format::ALL {
        platgen::diagnostic::print(format, &sorted, &sources, false);
    }
    let word = |severity| if severity == Severity::Error { "error" } else { "warning" };
    made.findings = sorted.iter().map(|d| format!("{}[{}]: {}", word(d.severity), d.code.name(), d.message)).collect();
    made.findings.sort();
    made
}
