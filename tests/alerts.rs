//! Every alert: its metrics are those of the exporters, it fires and stays silent as its tables say, and no threshold can be another one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use libtest_mimic::{Completion, Failed, Trial};
use platgen::alerts::{self, Alert, Severity};
use platgen::dashboards::{self, Dashboard};
use platgen::model::{Addon, GitOpsController};
use serde_json::{Value, json};

use crate::judges::judge::fetched;
use crate::support::{functions, required};

/// The trials of this module.
pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = functions! {
        self: metrics_are_those_of_exporters names_are_unique namespaces_are_those_of_add_ons texts_name_labels_that_are_there burn_rates_are_those_of_sloth;
    };
    let required = required();
    let with_promtool = |name: &str, run: fn(&Path) -> Result<(), String>| {
        Trial::ignorable_test(format!("alerts::{name}"), move || match fetched("promtool", &["--version"]) {
            Err(missing) if required => Err(missing.into()),
            Err(missing) => Ok(Completion::ignored_with(missing)),
            Ok(promtool) => run(&promtool.path).map(|()| Completion::Completed).map_err(Failed::from),
        })
    };
    trials.push(with_promtool("every_alert_fires_and_no_threshold_is_another", played));
    trials.push(with_promtool("dashboards_ask_what_prometheus_understands", understood));
    trials
}

fn all() -> Vec<&'static Alert> {
    alerts::all().flat_map(|subject| subject.alerts).collect()
}

/// Every expression of every dashboard, with what stands for the choices of people; its variables first.
fn shown() -> Vec<(String, String)> {
    let chosen = |expr: String| {
        let pairs = [("$namespace", "shop"), ("$workload", "cart"), ("$__rate_interval", "5m")];
        pairs.into_iter().fold(expr, |expr, (variable, value)| expr.replace(variable, value))
    };
    let of = |one: &'static Dashboard| {
        let all = one.choices().chain(one.expressions().map(str::to_owned));
        all.map(move |expr| (one.uid.to_owned(), chosen(expr)))
    };
    dashboards::all().flat_map(of).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The list of metrics: labels by name, and those of every series.
fn list() -> (BTreeMap<String, BTreeSet<String>>, BTreeSet<String>) {
    let text = fs::read_to_string(root().join("tests/data/metrics.toml")).unwrap();
    let table: toml::Table = text.parse().unwrap();
    let words = |value: &toml::Value| value.as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect::<BTreeSet<_>>();
    let mut metrics = BTreeMap::new();
    for exporter in table.values().filter_map(toml::Value::as_table) {
        assert!(exporter["version"].is_str() && exporter["source"].as_str().unwrap().starts_with("https://"));
        let added = exporter.get("added").map(words).unwrap_or_default();
        for (name, labels) in exporter["metrics"].as_table().unwrap() {
            assert!(metrics.insert(name.clone(), &words(labels) | &added).is_none(), "{name} is listed twice");
        }
    }
    (metrics, words(&table["targets"]))
}

/// What an expression reads: each metric with the labels of its matchers.
fn selectors(expr: &str) -> Vec<(String, BTreeSet<String>)> {
    let mut found = Vec::new();
    let chars: Vec<char> = expr.chars().collect();
    let mut at = 0;
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
    while at < chars.len() {
        match chars[at] {
            '"' => {
                at += 1;
                while chars[at] != '"' {
                    at += if chars[at] == '\\' { 2 } else { 1 };
                }
                at += 1;
            }
            '[' => at += chars[at..].iter().position(|c| *c == ']').unwrap() + 1,
            c if c.is_ascii_alphabetic() || c == '_' => {
                let start = at;
                while at < chars.len() && is_name(chars[at]) {
                    at += 1;
                }
                let word: String = chars[start..at].iter().collect();
                let rest: String = chars[at..].iter().collect();
                let next = rest.trim_start().chars().next();
                match word.as_str() {
                    // Labels, in parentheses.
                    "by" | "on" | "without" | "ignoring" | "group_left" | "group_right" if next == Some('(') => {
                        at += chars[at..].iter().position(|c| *c == ')').unwrap() + 1;
                    }
                    "and" | "or" | "unless" | "bool" | "offset" => {}
                    _ if next == Some('(') => {}
                    // An aggregation with its labels before the parentheses.
                    _ if ["by", "without"].iter().any(|word| rest.trim_start().starts_with(word)) => {}
                    _ => {
                        let mut labels = BTreeSet::new();
                        if chars.get(at) == Some(&'{') {
                            let mut inside = String::new();
                            let mut quoted = false;
                            loop {
                                at += 1;
                                match chars[at] {
                                    '\\' if quoted => at += 1,
                                    '"' => quoted = !quoted,
                                    '}' if !quoted => break,
                                    c if !quoted => inside.push(c),
                                    _ => {}
                                }
                            }
                            at += 1;
                            let names = inside.split(',').map(|one| one.trim_matches(|c: char| !is_name(c)).to_owned());
                            labels.extend(names.filter(|name| !name.is_empty()));
                        }
                        found.push((word, labels));
                    }
                }
            }
            c if c.is_ascii_digit() => {
                while at < chars.len() && (is_name(chars[at]) || chars[at] == '.') {
                    at += 1;
                }
            }
            _ => at += 1,
        }
    }
    found
}

/// Every expression and every series of a case, each with the alert, the recorded series or the dashboard that has it.
fn expressions() -> Vec<(String, String)> {
    let mut expressions: Vec<(String, String)> = all().iter().map(|alert| (alert.name.to_owned(), alert.expression())).collect();
    expressions.extend(alerts::joins().into_iter().map(|(name, expr)| (name.to_owned(), expr)));
    expressions.extend(all().into_iter().flat_map(cases));
    expressions.extend(alerts::every_recording().into_iter().chain(shown()));
    expressions
}

/// The series of an alert's cases.
fn cases(alert: &'static Alert) -> impl Iterator<Item = (String, String)> {
    let cases = alert.fires.all().chain(alert.silent.all());
    cases.flat_map(|case| case.series).map(|(series, _)| (alert.name.to_owned(), (*series).to_owned()))
}

/// Every metric of an exporter is on the list with the labels that matchers name, every series of our own is recorded, and nothing else is on the list.
fn metrics_are_those_of_exporters() {
    let (metrics, targets) = list();
    let mut recorded: BTreeSet<String> = alerts::joins().into_iter().map(|(name, _)| name.to_owned()).collect();
    recorded.extend(alerts::every_recording().into_iter().map(|(name, _)| name));
    let facts = fs::read_to_string(root().join("src/alerts/facts.rs")).unwrap()
        + &fs::read_to_string(root().join("src/alerts/requests.rs")).unwrap();
    let (mut faults, mut used) = (Vec::new(), BTreeSet::new());
    for (at, expr) in expressions() {
        for (name, labels) in selectors(&expr) {
            if name.starts_with("platgen:") {
                if !recorded.contains(&name) && !facts.contains(&format!("\"{name}\"")) {
                    faults.push(format!("{at}: nothing records {name}"));
                }
                continue;
            }
            let Some(known) = metrics.get(&name) else {
                faults.push(format!("{at}: {name} is not on the list"));
                continue;
            };
            faults.extend(
                labels
                    .iter()
                    .filter(|label| !known.contains(*label) && !targets.contains(*label))
                    .map(|label| format!("{at}: {name} has no label {label}")),
            );
            used.insert(name);
        }
    }
    faults.extend(metrics.keys().filter(|name| !used.contains(*name)).map(|name| format!("no rule uses {name}")));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let read = selectors(r#"sum by (a) (rate(x{le=~"}b",c!="d"}[5m])) * on (e) group_left (f) y > bool 1e3 unless z offset 5m"#);
    let names: Vec<&str> = read.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!((names, read[0].1.iter().map(String::as_str).collect()), (vec!["x", "y", "z"], vec!["c", "le"]));
}

/// A namespace that an expression, a series of a case or a dashboard names is that of an add-on, or one that cases and [`shown`] make up.
fn namespaces_are_those_of_add_ons() {
    let known: BTreeSet<&str> =
        Addon::ALL.iter().map(|addon| addon.namespace()).chain(["shop", "restore-tests"]).chain(GitOpsController::NAMESPACES).collect();
    let mut named = BTreeSet::new();
    for (at, expr) in expressions() {
        for part in expr.split("namespace=\"").skip(1) {
            let name = part.split('"').next().unwrap();
            assert!(known.contains(name), "{at}: no add-on is in {name}");
            named.insert(name.to_owned());
        }
        if let Some((_, place)) = expr.split_once("job=\"node-exporter\"").and(expr.split_once("namespace=\"")) {
            assert!(place.starts_with(Addon::NodeExporter.namespace()), "{at}: node-exporter is elsewhere");
        }
    }
    assert!(named.contains("shop") && named.contains(Addon::Monitoring.namespace()), "{named:?}");
}

/// Alerts are told apart by name, also from those of the chart that are left: these start with a word of ours that none of the chart's does.
fn names_are_unique() {
    let mut names: Vec<&str> = all().iter().map(|alert| alert.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    assert!(count > 80, "{count}");
    let replaced = alerts::replaced();
    // What the chart has under a name of ours is switched off there.
    let chart = ["Alertmanager", "Config", "Info", "Kube", "Node", "Prometheus", "Target", "Watchdog", "etcd"];
    let alike: BTreeSet<&str> = names
        .into_iter()
        .filter(|name| chart.iter().any(|start| name.starts_with(start)))
        .filter(|name| !replaced.contains(name))
        .collect();
    assert_eq!(
        alike,
        BTreeSet::from([
            "AlertmanagerNotFound",
            "ConfigurationRefused",
            "KubeStateMetricsDown",
            "NodeAutoscalerStuck",
            "NodeDiskAlmostFull",
            "NodeNotReady",
            "NodeUnderPressure",
            "NodesNotAdded",
            "TargetsGone"
        ])
    );
}

/// Texts name labels that the alert has, and its page is there.
fn texts_name_labels_that_are_there() {
    let mut faults = Vec::new();
    for alert in all() {
        let labels: BTreeSet<&str> = alert.fires.labels.iter().map(|(name, _)| *name).collect();
        for text in [alert.summary, alert.description] {
            for part in text.split("$labels.").skip(1) {
                let name: String = part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                if !labels.contains(name.as_str()) {
                    faults.push(format!("{}: no label {name}", alert.name));
                }
            }
            if text.contains("$value") == alert.fires.value.is_empty() && text == alert.description {
                faults.push(format!("{}: a text has the value, or the test has one", alert.name));
            }
        }
        let variables = alert.page.look.iter().flat_map(|line| line.split("\"$").skip(1)).map(|rest| rest.split('"').next().unwrap());
        let known = |name: &&str| labels.contains(name) || ["namespace", "workload"].contains(name);
        faults.extend(variables.filter(|name| !known(name)).map(|name| format!("{}: a command needs {name}", alert.name)));
        if alert.page.look.is_empty() || alert.page.look.iter().any(|line| !line.starts_with("@ ") && !line.starts_with("@@ ")) {
            faults.push(format!("{}: commands start with @ or @@", alert.name));
        }
        if (alert.severity == Severity::Heartbeat) != (alert.name == "Watchdog") {
            faults.push(format!("{}: the heartbeat", alert.name));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The alerts on objectives have the windows of sloth, and burn rates that let the same share of the error budget go by.
fn burn_rates_are_those_of_sloth() {
    let text = fs::read_to_string(root().join("tests/data/burn_rates.toml")).unwrap();
    let table: toml::Table = text.parse().unwrap();
    let word = |one: &toml::Value, name: &str| one[name].as_str().unwrap().to_owned();
    let hours = |window: &str| {
        let (count, unit) = window.split_at(window.len() - 1);
        count.parse::<f64>().unwrap() * if unit == "d" { 24.0 } else { 1.0 }
    };
    let wanted: BTreeSet<(String, String, String, String)> = table["windows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let long = word(one, "long");
            let factor = one["budget"].as_integer().unwrap() as f64 / 100.0 * 30.0 * 24.0 / hours(&long);
            (word(one, "severity"), long, word(one, "short"), format!("{factor:.1}"))
        })
        .collect();
    // Long window, short window, and the rate of each.
    let pattern = regex::Regex::new(
        r"^\(platgen:slo:error_ratio:rate(\w+) > [^>]*?(?:\(([0-9.]+) \* )?\(1 - platgen:slo:target\)(?:, 0.95\))? and platgen:slo:error_ratio:rate(\w+) > [^>]*?(?:\(([0-9.]+) \* )?\(1 - platgen:slo:target\)",
    )
    .unwrap();
    let found: BTreeSet<(String, String, String, String)> = all()
        .iter()
        .filter_map(|alert| {
            let expr = alert.expression();
            let parts = pattern.captures(&expr)?;
            let rate = |at: usize| parts.get(at).map_or("1", |one| one.as_str()).parse::<f64>().unwrap();
            assert!(rate(2) == rate(4), "{}: two burn rates", alert.name);
            Some((alert.severity.name().to_owned(), parts[1].to_owned(), parts[3].to_owned(), format!("{:.1}", rate(2))))
        })
        .collect();
    assert_eq!(found, wanted);
}

/// Other expressions and times of an alert, each of which a test has to notice: every figure that is compared with, less and more, and the time less and more.
fn mutants(alert: &Alert) -> Vec<(String, String)> {
    let expr = alert.expression();
    let mut mutants = Vec::new();
    for (at, comparison) in
        ["> ", "< ", ">= ", "<= ", "== ", "clamp_max(", "), ", "vector("].iter().flat_map(|word| expr.match_indices(word))
    {
        let start = at + comparison.len();
        let figure: String = expr[start..].chars().take_while(|c| c.is_ascii_digit() || matches!(c, '.' | 'e')).collect();
        let Ok(number) = figure.parse::<f64>() else { continue };
        // 0 and 1 are yes and no.
        let others: Vec<f64> = if number == 0.0 || number == 1.0 { vec![1.0 - number] } else { vec![number * 0.5, number * 2.0] };
        mutants.extend(
            others.into_iter().map(|other| (format!("{}{other}{}", &expr[..start], &expr[start + figure.len()..]), alert.wait.to_owned())),
        );
    }
    let (count, unit) = alert.wait.split_at(alert.wait.len() - 1);
    let count: u32 = count.parse().unwrap();
    if count > 0 {
        let minutes = if unit == "h" { count * 60 } else { count };
        mutants.extend([minutes - 1, minutes + 1].map(|wait| (expr.clone(), format!("{wait}m"))));
    } else {
        mutants.push((expr.clone(), "1m".to_owned()));
    }
    mutants
}

/// Mutants that no test can notice, each with the reason.
const ALIKE: [(&str, &str); 4] = [
    ("GuardRefuses__0", "the case has the first refusal, which no increase shows"),
    ("RecoveryPointTooOld__1", "between -1 and a second there is nothing"),
    ("RecoveryPointTooOld__2", "between -1 and a second there is nothing"),
    ("VolumeFillsUp__2", "one byte is no room"),
];

/// Plays every alert with its mutants beside it, under other names: the alert passes its tests, and each mutant fails one.
fn played(promtool: &Path) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let write = |name: &str, value: &Value| fs::write(folder.path().join(name), value.to_string()).map_err(|error| error.to_string());
    let record =
        |series: Vec<(String, String)>| -> Value { series.into_iter().map(|(name, expr)| json!({"record": name, "expr": expr})).collect() };
    let joins = alerts::joins().into_iter().map(|(name, expr)| (name.to_owned(), expr)).collect();
    write("joins.yaml", &json!({"groups": [{"name": "joins", "rules": record(joins)}]}))?;
    write("requests.yaml", &json!({"groups": [{"name": "requests", "rules": record(alerts::every_recording())}]}))?;
    let (mut files, mut expected, mut described) = (Vec::new(), BTreeSet::new(), BTreeMap::new());
    for alert in all() {
        let mut rules = vec![rule(alert, alert.name, &alert.expression(), alert.wait)];
        let mut names = vec![alert.name.to_owned()];
        for (number, (expr, wait)) in mutants(alert).into_iter().enumerate().filter(|_| alert.severity != Severity::Heartbeat) {
            let name = format!("{}__{number}", alert.name);
            rules.push(rule(alert, &name, &expr, &wait));
            described.insert(name.clone(), format!("for {wait}: {expr}"));
            expected.insert(name.clone());
            names.push(name);
        }
        let mut tests = Vec::new();
        for check in alerts::checks(alert, "sre") {
            let series: Vec<Value> = check.series.iter().map(|(series, values)| json!({"series": series, "values": values})).collect();
            let moments: Vec<Value> = names
                .iter()
                .flat_map(|name| check.moments.iter().map(move |moment| (name, moment)))
                .map(|(name, (minute, fired))| {
                    let fired: Vec<Value> =
                        fired.iter().map(|fired| json!({"exp_labels": fired.labels, "exp_annotations": fired.annotations})).collect();
                    json!({"eval_time": format!("{minute}m"), "alertname": name, "exp_alerts": fired})
                })
                .collect();
            tests.push(json!({"interval": "1m", "name": check.name, "input_series": series, "alert_rule_test": moments}));
        }
        let order: Vec<&str> =
            ["joins", "requests"].into_iter().filter(|group| platgen::kubernetes::needs(alert, group)).chain(["alert"]).collect();
        let own = format!("{}.rules.yaml", alert.name);
        let sources: Vec<String> =
            order.iter().map(|group| if *group == "alert" { own.clone() } else { format!("{group}.yaml") }).collect();
        write(&own, &json!({"groups": [{"name": "alert", "rules": rules}]}))?;
        let file = format!("{}.test.yaml", alert.name);
        write(&file, &json!({"rule_files": sources, "evaluation_interval": "1m", "group_eval_order": order, "tests": tests}))?;
        files.push(file);
    }
    let half = files.len().div_ceil(2);
    let halves: Vec<_> = files
        .chunks(half)
        .map(|files| {
            let (promtool, folder, files) = (promtool.to_owned(), folder.path().to_owned(), files.to_vec());
            std::thread::spawn(move || Command::new(promtool).current_dir(folder).args(["test", "rules"]).args(files).output())
        })
        .collect();
    let mut said = String::new();
    for half in halves {
        let output = half.join().map_err(|_| "a thread ended")?.map_err(|error| error.to_string())?;
        said.push_str(&String::from_utf8_lossy(&output.stdout));
        said.push_str(&String::from_utf8_lossy(&output.stderr));
    }
    let failed: BTreeSet<&str> = said.split("alertname: ").skip(1).filter_map(|rest| rest.split([',', '\n']).next()).collect();
    let mut faults: Vec<String> =
        failed.iter().filter(|name| !expected.contains(**name)).map(|name| format!("{name} fails its tests")).collect();
    let alike = |name: &String| ALIKE.iter().any(|(known, _)| *known == name);
    for (name, _) in ALIKE {
        match (expected.contains(name), failed.contains(name)) {
            (false, _) => faults.push(format!("ALIKE names {name}, which is no mutant")),
            (true, true) => faults.push(format!("ALIKE names {name}, which a test notices")),
            (true, false) => {}
        }
    }
    faults.extend(
        expected
            .iter()
            .filter(|name| !failed.contains(name.as_str()) && !alike(name))
            .map(|name| format!("no test notices {name}: {}", described[name])),
    );
    faults.extend(
        said.lines().filter(|line| line.trim_start().starts_with("error") || line.contains("parse error")).map(str::to_owned).take(5),
    );
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}

/// Every expression of a dashboard as a recorded series: promtool reads them all.
fn understood(promtool: &Path) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let file = folder.path().join("shown.yaml");
    let rules: Vec<Value> =
        shown().into_iter().enumerate().map(|(number, (_, expr))| json!({"record": format!("shown:{number}"), "expr": expr})).collect();
    assert!(rules.len() > 60, "{}", rules.len());
    let run = |rules: &[Value]| {
        fs::write(&file, json!({"groups": [{"name": "shown", "rules": rules}]}).to_string()).map_err(|error| error.to_string())?;
        Command::new(promtool).args(["check", "rules", "--lint=none"]).arg(&file).output().map_err(|error| error.to_string())
    };
    let output = run(&rules)?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let broken = run(&[json!({"record": "shown:broken", "expr": "sum by (a) rate(up"})])?;
    if broken.status.success() { Err("promtool reads anything".to_owned()) } else { Ok(()) }
}

fn rule(alert: &Alert, name: &str, expr: &str, wait: &str) -> Value {
    let annotations = json!({"summary": alert.summary, "description": alert.description, "runbook": alert.runbook()});
    json!({"alert": name, "expr": expr, "for": wait, "labels": alerts::static_labels(alert, "sre"), "annotations": annotations})
}
