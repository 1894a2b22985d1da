//! What the canonical form looks like, in texts small enough to read.

use super::*;

fn lay_out(name: &str, text: &str) -> Result<String, String> {
    let mut sources = Sources::default();
    let id = sources.add(name, text);
    canonical(&sources, id).map_err(|faults| {
        let line = |fault: &Diagnostic| fault.span.map_or(0, |span| sources.position(span).line);
        faults.iter().map(|fault| format!("{}:{}: {}", fault.code.name(), line(fault), fault.message)).collect::<Vec<_>>().join("\n")
    })
}

/// Laid out as expected, and then left alone.
#[track_caller]
fn becomes(name: &str, text: &str, wanted: &str) {
    assert_eq!(lay_out(name, text).as_deref(), Ok(wanted));
    assert_eq!(lay_out(name, wanted).as_deref(), Ok(wanted), "a second time");
}

#[test]
fn lines_have_ends_and_sections_air() {
    becomes(
        "a.yaml",
        "\u{feff}---\r\n\r\n# head  \r\na:   1  \r\n\r\n\r\n\r\n# of b\r\nb:\r\n\r\n  c: 2\t\r\nd: 3\r\ne: 4\r\n\r\n",
        "# head\na: 1\n\n# of b\nb:\n  c: 2\n\nd: 3\ne: 4\n",
    );
    becomes("a.yaml", "a: 1\nb:\n  c: 2\n# after b\nd: 3", "a: 1\n\nb:\n  c: 2\n\n# after b\nd: 3\n");
}

#[test]
fn two_blanks_indent_maps_and_lists() {
    becomes(
        "a.yaml",
        "a:\n      b:\n       - x\n       -   c: 1\n           d: 2\n       - - y\n         -    z\n      e:\n      - f: 1\n        g:\n        - h\n",
        "a:\n  b:\n    - x\n    - c: 1\n      d: 2\n    - - y\n      - z\n  e:\n    - f: 1\n      g:\n        - h\n",
    );
}

#[test]
fn comments_stay_with_their_neighbours() {
    becomes(
        "a.yaml",
        "a:\n    # of b\n    b:\n    # in the list\n    - x # of x\n    # after x\n    c: |  # of c\n        text\n    # of d\n    d: {e: 1} #no\n",
        "a:\n  # of b\n  b:\n    # in the list\n    - x   # of x\n  # after x\n  c: |   # of c\n    text\n  # of d\n  d: {e: 1}   #no\n",
    );
}

#[test]
fn quotes_only_where_they_are_needed() {
    becomes(
        "a.yaml",
        "a: 'text'\nb: \"10\"\nc: 'no'\n'd': 'it''s'\n\"e f\": '\"'\ng: \"${app/x.url}\"\nh: 'a#b'\ni: \"https://x.example\"\nj: {k: \"https://x.example\", 'l': \"m\"}\nn: \"\\t\"\n",
        "a: text\nb: \"10\"\nc: \"no\"\nd: it's\n\"e f\": '\"'\ng: \"${app/x.url}\"\nh: \"a#b\"\ni: https://x.example\nj: {k: \"https://x.example\", l: m}\nn: \"\\t\"\n",
    );
}

#[test]
fn flow_collections_of_one_line_are_spaced_and_longer_ones_stay() {
    becomes("a.yaml", "a: { b:  1,c : [ 2,3 , ], }\n", "a: {b: 1, c: [2, 3]}\n");
    becomes("a.yaml", "a:\n   b: {c:   1, # one\n         d: 2}   \n", "a:\n  b: {c:   1, # one\n        d: 2}\n");
}

#[test]
fn tables_of_neighbouring_lines_stay_tables() {
    becomes(
        "a.yaml",
        "a:\n  b:     1   # one\n  cd:    2   # two\n  efghi: 3\n  jklmnop: 4\n",
        "a:\n  b:       1   # one\n  cd:      2   # two\n  efghi:   3\n  jklmnop: 4\n",
    );
    becomes("a.yaml", "a:\n  b:  1\n  cd: 2\n\n  e:    3\n", "a:\n  b:  1\n  cd: 2\n\n  e: 3\n");
    // One that stands below another by chance makes no table; one that was added to a table joins it.
    becomes("a.yaml", "a:\n  bc:   1\n  def:  2\n  ghij: 3\n  klmno: 4\n", "a:\n  bc:    1\n  def:   2\n  ghij:  3\n  klmno: 4\n");
    becomes("a.yaml", "a:\n  bc: 1\n  d:  2\n  efg: 3\n  hijk: 4\n", "a:\n  bc: 1\n  d: 2\n  efg: 3\n  hijk: 4\n");
    becomes("a.yaml", "a:\n  b: 1       # one\n  cdef: 22   # two\n", "a:\n  b: 1       # one\n  cdef: 22   # two\n");
}

#[test]
fn what_is_content_stays() {
    becomes(
        "a.yaml",
        "a:\n    - |\n        x  \n          y\n\n        # z\n\n    - >+\n      keep\n\n\n    - |2\n         deeper\n    - last\n",
        "a:\n  - |\n    x  \n      y\n\n    # z\n\n  - >+\n    keep\n\n\n  - |2\n       deeper\n  - last\n",
    );
    becomes(
        "a.yaml",
        "a:\n    b: one\n     two\n\n     three # c\n    d: \"one\n      two  \n\n      three\"  # e\n",
        "a:\n  b: one\n    two\n\n    three # c\n  d: \"one\n    two\n\n    three\"   # e\n",
    );
}

#[test]
fn toml_has_one_form_too() {
    becomes(
        "a.toml",
        "\n\n# head\n\"a\"   =  'b'  # c\n\n\n  [ d ]   # e\n\n  f='g'\n\n\n  # h\n  i . j   = {k=1,l . m = [ 'n',\"o\" , ] , }\n[p.\"q\"]\nr = 'a\"b'\ns = [\n    1, # one\n]\n\n\n# end",
        "# head\na = \"b\"   # c\n\n[d]   # e\nf = \"g\"\n\n# h\ni.j = { k = 1, l.m = [\"n\", \"o\"] }\n\n[p.q]\nr = 'a\"b'\ns = [\n    1, # one\n]\n\n# end\n",
    );
}

#[test]
fn what_cannot_be_kept_is_left_alone() {
    let refused = |name: &str, text: &str| lay_out(name, text).unwrap_err();
    assert_eq!(refused("a.yaml", "a: 1\n? b\n: c\n"), "layout:2: `a.yaml` stays as it is: keys after `?` are not laid out");
    assert_eq!(refused("a.yaml", "a: 1\n...\n"), "layout:2: `a.yaml` stays as it is: this belongs to streams of documents");
    assert_eq!(refused("a.yaml", "{a: 1}\n"), "layout:1: `a.yaml` stays as it is: its sections do not stand on lines of their own");
    assert_eq!(refused("a.yaml", "a: &b 1\n").split(':').next(), Some("anchor"));
    assert_eq!(refused("a.yaml", "a: 1\na: 2\n").split(':').next(), Some("duplicate-key"));
    assert!(refused("a.toml", "a = \n").starts_with("syntax:1"));
}

#[test]
fn nothing_is_lost_unseen() {
    assert_eq!(lost("a: 'b' # c\n", "a: b   # c\n"), None);
    assert_eq!(lost("a: 'b' # c\n", "a: b\n"), Some(7));
    assert_eq!(lost("a: b\n", "a: bc\n"), Some(5));
}
