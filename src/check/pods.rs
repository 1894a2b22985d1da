//! Closed-world rules about pods: what their parts name inside the pod, which images they pull, and whether any node takes them.

use super::Finding;
use super::scene::Scene;
use crate::diagnostic::Code;
use crate::facts;
use crate::inventory::{Object, PodTemplate, Selector};
use crate::model::Pool;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A key of an isolated subnet's taint, and of the label that every node has with the name of its subnet.
const SUBNET: &str = "platgen.io/subnet";

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn each<'s>(scene: &'s Scene) -> impl Iterator<Item = (&'s Object, &'s PodTemplate, &'s Value)> {
    scene.inventory.pods().iter().filter_map(|pod| {
        let object = scene.inventory.owner(pod);
        Some((object, pod, object.at(&pod.spec())?))
    })
}

pub(super) fn judge(scene: &Scene, found: &mut Vec<Finding>) {
    for (object, _, spec) in each(scene) {
        let mut tell = |rule, message: String, help: &str| found.push(scene.finding(rule, object, message, help));
        let id = object.id();
        let claims = object.items("/spec/volumeClaimTemplates").iter().map(|claim| text(claim, "/metadata/name"));
        let volumes: Vec<&str> = list(spec, "volumes").iter().map(|volume| text(volume, "/name")).collect();
        let known: BTreeSet<&str> = volumes.iter().copied().chain(claims).collect();
        let containers: Vec<&Value> = list(spec, "initContainers").iter().chain(list(spec, "containers")).collect();
        let mut twice = |what: &str, names: &[&str]| {
            let mut seen = BTreeSet::new();
            if let Some(name) = names.iter().find(|name| !name.is_empty() && !seen.insert(**name)) {
                tell(Code::DuplicateName, format!("`{id}` has two {what} `{name}`"), "rename one of them");
            }
        };
        twice("volumes", &volumes);
        twice("containers", &containers.iter().map(|container| text(container, "/name")).collect::<Vec<_>>());
        for container in &containers {
            let names = |key: &str, field: &str| list(container, key).iter().map(|item| text(item, field)).collect::<Vec<_>>();
            twice("variables", &names("env", "/name"));
            twice("mounts at", &names("volumeMounts", "/mountPath"));
            twice("ports", &names("ports", "/name"));
        }
        for container in &containers {
            let name = text(container, "/name");
            for mount in list(container, "volumeMounts").iter().filter(|mount| !known.contains(text(mount, "/name"))) {
                let message = format!("the container `{name}` of `{id}` mounts the volume `{}`, which is not there", text(mount, "/name"));
                tell(Code::MissingVolume, message, "declare the volume, or mount one that is declared");
            }
            let image = text(container, "/image");
            if let Some(fault) = unpinned(image) {
                tell(Code::UnpinnedImage, format!("the container `{name}` of `{id}` has {fault}"), "name a version or a digest");
            }
            for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
                for action in ["httpGet", "tcpSocket"] {
                    let port = text(container, &format!("/{probe}/{action}/port"));
                    if !port.is_empty() && !list(container, "ports").iter().any(|known| text(known, "/name") == port) {
                        let message =
                            format!("the `{probe}` of the container `{name}` of `{id}` asks the port `{port}`, which it does not have");
                        tell(Code::MissingPort, message, "name a port of the container");
                    }
                }
            }
        }
    }
    services(scene, found);
}

/// Containers without a limit of memory, where the namespace gives none either.
pub(super) fn memory(scene: &Scene, found: &mut Vec<Finding>) {
    let gives = |object: &&Object| object.items("/spec/limits").iter().any(|limit| limit.pointer("/default/memory").is_some());
    let given: BTreeSet<&str> = scene.inventory.of_kind("LimitRange").filter(gives).map(|object| object.namespace.as_str()).collect();
    for (object, _, spec) in each(scene).filter(|(object, ..)| !given.contains(object.namespace.as_str())) {
        let unlimited = |container: &&Value| container.pointer("/resources/limits/memory").is_none();
        for container in list(spec, "initContainers").iter().chain(list(spec, "containers")).filter(unlimited) {
            let message = format!("the container `{}` of `{}` has no limit of memory", text(container, "/name"), object.id());
            found.push(scene.finding(Code::NoMemoryLimit, object, message, "give it `resources.limits.memory`"));
        }
    }
}

/// What is wrong with an image's version.
fn unpinned(image: &str) -> Option<String> {
    let (name, digest) = image.split_once('@').map_or((image, None), |(name, digest)| (name, Some(digest)));
    let tag = name.rsplit('/').next().and_then(|last| last.split_once(':')).map(|(_, tag)| tag);
    match (image, digest, tag) {
        ("", ..) => Some("no image".to_owned()),
        (_, Some(_), _) => None,
        (_, None, None | Some("")) => Some(format!("the image `{image}` without a version")),
        (_, None, Some("latest")) => Some(format!("the image `{image}`")),
        _ => None,
    }
}

/// The ports that Services lead to.
fn services(scene: &Scene, found: &mut Vec<Finding>) {
    for object in scene.inventory.of_kind("Service") {
        let Some(selector) = object.at("/spec/selector").map(Selector::of_labels).filter(|selector| !selector.is_everything()) else {
            continue;
        };
        let pods = scene.inventory.selected(&object.namespace, &selector);
        for port in object.items("/spec/ports") {
            let Some(target) = port.get("targetPort").or(port.get("port")) else { continue };
            let lacks = pods.iter().filter_map(|number| scene.inventory.pods().get(*number)).find(|pod| !has_port(scene, pod, target));
            if let Some(pod) = lacks {
                let owner = scene.inventory.owner(pod).id();
                let shown = target.as_str().map_or_else(|| target.to_string(), str::to_owned);
                let message = format!("`{}` leads to the port `{shown}`, which the pods of `{owner}` do not have", object.id());
                found.push(scene.finding(Code::MissingPort, object, message, "name a port of their containers"));
            }
        }
    }
}

/// Whether some container of the pod has the port, by number or name.
pub(super) fn has_port(scene: &Scene, pod: &PodTemplate, port: &Value) -> bool {
    let Some(spec) = scene.inventory.owner(pod).at(&pod.spec()) else { return false };
    let mut ports = list(spec, "containers").iter().chain(list(spec, "initContainers")).flat_map(|container| list(container, "ports"));
    ports.any(|known| known.get(if port.is_string() { "name" } else { "containerPort" }) == Some(port))
}

/// Whether a pool of nodes takes each pod. What a cluster without pools of ours has is not known.
pub(super) fn placement(scene: &Scene, found: &mut Vec<Finding>) {
    let nodes: Vec<Node> = scene.region.cluster.pools.iter().map(|pool| Node::of(scene, pool)).collect();
    if nodes.is_empty() {
        return;
    }
    for (object, _, spec) in each(scene) {
        let tolerations = list(spec, "tolerations");
        let wanted = requirements(spec);
        let fitting: Vec<&Node> = nodes.iter().filter(|node| wanted.is_empty() || wanted.iter().any(|term| node.has(term))).collect();
        let open = fitting.iter().any(|node| node.taints.iter().all(|taint| tolerations.iter().any(|known| tolerates(known, taint))));
        if !open && object.kind != "DaemonSet" {
            let why = if fitting.is_empty() {
                "asks for labels that no pool has"
            } else {
                "is kept out by the taints of every pool with the labels it asks for"
            };
            let help = "mend `subnet`, `pool`, `arch` or the taints of the pools";
            found.push(scene.finding(Code::Unschedulable, object, format!("`{}` {why}", object.id()), help));
        }
        let idle = tolerations.iter().find(|known| !nodes.iter().flat_map(|node| &node.taints).any(|taint| tolerates(known, taint)));
        if let Some(idle) = idle.filter(|idle| !text(idle, "/key").starts_with("node.kubernetes.io/")) {
            let message = format!("`{}` tolerates the taint `{}`, which no pool has", object.id(), text(idle, "/key"));
            found.push(scene.finding(Code::UnknownTaint, object, message, "remove it, or declare the taint on the pool"));
        }
    }
}

/// What the scheduler knows of a pool's nodes.
struct Node {
    labels: BTreeMap<String, String>,
    taints: Vec<(String, String, String)>,
}

impl Node {
    fn of(scene: &Scene, pool: &Pool) -> Node {
        let mut labels = pool.labels.clone();
        labels.insert(SUBNET.to_owned(), pool.subnet.to_string());
        labels.insert("platgen.io/pool".to_owned(), pool.name.to_string());
        labels.insert("kubernetes.io/os".to_owned(), "linux".to_owned());
        if let Some(machine) = facts::machine(scene.region.provider, &pool.machine) {
            labels.insert("kubernetes.io/arch".to_owned(), machine.architecture.name().to_owned());
        }
        let mut taints: Vec<_> =
            pool.taints.iter().map(|(key, value, effect)| (key.clone(), value.clone(), (*effect).to_owned())).collect();
        let subnets = scene.region.network.iter().flat_map(|network| &network.subnets);
        if subnets.into_iter().any(|subnet| subnet.name == pool.subnet && subnet.isolated) {
            taints.push((SUBNET.to_owned(), pool.subnet.to_string(), "NoSchedule".to_owned()));
        }
        taints.retain(|(_, _, effect)| effect != "PreferNoSchedule");
        Node { labels, taints }
    }

    /// Whether a node can meet every condition. Zones, names and the like are given to nodes by the cloud.
    fn has(&self, term: &[(String, bool, Vec<String>)]) -> bool {
        term.iter().all(|(key, wanted, values)| match self.labels.get(key) {
            Some(label) => (values.is_empty() || values.contains(label)) == *wanted,
            None if key == "kubernetes.io/arch" || key.starts_with("topology.") || key == "kubernetes.io/hostname" => true,
            None => !wanted,
        })
    }
}

/// The alternatives of what a pod asks of its node; each is a list of conditions. None: any node.
fn requirements(spec: &Value) -> Vec<Vec<(String, bool, Vec<String>)>> {
    let selector = spec.get("nodeSelector").map(|value| Selector::of_labels(value).equal).unwrap_or_default();
    let own: Vec<_> = selector.into_iter().map(|(key, value)| (key, true, vec![value])).collect();
    let terms = spec.pointer("/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms");
    let terms = terms.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if terms.is_empty() {
        return if own.is_empty() { Vec::new() } else { vec![own] };
    }
    terms.iter().map(|term| own.iter().cloned().chain(Selector::of(term).among).collect()).collect()
}

fn tolerates(toleration: &Value, (key, value, effect): &(String, String, String)) -> bool {
    let said = |field: &str| Some(text(toleration, field)).filter(|text| !text.is_empty());
    let exists = said("/operator") == Some("Exists");
    said("/effect").is_none_or(|said| said == effect)
        && said("/key").map_or(exists, |said| said == key)
        && (exists || text(toleration, "/value") == value)
}
