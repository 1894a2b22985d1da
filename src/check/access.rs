//! Rules about who may do what: rights that exist, groups with their level and no more, and no level with rights that no level has.

use super::Finding;
use super::scene::{RENDER, Scene};
use crate::diagnostic::{Code, wording};
use crate::inventory::Object;
use crate::model::GroupRole;
use serde_json::Value;
use std::collections::BTreeSet;

/// What the API lets one do with objects.
const VERBS: [&str; 14] = [
    "approve",
    "attest",
    "bind",
    "create",
    "delete",
    "deletecollection",
    "escalate",
    "get",
    "impersonate",
    "list",
    "patch",
    "sign",
    "update",
    "watch",
];

/// The resources of the groups that a platform's roles are about, with their subresources.
const RESOURCES: &[(&str, &str)] = &[
    (
        "",
        "bindings configmaps endpoints events limitranges namespaces namespaces/finalize namespaces/status nodes nodes/log nodes/metrics nodes/proxy nodes/stats nodes/status persistentvolumeclaims persistentvolumeclaims/status persistentvolumes persistentvolumes/status pods pods/attach pods/binding pods/ephemeralcontainers pods/eviction pods/exec pods/log pods/portforward pods/proxy pods/resize pods/status podtemplates replicationcontrollers replicationcontrollers/scale replicationcontrollers/status resourcequotas resourcequotas/status secrets serviceaccounts serviceaccounts/token services services/proxy services/status",
    ),
    (
        "apps",
        "controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status",
    ),
    ("autoscaling", "horizontalpodautoscalers horizontalpodautoscalers/status"),
    ("batch", "cronjobs cronjobs/status jobs jobs/status"),
    ("coordination.k8s.io", "leases"),
    ("discovery.k8s.io", "endpointslices"),
    ("events.k8s.io", "events"),
    (
        "external-secrets.io",
        "clusterexternalsecrets clustersecretstores externalsecrets externalsecrets/status secretstores secretstores/status",
    ),
    (
        "gateway.networking.k8s.io",
        "gatewayclasses gatewayclasses/status gateways gateways/status grpcroutes grpcroutes/status httproutes httproutes/status referencegrants",
    ),
    ("metrics.k8s.io", "nodes pods"),
    ("networking.k8s.io", "ingressclasses ingresses ingresses/status ipaddresses networkpolicies servicecidrs"),
    ("node.k8s.io", "runtimeclasses"),
    ("policy", "poddisruptionbudgets poddisruptionbudgets/status"),
    ("rbac.authorization.k8s.io", "clusterrolebindings clusterroles rolebindings roles"),
    ("scheduling.k8s.io", "priorityclasses"),
    ("storage.k8s.io", "csidrivers csinodes csistoragecapacities storageclasses volumeattachments volumeattributesclasses"),
];

fn words<'v>(rule: &'v Value, key: &str) -> Vec<&'v str> {
    rule.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

fn roles<'s>(scene: &'s Scene) -> impl Iterator<Item = &'s Object> {
    scene.inventory.of_kind("ClusterRole").chain(scene.inventory.of_kind("Role"))
}

/// Verbs and resources that the API does not have.
pub(super) fn permissions(scene: &Scene, found: &mut Vec<Finding>) {
    for object in roles(scene) {
        for rule in object.items("/rules") {
            let mut tell = |what: &str, word: &str, known: &[&str]| {
                let help = match wording::suggest(word, known.iter().copied()) {
                    Some(close) => format!("did you mean `{close}`?"),
                    None => "spell out what is meant".to_owned(),
                };
                let message = format!("`{}` names the {what} `{word}`, which the API does not have", object.id());
                found.push(scene.finding(Code::UnknownPermission, object, message, help));
            };
            let verbs = words(rule, "verbs");
            verbs.iter().filter(|verb| !VERBS.contains(verb)).for_each(|verb| tell("verb", verb, &VERBS));
            let groups = words(rule, "apiGroups");
            let known: Vec<&str> =
                RESOURCES.iter().filter(|(group, _)| groups.contains(group)).flat_map(|(_, all)| all.split(' ')).collect();
            // What groups of other APIs have is not known here.
            let all_known = !groups.is_empty() && groups.iter().all(|group| RESOURCES.iter().any(|(known, _)| known == group));
            for group in groups
                .iter()
                .filter(|group| **group == "*" || (!group.contains('.') && !RESOURCES.iter().any(|(known, _)| known == *group)))
            {
                tell("API group", group, &RESOURCES.iter().map(|(group, _)| *group).filter(|group| !group.is_empty()).collect::<Vec<_>>());
            }
            for resource in words(rule, "resources").iter().filter(|name| **name == "*" || (all_known && !known.contains(name))) {
                tell("resource", resource, &known);
            }
            if verbs.is_empty() || (words(rule, "resources").is_empty() && words(rule, "nonResourceURLs").is_empty()) {
                tell("resource", "", &known);
            }
        }
    }
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
            ("networking.k8s.io", "networkpolicies", &READ),
        ],
    ),
    (
        GroupRole::Developer,
        &[
            ("", "pods/eviction", &["create"]),
            ("apps", "deployments/scale", &["patch", "update"]),
            ("apps", "statefulsets/scale", &["patch", "update"]),
        ],
    ),
    (GroupRole::Admin, &[("", "pods", &["delete"]), ("apps", "deployments", &["create", "delete", "patch", "update"])]),
];

fn word(role: GroupRole) -> &'static str {
    match role {
        GroupRole::Admin => "admin",
        GroupRole::Developer => "developer",
        GroupRole::Viewer => "viewer",
    }
}

/// The bindings that the groups of the model have: namespace (empty: the whole cluster), group, role.
fn wanted(scene: &Scene) -> BTreeSet<(String, String, String)> {
    let platform = scene.platform;
    let mut wanted = BTreeSet::new();
    for group in &platform.groups {
        let here =
            platform.namespaces.values().filter(|namespace| group.namespaces.is_empty() || group.namespaces.contains(&namespace.name));
        wanted.extend(
            here.map(|namespace| (namespace.name.to_string(), group.id.clone(), format!("{}-{}", platform.name, word(group.role)))),
        );
        if group.role == GroupRole::Admin && group.namespaces.is_empty() {
            wanted.insert((String::new(), group.id.clone(), format!("{}-cluster-viewer", platform.name)));
        }
    }
    wanted
}

/// Groups and their levels, and what the levels hold.
pub(super) fn people(scene: &Scene, found: &mut Vec<Finding>) {
    let mut left = wanted(scene);
    for object in scene.inventory.of_kind("RoleBinding").chain(scene.inventory.of_kind("ClusterRoleBinding")) {
        if scene.is_changed(object) {
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
            let given = own_account || (of_group && left.remove(&binding));
            if !given {
                let message = format!(
                    "`{}` gives {} `{}` the role `{role}`, which the spec does not",
                    object.id(),
                    text("kind").to_lowercase(),
                    text("name")
                );
                found.push(scene.finding(Code::WrongAccess, object, message, "say it under `access.groups`, or remove it"));
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
        found.push(scene.about(Code::WrongAccess, &object, message, RENDER));
    }
    levels(scene, found);
}

fn levels(scene: &Scene, found: &mut Vec<Finding>) {
    for object in roles(scene).filter(|object| !scene.is_changed(object)) {
        let rights = rights(object);
        let level = [GroupRole::Viewer, GroupRole::Developer, GroupRole::Admin]
            .into_iter()
            .find(|level| object.kind == "ClusterRole" && object.name == format!("{}-{}", scene.platform.name, word(*level)));
        let only_reads = object.kind == "ClusterRole" && level.is_none_or(|level| level == GroupRole::Viewer);
        // A role of its own namespace is an account's: it may read the secrets that it names.
        let by_name = object.kind == "Role" && object.items("/rules").iter().all(|rule| !words(rule, "resourceNames").is_empty());
        let excess = rights.iter().find(|(group, resource, verb)| {
            let closed = (group.is_empty()
                && [
                    "pods/attach",
                    "pods/ephemeralcontainers",
                    "pods/exec",
                    "serviceaccounts/token",
                    "nodes/proxy",
                    "pods/proxy",
                    "services/proxy",
                ]
                .contains(&resource.as_str()))
                || (group.is_empty() && resource == "secrets" && !by_name)
                || ["bind", "escalate", "impersonate"].contains(&verb.as_str())
                || (group == "rbac.authorization.k8s.io" && !READ.contains(&verb.as_str()));
            closed || (only_reads && !READ.contains(&verb.as_str()))
        });
        if let Some((_, resource, verb)) = excess {
            let message = format!("`{}` may `{verb}` `{resource}`", object.id());
            found.push(scene.finding(
                Code::ExcessPermission,
                object,
                message,
                "take the right away: emergencies go through the cloud's own access",
            ));
        }
        let Some(level) = level else { continue };
        let upto = LEAST.iter().position(|(known, _)| *known == level).unwrap_or(0);
        let least = LEAST.iter().take(upto + 1).flat_map(|(_, rights)| rights.iter());
        let lacks = least
            .flat_map(|(group, resource, verbs)| verbs.iter().map(move |verb| (*group, *resource, *verb)))
            .find(|(group, resource, verb)| !rights.contains(&((*group).to_owned(), (*resource).to_owned(), (*verb).to_owned())));
        if let Some((_, resource, verb)) = lacks {
            let message = format!("`{}` may not `{verb}` `{resource}`, which a {} does", object.id(), word(level));
            found.push(scene.finding(Code::WrongAccess, object, message, RENDER));
        }
    }
}
