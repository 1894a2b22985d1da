//! Prints a template value as JSON on one line, which every YAML reader reads alike.

use std::fmt::Write;

use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, State, Value};

use super::Fragments;
use super::value::Fragment;
use crate::yaml::write_quoted;

/// Appends `value`. Fails for values that JSON does not have: undefined values, bytes, comments, NaN and infinities.
///
/// A fragment is added to the `Fragments` of the run and printed as a placeholder, `<` and `>` around its index. The strict reader puts the fragment in
/// its place. Text is always quoted, so no text can become a placeholder.
pub(super) fn write_value(value: &Value, state: &mut State, out: &mut impl Write) -> Result<(), Error> {
    match value.kind() {
        ValueKind::None => out.write_str("null")?,
        ValueKind::Bool => out.write_str(if value.is_true() { "true" } else { "false" })?,
        ValueKind::Number => out.write_str(&number(value)?)?,
        ValueKind::String => write_quoted(value.as_str().unwrap_or_default(), out)?,
        ValueKind::Seq | ValueKind::Iterable => {
            out.write_char('[')?;
            for (at, item) in value.try_iter()?.enumerate() {
                separate(at, out)?;
                write_value(&item, state, out)?;
            }
            out.write_char(']')?;
        }
        ValueKind::Map => {
            out.write_char('{')?;
            for (at, key) in value.try_iter()?.enumerate() {
                separate(at, out)?;
                match key.kind() {
                    ValueKind::String => write_quoted(key.as_str().unwrap_or_default(), out)?,
                    ValueKind::Number => write_quoted(&number(&key)?, out)?,
                    _ => return Err(unprintable(&key)),
                }
                out.write_str(": ")?;
                write_value(&value.get_item(&key)?, state, out)?;
            }
            out.write_char('}')?;
        }
        ValueKind::Undefined => return Err(Error::from(ErrorKind::UndefinedError)),
        _ => match value.downcast_object_ref::<Fragment>() {
            Some(fragment) => {
                let fragments = &mut state.get_or_insert_extension_with(Fragments::default).0;
                write!(out, "<{}>", fragments.len())?;
                fragments.push(fragment.document().clone());
            }
            None => return Err(unprintable(value)),
        },
    }
    Ok(())
}

fn separate(at: usize, out: &mut impl Write) -> std::fmt::Result {
    if at > 0 { out.write_str(", ") } else { Ok(()) }
}

fn number(value: &Value) -> Result<String, Error> {
    let digits = value.to_string();
    if digits.ends_with(|char: char| char.is_ascii_digit()) { Ok(digits) } else { Err(unprintable(value)) }
}

fn unprintable(value: &Value) -> Error {
    Error::new(ErrorKind::BadSerialization, format!("a value of kind {} has no form in YAML", value.kind()))
}
