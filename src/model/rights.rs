//! Rights of a workload in the Kubernetes API.

use super::{Region, Workload};
use crate::value::Name;

/// The API group of roles and bindings.
pub const RBAC: &str = "rbac.authorization.k8s.io";

/// Rights of a workload's pods in the Kubernetes API. The pods mount a token of their service account.
#[derive(Clone, Debug)]
pub struct ApiAccess {
    /// In its own namespace.
    pub namespace: Vec<Right>,
    /// In every namespace, and on objects of the whole cluster.
    pub cluster: Vec<Right>,
    /// The reason for rights that lead to further rights.
    pub reason: Option<String>,
}

/// Rights on some resources.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Right {
    /// API groups; empty text for the core group.
    pub groups: Vec<String>,
    /// Resources in the plural, with subresources as `pods/log`.
    pub resources: Vec<String>,
    /// Verbs.
    pub verbs: Vec<&'static str>,
    /// Names of the objects. Empty: all.
    pub names: Vec<String>,
}

impl Right {
    /// Whether Secrets are among its resources.
    pub fn names_secrets(&self) -> bool {
        let has = |list: &[String], word: &str| list.iter().any(|known| known == word || known == "*");
        has(&self.groups, "") && has(&self.resources, "secrets")
    }
}

impl Workload {
    /// The name of the Role of its account. Bindings of groups end otherwise, so no name is taken.
    pub fn role_name(&self) -> String {
        format!("{}-kubernetes", self.name)
    }

    /// The name of the ClusterRole of its account. Dots between the names keep it unique in the cluster.
    pub fn cluster_role_name(&self, platform: &Name) -> String {
        format!("{platform}.{}.{}", self.namespace, self.name)
    }
}

impl Region {
    /// The workload whose account has the rights of a role or a binding of platgen. The namespace of an object of the cluster is empty.
    pub fn grantee(&self, platform: &Name, kind: &str, namespace: &str, name: &str) -> Option<&Workload> {
        self.workloads.values().filter(|workload| workload.api.is_some()).find(|workload| match kind {
            "Role" | "RoleBinding" => namespace == workload.namespace.as_str() && name == workload.role_name(),
            "ClusterRole" | "ClusterRoleBinding" => name == workload.cluster_role_name(platform),
            _ => false,
        })
    }
}
