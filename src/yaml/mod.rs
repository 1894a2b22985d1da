//! The YAML that platgen prints: a strict reader, a tree and a canonical emitter.
//!
//! [`read`] parses the text of a rendered template, a small subset of YAML (see its module), into [`Document`]s, on which patches and other later
//! stages work. [`emit`] prints them so that YAML 1.1 and 1.2 readers agree on every scalar, and `read` reads the result back unchanged. Files of
//! users are parsed by the full parser instead.

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
pub(crate) use scalar::{is_plain, is_plain_key, is_printable, write_quoted};
pub use tree::{Children, Document, Id, Node, Value};

/// How deep maps and lists may be nested in a text that is read.
pub const DEPTH_LIMIT: usize = 64;
