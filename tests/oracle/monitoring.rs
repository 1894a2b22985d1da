//! Presence: what the monitoring of a region reads, and whom each alert reaches. Routes are played as Alertmanager plays them.

use super::Finding;
use super::context::{GATEWAYS, RegionContext};
use platgen::inventory::{Object, Selector};
use platgen::model::{AlertRoute, Engine, Entrance, Monitoring, Receiver};
use platgen::value::SecretRef;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const RULE: &str = "wrong-monitoring";

/// The namespace of the monitoring.
pub(super) const NAMESPACE: &str = "monitoring";

/// The labels of the pods that the chart makes in a network of their own.
const PODS: [(&str, &str); 6] = [
    ("app.kubernetes.io/component", "prometheus-operator"),
    ("app.kubernetes.io/component", "prometheus-operator-webhook"),
    ("app.kubernetes.io/name", "alertmanager"),
    ("app.kubernetes.io/name", "grafana"),
    ("app.kubernetes.io/name", "kube-state-metrics"),
    ("app.kubernetes.io/name", "prometheus"),
];

/// Whether an object of the namespace is one that the monitoring has; only where there is one.
pub(super) fn has(context: &RegionContext, object: &Object) -> bool {
    if context.region.monitoring.is_none() || object.namespace != NAMESPACE {
        return false;
    }
    match object.kind.as_str() {
        "AlertmanagerConfig" => objects(context, "alerts").any(|(name, _)| object.name == name),
        "ConfigMap" => dashboards(context).contains(object.name.as_str()),
        "ExternalSecret" => object.name == "grafana-admin" || objects(context, "alert-receivers").any(|(name, _)| object.name == name),
        "NetworkPolicy" => guarded(object).is_some(),
        "PrometheusRule" => super::rules::has(object),
        "PodMonitor" => object.name == "gateways" && is_entered(context),
        // Grafana may read no Secrets.
        "Role" => object.name == "grafana" && object.items("/rules").iter().all(|rule| rule["resources"] == json!(["configmaps"])),
        _ => false,
    }
}

/// The names of the objects of each team and of the heartbeat, with the values of the secret manager that are in each.
fn objects<'c>(context: &'c RegionContext, start: &'static str) -> impl Iterator<Item = (String, BTreeSet<String>)> + use<'c> {
    let monitoring = context.region.monitoring.as_ref();
    let shown = |value: &SecretRef| format!("{}#{}", context.platform.secret_name(context.region.provider, value.path()), value.key());
    let teams = monitoring.into_iter().flat_map(|monitoring| monitoring.routes.iter().map(move |route| (monitoring, route)));
    let of_team = teams.enumerate().map(move |(number, (monitoring, route))| {
        let both: Vec<&Receiver> = [&route.page, &route.ticket].into_iter().flatten().collect();
        let login = monitoring.mail.as_ref().and_then(|mail| mail.login.as_ref()).map(|(_, password)| password);
        let login = login.filter(|_| both.iter().any(|one| matches!(one, Receiver::Mail(_))));
        let values = both.into_iter().filter_map(Receiver::secret).chain(login).map(shown).collect();
        (if number == 0 { start.to_owned() } else { format!("{start}-{}", route.owner) }, values)
    });
    let heartbeat = monitoring.and_then(|monitoring| monitoring.heartbeat.as_ref());
    of_team.chain(heartbeat.map(move |value| ("heartbeat".to_owned(), BTreeSet::from([shown(value)]))))
}

/// The dashboards of a region: of what it has, and no others.
fn dashboards(context: &RegionContext) -> BTreeSet<&'static str> {
    let workloads = || context.region.workloads.values();
    let counted = |entrance| workloads().flat_map(|workload| &workload.exposures).any(|exposure| exposure.entrance == entrance);
    let stores = |engine| workloads().any(|workload| workload.store == Some(engine) && workload.operated().is_some());
    let charts = || context.region.charts.iter().map(|chart| chart.name.as_str());
    let measured = charts().any(|name| ["cert-manager", "cluster-autoscaler", "external-secrets"].contains(&name));
    let all = [
        ("dashboard-platgen-addons", measured || context.platform.gitops.is_some()),
        ("dashboard-platgen-backups", workloads().any(|workload| workload.database().is_some() && workload.backups.kept().is_some())),
        ("dashboard-platgen-guard", context.platform.is_guarded()),
        ("dashboard-platgen-gateway", counted(Entrance::Http)),
        ("dashboard-platgen-namespace", true),
        ("dashboard-platgen-objectives", workloads().any(|workload| !workload.objectives.is_empty())),
        ("dashboard-platgen-postgres", stores(Engine::Postgres)),
        ("dashboard-platgen-rabbitmq", stores(Engine::Rabbitmq)),
        ("dashboard-platgen-region", true),
        ("dashboard-platgen-workload", true),
    ];
    all.into_iter().filter(|(_, is_there)| *is_there).map(|(name, _)| name).collect()
}

/// Whether requests come in through a Gateway.
fn is_entered(context: &RegionContext) -> bool {
    context.inventory.of_kind("Gateway").next().is_some()
}

/// The pods of the chart that a policy is for.
fn guarded(object: &Object) -> Option<(&'static str, &'static str)> {
    let selector = object.at("/spec/podSelector").map(Selector::of)?;
    PODS.into_iter().find(|(key, value)| selector.equal.len() == 1 && selector.equal.get(*key).is_some_and(|own| own == value))
}

pub(super) fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    let monitors: Vec<&Object> = context.inventory.of_kind("PodMonitor").filter(|one| !context.is_changed(one)).collect();
    for workload in context.region.workloads.values() {
        let id = format!("PodMonitor/{}/{}", workload.namespace, workload.name);
        let is_read = context.region.monitoring.is_some() && !workload.metrics.is_empty();
        match monitors.iter().find(|one| one.id() == id) {
            None if is_read => found.push(context.about(RULE, &id, format!("nothing reads the metrics of `{}`", workload.name))),
            Some(one) => {
                let (key, value) = workload.pods();
                let numbers: BTreeSet<u64> = workload.metrics.iter().map(|endpoint| u64::from(endpoint.number)).collect();
                let named = |endpoint: &Value| {
                    let name = endpoint["port"].as_str();
                    let of_name =
                        workload.metrics.iter().find(|known| Some(known.port.as_str()) == name).map(|known| u64::from(known.number));
                    endpoint["portNumber"].as_u64().or(of_name)
                };
                let read: BTreeSet<u64> = one.items("/spec/podMetricsEndpoints").iter().filter_map(named).collect();
                let paths: BTreeSet<&str> = one.items("/spec/podMetricsEndpoints").iter().filter_map(|one| one["path"].as_str()).collect();
                let wanted: BTreeSet<&str> = workload.metrics.iter().map(|endpoint| endpoint.path.as_str()).collect();
                let labelled = one
                    .items("/spec/podMetricsEndpoints")
                    .iter()
                    .all(|endpoint| endpoint["relabelings"] == json!([{"targetLabel": "workload", "replacement": workload.name}]));
                if one.at("/spec/selector") != Some(&json!({"matchLabels": {key: value}}))
                    || numbers != read
                    || paths != wanted
                    || !labelled
                {
                    found.push(context.finding(RULE, one, format!("`{id}` reads other metrics than those of the model")));
                }
            }
            None => {}
        }
    }
    let Some(monitoring) = &context.region.monitoring else { return };
    for (key, value) in PODS {
        let own = context.inventory.of_kind("NetworkPolicy").filter(|policy| policy.namespace == NAMESPACE);
        if own.filter(|policy| guarded(policy) == Some((key, value))).count() != 1 {
            let message = format!("the pods with `{key}={value}` have no policy of their own");
            found.push(context.about(RULE, &format!("NetworkPolicy/{NAMESPACE}/{value}"), message));
        }
    }
    let of_gateways = monitors.iter().find(|one| one.id() == format!("PodMonitor/{NAMESPACE}/gateways"));
    if is_entered(context) && of_gateways.and_then(|one| one.at("/spec/namespaceSelector/matchNames")) != Some(&json!([GATEWAYS])) {
        found.push(context.about(RULE, &format!("PodMonitor/{NAMESPACE}/gateways"), "nothing reads the metrics of proxies".to_owned()));
    }
    // A kind that kube-state-metrics does not read, or in another version, has no metrics.
    let watched: BTreeSet<(String, &str)> = platgen::alerts::objects(context.platform, context.region)
        .iter()
        .map(|one| (format!("{}/{}", one.group, one.version), one.kind))
        .collect();
    for kind in ["Gateway", "GRPCRoute", "HTTPRoute", "TCPRoute", "TLSRoute"] {
        for object in context.inventory.of_kind(kind).filter(|one| !context.is_by_hand(one)) {
            if !watched.contains(&(object.api.clone(), kind)) {
                found.push(context.finding(RULE, object, "nobody sees whether it is accepted".to_owned()));
            }
        }
    }
    for name in dashboards(context) {
        let map = context.inventory.get("ConfigMap", NAMESPACE, name);
        if map.is_none_or(|map| map.labels.get("grafana_dashboard").map(String::as_str) != Some("1")) {
            found.push(context.about(RULE, &format!("ConfigMap/{NAMESPACE}/{name}"), "Grafana does not find the dashboard".to_owned()));
        }
    }
    // A team whose Secret lacks a value is told of nothing, and all others go on: nobody shares an object with another.
    for (name, values) in objects(context, "alert-receivers").filter(|(_, values)| !values.is_empty()) {
        let held = context.inventory.get("ExternalSecret", NAMESPACE, &name);
        let all: Option<BTreeSet<String>> = held.map(|held| held.items("/spec/data").iter().filter_map(fetched).collect());
        if all != Some(values) {
            found.push(context.about(RULE, &format!("ExternalSecret/{NAMESPACE}/{name}"), format!("it holds {all:?}")));
        }
    }
    let mut configs = Vec::new();
    for (name, _) in objects(context, "alerts") {
        match context.inventory.get("AlertmanagerConfig", NAMESPACE, &name) {
            Some(config) => configs.push(config),
            None => {
                found.push(context.about(RULE, &format!("AlertmanagerConfig/{NAMESPACE}/{name}"), "its alerts reach nobody".to_owned()))
            }
        }
    }
    routes(context, monitoring, &configs, found);
}

/// Plays alerts of every team and severity, and those of nobody, through all objects, as the operator puts them side by side.
fn routes(context: &RegionContext, monitoring: &Monitoring, configs: &[&Object], found: &mut Vec<Finding>) {
    let id = format!("AlertmanagerConfig/{NAMESPACE}/alerts");
    let mut expect = |alert: &[(&str, &str)], wanted: Option<&Receiver>| {
        let reached: Vec<(&Object, String)> =
            configs.iter().filter_map(|config| Some((*config, reached(config, alert)?))).filter(|(_, name)| name != "nobody").collect();
        let shown = wanted.map(|receiver| match receiver.secret() {
            Some(value) => format!("{}#{}", context.platform.secret_name(context.region.provider, value.path()), value.key()),
            None => receiver.target(),
        });
        let told: Vec<Option<String>> = reached.iter().map(|(config, name)| secret(context, config, name)).collect();
        if told != shown.iter().map(|one| Some(one.clone())).collect::<Vec<_>>() {
            found.push(context.about(RULE, &id, format!("the alert {alert:?} reaches {told:?}, and not {shown:?}")));
        }
    };
    let of = |route: &AlertRoute, critical: bool| {
        let (page, ticket) = (route.page.clone(), route.ticket.clone());
        if critical { page.or(ticket) } else { ticket.or(page) }
    };
    for route in &monitoring.routes {
        for severity in ["critical", "warning"] {
            let alert = [("alertname", "A"), ("owner", route.owner.as_str()), ("severity", severity)];
            expect(&alert, of(route, severity == "critical").as_ref());
        }
    }
    let first = monitoring.routes.first();
    for (severity, critical) in [("critical", true), ("warning", false), ("page", false)] {
        let alert = [("alertname", "A"), ("severity", severity)];
        expect(&alert, first.and_then(|route| of(route, critical)).as_ref());
    }
    let heartbeat = monitoring.heartbeat.clone().map(Receiver::Webhook);
    expect(&[("alertname", "Watchdog"), ("severity", "none")], heartbeat.as_ref());
    expect(&[("alertname", "InfoInhibitor"), ("severity", "none")], None);
    for config in configs {
        let muted = config.items("/spec/route/routes").iter().filter(|route| route.get("muteTimeIntervals").is_some());
        let mut wrong = muted.filter(|route| !monitoring.quiet || route["matchers"].to_string().contains("critical"));
        if wrong.next().is_some() || config.at("/spec/route/muteTimeIntervals").is_some() {
            found.push(context.finding(RULE, config, "alerts wait that must not".to_owned()));
        }
    }
    // What mutes holds for the alerts of all teams, and stands once.
    let mute = |config: &&Object| !config.items("/spec/inhibitRules").is_empty();
    if configs.iter().copied().filter(mute).count() != 1 {
        found.push(context.about(RULE, &id, "what mutes stands in one object".to_owned()));
    }
}

/// The receiver of an alert in an object: that of the first route that fits. None if the object is not for it.
fn reached(config: &Object, alert: &[(&str, &str)]) -> Option<String> {
    let has = |matcher: &Value| {
        let own = alert.iter().find(|(name, _)| matcher["name"] == *name).map_or("", |(_, value)| value);
        let wanted = matcher["value"].as_str().unwrap_or_default();
        match matcher["matchType"].as_str() {
            Some("=") => own == wanted,
            Some("=~") => wanted.split('|').any(|word| word == own),
            Some("!~") => wanted.split('|').all(|word| word != own),
            _ => false,
        }
    };
    if !config.items("/spec/route/matchers").iter().all(has) {
        return None;
    }
    let mut routes = config.items("/spec/route/routes").iter();
    let first = routes.find(|route| route["matchers"].as_array().is_none_or(|all| all.iter().all(has)));
    first.map_or_else(|| config.at("/spec/route/receiver"), |route| route.get("receiver")).and_then(Value::as_str).map(str::to_owned)
}

/// The value of the secret manager behind a receiver: `path#key`, or its mail address. None for one that tells nobody.
fn secret(context: &RegionContext, config: &Object, name: &str) -> Option<String> {
    let receiver = config.items("/spec/receivers").iter().find(|one| one["name"] == name)?;
    if let Some(address) = receiver.pointer("/emailConfigs/0/to").and_then(Value::as_str) {
        return Some(address.to_owned());
    }
    let places = ["/pagerdutyConfigs/0/routingKey", "/slackConfigs/0/apiURL", "/webhookConfigs/0/urlSecret"];
    let reference = places.iter().find_map(|place| receiver.pointer(place))?;
    let held = context.inventory.get("ExternalSecret", NAMESPACE, reference["name"].as_str()?)?;
    fetched(held.items("/spec/data").iter().find(|entry| entry["secretKey"] == reference["key"])?)
}

/// The value of the secret manager that an ExternalSecret fetches: `path#key`.
fn fetched(entry: &Value) -> Option<String> {
    Some(format!("{}#{}", entry["remoteRef"]["key"].as_str()?, entry["remoteRef"]["property"].as_str()?))
}
