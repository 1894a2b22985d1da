//! What `platgen access` says, cell by cell: for every subject of a binding, and others, in every namespace, in foreign ones and in the cluster, the
//! evaluator of roles and bindings has to answer as the server's authorizer does, as `kubectl auth can-i` asks it.
//!
//! Single cells are asked by SubjectAccessReview. A SelfSubjectRulesReview says in addition that the server knows no further rule: all cells at once.

use std::collections::BTreeSet;

use platgen::rbac::{Request, Rights, Rule, Subject};
use serde_json::{Value, json};

use super::api::{Api, JSON};
use super::objects::Object;
use super::region::{Folder, settled};
use crate::judges::judge::{Finding, list, words};

/// A namespace that is not the platform's.
const FOREIGN: &str = "kube-system";

/// A namespace that does not exist: only rights of the whole cluster hold there.
const NOWHERE: &str = "platgen-judge-nowhere";

/// The group of everybody who has signed in.
const EVERYBODY: &str = "system:authenticated";

/// Cells that are asked whatever the roles say: API group, resources, verbs.
const MORE: &[(&str, &str, &str)] = &[
    ("", "secrets", "get list watch create delete deletecollection patch update"),
    ("", "pods pods/exec pods/attach pods/portforward pods/ephemeralcontainers pods/proxy", "get create delete deletecollection patch"),
    ("", "services/proxy nodes/proxy", "get create"),
    ("", "serviceaccounts users groups", "create impersonate"),
    ("", "serviceaccounts/token", "create"),
    ("", "namespaces nodes persistentvolumes resourcequotas", "get list create delete patch"),
    ("", "persistentvolumeclaims", "delete deletecollection"),
    ("apps", "deployments deployments/scale deployments/status statefulsets", "get create delete deletecollection patch"),
    ("admissionregistration.k8s.io", "mutatingwebhookconfigurations", "create delete"),
    ("certificates.k8s.io", "certificatesigningrequests/approval", "update"),
    ("networking.k8s.io", "networkpolicies", "get create delete patch"),
    ("postgresql.cnpg.io", "clusters", "get delete patch"),
    ("rabbitmq.com", "rabbitmqclusters", "get delete patch"),
    ("rbac.authorization.k8s.io", "rolebindings clusterrolebindings", "get create delete patch"),
    ("rbac.authorization.k8s.io", "roles clusterroles", "get create escalate bind"),
    ("*", "*", "*"),
];

/// A cell: API group, resource, verb, name.
type Cell = [String; 4];

/// Somebody in a place; an empty namespace is the whole cluster.
struct Question<'a> {
    subject: &'a Subject,
    namespace: &'a str,
}

/// Where the evaluator, who reads `claimed`, and the server, which has stored the folder's objects, differ; one finding for each subject and place.
pub fn judge(api: &Api, folder: &Folder, claimed: &[Object], asked: &mut usize) -> Result<Vec<Finding>, String> {
    let read = |objects: &[Object]| Rights::read(objects.iter().map(|object| &object.value)).map_err(|fault| fault.to_string());
    let (rights, stored) = (read(claimed)?, read(&folder.objects)?);
    if rights.unjudged().chain(stored.unjudged()).next().is_some() {
        return Err(format!("{}: a binding gives a role that no document has", folder.path));
    }
    let mut cells: BTreeSet<Cell> = rights.rules().chain(stored.rules()).flat_map(expanded).collect();
    for (group, resources, verbs) in MORE {
        let pairs = resources.split(' ').flat_map(|resource| verbs.split(' ').map(move |verb| (resource, verb)));
        cells.extend(pairs.map(|(resource, verb)| [*group, resource, verb, ""].map(str::to_owned)));
    }
    // A rule for single names says nothing of others.
    let unnamed: Vec<Cell> =
        cells.iter().map(|[group, resource, verb, _]| [group.as_str(), resource, verb, ""].map(str::to_owned)).collect();
    cells.extend(unnamed);
    let mut subjects: BTreeSet<Subject> = rights.subjects().into_iter().chain(stored.subjects()).cloned().collect();
    let groups = folder.platform.iter().flat_map(|platform| &platform.groups).map(|group| group.id.clone());
    subjects.extend(groups.chain(["platgen-judge-stranger".to_owned()]).map(Subject::Group));
    let accounts = folder.objects.iter().filter(|object| object.kind == "ServiceAccount");
    subjects.extend(accounts.take(1).map(|account| Subject::Account(account.namespace.clone(), account.name.clone())));
    let declared = folder.objects.iter().filter(|object| object.kind == "Namespace").map(|object| object.name.as_str());
    let places: BTreeSet<&str> = declared.chain(["", FOREIGN]).chain(rights.namespaces()).chain(stored.namespaces()).collect();
    let questions = subjects.iter().flat_map(|subject| places.iter().map(move |namespace| Question { subject, namespace })).collect();
    settled(questions, |question| {
        let mut wrong = Vec::new();
        for cell in &cells {
            let [group, resource, verb, name] = cell.each_ref().map(String::as_str);
            let request = Request { namespace: question.namespace, verb, group, resource, name };
            let claim = rights.allows(question.subject, &request);
            *asked += 1;
            if allowed(api, question.subject, &request)? != claim {
                wrong.push(format!("{} {verb} {resource} {name}", if claim { "may not" } else { "may" }).trim_end().to_owned());
            }
        }
        let namespace = Some(question.namespace).filter(|namespace| !namespace.is_empty());
        let claimed: BTreeSet<Cell> = rights.given(question.subject, namespace).iter().flat_map(|given| expanded(given.rule)).collect();
        let place = namespace.unwrap_or(NOWHERE);
        let usual = rules(api, &Subject::Group(EVERYBODY.to_owned()), NOWHERE)?;
        let known: BTreeSet<Cell> = rules(api, question.subject, place)?.difference(&usual).cloned().collect();
        wrong.extend(known.difference(&claimed).map(|cell| format!("has {}", cell.join(" "))));
        wrong.extend(claimed.difference(&known).filter(|cell| !usual.contains(*cell)).map(|cell| format!("has not {}", cell.join(" "))));
        if wrong.is_empty() {
            return Ok(Vec::new());
        }
        let place = namespace.unwrap_or("the cluster");
        let message = format!("in {place}, other than `platgen access` says: {}", wrong.join(", "));
        Ok(vec![Finding::new("cluster", "access", folder.path, message).about(question.subject.to_string())])
    })
}

/// The cells of a rule; `*` stands for itself.
fn expanded(rule: &Rule) -> Vec<Cell> {
    let none = [String::new()];
    let names = if rule.names.is_empty() { &none[..] } else { &rule.names };
    let mut cells = Vec::new();
    for (group, resource) in rule.groups.iter().flat_map(|group| rule.resources.iter().map(move |resource| (group, resource))) {
        for (verb, name) in rule.verbs.iter().flat_map(|verb| names.iter().map(move |name| (verb, name))) {
            cells.push([group, resource, verb, name].map(String::clone));
        }
    }
    cells
}

/// The user and the groups that the server takes a subject for.
fn identity(subject: &Subject) -> (String, Vec<String>) {
    let everybody = EVERYBODY.to_owned();
    match subject {
        Subject::Group(group) => ("somebody".into(), vec![group.clone(), everybody]),
        Subject::User(user) => (user.clone(), vec![everybody]),
        Subject::Account(namespace, name) => (
            format!("system:serviceaccount:{namespace}:{name}"),
            vec!["system:serviceaccounts".into(), format!("system:serviceaccounts:{namespace}"), everybody],
        ),
    }
}

/// Asks the server's authorizer for one cell.
fn allowed(api: &Api, subject: &Subject, request: &Request) -> Result<bool, String> {
    let (user, groups) = identity(subject);
    let (resource, subresource) = request.resource.split_once('/').unwrap_or((request.resource, ""));
    let Request { namespace, verb, group, name, .. } = request;
    let attributes =
        json!({"namespace": namespace, "verb": verb, "group": group, "resource": resource, "subresource": subresource, "name": name});
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {"user": user, "groups": groups, "resourceAttributes": attributes},
    });
    let answer = api.send("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", JSON, &review.to_string())?.ok()?;
    answer["status"]["allowed"].as_bool().ok_or_else(|| format!("no answer to a SubjectAccessReview: {answer}"))
}

/// The cells that the server says a subject has in a namespace.
fn rules(api: &Api, subject: &Subject, namespace: &str) -> Result<BTreeSet<Cell>, String> {
    let (user, groups) = identity(subject);
    let review = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespace": namespace}});
    let mut headers = vec![format!("Content-Type: {JSON}"), format!("Impersonate-User: {user}")];
    headers.extend(groups.iter().map(|group| format!("Impersonate-Group: {group}")));
    let answer = api.ask("POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", &headers, &review.to_string())?.ok()?;
    let texts = |value: &Value| list(value).iter().map(words).collect();
    let rule = |rule: &Value| Rule {
        verbs: texts(&rule["verbs"]),
        groups: texts(&rule["apiGroups"]),
        resources: texts(&rule["resources"]),
        names: texts(&rule["resourceNames"]),
        urls: Vec::new(),
    };
    Ok(list(&answer["status"]["resourceRules"]).iter().flat_map(|value| expanded(&rule(value))).collect())
}
