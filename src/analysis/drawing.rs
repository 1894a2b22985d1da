//! What pictures of reports share: texts inside of Mermaid, SVG and the language of Graphviz, and the matrix.

use std::fmt::Write;

/// A text inside of the double quotes of Mermaid.
pub(super) fn mermaid(text: &str) -> String {
    text.replace('#', "#35;").replace('"', "#quot;").replace(['\n', '\r'], " ")
}

/// A text of an SVG.
pub(super) fn svg(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A text inside of the double quotes of Graphviz.
pub(super) fn dot(text: &str) -> String {
    text.replace(['\n', '\r'], " ").replace('\\', "\\\\").replace('"', "\\\"")
}

/// A matrix of cells as an SVG.
pub(super) struct Matrix<'a> {
    /// Its title.
    pub(super) title: &'a str,
    /// The names of the rows.
    pub(super) rows: Vec<&'a str>,
    /// The names of the columns, which stand upright.
    pub(super) columns: Vec<&'a str>,
    /// How wide a cell is.
    pub(super) width: usize,
    /// Colours with what they mean.
    pub(super) legend: &'a [(&'a str, &'a str)],
}

/// A cell of a matrix.
pub(super) struct MatrixCell {
    /// Its colour.
    pub(super) fill: &'static str,
    /// What is written into it; nothing for the empty text.
    pub(super) text: String,
    /// What it says to who points at it; nothing for the empty text.
    pub(super) about: String,
}

impl MatrixCell {
    /// A cell that says nothing.
    pub(super) fn empty() -> MatrixCell {
        MatrixCell { fill: "#f3f4f6", text: String::new(), about: String::new() }
    }
}

impl Matrix<'_> {
    /// How high a cell is.
    const HEIGHT: usize = 22;
    /// About how wide a letter of a label is.
    const LETTER: usize = 7;

    /// The picture; `cell` gives the cell of a row and a column.
    pub(super) fn svg(&self, cell: impl Fn(&str, &str) -> MatrixCell) -> String {
        let (width_of_cell, side) = (self.width, Self::HEIGHT);
        let long = |names: &[&str]| names.iter().map(|name| name.chars().count()).max().unwrap_or(0) * Self::LETTER + 16;
        let width_of = |words: &str| words.chars().count() * Self::LETTER + 34;
        let (left, top) = (long(&self.rows), long(&self.columns) + 30);
        let legend: usize = self.legend.iter().map(|(_, words)| width_of(words)).sum();
        let width = (left + self.columns.len() * width_of_cell + 20).max(legend + 8).max(width_of(self.title));
        let height = top + self.rows.len() * side + 40;
        let title = svg(self.title);
        let mut text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
             <title>{title}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n<text x=\"8\" y=\"18\" font-weight=\"bold\">{title}</text>\n",
        );
        for (at, name) in self.columns.iter().enumerate() {
            let (x, y) = (left + at * width_of_cell + width_of_cell / 2 + 4, top - 6);
            let _ = writeln!(text, "<text transform=\"translate({x} {y}) rotate(-90)\">{}</text>", svg(name));
        }
        for (at, name) in self.rows.iter().enumerate() {
            let y = top + at * side;
            let _ = writeln!(text, "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>", left - 8, y + side - 7, svg(name));
            for (column, other) in self.columns.iter().enumerate() {
                let x = left + column * width_of_cell;
                let cell = cell(name, other);
                let about = if cell.about.is_empty() { String::new() } else { format!("<title>{}</title>", svg(&cell.about)) };
                let _ = writeln!(
                    text,
                    "<rect x=\"{x}\" y=\"{y}\" width=\"{width_of_cell}\" height=\"{side}\" fill=\"{}\" stroke=\"#ffffff\">{about}</rect>",
                    cell.fill
                );
                if !cell.text.is_empty() {
                    let (x, y) = (x + width_of_cell / 2, y + side - 7);
                    let _ = writeln!(text, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\">{}</text>", svg(&cell.text));
                }
            }
        }
        let (mut x, y) = (8, height - 14);
        for (fill, words) in self.legend {
            let _ = writeln!(
                text,
                "<rect x=\"{x}\" y=\"{}\" width=\"12\" height=\"12\" fill=\"{fill}\"/><text x=\"{}\" y=\"{y}\">{}</text>",
                y - 10,
                x + 18,
                svg(words)
            );
            x += width_of(words);
        }
        text + "</svg>\n"
    }
}
