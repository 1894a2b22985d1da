//! The applied objects as text: those of a kind that do the same are one item.

use super::super::{Applied, Outcome, is_configuration};
use super::arrow;
use crate::analysis::page::Page;
use crate::diagnostic::wording::Count;
use std::collections::BTreeMap;

/// The most fields of one item; JSON has all of them.
const FIELDS: usize = 8;

impl Page {
    /// The objects by what happens to them.
    pub(in crate::analysis) fn objects(&mut self, objects: &[Applied]) {
        let sections: [(&str, Outcome, bool); 5] = [
            ("New objects that act, or that something reads", Outcome::Created, false),
            ("Changed objects", Outcome::Changed, false),
            ("Refused objects", Outcome::Refused, true),
            ("New objects without effect", Outcome::Created, true),
            ("Changed objects without effect", Outcome::Changed, true),
        ];
        for (name, outcome, inert) in sections {
            let mut groups: Vec<((&str, String), Vec<&Applied>)> = Vec::new();
            for one in objects.iter().filter(|one| one.outcome == outcome && one.inert == inert) {
                let key = (one.kind.as_str(), said(one));
                match groups.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, objects)) => objects.push(one),
                    None => groups.push((key, vec![one])),
                }
            }
            if groups.is_empty() {
                continue;
            }
            self.heading(name);
            for ((kind, said), objects) in groups {
                let names: Vec<&str> = objects.iter().map(|one| one.object.trim_start_matches(kind).trim_start_matches('/')).collect();
                match names[..] {
                    [name] => self.item(0, &format!("{kind} {name}: {said}")),
                    _ => {
                        self.item(0, &format!("{} {kind}: {said}", names.len()));
                        self.item(1, &names.join(", "));
                    }
                }
                // Values with readers have a section of their own.
                let is_read = is_configuration(kind) && !inert;
                if outcome != Outcome::Created && !is_read {
                    self.fields(&objects);
                }
            }
        }
    }

    /// The fields that differ, of several objects together.
    fn fields(&mut self, objects: &[&Applied]) {
        let mut fields: Vec<(String, Option<String>, usize)> = Vec::new();
        let mut at: BTreeMap<(String, usize), usize> = BTreeMap::new();
        for one in objects {
            let name = one.object.rsplit('/').next().unwrap_or_default();
            let mut before: BTreeMap<String, usize> = BTreeMap::new();
            for difference in &one.differences {
                let field =
                    if objects.len() > 1 { difference.field.replace(&format!("[{name}]"), "[*]") } else { difference.field.clone() };
                let change = arrow(difference.before.as_deref(), difference.after.as_deref());
                // A list without names has several differences under one field.
                let nth = before.entry(field.clone()).or_default();
                let number = *at.entry((field.clone(), *nth)).or_insert_with(|| {
                    fields.push((field, Some(change.clone()), 0));
                    fields.len() - 1
                });
                *nth += 1;
                let (_, known, count) = &mut fields[number];
                *count += 1;
                if known.as_ref() != Some(&change) {
                    *known = None;
                }
            }
        }
        for (field, change, count) in fields.iter().take(FIELDS) {
            let of = if *count < objects.len() { format!(" ({count} of {})", objects.len()) } else { String::new() };
            self.item(1, &format!("{field}: {}{of}", change.as_deref().unwrap_or("other values")));
        }
        if fields.len() > FIELDS {
            self.item(1, &format!("and {}", Count(fields.len() - FIELDS, "more field")));
        }
    }
}

/// What happens to an object.
fn said(one: &Applied) -> String {
    match (one.outcome, &one.reason, &one.counterpart) {
        (Outcome::Refused, Some(reason), _) => reason.clone(),
        (_, _, Some(_)) if one.inert => "the workloads read another one of this name, with another hash".to_owned(),
        _ if one.inert => one.effect.clone(),
        _ => format!("{}, {}", one.effect, one.when.words()),
    }
}
