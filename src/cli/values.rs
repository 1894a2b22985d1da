//! The merged tree of an environment -> a line for each value, with the place that sets it.

use super::select::unknown;
use crate::analysis::parity::Pair;
use crate::diagnostic::{Code, Diagnostic};
use crate::project::{Failure, Project, Resolved};
use crate::source::{Role, Span};
use crate::syntax::{Kind, Node};
use std::collections::{BTreeMap, BTreeSet};

/// The origin of a static default.
pub(super) const DEFAULT: &str = "default";

/// A path, its value as it is printed, and where that comes from.
pub(super) type Line = (String, String, String);

/// The line of every leaf of an environment's tree.
pub(super) fn lines(tree: &Node, project: &Project, environment: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    walk(tree, String::new(), &Places { project, environment }, &mut lines);
    lines
}

/// Which stretches of the sources are profiles and environment blocks.
struct Places<'a> {
    project: &'a Project,
    environment: &'a str,
}

impl Places<'_> {
    fn origin(&self, span: Span) -> String {
        let source = self.project.sources.get(span.file);
        if source.role == Role::Default {
            return DEFAULT.to_string();
        }
        let at = format!("{}:{}", source.name, self.project.sources.position(span).line);
        let inside = |outer: &Span| outer.file == span.file && outer.start <= span.start && span.end <= outer.end;
        let profile = self
            .project
            .specs
            .profiles
            .iter()
            .find(|(_, outer)| inside(outer))
            .map(|(name, _)| format!(", profile {name}"))
            .unwrap_or_default();
        let block = if self.project.specs.blocks.get(self.environment).is_some_and(|blocks| blocks.iter().any(inside)) {
            format!(", environment {}", self.environment)
        } else {
            String::new()
        };
        format!("{at}{profile}{block}")
    }
}

/// Adds the line of every leaf of a tree.
fn walk(node: &Node, path: String, places: &Places<'_>, lines: &mut Vec<Line>) {
    let value = match &node.kind {
        Kind::Plain(text) => text.to_string(),
        Kind::Text(text) => format!("{:?}", &**text),
        Kind::List(items) if items.is_empty() => "[]".to_string(),
        Kind::Map(entries) if entries.is_empty() => "{}".to_string(),
        Kind::List(items) => {
            return items.iter().enumerate().for_each(|(at, item)| walk(item, format!("{path}[{at}]"), places, lines));
        }
        Kind::Map(entries) => {
            for entry in entries.iter() {
                let key = if entry.key.contains('.') { format!("{:?}", &*entry.key) } else { entry.key.to_string() };
                let below = if path.is_empty() { key } else { format!("{path}.{key}") };
                walk(&entry.value, below, places, lines);
            }
            return;
        }
    };
    lines.push((path, value, places.origin(node.span)));
}

/// The resolved project, and the project with `environment` alone: configured as `model`, and as it is.
///
/// # Errors
/// The spec has faults, or no such environments.
pub(super) fn pair(project: Project, environment: &str, model: &str) -> Result<(Resolved, [Project; 2]), Box<Failure>> {
    let known: Vec<&str> = project.specs.environments.keys().map(String::as_str).collect();
    if let Some(name) = [environment, model].into_iter().find(|name| !known.contains(name)) {
        return Err(Box::new(unknown("environment", name, &known)).into());
    }
    if environment == model {
        let fault = Diagnostic::new(Code::Contradiction, format!("`{environment}` is compared with itself"));
        return Err(Box::new(fault.help("name another environment with `--with`")).into());
    }
    let resolved = project.resolve()?;
    let pair = resolved.compared(environment, model);
    Ok((resolved, pair))
}

/// The values of the spec that differ, each with its place. `pair` is the environment configured as `model`, and as it is.
pub(super) fn differing(pair: [&Project; 2], environment: &str, model: &str) -> Vec<Pair> {
    let [configured, own] = pair;
    let of = |project: &Project, source: &str| {
        let tree = project.specs.trees.get(environment);
        whole(tree.map(|tree| lines(tree, own, source)).unwrap_or_default())
    };
    // A block of the environment's own spec says what it overrides; in the other one the blocks are those of `model`.
    let (before, after) = (of(configured, model), of(own, environment));
    let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let one = |path: &String| {
        let (was, is) = (before.get(path), after.get(path));
        let value = |side: Option<&(String, String)>| side.map(|(value, _)| value.clone());
        (value(was) != value(is)).then(|| Pair { path: path.clone(), with: was.cloned(), environment: is.cloned() })
    };
    paths.into_iter().filter_map(one).collect()
}

/// Values and places by path, each list of scalars as one value.
fn whole(lines: Vec<Line>) -> BTreeMap<String, (String, String)> {
    let mut all: BTreeMap<String, (String, String)> = BTreeMap::new();
    for (path, value, place) in lines {
        let list = path.strip_suffix(']').and_then(|path| path.rsplit_once('[')).map(|(list, _)| list.to_owned());
        match list.as_ref().and_then(|list| all.get_mut(list)) {
            Some((known, _)) => *known = format!("{}, {value}]", known.trim_end_matches(']')),
            None if list.is_some() => drop(all.insert(list.unwrap_or_default(), (format!("[{value}]"), place))),
            None => drop(all.insert(path, (value, place))),
        }
    }
    all
}
