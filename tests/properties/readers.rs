//! The readers of specs against the libraries' own: what ours accepts is what they read, and what is no YAML or no TOML to them is none to us.
//!
//! The comparison is by what was written: a list is a list, a map has the same keys in the same order, a scalar the same text. Whether a word
//! is a number is decided later, by the field, so for an unquoted word the library is asked for its text; that it was unquoted is checked where
//! the library has only one way to take it (`true`, `12`), and a quoted text must be text to it.
//!
//! Ours refuses more. In YAML, on purpose: anchors, aliases, tags, merge keys (`anchor`), a key that stands twice (`duplicate-key`), a second
//! document, an empty file, a key that is a list or a map, nesting beyond 64 levels; and because its parser does: a tab right after a colon, a
//! `?` as the last sign of a file. In TOML: that nesting. Lines inside brackets or quotes that stand as far left as what they belong to are
//! against the letter of YAML, and common (a closing bracket); each parser lets most of them pass, so there a refusal of either says nothing.

use super::fuzz::{Random, Seed, corpus, spoil};
use platgen::diagnostic::{Code, Diagnostics};
use platgen::source::Sources;
use platgen::syntax::{Entry, Kind, Node, parse};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;

/// What ours makes of a text, or the codes and messages of its faults.
fn ours(format: &str, text: &str) -> Result<Node, Vec<(Code, String)>> {
    let mut sources = Sources::default();
    let mut found = Diagnostics::default();
    let file = sources.add(format!("platform.{format}"), text);
    let node = parse(&sources, file, &mut found);
    let faults: Vec<_> = found.iter().map(|fault| (fault.code, fault.message.clone())).collect();
    if faults.is_empty() { node.ok_or_else(Vec::new) } else { Err(faults) }
}

/// Whether a fault is one of those that are faults to us alone.
fn by_design((code, message): &(Code, String)) -> bool {
    match code {
        Code::Anchor | Code::DuplicateKey => true,
        _ => {
            let own = [
                "a spec file can't have several documents",
                "the file is empty",
                "a key has to be text",
                "nested deeper than 64 levels",
                "':' must be followed by a valid yaml whitespace",
                "expected whitespace",
                "a byte order mark must not appear inside a document",
            ];
            own.contains(&message.as_str())
                || message == "the indentation of this line is wrong"
                || message.starts_with("plain scalar cannot start with '-'")
        }
    }
}

/// Reads a value from a library and holds it against a node.
struct Same<'n>(&'n Node);

impl<'de> DeserializeSeed<'de> for Same<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        match &self.0.kind {
            Kind::Plain(_) if self.0.is_empty_scalar() => from.deserialize_option(Null),
            Kind::Plain(text) if typed(text) => from.deserialize_any(Typed(text)),
            Kind::Plain(text) => from.deserialize_str(Text(text)),
            Kind::Text(text) => from.deserialize_any(Text(text)),
            Kind::List(items) => from.deserialize_seq(List(items)),
            Kind::Map(entries) => from.deserialize_map(Map(entries)),
        }
    }
}

/// What is a boolean or a number to every version of YAML, and fits.
fn typed(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let number = !digits.is_empty() && digits.len() < 18 && digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    number || text == "true" || text == "false"
}

struct Null;

impl<'de> Visitor<'de> for Null {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}

struct Typed<'n>(&'n str);

impl Typed<'_> {
    fn same<E: Error>(&self, found: impl fmt::Display) -> Result<(), E> {
        if found.to_string() == self.0 { Ok(()) } else { Err(E::custom(format!("{found} for `{}`", self.0))) }
    }
}

impl<'de> Visitor<'de> for Typed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the unquoted `{}`", self.0)
    }

    fn visit_bool<E: Error>(self, found: bool) -> Result<(), E> {
        self.same(found)
    }

    fn visit_i64<E: Error>(self, found: i64) -> Result<(), E> {
        self.same(found)
    }

    fn visit_u64<E: Error>(self, found: u64) -> Result<(), E> {
        self.same(found)
    }
}

struct Text<'n>(&'n str);

impl<'de> Visitor<'de> for Text<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the text {:?}", self.0)
    }

    fn visit_str<E: Error>(self, found: &str) -> Result<(), E> {
        if found == self.0 { Ok(()) } else { Err(E::custom(format!("{found:?} for the text {:?}", self.0))) }
    }
}

struct List<'n>(&'n [Node]);

impl<'de> Visitor<'de> for List<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of {}", self.0.len())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<(), A::Error> {
        for item in self.0 {
            from.next_element_seed(Same(item))?.ok_or_else(|| A::Error::custom("the list is shorter"))?;
        }
        match from.next_element::<IgnoredAny>()? {
            None => Ok(()),
            Some(_) => Err(A::Error::custom("the list is longer")),
        }
    }
}

struct Map<'n>(&'n [Entry]);

impl<'de> Visitor<'de> for Map<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a map of {}", self.0.len())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<(), A::Error> {
        for entry in self.0 {
            from.next_key_seed(Key(&entry.key))?.ok_or_else(|| A::Error::custom(format!("the key {:?} is missing", entry.key)))?;
            from.next_value_seed(Same(&entry.value))?;
        }
        match from.next_key::<IgnoredAny>()? {
            None => Ok(()),
            Some(_) => Err(A::Error::custom("the map is longer")),
        }
    }
}

struct Key<'n>(&'n str);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        // A key that is nothing is the library's null and our text.
        if matches!(self.0, "" | "~" | "null") { from.deserialize_any(NullKey(self.0)) } else { from.deserialize_str(Text(self.0)) }
    }
}

struct NullKey<'n>(&'n str);

impl<'de> Visitor<'de> for NullKey<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the key {:?}, or none", self.0)
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, found: &str) -> Result<(), E> {
        Text(self.0).visit_str(found)
    }
}

/// The library's word on a YAML text, by syntax alone.
fn yaml<'t>(text: &'t str, seed: impl DeserializeSeed<'t, Value = ()>) -> Result<(), String> {
    let options = serde_yaml::options! {
        duplicate_keys: serde_yaml::DuplicateKeyPolicy::PassThrough,
        merge_keys: serde_yaml::MergeKeyPolicy::AsOrdinary,
    };
    serde_yaml::with_deserializer_from_str_with_options(text, options, |from| seed.deserialize(from)).map_err(|error| error.to_string())
}

struct Anything;

impl<'de> DeserializeSeed<'de> for Anything {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_ignored_any(IgnoredAny).map(drop)
    }
}

/// What ours and the library's say of a YAML text; a difference is told.
fn judge_yaml(text: &str) -> Result<bool, String> {
    match ours("yaml", text) {
        Ok(node) => match yaml(text, Same(&node)) {
            // A carriage return alone ends a line, too.
            Err(_) if stands_left(&node, &text.replace('\r', "\n")) && yaml(text, Anything).is_err() => Ok(false),
            // YAML allows 1,024 characters for a key without a `?`; ours reads longer ones, which no section of a spec has.
            Err(_) if has_long_key(&node) && yaml(text, Anything).is_err() => Ok(false),
            other => other.map(|()| true),
        },
        Err(faults) if faults.iter().any(by_design) => Ok(false),
        // The library reads lines of a quoted text that are indented less than YAML asks for.
        Err(faults) if faults.iter().any(|(_, message)| message.starts_with("the quote `")) && has_quote_to_the_left(text) => Ok(false),
        Err(faults) => match yaml(text, Anything) {
            Ok(()) => Err(format!("refused with {faults:?}, which the library does not see")),
            Err(_) => Ok(false),
        },
    }
}

fn has_long_key(node: &Node) -> bool {
    let entries = node.entries().iter();
    node.items().iter().any(has_long_key) || entries.clone().any(|entry| entry.key.chars().count() > 1000 || has_long_key(&entry.value))
}

/// Whether a line inside brackets stands as far left as the line where they open.
fn stands_left(node: &Node, text: &str) -> bool {
    let range = node.span.range();
    if text[range.clone()].starts_with(['[', '{']) {
        let line = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
        let indentation = |line: &str| line.len() - line.trim_start_matches(' ').len();
        let own = indentation(&text[line..]);
        return text[range].lines().skip(1).any(|line| !line.trim().is_empty() && indentation(line) <= own);
    }
    node.items().iter().any(|item| stands_left(item, text)) || node.entries().iter().any(|entry| stands_left(&entry.value, text))
}

/// Whether a line with an odd number of quotes has a next line that is not indented deeper.
fn has_quote_to_the_left(text: &str) -> bool {
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let is_open = |line: &str| ['"', '\''].iter().any(|quote| line.matches(*quote).count() % 2 == 1);
    lines.windows(2).any(|pair| is_open(pair[0]) && indent(pair[1]) <= indent(pair[0]))
}

fn same_toml(node: &Node, value: &toml::Value) -> bool {
    match (&node.kind, value) {
        (Kind::Text(text), toml::Value::String(other)) => **text == **other,
        (Kind::Text(text), toml::Value::Datetime(other)) => text.parse::<toml::value::Datetime>().is_ok_and(|own| own == *other),
        (Kind::Plain(text), toml::Value::Boolean(other)) => **text == *other.to_string(),
        (Kind::Plain(text), toml::Value::Integer(other)) => toml_integer(text) == Some(*other),
        (Kind::Plain(text), toml::Value::Float(other)) => {
            text.replace('_', "").parse::<f64>().is_ok_and(|own| own == *other || (own.is_nan() && other.is_nan()))
        }
        (Kind::List(own), toml::Value::Array(other)) => own.len() == other.len() && own.iter().zip(other).all(|(a, b)| same_toml(a, b)),
        (Kind::Map(own), toml::Value::Table(other)) => {
            own.len() == other.len() && own.iter().zip(other).all(|(a, (key, b))| *a.key == **key && same_toml(&a.value, b))
        }
        _ => false,
    }
}

fn toml_integer(text: &str) -> Option<i64> {
    let text = text.replace('_', "");
    match text.get(..2) {
        Some("0x") => i64::from_str_radix(&text[2..], 16).ok(),
        Some("0o") => i64::from_str_radix(&text[2..], 8).ok(),
        Some("0b") => i64::from_str_radix(&text[2..], 2).ok(),
        _ => text.parse().ok(),
    }
}

/// The same of a TOML text.
fn judge_toml(text: &str) -> Result<bool, String> {
    match (ours("toml", text), toml::from_str::<toml::Table>(text)) {
        (Ok(node), Ok(table)) if same_toml(&node, &toml::Value::Table(table.clone())) => Ok(true),
        (Ok(node), Ok(table)) => Err(format!("{node:?} for {table:?}")),
        (Err(_), Err(_)) => Ok(false),
        (Err(faults), Ok(_)) if faults.iter().all(by_design) => Ok(false),
        (Err(faults), Ok(_)) => Err(format!("refused with {faults:?}, which the library does not see")),
        (Ok(_), Err(error)) => Err(format!("accepted, but the library says: {error}")),
    }
}

/// Judges texts and counts, by format, the accepted and the refused.
fn judge(texts: impl Iterator<Item = Seed>) -> BTreeMap<(String, bool), usize> {
    let mut counts = BTreeMap::new();
    let mut differences = Vec::new();
    for (format, bytes) in texts {
        let text = String::from_utf8_lossy(&bytes);
        match if format == "toml" { judge_toml(&text) } else { judge_yaml(&text) } {
            Ok(accepted) => *counts.entry((format, accepted)).or_default() += 1,
            Err(difference) => differences.push(format!("{format}: {difference}\n{text:?}")),
        }
    }
    differences.sort_by_key(String::len);
    assert!(
        differences.is_empty(),
        "{} differ, the shortest:\n{}",
        differences.len(),
        differences[..differences.len().min(8)].join("\n\n")
    );
    counts
}

fn at_least(counts: &BTreeMap<(String, bool), usize>, format: &str, accepted: usize, refused: usize) {
    let count = |accepted| counts.get(&(format.to_owned(), accepted)).copied().unwrap_or_default();
    assert!(count(true) >= accepted && count(false) >= refused, "{format}: {counts:?}");
}

/// Every spec, every refused one, all data of the tests and the corpus.
pub(crate) fn whole_texts_are_read_as_the_libraries_do() {
    let counts = judge(corpus().into_iter());
    at_least(&counts, "yaml", 150, 8);
    at_least(&counts, "toml", 15, 3);
}

/// The same, spoilt.
pub(crate) fn spoilt_texts_are_read_as_the_libraries_do() {
    let seeds = corpus();
    let number = |name: &str, default: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let mut random = Random(number("PLATGEN_FUZZ_SEED", 0x9E37_79B9_7F4A_7C15).max(1));
    // Few of the texts are TOML: each eighth is taken from these.
    let (toml, yaml): (Vec<Seed>, Vec<Seed>) = seeds.iter().cloned().partition(|(format, _)| format == "toml");
    let spoilt = (0..number("PLATGEN_READER_TEXTS", 3000)).map(|at| {
        let own = if at % 8 == 0 { &toml } else { &yaml };
        let (format, mut bytes) = own[random.below(own.len())].clone();
        let other = &seeds[random.below(seeds.len())].1;
        for _ in 0..=random.below(3) {
            spoil(&mut bytes, other, &mut random);
        }
        (format, bytes)
    });
    let counts = judge(spoilt);
    at_least(&counts, "yaml", 300, 500);
    at_least(&counts, "toml", 5, 100);
}
