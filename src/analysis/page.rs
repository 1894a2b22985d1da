//! The text of a report: titles, sentences, lists and tables, for a terminal or as Markdown.

use std::fmt::Write;

/// How a report is printed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Style {
    /// For a terminal.
    Plain,
    /// As Markdown.
    Markdown,
}

/// A report that is being written.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) style: Style,
    pub(super) text: String,
    /// The level of headings in Markdown.
    pub(super) level: usize,
}

impl Page {
    pub(super) fn new(style: Style) -> Page {
        Page { style, text: String::new(), level: 2 }
    }

    pub(super) fn title(&mut self, text: &str) {
        let _ = match self.style {
            Style::Plain => writeln!(self.text, "{text}\n"),
            Style::Markdown => writeln!(self.text, "# {text}\n"),
        };
    }

    pub(super) fn heading(&mut self, text: &str) {
        let _ = match self.style {
            Style::Plain => writeln!(self.text, "\n{}", text.to_uppercase()),
            Style::Markdown => writeln!(self.text, "\n{} {text}\n", "#".repeat(self.level)),
        };
    }

    pub(super) fn line(&mut self, text: &str) {
        self.text += &format!("{text}\n");
        if self.style == Style::Markdown {
            self.text.push('\n');
        }
    }

    pub(super) fn item(&mut self, depth: usize, text: &str) {
        let indent = "  ".repeat(depth);
        let mark = if self.style == Style::Markdown { format!("{indent}- ") } else { format!("  {indent}") };
        self.text += &format!("{mark}{}\n", self.escaped(text));
    }

    /// A table whose first column is text and whose other columns are as wide as they have to be.
    pub(super) fn table<const N: usize>(&mut self, head: [&str; N], rows: &[[String; N]]) {
        let rows: Vec<Vec<String>> = rows.iter().map(|row| row.to_vec()).collect();
        self.grid(&head.map(str::to_owned), &rows);
    }

    /// A table with any number of columns; each row has as many cells as the head.
    pub(super) fn grid(&mut self, head: &[String], rows: &[Vec<String>]) {
        if self.style == Style::Markdown {
            let row = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
            self.text += &row(head);
            self.text += &format!("|{}\n", "---|".repeat(head.len()));
            for cells in rows {
                self.text += &row(&cells.iter().map(|cell| self.escaped(cell)).collect::<Vec<_>>());
            }
            return;
        }
        let mut widths = vec![0; head.len()];
        for cells in std::iter::once(head).chain(rows.iter().map(Vec::as_slice)) {
            widths.iter_mut().zip(cells).for_each(|(width, cell)| *width = (*width).max(cell.chars().count()));
        }
        for cells in std::iter::once(head).chain(rows.iter().map(Vec::as_slice)) {
            let padded: Vec<String> = cells.iter().zip(&widths).map(|(cell, width)| format!("{:width$}", visible(cell))).collect();
            self.text += &format!("  {}\n", padded.join("  ").trim_end());
        }
    }

    /// What separates a table from a list below it.
    pub(super) fn end_table(&mut self) {
        if self.style == Style::Markdown {
            self.text.push('\n');
        }
    }

    /// Values may hold what Markdown reads as something else.
    pub(super) fn escaped(&self, text: &str) -> String {
        match self.style {
            Style::Plain => visible(text),
            Style::Markdown => visible(text)
                .replace('\\', "\\\\")
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('[', "\\[")
                .replace(']', "\\]")
                .replace('*', "\\*")
                .replace('_', "\\_")
                .replace('`', "\\`")
                .replace('|', "\\|"),
        }
    }
}

/// Items in groups of those that are alike, which are told once.
pub(super) fn groups<T>(all: &[T], alike: impl Fn(&T, &T) -> bool) -> Vec<Vec<&T>> {
    let mut groups: Vec<Vec<&T>> = Vec::new();
    for item in all {
        match groups.iter_mut().find(|group| group.first().is_some_and(|first| alike(first, item))) {
            Some(group) => group.push(item),
            None => groups.push(vec![item]),
        }
    }
    groups
}

/// A text whose control characters are spelt out.
pub(super) fn visible(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing of a value is a link, a tag, an entity, a mark or a cell of its own.
    #[test]
    fn values_are_text_in_markdown() {
        let text = "see [runbook](https://shop.example) & <b>*a* _b_ `c` &lt; ![d] | \\\n";
        assert_eq!(
            Page::new(Style::Markdown).escaped(text),
            "see \\[runbook\\](https://shop.example) &amp; &lt;b>\\*a\\* \\_b\\_ \\`c\\` &amp;lt; !\\[d\\] \\| \\\\\\\\n"
        );
        assert_eq!(Page::new(Style::Plain).escaped(text), text.replace('\n', "\\n"));
    }
}
