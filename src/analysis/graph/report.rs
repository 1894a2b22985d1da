//! A graph as text: what runs where, then who calls whom; for a terminal, or as Markdown with a picture of Mermaid.

use super::picture::{mermaid, of_group, title};
use super::{Edge, Graph, Node};
use crate::analysis::page::{Page, Style};
use crate::diagnostic::wording::{Count, plain};

/// The text about graphs.
pub fn report(graphs: &[Graph], style: Style) -> String {
    let mut page = Page::new(style);
    for (number, graph) in graphs.iter().enumerate() {
        if number > 0 {
            page.text.push('\n');
        }
        page.graph(graph);
    }
    page.text
}

impl Page {
    fn graph(&mut self, graph: &Graph) {
        self.title(&title(graph));
        let told: Vec<&Edge> = graph.edges.iter().filter(|edge| !edge.routine).collect();
        let routine = graph.edges.len() - told.len();
        let counts = [Count(graph.nodes.len(), "node").to_string(), Count(told.len(), "flow").to_string()];
        self.line(&format!("{}; {routine} more of name resolution and monitoring, which pictures leave out.", plain(counts)));
        if self.style == Style::Markdown {
            self.text += &format!("```mermaid\n{}```\n", mermaid(graph));
        }
        for (at, group) in graph.groups.iter().enumerate() {
            self.heading(&of_group(group));
            if !group.details.is_empty() {
                self.line(&group.details.join(", "));
            }
            let of_group = |node: &&Node| node.group == at;
            for node in graph.nodes.iter().filter(of_group) {
                let details = if node.details.is_empty() { String::new() } else { format!(": {}", node.details.join(", ")) };
                self.item(0, &format!("{}{details}", node.name));
            }
        }
        if told.is_empty() {
            return;
        }
        self.heading("Flows");
        let rows: Vec<[String; 4]> =
            told.into_iter().map(|edge| [edge.from.clone(), edge.to.clone(), edge.ports.join(", "), edge.lines.join("; ")]).collect();
        self.table(["from", "to", "ports", "said by"], &rows);
    }
}
