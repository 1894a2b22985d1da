//! Documents that a cluster runs and those that replace them -> what `kubectl apply` does not do by itself.
//!
//! Reports what the API server refuses, what stays in the cluster although it left the documents, what interrupts a workload, and what separates a
//! workload from its data. Every other change is an ordinary update and is not reported.
//!
//! Sources: [`crate::kinds`] for immutable fields; "Migrating Deployments and StatefulSets to horizontal autoscaling" in the Kubernetes documentation
//! for the hand-over of `replicas`.

use crate::inventory::{Inventory, Object};
use crate::kinds::{self, Operator, Release};
use crate::labels;
use crate::value::{Image, ImageTag, Quantity};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

pub use change::{Change, Loss};

const CLAIMS: &str = "/spec/volumeClaimTemplates";
const CLAIM: &str = "PersistentVolumeClaim";
/// The order in which the pods of a StatefulSet start.
const ORDER: &str = "/spec/podManagementPolicy";
/// The size of a claim.
pub(super) const SIZE: &str = "/spec/resources/requests/storage";

/// The documents of a cluster that differ, before and after. Documents without a difference may be left out.
#[derive(Debug)]
pub struct Cluster {
    /// The environment.
    pub environment: String,
    /// The region.
    pub region: String,
    /// The documents that the cluster runs.
    pub before: Inventory,
    /// The documents that replace them.
    pub after: Inventory,
    /// Whether a controller deletes what left the documents, but for objects that are marked.
    pub prunes: bool,
}

/// One change that needs more than `kubectl apply`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Transition {
    /// The environment.
    pub environment: String,
    /// The region.
    pub region: String,
    /// The running object, `Kind/namespace/name`; of several the first.
    pub object: String,
    /// The object as an argument of kubectl, such as `deployment.apps/web`.
    pub argument: String,
    /// The namespace; empty for objects of the whole cluster.
    pub namespace: String,
    /// The app or store that the object belongs to; of the claim of a shared volume, for any other object its own name.
    pub entry: String,
    /// The files that make it happen, any of them.
    pub files: BTreeSet<String>,
    /// What happens.
    pub change: Change,
}

/// The transitions of all clusters: cluster by cluster, in the order of the old documents.
pub fn transitions(clusters: &[Cluster]) -> Vec<Transition> {
    clusters.iter().flat_map(|cluster| of_cluster(cluster, clusters)).collect()
}

fn of_cluster(cluster: &Cluster, all: &[Cluster]) -> Vec<Transition> {
    let transition = |object: &Object, files: BTreeSet<String>, change| Transition {
        environment: cluster.environment.clone(),
        region: cluster.region.clone(),
        object: object.id(),
        argument: argument(object),
        namespace: object.namespace.clone(),
        entry: entry(object).to_owned(),
        files,
        change,
    };
    let mut found = Vec::new();
    let mut left: BTreeMap<(&str, &str, bool), Vec<&Object>> = BTreeMap::new();
    for old in cluster.before.objects() {
        match cluster.after.get(&old.kind, &old.namespace, &old.name) {
            Some(new) => {
                let files = BTreeSet::from([old.file.clone(), new.file.clone()]);
                found.extend(changes(old, new, &cluster.after).into_iter().map(|change| transition(old, files.clone(), change)));
            }
            None if is_versioned(old) => {}
            None => left.entry((&old.namespace, entry(old), old.kind == CLAIM)).or_default().push(old),
        }
    }
    for objects in left.into_values() {
        let main = objects.iter().find(|object| runs_pods(object)).or(objects.first());
        let Some(&main) = main else { continue };
        let volumes = !main.items(CLAIMS).is_empty();
        let holds_data = volumes || main.kind == CLAIM || kinds::operated(&main.api, &main.kind).is_some();
        let elsewhere = || elsewhere(main, cluster).filter(|_| holds_data);
        let successor = successor(main, cluster).or_else(elsewhere);
        let loss = match successor {
            _ if !holds_data => None,
            Some(new) => Some((Loss::Successor(new.id()), new)),
            None => moved_to(main, cluster, all).map(|(region, new)| (Loss::Region(region.to_owned()), new)),
        };
        let objects: Vec<&Object> = objects.into_iter().filter(|object| loss.is_some() || !cluster.prunes || is_kept(object)).collect();
        let Some(&main) = objects.iter().find(|object| object.id() == main.id()).or(objects.first()) else { continue };
        let mut files: BTreeSet<String> = objects.iter().map(|object| object.file.clone()).collect();
        files.extend(loss.iter().map(|(_, new)| new.file.clone()));
        let (loss, successor) = (loss.map(|(loss, _)| loss), successor.map(Object::id));
        let objects = objects.iter().map(|object| argument(object)).collect();
        found.push(transition(
            main,
            files,
            match loss {
                Some(loss) => Change::LosesData(loss, objects),
                None => Change::Left { objects, successor, volumes },
            },
        ));
    }
    let gateways = last_entrances(cluster);
    if let Some(&first) = gateways.first() {
        let files = gateways.iter().map(|gateway| gateway.file.clone()).collect();
        found.push(transition(first, files, Change::LastEntrance { gateways: gateways.into_iter().map(argument).collect() }));
    }
    found
}

/// The Gateways that leave with their class, where a controller with rights in the cloud makes their load balancers: on AWS. Elsewhere the cloud itself does.
fn last_entrances(cluster: &Cluster) -> Vec<&Object> {
    let leaves = |object: &&Object| cluster.after.get(&object.kind, &object.namespace, &object.name).is_none();
    if !cluster.before.of_kind("GatewayClass").any(|class| leaves(&class)) {
        return Vec::new();
    }
    let is_made = |gateway: &&Object| {
        let annotations = gateway.at("/spec/infrastructure/annotations").and_then(Value::as_object);
        annotations.is_some_and(|all| all.keys().any(|key| key.starts_with("service.beta.kubernetes.io/aws-load-balancer-")))
    };
    cluster.before.of_kind("Gateway").filter(leaves).filter(is_made).collect()
}

/// Whether a controller leaves an object alone that left the documents.
fn is_kept(object: &Object) -> bool {
    let options = object.at("/metadata/annotations").and_then(|all| all.get(labels::GITOPS_OPTIONS)?.as_str());
    options == Some(labels::GITOPS_KEPT)
}

/// Whether an object runs pods, by itself or through an operator.
pub(super) fn runs_pods(object: &Object) -> bool {
    kinds::find(&object.api, &object.kind).is_some_and(|kind| kind.pod_template.is_some() || kind.operated.is_some())
}

/// The app or store that an object belongs to, by the label that every object of one carries; else the object's own name.
fn entry(object: &Object) -> &str {
    object.labels.get(labels::WORKLOAD).map_or(&object.name, String::as_str)
}

/// The object as an argument of kubectl.
pub(super) fn argument(object: &Object) -> String {
    let kind = object.kind.to_lowercase();
    match object.group() {
        "" => format!("{kind}/{}", object.name),
        group => format!("{kind}.{group}/{}", object.name),
    }
}

/// Whether the object's name changes with its content, so that old versions are expected to stay until they are pruned.
pub(super) fn is_versioned(object: &Object) -> bool {
    object.kind == "Job" || object.at("/immutable") == Some(&Value::Bool(true))
}

/// The changes of an object that is there before and after.
fn changes(old: &Object, new: &Object, after: &Inventory) -> Vec<Change> {
    let Some(kind) = kinds::find(&old.api, &old.kind) else { return Vec::new() };
    let mut all = Vec::new();
    for field in kind.immutable_fields(&old.value) {
        match field {
            CLAIMS => all.extend(claims(old, new)),
            _ if old.kind == CLAIM && old.at(field) != new.at(field) => all.push(Change::LosesData(Loss::Claim(field), Vec::new())),
            // The API server fills in an address: only a change to or from a headless Service is one.
            "/spec/clusterIP" if (old.text(field) == "None") == (new.text(field) == "None") => {}
            _ if old.at(field) != new.at(field) => all.push(Change::Immutable(field)),
            _ => {}
        }
    }
    if old.kind == CLAIM && bytes(new.text(SIZE)) < bytes(old.text(SIZE)) {
        all.push(Change::LosesData(Loss::Claim(SIZE), Vec::new()));
    }
    all.extend(of_operator(old, new));
    all.extend(database::backups(old, new));
    all.extend(rabbitmq::user(old, new));
    if let Some(change) = replication::change(old, new) {
        all.retain(|known| *known != Change::Immutable(ORDER));
        all.push(change);
    }
    if let Some(field) = kind.replicas
        && let Some(replicas) = old.at(field).and_then(Value::as_u64).filter(|running| *running > 1)
        && new.at(field).is_none()
        && after.autoscaler_of(new).is_some()
    {
        all.push(Change::HandOver { replicas });
    }
    all
}

/// The changes of an object of which an operator makes servers that the operator refuses, ignores, or makes with a loss.
pub(super) fn of_operator(old: &Object, new: &Object) -> Vec<Change> {
    let mut all = Vec::new();
    if let Some(servers) = kinds::servers(&old.api, &old.kind) {
        if bytes(new.text(servers.size)) < bytes(old.text(servers.size)) {
            all.push(Change::LosesData(Loss::Claim(servers.size), Vec::new()));
        }
        if servers.operator == Operator::Strimzi {
            all.extend(kafka::servers(old, new));
        }
    }
    let Some(operated) = kinds::operated(&old.api, &old.kind) else { return all };
    let series = |object: &Object| match operated.release {
        Release::Image(at) => object.text(at).parse::<Image>().ok()?.tag()?.numbers(operated.series),
        Release::Version(at) => object.text(at).parse::<ImageTag>().ok()?.numbers(operated.series),
    };
    let (from, to) = (series(old), series(new));
    if let (Some(from), Some(to)) = (&from, &to)
        && to < from
    {
        let shown = |series: &[u32]| series.iter().map(u32::to_string).collect::<Vec<_>>().join(".");
        all.push(Change::LosesData(Loss::Downgrade { engine: operated.engine, from: shown(from), to: shown(to) }, Vec::new()));
    }
    all.extend(match operated.operator {
        Operator::CloudNativePg => database::changes(old, new),
        Operator::PerconaMongodb => percona::of_mongodb(old, new),
        Operator::PerconaMysql => percona::of_mysql(old, new),
        Operator::Rabbitmq => rabbitmq::changes(old, new).into_iter().collect(),
        Operator::Strimzi => Vec::new(),
    });
    all
}

/// How the claims of a StatefulSet change.
fn claims(old: &Object, new: &Object) -> Option<Change> {
    if old.at(CLAIMS) == new.at(CLAIMS) {
        return None;
    }
    let (before, after) = (by_name(old), by_name(new));
    let (mut lost, mut grown, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    for (name, claim) in before {
        let Some(now) = after.get(name).filter(|now| bytes(size(now)) >= bytes(size(claim))) else {
            lost.push(name.to_owned());
            continue;
        };
        if bytes(size(now)) > bytes(size(claim)) {
            grown.push((name.to_owned(), size(now).to_owned()));
        }
        if without_size(now) != without_size(claim) {
            kept.push(name.to_owned());
        }
    }
    Some(if lost.is_empty() { Change::Claims { grown, kept } } else { Change::LosesData(Loss::Claims(lost), Vec::new()) })
}

/// The claims of a StatefulSet, by name.
fn by_name(object: &Object) -> BTreeMap<&str, &Value> {
    object.items(CLAIMS).iter().filter_map(|claim| Some((claim.pointer("/metadata/name")?.as_str()?, claim))).collect()
}

/// The size of a claim; empty if the claim has none.
fn size(claim: &Value) -> &str {
    claim.pointer(SIZE).and_then(Value::as_str).unwrap_or_default()
}

/// A claim, apart from its size.
fn without_size(claim: &Value) -> Value {
    let mut claim = claim.clone();
    if let Some(size) = claim.pointer_mut(SIZE) {
        size.take();
    }
    claim
}

/// The bytes of a size; 0 for a text that is none.
pub(super) fn bytes(size: &str) -> u64 {
    size.parse::<Quantity>().map(|size| size.bytes()).unwrap_or_default()
}

/// The new object that replaces a removed one in its namespace: another kind of the same name, or the same kind and image under a new name. A claim has
/// no image: any new claim replaces it.
fn successor<'a>(old: &Object, cluster: &'a Cluster) -> Option<&'a Object> {
    if old.kind == CLAIM {
        return added(cluster).find(|object| object.kind == CLAIM && object.namespace == old.namespace);
    }
    if let Some(service) = taken_over(old, cluster) {
        return Some(service);
    }
    let old_image = image(old)?;
    let mut new = added(cluster).filter(|object| object.namespace == old.namespace && runs_pods(object));
    let same_name = new.clone().find(|object| object.name == old.name && object.kind != old.kind);
    same_name.or_else(|| new.find(|object| object.kind == old.kind && image(object).as_deref() == Some(&old_image)))
}

/// The Service that leads out of the cluster now, under the name of a store that ran in it.
fn taken_over<'a>(old: &Object, cluster: &'a Cluster) -> Option<&'a Object> {
    let leads_out = |object: &&Object| object.text("/spec/type") == "ExternalName";
    let service = cluster.after.get("Service", &old.namespace, &old.name).filter(leads_out)?;
    let was_there = cluster.before.get("Service", &old.namespace, &old.name).filter(leads_out).is_some();
    (runs_pods(old) && !was_there).then_some(service)
}

/// The new object of the same kind and name in another namespace.
fn elsewhere<'a>(old: &Object, cluster: &'a Cluster) -> Option<&'a Object> {
    added(cluster).find(|object| object.kind == old.kind && object.name == old.name)
}

/// The objects that a cluster does not run yet.
fn added(cluster: &Cluster) -> impl Iterator<Item = &Object> + Clone {
    let is_new = |object: &&Object| cluster.before.get(&object.kind, &object.namespace, &object.name).is_none();
    cluster.after.objects().iter().filter(is_new)
}

/// The repository of the first container's image: the image without tag and digest.
fn image(object: &Object) -> Option<String> {
    let image = match kinds::operated(&object.api, &object.kind) {
        Some(operated) => match operated.release {
            Release::Image(at) => object.at(at)?.as_str()?,
            Release::Version(_) => operated.engine,
        },
        None => object.at(&format!("{}/spec/containers/0/image", kinds::pod_template(&object.api, &object.kind)?))?.as_str()?,
    };
    let image = image.split('@').next().unwrap_or_default();
    let tag = image.rfind(':').filter(|colon| !image[*colon..].contains('/')).unwrap_or(image.len());
    Some(image[..tag].to_owned())
}

/// The other region of the environment in which a removed object appears, and the object there.
fn moved_to<'c>(old: &Object, from: &Cluster, all: &'c [Cluster]) -> Option<(&'c str, &'c Object)> {
    let mut elsewhere = all.iter().filter(|cluster| cluster.environment == from.environment && cluster.region != from.region);
    elsewhere.find_map(|cluster| {
        let of = |inventory: &'c Inventory| inventory.get(&old.kind, &old.namespace, &old.name);
        Some((cluster.region.as_str(), of(&cluster.after).filter(|_| of(&cluster.before).is_none())?))
    })
}

mod change;
mod database;
mod kafka;
mod percona;
mod rabbitmq;
mod replication;
#[cfg(test)]
mod tests;
