//! What a GitOps controller reads from the objects of a region: when to apply each, and which ones it never deletes.
//!
//! Argo CD applies one wave after the other, and waits before the next one until everything in a wave is healthy. A wave that waits for something that
//! a later one makes never ends, and what is broken holds up every later wave. So only objects without a health of their own have waves by the table of
//! kinds; everything else of an app or a store is applied at once, after the jobs, and Kubernetes waits for what an object needs. What a job waits for
//! has a wave before it.
//!
//! Flux has no waves. Each of its Kustomizations takes the objects of one stage, by an annotation, and waits for the Kustomization before it. The stages are
//! made of the same waves. Objects of add-ons are never in the first one, which comes before the add-ons.
//!
//! Sources: "Sync Phases and Waves", "Sync Options" and "Resource Health" in the documentation of Argo CD, `gitops-engine/pkg/sync/sync_context.go`; "Kustomization" in the documentation of Flux.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{RULES, Stage, Tree, jobs};
use crate::kinds;
use crate::labels::{FLUX_KEPT, FLUX_PRUNE, GITOPS_KEPT, GITOPS_OPTIONS, GITOPS_STAGE, GITOPS_WAVE};
use crate::model::{GitOpsController, Kind, Platform, Region, Stages};
use crate::yaml::{Document, Node};

/// The wave of the first stage of the table of kinds. It leaves room for the waves of jobs, and stays when there is one job more.
const FIRST: i32 = -1000;

/// The last wave of objects that need no object of an add-on.
const LAST_RULE: i32 = FIRST + kinds::Stage::Binding as i32;

/// The last wave before those of jobs.
const LAST_EARLY: i32 = FIRST + kinds::Stage::Configuration as i32;

/// The kinds of what fetches, for a whole namespace, the passwords of stores and the login with which their servers pull images: kept as the stores are.
const SERVES: [&str; 3] = ["ExternalSecret", "SecretStore", "ServiceAccount"];

/// Marks every object of a region whose files a controller applies.
pub(super) fn mark(platform: &Platform, region: &Region, tree: &mut Tree) {
    let Some(controller) = platform.gitops.as_ref().map(|gitops| gitops.controller) else { return };
    let turns = turns(region);
    let names = turn_names(region);
    let claims = claims(tree, &turns);
    let stores = region.workloads.values().filter(|workload| workload.operated().is_some());
    let served: BTreeSet<String> = stores.map(|workload| workload.namespace.to_string()).collect();
    for (file, documents) in tree {
        let key = file.trim_end_matches(".yaml");
        let turn = turns.get(key).copied().unwrap_or_default();
        // An object that goes from one Kustomization of Flux to another may leave the one before the other has it: what a job needs is not deleted in between.
        let moves = turn != 0 && region.workloads.get(key).is_some_and(|workload| !matches!(workload.kind, Kind::Job { .. }));
        let is_of_store = region.workloads.get(key).is_some_and(|workload| workload.operated().is_some());
        for document in documents {
            let text = |path: &[&str]| document.root().at(path).and_then(Node::as_str).unwrap_or_default();
            let (api, kind) = (text(&["apiVersion"]), text(&["kind"]));
            let claim = (text(&["metadata", "namespace"]).to_owned(), text(&["metadata", "name"]).to_owned());
            let wave = match (kinds::stage(api, kind), kind) {
                (stage, _) if stage <= kinds::Stage::Binding => FIRST + stage as i32,
                // A claim may be bound when the first pod that mounts it is there, and not before.
                (_, "PersistentVolumeClaim") => claims.get(&claim).copied().unwrap_or_default(),
                (stage @ kinds::Stage::Configuration, _) if Stage::of(file) != Stage::Entry => FIRST + stage as i32,
                (kinds::Stage::Extension, _) => 1,
                // A route is healthy once its Gateway has it, and Gateways come with everything else. Jobs call Services.
                _ if api.starts_with("gateway.") => 0,
                _ => turn,
            };
            let serves = file.ends_with(RULES) && SERVES.contains(&kind) && served.contains(text(&["metadata", "namespace"]));
            let kept = is_of_store || kinds::holds(api, kind) || serves;
            match controller {
                GitOpsController::ArgoCd => {
                    let wave = (wave != 0).then(|| wave.to_string());
                    annotate(document, [(GITOPS_WAVE, wave.as_deref()), (GITOPS_OPTIONS, kept.then_some(GITOPS_KEPT))]);
                }
                GitOpsController::Flux => {
                    let stage = match wave {
                        ..=LAST_RULE if kinds::is_built_in(api) => Stages::RULES,
                        ..=LAST_EARLY => Stages::CONFIG,
                        0 => Stages::APPS,
                        1.. => Stages::WEBHOOKS,
                        wave => names.get(&wave).map_or(Stages::APPS, String::as_str),
                    };
                    annotate(document, [(GITOPS_STAGE, Some(stage)), (FLUX_PRUNE, (kept || moves).then_some(FLUX_KEPT))]);
                }
            }
        }
    }
}

/// The waves of jobs and of the workloads that they wait for, by their keys: one for each job, and one for all workloads between two jobs. They count up
/// to -1, so that everything else comes after them without a mark of its own.
fn turns(region: &Region) -> BTreeMap<String, i32> {
    let all = jobs::jobs(region);
    let mut turns = BTreeMap::new();
    let (mut turn, mut after_workload) = (0, false);
    for (key, job) in jobs::in_order(region, &all).into_iter().rev() {
        if job.is_some() || !after_workload {
            turn -= 1;
        }
        after_workload = job.is_none();
        turns.insert(key, turn);
    }
    turns
}

/// The names of the stages of jobs and of the workloads that they wait for, by their waves: that of the first workload.
fn turn_names(region: &Region) -> BTreeMap<i32, String> {
    let turns = turns(region);
    let all = jobs::jobs(region);
    let mut names = BTreeMap::new();
    for (key, _) in jobs::in_order(region, &all) {
        if let Some(turn) = turns.get(&key) {
            names.entry(*turn).or_insert_with(|| Stages::of(&key));
        }
    }
    names
}

/// The stages of a region, in their order, whether or not an object is in them.
pub fn stages(region: &Region) -> Vec<String> {
    let of_jobs = turn_names(region).into_values();
    let first = [Stages::RULES, Stages::CONFIG].map(str::to_owned).into_iter();
    first.chain(of_jobs).chain([Stages::APPS, Stages::WEBHOOKS].map(str::to_owned)).collect()
}

/// The wave of the first pod that mounts a claim, by the namespace and the name of the claim.
fn claims(tree: &Tree, turns: &BTreeMap<String, i32>) -> BTreeMap<(String, String), i32> {
    let mut waves = BTreeMap::new();
    for (file, documents) in tree {
        let turn = turns.get(file.trim_end_matches(".yaml")).copied().unwrap_or_default();
        for claim in documents.iter().flat_map(mounted) {
            let wave = waves.entry(claim).or_insert(turn);
            *wave = turn.min(*wave);
        }
    }
    waves
}

/// The claims that the pods of an object mount.
fn mounted(document: &Document) -> BTreeSet<(String, String)> {
    let text = |path: &[&str]| document.root().at(path).and_then(Node::as_str).unwrap_or_default();
    let Some(template) = kinds::pod_template(text(&["apiVersion"]), text(&["kind"])) else { return BTreeSet::new() };
    let path: Vec<&str> = template.split('/').skip(1).chain(["spec", "volumes"]).collect();
    let volumes = document.root().at(&path).into_iter().flat_map(Node::items);
    let names = volumes.filter_map(|volume| volume.at(&["persistentVolumeClaim", "claimName"])).filter_map(Node::as_str);
    names.map(|name| (text(&["metadata", "namespace"]).to_owned(), name.to_owned())).collect()
}

/// Adds annotations. What a spec or a manifest says itself stays.
fn annotate<'v>(document: &mut Document, entries: impl IntoIterator<Item = (&'static str, Option<&'v str>)>) {
    let Some(metadata) = document.root().get("metadata") else { return };
    let (id, old) = (metadata.id(), metadata.get("annotations").map(|node| node.to_json()));
    let mut annotations: BTreeMap<String, Value> = match old {
        Some(Value::Object(map)) => map.into_iter().collect(),
        _ => BTreeMap::new(),
    };
    for (key, value) in entries {
        if let Some(value) = value {
            annotations.entry(key.to_owned()).or_insert_with(|| value.into());
        }
    }
    if !annotations.is_empty() {
        document.insert(id, "annotations", &Value::Object(annotations.into_iter().collect()));
    }
}
