//! The facts of a region -> what its exporters would say: on a healthy day, and with outages.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::judge::{list, words};
use super::play::{Degree, Moment, Outage, Series, Target, metric};
use super::{addons, usage};

/// A fact of the region: its name, labels and value.
pub struct Fact {
    name: String,
    labels: BTreeMap<String, String>,
    value: u32,
}

/// The facts in the groups of a region's rules.
pub fn facts(groups: &[Value]) -> Vec<Fact> {
    let rules = groups.iter().filter(|group| words(&group["name"]).starts_with("facts")).flat_map(|group| list(&group["rules"]));
    let fact = |rule: &Value| {
        let labels = rule["labels"].as_object().into_iter().flatten().map(|(name, value)| (name.clone(), words(value)));
        let value = words(&rule["expr"]).trim_start_matches("vector(").trim_end_matches(')').parse::<f64>().unwrap_or_default();
        Fact { name: words(&rule["record"]), labels: labels.collect(), value: value as u32 }
    };
    rules.map(fact).collect()
}

/// A pod that runs.
#[derive(Clone)]
pub struct Pod {
    pub namespace: String,
    /// The workload, or the Gateway of a proxy.
    pub workload: String,
    pub name: String,
    pub node: String,
    /// What it runs: a label of the fact of its workload.
    pub engine: Option<String>,
    /// A proxy of a Gateway.
    pub proxy: bool,
    /// The first of its workload, which is the primary of a database.
    pub first: bool,
}

impl Pod {
    fn new(place: [&str; 2], name: String, engine: Option<String>, number: u32) -> Pod {
        let [namespace, workload] = place.map(str::to_owned);
        Pod { namespace, workload, name, node: String::new(), engine, proxy: false, first: number == 0 }
    }
}

/// What runs in the region.
pub struct World {
    facts: Vec<Fact>,
    /// The nodes, each with its pool and its zone.
    pub nodes: Vec<[String; 3]>,
    pub pods: Vec<Pod>,
}

impl World {
    pub fn new(groups: &[Value]) -> World {
        let mut world = World { facts: facts(groups), nodes: Vec::new(), pods: Vec::new() };
        let zones: Vec<String> = world.each("platgen:zone:info").map(|fact| fact.labels["zone"].clone()).collect();
        for fact in world.facts.iter().filter(|fact| fact.name == "platgen:pool:least_nodes") {
            let pool = &fact.labels["pool"];
            let of_pool =
                (0..fact.value).zip(zones.iter().cycle()).map(|(number, zone)| [format!("{pool}-{number}"), pool.clone(), zone.clone()]);
            world.nodes.extend(of_pool);
        }
        let mut pods = Vec::new();
        for fact in world.each("platgen:workload:least_pods") {
            let place = ["namespace", "workload"].map(|label| fact.labels[label].as_str());
            let workload = place[1];
            let info = world.each("platgen:workload:info").find(|fact| fact.labels["workload"] == workload);
            let engine = info.and_then(|fact| fact.labels.get("engine"));
            pods.extend((0..fact.value).map(|number| {
                let name = match engine.map(String::as_str) {
                    Some("postgres") => format!("{workload}-{}", number + 1),
                    Some("rabbitmq") => format!("{workload}-server-{number}"),
                    _ => format!("{workload}-{number}"),
                };
                Pod::new(place, name, engine.cloned(), number)
            }));
        }
        for fact in world.each("platgen:gateway:least_proxies") {
            let gateway = fact.labels["gateway"].as_str();
            let pod = |number| Pod::new(["envoy-gateway-system", gateway], format!("envoy-{gateway}-{number}"), None, number);
            pods.extend((0..fact.value).map(|number| Pod { proxy: true, ..pod(number) }));
        }
        world.pods = pods.into_iter().zip(world.nodes.iter().cycle()).map(|(pod, [node, ..])| Pod { node: node.clone(), ..pod }).collect();
        world
    }

    fn each<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Fact> {
        self.facts.iter().filter(move |fact| fact.name == name)
    }
}

/// Everything that Prometheus scrapes but itself and Alertmanager.
pub fn targets(world: &World) -> Vec<Target> {
    let scraped: BTreeSet<&str> = world.each("platgen:workload:scraped").map(|fact| fact.labels["workload"].as_str()).collect();
    let mut targets = vec![
        state(world),
        Target::new(&[("job", "apiserver"), ("namespace", "default")], |moment| Some(of_api_server(moment))),
        usage::kubelet(&world.pods),
        Target::new(&[("job", "kube-prometheus-stack-operator"), ("namespace", "monitoring"), ("pod", "operator-1")], |moment| {
            let rejected = f64::from(u8::from(moment.has(Outage::Rejected)));
            let count = |state: &str, value: f64| {
                (metric("prometheus_operator_managed_resources", &[("resource", "AlertmanagerConfig"), ("state", state)]), value)
            };
            Some(vec![count("selected", 4.0 - rejected), count("rejected", rejected)])
        }),
    ];
    targets.extend(world.nodes.iter().enumerate().map(|(number, _)| usage::node(number)));
    for Pod { namespace, workload, name, engine, first, .. } in world.pods.iter().filter(|pod| scraped.contains(pod.workload.as_str())) {
        let labels =
            [("job", workload.as_str()), ("namespace", namespace.as_str()), ("pod", name.as_str()), ("workload", workload.as_str())];
        let (pod, engine, web, first) = (name.clone(), engine.clone(), workload == "web", *first);
        targets.push(Target::new(&labels, move |moment| match engine.as_deref() {
            Some("postgres") => Some(of_database(moment, &pod, first)),
            Some("rabbitmq") => Some(usage::of_queues(moment, &pod)),
            _ if web && moment.has(Outage::Unread) => None,
            _ => Some(vec![("app_requests_total".to_owned(), moment.elapsed)]),
        }));
    }
    for Pod { workload, name, .. } in world.pods.iter().filter(|pod| pod.proxy) {
        let labels = [("job", "gateways"), ("namespace", "envoy-gateway-system"), ("pod", name.as_str()), ("gateway", workload.as_str())];
        let pod = name.clone();
        targets.push(Target::new(&labels, move |moment| Some(of_proxy(moment, &pod))));
    }
    for fact in world.each("platgen:addon:scraped") {
        let job = fact.labels["job"].clone();
        let name = job.rsplit('/').next().unwrap_or_default().to_owned();
        let namespace = name.clone();
        targets.push(Target::new(&[("job", &job), ("namespace", &namespace)], move |moment| Some(addons::of_addon(&name, moment))));
    }
    targets
}

/// The API server.
fn of_api_server(moment: &Moment) -> Series {
    let mut all = vec![(metric("apiserver_request_total", &[("code", "200")]), moment.counts("api-server", 100.0))];
    // The series comes with the first refusal.
    if let Some(lasted) = moment.lasted(Outage::Refused) {
        let labels = [("policy", "platgen-environment"), ("policy_binding", "platgen-environment"), ("enforcement_action", "deny")];
        all.push((metric("apiserver_validating_admission_policy_check_total", &labels), 1.0 + (lasted / 5.0).floor()));
    }
    let labels = [("policy", "platgen-environment"), ("policy_binding", "platgen-environment"), ("enforcement_action", "allow")];
    all.push((metric("apiserver_validating_admission_policy_check_total", &labels), moment.counts("allowed", 0.2)));
    all
}

/// kube-state-metrics.
fn state(world: &World) -> Target {
    let mut always: Series = Vec::new();
    let mut pod = |namespace: &str, pod: &str, label: &str, value: &str| {
        always.push((metric("kube_pod_labels", &[("namespace", namespace), ("pod", pod), (label, value)]), 1.0));
        let ready = metric("kube_pod_status_ready", &[("namespace", namespace), ("pod", pod), ("condition", "true")]);
        always.extend((pod != "payer-0").then_some((ready, 1.0)));
    };
    for one in &world.pods {
        let label = if one.proxy { "label_gateway_envoyproxy_io_owning_gateway_name" } else { "label_platgen_io_workload" };
        pod(&one.namespace, &one.name, label, &one.workload);
    }
    for fact in world.each("platgen:addon:info") {
        pod(&fact.labels["namespace"], &format!("{}-1", fact.labels["pods"]), "label_app_kubernetes_io_name", &fact.labels["pods"]);
    }
    for (namespace, name) in [("kube-system", "coredns"), ("envoy-gateway-system", "envoy-gateway")] {
        let labels = [("namespace", namespace), ("deployment", name)];
        always.push((metric("kube_deployment_status_replicas_available", &labels), 2.0));
    }
    for [node, pool, zone] in &world.nodes {
        let labels = [("node", node.as_str()), ("label_platgen_io_pool", pool), ("label_topology_kubernetes_io_zone", zone)];
        always.push((metric("kube_node_labels", &labels), 1.0));
        let ready = [("node", node.as_str()), ("condition", "Ready"), ("status", "true")];
        always.push((metric("kube_node_status_condition", &ready), 1.0));
    }
    for fact in world.each("platgen:guard:policy") {
        let policy = fact.labels["policy"].as_str();
        always.push((metric("kube_validatingadmissionpolicy_info", &[("validatingadmissionpolicy", policy)]), 1.0));
        let binding = [("validatingadmissionpolicybinding", policy), ("action", "Deny")];
        always.push((metric("kube_validatingadmissionpolicybinding_validation_action", &binding), 1.0));
    }
    for fact in world.each("platgen:workload:most_pods") {
        let of = [("namespace", fact.labels["namespace"].as_str()), ("horizontalpodautoscaler", &fact.labels["workload"])];
        always.push((metric("kube_horizontalpodautoscaler_spec_max_replicas", &of), f64::from(fact.value)));
        always.push((metric("kube_horizontalpodautoscaler_status_desired_replicas", &of), 2.0));
    }
    let gateways: Vec<String> = world.each("platgen:gateway:least_proxies").map(|fact| fact.labels["gateway"].clone()).collect();
    always.extend(addons::objects(&gateways));
    always.extend(usage::requested(world));
    let scheduled: Vec<[String; 3]> = world
        .each("platgen:workload:info")
        .filter(|fact| ["test", "scheduled"].contains(&fact.labels["role"].as_str()))
        .map(|fact| ["namespace", "workload", "role"].map(|label| fact.labels[label].clone()))
        .collect();
    let pods = world.pods.clone();
    Target::new(&[("job", "kube-state-metrics"), ("endpoint", "http"), ("namespace", "monitoring")], move |moment| {
        let mut all = always.clone();
        let crashes = moment.has(Outage::CrashLoop);
        let ready = [("namespace", "pay"), ("pod", "payer-0"), ("condition", "true")];
        all.push((metric("kube_pod_status_ready", &ready), f64::from(u8::from(!crashes))));
        let waits = [("namespace", "pay"), ("pod", "payer-0"), ("container", "payer"), ("reason", "CrashLoopBackOff")];
        all.extend(crashes.then(|| (metric("kube_pod_container_status_waiting_reason", &waits), 1.0)));
        all.extend(usage::running(moment, &pods));
        for [namespace, workload, role] in &scheduled {
            let of = [("namespace", namespace.as_str()), ("cronjob", workload.as_str())];
            all.push((metric("kube_cronjob_created", &of), moment.now - 9e6));
            // A test each week, a run each day.
            let age = if role == "test" { 86_400.0 + moment.elapsed } else { 60.0 + (moment.elapsed + 40_000.0) % 86_400.0 };
            all.push((metric("kube_cronjob_status_last_successful_time", &of), moment.now - age));
            all.push((metric("kube_cronjob_spec_suspend", &of), 0.0));
            if role == "test" {
                all.extend(of_tests(moment, namespace, workload, age));
            }
        }
        Some(all)
    })
}

/// The jobs of a restore test: one that succeeded some time ago, and one that failed.
fn of_tests(moment: &Moment, namespace: &str, workload: &str, age: f64) -> Series {
    let mut all = Vec::new();
    let mut job = |name: &str, created: f64, more: &[(&str, f64)]| {
        let of = [("namespace", namespace), ("job_name", name)];
        all.push((metric("kube_job_created", &of), created));
        all.push((metric("kube_job_labels", &[of[0], of[1], ("label_platgen_io_workload", workload)]), 1.0));
        all.extend(more.iter().map(|(name, value)| (metric(name, &of), *value)));
        all.push((metric("kube_job_failed", &[of[0], of[1], ("condition", "true")]), f64::from(u8::from(more.is_empty()))));
    };
    let done = moment.now - age;
    let took = [("kube_job_status_start_time", done - 900.0), ("kube_job_status_completion_time", done)];
    job("test-0", done - 910.0, &took);
    if let Some(since) = moment.since(Outage::FailedTest) {
        job("test-1", moment.now - since - 600.0, &[]);
    }
    all
}

/// The seconds between two backups, and those that one takes.
const BACKUPS: (f64, f64) = (21_600.0, 600.0);

/// How far back a restore can go, in seconds; promtool begins at the year 1970.
const RECOVERABLE: f64 = 12.0 * 3600.0;

/// A server of a database of CloudNativePG.
fn of_database(moment: &Moment, pod: &str, first: bool) -> Series {
    let age = match moment.since(Outage::StaleBackup) {
        // The last one before the outage.
        Some(since) => {
            let from = moment.elapsed - since;
            moment.degree.late + BACKUPS.1 + moment.elapsed - ((from - 1.0) / BACKUPS.0).floor().max(0.0) * BACKUPS.0
        }
        None => BACKUPS.1 + moment.elapsed % BACKUPS.0,
    };
    let one = |name: &str, value: f64| (name.to_owned(), value);
    let mut all = vec![
        one("barman_cloud_cloudnative_pg_io_last_available_backup_timestamp", moment.now - age),
        one("barman_cloud_cloudnative_pg_io_last_failed_backup_timestamp", moment.now - 9e6),
        one("barman_cloud_cloudnative_pg_io_first_recoverability_point", moment.now - BACKUPS.1 - moment.elapsed % BACKUPS.0 - RECOVERABLE),
        one("cnpg_pg_replication_in_recovery", f64::from(u8::from(!first))),
        one("cnpg_pg_replication_streaming_replicas", if first { 2.0 } else { 0.0 }),
        one("cnpg_pg_replication_lag", if first { 0.0 } else { moment.moves(pod, 0.1) }),
        one("cnpg_pg_stat_archiver_seconds_since_last_archival", 30.0),
        one("cnpg_pg_postmaster_start_time", 0.0),
        one("cnpg_collector_fencing_on", 0.0),
        one("cnpg_collector_last_collection_error", 0.0),
        one("cnpg_collector_nodes_used", 3.0),
        one("cnpg_backends_max_tx_duration_seconds", moment.moves(&format!("{pod} transactions"), 1.0)),
    ];
    all.push((metric("cnpg_collector_pg_wal_archive_status", &[("value", "ready")]), 0.0));
    all.push((metric("cnpg_pg_settings_setting", &[("name", "max_connections")]), 100.0));
    all.extend(usage::of_database(moment, pod, first));
    all
}

/// The requests of all proxies in each second to each app.
pub const RATES: [(&str, f64); 2] = [("web", 60.0), ("api", 30.0)];

/// The upper bounds of the time of an answer in milliseconds, and the shares of requests that stay below them: of those that are answered well, and of slow
/// ones.
const TIMES: [(&str, f64, f64); 9] = [
    ("5", 0.1, 0.0),
    ("10", 0.4, 0.0),
    ("25", 0.7, 0.02),
    ("50", 0.9, 0.05),
    ("100", 0.97, 0.1),
    ("250", 0.999, 0.3),
    ("500", 1.0, 0.6),
    ("1000", 1.0, 0.95),
    ("+Inf", 1.0, 1.0),
];

/// A proxy of a Gateway: a third of the requests.
fn of_proxy(moment: &Moment, pod: &str) -> Series {
    let mut all = Vec::new();
    for (app, rate) in RATES {
        let (cluster, rate) = (format!("httproute/shop/{app}"), rate / 3.0);
        let labels = |label, value| [("envoy_cluster_name", cluster.as_str()), (label, value)];
        let counted = moment.counts(app, rate);
        let within = |outage, of| if app == of { moment.counts_within(app, rate, outage) } else { 0.0 };
        let Degree { errors, slow, .. } = moment.degree;
        let (errors, slow) = (within(Outage::Errors, "web") * errors, within(Outage::Slow, "api") * slow);
        for (class, value) in [("2", counted - errors), ("5", errors)] {
            all.push((metric("envoy_cluster_upstream_rq_xx", &labels("envoy_response_code_class", class)), value));
        }
        let below = |share: f64, share_of_slow: f64| (counted - slow) * share + slow * share_of_slow;
        let buckets =
            TIMES.map(|(le, share, slow)| (metric("envoy_cluster_upstream_rq_time_bucket", &labels("le", le)), below(share, slow)));
        all.extend(buckets);
        all.push((metric("envoy_cluster_membership_total", &[("envoy_cluster_name", &cluster)]), 2.0));
    }
    let prefix = |name| metric("envoy_http_downstream_cx_active", &[("envoy_http_conn_manager_prefix", name)]);
    all.push((prefix("http-10443"), moment.moves(pod, 120.0).round()));
    all.push((prefix("eg-stats-listener"), 1.0));
    all
}
