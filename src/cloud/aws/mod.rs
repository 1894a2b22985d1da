//! Amazon Web Services: the Terraform roots of an environment and its regions.

pub mod network;
mod text;
