//! The resolved platform and the small value types it is made of.

pub mod lock;
