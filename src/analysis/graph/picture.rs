//! A graph in the languages of Mermaid and of Graphviz, which place the nodes themselves.

use super::{Graph, Group, Node, Place, drawn};
use crate::analysis::drawing::{dot as quoted, mermaid as escaped};
use std::fmt::Write;

/// The title of a picture.
pub(super) fn title(graph: &Graph) -> String {
    format!("{}/{}/{}: what runs where, and who calls whom", graph.platform, graph.environment, graph.region)
}

/// The title of a group.
pub(super) fn of_group(group: &Group) -> String {
    if group.kind == Place::Subnet { format!("subnet {}", group.name) } else { group.name.clone() }
}

/// A node with its details, in lines.
fn lines(node: &Node) -> Vec<&str> {
    std::iter::once(node.title.as_str()).chain(node.details.iter().map(String::as_str)).collect()
}

/// The nodes of each group, with their numbers.
fn groups(graph: &Graph) -> impl Iterator<Item = (usize, &Group, Vec<(usize, &Node)>)> {
    let of = |at: usize| graph.nodes.iter().enumerate().filter(move |(_, node)| node.group == at).collect();
    graph.groups.iter().enumerate().map(move |(at, group)| (at, group, of(at)))
}

/// The numbers of the ends of each edge, and its ports.
fn edges(graph: &Graph) -> impl Iterator<Item = (usize, usize, String)> {
    let number = |name: &str| graph.nodes.iter().position(|node| node.name == name);
    graph.edges.iter().filter_map(move |edge| Some((number(&edge.from)?, number(&edge.to)?, edge.ports.join(", "))))
}

/// A graph in the language of Mermaid.
pub fn mermaid(graph: &Graph) -> String {
    let graph = drawn(graph);
    let mut text = format!("---\ntitle: \"{}\"\n---\nflowchart LR\n", escaped(&title(&graph)));
    for (at, group, nodes) in groups(&graph) {
        let _ = writeln!(text, "  subgraph g{at}[\"{}\"]", escaped(&of_group(group)));
        for (number, node) in nodes {
            let label: Vec<String> = lines(node).into_iter().map(escaped).collect();
            let _ = writeln!(text, "    n{number}[\"{}\"]", label.join("<br>"));
        }
        text.push_str("  end\n");
    }
    for (from, to, ports) in edges(&graph) {
        let _ = writeln!(text, "  n{from} -->|\"{}\"| n{to}", escaped(&ports));
    }
    text
}

/// A graph in the language of Graphviz.
pub fn dot(graph: &Graph) -> String {
    let graph = drawn(graph);
    let mut text = format!(
        "digraph {{\n  label=\"{}\";\n  labelloc=t;\n  rankdir=LR;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\", fontsize=10];\n",
        quoted(&title(&graph))
    );
    for (at, group, nodes) in groups(&graph) {
        let _ = writeln!(text, "  subgraph cluster_{at} {{\n    label=\"{}\";", quoted(&of_group(group)));
        for (number, node) in nodes {
            let label: Vec<String> = lines(node).into_iter().map(quoted).collect();
            let _ = writeln!(text, "    n{number} [label=\"{}\"];", label.join("\\n"));
        }
        text.push_str("  }\n");
    }
    for (from, to, ports) in edges(&graph) {
        let _ = writeln!(text, "  n{from} -> n{to} [label=\"{}\"];", quoted(&ports));
    }
    text + "}\n"
}
