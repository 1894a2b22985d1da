//! Documents -> statements about the platform: values first, text second.
//!
//! An analysis reads inventories, whoever made their documents, and knows neither the spec nor the disk.

pub mod impact;
pub mod procedure;
pub mod transition;
