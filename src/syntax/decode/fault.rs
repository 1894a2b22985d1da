//! The error type of the decoder.

use crate::diagnostic::{Code, Expected as Wanted, Fix};
use crate::source::Span;
use crate::value::Wrong;
use serde::de;
use std::fmt;

/// A fault, passed through serde as an error.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) code: Code,
    pub(super) message: String,
    pub(super) span: Option<Span>,
    pub(super) help: Option<String>,
    pub(super) fix: Option<Fix>,
    pub(super) expected: Option<Wanted>,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    /// The error of a value type that can't parse a text. In the alternate form, it prints its kind alone.
    fn custom<M: fmt::Display>(error: M) -> Self {
        let kind = [Wrong::Range, Wrong::Length].into_iter().find(|kind| format!("{error:#}") == format!("{kind:?}"));
        Fault { code: code_of(kind.unwrap_or(Wrong::Form)), message: error.to_string(), span: None, help: None, fix: None, expected: None }
    }
}

/// The code for a kind of problem with a text.
pub fn code_of(kind: Wrong) -> Code {
    match kind {
        Wrong::Form => Code::InvalidValue,
        Wrong::Range => Code::ImpossibleRange,
        Wrong::Length => Code::NameTooLong,
    }
}
