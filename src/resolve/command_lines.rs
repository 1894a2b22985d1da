//! Command lines of containers, and the facts of the pod in them. Kubernetes inserts `$(NAME)` in `command`, `args` and variables, so a fact inside a
//! longer text is a variable of its own, to which the text refers.

use super::EnvironmentResolver;
use super::consumer::Consumer;
use super::provenance::RecordPath;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{FactPart, PodFact, Source, Variable};
use crate::spec::ContainerFields;
use crate::syntax::Field;
use crate::value::Text;
use std::collections::BTreeSet;

impl EnvironmentResolver<'_> {
    /// Resolves the words of a command line, and adds the facts of the pod that it names to `facts`; `None` where Kubernetes expands no variables.
    pub(super) fn words(
        &mut self,
        words: &Field<Vec<Field<Text>>>,
        what: &str,
        consumer: &mut Consumer<'_>,
        at: &RecordPath,
        mut facts: Option<&mut BTreeSet<PodFact>>,
    ) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for (text, span) in words.items() {
            let value = match (self.value(text, span, what, consumer), facts.as_deref_mut()) {
                (Some(value @ (Source::Fact(_) | Source::Composed(_))), Some(facts)) => Some(Source::Text(expanded(value, facts))),
                (Some(Source::Fact(_) | Source::Composed(_)), None) => {
                    let message = format!("{what} names a fact of the pod, and Kubernetes inserts variables only in `command` and `args`");
                    let help =
                        "put the fact in a variable under `config`, and read the variable with a shell: `[sh, -c, 'quit \"$POD_IP\"']`";
                    self.tell(Diagnostic::new(Code::Contradiction, message).at(span).help(help));
                    continue;
                }
                (value, _) => value,
            };
            match value {
                Some(Source::Text(value)) => {
                    self.printable(what, &value, span);
                    if text.original().contains("${") {
                        let path = format!("{}[{}]", what.trim_matches('`'), all.len());
                        self.record_container(at, || (format!("resolved.{path}"), &value, format!("{}.{path}", at.container)));
                    }
                    all.push(value);
                }
                Some(_) => {
                    let diagnostic = Diagnostic::new(
                        Code::Contradiction,
                        format!("{what} can't contain a secret: command lines are visible to every process"),
                    );
                    self.tell(diagnostic.at(span).help("put it in a variable under `config`, and write `$(NAME)` here"));
                }
                None => {}
            }
        }
        all
    }

    /// The variables of facts of the pod, to which longer texts refer as `$(NAME)`. Reports variables of the spec with these names.
    pub(super) fn helpers(&mut self, fields: ContainerFields<'_>, facts: &BTreeSet<PodFact>) -> Vec<Variable> {
        for name in facts.iter().map(|fact| fact.variable()) {
            let plain = fields.config.get().and_then(|all| all.get(name)).map(|item| item.key);
            if let Some(at) = plain.or_else(|| fields.secrets.get().and_then(|all| all.get(name)).map(|item| item.key)) {
                let message = format!("platgen sets the variable `{name}` for a fact of the pod in another text");
                self.tell(Diagnostic::new(Code::NameTaken, message).at(at).help("choose another name"));
            }
        }
        facts.iter().map(|fact| Variable { name: fact.variable().to_owned(), value: Source::Fact(*fact) }).collect()
    }

    /// The command that runs before the container stops.
    pub(super) fn stop(&mut self, fields: ContainerFields<'_>, consumer: &mut Consumer<'_>, at: &RecordPath) -> Vec<String> {
        let Some((stop, span)) = fields.stop.spanned() else { return Vec::new() };
        let words = self.words(&stop.exec, "`stop.exec`", consumer, at, None);
        if stop.exec.is_missing() || stop.exec.get().is_some_and(Vec::is_empty) {
            let diagnostic = Diagnostic::new(Code::MissingField, "`stop` has no command").at(span);
            self.tell(diagnostic.help("write the command as a list of words, such as `stop: {exec: [nginx, -s, quit]}`"));
        }
        words
    }
}

/// The facts of the pod inside longer texts.
pub(super) fn facts_of(variables: &[Variable]) -> BTreeSet<PodFact> {
    let composed = variables.iter().filter_map(|variable| if let Source::Composed(parts) = &variable.value { Some(parts) } else { None });
    composed.flatten().filter_map(|part| if let FactPart::Fact(fact) = part { Some(*fact) } else { None }).collect()
}

/// A word of a command line in which Kubernetes inserts the facts of the pod. The facts are added to `facts`. The text around them stays as the user wrote
/// it, because `$(NAME)` and `$$` in a command line are the user's.
fn expanded(value: Source, facts: &mut BTreeSet<PodFact>) -> String {
    let parts = match value {
        Source::Composed(parts) => parts,
        Source::Fact(fact) => vec![FactPart::Fact(fact)],
        Source::Text(_) | Source::Secret(_) | Source::Template(_) | Source::Made { .. } => Vec::new(),
    };
    let mut word = String::new();
    for part in parts {
        match part {
            FactPart::Text(text) => word.push_str(&text),
            FactPart::Fact(fact) => {
                facts.insert(fact);
                word.push_str(&format!("$({})", fact.variable()));
            }
        }
    }
    word
}
