//! From texts to files without a disk, as `render` does it.

use platgen::diagnostic::Severity;
use platgen::files::Files;
use platgen::model::Estate;
use platgen::project::{Project, Rendered, Resolved};
use std::path::PathBuf;

/// What became of a spec.
pub(crate) struct Made {
    /// Every finding as `severity[code]: message`, sorted.
    pub(crate) findings: Vec<String>,
    pub(crate) estate: Option<Estate>,
    pub(crate) files: Option<Files>,
}

impl Made {
    pub(crate) fn errors(&self) -> Vec<&str> {
        self.findings.iter().map(String::as_str).filter(|line| line.starts_with("error")).collect()
    }
}

/// Takes a spec as far as it goes: a fault of one stage keeps the next ones from running, as in the program.
pub(crate) fn make(texts: &[(&str, &str)]) -> Made {
    let texts = texts.iter().map(|(name, text)| (PathBuf::from(name), text.to_string())).collect();
    let project = Project::of(PathBuf::new(), texts, [None, None], |path| Err(format!("`{path}` is not there")));
    let mut made = Made { findings: Vec::new(), estate: None, files: None };
    let (found, sources) = match project.allow_incomplete(true).resolve().and_then(Resolved::render) {
        Ok(Rendered { resolved, files }) => {
            made.estate = Some(resolved.estate);
            made.files = Some(files);
            (resolved.project.found, resolved.project.sources)
        }
        Err(failure) => (failure.found, failure.sources),
    };
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
