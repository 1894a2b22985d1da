//! The files of a spec -> one tree, as if the files were one.

use super::rules;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::{FileId, Span};
use crate::syntax::{Entry, Node};
use indexmap::IndexMap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The union of the files. Named maps are united; any other section may be in one file only.
pub(super) fn unite(files: &[Node], found: &mut Diagnostics) -> Node {
    let mut sections: IndexMap<Arc<str>, Entry> = IndexMap::new();
    let mut places: BTreeMap<(Arc<str>, Arc<str>), Span> = BTreeMap::new();
    for file in files {
        if !file.is_map() {
            found.push(Diagnostic::new(Code::WrongType, format!("expected a map of sections, found {}", file.describe())).at(file.span));
            continue;
        }
        if file.get("apiVersion").is_none() {
            let start = Span { end: file.span.start, ..file.span };
            found.push(
                Diagnostic::new(Code::MissingField, "`apiVersion` is missing")
                    .at(start)
                    .help("every file of a spec starts with `apiVersion: platgen/v1`"),
            );
        }
        for entry in file.entries() {
            let named = rules::NAMED.contains(&&*entry.key);
            if named && entry.value.is_map() {
                for item in entry.value.entries() {
                    if matches!(&*item.key, "environments" | "without") && !rules::varies(&[&entry.key]) {
                        let message = format!("`{}` is a key of the spec language and can't name an entry", item.key);
                        found.push(Diagnostic::new(Code::NameTaken, message).at(item.span).help("choose another name"));
                    }
                    if let Some(&first) = places.get(&(entry.key.clone(), item.key.clone())) {
                        found.push(defined_twice(&format!("`{}` of `{}`", item.key, entry.key), item.span, first));
                    }
                    places.entry((entry.key.clone(), item.key.clone())).or_insert(item.span);
                }
            }
            match sections.get_mut(&entry.key) {
                None => {
                    sections.insert(entry.key.clone(), entry.clone());
                }
                Some(_) if &*entry.key == "apiVersion" => {}
                Some(known) if named && known.value.is_map() && entry.value.is_map() => {
                    let mut all = known.value.entries().to_vec();
                    let fresh = entry.value.entries().iter().filter(|e| places.get(&(entry.key.clone(), e.key.clone())) == Some(&e.span));
                    all.extend(fresh.cloned());
                    known.value = Node::map(known.value.span, all);
                }
                Some(known) => found.push(defined_twice(&format!("`{}`", entry.key), entry.span, known.span)),
            }
        }
    }
    let span = files.first().map_or(Span::new(FileId(0), 0..0), |file| file.span);
    Node::map(span, sections.into_values().collect())
}

fn defined_twice(what: &str, second: Span, first: Span) -> Diagnostic {
    Diagnostic::new(Code::DefinedTwice, format!("{what} is defined in two files"))
        .at(second)
        .related(first, "first defined here")
        .help("keep one of the two; put differences between environments under `environments` of the entry")
}
