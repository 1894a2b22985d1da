//! HCL text: values printed as literals, files laid out as `terraform fmt` does, and both read back.
//!
//! Templates print with [`write_value`] and are laid out by [`format`]; [`Block`] is what a file says. All work on text alone and know no
//! provider, resource or file.

mod format;
mod lexer;
mod read;
mod value;

pub use format::format;
pub use read::Block;
pub use value::write_value;
