//! A mutant: the rendered files with one fault in them.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

/// How the fault was made.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Class {
    /// Written down by hand, with the reason why it matters.
    Hand,
    /// A part of a Kubernetes document removed, changed or moved.
    Field,
    /// A part of a Terraform file removed, changed or moved.
    Attribute,
    /// A part of the model left out before rendering.
    Model,
}

impl Class {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 4] = [Self::Hand, Self::Field, Self::Attribute, Self::Model];

    /// Its name in trials and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hand => "hand",
            Self::Field => "field",
            Self::Attribute => "attribute",
            Self::Model => "model",
        }
    }
}

/// One fault.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// How it was made.
    pub class: Class,
    /// What it is planted in: an object, a file, a part of the model.
    pub place: String,
    /// What was done there. `place: edit` is unique.
    pub edit: String,
    /// What would come of it; only where a person wrote it down.
    pub why: &'static str,
    /// New texts by path relative to the output folder; a file without one is gone.
    pub changes: BTreeMap<String, Option<String>>,
}

impl Mutant {
    /// A mutant of a single file.
    pub fn of(class: Class, place: impl Into<String>, edit: impl Into<String>, path: impl Into<String>, text: Option<String>) -> Self {
        let changes = BTreeMap::from([(path.into(), text)]);
        Self { class, place: place.into(), edit: edit.into(), why: "", changes }
    }

    /// Its name in the tables.
    pub fn name(&self) -> String {
        format!("{}: {}", self.place, self.edit)
    }

    /// What survivors are matched by: the name with the class.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.class.name(), self.name())
    }

    /// Whether it belongs to a sample, one of so many. Its name decides: other faults that come and go don't move the sample.
    pub fn is_in_sample(&self, one_of: u16) -> bool {
        let digest = Sha256::digest(self.full_name());
        u16::from_be_bytes([digest[0], digest[1]]) % one_of == 0
    }

    /// The changed files that stand below a top folder (`kubernetes` or `terraform`).
    pub fn below(&self, top: &str) -> impl Iterator<Item = (&String, &Option<String>)> {
        self.changes.iter().filter(move |(path, _)| path.split('/').next() == Some(top))
    }
}
