//! Which applied objects are inert, and when ConfigMaps and Secrets take effect: both follow from who reads them.

use super::{Applied, Outcome, When, Workload};
use crate::analysis::inputs::inputs;
use crate::diagnostic::wording::Count;
use crate::inventory::{Inventory, references};
use std::collections::{BTreeMap, BTreeSet};

/// The objects that refer to each object, both as `Kind/namespace/name`.
type Referring = BTreeMap<String, BTreeSet<String>>;

/// Settles the objects, given what the cluster holds afterwards.
pub(super) fn settle(objects: &mut [Applied], after: &Inventory, workloads: &[Workload]) {
    let (readers, users) = (readers(after), users(after));
    let mut idle: BTreeSet<String> =
        objects.iter().filter(|one| one.outcome == Outcome::Created && one.waits).map(|one| one.object.clone()).collect();
    // An object that only idle ones refer to is idle.
    loop {
        let used = |one: &String| {
            let mut by = [&readers, &users].into_iter().filter_map(|all| all.get(one)).flatten();
            by.any(|by| by != one && !idle.contains(by))
        };
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
    let created: BTreeSet<&str> = workloads.iter().filter(|workload| workload.created).map(|workload| workload.object.as_str()).collect();
    for one in objects.iter_mut().filter(|one| matches!(one.outcome, Outcome::Created | Outcome::Changed)) {
        if let Some(number) = workloads.iter().find(|workload| workload.object == one.object).and_then(|workload| workload.jumps) {
            one.effect.push_str(&format!("; {}", jumps(number)));
        }
        if idle.contains(&one.object) {
            rests(one, "nothing in these files refers to it");
        } else if one.is_configuration() {
            let of = |all: &Referring| all.get(&one.object).cloned().unwrap_or_default();
            let (readers, users) = (of(&readers), of(&users));
            // What a pod needs besides values, such as the credentials of a registry, it needs when it starts.
            let others: Vec<String> = users.into_iter().filter(|user| !readers.contains(user)).collect();
            if let Some(first) = moments.get(one.object.as_str()) {
                one.when = *first;
            } else if readers.iter().any(|reader| created.contains(reader.as_str())) {
                one.effect = "is read by new workloads".to_owned();
                one.when = When::AtOnce;
            } else if !others.is_empty() {
                one.effect = format!("is used by {}", others.join(", "));
            } else if readers.is_empty() {
                rests(one, "nothing in these files refers to it");
            } else {
                rests(one, "no value differs for its readers");
            }
        }
    }
}

/// What a number of pods does that an apply sets behind an autoscaler.
pub(super) fn jumps(number: u64) -> String {
    format!("GOES TO {} AT ONCE, until its autoscaler finds the number again", Count(number as usize, "pod").to_string().to_uppercase())
}

/// Notes that an object changes nothing that runs.
fn rests(one: &mut Applied, why: &str) {
    one.inert = true;
    one.when = When::Never;
    one.effect = why.to_owned();
}

/// The objects that refer to each object by its name.
fn users(inventory: &Inventory) -> Referring {
    let mut all = Referring::new();
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
    all
}

/// The workloads whose containers read values of each ConfigMap and Secret.
fn readers(inventory: &Inventory) -> Referring {
    let mut all = Referring::new();
    for pod in inventory.pods().iter().filter(|pod| pod.operated.is_none()) {
        let owner = inventory.owner(pod);
        for source in inputs(inventory, owner, pod).into_values().filter_map(|input| input.source) {
            all.entry(source.object).or_default().insert(owner.id());
        }
    }
    all
}
