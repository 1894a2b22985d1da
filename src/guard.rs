//! The guard of a cluster: the object that says whose the cluster is, and the admission policies that go by it.
//!
//! The policies are equal in every environment; what differs is read from the identity. So the files of another environment, applied by accident, change no
//! policy, and the policies refuse their identity with everything else. Were the values written into the policies, such an apply would replace them:
//! the API server lets no policy judge policies.
//!
//! The identity is a namespace, with its values as labels. API servers watch namespaces for as long as they run. They stop watching ConfigMaps, until they
//! start again, as soon as no policy is bound that reads one: <https://github.com/kubernetes/kubernetes/issues/130887>. Policies that are bound again then
//! find no identity, and refuse nothing.
//!
//! Sources: "Validating Admission Policy" and "Common Expression Language in Kubernetes" in the Kubernetes documentation.

use crate::kinds::Operator;
use crate::labels::{ENVIRONMENT, NAMESPACE_NAME, PLATFORM, PROTECTED, REGION};
use crate::model::{AddonChart, GitOpsController, SYSTEM_NAMESPACES};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The namespace whose labels are the identity of a cluster. It is empty, and no group has a role in it.
pub const IDENTITY_NAMESPACE: &str = "platgen-system";

/// The start of the groups that are platgen's own. No group of an identity provider has such a name.
pub const OWN_GROUPS: &str = "platgen:";

/// The group to which the policies allow what they refuse to others. Nobody is in it: whoever may impersonate takes it for one command.
pub const BREAK_GLASS: &str = "platgen:break-glass";

/// The flags of kubectl for a command of the group. The identity behind them stays in the audit log.
pub const BREAK_GLASS_FLAGS: &str = "--as=break-glass --as-group=system:masters --as-group=platgen:break-glass";

/// The policy that refuses objects of other platforms and environments.
pub const ENVIRONMENT_POLICY: &str = "platgen-environment";

/// The policy that keeps the labels of namespaces.
pub const NAMESPACES_POLICY: &str = "platgen-namespaces";

/// The policy that keeps data in a protected environment.
pub const DELETION_POLICY: &str = "platgen-deletion";

/// The policy that refuses ConfigMaps of people in a protected environment.
pub const HAND_MADE_POLICY: &str = "platgen-hand-made";

/// The command that prints whose a cluster is: platform, environment and region, with slashes between them. `kubectl` has the context of the cluster.
pub fn whose(kubectl: &str) -> String {
    let values = [PLATFORM, ENVIRONMENT, REGION].map(|label| format!("{{.metadata.labels.{}}}", label.replace('.', "\\.")));
    format!("{kubectl} get namespace {IDENTITY_NAMESPACE} -o jsonpath='{}'", values.join("/"))
}

/// An admission policy.
#[derive(Clone, Debug)]
pub struct GuardPolicy {
    /// Its name, and that of its binding.
    pub name: &'static str,
    /// What it refuses and why, for reviewers.
    pub about: &'static [&'static str],
    /// Whether it reads the identity.
    pub reads_identity: bool,
    /// The namespaces that it looks at, as a condition on their labels: key, operator, values.
    pub namespaces: Option<(&'static str, &'static str, &'static [&'static str])>,
    /// The requests that it looks at.
    pub requests: Vec<Requests>,
    /// What a request has to be, in addition: name and expression.
    pub conditions: Vec<(&'static str, String)>,
    /// What has to be true of these requests.
    pub validations: Vec<GuardValidation>,
}

/// Requests that a policy looks at.
#[derive(Clone, Debug, Serialize)]
pub struct Requests {
    /// The API group; `*` for all.
    pub group: &'static str,
    /// The operations.
    pub operations: &'static [&'static str],
    /// The resources.
    pub resources: Vec<String>,
}

/// What has to be true of a request.
#[derive(Clone, Debug, Serialize)]
pub struct GuardValidation {
    /// The expression.
    pub expression: String,
    /// What the API server answers.
    pub message: &'static str,
    /// The same, with values of the request.
    pub detail: Option<String>,
}

/// The policies of a cluster.
pub fn guard_policies() -> [GuardPolicy; 4] {
    [environment(), namespaces(), deletion(), hand_made()]
}

/// The labels of an object that have to be those of the identity, each with a word for it.
pub const GUARD_LABELS: [(&str, &str); 3] = [(ENVIRONMENT, "environment"), (PLATFORM, "platform"), (REGION, "region")];

/// The finalizer of the policies and their bindings: without it, the deletion of a folder of files takes the policies first, and then what they protect.
/// Policies that are to be deleted are in force until somebody removes it.
pub const GUARD_FINALIZER: &str = "platgen.io/break-glass";

/// The API group of the objects that say where the backups of PostgreSQL are.
const BACKUPS: &str = "barmancloud.cnpg.io";

fn environment() -> GuardPolicy {
    let stays = |key: &str| {
        format!(
            "request.operation == 'UPDATE' && has(oldObject.metadata.labels) && '{key}' in oldObject.metadata.labels &&\n\
             oldObject.metadata.labels['{key}'] == object.metadata.labels['{key}']"
        )
    };
    let validation = |(key, word): (&str, &str), message| GuardValidation {
        expression: format!(
            "!('{key}' in object.metadata.labels) ||\nobject.metadata.labels['{key}'] == params.metadata.labels['{key}'] ||\n{}",
            stays(key)
        ),
        message,
        detail: Some(format!(
            "'the {word} of the object is ' + object.metadata.labels['{key}'] + ', and that of this cluster is ' + params.metadata.labels['{key}']"
        )),
    };
    let [of_environment, of_platform, of_region] = GUARD_LABELS;
    GuardPolicy {
        name: ENVIRONMENT_POLICY,
        about: &[
            "Refuses objects of another platform, environment or region than the cluster's own, whoever applies them: people, pipelines and operators.",
            "Not looked at: objects without these labels, such as those of Kubernetes and of operators, and the namespaces of the cluster itself.",
            "An object keeps the labels that it has, so that controllers can finish and delete what came before the policy.",
            "Without an identity nothing is refused: the first apply of a new cluster makes it.",
            "This policy is equal in every environment, and what differs is in the identity: files of another environment change no policy here.",
            "The API server lets no policy judge policies: roles do, and no role of these files may change one.",
            "Policies and bindings have a finalizer: whoever deletes the files of another cluster here would delete the guard first, and then what it keeps.",
        ],
        reads_identity: true,
        namespaces: Some((NAMESPACE_NAME, "NotIn", &SYSTEM_NAMESPACES)),
        requests: vec![requests("*", &["CREATE", "UPDATE"], &["*"])],
        conditions: vec![(
            "is-labelled",
            format!(
                "has(object.metadata) && has(object.metadata.labels) &&\n[{}].exists(key, key in object.metadata.labels)",
                GUARD_LABELS.map(|(key, _)| format!("'{key}'")).join(", ")
            ),
        )],
        validations: vec![
            validation(of_environment, "the object is of another environment than this cluster"),
            validation(of_platform, "the object is of another platform than this cluster"),
            validation(of_region, "the object is of another region than this cluster"),
        ],
    }
}

fn namespaces() -> GuardPolicy {
    let keys = format!("['{ENVIRONMENT}', '{PLATFORM}', '{REGION}']");
    GuardPolicy {
        name: NAMESPACES_POLICY,
        about: &[
            "Keeps the labels that say whose a namespace is: other policies go by them, and those of platgen-system are the identity of the cluster.",
            "Keeps platgen-system itself, and an environment that is protected. \"Break glass\" in RUNBOOK.md says how to change all of it.",
        ],
        reads_identity: false,
        namespaces: None,
        requests: vec![requests("", &["UPDATE", "DELETE"], &["namespaces", "namespaces/finalize", "namespaces/status"])],
        conditions: vec![
            ("is-labelled", format!("has(oldObject.metadata.labels) &&\n{keys}.exists(key, key in oldObject.metadata.labels)")),
            without_break_glass(),
        ],
        validations: vec![
            GuardValidation {
                expression: format!(
                    "request.operation == 'DELETE' ||\n{keys}.all(key, !(key in oldObject.metadata.labels) ||\nhas(object.metadata.labels) && key in object.metadata.labels &&\nobject.metadata.labels[key] == oldObject.metadata.labels[key])"
                ),
                message: "the labels that say whose a namespace is stay as they are: see \"Break glass\" in RUNBOOK.md",
                detail: None,
            },
            GuardValidation {
                expression: format!(
                    "request.operation == 'DELETE' || !('{PROTECTED}' in oldObject.metadata.labels) ||\noldObject.metadata.labels['{PROTECTED}'] != 'true' ||\nhas(object.metadata.labels) && '{PROTECTED}' in object.metadata.labels && object.metadata.labels['{PROTECTED}'] == 'true'"
                ),
                message: "a protected environment stays protected: see \"Break glass\" in RUNBOOK.md",
                detail: None,
            },
            GuardValidation {
                expression: format!("request.operation == 'UPDATE' || oldObject.metadata.name != '{IDENTITY_NAMESPACE}'"),
                message: "the namespace is the identity of the cluster: see \"Break glass\" in RUNBOOK.md",
                detail: None,
            },
        ],
    }
}

fn deletion() -> GuardPolicy {
    let mut data = BTreeMap::from([("", vec!["namespaces".to_owned(), "persistentvolumeclaims".to_owned()])]);
    for facts in Operator::ALL.map(Operator::facts) {
        data.entry(facts.group()).or_default().extend(facts.resources());
    }
    // The objects of a definition go with it.
    let groups: Vec<String> = data.keys().filter(|group| !group.is_empty()).map(|group| format!("'.{group}'")).collect();
    let holds_stores = format!(
        "request.resource.resource != 'customresourcedefinitions' ||\n[{}].exists(group, oldObject.metadata.name.endsWith(group))",
        groups.join(", ")
    );
    data.insert(BACKUPS, vec!["objectstores".to_owned()]);
    data.insert("apiextensions.k8s.io", vec!["customresourcedefinitions".to_owned()]);
    GuardPolicy {
        name: DELETION_POLICY,
        about: &[
            "In a protected environment, deletes namespaces, volume claims, databases and queues of the platform, their definitions, and the places of backups",
            "with \"Break glass\" in RUNBOOK.md alone.",
            "Service accounts and controllers delete what is in a namespace: operators, restore tests, and Kubernetes itself. None deletes a namespace.",
            "Those with which Argo CD and Flux apply files delete nothing of it: the files mark what they never prune, and a commit without the mark is a mistake.",
        ],
        reads_identity: true,
        namespaces: Some((ENVIRONMENT, "Exists", &[])),
        requests: data.into_iter().map(|(group, resources)| Requests { group, operations: &["DELETE"], resources }).collect(),
        conditions: vec![
            without_break_glass(),
            (
                "is-a-namespace-or-by-no-operator",
                format!("request.resource.resource == 'namespaces' ||\n{} ||\n{}", by_a_deliverer(), by_a_person()),
            ),
            ("is-no-definition-of-others", holds_stores),
        ],
        validations: vec![GuardValidation {
            expression: unprotected(),
            message: "the environment is protected, and this deletes data: see \"Break glass\" in RUNBOOK.md",
            detail: None,
        }],
    }
}

fn hand_made() -> GuardPolicy {
    let of_charts: Vec<String> = charts_make_in().into_iter().map(|name| format!("'{name}'")).collect();
    GuardPolicy {
        name: HAND_MADE_POLICY,
        about: &[
            "In a protected environment, refuses ConfigMaps of people without the labels of the platform: such as those of files that platgen never made.",
            "Against a slip, not against intent: whoever writes the labels of this cluster by hand passes.",
            "Service accounts, nodes and controllers make their own, such as kube-root-ca.crt and the locks of operators.",
            "Not looked at: the namespaces of add-ons, in which charts make them, whoever installs these.",
        ],
        reads_identity: true,
        namespaces: Some((ENVIRONMENT, "Exists", &[])),
        requests: vec![requests("", &["CREATE", "UPDATE"], &["configmaps"])],
        conditions: vec![
            ("is-not-labelled", format!("!has(object.metadata.labels) || !('{ENVIRONMENT}' in object.metadata.labels)")),
            ("is-not-of-an-add-on", format!("!(request.namespace in [{}])", of_charts.join(", "))),
            without_break_glass(),
            ("is-by-a-person", by_a_person()),
        ],
        validations: vec![GuardValidation {
            expression: unprotected(),
            message: "the environment is protected: ConfigMaps come from the spec, or see \"Break glass\" in RUNBOOK.md",
            detail: None,
        }],
    }
}

/// The namespaces of add-ons. That of the monitoring holds ConfigMaps of the platform as well: its chart gives its own the labels.
pub fn charts_make_in() -> BTreeSet<&'static str> {
    let charts = AddonChart::ALL.into_iter().filter(|chart| *chart != AddonChart::Monitoring);
    charts.map(AddonChart::namespace).filter(|name| !SYSTEM_NAMESPACES.contains(name)).collect()
}

fn requests(group: &'static str, operations: &'static [&'static str], resources: &[&str]) -> Requests {
    Requests { group, operations, resources: resources.iter().map(|resource| (*resource).to_owned()).collect() }
}

/// Whether the environment is not protected.
fn unprotected() -> String {
    format!("params.metadata.labels['{PROTECTED}'] != 'true'")
}

fn without_break_glass() -> (&'static str, String) {
    ("does-not-break-the-glass", format!("!('{BREAK_GLASS}' in request.userInfo.groups)"))
}

/// Whether neither a service account nor a part of the control plane asks. Names of users alone tell nothing: administrators of some clusters have one
/// that starts with `system:`.
fn by_a_person() -> String {
    "!['system:nodes', 'system:serviceaccounts'].exists(group, group in request.userInfo.groups) &&\nrequest.userInfo.username != 'system:kube-controller-manager'".to_owned()
}

/// Whether a controller asks that applies files from Git. For clusters of others, `argocd cluster add` makes the account `argocd-manager`.
fn by_a_deliverer() -> String {
    let groups = GitOpsController::NAMESPACES.map(|namespace| format!("'system:serviceaccounts:{namespace}'")).join(", ");
    format!(
        "[{groups}].exists(group, group in request.userInfo.groups) ||\nrequest.userInfo.username == 'system:serviceaccount:kube-system:argocd-manager'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The flags are those of the group, in the script as well.
    #[test]
    fn the_flags_are_those_of_the_group() {
        assert!(BREAK_GLASS.starts_with(OWN_GROUPS) && BREAK_GLASS_FLAGS.ends_with(&format!("--as-group={BREAK_GLASS}")));
        assert!(include_str!("../templates/output/removed.sh").contains(&format!("glass='{BREAK_GLASS_FLAGS}'\n")));
    }
}
