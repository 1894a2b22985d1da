//! Text of the strict subset -> documents.
//!
//! The subset is what templates print: block maps and lists, one value per line (a plain literal word, or JSON on one line), literal `|` blocks,
//! `#` lines above keys, items and documents, `---` between documents. All other text is refused with its line and a reason, above all text that
//! YAML readers disagree on. The reader works line by line with its own stack of open blocks, so nesting uses no call stack.

use std::fmt;
use std::sync::Arc;

use super::DEPTH_LIMIT;
use super::scalar::{self, Literal};
use super::tree::{Content, DECODED, Document, EMPTY, NONE, Slice, Slot};

/// Why a text is not in the subset.
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

/// Reads every document of a text. Comments and separators without a value make no document.
pub fn read(text: &str) -> Result<Vec<Document>, ReadError> {
    read_with_fragments(text, &[])
}

/// Reads every document of a text in which `<0>` stands for the value of the first fragment, `<1>` for the value of the second, and so on.
pub fn read_with_fragments(text: &str, fragments: &[Arc<Document>]) -> Result<Vec<Document>, ReadError> {
    let mut reader = Reader::new(text, fragments);
    if text.len() > i32::MAX as usize {
        return reader.bad("the text is larger than 2 GiB");
    }
    let mut documents = Vec::new();
    while let Some(document) = reader.document()? {
        documents.push(document);
    }
    Ok(documents)
}

/// A block to which the next line may belong.
pub(super) struct Open {
    indent: usize,
    id: u32,
    list: bool,
}

pub(super) struct Reader<'t> {
    pub(super) text: &'t str,
    pub(super) bytes: &'t [u8],
    fragments: &'t [Arc<Document>],
    /// The document that is being read. Its text is added at its end.
    pub(super) document: Document,
    /// Where the text of the document starts.
    start: usize,
    /// Where the next line starts.
    pub(super) next: usize,
    /// The current line, from 1.
    pub(super) line: usize,
    pub(super) open: Vec<Open>,
    /// A key or item whose value is on the following lines.
    pending: Option<u32>,
    /// Comment lines that wait for the node below them.
    comment: Option<(usize, usize)>,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, fragments: &'t [Arc<Document>]) -> Reader<'t> {
        let document = Document::with_capacity(text.len() / 24 + 4);
        Reader {
            text,
            bytes: text.as_bytes(),
            fragments,
            document,
            start: 0,
            next: 0,
            line: 0,
            open: Vec::new(),
            pending: None,
            comment: None,
        }
    }

    /// Reads up to the separator behind the next value, or to the end. `None` if no value is left.
    fn document(&mut self) -> Read<Option<Document>> {
        self.start = self.next;
        let mut end_of_text = self.text.len();
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
            if &self.bytes[start..end] != b"---" {
                self.content(from - start, from, end)?;
            } else if !self.document.slots.is_empty() {
                end_of_text = start;
                break;
            }
        }
        if let Some(id) = self.pending {
            return self.no_value(id);
        }
        if self.document.slots.is_empty() {
            return Ok(None);
        }
        self.document.tail = self.take_comment();
        self.document.text.push_str(&self.text[self.start..end_of_text]);
        self.document.fragments.extend_from_slice(self.fragments);
        self.open.clear();
        let document = std::mem::replace(&mut self.document, Document::with_capacity(0));
        unique_keys(&document)?;
        Ok(Some(document))
    }

    /// Reads one line that is neither blank nor a comment: any number of dashes, then a key, a value or both.
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
                // A list may be level with its key.
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
            return self.bad("a control character or tab in a comment");
        }
        self.comment = Some((self.comment.map_or(from, |(start, _)| start), end));
        Ok(())
    }

    fn take_comment(&mut self) -> u32 {
        let Some((start, end)) = self.comment.take() else { return NONE };
        let lines = self.slice(start, end);
        self.document.comments.push(lines);
        self.document.comments.len() as u32 - 1
    }

    /// Adds the node of this line, or the root, with the comment above it.
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

    /// The fragment that the placeholder `word` stands for.
    pub(super) fn fragment(&self, word: &str) -> Option<Content> {
        let number = word.strip_prefix('<')?.strip_suffix('>')?.parse().ok()?;
        ((number as usize) < self.fragments.len()).then_some(Content::Fragment(number))
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
        let rest = self.bytes.get(start..).filter(|rest| !rest.is_empty())?;
        // `str::find` costs several times as much on lines of this length.
        let end = rest.iter().position(|&byte| byte == b'\n').map_or(self.bytes.len(), |at| start + at);
        self.next = end + 1;
        self.line += 1;
        Some((start, end))
    }

    /// The text of a slice while the document has no text yet.
    pub(super) fn str(&self, slice: Slice) -> &str {
        let (start, len) = ((slice.start & !DECODED) as usize, slice.len as usize);
        if slice.start & DECODED == 0 {
            &self.text[self.start + start..self.start + start + len]
        } else {
            &self.document.decoded[start..start + len]
        }
    }

    /// The slice between two offsets of the text.
    pub(super) fn slice(&self, start: usize, end: usize) -> Slice {
        Slice { start: (start - self.start) as u32, len: (end - start) as u32 }
    }

    /// The slice from an offset of the decoded text to its end.
    pub(super) fn decoded_since(&self, start: usize) -> Slice {
        Slice { start: start as u32 | DECODED, len: (self.document.decoded.len() - start) as u32 }
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

/// Refuses maps in which two keys are the same text, quoted or not.
fn unique_keys(document: &Document) -> Read<()> {
    let mut keys: Vec<(&str, u32)> = Vec::with_capacity(16);
    for slot in &document.slots {
        let Content::Map(chain) = slot.content else { continue };
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
