//! The platform that faults are planted in: its estate and what it renders to, made in process.
//!
//! `platform/platform.yaml` has one of everything, so that every template prints something of it.

use std::path::Path;

use platgen::diagnostic::Diagnostic;
use platgen::files::Files;
use platgen::model::Estate;
use platgen::project::{Failure, Project, Rendered, Resolved};
use platgen::render;

/// The environment and region whose files the mechanical faults are planted in.
pub const HOME: (&str, &str) = ("production", "eu-west-1");

/// A platform as it should be.
pub struct Ground {
    /// What is true.
    pub estate: Estate,
    /// What it renders to.
    pub files: Files,
}

impl Ground {
    /// Reads and renders the platform.
    pub fn new() -> Result<Self, String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mutations/platform");
        let rendered = Project::open(Some(&folder)).and_then(Project::resolve).and_then(Resolved::render);
        let messages = |failure: Box<Failure>| failure.found.iter().map(|fault| fault.message.clone()).collect::<Vec<_>>().join("\n");
        let Rendered { resolved: Resolved { estate, .. }, files } = rendered.map_err(messages)?;
        Ok(Self { estate, files })
    }

    /// What another estate renders to.
    pub fn render(&self, estate: &Estate) -> Result<Files, String> {
        let messages = |faults: Vec<Diagnostic>| faults.into_iter().map(|fault| fault.message).collect::<Vec<_>>().join("\n");
        render::files(estate).map_err(messages)
    }

    /// The text of a file, by its path relative to the output folder.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|(file, _)| file == path).map(|(_, text)| text)
    }
}

/// The path of a Kubernetes file at home.
pub fn kubernetes(file: &str) -> String {
    format!("kubernetes/{}/{}/{file}", HOME.0, HOME.1)
}

/// The path of a file of a root at home, or of its environment: `ROOT/FILE`.
pub fn terraform(file: &str) -> String {
    if file.starts_with("global/") {
        return format!("terraform/{}/{file}", HOME.0);
    }
    if let Some(file) = file.strip_prefix("bootstrap/") {
        return format!("terraform/bootstrap/{}/{file}", HOME.0);
    }
    format!("terraform/{}/{}/{file}", HOME.0, HOME.1)
}
