use super::*;
use crate::source::Sources;
use crate::syntax::{Field, Map};
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct App {
    image: Field<String>,
    port: Field<u16>,
    config: Field<Map<String, String>>,
    needs: Field<Vec<Field<String>>>,
    kind: Field<Shape>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Shape {
    Round,
    Square,
}

fn read(text: &str, name: &str) -> (App, Vec<String>) {
    let mut sources = Sources::default();
    let file = sources.add(name, text);
    let mut found = Diagnostics::default();
    let node = crate::syntax::parse(&sources, file, &mut found).expect("the text is well-formed");
    let app = decode(&node, &mut found);
    let told = found
        .sorted()
        .iter()
        .map(|d| format!("{} {}: {}", d.span.map_or("", |span| sources.text(span)), d.code.name(), d.message))
        .collect();
    (app, told)
}

#[test]
fn scalars_are_read_by_the_type_of_their_field() {
    let (app, told) = read("image: 1.10\nconfig: {A: NO, B: 0755, C: on}\nport: 80\nkind: round\n", "a.yaml");
    assert_eq!(told, Vec::<String>::new());
    assert_eq!(app.image.get().map(String::as_str), Some("1.10"));
    assert!(matches!(app.kind.get(), Some(Shape::Round)));
    let config = app.config.get().expect("is set");
    let values: Vec<_> = config.set().map(|(_, _, value)| value.as_str()).collect();
    assert_eq!(values, ["NO", "0755", "on"]);
}

#[test]
fn every_fault_is_found_in_one_pass() {
    let yaml = "image: [x]\nprot: 1\nport: eighty\nconfig: {A: x, B: [1]}\nneeds: [a, {}, b]\nkind: rund\n";
    let toml = "image = ['x']\nprot = 1\nport = 'eighty'\nconfig = {A = 'x', B = [1]}\nneeds = ['a', {}, 'b']\nkind = 'rund'\n";
    let (app, told) = read(yaml, "a.yaml");
    assert_eq!(
        told,
        [
            "[x] wrong-type: expected a string, found a list",
            "prot unknown-key: unknown key `prot`",
            "eighty wrong-type: expected a whole number, found `eighty`",
            "[1] wrong-type: expected a string, found a list",
            "{} wrong-type: expected a string, found a map",
            "rund unknown-value: `rund` is not one of `round` or `square`",
        ]
    );
    assert!(matches!(app.image, Field::Bad(_)));
    assert_eq!(app.needs.get().map(Vec::len), Some(3));
    assert_eq!(read(toml, "a.toml").1.len(), 6);
}
