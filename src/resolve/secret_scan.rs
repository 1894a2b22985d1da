//! Credentials in the spec. All written texts are scanned, even if a layer above removes them, because the file is committed.

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::Span;
use crate::syntax::{Kind, Node};
use crate::value::credential;

/// Keys below which the user chooses the names of texts.
const FREE: [&str; 7] = ["config", "headers", "json", "merge", "parameters", "values", "vars"];

/// Keys of lists with the words of a command.
const COMMANDS: [&str; 3] = ["args", "command", "exec"];

/// Reports every text of a spec that looks like a credential, and shapes that do not compile.
pub(super) fn check(root: &Node, found: &mut Diagnostics) {
    if let Err(reason) = credential::shapes() {
        found.push(Diagnostic::new(Code::InternalError, format!("the shapes of credentials do not compile: {reason}")));
    }
    walk(root, "", false, found);
}

/// `name` is the key nearest above, `free` whether the names here are the user's.
fn walk(node: &Node, name: &str, free: bool, found: &mut Diagnostics) {
    match &node.kind {
        Kind::Plain(text) | Kind::Text(text) => {
            if credential::has_shape(text) || (free && credential::is_named(name, text)) {
                tell(name, node.span, found);
            }
        }
        Kind::List(items) => {
            if COMMANDS.contains(&name) {
                words(items, name, found);
            } else {
                items.iter().for_each(|item| walk(item, name, free, found));
            }
        }
        Kind::Map(entries) => {
            // A variable as Kubernetes writes it has its name in one key and its text in another.
            let named = if free { node.get("name").and_then(Node::scalar) } else { None };
            for entry in entries.iter() {
                let free = free || FREE.contains(&&*entry.key);
                let own = match &*entry.key {
                    // The name of a file's text is the path of the file.
                    "text" if !name.is_empty() => name,
                    "value" => named.unwrap_or(&entry.key),
                    key => key,
                };
                walk(&entry.value, own, free, found);
            }
        }
    }
}

/// The words of a command: a credential may follow its flag, after `=` or as the next word.
fn words(items: &[Node], name: &str, found: &mut Diagnostics) {
    let mut flag = "";
    for item in items {
        let Some(text) = item.scalar() else {
            walk(item, name, false, found);
            continue;
        };
        let (own, value) = match text.split_once('=') {
            Some((own, value)) if own.starts_with('-') => (own, value),
            _ => (flag, text),
        };
        if credential::has_shape(text) || (!value.starts_with('-') && credential::is_named(own, value)) {
            tell(name, item.span, found);
        }
        flag = if text.starts_with('-') && !text.contains('=') { text } else { "" };
    }
}

fn tell(name: &str, at: Span, found: &mut Diagnostics) {
    let what = if name.is_empty() { "this text".to_owned() } else { format!("`{name}`") };
    let diagnostic = Diagnostic::new(Code::SecretLiteral, format!("{what} looks like a credential")).at(at);
    found.push(diagnostic.help(
        "put it in the secret manager and refer to it under `secrets` or as `${secret/path#key}`; if the text is not a credential, move it to `vars` under another name",
    ));
}
