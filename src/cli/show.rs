//! `platgen show`: every effective value of an environment and where it comes from.
//!
//! Walks the merged tree, whose every leaf knows its place; [`computed`](super::computed) adds what resolving made of it.

use super::computed::computed;
use super::{FAILED, Terminal, load, print_all};
use crate::diagnostic::wording;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Role, Span};
use crate::syntax::{Kind, Node};
use std::collections::BTreeMap;

/// Flags of `show`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Show {
    /// The place to show, such as `apps.web` or `cluster.version`. Default: everything.
    path: Option<String>,
    /// The spec.
    #[arg(long)]
    spec: Option<std::path::PathBuf>,
    /// The environment. Default: the first.
    #[arg(long)]
    env: Option<String>,
}

pub(super) fn run(show: &Show, terminal: &Terminal) -> u8 {
    let mut loaded = match load(show.spec.as_deref()) {
        Ok(loaded) => loaded,
        Err(fault) => {
            terminal.tell_plain(&[*fault]);
            return FAILED;
        }
    };
    let resolution = loaded.resolve();
    terminal.tell(
        &loaded.found.sorted().into_iter().filter(|d| d.severity == crate::diagnostic::Severity::Error).collect::<Vec<_>>(),
        &loaded.sources,
    );
    let names: Vec<&str> = loaded.specs.trees.keys().map(String::as_str).collect();
    let Some(name) = show.env.as_deref().or(names.first().copied()) else { return FAILED };
    let Some(tree) = loaded.specs.trees.get(name) else {
        let fault = Diagnostic::new(Code::UnknownReference, format!("there is no environment `{name}`"));
        terminal.tell_plain(&[fault.help(format!("declared: {}", wording::all(&names)))]);
        return FAILED;
    };
    let places = Places::of(&loaded, name);
    let (mut lines, mut written) = (Vec::new(), BTreeMap::new());
    walk(tree, String::new(), &places, &mut lines, &mut written);
    if let Some(platform) = resolution.as_ref().and_then(|r| r.estate.as_ref()).and_then(|estate| estate.environments.get(name)) {
        let lock = loaded.lock_text.as_deref().unwrap_or_default();
        lines.extend(
            computed(platform, &written, lock).into_iter().map(|(path, value, from)| (path, value, format!("computed from {from}"))),
        );
    }
    let wanted = show.path.as_deref().unwrap_or("");
    let within =
        |path: &str| wanted.is_empty() || path == wanted || path.strip_prefix(wanted).is_some_and(|rest| rest.starts_with(['.', '[']));
    let chosen: Vec<_> = lines.iter().filter(|(path, _, _)| within(path)).collect();
    if chosen.is_empty() {
        let known: Vec<&str> = lines.iter().map(|(path, _, _)| path.as_str()).collect();
        let fault = Diagnostic::new(Code::UnknownReference, format!("nothing stands at `{wanted}` in `{name}`"));
        terminal.tell_plain(&[match wording::suggest(wanted, known) {
            Some(close) => fault.help(format!("did you mean `{close}`?")),
            None => fault.help("`platgen show` without a path prints everything"),
        }]);
        return FAILED;
    }
    let path_width = chosen.iter().map(|(path, _, _)| path.chars().count()).max().unwrap_or(0).min(60);
    let value_width = chosen.iter().map(|(_, value, _)| value.chars().count()).max().unwrap_or(0).min(40);
    let text: String =
        chosen.iter().map(|(path, value, origin)| format!("{path:path_width$}  {value:value_width$}  # {origin}\n")).collect();
    print_all(&text);
    u8::from(loaded.found.has_errors())
}

/// Which stretches of the sources are profiles and environment blocks.
struct Places<'a> {
    loaded: &'a super::Loaded,
    environment: &'a str,
}

impl<'a> Places<'a> {
    fn of(loaded: &'a super::Loaded, environment: &'a str) -> Self {
        Places { loaded, environment }
    }

    fn origin(&self, span: Span) -> String {
        let source = self.loaded.sources.get(span.file);
        if source.role == Role::Default {
            return "default".to_string();
        }
        let at = format!("{}:{}", source.name, self.loaded.sources.position(span).line);
        let inside = |outer: &Span| outer.file == span.file && outer.start <= span.start && span.end <= outer.end;
        let profile = self
            .loaded
            .specs
            .profiles
            .iter()
            .find(|(_, outer)| inside(outer))
            .map(|(name, _)| format!(", profile {name}"))
            .unwrap_or_default();
        let block = if self.loaded.specs.blocks.get(self.environment).is_some_and(|blocks| blocks.iter().any(inside)) {
            format!(", environment {}", self.environment)
        } else {
            String::new()
        };
        format!("{at}{profile}{block}")
    }
}

/// A path, its value as it is printed, and where that comes from.
type Line = (String, String, String);

/// Adds every leaf of a tree; `written` gets its text as it is.
fn walk(node: &Node, path: String, places: &Places<'_>, lines: &mut Vec<Line>, written: &mut BTreeMap<String, String>) {
    let (value, text) = match &node.kind {
        Kind::Plain(text) => (text.to_string(), text.to_string()),
        Kind::Text(text) => (format!("{:?}", &**text), text.to_string()),
        Kind::List(items) if items.is_empty() => ("[]".to_string(), String::new()),
        Kind::Map(entries) if entries.is_empty() => ("{}".to_string(), String::new()),
        Kind::List(items) => {
            return items.iter().enumerate().for_each(|(at, item)| walk(item, format!("{path}[{at}]"), places, lines, written));
        }
        Kind::Map(entries) => {
            for entry in entries.iter() {
                let key = if entry.key.contains('.') { format!("{:?}", &*entry.key) } else { entry.key.to_string() };
                let below = if path.is_empty() { key } else { format!("{path}.{key}") };
                walk(&entry.value, below, places, lines, written);
            }
            return;
        }
    };
    written.insert(path.clone(), text);
    lines.push((path, value, places.origin(node.span)));
}
