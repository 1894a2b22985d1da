//! Turns specs, locks and provider facts into the resolved platform; the only place where policy is decided.

pub mod addresses;
