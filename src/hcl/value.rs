//! A template value -> an HCL literal. Text is escaped so that Terraform evaluates nothing in it; lists and maps have one item per line.
//!
//! The layout is that of `terraform fmt` except for the alignment, which [`super::format`] adds. Values marked as safe (checked references and
//! comments) are printed unchanged. Undefined values and objects without a literal are errors.

use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, Value};

/// The maximum width in columns of a list of scalars on one line.
const LINE: usize = 100;

/// Prints `value`. `indent` is the indentation, in spaces, of the line on which the literal starts.
///
/// Fails for undefined values, for values without an HCL literal (bytes, functions, NaN, infinities), and for objects that are neither lists nor
/// maps.
pub fn write_value(value: &Value, indent: usize, out: &mut String) -> Result<(), Error> {
    match value.kind() {
        ValueKind::None => out.push_str("null"),
        ValueKind::Bool => out.push_str(if value.is_true() { "true" } else { "false" }),
        ValueKind::Number => number(value, out)?,
        ValueKind::String => match value.as_str() {
            Some(text) if value.is_safe() => out.push_str(text),
            Some(text) => quote(text, out),
            None => return Err(unprintable(value)),
        },
        ValueKind::Seq | ValueKind::Iterable => list(value, indent, out)?,
        ValueKind::Map => map(value, indent, out)?,
        ValueKind::Undefined => return Err(Error::from(ErrorKind::UndefinedError)),
        _ => return Err(unprintable(value)),
    }
    Ok(())
}

fn unprintable(value: &Value) -> Error {
    Error::new(ErrorKind::BadSerialization, format!("HCL has no literal for a value of kind {}", value.kind()))
}

fn number(value: &Value, out: &mut String) -> Result<(), Error> {
    let text = value.to_string();
    if !text.starts_with(|char: char| char == '-' || char.is_ascii_digit()) || text.ends_with("inf") {
        return Err(unprintable(value)); // NaN and the infinities
    }
    out.push_str(text.strip_suffix(".0").unwrap_or(&text));
    Ok(())
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // `${` and `%{` start an expression; `$${` and `%%{` are literal.
            '$' | '%' if chars.peek() == Some(&'{') => out.extend([char, char]),
            // Control characters, Unicode line separators and the byte order mark.
            char if char.is_control() || matches!(char, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                out.push_str(&format!("\\u{:04x}", u32::from(char)));
            }
            char => out.push(char),
        }
    }
    out.push('"');
}

fn list(value: &Value, indent: usize, out: &mut String) -> Result<(), Error> {
    let items: Vec<Value> = value.try_iter()?.collect();
    let flat = items.iter().all(|item| !matches!(item.kind(), ValueKind::Seq | ValueKind::Iterable | ValueKind::Map));
    let start = out.len();
    if flat {
        out.push('[');
        for (at, item) in items.iter().enumerate() {
            out.push_str(if at > 0 { ", " } else { "" });
            write_value(item, indent, out)?;
        }
        out.push(']');
        if indent + out.len() - start <= LINE {
            return Ok(());
        }
        out.truncate(start);
    }
    out.push_str("[\n");
    for item in &items {
        pad(indent + 2, out);
        write_value(item, indent + 2, out)?;
        out.push_str(",\n");
    }
    pad(indent, out);
    out.push(']');
    Ok(())
}

fn map(value: &Value, indent: usize, out: &mut String) -> Result<(), Error> {
    let mut keys = value.try_iter()?.peekable();
    if keys.peek().is_none() {
        out.push_str("{}");
        return Ok(());
    }
    out.push_str("{\n");
    for key in keys {
        pad(indent + 2, out);
        match key.as_str() {
            Some(name) if is_identifier(name) => out.push_str(name),
            Some(name) => quote(name, out),
            None => quote(&key.to_string(), out),
        }
        out.push_str(" = ");
        write_value(&value.get_item(&key)?, indent + 2, out)?;
        out.push('\n');
    }
    pad(indent, out);
    out.push('}');
    Ok(())
}

/// Whether a key needs no quotes: an ASCII identifier except `for`, which starts an expression.
fn is_identifier(name: &str) -> bool {
    name != "for"
        && name.starts_with(|char: char| char.is_ascii_alphabetic() || char == '_')
        && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_' || char == '-')
}

fn pad(spaces: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', spaces));
}

#[cfg(test)]
mod tests {
    use super::*;
    use hcl_edit::expr::{Expression, ObjectKey};
    use hcl_edit::structure::Body;
    use hcl_edit::template::Element;
    use minijinja::context;
    use minijinja::value::Serde;
    use proptest::prelude::*;
    use serde_json::json;

    fn print(value: impl serde::Serialize) -> Result<String, Error> {
        let mut out = String::new();
        write_value(&Value::from(Serde(value)), 0, &mut out)?;
        Ok(out)
    }

    #[test]
    fn scalars() {
        for (value, text) in [
            (json!(null), "null"),
            (json!(true), "true"),
            (json!(-3), "-3"),
            (json!(1.5), "1.5"),
            (json!(u64::MAX), "18446744073709551615"),
            (json!("no"), "\"no\""),
        ] {
            assert_eq!(print(value).unwrap(), text);
        }
    }

    #[test]
    fn text_is_never_evaluated() {
        assert_eq!(print("${a} $${b} %{if} 100% $ \\ \"").unwrap(), r#""$${a} $$${b} %%{if} 100% $ \\ \"""#);
        assert_eq!(print("a\n\t\r\u{0}\u{8}\u{7f}é\u{2028}").unwrap(), r#""a\n\t\r\u0000\u0008\u007fé\u2028""#);
    }

    #[test]
    fn lists_stay_on_a_line_while_they_are_short_and_flat() {
        assert_eq!(print(["a", "b"]).unwrap(), r#"["a", "b"]"#);
        assert_eq!(print([[1, 2]]).unwrap(), "[\n  [1, 2],\n]");
        assert_eq!(print(vec!["x".repeat(50); 2]).unwrap().lines().count(), 4);
        assert_eq!(print(Vec::<u8>::new()).unwrap(), "[]");
    }

    #[test]
    fn maps_keep_their_order_and_quote_what_is_no_identifier() {
        let value = json!({"zone": "a", "for": 1, "general/a": {"b": {}}, "1": [], "é": 2});
        let text = "{\n  zone = \"a\"\n  \"for\" = 1\n  \"general/a\" = {\n    b = {}\n  }\n  \"1\" = []\n  \"é\" = 2\n}";
        assert_eq!(print(value).unwrap(), text);
    }

    #[test]
    fn what_has_no_form_is_an_error() {
        for value in [Value::UNDEFINED, Value::from_bytes(vec![1]), Value::from(f64::NAN), Value::from(f64::NEG_INFINITY)] {
            assert!(write_value(&value, 0, &mut String::new()).is_err(), "{value:?}");
        }
        let nested = context! { a => Value::UNDEFINED };
        assert!(write_value(&nested, 0, &mut String::new()).is_err());
    }

    #[test]
    fn safe_text_is_printed_as_it_is() {
        let mut out = String::new();
        write_value(&Value::from_safe_string("aws_vpc.main.id".into()), 0, &mut out).unwrap();
        assert_eq!(out, "aws_vpc.main.id");
    }

    /// The value of an expression as hcl-edit parses it; `None` if it is not a literal.
    fn read(expression: &Expression) -> Option<serde_json::Value> {
        Some(match expression {
            Expression::Null(_) => json!(null),
            Expression::Bool(value) => json!(*value.value()),
            Expression::Number(value) => json!(value.value().as_i64()?),
            Expression::String(value) => json!(value.as_str()),
            Expression::StringTemplate(template) => {
                let literal =
                    |element: &Element| matches!(element, Element::Literal(_)).then(|| element.as_literal())?.map(|text| text.to_string());
                json!(template.iter().map(literal).collect::<Option<String>>()?)
            }
            Expression::Array(items) => items.iter().map(read).collect::<Option<_>>()?,
            Expression::Object(entries) => {
                let entry = |(key, value): (&ObjectKey, &hcl_edit::expr::ObjectValue)| {
                    let key = match key {
                        ObjectKey::Ident(name) => json!(name.as_str()),
                        ObjectKey::Expression(key) => read(key)?,
                    };
                    Some((key.as_str()?.to_owned(), read(value.expr())?))
                };
                serde_json::Value::Object(entries.iter().map(entry).collect::<Option<_>>()?)
            }
            _ => return None,
        })
    }

    fn data() -> impl Strategy<Value = serde_json::Value> {
        let sign =
            prop::sample::select(vec!["$", "%", "{", "}", "\"", "\\", "\n", "\u{0}", "é", "a", "for", "~", "/", "#", "\u{feff}", "😀"]);
        let text = prop_oneof![any::<String>(), prop::collection::vec(sign, 0..8).prop_map(|signs| signs.concat())].boxed();
        let leaf = prop_oneof![
            Just(json!(null)),
            any::<bool>().prop_map(|v| json!(v)),
            any::<i64>().prop_map(|v| json!(v)),
            text.clone().prop_map(|v| json!(v))
        ];
        leaf.prop_recursive(3, 20, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(|items| json!(items)),
                prop::collection::btree_map(text.clone(), inner, 0..4).prop_map(|entries| json!(entries)),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_foreign_reader_reads_the_value_back(value in data()) {
            let text = crate::hcl::format(&format!("a = {}\n", print(&value).unwrap()));
            let body: Body = text.parse().map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
            prop_assert_eq!(body.get_attribute("a").and_then(|a| read(&a.value)), Some(value), "{}", text);
        }
    }
}
