//! A healthy day and an evening of outages, minute by minute: promtool plays the rules of the region on what the exporter says, which is the same in every run.
//! No alert fires on the healthy day; the evening is drawn as the pictures of the dashboards in `docs/dashboards`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use regex::Regex;
use serde_json::{Value, json};

use super::super::judge::{list, words};
use super::super::trees::folder;
use super::panels::{Line, picture};
use super::play::{Degree, Moment, Outage, Outages, Target};
use super::world::{self, World};
use super::{Region, chosen, usage};
use crate::acceptance::pictures::held;

/// The minutes of the healthy day and of the evening, and those between two points of a line. The play begins at [`BEGINS`] o'clock.
const DAY: u32 = 24 * 60;
const EVENING: u32 = 6 * 60;
const STEP: u32 = 5;
const BEGINS: u32 = 18;

/// When each outage begins and ends, in minutes of the evening.
const SCRIPT: [(Outage, u32, Option<u32>); 10] = [
    (Outage::StaleBackup, 0, None),
    (Outage::FailedTest, 60, None),
    (Outage::Refused, 130, Some(132)),
    (Outage::Errors, 190, Some(235)),
    (Outage::CrashLoop, 250, None),
    (Outage::Slow, 290, None),
    (Outage::FullDisk, 310, None),
    (Outage::Unread, 325, None),
    (Outage::Rejected, 330, None),
    (Outage::Certificate, 335, None),
];

/// The backup of six o'clock is not made.
const DEGREE: Degree = Degree { errors: 0.03, slow: 0.25, late: 0.0 };

/// Plays the day and the evening.
pub fn played(promtool: &Path) -> Result<(), String> {
    let region = Region::render()?;
    let mut targets = world::targets(&World::new(&region.groups));
    targets.extend(usage::monitoring());
    let second = |minute: u32| f64::from(DAY + minute) * 60.0;
    let outages = SCRIPT.iter().map(|(outage, from, until)| (*outage, (second(*from), until.map(second)))).collect();
    // The number of a query is in a comment, which comes back with what was found.
    let mut asked = vec![r#"ALERTS{alertstate="firing"}"#.to_owned()];
    let mut moments: Vec<Value> = (0..=DAY).step_by(2).skip(1).map(|minute| asks(&asked[0], 0, minute)).collect();
    let mut legends = vec![String::new()];
    for (dashboard, panel) in region.panels() {
        for target in list(&panel["targets"]) {
            let expr = chosen(&dashboard, target["expr"].as_str().unwrap_or_default());
            let minutes = if target["instant"] == true { EVENING..=EVENING } else { 0..=EVENING };
            moments.extend(minutes.step_by(STEP as usize).map(|minute| asks(&expr, asked.len(), DAY + minute)));
            asked.push(expr);
            legends.push(words(&target["legendFormat"]));
        }
    }
    let said = answered(promtool, &region, &targets, &outages, &moments)?;
    let samples = samples(&said);
    silent(&samples).map_err(|fault| format!("{fault}\n{}", said.chars().take(2000).collect::<String>()))?;
    let mut answers = lines(&samples, &legends);
    let mut number = 1;
    for dashboard in &region.dashboards {
        let mut lines: BTreeMap<u64, Vec<Line>> = BTreeMap::new();
        for panel in list(&dashboard["panels"]) {
            for _ in list(&panel["targets"]) {
                let found = answers.remove(&number).unwrap_or_default();
                lines.entry(panel["id"].as_u64().unwrap_or_default()).or_default().extend(found);
                number += 1;
            }
        }
        let uid = words(&dashboard["uid"]);
        let choices: Vec<String> = list(&dashboard["templating"]["list"])
            .iter()
            .filter(|variable| variable["type"] == "query")
            .map(|variable| chosen(&uid, &format!("{}: ${}", words(&variable["label"]), words(&variable["name"]))))
            .collect();
        let drawing = picture(dashboard, &choices, &lines, (BEGINS, EVENING / 60));
        held(&format!("dashboards/{}", uid.trim_start_matches("platgen-")), &drawing, "judges::outages", "");
    }
    Ok(())
}

/// A test of promtool that expects nothing: it complains of what is there.
fn asks(expr: &str, number: usize, minute: u32) -> Value {
    json!({"expr": format!("{expr} # query {number} "), "eval_time": format!("{minute}m")})
}

/// What promtool says of some moments of the play.
fn answered(promtool: &Path, region: &Region, targets: &[Target], outages: &Outages, moments: &[Value]) -> Result<String, String> {
    let order: Vec<String> = region.groups.iter().map(|group| words(&group["name"])).collect();
    let test = json!({
        "rule_files": ["rules.json"], "evaluation_interval": "1m", "group_eval_order": order,
        "tests": [{"interval": "1m", "input_series": series(targets, outages), "promql_expr_test": moments}],
    });
    let place = folder()?;
    fs::write(place.path().join("rules.json"), json!({"groups": region.groups}).to_string()).map_err(|error| error.to_string())?;
    fs::write(place.path().join("test.json"), test.to_string()).map_err(|error| error.to_string())?;
    let done = Command::new(promtool).current_dir(place.path()).args(["test", "rules", "test.json"]).output();
    let done = done.map_err(|error| error.to_string())?;
    Ok([done.stdout, done.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat())
}

/// What the targets say each minute, in the notation of promtool.
fn series(targets: &[Target], outages: &Outages) -> Vec<Value> {
    // The values of each series, and the next minute.
    let mut all: Vec<BTreeMap<String, (String, u32)>> = targets.iter().map(|_| BTreeMap::new()).collect();
    for minute in 0..=DAY + EVENING {
        let now = f64::from(minute) * 60.0;
        let moment = Moment { now, elapsed: now, outages: outages.clone(), degree: DEGREE };
        for (target, known) in targets.iter().zip(&mut all) {
            let said = target.series(&moment);
            let up = ("up".to_owned(), f64::from(u8::from(said.is_some())));
            for (name, value) in said.into_iter().flatten().chain([up]) {
                let (values, next) = known.entry(name).or_default();
                for missing in *next..minute {
                    // Prometheus marks the end of a series.
                    values.push_str(if missing == *next && missing > 0 && !values.is_empty() { "stale " } else { "_ " });
                }
                *values += &format!("{value} ");
                *next = minute + 1;
            }
        }
    }
    let mut stored = Vec::new();
    for (target, known) in targets.iter().zip(all) {
        for (name, (mut values, next)) in known {
            values.push_str(if next <= DAY + EVENING { "stale" } else { "" });
            stored.push(json!({"series": target.stored(&name), "values": values.trim()}));
        }
    }
    stored
}

/// A value that was found: the number of the query, the minute, the labels and the value.
type Sample = (usize, u32, String, f64);

/// Every value that promtool complains of.
fn samples(said: &str) -> Vec<Sample> {
    let question = Regex::new(r#"# query (\d+) ", time: (\S+),"#).expect("a pattern");
    let sample = Regex::new(r#"(\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\}) ([^\s,]+)"#).expect("a pattern");
    let (mut found, mut at) = (Vec::new(), None);
    for text in said.lines() {
        if let Some(parts) = question.captures(text) {
            at = parts[1].parse::<usize>().ok().zip(minutes(&parts[2]));
        }
        let (Some((query, minute)), Some((_, got))) = (at, text.split_once(" got: ")) else { continue };
        let values = sample.captures_iter(got).filter_map(|parts| Some((parts[1].to_owned(), parts[2].parse::<f64>().ok()?)));
        found.extend(values.filter(|(_, value)| value.is_finite()).map(|(labels, value)| (query, minute, labels, value)));
    }
    found
}

/// On the healthy day the alert that always fires is seen, and no other.
fn silent(samples: &[Sample]) -> Result<(), String> {
    let alerts = || samples.iter().filter(|(query, ..)| *query == 0);
    if alerts().count() < DAY as usize / 2 {
        return Err(format!("alerts fire at {} moments", alerts().count()));
    }
    match alerts().find(|(.., labels, _)| !labels.contains(r#"alertname="Watchdog""#)) {
        Some((_, minute, labels, _)) => Err(format!("nothing is wrong, and at minute {minute} fires {labels}")),
        None => Ok(()),
    }
}

/// The lines of each query of the evening, in the order of their labels.
fn lines(samples: &[Sample], legends: &[String]) -> BTreeMap<usize, Vec<Line>> {
    let label = Regex::new(r#"(\w+)="((?:[^"\\]|\\.)*)""#).expect("a pattern");
    let mut found: BTreeMap<usize, BTreeMap<&str, Line>> = BTreeMap::new();
    for (query, minute, labels, value) in samples.iter().filter(|(query, ..)| *query > 0) {
        let line = found.entry(*query).or_default().entry(labels).or_insert_with(|| {
            let labels = label.captures_iter(labels).map(|one| (one[1].to_owned(), one[2].to_owned())).collect();
            Line { legend: legend(&legends[*query], &labels), points: vec![None; (EVENING / STEP + 1) as usize] }
        });
        line.points[((minute - DAY) / STEP) as usize] = Some(*value);
    }
    found.into_iter().map(|(query, lines)| (query, lines.into_values().collect())).collect()
}

/// Minutes of a duration as promtool prints it: `1d2h5m`.
fn minutes(text: &str) -> Option<u32> {
    let parts = Regex::new(r"(\d+)([dhm])").expect("a pattern");
    let of = |unit: &str| {
        Some(match unit {
            "d" => 1440,
            "h" => 60,
            _ => 1,
        })
    };
    parts.captures_iter(text).map(|part| Some(part[1].parse::<u32>().ok()? * of(&part[2])?)).sum()
}

/// The name of a line, as Grafana writes it.
fn legend(template: &str, labels: &BTreeMap<String, String>) -> String {
    let place = Regex::new(r"\{\{(\w+)\}\}").expect("a pattern");
    place.replace_all(template, |part: &regex::Captures| labels.get(&part[1]).cloned().unwrap_or_default()).into_owned()
}
