//! Names within a maximum length.

use sha2::{Digest, Sha256};

/// The name if it has at most `max` characters; else its beginning and eight hexadecimal digits of a hash over the whole name, so that two long names
/// stay distinct.
pub fn truncate_with_hash(name: &str, max: usize) -> String {
    if name.len() <= max {
        return name.to_owned();
    }
    format!("{}-{}", kept_start(name, max), digest(&[name], 8))
}

/// The start of a name that [`truncate_with_hash`] keeps, also where it replaces the rest by a hyphen and a hash of eight digits. The whole name if it is
/// shorter.
pub fn kept_start(name: &str, max: usize) -> &str {
    let end = name.char_indices().nth(max.saturating_sub(9)).map_or(name.len(), |(at, _)| at);
    name.get(..end).unwrap_or(name).trim_end_matches(['-', '.'])
}

/// The first `length` hexadecimal digits of a hash over the parts. The length of each part is hashed too, so that different lists have different
/// digests.
pub fn digest(parts: &[&str], length: usize) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let halves = hash.finalize().into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
    halves.take(length).map(|half| char::from(b"0123456789abcdef"[usize::from(half)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_cut_and_stay_apart() {
        let (one, two) = ("a".repeat(70), "a".repeat(71));
        assert_eq!(truncate_with_hash("short", 64), "short");
        assert_eq!(truncate_with_hash(&one, 64).len(), 64);
        assert_ne!(truncate_with_hash(&one, 64), truncate_with_hash(&two, 64));
        assert!(!truncate_with_hash("abcdefghij-lmnopqrstuvw", 20).contains("--"));
    }

    #[test]
    fn parts_are_set_off() {
        assert_ne!(digest(&["ab", "c"], 10), digest(&["a", "bc"], 10));
    }
}
