//! Documents, or the resolved platform -> statements about the platform: values first, text second.
//!
//! An analysis knows neither the spec nor the disk. Those of documents read inventories, whoever made the documents.

pub mod access;
pub mod buckets;
pub mod databases;
pub mod diff;
mod drawing;
mod fetched;
pub mod gitops;
pub mod graph;
pub mod identity;
pub mod impact;
mod inputs;
pub mod mirror;
pub mod outage;
pub mod page;
pub mod parity;
pub mod procedure;
pub mod reach;
pub mod secrets;
pub mod transition;
