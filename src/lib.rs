//! platgen turns one platform spec into the committed files of a whole platform.

pub mod cli;
pub mod cloud;
pub mod diagnostic;
pub mod facts;
pub mod files;
pub mod hcl;
pub mod kubernetes;
pub mod model;
pub mod output;
pub mod render;
pub mod resolve;
pub mod source;
pub mod spec;
pub mod syntax;
pub mod template;
pub mod value;
pub mod yaml;
