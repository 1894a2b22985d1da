//! Documents -> canonical text: block style, two spaces, lists level with their key, quotes only where a reader needs them.
//!
//! Keys keep the order of the tree, except that a Kubernetes object starts with `apiVersion`, `kind`, `metadata`, `spec`, and every `metadata` in
//! it with name, namespace, labels and annotations. Text is never folded; text of several lines becomes a literal block where that is safe.
//! Comments are above their node. There are no blank lines.

use super::scalar;
use super::tree::{Document, NONE, Node, Value};

/// Prints several documents, `---` between them.
pub fn emit_all<'d>(documents: impl IntoIterator<Item = &'d Document>) -> String {
    let mut out = String::new();
    for document in documents {
        if !out.is_empty() {
            out.push_str("---\n");
        }
        emit(document, &mut out);
    }
    out
}

/// Appends one document, with a newline at its end.
pub fn emit(document: &Document, out: &mut String) {
    let root = document.root();
    let object = root.get("apiVersion").is_some() && root.get("kind").is_some();
    let mut printer = Printer { out, object };
    printer.comment(root, 0);
    if is_block(root.value()) {
        printer.block(root.value(), 0, if object { Order::Object } else { Order::Kept }, false);
    } else {
        printer.scalar(root.value(), None);
    }
    printer.lines(document.tail(), 0);
}

/// Whether a value is a map or list with children, which are on lines of their own.
fn is_block(value: Value) -> bool {
    matches!(value, Value::Map(children) | Value::List(children) if !children.is_empty())
}

/// Which keys of a map come first.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Order {
    Kept,
    Object,
    Metadata,
}

impl Order {
    fn rank(self, key: &str) -> usize {
        let first: &[&str] = match self {
            Order::Kept => &[],
            Order::Object => &["apiVersion", "kind", "metadata", "spec"],
            Order::Metadata => &["name", "namespace", "labels", "annotations"],
        };
        first.iter().position(|name| *name == key).unwrap_or(first.len())
    }
}

struct Printer<'o> {
    out: &'o mut String,
    /// Whether the document is a Kubernetes object.
    object: bool,
}

impl Printer<'_> {
    /// Prints a block. With `inline`, its first line follows a dash that is already printed.
    fn block(&mut self, block: Value, indent: usize, order: Order, mut inline: bool) {
        match block {
            Value::List(items) => {
                for item in items {
                    if !std::mem::take(&mut inline) {
                        self.item_comments(item, indent);
                        self.indent(indent);
                    }
                    self.out.push_str("- ");
                    if is_block(item.value()) {
                        self.block(item.value(), indent + 2, Order::Kept, true);
                    } else {
                        self.scalar(item.value(), Some(indent + 2));
                    }
                }
            }
            Value::Map(entries) if order == Order::Kept || entries.map(|entry| order.rank(entry.key())).is_sorted() => {
                entries.for_each(|entry| self.entry(entry, indent, std::mem::take(&mut inline)));
            }
            Value::Map(entries) => {
                let mut entries: Vec<Node> = entries.collect();
                entries.sort_by_key(|entry| order.rank(entry.key()));
                entries.into_iter().for_each(|entry| self.entry(entry, indent, std::mem::take(&mut inline)));
            }
            _ => {}
        }
    }

    fn entry(&mut self, entry: Node, indent: usize, inline: bool) {
        if !inline {
            self.comment(entry, indent);
            self.indent(indent);
        }
        let key = entry.key();
        if entry.slot().plain_key || scalar::is_plain_key(key) {
            self.out.push_str(key);
        } else {
            scalar::push_quoted(key, self.out);
        }
        let value = entry.value();
        if !is_block(value) {
            self.out.push_str(": ");
            return self.scalar(value, Some(indent + 2));
        }
        self.out.push_str(":\n");
        let order = if self.object && key == "metadata" { Order::Metadata } else { Order::Kept };
        // A list is level with its key.
        let below = if let Value::List(_) = value { indent } else { indent + 2 };
        self.block(value, below, order, false);
    }

    /// Prints a value on the rest of the line, or below it as a literal block at `indent`, and ends the line.
    fn scalar(&mut self, value: Value, indent: Option<usize>) {
        match value {
            Value::Null => self.out.push_str("null"),
            Value::Bool(value) => self.out.push_str(if value { "true" } else { "false" }),
            Value::Integer(digits) => self.out.push_str(digits),
            Value::Float(digits) => scalar::push_float(digits, self.out),
            Value::Map(_) => self.out.push_str("{}"),
            Value::List(_) => self.out.push_str("[]"),
            Value::Text(text, plain) => match indent {
                _ if plain || scalar::is_plain(text) => self.out.push_str(text),
                Some(indent) if text.contains('\n') && scalar::is_literal(text) => self.literal(text, indent),
                _ => scalar::push_quoted(text, self.out),
            },
        }
        self.out.push('\n');
    }

    /// Prints a literal block, without its last newline.
    fn literal(&mut self, text: &str, indent: usize) {
        let body = text.trim_end_matches('\n');
        let breaks = text.len() - body.len();
        self.out.push_str(match breaks {
            0 => "|-",
            1 => "|",
            _ => "|+",
        });
        for line in body.split('\n') {
            self.out.push('\n');
            if !line.is_empty() {
                self.indent(indent);
                self.out.push_str(line);
            }
        }
        self.out.extend(std::iter::repeat_n('\n', breaks.saturating_sub(1)));
    }

    fn comment(&mut self, node: Node, indent: usize) {
        if node.slot().comment != NONE {
            self.lines(node.comment(), indent);
        }
    }

    /// Prints the comments of a list item and of all nodes that start on its line, behind its dash, above that line.
    fn item_comments(&mut self, item: Node, indent: usize) {
        let mut node = item;
        loop {
            self.comment(node, indent);
            match node.value() {
                Value::List(mut items) => match items.next() {
                    Some(first) => node = first,
                    None => return,
                },
                Value::Map(mut entries) => return entries.next().into_iter().for_each(|first| self.comment(first, indent)),
                _ => return,
            }
        }
    }

    fn lines<'c>(&mut self, lines: impl Iterator<Item = &'c str>, indent: usize) {
        for line in lines {
            self.indent(indent);
            self.out.push('#');
            if !line.is_empty() {
                self.out.push(' ');
                self.out.push_str(line);
            }
            self.out.push('\n');
        }
    }

    fn indent(&mut self, indent: usize) {
        const SPACES: &str = "                                                                ";
        let mut left = indent;
        while left > 0 {
            let count = left.min(SPACES.len());
            self.out.push_str(&SPACES[..count]);
            left -= count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    fn canonical(text: &str) -> String {
        emit_all(&read(text).unwrap())
    }

    #[test]
    fn objects_come_out_in_kubernetes_order() {
        let text = "# made\nkind: ConfigMap\nmetadata: {\"labels\": {\"on\": \"yes\"}, \"name\": \"a\"}\n# what it holds\ndata:\n  b: \"x\\ny\\n\"\n  a: \"1\"\napiVersion: v1\n";
        let printed = "# made\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  labels:\n    \"on\": \"yes\"\n# what it holds\ndata:\n  b: |\n    x\n    y\n  a: \"1\"\n";
        assert_eq!(canonical(text), printed);
        assert_eq!(canonical(printed), printed);
    }

    #[test]
    fn other_documents_keep_their_order() {
        let text = "metadata:\n  labels: {}\n  name: a\nspec: []\nkind: x\n";
        assert_eq!(canonical(text), text);
    }

    #[test]
    fn lists_stand_level_with_their_key() {
        let text = "a: [[1, [], {\"b\": null}], [2]]\n";
        assert_eq!(canonical(text), "a:\n- - 1\n  - []\n  - b: null\n- - 2\n");
    }

    #[test]
    fn comments_stay_above_their_node() {
        let text = "# top\n---\na:\n# item\n- # no\n";
        assert!(read(text).is_err());
        let text = "# top\n---\n# more\na:\n  # item\n  -\n    # first key\n    b: 1\n    # second\n    c: 2\n#last\n---\nx: 1\n";
        let printed = "# top\n# more\na:\n# item\n# first key\n- b: 1\n  # second\n  c: 2\n# last\n---\nx: 1\n";
        assert_eq!(canonical(text), printed);
        assert_eq!(canonical(printed), printed);
    }

    #[test]
    fn breaks_at_the_end_of_text_are_kept() {
        for text in ["a\nb", "a\n", "a\n\n\n", "\na", "a\n\tb", "\ta\n", "a \nb", " a\nb", "#a\n", "\n"] {
            let document = Document::from_json(&serde_json::json!({"k": [text, 1], text: {"k": text}}));
            let mut out = String::new();
            emit(&document, &mut out);
            assert_eq!(read(&out).unwrap(), [document], "{out}");
        }
    }
}
