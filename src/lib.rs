//! platgen turns one platform spec into the committed files of a whole platform.
//!
//! Five nouns, four stages:
//!
//! ```text
//! Source --syntax--> Node --decode--> Spec --resolve--> Estate --view + template--> Files --output--> disk
//! ```
//!
//! A [`source`] is bytes with a name. [`syntax`] makes one spanned tree of YAML and TOML and decodes it without ever failing. [`spec`] is the file
//! format, one to one, and merges its layers. [`resolve`] is the only place where policy is decided; it gives the [`model`], the truth that
//! every renderer reads. [`kubernetes`] and [`cloud`] make views of it, [`template`] prints them, [`yaml`] and [`hcl`] read back and lay out what was
//! printed; [`spec_fmt`] lays out specs. [`policy`] says what the NetworkPolicies among documents let pass. [`render`] gathers the
//! [`files`], [`output`] brings them to disk. A [`diagnostic`] is everything the user can be told.
//! [`scanners`] says which rules of others an object does not keep, and why.
//! [`kinds`] is the table of Kubernetes kinds, and [`layers`] that of the kinds of Terraform roots.
//!
//! [`project`] is the pipeline through all of them: what commands, tests and analyses start with.
//!
//! The core is pure: the same spec and lock give the same bytes on every machine. Only [`project`], [`output`] and [`cli`] know the disk. `tests/tidy.rs` holds
//! who may import whom.

pub mod source;

pub mod diagnostic;

pub mod value;

pub mod syntax;

pub mod spec;

pub mod facts;

pub mod layers;

pub mod model;

pub mod resolve;

pub mod scanners;

pub mod template;

pub mod yaml;

pub mod hcl;

pub mod spec_fmt;

pub mod inventory;

pub mod policy;

pub mod kubernetes;

pub mod cloud;

pub mod files;

pub mod kinds;

pub mod render;

pub mod check;

pub mod output;

pub mod project;

pub mod cli;

#[cfg(test)]
mod tests;
