//! The value types of the spec language: each parses a text into a typed value or a one-line error.
//!
//! Every type has private fields, one fallible constructor (`parse`, the grammar), a canonical text (`Display`) that parses to an equal value, and,
//! through `text!`, the same grammar in serde and in the JSON Schema. This module uses no spans, no diagnostics and no other module of the
//! crate. Whether a value makes sense in its context is up to the callers.

#[macro_use]
mod macros;

mod api;
mod capability;
mod chart;
mod cidr;
pub mod credential;
mod date;
mod domain;
mod duration;
mod expression;
mod file_mode;
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
mod short_name;
mod target;
mod text;
mod url;
mod version;
mod volume;
mod words;
mod zone;

pub use api::{ApiGroup, ApiResource};
pub use capability::Capability;
pub use chart::{ChartDigest, ChartName, ChartRepository, ChartVersion, Definitions};
pub use cidr::{Address, Cidr};
pub use date::Date;
pub use domain::{Domain, ExternalHost, Host, HostAddress, Hostname};
pub use duration::Duration;
pub use expression::{AddressField, Expression, OwnField, UserField};
pub use file_mode::FileMode;
pub use image::{Image, ImageTag};
pub use label::{LabelKey, LabelValue, MetadataKey};
pub use name::{EntryName, Name, VariableName};
pub use path::{AbsolutePath, RelativePath};
pub use percent::{Percent, Utilization};
pub use port::{NetworkPort, NetworkPorts, Port, PortMap, PortName, PortSpecifier, Transport};
pub use quantity::Quantity;
pub use range::{CountRange, CpuLimit, CpuRange, QuantityRange};
pub use reference::{BucketAccess, Ref, RefKind, SecretPath, SecretRef};
pub use route_path::RoutePath;
pub use rule::{ObjectPattern, RuleName, matches_pattern};
pub use schedule::{Schedule, WEEK};
pub use short_name::{digest, kept_start, truncate_with_hash};
pub use target::Target;
pub use text::{Interpolation, Part, Text};
pub use url::Url;
pub use version::{KubernetesVersion, VersionRequirement};
pub use volume::VolumeRef;
pub use words::{
    ApiVerb, Architecture, DnsFirewall, EndpointSet, Engine, GroupRole, Medium, NatGateways, PodSecurityLevel, PolicyEngine, Protocol,
    Scanner, SecretStore, Sticky, StoreMode, Via,
};
pub use zone::Zone;

use std::fmt;

/// Why a text does not parse.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Invalid {
    /// One line for a diagnostic: the problem, then the text to write, with an example.
    pub message: String,
    /// The kind of problem.
    pub kind: Wrong,
}

/// A kind of problem with a text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wrong {
    /// The text does not match the grammar.
    Form,
    /// The text is a range whose start is above its end.
    Range,
    /// The text is too long.
    Length,
}

impl Invalid {
    fn new(message: impl Into<String>) -> Self {
        Invalid { message: message.into(), kind: Wrong::Form }
    }

    /// `text` is not `expected` (with its article): `rule` tells what to write.
    fn not(text: &str, expected: &str, rule: impl fmt::Display) -> Self {
        Invalid::new(format!("{} is not {expected}: {rule}", quote(text)))
    }

    /// `text` has more than the `most` characters of `expected` (with its article).
    fn too_long(text: &str, expected: &str, most: usize) -> Self {
        let message = format!("{} is {} characters long: {expected} has at most {most}", quote(text), text.len());
        Invalid { message, kind: Wrong::Length }
    }

    /// A range whose start is above its end: `mended` has the ends in order.
    fn reversed(text: &str, mended: impl fmt::Display) -> Self {
        let message = format!("the start of {} is above the end: write `{mended}`", quote(text));
        Invalid { message, kind: Wrong::Range }
    }
}

impl fmt::Display for Invalid {
    /// The message; in the alternate form (`{:#}`) the kind alone. An error passes through serde as [`fmt::Display`], so the decoder asks for both.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() { fmt::Debug::fmt(&self.kind, f) } else { f.write_str(&self.message) }
    }
}

impl std::error::Error for Invalid {}

/// The text in backticks, shortened and on one line, for a message.
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

/// The words in backticks, as a list with "or".
fn list(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => format!("`{only}`"),
        [first @ .., last] => format!("{} or `{last}`", first.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")),
    }
}

/// "did you mean ...?" if a word is close, and "expected ..." with all the words.
fn expected_one_of(word: &str, words: &[&str]) -> String {
    let nearest = words.iter().map(|known| (strsim::damerau_levenshtein(word, known), known)).min();
    match nearest {
        Some((distance, known)) if distance <= 2 && distance < known.len() => format!("did you mean `{known}`? expected {}", list(words)),
        _ => format!("expected {}", list(words)),
    }
}

/// Parses a whole number: digits without a sign or leading zeros.
fn whole(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod schema_laws;
