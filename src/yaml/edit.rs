//! Documents from JSON and from texts, and the edits that patches need.
//!
//! Replaced and removed nodes stay in memory, unreachable, until the document is dropped.

use std::sync::Arc;

use serde_json::Value;

use super::scalar;
use super::tree::{Content, DECODED, Document, EMPTY, Id, NONE, Slice, Slot};

/// The length of a usual key and text of a map, for the first reservation of memory.
const ENTRY: usize = 48;

impl Document {
    /// A document with this value.
    pub fn from_json(value: &Value) -> Document {
        let mut document = Document::with_capacity(1);
        document.slots.push(Slot::new(Content::Null, 0));
        document.fill(0, value);
        document
    }

    /// A map of texts.
    pub fn from_texts<'t>(entries: impl IntoIterator<Item = (&'t str, &'t str)>) -> Document {
        let entries = entries.into_iter();
        let count = entries.size_hint().0 + 3; // the root, and two fragments
        let mut document = Document::with_capacity(count);
        document.decoded.reserve(count * ENTRY);
        document.slots.push(Slot::new(Content::Map(EMPTY), 0));
        for (key, text) in entries {
            // The map may be a fragment of many documents: whether its texts need quotes is decided once, here, instead of at every print.
            let (plain_key, plain_text) = (scalar::is_plain_key(key), scalar::is_plain(text));
            let (key, text) = (document.store(key), document.store(text));
            document.slots.push(Slot { key, plain_key, plain_text, ..Slot::new(Content::Text(text), 0) });
            document.link(0, document.slots.len() as u32 - 1);
        }
        document
    }

    /// Adds a key with the value of a fragment at the end of the outermost map.
    pub fn add_fragment(&mut self, key: &str, fragment: Arc<Document>) {
        let content = Content::Fragment(self.fragments.len() as u32);
        self.fragments.reserve_exact(1);
        self.fragments.push(fragment);
        let plain_key = scalar::is_plain_key(key);
        let key = self.store(key);
        self.slots.push(Slot { key, plain_key, ..Slot::new(content, 0) });
        self.link(0, self.slots.len() as u32 - 1);
    }

    /// Replaces the value of a node. Its key, place and comment stay.
    pub fn replace(&mut self, id: Id, value: &Value) {
        self.slots[id.0 as usize].line = 0;
        self.fill(id.0, value);
    }

    /// Copies the value of a fragment into the document, so that the ids of its nodes can be used for edits. Does nothing to other nodes.
    pub fn own(&mut self, id: Id) {
        if let Content::Fragment(_) = self.slot(id).content {
            let value = self.node(id).to_json();
            self.replace(id, &value);
        }
    }

    /// Sets a key of a map, which keeps its place, or is added at the end. `None` if `map` is no map.
    pub fn insert(&mut self, map: Id, key: &str, value: &Value) -> Option<Id> {
        self.own(map);
        let Content::Map(_) = self.slot(map).content else { return None };
        if let Some(old) = self.node(map).get(key) {
            let id = old.id();
            self.replace(id, value);
            return Some(id);
        }
        Some(Id(self.add(map.0, key, value)))
    }

    /// Removes a child from its map or list. Returns whether it was there.
    pub fn remove(&mut self, parent: Id, child: Id) -> bool {
        let (Content::Map(chain) | Content::List(chain)) = &mut self.slots[parent.0 as usize].content else { return false };
        let mut next = std::mem::replace(chain, EMPTY).first;
        let mut found = false;
        while next != NONE {
            let id = next;
            next = std::mem::replace(&mut self.slots[id as usize].next, NONE);
            if id == child.0 {
                found = true;
            } else {
                self.link(parent.0, id);
            }
        }
        found
    }

    /// Sets the comment above a node, one line per line of `text`. An empty text removes the comment.
    pub fn set_comment(&mut self, id: Id, text: &str) {
        let lines: Vec<String> = text.lines().map(|line| format!("# {line}")).collect();
        let comment = if lines.is_empty() { NONE } else { self.comments.len() as u32 };
        if !lines.is_empty() {
            let slice = self.store(&lines.join("\n"));
            self.comments.push(slice);
        }
        self.slots[id.0 as usize].comment = comment;
    }

    /// Removes every comment.
    pub fn drop_comments(&mut self) {
        if !self.comments.is_empty() {
            self.comments.clear();
            self.slots.iter_mut().for_each(|slot| slot.comment = NONE);
        }
        self.tail = NONE;
    }

    /// Adds a child to a map or list.
    fn add(&mut self, parent: u32, key: &str, value: &Value) -> u32 {
        let id = self.slots.len() as u32;
        let key = self.store(key);
        self.slots.push(Slot { key, ..Slot::new(Content::Null, 0) });
        self.fill(id, value);
        self.link(parent, id);
        id
    }

    fn fill(&mut self, id: u32, value: &Value) {
        let content = match value {
            Value::Null => Content::Null,
            Value::Bool(value) => Content::Bool(*value),
            Value::Number(number) if number.is_f64() => Content::Float(self.store(&number.to_string())),
            Value::Number(number) => Content::Integer(self.store(&number.to_string())),
            Value::String(text) => Content::Text(self.store(text)),
            Value::Array(_) => Content::List(EMPTY),
            Value::Object(_) => Content::Map(EMPTY),
        };
        self.slots[id as usize].content = content;
        self.slots[id as usize].plain_text = false;
        match value {
            Value::Array(items) => items.iter().for_each(|item| _ = self.add(id, "", item)),
            Value::Object(entries) => entries.iter().for_each(|(key, value)| _ = self.add(id, key, value)),
            _ => {}
        }
    }

    /// Links a node after the last child of a map or list.
    pub(super) fn link(&mut self, parent: u32, id: u32) {
        let (Content::Map(chain) | Content::List(chain)) = &mut self.slots[parent as usize].content else { return };
        let last = std::mem::replace(&mut chain.last, id);
        if last == NONE {
            chain.first = id;
        } else {
            self.slots[last as usize].next = id;
        }
    }

    pub(super) fn store(&mut self, text: &str) -> Slice {
        let start = self.decoded.len() as u32 | DECODED;
        self.decoded.push_str(text);
        Slice { start, len: text.len() as u32 }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::emit_all;
    use super::*;

    #[test]
    fn edits_keep_order() {
        let mut document = Document::from_json(&json!({"a": 1, "b": [1, 2], "c": true}));
        let root = document.root().id();
        let a = document.get("a").unwrap().id();
        assert!(document.insert(root, "c", &json!(2.5)).is_some());
        assert!(document.insert(root, "d", &json!("new")).is_some());
        assert!(document.remove(root, a) && !document.remove(root, a));
        assert_eq!(document.to_json().to_string(), r#"{"b":[1,2],"c":2.5,"d":"new"}"#);
    }

    #[test]
    fn fragments_print_as_their_value_and_are_copied_before_edits() {
        let labels = Arc::new(Document::from_texts([("a", "1"), ("on", "x")]));
        let mut document = Document::from_texts([("name", "web")]);
        document.add_fragment("labels", labels.clone());
        assert_eq!(emit_all([&document]), "name: web\nlabels:\n  a: \"1\"\n  \"on\": x\n");
        let place = document.get("labels").unwrap().id();
        assert!(document.insert(place, "b", &json!(2)).is_some());
        assert_eq!(document.to_json(), json!({"name": "web", "labels": {"a": "1", "on": "x", "b": 2}}));
        assert_eq!(labels.to_json(), json!({"a": "1", "on": "x"}));
    }

    #[test]
    fn edits_of_the_wrong_kind_change_nothing() {
        let mut document = Document::from_json(&json!([1]));
        let root = document.root().id();
        assert!(document.insert(root, "a", &json!(1)).is_none());
        assert_eq!(document.to_json(), json!([1]));
    }
}
