//! The labels and annotations that platgen puts on objects and nodes, and the label of Kubernetes that selects a namespace by name.

/// The workload that an object or pod belongs to, unique in a namespace. Selectors use this label alone.
pub const WORKLOAD: &str = "platgen.io/workload";

/// The Cluster of CloudNativePG that a pod belongs to. The operator sets this label, on the pods of its jobs as well.
pub const DATABASE: &str = "cnpg.io/cluster";

/// Whether a pod of CloudNativePG takes writes: `primary` or `replica`. The operator sets this label.
pub const DATABASE_ROLE: &str = "cnpg.io/instanceRole";

/// The Kafka of Strimzi that an object or a pod belongs to. Users and pools of servers find their Kafka by it; the operator sets it on pods.
pub const KAFKA: &str = "strimzi.io/cluster";

/// Whether a pod of Strimzi is a server that clients call: `true` or `false`, and absent from the pod that makes users. The operator sets this label.
pub const KAFKA_BROKER: &str = "strimzi.io/broker-role";

/// Whether a pod of Strimzi is a server that has a vote in who leads. The operator sets this label.
pub const KAFKA_VOTER: &str = "strimzi.io/controller-role";

/// What a pod of an operator of Percona is: `pxc`, a server of MySQL, `haproxy`, which its clients call, or `mongod`, a server of MongoDB. The operator sets this
/// label.
pub const PERCONA_COMPONENT: &str = "app.kubernetes.io/component";

/// The environment of an object.
pub const ENVIRONMENT: &str = "platgen.io/environment";

/// The region of an object.
pub const REGION: &str = "platgen.io/region";

/// The team that owns an object.
pub const OWNER: &str = "platgen.io/owner";

/// The platform of an object. Gateways accept routes from namespaces with this label.
pub const PLATFORM: &str = "platgen.io/platform";

/// Whether the environment of a cluster is protected: `true` or `false`, on the namespace that is the identity of the cluster.
pub const PROTECTED: &str = "platgen.io/protected";

/// The subnet of a node, and the taint of nodes in an isolated subnet.
pub const SUBNET: &str = "platgen.io/subnet";

/// The pool of a node.
pub const POOL: &str = "platgen.io/pool";

/// Annotation: why the spec lowers a security default for an object.
pub const REASON: &str = "platgen.io/reason";

/// Annotation: why a workload has no probes.
pub const NO_PROBES: &str = "platgen.io/no-probes";

/// Annotation: why the data of a store or a shared volume has no backups.
pub const NO_BACKUP: &str = "platgen.io/no-backup";

/// Annotation of Reloader: the Secrets, separated by commas, whose changes restart the pods of an object.
pub const RESTARTED_BY: &str = "secret.reloader.stakater.com/reload";

/// Annotation of a service account: the ARN of the IAM role that its pods take on AWS.
pub const IAM_ROLE: &str = "eks.amazonaws.com/role-arn";

/// The name of a namespace. The API server sets this label on every namespace, so no user can forge it.
pub const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// The wave in which Argo CD applies an object. One without the annotation is in the wave 0.
pub const GITOPS_WAVE: &str = "argocd.argoproj.io/sync-wave";

/// What Argo CD does with an object.
pub const GITOPS_OPTIONS: &str = "argocd.argoproj.io/sync-options";

/// The value of [`GITOPS_OPTIONS`] of an object that Argo CD never deletes: neither a commit without it does, nor the deletion of the Application.
pub const GITOPS_KEPT: &str = "Prune=false,Delete=false";

/// The stage in which Flux applies an object: a part of the name of its Kustomization.
pub const GITOPS_STAGE: &str = "platgen.io/stage";

/// Whether Flux deletes an object that left the files.
pub const FLUX_PRUNE: &str = "kustomize.toolkit.fluxcd.io/prune";

/// The value of [`FLUX_PRUNE`] of an object that Flux never deletes.
pub const FLUX_KEPT: &str = "disabled";
