use super::*;
use serde_json::json;

fn inventory(values: &[serde_json::Value]) -> Inventory {
    let mut inventory = Inventory::default();
    for (document, value) in values.iter().enumerate() {
        inventory.add("a.yaml", Place { document, ..Place::default() }, value.clone()).expect("an object");
    }
    inventory
}

fn deployment(name: &str, labels: serde_json::Value) -> serde_json::Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "shop"},
        "spec": {"template": {"metadata": {"labels": labels}, "spec": {"serviceAccountName": "web", "containers": [
            {"envFrom": [{"configMapRef": {"name": "map"}}, {"secretRef": {"name": "may", "optional": true}}],
             "env": [{"name": "X", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "x"}}}],
             "volumeMounts": [{"name": "files", "subPath": "a.conf"}]}],
            "volumes": [{"name": "files", "configMap": {"name": "files-map"}}]}}}})
}

#[test]
fn objects_are_found_by_who_they_are() {
    let all = inventory(&[
        deployment("web", json!({"app": "web"})),
        json!({"replicas": 7}),
        json!({"apiVersion": "v1", "kind": "Config", "users": []}),
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}),
    ]);
    assert_eq!(all.get("Deployment", "shop", "web").map(Object::id).as_deref(), Some("Deployment/shop/web"));
    assert_eq!(all.get("Namespace", "", "shop").map(|object| (object.place.document, object.group())), Some((3, "")));
    assert!(all.get("Deployment", "", "web").is_none());
    assert_eq!(all.objects().len(), 2);
}

#[test]
fn half_an_object_is_refused() {
    for (value, reason) in [
        (json!({"kind": "Role", "metadata": {"name": "a"}}), "has no `apiVersion`"),
        (json!({"apiVersion": "v1", "metadata": {"name": "a"}}), "has no `kind`"),
        (json!({"apiVersion": "v1", "kind": "Service", "metadata": {}}), "has no `metadata.name`"),
        (json!({"apiVersion": "v1", "kind": "Service", "spec": {}}), "has no `metadata.name`"),
        (json!({"apiVersion": "v1", "kind": "ConfigMapList", "items": {}}), "has `items` that are no list"),
    ] {
        assert_eq!(Inventory::default().add("a.yaml", Place::default(), value), Err((Place::default(), reason)));
    }
}

#[test]
fn texts_of_any_style_are_read() {
    let own =
        "# header\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: b\n";
    let foreign = "---\n---\nx: &labels {app: c}\n---\n# more\n{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Pod, metadata: {name: c, labels: &l {app: c}}},\n  {apiVersion: v1, kind: Pod, metadata: {name: d, labels: *l}}]}\n";
    let half = "a: 1\n---\n---\nkind: Pod\nmetadata: {name: x}\n";
    let texts =
        [("own.yaml", own), ("foreign.yaml", foreign), ("values.yaml", "replicas: 1\n"), ("bad.yaml", "a: 1\nb: [\n"), ("half.yaml", half)];
    let all = Inventory::read(texts);
    let found: Vec<(&str, usize, &str)> =
        all.objects().iter().map(|object| (object.name.as_str(), object.place.document, object.place.pointer.as_str())).collect();
    assert_eq!(found, [("a", 0, ""), ("b", 1, ""), ("c", 1, "/items/0"), ("d", 1, "/items/1")]);
    let labels = Labels::from([("app".to_owned(), "c".to_owned())]);
    assert!(all.objects()[2..].iter().all(|object| object.labels == labels));
    assert_eq!(
        locate(foreign, &[all.objects()[3].place_of("/metadata/name")]),
        [Some(foreign.find("name: d").map(|at| at..at + 7).expect("d"))]
    );
    assert_eq!(all.skipped(), ["values.yaml"]);
    let faults: Vec<(&str, usize)> = all.unreadable().iter().map(|fault| (fault.file.as_str(), fault.line)).collect();
    assert_eq!(faults, [("bad.yaml", 2), ("half.yaml", 4)]);
}

#[test]
fn selectors_mean_pods() {
    let all = inventory(&[
        deployment("a", json!({"app": "a", "tier": "x"})),
        deployment("b", json!({"app": "b", "tier": "x"})),
        deployment("c", json!(3)),
    ]);
    let selected = |value: serde_json::Value| {
        let pods = all.selected("shop", &Selector::of(&value));
        pods.into_iter().map(|at| all.owner(&all.pods()[at]).name.clone()).collect::<String>()
    };
    assert_eq!(selected(json!({})), "abc");
    assert_eq!(selected(json!({"matchLabels": {"tier": "x"}})), "ab");
    assert_eq!(selected(json!({"matchLabels": {"tier": "x", "app": "b"}})), "b");
    assert_eq!(selected(json!({"matchLabels": {"tier": "y"}})), "");
    assert_eq!(selected(json!({"matchExpressions": [{"key": "app", "operator": "In", "values": ["a", "z"]}]})), "a");
    assert_eq!(selected(json!({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["a"]}]})), "bc");
    assert_eq!(selected(json!({"matchExpressions": [{"key": "app", "operator": "Exists"}]})), "ab");
    assert_eq!(selected(json!({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]})), "c");
    assert!(all.selected("other", &Selector::default()).is_empty());
}

#[test]
fn names_are_references() {
    let all = inventory(&[
        deployment("web", json!({})),
        json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "r", "namespace": "shop"},
            "spec": {"parentRefs": [{"name": "public", "namespace": "gw", "sectionName": "https"}], "rules": [{"backendRefs": [{"name": "web", "port": 80}]}]}}),
    ]);
    let list = |at: usize| -> Vec<String> {
        let said = references(&all.objects()[at]);
        said.iter().map(|reference| format!("{}/{}/{} {:?}", reference.kind, reference.namespace, reference.name, reference.part)).collect()
    };
    assert_eq!(
        list(0),
        [
            "ServiceAccount/shop/web Whole",
            "ConfigMap/shop/files-map Whole",
            "ConfigMap/shop/map Whole",
            "Secret/shop/keys Key(\"x\")",
            "ConfigMap/shop/files-map Key(\"a.conf\")"
        ]
    );
    assert_eq!(list(1), ["Gateway/gw/public Section(\"https\")", "Service/shop/web Port(\"80\")"]);
}
