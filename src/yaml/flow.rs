//! Reads JSON on one line, the form in which templates print values. All rules of JSON apply, and the depth is limited.

use super::DEPTH_LIMIT;
use super::read::{Read, Reader, typed};
use super::scalar;
use super::tree::{Content, EMPTY, NONE, Slice};

/// The fault of text after a value that starts with `first`.
pub(super) fn text_after(first: u8) -> &'static str {
    if first == b'"' { "text after the closing quote" } else { "text after the closing bracket" }
}

impl Reader<'_> {
    /// Reads one JSON value into `id` and returns the offset after it; `depth` is the number of maps and lists around it.
    pub(super) fn flow(&mut self, id: u32, at: usize, end: usize, depth: usize) -> Read<usize> {
        let (content, after) = match self.bytes[..end].get(at) {
            Some(b'"') => {
                let (text, after) = self.string(at, end)?;
                (Content::Text(text), after)
            }
            Some(b'{' | b'[') if depth >= DEPTH_LIMIT => return self.bad(format!("more than {DEPTH_LIMIT} levels")),
            Some(b'{') => {
                self.document.slots[id as usize].content = Content::Map(EMPTY);
                return self.members(id, at, end, depth, b'}');
            }
            Some(b'[') => {
                self.document.slots[id as usize].content = Content::List(EMPTY);
                return self.members(id, at, end, depth, b']');
            }
            _ => {
                let word = self.bytes[at..end].iter().take_while(|byte| !matches!(byte, b',' | b']' | b'}' | b' ')).count();
                let after = at + word;
                let word = &self.text[at..after];
                match scalar::literal(word) {
                    Some(literal) => (typed(literal, self.slice(at, after)), after),
                    None => match self.fragment(word) {
                        Some(fragment) => (fragment, after),
                        None => return self.bad("a value inside brackets that is not JSON"),
                    },
                }
            }
        };
        self.document.slots[id as usize].content = content;
        Ok(after)
    }

    fn members(&mut self, parent: u32, open: usize, end: usize, depth: usize, close: u8) -> Read<usize> {
        let mut at = self.skip(open + 1, end);
        if self.bytes[..end].get(at) == Some(&close) {
            return Ok(at + 1);
        }
        loop {
            let mut key = Slice::default();
            if close == b'}' {
                if self.bytes[..end].get(at) != Some(&b'"') {
                    return self.bad("a key inside braces that is not a JSON string");
                }
                (key, at) = self.string(at, end)?;
                self.check_key(key)?;
                at = self.skip(at, end);
                if self.bytes[..end].get(at) != Some(&b':') {
                    return self.bad("a key inside braces without a colon");
                }
                at = self.skip(at + 1, end);
            }
            let child = self.add_below(Some((parent, key)), NONE);
            at = self.flow(child, at, end, depth + 1)?;
            at = self.skip(at, end);
            match self.bytes[..end].get(at) {
                Some(&byte) if byte == close => return Ok(at + 1),
                Some(b',') => at = self.skip(at + 1, end),
                Some(_) => return self.bad("a missing comma inside brackets"),
                None => return self.bad("a bracket that is not closed on its line"),
            }
        }
    }

    fn skip(&self, at: usize, end: usize) -> usize {
        at + self.bytes[at..end].iter().take_while(|&&byte| byte == b' ').count()
    }

    /// The offset after the closing quote of the string at `at`, and whether it holds escapes.
    pub(super) fn string_end(&self, at: usize, end: usize) -> Read<(usize, bool)> {
        let mut next = at + 1;
        let mut escapes = false;
        while let Some(found) = self.bytes[next.min(end)..end].iter().position(|byte| matches!(byte, b'"' | b'\\' | ..b' ')) {
            match self.bytes[next + found] {
                b'"' => return Ok((next + found + 1, escapes)),
                b'\\' => escapes = true,
                _ => return self.bad("a control character inside quotes"),
            }
            next += found + 2;
        }
        self.bad("a string that is not closed on its line")
    }

    /// The text of the string at `at`, and the offset after its closing quote.
    pub(super) fn string(&mut self, at: usize, end: usize) -> Read<(Slice, usize)> {
        let (after, escapes) = self.string_end(at, end)?;
        if !escapes {
            return Ok((self.slice(at + 1, after - 1), after));
        }
        let raw = &self.text[at + 1..after - 1];
        let start = self.document.decoded.len();
        let mut rest = raw;
        while let Some(escape) = rest.find('\\') {
            self.document.decoded.push_str(&rest[..escape]);
            rest = &rest[escape + 1..];
            let Some((char, length)) = unescape(rest) else { return self.bad("an escape that JSON does not have") };
            self.document.decoded.push(char);
            rest = &rest[length..];
        }
        self.document.decoded.push_str(rest);
        Ok((self.decoded_since(start), after))
    }
}

/// The character of an escape (given without its backslash), and the length of the escape in bytes.
fn unescape(text: &str) -> Option<(char, usize)> {
    let unit = |at: usize| {
        let digits = text.get(at..at + 4)?;
        digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
    };
    let char = match text.bytes().next()? {
        byte @ (b'"' | b'\\' | b'/') => char::from(byte),
        b'n' => '\n',
        b't' => '\t',
        b'r' => '\r',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'u' => {
            let high = unit(1)?;
            if !(0xd800..0xdc00).contains(&high) {
                return Some((char::from_u32(high)?, 5));
            }
            let low = text.get(5..7).filter(|mark| *mark == "\\u").and_then(|_| unit(7))?;
            let low = low.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
            return Some((char::from_u32(0x10000 + ((high - 0xd800) << 10) + low)?, 11));
        }
        _ => return None,
    };
    Some((char, 1))
}
