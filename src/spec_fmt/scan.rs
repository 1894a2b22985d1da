//! YAML text -> rows: the parts of each line and its indentation.
//!
//! Reads the layout only: the YAML parser has accepted the text before and checks the result afterwards. Fails for `?` keys, several documents and
//! tabs before a key.

use super::Refused;
use super::flow::{Place, flow, quoted_end, requote};

/// A blank line, a comment or a row.
#[derive(Debug)]
pub(super) enum Item {
    Blank,
    /// A comment on a line of its own: written indentation, text, and the open levels around it.
    Comment {
        column: usize,
        text: String,
        levels: Vec<(usize, usize)>,
    },
    Row(Row),
}

/// An entry or item that starts on a line of its own.
#[derive(Debug)]
pub(super) struct Row {
    /// The written indentation.
    pub(super) column: usize,
    /// The new indentation.
    pub(super) indent: usize,
    /// The dashes of list items at the start.
    pub(super) lead: String,
    /// The key with the colon.
    pub(super) key: Option<String>,
    /// The written column of the value, in characters from the start of the line.
    pub(super) value_column: usize,
    /// The value on this line.
    pub(super) value: String,
    /// The complete further lines of the value.
    pub(super) tail: Vec<String>,
    /// The comment at the end of the line and its written column.
    pub(super) comment: Option<(String, usize)>,
}

/// An open block collection.
struct Open {
    sequence: bool,
    column: usize,
    indent: usize,
}

struct Scan<'a> {
    text: &'a str,
    /// Start and end of each line, without the line break.
    lines: Vec<(usize, usize)>,
    at: usize,
    open: Vec<Open>,
    items: Vec<Item>,
}

/// Reads the rows of a text without carriage returns.
pub(super) fn scan(text: &str) -> Result<Vec<Item>, Refused> {
    let mut lines = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        lines.push((start, start + line.trim_end_matches('\n').len()));
        start += line.len();
    }
    if let Some(at) = text.find('\r') {
        return Err(Refused { at, why: "a line contains a carriage return" });
    }
    let mut scan = Scan { text, lines, at: 0, open: Vec::new(), items: Vec::new() };
    while scan.at < scan.lines.len() {
        scan.item()?;
    }
    Ok(scan.items)
}

fn spaces(count: usize) -> String {
    " ".repeat(count)
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn is_blank(line: &str) -> bool {
    line.trim_matches([' ', '\t']).is_empty()
}

impl<'a> Scan<'a> {
    fn line(&self, at: usize) -> Option<&'a str> {
        self.lines.get(at).map(|(start, end)| &self.text[*start..*end])
    }

    fn refuse<T>(&self, why: &'static str) -> Result<T, Refused> {
        Err(Refused { at: self.lines.get(self.at).map_or(self.text.len(), |(start, _)| *start), why })
    }

    fn item(&mut self) -> Result<(), Refused> {
        let line = self.line(self.at).unwrap_or_default();
        let column = indentation(line);
        let content = line[column..].trim_end_matches([' ', '\t']);
        let document = column == 0 && (content.starts_with("---") || content.starts_with("...") || content.starts_with('%'));
        if content.is_empty() {
            self.items.push(Item::Blank);
        } else if content.starts_with('#') {
            let levels = self.open.iter().map(|open| (open.column, open.indent)).collect();
            self.items.push(Item::Comment { column, text: content.to_string(), levels });
        } else if document && content == "---" && self.at == 0 {
        } else if document && (content.len() < 4 || content.as_bytes()[3] == b' ' || content.starts_with('%')) {
            return self.refuse("document markers and directives are not supported");
        } else if content.starts_with('\t') {
            return self.refuse("the line is indented with a tab");
        } else {
            return self.row(column);
        }
        self.at += 1;
        Ok(())
    }

    /// The new indentation of the collection with an item at this column.
    fn enter(&mut self, sequence: bool, column: usize) -> usize {
        while self.open.last().is_some_and(|open| open.column > column) {
            self.open.pop();
        }
        // A list may have the same indentation as its key.
        if !sequence && self.open.last().is_some_and(|open| open.column == column && open.sequence) {
            self.open.pop();
        }
        match self.open.last() {
            Some(open) if open.column == column && open.sequence == sequence => open.indent,
            around => {
                let indent = around.map_or(0, |open| open.indent + 2);
                self.open.push(Open { sequence, column, indent });
                indent
            }
        }
    }

    fn row(&mut self, column: usize) -> Result<(), Refused> {
        let line = self.line(self.at).unwrap_or_default();
        let start = self.lines[self.at].0;
        let mut row = Row {
            column,
            indent: 0,
            lead: String::new(),
            key: None,
            value_column: 0,
            value: String::new(),
            tail: Vec::new(),
            comment: None,
        };
        let mut at = column;
        loop {
            let rest = &line[at..];
            if rest == "?" || rest.starts_with("? ") {
                return self.refuse("keys after `?` are not supported");
            }
            let dash = rest == "-" || rest.starts_with("- ") || rest.starts_with("-\t");
            let key = if dash { None } else { key_end(rest) };
            if dash || key.is_some() {
                let indent = self.enter(dash, at);
                row.indent = if at == column { indent } else { row.indent };
            }
            if dash {
                row.lead.push_str("- ");
                let blanks = rest[1..].len() - rest[1..].trim_start_matches([' ', '\t']).len();
                at += 1 + blanks;
                if at < line.len() && !line[at..].starts_with('#') {
                    continue;
                }
                row.lead.pop();
            } else if let Some((end, after)) = key {
                let word = &rest[..end];
                let word = if word.starts_with(['"', '\'']) { requote(word, Place::Key) } else { word.to_string() };
                row.key = Some(word + ":");
                at += after;
                at += line[at..].len() - line[at..].trim_start_matches([' ', '\t']).len();
            } else if at == column {
                let Some(open) = self.open.last() else { return self.refuse("the sections are not on lines of their own") };
                row.indent = open.indent + 2;
            }
            break;
        }
        row.value_column = line[..at].chars().count();
        self.value(&mut row, start + at)?;
        self.items.push(Item::Row(row));
        Ok(())
    }

    /// Reads the value at a byte of the current line into the row, and advances to the line after the value.
    fn value(&mut self, row: &mut Row, from: usize) -> Result<(), Refused> {
        let end_of_line = self.lines[self.at].1;
        let rest = &self.text[from..end_of_line];
        let Some((column, indent)) = self.open.last().map(|open| (open.column, open.indent)) else {
            return self.refuse("the sections are not on lines of their own");
        };
        let end = match rest.chars().next() {
            None | Some('#') => from,
            Some('|' | '>') => return self.block(row, rest, column, indent),
            Some('"' | '\'') => {
                let Some(end) = quoted_end(self.text, from) else { return self.refuse("a quote is not closed") };
                let raw = self.text.get(from..end).unwrap_or_default();
                if end <= end_of_line {
                    row.value = requote(raw, Place::Block);
                } else {
                    // Inside quotes, blanks around line breaks have no meaning.
                    self.fold(row, raw, |_| indent + 2);
                }
                end
            }
            Some('{' | '[') => {
                let Some((end, text)) = flow(self.text, from) else { return self.refuse("a bracket is not closed") };
                match text {
                    Some(text) => row.value = text,
                    // The lines keep their relative indentation.
                    None => self.fold(row, &self.text[from..end], |old| (old + indent).saturating_sub(column)),
                }
                end
            }
            Some(_) => return self.plain(row, from, column, indent),
        };
        // The value may have taken several lines.
        while self.lines[self.at].1 < end {
            self.at += 1;
        }
        let rest = &self.text[end..self.lines[self.at].1];
        let word = rest.trim_start_matches([' ', '\t']);
        if !word.is_empty() && !word.starts_with('#') {
            return self.refuse("there is text after the value");
        }
        let column = self.text[self.lines[self.at].0..].get(..end - self.lines[self.at].0).map_or(0, |line| line.chars().count());
        self.comment(row, word, column + rest.len() - word.len());
        self.at += 1;
        Ok(())
    }

    /// Adds a comment at the end of the row.
    fn comment(&self, row: &mut Row, word: &str, column: usize) {
        let word = word.trim_end_matches([' ', '\t']);
        match row.tail.last_mut() {
            _ if word.is_empty() => {}
            Some(last) => last.push_str(&format!("{}{word}", spaces(super::BEFORE_COMMENT))),
            None => row.comment = Some((word.to_string(), column)),
        }
    }

    /// Reads a value of several lines whose indentation has no meaning. `indent` maps the written indentation to the new one.
    fn fold(&self, row: &mut Row, raw: &str, indent: impl Fn(usize) -> usize) {
        let mut lines = raw.split('\n');
        row.value = lines.next().unwrap_or_default().trim_end_matches([' ', '\t']).to_string();
        for line in lines {
            let text = line.trim_matches([' ', '\t']);
            row.tail.push(if text.is_empty() { String::new() } else { spaces(indent(indentation(line))) + text });
        }
    }

    fn plain(&mut self, row: &mut Row, from: usize, column: usize, indent: usize) -> Result<(), Refused> {
        let rest = &self.text[from..self.lines[self.at].1];
        let end = rest.find(" #").or_else(|| rest.find("\t#")).unwrap_or(rest.len());
        row.value = rest[..end].trim_end_matches([' ', '\t']).to_string();
        let word = rest[end..].trim_start_matches([' ', '\t']);
        if !word.is_empty() {
            let at = self.text[self.lines[self.at].0..from].chars().count() + rest.chars().count() - word.chars().count();
            self.comment(row, word, at);
            self.at += 1;
            return Ok(());
        }
        self.at += 1;
        // Every line that is indented deeper continues the value.
        let mut blanks = 0;
        while let Some(line) = self.line(self.at + blanks) {
            if is_blank(line) {
                blanks += 1;
                continue;
            }
            let text = line.trim_matches([' ', '\t']);
            if indentation(line) <= column || text.starts_with('#') {
                break;
            }
            row.tail.extend(std::iter::repeat_n(String::new(), blanks));
            row.tail.push(spaces(indent + 2) + text);
            self.at += blanks + 1;
            blanks = 0;
            if text.contains(" #") || text.contains("\t#") {
                break;
            }
        }
        Ok(())
    }

    /// Reads a literal or folded block. Its lines keep their relative indentation.
    fn block(&mut self, row: &mut Row, rest: &str, column: usize, indent: usize) -> Result<(), Refused> {
        let header = rest.split([' ', '\t']).next().unwrap_or_default();
        row.value = header.to_string();
        let word = rest[header.len()..].trim_start_matches([' ', '\t']);
        if !word.is_empty() && !word.starts_with('#') {
            return self.refuse("there is text after the block indicator");
        }
        let before = self.text[self.lines[self.at].0..self.lines[self.at].1].chars().count() - word.chars().count();
        self.comment(row, word, before);
        self.at += 1;
        let digit = header.bytes().find(u8::is_ascii_digit).map(|digit| usize::from(digit - b'0'));
        let first = (self.at..self.lines.len()).filter_map(|at| self.line(at)).find(|line| !is_blank(line)).map_or(0, indentation);
        let old = digit.map_or(first, |digit| column + digit);
        if old <= column {
            return Ok(());
        }
        let new = indent + digit.unwrap_or(2);
        let mut blanks = 0;
        while let Some(line) = self.line(self.at) {
            let empty = line.trim_matches(' ').is_empty() && line.len() <= old;
            if !empty && indentation(line) < old {
                break;
            }
            blanks = if empty { blanks + 1 } else { 0 };
            row.tail.push(if empty { String::new() } else { spaces(new) + &line[old..] });
            self.at += 1;
        }
        // Trailing empty lines are content only with `+`.
        if !header.contains('+') {
            row.tail.truncate(row.tail.len() - blanks);
            self.at -= blanks;
        }
        Ok(())
    }
}

/// The end of the key at the start of a text and the earliest start of its value; `None` without a key.
fn key_end(text: &str) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let ends = |at: usize| bytes.get(at) == Some(&b':') && matches!(bytes.get(at + 1), None | Some(b' ' | b'\t'));
    if text.starts_with(['"', '\'']) {
        let end = quoted_end(text, 0)?;
        let colon = end + text.get(end..)?.len() - text[end..].trim_start_matches([' ', '\t']).len();
        return ends(colon).then_some((end, colon + 1));
    }
    if text.starts_with(['{', '[']) {
        return None;
    }
    let limit = text.find(" #").or_else(|| text.find("\t#")).unwrap_or(text.len());
    let colon = (0..limit).find(|at| ends(*at))?;
    Some((text[..colon].trim_end_matches([' ', '\t']).len(), colon + 1))
}
