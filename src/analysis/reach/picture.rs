//! Who may talk to whom as a picture: a graph in Mermaid, and a matrix in SVG.
//!
//! Both have the ends in the order of the report, so that the same platform has the same picture. Name resolution is left out: everybody has it.

use super::{Pair, Reach};
use crate::analysis::drawing::{Matrix, MatrixCell, mermaid as quoted};
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

/// A matrix: callers are rows, callees are columns; each cell has its ports as a title.
pub fn svg(reach: &Reach) -> String {
    let all = ends(reach);
    let matrix = Matrix {
        title: &title(reach),
        rows: all.iter().copied().filter(|end| shown(reach).any(|pair| pair.from == *end)).collect(),
        columns: all.iter().copied().filter(|end| shown(reach).any(|pair| pair.to == *end)).collect(),
        width: CELL,
        legend: &[
            (OPEN, "declared"),
            (UNDECLARED, "not declared"),
            (BLOCKED, "declared, blocked"),
            (ALSO, "not declared; shared address, or no policy"),
        ],
    };
    matrix.svg(|from, to| {
        let pair = shown(reach).find(|pair| pair.from == from && pair.to == to);
        pair.map_or_else(MatrixCell::empty, |pair| {
            let (fill, about) = cell(pair);
            MatrixCell { fill, about, text: String::new() }
        })
    })
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
