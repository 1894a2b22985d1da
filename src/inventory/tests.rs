use super::*;
use serde_json::json;

fn inventory(values: &[serde_json::Value]) -> Inventory {
    let mut inventory = Inventory::default();
    values.iter().enumerate().for_each(|(at, value)| inventory.add("a.yaml", at + 1, value.clone()));
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
        json!({"kind": "Role"}),
        json!(7),
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}),
    ]);
    assert_eq!(all.get("Deployment", "shop", "web").map(Object::id).as_deref(), Some("Deployment/shop/web"));
    assert_eq!(all.get("Namespace", "", "shop").map(|object| (object.line, object.group())), Some((4, "")));
    assert!(all.get("Deployment", "", "web").is_none());
    let reasons: Vec<(usize, &str)> = all.unreadable().iter().map(|fault| (fault.line, fault.reason.as_str())).collect();
    assert_eq!(reasons, [(2, "has no `apiVersion`"), (3, "has no `apiVersion`")]);
}

#[test]
fn texts_keep_their_lines() {
    let text =
        "# header\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: b\n";
    let all = Inventory::read([("a.yaml", text), ("b.yaml", "a: &x 1\n")]);
    let found: Vec<(&str, usize)> = all.objects().iter().map(|object| (object.name.as_str(), object.line)).collect();
    assert_eq!(found, [("a", 2), ("b", 7)]);
    assert_eq!(all.unreadable(), [Unreadable { file: "b.yaml".into(), line: 1, reason: "an anchor".into() }]);
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
