//! What each cloud makes of a region: Terraform roots as pages, a page being a path, a template and the view it prints.
//!
//! Decides nothing that another reader needs: names, ranges and flows come from the model. Knows no text of HCL but references.

pub mod aws;

use minijinja::Value;

/// One file to be printed.
#[derive(Clone, Debug)]
pub struct Page {
    /// Where it lies, relative to the folder of its root.
    pub path: &'static str,
    /// The template, relative to `templates/`.
    pub template: &'static str,
    /// What the template prints.
    pub view: Value,
}
