//! HCL text, rendered or edited by hand -> blocks, attributes and values.
//!
//! Values have the form of Terraform's JSON syntax: literals are data, and expressions are the text `${...}`, so that a literal is never taken for a
//! reference. The parser is a library. Do not parse untrusted text: deep nesting exhausts the stack.

use hcl_edit::expr::{Expression, ObjectKey};
use hcl_edit::parser::parse_body;
use hcl_edit::structure::{Body, Structure};
use hcl_edit::template::Element;
use serde_json::{Map, Value};

/// A block, or a whole file, which has no kind and no labels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Block {
    /// `resource`, `locals`, ...
    pub kind: String,
    /// The labels after the kind: type and name of a resource.
    pub labels: Vec<String>,
    /// The attributes, in the order of the text. Of duplicate attributes the last one.
    pub attributes: Map<String, Value>,
    /// The nested blocks, in the order of the text.
    pub blocks: Vec<Block>,
}

impl Block {
    /// Parses the text of a file.
    ///
    /// # Errors
    /// The parser's message if the text is not HCL.
    pub fn read(text: &str) -> Result<Block, String> {
        let body = parse_body(text).map_err(|error| error.to_string())?;
        Ok(Block::of(String::new(), Vec::new(), &body))
    }

    fn of(kind: String, labels: Vec<String>, body: &Body) -> Block {
        let mut block = Block { kind, labels, ..Block::default() };
        for structure in body {
            match structure {
                Structure::Attribute(attribute) => {
                    block.attributes.insert(attribute.key.to_string(), value(&attribute.value));
                }
                Structure::Block(inner) => {
                    let labels = inner.labels.iter().map(|label| label.as_str().to_owned()).collect();
                    block.blocks.push(Block::of(inner.ident.to_string(), labels, &inner.body));
                }
            }
        }
        block
    }

    /// The nested blocks of a kind.
    pub fn inside<'b>(&'b self, kind: &'b str) -> impl Iterator<Item = &'b Block> {
        self.blocks.iter().filter(move |block| block.kind == kind)
    }

    /// The value of an attribute; null if absent.
    pub fn get(&self, name: &str) -> &Value {
        self.attributes.get(name).unwrap_or(&Value::Null)
    }
}

fn value(expression: &Expression) -> Value {
    match expression {
        Expression::Null(_) => Value::Null,
        Expression::Bool(value) => Value::Bool(*value.value()),
        Expression::Number(number) => {
            let number = number.value();
            number.as_i64().map(Value::from).or_else(|| number.as_f64().map(Value::from)).unwrap_or(Value::Null)
        }
        Expression::String(text) => literal(text.as_str()),
        Expression::StringTemplate(template) => {
            let parts = template.iter().map(|part| match part {
                Element::Literal(text) => Some(text.as_str()),
                _ => None,
            });
            parts.collect::<Option<String>>().map_or_else(|| computed(expression), |text| literal(&text))
        }
        Expression::Array(items) => items.iter().map(value).collect(),
        Expression::Object(entries) => {
            let entry = |(key, inner): (&ObjectKey, &hcl_edit::expr::ObjectValue)| {
                let key = match key {
                    ObjectKey::Ident(name) => name.to_string(),
                    ObjectKey::Expression(key) => value(key).as_str().map_or_else(|| "${}".to_owned(), str::to_owned),
                };
                (key, value(inner.expr()))
            };
            Value::Object(entries.iter().map(entry).collect())
        }
        _ => computed(expression),
    }
}

fn literal(text: &str) -> Value {
    Value::String(text.replace("${", "$${"))
}

fn computed(expression: &Expression) -> Value {
    Value::String(format!("${{{}}}", expression.to_string().trim()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn literals_are_data_and_the_rest_is_marked() {
        let text = "a = 1\nb = [true, null, \"x\"]\nc = {\n  d     = -2.5\n  \"e/f\" = local.g\n}\nh = \"i${local.j}\"\nk = \"$${l}\"\nm = (1 + 2)\n";
        let file = Block::read(text).unwrap();
        let wanted = json!({
            "a": 1, "b": [true, null, "x"], "c": {"d": -2.5, "e/f": "${local.g}"}, "h": "${\"i${local.j}\"}", "k": "$${l}", "m": "${(1 + 2)}",
        });
        assert_eq!(Value::Object(file.attributes.clone()), wanted);
        assert_eq!(file.get("n"), &Value::Null);
    }

    #[test]
    fn blocks_are_found_by_kind() {
        let text = "resource \"a\" \"b\" {\n  c = 1\n\n  lifecycle {\n    prevent_destroy = true\n  }\n}\n\nresource \"a\" \"d\" {\n}\n\nlocals {\n}\n";
        let file = Block::read(text).unwrap();
        let named = |kind| file.inside(kind).map(|block| block.labels.join(".")).collect::<Vec<_>>();
        assert_eq!(named("resource"), ["a.b", "a.d"]);
        assert_eq!(named("locals"), [""]);
        assert_eq!(named("output"), Vec::<String>::new());
        let guard = file.blocks[0].inside("lifecycle").next().unwrap();
        assert_eq!(guard.get("prevent_destroy"), &json!(true));
    }

    #[test]
    fn what_is_no_hcl_is_refused() {
        for text in ["a = ", "b {", "}", "\"a\" = 1\n", "a = \"x\n"] {
            assert!(Block::read(text).is_err(), "{text}");
        }
    }
}
