//! Templates print their view and nothing else, whatever its strings hold.

#[path = "support/hostile.rs"]
mod hostile;

use platgen::template::{Comment, Fragment, Reference, Templates};
use platgen::yaml::Document;
use serde::Serialize;
use serde_json::json;

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
        pod: Fragment::new(&Document::from_json(&json!({"spec": {"image": "i", "ports": [80]}}))),
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

#[test]
fn hostile_text_stays_in_its_place() {
    assert_eq!(hostile::check_yaml(&templates(), "good.yaml.j2", &view(), &["labels"]), Ok(vec![]));
    assert_eq!(hostile::check_hcl(&templates(), "good.tf.j2", &view(), &["labels"]), Ok(vec!["view.pod.spec.image".into()]));
    let unseen = hostile::check_yaml(&templates(), "delivery/good.yaml.j2", &view(), &[]).expect("nothing breaks out");
    assert_eq!(unseen, ["view.why", "view.labels.app", "view.labels.deep.x[0]", "view.pod.spec.image"]);
}

#[test]
fn the_check_notices_what_breaks_the_rules() {
    let yaml = |name| hostile::check_yaml(&templates(), name, &view(), &[]).expect_err("it breaks a rule");
    let hcl = |name| hostile::check_hcl(&templates(), name, &view(), &[]).expect_err("it breaks a rule");
    assert!(yaml("composed.yaml.j2").contains("line 1: text after the closing quote"), "{}", yaml("composed.yaml.j2"));
    assert!(yaml("literal.yaml.j2").contains("line 2: a literal block"), "{}", yaml("literal.yaml.j2"));
    assert!(hcl("quoted.tf.j2").starts_with("wanted"), "{}", hcl("quoted.tf.j2"));
}
