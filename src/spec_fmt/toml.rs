//! The canonical form of TOML, through the format-preserving tree of `toml_edit`.
//!
//! Tables are set apart by one blank line; keys start their lines; one blank around `=`, inside braces and after commas. Arrays and inline tables of
//! several lines stay as their author wrote them. Texts are in double quotes where that needs no escape.

use super::{BEFORE_COMMENT, Refused};
use toml_edit::{Array, Decor, DocumentMut, InlineTable, Item, KeyMut, RawString, Table, Value};

/// Lays out a text with plain line ends.
pub(super) fn canonical(text: &str) -> Result<String, Refused> {
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| Refused { at: error.span().map_or(0, |span| span.start), why: "it can't be read" })?;
    let trailing = words(document.trailing().as_str().unwrap_or_default());
    document.set_trailing(trailing.trim_end_matches('\n').to_string() + if trailing.trim().is_empty() { "" } else { "\n" });
    table(document.as_table_mut(), true);
    let text = document.to_string();
    let text = text.trim_start_matches('\n');
    Ok(if text.ends_with('\n') || text.is_empty() { text.to_string() } else { format!("{text}\n") })
}

/// Comments and blank lines before something: comments at the start of their lines, one blank line at a time.
fn words(raw: &str) -> String {
    let mut out = String::new();
    let mut blank = false;
    let lines: Vec<&str> = raw.split('\n').collect();
    for (at, line) in lines.iter().enumerate() {
        let line = line.trim_matches([' ', '\t']);
        match line.is_empty() {
            // What follows the last line end is the indentation of the thing itself.
            true => blank |= at + 1 < lines.len(),
            false => {
                if blank {
                    out.push('\n');
                }
                out.push_str(line);
                out.push('\n');
                blank = false;
            }
        }
    }
    if blank {
        out.push('\n');
    }
    out
}

fn text_of(raw: Option<&RawString>) -> String {
    raw.and_then(RawString::as_str).unwrap_or_default().to_string()
}

/// A comment at the end of a line, with the blanks before it.
fn line_end(raw: &str) -> String {
    match raw.trim_matches([' ', '\t', '\n']) {
        "" => String::new(),
        comment => " ".repeat(BEFORE_COMMENT) + comment,
    }
}

fn head(decor: &mut Decor) {
    let before = words(&text_of(decor.prefix()));
    // Exactly one blank line, above the comments that belong to the table.
    decor.set_prefix(format!("\n{}", before.trim_start_matches('\n')));
    let after = line_end(&text_of(decor.suffix()));
    decor.set_suffix(after);
}

/// The lines of a table and the tables in it; `fresh` where nothing stands between them and its head.
fn table(table: &mut Table, fresh: bool) {
    for (number, (mut key, item)) in table.iter_mut().enumerate() {
        let fresh = fresh && number == 0;
        match item {
            Item::Value(inner) => {
                let before = words(&text_of(key.leaf_decor().prefix()));
                // No blank line below the head of a table.
                let before = if fresh { before.trim_start_matches('\n') } else { &before };
                name(&mut key, before, " ");
                value(inner, true);
            }
            // What stands before `a.b = 1` belongs to its last key.
            Item::Table(inner) if inner.is_dotted() => {
                part(&mut key);
                self::table(inner, fresh);
            }
            Item::Table(inner) => {
                part(&mut key);
                // Blanks between the brackets; anything else there belongs to something else.
                if text_of(key.leaf_decor().prefix()).trim_matches([' ', '\t']).is_empty() {
                    key.leaf_decor_mut().set_prefix("");
                }
                key.leaf_decor_mut().set_suffix("");
                if !inner.is_implicit() {
                    head(inner.decor_mut());
                }
                self::table(inner, true);
            }
            Item::ArrayOfTables(all) => {
                for inner in all.iter_mut() {
                    head(inner.decor_mut());
                    self::table(inner, true);
                }
            }
            Item::None => {}
        }
    }
}

/// A key that is followed by a dot: no blanks, quotes where they are needed.
fn part(key: &mut KeyMut<'_>) {
    let leaf = key.leaf_decor().clone();
    bare(key);
    *key.leaf_decor_mut() = leaf;
    key.dotted_decor_mut().set_prefix("");
    key.dotted_decor_mut().set_suffix("");
}

/// The last key before a value.
fn name(key: &mut KeyMut<'_>, before: &str, after: &str) {
    part(key);
    key.leaf_decor_mut().set_prefix(before);
    key.leaf_decor_mut().set_suffix(after);
}

/// Takes away quotes that a key does not need.
fn bare(key: &mut KeyMut<'_>) {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !key.get().is_empty() && key.get().chars().all(plain) {
        key.fmt();
    }
}

/// A value; `line` where it ends a line, so that a comment may follow.
fn value(value: &mut Value, line: bool) {
    if let Value::String(text) = value {
        let plain = text.value().chars().all(|c| crate::yaml::is_printable(c) && !matches!(c, '"' | '\\'));
        let raw = text.display_repr();
        if plain && raw.starts_with('\'') && !raw.starts_with("'''") {
            let decor = text.decor().clone();
            *text = toml_edit::Formatted::new(text.value().clone());
            *text.decor_mut() = decor;
        }
    }
    let after = text_of(value.decor().suffix());
    value.decor_mut().set_prefix(" ");
    value.decor_mut().set_suffix(if line { line_end(&after) } else { String::new() });
    match value {
        Value::Array(inner) if !inner.to_string().contains('\n') => array(inner),
        Value::InlineTable(inner) if !inner.to_string().contains('\n') => inline(inner),
        _ => {}
    }
}

fn array(array: &mut Array) {
    array.set_trailing("");
    array.set_trailing_comma(false);
    for (at, item) in array.iter_mut().enumerate() {
        value(item, false);
        item.decor_mut().set_prefix(if at == 0 { "" } else { " " });
    }
}

fn inline(table: &mut InlineTable) {
    table.set_trailing("");
    table.set_trailing_comma(false);
    cells(table, true);
}

/// The pairs of an inline table, those of dotted keys among them; `end` where the brace follows the last.
fn cells(table: &mut InlineTable, end: bool) {
    let count = table.len();
    for (at, (mut key, item)) in table.iter_mut().enumerate() {
        let last = end && at + 1 == count;
        match item {
            Value::InlineTable(inner) if inner.is_dotted() => {
                part(&mut key);
                cells(inner, last);
            }
            _ => {
                name(&mut key, " ", " ");
                value(item, false);
                item.decor_mut().set_suffix(if last { " " } else { "" });
            }
        }
    }
}
