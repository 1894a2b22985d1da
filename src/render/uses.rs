//! The rendered documents of a region -> the names of everything that they use, and of the objects to wait for.
//!
//! Read from the documents and not from the model, so that patches and raw manifests count as well.

use std::collections::{BTreeMap, BTreeSet};

use crate::kinds::{self, Operated};
use crate::kubernetes::Tree;
use crate::labels::{IAM_ROLE, RESTARTED_BY, WORKLOAD};
use crate::yaml::{Document, Node};

/// The namespace and the name of an object.
type Place = (String, String);

/// A value of the secret manager.
#[derive(Debug, Default)]
pub(super) struct Secret {
    /// The keys of it that are read; empty if all are.
    pub(super) keys: BTreeSet<String>,
    /// The entries of Secrets whose text is the whole value.
    pub(super) texts: BTreeSet<String>,
    /// The namespaces of the ExternalSecrets that read it.
    pub(super) namespaces: BTreeSet<String>,
    /// `namespace/workload` of each reader.
    pub(super) readers: BTreeSet<String>,
}

/// An object whose pods are rolled out.
#[derive(Debug)]
pub(super) struct Rollout {
    /// The file, below the folder of the region.
    pub(super) file: String,
    /// The namespace.
    pub(super) namespace: String,
    /// `deployment/NAME`, as kubectl takes it.
    pub(super) object: String,
    /// The operator that rolls the pods out and says in the object when they are ready.
    pub(super) operated: Option<&'static Operated>,
}

/// Everything that the documents of a region use.
#[derive(Debug, Default)]
pub(super) struct Uses {
    /// The kinds of all documents, by `apiVersion`.
    pub(super) apis: BTreeMap<String, BTreeSet<String>>,
    /// The namespaces that are made, by file.
    pub(super) made: BTreeMap<String, BTreeSet<String>>,
    /// The namespaces of all objects.
    pub(super) namespaces: BTreeSet<String>,
    /// The classes of the Gateways.
    pub(super) classes: BTreeSet<String>,
    /// Those of them that the files make.
    pub(super) served: BTreeSet<String>,
    /// The Gateways.
    pub(super) gateways: BTreeSet<Place>,
    /// The Secrets with the certificates of the Gateways, with the names of these Gateways.
    pub(super) certificates: BTreeMap<Place, BTreeSet<String>>,
    /// The Secrets with certificates that cert-manager makes.
    pub(super) issued: BTreeSet<Place>,
    /// The hosts, by the Gateway that they are reached through, with the files of their routes.
    pub(super) hosts: BTreeMap<(String, Place), BTreeSet<String>>,
    /// The listeners for connections without a host, with the files of their routes.
    pub(super) listeners: BTreeMap<(String, Place), BTreeSet<String>>,
    /// Whether proxies refuse clients by their addresses.
    pub(super) refuses_clients: bool,
    /// The values of the secret manager, by path.
    pub(super) secrets: BTreeMap<String, Secret>,
    /// The roles of AWS that service accounts take, with the namespaces of these accounts.
    pub(super) roles: BTreeMap<String, BTreeSet<String>>,
    /// The classes of volumes; none is the default class.
    pub(super) storage: BTreeSet<Option<String>>,
    /// The drivers of the classes of volumes that documents make, by the name of the class.
    pub(super) drivers: BTreeMap<String, String>,
    /// Whether changes of Secrets restart pods.
    pub(super) restarted: bool,
    /// Whether an autoscaler is among them.
    pub(super) autoscaled: bool,
    /// The objects to wait for, in the order of their files.
    pub(super) rollouts: Vec<Rollout>,
}

impl Uses {
    /// Reads the documents of a region.
    pub(super) fn of(tree: &Tree) -> Uses {
        let mut uses = Uses::default();
        for (file, documents) in tree {
            documents.iter().for_each(|document| uses.add(file, document));
        }
        uses
    }

    /// The namespaces that objects stand in and no document makes.
    pub(super) fn foreign_namespaces(&self) -> BTreeSet<&String> {
        let made: BTreeSet<&String> = self.made.values().flatten().collect();
        self.namespaces.iter().filter(|namespace| !made.contains(namespace)).collect()
    }

    /// The API versions that Kubernetes itself does not have, with their kinds.
    pub(super) fn foreign_apis(&self) -> impl Iterator<Item = (&String, &BTreeSet<String>)> {
        self.apis.iter().filter(|(api, _)| !kinds::is_built_in(api))
    }

    fn add(&mut self, file: &str, document: &Document) {
        let text = |path: &[&str]| document.root().at(path).and_then(Node::as_str).unwrap_or_default().to_owned();
        let (kind, name, namespace) = (text(&["kind"]), text(&["metadata", "name"]), text(&["metadata", "namespace"]));
        self.apis.entry(text(&["apiVersion"])).or_default().insert(kind.clone());
        if !namespace.is_empty() {
            self.namespaces.insert(namespace.clone());
        }
        self.restarted |= document.root().at(&["metadata", "annotations", RESTARTED_BY]).is_some();
        if let Some(servers) = kinds::servers(&text(&["apiVersion"]), &kind) {
            self.storage.insert(class(document.root(), servers.class));
        }
        if let Some(operated) = kinds::operated(&text(&["apiVersion"]), &kind) {
            let object = format!("{}/{name}", operated.resource);
            self.rollouts.push(Rollout { file: file.to_owned(), namespace, object, operated: Some(operated) });
            return;
        }
        match kind.as_str() {
            "Namespace" => _ = self.made.entry(file.to_owned()).or_default().insert(name),
            "Deployment" | "StatefulSet" | "DaemonSet" => {
                let claims = document.root().at(&["spec", "volumeClaimTemplates"]);
                self.storage.extend(claims.into_iter().flat_map(Node::items).map(|claim| word(claim, &["spec", "storageClassName"])));
                let object = format!("{}/{name}", kind.to_ascii_lowercase());
                self.rollouts.push(Rollout { file: file.to_owned(), namespace, object, operated: None });
            }
            "PersistentVolumeClaim" => _ = self.storage.insert(word(document.root(), &["spec", "storageClassName"])),
            "StorageClass" => _ = self.drivers.insert(name, text(&["provisioner"])),
            "HorizontalPodAutoscaler" => self.autoscaled = true,
            "Gateway" => {
                self.classes.insert(text(&["spec", "gatewayClassName"]));
                let listeners = document.root().at(&["spec", "listeners"]).into_iter().flat_map(Node::items);
                let certificates = listeners.filter_map(|one| one.at(&["tls", "certificateRefs"])).flat_map(Node::items);
                for certificate in certificates {
                    let Some(secret) = word(certificate, &["name"]) else { continue };
                    let place = (word(certificate, &["namespace"]).unwrap_or_else(|| namespace.clone()), secret);
                    self.certificates.entry(place).or_default().insert(name.clone());
                }
                self.gateways.insert((namespace, name));
            }
            "HTTPRoute" | "GRPCRoute" | "TLSRoute" | "TCPRoute" => {
                let items = |key| document.root().at(&["spec", key]).into_iter().flat_map(Node::items);
                for parent in items("parentRefs") {
                    let Some(gateway) = word(parent, &["name"]) else { continue };
                    let place = (word(parent, &["namespace"]).unwrap_or_else(|| namespace.clone()), gateway);
                    for host in items("hostnames").filter_map(Node::as_str) {
                        self.hosts.entry((host.to_owned(), place.clone())).or_default().insert(file.to_owned());
                    }
                    if let ("TCPRoute", Some(listener)) = (kind.as_str(), word(parent, &["sectionName"])) {
                        self.listeners.entry((listener, place)).or_default().insert(file.to_owned());
                    }
                }
            }
            "Certificate" => {
                self.issued.extend(word(document.root(), &["spec", "secretName"]).map(|secret| (namespace, secret)));
            }
            "GatewayClass" => _ = self.served.insert(name),
            "SecurityPolicy" => self.refuses_clients = true,
            "ServiceAccount" => {
                if let Some(role) = word(document.root(), &["metadata", "annotations", IAM_ROLE]) {
                    self.roles.entry(role).or_default().insert(namespace);
                }
            }
            "ExternalSecret" => {
                let reader = word(document.root(), &["metadata", "labels", WORKLOAD]).unwrap_or(name);
                let items = |key| document.root().at(&["spec", key]).into_iter().flat_map(Node::items);
                let values = items("data").map(|value| (value, "remoteRef")).chain(items("dataFrom").map(|value| (value, "extract")));
                for (value, source) in values {
                    let Some(path) = word(value, &[source, "key"]) else { continue };
                    let secret = self.secrets.entry(path).or_default();
                    match word(value, &[source, "property"]) {
                        Some(key) => _ = secret.keys.insert(key),
                        None => secret.texts.extend(word(value, &["secretKey"])),
                    }
                    secret.readers.insert(format!("{namespace}/{reader}"));
                    secret.namespaces.insert(namespace.clone());
                }
            }
            _ => (),
        }
    }
}

/// The class of volumes at a JSON pointer, of which a part may be the first item of a list.
fn class(root: Node, pointer: &str) -> Option<String> {
    let mut parts = pointer.split('/').skip(1);
    let node = parts.try_fold(root, |node, part| if part == "0" { node.items().next() } else { node.at(&[part]) })?;
    node.as_str().map(str::to_owned)
}

/// The text at a path below a node.
fn word(node: Node, path: &[&str]) -> Option<String> {
    node.at(path).and_then(Node::as_str).map(str::to_owned)
}
