use serde::Serialize;
use serde_json::json;

use super::*;

fn templates() -> Templates {
    Templates::new(&[
        ("pod.yaml.j2", "# dropped\nspec:\n  image: {{ image }}\n"),
        (
            "app.yaml.j2",
            "# {{ why }}\nkind: App\n{% if pod is not none %}\ntemplate: {{ pod }}\n{% endif %}\n{% for key in list %}\n{{ key }}: {{ self_ref }}\n{% endfor %}\n",
        ),
        ("fragment.yaml.j2", "pod: {{ pod }}\nlist: [{{ pod }}, {{ text }}]\ntext: {{ text }}\n"),
        ("placeholder.yaml.j2", "a: <0>\n"),
        ("broken.yaml.j2", "a: 1\n{% if flag %}\n{% include \"inner.yaml.j2\" %}\n{% endif %}\n"),
        ("inner.yaml.j2", "b: 1\nc: 2\nd: {{ text }}x\n"),
        ("main.tf.j2", "# {{ why }}\na = {{ text }}\nbcd = {{ self_ref }}\n"),
        ("filter.yaml.j2", "a: {{ text|safe }}\n"),
        ("undefined.yaml.j2", "a:\n  b: {{ text.nope.x }}\n"),
        ("fragment.tf.j2", "a = {{ pod }}\n"),
        ("delivery/ci.yaml.j2", "run: [[ text ]]\nif: \"${{ always() }}\"\n[% for x in list %]\n- [[ x ]]\n[% endfor %]\n"),
        ("notes.md.j2", "{{ text }}"),
    ])
}

#[derive(Serialize)]
struct View {
    why: Comment,
    pod: Option<Fragment>,
    list: Vec<String>,
    text: String,
    flag: bool,
    self_ref: Reference,
}

fn view() -> View {
    let [pod] = <[Document; 1]>::try_from(templates().render_yaml("pod.yaml.j2", &json!({"image": "r/x:1\n\"}"})).unwrap()).unwrap();
    View {
        why: Comment::new("one\ntwo:\t\u{2028}\"three\" # four"),
        pod: Some(Fragment::new(pod)),
        list: vec!["a: b\n- c".into()],
        text: "\"}\n- ${x} {{ y }}".into(),
        flag: true,
        self_ref: Reference::new("aws_vpc.main.id").unwrap(),
    }
}

#[test]
fn values_print_by_their_type() {
    let documents = templates().render_yaml("app.yaml.j2", &view()).unwrap();
    assert_eq!(documents.len(), 1);
    assert_eq!(documents[0].root().comment().collect::<Vec<_>>(), ["one two: \"three\" # four"]);
    assert_eq!(
        documents[0].to_json(),
        json!({"kind": "App", "template": {"spec": {"image": "r/x:1\n\"}"}}, "a: b\n- c": "aws_vpc.main.id"})
    );
    let without = templates().render_yaml("app.yaml.j2", &View { pod: None, list: Vec::new(), ..view() }).unwrap();
    assert_eq!(without[0].to_json(), json!({"kind": "App"}));
}

#[test]
fn fragments_stand_in_place_of_their_value_and_text_never_does() {
    let literal = View { text: "<0>".into(), ..view() };
    let documents = templates().render_yaml("fragment.yaml.j2", &literal).unwrap();
    let pod = json!({"spec": {"image": "r/x:1\n\"}"}});
    assert_eq!(documents[0].to_json(), json!({"pod": pod, "list": [pod, "<0>"], "text": "<0>"}));
    assert!(templates().render_yaml("placeholder.yaml.j2", &view()).is_err());
}

#[test]
fn hcl_values_print_by_their_type() {
    let text = templates().render_hcl("main.tf.j2", &view()).unwrap();
    assert_eq!(text, "# one two: \"three\" # four\na   = \"\\\"}\\n- $${x} {{ y }}\"\nbcd = aws_vpc.main.id\n");
}

#[test]
fn faults_name_template_and_line() {
    let fault = |name| templates().render_yaml(name, &view()).unwrap_err().to_string();
    assert_eq!(fault("broken.yaml.j2"), "template `inner.yaml.j2`, line 3: text after the closing quote: `d: \"\\\"}\\n- ${x} {{ y }}\"x`");
    assert_eq!(fault("undefined.yaml.j2"), "template `undefined.yaml.j2`, line 2: `text.nope` is undefined");
    assert!(fault("filter.yaml.j2").starts_with("template `filter.yaml.j2`, line 1: filter safe is unknown"));
    assert_eq!(fault("delivery/ci.yaml.j2"), "template `delivery/ci.yaml.j2`, line 4: a list item in a map: `- \"a: b\\n- c\"`");
    assert!(fault("notes.md.j2").contains("does not end in `.yaml.j2`"));
    assert!(fault("missing.yaml.j2").contains("missing.yaml.j2"));
    assert!(templates().render_hcl("fragment.tf.j2", &view()).is_err());
}

#[test]
fn references_are_traversals() {
    for text in ["local.a", "aws_x.y[\"a/b-c\"].id", "aws_x.y[0].id", "aws_x.y[each.key].id", "data.a.b.*.id", "module.a[*].b"] {
        assert!(Reference::new(text).is_ok(), "{text}");
    }
    for text in ["", "a", "a.", "a.b ", "a.b\n", "a.${b}", "a.b[\"${c}\"]", "a.b[", "a.b[]", "1.a", "a.b(c)", "a.b[\"]", "a.b[c]", "true"] {
        assert!(Reference::new(text).is_err(), "{text}");
    }
}

#[test]
fn every_embedded_template_has_a_known_type() {
    for name in Templates::embedded().names() {
        assert!(name.ends_with(".yaml.j2") || name.ends_with(".tf.j2"), "{name}");
    }
}
