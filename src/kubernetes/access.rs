//! User groups -> roles and bindings.
//!
//! Each of the three levels includes the level below. No level has rights on secrets or opens a shell in a pod, and no rule has wildcards. An admin
//! creates workloads, and a workload can read every secret of its namespace. For more, there is the emergency access of the cloud, which is audited.

use serde::Serialize;

use super::metadata::{Context, Metadata};
use crate::model::GroupRole;
use crate::model::{Group, Namespace};
use crate::template::{TemplateError, render_yaml};
use crate::yaml::Document;

/// A rule: API group, resources, verbs.
#[derive(Clone, Copy, Serialize)]
struct Rule {
    group: &'static str,
    resources: &'static [&'static str],
    verbs: &'static [&'static str],
}

const fn rule(group: &'static str, resources: &'static [&'static str], verbs: &'static [&'static str]) -> Rule {
    Rule { group, resources, verbs }
}

const READ: &[&str] = &["get", "list", "watch"];
const WRITE: &[&str] = &["create", "delete", "patch", "update"];
const CORE: &[&str] = &[
    "configmaps",
    "endpoints",
    "events",
    "limitranges",
    "persistentvolumeclaims",
    "pods",
    "pods/log",
    "pods/status",
    "resourcequotas",
    "serviceaccounts",
    "services",
];
const APPS: &[&str] = &["controllerrevisions", "daemonsets", "deployments", "replicasets", "statefulsets"];

/// Reads everything except secrets.
const VIEWER: &[Rule] = &[
    rule("", CORE, READ),
    rule("apps", APPS, READ),
    rule("autoscaling", &["horizontalpodautoscalers"], READ),
    rule("barmancloud.cnpg.io", &["objectstores"], READ),
    rule("batch", &["cronjobs", "jobs"], READ),
    rule("cert-manager.io", &["certificates"], READ),
    rule("discovery.k8s.io", &["endpointslices"], READ),
    rule("events.k8s.io", &["events"], READ),
    rule("external-secrets.io", &["externalsecrets", "secretstores"], READ),
    rule("gateway.envoyproxy.io", &["backendtrafficpolicies", "envoyproxies", "securitypolicies"], READ),
    rule("gateway.networking.k8s.io", &["backendtlspolicies", "gateways", "grpcroutes", "httproutes", "tcproutes", "tlsroutes"], READ),
    rule("kafka.strimzi.io", &["kafkanodepools", "kafkas", "kafkatopics", "kafkausers"], READ),
    rule("metrics.k8s.io", &["pods"], &["get", "list"]),
    rule("monitoring.coreos.com", &["alertmanagerconfigs", "podmonitors", "prometheusrules"], READ),
    rule("networking.k8s.io", &["networkpolicies"], READ),
    rule("policy", &["poddisruptionbudgets"], READ),
    rule("postgresql.cnpg.io", &["backups", "clusters", "databaseroles", "databases", "poolers", "scheduledbackups"], READ),
    rule("psmdb.percona.com", &["perconaservermongodbs"], READ),
    rule("pxc.percona.com", &["perconaxtradbclusters"], READ),
    rule("rabbitmq.com", &["rabbitmqclusters"], READ),
    rule("rbac.authorization.k8s.io", &["rolebindings", "roles"], READ),
];

/// Restarts apps by deleting their pods, or evicts pods within their disruption budget, and scales. `kubectl rollout restart` needs the right to patch
/// the workload, which is also the right to run another image with its secrets: workloads change through merge requests.
const DEVELOPER: &[Rule] = &[
    rule("", &["pods"], &["delete"]),
    rule("", &["pods/eviction"], &["create"]),
    rule("apps", &["deployments/scale", "statefulsets/scale"], &["get", "patch", "update"]),
];

/// Changes workloads by hand when there is no time for a merge request.
const ADMIN: &[Rule] = &[
    rule("", &["configmaps", "persistentvolumeclaims", "services"], WRITE),
    rule("", &["pods/portforward"], &["create"]),
    rule("apps", &["daemonsets", "deployments", "statefulsets"], WRITE),
    rule("autoscaling", &["horizontalpodautoscalers"], WRITE),
    rule("batch", &["cronjobs", "jobs"], WRITE),
    rule("external-secrets.io", &["externalsecrets"], &["patch", "update"]),
    rule("gateway.networking.k8s.io", &["grpcroutes", "httproutes", "tcproutes", "tlsroutes"], WRITE),
    rule("policy", &["poddisruptionbudgets"], WRITE),
];

/// Reads cluster-scoped objects.
const CLUSTER: &[Rule] = &[
    rule("", &["namespaces", "nodes", "persistentvolumes"], READ),
    rule("gateway.envoyproxy.io", &["envoyproxies"], READ),
    rule("gateway.networking.k8s.io", &["gatewayclasses", "gateways"], READ),
    rule("metrics.k8s.io", &["nodes"], &["get", "list"]),
    rule("scheduling.k8s.io", &["priorityclasses"], READ),
    rule("storage.k8s.io", &["storageclasses", "volumeattachments"], READ),
];

fn word(role: GroupRole) -> &'static str {
    match role {
        GroupRole::Admin => "admin",
        GroupRole::Developer => "developer",
        GroupRole::Viewer => "viewer",
    }
}

fn rules(role: GroupRole) -> Vec<Rule> {
    let levels: &[&[Rule]] = match role {
        GroupRole::Admin => &[VIEWER, DEVELOPER, ADMIN],
        GroupRole::Developer => &[VIEWER, DEVELOPER],
        GroupRole::Viewer => &[VIEWER],
    };
    levels.concat()
}

#[derive(Serialize)]
struct Role {
    metadata: Metadata,
    rules: Vec<Rule>,
}

/// A binding of one group to a ClusterRole, in one namespace or in the cluster.
#[derive(Serialize)]
struct Binding<'m> {
    metadata: Metadata,
    role: String,
    group: &'m str,
}

/// The ClusterRoles that some group has, and the bindings of the groups that read cluster-scoped objects.
pub(super) fn cluster(context: &Context) -> Result<Vec<Document>, TemplateError> {
    let platform = context.platform;
    let mut documents = Vec::new();
    let role = |name: &str, rules: Vec<Rule>| {
        let view = Role { metadata: context.cluster_wide(format!("{}-{name}", platform.name)), rules };
        render_yaml("kubernetes/cluster-role.yaml.j2", &view)
    };
    for level in [GroupRole::Admin, GroupRole::Developer, GroupRole::Viewer] {
        let mut namespaces = platform.namespaces_in(context.region);
        if namespaces.any(|namespace| platform.groups.iter().any(|group| group.role_in(&namespace.name) == Some(level))) {
            documents.extend(role(word(level), rules(level))?);
        }
    }
    let seers: Vec<&Group> = platform.groups.iter().filter(|group| group.administers()).collect();
    if !seers.is_empty() {
        documents.extend(role("cluster-viewer", CLUSTER.to_vec())?);
    }
    for group in seers {
        let metadata = context.cluster_wide(format!("{}-{}-cluster-viewer", platform.name, group.name));
        let view = Binding { metadata, role: format!("{}-cluster-viewer", platform.name), group: &group.id };
        documents.extend(render_yaml("kubernetes/cluster-role-binding.yaml.j2", &view)?);
    }
    Ok(documents)
}

/// The RoleBindings of a namespace.
pub(super) fn namespace(context: &Context, namespace: &Namespace) -> Result<Vec<Document>, TemplateError> {
    let mut documents = Vec::new();
    for group in &context.platform.groups {
        let Some(role) = group.role_in(&namespace.name).map(word) else { continue };
        // The role of a binding is immutable, so the name contains the role.
        let metadata = context.shared(namespace, format!("{}-{role}", group.name));
        let view = Binding { metadata, role: format!("{}-{role}", context.platform.name), group: &group.id };
        documents.extend(render_yaml("kubernetes/role-binding.yaml.j2", &view)?);
    }
    Ok(documents)
}
