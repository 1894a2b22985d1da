//! YAML as this tool prints it: a strict reader, one tree, one canonical form.
//!
//! [`read`] turns rendered template text (a small subset of YAML, see its module) into [`Document`]s, the value type that every later stage
//! works on; [`emit`] prints them so that YAML 1.1 and 1.2 readers agree on every scalar. Whatever `emit` prints, `read` reads back unchanged.
//! Files that users write never come here: they take the full parser.

mod edit;
mod emit;
mod flow;
#[cfg(test)]
mod laws;
mod read;
mod scalar;
mod tree;
mod value;

pub use emit::{emit, emit_all};
pub use read::{ReadError, read, read_with_fragments};
pub(crate) use scalar::{is_plain, is_plain_key, is_printable};
pub use tree::{Document, Id, Kind, Node};

/// How deep maps and lists may stand inside each other, in text that is read.
pub const DEPTH_LIMIT: usize = 64;
