//! Scanner rules that contradict each other or the design of platgen, and are therefore accepted.

use super::{Accepted, Object};
use crate::model::{FOREIGN_NAMESPACES, Kind, Platform, Workload};

/// A rule that is disabled for every object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Conflict {
    /// `scanner/rule`.
    pub(super) rule: &'static str,
    /// The contradiction, and why this rule loses.
    pub(super) reason: &'static str,
}

const PULL: &str =
    "asking the registry at every start makes it a part of every restart; that a tag may move is what CKV_K8S_43 of checkov is about";

/// The rules that are disabled for every object.
pub(super) const EVERYWHERE: [Conflict; 2] =
    [Conflict { rule: "checkov/CKV_K8S_15", reason: PULL }, Conflict { rule: "kube-score/container-image-pull-policy", reason: PULL }];

/// Rules that an object of this kind violates by design.
pub(super) fn accepted(platform: &Platform, object: &Object<'_>) -> Vec<Accepted> {
    let mut all = Vec::new();
    // kube-score reports Deployments behind a Service with fewer than two replicas.
    let served = object.runs.filter(|workload| matches!(workload.kind, Kind::Deployment) && workload.service.is_some());
    if let Some(workload) = served.filter(|workload| workload.replicas.0 < 2 && workload.autoscaling.is_none()) {
        if workload.is_store() {
            all.push(Accepted::new("kube-score/deployment-replicas", "a store without replication: a second pod would hold other data"));
        } else if !platform.protected {
            all.push(Accepted::new("kube-score/deployment-replicas", "one pod is the default where the environment is not protected"));
        }
    }
    // kube-score takes a Service without a selector, such as that of a store of the cloud, for one of every pod of its namespace.
    let named = platform
        .regions
        .values()
        .flat_map(|region| region.managed.values())
        .any(|store| Some(store.namespace.as_str()) == object.namespace);
    let unserved = object.runs.filter(|workload| named && matches!(workload.kind, Kind::Deployment) && workload.service.is_none());
    if let Some(workload) = unserved {
        let reason = "no Service leads to it: that of a store outside of the cluster, which has no selector, leads to no pod";
        let rules = [
            ("kube-score/deployment-replicas", workload.replicas.0 < 2 && workload.autoscaling.is_none()),
            ("kube-score/pod-probes", workload.containers().all(|one| one.probes.ready.is_none() && one.probes.live.is_none())),
        ];
        all.extend(rules.into_iter().filter(|(_, broken)| *broken).map(|(rule, _)| Accepted::new(rule, reason)));
    }
    if served.is_some_and(Workload::is_recreated) {
        all.push(Accepted::new("kube-score/deployment-strategy", "a store without a volume: two pods would hold different data"));
    }
    let rule = match object.kind {
        "NetworkPolicy" => Some("kube-score/networkpolicy-targets-pod"),
        "Service" => Some("kube-score/service-targets-pod"),
        _ => None,
    };
    if let Some(rule) =
        rule.filter(|_| object.serves.is_some_and(|workload| matches!(workload.kind, Kind::Operated(_) | Kind::Restored(_))))
    {
        all.push(Accepted::new(rule, "an operator makes the pods, so that they are not in these files"));
    }
    if object.kind == "NetworkPolicy" && object.namespace.is_some() && !object.beside_workloads {
        let reason = match object.namespace.is_some_and(|name| FOREIGN_NAMESPACES.contains(&name)) {
            true => "a chart makes the pods, so that they are not in these files",
            false => "the namespace has no pods in this environment; it is closed before the first one comes",
        };
        all.push(Accepted::new("kube-score/networkpolicy-targets-pod", reason));
    }
    all
}
