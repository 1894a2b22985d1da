//! Git's conflict markers in a text.

use std::ops::Range;

/// Which conflict marker a line is, by its character: `<`, `|`, `=` or `>`. A marker has at least seven of them, then a space or the end of the line.
pub fn marker(line: &str) -> Option<char> {
    let line = line.trim_end_matches(['\n', '\r']);
    let first = line.chars().next().filter(|first| "<|=>".contains(*first))?;
    let rest = line.trim_start_matches(first);
    (line.len() - rest.len() >= 7 && (rest.is_empty() || rest.starts_with(' '))).then_some(first)
}

/// Whether a text has at least one whole conflict hunk, and no part of one.
pub fn has_hunks(text: &str) -> bool {
    let markers: String = text.lines().filter_map(marker).collect();
    !markers.is_empty() && markers.replace("<|=>", "").replace("<=>", "").is_empty()
}

/// The line at which the first conflict hunk starts, or ends where its start is missing: its bytes without the line end, and its number from 1.
pub fn first(text: &str) -> Option<(Range<usize>, usize)> {
    let mut offset = 0;
    for (number, raw) in text.split_inclusive('\n').enumerate() {
        if matches!(marker(raw), Some('<' | '>')) {
            return Some((offset..offset + raw.trim_end_matches(['\n', '\r']).len(), number + 1));
        }
        offset += raw.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_hunks_are_conflicts() {
        assert!(has_hunks("a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> x\n<<<<<<< HEAD\n||||||| 1\n=======\n>>>>>>> x\n"));
        for text in ["", "a\n", "<<<<<<< HEAD\n", "=======\n", "<<<<<<< a\n=======\n>>>>>>> b\n=======\n", "<<<<<<<x\n=======x\n>>>>>>>x\n"]
        {
            assert!(!has_hunks(text), "{text:?}");
        }
    }

    #[test]
    fn the_first_hunk_has_a_line() {
        assert_eq!(first("a\r\n=======\n<<<<<<< HEAD\r\nb\n"), Some((11..23, 3)));
        assert_eq!(first("a: <<<<<<< x\n=======\n<<<<<<<x\n"), None);
        assert_eq!(first(">>>>>>> x"), Some((0..9, 1)));
    }
}
