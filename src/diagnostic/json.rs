//! Findings as a JSON array with one finding per line, for JSON readers and for `grep`.
//!
//! Lines and columns count from 1, columns in characters; offsets count bytes from 0. Ends are exclusive. Absent parts of a finding are null or an
//! empty list, so that every object has the same keys.

use serde_json::{Value, json};

use super::Diagnostic;
use super::place::{Place, Places};

pub(super) fn print(diagnostics: &[&Diagnostic], places: &Places) -> String {
    let lines: Vec<String> = diagnostics.iter().map(|diagnostic| finding(diagnostic, places).to_string()).collect();
    if lines.is_empty() { "[]\n".to_owned() } else { format!("[\n{}\n]\n", lines.join(",\n")) }
}

fn finding(diagnostic: &Diagnostic, places: &Places) -> Value {
    let related = diagnostic.related.iter();
    json!({
        "code": diagnostic.code.name(),
        "severity": diagnostic.severity.name(),
        "message": diagnostic.message,
        "place": diagnostic.span.and_then(|span| places.find(span)).map(place),
        "label": diagnostic.label,
        "subject": diagnostic.subject,
        "related": related
            .map(|other| json!({"message": other.message, "place": places.find(other.span).map(place)}))
            .collect::<Vec<_>>(),
        "help": diagnostic.help,
        "fix": diagnostic.fix.as_ref().and_then(|fix| {
            places.editable(fix.span).map(|found| json!({"place": place(found), "text": fix.text}))
        }),
        "environments": diagnostic.environments,
    })
}

fn place(place: Place) -> Value {
    json!({
        "file": place.name(),
        "line": place.start.line,
        "column": place.start.column,
        "end_line": place.end.line,
        "end_column": place.end.column,
        "start": place.start.offset,
        "end": place.end.offset,
    })
}
