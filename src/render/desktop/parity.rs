//! Every difference between a desktop and its environment, with its weight and its reason: as values, and as the page `PARITY.md`.

use super::Desk;
use super::addons::{Addon, Needed, node};
use super::difference::{Difference, Edit, Operation};
use crate::model::{CLUSTER, Field, Outside, Parity, PolicyEngine, Unlike, Weight};
use serde_json::{Value, json};
use std::fmt::Write;

/// The longest value in a table.
const SHOWN: usize = 60;

/// Every difference: those of the cluster, then those of its objects, the heaviest first.
pub(super) fn parity(desk: &Desk, differences: &[Difference], needed: &Needed) -> Parity {
    let outside = desk.desktop.outside.iter();
    Parity {
        environment: desk.platform.environment.to_string(),
        region: desk.region.name.to_string(),
        desktop: desk.desktop.name.clone(),
        differences: cluster(desk, needed).into_iter().chain(objects(desk, differences)).collect(),
        outside: outside.map(|(service, callers)| Outside { service: service.clone(), callers: callers.clone() }).collect(),
    }
}

/// The nodes, the versions and the add-ons.
fn cluster(desk: &Desk, needed: &Needed) -> Vec<Unlike> {
    let mut all = Vec::new();
    let mut row = |weight: Weight, what: &str, environment: &str, desktop: &str, reason: &str| {
        all.push(Unlike {
            weight,
            kind: CLUSTER.to_owned(),
            object: what.to_owned(),
            field: None,
            environment: Some(json!(environment)),
            desktop: Some(json!(desktop)),
            reasons: vec![reason.to_owned()],
        });
    };
    let region = desk.region;
    let reason = "a desktop is not its environment: the guard of each refuses the files of the other";
    row(Weight::Isolation, "environment of the cluster and its objects", desk.platform.identity.as_str(), &desk.identity(), reason);
    let pools: Vec<String> = region
        .cluster
        .pools
        .iter()
        .map(|pool| format!("{}..{} of {} in `{}`", pool.nodes.0, pool.nodes.1, pool.machine, pool.name))
        .collect();
    let pools = if pools.is_empty() { "not part of the spec".to_owned() } else { pools.join(", ") };
    let workers = format!("{} workers", desk.desktop.workers.len());
    row(Weight::Capacity, "nodes", &pools, &workers, "the fewest that carry each zone, and the labels and taints of each pool");
    let (minor, image) = node(region.cluster.version.minor());
    let image = image.split('@').next().unwrap_or_default();
    let reason = match minor == region.cluster.version.minor() {
        true => "an image of kind, with the newest patch that it has",
        false => "the nearest version that kind has an image of",
    };
    row(Weight::Behavior, "Kubernetes", &region.cluster.version.to_string(), image, reason);
    let (engine, own, reason) = match (region.cluster.policy_engine, needed.network) {
        (PolicyEngine::Native, _) => {
            ("the provider's own", "kind's own", "that of a cloud runs nowhere else, and kind enforces network policies")
        }
        (PolicyEngine::Calico, _) => ("Calico", "Calico", "the same engine, at the version of this desktop"),
        (PolicyEngine::Cilium, _) => ("Cilium", "Cilium", "the same engine, at the version of this desktop"),
    };
    let version = needed.network.map(|addon| format!(" {}", addon.version)).unwrap_or_default();
    row(Weight::Isolation, "network policies", engine, &format!("{own}{version}"), reason);
    let own = "kind's own";
    row(Weight::Convenience, "ranges of pods and Services", "those of the address plan", own, "nothing in the files depends on them");
    for Addon { title, version, .. } in &needed.addons {
        row(Weight::Behavior, title, "the version of the cluster", version, "the version that these files were written for");
    }
    for group in &needed.unknown {
        let reason = "not on the list of this program: install it before `up.sh`";
        row(Weight::Behavior, &format!("controller of `{group}`"), "there", "not installed", reason);
    }
    if desk.uses.restarted {
        row(Weight::Behavior, "Reloader", "there", "not installed", "a pod reads a changed secret at its next start");
    }
    row(
        Weight::Convenience,
        "Prometheus and metrics-server",
        "where the cluster has them",
        "not installed",
        "nobody is on call for a laptop, and nothing scales",
    );
    for port in &desk.own.cluster.proxies.host_ports {
        let what = format!("port {} of the Gateway `{}`", port.port, port.gateway);
        let reason = "the laptop has no load balancer, and a port above 1023 needs no administrator";
        row(Weight::Convenience, &what, "a load balancer", &format!("127.0.0.1:{}", port.host), reason);
    }
    all.sort_by_key(|one| one.weight);
    all
}

/// The objects, the heaviest differences first, and those of equal weight by their reasons in the order of the steps.
fn objects(desk: &Desk, differences: &[Difference]) -> Vec<Unlike> {
    let step = |reason: &String| desk.desktop.steps.iter().position(|step| step.reason == *reason);
    let mut all: Vec<(Vec<Option<usize>>, Unlike)> = Vec::new();
    for Difference { key, edit, reasons } in differences {
        let object = if key.namespace.is_empty() { key.name.clone() } else { format!("{}/{}", key.namespace, key.name) };
        let whole = json!("there");
        let rows = match edit {
            Edit::Added(_) => vec![(None, None, Some(whole))],
            Edit::Removed => vec![(None, Some(whole), None)],
            Edit::Changed(operations) => operations.iter().map(changed).collect(),
        };
        for ((field, environment, desktop), reasons) in rows.into_iter().zip(reasons) {
            let steps: Vec<Option<usize>> = reasons.iter().map(step).collect();
            let weights = steps.iter().flatten().filter_map(|at| Some(desk.desktop.steps.get(*at)?.weight));
            // What nobody can say the reason of matters most.
            let weight = weights.min().unwrap_or(Weight::Data);
            let (kind, object, reasons) = (key.kind.clone(), object.clone(), reasons.clone());
            all.push((steps, Unlike { weight, kind, object, field, environment, desktop, reasons }));
        }
    }
    all.sort_by(|(steps, one), (others, other)| (one.weight, steps).cmp(&(other.weight, others)));
    all.into_iter().map(|(_, unlike)| unlike).collect()
}

/// A field with its values in the environment and on the desktop.
type Changed = (Option<Field>, Option<Value>, Option<Value>);

/// The field of an operation, and its values.
fn changed(operation: &Operation) -> Changed {
    let parts = operation.path.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~"));
    let mut path = String::new();
    for part in parts {
        match part.parse::<usize>() {
            Ok(at) => path.push_str(&format!("[{at}]")),
            Err(_) if path.is_empty() => path.push_str(&part),
            Err(_) => path.push_str(&format!(".{part}")),
        }
    }
    // Of two lists, what one of them lacks says it all.
    if let (Some(Value::Array(old)), Some(Value::Array(new))) = (&operation.before, &operation.after) {
        let only = |these: &[Value], those: &[Value]| Value::Array(these.iter().filter(|one| !those.contains(one)).cloned().collect());
        return (Some(Field { path, items: true }), Some(only(old, new)), Some(only(new, old)));
    }
    (Some(Field { path, items: false }), operation.before.clone(), operation.after.clone())
}

/// The text of `PARITY.md`. `base` is the path to the region's files.
pub(super) fn page(parity: &Parity, base: &str) -> String {
    let mut text = format!(
        "# What is different from {} in {}\n\nGenerated by platgen from the platform spec. Do not edit: change the spec and run `platgen kind` again.\n\n\
         Everything that is not on this page is the same: the very files of `{base}`.\n\n\
         | weight | differences | what differs |\n|---|---:|---|\n",
        parity.environment, parity.region
    );
    for weight in Weight::ALL {
        let count = parity.differences.iter().filter(|one| one.weight == weight).count();
        let _ = writeln!(text, "| {} | {count} | {} |", weight.name(), weight.about());
    }
    text.push_str("\n## The cluster\n\n| weight | what | environment | desktop | reason |\n|---|---|---|---|---|\n");
    let (cluster, objects): (Vec<&Unlike>, Vec<&Unlike>) = parity.differences.iter().partition(|one| one.is_of_cluster());
    for one in cluster {
        let plain = |value: &Option<Value>| value.as_ref().and_then(Value::as_str).unwrap_or("-").to_owned();
        let (environment, desktop) = (plain(&one.environment), plain(&one.desktop));
        let _ = writeln!(text, "| {} | {} | {environment} | {desktop} | {} |", one.weight.name(), one.object, one.reasons.concat());
    }
    text.push_str("\n## The objects\n");
    let mut last: Option<&Unlike> = None;
    for one in objects {
        if last.is_none_or(|last| last.weight != one.weight) {
            let _ = write!(text, "\n### {}: {}\n", one.weight.name(), one.weight.about());
        }
        if last.is_none_or(|last| (last.weight, &last.reasons) != (one.weight, &one.reasons)) {
            let reasons = one.reasons.join("\n");
            let _ = write!(text, "\n{reasons}\n\n| kind | object | field | environment | desktop |\n|---|---|---|---|---|\n");
        }
        let (field, environment, desktop) = match &one.field {
            None => ("the whole object".to_owned(), there(one.environment.as_ref()), there(one.desktop.as_ref())),
            Some(Field { path, items }) => {
                let items = if *items { ", items" } else { "" };
                (format!("`{path}`{items}"), shown(one.environment.as_ref()), shown(one.desktop.as_ref()))
            }
        };
        let _ = writeln!(text, "| {} | `{}` | {field} | {environment} | {desktop} |", one.kind, one.object);
        last = Some(one);
    }
    text.push_str(&outside(parity));
    text
}

/// Whether an object is there.
fn there(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or("-").to_owned()
}

/// A value in a table.
fn shown(value: Option<&Value>) -> String {
    let Some(value) = value else { return "-".to_owned() };
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let text: String = text.chars().map(|one| if one.is_control() { ' ' } else { one }).collect();
    let short: String = text.chars().take(SHOWN).collect();
    let end = if short.len() < text.len() { "..." } else { "" };
    format!("`{}{end}`", short.replace('`', "'").replace('|', "\\|"))
}

/// What stays outside of the cluster.
fn outside(parity: &Parity) -> String {
    if parity.outside.is_empty() {
        return String::new();
    }
    let mut text = "\n## What stays outside\n\nThese are addresses, on a laptop as in the environment: no copy of them is made. Whether the laptop reaches them, and whether its\n\
                    secrets open them, is not a matter of these files.\n\n| service | called by |\n|---|---|\n"
        .to_owned();
    for Outside { service, callers } in &parity.outside {
        let callers: Vec<String> = callers.iter().map(|caller| format!("`{caller}`")).collect();
        let _ = writeln!(text, "| {service} | {} |", callers.join(", "));
    }
    text
}
