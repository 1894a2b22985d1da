//! Findings of the rules, and their diagnostics: at the file and line of the tree, with the entry of the spec as the related place.

use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::inventory::{Object, Place, locate};
use crate::source::{FileId, Sources, Span};
use std::collections::BTreeMap;

/// A violation of a rule.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// The rule.
    pub rule: Code,
    /// The environment; empty for a tree without a spec.
    pub environment: String,
    /// The object: `Kind/namespace/name` or `Kind/name`; the path of a file that holds no object.
    pub object: String,
    /// The file, below the folder that was judged; empty for an object that is missing.
    pub file: String,
    /// The place in the file.
    pub at: At,
    /// The violation, in one sentence.
    pub message: String,
    /// The next step.
    pub help: String,
    /// The entry of the spec that the object comes from.
    pub entry: Option<Span>,
    /// The reason for which the spec accepts the finding: that of the patch, manifest, workload or namespace that asks for it.
    pub reason: Option<String>,
}

/// A place in a file.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum At {
    /// A line, from 1.
    Line(usize),
    /// An object as a whole.
    Object(Place),
    /// A value of an object.
    Value(Place),
}

impl Finding {
    /// A finding about a value of an object, by its JSON pointer; empty for the object as a whole.
    pub(super) fn new(rule: Code, object: &Object, pointer: &str, message: impl Into<String>, help: impl Into<String>) -> Finding {
        let at = if pointer.is_empty() { At::Object(object.place.clone()) } else { At::Value(object.place_of(pointer)) };
        Finding { file: object.file.clone(), at, ..Finding::missing(rule, &object.id(), message, help) }
    }

    /// A finding about an object that is missing.
    pub(super) fn missing(rule: Code, object: &str, message: impl Into<String>, help: impl Into<String>) -> Finding {
        Finding {
            rule,
            environment: String::new(),
            object: object.to_owned(),
            file: String::new(),
            at: At::Line(1),
            message: message.into(),
            help: help.into(),
            entry: None,
            reason: None,
        }
    }

    /// A finding about a file.
    pub(super) fn of_file(rule: Code, file: &str, line: usize, message: impl Into<String>, help: impl Into<String>) -> Finding {
        Finding { file: file.to_owned(), at: At::Line(line), ..Finding::missing(rule, file, message, help) }
    }

    /// Shows the place of another object, for a missing object that has none of its own.
    pub(super) fn near(mut self, object: Option<&Object>) -> Finding {
        if let Some(object) = object {
            (self.file, self.at) = (object.file.clone(), At::Object(object.place.clone()));
        }
        self
    }
}

/// Findings as diagnostics, accepted ones as notes with their reasons. `files` are the texts of the tree; those with findings are added to the sources, under
/// `folder`, the name of the tree in messages.
pub fn diagnostics(findings: Vec<Finding>, files: &BTreeMap<String, String>, folder: &str, sources: &mut Sources) -> Vec<Diagnostic> {
    let mut by_file: BTreeMap<&str, Vec<&At>> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| files.contains_key(&finding.file)) {
        by_file.entry(&finding.file).or_default().push(&finding.at);
    }
    let mut spans: BTreeMap<(String, At), Span> = BTreeMap::new();
    for (file, places) in by_file {
        let text = &files[file];
        let id = sources.add(if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") }, text.clone());
        for (place, span) in places.iter().zip(find(id, text, &places)) {
            spans.insert((file.to_owned(), (*place).clone()), span);
        }
    }
    let told = findings.into_iter().map(|finding| {
        let span = spans.get(&(finding.file.clone(), finding.at.clone())).copied();
        let mut diagnostic = Diagnostic::new(finding.rule, finding.message).subject(finding.object);
        diagnostic.span = span.or(finding.entry);
        let said = match finding.reason {
            Some(reason) => {
                diagnostic.severity = Severity::Note;
                format!("accepted: {reason}")
            }
            None => {
                diagnostic.help = Some(finding.help);
                "the spec declares it here".to_owned()
            }
        };
        match (span, finding.entry) {
            (Some(_), Some(entry)) => diagnostic = diagnostic.related(entry, said),
            _ if diagnostic.severity == Severity::Note => diagnostic = diagnostic.help(said),
            _ => {}
        }
        diagnostic.environments.extend(Some(finding.environment).filter(|name| !name.is_empty()));
        diagnostic
    });
    told.collect()
}

fn find(id: FileId, text: &str, places: &[&At]) -> Vec<Span> {
    let wanted: Vec<Place> = places
        .iter()
        .map(|at| match at {
            At::Line(_) => Place::default(),
            At::Object(place) => Place { pointer: format!("{}/metadata/name", place.pointer), ..*place },
            At::Value(place) => place.clone(),
        })
        .collect();
    let found = locate(text, &wanted);
    let line = |line: usize| {
        let start = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum::<usize>();
        start..start + text[start..].lines().next().map_or(0, str::len)
    };
    let range = |(at, range): (&&At, Option<_>)| match at {
        At::Line(at) => line(*at),
        At::Object(_) | At::Value(_) => range.unwrap_or_default(),
    };
    places.iter().zip(found).map(|found| Span::new(id, range(found))).collect()
}
