//! HCL text: values printed as literals, and files laid out as `terraform fmt` does.
//!
//! Templates print with [`write_value`] and are laid out by [`format`]; both work on text alone and know no provider, resource or
//! file. What they print is parsed by a foreign reader in the tests.

mod format;
mod lexer;
mod value;

pub use format::format;
pub use value::write_value;
