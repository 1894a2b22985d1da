//! Presence: every workload has its facts, every fact is of something that is there, and every alert says whose it is and where its page is.

use super::Finding;
use super::context::{GATEWAYS, RegionContext};
use super::monitoring::NAMESPACE;
use platgen::inventory::Object;
use platgen::model::{Engine, Kind, Workload};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const RULE: &str = "wrong-rules";

/// What rules are about, an alert of each that has to be there with it, and whether a region has it.
type Subject = (&'static str, &'static str, fn(&RegionContext) -> bool);

const SUBJECTS: [Subject; 20] = [
    ("apps", "AppDown", |context| any(context, |one| one.store.is_none() && matches!(one.kind, Kind::Deployment | Kind::StatefulSet))),
    ("autoscalers", "AutoscalerAtLimit", |context| any(context, |one| one.autoscaling.is_some())),
    ("backups", "BackupTooOld", |context| any(context, |one| one.backups.kept().is_some())),
    ("certificates", "CertificateExpires", |context| has_chart(context, "cert-manager")),
    ("cluster", "ApiServerUnreachable", |_| true),
    ("facts", "", |_| true),
    ("gateway", "GatewayDown", |context| context.inventory.of_kind("Gateway").next().is_some()),
    ("gitops", "", |context| context.platform.gitops.is_some()),
    ("guard", "GuardRefuses", |context| context.platform.is_guarded()),
    ("jobs", "", |context| any(context, |one| matches!(one.kind, Kind::CronJob(_) | Kind::Job { .. }))),
    ("joins", "", |_| true),
    ("monitoring", "KubeStateMetricsDown", |_| true),
    ("nodes", "NodeNotReady", |_| true),
    ("objectives", "ErrorBudgetGoneIn2Days", |context| any(context, |one| !one.objectives.is_empty())),
    ("pods", "PodCrashLoops", |_| true),
    ("postgres", "PostgresNoPrimary", |context| any(context, |one| one.store == Some(Engine::Postgres) && one.database().is_some())),
    ("rabbitmq", "RabbitmqMemoryAlarm", |context| any(context, |one| one.store == Some(Engine::Rabbitmq) && one.operated().is_some())),
    ("secrets", "SecretNotFetched", |context| has_chart(context, "external-secrets")),
    ("stores", "StoreDown", |context| any(context, Workload::is_store)),
    // With nothing but a claim of several apps there are volumes as well.
    ("volumes", "VolumeAlmostFull", |context| {
        context.inventory.of_kind("PersistentVolumeClaim").next().is_some() || any(context, |one| one.operated().is_some())
    }),
];

fn any(context: &RegionContext, is: impl Fn(&Workload) -> bool) -> bool {
    context.region.workloads.values().any(is)
}

fn has_chart(context: &RegionContext, name: &str) -> bool {
    context.region.charts.iter().any(|chart| chart.name == name)
}

/// Whether an object is one of the rules that a monitored region has.
pub(super) fn has(object: &Object) -> bool {
    SUBJECTS.iter().any(|(name, ..)| object.name == *name) || object.name == "requests"
}

pub(super) fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    let rules: BTreeMap<&str, &Object> =
        context.inventory.of_kind("PrometheusRule").filter(|one| one.namespace == NAMESPACE).map(|one| (one.name.as_str(), one)).collect();
    if context.region.monitoring.is_none() {
        found.extend(rules.values().map(|one| context.finding(RULE, one, "nobody evaluates it".to_owned())));
        return;
    }
    for (name, alert, is_there) in SUBJECTS {
        let named = |one: &&Object| alert.is_empty() || rules_of(one).any(|rule| rule["alert"] == alert);
        if is_there(context) && !rules.get(name).is_some_and(named) {
            found.push(context.about(RULE, &format!("PrometheusRule/{NAMESPACE}/{name}"), format!("nothing judges the {name}")));
        }
    }
    for one in rules.values().filter(|one| !context.is_changed(one)) {
        alerts(context, one, found);
    }
    if let Some(one) = rules.get("facts").filter(|one| !context.is_changed(one)) {
        facts(context, one, found);
    }
}

fn rules_of(object: &Object) -> impl Iterator<Item = &Value> {
    object.items("/spec/groups").iter().flat_map(|group| group["rules"].as_array().into_iter().flatten())
}

/// An alert reaches somebody, who finds its page.
fn alerts(context: &RegionContext, one: &Object, found: &mut Vec<Finding>) {
    for rule in rules_of(one).filter(|rule| rule.get("alert").is_some()) {
        let (name, expr) = (rule["alert"].as_str().unwrap_or_default(), rule["expr"].as_str().unwrap_or_default());
        let own = rule["labels"]["owner"] == context.platform.owner.as_str();
        let joined = expr.contains("group_left (owner) platgen:") || expr.contains("(platgen:workload:info{");
        let severe = ["critical", "warning"].iter().any(|word| rule["labels"]["severity"] == *word) || name == "Watchdog";
        let paged = rule["annotations"]["runbook"] == format!("ALERTS.md#{}", name.to_lowercase());
        let told = ["summary", "description"].iter().all(|key| rule["annotations"][*key].as_str().is_some_and(|text| !text.is_empty()));
        // Facts are what it joins: one without would ask every region for everything.
        if !(own ^ joined) || !severe || !paged || !told {
            found.push(context.finding(
                RULE,
                one,
                format!("the alert `{name}` does not say whose it is, how urgent, or where its page is"),
            ));
        }
    }
}

/// The facts are those of the model.
fn facts(context: &RegionContext, one: &Object, found: &mut Vec<Finding>) {
    let series = |record: &str| -> BTreeSet<String> {
        let of = |rule: &&Value| rule["record"] == record;
        rules_of(one).filter(of).map(|rule| json!([rule["labels"], rule["expr"]]).to_string()).collect()
    };
    let mut expect = |record: &str, wanted: BTreeSet<String>| {
        if series(record) != wanted {
            found.push(context.finding(RULE, one, format!("the series `{record}` are not those of the model")));
        }
    };
    let kept = || context.region.workloads.values().filter(|one| !matches!(one.kind, Kind::Restored(_)));
    let mut infos = BTreeSet::new();
    for workload in kept() {
        let role = match &workload.kind {
            Kind::CronJob(_) if workload.test_of.is_some() => "test",
            Kind::CronJob(_) => "scheduled",
            Kind::Job { .. } => "job",
            Kind::DaemonSet => "agent",
            _ if workload.is_proxy() => "proxy",
            _ if workload.store.is_some() => "store",
            _ if workload.service.is_some() => "served",
            _ => "worker",
        };
        let named = [
            ("namespace", workload.namespace.as_str()),
            ("owner", workload.owner.as_str()),
            ("role", role),
            ("workload", workload.name.as_str()),
        ];
        let engine = workload.store.map(|engine| ("engine", engine.name()));
        // In the order in which maps are printed.
        let labels: BTreeMap<&str, &str> = named.into_iter().chain(engine).collect();
        infos.insert(json!([labels, "vector(1)"]).to_string());
    }
    expect("platgen:workload:info", infos);
    let fact = |workload: &Workload, value: u32| {
        json!([{"namespace": workload.namespace, "workload": workload.name}, format!("vector({value})")]).to_string()
    };
    let lasting = |one: &&Workload| matches!(one.kind, Kind::Deployment | Kind::StatefulSet | Kind::Operated(_));
    expect("platgen:workload:least_pods", kept().filter(lasting).map(|one| fact(one, one.replicas.0)).collect());
    expect("platgen:workload:most_pods", kept().filter(|one| one.autoscaling.is_some()).map(|one| fact(one, one.replicas.1)).collect());
    expect("platgen:workload:scraped", kept().filter(|one| !one.metrics.is_empty()).map(|one| fact(one, 1)).collect());
    let pools = context.region.cluster.pools.iter();
    expect(
        "platgen:pool:least_nodes",
        pools.map(|pool| json!([{"pool": pool.name}, format!("vector({})", pool.nodes.0)]).to_string()).collect(),
    );
    let namespaces = context.platform.namespaces_in(context.region);
    let owned = namespaces.map(|one| json!([{"namespace": one.name, "owner": one.owner}, "vector(1)"]).to_string());
    expect("platgen:namespace:info", owned.collect());
    // A certificate that nobody looks at.
    let certificates = context.inventory.of_kind("Certificate").filter(|one| one.namespace == GATEWAYS && !context.is_by_hand(one));
    let certificates = certificates.map(|one| json!([{"name": one.name, "namespace": GATEWAYS}, "vector(1)"]).to_string());
    expect("platgen:certificate:info", certificates.collect());
    let read = ["cert-manager", "cluster-autoscaler", "external-secrets"].into_iter().filter(|name| has_chart(context, name));
    let read = read.map(|name| json!([{"addon": name, "job": format!("{NAMESPACE}/{name}")}, "vector(1)"]).to_string());
    expect("platgen:addon:scraped", read.collect());
}
