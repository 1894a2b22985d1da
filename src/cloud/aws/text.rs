//! Text that AWS takes: names within their length, descriptions within their alphabet.

use sha2::{Digest, Sha256};

/// The longest name of an IAM role.
pub(super) const ROLE: usize = 64;

/// The name, or where it is too long its start and eight signs of its hash, so that two long names stay two.
pub(super) fn fit(name: &str, limit: usize) -> String {
    if name.chars().count() <= limit {
        return name.to_owned();
    }
    let hash: String = Sha256::digest(name.as_bytes()).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let start: String = name.chars().take(limit.saturating_sub(hash.len() + 1)).collect();
    format!("{}-{hash}", start.trim_end_matches('-'))
}

/// The text as a description of a security group rule: at most 255 signs, and others than AWS takes become blanks.
pub(super) fn description(text: &str) -> String {
    let known = |char: char| char.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(char);
    text.chars().map(|char| if known(char) { char } else { ' ' }).take(255).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_stay_apart() {
        let (one, two) = ("a".repeat(70), "a".repeat(71));
        assert_eq!(fit("short", ROLE), "short");
        assert_eq!(fit(&one, ROLE).len(), 64);
        assert_ne!(fit(&one, ROLE), fit(&two, ROLE));
    }

    #[test]
    fn descriptions_keep_to_the_alphabet() {
        assert_eq!(description("app/a needs \"b\" – now"), "app/a needs  b    now");
        assert_eq!(description(&"x".repeat(300)).len(), 255);
    }
}
