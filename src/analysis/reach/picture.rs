//! Who may talk to whom as a picture: a graph in Mermaid, and a matrix in SVG.
//!
//! Both have the ends in the order of the report, so that the same platform has the same picture. Name resolution is left out: everybody has it.

use super::{Pair, Reach};
use crate::analysis::drawing::{mermaid as quoted, svg as escaped};
use crate::model::Addon;
use std::fmt::Write;

/// The pairs that a picture shows.
fn shown(reach: &Reach) -> impl Iterator<Item = &Pair> {
    let differs = |pair: &&Pair| !pair.undeclared.is_empty() || !pair.blocked.is_empty();
    let routine = |pair: &&Pair| pair.to == Addon::Dns.name() || (pair.open.is_empty() && pair.declared.is_empty());
    reach.pairs.iter().filter(move |pair| differs(pair) || !routine(pair))
}

/// The ends of the pairs that a picture shows, in the order of the report; ranges that nobody declared come last.
fn ends(reach: &Reach) -> Vec<&str> {
    let mut all: Vec<&str> = Vec::new();
    let named = shown(reach).flat_map(|pair| [pair.from.as_str(), pair.to.as_str()]).collect::<Vec<_>>();
    let ranges = named.iter().copied().filter(|name| !reach.ends.iter().any(|end| end.name == *name));
    for name in reach.ends.iter().map(|end| end.name.as_str()).filter(|end| named.contains(end)).chain(ranges) {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

/// A graph in the language of Mermaid. Thick arrows are open though nobody declared them, dotted ones are declared and blocked; those that end in a circle, in the
/// colour of the matrix, are open on ports that policies can't close.
pub fn mermaid(reach: &Reach) -> String {
    let ends = ends(reach);
    let mut text = format!("---\ntitle: \"{}\"\n---\nflowchart LR\n", quoted(&title(reach)));
    for (number, end) in ends.iter().enumerate() {
        let _ = writeln!(text, "  e{number}[\"{}\"]", quoted(end));
    }
    let number = |name: &str| ends.iter().position(|end| *end == name).unwrap_or_default();
    let (mut edges, mut also) = (0, Vec::new());
    for pair in shown(reach) {
        let (from, to) = (number(&pair.from), number(&pair.to));
        let mut edge = |arrow: &str, ports: &[String]| {
            if !ports.is_empty() {
                let _ = writeln!(text, "  e{from} {arrow}|\"{}\"| e{to}", quoted(&ports.join(", ")));
                edges += 1;
            }
            edges
        };
        edge("-->", &pair.declared_open);
        edge("==>", &pair.undeclared);
        if let Some(it) = &pair.also {
            also.push((edge("--o", &it.ports) - 1).to_string());
        }
        let mut blocked: Vec<String> = pair.blocked.iter().flat_map(|one| one.ports.clone()).collect();
        blocked.sort_unstable();
        blocked.dedup();
        edge("-.->", &blocked);
    }
    if !also.is_empty() {
        let _ = writeln!(text, "  linkStyle {} stroke:{ALSO}", also.join(","));
    }
    text
}

/// The side of a cell of the matrix.
const CELL: usize = 22;

/// About how wide a letter of a label is.
const LETTER: usize = 7;

/// A matrix: callers are rows, callees are columns; each cell has its ports as a title.
pub fn svg(reach: &Reach) -> String {
    let all = ends(reach);
    let rows: Vec<&str> = all.iter().copied().filter(|end| shown(reach).any(|pair| pair.from == *end)).collect();
    let columns: Vec<&str> = all.iter().copied().filter(|end| shown(reach).any(|pair| pair.to == *end)).collect();
    let long = |names: &[&str]| names.iter().map(|name| name.chars().count()).max().unwrap_or(0) * LETTER + 16;
    let (left, top) = (long(&rows), long(&columns) + 30);
    let (width, height) = ((left + columns.len() * CELL + 20).max(560), top + rows.len() * CELL + 40);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <title>{}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n<text x=\"8\" y=\"18\" font-weight=\"bold\">{}</text>\n",
        escaped(&title(reach)),
        escaped(&title(reach)),
    );
    for (at, name) in columns.iter().enumerate() {
        let (x, y) = (left + at * CELL + CELL / 2 + 4, top - 6);
        let _ = writeln!(text, "<text transform=\"translate({x} {y}) rotate(-90)\">{}</text>", escaped(name));
    }
    for (at, name) in rows.iter().enumerate() {
        let (x, y) = (left - 8, top + at * CELL + CELL - 7);
        let _ = writeln!(text, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"end\">{}</text>", escaped(name));
        for (column, callee) in columns.iter().enumerate() {
            let (x, y) = (left + column * CELL, top + at * CELL);
            let pair = shown(reach).find(|pair| pair.from == *name && pair.to == *callee);
            let (fill, title) = pair.map_or(("#f3f4f6", String::new()), cell);
            let title = if title.is_empty() { title } else { format!("<title>{}</title>", escaped(&title)) };
            let _ = writeln!(
                text,
                "<rect x=\"{x}\" y=\"{y}\" width=\"{CELL}\" height=\"{CELL}\" fill=\"{fill}\" stroke=\"#ffffff\">{title}</rect>"
            );
        }
    }
    let y = height - 14;
    let legend = [
        (8, OPEN, "declared"),
        (108, UNDECLARED, "not declared"),
        (228, BLOCKED, "declared, blocked"),
        (368, ALSO, "shared address, or no policy"),
    ];
    for (x, fill, words) in legend {
        let _ = writeln!(
            text,
            "<rect x=\"{x}\" y=\"{}\" width=\"12\" height=\"12\" fill=\"{fill}\"/><text x=\"{}\" y=\"{y}\">{words}</text>",
            y - 10,
            x + 18
        );
    }
    text + "</svg>\n"
}

const OPEN: &str = "#15803d";
const UNDECLARED: &str = "#b91c1c";
const BLOCKED: &str = "#d97706";
const ALSO: &str = "#60a5fa";

/// The colour of a pair, and what it says.
fn cell(pair: &Pair) -> (&'static str, String) {
    let (fill, what) = match (pair.undeclared.is_empty(), pair.blocked.is_empty()) {
        (false, _) => (UNDECLARED, format!("{}, not declared", pair.undeclared.join(", "))),
        (true, false) => (BLOCKED, "declared and blocked".to_owned()),
        (true, true) if pair.declared_open.is_empty() => (ALSO, String::new()),
        (true, true) => (OPEN, pair.declared_open.join(", ")),
    };
    let also = pair.also.as_ref().map(|also| format!("{}, not declared: {}", also.ports.join(", "), also.reason));
    let what: Vec<String> = [what].into_iter().filter(|what| !what.is_empty()).chain(also).collect();
    let what = what.join("; ");
    (fill, format!("{} to {}: {what}", pair.from, pair.to))
}

fn title(reach: &Reach) -> String {
    format!("{}/{}: who may talk to whom", reach.environment, reach.region)
}
