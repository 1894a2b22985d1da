//! platgen
