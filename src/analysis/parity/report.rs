//! Differences as text: the verdict, what nobody declared, then the others by weight, the heaviest first; for a terminal or as Markdown.

use super::{Compared, Difference, Undeclared};
use crate::analysis::impact::arrow;
use crate::analysis::page::{Page, Style, groups};
use crate::diagnostic::wording::Count;
use crate::model::{Field, Parity, Unlike, Weight};
use serde_json::Value;

/// The longest value in the report; JSON has all of it.
const SHOWN: usize = 60;

/// The text about a desktop, for a terminal. `PARITY.md` is the one in Markdown.
pub fn desktop(parity: &Parity) -> String {
    let mut page = Page::new(Style::Plain);
    page.title(&format!("{}: {}/{} on a desktop", parity.desktop, parity.environment, parity.region));
    let unexplained = parity.differences.iter().filter(|one| one.reasons.is_empty()).count();
    let of = |objects: bool| parity.differences.iter().filter(|one| one.is_of_cluster() != objects).count();
    page.line(&format!(
        "{} of the cluster and {} of its objects, each with its reason. Everything else is the same.",
        Count(of(false), "difference"),
        of(true)
    ));
    if unexplained > 0 {
        page.line(&format!("UNDECLARED: {} without a reason, a fault of platgen.", Count(unexplained, "difference")));
    }
    for weight in Weight::ALL {
        let all: Vec<&Unlike> = parity.differences.iter().filter(|one| one.weight == weight).collect();
        if all.is_empty() {
            continue;
        }
        page.weight(weight, all.len());
        for of_reasons in groups(&all, |one, other| one.is_of_cluster() == other.is_of_cluster() && one.reasons == other.reasons) {
            page.reason(&of_reasons);
        }
    }
    if !parity.outside.is_empty() {
        page.heading("Outside, on a laptop as in the environment");
        for outside in &parity.outside {
            page.item(0, &format!("{}: called by {}", outside.service, outside.callers.join(", ")));
        }
    }
    page.text
}

/// A value of a desktop.
fn value(value: Option<&Value>) -> Option<String> {
    Some(short(&value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))?))
}

fn short(text: &str) -> String {
    let short: String = text.chars().take(SHOWN).collect();
    if short.len() < text.len() { format!("{short}...") } else { short }
}

/// The text about two environments.
pub fn environments(compared: &Compared, style: Style) -> String {
    let Compared { environment, with, declared, undeclared, unread } = compared;
    let mut page = Page::new(style);
    page.title(&format!("{environment} against {with}"));
    let of_spec = declared.iter().filter(|one| one.computed_from.is_none()).count();
    let follows = declared.len() - of_spec;
    page.line(&match (of_spec, follows, undeclared.len()) {
        (0, 0, 0) => "Nothing differs but names, accounts and addresses.".to_owned(),
        (_, _, 0) => format!(
            "{} of the spec {} {}, each with its line. Nothing else differs but names, accounts and addresses.",
            Count(of_spec, "value"),
            if of_spec == 1 { "differs" } else { "differ" },
            if follows == 0 { "and nothing follows".to_owned() } else { format!("and {follows} more follow") }
        ),
        (_, _, count) => format!(
            "UNDECLARED: {count}. {} of the spec {} as lines say, and {follows} more follow.",
            Count(of_spec, "value"),
            if of_spec == 1 { "differs" } else { "differ" }
        ),
    });
    unread.iter().for_each(|line| page.line(&format!("Not compared: {line}.")));
    if !undeclared.is_empty() {
        page.heading("Undeclared");
        for of_reason in groups(undeclared, |one, other| one.why == other.why) {
            let Some(Undeclared { why, .. }) = of_reason.first() else { continue };
            page.line(&format!("{}:", capital(why)));
            for one in &of_reason {
                let values = match (&one.expected, &one.found) {
                    (None, None) => String::new(),
                    (expected, found) => format!(": {}", arrow(expected.as_deref(), found.as_deref())),
                };
                page.item(0, &format!("{}{values}", one.what));
            }
        }
        page.line("\nWrite it into the spec, or run `platgen render`, and then look again.");
    }
    for weight in Weight::ALL {
        let all: Vec<&Difference> = declared.iter().filter(|one| one.weight == weight).collect();
        if !all.is_empty() {
            page.weight(weight, all.len());
            page.compared(&all, with, environment);
        }
    }
    page.text
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// The entry and the key of a path; entries of one section whose values are alike are told once.
fn key(path: &str) -> Option<(&str, &str, &str)> {
    let (section, rest) = path.split_once('.')?;
    let (name, key) = rest.split_once('.')?;
    ["apps", "namespaces", "stores"].contains(&section).then_some((section, name, key))
}

impl Page {
    fn weight(&mut self, weight: Weight, count: usize) {
        self.heading(&format!("{}: {}", weight.name(), Count(count, "difference")));
        if self.style == Style::Markdown {
            self.line(&format!("{}.", capital(weight.about())));
        } else {
            self.line(weight.about());
        }
    }

    /// What is different on a desktop for one reason.
    fn reason(&mut self, all: &[&&Unlike]) {
        let Some(first) = all.first() else { return };
        if first.is_of_cluster() {
            for one in all {
                let values = arrow(value(one.environment.as_ref()).as_deref(), value(one.desktop.as_ref()).as_deref());
                self.item(0, &format!("{}: {values}; {}", one.object, one.reasons.concat()));
            }
            return;
        }
        first.reasons.iter().for_each(|reason| self.item(0, reason));
        let is_alike = |one: &&&Unlike, other: &&&Unlike| {
            let of = |one: &Unlike| (one.kind.clone(), one.field.clone(), one.environment.clone(), one.desktop.clone());
            of(one) == of(other)
        };
        for alike in groups(all, is_alike) {
            let Some(one) = alike.first() else { continue };
            let names: Vec<&str> = alike.iter().map(|one| one.object.as_str()).collect();
            let what = match &one.field {
                None if one.environment.is_none() => "new".to_owned(),
                None => "not there".to_owned(),
                Some(Field { path, .. }) => {
                    let values = arrow(value(one.environment.as_ref()).as_deref(), value(one.desktop.as_ref()).as_deref());
                    format!("{path}: {values}")
                }
            };
            self.item(1, &format!("{} {}: {what}", one.kind, names.join(", ")));
        }
    }

    /// Values of both environments, with the lines that say so.
    fn compared(&mut self, all: &[&Difference], with: &str, environment: &str) {
        let is_alike = |one: &&Difference, other: &&Difference| {
            let of = |one: &Difference| (one.with.clone(), one.environment.clone(), one.lines.clone(), one.computed_from.is_some());
            of(one) == of(other)
                && key(&one.path).map(|(section, _, key)| (section, key)) == key(&other.path).map(|(section, _, key)| (section, key))
        };
        let mut rows = Vec::new();
        for alike in groups(all, is_alike) {
            let Some(one) = alike.first() else { continue };
            let path = match (alike.len(), key(&one.path)) {
                (2.., Some((section, _, key))) => format!("{section}.*.{key} ({} {section})", alike.len()),
                _ => one.path.clone(),
            };
            let text = |value: &Option<String>| value.as_deref().map_or_else(|| "-".to_owned(), short);
            let follows = if one.computed_from.is_some() { "follows from " } else { "" };
            rows.push([path, text(&one.with), text(&one.environment), format!("{follows}{}", one.lines.join("; "))]);
        }
        self.table(["value", with, environment, "said by"], &rows);
        self.end_table();
    }
}
