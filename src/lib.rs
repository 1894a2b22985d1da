//! platgen renders a platform spec into the committed files of a platform.
//!
//! Five nouns, four stages:
//!
//! ```text
//! Source --syntax--> Node --decode--> Spec --resolve--> Estate --view + template--> Files --output--> disk
//! ```
//!
//! - [`source`]: named texts. [`conflict`]: git's conflict markers in them. [`syntax`]: YAML and TOML parsed into one tree with spans, and decoding that collects faults instead of failing.
//! - [`spec`]: the types of the file format, and the merging of layers.
//! - [`resolve`]: the only module that makes policy decisions. The result is the [`model`], which every renderer reads.
//! - [`kubernetes`], [`cloud`] and [`delivery`]: view structs of the model. [`template`] prints them; [`yaml`] and [`hcl`] parse and format the printed text.
//! - [`alerts`]: what judges metrics: rules, played tests and pages. [`dashboards`]: what shows them.
//! - [`render`]: collects the [`files`]. [`output`]: writes them to disk.
//! - [`policy`]: the traffic that NetworkPolicies allow. [`rbac`]: the rights that roles and bindings give. [`kinds`]: the table of Kubernetes kinds. [`labels`]: names of labels and annotations. [`commands`]: commands of kubectl
//!   that messages and files name. [`scanners`]: accepted findings of third-party
//!   scanners. [`spec_fmt`]: the formatter of specs.
//! - [`analysis`]: statements about a platform, computed from its documents.
//! - [`layers`]: the kinds of Terraform roots in the order of application.
//! - [`diagnostic`]: every message to the user.
//! - [`project`]: the pipeline through all stages, used by commands, tests and analyses.
//!
//! The core is pure: the same spec and lock give the same bytes on every machine. Only [`project`], [`output`] and [`cli`] access the disk.
//! `tests/tidy.rs` enforces which module may import which.

// What can't happen has a way out all the same: no spec makes the program panic.
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable))]

pub mod source;

pub mod conflict;

pub mod diagnostic;

pub mod value;

pub mod provider;

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

pub mod rbac;

pub mod alerts;

pub mod dashboards;

pub mod kubernetes;

pub mod cloud;

pub mod files;

pub mod delivery;

pub mod commands;

pub mod kinds;

pub mod labels;

pub mod guard;

pub mod render;

pub mod check;

pub mod analysis;

pub mod output;

pub mod project;

pub mod cli;

#[cfg(test)]
mod tests;
