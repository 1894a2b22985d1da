//! The check of templates notices the ones that break its rules.

use serde::Serialize;
use serde_json::json;

use super::hostile::check;
use crate::template::{Comment, Fragment, Reference, Templates};
use crate::yaml::Document;

#[derive(Serialize)]
struct View {
    why: Comment,
    name: String,
    labels: serde_json::Value,
    items: Vec<String>,
    pod: Fragment,
    vpc: Reference,
    size: Option<u16>,
}

fn view() -> View {
    View {
        why: Comment::new("because"),
        name: "a".into(),
        labels: json!({"app": "a", "deep": {"x": ["y", 1, null]}}),
        items: vec!["one".into(), "two".into()],
        pod: Fragment::new(Document::from_json(&json!({"spec": {"image": "i", "ports": [80]}}))),
        vpc: Reference::new("aws_vpc.main.id").expect("a traversal"),
        size: Some(3),
    }
}

fn templates() -> Templates {
    Templates::new(&[
        (
            "good.yaml.j2",
            "# {{ why }}\nkind: A\nname: {{ name }}\n# {{ why }}\nlabels: {{ labels }}\nitems:\n{% for item in items %}\n- {{ item }}: {{ size }}\n{% endfor %}\ntemplate: {{ pod }}\n---\nmore: {{ items }}\n",
        ),
        (
            "good.tf.j2",
            "# {{ why }}\nresource \"aws_x\" {{ name }} {\n  vpc = {{ vpc }}\n  tags = {{ labels }}\n  {% for item in items %}\n  rule {\n    text = {{ item }}\n    list = {{ items }}\n  }\n  {% endfor %}\n  size = {{ size }}\n}\n",
        ),
        ("delivery/good.yaml.j2", "name: [[ name ]]\nrun: \"${{ github.sha }}\"\nsteps: [[ items ]]\n"),
        ("composed.yaml.j2", "name: {{ name }}-{{ name }}\n"),
        ("literal.yaml.j2", "name: |\n  {{ name }}\n"),
        ("quoted.tf.j2", "a = <<EOT\n  {{ name }}\nEOT\n"),
    ])
}

/// The places of the texts that a template leaves out.
fn unprinted(name: &str) -> Vec<String> {
    let spied = check(&templates(), name, &view()).expect("nothing breaks out");
    spied.texts.into_iter().filter(|(_, printed)| !printed).map(|(place, _)| place).collect()
}

#[test]
fn good_templates_pass() {
    assert_eq!(unprinted("good.yaml.j2"), [""; 0]);
    assert_eq!(unprinted("good.tf.j2"), ["pod key spec", "pod.spec key image", "pod.spec key ports", "pod.spec.image"]);
    let left_out = ["labels.app", "labels.deep.x[]", "pod key spec", "pod.spec key image", "pod.spec key ports", "pod.spec.image", "why"];
    assert_eq!(unprinted("delivery/good.yaml.j2"), left_out);
}

#[test]
fn reads_and_whole_maps_are_told_apart() {
    let spied = check(&templates(), "good.yaml.j2", &view()).expect("nothing breaks out");
    assert_eq!(spied.whole.into_iter().collect::<Vec<_>>(), ["labels", "labels.deep"]);
    let dead = check(&templates(), "delivery/good.yaml.j2", &view()).expect("nothing breaks out").read;
    assert_eq!(dead.into_iter().collect::<Vec<_>>(), ["items", "name"]);
}

#[test]
fn bad_templates_are_noticed() {
    let fault = |name| check(&templates(), name, &view()).expect_err("it breaks a rule");
    assert!(fault("composed.yaml.j2").contains("line 1: text after the closing quote"), "{}", fault("composed.yaml.j2"));
    assert!(fault("literal.yaml.j2").starts_with("wanted"), "{}", fault("literal.yaml.j2"));
    assert!(fault("quoted.tf.j2").starts_with("wanted"), "{}", fault("quoted.tf.j2"));
}
