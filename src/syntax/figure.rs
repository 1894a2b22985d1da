//! Figures of YAML 1.1, which kubectl reads as numbers and other readers as other numbers or as text.

/// An unquoted scalar that kubectl reads as a number.
pub(super) struct Figure {
    /// The number.
    pub(super) number: i64,
    /// What other readers may take the scalar for.
    pub(super) otherwise: String,
}

/// The figure that a scalar is: octal after `0` or `0o`, hexadecimal after `0x`, binary after `0b`, or digits with `_` between them. `None` for decimal
/// numbers, which every reader reads alike, and for text.
pub(super) fn figure(text: &str) -> Option<Figure> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    if !digits.starts_with(|first: char| first.is_ascii_digit()) || !digits.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    {
        return None;
    }
    let plain = digits.replace('_', "");
    let prefixed = [("0x", 16), ("0o", 8), ("0b", 2)].into_iter().find_map(|(prefix, radix)| Some((plain.strip_prefix(prefix)?, radix)));
    let implicit = plain.strip_prefix('0').filter(|rest| !rest.is_empty()).map(|rest| (rest, 8));
    let (rest, radix) = prefixed.or(implicit).unwrap_or((&plain, 10));
    let number = sign * i64::from_str_radix(rest, radix).ok()?;
    let zeros = prefixed.is_none() && number == 0;
    if plain == digits && (radix == 10 || zeros) {
        return None;
    }
    let decimal = digits.trim_start_matches('0');
    let otherwise = if plain == digits && prefixed.is_none() { decimal.to_owned() } else { "text".to_owned() };
    Some(Figure { number, otherwise })
}

#[cfg(test)]
mod tests {
    use super::figure;

    #[test]
    fn figures_are_those_that_readers_disagree_on() {
        for (text, number) in [("0400", 256), ("0o400", 256), ("0x1F4", 500), ("0b11", 3), ("1_000", 1000), ("-0755", -493), ("0_7", 7)] {
            assert_eq!(figure(text).map(|figure| figure.number), Some(number), "{text}");
        }
        for text in ["0", "00", "7", "-7", "089", "0x", "0xg", "x1", "_1", "1.5", "1e3", "v1_2", "1:30", "", "-"] {
            assert!(figure(text).is_none(), "{text}");
        }
        assert_eq!(figure("0400").map(|figure| figure.otherwise).as_deref(), Some("400"));
        assert_eq!(figure("0x1F4").map(|figure| figure.otherwise).as_deref(), Some("text"));
    }
}
