//! Resources of the Kubernetes API that belong to the whole cluster, as roles name them, and the groups that it has itself.
//!
//! Source: the Kubernetes API reference (`kubectl api-resources --namespaced=false`), and `spec.scope` of the add-ons' CustomResourceDefinitions.

/// The resources that belong to the whole cluster, by API group.
const OF_THE_CLUSTER: [(&str, &[&str]); 25] = [
    ("", &["componentstatuses", "namespaces", "nodes", "persistentvolumes"]),
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
    ("cert-manager.io", &["clusterissuers"]),
    ("certificates.k8s.io", &["certificatesigningrequests", "clustertrustbundles"]),
    ("eventing.keda.sh", &["clustercloudeventsources"]),
    ("external-secrets.io", &["clusterexternalsecrets", "clusterpushsecrets", "clustersecretstores"]),
    ("flowcontrol.apiserver.k8s.io", &["flowschemas", "prioritylevelconfigurations"]),
    ("gateway.networking.k8s.io", &["gatewayclasses"]),
    ("generators.external-secrets.io", &["clustergenerators"]),
    ("groupsnapshot.storage.k8s.io", &["volumegroupsnapshotclasses", "volumegroupsnapshotcontents"]),
    ("keda.sh", &["clustertriggerauthentications"]),
    ("metrics.k8s.io", &["nodes"]),
    ("networking.k8s.io", &["ingressclasses", "ipaddresses", "servicecidrs"]),
    ("node.k8s.io", &["runtimeclasses"]),
    ("policy.networking.k8s.io", &["clusternetworkpolicies"]),
    ("postgresql.cnpg.io", &["clusterimagecatalogs"]),
    ("rbac.authorization.k8s.io", &["clusterrolebindings", "clusterroles"]),
    ("resource.k8s.io", &["deviceclasses", "resourceslices"]),
    ("scheduling.k8s.io", &["priorityclasses"]),
    ("snapshot.storage.k8s.io", &["volumesnapshotclasses", "volumesnapshotcontents"]),
    ("storage.k8s.io", &["csidrivers", "csinodes", "storageclasses", "volumeattachments", "volumeattributesclasses"]),
];

/// Whether a resource of an API group, such as `nodes` or `nodes/proxy`, belongs to the whole cluster. One that is not known counts as namespaced, as most
/// custom resources are.
pub fn is_of_the_cluster(group: &str, resource: &str) -> bool {
    let plural = resource.split('/').next().unwrap_or(resource);
    OF_THE_CLUSTER.iter().any(|(known, resources)| *known == group && resources.contains(&plural))
}

/// Whether a right on a resource of some groups is void in a namespace: the resource belongs to the whole cluster. A group that is not known may have a
/// namespaced resource of the same name.
pub fn is_void_in_a_namespace(groups: &[String], resource: &str) -> bool {
    let of_kubernetes = |group: &str| !group.contains(['.', '*']) || group.ends_with(".k8s.io");
    groups.iter().any(|group| is_of_the_cluster(group, resource))
        && groups.iter().all(|group| is_of_the_cluster(group, resource) || of_kubernetes(group))
}

/// Whether Kubernetes itself has the kinds of an `apiVersion`. Those of other groups need a definition first.
pub fn is_built_in(api_version: &str) -> bool {
    api_version.split_once('/').is_none_or(|(group, _)| BUILT_IN.contains(&group))
}

/// The API groups of Kubernetes itself; `v1` has none.
const BUILT_IN: [&str; 22] = [
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
    "storagemigration.k8s.io",
];
