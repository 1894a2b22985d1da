//! Positions of spans in every unit that printers need: lines, columns, bytes, and the text of whole lines.
//!
//! A span may be invalid (reversed, beyond the end, inside a character). [`Places::find`] clamps it to its file, so that printers need no checks.
//! Line starts are computed once per file.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::ops::Range;

use crate::source::{FileId, Role, Source, Sources, Span};

/// The sources with their line starts.
pub(super) struct Places<'a> {
    files: Vec<(&'a Source, OnceCell<Vec<usize>>)>,
    /// Lines that contain a credential. Printers do not show them.
    secret: BTreeSet<(FileId, usize)>,
}

/// One end of a place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Point {
    /// From 1.
    pub(super) line: usize,
    /// In characters (Unicode code points), from 1.
    pub(super) column: usize,
    /// In bytes, from 0.
    pub(super) offset: usize,
}

/// A span inside its file, on character boundaries.
#[derive(Clone)]
pub(super) struct Place<'a> {
    pub(super) file: FileId,
    pub(super) source: &'a Source,
    /// The first character.
    pub(super) start: Point,
    /// After the last character.
    pub(super) end: Point,
}

impl<'a> Places<'a> {
    pub(super) fn new(sources: &'a Sources) -> Self {
        Places { files: sources.iter().map(|(_, source)| (source, OnceCell::new())).collect(), secret: BTreeSet::new() }
    }

    /// Hides the lines of these spans.
    pub(super) fn hide(&mut self, spans: impl Iterator<Item = Span>) {
        let places: Vec<Place<'_>> = spans.filter_map(|span| self.find(span)).collect();
        let lines = places.iter().flat_map(|place| (place.start.line..=place.end.line).map(|line| (place.file, line)));
        let lines: Vec<(FileId, usize)> = lines.collect();
        self.secret.extend(lines);
    }

    /// Whether the lines `first..=last` may be shown.
    pub(super) fn showable(&self, file: FileId, first: usize, last: usize) -> bool {
        self.secret.range((file, first)..=(file, last)).next().is_none()
    }

    /// The place of a span; `None` if the file does not exist.
    pub(super) fn find(&self, span: Span) -> Option<Place<'a>> {
        let (source, _) = self.files.get(span.file.0 as usize)?;
        let start = floor(&source.text, span.start as usize);
        let end = floor(&source.text, span.end as usize).max(start);
        Some(Place { file: span.file, source, start: self.point(span.file, start), end: self.point(span.file, end) })
    }

    /// The place of a span in a file that the user wrote, and can edit.
    pub(super) fn editable(&self, span: Span) -> Option<Place<'a>> {
        self.find(span).filter(|place| place.source.role == Role::User)
    }

    /// The first file that the user wrote.
    pub(super) fn first(&self) -> Option<&'a Source> {
        self.files.iter().map(|(source, _)| *source).find(|source| source.role == Role::User)
    }

    /// The bytes of the lines `first..=last` without the last line break. `last` may be beyond the end.
    pub(super) fn lines(&self, file: FileId, first: usize, last: usize) -> Range<usize> {
        let (starts, text) = (self.starts(file), &self.files[file.0 as usize].0.text);
        let start = starts.get(first - 1).copied().unwrap_or(text.len());
        let end = starts.get(last).map_or(text.len(), |&next| next - 1);
        start..if text[start..end].ends_with('\r') { end - 1 } else { end }
    }

    fn starts(&self, file: FileId) -> &[usize] {
        let (source, starts) = &self.files[file.0 as usize];
        starts.get_or_init(|| std::iter::once(0).chain(source.text.match_indices('\n').map(|(at, _)| at + 1)).collect())
    }

    fn point(&self, file: FileId, offset: usize) -> Point {
        let line = self.starts(file).partition_point(|&start| start <= offset);
        let start = self.starts(file)[line - 1];
        Point { line, column: self.files[file.0 as usize].0.text[start..offset].chars().count() + 1, offset }
    }
}

impl Place<'_> {
    /// The name of the file in messages, with the prefix `<built-in>/` for embedded files.
    pub(super) fn name(&self) -> String {
        match self.source.role {
            Role::User => self.source.name.clone(),
            Role::Default => format!("<built-in>/{}", self.source.name),
        }
    }

    /// The text of the place.
    pub(super) fn text(&self) -> &str {
        &self.source.text[self.start.offset..self.end.offset]
    }
}

/// The character boundary at or before `offset`.
fn floor(text: &str, offset: usize) -> usize {
    let mut at = offset.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_span_has_a_place() {
        let mut sources = Sources::default();
        let file = sources.add("a.yaml", "a: é\r\nb\n");
        let empty = sources.add("empty.yaml", "");
        let places = Places::new(&sources);
        let at = |file, range| {
            let place = places.find(Span::new(file, range)).expect("the file exists");
            [place.start, place.end].map(|point| (point.line, point.column, point.offset))
        };
        assert_eq!(at(file, 3..5), [(1, 4, 3), (1, 5, 5)]);
        assert_eq!(at(file, 4..4), [(1, 4, 3), (1, 4, 3)], "inside a character");
        assert_eq!(at(file, 7..8), [(2, 1, 7), (2, 2, 8)]);
        assert_eq!(at(file, 9..9), [(3, 1, 9), (3, 1, 9)], "the end of the file");
        assert_eq!(at(file, 90..99), [(3, 1, 9), (3, 1, 9)], "beyond the end");
        #[allow(clippy::reversed_empty_ranges)]
        let reversed = at(file, 5..3);
        assert_eq!(reversed, [(1, 5, 5), (1, 5, 5)]);
        assert_eq!(at(empty, 0..7), [(1, 1, 0), (1, 1, 0)]);
        assert!(places.find(Span::new(FileId(9), 0..0)).is_none());
        assert_eq!(places.lines(file, 1, 1), 0..5);
        assert_eq!(places.lines(file, 1, 2), 0..8);
        assert_eq!(places.lines(file, 3, 9), 9..9);
        assert_eq!(places.lines(empty, 1, 1), 0..0);
    }
}
