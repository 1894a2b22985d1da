//! The kinds of Kubernetes objects that platgen renders or recognizes: one line per kind, the only such list.
//!
//! Sources: the Kubernetes API reference (`kubectl api-resources`: group, kind, scope), the update validation of the API server for immutable fields
//! (`ValidateJobSpecUpdate`, `ValidateStorageClassUpdate` and so on), and each add-on's CustomResourceDefinition (`spec.scope`,
//! `subresources.scale.specReplicasPath`, validation rules that compare with `oldSelf`).

mod operator;
mod resources;

pub use operator::{MONGODB_USERS, MYSQL_USERS, Operated, Operator, REPLICA_SET, Release};
pub use resources::{is_built_in, is_of_the_cluster, is_void_in_a_namespace};

use serde_json::Value;

/// The facts about one kind.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Kind {
    /// The API group, such as `apps`; empty for the core group.
    pub group: &'static str,
    /// The kind, such as `Deployment`.
    pub name: &'static str,
    /// Whether objects belong to a namespace or to the cluster.
    pub scope: Scope,
    /// When objects of the kind are applied.
    pub stage: Stage,
    /// JSON pointer of the pod template; empty for a Pod, which is its own template. `None`: the kind runs no pods, or its operator shapes them.
    pub pod_template: Option<&'static str>,
    /// How an operator makes the pods of the kind, which have no template.
    pub operated: Option<&'static Operated>,
    /// JSON pointer of the replica count that the `scale` subresource sets. `None`: an autoscaler can't scale the kind.
    pub replicas: Option<&'static str>,
    /// JSON pointers of fields that the API server refuses to change in any object of the kind.
    immutable: &'static [&'static str],
    /// JSON pointers of further fields that are immutable once the object says `immutable: true`.
    sealed: &'static [&'static str],
}

/// What objects of a kind belong to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scope {
    /// The whole cluster: `metadata.namespace` is not allowed.
    Cluster,
    /// A namespace: `default` if the object names none.
    Namespace,
}

/// When objects of a kind are applied: each stage needs only objects of earlier stages, except for what controllers retry by themselves.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Stage {
    /// Namespaces: every namespaced object needs one.
    Namespace,
    /// CustomResourceDefinitions: custom resources can't be created without them.
    Definition,
    /// Cluster-wide classes and roles that other objects name, and admission policies.
    Class,
    /// Service accounts and roles.
    Identity,
    /// Limits of a namespace and network policies: they must hold when the first pod starts.
    Limit,
    /// Bindings of roles and of admission policies.
    Binding,
    /// What pods read and mount: configuration, secrets and the stores they come from, volumes.
    Configuration,
    /// Services and Gateways: workloads and routes name them.
    Service,
    /// What runs pods.
    Workload,
    /// What refers to workloads, Services or Gateways: autoscalers, disruption budgets, routes, monitors.
    Attachment,
    /// Webhooks and aggregated APIs: their servers must run, otherwise the API server refuses later requests.
    Extension,
    /// Kinds that are not in the table.
    Unknown,
}

/// The kind of an object of this `apiVersion` and `kind`; `None` if the table does not have it. Any version of a group is accepted.
pub fn find(api_version: &str, kind: &str) -> Option<&'static Kind> {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    KINDS.binary_search_by(|known| (known.name, known.group).cmp(&(kind, group))).ok().and_then(|at| KINDS.get(at))
}

/// The names of all kinds; a name that two groups have appears twice.
pub fn names() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|kind| kind.name)
}

/// What objects of this `apiVersion` and `kind` belong to. A kind that the table does not have counts as namespaced, as most custom resources are.
pub fn scope(api_version: &str, kind: &str) -> Scope {
    find(api_version, kind).map_or(Scope::Namespace, |kind| kind.scope)
}

/// When objects of this `apiVersion` and `kind` are applied. A kind that the table does not have comes last, after every object that can define it.
pub fn stage(api_version: &str, kind: &str) -> Stage {
    find(api_version, kind).map_or(Stage::Unknown, |kind| kind.stage)
}

/// Whether a text is the document of an object whose pods an operator makes, as a ConfigMap holds it for a job that makes the object.
pub fn is_operated(text: &str) -> bool {
    let line = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
    text.starts_with("apiVersion: ") && operated(line("apiVersion: "), line("kind: ")).is_some()
}

/// The pods that an operator makes of objects of this `apiVersion` and `kind`; see [`Kind::operated`].
pub fn operated(api_version: &str, kind: &str) -> Option<&'static Operated> {
    find(api_version, kind)?.operated
}

/// What an operator makes servers of, if objects of this `apiVersion` and `kind` say how many there are and which volumes they have; see
/// [`Operated::servers`].
pub fn servers(api_version: &str, kind: &str) -> Option<&'static Operated> {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let is_it = |facts: &&Operated| facts.servers == kind && facts.resource.split_once('.').is_some_and(|(_, of)| of == group);
    Operator::ALL.into_iter().map(Operator::facts).find(is_it)
}

/// Whether objects of this `apiVersion` and `kind` hold other objects or data, which go with them.
pub fn holds(api_version: &str, kind: &str) -> bool {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    HOLDERS.contains(&(group, kind)) || operated(api_version, kind).is_some() || servers(api_version, kind).is_some()
}

/// The kinds whose objects hold other objects or data, beside those of operators: group and kind. `removed.sh` has the same list.
pub const HOLDERS: [(&str, &str); 4] =
    [("", "Namespace"), ("", "PersistentVolumeClaim"), ("", "PersistentVolume"), ("apiextensions.k8s.io", "CustomResourceDefinition")];

/// JSON pointer of the replica count in objects of this `apiVersion` and `kind`; see [`Kind::replicas`] and [`Operated::count`]. Other kinds that no autoscaler
/// scales, and those that the table does not have, are taken to have it where Deployments do.
pub fn replicas(api_version: &str, kind: &str) -> &'static str {
    let counted = || servers(api_version, kind).map(|facts| facts.count);
    find(api_version, kind).and_then(|kind| kind.replicas).or_else(counted).unwrap_or(REPLICAS)
}

/// JSON pointer of the pod template in objects of this `apiVersion` and `kind`; see [`Kind::pod_template`].
pub fn pod_template(api_version: &str, kind: &str) -> Option<&'static str> {
    find(api_version, kind)?.pod_template
}

impl Kind {
    /// JSON pointers of the fields that can't be changed in this existing object, nor anything below them. The list holds what manifests set: a Pod has
    /// more immutable fields. Leaving out a field that the API server fills in, such as `spec.clusterIP` of a Service, is not a change.
    pub fn immutable_fields(&self, object: &Value) -> impl Iterator<Item = &'static str> {
        let sealed = object.get("immutable").and_then(Value::as_bool) == Some(true);
        self.immutable.iter().chain(self.sealed.iter().filter(move |_| sealed)).copied()
    }

    const fn of(group: &'static str, name: &'static str, scope: Scope, stage: Stage) -> Kind {
        Kind { group, name, scope, stage, pod_template: None, operated: None, replicas: None, immutable: &[], sealed: &[] }
    }

    const fn pods(self, pointer: &'static str) -> Kind {
        Kind { pod_template: Some(pointer), ..self }
    }

    const fn operated(self, operator: Operator) -> Kind {
        Kind { operated: Some(operator.facts()), ..self }
    }

    const fn scaled(self, pointer: &'static str) -> Kind {
        Kind { replicas: Some(pointer), ..self }
    }

    const fn fixed(self, immutable: &'static [&'static str]) -> Kind {
        Kind { immutable, ..self }
    }

    const fn sealed(self, sealed: &'static [&'static str]) -> Kind {
        Kind { sealed, ..self }
    }
}

/// Where most kinds have their replica count.
const REPLICAS: &str = "/spec/replicas";

/// Every kind, sorted by kind and group for the search.
#[rustfmt::skip]
const KINDS: &[Kind] = {
    use Scope::{Cluster, Namespace};
    use Stage::{Attachment, Binding, Class, Configuration, Definition, Extension, Identity, Limit, Service, Workload};
    const TEMPLATE: &str = "/spec/template";
    const JOB_TEMPLATE: &str = "/spec/jobTemplate/spec/template";
    &[
        Kind::of("apiregistration.k8s.io", "APIService", Cluster, Extension),
        Kind::of("monitoring.coreos.com", "Alertmanager", Namespace, Workload).scaled(REPLICAS),
        Kind::of("monitoring.coreos.com", "AlertmanagerConfig", Namespace, Attachment),
        Kind::of("argoproj.io", "AppProject", Namespace, Configuration),
        Kind::of("argoproj.io", "Application", Namespace, Attachment),
        Kind::of("argoproj.io", "ApplicationSet", Namespace, Attachment),
        Kind::of("gateway.networking.k8s.io", "BackendTLSPolicy", Namespace, Attachment),
        Kind::of("gateway.envoyproxy.io", "BackendTrafficPolicy", Namespace, Attachment),
        Kind::of("postgresql.cnpg.io", "Backup", Namespace, Attachment).fixed(&["/spec"]),
        Kind::of("storage.k8s.io", "CSIDriver", Cluster, Class).fixed(&["/spec/attachRequired", "/spec/volumeLifecycleModes"]),
        Kind::of("cert-manager.io", "Certificate", Namespace, Configuration),
        Kind::of("gateway.envoyproxy.io", "ClientTrafficPolicy", Namespace, Attachment),
        Kind::of("postgresql.cnpg.io", "Cluster", Namespace, Workload).operated(Operator::CloudNativePg).scaled("/spec/instances").fixed(&["/spec/serviceAccountName"]),
        Kind::of("eventing.keda.sh", "ClusterCloudEventSource", Cluster, Attachment),
        Kind::of("external-secrets.io", "ClusterExternalSecret", Cluster, Configuration),
        Kind::of("generators.external-secrets.io", "ClusterGenerator", Cluster, Class),
        Kind::of("postgresql.cnpg.io", "ClusterImageCatalog", Cluster, Class),
        Kind::of("cert-manager.io", "ClusterIssuer", Cluster, Class),
        Kind::of("policy.networking.k8s.io", "ClusterNetworkPolicy", Cluster, Limit),
        Kind::of("external-secrets.io", "ClusterPushSecret", Cluster, Configuration),
        Kind::of("rbac.authorization.k8s.io", "ClusterRole", Cluster, Class),
        Kind::of("rbac.authorization.k8s.io", "ClusterRoleBinding", Cluster, Binding).fixed(&["/roleRef"]),
        Kind::of("external-secrets.io", "ClusterSecretStore", Cluster, Class),
        Kind::of("keda.sh", "ClusterTriggerAuthentication", Cluster, Class),
        Kind::of("", "ConfigMap", Namespace, Configuration).sealed(&["/data", "/binaryData", "/immutable"]),
        Kind::of("batch", "CronJob", Namespace, Workload).pods(JOB_TEMPLATE),
        Kind::of("apiextensions.k8s.io", "CustomResourceDefinition", Cluster, Definition).fixed(&["/spec/group", "/spec/scope", "/spec/names/kind", "/spec/names/plural"]),
        Kind::of("apps", "DaemonSet", Namespace, Workload).pods(TEMPLATE).fixed(&["/spec/selector"]),
        Kind::of("apps", "Deployment", Namespace, Workload).pods(TEMPLATE).scaled(REPLICAS).fixed(&["/spec/selector"]),
        Kind::of("gateway.envoyproxy.io", "EnvoyProxy", Namespace, Configuration),
        Kind::of("external-secrets.io", "ExternalSecret", Namespace, Configuration),
        Kind::of("gateway.networking.k8s.io", "GRPCRoute", Namespace, Attachment),
        Kind::of("gateway.networking.k8s.io", "Gateway", Namespace, Service),
        Kind::of("gateway.networking.k8s.io", "GatewayClass", Cluster, Class).fixed(&["/spec/controllerName"]),
        Kind::of("source.toolkit.fluxcd.io", "GitRepository", Namespace, Attachment),
        Kind::of("gateway.networking.k8s.io", "HTTPRoute", Namespace, Attachment),
        Kind::of("helm.toolkit.fluxcd.io", "HelmRelease", Namespace, Attachment),
        Kind::of("source.toolkit.fluxcd.io", "HelmRepository", Namespace, Attachment),
        Kind::of("autoscaling", "HorizontalPodAutoscaler", Namespace, Attachment),
        Kind::of("networking.k8s.io", "Ingress", Namespace, Attachment),
        Kind::of("networking.k8s.io", "IngressClass", Cluster, Class).fixed(&["/spec/controller"]),
        Kind::of("cert-manager.io", "Issuer", Namespace, Configuration),
        Kind::of("batch", "Job", Namespace, Workload).pods(TEMPLATE).fixed(&["/spec/selector", "/spec/template", "/spec/completions", "/spec/completionMode", "/spec/podFailurePolicy", "/spec/backoffLimitPerIndex", "/spec/managedBy", "/spec/successPolicy"]),
        Kind::of("kafka.strimzi.io", "Kafka", Namespace, Workload).operated(Operator::Strimzi),
        Kind::of("kafka.strimzi.io", "KafkaNodePool", Namespace, Workload).scaled(REPLICAS),
        Kind::of("kafka.strimzi.io", "KafkaUser", Namespace, Attachment),
        Kind::of("kustomize.toolkit.fluxcd.io", "Kustomization", Namespace, Attachment),
        Kind::of("", "LimitRange", Namespace, Limit),
        Kind::of("admissionregistration.k8s.io", "MutatingAdmissionPolicy", Cluster, Class),
        Kind::of("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding", Cluster, Binding),
        Kind::of("admissionregistration.k8s.io", "MutatingWebhookConfiguration", Cluster, Extension),
        Kind::of("", "Namespace", Cluster, Stage::Namespace),
        Kind::of("networking.k8s.io", "NetworkPolicy", Namespace, Limit),
        Kind::of("", "Node", Cluster, Class),
        Kind::of("source.toolkit.fluxcd.io", "OCIRepository", Namespace, Attachment),
        Kind::of("barmancloud.cnpg.io", "ObjectStore", Namespace, Configuration),
        Kind::of("psmdb.percona.com", "PerconaServerMongoDB", Namespace, Workload).operated(Operator::PerconaMongodb),
        Kind::of("pxc.percona.com", "PerconaXtraDBCluster", Namespace, Workload).operated(Operator::PerconaMysql).scaled("/spec/pxc/size"),
        Kind::of("", "PersistentVolume", Cluster, Configuration).fixed(&["/spec/volumeMode", "/spec/csi/driver", "/spec/csi/volumeHandle"]),
        Kind::of("", "PersistentVolumeClaim", Namespace, Configuration).fixed(&["/spec/accessModes", "/spec/selector", "/spec/storageClassName", "/spec/volumeMode", "/spec/volumeName", "/spec/dataSource", "/spec/dataSourceRef"]),
        Kind::of("", "Pod", Namespace, Workload).pods("").fixed(&["/spec/serviceAccountName", "/spec/nodeName", "/spec/hostNetwork", "/spec/restartPolicy", "/spec/volumes"]),
        Kind::of("policy", "PodDisruptionBudget", Namespace, Attachment),
        Kind::of("monitoring.coreos.com", "PodMonitor", Namespace, Attachment),
        Kind::of("scheduling.k8s.io", "PriorityClass", Cluster, Class).fixed(&["/value", "/preemptionPolicy"]),
        Kind::of("monitoring.coreos.com", "Prometheus", Namespace, Workload).scaled("/spec/shards"),
        Kind::of("monitoring.coreos.com", "PrometheusRule", Namespace, Attachment),
        Kind::of("external-secrets.io", "PushSecret", Namespace, Configuration),
        Kind::of("rabbitmq.com", "RabbitmqCluster", Namespace, Workload).operated(Operator::Rabbitmq),
        Kind::of("gateway.networking.k8s.io", "ReferenceGrant", Namespace, Configuration),
        Kind::of("apps", "ReplicaSet", Namespace, Workload).pods(TEMPLATE).scaled(REPLICAS).fixed(&["/spec/selector"]),
        Kind::of("", "ResourceQuota", Namespace, Limit).fixed(&["/spec/scopes"]),
        Kind::of("rbac.authorization.k8s.io", "Role", Namespace, Identity),
        Kind::of("rbac.authorization.k8s.io", "RoleBinding", Namespace, Binding).fixed(&["/roleRef"]),
        Kind::of("node.k8s.io", "RuntimeClass", Cluster, Class).fixed(&["/handler"]),
        Kind::of("keda.sh", "ScaledObject", Namespace, Attachment),
        Kind::of("postgresql.cnpg.io", "ScheduledBackup", Namespace, Attachment).fixed(&["/spec/cluster"]),
        Kind::of("", "Secret", Namespace, Configuration).fixed(&["/type"]).sealed(&["/data", "/immutable"]),
        Kind::of("external-secrets.io", "SecretStore", Namespace, Configuration),
        Kind::of("gateway.envoyproxy.io", "SecurityPolicy", Namespace, Attachment),
        Kind::of("", "Service", Namespace, Service).fixed(&["/spec/clusterIP", "/spec/loadBalancerClass"]),
        Kind::of("", "ServiceAccount", Namespace, Identity),
        Kind::of("monitoring.coreos.com", "ServiceMonitor", Namespace, Attachment),
        Kind::of("apps", "StatefulSet", Namespace, Workload).pods(TEMPLATE).scaled(REPLICAS).fixed(&["/spec/selector", "/spec/serviceName", "/spec/podManagementPolicy", "/spec/volumeClaimTemplates"]),
        Kind::of("storage.k8s.io", "StorageClass", Cluster, Class).fixed(&["/provisioner", "/parameters", "/reclaimPolicy", "/volumeBindingMode"]),
        Kind::of("gateway.networking.k8s.io", "TCPRoute", Namespace, Attachment),
        Kind::of("gateway.networking.k8s.io", "TLSRoute", Namespace, Attachment),
        Kind::of("keda.sh", "TriggerAuthentication", Namespace, Configuration),
        Kind::of("gateway.networking.k8s.io", "UDPRoute", Namespace, Attachment),
        Kind::of("admissionregistration.k8s.io", "ValidatingAdmissionPolicy", Cluster, Class),
        Kind::of("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding", Cluster, Binding),
        Kind::of("admissionregistration.k8s.io", "ValidatingWebhookConfiguration", Cluster, Extension),
        Kind::of("storage.k8s.io", "VolumeAttributesClass", Cluster, Class).fixed(&["/driverName", "/parameters"]),
        Kind::of("groupsnapshot.storage.k8s.io", "VolumeGroupSnapshotClass", Cluster, Class).fixed(&["/driver", "/parameters", "/deletionPolicy"]),
        Kind::of("groupsnapshot.storage.k8s.io", "VolumeGroupSnapshotContent", Cluster, Configuration),
        Kind::of("snapshot.storage.k8s.io", "VolumeSnapshot", Namespace, Configuration).fixed(&["/spec/source"]),
        Kind::of("snapshot.storage.k8s.io", "VolumeSnapshotClass", Cluster, Class),
        Kind::of("snapshot.storage.k8s.io", "VolumeSnapshotContent", Cluster, Configuration).fixed(&["/spec/source"]),
    ]
};

#[cfg(test)]
mod tests;
