//! Everything the user can be told, as data: code, severity, message, places, remedy.
//!
//! One voice: messages start in lower case, have no full stop and put names in backticks; the primary span is the token to change; related
//! spans show the other party; `help` is the edit to make. How they look is the business of the printers below, never of who finds them.

mod code;
mod github;
mod human;
mod json;
mod place;
mod sarif;
#[cfg(test)]
mod tests;
pub mod wording;

pub use code::Code;

use crate::source::{Sources, Span};

/// How bad it is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// Nothing is written.
    Error,
    /// Something is left out or unwise; the run goes on.
    Warning,
    /// Worth knowing.
    Note,
}

/// A second place that explains the first.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Related {
    /// Where.
    pub span: Span,
    /// Why it matters, e.g. "first used here".
    pub message: String,
}

/// An edit that would mend it: the text under `span` becomes `text`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fix {
    /// What to replace; an empty span inserts.
    pub span: Span,
    /// The new text.
    pub text: String,
}

/// One finding.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Diagnostic {
    /// The stable name of this kind of finding.
    pub code: Code,
    /// Usually the code's own.
    pub severity: Severity,
    /// One line.
    pub message: String,
    /// The token to change.
    pub span: Option<Span>,
    /// A word beside the caret.
    pub label: Option<String>,
    /// The output file or object it is about, where no spec token is.
    pub subject: Option<String>,
    /// Other places.
    pub related: Vec<Related>,
    /// What to do.
    pub help: Option<String>,
    /// The edit that does it.
    pub fix: Option<Fix>,
    /// The environments in which it holds; empty where it does not depend on one.
    pub environments: Vec<String>,
}

impl Diagnostic {
    /// A finding with the severity of its code.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Diagnostic {
            code,
            severity: code.severity(),
            message: message.into(),
            span: None,
            label: None,
            subject: None,
            related: Vec::new(),
            help: None,
            fix: None,
            environments: Vec::new(),
        }
    }

    /// Sets the token to change.
    pub fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    /// Sets the word beside the caret.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Sets the output file or object it is about.
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Adds another place.
    pub fn related(mut self, span: Span, message: impl Into<String>) -> Self {
        self.related.push(Related { span, message: message.into() });
        self
    }

    /// Sets what to do.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Sets the edit that mends it.
    pub fn fix(mut self, span: Span, text: impl Into<String>) -> Self {
        self.fix = Some(Fix { span, text: text.into() });
        self
    }
}

/// How findings are printed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Format {
    /// For people at a terminal: the line of the source, a caret, the edit.
    #[default]
    Human,
    /// One JSON array, one finding per line.
    Json,
    /// SARIF 2.1.0, for code scanning services.
    Sarif,
    /// Workflow commands, for GitHub Actions.
    Github,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 4] = [Format::Human, Format::Json, Format::Sarif, Format::Github];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::Human => "human",
            Format::Json => "json",
            Format::Sarif => "sarif",
            Format::Github => "github",
        }
    }
}

/// The findings as text that ends with a line break, in the given order; no text at all where a format has none for no findings.
/// `colour` matters to [`Format::Human`] alone.
pub fn print(format: Format, diagnostics: &[&Diagnostic], sources: &Sources, colour: bool) -> String {
    let mut places = place::Places::new(sources);
    places.hide(diagnostics.iter().filter(|diagnostic| diagnostic.code == Code::SecretLiteral).filter_map(|diagnostic| diagnostic.span));
    match format {
        Format::Human => human::print(diagnostics, &places, colour),
        Format::Json => json::print(diagnostics, &places),
        Format::Sarif => sarif::print(diagnostics, &places),
        Format::Github => github::print(diagnostics, &places),
    }
}

/// What a printer without a place for it adds to the message, a line each: subject, remedy, environments.
fn words(diagnostic: &Diagnostic) -> Vec<String> {
    let subject = diagnostic.subject.iter().map(|subject| format!("about {subject}"));
    let help = diagnostic.help.iter().map(|help| format!("help: {help}"));
    subject.chain(help).chain(environments(diagnostic)).collect()
}

/// The environments in which it holds, in words.
fn environments(diagnostic: &Diagnostic) -> Option<String> {
    (!diagnostic.environments.is_empty()).then(|| format!("in {}", diagnostic.environments.join(", ")))
}

/// The findings of a run. The same finding in several environments is one, with their names.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    index: std::collections::BTreeMap<(Code, Option<Span>, String), usize>,
}

impl Diagnostics {
    /// Adds a finding, or the names of its environments to an equal one (same code, place and message).
    pub fn push(&mut self, diagnostic: Diagnostic) {
        let key = (diagnostic.code, diagnostic.span, diagnostic.message.clone());
        match self.index.get(&key) {
            Some(&at) => {
                let known = &mut self.list[at].environments;
                if known.is_empty() {
                    return; // already reported for all of them
                }
                if diagnostic.environments.is_empty() {
                    known.clear();
                }
                for name in diagnostic.environments {
                    if !known.contains(&name) {
                        known.push(name);
                    }
                }
            }
            None => {
                self.index.insert(key, self.list.len());
                self.list.push(diagnostic);
            }
        }
    }

    /// Adds all of them.
    pub fn extend(&mut self, others: impl IntoIterator<Item = Diagnostic>) {
        others.into_iter().for_each(|diagnostic| self.push(diagnostic));
    }

    /// Whether one of them is an error.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// The findings in the order of their places, those without one last.
    pub fn sorted(&self) -> Vec<&Diagnostic> {
        let mut all: Vec<&Diagnostic> = self.list.iter().collect();
        all.sort_by_key(|d| (d.span.is_none(), d.span, d.code));
        all
    }

    /// The findings in the order they were made.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.list.iter()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}
