//! Findings as workflow commands of GitHub Actions, which annotate the lines of a pull request.
//!
//! A command is `::error file=F,line=1,col=2,endColumn=3,title=T::message`. `%`, carriage return and line feed are escaped as `%25`, `%0D` and
//! `%0A`; in properties also `:` and `,` as `%3A` and `%2C`. Columns are allowed only within one line.

use std::fmt::Write as _;

use super::place::Places;
use super::{Diagnostic, Severity, words};
use crate::source::Role;

pub(super) fn print(diagnostics: &[&Diagnostic], places: &Places) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        let command = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let _ = write!(out, "::{command} "); // writing to a string does not fail
        if let Some(place) = diagnostic.span.and_then(|span| places.editable(span)) {
            let _ = write!(out, "file={},line={},endLine={},", property(&place.source.name), place.start.line, place.end.line);
            if place.start.line == place.end.line {
                let _ = write!(out, "col={},endColumn={},", place.start.column, place.end.column);
            }
        }
        let _ = writeln!(out, "title={}::{}", property(diagnostic.code.name()), data(&message(diagnostic, places)));
    }
    out
}

/// The message, followed by the parts of the finding for which the command has no property.
fn message(diagnostic: &Diagnostic, places: &Places) -> String {
    let mut lines = vec![diagnostic.message.clone()];
    if let Some(place) = diagnostic.span.and_then(|span| places.find(span)).filter(|place| place.source.role == Role::Default) {
        lines.push(format!("at {}:{}:{}", place.name(), place.start.line, place.start.column));
    }
    lines.extend(diagnostic.label.clone());
    for other in &diagnostic.related {
        if let Some(place) = places.find(other.span) {
            lines.push(format!("{}:{}:{}: {}", place.name(), place.start.line, place.start.column, other.message));
        }
    }
    lines.extend(words(diagnostic));
    lines.join("\n")
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
