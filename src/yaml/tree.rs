//! A YAML document: an ordered tree of maps, lists and scalars with comments.
//!
//! A [`Document`] owns its text. Nodes are fixed-size slots that point into the text, so that reading allocates little, and a [`Node`] is a handle
//! that is cheap to copy. A value may be a fragment, the value of another document that several documents share. Numbers keep their digits as
//! written. The emitter decides on order and quotes.

use std::sync::Arc;

/// The number of a node in its document, for edits.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Id(pub(super) u32);

/// A part of a document's text, or of its decoded text where `start` has the bit [`DECODED`].
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

pub(super) const DECODED: u32 = 1 << 31;
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
    /// The value of another document: an index into the document's fragments.
    Fragment(u32),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    /// Empty for list items and the root.
    pub(super) key: Slice,
    pub(super) content: Content,
    /// The next child of the same map or list.
    pub(super) next: u32,
    /// The line of the text, from 1; 0 for nodes that were not read.
    pub(super) line: u32,
    /// Index into the document's comments.
    pub(super) comment: u32,
    /// Whether the key is known to need no quotes.
    pub(super) plain_key: bool,
    /// Whether the text is known to need no quotes.
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
    /// The text that was read.
    pub(super) text: String,
    /// Texts that are not in `text` as they are: decoded strings, literal blocks, and the values of edits.
    pub(super) decoded: String,
    pub(super) slots: Vec<Slot>,
    /// Documents whose values are part of this one.
    pub(super) fragments: Vec<Arc<Document>>,
    /// Each the raw lines of one comment, indentation and `#` included.
    pub(super) comments: Vec<Slice>,
    /// The comment after the last line.
    pub(super) tail: u32,
}

impl Document {
    /// A document without nodes, with room for some.
    pub(super) fn with_capacity(nodes: usize) -> Document {
        Document {
            text: String::new(),
            decoded: String::new(),
            slots: Vec::with_capacity(nodes),
            fragments: Vec::new(),
            comments: Vec::new(),
            tail: NONE,
        }
    }

    /// The outermost value. Its comment is the one above the document.
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

    /// The value as JSON, without comments.
    pub fn to_json(&self) -> serde_json::Value {
        self.root().to_json()
    }

    /// The lines of the comment at the end of the document.
    pub fn tail(&self) -> impl Iterator<Item = &str> {
        self.comment_lines(self.tail)
    }

    pub(super) fn slot(&self, id: Id) -> &Slot {
        &self.slots[id.0 as usize]
    }

    pub(super) fn str(&self, slice: Slice) -> &str {
        let text = if slice.start & DECODED == 0 { &self.text } else { &self.decoded };
        let start = (slice.start & !DECODED) as usize;
        &text[start..start + slice.len as usize]
    }

    fn comment_lines(&self, comment: u32) -> impl Iterator<Item = &str> {
        let raw = self.comments.get(comment as usize).map_or("", |&slice| self.str(slice));
        raw.lines().filter_map(|line| line.trim().strip_prefix('#')).map(|line| line.strip_prefix(' ').unwrap_or(line))
    }
}

/// Documents are equal if their values are; comments do not count.
impl PartialEq for Document {
    fn eq(&self, other: &Document) -> bool {
        self.to_json() == other.to_json()
    }
}

/// A value inside a document.
#[derive(Clone, Copy, Debug)]
pub struct Node<'d> {
    document: &'d Document,
    id: Id,
}

/// The content of a node; that of a fragment is the content of its document.
#[derive(Clone, Copy, Debug)]
pub enum Value<'d> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// The digits of a whole number of 64 bits, signed or not.
    Integer(&'d str),
    /// The digits of any other number.
    Float(&'d str),
    /// The text, and whether it is known to need no quotes.
    Text(&'d str, bool),
    /// Nodes with keys, in order.
    Map(Children<'d>),
    /// Nodes, in order.
    List(Children<'d>),
}

/// The nodes of a map or list, in order.
#[derive(Clone, Copy, Debug)]
pub struct Children<'d> {
    document: &'d Document,
    next: u32,
}

impl Children<'_> {
    pub(super) fn is_empty(self) -> bool {
        self.next == NONE
    }
}

impl<'d> Iterator for Children<'d> {
    type Item = Node<'d>;

    fn next(&mut self) -> Option<Node<'d>> {
        let id = Id(self.next);
        self.next = self.document.slots.get(self.next as usize)?.next;
        Some(Node { document: self.document, id })
    }
}

impl<'d> Node<'d> {
    /// Its number, for edits.
    pub fn id(self) -> Id {
        self.id
    }

    /// The lines of the comment above it, without `# `.
    pub fn comment(self) -> impl Iterator<Item = &'d str> {
        self.document.comment_lines(self.slot().comment)
    }

    /// The value of a key; `None` where the key is missing or the node is no map.
    pub fn get(self, key: &str) -> Option<Node<'d>> {
        self.entries().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// The value at a path of keys.
    pub fn at(self, path: &[&str]) -> Option<Node<'d>> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// Keys and values of a map, in order; nothing for other kinds.
    pub fn entries(self) -> impl Iterator<Item = (&'d str, Node<'d>)> {
        let children = if let Value::Map(children) = self.value() { Some(children) } else { None };
        children.into_iter().flatten().map(|node| (node.key(), node))
    }

    /// The items of a list, in order; nothing for other kinds.
    pub fn items(self) -> impl Iterator<Item = Node<'d>> {
        let children = if let Value::List(children) = self.value() { Some(children) } else { None };
        children.into_iter().flatten()
    }

    /// The text of a text node.
    pub fn as_str(self) -> Option<&'d str> {
        if let Value::Text(text, _) = self.value() { Some(text) } else { None }
    }

    /// The value of a boolean node.
    pub fn as_bool(self) -> Option<bool> {
        if let Value::Bool(value) = self.value() { Some(value) } else { None }
    }

    /// The value of a whole number that fits.
    pub fn as_i64(self) -> Option<i64> {
        if let Value::Integer(digits) = self.value() { digits.parse().ok() } else { None }
    }

    /// The value as JSON, without comments.
    pub fn to_json(self) -> serde_json::Value {
        match self.value() {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => value.into(),
            Value::Integer(digits) => {
                digits.parse::<i64>().map(Into::into).or_else(|_| digits.parse::<u64>().map(Into::into)).unwrap_or_default()
            }
            Value::Float(digits) => digits.parse::<f64>().ok().into(),
            Value::Text(text, _) => text.into(),
            Value::Map(children) => children.map(|node| (node.key().to_owned(), node.to_json())).collect(),
            Value::List(children) => children.map(Node::to_json).collect(),
        }
    }

    /// The content of the node.
    pub fn value(self) -> Value<'d> {
        let document = self.document;
        let slot = self.slot();
        match slot.content {
            Content::Null => Value::Null,
            Content::Bool(value) => Value::Bool(value),
            Content::Integer(digits) => Value::Integer(document.str(digits)),
            Content::Float(digits) => Value::Float(document.str(digits)),
            Content::Text(text) => Value::Text(document.str(text), slot.plain_text),
            Content::Map(chain) => Value::Map(Children { document, next: chain.first }),
            Content::List(chain) => Value::List(Children { document, next: chain.first }),
            Content::Fragment(number) => document.fragments[number as usize].root().value(),
        }
    }

    pub(super) fn slot(self) -> &'d Slot {
        self.document.slot(self.id)
    }

    /// The key of the node; empty for list items and the root.
    pub(super) fn key(self) -> &'d str {
        self.document.str(self.slot().key)
    }
}
