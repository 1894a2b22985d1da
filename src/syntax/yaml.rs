//! YAML -> [`Node`], through the events of `saphyr-parser`.
//!
//! Refused: anchors, aliases, merge keys and tags (each value is written at its place), keys that are not scalars, duplicate keys, several documents,
//! nesting beyond [`DEPTH`], and the control characters that YAML forbids.

use super::DEPTH;
use super::node::{Entry, Kind, Node};
use super::yaml_fault;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::{FileId, Span};
use saphyr_parser::{Event, Parser, ScalarStyle};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Parses a YAML text.
pub(super) fn parse(text: &str, file: FileId, found: &mut Diagnostics) -> Option<Node> {
    if let Some((at, sign)) = text.char_indices().find(|(_, sign)| !is_allowed(*sign)) {
        found.push(control_character(sign, Span::new(file, at..at + sign.len_utf8())));
        return None;
    }
    let offsets = Offsets::of(text);
    let mut reader = Reader { text, file, found, open: Vec::new(), root: None };
    for event in Parser::new_from_str(text) {
        match event {
            Ok((event, span)) => {
                let span = Span::new(file, offsets.byte(span.start.index())..offsets.byte(span.end.index()));
                if !reader.event(event, span) {
                    return None;
                }
            }
            Err(error) => {
                let at = offsets.byte(error.marker().index());
                let diagnostic = yaml_fault::diagnostic(text, file, at, error.info());
                reader.found.push(diagnostic);
                return None;
            }
        }
    }
    let root = reader.root;
    if root.is_none() {
        found.push(
            Diagnostic::new(Code::Syntax, "the file is empty")
                .at(Span::new(file, 0..0))
                .help("start with `apiVersion: platgen/v1`, or run `platgen init` to write a first spec"),
        );
    }
    root
}

/// Whether YAML allows a character (`c-printable` of YAML 1.2). The parser does not check.
fn is_allowed(sign: char) -> bool {
    matches!(sign, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..)
}

fn control_character(sign: char, span: Span) -> Diagnostic {
    let (number, escape) = (u32::from(sign), if sign < '\u{100}' { "\\x" } else { "\\u" });
    Diagnostic::new(Code::Syntax, format!("control character `U+{number:04X}` is not allowed in YAML"))
        .at(span)
        .help(format!("remove it, or write `{escape}{number:02x}` inside double quotes"))
}

/// Converts the parser's character indexes to byte offsets. In ASCII text both are equal.
struct Offsets {
    table: Option<Vec<u32>>,
    length: usize,
}

impl Offsets {
    fn of(text: &str) -> Self {
        let table = (!text.is_ascii()).then(|| text.char_indices().map(|(byte, _)| byte as u32).collect());
        Offsets { table, length: text.len() }
    }

    fn byte(&self, index: usize) -> usize {
        match &self.table {
            None => index.min(self.length),
            Some(table) => table.get(index).map_or(self.length, |&byte| byte as usize),
        }
    }
}

/// A list or map whose end is not reached yet.
struct Open {
    span: Span,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, key: Option<(Arc<str>, Span)>, seen: BTreeMap<Arc<str>, Span> },
}

struct Reader<'a> {
    text: &'a str,
    file: FileId,
    found: &'a mut Diagnostics,
    open: Vec<Open>,
    root: Option<Node>,
}

impl Reader<'_> {
    /// Handles one event. Returns false if parsing has to stop.
    fn event(&mut self, event: Event<'_>, span: Span) -> bool {
        match event {
            Event::Scalar(value, style, anchor, tag) => {
                self.refuse_properties(anchor, tag.is_some(), span);
                if let (ScalarStyle::Plain, Some(sign @ ('|' | '>'))) = (style, value.chars().next()) {
                    self.refuse_unquoted(sign, span);
                }
                let kind = match style {
                    ScalarStyle::Plain => Kind::Plain(Arc::from(&*value)),
                    _ => Kind::Text(Arc::from(&*value)),
                };
                self.add(Node { span, kind });
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_properties(anchor, tag.is_some(), span);
                return self.push(span, Content::List(Vec::new()));
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_properties(anchor, tag.is_some(), span);
                return self.push(span, Content::Map { entries: Vec::new(), key: None, seen: BTreeMap::new() });
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.open.pop() {
                    let whole = Span { end: self.trimmed_end(open.span.start, span.end), ..open.span };
                    self.add(match open.content {
                        Content::List(items) => Node::list(whole, items),
                        Content::Map { entries, .. } => Node::map(whole, entries),
                    });
                }
            }
            Event::Alias(_) => {
                let word = &self.text[span.range()];
                self.found.push(anchor(span, &format!("`{word}`: aliases are not part of the spec language")));
                self.add(Node { span, kind: Kind::Plain(Arc::from("")) });
            }
            Event::DocumentStart(_) if self.root.is_some() => {
                self.found.push(
                    Diagnostic::new(Code::Syntax, "a spec file can't have several documents")
                        .at(span)
                        .help("move the second document to another file of the same folder: a folder of files is one spec"),
                );
                return false;
            }
            _ => {}
        }
        true
    }

    /// Reports `|` and `>` at the start of a value inside brackets. YAML forbids them there, but the parser accepts them.
    fn refuse_unquoted(&mut self, sign: char, span: Span) {
        self.found.push(
            Diagnostic::new(Code::Syntax, format!("a value that starts with `{sign}` has to be quoted inside brackets"))
                .at(span)
                .help("write the value in double quotes; block text can't be inside brackets"),
        );
    }

    fn push(&mut self, span: Span, content: Content) -> bool {
        if self.open.len() >= DEPTH {
            self.found.push(Diagnostic::new(Code::Syntax, format!("nested deeper than {DEPTH} levels")).at(span));
            return false;
        }
        self.open.push(Open { span, content });
        true
    }

    fn add(&mut self, node: Node) {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        match &mut open.content {
            Content::List(items) => items.push(node),
            Content::Map { entries, key, seen } => match key.take() {
                Some((name, span)) => {
                    if let Some(&first) = seen.get(&name) {
                        self.found.push(
                            Diagnostic::new(Code::DuplicateKey, format!("duplicate key `{name}`"))
                                .at(span)
                                .related(first, "first used here")
                                .help("remove one of the two, or merge their values"),
                        );
                    } else if &*name == "<<" {
                        self.found.push(anchor(span, "`<<`: merge keys are not part of the spec language"));
                    } else {
                        seen.insert(name.clone(), span);
                        entries.push(Entry { key: name, span, value: node });
                    }
                }
                None => match node.scalar() {
                    Some(text) => *key = Some((Arc::from(text), node.span)),
                    None => {
                        self.found.push(Diagnostic::new(Code::Syntax, "a key has to be text").at(node.span));
                        *key = Some((Arc::from(""), node.span));
                    }
                },
            },
        }
    }

    /// Reports an anchor (`id` is 0 if there is none) and a tag.
    fn refuse_properties(&mut self, id: usize, tagged: bool, span: Span) {
        if id != 0 {
            let at = self.sign_before(span, '&');
            let word = &self.text[at.range()];
            self.found.push(anchor(at, &format!("`{word}`: anchors are not part of the spec language")));
        }
        if tagged {
            let at = self.sign_before(span, '!');
            self.found.push(
                Diagnostic::new(Code::Anchor, format!("`{}`: tags are not part of the spec language", &self.text[at.range()]))
                    .at(at)
                    .help("remove the tag: the field's type decides how the value is read"),
            );
        }
    }

    /// The anchor or tag, which starts with `sign`, before the value on the same line. The parser's span starts after it.
    fn sign_before(&self, span: Span, sign: char) -> Span {
        let before = &self.text[..span.range().start];
        let start = before.rfind(sign).filter(|&at| !before[at..].contains('\n')).unwrap_or(span.range().start);
        let end = self.text[start..].find(char::is_whitespace).map_or(self.text.len(), |length| start + length);
        Span::new(self.file, start..end)
    }

    /// The end of a block without the trailing blank lines, which the parser includes.
    fn trimmed_end(&self, start: u32, end: u32) -> u32 {
        let text = &self.text[start as usize..end.max(start) as usize];
        start + text.trim_end().len() as u32
    }
}

fn anchor(span: Span, message: &str) -> Diagnostic {
    Diagnostic::new(Code::Anchor, message)
        .at(span)
        .help("write the value wherever it is used, or share fields of apps with a profile (`profiles:` and `from:`)")
}
