//! The canonical form of a spec's text: text in, text out, with the same meaning and every comment.
//!
//! The result is parsed again by the spec's own reader and compared with the input; apart from blanks, quotes and commas both hold the same
//! characters, so nothing is lost. A text that fails either comparison, or that uses syntax without a safe layout, is refused and stays unchanged.
//! The order of sections and fields is the author's: comments belong to their neighbours. Knows no disk.

mod flow;
mod print;
mod scan;
mod toml;

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::{FileId, Sources, Span};
use crate::syntax::{Kind, Node, parse};

/// Blanks before a comment at the end of a line.
const BEFORE_COMMENT: usize = 3;

/// Why a text has no canonical form, and where.
struct Refused {
    /// The byte in the text as it was given.
    at: usize,
    /// The second half of the message `NAME stays as it is: ...`.
    why: &'static str,
}

/// The canonical form of one source.
///
/// # Errors
/// Syntax errors, or one [`Code::Layout`] finding at the line without a safe layout.
pub fn canonical(sources: &Sources, file: FileId) -> Result<String, Vec<Diagnostic>> {
    let source = sources.get(file);
    let mut found = Diagnostics::default();
    let before = parse(sources, file, &mut found);
    let Some(before) = before.filter(|_| !found.has_errors()) else { return Err(found.sorted().into_iter().cloned().collect()) };
    let tidy = source.text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let refused = |at: usize, why: &str| {
        // `tidy` has shorter line ends and no byte order mark, so the offset differs from the source; the line number does not.
        let line = tidy.get(..at).unwrap_or_default().matches('\n').count();
        let start = source.text.split_inclusive('\n').take(line).map(str::len).sum();
        let length = source.text[start..].lines().next().map_or(0, str::len);
        let fault = Diagnostic::new(Code::Layout, format!("`{}` stays as it is: {why}", source.name));
        vec![fault.at(Span::new(file, start..start + length)).help("write this line in another way, or lay the file out by hand")]
    };
    let text = match source.name.ends_with(".toml") {
        true => toml::canonical(&tidy),
        false => scan::scan(&tidy).map(print::print),
    };
    let text = text.map_err(|fault| refused(fault.at, fault.why))?;
    if let Some(at) = lost(&tidy, &text) {
        return Err(refused(at, "a part of this line would be lost"));
    }
    let mut again = Sources::default();
    let id = again.add(source.name.clone(), text.clone());
    match parse(&again, id, &mut Diagnostics::default()) {
        Some(after) if same(&before, &after) => Ok(text),
        _ => Err(refused(0, "its canonical form would have another meaning")),
    }
}

/// Whether two trees have the same meaning. Quotes around a word that every YAML reader takes for text make no difference.
pub fn same(a: &Node, b: &Node) -> bool {
    match (&a.kind, &b.kind) {
        (Kind::Plain(a), Kind::Plain(b)) | (Kind::Text(a), Kind::Text(b)) => a == b,
        (Kind::Plain(a), Kind::Text(b)) | (Kind::Text(a), Kind::Plain(b)) => a == b && flow::is_bare(a),
        (Kind::List(a), Kind::List(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b)),
        (Kind::Map(a), Kind::Map(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.key == b.key && same(&a.value, &b.value))
        }
        _ => false,
    }
}

/// The first byte of `before` at which `after` holds another character. Blanks, quotes, commas and a leading `---` are not compared.
fn lost(before: &str, after: &str) -> Option<usize> {
    let (mut old, mut new) = (kept(before), kept(after));
    loop {
        match (old.next(), new.next()) {
            (None, None) => return None,
            (Some((_, a)), Some((_, b))) if a == b => {}
            (Some((at, _)), _) => return Some(at),
            (None, Some(_)) => return Some(before.len()),
        }
    }
}

fn kept(text: &str) -> impl Iterator<Item = (usize, char)> {
    let skip = if text.starts_with("---\n") { 4 } else { 0 };
    text.char_indices().filter(move |(at, c)| *at >= skip && !matches!(c, ' ' | '\t' | '\n' | '"' | '\'' | ',' | '\\'))
}

#[cfg(test)]
mod tests;
