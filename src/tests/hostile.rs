//! Prints a template with hostile text in every string of its view, and proves that nothing left its place.
//!
//! The same view is printed twice: once with a harmless mark for every string, once with text that tries to end strings, open maps, start
//! comments, evaluate expressions and break lines. Read back, the second must be the first with each mark replaced by its hostile twin: the same
//! keys, items, literals and comments, and every text to the character.

use std::collections::{BTreeMap, BTreeSet};

use hcl_edit::expr::Expression;
use hcl_edit::template::{Element, StringTemplate};
use hcl_edit::visit::{self, Visit};
use minijinja::Value;
use minijinja::value::{Serde, ValueKind};
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::spy::{Spied, inside, spy};
use crate::template::{Comment, Fragment, Templates};
use crate::yaml::{self, Document, Node};

/// A view in its two forms.
struct Marked {
    harmless: Value,
    hostile: Value,
    /// Hostile text by mark.
    twins: BTreeMap<String, String>,
    /// Where in the view each mark stands.
    places: BTreeMap<String, String>,
}

/// Prints a view with hostile text in every string and in every key of a map that the template prints whole.
///
/// Returns what the template read and printed, or what broke out.
pub(super) fn check(templates: &Templates, name: &str, view: &impl Serialize) -> Result<Spied, String> {
    let view = Value::from(Serde(view));
    let spied = spy(&view, |watched| print(templates, name, &watched).map(|_| ()))?;
    let marked = Marked::new(&view, &spied.whole);
    let mut seen = BTreeSet::new();
    let wanted = marked.with_twins(&print(templates, name, &marked.harmless)?, &mut seen);
    let found = print(templates, name, &marked.hostile)?;
    if wanted != found {
        return Err(format!("wanted {wanted:#?}\nfound {found:#?}"));
    }
    let texts = marked.places.iter().map(|(mark, place)| (place.clone(), seen.contains(mark))).collect();
    Ok(Spied { texts, ..spied })
}

/// What is read back of a printed view: documents with their comments, or the words of HCL in their order.
fn print(templates: &Templates, name: &str, view: &Value) -> Result<Json, String> {
    if !name.ends_with(".tf.j2") {
        let documents = templates.render_yaml(name, view).map_err(|error| error.to_string())?;
        let read =
            |documents: &[Document]| -> Json { documents.iter().map(|document| json!([document.to_json(), comments(document)])).collect() };
        let emitted = yaml::read(&yaml::emit_all(&documents)).map_err(|fault| format!("emitted: {fault:?}"))?;
        return if read(&emitted) == read(&documents) { Ok(read(&documents)) } else { Err(format!("emitted: {:#?}", read(&emitted))) };
    }
    let text = templates.render_hcl(name, view).map_err(|error| error.to_string())?;
    let body = hcl_edit::parser::parse_body(&text).map_err(|error| format!("{error}\n{text}"))?;
    let mut words = Words::default();
    words.visit_body(&body);
    // Comments are no part of the tree; each must still stand on one line of its own.
    words.0.extend(text.lines().filter_map(|line| line.trim().strip_prefix("# ")).map(str::to_owned));
    Ok(words.0.into())
}

impl Marked {
    fn new(view: &Value, whole: &BTreeSet<String>) -> Marked {
        let nothing = || Value::from(());
        let mut marked = Marked { harmless: nothing(), hostile: nothing(), twins: BTreeMap::new(), places: BTreeMap::new() };
        (marked.harmless, marked.hostile) = marked.both(view, "", whole, false);
        marked
    }

    /// A new mark with its twin.
    fn mark(&mut self, place: &str) -> (String, String) {
        let number = self.twins.len();
        let mark = format!("mark{number}x");
        let hostile =
            format!("\"}}]\n- ${{x}}%{{y}} {{{{ z }}}}[[ a ]] [% b %]{{# c #}} # : ' \\\t\r\u{85}\u{2028}\u{feff}é😀 \n---\n{number}\n ");
        self.twins.insert(mark.clone(), hostile.clone());
        self.places.insert(mark.clone(), place.to_owned());
        (mark, hostile)
    }

    /// Both forms of a value; the keys of maps that are printed `whole`, and of all maps in a fragment, are text like any other.
    fn both(&mut self, value: &Value, place: &str, whole: &BTreeSet<String>, fragment: bool) -> (Value, Value) {
        if value.downcast_object_ref::<Comment>().is_some() {
            let (mark, hostile) = self.mark(place);
            let (mark, hostile) = (Comment::new(&mark), Comment::new(&hostile));
            self.twins.insert(mark.as_str().to_owned(), hostile.as_str().to_owned());
            return (Value::from(Serde(mark)), Value::from(Serde(hostile)));
        }
        if let Some(inner) = value.downcast_object_ref::<Fragment>() {
            let tree = inner.document().to_json();
            let (mark, hostile) = self.both(&Value::from(Serde(tree)), place, whole, true);
            let again = |value: Value| {
                let json = serde_json::to_value(value).expect("what came from JSON");
                Value::from(Serde(Fragment::new(Document::from_json(&json))))
            };
            return (again(mark), again(hostile));
        }
        match value.kind() {
            ValueKind::String if !value.is_safe() => {
                let (mark, hostile) = self.mark(place);
                (mark.into(), hostile.into())
            }
            ValueKind::Seq => {
                let items = value.try_iter().expect("a list");
                let pairs: Vec<_> = items.map(|item| self.both(&item, &inside(place, "[]"), whole, fragment)).collect();
                let (mark, hostile): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
                (mark.into(), hostile.into())
            }
            ValueKind::Map => {
                let (mut mark, mut hostile) = (Vec::new(), Vec::new());
                for key in value.try_iter().expect("a map") {
                    let name = key.to_string();
                    let free = fragment || whole.contains(place);
                    let keys = if free { self.mark(&format!("{place} key {name}")) } else { (name.clone(), name.clone()) };
                    let item = value.get_item(&key).expect("a key of this map");
                    let (a, b) = self.both(&item, &inside(place, &name), whole, fragment);
                    mark.push((keys.0, a));
                    hostile.push((keys.1, b));
                }
                (Value::from_pairs(mark), Value::from_pairs(hostile))
            }
            _ => (value.clone(), value.clone()),
        }
    }

    /// What was read back, with the hostile twin in the place of every mark.
    fn with_twins(&self, value: &Json, seen: &mut BTreeSet<String>) -> Json {
        match value {
            Json::String(text) => self.twin(text, seen).into(),
            Json::Array(items) => items.iter().map(|item| self.with_twins(item, seen)).collect(),
            Json::Object(entries) => entries.iter().map(|(key, value)| (self.twin(key, seen), self.with_twins(value, seen))).collect(),
            other => other.clone(),
        }
    }

    fn twin(&self, text: &str, seen: &mut BTreeSet<String>) -> String {
        let Some(twin) = self.twins.get(text) else { return text.to_owned() };
        seen.insert(text.to_owned());
        twin.clone()
    }
}

/// Every comment of a document, from top to bottom.
fn comments(document: &Document) -> Vec<String> {
    fn collect(node: Node, out: &mut Vec<String>) {
        out.extend(node.comment().map(str::to_owned));
        node.entries().for_each(|(_, value)| collect(value, out));
        node.items().for_each(|item| collect(item, out));
    }
    let mut out = Vec::new();
    collect(document.root(), &mut out);
    out.extend(document.tail().map(str::to_owned));
    out
}

/// Names and texts in their order; a text in pieces (`$${` is one) counts as one.
#[derive(Default)]
struct Words(Vec<String>);

impl Visit for Words {
    fn visit_ident(&mut self, name: &hcl_edit::Decorated<hcl_edit::Ident>) {
        self.0.push(name.as_str().to_owned());
    }

    fn visit_string(&mut self, text: &hcl_edit::Decorated<String>) {
        self.0.push(text.as_str().to_owned());
    }

    fn visit_string_template(&mut self, template: &StringTemplate) {
        let literal = |element: &Element| if let Element::Literal(text) = element { Some(text.to_string()) } else { None };
        match template.iter().map(literal).collect::<Option<String>>() {
            Some(text) => self.0.push(text),
            None => visit::visit_string_template(self, template),
        }
    }

    fn visit_literal(&mut self, text: &hcl_edit::Spanned<String>) {
        self.0.push(text.to_string());
    }

    fn visit_expr(&mut self, expression: &Expression) {
        // A label of its own for what is neither name nor text, so that a string cannot turn into it unseen.
        match expression {
            Expression::Null(_) | Expression::Bool(_) | Expression::Number(_) => self.0.push(expression.to_string().trim().to_owned()),
            _ => visit::visit_expr(self, expression),
        }
    }
}
