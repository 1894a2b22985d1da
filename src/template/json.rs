//! A template value -> JSON on one line, the form in which every YAML reader takes it for what it is.

use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, Value};

use super::value::Fragment;

/// Appends `value`; fails for what JSON cannot hold: undefined values, bytes, comments, NaN and infinities.
pub(super) fn write_value(value: &Value, out: &mut String) -> Result<(), Error> {
    match value.kind() {
        ValueKind::None => out.push_str("null"),
        ValueKind::Bool => out.push_str(if value.is_true() { "true" } else { "false" }),
        ValueKind::Number => out.push_str(&number(value)?),
        ValueKind::String => quote(value.as_str().unwrap_or_default(), out),
        ValueKind::Seq | ValueKind::Iterable => {
            out.push('[');
            for (at, item) in value.try_iter()?.enumerate() {
                separate(at, out);
                write_value(&item, out)?;
            }
            out.push(']');
        }
        ValueKind::Map => {
            out.push('{');
            for (at, key) in value.try_iter()?.enumerate() {
                separate(at, out);
                match key.kind() {
                    ValueKind::String => quote(key.as_str().unwrap_or_default(), out),
                    ValueKind::Number => quote(&number(&key)?, out),
                    _ => return Err(unprintable(&key)),
                }
                out.push_str(": ");
                write_value(&value.get_item(&key)?, out)?;
            }
            out.push('}');
        }
        ValueKind::Undefined => return Err(Error::from(ErrorKind::UndefinedError)),
        _ => match value.downcast_object_ref::<Fragment>() {
            Some(fragment) => out.push_str(fragment.json()),
            None => return Err(unprintable(value)),
        },
    }
    Ok(())
}

fn separate(at: usize, out: &mut String) {
    if at > 0 {
        out.push_str(", ");
    }
}

fn number(value: &Value) -> Result<String, Error> {
    let digits = value.to_string();
    if digits.ends_with(|char: char| char.is_ascii_digit()) { Ok(digits) } else { Err(unprintable(value)) }
}

fn unprintable(value: &Value) -> Error {
    Error::new(ErrorKind::BadSerialization, format!("a value of kind {} has no form in YAML", value.kind()))
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    let mut clean = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= b' ' && !matches!(byte, b'"' | b'\\') {
            continue;
        }
        out.push_str(&text[clean..at]);
        clean = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\t' => out.push_str("\\t"),
            _ => out.push_str(&format!("\\u{byte:04x}")),
        }
    }
    out.push_str(&text[clean..]);
    out.push('"');
}
