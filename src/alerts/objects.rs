//! A region -> the objects of add-ons whose state kube-state-metrics has to serve beside that of the kinds of Kubernetes: its `customResourceState`.
//!
//! Their metrics are `kube_customresource_` with the names of [`Watched::metrics`]. A condition is 1 when true, and 0 when false or unknown
//! (`docs/metrics/extend/customresourcestate-metrics.md` and `pkg/customresourcestate/registry_factory.go` of kube-state-metrics 2.20).

use super::facts;
use crate::model::{Entrance, GitOpsController, Platform, Region};
use serde_json::{Value, json};

/// A kind whose objects are watched.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Watched {
    /// Its group.
    pub group: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Its name.
    pub kind: &'static str,
    /// The name that rights have for it.
    pub resource: &'static str,
    /// What its metrics tell.
    tells: Tells,
}

/// What the metrics of a kind tell.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Tells {
    /// The conditions of an object.
    Conditions,
    /// The conditions of an object, and whether people suspended it.
    Sync,
    /// What each Gateway says about a route.
    Parents,
    /// The health of an Application of Argo CD, and whether the cluster has what is in Git.
    Application,
}

const fn watched(group: &'static str, version: &'static str, kind: &'static str, resource: &'static str, tells: Tells) -> Watched {
    Watched { group, version, kind, resource, tells }
}

/// The group of Gateways and routes.
const GATEWAYS: &str = "gateway.networking.k8s.io";

const GATEWAY: Watched = watched(GATEWAYS, "v1", "Gateway", "gateways", Tells::Conditions);
const ROUTES: [Watched; 2] = [
    watched(GATEWAYS, "v1", "GRPCRoute", "grpcroutes", Tells::Parents),
    watched(GATEWAYS, "v1", "HTTPRoute", "httproutes", Tells::Parents),
];
const TCP: Watched = watched(GATEWAYS, "v1", "TCPRoute", "tcproutes", Tells::Parents);
const TLS: Watched = watched(GATEWAYS, "v1", "TLSRoute", "tlsroutes", Tells::Parents);
const APPLICATION: Watched = watched("argoproj.io", "v1alpha1", "Application", "applications", Tells::Application);
const FLUX: [Watched; 3] = [
    watched("helm.toolkit.fluxcd.io", "v2", "HelmRelease", "helmreleases", Tells::Sync),
    watched("kustomize.toolkit.fluxcd.io", "v1", "Kustomization", "kustomizations", Tells::Sync),
    watched("source.toolkit.fluxcd.io", "v1", "GitRepository", "gitrepositories", Tells::Sync),
];

/// The kinds that a region has and whose state somebody has to see.
pub fn objects(platform: &Platform, region: &Region) -> Vec<Watched> {
    let mut all = Vec::new();
    let entered = |is: fn(Entrance) -> bool| region.workloads.values().flat_map(|workload| &workload.exposures).any(|one| is(one.entrance));
    if !facts::gateways(region).is_empty() {
        all.push(GATEWAY);
        all.extend(ROUTES);
        all.extend(entered(|entrance| matches!(entrance, Entrance::Tcp(_))).then_some(TCP));
        all.extend(entered(|entrance| entrance == Entrance::Passthrough).then_some(TLS));
    }
    match platform.gitops.as_ref().map(|gitops| gitops.controller) {
        Some(GitOpsController::ArgoCd) => all.push(APPLICATION),
        Some(GitOpsController::Flux) => all.extend(FLUX),
        None => {}
    }
    all
}

/// The configuration of kube-state-metrics for kinds.
pub fn custom_resource_state(all: &[Watched]) -> Value {
    let resource = |one: &Watched| {
        json!({
            "groupVersionKind": {"group": one.group, "version": one.version, "kind": one.kind},
            "labelsFromPath": {
                "name": ["metadata", "name"],
                "namespace": ["metadata", "namespace"],
                "platform": ["metadata", "labels", "app.kubernetes.io/part-of"],
            },
            "metrics": one.metrics(),
        })
    };
    json!({"kind": "CustomResourceStateMetrics", "spec": {"resources": all.iter().map(resource).collect::<Vec<_>>()}})
}

impl Watched {
    /// Its metrics, as the configuration of kube-state-metrics has them.
    fn metrics(&self) -> Vec<Value> {
        let conditions = json!({
            "name": "condition",
            "help": "Whether a condition of an object is true.",
            "each": {
                "type": "Gauge",
                "gauge": {"path": ["status", "conditions"], "labelsFromPath": {"type": ["type"]}, "valueFrom": ["status"]},
            },
        });
        let suspended = json!({
            "name": "suspended",
            "help": "Whether people suspended an object.",
            "each": {"type": "Gauge", "gauge": {"path": ["spec", "suspend"]}},
        });
        // Listeners of a Gateway are told apart: two of them would else be one series.
        let parent = |condition: &str| {
            json!({
                "name": "parent_condition",
                "help": "Whether a condition of a route is true at a Gateway.",
                "commonLabels": {"type": condition},
                "each": {
                    "type": "Gauge",
                    "gauge": {
                        "path": ["status", "parents"],
                        "labelsFromPath": {"gateway": ["parentRef", "name"], "listener": ["parentRef", "sectionName"]},
                        "valueFrom": ["conditions", format!("[type={condition}]"), "status"],
                    },
                },
            })
        };
        let application = json!({
            "name": "application_info",
            "help": "Health and state of an Application.",
            "each": {
                "type": "Info",
                "info": {"labelsFromPath": {"health": ["status", "health", "status"], "sync": ["status", "sync", "status"]}},
            },
        });
        match self.tells {
            Tells::Conditions => vec![conditions],
            Tells::Sync => vec![conditions, suspended],
            Tells::Parents => vec![parent("Accepted"), parent("ResolvedRefs")],
            Tells::Application => vec![application],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{APPLICATION, FLUX, GATEWAY, ROUTES, TCP, TLS, custom_resource_state};
    use crate::alerts::all;
    use std::collections::BTreeSet;

    /// The metrics that alerts ask for are those that kube-state-metrics is told to make, and the other way round.
    #[test]
    fn metrics_are_those_of_alerts() {
        let kinds: Vec<_> = [GATEWAY, TCP, TLS, APPLICATION].into_iter().chain(ROUTES).chain(FLUX).collect();
        let config = custom_resource_state(&kinds);
        let metrics = config["spec"]["resources"].as_array().into_iter().flatten().flat_map(|one| one["metrics"].as_array()).flatten();
        let made: BTreeSet<String> = metrics.filter_map(|one| Some(format!("kube_customresource_{}", one["name"].as_str()?))).collect();
        let expressions: String = all().flat_map(|subject| subject.alerts).map(|alert| alert.expr).collect();
        let rest = expressions.split("kube_customresource_").skip(1);
        let asked: BTreeSet<String> = rest
            .map(|rest| rest.chars().take_while(|one| one.is_ascii_lowercase() || *one == '_').collect::<String>())
            .map(|name| format!("kube_customresource_{}", name.trim_end_matches('_')))
            .collect();
        assert_eq!(made, asked);
    }
}
