//! A syntax error of the YAML parser -> a finding at the character to change.
//!
//! The parser stops where the text can't continue. An unclosed bracket or quote and an unquoted special character are often on an earlier line, so
//! this module looks for them first.

use super::unclosed::{self, Marks};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{FileId, Span};

/// Messages of the parser by a part of their text: the message and the help of the finding.
const MESSAGES: &[(&str, &str, &str)] = &[
    ("':' indicator", "a `:` is not allowed here", "quote a value that contains `: `, and compare the indentation with the line above"),
    (
        "mapping values are not allowed",
        "a `:` is not allowed here",
        "quote a value that contains `: `, and compare the indentation with the line above",
    ),
    ("simple key expect", "this line has no `:`", "write `key: value`, or quote a text of several lines"),
    ("did not find expected key", "the indentation of this line matches no line above", "indent the keys of one map equally"),
    (
        "expected '-' indicator",
        "this line is not an item of the list above",
        "start it with `- `; or write a map above, `name:` in place of `- name:`; or indent it as the key of the list",
    ),
    ("invalid indentation", "the indentation of this line is wrong", "indent the line deeper than its key"),
    ("tab", "a tab can't indent a line", "replace the tab with spaces"),
    ("trailing content", "text follows the closing quote", "put the whole value inside the quotes"),
    ("escape", "this escape is not known in double quotes", "write `\\\\` for a backslash, or use single quotes"),
    ("misplaced bracket", "this bracket closes nothing", "remove it, or quote the value"),
    (
        "expected ',' or '}'",
        "expected `,` or `}`",
        "separate the entries of a map in braces with commas, and quote values with special characters",
    ),
    (
        "expected ',' or ']'",
        "expected `,` or `]`",
        "separate the items of a list in brackets with commas, and quote values with special characters",
    ),
    ("sequence entries are not allowed", "a list item is not allowed here", "start the list on the line after its key"),
];

/// The finding for a parser error at the byte `at`.
pub(super) fn diagnostic(text: &str, file: FileId, at: usize, info: &str) -> Diagnostic {
    let line_start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let line_end = text[at..].find('\n').map_or(text.len(), |length| at + length);
    if let Some(at) = info.contains("simple key expect").then(|| without_blank(&text[..line_start])).flatten() {
        let message = "a blank is missing after the `:`";
        return Diagnostic::new(Code::Syntax, message).at(Span::new(file, at..at + 1)).help("write `key: value`");
    }
    if let Some((start, end)) = unquoted(&text[line_start..line_end]) {
        let value = &text[line_start + start..line_start + end];
        let is_alias = value.len() > 1 && value.starts_with('*') && value[1..].chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_');
        if is_alias {
            return Diagnostic::new(Code::Anchor, format!("`{value}`: aliases are not part of the spec language"))
                .at(Span::new(file, line_start + start..line_start + end))
                .help(
                    "write the value wherever it is used, or share fields of apps with a profile (`profiles:` and `from:`); a text that starts with `*` needs quotes",
                );
        }
        let quoted = format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
        let span = Span::new(file, line_start + start..line_start + end);
        let sign = value.chars().next().unwrap_or(' ');
        let place = if sign == '$' { " in braces and brackets" } else { "" };
        return Diagnostic::new(Code::Syntax, format!("a value that starts with `{sign}` has to be quoted{place}"))
            .at(span)
            .help(format!("write {quoted}"))
            .fix(span, quoted);
    }
    let open = match info.contains("indentation in quoted scalar") {
        // A quoted text may go on in lines that are indented deeper than its key: the parser names its start.
        true => Some(at),
        // What opens behind the place where the parser stopped is no reason for it.
        false => unclosed::find(text, at).filter(|open| *open <= at),
    };
    if let Some(open) = open {
        return unclosed::diagnostic(text, file, open);
    }
    // The parser names the value before a tab in the indentation.
    let at = if info.contains("tab") { indenting_tab(&text[line_start..]).map_or(at, |tab| line_start + tab) } else { at };
    let found = |message: &str| Diagnostic::new(Code::Syntax, message).at(Span::new(file, at..at));
    match MESSAGES.iter().find(|(part, _, _)| info.contains(part)) {
        Some((_, message, help)) => found(message).help(*help),
        None => found(&info.trim_end_matches('.').to_lowercase()),
    }
}

/// The colon of the last line of a text, if the line is a key and its value without a blank between them.
fn without_blank(text: &str) -> Option<usize> {
    let line = text.trim_end().rsplit('\n').next()?;
    let colon = line.find(':').filter(|at| line[at + 1..].starts_with(|c: char| !c.is_whitespace() && c != '/'))?;
    let key = line[..colon].trim();
    let is_key = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    is_key.then(|| text.trim_end().len() - line.len() + colon)
}

/// The first tab in the indentation of a line.
fn indenting_tab(text: &str) -> Option<usize> {
    let mut start = 0;
    text.split_inclusive('\n').find_map(|line| {
        let tab = line.find(|c| c != ' ').filter(|at| line[*at..].starts_with('\t')).map(|at| start + at);
        start += line.len();
        tab
    })
}

/// The first value on a line that starts with a reserved character, or in brackets with `${`: after `: `, `- `, `[`, `{` or `, `.
fn unquoted(line: &str) -> Option<(usize, usize)> {
    let mut marks = Marks::default();
    for (offset, c) in line.char_indices() {
        if marks.quote.is_none() && marks.ready && matches!(c, '@' | '%' | '`' | '*' | '&' | '!') {
            let rest = &line[offset..];
            let stop = if marks.open.is_empty() { rest.find(" #") } else { rest.find([',', '}', ']']) };
            return Some((offset, offset + rest[..stop.unwrap_or(rest.len())].trim_end().len()));
        }
        let rest = &line[offset..];
        if marks.quote.is_none() && marks.ready && !marks.open.is_empty() && rest.starts_with("${") {
            return rest.find('}').map(|end| (offset, offset + end + 1));
        }
        if marks.is_comment(c) {
            return None;
        }
        marks.step(offset, c);
    }
    None
}
