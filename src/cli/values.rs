//! The merged tree of an environment -> a line for each value, with the place that sets it.

use crate::project::Project;
use crate::source::{Role, Span};
use crate::syntax::{Kind, Node};

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
