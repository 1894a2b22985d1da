//! The tree with spans that YAML and TOML are parsed into.
//!
//! Scalars keep the written text: the type of the field decides whether `1.10` is a number or a version. Collections and texts are reference-counted,
//! so that merged layers share unchanged parts.

use crate::source::Span;
use std::sync::Arc;

/// A value and its span.
#[derive(Clone, Debug)]
pub struct Node {
    /// The span of the value, without its key.
    pub span: Span,
    /// The kind and content of the value.
    pub kind: Kind,
}

/// The four kinds of values.
#[derive(Clone, Debug)]
pub enum Kind {
    /// An unquoted scalar, as written.
    Plain(Arc<str>),
    /// A quoted or block scalar, unescaped.
    Text(Arc<str>),
    /// A list.
    List(Arc<Vec<Node>>),
    /// A map in written order; keys are unique.
    Map(Arc<Vec<Entry>>),
}

/// A key of a map with its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key, unescaped.
    pub key: Arc<str>,
    /// The span of the key.
    pub span: Span,
    /// The value.
    pub value: Node,
}

impl Node {
    /// A map of these entries.
    pub fn map(span: Span, entries: Vec<Entry>) -> Self {
        Node { span, kind: Kind::Map(Arc::new(entries)) }
    }

    /// A list of these nodes.
    pub fn list(span: Span, items: Vec<Node>) -> Self {
        Node { span, kind: Kind::List(Arc::new(items)) }
    }

    /// The entries of a map; empty for anything else.
    pub fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; empty for anything else.
    pub fn items(&self) -> &[Node] {
        match &self.kind {
            Kind::List(items) => items,
            _ => &[],
        }
    }

    /// The entry of a map with this key. A linear search: do not use for large maps such as `apps`.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| &*entry.key == key)
    }

    /// The value under this key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The text of a scalar, quoted or not.
    pub fn scalar(&self) -> Option<&str> {
        match &self.kind {
            Kind::Plain(text) | Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether the value is a map.
    pub fn is_map(&self) -> bool {
        matches!(self.kind, Kind::Map(_))
    }

    /// Whether the value is absent: `key:` without a value, `~` or `null`.
    pub fn is_empty_scalar(&self) -> bool {
        matches!(&self.kind, Kind::Plain(text) if matches!(&**text, "" | "~" | "null"))
    }

    /// The kind of the value, for messages.
    pub fn describe(&self) -> &'static str {
        match &self.kind {
            Kind::Plain(_) if self.is_empty_scalar() => "nothing",
            Kind::Plain(_) | Kind::Text(_) => "text",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a map",
        }
    }
}
