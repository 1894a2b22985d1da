//! Documents of one environment, applied to the cluster of another -> what that changes, when, for whom, and the way back.
//!
//! The accident that the analysis is made for: all of production's ConfigMaps, or its whole tree, applied to beta's cluster by hand. The documents may be
//! anybody's. Nothing is asked of a cluster, so the analysis says what the documents decide: which objects the API server creates, changes and refuses; which
//! values change for which container, and when; which addresses these workloads then reach; who depends on them; and the commands that undo it.
//!
//! Sources: the API server's rules for updates ([`crate::kinds`]); "ConfigMaps" and "Projected Volumes" in the Kubernetes documentation for the moment at
//! which a change reaches a container; "Server-Side Apply" for what the apply of the same manager removes.

mod commands;
mod difference;
mod effect;
mod inputs;
mod meaning;
mod outcome;
mod reach;
mod report;
mod rights;
#[cfg(test)]
mod tests;
mod workloads;

pub use commands::{Files, Procedure, Step, Target, procedure};
pub use effect::When;
pub use inputs::{Source, Way};
pub use meaning::Meaning;
pub use outcome::{Difference, Outcome};
pub use reach::{Call, Dependant, Leads, Reach};
pub use report::{Style, report};
pub use rights::Writer;
pub use workloads::{Change, Workload};

use super::transition::argument;
use crate::inventory::{Inventory, Object, references};
use crate::kinds::{self, Scope};
use effect::{WAITING, effect};
use ipnet::IpNet;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The documents of an environment in a region, or of a folder.
#[derive(Debug)]
pub struct Side {
    /// Its name, such as `beta/eu-west-1`.
    pub name: String,
    /// Its objects.
    pub inventory: Inventory,
}

/// What an apply does to a cluster.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Impact {
    /// The side that is applied.
    pub applied: String,
    /// The side whose cluster it is applied to.
    pub onto: String,
    /// Whether something that runs, or that decides about it, changes.
    pub hit: bool,
    /// Every applied object, in the order of the files.
    pub objects: Vec<Applied>,
    /// The workloads that are hit.
    pub workloads: Vec<Workload>,
    /// The addresses that hit workloads now call.
    pub calls: Vec<Call>,
    /// Who depends on the hit workloads.
    pub dependants: Vec<Dependant>,
    /// Why addresses and dependants could not be judged.
    pub unjudged: Option<String>,
    /// Who could have applied the objects.
    pub writers: Vec<Writer>,
    /// What protects the cluster, and what does not.
    pub protection: Protection,
}

/// An applied object.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Applied {
    /// `Kind/namespace/name`.
    pub object: String,
    /// The kind.
    pub kind: String,
    /// As an argument of kubectl, such as `deployment.apps/web`.
    pub argument: String,
    /// The namespace; empty for objects of the whole cluster.
    pub namespace: String,
    /// What the API server does with it.
    pub outcome: Outcome,
    /// Why it is refused.
    pub reason: Option<String>,
    /// Whether it changes nothing that runs.
    pub inert: bool,
    /// When it takes effect.
    pub when: When,
    /// What it does.
    pub effect: String,
    /// The fields that differ from the object in its place, or from the counterpart.
    pub differences: Vec<Difference>,
    /// Of a new object whose name has a hash: the cluster's object of the same name before the hash.
    pub counterpart: Option<String>,
}

/// What protects the cluster, and what does not.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Protection {
    /// New ConfigMaps and Secrets that nothing refers to, because names with a hash differ between the sides.
    pub hashed: usize,
    /// Objects that the API server refuses because fields are immutable, or a namespace is missing.
    pub refused: usize,
    /// A label that tells all applied objects from those of the cluster: key and value.
    pub label: Option<(String, String)>,
    /// Admission policies and webhooks in the cluster's documents; their rules are not evaluated.
    pub admission: Vec<String>,
}

/// What happens to a cluster that runs `onto` when all of `applied` is applied to it. `apart` holds the ranges of the applied side's network that no link joins
/// with that of the cluster.
pub fn impact(applied: &Side, onto: &Side, apart: &[IpNet]) -> Impact {
    let ground = outcome::Ground::new(&onto.inventory, &applied.inventory);
    let mut seen = BTreeSet::new();
    let unique: Vec<&Object> = applied.inventory.objects().iter().filter(|object| seen.insert(object.id())).collect();
    let mut objects: Vec<Applied> = unique.iter().map(|object| judge(object, &ground)).collect();
    let accepted = unique.iter().zip(&objects).filter(|(_, one)| one.outcome != Outcome::Refused).map(|(object, _)| *object);
    let after = outcome::merged(&onto.inventory, accepted);
    let replaced = objects.iter().filter(|one| one.when == When::Rollout).map(|one| one.object.clone()).collect();
    let workloads = workloads::workloads(&onto.inventory, &after, &replaced, argument);
    settle(&mut objects, &after, &workloads);
    let (mut calls, mut dependants, mut unjudged) = (Vec::new(), Vec::new(), None);
    match (reach::policies(&after), reach::policies(&onto.inventory)) {
        (Ok(now), Ok(before)) => {
            calls = reach::calls(&workloads, &after, &now, &reach::entrances(&applied.inventory), apart);
            dependants = reach::dependants(&workloads, &onto.inventory, &before);
        }
        (Err(fault), _) | (_, Err(fault)) => unjudged = Some(fault),
    }
    let hit = !workloads.is_empty() || objects.iter().any(Applied::acts);
    let protection = protection(applied, onto, &objects);
    let writers = rights::writers(&onto.inventory, &objects);
    Impact {
        applied: applied.name.clone(),
        onto: onto.name.clone(),
        hit,
        objects,
        workloads,
        calls,
        dependants,
        unjudged,
        writers,
        protection,
    }
}

impl Applied {
    /// Whether it changes something that runs, or that decides about it.
    pub fn acts(&self) -> bool {
        matches!(self.outcome, Outcome::Created | Outcome::Changed) && !self.inert
    }
}

impl Impact {
    /// The objects with an outcome.
    pub fn of(&self, outcome: Outcome) -> impl Iterator<Item = &Applied> {
        self.objects.iter().filter(move |object| object.outcome == outcome)
    }
}

/// What the API server does with an object. Whether it is inert is settled later.
fn judge(object: &Object, ground: &outcome::Ground<'_>) -> Applied {
    let (outcome, reason, mut differences) = outcome::outcome(object, ground);
    let (when, effect) = effect(object, outcome, &differences);
    let stem = outcome::logical(&object.kind, &object.name);
    let is_counterpart = |other: &&Object| other.namespace == object.namespace && outcome::logical(&other.kind, &other.name) == stem;
    let counterpart =
        (outcome == Outcome::Created && stem != object.name).then(|| ground.onto.of_kind(&object.kind).find(is_counterpart)).flatten();
    if let Some(counterpart) = counterpart {
        differences = outcome::differences(counterpart, object, ground);
    }
    let acts = matches!(outcome, Outcome::Created | Outcome::Changed);
    Applied {
        object: object.id(),
        kind: object.kind.clone(),
        argument: argument(object),
        namespace: object.namespace.clone(),
        outcome,
        reason,
        inert: !acts,
        when: if acts { when } else { When::Never },
        effect: if acts { effect } else { String::new() },
        differences,
        counterpart: counterpart.map(Object::id),
    }
}

/// Settles which objects are inert, and when ConfigMaps and Secrets take effect: both follow from who reads them.
fn settle(objects: &mut [Applied], after: &Inventory, workloads: &[Workload]) {
    let referring = referring(after);
    let waits = |one: &Applied| WAITING.contains(&one.kind.as_str());
    let mut idle: BTreeSet<String> =
        objects.iter().filter(|one| one.outcome == Outcome::Created && waits(one)).map(|one| one.object.clone()).collect();
    // An object that only idle ones refer to is idle.
    loop {
        let used = |one: &String| referring.get(one).is_some_and(|by| by.iter().any(|by| by != one && !idle.contains(by)));
        let (waking, still): (BTreeSet<String>, BTreeSet<String>) = idle.iter().cloned().partition(used);
        if waking.is_empty() {
            break;
        }
        idle = still;
    }
    let mut moments: BTreeMap<&str, When> = BTreeMap::new();
    for change in workloads.iter().flat_map(|workload| &workload.changes) {
        if let Some(source) = &change.source {
            let first = moments.entry(&source.object).or_insert(change.when);
            *first = (*first).min(change.when);
        }
    }
    for one in objects.iter_mut().filter(|one| matches!(one.outcome, Outcome::Created | Outcome::Changed)) {
        one.inert = idle.contains(&one.object);
        if ["ConfigMap", "Secret"].contains(&one.kind.as_str()) {
            let is_read = referring.contains_key(&one.object);
            one.inert |= !is_read;
            match moments.get(one.object.as_str()) {
                Some(first) => one.when = *first,
                None => one.effect = "is read by workloads, and no value differs for them".to_owned(),
            }
        }
        if one.inert {
            one.when = When::Never;
            one.effect = "nothing in these files refers to it".to_owned();
        }
    }
}

/// The objects that refer to each object, both as `Kind/namespace/name`.
fn referring(inventory: &Inventory) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for object in inventory.objects() {
        for reference in references(object) {
            let parts = [reference.kind, reference.namespace, reference.name];
            let id = parts.iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join("/");
            all.entry(id).or_default().insert(object.id());
        }
        let parameters = ["/spec/parametersRef", "/spec/infrastructure/parametersRef"];
        for at in parameters.into_iter().filter(|at| object.at(at).is_some()) {
            let (kind, name) = (object.text(&format!("{at}/kind")), object.text(&format!("{at}/name")));
            all.entry(format!("{kind}/{}/{name}", object.namespace)).or_default().insert(object.id());
        }
    }
    for pod in inventory.pods() {
        let owner = inventory.owner(pod);
        for source in inputs::inputs(inventory, owner, pod).into_values().filter_map(|input| input.source) {
            all.entry(source.object).or_default().insert(owner.id());
        }
    }
    all
}

fn protection(applied: &Side, onto: &Side, objects: &[Applied]) -> Protection {
    let hashed = objects
        .iter()
        .filter(|one| one.inert && one.outcome == Outcome::Created && ["ConfigMap", "Secret"].contains(&one.kind.as_str()))
        .count();
    let admission = ["ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"];
    Protection {
        hashed,
        refused: objects.iter().filter(|one| one.outcome == Outcome::Refused).count(),
        label: label(applied.inventory.objects(), onto.inventory.objects()),
        admission: admission.iter().flat_map(|kind| onto.inventory.of_kind(kind)).map(Object::id).collect(),
    }
}

/// The label that tells all applied objects from all of the cluster.
fn label(applied: &[Object], onto: &[Object]) -> Option<(String, String)> {
    let first = applied.first()?;
    let tells = |(key, value): &(&String, &String)| {
        let here = |object: &Object| object.labels.get(*key) == Some(*value);
        applied.iter().all(here) && !onto.iter().any(here)
    };
    first.labels.iter().find(tells).map(|(key, value)| (key.clone(), value.clone()))
}

/// Objects of some kinds alone; an empty list keeps all. Objects of a namespace that name none get one.
pub fn select(inventory: &Inventory, kinds: &[String], namespace: &str) -> Inventory {
    let mut selected = Inventory::default();
    for object in inventory.objects() {
        if !kinds.is_empty() && !kinds.iter().any(|kind| kind.eq_ignore_ascii_case(&object.kind)) {
            continue;
        }
        let mut value = object.value.clone();
        let lacks = object.namespace.is_empty() && kinds::scope(&object.api, &object.kind) == Scope::Namespace;
        if let Some(metadata) = value.get_mut("metadata").and_then(serde_json::Value::as_object_mut).filter(|_| lacks) {
            metadata.insert("namespace".to_owned(), namespace.into());
        }
        // The value was read as an object before.
        let _ = selected.add(&object.file, object.place.clone(), value);
    }
    selected
}
