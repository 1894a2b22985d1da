//! `platgen explain`: the reference of the spec language, of references in texts and of the codes.

use super::reference::{self, Page, UnknownKey};
use super::{Ended, FAILED, FINE, Terminal, print_all};
use crate::diagnostic::{Code, Diagnostic, wording};
use crate::yaml::is_plain;
use serde_json::{Value, json};

/// Flags of `explain`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Explain {
    /// A path of the spec such as `apps.web.probes`, a key such as `replicas` wherever it is, a code such as `unknown-key`, or `references` for the forms
    /// of `${...}`. Default: the sections.
    #[arg(value_name = "PATH or CODE")]
    what: Option<String>,
    /// Explain every key below the path, too.
    #[arg(long, short)]
    recursive: bool,
}

/// The topic that explains `${...}`.
const REFERENCES: &str = "references";

pub(super) fn run(explain: &Explain, terminal: &Terminal) -> Ended {
    let as_json = match terminal.data_is_json() {
        Ok(as_json) => as_json,
        Err(code) => return Ok(code),
    };
    // Waivers name rules with the prefix `platgen/`.
    let what = explain.what.as_deref().unwrap_or("");
    let what = what.strip_prefix("platgen/").unwrap_or(what);
    let width = terminal.width();
    let (data, text) = if let Some(code) = Code::ALL.iter().find(|code| code.name() == what) {
        let data = json!({"code": code.name(), "summary": code.summary(), "explanation": code.explain()});
        (data, format!("{}: {}\n\n{}\n", code.name(), code.summary(), wrapped(code.explain(), 0, width)))
    } else if what == REFERENCES || what.starts_with("${") {
        let all = reference::references();
        (json!(all), references(&all, width))
    } else {
        match reference::page(what, explain.recursive) {
            Ok(page) => (json!(page), if explain.recursive { tree(&page, width) } else { whole(&page, width) }),
            Err(unknown) => match &reference::search(what)[..] {
                [] => {
                    terminal.tell_plain(&[fault(&unknown)]);
                    return Ok(FAILED);
                }
                [one] => match reference::page(&one.path, explain.recursive) {
                    Ok(page) => (json!([page]), if explain.recursive { tree(&page, width) } else { whole(&page, width) }),
                    Err(_) => (json!([one]), whole(one, width)),
                },
                pages => (json!(pages), found(what, pages, width)),
            },
        }
    };
    print_all(&if as_json { format!("{data:#}\n") } else { text });
    Ok(FINE)
}

fn fault(unknown: &UnknownKey) -> Diagnostic {
    let UnknownKey { key, page, meant, advice } = unknown;
    let fault = Diagnostic::new(Code::UnknownKey, format!("`{key}` is neither a key of the spec language at this path nor a code"));
    let codes = || wording::suggest(key, Code::ALL.iter().map(|code| code.name())).map(str::to_string);
    let elsewhere = || if page.is_empty() { reference::closest(key) } else { None };
    match (meant.clone().or_else(codes).or_else(elsewhere), advice) {
        (_, Some(advice)) => fault.help(*advice),
        (Some(close), None) => fault.help(format!("did you mean `{close}`?")),
        (None, None) if page.is_empty() => fault.help("run `platgen explain` without an argument to list the sections"),
        (None, None) => fault.help(format!("run `platgen explain {page}` to list its keys")),
    }
}

/// The paths at which a key was found.
fn found(name: &str, pages: &[Page], width: usize) -> String {
    let rows = pages.iter().map(|page| (page.path.clone(), page.description.as_str()));
    let more = "`platgen explain PATH` explains one of them.";
    format!("`{name}` in the spec language:\n\n{}\n{}\n", table(rows, width), wrapped(more, 0, width))
}

/// The page of one path.
fn whole(page: &Page, width: usize) -> String {
    if page.path.is_empty() {
        let more = "`platgen explain PATH` explains a section or a key, `platgen explain references` the forms of `${...}`.";
        return format!("The sections of a spec.\n\n{}\n{}\n", list(&page.keys, width), wrapped(more, 0, width));
    }
    let mut text = format!("{}\n\n", wrapped(&format!("{}: {}", page.path, page.description), 0, width));
    let mut line = |name: &str, value: &str| text.push_str(&format!("{}\n", wrapped(&format!("{name}: {value}"), 2, width).trim_start()));
    line("type", &page.kind);
    page.form.iter().for_each(|form| line("form", form));
    page.short_form.iter().for_each(|short| line("short form", short));
    page.required.iter().for_each(|when| line("required", when));
    page.default.iter().for_each(|default| line("default", default));
    line("layers", page.layers);
    if page.varies {
        line("environments", "may have `environments` and `without`");
    }
    if !page.values.is_empty() {
        text.push_str(&format!("\nvalues:\n{}", table(page.values.iter().map(|(word, words)| (word.clone(), words.as_str())), width)));
    }
    if !page.keys.is_empty() {
        text.push_str(&format!("\nkeys:\n{}", list(&page.keys, width)));
    }
    text.push_str(&format!("\nexample:\n  {}: {}\n", page.path.rsplit('.').next().unwrap_or_default(), flow(&page.example)));
    text
}

/// The keys of a page with the first sentences of their descriptions.
fn list(keys: &[Page], width: usize) -> String {
    let row = |page: &Page| {
        let name = page.path.rsplit('.').next().unwrap_or_default();
        format!("{name}{}", if page.required == Some("yes") { " (required)" } else { "" })
    };
    table(keys.iter().map(|page| (row(page), page.description.as_str())), width)
}

/// Every key below a page on one line, with its kind, default and description.
fn tree(page: &Page, width: usize) -> String {
    let mut text = String::new();
    for key in &page.keys {
        let required = match key.required {
            None => String::new(),
            Some("yes") => ", required".to_string(),
            Some(when) => format!(", required {when}"),
        };
        let default = key.default.as_ref().map(|default| format!(", default {default}")).unwrap_or_default();
        let values: Vec<&str> = key.values.iter().map(|(word, _)| word.as_str()).collect();
        let kind = if values.is_empty() { key.kind.clone() } else { wording::either(&values) };
        text.push_str(&format!("{}  ({kind}{required}{default})\n", key.path));
        text.push_str(&format!("    {}\n", wrapped(&key.description, 4, width)));
        text.push_str(&tree(key, width));
    }
    text
}

fn references(all: &[reference::Reference], width: usize) -> String {
    let first = "References in texts. platgen replaces them with addresses, names and secrets of the environment and region that is rendered; the \
                 port of another entry's `address`, `port` or `url` is its only port, or the one named after a colon: `${app/NAME:PORT.address}`. \
                 `$${` is a literal `${`.";
    let rows = all.iter().map(|one| (one.form.clone(), one.description.as_str()));
    format!("{}\n\n{}\nexample:\n  config: {{CART_URL: \"http://${{app/cart.address}}/\"}}\n", wrapped(first, 0, width), table(rows, width))
}

/// Rows of a name and a description, with the descriptions in one column.
fn table<'a>(rows: impl Iterator<Item = (String, &'a str)>, width: usize) -> String {
    let rows: Vec<(String, &str)> = rows.collect();
    let column = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let row = |(name, words): &(String, &str)| {
        format!("  {name:column$}  {}", wrapped(words, column + 4, width)).trim_end().to_string()
            + "
"
    };
    rows.iter().map(row).collect()
}

/// A text on lines of at most `width` columns, the second and later ones indented.
fn wrapped(text: &str, indent: usize, width: usize) -> String {
    let mut lines = vec![String::new()];
    let room = width.saturating_sub(indent).max(20);
    for word in text.split_whitespace() {
        let Some(line) = lines.last_mut() else { continue };
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > room {
            lines.push(word.to_string());
        } else {
            line.push_str(if line.is_empty() { "" } else { " " });
            line.push_str(word);
        }
    }
    lines.join(&format!("\n{}", " ".repeat(indent)))
}

/// A value in YAML on one line.
fn flow(value: &Value) -> String {
    let join = |all: Vec<String>| all.join(", ");
    match value {
        Value::Object(map) => format!("{{{}}}", join(map.iter().map(|(key, value)| format!("{}: {}", word(key), flow(value))).collect())),
        Value::Array(items) => format!("[{}]", join(items.iter().map(flow).collect())),
        Value::String(text) => word(text),
        other => other.to_string(),
    }
}

fn word(text: &str) -> String {
    let bare = is_plain(text) && !text.contains(['#', ',', '[', ']', '{', '}', ':']);
    if bare { text.to_string() } else { Value::from(text).to_string() }
}
