//! Terraform roots as data: the layer, the scope, the state and the files of each.
//!
//! A cloud is a folder here, and a layer of that cloud is a folder below it; `layers` holds the order. Names, address ranges and flows come from
//! the model, and HCL stands in the templates.

mod aws;

use crate::files::HEADER;
use crate::layers::{FOLDER, Layer, Scope};
use crate::model::Platform;
use crate::scanners::mark_terraform;
use crate::template::{self, TemplateError};
use serde::Serialize;
use std::collections::BTreeMap;

/// The view of a template without values.
#[derive(Serialize)]
struct Nothing {}

/// A Terraform root: the configuration of one state.
#[derive(Clone, Debug)]
pub struct Root {
    /// Its layer.
    pub layer: Layer,
    /// The environment and the regions that it covers.
    pub scope: Scope,
    /// Where Terraform keeps its state.
    pub state: State,
    /// Texts by path, relative to the root's folder.
    pub files: BTreeMap<String, String>,
}

/// Where Terraform keeps the state of a root.
#[derive(Clone, Debug)]
pub struct State {
    /// The bucket.
    pub bucket: String,
    /// The path of the state in the bucket.
    pub key: String,
    /// The region of the bucket.
    pub region: String,
}

/// The roots of an environment, in the order in which to apply them.
///
/// # Errors
/// A template that cannot be printed.
pub fn roots(platform: &Platform) -> Result<Vec<Root>, TemplateError> {
    // Clusters on other providers have no roots; those of Google Cloud and Azure are not rendered yet.
    let mut roots = aws::roots(platform)?;
    roots.iter_mut().for_each(|root| root.complete(platform));
    roots.sort_by_key(|root| root.layer);
    Ok(roots)
}

impl Root {
    /// The folder of the root, below the output folder.
    pub fn folder(&self) -> String {
        format!("{FOLDER}/{}", self.scope.path(self.layer))
    }

    /// Adds the file `path`, which the template of the same name in `folder` prints for a view.
    fn print(&mut self, folder: &str, path: &str, view: &impl Serialize) -> Result<(), TemplateError> {
        let template = format!("{folder}/{}.j2", path.replace(".tftest.hcl", ".tf").replace(".tofutest.hcl", ".tf"));
        self.files.insert(path.to_owned(), template::render_hcl(&template, view)?);
        Ok(())
    }

    /// Adds the README: the layer's own part, then the commands that apply every root.
    fn document(&mut self, own: &str) {
        let commands = include_str!("../../templates/terraform/apply.md").replace("LAYER", self.layer.name());
        self.files.insert("README.md".to_owned(), format!("# {}\n\n{own}{commands}", self.layer.about()));
    }

    /// Marks accepted findings, puts the header on top of each file, and adds the raw files of the spec.
    fn complete(&mut self, platform: &Platform) {
        for (_, text) in self.files.iter_mut().filter(|(path, _)| !path.ends_with(".md")) {
            *text = format!("{HEADER}\n{}", mark_terraform(platform, text).trim_start_matches('\n'));
        }
        for raw in platform.terraform.iter().filter(|raw| raw.root == self.layer) {
            self.files.insert(raw.file_name(), format!("{HEADER}\n{}", raw.text));
        }
    }
}
