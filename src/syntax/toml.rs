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
    for error in errors {
        let range = error.span().unwrap_or(0..0);
        let message = error.message().to_lowercase();
        let word = text.get(range.clone()).unwrap_or_default().to_string();
        let span = Span::new(file, range);
        found.push(match message.contains("duplicate key") {
            true => Diagnostic::new(Code::DuplicateKey, format!("duplicate key `{word}`"))
                .at(span)
                .help("remove one of the two, or merge their values"),
            false => Diagnostic::new(Code::Syntax, message).at(span),
        });
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
