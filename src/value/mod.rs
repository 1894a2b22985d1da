//! The small grammars of the spec language: a text goes in, a typed value or one sentence about what is wrong comes out.
//!
//! Every type has private fields, one fallible constructor (`FromStr`), a canonical text (`Display`) that parses back to an equal value, and
//! through `text!` the same grammar in serde and in the JSON Schema. This module knows no spans, no diagnostics and no other part of the
//! crate; whether a value makes sense where it stands is judged by its readers.

#[macro_use]
mod macros;

mod capability;
mod cidr;
mod date;
mod domain;
mod duration;
mod expression;
mod fit;
mod image;
mod label;
mod name;
mod path;
mod percent;
mod port;
mod quantity;
mod range;
mod reference;
mod route_path;
mod rule;
mod schedule;
mod target;
mod text;
mod url;
mod version;
mod words;

pub use capability::Capability;
pub use cidr::Cidr;
pub use date::Date;
pub use domain::{Domain, Host, HostAddress, Hostname};
pub use duration::Duration;
pub use expression::{AddressField, Expression, OwnField, UserField};
pub use fit::{digest, fit};
pub use image::{Image, ImageTag};
pub use label::{LabelKey, LabelValue};
pub use name::{EntryName, Name, VariableName};
pub use path::{AbsolutePath, RelativePath};
pub use percent::Percent;
pub use port::{Port, PortMap, PortName, PortSpecifier};
pub use quantity::Quantity;
pub use range::{CountRange, QuantityRange};
pub use reference::{BucketAccess, Ref, RefKind, SecretRef};
pub use route_path::RoutePath;
pub use rule::{ObjectPattern, RuleName};
pub use schedule::Schedule;
pub use target::Target;
pub use text::{Interpolation, Part, Text};
pub use url::Url;
pub use version::{KubernetesVersion, VersionRequirement};
pub use words::{Architecture, Engine, GroupRole, Medium, PodSecurityLevel, PolicyEngine, Protocol, SecretStore, StoreMode, Via};

use std::fmt;

/// Why a text is not a value of its type.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Invalid {
    /// One sentence in the voice of diagnostics: what is wrong, then what to write, with an example.
    pub message: String,
    /// What is wrong with it.
    pub kind: Wrong,
}

/// What is wrong with a text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wrong {
    /// It is not in the grammar.
    Form,
    /// It is a range whose start is above its end.
    Range,
    /// It is too long.
    Length,
}

impl Wrong {
    /// Serde carries nothing but a text from a value to its reader, so the kind travels as the text's first character, which no message has.
    const MARKS: [(Wrong, char); 2] = [(Wrong::Range, '\u{1}'), (Wrong::Length, '\u{2}')];

    /// The kind and the message of a text made by [`Invalid::marked`].
    pub fn split(text: &str) -> (Wrong, &str) {
        let marked = Wrong::MARKS.iter().find_map(|(kind, mark)| Some((*kind, text.strip_prefix(*mark)?)));
        marked.unwrap_or((Wrong::Form, text))
    }
}

impl Invalid {
    fn new(message: impl Into<String>) -> Self {
        Invalid { message: message.into(), kind: Wrong::Form }
    }

    fn of(kind: Wrong, message: impl Into<String>) -> Self {
        Invalid { message: message.into(), kind }
    }

    /// The message with its kind in front, for the way through serde.
    pub fn marked(&self) -> String {
        let mark = Wrong::MARKS.iter().find(|(kind, _)| *kind == self.kind);
        mark.map(|(_, mark)| *mark).into_iter().chain(self.message.chars()).collect()
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Invalid {}

/// The text in backticks, on one line and short enough for a message; words for none.
fn quote(text: &str) -> String {
    const SHOWN: usize = 60;
    if text.is_empty() {
        return "an empty text".to_owned();
    }
    let mut shown: String =
        text.chars().take(SHOWN).flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

/// The words in backticks, as a list that a sentence can end with.
fn list(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => format!("`{only}`"),
        [first @ .., last] => format!("{} or `{last}`", first.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")),
    }
}

/// "one of these" with the word that was probably meant in front, where one is near enough.
fn expected_one_of(word: &str, words: &[&str]) -> String {
    let nearest = words.iter().map(|known| (strsim::damerau_levenshtein(word, known), known)).min();
    match nearest {
        Some((distance, known)) if distance <= 2 && distance < known.len() => format!("did you mean `{known}`? it may be {}", list(words)),
        _ => format!("it may be {}", list(words)),
    }
}

/// A whole number in its one decimal spelling: digits without a sign or a leading zero.
fn whole(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod agreement;
