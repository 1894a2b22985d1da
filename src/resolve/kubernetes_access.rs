//! Rights of apps and stores in the Kubernetes API.

use super::names::Entry;
use super::{EnvironmentResolver, written};
use crate::diagnostic::{Code, Diagnostic};
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

/// The groups of Kubernetes with resources that belong to the whole cluster: in a namespace, rights on them are void. `namespaces` are not among
/// them: a right on them in a namespace is one on that namespace.
const OF_THE_CLUSTER: [(&str, &[&str]); 17] = [
    ("", &["componentstatuses", "nodes", "persistentvolumes"]),
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
    ),
    ("apiextensions.k8s.io", &["customresourcedefinitions"]),
    ("apiregistration.k8s.io", &["apiservices"]),
    ("authentication.k8s.io", &["selfsubjectreviews", "tokenreviews"]),
    ("authorization.k8s.io", &["selfsubjectaccessreviews", "selfsubjectrulesreviews", "subjectaccessreviews"]),
    ("certificates.k8s.io", &["certificatesigningrequests", "clustertrustbundles"]),
    ("flowcontrol.apiserver.k8s.io", &["flowschemas", "prioritylevelconfigurations"]),
    ("gateway.networking.k8s.io", &["gatewayclasses"]),
    ("metrics.k8s.io", &["nodes"]),
    ("networking.k8s.io", &["ingressclasses", "ipaddresses", "servicecidrs"]),
    ("node.k8s.io", &["runtimeclasses"]),
    (RBAC, &["clusterrolebindings", "clusterroles"]),
    ("resource.k8s.io", &["deviceclasses", "resourceslices"]),
    ("scheduling.k8s.io", &["priorityclasses"]),
    ("snapshot.storage.k8s.io", &["volumesnapshotclasses", "volumesnapshotcontents"]),
    ("storage.k8s.io", &["csidrivers", "csinodes", "storageclasses", "volumeattachments", "volumeattributesclasses"]),
];

/// The resource of a right that belongs to the whole cluster. `None` if the right names a group that is not of Kubernetes, which may have a resource of
/// the same name in namespaces.
fn void(right: &Right) -> Option<&String> {
    let of_kubernetes = |group: &String| group != "*" && (!group.contains('.') || group.ends_with(".k8s.io"));
    let is_void = |name: &&String| {
        let plural = name.split('/').next().unwrap_or(name);
        let mut known = OF_THE_CLUSTER.iter().filter(|(group, _)| right.groups.iter().any(|wanted| wanted == group));
        known.any(|(_, resources)| resources.contains(&plural))
    };
    right.resources.iter().find(is_void).filter(|_| right.groups.iter().all(of_kubernetes))
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
