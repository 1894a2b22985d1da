//! The one document value of the tool: an ordered tree of maps, lists and scalars with comments and line numbers.
//!
//! A [`Document`] owns its text; nodes are fixed-size slots that point into it, so reading allocates almost nothing and a [`Node`] is a handle
//! to copy freely. Numbers keep their digits as written. It knows nothing of Kubernetes; order and quoting are the emitter's business.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

/// A node's number inside its document, for edits.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Id(pub(super) u32);

/// What a node is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A whole number of 64 bits, signed or not.
    Integer,
    /// Any other number.
    Float,
    /// Text.
    Text,
    /// Keys with values, in order.
    Map,
    /// Values in order.
    List,
}

/// A stretch of a document's text.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Slice {
    pub(super) start: u32,
    pub(super) len: u32,
}

/// The chain of a map's or list's children; [`NONE`] at both ends when empty.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain {
    pub(super) first: u32,
    pub(super) last: u32,
}

pub(super) const NONE: u32 = u32::MAX;
pub(super) const EMPTY: Chain = Chain { first: NONE, last: NONE };

#[derive(Clone, Copy, Debug)]
pub(super) enum Content {
    Null,
    Bool(bool),
    Integer(Slice),
    Float(Slice),
    Text(Slice),
    Map(Chain),
    List(Chain),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    /// Empty for list items and the root.
    pub(super) key: Slice,
    pub(super) content: Content,
    /// The next child of the same map or list.
    pub(super) next: u32,
    /// From 1; 0 for what no text was read for.
    pub(super) line: u32,
    /// Index into the document's comments.
    pub(super) comment: u32,
    /// Whether the key was read without quotes, so that it needs none.
    pub(super) plain_key: bool,
    /// Whether the text was read without quotes, so that it needs none.
    pub(super) plain_text: bool,
}

impl Slot {
    pub(super) fn new(content: Content, line: u32) -> Slot {
        Slot { key: Slice::default(), content, next: NONE, line, comment: NONE, plain_key: false, plain_text: false }
    }
}

/// One YAML document. The root is node 0.
#[derive(Clone, Debug)]
pub struct Document {
    pub(super) text: String,
    pub(super) slots: Vec<Slot>,
    /// Each the raw lines of one comment, indentation and `#` included.
    pub(super) comments: Vec<Slice>,
    /// The comment after the last line.
    pub(super) tail: u32,
}

impl Document {
    /// The outermost value. Its comments are those above the whole document.
    pub fn root(&self) -> Node<'_> {
        Node { document: self, id: Id(0) }
    }

    /// The value of a key of the root.
    pub fn get(&self, key: &str) -> Option<Node<'_>> {
        self.root().get(key)
    }

    /// The node with this number; numbers come from [`Node::id`] of the same document.
    pub fn node(&self, id: Id) -> Node<'_> {
        Node { document: self, id }
    }

    /// The value as JSON; comments and lines are left out.
    pub fn to_json(&self) -> serde_json::Value {
        self.root().to_json()
    }

    /// The lines of the comment below everything.
    pub fn tail(&self) -> impl Iterator<Item = &str> {
        self.comment_lines(self.tail)
    }

    pub(super) fn slot(&self, id: Id) -> &Slot {
        &self.slots[id.0 as usize]
    }

    pub(super) fn str(&self, slice: Slice) -> &str {
        &self.text[slice.start as usize..(slice.start + slice.len) as usize]
    }

    fn comment_lines(&self, comment: u32) -> impl Iterator<Item = &str> {
        let raw = self.comments.get(comment as usize).map_or("", |&slice| self.str(slice));
        raw.lines().filter_map(|line| line.trim().strip_prefix('#')).map(|line| line.strip_prefix(' ').unwrap_or(line))
    }
}

/// Two documents are equal when they hold the same value, whatever their comments and lines.
impl PartialEq for Document {
    fn eq(&self, other: &Document) -> bool {
        self.to_json() == other.to_json()
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.root().serialize(serializer)
    }
}

/// A value inside a document.
#[derive(Clone, Copy, Debug)]
pub struct Node<'d> {
    document: &'d Document,
    id: Id,
}

impl<'d> Node<'d> {
    /// Its number, for edits.
    pub fn id(self) -> Id {
        self.id
    }

    /// What it is.
    pub fn kind(self) -> Kind {
        match self.content() {
            Content::Null => Kind::Null,
            Content::Bool(_) => Kind::Bool,
            Content::Integer(_) => Kind::Integer,
            Content::Float(_) => Kind::Float,
            Content::Text(_) => Kind::Text,
            Content::Map(_) => Kind::Map,
            Content::List(_) => Kind::List,
        }
    }

    /// The line of the text it was read from, from 1; `None` for what an edit made.
    pub fn line(self) -> Option<usize> {
        let line = self.document.slot(self.id).line;
        (line > 0).then_some(line as usize)
    }

    /// The lines of the comment above it, without `# `.
    pub fn comment(self) -> impl Iterator<Item = &'d str> {
        self.document.comment_lines(self.document.slot(self.id).comment)
    }

    pub(super) fn slot(self) -> &'d Slot {
        self.document.slot(self.id)
    }

    pub(super) fn has_comment(self) -> bool {
        self.document.slot(self.id).comment != NONE
    }

    /// The value of a key; `None` where it is missing or this is no map.
    pub fn get(self, key: &str) -> Option<Node<'d>> {
        self.entries().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// The value at a path of keys.
    pub fn at(self, path: &[&str]) -> Option<Node<'d>> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// Keys and values of a map, in order; nothing for other kinds.
    pub fn entries(self) -> impl Iterator<Item = (&'d str, Node<'d>)> {
        let first = if let Content::Map(chain) = self.content() { chain.first } else { NONE };
        self.chain(first).map(|node| (node.key(), node))
    }

    /// The items of a list, in order; nothing for other kinds.
    pub fn items(self) -> impl Iterator<Item = Node<'d>> {
        self.chain(if let Content::List(chain) = self.content() { chain.first } else { NONE })
    }

    /// Whether it is a map or list without children.
    pub fn is_empty(self) -> bool {
        matches!(self.content(), Content::Map(Chain { first: NONE, .. }) | Content::List(Chain { first: NONE, .. }))
    }

    /// The text, where it is one.
    pub fn as_str(self) -> Option<&'d str> {
        if let Content::Text(slice) = self.content() { Some(self.document.str(slice)) } else { None }
    }

    /// The boolean, where it is one.
    pub fn as_bool(self) -> Option<bool> {
        if let Content::Bool(value) = self.content() { Some(value) } else { None }
    }

    /// The whole number, where it is one that fits.
    pub fn as_i64(self) -> Option<i64> {
        if let Content::Integer(slice) = self.content() { self.document.str(slice).parse().ok() } else { None }
    }

    /// The number, where it is one.
    pub fn as_f64(self) -> Option<f64> {
        self.number().and_then(|digits| digits.parse().ok())
    }

    /// The digits of a number, as written.
    pub fn number(self) -> Option<&'d str> {
        if let Content::Integer(slice) | Content::Float(slice) = self.content() { Some(self.document.str(slice)) } else { None }
    }

    /// The value as JSON; comments and lines are left out.
    pub fn to_json(self) -> serde_json::Value {
        match self.content() {
            Content::Null => serde_json::Value::Null,
            Content::Bool(value) => value.into(),
            Content::Integer(slice) => {
                let digits = self.document.str(slice);
                digits.parse::<i64>().map(Into::into).or_else(|_| digits.parse::<u64>().map(Into::into)).unwrap_or_default()
            }
            Content::Float(_) => self.as_f64().into(),
            Content::Text(slice) => self.document.str(slice).into(),
            Content::Map(_) => self.entries().map(|(key, value)| (key.to_owned(), value.to_json())).collect(),
            Content::List(_) => self.items().map(Node::to_json).collect(),
        }
    }

    pub(super) fn content(self) -> Content {
        self.document.slot(self.id).content
    }

    /// The key it stands under; empty for list items and the root.
    pub(super) fn key(self) -> &'d str {
        self.document.str(self.document.slot(self.id).key)
    }

    fn chain(self, first: u32) -> impl Iterator<Item = Node<'d>> {
        let document = self.document;
        let mut next = first;
        std::iter::from_fn(move || {
            let id = Id(next);
            next = document.slots.get(next as usize)?.next;
            Some(Node { document, id })
        })
    }
}

impl Serialize for Node<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.content() {
            Content::Null => serializer.serialize_unit(),
            Content::Bool(value) => serializer.serialize_bool(value),
            Content::Integer(slice) => match self.as_i64() {
                Some(value) => serializer.serialize_i64(value),
                None => serializer.serialize_u64(self.document.str(slice).parse().map_err(serde::ser::Error::custom)?),
            },
            Content::Float(_) => serializer.serialize_f64(self.as_f64().unwrap_or_default()),
            Content::Text(slice) => serializer.serialize_str(self.document.str(slice)),
            Content::Map(_) => {
                let mut map = serializer.serialize_map(None)?;
                self.entries().try_for_each(|(key, value)| map.serialize_entry(key, &value))?;
                map.end()
            }
            Content::List(_) => {
                let mut list = serializer.serialize_seq(None)?;
                self.items().try_for_each(|item| list.serialize_element(&item))?;
                list.end()
            }
        }
    }
}
