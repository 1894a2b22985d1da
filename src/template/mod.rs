//! Views -> documents and HCL, through the embedded templates.
//!
//! A template prints one kind of file from one view and decides nothing. The form of a value follows from its type and from the template's file
//! type (`*.yaml.j2`: JSON on one line, `*.tf.j2`: HCL literals), so a value can never become syntax. The printed text is parsed (YAML) or formatted
//! (HCL). The document of one template becomes a value of another document as a [`Fragment`], by reference. Every failure in this module is a bug
//! of platgen, never a fault of the user.

mod error;
mod json;
#[cfg(test)]
pub(crate) mod record;
mod value;

use std::sync::{Arc, LazyLock};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value};
use serde::Serialize;

pub use error::TemplateError;
pub use value::{Comment, Fragment, InvalidReference, Reference};

use crate::yaml::{self, Document};

/// Names (relative to `templates/`) and texts.
type Table = &'static [(&'static str, &'static str)];

static EMBEDDED: LazyLock<Templates> = LazyLock::new(|| Templates::new(include!(concat!(env!("OUT_DIR"), "/templates.rs"))));

/// The folder of templates for languages that use `{{` themselves. These templates write `[[ x ]]` and `[% if x %]`.
const DELIVERY: &str = "delivery/";

/// A set of templates; each is compiled when it is first used.
#[derive(Debug)]
pub struct Templates {
    table: Table,
    common: Environment<'static>,
    delivery: Environment<'static>,
}

/// The documents that an embedded template prints for a view.
pub fn render_yaml(name: &str, view: &impl Serialize) -> Result<Vec<Document>, TemplateError> {
    Templates::embedded().render_yaml(name, view)
}

/// The only document that an embedded template prints for a view, as a value for other views.
pub fn render_fragment(name: &str, view: &impl Serialize) -> Result<Fragment, TemplateError> {
    let [document] = <[Document; 1]>::try_from(render_yaml(name, view)?).map_err(|documents| {
        let reason = format!("it prints {} documents, and a fragment is one", documents.len());
        TemplateError { template: name.to_owned(), line: None, reason }
    })?;
    Ok(Fragment::new(document))
}

/// The HCL that an embedded template prints for a view, formatted as by `terraform fmt`.
pub fn render_hcl(name: &str, view: &impl Serialize) -> Result<String, TemplateError> {
    Templates::embedded().render_hcl(name, view)
}

impl Templates {
    /// The templates that are part of the program.
    pub fn embedded() -> &'static Templates {
        &EMBEDDED
    }

    /// Another set, for tests.
    pub fn new(table: Table) -> Templates {
        let common = SyntaxConfig::builder();
        let mut delivery = SyntaxConfig::builder();
        delivery.variable_delimiters("[[", "]]").block_delimiters("[%", "%]").comment_delimiters("[#", "#]");
        Templates { table, common: environment(table, common), delivery: environment(table, delivery) }
    }

    /// The names of all templates, with `/` between their parts.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.table.iter().map(|(name, _)| *name)
    }

    /// The documents that a `*.yaml.j2` template prints for a view.
    pub fn render_yaml(&self, name: &str, view: &impl Serialize) -> Result<Vec<Document>, TemplateError> {
        expect_type(name, ".yaml.j2")?;
        let view = Value::from(Serde(view));
        let (text, fragments) = self.print(name, view.clone())?;
        yaml::read_with_fragments(&text, &fragments).map_err(|fault| self.read_back(name, view, &text, fault))
    }

    /// The formatted text that a `*.tf.j2` template prints for a view.
    pub fn render_hcl(&self, name: &str, view: &impl Serialize) -> Result<String, TemplateError> {
        expect_type(name, ".tf.j2")?;
        self.print(name, Value::from(Serde(view))).map(|(text, _)| crate::hcl::format(&text))
    }

    /// The text that a template prints, and the documents that its placeholders stand for.
    fn print(&self, name: &str, view: Value) -> Result<(String, Vec<Arc<Document>>), TemplateError> {
        #[cfg(test)]
        record::remember(name, &view);
        let printed = self.environment(name).get_template(name).and_then(|template| template.render_captured(view));
        let mut printed = printed.map_err(|error| Templates::engine_fault(name, &error))?;
        let fragments = printed.with_state_mut(|state| state.get_extension_mut::<Fragments>().map(std::mem::take).unwrap_or_default());
        Ok((printed.into_output(), fragments.0))
    }

    fn environment(&self, name: &str) -> &Environment<'static> {
        if name.starts_with(DELIVERY) { &self.delivery } else { &self.common }
    }
}

fn expect_type(name: &str, extension: &str) -> Result<(), TemplateError> {
    if name.ends_with(extension) {
        return Ok(());
    }
    Err(TemplateError { template: name.to_owned(), line: None, reason: format!("its name does not end in `{extension}`") })
}

/// An environment without a single filter or function: templates print, they never decide.
fn environment(table: Table, mut syntax: minijinja::syntax::SyntaxConfigBuilder) -> Environment<'static> {
    let mut environment = Environment::empty();
    if let Ok(syntax) = syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build() {
        environment.set_syntax(syntax); // the delimiters are constants of this module, and differ
    }
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_debug(true); // so that messages name the undefined value
    environment.add_test("none", |value: &Value| value.is_none());
    environment.set_auto_escape_callback(|name| match name {
        _ if name.ends_with(".yaml.j2") => AutoEscape::Json,
        _ if name.ends_with(".tf.j2") => AutoEscape::Custom("hcl".into()),
        _ => AutoEscape::None,
    });
    environment.set_formatter(print_value);
    environment.set_loader(move |name| Ok(table.iter().find(|(known, _)| *known == name).map(|(_, text)| text.to_string())));
    environment
}

/// The fragments that one run of a template prints, in the order of their placeholders.
#[derive(Default)]
struct Fragments(Vec<Arc<Document>>);

/// Prints the value of one `{{ x }}`.
fn print_value(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    if let Some(comment) = value.downcast_object_ref::<Comment>() {
        return out.write_str(comment.as_str()).map_err(Error::from);
    }
    match state.auto_escape() {
        AutoEscape::Json => json::write_value(value, state, out),
        AutoEscape::Custom(_) => {
            let mut text = String::new();
            crate::hcl::write_value(value, 0, &mut text)?;
            out.write_str(&text).map_err(Error::from)
        }
        _ => Err(Error::new(ErrorKind::InvalidOperation, "a file type without rules for printing values")),
    }
}

#[cfg(test)]
mod tests;
