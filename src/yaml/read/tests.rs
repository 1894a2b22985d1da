use serde_json::json;

use super::*;

fn one(text: &str) -> serde_json::Value {
    read(text).unwrap()[0].to_json()
}

fn reason(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

#[test]
fn blocks_nest_as_in_yaml() {
    let text = "a:\n  b: 1\n  c:\n  - x\n  - q: {\"z\": [true, -1.5e3, \"\\u00e9\\ud83d\\ude00\\n\"]}\n    w: |-\n      one\n        # two\n\n      three\n  -\n    - 1\n\nd: text with: colon\n";
    assert_eq!(reason(text), "line 14: a colon in an unquoted value");
    let text = text.replace("d: text with: colon", "\"d\": text with:colon");
    assert_eq!(
        one(&text),
        json!({"a": {"b": 1, "c": ["x", {"q": {"z": [true, -1500.0, "é😀\n"]}, "w": "one\n  # two\n\nthree"}, [1]]}, "d": "text with:colon"})
    );
}

#[test]
fn every_trap_is_refused_with_its_line() {
    for (text, wanted) in [
        ("a: \"x\" y", "line 1: text after the closing quote"),
        ("a: \"x\"\"y\"", "line 1: text after the closing quote"),
        ("a: [1] 2", "line 1: text after the closing bracket"),
        ("a: 1\nb:\t2", "line 2: expected `key: value`"),
        ("a: x\ty", "line 1: an unquoted value that not every YAML reader takes for the same text"),
        ("a:\n\t- x", "line 2: a tab in the indentation"),
        ("a: 1 ", "line 1: blanks at the end of a line"),
        ("a: 1\r\n", "line 1: a carriage return"),
        ("a: 1\nb: 2\na: 3", "line 3: the key `a` stands twice in one map"),
        ("a: 1\n\"\\u0061\": 3", "line 2: the key `a` stands twice in one map"),
        ("x: {\"a\": 1, \"\\u0061\": 2}", "line 1: the key `a` stands twice in one map"),
        ("a: &x 1", "line 1: an anchor"),
        ("a: *x", "line 1: an alias"),
        ("a: !x 1", "line 1: a tag"),
        ("a: 'x'", "line 1: single quotes: text is quoted as in JSON"),
        ("a: >\n  x\n", "line 1: a folded block"),
        ("a: b: c", "line 1: a colon in an unquoted value"),
        ("a: b # c", "line 1: a comment after a value"),
        ("a: yes", "line 1: an unquoted value that not every YAML reader takes for the same text"),
        ("a: 0755", "line 1: an unquoted value that not every YAML reader takes for the same text"),
        ("on: 1", "line 1: an unquoted key that not every YAML reader takes for text"),
        ("a:\n   b: 1\n  c: 2", "line 3: the indentation is that of no open block"),
        ("a:\nb: 1", "line 1: `a` has no value: print `null`, `[]` or `{}`, or leave the key out"),
        ("a: 1\n- b", "line 2: a list item in a map"),
        ("- b\na: 1", "line 2: text after the document's value"),
        ("- a: 1\n  - b", "line 2: a list item in a map"),
        ("[1, 2,]", "line 1: a value inside brackets that is not JSON"),
        ("[1 2]", "line 1: a missing comma inside brackets"),
        ("{\"a\" 1}", "line 1: a key inside braces without a colon"),
        ("{a: 1}", "line 1: a key inside braces that is not a JSON string"),
        ("[01]", "line 1: a value inside brackets that is not JSON"),
        ("[1", "line 1: a bracket that is not closed on its line"),
        ("\"\\ud800\"", "line 1: an escape that JSON does not have"),
        ("\"\\x41\"", "line 1: an escape that JSON does not have"),
        ("\"a", "line 1: a string that is not closed on its line"),
        ("a: |\n  x", "line 2: a literal block without a newline at its end"),
        ("a: |\nb: 1", "line 1: a literal block that is empty or holds characters which need quotes"),
        ("a: |\n    x\n  y\n", "line 3: a line of a literal block that stands left of its first"),
        ("a: |2\n  x\n", "line 2: a literal block starts with `|`, `|-` or `|+` alone"),
        ("x: 1\n---\nb: 1\n--- z", "line 4: expected `key: value`"),
        ("# a\n#\u{0}\n", "line 2: a control character or tab in a comment"),
        ("x: 1\n---\n# a\tb\n", "line 3: a control character or tab in a comment"),
        ("x: 1\n...\n", "line 2: expected `key: value`"),
    ] {
        assert_eq!(reason(text), wanted, "{text:?}");
    }
}

#[test]
fn depth_is_limited() {
    assert!(read(&format!("{}1", "- ".repeat(64))).is_ok());
    assert_eq!(reason(&format!("{}1", "- ".repeat(65))), "line 1: more than 64 levels");
    assert!(read(&format!("a: {}{}", "[".repeat(63), "]".repeat(63))).is_ok());
    assert_eq!(reason(&format!("a: {}", "[".repeat(100_000))), "line 1: more than 64 levels");
    assert_eq!(reason(&"- ".repeat(1_000_000)), "line 1: blanks at the end of a line");
}

#[test]
fn lines_count_through_all_documents() {
    let documents = read("# one\n---\na: 1\n---\n\n# two\nb:\n- 1\n").unwrap();
    assert_eq!(documents.len(), 2);
    assert_eq!(documents[0].root().comment().collect::<Vec<_>>(), ["one"]);
    assert_eq!(reason("# one\n---\na: 1\n---\n\n# two\nb:\n- 'x'\n"), "line 8: single quotes: text is quoted as in JSON");
    assert!(read("# nothing\n\n").unwrap().is_empty());
}
