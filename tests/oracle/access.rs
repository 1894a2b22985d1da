//! Groups of people are bound to the roles of the model, and each role has at least the rights of its level.

use super::Finding;
use super::compare::expect;
use super::context::RegionContext;
use platgen::inventory::Object;
use platgen::model::GroupRole;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn words<'v>(rule: &'v Value, key: &str) -> Vec<&'v str> {
    rule.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

fn roles<'s>(context: &'s RegionContext) -> impl Iterator<Item = &'s Object> {
    context.inventory.of_kind("ClusterRole").chain(context.inventory.of_kind("Role"))
}

/// A right of a rule: group, resource, verb.
fn rights(role: &Object) -> BTreeSet<(String, String, String)> {
    let mut rights = BTreeSet::new();
    for rule in role.items("/rules") {
        for group in words(rule, "apiGroups") {
            for resource in words(rule, "resources") {
                rights.extend(words(rule, "verbs").into_iter().map(|verb| (group.to_owned(), resource.to_owned(), verb.to_owned())));
            }
        }
    }
    rights
}

const READ: [&str; 3] = ["get", "list", "watch"];

/// A right to give: group, resource, verbs.
type Right = (&'static str, &'static str, &'static [&'static str]);

/// What each level can do at the least: group, resource, verbs. A level has what the ones before it have.
const LEAST: [(GroupRole, &[Right]); 3] = [
    (
        GroupRole::Viewer,
        &[
            ("", "configmaps", &READ),
            ("", "events", &READ),
            ("", "pods", &READ),
            ("", "pods/log", &READ),
            ("", "services", &READ),
            ("apps", "deployments", &READ),
            ("apps", "replicasets", &READ),
            ("apps", "statefulsets", &READ),
            ("autoscaling", "horizontalpodautoscalers", &READ),
            ("batch", "cronjobs", &READ),
            ("batch", "jobs", &READ),
            ("gateway.envoyproxy.io", "backendtrafficpolicies", &READ),
            ("gateway.envoyproxy.io", "securitypolicies", &READ),
            ("networking.k8s.io", "networkpolicies", &READ),
        ],
    ),
    (
        GroupRole::Developer,
        &[
            ("", "pods", &["delete"]),
            ("", "pods/eviction", &["create"]),
            ("apps", "deployments/scale", &["get", "patch", "update"]),
            ("apps", "statefulsets/scale", &["get", "patch", "update"]),
        ],
    ),
    (GroupRole::Admin, &[("apps", "deployments", &["create", "delete", "patch", "update"])]),
];

fn word(role: GroupRole) -> &'static str {
    match role {
        GroupRole::Admin => "admin",
        GroupRole::Developer => "developer",
        GroupRole::Viewer => "viewer",
    }
}

/// The bindings that the groups of the model have: namespace (empty: the whole cluster), group, role.
fn wanted(context: &RegionContext) -> BTreeSet<(String, String, String)> {
    let platform = context.platform;
    let mut wanted = BTreeSet::new();
    for group in &platform.groups {
        let here = platform
            .namespaces_in(context.region)
            .filter(|namespace| group.namespaces.is_empty() || group.namespaces.contains(&namespace.name));
        // Nobody changes add-ons by hand.
        let level = |namespace: &str| match group.role {
            GroupRole::Admin if super::addons::is_of_addons(namespace) => GroupRole::Developer,
            role => role,
        };
        wanted.extend(here.map(|namespace| {
            let name = namespace.name.to_string();
            let role = format!("{}-{}", platform.name, word(level(&name)));
            (name, group.id.clone(), role)
        }));
        if group.role == GroupRole::Admin && group.namespaces.is_empty() {
            wanted.insert((String::new(), group.id.clone(), format!("{}-cluster-viewer", platform.name)));
        }
    }
    wanted
}

/// Groups and their levels, and what the levels hold.
pub(super) fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    let mut left = wanted(context);
    for object in context.inventory.of_kind("RoleBinding").chain(context.inventory.of_kind("ClusterRoleBinding")) {
        if context.is_changed(object) {
            left.retain(|(namespace, _, role)| *namespace != object.namespace || role != object.text("/roleRef/name"));
            continue;
        }
        for subject in object.items("/subjects") {
            let text = |key: &str| subject.get(key).and_then(Value::as_str).unwrap_or_default();
            let role = object.text("/roleRef/name");
            let own_account = text("kind") == "ServiceAccount"
                && text("namespace") == object.namespace
                && object.kind == "RoleBinding"
                && object.text("/roleRef/kind") == "Role";
            let binding = (object.namespace.clone(), text("name").to_owned(), role.to_owned());
            let of_group = text("kind") == "Group" && object.text("/roleRef/kind") == "ClusterRole";
            let of_workload = context.region.workloads.values().any(|workload| {
                workload.api.is_some()
                    && object.name == workload.cluster_role_name(&context.platform.name)
                    && object.kind == "ClusterRoleBinding"
            });
            let given = own_account || of_workload || (of_group && left.remove(&binding));
            if !given {
                let message = format!(
                    "`{}` gives {} `{}` the role `{role}`, which the spec does not",
                    object.id(),
                    text("kind").to_lowercase(),
                    text("name")
                );
                found.push(context.finding("wrong-access", object, message));
            }
        }
    }
    for (namespace, group, role) in left {
        let (place, object) = if namespace.is_empty() {
            ("the cluster".to_owned(), "ClusterRoleBinding/*".to_owned())
        } else {
            (format!("`{namespace}`"), format!("RoleBinding/{namespace}/*"))
        };
        let message = format!("the group `{group}` has not the role `{role}` in {place}");
        found.push(context.about("wrong-access", &object, message));
    }
    levels(context, found);
    accounts(context, found);
}

/// Accounts of workloads have the rights of the model, in a role of their own.
fn accounts(context: &RegionContext, found: &mut Vec<Finding>) {
    for workload in context.region.workloads.values() {
        let Some(access) = &workload.api else { continue };
        let (namespace, name) = (workload.namespace.as_str(), workload.name.as_str());
        let cluster = format!("{}.{namespace}.{name}", context.platform.name);
        let places = [("", namespace, format!("{name}-kubernetes"), &access.namespace), ("Cluster", "", cluster, &access.cluster)];
        for (scope, place, role, rights) in places.into_iter().filter(|(.., rights)| !rights.is_empty()) {
            let rules: Vec<Value> = rights
                .iter()
                .map(|right| {
                    let names = if right.names.is_empty() { Value::Null } else { json!(right.names) };
                    json!({"apiGroups": right.groups, "resources": right.resources, "verbs": right.verbs, "resourceNames": names})
                })
                .collect();
            let subjects = json!([{"kind": "ServiceAccount", "name": name, "namespace": namespace}]);
            let reference = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": format!("{scope}Role"), "name": role});
            for (kind, values) in [
                (format!("{scope}Role"), vec![("/rules", json!(rules))]),
                (format!("{scope}RoleBinding"), vec![("/roleRef", reference), ("/subjects", subjects)]),
            ] {
                match context.inventory.get(&kind, place, &role) {
                    Some(object) => {
                        values.iter().for_each(|(pointer, wanted)| expect(context, found, "wrong-access", object, pointer, wanted));
                    }
                    None => found.push(context.about(
                        "wrong-access",
                        &format!("{kind}/{role}"),
                        format!("`{kind}` `{role}` of `{name}` is missing"),
                    )),
                }
            }
        }
    }
}

/// The name of a kind's objects in URLs and roles.
fn plural(kind: &str) -> String {
    let kind = kind.to_lowercase();
    match kind.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'o', 'u'])) {
        Some(stem) => format!("{stem}ies"),
        None => format!("{kind}s"),
    }
}

/// The rights to read whatever the namespaces of the platform hold, but for secrets.
fn to_read(context: &RegionContext) -> BTreeSet<(String, String, String)> {
    let held = context.inventory.objects().iter().filter(|object| context.has_namespace(&object.namespace) && !context.is_by_hand(object));
    let right = |object: &Object, verb: &str| (object.group().to_owned(), plural(&object.kind), verb.to_owned());
    held.filter(|object| object.kind != "Secret").flat_map(|object| READ.map(|verb| right(object, verb))).collect()
}

fn levels(context: &RegionContext, found: &mut Vec<Finding>) {
    for object in roles(context).filter(|object| !context.is_changed(object)) {
        let rights = rights(object);
        let level = [GroupRole::Viewer, GroupRole::Developer, GroupRole::Admin]
            .into_iter()
            .find(|level| object.kind == "ClusterRole" && object.name == format!("{}-{}", context.platform.name, word(*level)));
        let Some(level) = level else { continue };
        let upto = LEAST.iter().position(|(known, _)| *known == level).unwrap_or(0);
        let least = LEAST.iter().take(upto + 1).flat_map(|(_, rights)| rights.iter());
        let mut wanted = to_read(context);
        wanted.extend(least.flat_map(|(group, resource, verbs)| {
            verbs.iter().map(move |verb| ((*group).to_owned(), (*resource).to_owned(), (*verb).to_owned()))
        }));
        if let Some((_, resource, verb)) = wanted.difference(&rights).next() {
            let message = format!("`{}` may not `{verb}` `{resource}`, which a {} does", object.id(), word(level));
            found.push(context.finding("wrong-access", object, message));
        }
    }
}
