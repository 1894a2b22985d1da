//! Rights of apps and stores in the Kubernetes API.

use super::names::Entry;
use super::{EnvironmentResolver, written};
use crate::diagnostic::{Code, Diagnostic};
use crate::kinds::is_void_in_a_namespace;
use crate::model::{ApiAccess, RBAC, Right};
use crate::source::Span;
use crate::spec;
use crate::syntax::Field;
use crate::value::ApiVerb;

/// Resources of the core group whose rights reach further than their names say.
const FAR_REACHING: [&str; 8] = [
    "nodes/proxy",
    "pods/attach",
    "pods/ephemeralcontainers",
    "pods/exec",
    "pods/proxy",
    "secrets",
    "serviceaccounts/token",
    "services/proxy",
];

/// The resource of a right that is void in a namespace. A right on `namespaces` there is one on that namespace.
fn void(right: &Right) -> Option<&String> {
    right.resources.iter().find(|name| name.split('/').next() != Some("namespaces") && is_void_in_a_namespace(&right.groups, name))
}

impl EnvironmentResolver<'_> {
    /// The rights of an entry.
    pub(super) fn api_access(&mut self, entry: &Entry) -> Option<ApiAccess> {
        let (access, at) = entry.kubernetes().spanned()?;
        let (namespace, cluster) = (self.rights(&access.namespace), self.rights(&access.cluster));
        if access.namespace.is_missing() && access.cluster.is_missing() {
            let diagnostic = Diagnostic::new(Code::MissingField, "`kubernetes` gives no right").at(at);
            self.tell(diagnostic.help("add `namespace:` or `cluster:` with a list of rights"));
        }
        for (right, at) in &namespace {
            if let Some(resource) = void(right) {
                let message = format!("`{resource}` belongs to the whole cluster: in a namespace the right is void");
                self.tell(Diagnostic::new(Code::Contradiction, message).at(*at).help("move the right to `kubernetes.cluster`"));
            }
        }
        let far: Vec<(String, Span)> =
            namespace.iter().chain(&cluster).filter_map(|(right, at)| Some((far_reaching(right)?, *at))).collect();
        let reason = match far.first() {
            Some((what, at)) => self.reason(&access.reason, "reason", what, *at),
            None => access.reason.get().cloned(),
        };
        let without_places = |rights: Vec<(Right, Span)>| rights.into_iter().map(|(right, _)| right).collect();
        Some(ApiAccess { namespace: without_places(namespace), cluster: without_places(cluster), reason })
    }

    fn rights(&mut self, rights: &Field<Vec<Field<spec::Right>>>) -> Vec<(Right, Span)> {
        let mut all = Vec::new();
        if let Some(at) = rights.empty() {
            self.error(Code::InvalidValue, "the list of rights is empty", at);
        }
        for (right, at) in rights.items() {
            self.require(&right.resources, "resources", at);
            self.require(&right.verbs, "verbs", at);
            let lists = [
                ("groups", right.groups.empty()),
                ("resources", right.resources.empty()),
                ("verbs", right.verbs.empty()),
                ("names", right.names.empty()),
            ];
            for (name, at) in written(lists) {
                self.error(Code::InvalidValue, format!("the list `{name}` is empty"), at);
            }
            if !right.names.is_missing() {
                let unnamed = right.verbs.items().find(|(verb, _)| matches!(verb, ApiVerb::Create | ApiVerb::Deletecollection));
                if let Some((verb, at)) = unnamed {
                    let message = format!("`names` can't limit `{}`: the request names no object", verb.name());
                    self.contradiction(message, at, right.names.span());
                }
            }
            let groups: Vec<String> = right.groups.values().map(ToString::to_string).collect();
            let right = Right {
                groups: if right.groups.is_missing() { vec![String::new()] } else { groups },
                resources: right.resources.values().map(ToString::to_string).collect(),
                verbs: right.verbs.values().map(|verb| verb.name()).collect(),
                names: right.names.values().cloned().collect(),
            };
            all.push((right, at));
        }
        all
    }
}

/// The words for a right that leads to further rights.
fn far_reaching(right: &Right) -> Option<String> {
    let starred = |texts: &[String]| texts.iter().any(|text| text.contains('*'));
    if starred(&right.groups) || starred(&right.resources) || right.verbs.contains(&"*") {
        return Some("a right with `*`".to_owned());
    }
    if let Some(verb) = right.verbs.iter().find(|verb| ["approve", "attest", "bind", "escalate", "impersonate", "sign"].contains(verb)) {
        return Some(format!("the verb `{verb}`"));
    }
    let core = right.groups.iter().any(String::is_empty);
    if let Some(resource) = right.resources.iter().find(|resource| core && FAR_REACHING.contains(&resource.as_str())) {
        return Some(format!("a right on `{resource}`"));
    }
    let changes = right.verbs.iter().find(|verb| !["get", "list", "watch"].contains(verb));
    let of = |wanted: &[&str]| right.groups.iter().any(|group| wanted.contains(&group.as_str()));
    let (roles, others) = (of(&[RBAC]), of(&["admissionregistration.k8s.io", "certificates.k8s.io"]));
    changes.filter(|_| roles || others).map(|verb| match roles {
        true => format!("the right to `{verb}` roles and bindings"),
        false => format!("the right to `{verb}` webhooks, policies or certificates"),
    })
}
