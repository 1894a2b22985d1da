//! YAML or TOML text -> a tree with spans -> any type that derives serde's `Deserialize`.
//!
//! [`parse`] turns a source into a [`Node`], [`decode`] turns a node into a type. Both collect findings instead of stopping at the first. Only this
//! module distinguishes YAML from TOML.

mod decode;
mod field;
mod figure;
pub mod node;
mod toml;
mod unclosed;
mod yaml;
mod yaml_fault;

pub use decode::{code_of, decode};
pub use field::{Field, Item, Map};
pub use node::{Entry, Kind, Node};

use crate::diagnostic::Diagnostics;
use crate::source::{FileId, Sources};

/// The maximum nesting depth. Protects the stack from hostile input.
pub(crate) const DEPTH: usize = 64;

/// The maximum file size in bytes. Spans are 32 bits wide.
pub(crate) const SIZE: usize = 64 << 20;

/// Parses a source: `.toml` files as TOML, all others as YAML, which includes JSON.
///
/// Returns `None` if the source has no valid tree; the reasons are in `found`.
pub fn parse(sources: &Sources, file: FileId, found: &mut Diagnostics) -> Option<Node> {
    let source = sources.get(file);
    if source.text.len() > SIZE {
        found.push(
            crate::diagnostic::Diagnostic::new(crate::diagnostic::Code::Syntax, format!("`{}` is larger than 64 MiB", source.name))
                .subject(source.name.clone()),
        );
        return None;
    }
    match source.name.ends_with(".toml") {
        true => toml::parse(&source.text, file, found),
        false => yaml::parse(&source.text, file, found),
    }
}
