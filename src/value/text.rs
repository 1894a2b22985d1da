//! Text with values in it: `http://${app/cart.address}/`. `$${` is a literal `${`; every other `$` is itself.

use std::fmt;
use std::str::FromStr;

use super::{Expression, Invalid, quote};

/// A text as the user wrote it, and what it is made of.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Text {
    original: String,
    parts: Vec<Part>,
}

/// A piece of a text. Two literals never follow each other, and none is empty.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Part {
    /// Text that stays as it is, `$${` already read as `${`.
    Literal(String),
    /// A value to fill in.
    Value(Interpolation),
}

/// A value with its place in the original text.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Interpolation {
    /// What to fill in.
    pub expression: Expression,
    /// How it was written, with `${` and `}`.
    pub source: String,
    /// The byte offset of `source` in [`Text::original`].
    pub offset: usize,
}

text!(Text, "a text", {
    "type": ["boolean", "number", "string"],
    "description": "A text; `${app/cart.address}` and its like are filled in, and `$${` is a literal `${`.",
    "examples": ["info", "redis://${store/carts.address}"],
});

impl Text {
    /// A text without values that reads as `text`, whatever characters it holds.
    pub fn literal(text: &str) -> Self {
        let parts = if text.is_empty() { Vec::new() } else { vec![Part::Literal(text.to_owned())] };
        Text { original: text.replace("${", "$${"), parts }
    }

    /// What the user wrote.
    pub fn original(&self) -> &str {
        &self.original
    }

    /// Its pieces from left to right.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The values in it from left to right.
    pub fn values(&self) -> impl Iterator<Item = &Interpolation> {
        self.parts.iter().filter_map(|part| match part {
            Part::Value(value) => Some(value),
            Part::Literal(_) => None,
        })
    }

    /// The whole text where nothing is to be filled in.
    pub fn as_literal(&self) -> Option<&str> {
        match &self.parts[..] {
            [] => Some(""),
            [Part::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether it holds a secret once it is filled in.
    pub fn has_secret(&self) -> bool {
        self.values().any(|value| value.expression.is_secret())
    }
}

impl FromStr for Text {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            literal.push_str(&rest[..at]);
            rest = &rest[at..];
            if let Some(after) = rest.strip_prefix("$${") {
                literal.push_str("${");
                rest = after;
            } else if let Some(after) = rest.strip_prefix("${") {
                let Some(end) = after.find('}') else {
                    return Err(Invalid::new(format!("{} lacks its `}}`: close it, or write `$${{` for a literal `${{`", quote(rest))));
                };
                if !literal.is_empty() {
                    parts.push(Part::Literal(std::mem::take(&mut literal)));
                }
                let source = rest[..end + 3].to_owned(); // `${`, the expression and `}`
                parts.push(Part::Value(Interpolation { expression: after[..end].parse()?, source, offset: text.len() - rest.len() }));
                rest = &after[end + 1..];
            } else {
                literal.push('$');
                rest = &rest[1..];
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Ok(Text { original: text.to_owned(), parts })
    }
}

impl fmt::Display for Text {
    /// What the user wrote.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.original)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::agreement::agree;

    fn text(text: &str) -> Text {
        text.parse().unwrap()
    }

    #[test]
    fn texts_agree_with_their_schema() {
        let good = ["", "info", "$", "$$", "$HOME", "$${x}", "a${app/cart.address}b${secret/a#b}", "é${self.name}"];
        agree::<Text>(&good, &[], &["${", "${}", "${app/cart", "${HOME}", "$$$${self.nam}${"]);
    }

    #[test]
    fn pieces_keep_their_places() {
        let dsn = text("é://${store/orders.users.app.password}@${store/orders.address}/x");
        assert!(dsn.has_secret());
        for value in dsn.values() {
            assert_eq!(&dsn.original()[value.offset..][..value.source.len()], value.source);
        }
        assert_eq!(dsn.parts().len(), 5);
    }

    #[test]
    fn dollars_are_literal_unless_they_open_a_value() {
        assert_eq!(text("$5 $${x} $$${y}").as_literal(), Some("$5 ${x} $${y}"));
        for plain in ["", "$", "${x}", "$${x}", "$$$${", "a"] {
            assert_eq!(Text::literal(plain).as_literal(), Some(plain));
            assert_eq!(text(Text::literal(plain).original()), Text::literal(plain));
        }
    }
}
