//! amtool judges the routes of alerts: an AlertmanagerConfig, written down as the Prometheus operator writes it for Alertmanager. Values of secrets are made up.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::judge::{Finding, Input, Judge, Program, Subject, fetched, list, say, words};

/// The receiver that tells nobody.
const NOBODY: &str = "nobody";

/// The receiver outside that notices when the heartbeat stops.
const HEARTBEAT: &str = "heartbeat";

pub fn judge() -> Judge {
    Judge { name: "amtool", subject: Subject::Tree, batch: false, find: || fetched("amtool", &["--version"]), run: amtool }
}

fn amtool(program: &Program, tree: &Path, inputs: &[&Input]) -> Result<Vec<Finding>, String> {
    let mut findings = Vec::new();
    let place = tempfile::tempdir().map_err(|error| error.to_string())?;
    let raw = place.path().join("alertmanager.json");
    for file in inputs.iter().flat_map(|input| input.yaml()) {
        let text = fs::read_to_string(tree.join(file)).map_err(|error| format!("{file}: {error}"))?;
        if !text.contains("kind: AlertmanagerConfig") {
            continue;
        }
        for spec in configs(&text).map_err(|error| format!("{file}: {error}"))? {
            let config = translated(&spec);
            fs::write(&raw, config.to_string()).map_err(|error| error.to_string())?;
            if let Err(said) = say(Command::new(&program.path).arg("check-config").arg(&raw), &[0]) {
                let message = said.lines().skip(1).map(str::trim).collect::<Vec<_>>().join(" ");
                findings.push(Finding::new("amtool", "config", file, message));
                continue;
            }
            for (labels, fits) in alerts(&spec) {
                let mut command = Command::new(&program.path);
                command.args(["config", "routes", "test", "--config.file"]).arg(&raw).args(&labels);
                let answer = say(&mut command, &[0])?;
                if !answer.trim().split(',').all(|receiver| fits(receiver, &labels)) {
                    findings.push(Finding::new("amtool", "route", file, format!("{} reaches {}", labels.join(" "), answer.trim())));
                }
            }
        }
    }
    Ok(findings)
}

/// The specs of the AlertmanagerConfigs in a text.
fn configs(text: &str) -> Result<Vec<Value>, String> {
    use serde::Deserialize;
    let mut specs = Vec::new();
    for document in yaml_serde::Deserializer::from_str(text) {
        let document = Value::deserialize(document).map_err(|error| error.to_string())?;
        specs.extend((document["kind"] == "AlertmanagerConfig").then(|| document["spec"].clone()));
    }
    Ok(specs)
}

/// Whether a receiver is one that the labels of an alert ask for.
type Fits = fn(&str, &[String]) -> bool;

/// Alerts of every team that a route names, of nobody, and those that only explain others.
fn alerts(spec: &Value) -> Vec<(Vec<String>, Fits)> {
    let routes = list(&spec["route"]["routes"]);
    let owners: BTreeSet<String> = routes
        .iter()
        .flat_map(|route| list(&route["matchers"]))
        .filter(|matcher| matcher["name"] == "owner")
        .map(|matcher| words(&matcher["value"]))
        .collect();
    let mut all: Vec<(Vec<String>, Fits)> = Vec::new();
    for severity in ["critical", "warning"] {
        let labels = |more: Option<&String>| {
            let owner = more.map(|owner| format!("owner={owner}"));
            ["alertname=Any".to_owned(), format!("severity={severity}")].into_iter().chain(owner).collect::<Vec<_>>()
        };
        all.push((labels(None), |receiver, _| receiver != NOBODY));
        let of_owner: Fits = |receiver, labels| {
            let owner = labels.iter().find_map(|label| label.strip_prefix("owner=")).unwrap_or_default();
            receiver.strip_prefix(owner).is_some_and(|rest| ["-page", "-ticket"].contains(&rest))
        };
        all.extend(owners.iter().map(|owner| (labels(Some(owner)), of_owner)));
    }
    let heartbeat = list(&spec["receivers"]).iter().any(|receiver| receiver["name"] == HEARTBEAT);
    let hears: Fits = if heartbeat { |receiver, _| receiver == HEARTBEAT } else { |receiver, _| receiver == NOBODY };
    all.push((vec!["alertname=Watchdog".to_owned(), "severity=none".to_owned()], hears));
    all.push((vec!["alertname=InfoInhibitor".to_owned(), "severity=none".to_owned()], |receiver, _| receiver == NOBODY));
    all
}

/// The configuration of Alertmanager that the operator makes of an AlertmanagerConfig in its own namespace.
fn translated(spec: &Value) -> Value {
    let mut route = snake(&spec["route"]);
    route["continue"] = json!(true);
    let receivers = list(&spec["receivers"]).iter().map(receiver).chain([json!({"name": "null"})]);
    let inhibitions = list(&spec["inhibitRules"]).iter().map(|rule| {
        json!({
            "source_matchers": matchers(&rule["sourceMatch"]), "target_matchers": matchers(&rule["targetMatch"]), "equal": rule["equal"],
        })
    });
    let intervals = list(&spec["muteTimeIntervals"]).iter().map(|interval| {
        let times = |one: &Value| {
            let times = list(&one["times"]).iter().map(|time| json!({"start_time": time["startTime"], "end_time": time["endTime"]}));
            let (times, days): (Vec<Value>, Value) = (times.collect(), one["weekdays"].clone());
            if days.is_null() { json!({"times": times}) } else { json!({"weekdays": days}) }
        };
        let all: Vec<Value> = list(&interval["timeIntervals"]).iter().map(times).collect();
        json!({"name": interval["name"], "time_intervals": all})
    });
    json!({
        "route": {"receiver": "null", "routes": [route]},
        "receivers": receivers.collect::<Vec<_>>(),
        "inhibit_rules": inhibitions.collect::<Vec<_>>(),
        "mute_time_intervals": intervals.collect::<Vec<_>>(),
    })
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
