//! A table in a text file: sorted lines of tab-separated fields.
//!
//! Line 1 names the source. The other lines are sorted by the bytes of their first field, the name, so that binary search finds a name without
//! parsing the table.

/// The text of a table.
pub(super) struct Table(pub(super) &'static str);

impl Table {
    /// The lines after the first.
    fn body(&self) -> &'static str {
        self.0.split_once('\n').map_or("", |(_, body)| body)
    }

    /// The fields after the name on the line of `name`.
    pub(super) fn find(&self, name: &str) -> Option<impl Iterator<Item = &'static str> + use<>> {
        let body = self.body();
        let (mut low, mut high) = (0, body.len());
        while low < high {
            // `low` and `high` are starts of lines. Compare the line in the middle.
            let middle = low + (high - low) / 2;
            let start = body.as_bytes()[low..middle].iter().rposition(|&byte| byte == b'\n').map_or(low, |at| low + at + 1);
            let end = body.as_bytes()[start..].iter().position(|&byte| byte == b'\n').map_or(body.len(), |at| start + at);
            let mut fields = body[start..end].split('\t');
            match fields.next().unwrap_or_default().cmp(name) {
                std::cmp::Ordering::Equal => return Some(fields),
                std::cmp::Ordering::Less => low = (end + 1).min(high),
                std::cmp::Ordering::Greater => high = start,
            }
        }
        None
    }

    /// All lines but the first, each with its name.
    pub(super) fn rows(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.body().lines()
    }

    /// All names, sorted by their bytes.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.rows().filter_map(|line| line.split('\t').next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_found_and_nothing_else() {
        let table = Table("# source\na\t1\nb-c\t2\nd\t3\t4\n");
        assert_eq!(table.names().collect::<Vec<_>>(), ["a", "b-c", "d"]);
        for (name, fields) in [("a", vec!["1"]), ("b-c", vec!["2"]), ("d", vec!["3", "4"])] {
            assert_eq!(table.find(name).map(|found| found.collect::<Vec<_>>()), Some(fields));
        }
        for name in ["", "#", "# source", "b", "b-", "b-c\t2", "c", "e", "é"] {
            assert!(table.find(name).is_none(), "{name}");
        }
        assert!(Table("# source\n").find("a").is_none() && Table("").find("").is_none());
    }
}
