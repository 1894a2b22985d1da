use super::*;
use serde_json::{Value, json};

fn object(kind: &str, place: &str, rest: &Value) -> Value {
    let (namespace, name) = place.split_once('/').unwrap_or(("", place));
    let mut object = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": {"name": name}});
    if !namespace.is_empty() {
        object["metadata"]["namespace"] = json!(namespace);
    }
    for (key, value) in rest.as_object().into_iter().flatten() {
        object[key] = value.clone();
    }
    object
}

fn role(kind: &str, place: &str, rules: &Value) -> Value {
    object(kind, place, &json!({"rules": rules}))
}

fn binding(kind: &str, place: &str, role: (&str, &str), subject: &Value) -> Value {
    let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": role.0, "name": role.1});
    object(kind, place, &json!({"roleRef": role, "subjects": [subject]}))
}

fn group(name: &str) -> Value {
    json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": name})
}

fn read(objects: &[Value]) -> Rights {
    Rights::read(objects).unwrap_or_else(|fault| panic!("{fault}"))
}

/// Whether a group may do something: `get pods in shop`, `get nodes`, `get apps deployments/scale in shop named web`.
fn may(rights: &Rights, subject: &Subject, namespace: &str, verb: &str, (group, resource, name): (&str, &str, &str)) -> bool {
    rights.allows(subject, &Request { namespace, verb, group, resource, name })
}

fn ops() -> Subject {
    Subject::Group("ops".to_owned())
}

const PODS: (&str, &str, &str) = ("", "pods", "");

fn readers() -> Value {
    role("ClusterRole", "reader", &json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]))
}

#[test]
fn a_binding_of_a_namespace_holds_there_alone() {
    let rights = read(&[readers(), binding("RoleBinding", "shop/ops", ("ClusterRole", "reader"), &group("ops"))]);
    assert!(may(&rights, &ops(), "shop", "get", PODS));
    for (namespace, verb, what) in [
        ("bank", "get", PODS),
        ("", "get", PODS),
        ("shop", "list", PODS),
        ("shop", "get", ("", "pods/log", "")),
        ("shop", "get", ("apps", "pods", "")),
    ] {
        assert!(!may(&rights, &ops(), namespace, verb, what), "{namespace} {verb} {what:?}");
    }
    assert!(!may(&rights, &Subject::User("ops".to_owned()), "shop", "get", PODS), "a user is no group");
    let given: Vec<&str> = rights.given(&ops(), Some("shop")).iter().map(|given| given.binding.object.as_str()).collect();
    assert_eq!((given, rights.given(&ops(), None).len()), (vec!["RoleBinding/shop/ops"], 0));
}

#[test]
fn a_binding_of_the_cluster_holds_everywhere() {
    let rights = read(&[readers(), binding("ClusterRoleBinding", "ops", ("ClusterRole", "reader"), &group("ops"))]);
    assert!(["", "shop", "kube-system"].iter().all(|namespace| may(&rights, &ops(), namespace, "get", PODS)));
}

#[test]
fn a_role_is_one_of_its_namespace() {
    let rules = json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]);
    let rights = read(&[
        role("Role", "bank/reader", &rules),
        binding("RoleBinding", "shop/ops", ("Role", "reader"), &group("ops")),
        binding("RoleBinding", "bank/ops", ("Role", "reader"), &group("ops")),
    ]);
    assert!(may(&rights, &ops(), "bank", "get", PODS) && !may(&rights, &ops(), "shop", "get", PODS));
    let unjudged: Vec<&str> = rights.unjudged().map(|binding| binding.object.as_str()).collect();
    assert_eq!(unjudged, ["RoleBinding/shop/ops"]);
}

#[test]
fn stars_and_subresources() {
    let rules = json!([
        {"apiGroups": ["apps"], "resources": ["*/scale"], "verbs": ["patch"]},
        {"apiGroups": [""], "resources": ["*"], "verbs": ["get"]},
        {"apiGroups": ["*"], "resources": ["jobs"], "verbs": ["*"]},
    ]);
    let rights = read(&[role("ClusterRole", "r", &rules), binding("RoleBinding", "shop/ops", ("ClusterRole", "r"), &group("ops"))]);
    let all: [(&str, (&str, &str, &str), bool); 8] = [
        ("patch", ("apps", "deployments/scale", ""), true),
        ("patch", ("apps", "deployments", ""), false),
        ("patch", ("apps", "deployments/status", ""), false),
        ("get", ("", "pods/exec", ""), true),
        ("get", ("", "secrets", "any"), true),
        ("get", ("apps", "deployments", ""), false),
        ("delete", ("batch", "jobs", ""), true),
        ("delete", ("batch", "jobs/status", ""), false),
    ];
    for (verb, what, wanted) in all {
        assert_eq!(may(&rights, &ops(), "shop", verb, what), wanted, "{verb} {what:?}");
    }
}

#[test]
fn names_limit_a_rule() {
    let rules = json!([{"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["key"], "verbs": ["get"]}]);
    let rights = read(&[role("Role", "shop/r", &rules), binding("RoleBinding", "shop/ops", ("Role", "r"), &group("ops"))]);
    let secret = |name| may(&rights, &ops(), "shop", "get", ("", "secrets", name));
    assert!(secret("key") && !secret("other") && !secret(""));
}

#[test]
fn accounts_are_users_of_groups() {
    let account = |namespace: &str, name: &str| Subject::Account(namespace.to_owned(), name.to_owned());
    let subjects = [
        json!({"kind": "ServiceAccount", "name": "web", "namespace": "shop"}),
        // Without a namespace: that of the binding.
        json!({"kind": "ServiceAccount", "name": "web"}),
        json!({"kind": "User", "name": "system:serviceaccount:shop:web"}),
        group("system:serviceaccounts:shop"),
        group("system:serviceaccounts"),
        group("system:authenticated"),
    ];
    for subject in &subjects {
        let rights = read(&[readers(), binding("RoleBinding", "shop/b", ("ClusterRole", "reader"), subject)]);
        assert!(may(&rights, &account("shop", "web"), "shop", "get", PODS), "{subject}");
        let wide = ["system:serviceaccounts", "system:authenticated"].contains(&subject["name"].as_str().unwrap_or_default());
        assert_eq!(may(&rights, &account("bank", "web"), "shop", "get", PODS), wide, "{subject}");
        assert_eq!(may(&rights, &ops(), "shop", "get", PODS), subject["name"] == "system:authenticated", "{subject}");
        assert!(!may(&rights, &Subject::Group(ANONYMOUS.to_owned()), "shop", "get", PODS), "{subject}");
    }
}

#[test]
fn the_administrator_of_every_cluster_is_known_and_other_roles_are_not() {
    let filled = object("ClusterRole", "filled", &json!({"aggregationRule": {"clusterRoleSelectors": []}, "rules": null}));
    let bind = |name: &str, role: &str| binding("ClusterRoleBinding", name, ("ClusterRole", role), &group("ops"));
    let rights = read(&[filled, bind("a", "cluster-admin"), bind("b", "view"), bind("c", "filled")]);
    assert!(may(&rights, &ops(), "", "escalate", ("rbac.authorization.k8s.io", "clusterroles", "any")));
    let unjudged: Vec<(&str, &str)> = rights.unjudged().map(|binding| (binding.object.as_str(), binding.role.as_str())).collect();
    assert_eq!(unjudged, [("ClusterRoleBinding/b", "ClusterRole/view"), ("ClusterRoleBinding/c", "ClusterRole/filled")]);
}

#[test]
fn what_the_server_refuses_is_refused_with_its_field() {
    let bind = |subject: Value| binding("ClusterRoleBinding", "b", ("ClusterRole", "reader"), &subject);
    for (value, wanted) in [
        (role("Role", "shop/r", &json!({})), "`/rules` of `Role/shop/r`: it is not a list"),
        (role("Role", "r", &json!([{"verb": ["get"]}])), "`/rules/0/verb` of `Role/default/r`: there is no such field"),
        (role("ClusterRole", "r", &json!([{"verbs": "get"}])), "`/rules/0/verbs` of `ClusterRole/r`: it is not a list"),
        (role("ClusterRole", "r", &json!([{"verbs": [1]}])), "`/rules/0/verbs` of `ClusterRole/r`: it holds something that is not text"),
        (role("ClusterRole", "r", &json!(["get"])), "`/rules/0` of `ClusterRole/r`: it is not a map"),
        (
            bind(json!({"kind": "group", "name": "ops"})),
            "`/subjects/0/kind` of `ClusterRoleBinding/b`: it is none of `Group`, `User`, `ServiceAccount`",
        ),
        (bind(json!({"kind": "ServiceAccount", "name": "web"})), "`/subjects/0/namespace` of `ClusterRoleBinding/b`: it is missing"),
        (bind(json!({"kind": "Group"})), "`/subjects/0/name` of `ClusterRoleBinding/b`: it is missing"),
        (
            binding("ClusterRoleBinding", "b", ("Role", "r"), &group("ops")),
            "`/roleRef/kind` of `ClusterRoleBinding/b`: a ClusterRoleBinding binds ClusterRoles alone",
        ),
        (
            binding("RoleBinding", "shop/b", ("Rolle", "r"), &group("ops")),
            "`/roleRef/kind` of `RoleBinding/shop/b`: it is neither `Role` nor `ClusterRole`",
        ),
    ] {
        let fault = Rights::read([&value]).expect_err(wanted);
        assert_eq!(fault.to_string(), wanted);
    }
}
