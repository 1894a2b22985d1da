//! Brackets and quotes that a YAML or TOML text opens and does not close. A parser notices them only at the end of the text.

use crate::diagnostic::{Code, Diagnostic};
use crate::source::{FileId, Span};

/// The finding for the bracket or quote at a byte.
pub(super) fn diagnostic(text: &str, file: FileId, open: usize) -> Diagnostic {
    let sign = text[open..].chars().next().unwrap_or('[');
    let (what, close) = match sign {
        '[' => ("bracket", ']'),
        '{' => ("brace", '}'),
        quote => ("quote", quote),
    };
    let line = text[open..].lines().next().unwrap_or_default();
    if let Some(comment) = line.find(" #").filter(|at| line[*at..].contains(close) && !line[*at + 2..].starts_with(' ')) {
        return Diagnostic::new(Code::Syntax, format!("the {what} `{sign}` is not closed: a `#` after a blank starts a comment"))
            .at(Span::new(file, open + comment + 1..open + comment + 2))
            .help("put the value in quotes, or remove the blank before the `#`");
    }
    Diagnostic::new(Code::Syntax, format!("the {what} `{sign}` is not closed"))
        .at(Span::new(file, open..open + 1))
        .help(format!("add `{close}` at the end of the value"))
}

/// The bracket or quote that is not closed in a text that the parser can't read beyond `at`. A quote that the next quote closes on a later line
/// counts if the parser stops there.
pub(super) fn find(text: &str, at: usize) -> Option<usize> {
    let mut marks = Marks::default();
    let (mut start, mut block) = (0, None);
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let inside = block.is_some_and(|outer| indent > outer || line.trim().is_empty());
        let mut content = line.trim_end();
        if !inside {
            for (offset, c) in line.char_indices() {
                if marks.is_comment(c) {
                    content = line[..offset].trim_end();
                    break;
                }
                let opened = marks.quote;
                if let Some(unclosed) = marks.step(start + offset, c) {
                    return Some(unclosed);
                }
                let ends = opened.filter(|_| marks.quote.is_none()).map(|(quote, _)| quote);
                if let Some(quote) = ends.filter(|quote| start + offset < at && *quote < start && line_of(text, at) == line_of(text, start))
                {
                    return Some(quote);
                }
            }
            marks.step(start + line.len(), '\n');
            let header = content.trim_end_matches(|c: char| c == '-' || c == '+' || c.is_ascii_digit());
            let is_block = marks.open.is_empty() && marks.quote.is_none() && (header.ends_with(" |") || header.ends_with(" >"));
            block = is_block.then_some(indent);
        }
        start += line.len();
    }
    marks.quote.map(|(quote, _)| quote).or_else(|| marks.open.last().map(|(open, _)| *open))
}

fn line_of(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or(text).bytes().filter(|byte| *byte == b'\n').count()
}

/// The open brackets and the open quote at a place of a text.
pub(super) struct Marks {
    /// Offset and sign of each open bracket.
    pub(super) open: Vec<(usize, char)>,
    /// Offset and sign of the open quote.
    pub(super) quote: Option<(usize, char)>,
    /// Whether a value can start here.
    pub(super) ready: bool,
    previous: char,
}

impl Default for Marks {
    fn default() -> Self {
        Marks { open: Vec::new(), quote: None, ready: true, previous: '\n' }
    }
}

impl Marks {
    pub(super) fn is_comment(&self, c: char) -> bool {
        c == '#' && self.quote.is_none() && self.previous.is_whitespace()
    }

    /// Takes the next character. Returns the offset of an open bracket that a bracket of the other kind would close.
    pub(super) fn step(&mut self, at: usize, c: char) -> Option<usize> {
        let previous = std::mem::replace(&mut self.previous, c);
        if let Some((_, quote)) = self.quote {
            if c == '\\' && previous == '\\' {
                self.previous = ' '; // an escaped backslash escapes nothing
            }
            if c == quote && (quote == '\'' || previous != '\\') {
                self.quote = None;
                self.ready = false;
            }
            return None;
        }
        match c {
            '"' | '\'' if self.ready => self.quote = Some((at, c)),
            '[' | '{' if self.ready || !self.open.is_empty() => self.open.push((at, c)),
            ']' | '}' => {
                let wanted = if c == ']' { '[' } else { '{' };
                if let Some((open, _)) = self.open.pop().filter(|(_, sign)| *sign != wanted) {
                    return Some(open);
                }
            }
            _ => {}
        }
        self.ready = match c {
            ' ' => self.ready || matches!(previous, ':' | '-' | ',' | '='),
            '{' | '[' | '\n' => true,
            _ => false,
        };
        None
    }
}
