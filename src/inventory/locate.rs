//! Finds the bytes of a JSON pointer in a YAML text, for findings.
//!
//! Objects hold no positions, because few positions are ever needed: the text is parsed once more for the places of findings.

use saphyr_parser::{Event, Parser};
use std::ops::Range;

/// A place in a file: a document and a JSON pointer inside of it.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Place {
    /// The index of the document in the file, from 0; documents without a value are not counted.
    pub document: usize,
    /// A JSON pointer; empty for the whole document.
    pub pointer: String,
}

/// A map or list that is still open.
enum Open {
    Map { pointer: String, key: Option<(String, usize)> },
    List { pointer: String, next: usize },
}

/// The bytes of each place, or of the nearest value around it that the text has: a key with its scalar, the key of a map or list, an item of a list.
/// `None` where the text has no such document, or can't be read up to it.
pub fn locate(text: &str, places: &[Place]) -> Vec<Option<Range<usize>>> {
    // The parser counts characters, spans count bytes.
    let bytes: Option<Vec<usize>> = (!text.is_ascii()).then(|| text.char_indices().map(|(at, _)| at).collect());
    let byte = |at: usize| bytes.as_ref().map_or(at.min(text.len()), |table| table.get(at).copied().unwrap_or(text.len()));
    let mut best: Vec<Option<(usize, Range<usize>)>> = vec![None; places.len()];
    let mut open: Vec<Open> = Vec::new();
    let mut documents = 0;
    for event in Parser::new_from_str(text) {
        let Ok((event, span)) = event else { break };
        let (start, end) = (byte(span.start.index()), byte(span.end.index()));
        let (scalar, opens) = match &event {
            Event::MappingEnd | Event::SequenceEnd => {
                open.pop();
                documents += usize::from(open.is_empty());
                continue;
            }
            Event::Scalar(value, ..) => (Some(value), None),
            Event::Alias(_) => (None, None),
            Event::MappingStart(..) => (None, Some(true)),
            Event::SequenceStart(..) => (None, Some(false)),
            _ => continue,
        };
        let (pointer, range) = match open.last_mut() {
            // A document that is empty or a scalar is not counted.
            None => (String::new(), start..start),
            Some(Open::List { pointer, next }) => {
                let item = format!("{pointer}/{next}");
                *next += 1;
                (item, start..end)
            }
            Some(Open::Map { pointer, key }) => match key.take() {
                None => {
                    *key = Some((scalar.map(|name| name.replace('~', "~0").replace('/', "~1")).unwrap_or_default(), start));
                    // No pointer can name a key that is a map or list.
                    if opens.is_none() {
                        continue;
                    }
                    (format!("{pointer}/"), start..start)
                }
                Some((name, at)) => {
                    let inner = format!("{pointer}/{name}");
                    let key = at..at + text[at..].find([':', '\n']).unwrap_or_default();
                    let one_line = opens.is_none() && !text[at..end.max(at)].contains('\n');
                    (inner, if one_line { at..end } else { key })
                }
            },
        };
        for (place, best) in places.iter().zip(&mut best).filter(|(place, _)| place.document == documents) {
            let rest = place.pointer.strip_prefix(pointer.as_str());
            let around = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            if around && best.as_ref().is_none_or(|(length, _)| *length <= pointer.len()) {
                *best = Some((pointer.len(), trimmed(text, &range)));
            }
        }
        match opens {
            Some(true) => open.push(Open::Map { pointer, key: None }),
            Some(false) => open.push(Open::List { pointer, next: 0 }),
            None => {}
        }
    }
    best.into_iter().map(|best| best.map(|(_, range)| range)).collect()
}

/// A range without the line breaks and blanks at its end.
fn trimmed(text: &str, range: &Range<usize>) -> Range<usize> {
    range.start..range.start + text[range.start..range.end.max(range.start)].trim_end().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_or_the_nearest_around_them() {
        let text = "# é\n---\n---\na: 1\nb:\n  - {c/d: x}\n  - e: |\n      text\n    f: y # why\n---\nwhole: [1, 2]\n";
        let at = |document, pointer: &str| {
            let range = locate(text, &[Place { document, pointer: pointer.to_owned() }]).remove(0);
            range.map(|range| (text[..range.start].matches('\n').count() + 1, text[range].to_owned()))
        };
        let some = |line, shown: &str| Some((line, shown.to_owned()));
        assert_eq!(at(0, "/a"), some(4, "a: 1"));
        assert_eq!(at(0, "/b/0/c~1d"), some(6, "c/d: x"));
        assert_eq!(at(0, "/b/1/e"), some(7, "e"));
        assert_eq!(at(0, "/b/1/f"), some(9, "f: y"));
        assert_eq!(at(0, "/b/1/g/h"), some(7, ""), "the item");
        assert_eq!(at(0, "/b/7"), some(5, "b"));
        assert_eq!(at(1, "/whole/1"), some(11, "2"));
        assert_eq!(at(1, ""), some(11, ""));
        assert_eq!(at(2, ""), None);
        assert_eq!(locate("a: [", &[Place::default()]).len(), 1);
    }
}
