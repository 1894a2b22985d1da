//! What `platgen reach` says that NetworkPolicies allow, against an engine of others: that of Cyclonus, which asks the same policies about every pair of ends and
//! every port of each region of the specs.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use libtest_mimic::Failed;
use platgen::analysis::reach::{Reach, Site, reach};
use platgen::inventory::Inventory;
use platgen::labels::WORKLOAD;
use platgen::model::{Addon, Chart, Platform, Region, Workload};
use platgen::policy::Policies;
use platgen::project::{Project, Rendered};
use serde_json::{Value, json};

use crate::acceptance::program::specs;

/// An address of the internet, of which no policy speaks.
const INTERNET: &str = "93.184.216.34";

/// A port that nobody uses.
const UNUSED: (u16, &str) = (9, "TCP");

/// A range of ports, with its protocol.
type Range = (u16, u16, String);

/// The ports of words such as `TCP 80` and `TCP 9090-9091`.
fn ranges(words: &[String]) -> Vec<Range> {
    let range = |word: &String| {
        // A protocol alone has every port.
        let Some((protocol, ports)) = word.split_once(' ') else { return (1, u16::MAX, word.clone()) };
        let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
        (first.parse().expect("a port"), last.parse().expect("a port"), protocol.to_owned())
    };
    words.iter().map(range).collect()
}

/// A region with its documents.
fn judge(engine: &Path, platform: &Platform, region: &Region, documents: &Inventory) -> Result<usize, Failed> {
    let site = Site { platform, region, documents, place: &|_| String::new() };
    let found = reach(site, None).map_err(|fault| fault.to_string())?;
    let ends = ends(region, documents, &found);
    let mut ports: BTreeSet<(u16, String)> = BTreeSet::from([(UNUSED.0, UNUSED.1.to_owned())]);
    for (first, last, protocol) in found.pairs.iter().flat_map(|pair| ranges(&pair.policies)) {
        // The ends of a range, and what is just outside of it.
        for number in [first.saturating_sub(1).max(1), first, last, last.saturating_add(1)] {
            ports.insert((number, protocol.clone()));
        }
    }
    let ports: Vec<(u16, String)> = ports.into_iter().collect();
    let own = |name: &str| ["app/", "store/"].iter().any(|start| name.starts_with(start));
    let mut questions = Vec::new();
    for (from, (caller, first)) in ends.iter().enumerate() {
        for (to, (callee, second)) in ends.iter().enumerate() {
            let is_outside = |end: &[Value]| end.iter().any(|one| one["ip"].is_string());
            // As `reach`: one end is the platform's, and calls come from pods.
            let judged = if is_outside(second) { own(caller) } else { own(caller) || own(callee) };
            if judged && !is_outside(first) {
                questions.push((from, to));
            }
        }
    }
    // An end outside has several ranges, each of which has to be allowed.
    let flat: Vec<&Value> = ends.iter().flat_map(|(_, all)| all).collect();
    let start = |end: usize| ends[..end].iter().map(|(_, all)| all.len()).sum::<usize>();
    let asked: Vec<[usize; 2]> = questions
        .iter()
        .flat_map(|(from, to)| (0..ends[*to].1.len()).map(move |at| (*from, *to, at)))
        .map(|(from, to, at)| [start(from), start(to) + at])
        .collect();
    let objects = || documents.objects().iter();
    let policies: Vec<&Value> = objects().filter(|object| object.kind == "NetworkPolicy").map(|object| &object.value).collect();
    let namespaces: BTreeMap<String, Value> = flat
        .iter()
        .filter_map(|end| end["namespace"].as_str())
        .map(|name| {
            let declared = objects().find(|object| object.kind == "Namespace" && object.name == name);
            let mut labels =
                declared.map(|object| object.value["metadata"]["labels"].clone()).filter(Value::is_object).unwrap_or(json!({}));
            labels["kubernetes.io/metadata.name"] = json!(name);
            (name.to_owned(), labels)
        })
        .collect();
    let told: Vec<Value> = ports.iter().map(|(number, protocol)| json!({"number": number, "protocol": protocol})).collect();
    let input = json!({"policies": policies, "namespaces": namespaces, "ends": flat, "ports": told, "questions": asked});
    let answers = ask(engine, &input)?;
    let mut answers = answers.iter();
    let mut wrong = Vec::new();
    for (from, to) in &questions {
        let (caller, callee) = (&ends[*from].0, &ends[*to].0);
        let each: Vec<BTreeSet<usize>> = answers.by_ref().take(ends[*to].1.len()).cloned().collect();
        let claimed = found
            .pairs
            .iter()
            .find(|pair| pair.from == *caller && pair.to == *callee)
            .map(|pair| ranges(&pair.policies))
            .unwrap_or_default();
        for (at, (number, protocol)) in ports.iter().enumerate() {
            let claim = claimed.iter().any(|(first, last, own)| own == protocol && (first..=last).contains(&number));
            let said = !each.is_empty() && each.iter().all(|one| one.contains(&at));
            if claim != said {
                wrong.push(format!("{caller} to {callee}, {protocol} {number}: reach says {claim}, the engine {said}"));
            }
        }
    }
    if wrong.is_empty() { Ok(questions.len() * ports.len()) } else { Err(wrong.join("\n").into()) }
}

/// The ends that policies know, each as the engine knows it: pods by their namespace and labels, and the rest by an address in each of its ranges.
fn ends(region: &Region, documents: &Inventory, found: &Reach) -> Vec<(String, Vec<Value>)> {
    let policies = Policies::of_objects(documents.objects().iter().map(|object| &object.value)).expect("policies");
    let workload = |name: &str| -> Option<&Workload> {
        let [kind, namespace, entry] = name.split('/').collect::<Vec<_>>()[..] else { return None };
        let servers = entry.strip_suffix(".servers");
        region.workloads.values().find(|one| {
            let (store, proxies) = (if one.is_store() { "store" } else { "app" }, one.is_proxy());
            let is_it = match servers {
                Some(entry) => one.is_replicated() && *one.name.as_str() == *entry,
                None if proxies => one.name.as_str().strip_suffix("-proxy") == Some(entry),
                None => !one.is_replicated() && *one.name.as_str() == *entry,
            };
            store == kind && one.namespace.as_str() == namespace && is_it
        })
    };
    let mut all = Vec::new();
    for end in &found.ends {
        let addon = Addon::ALL.into_iter().find(|addon| addon.name() == end.name);
        let known = match (workload(&end.name), addon) {
            // Pods in the network of their node are addresses, which the ranges of the nodes hold.
            (Some(one), _) if one.host_network => continue,
            (None, Some(addon)) if addon.is_on_nodes() => continue,
            (Some(one), _) => {
                let rendered = policies.workloads().iter().find(|pods| {
                    pods.object.namespace == one.namespace.as_str()
                        && pods.pod.labels.get(WORKLOAD).is_some_and(|name| *name == *one.name.as_str())
                });
                let (label, value) = one.pods();
                let labels = rendered.map_or_else(|| json!({label: value}), |pods| json!(pods.pod.labels));
                vec![json!({"namespace": one.namespace.as_str(), "labels": labels})]
            }
            (None, Some(addon)) => {
                let (label, value) = addon.pods();
                vec![json!({"namespace": addon.namespace(), "labels": {label: value}})]
            }
            (None, None) if end.name.starts_with("chart/") => {
                let parts: Vec<&str> = end.name.split('/').collect();
                let (label, value) = Chart::pods(parts[2]);
                vec![json!({"namespace": parts[1], "labels": {label: value}})]
            }
            (None, None) if !end.outside => continue,
            // Every address there is: no single one answers for it.
            (None, None) if end.ranges.iter().any(|range| range.ends_with("/0")) => continue,
            (None, None) if end.ranges.is_empty() => vec![json!({"ip": INTERNET})],
            (None, None) => end.ranges.iter().map(|range| json!({"ip": range.split('/').next()})).collect(),
        };
        all.push((end.name.clone(), known));
    }
    all
}

/// For each question, the positions of the ports that the engine allows.
fn ask(engine: &Path, input: &Value) -> Result<Vec<BTreeSet<usize>>, Failed> {
    let mut child = Command::new(engine).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    child.stdin.take().ok_or("no input")?.write_all(input.to_string().as_bytes())?;
    let done = child.wait_with_output()?;
    if !done.status.success() {
        return Err("the engine failed".into());
    }
    Ok(serde_json::from_slice(&done.stdout)?)
}

pub(crate) fn reach_is_what_cyclonus_says(engine: &Path) -> Result<(), Failed> {
    let (mut regions, mut asked, mut wrong) = (0, 0, Vec::new());
    for (name, spec) in specs() {
        let told = |failure: Box<platgen::project::Failure>| format!("{:?}", failure.found);
        let rendered =
            Project::open(Some(&spec)).map_err(told)?.allow_incomplete(true).resolve().map_err(told)?.documents().map_err(told)?;
        let Rendered { resolved, files } = rendered;
        for (environment, platform) in &resolved.estate.environments {
            for region in platform.regions.values() {
                let folder = format!("kubernetes/{environment}/{}", region.name);
                let unit = files.units.get(&folder).ok_or("no documents")?;
                let texts = unit.files.iter().filter(|(path, _)| path.ends_with(".yaml") && !platgen::files::is_values(path));
                let documents = Inventory::read(texts.map(|(path, text)| (path.as_str(), text.as_str())));
                match judge(engine, platform, region, &documents) {
                    Ok(count) => asked += count,
                    Err(fault) => wrong.push(format!("{name} {environment} {}:\n{}", region.name, fault.message().unwrap_or_default())),
                }
                regions += 1;
            }
        }
    }
    if !wrong.is_empty() {
        return Err(wrong.join("\n\n").into());
    }
    if regions < 12 || asked < 50_000 { Err(format!("{regions} regions, {asked} answers").into()) } else { Ok(()) }
}
