//! A graph as a picture: bands of subnets with boxes, and the lines of each caller in a colour of its own.

use super::picture::{of_group, title};
use super::plan::{Arrow, Caller, Plan, ROW, Shape, UNIT, plan, short};
use super::{Graph, Sort, drawn};
use crate::analysis::drawing::svg as escaped;
use std::fmt::Write;

/// The colours of lines. They repeat where there are more callers.
const COLOURS: [&str; 10] = ["#0550ae", "#b3261e", "#1a7f37", "#8250df", "#9a6700", "#0b6e7f", "#bf3989", "#57606a", "#bc4c00", "#2f5d00"];

/// The fill of a box, with its word in the legend.
const SORTS: [(Sort, &str, &str); 6] = [
    (Sort::Entrance, "#ddf4ff", "entrance"),
    (Sort::App, "#ffffff", "app"),
    (Sort::Job, "#f3e8ff", "job"),
    (Sort::Store, "#dafbe1", "store"),
    (Sort::Addon, "#fff8c5", "add-on"),
    (Sort::External, "#ffebe9", "outside"),
];

/// The height of the legend.
const LEGEND: usize = 5 * UNIT;

/// A graph as an SVG.
pub fn svg(graph: &Graph) -> String {
    let graph = drawn(graph);
    let labels: Vec<Vec<String>> = graph
        .groups
        .iter()
        .map(|group| std::iter::once(of_group(group)).chain(group.details.clone()).map(|line| short(&line)).collect())
        .collect();
    let plan = plan(&graph, &labels);
    let (width, height) = (plan.width.max(560), plan.height + LEGEND);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"11\" fill=\"#1f2328\">\n\
         <title>{0}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n<text x=\"8\" y=\"24\" font-size=\"14\" font-weight=\"bold\">{0}</text>\n",
        escaped(&title(&graph)),
    );
    for (band, lines) in plan.bands.iter().zip(&labels) {
        let _ = writeln!(
            text,
            "<rect x=\"4\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"6\" fill=\"#f6f8fa\" stroke=\"#d0d7de\"/>",
            band.y,
            width - 8,
            band.height
        );
        for (row, line) in lines.iter().enumerate() {
            let weight = if row == 0 { " font-weight=\"bold\"" } else { " fill=\"#57606a\"" };
            let _ = writeln!(text, "<text x=\"16\" y=\"{}\"{weight}>{}</text>", band.y + 3 * UNIT + ROW * row, escaped(line));
        }
    }
    lines(&mut text, &graph, &plan);
    for (node, shape) in graph.nodes.iter().zip(&plan.boxes) {
        let fill = SORTS.iter().find(|(sort, ..)| *sort == node.kind).map_or("#ffffff", |(_, fill, _)| fill);
        draw(&mut text, shape, fill, &format!("{}: {}", node.name, node.details.join(", ")));
    }
    let mut x = 2 * UNIT;
    let y = plan.height;
    for (_, fill, word) in SORTS {
        let _ = writeln!(
            text,
            "<rect x=\"{x}\" y=\"{y}\" width=\"12\" height=\"12\" rx=\"2\" fill=\"{fill}\" stroke=\"#8c959f\"/><text x=\"{}\" y=\"{}\">{word}</text>",
            x + 18,
            y + 10
        );
        x += 10 * UNIT;
    }
    let _ = writeln!(text, "<text x=\"16\" y=\"{}\" fill=\"#57606a\">Left out: name resolution and monitoring.</text>", y + 28);
    text + "</svg>\n"
}

/// The lines of callers, and where they meet.
fn lines(text: &mut String, graph: &Graph, plan: &Plan) {
    let colour = |node: usize| {
        let number = plan.callers.iter().position(|caller| caller.node == node).unwrap_or_default();
        COLOURS[number % COLOURS.len()]
    };
    let name = |node: usize| graph.nodes.get(node).map_or("", |node| node.name.as_str());
    for Arrow { node, y, x, joints } in &plan.arrows {
        let Some((first, _)) = joints.first() else { continue };
        let callers: Vec<&str> = joints.iter().map(|(_, caller)| name(*caller)).collect();
        let _ = writeln!(
            text,
            "<g stroke=\"#57606a\" fill=\"#57606a\"><title>{} to {}</title><path d=\"M{first} {y}H{}\" fill=\"none\"/><path d=\"M{x} {y}l-7 -4v8z\"/></g>",
            escaped(&callers.join(", ")),
            escaped(name(*node)),
            x - 6
        );
    }
    for Caller { node, lines } in &plan.callers {
        let path: String = lines.iter().map(|[(x, y), (to_x, to_y)]| format!("M{x} {y}L{to_x} {to_y}")).collect();
        let _ = writeln!(
            text,
            "<path d=\"{path}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.5\" stroke-linecap=\"round\"><title>calls of {}</title></path>",
            colour(*node),
            escaped(name(*node))
        );
    }
    for (y, (x, caller)) in plan.arrows.iter().flat_map(|arrow| arrow.joints.iter().map(move |joint| (arrow.y, joint))) {
        let _ = writeln!(text, "<circle cx=\"{x}\" cy=\"{y}\" r=\"3\" fill=\"{}\"/>", colour(*caller));
    }
}

/// The box of a node.
fn draw(text: &mut String, shape: &Shape, fill: &str, about: &str) {
    let Shape { x, y, width, height, title, details, ports } = shape;
    let _ = writeln!(
        text,
        "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"5\" fill=\"{fill}\" stroke=\"#8c959f\"><title>{}</title></rect>",
        escaped(about)
    );
    let mut row = 0;
    let mut line = |words: &str, style: &str| {
        let _ = writeln!(text, "<text x=\"{}\" y=\"{}\"{style}>{}</text>", x + UNIT, y + UNIT + ROW * row + 12, escaped(words));
        row += 1;
    };
    line(title, " font-size=\"12\" font-weight=\"bold\"");
    details.iter().for_each(|words| line(words, " fill=\"#57606a\""));
    ports.iter().for_each(|words| line(words, ""));
}
