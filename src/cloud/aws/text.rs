//! Text that AWS takes: names within their length, descriptions within their alphabet.

/// The longest name of an IAM role.
pub(super) const ROLE: usize = 64;

/// The text as a description of a security group rule: at most 255 signs, and others than AWS takes become blanks.
pub(super) fn description(text: &str) -> String {
    let known = |char: char| char.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(char);
    text.chars().map(|char| if known(char) { char } else { ' ' }).take(255).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_keep_to_the_alphabet() {
        assert_eq!(description("app/a needs \"b\" – now"), "app/a needs  b    now");
        assert_eq!(description(&"x".repeat(300)).len(), 255);
    }
}
