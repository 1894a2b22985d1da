//! TOML -> [`Node`], through the spanned tables of the `toml` crate, which reports every syntax error of a file.

use super::node::{Entry, Kind, Node};
use super::{DEPTH, unclosed};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::{FileId, Span};
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Parses a TOML text.
pub(super) fn parse(text: &str, file: FileId, found: &mut Diagnostics) -> Option<Node> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let failed = !errors.is_empty();
    // The parser reads everything after an unclosed bracket as a part of its value, with an error at each word.
    let opener = errors.iter().find(|error| error.message().contains("unclosed"));
    if let Some(open) = opener.and_then(|error| unclosed::find(text, error.span().map_or(text.len(), |span| span.start))) {
        found.push(unclosed::diagnostic(text, file, open));
        return None;
    }
    let mut lines = Vec::new();
    for error in errors {
        let range = error.span().unwrap_or(0..0);
        let message = error.message().to_lowercase();
        let word = text.get(range.clone()).unwrap_or_default().to_string();
        let span = Span::new(file, range.clone());
        if message.contains("duplicate key") {
            let duplicate = Diagnostic::new(Code::DuplicateKey, format!("duplicate key `{word}`")).at(span);
            found.push(duplicate.help("remove one of the two, or merge their values"));
            continue;
        }
        // Errors behind the first one of a line follow from it.
        let line = text[..range.start].rfind('\n').map_or(0, |newline| newline + 1);
        if !lines.contains(&line) {
            lines.push(line);
            found.push(fault(text, file, line, range.start).unwrap_or_else(|| Diagnostic::new(Code::Syntax, message).at(span)));
        }
    }
    if failed {
        return None;
    }
    let reader = Reader { text, file };
    let root = reader.table(table.get_ref(), Span::new(file, 0..text.len()), 0);
    if root.is_none() {
        found.push(Diagnostic::new(Code::Syntax, format!("nested deeper than {DEPTH} levels")).at(Span::new(file, 0..0)));
    }
    root
}

/// The finding for an error at the byte `at` of the line that starts at `line`, if the line is one of another language: a value without its quotes, or a
/// key with a colon, or a comma at its end.
fn fault(text: &str, file: FileId, line: usize, at: usize) -> Option<Diagnostic> {
    let before = &text[line..at];
    let new = |message: &str, start: usize, end: usize| Diagnostic::new(Code::Syntax, message).at(Span::new(file, start..end));
    let colon = before.find(':').map_or(at, |found| line + found);
    if text[colon..].starts_with(':') && !before.contains(['=', '"', '\'']) {
        return Some(new("a `:` is not allowed here", colon, colon + 1).help("write `=` between a key and its value, as in `port = 8080`"));
    }
    let rest = text[at..].lines().next().unwrap_or_default().strip_prefix(',');
    if rest.is_some_and(|rest| rest.trim_start().is_empty() || rest.trim_start().starts_with('#')) && before.contains('=') {
        let comma = new("a `,` ends no line in TOML", at, at + 1).help("remove the `,`");
        return Some(comma.fix(Span::new(file, at..at + 1), ""));
    }
    let is_list = before.rfind('[') > before.rfind(']') && before.rfind('[') > before.rfind('=');
    let sign = before.rfind(['=', '{', '[', ',']).filter(|sign| match before.as_bytes().get(*sign) {
        Some(b'=') => true,
        Some(b'[' | b',') => is_list && *sign > 0,
        _ => false,
    })?;
    let start = line + sign + 1;
    let start = start + text[start..].find(|c: char| c != ' ')?;
    let end = start + text[start..].find([',', ']', '}', '\n', '#']).unwrap_or(text.len() - start);
    let value = text[start..end].trim_end();
    let end = start + value.len();
    // The error then stands behind the value.
    if value.is_empty() || value.starts_with(['"', '\'', '[', '{']) || DeValue::parse(value).is_ok() {
        return None;
    }
    if value.starts_with('0') && value.bytes().all(|byte| byte.is_ascii_digit()) {
        let number = value.trim_start_matches('0');
        let number = if number.is_empty() { "0" } else { number };
        return Some(new("a number can't start with `0`", start, end).help(format!("write `{number}`, or quote a text: `\"{value}\"`")));
    }
    if matches!(value, "null" | "nil" | "~") {
        return Some(new("TOML has no empty value", start, end).help("leave the key out, or write `\"\"` for an empty text"));
    }
    let quoted = format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
    let fault = new("a text has to be quoted", start, end).help(format!("write `{quoted}`"));
    Some(fault.fix(Span::new(file, start..end), quoted))
}

struct Reader<'a> {
    text: &'a str,
    file: FileId,
}

impl Reader<'_> {
    /// Returns `None` if the table is nested too deep.
    fn table(&self, table: &DeTable<'_>, span: Span, depth: usize) -> Option<Node> {
        if depth > DEPTH {
            return None;
        }
        let mut entries = Vec::with_capacity(table.len());
        for (key, value) in table.iter() {
            entries.push(Entry {
                key: Arc::from(&**key.get_ref()),
                span: Span::new(self.file, key.span()),
                value: self.value(value, depth + 1)?,
            });
        }
        Some(Node::map(span, entries))
    }

    fn value(&self, value: &Spanned<DeValue<'_>>, depth: usize) -> Option<Node> {
        let span = Span::new(self.file, value.span());
        let written = || Arc::from(self.text.get(value.span()).unwrap_or_default());
        let kind = match value.get_ref() {
            DeValue::String(text) => Kind::Text(Arc::from(&**text)),
            // Decimal integers lose the underscores that TOML allows; other radixes and floats stay as written.
            DeValue::Integer(integer) if integer.radix() == 10 => Kind::Plain(Arc::from(integer.as_str())),
            DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) => Kind::Plain(written()),
            DeValue::Datetime(_) => Kind::Text(written()),
            DeValue::Array(items) if depth <= DEPTH => {
                let items = items.iter().map(|item| self.value(item, depth + 1)).collect::<Option<Vec<_>>>()?;
                Kind::List(Arc::new(items))
            }
            DeValue::Array(_) => return None,
            DeValue::Table(table) => return self.table(table, span, depth),
        };
        Some(Node { span, kind })
    }
}
