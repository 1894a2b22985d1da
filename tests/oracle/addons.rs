//! Presence: the policies of the programs that charts run, what Prometheus reads of them, and the class of the Gateways.

use super::Finding;
use super::context::{GATEWAYS, RegionContext};
use platgen::inventory::Object;
use serde_json::json;

const RULE: &str = "wrong-addon";

/// The label that most charts give to pods.
const NAME: &str = "app.kubernetes.io/name";

/// A program: key and value of a label of its pods, and the port of its metrics.
type Program = (&'static str, &'static str, Option<u16>);

/// Each chart with its namespace and its programs.
const CHARTS: [(&str, &str, &[Program]); 13] = [
    ("aws-load-balancer-controller", "kube-system", &[(NAME, "aws-load-balancer-controller", Some(8080))]),
    (
        "cert-manager",
        "cert-manager",
        &[
            (NAME, "cert-manager", Some(9402)),
            (NAME, "webhook", Some(9402)),
            (NAME, "cainjector", Some(9402)),
            (NAME, "startupapicheck", None),
        ],
    ),
    ("cloudnative-pg", "cnpg-system", &[(NAME, "cloudnative-pg", Some(8080))]),
    ("cluster-autoscaler", "kube-system", &[(NAME, "cluster-autoscaler", Some(8085))]),
    (
        "envoy-gateway",
        GATEWAYS,
        &[("app.kubernetes.io/component", "proxy", None), ("control-plane", "envoy-gateway", Some(19001)), ("app", "certgen", None)],
    ),
    ("external-dns", "external-dns", &[(NAME, "external-dns", Some(7979))]),
    (
        "external-secrets",
        "external-secrets",
        &[
            (NAME, "external-secrets", Some(8080)),
            (NAME, "external-secrets-webhook", Some(8080)),
            (NAME, "external-secrets-cert-controller", Some(8080)),
        ],
    ),
    ("metrics-server", "kube-system", &[(NAME, "metrics-server", None)]),
    ("plugin-barman-cloud", "cnpg-system", &[(NAME, "plugin-barman-cloud", None)]),
    ("psmdb-operator", "psmdb-operator", &[(NAME, "percona-server-mongodb-operator", Some(8080))]),
    ("pxc-operator", "pxc-operator", &[(NAME, "percona-xtradb-cluster-operator", Some(8080))]),
    ("reloader", "reloader", &[(NAME, "reloader", Some(9090))]),
    ("strimzi-kafka-operator", "strimzi-system", &[("strimzi.io/kind", "cluster-operator", Some(8080))]),
];

/// Whether a namespace is that of an add-on, in which nothing reads secrets. The monitoring has one of its own.
pub(super) fn is_of_addons(namespace: &str) -> bool {
    CHARTS.iter().any(|(_, of, _)| *of == namespace && *of != "kube-system")
}

/// The programs of the charts of a region, with their namespaces.
fn programs(context: &RegionContext) -> impl Iterator<Item = (&'static str, Program)> {
    let charts = CHARTS.iter().filter(|(name, ..)| context.region.charts.iter().any(|chart| chart.name == *name));
    charts.flat_map(|(_, namespace, programs)| programs.iter().map(|program| (*namespace, *program)))
}

/// The pods that an object selects, by the only label of the selector.
fn selects(object: &Object, place: &str, (key, value, _): Program) -> bool {
    object.at(place) == Some(&json!({"matchLabels": {key: value}}))
}

fn is_policy(object: &Object, namespace: &str, program: Program) -> bool {
    object.namespace == namespace && selects(object, "/spec/podSelector", program)
}

fn is_monitor(object: &Object, namespace: &str, program: Program) -> bool {
    // Their metrics name the namespaces of others.
    let endpoint = match program.1 {
        "cert-manager" | "external-secrets" => json!([{"portNumber": program.2, "path": "/metrics", "honorLabels": true}]),
        _ => json!([{"portNumber": program.2, "path": "/metrics"}]),
    };
    object.namespace == "monitoring"
        && selects(object, "/spec/selector", program)
        && object.at("/spec/namespaceSelector") == Some(&json!({"matchNames": [namespace]}))
        && object.at("/spec/podMetricsEndpoints") == Some(&endpoint)
}

/// Whether an object is one that an add-on has.
pub(super) fn has(context: &RegionContext, object: &Object) -> bool {
    match object.kind.as_str() {
        "NetworkPolicy" => programs(context).any(|(namespace, program)| is_policy(object, namespace, program)),
        "PodMonitor" => {
            let mut read = programs(context).filter(|(_, (_, _, port))| port.is_some() && context.region.monitoring.is_some());
            read.any(|(namespace, program)| is_monitor(object, namespace, program))
        }
        _ => false,
    }
}

pub(super) fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    for (namespace, program) in programs(context) {
        let (_, name, port) = program;
        let mut policies = context.inventory.of_kind("NetworkPolicy");
        // The namespaces of the cluster have no policies.
        if namespace != "kube-system" && !policies.any(|one| is_policy(one, namespace, program)) {
            let message = format!("no policy selects the pods of `{name}` in `{namespace}`");
            found.push(context.about(RULE, &format!("NetworkPolicy/{namespace}/{name}"), message));
        }
        let mut monitors = context.inventory.of_kind("PodMonitor");
        if port.is_some() && context.region.monitoring.is_some() && !monitors.any(|one| is_monitor(one, namespace, program)) {
            let message = format!("nothing reads the metrics of `{name}` in `{namespace}`");
            found.push(context.about(RULE, &format!("PodMonitor/monitoring/{name}"), message));
        }
    }
    let classes: Vec<&Object> = context.inventory.of_kind("GatewayClass").filter(|one| !context.is_by_hand(one)).collect();
    let wanted = json!({"controllerName": "gateway.envoyproxy.io/gatewayclass-controller"});
    let installed = context.region.charts.iter().any(|chart| chart.name == "envoy-gateway");
    let is_right = |class: &&&Object| class.name == "envoy" && class.at("/spec") == Some(&wanted);
    if classes.iter().filter(is_right).count() != usize::from(installed) || classes.iter().any(|class| !is_right(&class)) {
        let message = "the class of the Gateways is not that of Envoy Gateway".to_owned();
        found.push(context.about(RULE, "GatewayClass/envoy", message));
    }
}
