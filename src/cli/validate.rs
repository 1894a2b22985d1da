//! `platgen validate`: every root cause once, nothing written.

use super::{FAILED, FINE, Spec, Terminal, load};
use crate::diagnostic::wording::Count;

pub(super) fn run(spec: &Spec, terminal: &Terminal) -> u8 {
    let mut loaded = match load(spec.spec.as_deref()) {
        Ok(loaded) => loaded,
        Err(fault) => {
            terminal.tell_plain(&[*fault]);
            return FAILED;
        }
    };
    let resolution = loaded.resolve();
    terminal.tell(&loaded.found.sorted(), &loaded.sources);
    if loaded.found.has_errors() {
        return FAILED;
    }
    let environments = resolution.and_then(|resolution| resolution.estate).map_or(0, |estate| estate.environments.len());
    terminal.say(&format!("the spec is valid in {}", Count(environments, "environment")));
    FINE
}
