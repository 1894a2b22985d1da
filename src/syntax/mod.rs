//! Text in, spanned tree out: the one place that knows YAML from TOML.
//!
//! [`parse`] turns a source into a [`Node`]; [`decode`] turns a node into any type that derives serde's `Deserialize`, finding every fault in one
//! pass. Both collect findings instead of stopping. What the keys mean is the business of `spec`.

mod decode;
mod field;
pub mod node;
mod toml;
mod yaml;

pub use decode::{code_of, decode};
pub use field::{Field, Item, Map};
pub use node::{Entry, Kind, Node};

use crate::diagnostic::Diagnostics;
use crate::source::{FileId, Sources};

/// Nesting beyond this is refused: no platform needs it, and hostile input must not exhaust the stack.
pub(crate) const DEPTH: usize = 64;

/// A file larger than this is refused (bytes); spans are 32 bits wide and no spec comes near.
pub(crate) const SIZE: usize = 64 << 20;

/// Reads one source by its extension (`.toml` is TOML, anything else YAML, of which JSON is a part).
///
/// Returns `None` where nothing could be read; the reasons are in `found`.
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
