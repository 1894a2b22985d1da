//! Failures of templates, with the line of the template. They are bugs of platgen.

use std::fmt;

use minijinja::{OutputSpanKind, Value};

use super::Templates;
use crate::diagnostic::{Code, Diagnostic};
use crate::yaml::{self, ReadError};

/// A template that could not be printed, or whose text is not in the strict subset of YAML.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TemplateError {
    /// Its name, relative to `templates/`.
    pub template: String,
    /// The line of the template, from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong, in lower case, without a full stop.
    pub reason: String,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "template `{}`", self.template)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl std::error::Error for TemplateError {}

impl From<TemplateError> for Diagnostic {
    fn from(error: TemplateError) -> Diagnostic {
        Diagnostic::new(Code::InternalError, error.to_string())
            .help("report it with the spec that leads to it; no edit of the spec is to blame")
    }
}

impl Templates {
    /// A failure of the template engine: a syntax error, an undefined value, or a value that cannot be printed.
    pub(super) fn engine_fault(name: &str, error: &minijinja::Error) -> TemplateError {
        let template = error.name().unwrap_or(name);
        let reason = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
        TemplateError { template: template.to_owned(), line: error.line(), reason }
    }

    /// The fault of a text that the strict reader refused. The template is printed again with spans to find the line that printed the text.
    pub(super) fn read_back(&self, name: &str, view: Value, text: &str, fault: ReadError) -> TemplateError {
        let line = text.lines().nth(fault.line.saturating_sub(1)).unwrap_or_default();
        let visible = |char| if yaml::is_printable(char) { char } else { char::REPLACEMENT_CHARACTER };
        let reason = format!("{}: `{}`", fault.reason, line.trim().chars().take(100).map(visible).collect::<String>());
        // The indentation may have been printed by the template's line before, so the first other character is looked up.
        let offset = text.split_inclusive('\n').take(fault.line.saturating_sub(1)).map(str::len).sum::<usize>();
        let offset = offset + line.len() - line.trim_start().len();
        let printed = self.environment(name).get_template(name).and_then(|template| template.render_with_spans(view));
        let spans = printed.map(|(_, spans)| spans).unwrap_or_default();
        let Some(span) = spans.iter().find(|span| span.output_range().contains(&offset)) else {
            return TemplateError { template: name.to_owned(), line: None, reason };
        };
        let mut line = span.line();
        if span.kind() == OutputSpanKind::Raw {
            line += text[span.output_range().start..offset].matches('\n').count();
        }
        TemplateError { template: span.name().to_owned(), line: Some(line), reason }
    }
}
