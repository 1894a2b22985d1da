//! platgen turns one platform spec into the committed files of a whole platform.

pub mod diagnostic;
pub mod files;
pub mod hcl;
pub mod source;
