//! Single values: flow collections on one line, quotes only where they are needed.

use crate::yaml::{is_plain, is_plain_key};

/// A part of a flow collection.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Token<'a> {
    Open(char),
    Close(char),
    Comma,
    Colon,
    Quoted(&'a str),
    Plain(&'a str),
}

/// Whether a text may stand without quotes, wherever a value may stand: text to every YAML reader, and nothing in it that ends a value.
pub(super) fn is_bare(text: &str) -> bool {
    is_plain(text) && !text.contains(['#', ',', '[', ']', '{', '}'])
}

/// Where a scalar stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Place {
    Key,
    Block,
    /// Between brackets or braces, where old readers stumble over a colon.
    Flow,
}

/// A quoted scalar on one line, with the quotes it needs.
pub(super) fn requote(raw: &str, place: Place) -> String {
    let Some(text) = unquote(raw) else { return raw.to_string() };
    let bare = match place {
        Place::Key => is_plain_key(&text),
        Place::Block => is_bare(&text),
        Place::Flow => is_bare(&text) && !text.contains(':'),
    };
    match bare {
        true => text,
        // Escaping what stands well in single quotes makes nothing clearer.
        false if text.contains(['"', '\\']) || !text.chars().all(crate::yaml::is_printable) => raw.to_string(),
        false => format!("\"{text}\""),
    }
}

/// What quotes hold; none where it takes more than simple escapes to say.
fn unquote(raw: &str) -> Option<String> {
    if let Some(inside) = raw.strip_prefix('\'') {
        return Some(inside.strip_suffix('\'')?.replace("''", "'"));
    }
    let mut text = String::new();
    let mut chars = raw.strip_prefix('"')?.strip_suffix('"')?.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => text.push(chars.next().filter(|c| matches!(c, '\\' | '"'))?),
            c => text.push(c),
        }
    }
    Some(text)
}

/// The end of a quoted scalar that starts at `start`.
pub(super) fn quoted_end(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let quote = *bytes.get(start)?;
    let mut at = start + 1;
    loop {
        match *bytes.get(at)? {
            b'\\' if quote == b'"' => at += 2,
            b'\'' if quote == b'\'' && bytes.get(at + 1) == Some(&b'\'') => at += 2,
            byte if byte == quote => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// The flow collection that starts at `start`: its end, and its canonical text where it stands on one line.
pub(super) fn flow(text: &str, start: usize) -> Option<(usize, Option<String>)> {
    let (tokens, end) = tokens(text, start)?;
    let raw = &text[start..end];
    let empty = |pair: &[Token<'_>]| pair[0] == Token::Colon && matches!(pair[1], Token::Close(_) | Token::Comma);
    let single = !raw.contains('\n');
    Some((end, single.then(|| if tokens.windows(2).any(empty) { raw.to_string() } else { join(&tokens) })))
}

fn join(tokens: &[Token<'_>]) -> String {
    let mut out = String::new();
    for (at, token) in tokens.iter().enumerate() {
        let next = tokens.get(at + 1);
        match token {
            Token::Open(c) | Token::Close(c) => out.push(*c),
            Token::Comma if matches!(next, Some(Token::Close(_))) => {}
            Token::Comma => out.push_str(", "),
            Token::Colon => out.push_str(": "),
            Token::Quoted(raw) => {
                let place = if next == Some(&Token::Colon) { Place::Key } else { Place::Flow };
                out.push_str(&requote(raw, place));
            }
            Token::Plain(word) => out.push_str(word),
        }
    }
    out
}

/// The tokens of a flow collection, and where it ends. Comments inside are passed over.
fn tokens(text: &str, start: usize) -> Option<(Vec<Token<'_>>, usize)> {
    let bytes = text.as_bytes();
    let (mut tokens, mut at, mut depth) = (Vec::new(), start, 0_usize);
    loop {
        let byte = *bytes.get(at)?;
        let next = bytes.get(at + 1).copied().unwrap_or(b'\n');
        match byte {
            b' ' | b'\t' | b'\n' => at += 1,
            b'#' => at += text[at..].find('\n')?,
            b'{' | b'[' => {
                depth += 1;
                tokens.push(Token::Open(char::from(byte)));
                at += 1;
            }
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                tokens.push(Token::Close(char::from(byte)));
                at += 1;
                if depth == 0 {
                    return Some((tokens, at));
                }
            }
            b',' => {
                tokens.push(Token::Comma);
                at += 1;
            }
            b':' if is_end(next) || matches!(tokens.last(), Some(Token::Quoted(_) | Token::Close(_))) => {
                tokens.push(Token::Colon);
                at += 1;
            }
            b'"' | b'\'' => {
                let end = quoted_end(text, at)?;
                tokens.push(Token::Quoted(text.get(at..end)?));
                at = end;
            }
            _ => {
                let end = plain_end(bytes, at);
                tokens.push(Token::Plain(text.get(at..end)?.trim_end()));
                at = end;
            }
        }
    }
}

/// Whether a colon before this byte ends a key.
fn is_end(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b',' | b'[' | b']' | b'{' | b'}')
}

fn plain_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        let next = bytes.get(at + 1).copied().unwrap_or(b'\n');
        match byte {
            b',' | b'[' | b']' | b'{' | b'}' | b'\n' => break,
            b':' if is_end(next) => break,
            b' ' | b'\t' if next == b'#' => break,
            _ => at += 1,
        }
    }
    at
}
