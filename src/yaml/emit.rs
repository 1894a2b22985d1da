//! Documents -> canonical text: block style, two spaces, lists level with their key, quotes only where a reader needs them.
//!
//! Keys stand in the order of the tree, except that a Kubernetes object starts with `apiVersion`, `kind`, `metadata`, `spec`, and a
//! `metadata` inside it with name, namespace, labels and annotations. Text is never folded; several lines become a literal block where that is
//! safe. Comments stand above their node, blank lines nowhere.

use super::scalar;
use super::tree::{Content, Document, Node};

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
    if is_block(root) {
        printer.block(root, 0, if object { Order::Object } else { Order::Kept }, false);
    } else {
        printer.scalar(root, None);
        printer.out.push('\n');
    }
    printer.lines(document.tail(), 0);
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
    /// A map or list with children. With `inline`, the cursor stands behind a dash on the block's first line.
    fn block(&mut self, node: Node, indent: usize, order: Order, mut inline: bool) {
        if matches!(node.content(), Content::List(_)) {
            for item in node.items() {
                if !std::mem::take(&mut inline) {
                    self.comment(item, indent);
                    self.first_comments(item, indent);
                    self.indent(indent);
                }
                self.out.push_str("- ");
                if is_block(item) {
                    self.block(item, indent + 2, Order::Kept, true);
                } else {
                    self.scalar(item, Some(indent + 2));
                    self.out.push('\n');
                }
            }
        } else if order != Order::Kept && !node.entries().map(|(key, _)| order.rank(key)).is_sorted() {
            let mut entries: Vec<_> = node.entries().collect();
            entries.sort_by_key(|(key, _)| order.rank(key));
            entries.into_iter().for_each(|(key, value)| self.entry(key, value, indent, std::mem::take(&mut inline)));
        } else {
            node.entries().for_each(|(key, value)| self.entry(key, value, indent, std::mem::take(&mut inline)));
        }
    }

    fn entry(&mut self, key: &str, value: Node, indent: usize, inline: bool) {
        if !inline {
            self.comment(value, indent);
            self.indent(indent);
        }
        if value.slot().plain_key || scalar::is_plain_key(key) {
            self.out.push_str(key);
        } else {
            scalar::push_quoted(key, self.out);
        }
        self.out.push(':');
        if !is_block(value) {
            self.out.push(' ');
            self.scalar(value, Some(indent + 2));
            self.out.push('\n');
            return;
        }
        self.out.push('\n');
        let order = if self.object && key == "metadata" { Order::Metadata } else { Order::Kept };
        let list = matches!(value.content(), Content::List(_));
        self.block(value, if list { indent } else { indent + 2 }, order, false);
    }

    /// A value on the rest of the line, or below it as a literal block at `indent`.
    fn scalar(&mut self, node: Node, indent: Option<usize>) {
        match node.content() {
            Content::Null => self.out.push_str("null"),
            Content::Bool(value) => self.out.push_str(if value { "true" } else { "false" }),
            Content::Integer(_) => self.out.push_str(node.number().unwrap_or_default()),
            Content::Float(_) => scalar::push_float(node.number().unwrap_or_default(), self.out),
            Content::Map(_) => self.out.push_str("{}"),
            Content::List(_) => self.out.push_str("[]"),
            Content::Text(_) => {
                let text = node.as_str().unwrap_or_default();
                match indent {
                    _ if node.slot().plain_text || scalar::is_plain(text) => self.out.push_str(text),
                    Some(indent) if text.contains('\n') && scalar::is_literal(text) => self.literal(text, indent),
                    _ => scalar::push_quoted(text, self.out),
                }
            }
        }
    }

    /// A literal block, without its last newline.
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
        if node.has_comment() {
            self.lines(node.comment(), indent);
        }
    }

    /// The comments of nodes that start on the line of `item` itself, behind its dash: they go above that line.
    fn first_comments(&mut self, item: Node, indent: usize) {
        let mut node = item;
        while let Some(first) = node.items().next() {
            self.comment(first, indent);
            node = first;
        }
        if let Some((_, first)) = node.entries().next() {
            self.comment(first, indent);
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

fn is_block(node: Node) -> bool {
    matches!(node.content(), Content::Map(_) | Content::List(_)) && !node.is_empty()
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
