//! Evaluates roles and bindings (`rbac.authorization.k8s.io/v1`): what groups, users and service accounts may do.
//!
//! [`Rights::read`] reads the objects of one cluster. [`Rights::allows`] answers one request as the RBAC authorizer of the API server does;
//! [`Rights::given`] lists the rules that a subject has in a place. The module does not use the spec or the model.
//!
//! Not evaluated: the roles that every cluster has, but for `cluster-admin`, and roles that a controller fills from others by their labels
//! (`aggregationRule`). A binding to such a role, or to one that no object declares, is among [`Rights::unjudged`]. Other authorizers (`Node`, webhooks,
//! the access policies of a cloud) are outside of the objects.
//!
//! Source: `plugin/pkg/auth/authorizer/rbac` and `pkg/apis/rbac/v1/evaluation_helpers.go` of Kubernetes.

mod read;
#[cfg(test)]
mod tests;

pub use read::Fault;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The API group of roles and bindings.
const GROUP: &str = "rbac.authorization.k8s.io";

/// The group of everybody who has signed in.
const AUTHENTICATED: &str = "system:authenticated";

/// The group of everybody who has not.
const ANONYMOUS: &str = "system:unauthenticated";

/// The role with every right, which each cluster has.
const CLUSTER_ADMIN: &str = "cluster-admin";

/// Whom a binding gives a role.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Subject {
    /// A group, and nobody's further groups.
    Group(String),
    /// A user, without groups.
    User(String),
    /// A service account: its namespace and its name.
    Account(String, String),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Group(name) => write!(f, "group {name}"),
            Subject::User(name) => write!(f, "user {name}"),
            Subject::Account(namespace, name) => write!(f, "account {namespace}/{name}"),
        }
    }
}

impl Subject {
    /// The subjects of bindings that stand for it.
    fn identities(&self) -> BTreeSet<Subject> {
        let group = |name: &str| Subject::Group(name.to_owned());
        let mut all = BTreeSet::from([self.clone()]);
        if *self != group(ANONYMOUS) {
            all.insert(group(AUTHENTICATED));
        }
        if let Subject::Account(namespace, name) = self {
            all.insert(Subject::User(format!("system:serviceaccount:{namespace}:{name}")));
            all.extend([group("system:serviceaccounts"), group(&format!("system:serviceaccounts:{namespace}"))]);
        }
        all
    }
}

/// A rule of a role. A list may hold `*`, which stands for everything.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Rule {
    /// Verbs.
    pub verbs: Vec<String>,
    /// API groups; empty text for the core group.
    pub groups: Vec<String>,
    /// Resources in the plural, with subresources as `pods/log`.
    pub resources: Vec<String>,
    /// Names of the objects. Empty: all.
    pub names: Vec<String>,
    /// Paths of the API that are no resources, such as `/metrics`.
    pub urls: Vec<String>,
}

impl Rule {
    fn everything() -> Rule {
        let star = || vec!["*".to_owned()];
        Rule { verbs: star(), groups: star(), resources: star(), names: Vec::new(), urls: star() }
    }

    /// Whether the rule has the verb.
    pub fn has_verb(&self, verb: &str) -> bool {
        has(&self.verbs, verb)
    }

    /// Whether the rule has the resource, such as `pods/log`, of an API group.
    pub fn has_resource(&self, group: &str, resource: &str) -> bool {
        let of_any =
            || resource.split_once('/').is_some_and(|(_, inner)| self.resources.iter().any(|one| one.strip_prefix("*/") == Some(inner)));
        has(&self.groups, group) && (has(&self.resources, resource) || of_any())
    }

    /// Whether the rule has the object's name; a request that names none has the name `""`.
    pub fn has_name(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|one| one == name)
    }

    fn allows(&self, request: &Request<'_>) -> bool {
        self.has_verb(request.verb) && self.has_resource(request.group, request.resource) && self.has_name(request.name)
    }
}

fn has(list: &[String], word: &str) -> bool {
    list.iter().any(|one| one == word || one == "*")
}

/// A request for a resource.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Request<'q> {
    /// The namespace; empty for the whole cluster.
    pub namespace: &'q str,
    /// The verb.
    pub verb: &'q str,
    /// The API group; empty for the core group.
    pub group: &'q str,
    /// The resource, such as `pods` or `pods/log`.
    pub resource: &'q str,
    /// The object's name; empty for none.
    pub name: &'q str,
}

/// A binding of a role to subjects.
#[derive(Clone, Debug)]
pub struct Binding {
    /// `Kind/namespace/name`, or `Kind/name` without a namespace.
    pub object: String,
    /// The namespace in which it holds. `None`: in the whole cluster.
    pub namespace: Option<String>,
    /// The role, `Kind/namespace/name` or `Kind/name`.
    pub role: String,
    /// The subjects.
    pub subjects: Vec<Subject>,
}

/// A rule that a binding gives.
#[derive(Clone, Copy, Debug)]
pub struct Given<'r> {
    /// The binding.
    pub binding: &'r Binding,
    /// The rule.
    pub rule: &'r Rule,
}

/// The roles and bindings of a cluster.
#[derive(Debug, Default)]
pub struct Rights {
    /// The rules of each role by its object, `Kind/namespace/name` or `Kind/name`.
    roles: BTreeMap<String, Vec<Rule>>,
    bindings: Vec<Binding>,
    /// Roles that a controller fills.
    filled: BTreeSet<String>,
}

impl Rights {
    /// Every subject of a binding, in order, each once.
    pub fn subjects(&self) -> BTreeSet<&Subject> {
        self.bindings.iter().flat_map(|binding| &binding.subjects).collect()
    }

    /// The namespaces of bindings that hold in one namespace.
    pub fn namespaces(&self) -> BTreeSet<&str> {
        self.bindings.iter().filter_map(|binding| binding.namespace.as_deref()).collect()
    }

    /// The rules of every role, whoever has them.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.roles.values().flatten()
    }

    /// The bindings whose role is not judged.
    pub fn unjudged(&self) -> impl Iterator<Item = &Binding> {
        self.bindings.iter().filter(|binding| !self.roles.contains_key(&binding.role) || self.filled.contains(&binding.role))
    }

    /// The rules that a subject has, in the order of the bindings: those of the whole cluster, and with a namespace those of the namespace as well.
    pub fn given(&self, subject: &Subject, namespace: Option<&str>) -> Vec<Given<'_>> {
        let identities = subject.identities();
        let holds = |binding: &&Binding| binding.namespace.is_none() || binding.namespace.as_deref() == namespace;
        let mut given = Vec::new();
        for binding in self.bindings.iter().filter(holds) {
            if binding.subjects.iter().any(|one| identities.contains(one)) {
                given.extend(self.roles.get(&binding.role).into_iter().flatten().map(|rule| Given { binding, rule }));
            }
        }
        given
    }

    /// Whether a subject may do what a request asks for.
    pub fn allows(&self, subject: &Subject, request: &Request<'_>) -> bool {
        let namespace = Some(request.namespace).filter(|namespace| !namespace.is_empty());
        self.given(subject, namespace).iter().any(|given| given.rule.allows(request))
    }
}
