//! Rows to canonical text: indentation, tables, comments, blank lines.
//!
//! Values stand one blank after their colon, or in one column where their author made a table of neighbouring lines; comments at line ends likewise.
//! A section of several lines is set apart by blank lines; elsewhere blank lines are the author's, one at a time.

use super::BEFORE_COMMENT;
use super::scan::{Item, Row};
use std::collections::{BTreeMap, BTreeSet};

/// Prints the items of a text.
pub(super) fn print(items: Vec<Item>) -> String {
    let items = set_apart(squeeze(items));
    let below = rows_below(&items);
    let mut lines: Vec<String> = Vec::new();
    let mut at = 0;
    while at < items.len() {
        match &items[at] {
            Item::Blank => lines.push(String::new()),
            Item::Comment { column, text, levels } => lines.push(" ".repeat(depth(*column, levels, below[at])) + text),
            Item::Row(_) => {
                let rows: Vec<&Row> =
                    items[at..].iter().map_while(|item| if let Item::Row(row) = item { Some(row) } else { None }).collect();
                block(&rows, &mut lines);
                at += rows.len();
                continue;
            }
        }
        at += 1;
    }
    lines.iter().fold(String::new(), |text, line| text + line + "\n")
}

/// The indentation of a comment: that of the row below, or of the level it stands in where that is deeper.
fn depth(column: usize, levels: &[(usize, usize)], next: Option<(usize, usize)>) -> usize {
    let (below, indent) = next.unwrap_or((0, 0));
    let level = levels.iter().rev().find(|(old, _)| *old <= column).map_or(0, |(_, new)| *new);
    if column > below { level.max(indent) } else { indent }
}

/// For every item, the first row from there on: its indentation as written and its new one.
fn rows_below(items: &[Item]) -> Vec<Option<(usize, usize)>> {
    let mut next = None;
    let below = items.iter().rev().map(|item| {
        if let Item::Row(row) = item {
            next = Some((row.column, row.indent));
        }
        next
    });
    let mut all: Vec<_> = below.collect();
    all.reverse();
    all
}

/// One blank line at a time; none at the start, at the end, and below a line that opens something.
fn squeeze(items: Vec<Item>) -> Vec<Item> {
    let mut kept: Vec<Item> = Vec::new();
    for item in items {
        let opens = |row: &Row| row.value.is_empty() && (row.key.is_some() || !row.lead.is_empty());
        match (&item, kept.last()) {
            (Item::Blank, None | Some(Item::Blank)) => {}
            (Item::Blank, Some(Item::Row(row))) if opens(row) => {}
            _ => kept.push(item),
        }
    }
    if matches!(kept.last(), Some(Item::Blank)) {
        kept.pop();
    }
    kept
}

/// A blank line between two sections where one of them has several lines.
fn set_apart(items: Vec<Item>) -> Vec<Item> {
    let is_top = |item: &Item| matches!(item, Item::Row(row) if row.indent == 0);
    let tops: Vec<usize> = (0..items.len()).filter(|at| is_top(&items[*at])).collect();
    let last_row = |section: usize| {
        let end = tops.get(section + 1).copied().unwrap_or(items.len());
        (tops[section]..end).rev().find(|at| matches!(items[*at], Item::Row(_))).unwrap_or(tops[section])
    };
    let is_long = |section: usize| {
        let tail = matches!(&items[tops[section]], Item::Row(row) if !row.tail.is_empty());
        tail || last_row(section) > tops[section]
    };
    let mut after = BTreeSet::new();
    for section in 0..tops.len().saturating_sub(1) {
        let (end, next) = (last_row(section), tops[section + 1]);
        let apart = items[end + 1..next].iter().any(|item| matches!(item, Item::Blank));
        // A comment that stands deeper belongs to the section above it.
        let own = items[end + 1..next].iter().take_while(|item| matches!(item, Item::Comment { column, .. } if *column > 0)).count();
        if !apart && (is_long(section) || is_long(section + 1)) {
            after.insert(end + own);
        }
    }
    let mut apart = Vec::new();
    for (at, item) in items.into_iter().enumerate() {
        apart.push(item);
        if after.contains(&at) {
            apart.push(Item::Blank);
        }
    }
    apart
}

/// Rows without anything between them.
fn block(rows: &[&Row], lines: &mut Vec<String>) {
    let width = |row: &Row| row.indent + row.lead.len() + row.key.as_deref().map_or(0, |key| key.chars().count());
    let in_table = |row: &&Row| row.key.is_some() && !row.value.is_empty() && row.tail.is_empty();
    let mut heads: Vec<String> = Vec::new();
    let mut at = 0;
    while at < rows.len() {
        let run: Vec<&&Row> =
            rows[at..].iter().take_while(|row| in_table(row) && (row.indent, &row.lead) == (rows[at].indent, &rows[at].lead)).collect();
        let run = if run.is_empty() { vec![&rows[at]] } else { run };
        let cells: Vec<(usize, usize)> = run.iter().map(|row| (row.value_column, width(row))).collect();
        let column = is_table(&cells).then(|| cells.iter().map(|(_, width)| *width).max().unwrap_or_default() + 1);
        for row in &run {
            let mut head = " ".repeat(row.indent) + &row.lead + row.key.as_deref().unwrap_or_default();
            if !row.value.is_empty() {
                let gap = column.map_or(1, |column| column - width(row));
                head.push_str(&" ".repeat(if row.key.is_some() { gap } else { 0 }));
                head.push_str(&row.value);
            }
            heads.push(head);
        }
        at += run.len();
    }
    let mut at = 0;
    while at < rows.len() {
        let run = rows[at..].iter().take_while(|row| row.comment.is_some() && row.tail.is_empty()).count().max(1);
        let length = |number: usize| heads[number].chars().count();
        let comment = |row: &Row| row.comment.as_ref().map_or(0, |(_, column)| *column);
        let cells: Vec<(usize, usize)> = (at..at + run).map(|number| (comment(rows[number]), length(number))).collect();
        let column = is_table(&cells).then(|| cells.iter().map(|(_, length)| *length).max().unwrap_or_default() + BEFORE_COMMENT);
        for (number, row) in rows.iter().enumerate().skip(at).take(run) {
            let gap = column.map_or(BEFORE_COMMENT, |column| column - length(number));
            let comment = row.comment.as_ref().map_or(String::new(), |(text, _)| " ".repeat(gap) + text);
            lines.push(heads[number].clone() + &comment);
            lines.extend(row.tail.iter().cloned());
        }
        at += run;
    }
}

/// Whether all cells but one, which may be new, stand in one column though what is before them has different lengths: that is no accident.
fn is_table(cells: &[(usize, usize)]) -> bool {
    let mut columns: BTreeMap<usize, (usize, usize, usize)> = BTreeMap::new();
    for (column, width) in cells {
        let (count, least, most) = columns.entry(*column).or_insert((0, *width, *width));
        (*count, *least, *most) = (*count + 1, *width.min(least), *width.max(most));
    }
    columns.values().any(|(count, least, most)| count + 1 >= cells.len() && least != most)
}
