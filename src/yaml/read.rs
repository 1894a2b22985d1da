//! Text of the strict subset -> documents.
//!
//! The subset is what templates print: block maps and lists, one value per line (a plain literal word, or JSON on one line), literal `|` blocks,
//! `#` lines above keys, items and documents, `---` between documents. Everything else is refused with its line and a reason, above all what
//! two YAML readers take for two things. Runs line by line with a stack of open blocks, so depth costs no stack.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::DEPTH_LIMIT;
use super::scalar::{self, Literal};
use super::tree::{Content, Document, EMPTY, NONE, Slice, Slot};

/// Why a text is not of the subset.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReadError {
    /// The line at fault, from 1.
    pub line: usize,
    /// What is wrong with it, in lower case, without a full stop.
    pub reason: String,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

impl std::error::Error for ReadError {}

pub(super) type Read<T> = Result<T, ReadError>;

/// Reads every document of a text. A text without any value, comments or not, holds no document.
pub fn read(text: &str) -> Result<Vec<Document>, ReadError> {
    read_grafted(text, &[])
}

/// Reads every document of a text in which the value `<0>` stands for a copy of the first of `grafts`, `<1>` for the second, and so on.
pub fn read_grafted(text: &str, grafts: &[Arc<Document>]) -> Result<Vec<Document>, ReadError> {
    if text.len() > i32::MAX as usize {
        return Err(ReadError { line: 1, reason: "the text is larger than 2 GiB".into() });
    }
    let mut documents = Vec::new();
    let (mut start, mut first_line) = (0, 1);
    // A separator stands at the start of a line, where no value of the subset can put one.
    let separators = text.match_indices("---").filter(|&(at, _)| {
        let ends = matches!(text.as_bytes().get(at + 3), None | Some(b'\n'));
        ends && (at == 0 || text.as_bytes()[at - 1] == b'\n')
    });
    // Nearly no text has one, and looking for any is much faster than looking for all.
    let mut ends: Vec<usize> = if text.contains("---") { separators.map(|(at, _)| at).collect() } else { Vec::new() };
    ends.push(text.len());
    for end in ends {
        let part = &text[start..end];
        if holds_value(part) {
            documents.push(Reader::new(part, grafts, first_line).document()?);
            first_line += part.matches('\n').count();
            start = end;
        }
    }
    // What is left says nothing, but other readers refuse it for its signs all the same.
    match text[start..].split('\n').position(|line| !line.chars().all(scalar::is_printable)) {
        Some(at) => Err(ReadError { line: first_line + at, reason: NOT_IN_COMMENTS.into() }),
        None => Ok(documents),
    }
}

const NOT_IN_COMMENTS: &str = "a control character or tab in a comment";

/// Whether a part between separators is more than comments: those belong to the document that follows.
fn holds_value(part: &str) -> bool {
    part.split('\n').any(|line| !(line.is_empty() || line == "---" || line.trim_start_matches(' ').starts_with('#')))
}

/// A block that still takes lines.
pub(super) struct Open {
    indent: usize,
    id: u32,
    list: bool,
}

pub(super) struct Reader<'t> {
    pub(super) text: &'t str,
    pub(super) bytes: &'t [u8],
    /// The documents that placeholders stand for.
    grafts: &'t [Arc<Document>],
    /// The nodes that were copied from them, in order.
    grafted: Vec<Range<usize>>,
    /// Strings that differ from their source; they are appended to the document's text in the end.
    pub(super) decoded: String,
    pub(super) document: Document,
    /// Where the next line starts.
    pub(super) next: usize,
    /// The current line, from 1.
    pub(super) line: usize,
    pub(super) open: Vec<Open>,
    /// A key or item whose value stands on the following lines.
    pending: Option<u32>,
    /// Comment lines that wait for the node below them.
    comment: Option<(usize, usize)>,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, grafts: &'t [Arc<Document>], first_line: usize) -> Reader<'t> {
        let slots = Vec::with_capacity(text.len() / 24 + 4);
        let document = Document { text: String::new(), slots, comments: Vec::new(), tail: NONE };
        let bytes = text.as_bytes();
        Reader {
            text,
            bytes,
            grafts,
            grafted: Vec::new(),
            decoded: String::new(),
            document,
            next: 0,
            line: first_line - 1,
            open: Vec::new(),
            pending: None,
            comment: None,
        }
    }

    fn document(mut self) -> Read<Document> {
        while let Some((start, end)) = self.next_line() {
            let from = start + indentation(&self.bytes[start..end]);
            if from == end {
                if from > start {
                    return self.bad("blanks at the end of a line");
                }
                continue;
            }
            if self.bytes[from] == b'#' {
                self.remember_comment(from, end)?;
                continue;
            }
            match self.bytes[end - 1] {
                b' ' | b'\t' => return self.bad("blanks at the end of a line"),
                b'\r' => return self.bad("a carriage return"),
                _ if self.bytes[from] == b'\t' => return self.bad("a tab in the indentation"),
                _ => {}
            }
            if self.document.slots.is_empty() && &self.text[start..end] == "---" {
                continue;
            }
            self.content(from - start, from, end)?;
        }
        if let Some(id) = self.pending {
            return self.no_value(id);
        }
        self.document.tail = self.take_comment();
        self.document.text.reserve_exact(self.text.len() + self.decoded.len());
        self.document.text.push_str(self.text);
        self.document.text.push_str(&self.decoded);
        unique_keys(&self.document, &self.grafted)?;
        if !self.grafted.is_empty() {
            self.document.slots.shrink_to_fit(); // there are many more of them than the text lets expect
        }
        Ok(self.document)
    }

    /// One line that is neither blank nor comment: perhaps several dashes, then a key, a value or both.
    fn content(&mut self, mut indent: usize, mut from: usize, end: usize) -> Read<()> {
        let mut item = is_item(&self.bytes[from..end]);
        let mut key = if item { None } else { self.key(from, end)? };
        loop {
            if self.document.slots.is_empty() {
                if indent > 0 {
                    return self.bad("the first line of a document is indented");
                }
                let root = self.add(None);
                if !item && key.is_none() {
                    return self.value(root, from, end, 0);
                }
                self.open_block(root, indent, item)?;
            } else if let Some(id) = self.pending.take() {
                // A list may stand as far left as the key it belongs to.
                let deeper = self.open.last().is_some_and(|top| indent > top.indent || (item && !top.list && indent == top.indent));
                if !deeper {
                    return self.no_value(id);
                }
                self.open_block(id, indent, item)?;
            }
            while self.open.last().is_some_and(|top| top.indent > indent || (top.indent == indent && top.list && !item)) {
                self.open.pop();
            }
            let Some(&Open { indent: expected, id: parent, list }) = self.open.last() else {
                return self.bad("text after the document's value");
            };
            if expected != indent {
                return self.bad("the indentation is that of no open block");
            }
            match (list, item) {
                (false, true) => return self.bad("a list item in a map"),
                (true, false) => return self.bad("a key in a list"),
                (false, false) => {
                    let Some((name, after)) = key else { return self.bad("expected `key: value`") };
                    let id = self.add(Some((parent, name)));
                    self.document.slots[id as usize].plain_key = self.bytes[from] != b'"';
                    if after == end {
                        self.pending = Some(id);
                        return Ok(());
                    }
                    return self.value(id, after + 1, end, indent);
                }
                (true, true) => {}
            }
            let id = self.add(Some((parent, Slice::default())));
            if from + 1 == end {
                self.pending = Some(id);
                return Ok(());
            }
            from += 2;
            item = is_item(&self.bytes[from..end]);
            key = if item { None } else { self.key(from, end)? };
            if !item && key.is_none() {
                return self.value(id, from, end, indent);
            }
            self.pending = Some(id);
            indent += 2;
        }
    }

    fn remember_comment(&mut self, from: usize, end: usize) -> Read<()> {
        if !self.text[from..end].chars().all(scalar::is_printable) {
            return self.bad(NOT_IN_COMMENTS);
        }
        self.comment = Some((self.comment.map_or(from, |(start, _)| start), end));
        Ok(())
    }

    fn take_comment(&mut self) -> u32 {
        let Some((start, end)) = self.comment.take() else { return NONE };
        self.document.comments.push(slice(start, end));
        self.document.comments.len() as u32 - 1
    }

    /// Adds the node of this line, or the root; it takes the comment above.
    fn add(&mut self, place: Option<(u32, Slice)>) -> u32 {
        let comment = self.take_comment();
        self.add_below(place, comment)
    }

    pub(super) fn add_below(&mut self, place: Option<(u32, Slice)>, comment: u32) -> u32 {
        let id = self.document.slots.len() as u32;
        let slot = Slot::new(Content::Null, self.line as u32);
        self.document.slots.push(Slot { comment, key: place.map_or(Slice::default(), |(_, key)| key), ..slot });
        if let Some((parent, _)) = place {
            self.document.link(parent, id);
        }
        id
    }

    /// Copies the document that the placeholder `word` stands for into `id`, below `depth` maps and lists; whether there is one.
    pub(super) fn graft(&mut self, id: u32, word: &str, depth: usize) -> Read<bool> {
        let grafts = self.grafts;
        let index = word.strip_prefix('<').and_then(|word| word.strip_suffix('>')).and_then(|digits| digits.parse::<usize>().ok());
        let Some(document) = index.and_then(|index| grafts.get(index)) else { return Ok(false) };
        let offset = (self.text.len() + self.decoded.len()) as u32;
        self.decoded.push_str(&document.text);
        self.copy(id, document, 0, offset, depth)?;
        self.grafted.push(id as usize..self.document.slots.len());
        Ok(true)
    }

    /// Copies node `from` of a document, whose text was appended at `offset`, into `id`.
    fn copy(&mut self, id: u32, document: &Document, from: u32, offset: u32, depth: usize) -> Read<()> {
        let moved = |slice: Slice| Slice { start: slice.start + offset, len: slice.len };
        let (content, mut child) = match document.slots[from as usize].content {
            Content::Map(_) | Content::List(_) if depth >= DEPTH_LIMIT => return self.bad(format!("more than {DEPTH_LIMIT} levels")),
            Content::Map(chain) => (Content::Map(EMPTY), chain.first),
            Content::List(chain) => (Content::List(EMPTY), chain.first),
            Content::Integer(digits) => (Content::Integer(moved(digits)), NONE),
            Content::Float(digits) => (Content::Float(moved(digits)), NONE),
            Content::Text(text) => (Content::Text(moved(text)), NONE),
            content @ (Content::Null | Content::Bool(_)) => (content, NONE),
        };
        self.document.slots[id as usize].content = content;
        while let Some(slot) = document.slots.get(child as usize) {
            let key = moved(slot.key);
            self.check_key(key)?;
            let below = self.add_below(Some((id, key)), NONE);
            let copied = &mut self.document.slots[below as usize];
            (copied.plain_key, copied.plain_text) = (slot.plain_key, slot.plain_text);
            self.copy(below, document, child, offset, depth + 1)?;
            child = slot.next;
        }
        Ok(())
    }

    fn open_block(&mut self, id: u32, indent: usize, list: bool) -> Read<()> {
        if self.open.len() >= DEPTH_LIMIT {
            return self.bad(format!("more than {DEPTH_LIMIT} levels"));
        }
        self.document.slots[id as usize].content = if list { Content::List(EMPTY) } else { Content::Map(EMPTY) };
        self.open.push(Open { indent, id, list });
        Ok(())
    }

    pub(super) fn next_line(&mut self) -> Option<(usize, usize)> {
        let start = self.next;
        let rest = self.text.get(start..).filter(|rest| !rest.is_empty())?;
        let end = rest.find('\n').map_or(self.bytes.len(), |at| start + at);
        self.next = end + 1;
        self.line += 1;
        Some((start, end))
    }

    /// The text of a slice while the document is not yet put together.
    pub(super) fn str(&self, slice: Slice) -> &str {
        let (start, len) = (slice.start as usize, slice.len as usize);
        match start.checked_sub(self.text.len()) {
            Some(start) => &self.decoded[start..start + len],
            None => &self.text[start..start + len],
        }
    }

    pub(super) fn decoded_since(&self, start: usize) -> Slice {
        slice(self.text.len() + start, self.text.len() + self.decoded.len())
    }

    pub(super) fn bad<T>(&self, reason: impl Into<String>) -> Read<T> {
        Err(ReadError { line: self.line, reason: reason.into() })
    }

    fn no_value<T>(&self, id: u32) -> Read<T> {
        let slot = &self.document.slots[id as usize];
        let reason = if slot.key.len > 0 {
            format!("`{}` has no value: print `null`, `[]` or `{{}}`, or leave the key out", self.str(slot.key).escape_debug())
        } else {
            "a list item or key without a value".into()
        };
        Err(ReadError { line: slot.line as usize, reason })
    }
}

pub(super) fn slice(start: usize, end: usize) -> Slice {
    Slice { start: start as u32, len: (end - start) as u32 }
}

pub(super) fn typed(literal: Literal, digits: Slice) -> Content {
    match literal {
        Literal::Null => Content::Null,
        Literal::Bool(value) => Content::Bool(value),
        Literal::Integer => Content::Integer(digits),
        Literal::Float => Content::Float(digits),
    }
}

pub(super) fn indentation(line: &[u8]) -> usize {
    line.iter().take_while(|&&byte| byte == b' ').count()
}

fn is_item(line: &[u8]) -> bool {
    matches!(line, [b'-'] | [b'-', b' ', ..])
}

/// Refuses maps in which two keys are the same text, however they are written. The keys of grafted documents are unique already.
fn unique_keys(document: &Document, grafted: &[Range<usize>]) -> Read<()> {
    let mut keys: Vec<(&str, u32)> = Vec::new();
    let mut grafted = grafted.iter().peekable();
    for (at, slot) in document.slots.iter().enumerate() {
        let Content::Map(chain) = slot.content else { continue };
        while grafted.next_if(|nodes| nodes.end <= at).is_some() {}
        if grafted.peek().is_some_and(|nodes| nodes.contains(&at)) {
            continue;
        }
        keys.clear();
        let mut next = chain.first;
        while let Some(child) = document.slots.get(next as usize) {
            keys.push((document.str(child.key), child.line));
            next = child.next;
        }
        let twice = if keys.len() <= 12 {
            (1..keys.len()).find(|&at| keys[..at].iter().any(|(key, _)| *key == keys[at].0)).map(|at| keys[at])
        } else {
            keys.sort_unstable();
            keys.windows(2).find(|pair| pair[0].0 == pair[1].0).map(|pair| pair[1])
        };
        if let Some((key, line)) = twice {
            return Err(ReadError { line: line as usize, reason: format!("the key `{}` stands twice in one map", key.escape_debug()) });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
