//! Rights, cell by cell: the server's authorizer is asked what each group of the spec may do in its own namespaces, in foreign ones and in the
//! cluster, and what the accounts of workloads may do.
//!
//! The table of cells is written here once more, independently of the renderer.

use std::collections::BTreeSet;

use platgen::model::{FOREIGN_NAMESPACES, GroupRole, Platform, Region};
use serde_json::{Value, json};

use super::api::{Api, JSON};
use super::objects::{Object, parse};
use super::region::{Folder, settled};
use crate::judges::judge::{Finding, list, words};

const READ: &[&str] = &["get", "list", "watch"];
const WRITE: &[&str] = &["create", "delete", "patch", "update"];
const ALL: &[&str] = &["get", "list", "watch", "create", "delete", "deletecollection", "patch", "update"];

/// Who has a right.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Least {
    /// Groups of this role and of those above it.
    Role(GroupRole),
    /// No group.
    Nobody,
}

/// Rights: the least role that has them, API group, resources (`resource/subresource`), verbs.
type Right = (Least, &'static str, &'static [&'static str], &'static [&'static str]);

const VIEWER: Least = Least::Role(GroupRole::Viewer);
const DEVELOPER: Least = Least::Role(GroupRole::Developer);
const ADMIN: Least = Least::Role(GroupRole::Admin);

/// Rights in a namespace.
const NAMESPACED: &[Right] = &[
    (VIEWER, "", &["configmaps", "events", "persistentvolumeclaims", "pods", "pods/log", "resourcequotas", "services"], READ),
    (VIEWER, "apps", &["daemonsets", "deployments", "replicasets", "statefulsets"], READ),
    (VIEWER, "autoscaling", &["horizontalpodautoscalers"], READ),
    (VIEWER, "batch", &["cronjobs", "jobs"], READ),
    (VIEWER, "networking.k8s.io", &["networkpolicies"], READ),
    (VIEWER, "policy", &["poddisruptionbudgets"], READ),
    (VIEWER, "rbac.authorization.k8s.io", &["rolebindings", "roles"], READ),
    (DEVELOPER, "", &["pods"], &["delete"]),
    (DEVELOPER, "", &["pods/eviction"], &["create"]),
    (DEVELOPER, "apps", &["deployments/scale", "statefulsets/scale"], &["get", "patch", "update"]),
    (ADMIN, "", &["configmaps", "persistentvolumeclaims", "services"], WRITE),
    (ADMIN, "", &["pods/portforward"], &["create"]),
    (ADMIN, "apps", &["deployments", "statefulsets"], WRITE),
    (ADMIN, "autoscaling", &["horizontalpodautoscalers"], WRITE),
    (ADMIN, "batch", &["cronjobs", "jobs"], WRITE),
    (Least::Nobody, "", &["secrets"], ALL),
    (Least::Nobody, "", &["pods/exec", "pods/attach", "pods/proxy", "services/proxy"], &["get", "create"]),
    (Least::Nobody, "", &["pods/ephemeralcontainers"], &["patch", "update"]),
    (Least::Nobody, "", &["serviceaccounts"], &["create", "delete", "impersonate", "patch", "update"]),
    (Least::Nobody, "", &["serviceaccounts/token"], &["create"]),
    (Least::Nobody, "", &["limitranges", "resourcequotas"], WRITE),
    (Least::Nobody, "networking.k8s.io", &["networkpolicies"], WRITE),
    (Least::Nobody, "rbac.authorization.k8s.io", &["rolebindings"], WRITE),
    (Least::Nobody, "rbac.authorization.k8s.io", &["roles"], &["bind", "create", "delete", "escalate", "patch", "update"]),
    (Least::Nobody, "*", &["*"], &["*"]),
];

/// Rights in the whole cluster; a role there is that of an administrator of every namespace.
const CLUSTER: &[Right] = &[
    (ADMIN, "", &["namespaces", "nodes", "persistentvolumes"], READ),
    (ADMIN, "scheduling.k8s.io", &["priorityclasses"], READ),
    (ADMIN, "storage.k8s.io", &["storageclasses"], READ),
    (Least::Nobody, "", &["configmaps", "pods", "secrets"], ALL),
    (Least::Nobody, "", &["namespaces", "nodes", "persistentvolumes"], WRITE),
    (Least::Nobody, "", &["nodes/proxy"], &["get", "create"]),
    (Least::Nobody, "", &["groups", "serviceaccounts", "users"], &["impersonate"]),
    (Least::Nobody, "admissionregistration.k8s.io", &["mutatingwebhookconfigurations", "validatingadmissionpolicies"], WRITE),
    (Least::Nobody, "apiextensions.k8s.io", &["customresourcedefinitions"], WRITE),
    (Least::Nobody, "apps", &["deployments"], WRITE),
    (Least::Nobody, "certificates.k8s.io", &["certificatesigningrequests/approval"], &["patch", "update"]),
    (Least::Nobody, "rbac.authorization.k8s.io", &["clusterrolebindings"], WRITE),
    (Least::Nobody, "rbac.authorization.k8s.io", &["clusterroles"], &["bind", "create", "delete", "escalate", "patch", "update"]),
    (Least::Nobody, "*", &["*"], &["*"]),
];

/// A namespace that is not the platform's.
const FOREIGN: &str = "kube-system";

/// A namespace that does not exist: only rights of the whole cluster hold there.
const NOWHERE: &str = "platgen-judge-nowhere";

/// The group of everybody who has signed in.
const EVERYBODY: &str = "system:authenticated";

/// A group that no spec knows.
const STRANGER: &str = "platgen-judge-stranger";

/// Somebody in a place.
struct Question<'a> {
    /// The group or account, for findings.
    object: String,
    user: String,
    groups: Vec<String>,
    /// The namespace; empty for the whole cluster.
    namespace: &'a str,
    /// The role that the spec gives there.
    role: Option<GroupRole>,
    /// The cells that are asked.
    table: &'static [Right],
    /// Rules that a manifest of the spec gives there.
    brought: Vec<&'a Value>,
}

/// Everything that groups and accounts may do more, or less, than the spec says; one finding for each of them and place.
pub fn judge(api: &Api, folder: &Folder, asked: &mut usize) -> Result<Vec<Finding>, String> {
    let Folder { path, objects, platform: Some(platform), .. } = folder else { return Ok(Vec::new()) };
    let brought = brought(platform)?;
    let region = path.rsplit('/').next().and_then(|name| platform.regions.get(name));
    let region = region.ok_or_else(|| format!("`{path}` is of no region"))?;
    let mut questions = questions(platform, region, &brought);
    questions.extend(
        objects
            .iter()
            .filter(|object| object.kind == "ServiceAccount" && !has_role(objects, object))
            .map(|object| account(object, &brought)),
    );
    settled(questions, |question| {
        let mut wrong = cells(api, question, asked)?;
        // Without a role there is no right at all, also none that the table does not name.
        if question.role.is_none() {
            let place = if question.namespace.is_empty() { NOWHERE } else { question.namespace };
            let mut usual = rules(api, "anybody", &[EVERYBODY.to_owned()], NOWHERE)?;
            // What a group has in the whole cluster holds in each namespace, and is judged once.
            if question.object.starts_with("Group/") && !question.namespace.is_empty() {
                usual.extend(rules(api, &question.user, &question.groups, NOWHERE)?);
            }
            usual.extend(question.brought.iter().map(|rule| in_words(rule)));
            let has = rules(api, &question.user, &question.groups, place)?;
            wrong.extend(has.difference(&usual).cloned());
            wrong.extend(
                question.brought.iter().map(|rule| in_words(rule)).filter(|rule| !has.contains(rule)).map(|rule| format!("not: {rule}")),
            );
        }
        Ok(told(path, question, &wrong))
    })
}

/// Each group, and a stranger, in the cluster, in a foreign namespace and in each namespace of the platform.
fn questions<'a>(platform: &'a Platform, region: &'a Region, brought: &'a [(String, String, Value)]) -> Vec<Question<'a>> {
    let mut questions = Vec::new();
    let groups: BTreeSet<&str> = platform.groups.iter().map(|group| group.id.as_str()).chain([STRANGER]).collect();
    for group in groups {
        let cluster =
            platform.groups.iter().any(|known| known.id == group && known.role == GroupRole::Admin && known.namespaces.is_empty());
        let mut places = vec![("", cluster.then_some(GroupRole::Admin), CLUSTER), (FOREIGN, None, NAMESPACED)];
        places.extend(platform.namespaces_in(region).map(|one| (one.name.as_str(), role(platform, group, one.name.as_str()), NAMESPACED)));
        questions.extend(places.into_iter().map(|(namespace, role, table)| Question {
            object: format!("Group/{group}"),
            user: "somebody".into(),
            groups: vec![group.to_owned(), EVERYBODY.to_owned()],
            namespace,
            role,
            table,
            brought: brought.iter().filter(|(to, place, _)| to == group && place == namespace).map(|(.., rule)| rule).collect(),
        }));
    }
    questions
}

/// An account in its own namespace, with the rights that the spec gives it.
fn account<'a>(object: &'a Object, brought: &'a [(String, String, Value)]) -> Question<'a> {
    let (namespace, name) = (object.namespace.as_str(), &object.name);
    let user = format!("system:serviceaccount:{namespace}:{name}");
    let brought = brought.iter().filter(|(to, ..)| *to == user).map(|(.., rule)| rule).collect();
    Question {
        brought,
        object: object.id(),
        user,
        groups: vec!["system:serviceaccounts".into(), format!("system:serviceaccounts:{namespace}"), EVERYBODY.to_owned()],
        namespace,
        role: None,
        table: &[],
    }
}

/// The role of a group in a namespace, as the spec says.
fn role(platform: &Platform, group: &str, namespace: &str) -> Option<GroupRole> {
    let here = |spaces: &[platgen::value::Name]| spaces.is_empty() || spaces.iter().any(|space| space.as_str() == namespace);
    let roles = platform.groups.iter().filter(|known| known.id == group && here(&known.namespaces)).map(|known| known.role);
    // Nobody changes add-ons by hand.
    let of_addon = FOREIGN_NAMESPACES.contains(&namespace) && namespace != "monitoring";
    let held = |role| if of_addon && role == GroupRole::Admin { GroupRole::Developer } else { role };
    roles.map(held).min_by_key(|role| height(*role))
}

/// 0 is the role that has all of the others.
fn height(role: GroupRole) -> u8 {
    match role {
        GroupRole::Admin => 0,
        GroupRole::Developer => 1,
        GroupRole::Viewer => 2,
    }
}

/// Whether a binding that is no workload's gives the account a role.
fn has_role(objects: &[Object], account: &Object) -> bool {
    let named = |subject: &Value| {
        subject["kind"] == "ServiceAccount" && words(&subject["namespace"]) == account.namespace && words(&subject["name"]) == account.name
    };
    // The spec knows the rights of workloads: their roles end in `-kubernetes`.
    let of_other = |object: &&Object| object.kind == "RoleBinding" && !object.name.ends_with("-kubernetes");
    objects.iter().filter(of_other).any(|object| list(&object.value["subjects"]).iter().any(named))
}

/// Rules that the spec's own manifests give to groups, and the spec to accounts of workloads: group or user, namespace, rule.
fn brought(platform: &Platform) -> Result<Vec<(String, String, Value)>, String> {
    let mut rules = Vec::new();
    for workload in platform.regions.values().flat_map(|region| region.workloads.values()) {
        let (namespace, user) = (&workload.namespace, format!("system:serviceaccount:{}:{}", workload.namespace, workload.name));
        for right in workload.api.iter().flat_map(|access| access.namespace.iter().chain(&access.cluster)) {
            rules.push((user.clone(), namespace.to_string(), json!({"resources": right.resources, "verbs": right.verbs})));
        }
    }
    for manifest in &platform.manifests {
        let objects = parse(&manifest.path, &manifest.text)?;
        for binding in objects.iter().filter(|object| object.kind == "RoleBinding") {
            let is_role = |object: &&Object| {
                object.kind == "Role" && object.namespace == binding.namespace && object.name == words(&binding.value["roleRef"]["name"])
            };
            let place = match (&binding.namespace, &manifest.namespace) {
                (named, Some(default)) if named.is_empty() => default.to_string(),
                (named, _) => named.clone(),
            };
            for subject in list(&binding.value["subjects"]).iter().filter(|subject| subject["kind"] == "Group") {
                let given = objects.iter().filter(is_role).flat_map(|role| list(&role.value["rules"]));
                rules.extend(given.map(|rule| (words(&subject["name"]), place.clone(), rule.clone())));
            }
        }
    }
    Ok(rules)
}

/// Whether the role or a rule of a manifest gives a cell: group, resource, verb. What nobody has is not given by a manifest either.
fn is_given(question: &Question, least: Least, cell: [&str; 3]) -> bool {
    let Least::Role(least) = least else { return false };
    let keys = ["apiGroups", "resources", "verbs"];
    let has = |rule: &Value, key: &str, word: &str| list(&rule[key]).iter().any(|known| known == word);
    let by_manifest = question.brought.iter().any(|rule| keys.iter().zip(cell).all(|(key, word)| has(rule, key, word)));
    by_manifest || question.role.is_some_and(|role| height(role) <= height(least))
}

/// The cells in which the server and the spec differ, in words.
fn cells(api: &Api, question: &Question, asked: &mut usize) -> Result<Vec<String>, String> {
    let mut wrong = Vec::new();
    for (least, group, resources, verbs) in question.table {
        for (resource, verb) in resources.iter().flat_map(|resource| verbs.iter().map(move |verb| (*resource, *verb))) {
            let wanted = is_given(question, *least, [*group, resource, verb]);
            *asked += 1;
            if allowed(api, question, group, resource, verb)? != wanted {
                wrong.push(format!("{} `{verb}` `{resource}`", if wanted { "may not" } else { "may" }));
            }
        }
    }
    Ok(wrong)
}

/// Asks the server's authorizer for one cell.
fn allowed(api: &Api, question: &Question, group: &str, resource: &str, verb: &str) -> Result<bool, String> {
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let place = question.namespace;
    let attributes = json!({"namespace": place, "verb": verb, "group": group, "resource": resource, "subresource": subresource});
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {"user": question.user, "groups": question.groups, "resourceAttributes": attributes},
    });
    let answer = api.send("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", JSON, &review.to_string())?.ok()?;
    answer["status"]["allowed"].as_bool().ok_or_else(|| format!("no answer to a SubjectAccessReview: {answer}"))
}

/// The rules that the server says hold for somebody in a namespace.
fn rules(api: &Api, user: &str, groups: &[String], namespace: &str) -> Result<BTreeSet<String>, String> {
    let review = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespace": namespace}});
    let mut headers = vec![format!("Content-Type: {JSON}"), format!("Impersonate-User: {user}")];
    headers.extend(groups.iter().map(|group| format!("Impersonate-Group: {group}")));
    let path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
    let answer = api.ask("POST", path, &headers, &review.to_string())?.ok()?;
    Ok(list(&answer["status"]["resourceRules"]).iter().map(in_words).collect())
}

/// A rule of a role, in words.
fn in_words(rule: &Value) -> String {
    let joined = |value: &Value| list(value).iter().map(words).collect::<Vec<_>>().join(", ");
    format!("may `{}` `{}`", joined(&rule["verbs"]), joined(&rule["resources"]))
}

/// The finding about somebody in a place; none when nothing is wrong.
fn told(folder: &str, question: &Question, wrong: &[String]) -> Vec<Finding> {
    if wrong.is_empty() {
        return Vec::new();
    }
    let place = if question.namespace.is_empty() { "the cluster".to_owned() } else { format!("`{}`", question.namespace) };
    let role = question.role.map_or("no role".to_owned(), |role| format!("the role {role:?}").to_lowercase());
    let message = format!("in {place}, where the spec gives {role}: {}", wrong.join(", "));
    vec![Finding::new("cluster", "rights", folder, message).about(&question.object)]
}
