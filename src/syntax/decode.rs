//! Decodes a [`Node`] into any type that derives serde's `Deserialize`, in one pass that reports every fault.
//!
//! [`Field`](super::Field) and [`Map`](super::Map) hold faults instead of failing. Each fault becomes a finding with the token, the expected value
//! and, if possible, a fix.

mod access;
mod fault;

pub use fault::code_of;

use super::figure::{Figure, figure};
use super::node::{Entry, Kind, Node};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Expected as Wanted, Fix, advice, meant, mistaken, wording};
use crate::source::{FileId, Span};
use access::{Entries, FieldProbe, Items, MapProbe};
use fault::Fault;
use serde::de::{self, Deserialize, DeserializeSeed, Expected, IntoDeserializer, Visitor};
use std::cell::RefCell;
use std::fmt;

pub(super) const FIELD: &str = "$platgen::field";
pub(super) const MAP: &str = "$platgen::map";

/// Decodes a node, adds every fault to `found`, and returns the value without the faulty parts.
pub fn decode<T: for<'de> Deserialize<'de> + Default>(node: &Node, found: &mut Diagnostics) -> T {
    let faults = RefCell::new(Vec::new());
    let decoder = Decoder { node, faults: &faults, key: "", misspelt: false, item: false };
    let value = T::deserialize(decoder).unwrap_or_else(|fault| {
        decoder.record(fault);
        T::default()
    });
    found.extend(faults.into_inner());
    value
}

/// A span, passed through serde as three numbers.
pub(super) struct Place(pub(super) Span);

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (file, start, end) = <(u32, u32, u32)>::deserialize(deserializer)?;
        Ok(Place(Span { file: FileId(file as u16), start, end }))
    }
}

fn place<'de, S: DeserializeSeed<'de>>(span: Span, seed: S) -> Result<S::Value, Fault> {
    let numbers = [u32::from(span.file.0), span.start, span.end];
    seed.deserialize(de::value::SeqDeserializer::new(numbers.into_iter()))
}

/// Deserializes one node.
#[derive(Clone, Copy)]
struct Decoder<'a> {
    node: &'a Node,
    faults: &'a RefCell<Vec<Diagnostic>>,
    /// The field that the node is the value of, or an item of; empty in a map of names.
    key: &'a str,
    /// Whether the node's key is misspelt: the field is [`Field::Bad`](super::Field::Bad), and the value is not read.
    misspelt: bool,
    /// Whether the node is an item of a list.
    item: bool,
}

impl<'a> Decoder<'a> {
    fn at(self, node: &'a Node) -> Self {
        Decoder { node, misspelt: false, item: false, ..self }
    }

    fn record(&self, fault: Fault) {
        let span = fault.span.unwrap_or(self.node.span);
        let message = self.node.scalar().and_then(|text| mistaken(fault.code, self.key, text));
        self.faults.borrow_mut().push(Diagnostic {
            help: fault.help,
            fix: fault.fix,
            expected: fault.expected.filter(|_| message.is_none()),
            ..Diagnostic::new(fault.code, message.unwrap_or(fault.message)).at(span)
        });
    }

    fn wrong_type(&self, expected: &dyn fmt::Display) -> Fault {
        Fault {
            code: Code::WrongType,
            message: format!("expected {expected}, found {}", self.node.describe()),
            span: Some(self.node.span),
            help: None,
            fix: None,
            expected: None,
        }
    }

    /// The fault of a value in place of a map, a list or a text, which can get an example as its help.
    fn wrong_shape(&self, wanted: Wanted, expected: &dyn fmt::Display) -> Fault {
        Fault { expected: Some(wanted), ..self.wrong_type(expected) }
    }

    /// Whether the node is an item of a list such as `[a: b]`: one key and its value in one line, without braces. The key and the value are a text that
    /// lacks its quotes.
    fn is_unquoted_text(&self) -> bool {
        let [Entry { span, value, .. }] = self.node.entries() else { return false };
        self.item && value.scalar().is_some() && self.node.span.start == span.start && value.span.start == span.end + 2
    }

    /// The text of a scalar. An empty unquoted scalar is a fault.
    fn text(&self, expected: &dyn Expected) -> Result<&'a str, Fault> {
        match &self.node.kind {
            Kind::Plain(_) if self.node.is_empty_scalar() => {
                let help = Some("write a value after the key, or `\"\"` for an empty text".to_owned());
                Err(Fault { help, ..self.wrong_type(&expected) })
            }
            Kind::Plain(text) | Kind::Text(text) => Ok(text),
            _ if self.is_unquoted_text() => {
                let help = Some("put a text that contains `: ` in quotes".to_owned());
                Err(Fault { help, ..self.wrong_type(&expected) })
            }
            _ => Err(self.wrong_shape(Wanted::Text, &expected)),
        }
    }

    /// Parses an unquoted scalar. A quoted scalar that `parse` accepts is a fault with a fix.
    fn number<T>(&self, expected: &dyn fmt::Display, parse: impl Fn(&str) -> Option<T>) -> Result<T, Fault> {
        match &self.node.kind {
            Kind::Plain(text) if !self.node.is_empty_scalar() => {
                parse(text).ok_or_else(|| Fault { message: format!("expected {expected}, found `{text}`"), ..self.wrong_type(expected) })
            }
            Kind::Text(text) if parse(text).is_some() => {
                let span = self.node.span;
                Err(Fault {
                    message: format!("expected {expected}, found the text `{text}`"),
                    help: Some("remove the quotes".into()),
                    fix: Some(Fix { span, text: text.to_string() }),
                    ..self.wrong_type(expected)
                })
            }
            _ => Err(self.wrong_type(expected)),
        }
    }
}

/// Sets the node's span on a fault without a span.
fn located<T>(result: Result<T, Fault>, node: &Node) -> Result<T, Fault> {
    result.map_err(|mut fault| {
        fault.span.get_or_insert(node.span);
        fault
    })
}

macro_rules! integers {
    ($($method:ident $visit:ident $type:ty),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            let value = self.number(&"a whole number", |text| text.parse::<$type>().ok())?;
            located(visitor.$visit(value), self.node)
        }
    )*};
}

impl<'de> de::Deserializer<'de> for Decoder<'de> {
    type Error = Fault;

    /// Values without a schema (patches, values of a chart): plain scalars follow the YAML 1.2 core schema.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let result = match &self.node.kind {
            Kind::Plain(text) => match &**text {
                "" | "~" | "null" => visitor.visit_unit(),
                "true" => visitor.visit_bool(true),
                "false" => visitor.visit_bool(false),
                other => match (figure(other), other.parse::<i64>(), other.parse::<u64>(), other.parse::<f64>()) {
                    (Some(Figure { number, otherwise }), ..) => Err(Fault {
                        code: Code::InvalidValue,
                        message: format!("`{other}` is {number} to Kubernetes and {otherwise} to other readers"),
                        span: Some(self.node.span),
                        help: Some(format!("write `{number}`, or put text in quotes: `\"{other}\"`")),
                        fix: None,
                        expected: None,
                    }),
                    (_, Ok(number), ..) => visitor.visit_i64(number),
                    (_, _, Ok(number), _) => visitor.visit_u64(number),
                    (.., Ok(number)) if other.starts_with(|c: char| c.is_ascii_digit() || c == '-') => visitor.visit_f64(number),
                    _ => visitor.visit_borrowed_str(other),
                },
            },
            Kind::Text(text) => visitor.visit_borrowed_str(text),
            Kind::List(items) => visitor.visit_seq(Items { decoder: self, items: items.iter() }),
            Kind::Map(entries) => visitor.visit_map(Entries::new(self, entries, None)),
        };
        located(result, self.node)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let value = self.number(&"`true` or `false`", |text| text.parse::<bool>().ok()).map_err(|fault| {
            let meant = self.node.scalar().and_then(|text| match text.to_ascii_lowercase().as_str() {
                "yes" | "on" | "true" => Some("true"),
                "no" | "off" | "false" => Some("false"),
                _ => None,
            });
            match (meant, &fault.help) {
                (Some(word), None) => {
                    let fix = fault.span.map(|span| Fix { span, text: word.to_owned() });
                    Fault { help: Some(format!("write `{word}`")), fix, ..fault }
                }
                _ => fault,
            }
        })?;
        located(visitor.visit_bool(value), self.node)
    }

    integers!(deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16, deserialize_u32 visit_u32 u32, deserialize_u64 visit_u64 u64,
        deserialize_i32 visit_i32 i32, deserialize_i64 visit_i64 i64);

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let text = self.text(&visitor)?;
        located(visitor.visit_borrowed_str(text), self.node)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.node.kind {
            Kind::List(items) => visitor.visit_seq(Items { decoder: self, items: items.iter() }),
            _ => Err(self.wrong_shape(Wanted::List, &"a list")),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.node.kind {
            Kind::Map(entries) => visitor.visit_map(Entries::new(self, entries, None)),
            _ => Err(self.wrong_shape(Wanted::Map, &"a map")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(self, _: &'static str, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Fault> {
        match &self.node.kind {
            Kind::Map(entries) => visitor.visit_map(Entries::new(self, entries, Some(fields))),
            _ => Err(self.wrong_shape(Wanted::Map, &format_args!("a map with {}", wording::either(fields)))),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Fault> {
        match name {
            FIELD => visitor.visit_seq(FieldProbe { decoder: self, step: 0 }),
            MAP => match &self.node.kind {
                Kind::Map(entries) => visitor.visit_seq(MapProbe { decoder: self, entries: entries.iter(), entry: None, step: 0 }),
                _ => Err(self.wrong_shape(Wanted::Map, &"a map")),
            },
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(self, _: &'static str, variants: &'static [&'static str], visitor: V) -> Result<V::Value, Fault> {
        let Some(text) = self.node.scalar().filter(|_| !self.node.is_empty_scalar()) else {
            return Err(self.wrong_type(&wording::either(variants)));
        };
        if variants.contains(&text) {
            return visitor.visit_enum(IntoDeserializer::<Fault>::into_deserializer(text));
        }
        let span = self.node.span;
        let close = meant(text, variants);
        Err(Fault {
            code: Code::UnknownValue,
            message: format!("`{text}` is not one of {}", wording::either(variants)),
            span: Some(span),
            help: advice(text, variants).map(str::to_owned).or_else(|| close.map(|close| format!("did you mean `{close}`?"))),
            fix: close.map(|close| Fix { span, text: close.to_string() }),
            expected: None,
        })
    }

    serde::forward_to_deserialize_any! { i8 i16 i128 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct ignored_any }
}

#[cfg(test)]
mod tests;
