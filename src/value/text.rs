//! Text with expressions: `http://${app/cart.address}/`. `$${` is a literal `${`; any other `$` is literal.

use std::fmt;

use super::{Expression, Invalid, quote};

/// A text as the user wrote it, and its parts.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Text {
    original: String,
    parts: Vec<Part>,
}

/// A part of a text. Literals are never adjacent and never empty.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Part {
    /// Literal text, with `$${` already replaced by `${`.
    Literal(String),
    /// An expression to replace.
    Value(Interpolation),
}

/// An expression with its position in the original text.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Interpolation {
    /// The expression.
    pub expression: Expression,
    /// The expression as written, with `${` and `}`.
    pub source: String,
    /// The byte offset of `source` in [`Text::original`].
    pub offset: usize,
}

text!(Text, "a text", {
    "type": ["boolean", "number", "string"],
    "description": "A text. Expressions such as `${app/cart.address}` are replaced by their values; `$${` is a literal `${`.",
    "examples": ["info", "redis://${store/carts.address}"],
});

impl Text {
    /// A text without expressions whose value is `text`.
    pub fn literal(text: &str) -> Self {
        let parts = if text.is_empty() { Vec::new() } else { vec![Part::Literal(text.to_owned())] };
        Text { original: text.replace("${", "$${"), parts }
    }

    /// The text that the user wrote.
    pub fn original(&self) -> &str {
        &self.original
    }

    /// The parts from left to right.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The expressions from left to right.
    pub fn values(&self) -> impl Iterator<Item = &Interpolation> {
        self.parts.iter().filter_map(|part| match part {
            Part::Value(value) => Some(value),
            Part::Literal(_) => None,
        })
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
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
                    return Err(Invalid::new(format!("{} has no closing `}}`: add one, or write `$${{` for a literal `${{`", quote(rest))));
                };
                if !literal.is_empty() {
                    parts.push(Part::Literal(std::mem::take(&mut literal)));
                }
                let source = rest[..end + 3].to_owned(); // `${`, the expression and `}`
                parts.push(Part::Value(Interpolation {
                    expression: Expression::parse(&after[..end])?,
                    source,
                    offset: text.len() - rest.len(),
                }));
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
    /// The text that the user wrote.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.original)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::schema_laws::agree;

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
        for value in dsn.values() {
            assert_eq!(&dsn.original()[value.offset..][..value.source.len()], value.source);
        }
        assert_eq!(dsn.parts().len(), 5);
    }

    #[test]
    fn dollars_are_literal_unless_they_open_a_value() {
        assert_eq!(text("$5 $${x} $$${y}").parts(), [Part::Literal("$5 ${x} $${y}".to_owned())]);
        for plain in ["", "$", "${x}", "$${x}", "$$$${", "a"] {
            assert_eq!(text(Text::literal(plain).original()), Text::literal(plain));
        }
    }
}
