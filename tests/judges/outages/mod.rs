//! Outages, played: a real Prometheus and a real Alertmanager read the rules and the receivers of a rendered region, scrape a small exporter that plays the
//! region, and tell the receivers of the test, which speak as PagerDuty and Slack do.
//!
//! Everything is [`FASTER`] times faster: each duration of rules, windows and routes is divided by it. Rates stay those of a second, and so do ages that
//! rules compare with facts. A day has gone by before the play, so that windows of hours are full.

mod servers;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use libtest_mimic::{Completion, Failed, Trial};
use regex::Regex;
use serde_json::{Value, json};

use super::alertmanager::{configs, translated};
use super::judge::{fetched, list, say, words};
use super::trees::folder;
use crate::support::platgen;
use servers::{Running, Server, free_port};
use world::{Moment, Outage, Target};

/// How much faster than a cluster the play goes.
const FASTER: u64 = 120;

/// Seconds of the play, in which `FASTER` seconds of a cluster go by: until Prometheus has found its targets (it looks every five seconds), of health, and
/// then the outages that begin and end.
const WARM: u64 = 6;
const HEALTHY: u64 = 10;
const SCRIPT: [(u64, Outage, Option<u64>); 8] = [
    // An hour without a backup is no fault yet.
    (0, Outage::StaleBackup, None),
    (8, Outage::CrashLoop, None),
    (8, Outage::FullDisk, None),
    (8, Outage::FailedTest, None),
    (8, Outage::Unread, None),
    (8, Outage::Rejected, None),
    (14, Outage::Errors, Some(26)),
    (14, Outage::Slow, None),
];
const OVER: u64 = 38;

/// Who has to be told of what, once: the object and the receiver, and the first words of the text.
const TOLD: [(&str, &str); 10] = [
    ("alerts-pay/ticket", "AppPodsMissing of payer"),
    ("alerts-pay/ticket", "PodCrashLoops of payer"),
    ("alerts-shop/page", "BackupTooOld of orders"),
    ("alerts-shop/page", "ErrorBudgetGoneIn2Days of api"),
    ("alerts-shop/page", "ErrorBudgetGoneIn2Days of web"),
    // When the errors end, nothing mutes the slower alert any more, and its windows still have them.
    ("alerts-shop/page", "ErrorBudgetGoneIn5Days of web"),
    ("alerts-shop/page", "VolumeAlmostFull"),
    ("alerts-shop/ticket", "AppMetricsMissing of web"),
    ("alerts-shop/ticket", "RestoreTestFailed of orders-shop-test"),
    ("alerts/page", "ReceiversRejected"),
];

/// What is over when its outage is.
const RESOLVED: (&str, &str) = ("alerts-shop/page", "ErrorBudgetGoneIn2Days of web");

/// The trials of this module.
pub fn trials(required: bool) -> Vec<Trial> {
    let trial = |name: &str, programs: &'static [&'static str], run: fn(&[PathBuf]) -> Result<(), String>| {
        Trial::ignorable_test(format!("judges::outages/{name}"), move || {
            let found: Result<Vec<PathBuf>, String> =
                programs.iter().map(|name| fetched(name, &["--version"]).map(|program| program.path)).collect();
            match found {
                Err(missing) if required => Err(missing.into()),
                Err(missing) => Ok(Completion::ignored_with(missing)),
                Ok(found) => run(&found).map(|()| Completion::Completed).map_err(Failed::from),
            }
        })
    };
    vec![
        trial("reach_their_receivers", &["prometheus", "alertmanager", "promtool"], played),
        trial("a_healthy_day_is_silent", &["promtool"], |programs| silent_for_a_day(&programs[0])),
    ]
}

/// A rendered region.
struct Region {
    groups: Vec<Value>,
    configs: Vec<Value>,
    labels: Value,
    _keep: tempfile::TempDir,
}

fn documents(path: &Path) -> Result<Vec<Value>, String> {
    use serde::Deserialize;
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    yaml_serde::Deserializer::from_str(&text).map(|one| Value::deserialize(one).map_err(|error| error.to_string())).collect()
}

fn region() -> Result<Region, String> {
    let keep = folder()?;
    fs::write(keep.path().join("platform.yaml"), include_str!("platform.yaml")).map_err(|error| error.to_string())?;
    say(platgen().current_dir(keep.path()).args(["--quiet", "render", "."]), &[0])?;
    let folder = keep.path().join("deploy/kubernetes/production/eu-west-1");
    let rules = documents(&folder.join("monitoring/rules.yaml"))?;
    let groups = rules.iter().flat_map(|rule| list(&rule["spec"]["groups"]).to_vec()).collect();
    let text = fs::read_to_string(folder.join("monitoring/alerts.yaml")).map_err(|error| error.to_string())?;
    let mut configs = configs(&text)?;
    configs.sort_by_key(|config| words(&config["metadata"]["name"]));
    let values = documents(&folder.join("addons/kube-prometheus-stack.yaml"))?;
    let labels = values.first().map(|values| values["prometheus"]["prometheusSpec"]["externalLabels"].clone()).unwrap_or_default();
    if labels["region"] != "eu-west-1" {
        return Err(format!("the labels of the region are {labels}"));
    }
    Ok(Region { groups, configs, labels, _keep: keep })
}

/// Milliseconds of a duration in the play.
fn fast(duration: &str) -> Option<u64> {
    let (number, unit) = duration.split_at(duration.find(|c: char| !c.is_ascii_digit())?);
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    Some(number.parse::<u64>().ok()? * seconds * 1000 / FASTER)
}

fn faster(duration: &str) -> String {
    fast(duration).map_or_else(|| duration.to_owned(), |millis| format!("{millis}ms"))
}

/// The groups of rules with every duration of expressions and waits divided.
fn hurried(groups: &[Value]) -> Value {
    let spans = Regex::new(r"(\[|offset )(\d+[smhd])").expect("a pattern");
    let mut groups = groups.to_vec();
    for rule in groups.iter_mut().flat_map(|group| group["rules"].as_array_mut()).flatten() {
        let expr = spans.replace_all(rule["expr"].as_str().unwrap_or_default(), |found: &regex::Captures| {
            format!("{}{}", &found[1], faster(&found[2]))
        });
        rule["expr"] = json!(expr);
        if let Some(wait) = rule.get("for").and_then(Value::as_str) {
            rule["for"] = json!(faster(wait));
        }
    }
    json!({ "groups": groups })
}

/// Divides the durations of a route and of those below it.
fn hurry(route: &mut Value) {
    let Some(map) = route.as_object_mut() else { return };
    for name in ["group_wait", "group_interval", "repeat_interval"] {
        if let Some(text) = map.get(name).and_then(Value::as_str).map(faster) {
            map.insert(name.to_owned(), json!(text));
        }
    }
    map.get_mut("routes").and_then(Value::as_array_mut).into_iter().flatten().for_each(hurry);
}

/// The configuration of Alertmanager, whose receivers are those of the test: each has the name of its receiver as its key.
fn receivers(region: &Region, port: u16) -> Value {
    let mut config = translated(&region.configs);
    hurry(&mut config["route"]);
    let here = format!("http://127.0.0.1:{port}");
    for receiver in config["receivers"].as_array_mut().into_iter().flatten() {
        let name = words(&receiver["name"]).trim_start_matches("monitoring/").to_owned();
        for (field, key, value) in [
            ("pagerduty_configs", "routing_key", name.clone()),
            ("slack_configs", "api_url", format!("{here}/slack/{name}")),
            ("webhook_configs", "url", format!("{here}/webhook/{name}")),
        ] {
            for config in receiver.get_mut(field).and_then(Value::as_array_mut).into_iter().flatten() {
                config[key] = json!(value);
            }
        }
    }
    config["global"] = json!({"pagerduty_url": format!("{here}/pagerduty")});
    config
}

fn scraping(region: &Region, targets: &[Target], ports: [u16; 3]) -> Value {
    let [here, prometheus, alertmanager] = ports;
    let scrape = |number: usize, target: &Target| {
        let mut labels = json!(target.labels);
        labels["__metrics_path__"] = json!(format!("/target/{number}"));
        json!({"targets": [format!("127.0.0.1:{here}")], "labels": labels})
    };
    let mut all: Vec<Value> = targets.iter().enumerate().map(|(number, target)| scrape(number, target)).collect();
    for (name, port) in [("prometheus", prometheus), ("alertmanager", alertmanager)] {
        let labels = json!({"job": format!("kube-prometheus-stack-{name}"), "namespace": "monitoring", "pod": format!("{name}-0")});
        all.push(json!({"targets": [format!("127.0.0.1:{port}")], "labels": labels}));
    }
    json!({
        "global": {"scrape_interval": "500ms", "scrape_timeout": "500ms", "evaluation_interval": "500ms", "external_labels": region.labels},
        "rule_files": ["rules.json"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [format!("127.0.0.1:{alertmanager}")]}]}]},
        "scrape_configs": [{"job_name": "played", "honor_labels": true, "static_configs": all}],
    })
}

/// The day before: what is recorded of objectives, in the notation of OpenMetrics.
fn yesterday(now: f64) -> String {
    let mut text = String::new();
    for (name, value) in [("platgen:slo:bad:rate5m", 0), ("platgen:slo:total:rate5m", 20)] {
        for (workload, slo) in [("web", "availability"), ("api", "p99")] {
            for step in (4..86_400 * 2 / FASTER).rev() {
                let at = now - step as f64 / 2.0;
                text += &format!("{name}{{namespace=\"shop\",workload=\"{workload}\",slo=\"{slo}\"}} {value} {at:.3}\n");
            }
        }
    }
    text + "# EOF\n"
}

fn unix() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// A message to a receiver: who, what it says first, whether the alert is over, and all of it.
struct Message {
    receiver: String,
    title: String,
    resolved: bool,
    all: Value,
}

/// The messages to people; those of the heartbeat are none.
fn messages(sent: &[servers::Sent]) -> Vec<Message> {
    let read = |(path, all): &servers::Sent| {
        if let Some(receiver) = path.strip_prefix("/slack/") {
            let first = &all["attachments"][0];
            let (title, resolved) = (words(&first["title"]), first["color"] == "good");
            return Some(Message { receiver: receiver.to_owned(), title, resolved, all: all.clone() });
        }
        let (title, resolved) = (words(&all["payload"]["summary"]), all["event_action"] == "resolve");
        (path == "/pagerduty").then(|| Message { receiver: words(&all["routing_key"]), title, resolved, all: all.clone() })
    };
    sent.iter().filter_map(read).collect()
}

/// Where the repository of the spec shows the page on an alert.
const PAGES: &str = "https://github.com/example/market/blob/main/deploy/ALERTS.md";

/// The place that every message names.
const PLACE: &str = " in production, eu-west-1";

/// When each outage begins and ends.
type Script = Arc<Mutex<BTreeMap<Outage, (Instant, Option<Instant>)>>>;

fn played(programs: &[PathBuf]) -> Result<(), String> {
    let [prometheus, alertmanager, promtool] = programs else { return Err("three programs".into()) };
    let region = region()?;
    let targets = world::targets(&world::facts(&region.groups));
    let began = Instant::now();
    let script: Script = Arc::default();
    let known = Arc::clone(&script);
    let moment = move || {
        let now = Instant::now();
        let lasted = |(outage, (from, until)): (&Outage, &(Instant, Option<Instant>))| {
            let end = until.filter(|until| *until < now);
            (*outage, (end.unwrap_or(now).saturating_duration_since(*from).as_secs_f64(), end.is_none()))
        };
        let outages =
            known.lock().map(|known| known.iter().filter(|(_, (from, _))| *from <= now).map(lasted).collect()).unwrap_or_default();
        Moment { now: unix(), elapsed: began.elapsed().as_secs_f64(), outages }
    };
    let place = folder()?;
    let [port, alerts] = [free_port()?, free_port()?];
    let targets = Arc::new(targets);
    let pages = Arc::clone(&targets);
    let server = Server::start(Box::new(move |path| {
        let number: usize = path.strip_prefix("/target/")?.parse().ok()?;
        pages.get(number)?.page(&moment())
    }))?;
    let write = |name: &str, text: String| fs::write(place.path().join(name), text).map_err(|error| error.to_string());
    write("rules.json", hurried(&region.groups).to_string())?;
    write("prometheus.json", scraping(&region, &targets, [server.port, port, alerts]).to_string())?;
    write("alertmanager.json", receivers(&region, server.port).to_string())?;
    write("yesterday.txt", yesterday(unix()))?;
    // `get` has them beside the program of Debian, which looks for them in the folder that it is started in.
    for name in ["default.tmpl", "email.tmpl"] {
        let file = alertmanager.with_file_name(format!("alertmanager-{name}"));
        if file.exists() {
            fs::copy(file, place.path().join(name)).map_err(|error| error.to_string())?;
        }
    }
    let mut backfill = Command::new(promtool);
    say(backfill.current_dir(place.path()).args(["tsdb", "create-blocks-from", "openmetrics", "yesterday.txt", "data"]), &[0])?;
    let mut command = Command::new(prometheus);
    command.current_dir(place.path()).args([
        "--config.file=prometheus.json",
        "--storage.tsdb.path=data",
        "--query.lookback-delta=2500ms",
        "--rules.alert.resend-delay=1s",
        &format!("--web.listen-address=127.0.0.1:{port}"),
    ]);
    let rules = Running::start(&mut command, port, &place.path().join("prometheus.log"))?;
    // What is not scraped yet is no outage.
    thread::sleep(Duration::from_secs(WARM));
    settled(&rules)?;
    let mut command = Command::new(alertmanager);
    command.current_dir(place.path()).args([
        "--config.file=alertmanager.json",
        "--storage.path=alerts",
        "--cluster.listen-address=",
        &format!("--web.listen-address=127.0.0.1:{alerts}"),
    ]);
    let routes = Running::start(&mut command, alerts, &place.path().join("alertmanager.log"))?;
    let fault = |text: String| {
        let firing = rules.get("/api/v1/alerts").unwrap_or_default();
        format!("{text}\nPrometheus has {firing}\n{}\n{}", rules.said(), routes.said())
    };
    thread::sleep(Duration::from_secs(HEALTHY));
    let told: Vec<String> = messages(&server.sent()).iter().map(|one| format!("{} {}", one.receiver, one.title)).collect();
    if !told.is_empty() {
        return Err(fault(format!("nothing is wrong, and these were told: {told:?}")));
    }
    if !server.sent().iter().any(|(path, _)| path == "/webhook/heartbeat/heartbeat") {
        return Err(fault("the heartbeat was not called".to_owned()));
    }
    let start = Instant::now();
    if let Ok(mut known) = script.lock() {
        let at = |second: u64| start + Duration::from_secs(second);
        known.extend(SCRIPT.map(|(from, outage, until)| (outage, (at(from), until.map(at)))));
    }
    thread::sleep(Duration::from_secs(OVER));
    judged(&messages(&server.sent())).map_err(fault)
}

/// Waits until no alert is left but the one that always fires.
fn settled(rules: &Running) -> Result<(), String> {
    let started = Instant::now();
    loop {
        let said: Value = serde_json::from_str(&rules.get("/api/v1/alerts").unwrap_or_default()).unwrap_or_default();
        let left: BTreeSet<String> = list(&said["data"]["alerts"]).iter().map(|alert| words(&alert["labels"]["alertname"])).collect();
        if left.iter().eq(["Watchdog"]) {
            return Ok(());
        }
        if started.elapsed() > Duration::from_secs(20) {
            return Err(format!("nothing is wrong, and Prometheus has {left:?}\n{}", rules.said()));
        }
        thread::sleep(Duration::from_millis(200));
    }
}

/// Holds what was told against what had to be.
fn judged(messages: &[Message]) -> Result<(), String> {
    let wanted: BTreeMap<(String, String), usize> =
        TOLD.iter().map(|(receiver, title)| (((*receiver).to_owned(), format!("{title}{PLACE}")), 1)).collect();
    let mut told: BTreeMap<(String, String), usize> = BTreeMap::new();
    for one in messages.iter().filter(|one| !one.resolved) {
        *told.entry((one.receiver.clone(), one.title.clone())).or_default() += 1;
    }
    let mut faults: Vec<String> =
        wanted.iter().filter(|(one, _)| !told.contains_key(one)).map(|(one, _)| format!("not told: {one:?}")).collect();
    faults.extend(
        told.iter().filter(|(one, count)| wanted.get(one) != Some(count)).map(|(one, count)| format!("told {count} times: {one:?}")),
    );
    for one in messages {
        let text = one.all.to_string();
        let owner = one.receiver.split('/').next().unwrap_or_default().strip_prefix("alerts-").unwrap_or("sre");
        let about = one.title.split([' ']).next().unwrap_or_default();
        let labelled = !one.receiver.ends_with("/page")
            || words(&one.all["payload"]["custom_details"]["owner"]) == owner
                && words(&one.all["payload"]["severity"]) == "critical"
                && ["environment = production", "region = eu-west-1", &format!("owner = {owner}")].iter().all(|label| text.contains(label));
        if !labelled || !text.contains(&format!("{PAGES}#{}", about.to_lowercase())) {
            faults.push(format!("without its labels or its page: {text}"));
        }
    }
    let key = |resolved: bool| {
        let of = |one: &&Message| {
            one.resolved == resolved && (one.receiver.as_str(), one.title.as_str()) == (RESOLVED.0, &format!("{}{PLACE}", RESOLVED.1))
        };
        messages.iter().find(of).map(|one| words(&one.all["dedup_key"]))
    };
    if key(true).is_none() || key(true) != key(false) {
        faults.push(format!("{RESOLVED:?} is over, and nobody was told"));
    }
    let over: BTreeSet<&str> = messages.iter().filter(|one| one.resolved).map(|one| one.title.as_str()).collect();
    if over.len() != 1 {
        faults.push(format!("these are said to be over: {over:?}"));
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}

/// Every alert of the region stays silent for a whole day, in which the same exporter says that all is well.
fn silent_for_a_day(promtool: &Path) -> Result<(), String> {
    const MINUTES: u32 = 24 * 60;
    let region = region()?;
    let mut series: BTreeMap<String, String> = BTreeMap::new();
    for minute in 0..=MINUTES {
        let now = f64::from(minute) * 60.0;
        let moment = Moment { now, elapsed: now, outages: BTreeMap::new() };
        for target in world::targets(&world::facts(&region.groups)) {
            let labels: Vec<String> = target.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
            let up = ("up".to_owned(), 1.0);
            for (name, value) in target.series(&moment).into_iter().flatten().chain([up]) {
                let name = match name.strip_suffix('}') {
                    // Labels of the exporter win over those of the target.
                    Some(own) => {
                        let missing = target.labels.iter().filter(|(label, _)| !own.contains(&format!("{label}=")));
                        missing.fold(own.to_owned(), |all, (label, value)| format!("{all},{label}={value:?}")) + "}"
                    }
                    None => format!("{name}{{{}}}", labels.join(",")),
                };
                let values = series.entry(name).or_default();
                *values += &format!("{value} ");
            }
        }
    }
    let names: Vec<String> = region.groups.iter().flat_map(|group| list(&group["rules"])).map(|rule| words(&rule["alert"])).collect();
    let quiet = |name: &String| !name.is_empty() && name != "Watchdog";
    let moments: Vec<Value> = names
        .iter()
        .filter(|name| quiet(name))
        .flat_map(|name| (1..=24).map(move |hour| json!({"eval_time": format!("{hour}h"), "alertname": name})))
        .collect();
    if moments.len() < 24 * 60 {
        return Err(format!("{} moments are few", moments.len()));
    }
    let place = folder()?;
    let order: Vec<String> = region.groups.iter().map(|group| words(&group["name"])).collect();
    let series: Vec<Value> = series.iter().map(|(name, values)| json!({"series": name, "values": values.trim()})).collect();
    let test = json!({
        "rule_files": ["rules.json"], "evaluation_interval": "1m", "group_eval_order": order,
        "tests": [{"interval": "1m", "input_series": series, "alert_rule_test": moments}],
    });
    fs::write(place.path().join("rules.json"), json!({"groups": region.groups}).to_string()).map_err(|error| error.to_string())?;
    fs::write(place.path().join("test.json"), test.to_string()).map_err(|error| error.to_string())?;
    say(Command::new(promtool).current_dir(place.path()).args(["test", "rules", "test.json"]), &[0]).map(drop)
}
