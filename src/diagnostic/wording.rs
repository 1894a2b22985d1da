//! Text helpers for messages: counted nouns, lists in words, and suggestions for misspelt names.

use std::fmt;

/// A counted noun: `1 app`, `2 apps`, `3 policies`.
#[derive(Clone, Copy, Debug)]
pub struct Count<'a>(
    /// The count.
    pub usize,
    /// The singular of a regular noun.
    pub &'a str,
);

impl fmt::Display for Count<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Count(count, noun) = *self;
        if count == 1 { write!(f, "1 {noun}") } else { write!(f, "{count} {}", plural(noun)) }
    }
}

/// The plural of a regular noun.
pub fn plural(noun: &str) -> String {
    match noun.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ if noun.ends_with(['s', 'x', 'z']) || noun.ends_with("ch") || noun.ends_with("sh") => format!("{noun}es"),
        _ => format!("{noun}s"),
    }
}

/// Names joined with "or": "`a`, `b` or `c`".
pub fn either<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> String {
    join(names.into_iter().map(|name| format!("`{}`", name.as_ref())).collect(), "or")
}

/// Names joined with "and": "`a`, `b` and `c`".
pub fn all<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> String {
    join(names.into_iter().map(|name| format!("`{}`", name.as_ref())).collect(), "and")
}

/// Names joined with "and", without backticks: "beta and production".
pub fn plain<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> String {
    join(names.into_iter().map(|name| name.as_ref().to_owned()).collect(), "and")
}

/// The longest list that a message spells out. Of a longer list, a message shows one name less and the number of the others.
const LONGEST: usize = 12;

/// Whether a message leaves out some names of a list of this length.
pub fn is_shortened(length: usize) -> bool {
    length > LONGEST
}

fn join(mut words: Vec<String>, conjunction: &str) -> String {
    if is_shortened(words.len()) {
        let rest = words.len() - (LONGEST - 1);
        words.truncate(LONGEST - 1);
        words.push(format!("{rest} more"));
    }
    match words.pop() {
        None => String::new(),
        Some(only) if words.is_empty() => only,
        Some(last) => format!("{} {conjunction} {last}", words.join(", ")),
    }
}

/// A text as one word of a POSIX shell, in quotes.
pub fn shell_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A text as one word of a POSIX shell, in quotes where it needs them.
pub fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%=,".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { shell_quoted(text) }
}

/// The candidate closest to the misspelt `name`, if any is close: equal except for case and separators; at most two typing errors away, and less
/// than half of the letters; or the shortest candidate that starts with `name` (of three letters or more).
pub fn suggest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = plainly(name);
    let letters = wanted.chars().count();
    let mut best: Option<((u8, usize), &str)> = None;
    for candidate in candidates {
        let (offered, length) = (plainly(candidate), candidate.len());
        let rank = if candidate == name {
            continue; // not a suggestion
        } else if offered == wanted {
            (0, 0)
        } else {
            let slips = slips(&wanted, &offered);
            if slips <= 2 && slips * 2 < letters.min(offered.chars().count()) {
                (1, slips)
            } else if letters >= 3 && offered.starts_with(&wanted) {
                (2, length)
            } else {
                continue;
            }
        };
        // Of two equally close candidates, the first one wins.
        if best.is_none_or(|(known, _)| rank < known) {
            best = Some((rank, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// The number of typing errors between two words (the Damerau-Levenshtein distance), or `usize::MAX` if it certainly exceeds two. The distance is
/// expensive, so equal beginnings and ends are cut off, and words with very different letters are skipped.
fn slips(one: &str, other: &str) -> usize {
    let same = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b && a.is_ascii()).count();
    let (one, other) = (&one[same..], &other[same..]);
    let same = one.bytes().rev().zip(other.bytes().rev()).take_while(|(a, b)| a == b && a.is_ascii()).count();
    let (one, other) = (&one[..one.len() - same], &other[..other.len() - same]);
    if one.is_ascii() && other.is_ascii() {
        // A typing error removes at most one letter and adds at most one.
        let mut letters = [0_i8; 128];
        for (word, step) in [(one, 1), (other, -1)] {
            word.bytes().for_each(|letter| {
                let count = &mut letters[usize::from(letter & 127)];
                *count = count.saturating_add(step);
            });
        }
        let (more, fewer) = letters.iter().fold((0_u32, 0_u32), |(more, fewer), count| {
            (more + u32::from(count.max(&0).unsigned_abs()), fewer + u32::from(count.min(&0).unsigned_abs()))
        });
        if more > 2 || fewer > 2 {
            return usize::MAX;
        }
    }
    strsim::damerau_levenshtein(one, other)
}

/// A name in lower case, without separators.
fn plainly(name: &str) -> String {
    name.chars().filter(|sign| !['-', '_', ' '].contains(sign)).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nouns_follow_their_number() {
        let counted = |count, noun| Count(count, noun).to_string();
        assert_eq!([counted(0, "app"), counted(1, "app"), counted(2, "app")], ["0 apps", "1 app", "2 apps"]);
        assert_eq!([counted(2, "policy"), counted(2, "key"), counted(2, "address")], ["2 policies", "2 keys", "2 addresses"]);
        assert_eq!([counted(3, "branch"), counted(1, "entry")], ["3 branches", "1 entry"]);
    }

    #[test]
    fn shell_words_are_quoted_where_needed() {
        assert_eq!(shell_word("deploy/a-b"), "deploy/a-b");
        assert_eq!(shell_word("a b'c"), r"'a b'\''c'");
        assert_eq!(shell_word(""), "''");
    }

    #[test]
    fn slips_are_counted_as_far_as_they_matter() {
        for (one, other) in [("cart", "crat"), ("api", "api"), ("appcart", "appcarts"), ("münchen", "munchen"), ("ab", "ba"), ("", "xy")] {
            assert_eq!(slips(one, other), strsim::damerau_levenshtein(one, other), "{one} {other}");
        }
        assert_eq!(slips("appb1234", "appa9876"), usize::MAX);
    }

    #[test]
    fn lists_read_as_sentences() {
        assert_eq!(either(["a", "b", "c"]), "`a`, `b` or `c`");
        assert_eq!(all(["a", "b"]), "`a` and `b`");
        assert_eq!(plain(["beta"]), "beta");
        assert_eq!(either(Vec::<String>::new()), "");
        let many: Vec<String> = (0..20).map(|n| n.to_string()).collect();
        assert_eq!(plain(&many), "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 9 more");
        assert_eq!(plain(&many[..12]), "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 11");
    }

    #[test]
    fn near_names_are_found() {
        let keys = ["image", "needs", "namespace", "replicas", "readyness", "on_premises", "internet"];
        let near = |name| suggest(name, keys);
        assert_eq!(near("imgae"), Some("image"));
        assert_eq!(near("Image"), Some("image"));
        assert_eq!(near("replica"), Some("replicas"));
        assert_eq!(near("name"), Some("namespace"));
        assert_eq!(near("on-premises"), Some("on_premises"));
        assert_eq!(near("intrenet"), Some("internet"));
        assert_eq!(near("ne"), None);
        assert_eq!(near("need"), Some("needs"));
        assert_eq!(near("banana"), None);
        assert_eq!(near(""), None);
        assert_eq!(near("image"), None);
        assert_eq!(suggest("db", ["dc", "web"]), None, "half of the letters is too far");
        assert_eq!(suggest("cart", ["carts", "card", "cart-cache"]), Some("carts"));
    }
}
