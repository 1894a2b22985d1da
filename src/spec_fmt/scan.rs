//! YAML text to rows: what stands on each line and how deep it belongs.
//!
//! Only layout is read here; the real reader has accepted the text, and judges the result. What it does not know (`?` keys, documents, tabs before
//! a key) it refuses.

use super::Refused;
use super::flow::{Place, flow, quoted_end, requote};

/// A line, or several that belong together.
#[derive(Debug)]
pub(super) enum Item {
    Blank,
    /// A comment on a line of its own: its indentation as written, the text, and the levels that are open around it.
    Comment {
        column: usize,
        text: String,
        levels: Vec<(usize, usize)>,
    },
    Row(Row),
}

/// Something that starts on a line of its own.
#[derive(Debug)]
pub(super) struct Row {
    /// Its indentation as written.
    pub(super) column: usize,
    /// Its new indentation.
    pub(super) indent: usize,
    /// The dashes before it.
    pub(super) lead: String,
    /// Its key with the colon.
    pub(super) key: Option<String>,
    /// Where its value stands, as written: characters after the start of the line.
    pub(super) value_column: usize,
    /// Its value on this line.
    pub(super) value: String,
    /// The lines of its value below, complete.
    pub(super) tail: Vec<String>,
    /// The comment at its end, and where that stands, as written.
    pub(super) comment: Option<(String, usize)>,
}

/// A block collection that is open.
struct Open {
    sequence: bool,
    column: usize,
    indent: usize,
}

struct Scan<'a> {
    text: &'a str,
    /// Start and end of each line, without the line end.
    lines: Vec<(usize, usize)>,
    at: usize,
    open: Vec<Open>,
    items: Vec<Item>,
}

/// Reads the rows of a text with plain line ends.
pub(super) fn scan(text: &str) -> Result<Vec<Item>, Refused> {
    let mut lines = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        lines.push((start, start + line.trim_end_matches('\n').len()));
        start += line.len();
    }
    if let Some(at) = text.find('\r') {
        return Err(Refused { at, why: "there is a carriage return inside a line" });
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
            return self.refuse("this belongs to streams of documents");
        } else if content.starts_with('\t') {
            return self.refuse("a tab stands before the text");
        } else {
            return self.row(column);
        }
        self.at += 1;
        Ok(())
    }

    /// The indentation of the collection that has an item here.
    fn enter(&mut self, sequence: bool, column: usize) -> usize {
        while self.open.last().is_some_and(|open| open.column > column) {
            self.open.pop();
        }
        // A list may stand as deep as the key that it belongs to.
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
                return self.refuse("keys after `?` are not laid out");
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
                let Some(open) = self.open.last() else { return self.refuse("its sections do not stand on lines of their own") };
                row.indent = open.indent + 2;
            }
            break;
        }
        row.value_column = line[..at].chars().count();
        self.value(&mut row, start + at)?;
        self.items.push(Item::Row(row));
        Ok(())
    }

    /// Reads the value at a byte of the current line into the row, and goes on to the line after it.
    fn value(&mut self, row: &mut Row, from: usize) -> Result<(), Refused> {
        let end_of_line = self.lines[self.at].1;
        let rest = &self.text[from..end_of_line];
        let Some((column, indent)) = self.open.last().map(|open| (open.column, open.indent)) else {
            return self.refuse("its sections do not stand on lines of their own");
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
                    // Blanks around line ends mean nothing inside quotes.
                    self.fold(row, raw, |_| indent + 2);
                }
                end
            }
            Some('{' | '[') => {
                let Some((end, text)) = flow(self.text, from) else { return self.refuse("a bracket is not closed") };
                match text {
                    Some(text) => row.value = text,
                    // As its author wrote it, moved as a whole.
                    None => self.fold(row, &self.text[from..end], |old| (old + indent).saturating_sub(column)),
                }
                end
            }
            Some(_) => return self.plain(row, from, column, indent),
        };
        // Several lines may have passed.
        while self.lines[self.at].1 < end {
            self.at += 1;
        }
        let rest = &self.text[end..self.lines[self.at].1];
        let word = rest.trim_start_matches([' ', '\t']);
        if !word.is_empty() && !word.starts_with('#') {
            return self.refuse("something stands after the value");
        }
        let column = self.text[self.lines[self.at].0..].get(..end - self.lines[self.at].0).map_or(0, |line| line.chars().count());
        self.comment(row, word, column + rest.len() - word.len());
        self.at += 1;
        Ok(())
    }

    /// Puts a comment at the end of the row.
    fn comment(&self, row: &mut Row, word: &str, column: usize) {
        let word = word.trim_end_matches([' ', '\t']);
        match row.tail.last_mut() {
            _ if word.is_empty() => {}
            Some(last) => last.push_str(&format!("{}{word}", spaces(super::BEFORE_COMMENT))),
            None => row.comment = Some((word.to_string(), column)),
        }
    }

    /// A value of several lines whose indentation means nothing; `indent` gives the new one from the old.
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
        // It goes on with every line that stands deeper.
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

    /// A literal or folded block: its lines are content, moved as a whole.
    fn block(&mut self, row: &mut Row, rest: &str, column: usize, indent: usize) -> Result<(), Refused> {
        let header = rest.split([' ', '\t']).next().unwrap_or_default();
        row.value = header.to_string();
        let word = rest[header.len()..].trim_start_matches([' ', '\t']);
        if !word.is_empty() && !word.starts_with('#') {
            return self.refuse("something stands after the sign of a block");
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
        // Empty lines at the end are content only after `+`.
        if !header.contains('+') {
            row.tail.truncate(row.tail.len() - blanks);
            self.at -= blanks;
        }
        Ok(())
    }
}

/// The end of the key at the start of a text, and where its value may start; none where there is no key.
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
