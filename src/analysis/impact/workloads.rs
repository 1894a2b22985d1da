//! The workloads that an apply hits: replaced pods, and values that they read.

use super::difference::pair;
use super::meaning::{Meaning, meaning};
use super::scale::{gives_up, jump};
use super::when::When;
use crate::analysis::inputs::{Held, Input, Name, Source, Variable, Way, inputs, is_reloaded};
use crate::inventory::{Inventory, Object, PodTemplate};
use crate::kinds;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A workload that an apply hits.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Workload {
    /// `Kind/namespace/name`.
    pub object: String,
    /// As an argument of kubectl, such as `deployment.apps/web`.
    pub argument: String,
    /// Its namespace.
    pub namespace: String,
    /// Whether the apply creates it.
    pub created: bool,
    /// Whether its pods are replaced.
    pub restarts: bool,
    /// Whether it is Reloader that replaces them, where it runs: annotations ask for that.
    pub reloaded: bool,
    /// The number of pods before, where the documents say it: `3`, or `3..12` with an autoscaler.
    pub pods_before: Option<String>,
    /// The number of pods afterwards.
    pub pods_after: Option<String>,
    /// The number of pods that the apply sets at once, behind an autoscaler that has to find it again.
    pub jumps: Option<u64>,
    /// Whether the files of the cluster leave its number of pods to an autoscaler, and the applied ones set it.
    #[serde(skip)]
    pub(super) gives_up: bool,
    /// Whether the files of the cluster suspend it, or pause it.
    pub held: bool,
    /// Whether it is a store that keeps its data in memory alone, and loses it with its pods.
    pub loses_data: bool,
    /// The values that change for its containers.
    pub changes: Vec<Change>,
}

/// A value that changes for a container.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// The container.
    pub container: String,
    /// The variable, or the path of the file.
    pub name: String,
    /// How it is read.
    pub way: Way,
    /// Whether the container starts without it.
    pub optional: bool,
    /// Where it comes from; `None` for a literal of the pod.
    pub source: Option<Source>,
    /// The value before, in one line; `None` if there was none.
    pub before: Option<String>,
    /// The value afterwards.
    pub after: Option<String>,
    /// What the value is.
    pub meaning: Meaning,
    /// When the container has the new value.
    pub when: When,
    /// Whether pods that start from now on fail: what they need is gone.
    pub fails: bool,
    /// The whole value afterwards, where it may be shown; for the analysis of addresses.
    #[serde(skip)]
    pub(super) text: Option<String>,
    /// The whole value before.
    #[serde(skip)]
    pub(super) text_before: Option<String>,
}

/// Components, by the recommended label, that keep data.
const STORES: [&str; 5] = ["cache", "database", "queue", "session-store", "store"];

/// The workloads that differ between two states of a cluster. `replaced` holds the objects whose pods are replaced.
pub(super) fn workloads(
    before: &Inventory,
    after: &Inventory,
    replaced: &BTreeSet<String>,
    argument: fn(&Object) -> String,
) -> Vec<Workload> {
    let old: BTreeMap<String, (&Object, &PodTemplate)> =
        before.pods().iter().map(|pod| (before.owner(pod).id(), (before.owner(pod), pod))).collect();
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    // What a ConfigMap holds, a job makes when it runs next.
    for pod in after.pods().iter().filter(|pod| after.owner(pod).kind != "ConfigMap") {
        let object = after.owner(pod);
        let id = object.id();
        // An operator makes several pods of one object.
        if !seen.insert(id.clone()) {
            continue;
        }
        let known = old.get(&id);
        let rolls = replaced.contains(&id);
        let mut changes = match known {
            // Which values the pods of an operator read is in no document.
            Some((owner, template)) if pod.operated.is_none() => {
                changes(object, rolls, &inputs(before, owner, template), &inputs(after, object, pod))
            }
            Some(_) | None => Vec::new(),
        };
        // A changed source restarts the pods, if it is the same one: a new name comes with a new template.
        let asks = |change: &Change| change.source.as_ref().is_some_and(|source| is_reloaded(object, pod.pointer, source));
        let reloaded = !rolls && changes.iter().any(asks);
        if reloaded {
            changes.iter_mut().for_each(|change| change.when = change.when.min(When::Rollout));
        }
        let restarts = rolls || reloaded;
        let pods_before = known.and_then(|(owner, _)| pods(before, owner));
        let pods_after = pods(after, object);
        let jumps = known.and_then(|(owner, _)| jump(owner, object, before, after));
        if known.is_some() && !restarts && changes.is_empty() && pods_before == pods_after && jumps.is_none() {
            continue;
        }
        let component = object.labels.get("app.kubernetes.io/component").map(String::as_str).unwrap_or_default();
        found.push(Workload {
            argument: argument(object),
            namespace: object.namespace.clone(),
            created: known.is_none(),
            restarts,
            reloaded,
            pods_before,
            pods_after,
            jumps,
            gives_up: known.is_some_and(|(owner, _)| gives_up(owner, object, before)),
            held: known.is_some_and(|(owner, _)| is_held(owner)),
            loses_data: known.is_some_and(|(owner, template)| restarts && STORES.contains(&component) && !keeps_data(owner, template)),
            changes,
            object: id,
        });
    }
    found
}

/// Whether the files of a cluster hold a workload: a CronJob is suspended, or a Deployment paused.
fn is_held(object: &Object) -> bool {
    ["/spec/paused", "/spec/suspend"].iter().any(|field| object.at(field) == Some(&Value::Bool(true)))
}

/// Whether the pods of a workload have volumes that outlive them, or hand their data over before they end.
fn keeps_data(object: &Object, pod: &PodTemplate) -> bool {
    if pod.operated.is_some() || object.is_replicated() {
        return true;
    }
    let claims = |volume: &Value| volume.get("persistentVolumeClaim").is_some() || volume.get("hostPath").is_some();
    !object.items("/spec/volumeClaimTemplates").is_empty() || object.items(&format!("{}/volumes", pod.spec())).iter().any(claims)
}

/// Whether the data of a store is gone with its pods.
pub(in crate::analysis) fn holds_data_in_pods(inventory: &Inventory, object: &Object) -> bool {
    let component = object.labels.get("app.kubernetes.io/component").map(String::as_str).unwrap_or_default();
    let mut own = inventory.pods().iter().filter(|pod| inventory.owner(pod).id() == object.id());
    STORES.contains(&component) && own.any(|pod| !keeps_data(object, pod))
}

/// How many pods a workload has.
pub(in crate::analysis) fn pods(inventory: &Inventory, object: &Object) -> Option<String> {
    let field = kinds::find(&object.api, &object.kind)?.replicas?;
    let number = |object: &Object, field: &str| object.at(field).and_then(Value::as_u64).unwrap_or(1);
    Some(match inventory.autoscaler_of(object) {
        Some(scaler) => format!("{}..{}", number(scaler, "/spec/minReplicas"), number(scaler, "/spec/maxReplicas")),
        None => number(object, field).to_string(),
    })
}

fn changes(object: &Object, restarts: bool, before: &BTreeMap<Name, Input>, after: &BTreeMap<Name, Input>) -> Vec<Change> {
    let names: BTreeSet<&Name> = before.keys().chain(after.keys()).collect();
    let mut found = Vec::new();
    for name in names {
        let (old, new) = (before.get(name), after.get(name));
        let held = |input: Option<&Input>| input.and_then(|input| input.value.clone());
        let (old_value, new_value) = (held(old), held(new));
        let same = old_value.as_ref().map(|held| &held.text) == new_value.as_ref().map(|held| &held.text);
        let Some(input) = new.or(old) else { continue };
        if same {
            continue;
        }
        let (container, variable) = name;
        let shown = match variable {
            Variable::Named(name) | Variable::File(name) => name.clone(),
        };
        let key = match (&input.source, variable) {
            (Some(source), Variable::File(_)) if !source.key.is_empty() => source.key.as_str(),
            _ => shown.as_str(),
        };
        let of = |held: &Option<Held>| held.as_ref().map(|held| if held.secret { Meaning::Credential } else { meaning(key, &held.text) });
        let meaning =
            [of(&new_value), of(&old_value)].into_iter().flatten().min_by_key(|one| *one != Meaning::Credential).unwrap_or(Meaning::Text);
        let visible = |held: &Option<Held>| held.as_ref().is_none_or(|held| held.shown && (held.secret || meaning != Meaning::Credential));
        let hidden = |held: &Option<Held>| held.as_ref().map(|_| "(not shown)".to_owned());
        let as_value = |held: &Option<Held>| held.as_ref().map(|held| Value::from(held.text.clone()));
        let (shown_before, shown_after) = match (visible(&old_value), visible(&new_value)) {
            (true, true) => pair(as_value(&old_value).as_ref(), as_value(&new_value).as_ref()),
            (true, false) => (pair(as_value(&old_value).as_ref(), None).0, hidden(&new_value)),
            (false, true) => (hidden(&old_value), pair(None, as_value(&new_value).as_ref()).1),
            (false, false) => (hidden(&old_value), hidden(&new_value)),
        };
        let text = |held: &Option<Held>| held.as_ref().filter(|held| held.shown && !held.secret).map(|held| held.text.clone());
        let when = match object.kind.as_str() {
            "CronJob" => When::NextRun,
            _ if restarts => When::Rollout,
            _ if input.way.is_live() => When::Minutes,
            _ => When::NextStart,
        };
        found.push(Change {
            container: container.clone(),
            name: shown.clone(),
            way: input.way,
            optional: input.optional,
            source: input.source.clone(),
            before: shown_before,
            after: shown_after,
            meaning,
            when,
            fails: new.is_some_and(|new| new.value.is_none() && !new.optional && new.source.is_some()),
            text: text(&new_value),
            text_before: text(&old_value),
        });
    }
    found
}
