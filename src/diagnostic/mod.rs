//! Diagnostics: every message to the user is data with a code, a severity, spans and help.
//!
//! Messages start in lower case, have no full stop and put names in backticks. The primary span is the token to change, related spans show the
//! other tokens involved, and `help` is the edit to make. The printers in this module format diagnostics; other modules only create them.

mod code;
mod github;
mod human;
mod json;
mod place;
mod sarif;
mod synonyms;
#[cfg(test)]
mod tests;
pub mod wording;

pub use code::Code;
pub use synonyms::{SYNONYMS, advice, meant, mistaken, words_for};

use crate::source::{Sources, Span};

/// The severity of a finding.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// The command fails and writes nothing.
    Error,
    /// The command continues.
    Warning,
    /// Information.
    Note,
}

impl Severity {
    /// The name in JSON and SARIF.
    fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

/// Another place involved in a finding.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Related {
    /// The place.
    pub span: Span,
    /// The role of the place, e.g. "first used here".
    pub message: String,
}

/// An edit that fixes the finding: replace the text under `span` with `text`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fix {
    /// The text to replace. An empty span inserts.
    pub span: Span,
    /// The new text.
    pub text: String,
}

/// What a finding about the form of a spec expected, so that a later step can add an example or a place to its help.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Expected {
    /// A text or another value of one word.
    Text,
    /// A list.
    List,
    /// A map.
    Map,
    /// An allowed key. The help lists the allowed keys.
    Key {
        /// Whether the help leaves out some of the keys.
        shortened: bool,
    },
}

/// One finding.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Diagnostic {
    /// The code of the finding.
    pub code: Code,
    /// The severity, by default the code's.
    pub severity: Severity,
    /// The message, one line.
    pub message: String,
    /// The token to change.
    pub span: Option<Span>,
    /// Text next to the caret.
    pub label: Option<String>,
    /// The output file or object, if the finding has no token in the spec.
    pub subject: Option<String>,
    /// Other places involved.
    pub related: Vec<Related>,
    /// The step that solves the problem.
    pub help: Option<String>,
    /// The edit that solves the problem.
    pub fix: Option<Fix>,
    /// What was expected in place of the token, if the finding is about the form of the spec.
    pub expected: Option<Expected>,
    /// The environments of the finding. Empty if the finding does not depend on the environment.
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
            expected: None,
            environments: Vec::new(),
        }
    }

    /// A finding for a reference to a name that nothing has. Its help is the closest name, which is also the fix, or else the known names.
    pub fn unknown<'a>(kind: &str, name: &str, known: impl IntoIterator<Item = &'a str>, at: Span) -> Self {
        let known: Vec<&str> = known.into_iter().collect();
        let otherwise = match known[..] {
            [] => format!("the spec declares no {}", kind.trim_end_matches(" called")),
            _ => format!("declared: {}", wording::all(&known)),
        };
        let finding = Diagnostic::new(Code::UnknownReference, format!("there is no {kind} `{name}`")).at(at);
        finding.suggest(wording::suggest(name, known), otherwise)
    }

    /// Suggests the closest name for the token to change, or else gives other help.
    pub fn suggest(self, close: Option<&str>, otherwise: impl Into<String>) -> Self {
        match (close, self.span) {
            (Some(close), Some(at)) => self.help(format!("did you mean `{close}`?")).fix(at, close),
            (Some(close), None) => self.help(format!("did you mean `{close}`?")),
            (None, _) => self.help(otherwise),
        }
    }

    /// Sets the token to change.
    pub fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    /// Sets the text next to the caret.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Sets the output file or object.
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Adds another place that is involved.
    pub fn related(mut self, span: Span, message: impl Into<String>) -> Self {
        self.related.push(Related { span, message: message.into() });
        self
    }

    /// Sets the step that solves the problem.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Sets the edit that solves the problem.
    pub fn fix(mut self, span: Span, text: impl Into<String>) -> Self {
        self.fix = Some(Fix { span, text: text.into() });
        self
    }
}

/// The output format of findings.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Format {
    /// Text for a terminal: source lines, a caret, the fix.
    #[default]
    Human,
    /// A JSON array with one finding per line.
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

/// Prints findings in the given order. The text ends with a line break, or is empty if the format prints nothing for no findings. `colour` applies
/// to [`Format::Human`] only.
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

/// Subject, help and environments as lines, for formats without fields for them.
fn words(diagnostic: &Diagnostic) -> Vec<String> {
    let subject = diagnostic.subject.iter().map(|subject| format!("about {subject}"));
    let help = diagnostic.help.iter().map(|help| format!("help: {help}"));
    subject.chain(help).chain(environments(diagnostic)).collect()
}

/// The environments of the finding, in words.
fn environments(diagnostic: &Diagnostic) -> Option<String> {
    (!diagnostic.environments.is_empty()).then(|| format!("in {}", diagnostic.environments.join(", ")))
}

/// The findings of a run. Equal findings of several environments are merged into one that lists the environments.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    index: std::collections::BTreeMap<(Code, Severity, Option<Span>, String), usize>,
}

impl Diagnostics {
    /// Adds a finding. If an equal one (same code, severity, span and message) exists, adds its environments to that one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        let key = (diagnostic.code, diagnostic.severity, diagnostic.span, diagnostic.message.clone());
        match self.index.get(&key) {
            Some(&at) => {
                let known = &mut self.list[at].environments;
                if known.is_empty() {
                    return; // already reported for all environments
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

    /// Adds several findings.
    pub fn extend(&mut self, others: impl IntoIterator<Item = Diagnostic>) {
        others.into_iter().for_each(|diagnostic| self.push(diagnostic));
    }

    /// Whether there is an error.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// The findings in the order of their spans; findings without a span come last.
    pub fn sorted(&self) -> Vec<&Diagnostic> {
        let mut all: Vec<&Diagnostic> = self.list.iter().collect();
        all.sort_by_key(|d| (d.span.is_none(), d.span, d.code));
        all
    }

    /// The findings in the order of insertion.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.list.iter()
    }

    /// Whether there are no findings.
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
