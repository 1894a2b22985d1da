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
    /// What is in it.
    pub content: Content,
}

/// What is in a file.
#[derive(Clone, Debug)]
pub enum Content {
    /// What a template, by its name relative to `templates/`, prints for a view.
    Template(&'static str, Value),
    /// Text that is the same for everyone.
    Text(&'static str),
}
