//! Faults that nobody notices, and why that is right: `survivors.toml`.
//!
//! A fault that is in no list fails the tests; so does a line that no unnoticed fault needs.

use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::Path;

/// The list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Survivors {
    survivor: Vec<Survivor>,
}

/// A kind of fault that may go unnoticed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Survivor {
    /// Matches `place: edit` of the fault, whole; `*` stands for any text. `class` comes first: `field Service/web: spec.type removed`.
    pub pattern: String,
    /// Why nobody needs to notice it.
    pub reason: String,
}

impl Survivors {
    /// Reads the list.
    pub fn read() -> Result<Self, String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mutations/survivors.toml");
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        toml::from_str(&text).map_err(|error| format!("survivors.toml: {error}"))
    }

    /// The number of the line that accepts a fault.
    pub fn accept(&self, name: &str) -> Option<usize> {
        self.survivor.iter().position(|survivor| matches(&survivor.pattern, name))
    }

    /// Lines that accepted nothing, and those without a reason.
    pub fn faults(&self, used: &BTreeSet<usize>) -> Vec<String> {
        let line = |(index, survivor): (usize, &Survivor)| match (survivor.reason.trim().is_empty(), used.contains(&index)) {
            (true, _) => Some(format!("{}: no reason", survivor.pattern)),
            (_, false) => Some(format!("{}: no unnoticed fault needs it", survivor.pattern)),
            _ => None,
        };
        self.survivor.iter().enumerate().filter_map(line).collect()
    }

    /// The line of a number.
    pub fn get(&self, index: usize) -> Option<&Survivor> {
        self.survivor.get(index)
    }
}

/// Whether a pattern matches a whole text; `*` stands for any text.
pub fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}
