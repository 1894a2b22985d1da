//! The facts of a region -> what its exporters would say: on a healthy day, and with outages.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value;

use super::super::judge::{list, words};

/// What goes wrong.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Outage {
    /// A pod of `payer` crashes again and again.
    CrashLoop,
    /// Half of the answers of `web` are errors.
    Errors,
    /// `api` answers slowly.
    Slow,
    /// A volume of `orders` is full.
    FullDisk,
    /// The newest backup of `orders` is days old.
    StaleBackup,
    /// The test that restores `orders` failed.
    FailedTest,
    /// The pods of `web` serve no metrics.
    Unread,
    /// The operator leaves out the receivers of a team.
    Rejected,
}

/// A moment of the play.
#[derive(Clone, Debug, Default)]
pub struct Moment {
    /// Seconds since 1970.
    pub now: f64,
    /// Seconds since the play began.
    pub elapsed: f64,
    /// How long each outage has lasted, in seconds, and whether it lasts on.
    pub outages: BTreeMap<Outage, (f64, bool)>,
}

impl Moment {
    fn has(&self, outage: Outage) -> bool {
        self.outages.get(&outage).is_some_and(|(_, lasts)| *lasts)
    }

    /// What a counter that grows by `rate` in each second is at, of the seconds within or without an outage.
    fn counted(&self, rate: f64, outage: Outage, within: bool) -> f64 {
        let lasted = self.outages.get(&outage).map_or(0.0, |(lasted, _)| *lasted);
        rate * if within { lasted } else { self.elapsed - lasted }
    }
}

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

/// Series with their values. `None`: the target does not answer.
type Said = Option<Vec<(String, f64)>>;

/// What Prometheus scrapes: the labels of a target, and what it says.
pub struct Target {
    pub labels: BTreeMap<&'static str, String>,
    say: Box<dyn Fn(&Moment) -> Said + Send + Sync>,
}

impl Target {
    fn new(labels: &[(&'static str, &str)], say: impl Fn(&Moment) -> Said + Send + Sync + 'static) -> Target {
        Target { labels: labels.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(), say: Box::new(say) }
    }

    /// Its series at a moment.
    pub fn series(&self, moment: &Moment) -> Said {
        (self.say)(moment)
    }

    /// The answer to a scrape.
    pub fn page(&self, moment: &Moment) -> Option<String> {
        let mut text = String::new();
        for (series, value) in self.series(moment)? {
            let _ = writeln!(text, "{series} {value}");
        }
        Some(text)
    }
}

/// A metric with labels.
fn metric(name: &str, labels: &[(&str, &str)]) -> String {
    let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    format!("{name}{{{}}}", labels.join(","))
}

/// Everything that Prometheus scrapes but itself and Alertmanager.
pub fn targets(facts: &[Fact]) -> Vec<Target> {
    let each = |name: &str| facts.iter().filter(|fact| fact.name == name).collect::<Vec<_>>();
    let pods: Vec<[String; 3]> = each("platgen:workload:least_pods")
        .iter()
        .flat_map(|fact| {
            let [namespace, workload] = ["namespace", "workload"].map(|label| fact.labels[label].clone());
            (0..fact.value).map(move |number| [namespace.clone(), workload.clone(), format!("{workload}-{number}")])
        })
        .collect();
    let gateways: Vec<String> = each("platgen:gateway:least_proxies").iter().map(|fact| fact.labels["gateway"].clone()).collect();
    let is_database = |workload: &str| {
        each("platgen:workload:info")
            .iter()
            .any(|fact| fact.labels["workload"] == workload && fact.labels.get("engine").is_some_and(|engine| engine == "postgres"))
    };
    let scraped: BTreeSet<String> = each("platgen:workload:scraped").iter().map(|fact| fact.labels["workload"].clone()).collect();
    let mut targets = vec![
        state(facts, &pods),
        Target::new(&[("job", "apiserver"), ("namespace", "default")], |moment| {
            Some(vec![(metric("apiserver_request_total", &[("code", "200")]), moment.elapsed * 100.0)])
        }),
        Target::new(&[("job", "kubelet"), ("namespace", "kube-system")], |moment| {
            let claim = [("namespace", "shop"), ("persistentvolumeclaim", "orders-1")];
            let left = if moment.has(Outage::FullDisk) { 30.0 } else { 600.0 };
            let volume = |name: &str, value: f64| (metric(&format!("kubelet_volume_stats_{name}"), &claim), value);
            let all = [("available_bytes", left), ("capacity_bytes", 1000.0), ("inodes", 1000.0), ("inodes_free", 900.0)];
            Some(all.into_iter().map(|(name, value)| volume(name, value)).collect())
        }),
        Target::new(&[("job", "node-exporter"), ("namespace", "kube-system"), ("instance", "10.0.0.9:9100")], |_| {
            let disk = [("mountpoint", "/"), ("fstype", "ext4")];
            Some(vec![(metric("node_filesystem_avail_bytes", &disk), 60.0), (metric("node_filesystem_size_bytes", &disk), 100.0)])
        }),
        Target::new(&[("job", "kube-prometheus-stack-operator"), ("namespace", "monitoring"), ("pod", "operator-1")], |moment| {
            let rejected = f64::from(u8::from(moment.has(Outage::Rejected)));
            let count = |state: &str, value: f64| {
                (metric("prometheus_operator_managed_resources", &[("resource", "AlertmanagerConfig"), ("state", state)]), value)
            };
            Some(vec![count("selected", 4.0 - rejected), count("rejected", rejected)])
        }),
    ];
    for [namespace, workload, pod] in pods.iter().filter(|[_, workload, _]| scraped.contains(workload)) {
        let labels =
            [("job", workload.as_str()), ("namespace", namespace.as_str()), ("pod", pod.as_str()), ("workload", workload.as_str())];
        let (web, database, first) = (workload == "web", is_database(workload), pod.ends_with("-0"));
        targets.push(Target::new(&labels, move |moment| match (web && moment.has(Outage::Unread), database) {
            (true, _) => None,
            (false, true) => Some(of_database(moment, first)),
            (false, false) => Some(vec![("app_requests_total".to_owned(), moment.elapsed)]),
        }));
    }
    for gateway in gateways {
        let pod = format!("envoy-{gateway}-0");
        let labels = [("job", "gateways"), ("namespace", "envoy-gateway-system"), ("pod", pod.as_str())];
        targets.push(Target::new(&labels, move |moment| Some(of_proxy(moment))));
    }
    targets
}

/// kube-state-metrics.
fn state(facts: &[Fact], pods: &[[String; 3]]) -> Target {
    let each = |name: &str| facts.iter().filter(|fact| fact.name == name).collect::<Vec<_>>();
    let mut always: Vec<(String, f64)> = Vec::new();
    let mut pod = |namespace: &str, pod: &str, label: &str, value: &str| {
        always.push((metric("kube_pod_labels", &[("namespace", namespace), ("pod", pod), (label, value)]), 1.0));
        let crashing = pod == "payer-0";
        let ready = metric("kube_pod_status_ready", &[("namespace", namespace), ("pod", pod), ("condition", "true")]);
        always.extend((!crashing).then_some((ready, 1.0)));
    };
    for [namespace, workload, name] in pods {
        pod(namespace, name, "label_platgen_io_workload", workload);
    }
    for fact in each("platgen:gateway:least_proxies") {
        for number in 0..fact.value {
            let (name, gateway) = (format!("envoy-{}-{number}", fact.labels["gateway"]), &fact.labels["gateway"]);
            pod("envoy-gateway-system", &name, "label_gateway_envoyproxy_io_owning_gateway_name", gateway);
        }
    }
    for fact in each("platgen:addon:info") {
        pod(&fact.labels["namespace"], &format!("{}-1", fact.labels["pods"]), "label_app_kubernetes_io_name", &fact.labels["pods"]);
    }
    for (namespace, name) in [("kube-system", "coredns"), ("envoy-gateway-system", "envoy-gateway")] {
        let labels = [("namespace", namespace), ("deployment", name)];
        always.push((metric("kube_deployment_status_replicas_available", &labels), 2.0));
    }
    let zones: Vec<String> = each("platgen:zone:info").iter().map(|fact| fact.labels["zone"].clone()).collect();
    for fact in each("platgen:pool:least_nodes") {
        for (number, zone) in (0..fact.value).zip(zones.iter().cycle()) {
            let node = format!("{}-{number}", fact.labels["pool"]);
            let labels =
                [("node", node.as_str()), ("label_platgen_io_pool", &fact.labels["pool"]), ("label_topology_kubernetes_io_zone", zone)];
            always.push((metric("kube_node_labels", &labels), 1.0));
            let ready = [("node", node.as_str()), ("condition", "Ready"), ("status", "true")];
            always.push((metric("kube_node_status_condition", &ready), 1.0));
        }
    }
    for fact in each("platgen:guard:policy") {
        let policy = fact.labels["policy"].as_str();
        always.push((metric("kube_validatingadmissionpolicy_info", &[("validatingadmissionpolicy", policy)]), 1.0));
        let binding = [("validatingadmissionpolicybinding", policy), ("action", "Deny")];
        always.push((metric("kube_validatingadmissionpolicybinding_validation_action", &binding), 1.0));
    }
    let scheduled: Vec<[String; 2]> = each("platgen:workload:info")
        .iter()
        .filter(|fact| ["test", "scheduled"].contains(&fact.labels["role"].as_str()))
        .map(|fact| ["namespace", "workload"].map(|label| fact.labels[label].clone()))
        .collect();
    Target::new(&[("job", "kube-state-metrics"), ("endpoint", "http"), ("namespace", "monitoring")], move |moment| {
        let mut all = always.clone();
        let crashes = moment.has(Outage::CrashLoop);
        let ready = [("namespace", "pay"), ("pod", "payer-0"), ("condition", "true")];
        all.push((metric("kube_pod_status_ready", &ready), f64::from(u8::from(!crashes))));
        let waits = [("namespace", "pay"), ("pod", "payer-0"), ("container", "payer"), ("reason", "CrashLoopBackOff")];
        all.extend(crashes.then(|| (metric("kube_pod_container_status_waiting_reason", &waits), 1.0)));
        for [namespace, workload] in &scheduled {
            let of = [("namespace", namespace.as_str()), ("cronjob", workload.as_str())];
            all.push((metric("kube_cronjob_created", &of), moment.now - 9e6));
            all.push((metric("kube_cronjob_status_last_successful_time", &of), moment.now - 86_400.0));
            all.push((metric("kube_cronjob_spec_suspend", &of), 0.0));
            if moment.has(Outage::FailedTest) {
                let job = [("namespace", namespace.as_str()), ("job_name", "test-1")];
                let [label, failed] = [("label_platgen_io_workload", workload.as_str()), ("condition", "true")];
                all.push((metric("kube_job_created", &job), moment.now - 600.0));
                all.push((metric("kube_job_labels", &[job[0], job[1], label]), 1.0));
                all.push((metric("kube_job_failed", &[job[0], job[1], failed]), 1.0));
            }
        }
        Some(all)
    })
}

/// A server of a database of CloudNativePG.
fn of_database(moment: &Moment, first: bool) -> Vec<(String, f64)> {
    let age = if moment.has(Outage::StaleBackup) { 864_000.0 } else { 3600.0 };
    let one = |name: &str, value: f64| (name.to_owned(), value);
    let mut all = vec![
        one("barman_cloud_cloudnative_pg_io_last_available_backup_timestamp", moment.now - age),
        one("barman_cloud_cloudnative_pg_io_last_failed_backup_timestamp", 0.0),
        one("cnpg_pg_replication_in_recovery", f64::from(u8::from(!first))),
        one("cnpg_pg_replication_streaming_replicas", if first { 2.0 } else { 0.0 }),
        one("cnpg_pg_replication_lag", 0.1),
        one("cnpg_pg_stat_archiver_seconds_since_last_archival", 30.0),
        one("cnpg_pg_postmaster_start_time", 0.0),
        one("cnpg_collector_fencing_on", 0.0),
        one("cnpg_collector_last_collection_error", 0.0),
        one("cnpg_collector_nodes_used", 3.0),
        one("cnpg_backends_max_tx_duration_seconds", 1.0),
    ];
    all.push((metric("cnpg_collector_pg_wal_archive_status", &[("value", "ready")]), 0.0));
    all.push((metric("cnpg_backends_total", &[("datname", "app")]), 5.0));
    all.push((metric("cnpg_pg_settings_setting", &[("name", "max_connections")]), 100.0));
    all.push((metric("cnpg_pg_database_xid_age", &[("datname", "app")]), 1e6));
    all
}

/// Requests in each second to an app.
const RATE: f64 = 20.0;

/// A proxy of a Gateway.
fn of_proxy(moment: &Moment) -> Vec<(String, f64)> {
    let (web, api) = ("httproute/shop/web", "httproute/shop/api");
    let mut all = Vec::new();
    for (app, outage) in [(web, Outage::Errors), (api, Outage::Slow)] {
        let errors = if outage == Outage::Errors { moment.counted(RATE / 2.0, outage, true) } else { 0.0 };
        let counted = |class: &str, value: f64| {
            (metric("envoy_cluster_upstream_rq_xx", &[("envoy_cluster_name", app), ("envoy_response_code_class", class)]), value)
        };
        all.extend([counted("2", RATE * moment.elapsed - errors), counted("5", errors)]);
        let fast = if outage == Outage::Slow { moment.counted(RATE, outage, false) } else { RATE * moment.elapsed };
        let bucket =
            |le: &str, value: f64| (metric("envoy_cluster_upstream_rq_time_bucket", &[("envoy_cluster_name", app), ("le", le)]), value);
        all.extend([bucket("250", fast), bucket("+Inf", RATE * moment.elapsed)]);
        all.push((metric("envoy_cluster_membership_total", &[("envoy_cluster_name", app)]), 2.0));
    }
    all
}
