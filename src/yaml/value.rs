//! Reads the parts of a line: its key, its value, and the literal block below the value.

use super::read::{Read, Reader, indentation, typed};
use super::tree::{Content, Slice};
use super::{flow, scalar};

impl Reader<'_> {
    /// Reads the key at the start of a line. Returns the key and the offset after its colon; `None` if the line has no key.
    pub(super) fn key(&mut self, from: usize, end: usize) -> Read<Option<(Slice, usize)>> {
        let quoted = self.bytes[from] == b'"';
        let stop = if quoted { self.string_end(from, end)?.0 } else { from + scalar::key_bytes(&self.bytes[from..end]) };
        let is_key = stop > from && stop < end && self.bytes[stop] == b':' && matches!(self.bytes[..end].get(stop + 1), None | Some(b' '));
        if !is_key {
            return Ok(None);
        }
        let name = if quoted {
            self.string(from, end)?.0
        } else if scalar::is_key_word(&self.text[from..stop]) {
            self.slice(from, stop)
        } else {
            return self.bad("an unquoted key that not every YAML reader takes for text");
        };
        self.check_key(name)?;
        Ok(Some((name, stop + 1)))
    }

    /// YAML readers give up on keys of more than 1,024 characters.
    pub(super) fn check_key(&self, name: Slice) -> Read<()> {
        if name.len > 250 {
            let mut printed = String::new();
            scalar::push_quoted(self.str(name), &mut printed);
            if printed.chars().count() > 1000 {
                return self.bad("a key of more than 1,000 characters");
            }
        }
        Ok(())
    }

    /// Reads the value of `id` that starts on this line. `indent` is the indentation of the block around `id`.
    pub(super) fn value(&mut self, id: u32, from: usize, end: usize, indent: usize) -> Read<()> {
        let word = &self.text[from..end];
        let content = match self.bytes[from] {
            b'"' | b'{' | b'[' => {
                let stop = self.flow(id, from, end, self.open.len())?;
                return if stop == end { Ok(()) } else { self.bad(flow::text_after(self.bytes[from])) };
            }
            b'|' => Content::Text(self.literal(word, indent)?),
            b'&' => return self.bad("an anchor"),
            b'*' => return self.bad("an alias"),
            b'!' => return self.bad("a tag"),
            b'>' => return self.bad("a folded block"),
            b'\'' => return self.bad("single quotes: text is quoted as in JSON"),
            b' ' => return self.bad("more than one space before a value"),
            _ => match scalar::literal(word) {
                Some(literal) => typed(literal, self.slice(from, end)),
                None if let Some(fragment) = self.fragment(word) => fragment,
                None if scalar::is_plain(word) => {
                    self.document.slots[id as usize].plain_text = true;
                    Content::Text(self.slice(from, end))
                }
                None if word.contains(": ") || word.ends_with(':') => return self.bad("a colon in an unquoted value"),
                None if word.contains(" #") => return self.bad("a comment after a value"),
                None => return self.bad("an unquoted value that not every YAML reader takes for the same text"),
            },
        };
        self.document.slots[id as usize].content = content;
        Ok(())
    }

    /// Reads the lines of a literal block below `header`, all deeper than `indent`.
    fn literal(&mut self, header: &str, indent: usize) -> Read<Slice> {
        let start = self.document.decoded.len();
        let mut depth = None;
        let mut breaks = 0;
        loop {
            let (mark, line) = (self.next, self.line);
            let Some((start, end)) = self.next_line() else { break };
            let spaces = indentation(&self.bytes[start..end]);
            if start == end {
                breaks += 1;
                continue;
            }
            if spaces <= indent {
                (self.next, self.line) = (mark, line);
                break;
            }
            if depth.is_none() && breaks > 0 {
                return self.bad("a literal block that starts with an empty line");
            }
            let depth = *depth.get_or_insert(spaces);
            if spaces < depth {
                return self.bad("a line of a literal block that stands left of its first");
            }
            if matches!(self.bytes[end - 1], b' ' | b'\t') {
                return self.bad("blanks at the end of a line");
            }
            if end == self.bytes.len() {
                return self.bad("a literal block without a newline at its end");
            }
            self.document.decoded.extend(std::iter::repeat_n('\n', breaks));
            self.document.decoded.push_str(&self.text[start + depth..end]);
            breaks = 1;
        }
        let breaks = match header {
            "|" => 1,
            "|-" => 0,
            "|+" => breaks,
            _ => return self.bad("a literal block starts with `|`, `|-` or `|+` alone"),
        };
        if !scalar::is_literal(&self.document.decoded[start..]) {
            return self.bad("a literal block that is empty or holds characters which need quotes");
        }
        self.document.decoded.extend(std::iter::repeat_n('\n', breaks));
        Ok(self.decoded_since(start))
    }
}
