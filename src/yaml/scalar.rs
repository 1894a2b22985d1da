//! Rules for single scalars, on which the reader and the emitter must agree.
//!
//! A text needs no quotes only if every YAML 1.1 and 1.2 reader reads it as that text. The reader refuses unquoted texts that the emitter would
//! quote. The rules cover every type that the two versions and their common libraries resolve.

use std::fmt::Write;

/// The type of an unquoted word that is not text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    Integer,
    Float,
}

/// The typed reading of a word: `null`, `true`, `false` and JSON numbers that fit 64 bits. `None` for any other word.
pub(super) fn literal(word: &str) -> Option<Literal> {
    match word {
        "null" => Some(Literal::Null),
        "true" => Some(Literal::Bool(true)),
        "false" => Some(Literal::Bool(false)),
        _ => number(word),
    }
}

/// A number by JSON's grammar.
fn number(word: &str) -> Option<Literal> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let unsigned = word.strip_prefix('-').unwrap_or(word);
    let whole = digits(unsigned);
    if whole == 0 || (whole > 1 && unsigned.starts_with('0')) {
        return None;
    }
    let mut rest = &unsigned[whole..];
    if rest.is_empty() && word != "-0" {
        return (word.parse::<i64>().is_ok() || word.parse::<u64>().is_ok()).then_some(Literal::Integer);
    }
    if let Some(fraction) = rest.strip_prefix('.') {
        let count = digits(fraction);
        if count == 0 {
            return None;
        }
        rest = &fraction[count..];
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let count = digits(exponent);
        if count == 0 {
            return None;
        }
        rest = &exponent[count..];
    }
    (rest.is_empty() && word.parse::<f64>().is_ok_and(f64::is_finite)).then_some(Literal::Float)
}

/// Appends a float in the form that YAML 1.1 also reads as a float: with a point, and a sign in the exponent.
pub(super) fn push_float(word: &str, out: &mut String) {
    let (mantissa, exponent) = word.split_once(['e', 'E']).map_or((word, None), |(mantissa, exponent)| (mantissa, Some(exponent)));
    out.push_str(mantissa);
    if !mantissa.contains('.') {
        out.push_str(".0");
    }
    if let Some(exponent) = exponent {
        out.push('e');
        if !exponent.starts_with(['+', '-']) {
            out.push('+');
        }
        out.push_str(exponent);
    }
}

/// Whether a value needs no quotes in block style.
pub(crate) fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let second = bytes.get(1).copied().unwrap_or(b' ');
    let start = match bytes.first() {
        Some(b'a'..=b'z' | b'A'..=b'Z' | b'/' | b'$' | b'(' | b'^' | b'\\') => true,
        Some(b'0'..=b'9') => is_text_with_digit(text),
        Some(b'_') => second.is_ascii_alphabetic(),
        // `.5` and `._` are numbers, `.inf` and `.nan` are reserved, `...` ends a document.
        Some(b'.') => (second.is_ascii_alphabetic() || matches!(second, b'/' | b'.')) && !text.starts_with("..."),
        // An argument such as `--port` or `-c`; `- x` is a list item, `-1` a number, `---` starts a document.
        Some(b'-') => second.is_ascii_alphabetic() || (second == b'-' && bytes.get(2).is_some_and(u8::is_ascii_alphabetic)),
        Some(0x80..) => text.chars().next().is_some_and(char::is_alphanumeric),
        _ => false,
    };
    start && !matches!(bytes.last(), Some(b' ' | b':')) && !is_reserved(text) && is_one_plain_line(text)
}

/// Whether a key needs no quotes: letters, digits, `.`, `_`, `-`, `/`.
pub(crate) fn is_plain_key(text: &str) -> bool {
    key_bytes(text.as_bytes()) == text.len() && is_key_word(text)
}

/// How many bytes from the start may be part of a plain key.
pub(super) fn key_bytes(bytes: &[u8]) -> usize {
    const KEY: [bool; 256] = {
        let mut table = [false; 256];
        let mut byte = 0;
        while byte < 128 {
            table[byte] = (byte as u8).is_ascii_alphanumeric() || matches!(byte as u8, b'.' | b'_' | b'-' | b'/');
            byte += 1;
        }
        table
    };
    bytes.iter().position(|&byte| !KEY[byte as usize]).unwrap_or(bytes.len())
}

/// Whether a word of such bytes is text for every reader.
pub(super) fn is_key_word(text: &str) -> bool {
    let start = match text.as_bytes() {
        [b'a'..=b'z' | b'A'..=b'Z' | b'/', ..] => true,
        [b'0'..=b'9', ..] => is_text_with_digit(text),
        [b'_' | b'.', second, ..] => second.is_ascii_alphabetic(),
        _ => false,
    };
    start && !is_reserved(text)
}

/// Whether no reader takes a text that starts with a digit for a number or a date.
fn is_text_with_digit(text: &str) -> bool {
    let lower = |byte: &u8| byte.to_ascii_lowercase();
    if matches!(text.as_bytes(), [b'0', base, ..] if matches!(lower(base), b'x' | b'o' | b'b')) {
        return false;
    }
    if text.bytes().any(|byte| byte.is_ascii_alphabetic() && !matches!(lower(&byte), b'e' | b't' | b'z')) {
        return true; // decimal numbers and dates contain no letter but these three
    }
    let of = |allowed: &[u8]| text.bytes().all(|byte| byte.is_ascii_digit() || allowed.contains(&byte));
    // Percentages; addresses, ranges and versions of three parts.
    (text.ends_with('%') && text[..text.len() - 1].bytes().all(|byte| byte.is_ascii_digit()))
        || (of(b"./") && (text.bytes().filter(|&byte| byte == b'.').count() >= 2 || text.contains('/')))
}

/// Whether some reader takes a word for a boolean, a null or a number, in upper or lower case.
fn is_reserved(text: &str) -> bool {
    let words: &[&str] = match text.len() {
        1 => &["y", "n"],
        2 => &["no", "on"],
        3 => &["yes", "off", "nil", "nan", "inf"],
        4 => &["true", "null", "none", ".nan", ".inf", "-nan", "-inf"],
        5 => &["false", "-.inf"],
        8 => &["infinity"],
        9 => &["-infinity"],
        _ => return false,
    };
    let first = text.as_bytes()[0].to_ascii_lowercase();
    words.iter().any(|word| word.as_bytes()[0] == first && word.eq_ignore_ascii_case(text))
}

/// Whether a text is one line of visible characters, none of which ends a plain scalar.
fn is_one_plain_line(text: &str) -> bool {
    const CONTROL: u8 = 1;
    const HASH: u8 = 2;
    const COLON: u8 = 4;
    const NOT_ASCII: u8 = 8;
    const SIGNS: [u8; 256] = {
        let mut table = [0; 256];
        let mut byte = 0;
        while byte < 256 {
            table[byte] = match byte as u8 {
                b'#' => HASH,
                b':' => COLON,
                b' '..=b'~' => 0,
                0x80.. => NOT_ASCII,
                _ => CONTROL,
            };
            byte += 1;
        }
        table
    };
    let bytes = text.as_bytes();
    let signs = bytes.iter().fold(0, |signs, &byte| signs | SIGNS[byte as usize]);
    let pair = |pair: &[u8; 2]| bytes.windows(2).any(|window| window == pair);
    signs == 0
        || (signs & CONTROL == 0
            && !(signs & HASH != 0 && pair(b" #"))
            && !(signs & COLON != 0 && pair(b": "))
            && (signs & NOT_ASCII == 0 || text.chars().all(|char| char == ' ' || (is_printable(char) && !char.is_whitespace()))))
}

/// Whether a character is allowed unescaped in quotes, literal blocks and comments: control characters and invisible characters are not.
pub(crate) fn is_printable(char: char) -> bool {
    match char {
        ' '..='~' => true,
        '\u{0}'..='\u{9f}' => false,
        '\u{ad}' | '\u{61c}' | '\u{feff}' => false,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}'..='\u{ffff}' => {
            false
        }
        _ => true,
    }
}

/// Whether a text reads back unchanged from a literal block without an indentation indicator.
pub(super) fn is_literal(text: &str) -> bool {
    !text.starts_with([' ', '\t', '\n'])
        && !text.is_empty()
        && text.chars().all(|char| is_printable(char) || matches!(char, '\n' | '\t'))
        && !text.lines().any(|line| line.ends_with([' ', '\t']))
}

/// Writes a text in double quotes. All escapes are those of JSON, which YAML reads too.
pub(crate) fn write_quoted(text: &str, out: &mut impl Write) -> std::fmt::Result {
    out.write_char('"')?;
    // Bytes are faster to scan than characters, and most texts need no escape.
    let plain = text.bytes().take_while(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')).count();
    let mut clean = 0;
    for (at, char) in text[plain..].char_indices().map(|(at, char)| (plain + at, char)) {
        if is_printable(char) && !matches!(char, '"' | '\\') {
            continue;
        }
        out.write_str(&text[clean..at])?;
        clean = at + char.len_utf8();
        match char {
            '"' => out.write_str("\\\"")?,
            '\\' => out.write_str("\\\\")?,
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            // All unprintable characters are below U+10000, so four digits are enough.
            _ => write!(out, "\\u{:04X}", u32::from(char))?,
        }
    }
    out.write_str(&text[clean..])?;
    out.write_char('"')
}

/// Appends a text in double quotes.
pub(super) fn push_quoted(text: &str, out: &mut String) {
    _ = write_quoted(text, out); // writing to a string never fails
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_need_no_quotes() {
        for word in ["web", "10.0.0.0/16", "1.2.3", "100m", "25%", "512Mi", "80/tcp", "--port=80", "-c", "$(IP)", "/healthz", "a: b"] {
            assert_eq!(is_plain(word), word != "a: b", "{word}");
        }
    }

    #[test]
    fn words_that_some_reader_mistakes() {
        for word in
            ["", "y", "NO", "0x1f", "1e3", "1_000", "12:30", "2024-01-01", "1.", ".5", "-1", "+1", "~", "=", "<<", ".inf", "0b1", "007"]
        {
            assert!(!is_plain(word), "{word}");
            assert!(!is_plain_key(word), "{word}");
        }
    }

    #[test]
    fn numbers_are_those_of_json() {
        assert_eq!(literal("18446744073709551615"), Some(Literal::Integer));
        assert_eq!(literal("1e5"), Some(Literal::Float));
        for word in ["01", "1.", ".1", "1e", "+1", "1e400", "18446744073709551616", "0x1", "--1", "1 "] {
            assert_eq!(literal(word), None, "{word}");
        }
    }

    #[test]
    fn floats_show_that_they_are() {
        for (word, printed) in [("1e5", "1.0e+5"), ("1.5E-3", "1.5e-3"), ("-0", "-0.0"), ("2.50", "2.50")] {
            let mut out = String::new();
            push_float(word, &mut out);
            assert_eq!(out, printed);
        }
    }
}
