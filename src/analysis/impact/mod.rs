//! Documents of one environment, applied to the cluster of another -> what that changes, when, for whom, and the way back.
//!
//! The accident that the analysis is made for: all of production's ConfigMaps, or its whole tree, applied to beta's cluster by hand. The documents may be
//! anybody's. Nothing is asked of a cluster, so the analysis says what the documents decide: which objects the API server creates, changes and refuses; which
//! values change for which container, and when; which addresses these workloads then reach; who depends on them; and the commands that undo it.
//!
//! Sources: the API server's rules for updates ([`crate::kinds`]); "ConfigMaps" and "Projected Volumes" in the Kubernetes documentation for the moment at
//! which a change reaches a container; "Server-Side Apply" for what the apply of the same manager removes.

mod backups;
mod commands;
mod controller;
mod credentials;
mod database;
mod dependants;
mod difference;
mod effect;
mod guard;
mod meaning;
mod obstacle;
mod outcome;
mod reach;
mod report;
mod restore;
mod rights;
mod scale;
mod settle;
#[cfg(test)]
mod tests;
mod when;
mod workloads;

pub use commands::{Files, Part, Procedure, Revision, Step, Target, procedure};
pub use controller::Controller;
pub use dependants::Dependant;
pub use difference::Difference;
pub use meaning::Meaning;
pub use outcome::Outcome;
pub use reach::{Call, Leads, Reach};
pub use report::report;
pub use rights::Writer;
pub use when::When;
pub use workloads::{Change, Workload};
pub(super) use workloads::{holds_data_in_pods, pods};

pub use super::inputs::{Source, Way};

use super::transition::argument;
use crate::inventory::{Inventory, Object};
use crate::kinds::{self, Scope};
use crate::policy::Policies;
pub(super) use difference::{Leaf, leaves, pair};
pub(super) use effect::hosts;
use effect::{effect, waits};
use ipnet::IpNet;
use obstacle::{Obstacle, obstacle};
pub(super) use report::arrow;
use serde::Serialize;
use std::borrow::Cow;

/// The documents of an environment in a region, or of a folder.
#[derive(Debug)]
pub struct Side {
    /// Its name, such as `beta/eu-west-1`.
    pub name: String,
    /// Its objects.
    pub inventory: Inventory,
    /// What of it could not be read, each as a part of a sentence.
    pub unread: Vec<String>,
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
    /// What of both sides could not be read, and so is not part of the report.
    pub unread: Vec<String>,
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
    /// The policies of the guard that refuse it.
    #[serde(skip)]
    policies: Vec<&'static str>,
    /// Whether it changes the place of backups: they go to another environment's, or nowhere.
    pub redirects_backups: bool,
    /// The PostgreSQL clusters whose backups it redirects.
    #[serde(skip)]
    redirected: Vec<String>,
    /// Whether the guard keeps it from being deleted.
    #[serde(skip)]
    kept: bool,
    /// Whether its name has a hash.
    #[serde(skip)]
    hashed: bool,
    /// Whether it does nothing until another object refers to it.
    #[serde(skip)]
    waits: bool,
    /// Why the files of the cluster don't bring it back once it is applied.
    #[serde(skip)]
    obstacle: Option<Obstacle>,
}

/// What protects the cluster, and what does not.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Protection {
    /// New ConfigMaps and Secrets that nothing refers to, because names with a hash differ between the sides.
    pub hashed: usize,
    /// Objects that the API server refuses because fields are immutable, or a namespace is missing.
    pub refused: usize,
    /// The admission policies of the guard that are in force.
    pub policies: Vec<PolicyInForce>,
    /// A label that tells all applied objects from those of the cluster: key and value.
    pub label: Option<(String, String)>,
    /// Other admission policies and webhooks in the cluster's documents; their rules are not evaluated.
    pub admission: Vec<String>,
}

/// An admission policy that is evaluated.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct PolicyInForce {
    /// Its name.
    pub name: &'static str,
    /// How many objects it refuses.
    pub refused: usize,
}

/// What happens to a cluster that runs `onto` when all of `applied` is applied to it. `apart` holds the ranges of the applied side's network that no link joins
/// with that of the cluster.
pub fn impact(applied: &Side, onto: &Side, apart: &[IpNet]) -> Impact {
    let new = kept(&applied.inventory, |object| is_last(object, &applied.inventory));
    // What has no name in the files has one in the cluster, which they do not say.
    let old = kept(&onto.inventory, |object| is_last(object, &onto.inventory) && !object.name.is_empty());
    let ground = outcome::Ground::new(&old, &new);
    let mut objects: Vec<Applied> = new.objects().iter().map(|object| judge(object, &ground)).collect();
    let accepted = new.objects().iter().zip(&objects).filter(|(_, one)| one.outcome != Outcome::Refused).map(|(object, _)| object);
    let after = outcome::merged(&old, accepted);
    let rolled = new.objects().iter().zip(&objects).filter(|(_, one)| one.when == When::Rollout);
    let replaced = rolled.map(|(object, _)| database::served(object).unwrap_or_else(|| object.id())).collect();
    let workloads = workloads::workloads(&old, &after, &replaced, argument);
    settle::settle(&mut objects, &after, &workloads);
    let (mut calls, mut dependants, mut unjudged) = (Vec::new(), Vec::new(), None);
    let policies = |inventory: &Inventory| Policies::of_objects(inventory.objects().iter().map(|object| &object.value));
    match (policies(&after), policies(&old)) {
        (Ok(now), Ok(before)) => {
            calls = reach::calls(&workloads, &after, &now, &reach::entrances(&new), apart);
            dependants = dependants::dependants(&workloads, &old, &before);
        }
        (Err(fault), _) | (_, Err(fault)) => unjudged = Some(fault.to_string()),
    }
    Impact {
        applied: applied.name.clone(),
        onto: onto.name.clone(),
        hit: !workloads.is_empty() || objects.iter().any(Applied::acts),
        unread: applied.unread.iter().chain(&onto.unread).cloned().collect(),
        protection: protection(&new, &ground, &objects),
        writers: rights::writers(&old, &objects),
        objects,
        workloads,
        calls,
        dependants,
        unjudged,
    }
}

/// Whether no later document of the same object replaces a document: `kubectl apply` applies one after the other.
fn is_last(object: &Object, inventory: &Inventory) -> bool {
    inventory.same_as(object).is_some_and(|last| std::ptr::eq(last, object))
}

/// The objects that `keep` takes.
fn kept(inventory: &Inventory, keep: impl Fn(&Object) -> bool) -> Cow<'_, Inventory> {
    if inventory.objects().iter().all(&keep) {
        return Cow::Borrowed(inventory);
    }
    let mut kept = Inventory::default();
    for object in inventory.objects().iter().filter(|object| keep(object)) {
        // The value was read as an object before.
        let _ = kept.add(&object.file, object.place.clone(), object.value.clone());
    }
    Cow::Owned(kept)
}

impl Applied {
    /// Whether it changes something that runs, or that decides about it.
    pub fn acts(&self) -> bool {
        matches!(self.outcome, Outcome::Created | Outcome::Changed) && !self.inert
    }

    /// Whether it is a ConfigMap or a Secret.
    pub fn is_configuration(&self) -> bool {
        is_configuration(&self.kind)
    }
}

/// Whether objects of a kind hold what workloads read.
fn is_configuration(kind: &str) -> bool {
    ["ConfigMap", "Secret"].contains(&kind)
}

impl Impact {
    /// The objects with an outcome.
    pub fn of(&self, outcome: Outcome) -> impl Iterator<Item = &Applied> {
        self.objects.iter().filter(move |object| object.outcome == outcome)
    }

    /// The objects that the apply creates, changes or relabels.
    pub fn touched(&self) -> impl Iterator<Item = &Applied> {
        touched(&self.objects)
    }
}

/// The objects that an apply creates, changes or relabels.
fn touched(objects: &[Applied]) -> impl Iterator<Item = &Applied> {
    objects.iter().filter(|object| !matches!(object.outcome, Outcome::Refused | Outcome::Unchanged))
}

/// What the API server does with an object. Whether it is inert is settled later.
fn judge(object: &Object, ground: &outcome::Ground<'_>) -> Applied {
    let (outcome, refusal, mut differences) = outcome::outcome(object, ground);
    let old = ground.onto.same_as(object);
    let (when, effect) = effect(object, old, outcome, &differences);
    let stem = outcome::logical(&object.kind, &object.name);
    let is_counterpart = |other: &&Object| other.namespace == object.namespace && outcome::logical(&other.kind, &other.name) == stem;
    let counterpart =
        (outcome == Outcome::Created && stem != object.name).then(|| ground.onto.of_kind(&object.kind).find(is_counterpart)).flatten();
    if let Some(counterpart) = counterpart {
        differences = outcome::differences(counterpart, object, ground);
    }
    let acts = matches!(outcome, Outcome::Created | Outcome::Changed);
    let redirect = backups::redirect(object, &differences).filter(|_| outcome == Outcome::Changed);
    let effect = match redirect.map(backups::effect) {
        Some(redirects) if database::is_operated(object) => format!("{effect}; {redirects}"),
        Some(redirects) => redirects,
        None => effect,
    };
    Applied {
        object: object.id(),
        kind: object.kind.clone(),
        argument: argument(object),
        namespace: object.namespace.clone(),
        outcome,
        policies: refusal.as_ref().map(|refusal| refusal.policies.clone()).unwrap_or_default(),
        kept: ground.guard.keeps(object),
        redirects_backups: redirect.is_some(),
        redirected: redirect.map(|_| backups::clusters(object, ground.onto)).unwrap_or_default(),
        reason: refusal.map(|refusal| refusal.reason),
        inert: !acts,
        when: if acts { when } else { When::Never },
        effect: if acts { effect } else { String::new() },
        differences,
        counterpart: counterpart.map(Object::id),
        hashed: stem != object.name,
        waits: waits(object),
        obstacle: old.filter(|_| outcome == Outcome::Changed).and_then(|old| obstacle(old, object)),
    }
}

fn protection(applied: &Inventory, ground: &outcome::Ground<'_>, objects: &[Applied]) -> Protection {
    let onto = ground.onto;
    let idle = |one: &&Applied| one.inert && one.outcome == Outcome::Created && one.is_configuration();
    let admission = ["ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"];
    let refused = |holds: &dyn Fn(&Applied) -> bool| objects.iter().filter(|one| one.outcome == Outcome::Refused && holds(one)).count();
    let in_force = |name: &'static str| PolicyInForce { name, refused: refused(&|one| one.policies.contains(&name)) };
    let policies: Vec<PolicyInForce> = ground.guard.policies().map(in_force).collect();
    let is_evaluated =
        |binding: &Object| binding.kind == "ValidatingAdmissionPolicyBinding" && policies.iter().any(|policy| policy.name == binding.name);
    Protection {
        hashed: objects.iter().filter(idle).filter(|one| one.hashed).count(),
        refused: refused(&|one| one.policies.is_empty()),
        label: label(applied.objects(), onto.objects()),
        admission: admission.iter().flat_map(|kind| onto.of_kind(kind)).filter(|object| !is_evaluated(object)).map(Object::id).collect(),
        policies,
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
