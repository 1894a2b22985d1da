//! Reads policies, labels of namespaces, and the pods of workloads from documents.

use std::collections::BTreeMap;

use super::field::{Fault, Field, Object};
use super::ports::{NamedPort, Protocol};
use super::rules::{Policy, Table};
use super::selector::Labels;
use crate::kinds;
use crate::labels::NAMESPACE_NAME;
use crate::yaml::{self, Node};

/// The namespace of an object that names none.
const DEFAULT_NAMESPACE: &str = "default";

/// The properties of a pod that policies depend on.
#[derive(Clone, Debug, Default)]
pub struct Pod {
    /// The namespace.
    pub namespace: String,
    /// The labels.
    pub labels: Labels,
    /// The container ports with a name.
    pub named_ports: Vec<NamedPort>,
    /// Whether the pod is in the network of its node.
    pub host_network: bool,
}

/// An object that runs pods with the same labels and ports.
#[derive(Clone, Debug)]
pub struct Workload {
    /// The object.
    pub object: Object,
    /// One of its pods.
    pub pod: Pod,
}

/// The objects in the documents of a cluster.
#[derive(Default)]
pub(super) struct Objects {
    pub(super) policies: Vec<Policy>,
    pub(super) namespaces: BTreeMap<String, Labels>,
    pub(super) workloads: Vec<Workload>,
    pub(super) unjudged: Vec<Object>,
}

impl Objects {
    /// Adds an object, or the items of a list of objects.
    pub(super) fn add(&mut self, node: Node<'_>, table: &mut Table) -> Result<(), Fault> {
        let text = |path: &[&str]| node.at(path).and_then(Node::as_str).unwrap_or_default();
        let (version, kind) = (text(&["apiVersion"]), text(&["kind"]));
        let namespace = Some(text(&["metadata", "namespace"])).filter(|name| !name.is_empty()).unwrap_or(DEFAULT_NAMESPACE);
        let name = text(&["metadata", "name"]);
        let object = Object { kind: kind.into(), namespace: namespace.into(), name: name.into() };
        let root = Field::root(&object, node);
        let template = match (version, kind) {
            ("v1", "List") | ("networking.k8s.io/v1", "NetworkPolicyList") => {
                return node.get("items").into_iter().flat_map(Node::items).try_for_each(|item| self.add(item, table));
            }
            ("networking.k8s.io/v1", "NetworkPolicy") => {
                named(&root)?;
                self.policies.push(Policy::read(&root, table)?);
                return Ok(());
            }
            ("v1", "Namespace") => {
                named(&root)?;
                let mut labels = labels(root.get("metadata").as_ref())?;
                labels.insert(NAMESPACE_NAME.into(), object.name.clone());
                self.namespaces.insert(object.name, labels);
                return Ok(());
            }
            // A job makes what it holds.
            ("v1", "ConfigMap") => {
                let texts = node.get("data").into_iter().flat_map(Node::entries).filter_map(|(_, text)| text.as_str());
                for document in texts.filter(|text| kinds::is_operated(text)).flat_map(|text| yaml::read(text).unwrap_or_default()) {
                    self.add(document.root(), table)?;
                }
                return Ok(());
            }
            _ => kinds::pod_template(version, kind),
        };
        if let Some(operated) = kinds::operated(version, kind) {
            named(&root)?;
            let pod = of_operator(&object, &root, operated)?;
            self.workloads.push(Workload { object, pod });
            return Ok(());
        }
        let Some(template) = template else {
            if kind.ends_with("NetworkPolicy") {
                self.unjudged.push(object);
            }
            return Ok(());
        };
        named(&root)?;
        let template = template.split('/').skip(1).try_fold(root, |field, key| field.require(key))?;
        let pod = pod(namespace, &template)?;
        self.workloads.push(Workload { object, pod });
        Ok(())
    }
}

/// Refuses an object without a name, or with a namespace that is not text.
fn named(root: &Field<'_>) -> Result<(), Fault> {
    let metadata = root.require("metadata")?;
    if metadata.require("name")?.text()?.is_empty() {
        return Err(metadata.require("name")?.fault("it is empty"));
    }
    metadata.get("namespace").map_or(Ok(()), |namespace| namespace.text().map(drop))
}

/// A pod that an operator makes of an object.
fn of_operator(object: &Object, root: &Field<'_>, operated: &kinds::Operated) -> Result<Pod, Fault> {
    let mut inherited = operated.inherited.split('/').skip(1);
    let inherited = inherited.try_fold(root.clone(), |field, step| field.get(step).or_else(|| field.item(step)));
    let mut labels = Labels::new();
    for (key, value) in inherited.as_ref().map_or(Ok(Vec::new()), Field::entries)? {
        labels.insert(key.to_owned(), value.text()?.to_owned());
    }
    // Policies select all pods of an object alike.
    let own = operated.labels(&object.name).into_iter().next().into_iter().flatten();
    labels.extend(own.map(|(key, value)| (key.to_owned(), value.to_owned())));
    let named_ports =
        operated.ports.iter().map(|(name, number)| NamedPort { name: (*name).to_owned(), protocol: Protocol::Tcp, number: *number });
    Ok(Pod { namespace: object.namespace.clone(), labels, named_ports: named_ports.collect(), host_network: false })
}

fn pod(namespace: &str, template: &Field<'_>) -> Result<Pod, Fault> {
    let spec = template.require("spec")?;
    let host_network = match spec.get("hostNetwork") {
        Some(field) => field.node.as_bool().ok_or_else(|| field.fault("it is neither true nor false"))?,
        None => false,
    };
    let mut named_ports = Vec::new();
    // Of the init containers, only sidecars (`restartPolicy: Always`) run beside the containers.
    let is_sidecar = |container: &Field<'_>| container.get("restartPolicy").is_some_and(|field| field.node.as_str() == Some("Always"));
    let sidecars = spec.list("initContainers")?.into_iter().filter(is_sidecar);
    for container in spec.list("containers")?.into_iter().chain(sidecars) {
        for port in container.list("ports")? {
            let number = port.require("containerPort")?.port()?;
            let protocol = port.get("protocol").as_ref().map_or(Ok(Protocol::Tcp), Protocol::read)?;
            if let Some(name) = port.get("name") {
                named_ports.push(NamedPort { name: name.text()?.to_owned(), protocol, number });
            }
        }
    }
    Ok(Pod { namespace: namespace.to_owned(), labels: labels(template.get("metadata").as_ref())?, named_ports, host_network })
}

fn labels(metadata: Option<&Field<'_>>) -> Result<Labels, Fault> {
    let Some(labels) = metadata.and_then(|metadata| metadata.get("labels")) else { return Ok(Labels::new()) };
    labels.entries()?.iter().map(|(key, value)| Ok(((*key).to_owned(), value.text()?.to_owned()))).collect()
}
