//! The grammar that messages share: counted nouns, lists in words, and the name that was probably meant.
//!
//! Text in, text out; knows nothing of findings.

use std::fmt;

/// A number of things: `1 app`, `2 apps`, `3 policies`.
#[derive(Clone, Copy, Debug)]
pub struct Count<'a>(
    /// How many.
    pub usize,
    /// The singular of a regular noun.
    pub &'a str,
);

impl fmt::Display for Count<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Count(count, noun) = *self;
        if count == 1 {
            return write!(f, "1 {noun}");
        }
        match noun.strip_suffix('y') {
            Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => write!(f, "{count} {stem}ies"),
            _ if noun.ends_with(['s', 'x', 'z']) || noun.ends_with("ch") || noun.ends_with("sh") => write!(f, "{count} {noun}es"),
            _ => write!(f, "{count} {noun}s"),
        }
    }
}

/// Names of which one is wanted: "`a`, `b` or `c`".
pub fn either<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> String {
    join(names.into_iter().map(|name| format!("`{}`", name.as_ref())).collect(), "or")
}

/// Names that are all meant: "`a`, `b` and `c`".
pub fn all<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> String {
    join(names.into_iter().map(|name| format!("`{}`", name.as_ref())).collect(), "and")
}

/// Names without marks, for environments and the like: "beta and production".
pub fn plain<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> String {
    join(names.into_iter().map(|name| name.as_ref().to_owned()).collect(), "and")
}

/// The longest list that a message spells out; of a longer one it shows this many less one, and counts the rest.
const LONGEST: usize = 12;

fn join(mut words: Vec<String>, conjunction: &str) -> String {
    if words.len() > LONGEST {
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

/// The candidate that `name` was probably meant to be, if one is near enough: the same but for capitals and the signs between words; at
/// most two slips of the keyboard away and less than half of its letters; or the shortest that `name` (three letters and more) begins.
pub fn suggest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = plainly(name);
    let letters = wanted.chars().count();
    let mut best: Option<((u8, usize), &str)> = None;
    for candidate in candidates {
        let (offered, length) = (plainly(candidate), candidate.len());
        let rank = if candidate == name {
            continue; // its own name is no help
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
        // Of two that are equally near, the first of the list stands.
        if best.is_none_or(|(known, _)| rank < known) {
            best = Some((rank, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// How many slips of the keyboard lie between two words; more than two are not counted out. The distance of words is dear, and most pairs of names
/// are far apart or alike at both ends.
fn slips(one: &str, other: &str) -> usize {
    let same = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b && a.is_ascii()).count();
    let (one, other) = (&one[same..], &other[same..]);
    let same = one.bytes().rev().zip(other.bytes().rev()).take_while(|(a, b)| a == b && a.is_ascii()).count();
    let (one, other) = (&one[..one.len() - same], &other[..other.len() - same]);
    if one.is_ascii() && other.is_ascii() {
        // A slip takes at most one letter away and brings at most one.
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

/// A name without capitals and without the signs that are easily swapped or forgotten.
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
