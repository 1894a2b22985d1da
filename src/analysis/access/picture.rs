//! Who may do what as a picture: a matrix of subjects and namespaces in SVG, and a graph in Mermaid.

use super::{Access, Cell, Holder, Level, Right, report::shown};
use crate::analysis::drawing::{Matrix, MatrixCell, mermaid as quoted};
use std::collections::BTreeSet;
use std::fmt::Write;

/// The width of a cell of the matrix, which has a word and letters in it.
const CELL: usize = 92;

/// The colours of levels, from light to dark, and what each says.
const LEVELS: [(Level, &str); 4] =
    [(Level::None, "#f3f4f6"), (Level::Read, "#dbeafe"), (Level::Change, "#fed7aa"), (Level::Full, "#fca5a5")];

/// The name of the column for the whole cluster.
const EVERYWHERE: &str = "cluster-wide";

/// A matrix: subjects are rows, namespaces are columns; each cell has the level, the letters of what is notable, and the roles as a title.
pub fn svg(access: &Access) -> String {
    let names: Vec<String> = access.holders.iter().map(name).collect();
    let legend: Vec<(&str, &str)> = LEVELS.iter().map(|(level, fill)| (*fill, level.word())).collect();
    let columns = access.holders.first().map(|holder| holder.cells.iter().map(place).collect()).unwrap_or_default();
    let title = title(access);
    let rows = names.iter().map(String::as_str).collect();
    let matrix = Matrix { title: &title, rows, columns, width: CELL, legend: &legend };
    matrix.svg(|row, column| {
        let holder = names.iter().position(|name| name == row).and_then(|at| access.holders.get(at));
        let cell = holder.and_then(|holder| holder.cells.iter().find(|cell| place(cell) == column));
        cell.filter(|cell| cell.level != Level::None).map_or_else(MatrixCell::empty, |cell| MatrixCell {
            fill: LEVELS.iter().find(|(level, _)| *level == cell.level).map_or("#f3f4f6", |(_, fill)| fill),
            text: shown(cell),
            about: format!("{row}, {column}: {}", roles(cell)),
        })
    })
}

/// A graph in the language of Mermaid: an arrow leads from a subject to each namespace in which it has rights, with the level, its letters and the roles. Rights
/// in the whole cluster are one arrow; a namespace has one beside it where more is allowed there.
pub fn mermaid(access: &Access) -> String {
    let mut text = format!("---\ntitle: \"{}\"\n---\nflowchart LR\n", quoted(&title(access)));
    let holds = |holder: &&Holder| holder.cells.iter().any(|cell| cell.level != Level::None);
    let holders: Vec<&Holder> = access.holders.iter().filter(holds).collect();
    let columns: Vec<&str> = access.holders.first().map(|holder| holder.cells.iter().map(place).collect()).unwrap_or_default();
    let has_own = |holder: &Holder, cell: &Cell| {
        cell.level != Level::None && (cell.namespace.is_none() || cell.rights.iter().any(|right| is_own(holder, right)))
    };
    let used = |column: &&str| holders.iter().any(|holder| holder.cells.iter().any(|cell| place(cell) == *column && has_own(holder, cell)));
    let columns: Vec<&str> = columns.into_iter().filter(used).collect();
    for (number, holder) in holders.iter().enumerate() {
        let _ = writeln!(text, "  h{number}([\"{}\"])", quoted(&name(holder)));
    }
    for (number, column) in columns.iter().enumerate() {
        let _ = writeln!(text, "  n{number}[\"{}\"]", quoted(column));
    }
    for (number, holder) in holders.iter().enumerate() {
        for cell in holder.cells.iter().filter(|cell| has_own(holder, cell)) {
            let at = columns.iter().position(|column| *column == place(cell)).unwrap_or_default();
            let _ = writeln!(text, "  h{number} -->|\"{}: {}\"| n{at}", quoted(&shown(cell)), quoted(&roles(cell)));
        }
    }
    text
}

/// Whether a right is one of its namespace, and not one in the whole cluster, which the first cell has.
fn is_own(holder: &Holder, right: &Right) -> bool {
    !holder
        .cells
        .first()
        .is_some_and(|cluster| cluster.namespace.is_none() && cluster.rights.iter().any(|one| one.binding == right.binding))
}

/// The roles that give the rights of a cell, each once.
fn roles(cell: &Cell) -> String {
    let roles: BTreeSet<&str> = cell.rights.iter().map(|right| right.role.as_str()).collect();
    roles.into_iter().collect::<Vec<_>>().join(", ")
}

fn name(holder: &Holder) -> String {
    format!("{} {}", holder.kind.word(), holder.name)
}

fn place(cell: &Cell) -> &str {
    cell.namespace.as_deref().unwrap_or(EVERYWHERE)
}

fn title(access: &Access) -> String {
    let missing = if access.unjudged.is_empty() { "" } else { ", without roles that are in no file" };
    format!("{}/{}: who may do what{missing}", access.environment, access.region)
}
