//! Types of view values that are not printed like text: references, comments and fragments.

use std::fmt;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Object, ObjectRepr, serializing_for_value};
use serde::ser::{Serialize, Serializer};

use crate::yaml::Document;

/// A reference to another value in HCL, such as `aws_subnet.node["a"].id`, printed without quotes.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Reference(String);

/// A text that is not a reference.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InvalidReference(pub String);

impl fmt::Display for InvalidReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no reference: names joined by dots, with indexes of digits, quoted words or references", self.0.escape_debug())
    }
}

impl std::error::Error for InvalidReference {}

impl Reference {
    /// Checks that the text is a traversal of at least two names, and nothing else.
    pub fn new(text: impl Into<String>) -> Result<Reference, InvalidReference> {
        let text = text.into();
        if traversal(&text) == Some("") { Ok(Reference(text)) } else { Err(InvalidReference(text)) }
    }

    /// The text of the reference in HCL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text after the traversal at the start of `text`; `None` if there is no traversal.
fn traversal(text: &str) -> Option<&str> {
    let mut rest = name(text)?;
    let mut steps = 0;
    loop {
        rest = if let Some(step) = rest.strip_prefix(".*").or_else(|| rest.strip_prefix("[*]")) {
            step
        } else if let Some(step) = rest.strip_prefix('.') {
            name(step)?
        } else if let Some(index) = rest.strip_prefix('[') {
            let after = if let Some(quoted) = index.strip_prefix('"') {
                word(quoted, |char| char.is_ascii_alphanumeric() || "_-./@".contains(char))?.strip_prefix('"')?
            } else if index.starts_with(|char: char| char.is_ascii_digit()) {
                word(index, |char| char.is_ascii_digit())?
            } else {
                traversal_once(index)?
            };
            after.strip_prefix(']')?
        } else {
            return (steps > 0).then_some(rest);
        };
        steps += 1;
    }
}

/// The text after a traversal of names alone, the form that is allowed in an index.
fn traversal_once(text: &str) -> Option<&str> {
    let mut rest = name(text)?.strip_prefix('.').and_then(name)?;
    while let Some(step) = rest.strip_prefix('.') {
        rest = name(step)?;
    }
    Some(rest)
}

fn name(text: &str) -> Option<&str> {
    text.starts_with(|char: char| char.is_ascii_alphabetic() || char == '_').then_some(())?;
    word(text, |char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-'))
}

/// The text after the characters of a word at the start of `text`; `None` if there are none.
fn word(text: &str, belongs: impl Fn(char) -> bool) -> Option<&str> {
    let rest = text.trim_start_matches(belongs);
    (rest.len() < text.len()).then_some(rest)
}

impl Serialize for Reference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializing_for_value() {
            return Value::from_safe_string(self.0.clone()).serialize(serializer); // safe: the constructor checked it
        }
        serializer.serialize_str(&self.0)
    }
}

/// One line of comment, printed after the template's `# `.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Comment(String);

impl Comment {
    /// Converts a text to one line: each run of blanks, newlines and invisible characters becomes one space.
    pub fn new(text: &str) -> Comment {
        let words = text.split(|char: char| char.is_whitespace() || !crate::yaml::is_printable(char));
        Comment(words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "))
    }

    /// The line, without `# `.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for Comment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializing_for_value() {
            return Value::from_object(self.clone()).serialize(serializer);
        }
        serializer.serialize_str(&self.0)
    }
}

impl Object for Comment {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }
}

/// A document that is a value inside other documents. Its comments are left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Fragment(Arc<Document>);

impl Fragment {
    /// A fragment with the value of a document.
    pub fn new(mut document: Document) -> Fragment {
        document.drop_comments();
        Fragment(Arc::new(document))
    }

    /// A fragment with a JSON value.
    pub fn from_json(value: &serde_json::Value) -> Fragment {
        Fragment::new(Document::from_json(value))
    }

    /// The document.
    pub fn document(&self) -> &Arc<Document> {
        &self.0
    }
}

impl Serialize for Fragment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializing_for_value() {
            return Value::from_object(self.clone()).serialize(serializer);
        }
        self.0.to_json().serialize(serializer)
    }
}

impl Object for Fragment {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }
}
