//! amtool judges the routes of alerts: the AlertmanagerConfigs of a namespace, written down as the Prometheus operator writes them for Alertmanager. Values of
//! secrets are made up.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::judge::{Finding, Input, Judge, Program, Subject, fetched, list, say, words};

/// The receiver outside that notices when the heartbeat stops.
const HEARTBEAT: &str = "heartbeat";

pub fn judge() -> Judge {
    Judge { name: "amtool", subject: Subject::Tree, batch: false, find: || fetched("amtool", &["--version"]), run: amtool }
}

fn amtool(program: &Program, tree: &Path, inputs: &[&Input]) -> Result<Vec<Finding>, String> {
    let mut findings = Vec::new();
    let place = tempfile::tempdir().map_err(|error| error.to_string())?;
    let raw = place.path().join("alertmanager.json");
    for (file, configs) in together(tree, inputs)? {
        let config = translated(&configs);
        fs::write(&raw, config.to_string()).map_err(|error| error.to_string())?;
        if let Err(said) = say(Command::new(&program.path).arg("check-config").arg(&raw), &[0]) {
            let message = said.lines().skip(1).map(str::trim).collect::<Vec<_>>().join(" ");
            findings.push(Finding::new("amtool", "config", &file, message));
            continue;
        }
        for (labels, fits) in alerts(&configs) {
            let mut command = Command::new(&program.path);
            command.args(["config", "routes", "test", "--config.file"]).arg(&raw).args(&labels);
            let answer = say(&mut command, &[0])?;
            // An object that tells nobody is as good as one that the alert does not fit.
            let told: Vec<&str> = answer.trim().split(',').filter(|name| *name != "null" && !name.ends_with("/nobody")).collect();
            if !fits(&told, &labels) {
                findings.push(Finding::new("amtool", "route", &file, format!("{} reaches {}", labels.join(" "), answer.trim())));
            }
        }
    }
    Ok(findings)
}

/// The AlertmanagerConfigs of each folder, which is a namespace of a cluster, sorted by name; with the file of the first.
pub fn together(tree: &Path, inputs: &[&Input]) -> Result<Vec<(String, Vec<Value>)>, String> {
    let mut folders: BTreeMap<String, (String, Vec<Value>)> = BTreeMap::new();
    for file in inputs.iter().flat_map(|input| input.yaml()) {
        let text = fs::read_to_string(tree.join(file)).map_err(|error| format!("{file}: {error}"))?;
        if !text.contains("kind: AlertmanagerConfig") {
            continue;
        }
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        let own = configs(&text).map_err(|error| format!("{file}: {error}"))?;
        if !own.is_empty() {
            folders.entry(folder).or_insert_with(|| (file.clone(), Vec::new())).1.extend(own);
        }
    }
    let sorted = |(file, mut all): (String, Vec<Value>)| {
        all.sort_by_key(|config| words(&config["metadata"]["name"]));
        (file, all)
    };
    Ok(folders.into_values().map(sorted).collect())
}

/// The AlertmanagerConfigs in a text.
pub fn configs(text: &str) -> Result<Vec<Value>, String> {
    use serde::Deserialize;
    let mut configs = Vec::new();
    for document in yaml_serde::Deserializer::from_str(text) {
        let document = Value::deserialize(document).map_err(|error| error.to_string())?;
        configs.extend((document["kind"] == "AlertmanagerConfig").then_some(document));
    }
    Ok(configs)
}

/// Whether those who are told are the ones that the labels of an alert ask for.
type Fits = fn(&[&str], &[String]) -> bool;

/// Alerts of every team that a route names, of nobody, and those that only explain others.
fn alerts(configs: &[Value]) -> Vec<(Vec<String>, Fits)> {
    let routes = configs.iter().map(|config| &config["spec"]["route"]);
    let all = routes.flat_map(|route| list(&route["routes"]).iter().chain([route]));
    let owners: BTreeSet<String> = all
        .flat_map(|route| list(&route["matchers"]))
        .filter(|matcher| matcher["name"] == "owner")
        .flat_map(|matcher| words(&matcher["value"]).split('|').map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let mut all: Vec<(Vec<String>, Fits)> = Vec::new();
    for severity in ["critical", "warning"] {
        let labels = |more: Option<&String>| {
            let owner = more.map(|owner| format!("owner={owner}"));
            ["alertname=Any".to_owned(), format!("severity={severity}")].into_iter().chain(owner).collect::<Vec<_>>()
        };
        // The owner of the platform takes what is nobody's.
        all.push((labels(None), |told, _| matches!(told, [one] if one.contains("/alerts/"))));
        let of_owner: Fits = |told, labels| {
            let owner = labels.iter().find_map(|label| label.strip_prefix("owner=")).unwrap_or_default();
            matches!(told, [one] if ["page", "ticket"].iter().any(|kind| one.ends_with(&format!("/alerts-{owner}/{kind}"))))
        };
        all.extend(owners.iter().map(|owner| (labels(Some(owner)), of_owner)));
    }
    let heartbeat = configs.iter().flat_map(|config| list(&config["spec"]["receivers"])).any(|receiver| receiver["name"] == HEARTBEAT);
    let hears: Fits =
        if heartbeat { |told, _| matches!(told, [one] if one.ends_with("/heartbeat/heartbeat")) } else { |told, _| told.is_empty() };
    all.push((vec!["alertname=Watchdog".to_owned(), "severity=none".to_owned()], hears));
    all.push((vec!["alertname=InfoInhibitor".to_owned(), "severity=none".to_owned()], |told, _| told.is_empty()));
    all
}

/// The configuration of Alertmanager that the operator makes of AlertmanagerConfigs in its own namespace (`pkg/alertmanager/amcfg.go`): their routes side by
/// side, each of which goes on to the next; and names of receivers and times behind those of their object.
pub fn translated(configs: &[Value]) -> Value {
    let (mut routes, mut receivers, mut inhibitions, mut intervals) = (Vec::new(), vec![json!({"name": "null"})], Vec::new(), Vec::new());
    for config in configs {
        let (spec, at) = (&config["spec"], &config["metadata"]);
        let named = |name: &Value| json!(format!("{}/{}/{}", words(&at["namespace"]), words(&at["name"]), words(name)));
        let mut route = snake(&spec["route"]);
        name_all(&mut route, &named);
        route["continue"] = json!(true);
        routes.push(route);
        receivers.extend(list(&spec["receivers"]).iter().map(|one| {
            let mut one = receiver(one);
            one["name"] = named(&one["name"]);
            one
        }));
        inhibitions.extend(list(&spec["inhibitRules"]).iter().map(|rule| {
            json!({
                "source_matchers": matchers(&rule["sourceMatch"]), "target_matchers": matchers(&rule["targetMatch"]), "equal": rule["equal"],
            })
        }));
        intervals.extend(list(&spec["muteTimeIntervals"]).iter().map(|interval| {
            let times = |one: &Value| {
                let times = list(&one["times"]).iter().map(|time| json!({"start_time": time["startTime"], "end_time": time["endTime"]}));
                let (times, days): (Vec<Value>, Value) = (times.collect(), one["weekdays"].clone());
                if days.is_null() { json!({"times": times}) } else { json!({"weekdays": days}) }
            };
            let all: Vec<Value> = list(&interval["timeIntervals"]).iter().map(times).collect();
            json!({"name": named(&interval["name"]), "time_intervals": all})
        }));
    }
    json!({
        "route": {"receiver": "null", "routes": routes},
        "receivers": receivers,
        "inhibit_rules": inhibitions,
        "mute_time_intervals": intervals,
    })
}

/// Names the receivers and the times of a route and of those below it as their object does.
fn name_all(route: &mut Value, named: &impl Fn(&Value) -> Value) {
    if !route["receiver"].is_null() {
        route["receiver"] = named(&route["receiver"]);
    }
    if let Some(times) = route.get_mut("mute_time_intervals").and_then(Value::as_array_mut) {
        times.iter_mut().for_each(|time| *time = named(time));
    }
    route.get_mut("routes").and_then(Value::as_array_mut).into_iter().flatten().for_each(|one| name_all(one, named));
}

/// Matchers in the notation of Alertmanager.
fn matchers(all: &Value) -> Vec<String> {
    list(all).iter().map(|one| format!("{}{}{}", words(&one["name"]), words(&one["matchType"]), json!(words(&one["value"])))).collect()
}

/// A receiver, whose secrets become made-up values.
fn receiver(one: &Value) -> Value {
    let mut raw = json!({"name": one["name"]});
    for (field, secret, name, value) in [
        ("pagerdutyConfigs", "routingKey", "routing_key", "made-up"),
        ("slackConfigs", "apiURL", "api_url", "https://secret.example/slack"),
        ("webhookConfigs", "urlSecret", "url", "https://secret.example/hook"),
        ("emailConfigs", "authPassword", "auth_password", "made-up"),
    ] {
        let configs = list(&one[field]).iter().map(|config| {
            let mut fields = snake(config);
            if let Some(map) = fields.as_object_mut() {
                // A mail server may ask for no password.
                if map.remove(&in_snake(secret)).is_some() {
                    map.insert(name.to_owned(), value.into());
                }
                // amtool 0.25 does not know it; the Alertmanager that the operator runs does.
                map.remove("force_implicit_tls");
                for (_, value) in map.iter_mut().filter(|(key, _)| ["details", "headers"].contains(&key.as_str())) {
                    let pairs = list(value).iter().map(|pair| (words(&pair["key"]), pair["value"].clone()));
                    *value = Value::Object(pairs.collect());
                }
            }
            fields
        });
        let configs: Vec<Value> = configs.collect();
        if !configs.is_empty() {
            raw[in_snake(field)] = configs.into();
        }
    }
    raw
}

/// A value with the names of its fields in the notation of Alertmanager.
fn snake(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let field = |(key, value): (&String, &Value)| {
                let value = if key == "matchers" { json!(matchers(value)) } else { snake(value) };
                (in_snake(key), value)
            };
            Value::Object(map.iter().map(field).collect())
        }
        Value::Array(items) => items.iter().map(snake).collect(),
        other => other.clone(),
    }
}

/// `groupWait` as `group_wait`; `apiURL` as `api_url`.
fn in_snake(name: &str) -> String {
    let mut text = String::new();
    let mut before = '_';
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && before.is_ascii_lowercase() {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
        before = letter;
    }
    text
}
