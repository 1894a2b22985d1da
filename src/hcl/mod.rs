//! HCL: printing values as literals, formatting files like `terraform fmt`, and parsing rendered files.
//!
//! Templates print values with [`write_value`], [`format`] lays out the result, and [`Block::read`] parses it. The module has no knowledge of
//! providers and resources.

mod format;
mod lexer;
mod read;
mod value;

pub use format::format;
pub use read::Block;
pub use value::write_value;
