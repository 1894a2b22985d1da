//! The play with a real Prometheus and a real Alertmanager: they read the rules and the receivers of a region, scrape the exporter of the test, and tell the
//! receivers of the test, which speak as PagerDuty and Slack do.
//!
//! Everything is [`FASTER`] times faster: each duration of rules, windows, routes and dashboards is divided by it. Rates stay those of a second, and so do ages
//! that rules compare with facts. A day has gone by before the play, so that windows of hours are full.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use regex::Regex;
use serde_json::{Value, json};

use super::super::alertmanager::translated;
use super::super::judge::{list, say, words};
use super::super::trees::folder;
use super::play::{Degree, Moment, Outage, Outages, Target};
use super::servers::{Running, Sent, Server, free_port};
use super::world::{self, RATES, World};
use super::{Region, chosen};

/// How much faster than a cluster the play goes.
const FASTER: u64 = 120;

/// Seconds of the play, in which `FASTER` seconds of a cluster go by: of health, and then when the outages begin and end.
const HEALTHY: u64 = 10;
const SCRIPT: [(u64, Outage, Option<u64>); 10] = [
    // An hour without a backup is no fault yet.
    (0, Outage::StaleBackup, None),
    // The slower alert on the same volume takes an hour.
    (3, Outage::FullDisk, None),
    (8, Outage::CrashLoop, None),
    (8, Outage::FailedTest, None),
    (8, Outage::Unread, None),
    (8, Outage::Rejected, None),
    (8, Outage::Refused, None),
    (8, Outage::Certificate, None),
    (14, Outage::Errors, Some(26)),
    (14, Outage::Slow, None),
];
const OVER: u64 = 38;

/// The newest backup is nine hours old.
const DEGREE: Degree = Degree { errors: 0.5, slow: 1.0, late: 32_400.0 };

/// Who has to be told of what, once: the object and the receiver, the alert with its workload, its severity and its owner.
const TOLD: [(&str, &str, &str, &str); 12] = [
    ("alerts-pay/ticket", "AppPodsMissing of payer", "warning", "pay"),
    ("alerts-pay/ticket", "PodCrashLoops of payer", "warning", "pay"),
    ("alerts-shop/page", "BackupTooOld of orders", "critical", "shop"),
    ("alerts-shop/page", "ErrorBudgetGoneIn2Days of api", "critical", "shop"),
    ("alerts-shop/page", "ErrorBudgetGoneIn2Days of web", "critical", "shop"),
    // When the errors end, nothing mutes the slower alert any more, and its windows still have them.
    ("alerts-shop/page", "ErrorBudgetGoneIn5Days of web", "critical", "shop"),
    ("alerts-shop/page", "VolumeAlmostFull", "critical", "shop"),
    ("alerts-shop/ticket", "AppMetricsMissing of web", "warning", "shop"),
    ("alerts-shop/ticket", "RestoreTestFailed of orders-shop-test", "warning", "shop"),
    ("alerts/page", "CertificateExpires", "critical", "sre"),
    ("alerts/page", "ReceiversRejected", "critical", "sre"),
    ("alerts/ticket", "GuardRefuses", "warning", "sre"),
];

/// What fires and is told to nobody while a worse alert of the same thing is.
const MUTED: [&str; 6] = [
    "CertificateRenewalLate",
    "ErrorBudgetGoneIn10Days of web",
    "ErrorBudgetGoneIn5Days of api",
    "ErrorBudgetGoneIn5Days of web",
    "RequestsFail of web",
    "VolumeFillsUp",
];

/// What is over when its outage is.
const RESOLVED: (&str, &str) = ("alerts-shop/page", "ErrorBudgetGoneIn2Days of web");

/// Queries of dashboards that have no series in the play, by panel, each with the reason.
const EMPTY: [(&str, &str); 2] = [
    ("Share of time in which a limit of processors holds pods back", "platgen sets no limit of processors unless a spec asks for it"),
    ("What Git has and the cluster does not", "the played region has neither Flux nor Argo CD"),
];

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

/// An expression with every duration divided.
fn hurried(expr: &str) -> String {
    let spans = Regex::new(r"(\[|offset )(\d+[smhd])").expect("a pattern");
    spans.replace_all(expr, |found: &regex::Captures| format!("{}{}", &found[1], faster(&found[2]))).into_owned()
}

/// The groups of rules with every duration of expressions and waits divided.
fn rules(groups: &[Value]) -> Value {
    let mut groups = groups.to_vec();
    for rule in groups.iter_mut().flat_map(|group| group["rules"].as_array_mut()).flatten() {
        rule["expr"] = json!(hurried(rule["expr"].as_str().unwrap_or_default()));
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
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [format!("127.0.0.1:{alertmanager}")]}]}]},
        "scrape_configs": [{"job_name": "played", "honor_labels": true, "static_configs": all}],
    })
}

/// The day before: what is recorded of objectives, in the notation of OpenMetrics.
fn yesterday(now: f64) -> String {
    let mut text = String::new();
    for (workload, rate) in RATES {
        let slo = if workload == "web" { "availability" } else { "p99" };
        for (name, value) in [("platgen:slo:bad:rate5m", 0.0), ("platgen:slo:total:rate5m", rate)] {
            for step in (4..86_400 * 2 / FASTER).rev() {
                let at = now - step as f64 / 2.0;
                text += &format!("{name}{{namespace=\"shop\",workload=\"{workload}\",slo=\"{slo}\"}} {value} {at:.3}\n");
            }
        }
    }
    // A metric must stand in one piece.
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_by_key(|line| line.split('{').next());
    lines.join("\n") + "\n# EOF\n"
}

fn unix() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// A message to a receiver: who, what it says first, whether the alert is over, and all of it.
#[derive(Clone)]
struct Message {
    receiver: String,
    title: String,
    resolved: bool,
    all: Value,
}

/// The messages to people; those of the heartbeat are none.
fn messages(sent: &[Sent]) -> Vec<Message> {
    let read = |(path, all): &Sent| {
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

/// What Alertmanager knew of each alert, by its name and its workload.
#[derive(Clone, Default)]
struct Known {
    /// The labels and the receivers of those that nothing mutes, and of those that something does.
    active: BTreeMap<String, Value>,
    muted: BTreeMap<String, Value>,
}

impl Known {
    /// Adds what it knows now.
    fn ask(&mut self, alertmanager: &Running) {
        let said = alertmanager.get("/api/v2/alerts").unwrap_or_default();
        for alert in list(&serde_json::from_str(&said).unwrap_or_default()) {
            let workload = words(&alert["labels"]["workload"]);
            let of = if workload.is_empty() { String::new() } else { format!(" of {workload}") };
            let all = if list(&alert["status"]["inhibitedBy"]).is_empty() { &mut self.active } else { &mut self.muted };
            all.insert(words(&alert["labels"]["alertname"]) + &of, alert.clone());
        }
    }
}

/// Where the repository of the spec shows the page on an alert.
const PAGES: &str = "https://github.com/example/market/blob/main/deploy/ALERTS.md";

/// The place that every message names.
const PLACE: &str = " in production, eu-west-1";

/// When each outage begins and ends.
type Script = Arc<Mutex<Outages>>;

/// How often a play is tried when the machine was too slow for it.
const TRIES: usize = 3;

/// Plays everything, and judges what was told, what was muted, and what the dashboards show. Beside it, a region with planted faults is played, which the
/// judge has to notice.
pub fn played(programs: &[PathBuf]) -> Result<(), String> {
    let region = Region::render()?;
    let faulty = damaged(Region {
        groups: region.groups.clone(),
        configs: region.configs.clone(),
        dashboards: Vec::new(),
        labels: region.labels.clone(),
    })?;
    let others = programs.to_vec();
    let beside = thread::spawn(move || again(|| noticed(&others, &faulty)));
    let whole = again(|| {
        let play = play(programs, &region)?;
        let result = judged(&play.messages, &play.known).and_then(|()| play.shown.clone());
        result.map_err(|text| Fault { text: format!("{text}\n{}", play.said), disturbed: play.disturbed })?;
        notices(&play.messages, &play.known).map_err(|text| Fault { text, disturbed: false })
    });
    whole.and(beside.join().map_err(|_| "the play with planted faults ended")?)
}

/// What is wrong with a play, and whether the machine was too slow for it.
struct Fault {
    text: String,
    disturbed: bool,
}

impl From<String> for Fault {
    fn from(text: String) -> Fault {
        Fault { text, disturbed: false }
    }
}

/// Tries a play again while the machine was too slow for it.
fn again(play: impl Fn() -> Result<(), Fault>) -> Result<(), String> {
    let mut tried = 1;
    loop {
        match play() {
            Err(fault) if fault.disturbed && tried < TRIES => tried += 1,
            done => return done.map_err(|fault| fault.text),
        }
    }
}

/// What came of a play.
struct Played {
    messages: Vec<Message>,
    known: Known,
    shown: Result<(), String>,
    disturbed: bool,
    /// What the programs say of it.
    said: String,
}

fn play(programs: &[PathBuf], region: &Region) -> Result<Played, Fault> {
    let [prometheus, alertmanager, promtool] = programs else { return Err("three programs".to_owned().into()) };
    let began = Instant::now();
    let script: Script = Arc::default();
    let known = Arc::clone(&script);
    let moment = move || {
        let outages = known.lock().map(|known| known.clone()).unwrap_or_default();
        Moment { now: unix(), elapsed: began.elapsed().as_secs_f64(), outages, degree: DEGREE }
    };
    let place = folder()?;
    let [port, alerts] = [free_port()?, free_port()?];
    let targets = Arc::new(world::targets(&World::new(&region.groups)));
    let pages = Arc::clone(&targets);
    let server = Server::start(Box::new(move |path| {
        let number: usize = path.strip_prefix("/target/")?.parse().ok()?;
        pages.get(number)?.page(&moment())
    }))?;
    let write = |name: &str, text: String| fs::write(place.path().join(name), text).map_err(|error| error.to_string());
    write("rules.json", rules(&region.groups).to_string())?;
    let mut scraping = scraping(region, &targets, [server.port, port, alerts]);
    write("prometheus.json", scraping.to_string())?;
    write("alertmanager.json", receivers(region, server.port).to_string())?;
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
    let routes = alertmanager_runs(alertmanager, place.path(), alerts)?;
    let rules = prometheus_runs(prometheus, place.path(), port)?;
    let fault = |text: String| Fault { text: format!("{text}\n{}", said(&rules, &routes)), disturbed: disturbed(&rules) };
    // What is not scraped yet is no outage: it reads the rules when every target has answered.
    let count = targets.len() + 2;
    within(20, || {
        let answer = asked(&rules, "sum(up)").unwrap_or_default();
        if answer["data"]["result"][0]["value"][1] == count.to_string().as_str() {
            Ok(())
        } else {
            Err(format!("of {count} targets answer {answer}"))
        }
    })
    .map_err(fault)?;
    scraping["rule_files"] = json!(["rules.json"]);
    write("prometheus.json", scraping.to_string())?;
    rules.ask("POST", "/-/reload").ok_or_else(|| fault("Prometheus does not read its file again".to_owned()))?;
    within(20, || {
        let said: Value = serde_json::from_str(&rules.get("/api/v1/alerts").unwrap_or_default()).unwrap_or_default();
        let left: BTreeSet<String> = list(&said["data"]["alerts"]).iter().map(|alert| words(&alert["labels"]["alertname"])).collect();
        // All but the one that always fires.
        if left.iter().eq(["Watchdog"]) { Ok(()) } else { Err(format!("nothing is wrong, and Prometheus has {left:?}")) }
    })
    .map_err(fault)?;
    thread::sleep(Duration::from_secs(HEALTHY));
    let told: Vec<String> = messages(&server.sent()).iter().map(|one| format!("{} {}", one.receiver, one.title)).collect();
    if !told.is_empty() {
        return Err(fault(format!("nothing is wrong, and these were told: {told:?}")));
    }
    if !server.sent().iter().any(|(path, _)| path == "/webhook/heartbeat/heartbeat") {
        return Err(fault("the heartbeat was not called".to_owned()));
    }
    let start = began.elapsed().as_secs_f64();
    if let Ok(mut known) = script.lock() {
        let at = |second: u64| start + second as f64;
        known.extend(SCRIPT.map(|(from, outage, until)| (outage, (at(from), until.map(at)))));
    }
    let mut known = Known::default();
    while began.elapsed().as_secs_f64() < start + OVER as f64 {
        thread::sleep(Duration::from_millis(500));
        known.ask(&routes);
    }
    let messages = messages(&server.sent());
    Ok(Played { messages, known, shown: shown(region, &rules), disturbed: disturbed(&rules), said: said(&rules, &routes) })
}

/// Whether the machine was too slow: Prometheus left out a turn of its rules, or a target did not answer in time that no outage takes.
fn disturbed(rules: &Running) -> bool {
    let expr = r#"sum(prometheus_rule_group_iterations_missed_total) > 0 or count(min_over_time(up{workload!="web"}[2m]) == 0)"#;
    asked(rules, expr).is_none_or(|answer| !list(&answer["data"]["result"]).is_empty())
}

/// What fires, and the last words of the programs.
fn said(rules: &Running, routes: &Running) -> String {
    let firing = rules.get("/api/v1/alerts").unwrap_or_default();
    format!("Prometheus has {firing}\n{}\n{}", rules.said(), routes.said())
}

/// Faults in the rules and the receivers of a region, each with what has to be said of it.
const PLANTED: [&str; 8] = [
    // A threshold, and a time.
    r#"not told: ("alerts-shop/page", "VolumeAlmostFull in production, eu-west-1")"#,
    r#"not told: ("alerts-shop/ticket", "RestoreTestFailed of orders-shop-test in production, eu-west-1")"#,
    // A severity, and an owner.
    r#"told 1 times: ("alerts-shop/ticket", "BackupTooOld of orders in production, eu-west-1")"#,
    r#"AppMetricsMissing of web: owner is "pay""#,
    // The route of critical alerts, a team without its routes, and an inhibition.
    r#"ReceiversRejected reaches ["monitoring/alerts/ticket"]"#,
    r#"not told: ("alerts-pay/ticket", "PodCrashLoops of payer in production, eu-west-1")"#,
    r#"told 1 times: ("alerts-shop/page", "ErrorBudgetGoneIn5Days of api in production, eu-west-1")"#,
    r#"told 1 times: ("alerts-shop/ticket", "RequestsFail of web in production, eu-west-1")"#,
];

/// Plants them.
fn damaged(mut region: Region) -> Result<Region, String> {
    let mut planted = 0;
    for rule in region.groups.iter_mut().flat_map(|group| group["rules"].as_array_mut()).flatten() {
        planted += 1;
        match rule["alert"].as_str() {
            Some("VolumeAlmostFull") => rule["expr"] = json!(words(&rule["expr"]).replace("vector(0.05)", "vector(0.01)")),
            Some("RestoreTestFailed") => rule["for"] = json!("2h"),
            Some("BackupTooOld") => rule["labels"]["severity"] = json!("warning"),
            Some("AppMetricsMissing") => rule["labels"]["owner"] = json!("pay"),
            _ => planted -= 1,
        }
    }
    region.configs.retain(|config| config["metadata"]["name"] != "alerts-pay");
    for config in region.configs.iter_mut().filter(|config| config["metadata"]["name"] == "alerts") {
        let critical = |route: &Value| list(&route["matchers"]).iter().any(|matcher| matcher["value"] == "critical");
        let budgets = |rule: &Value| words(&rule["sourceMatch"][0]["value"]) == "ErrorBudgetGoneIn2Days";
        for (all, fault) in [("/spec/route/routes", &critical as &dyn Fn(&Value) -> bool), ("/spec/inhibitRules", &budgets)] {
            let all = config.pointer_mut(all).and_then(Value::as_array_mut).ok_or_else(|| format!("no {all}"))?;
            let before = all.len();
            all.retain(|one| !fault(one));
            planted += before - all.len();
        }
    }
    if planted == 6 { Ok(region) } else { Err(format!("{planted} faults were planted")) }
}

/// Plays a region with planted faults: the judge has to name each.
fn noticed(programs: &[PathBuf], region: &Region) -> Result<(), Fault> {
    let play = play(programs, region)?;
    let said = judged(&play.messages, &play.known).err().unwrap_or_default();
    let unnoticed: Vec<&str> = PLANTED.into_iter().filter(|fault| !said.contains(fault)).collect();
    let text = format!("of planted faults, nobody says {unnoticed:#?}, but\n{said}");
    if unnoticed.is_empty() { Ok(()) } else { Err(Fault { text, disturbed: play.disturbed }) }
}

fn prometheus_runs(program: &Path, place: &Path, port: u16) -> Result<Running, String> {
    let mut command = Command::new(program);
    command.current_dir(place).args([
        "--config.file=prometheus.json",
        "--storage.tsdb.path=data",
        "--query.lookback-delta=2500ms",
        "--rules.alert.resend-delay=1s",
        "--web.enable-lifecycle",
        &format!("--web.listen-address=127.0.0.1:{port}"),
    ]);
    Running::start(&mut command, port, &place.join("prometheus.log"))
}

fn alertmanager_runs(program: &Path, place: &Path, port: u16) -> Result<Running, String> {
    let mut command = Command::new(program);
    command.current_dir(place).args([
        "--config.file=alertmanager.json",
        "--storage.path=alerts",
        "--cluster.listen-address=",
        &format!("--web.listen-address=127.0.0.1:{port}"),
    ]);
    Running::start(&mut command, port, &place.join("alertmanager.log"))
}

/// Waits until something is so; after some seconds, what is wrong with it.
fn within(seconds: u64, so: impl Fn() -> Result<(), String>) -> Result<(), String> {
    let started = Instant::now();
    loop {
        match so() {
            Err(fault) if started.elapsed() > Duration::from_secs(seconds) => return Err(fault),
            Err(_) => thread::sleep(Duration::from_millis(200)),
            Ok(()) => return Ok(()),
        }
    }
}

/// The answer of Prometheus to a query.
fn asked(rules: &Running, expr: &str) -> Option<Value> {
    let letter = |byte: u8| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    let quoted: String = expr.bytes().map(letter).collect();
    serde_json::from_str(&rules.get(&format!("/api/v1/query?query={quoted}"))?).ok()
}

/// Holds what was told against what had to be.
fn judged(messages: &[Message], known: &Known) -> Result<(), String> {
    let wanted: BTreeMap<(String, String), usize> =
        TOLD.iter().map(|(receiver, title, ..)| (((*receiver).to_owned(), format!("{title}{PLACE}")), 1)).collect();
    let mut told: BTreeMap<(String, String), usize> = BTreeMap::new();
    for one in messages.iter().filter(|one| !one.resolved) {
        *told.entry((one.receiver.clone(), one.title.clone())).or_default() += 1;
    }
    let mut faults: Vec<String> =
        wanted.iter().filter(|(one, _)| !told.contains_key(one)).map(|(one, _)| format!("not told: {one:?}")).collect();
    faults.extend(
        told.iter().filter(|(one, count)| wanted.get(one) != Some(count)).map(|(one, count)| format!("told {count} times: {one:?}")),
    );
    for (receiver, title, severity, owner) in TOLD {
        let labels = &known.active.get(title).map(|alert| alert["labels"].clone()).unwrap_or_default();
        let place =
            [("platform", "market"), ("environment", "production"), ("region", "eu-west-1"), ("severity", severity), ("owner", owner)];
        faults.extend(
            place
                .iter()
                .filter(|(label, value)| labels[label] != **value)
                .map(|(label, _)| format!("{title}: {label} is {}", labels[label])),
        );
        let told: Vec<String> =
            known.active.get(title).into_iter().flat_map(|alert| list(&alert["receivers"])).map(|one| words(&one["name"])).collect();
        if told != [format!("monitoring/{receiver}")] {
            faults.push(format!("{title} reaches {told:?}"));
        }
    }
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
    let muted: BTreeSet<&str> = known.muted.keys().map(String::as_str).collect();
    if muted != BTreeSet::from(MUTED) {
        faults.push(format!("these are muted: {muted:?}"));
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}

/// That the judge of a play that passed would have noticed each message that is missing, comes again, goes to another receiver, or lacks its place.
fn notices(messages: &[Message], known: &Known) -> Result<(), String> {
    let others = ["alerts-shop/page", "alerts/ticket"];
    for (number, one) in messages.iter().enumerate() {
        let with = |changed: Option<Message>, more: Option<Message>| -> Vec<Message> {
            let (before, after) = (&messages[..number], &messages[number + 1..]);
            before.iter().cloned().chain(changed).chain(after.iter().cloned()).chain(more).collect()
        };
        let other = others[usize::from(one.receiver == others[0])].to_owned();
        let same = |message: &Message| Some(message.clone());
        let mut faults =
            vec![("is missing", with(None, None)), ("goes elsewhere", with(Some(Message { receiver: other, ..one.clone() }), None))];
        let elsewhere = Message { title: one.title.replace("eu-west-1", "eu-central-1"), ..one.clone() };
        faults.push(("names another region", with(Some(elsewhere), None)));
        if !one.resolved {
            faults.push(("comes twice", with(same(one), same(one))));
        }
        if let Some((what, _)) = faults.iter().find(|(_, messages)| judged(messages, known).is_ok()) {
            return Err(format!("nobody notices that {} {what}", one.title));
        }
    }
    for (receiver, title, ..) in TOLD {
        for label in ["platform", "environment", "region", "severity", "owner"] {
            let mut without = known.clone();
            if let Some(alert) = without.active.get_mut(title) {
                alert["labels"][label] = json!("other");
            }
            if judged(messages, &without).is_ok() {
                return Err(format!("nobody notices another {label} of {title} at {receiver}"));
            }
        }
    }
    Ok(())
}

/// Every query of every dashboard has series, but those of [`EMPTY`].
fn shown(region: &Region, rules: &Running) -> Result<(), String> {
    let (mut faults, mut count, mut empty) = (Vec::new(), 0, BTreeSet::new());
    for (dashboard, panel) in region.panels() {
        let title = words(&panel["title"]);
        for target in list(&panel["targets"]) {
            let expr = hurried(&chosen(&dashboard, target["expr"].as_str().unwrap_or_default()));
            let Some(said) = asked(rules, &expr) else {
                faults.push(format!("{dashboard}, {title}: Prometheus refuses {expr}"));
                continue;
            };
            count += 1;
            let series = list(&said["data"]["result"]);
            if series.is_empty() {
                empty.insert(title.clone());
                if !EMPTY.iter().any(|(known, _)| *known == title) {
                    faults.push(format!("{dashboard}, {title}: no series of {expr}"));
                }
            }
            let number = |one: &Value| one["value"][1].as_str().is_some_and(|text| text.parse::<f64>().is_ok_and(f64::is_finite));
            if !series.iter().all(number) {
                faults.push(format!("{dashboard}, {title}: no number: {said}"));
            }
        }
    }
    faults.extend(
        EMPTY.iter().filter(|(known, _)| !empty.contains(*known)).map(|(known, _)| format!("EMPTY names {known}, which has series")),
    );
    if count < 70 {
        faults.push(format!("{count} queries are few"));
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}
