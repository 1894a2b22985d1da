//! The estate of a small spec, for unit tests of what is made from it.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostics, Severity};
use crate::model::Estate;
use crate::model::lock::{AddonLock, Lock};
use crate::resolve::{Inputs, resolve};
use crate::source::Sources;
use crate::spec::{DEFAULTS, assemble};
use crate::syntax::parse;

/// Resolves the text of a spec that holds no fault.
pub(crate) fn estate(text: &str) -> Estate {
    let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
    let id = sources.add("platform.yaml", text.to_owned());
    let spec = parse(&sources, id, &mut found).expect("YAML");
    let id = sources.add_default("defaults.yaml", DEFAULTS);
    let defaults = parse(&sources, id, &mut found).expect("YAML");
    let specs = assemble(&[spec], &defaults, &mut found);
    let resolution = resolve(
        &specs,
        &Lock::default(),
        Inputs { sources: &sources, included: &BTreeMap::new(), addons: &AddonLock::default(), allow_incomplete: true },
    );
    found.extend(resolution.diagnostics);
    let errors: Vec<String> = found.iter().filter(|one| one.severity == Severity::Error).map(|one| one.message.clone()).collect();
    assert_eq!(errors, [""; 0]);
    resolution.estate.expect("a platform")
}
