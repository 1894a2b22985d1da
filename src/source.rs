//! Source texts and spans.
//!
//! A [`Span`] is a file number and two byte offsets; [`Sources`] maps spans to names, texts, lines and columns. The module never reads the disk:
//! callers add the texts.

use std::ops::Range;

/// The number of a file in [`Sources`].
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct FileId(pub u16);

/// A byte range in a source file; the end is exclusive.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// Offset of the first byte.
    pub start: u32,
    /// Offset after the last byte.
    pub end: u32,
}

impl Span {
    /// A span of `file` over `range`.
    pub fn new(file: FileId, range: Range<usize>) -> Self {
        Span { file, start: range.start as u32, end: range.end as u32 }
    }

    /// The byte range inside its file.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A position as line and column.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// The origin of a source. Built-in defaults are parsed by the same code as the user's files.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    /// A file that the user wrote.
    User,
    /// The embedded static defaults.
    Default,
}

/// A named text.
#[derive(Clone, Debug)]
pub struct Source {
    /// The path for messages, with `/` as the separator.
    pub name: String,
    /// The whole text.
    pub text: String,
    /// The origin of the text.
    pub role: Role,
}

/// The source texts of a run.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
}

impl Sources {
    /// Adds a text that the user wrote and returns its file number.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> FileId {
        self.push(name.into(), text.into(), Role::User)
    }

    /// Adds an embedded text and returns its file number.
    pub fn add_default(&mut self, name: impl Into<String>, text: impl Into<String>) -> FileId {
        self.push(name.into(), text.into(), Role::Default)
    }

    fn push(&mut self, name: String, text: String, role: Role) -> FileId {
        let id = FileId(self.files.len() as u16);
        self.files.push(Source { name, text, role });
        id
    }

    /// The file with this number.
    pub fn get(&self, file: FileId) -> &Source {
        &self.files[file.0 as usize]
    }

    /// All files, in the order of insertion.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &Source)> {
        self.files.iter().enumerate().map(|(index, source)| (FileId(index as u16), source))
    }

    /// The text under a span; empty if the span is outside of its file.
    pub fn text(&self, span: Span) -> &str {
        self.get(span.file).text.get(span.range()).unwrap_or_default()
    }

    /// Line and column of a span's first character.
    pub fn position(&self, span: Span) -> Position {
        let text = &self.get(span.file).text;
        let mut start = (span.start as usize).min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Position { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let mut sources = Sources::default();
        let file = sources.add("a.yaml", "a: é\nbü: x\n");
        let at = "a: é\nbü: ".len();
        assert_eq!(sources.position(Span::new(file, at..at + 1)), Position { line: 2, column: 5 });
        assert_eq!(sources.text(Span::new(file, at..at + 1)), "x");
    }
}
