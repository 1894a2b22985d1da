//! What is notable about rights: where they reach further than the names of their verbs and resources say.
//!
//! Source: "Privilege escalation risks" in "Role Based Access Control Good Practices" of the Kubernetes documentation.

use crate::rbac::Rule;
use serde::Serialize;

/// Subresources that are called with `get` as well, and do more than read.
pub(super) const ACTING: [&str; 6] = ["nodes/proxy", "pods/attach", "pods/exec", "pods/portforward", "pods/proxy", "services/proxy"];

/// Something notable about rights.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Notable {
    /// Secrets are read.
    Secrets,
    /// Some Secrets are read, by their names.
    NamedSecrets,
    /// Programs are started in pods that run.
    Shells,
    /// Pods are started with any image, Secret and account of the namespace.
    Pods,
    /// Pods are called past network policies.
    Forwards,
    /// Data is deleted.
    Data,
    /// Further rights are given or gained.
    Rights,
    /// Guards are changed: network policies, quotas, admission.
    Guards,
}

/// The verbs that change objects.
const CHANGES: &[&str] = &["create", "patch", "update"];

/// The verbs that change or delete objects.
const WRITES: &[&str] = &["create", "delete", "deletecollection", "patch", "update"];

/// The verbs that delete objects.
const DELETES: &[&str] = &["delete", "deletecollection"];

/// The verbs that read objects.
const READS: &[&str] = &["get", "list", "watch"];

/// The verbs that call a subresource.
const CALLS: &[&str] = &["create", "get"];

/// An API group, resources, and the verbs that are notable on them.
type Few = (&'static str, &'static [&'static str], &'static [&'static str]);

impl Notable {
    pub(super) const ALL: [Notable; 8] = [
        Notable::Secrets,
        Notable::NamedSecrets,
        Notable::Shells,
        Notable::Pods,
        Notable::Forwards,
        Notable::Data,
        Notable::Rights,
        Notable::Guards,
    ];

    /// Its letter in tables.
    pub fn letter(self) -> char {
        match self {
            Notable::Secrets => 'S',
            Notable::NamedSecrets => 's',
            Notable::Shells => 'X',
            Notable::Pods => 'P',
            Notable::Forwards => 'F',
            Notable::Data => 'D',
            Notable::Rights => 'R',
            Notable::Guards => 'G',
        }
    }

    /// What the subject may do, as a sentence without a subject.
    pub fn words(self) -> &'static str {
        match self {
            Notable::Secrets => "reads Secrets",
            Notable::NamedSecrets => "reads some Secrets, by their names alone",
            Notable::Shells => "starts programs in pods that run: exec, attach, debug containers",
            Notable::Pods => {
                "creates or changes pods, or what makes them: such a pod can read every Secret of its namespace and has the rights of any service account there"
            }
            Notable::Forwards => "calls ports of pods through the API server, past network policies",
            Notable::Data => "deletes data: volumes, claims of volumes, databases or namespaces",
            Notable::Rights => "gives or gains further rights: roles, bindings, impersonation, tokens of service accounts, certificates",
            Notable::Guards => "changes guards: network policies, quotas, limits, labels of namespaces, admission",
        }
    }

    fn given_by(self) -> &'static [Few] {
        match self {
            Notable::Secrets | Notable::NamedSecrets => &[("", &["secrets"], READS)],
            Notable::Shells => {
                &[("", &["nodes/proxy", "pods/attach", "pods/exec"], CALLS), ("", &["pods/ephemeralcontainers"], &["patch", "update"])]
            }
            Notable::Pods => &[
                ("", &["pods", "replicationcontrollers"], CHANGES),
                ("apps", &["daemonsets", "deployments", "replicasets", "statefulsets"], CHANGES),
                ("batch", &["cronjobs", "jobs"], CHANGES),
            ],
            Notable::Forwards => &[("", &["pods/portforward", "pods/proxy", "services/proxy"], CALLS)],
            Notable::Data => &[
                ("", &["namespaces", "persistentvolumeclaims", "persistentvolumes"], DELETES),
                ("kafka.strimzi.io", &["kafkanodepools", "kafkas"], DELETES),
                ("postgresql.cnpg.io", &["clusters", "databases"], DELETES),
                ("psmdb.percona.com", &["perconaservermongodbs"], DELETES),
                ("pxc.percona.com", &["perconaxtradbclusters"], DELETES),
                ("rabbitmq.com", &["rabbitmqclusters"], DELETES),
            ],
            Notable::Rights => &[
                ("", &["groups", "serviceaccounts", "users"], &["impersonate"]),
                ("", &["serviceaccounts/token"], &["create"]),
                ("authentication.k8s.io", &["uids", "userextras"], &["impersonate"]),
                ("certificates.k8s.io", &["certificatesigningrequests/approval"], &["patch", "update"]),
                ("certificates.k8s.io", &["signers"], &["approve", "attest", "sign"]),
                ("rbac.authorization.k8s.io", &["clusterrolebindings", "rolebindings"], WRITES),
                (
                    "rbac.authorization.k8s.io",
                    &["clusterroles", "roles"],
                    &["bind", "create", "delete", "deletecollection", "escalate", "patch", "update"],
                ),
            ],
            Notable::Guards => &[
                ("", &["limitranges", "resourcequotas"], WRITES),
                ("", &["namespaces"], CHANGES),
                (
                    "admissionregistration.k8s.io",
                    &[
                        "mutatingadmissionpolicies",
                        "mutatingadmissionpolicybindings",
                        "mutatingwebhookconfigurations",
                        "validatingadmissionpolicies",
                        "validatingadmissionpolicybindings",
                        "validatingwebhookconfigurations",
                    ],
                    WRITES,
                ),
                ("networking.k8s.io", &["networkpolicies"], WRITES),
            ],
        }
    }

    /// Whether a rule gives it.
    pub(super) fn is_given_by(self, rule: &Rule) -> bool {
        let fits = match self {
            Notable::Secrets => rule.names.is_empty(),
            Notable::NamedSecrets => !rule.names.is_empty(),
            _ => true,
        };
        let gives = |(group, resources, verbs): &Few| {
            resources.iter().any(|resource| rule.has_resource(group, resource)) && verbs.iter().any(|verb| rule.has_verb(verb))
        };
        fits && self.given_by().iter().any(gives)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::Operator;

    /// Whoever deletes what an operator makes servers of deletes their data.
    #[test]
    fn data_of_every_operator_is_notable() {
        for facts in Operator::ALL.map(Operator::facts) {
            let few = Notable::Data.given_by().iter().find(|(group, ..)| *group == facts.group()).expect("the group of the operator");
            assert!(facts.resources().iter().all(|resource| few.1.contains(&resource.as_str())), "{few:?}");
        }
    }
}
