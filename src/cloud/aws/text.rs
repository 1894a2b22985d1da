//! Text that AWS takes: names within their length, descriptions within their alphabet.

pub(super) use crate::model::ROLE;

/// The longest name of what belongs to the resolver of a VPC.
pub(super) const RESOLVER: usize = 64;

/// The text as a description of a security group rule: at most 255 signs, and others than AWS takes become blanks.
pub(super) fn description(text: &str) -> String {
    let known = |char: char| char.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(char);
    text.chars().map(|char| if known(char) { char } else { ' ' }).take(255).collect()
}

/// Several descriptions as one: as many as there is room for, and how many more there are.
pub(super) fn descriptions(all: &[String]) -> String {
    let mut text = String::new();
    for (at, one) in all.iter().enumerate() {
        let more = all.len() - at - 1;
        let rest = if more > 0 { format!("; and {more} more") } else { String::new() };
        let next = if at == 0 { one.clone() } else { format!("{text}; {one}") };
        if at > 0 && next.len() + rest.len() > 255 {
            return format!("{text}; and {} more", more + 1);
        }
        text = next;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_keep_to_the_alphabet() {
        assert_eq!(description("app/a needs \"b\" – now"), "app/a needs  b    now");
        assert_eq!(description(&"x".repeat(300)).len(), 255);
    }

    #[test]
    fn all_that_fit_are_named() {
        let callers = |count: usize| (0..count).map(|at| format!("app/caller-{at:02} calls app/db")).collect::<Vec<_>>();
        assert_eq!(descriptions(&callers(1)), "app/caller-00 calls app/db");
        assert_eq!(descriptions(&callers(2)), "app/caller-00 calls app/db; app/caller-01 calls app/db");
        let many = descriptions(&callers(40));
        assert!(many.len() <= 255 && many.ends_with("; and 32 more"), "{many}");
    }
}
