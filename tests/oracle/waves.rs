//! Presence: what GitOps controllers read from the objects, and the order of the script that applies them where no controller does. The waves are played: each object
//! finds what it needs, jobs run between what they call and everything else, and no wave waits for what a later one makes. What holds data is never deleted.

use super::Finding;
use super::context::RegionContext;
use platgen::inventory::{Object, references};
use platgen::kinds;
use platgen::model::{GitOpsController, Kind, Peer, Region, Workload};
use std::collections::{BTreeMap, BTreeSet};

/// What has to be there before the first pod of a namespace, not at the same time.
const BEFORE_PODS: [&str; 3] = ["LimitRange", "NetworkPolicy", "ResourceQuota"];

/// What others name and can't be made without, so that it comes in an earlier wave.
const BEFORE_ITS_USERS: [&str; 7] =
    ["ClusterRole", "PriorityClass", "Role", "SecretStore", "ServiceAccount", "StorageClass", "ValidatingAdmissionPolicy"];

/// What may be applied before the last wave although no job needs it: Argo CD waits for none of these, but for the two of External Secrets, which need
/// nothing of a later wave.
const EARLY: [&str; 18] = [
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "EnvoyProxy",
    "ExternalSecret",
    "GatewayClass",
    "LimitRange",
    "Namespace",
    "NetworkPolicy",
    "PriorityClass",
    "ResourceQuota",
    "Role",
    "RoleBinding",
    "SecretStore",
    "ServiceAccount",
    "StorageClass",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
];

/// The annotations of Argo CD, the wave and what is never deleted, and those of Flux.
pub(super) const KEYS: [&str; 4] = [WAVE, OPTIONS, STAGE, PRUNE];
const WAVE: &str = "argocd.argoproj.io/sync-wave";
const OPTIONS: &str = "argocd.argoproj.io/sync-options";
const STAGE: &str = "platgen.io/stage";
const PRUNE: &str = "kustomize.toolkit.fluxcd.io/prune";

/// The order in which Flux applies the kinds of a stage; those that are not here come after these, and before webhooks. Source: `ReconcileOrder` in
/// `ssa/sort.go`, and `ApplyAllStaged`, of fluxcd/pkg.
const KINDS: [&str; 23] = [
    "CustomResourceDefinition",
    "Namespace",
    "ClusterRole",
    "ClusterClass",
    "RuntimeClass",
    "PriorityClass",
    "StorageClass",
    "VolumeSnapshotClass",
    "IngressClass",
    "GatewayClass",
    "ClusterRoleBinding",
    "ResourceQuota",
    "ServiceAccount",
    "Role",
    "RoleBinding",
    "ConfigMap",
    "Secret",
    "Service",
    "LimitRange",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];

/// The place of an object in the order of Flux: below zero before the apps. The stages are a hundred apart.
fn place(region: &Region, object: &Object) -> Option<i32> {
    let stages = platgen::kubernetes::stages(region);
    let stage = annotation(object, STAGE)?;
    let of = |stage: &str| stages.iter().position(|one| one == stage).and_then(|at| i32::try_from(at).ok());
    let kind = KINDS.iter().position(|kind| *kind == object.kind).and_then(|at| i32::try_from(at).ok());
    // Bindings of policies come after policies by their names.
    let kind = kind.unwrap_or(if object.kind.ends_with("Binding") { 51 } else { 50 });
    Some((of(stage)? - of("apps")?) * 100 + kind)
}

fn annotation<'o>(object: &'o Object, key: &str) -> Option<&'o str> {
    object.at("/metadata/annotations")?.get(key)?.as_str()
}

pub(super) fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    let ours = || context.inventory.objects().iter().filter(|object| !context.is_changed(object));
    if context.platform.gitops.is_none() {
        for object in ours().filter(|object| KEYS.iter().any(|key| annotation(object, key).is_some())) {
            found.push(context.finding(
                "wrong-wave",
                object,
                format!("`{}` is marked for a controller, which does not apply it", object.id()),
            ));
        }
        return;
    }
    let is_flux = context.platform.gitops.as_ref().is_some_and(|gitops| gitops.controller == GitOpsController::Flux);
    let mut waves: BTreeMap<String, i32> = BTreeMap::new();
    for object in context.inventory.objects() {
        let wave = if is_flux { place(context.region, object) } else { annotation(object, WAVE).unwrap_or("0").parse().ok() };
        match wave {
            Some(wave) => _ = waves.insert(object.id(), wave),
            None => found.push(context.finding("wrong-wave", object, format!("the wave of `{}` is no number", object.id()))),
        }
    }
    let wave = |object: &Object| waves.get(&object.id()).copied().unwrap_or_default();
    order(context, is_flux, &wave, found);
    jobs(context, &wave, found);
    hangs(context, &wave, &|_| true, found);
    deletions(context, is_flux, found);
}

/// The same of the script of an environment that no controller applies.
pub(super) fn judge_script(context: &RegionContext, script: &str, found: &mut Vec<Finding>) {
    let table = |text: &str, name: &str| -> BTreeMap<String, Vec<String>> {
        let rows = text.split_once(&format!("{name}='")).and_then(|(_, rest)| rest.split_once('\'')).map_or("", |(rows, _)| rows);
        let row = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        rows.lines().filter(|line| !line.is_empty()).map(row).map(|row| (row[0].clone(), row[1..].to_vec())).collect()
    };
    let about = script.split_once(&format!("\n    {})\n", context.region.name)).map_or("", |(_, rest)| rest);
    let (kinds, files) = (table(script, "\nkinds"), table(about, " files"));
    let row = |object: &Object| {
        let group = object.api.split_once('/').map(|(group, _)| format!(".{group}")).unwrap_or_default();
        kinds.get(&format!("{}{group}", object.kind))
    };
    for object in context.inventory.objects().iter().filter(|object| row(object).is_none_or(|row| row.len() != 3)) {
        found.push(context.finding("wrong-wave", object, format!("the script does not know the kind of `{}`", object.id())));
    }
    let wave = |object: &Object| -> i32 {
        let of_rules = object.file.starts_with("cluster/") || object.file.ends_with("/namespace.yaml");
        match row(object).map(|row| (row[0].as_str(), row[1].as_str())) {
            Some((wave, "everywhere")) => wave.parse().unwrap_or(i32::MAX),
            Some((wave, "rules")) if of_rules => wave.parse().unwrap_or(i32::MAX),
            _ => files.get(&object.file).map_or(0, |row| row[0].parse().unwrap_or(i32::MAX)),
        }
    };
    order(context, false, &wave, found);
    jobs(context, &wave, found);
    // The script waits for the kinds that say how.
    hangs(context, &wave, &|object| row(object).is_some_and(|row| row[2] != "-"), found);
    let runs = |object: &Object| {
        ["Deployment", "StatefulSet", "DaemonSet", "Job"].contains(&object.kind.as_str())
            || kinds::operated(&object.api, &object.kind).is_some()
    };
    for object in context.inventory.objects().iter().filter(|object| runs(object) && row(object).is_some_and(|row| row[2] == "-")) {
        found.push(context.finding("wrong-wave", object, format!("the script does not wait for `{}`", object.id())));
    }
}

/// Each object finds what it needs.
fn order(context: &RegionContext, is_flux: bool, wave: &dyn Fn(&Object) -> i32, found: &mut Vec<Finding>) {
    let ours = || context.inventory.objects().iter().filter(|object| !context.is_changed(object));
    let mut late = |object: &Object, needed: &Object| {
        let message = format!("`{}` is applied before `{}` is there", object.id(), needed.id());
        found.push(context.finding("wrong-wave", object, message));
    };
    let runs =
        |object: &Object| kinds::pod_template(&object.api, &object.kind).is_some() || kinds::operated(&object.api, &object.kind).is_some();
    for object in ours() {
        if let Some(namespace) = context.inventory.get("Namespace", "", &object.namespace).filter(|one| wave(one) >= wave(object)) {
            late(object, namespace);
        }
        for rule in context.inventory.objects().iter().filter(|rule| runs(object) && rule.namespace == object.namespace) {
            if BEFORE_PODS.contains(&rule.kind.as_str()) && wave(rule) >= wave(object) {
                late(object, rule);
            }
        }
        // An account names the Secret of registries for its pods.
        let accounts = references(object).into_iter().filter(|one| one.kind == "ServiceAccount" && runs(object));
        let named = accounts.filter_map(|one| context.inventory.get("ServiceAccount", &one.namespace, &one.name)).flat_map(references);
        let own = references(object).into_iter().filter(|_| object.kind != "ServiceAccount");
        for reference in own.chain(named) {
            let kind = if reference.kind == "Secret" { "ExternalSecret" } else { &reference.kind };
            let Some(needed) = context.inventory.get(kind, &reference.namespace, &reference.name) else { continue };
            let strict = BEFORE_ITS_USERS.contains(&kind) && object.kind != "SecretStore";
            // Kubernetes waits for what comes in the same stage of Flux.
            let turn = |object: &Object| if is_flux { wave(object).div_euclid(100) } else { wave(object) };
            if turn(needed) > turn(object) || strict && wave(needed) >= wave(object) && !EARLY.contains(&object.kind.as_str()) {
                late(object, needed);
            }
        }
        let policy = object.text("/spec/policyName");
        if let Some(policy) = context.inventory.get("ValidatingAdmissionPolicy", "", policy).filter(|policy| wave(policy) >= wave(object)) {
            late(object, policy);
        }
    }
}

fn key(workload: &Workload) -> String {
    format!("{}/{}", workload.namespace, workload.name)
}

/// What a job waits for: what it calls, directly or through others, and the jobs that it comes after.
pub(crate) fn before(region: &Region, job: &Workload) -> BTreeSet<String> {
    let end = |peer: &Peer| region.workload_of(peer).map(key);
    let mut edges: BTreeSet<(String, String)> = region.flows.iter().filter_map(|flow| Some((end(&flow.from)?, end(&flow.to)?))).collect();
    for workload in region.workloads.values() {
        if let Kind::Job { after, .. } = &workload.kind {
            edges.extend(after.iter().map(|first| (key(workload), first.clone())));
        }
    }
    let mut all = BTreeSet::from([key(job)]);
    loop {
        let known = all.len();
        let more: Vec<String> = edges.iter().filter(|(from, _)| all.contains(from)).map(|(_, to)| to.clone()).collect();
        all.extend(more);
        if all.len() == known {
            break;
        }
    }
    all.remove(&key(job));
    all.retain(|key| region.workloads.get(key).is_some_and(|one| !matches!(one.kind, Kind::CronJob(_))));
    all
}

/// The objects that run the pods of a workload.
fn running<'c>(context: &'c RegionContext, workload: &str) -> impl Iterator<Item = &'c Object> {
    let file = format!("{workload}.yaml");
    let runs =
        |object: &&Object| kinds::pod_template(&object.api, &object.kind).is_some() || kinds::operated(&object.api, &object.kind).is_some();
    context.inventory.objects().iter().filter(move |object| object.file == file).filter(runs)
}

fn jobs(context: &RegionContext, wave: &dyn Fn(&Object) -> i32, found: &mut Vec<Finding>) {
    let region = context.region;
    let jobs: Vec<&Workload> = region.workloads.values().filter(|one| matches!(one.kind, Kind::Job { .. })).collect();
    let called: BTreeSet<String> = jobs.iter().flat_map(|job| before(region, job)).collect();
    for job in &jobs {
        let first = before(region, job);
        for object in running(context, &key(job)) {
            for needed in first.iter().flat_map(|one| running(context, one)).filter(|needed| wave(needed) >= wave(object)) {
                let message = format!("`{}` does not wait for `{}`", object.id(), needed.id());
                found.push(context.finding("wrong-wave", object, message));
            }
            let others = region.workloads.iter().filter(|(key, one)| !called.contains(*key) && !matches!(one.kind, Kind::Job { .. }));
            for early in others.flat_map(|(key, _)| running(context, key)).filter(|early| wave(early) <= wave(object)) {
                let message = format!("`{}` does not wait for `{}`", early.id(), object.id());
                found.push(context.finding("wrong-wave", early, message));
            }
        }
    }
}

/// Waves that wait for ever: for a claim that no pod mounts yet, or for something outside of the files that only concerns others.
fn hangs(context: &RegionContext, wave: &dyn Fn(&Object) -> i32, waits: &dyn Fn(&Object) -> bool, found: &mut Vec<Finding>) {
    let region = context.region;
    let jobs = region.workloads.values().filter(|one| matches!(one.kind, Kind::Job { .. }));
    let turns: BTreeSet<String> =
        jobs.flat_map(|job| before(region, job).into_iter().chain([key(job)])).map(|key| format!("{key}.yaml")).collect();
    for object in context.inventory.objects().iter().filter(|object| wave(object) < 0 && waits(object) && !context.is_changed(object)) {
        let mounts = |other: &&Object| {
            let is_it = |one: &platgen::inventory::Reference| {
                one.kind == "PersistentVolumeClaim" && one.namespace == object.namespace && one.name == object.name
            };
            references(other).iter().any(is_it)
        };
        let hangs = match object.kind.as_str() {
            "PersistentVolumeClaim" => !context.inventory.objects().iter().filter(mounts).any(|other| wave(other) <= wave(object)),
            kind => !turns.contains(&object.file) && !EARLY.contains(&kind),
        };
        if hangs {
            found.push(context.finding("wrong-wave", object, format!("the jobs wait for `{}`, which they do not need", object.id())));
        }
    }
}

/// What holds data or other objects, everything beside a database or a queue, and what fetches secrets for its whole namespace.
fn deletions(context: &RegionContext, is_flux: bool, found: &mut Vec<Finding>) {
    let region = context.region;
    let jobs = region.workloads.values().filter(|one| matches!(one.kind, Kind::Job { .. }));
    let called: BTreeSet<String> = jobs.flat_map(|job| before(region, job)).collect();
    // An object that goes from one stage to another is not deleted in between.
    let moves = |object: &Object| {
        let key = object.file.trim_end_matches(".yaml");
        let runs_once = region.workloads.get(key).is_some_and(|one| matches!(one.kind, Kind::Job { .. }));
        is_flux && called.contains(key) && !runs_once
    };
    let (key, kept) = if is_flux { (PRUNE, "disabled") } else { (OPTIONS, "Prune=false,Delete=false") };
    let mut operated: BTreeSet<&str> = BTreeSet::new();
    let mut served: BTreeSet<String> = BTreeSet::new();
    for object in context.inventory.objects() {
        if kinds::operated(&object.api, &object.kind).is_some() && !context.is_by_hand(object) {
            operated.insert(object.file.as_str());
            served.insert(format!("{}/namespace.yaml", object.namespace));
        }
    }
    for object in context.inventory.objects().iter().filter(|object| !context.is_changed(object)) {
        let holds = ["Namespace", "PersistentVolumeClaim", "PersistentVolume", "CustomResourceDefinition"].contains(&object.kind.as_str());
        let fetches = ["ExternalSecret", "SecretStore", "ServiceAccount"].contains(&object.kind.as_str()) && served.contains(&object.file);
        let wanted = (holds || fetches || moves(object) || operated.contains(object.file.as_str())).then_some(kept);
        if annotation(object, key) != wanted {
            let message = format!("the controller does not do with `{}` what it should: {wanted:?}", object.id());
            found.push(context.finding("wrong-deletion", object, message));
        }
    }
}
