//! The documents of a region -> what the objects of a GitOps controller say about them: clusters, namespaces, kinds, stages, rollouts.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use crate::guard::IDENTITY_NAMESPACE;
use crate::kinds;
use crate::labels::GITOPS_STAGE;
use crate::model::Region;
use crate::yaml::{Document, Node};

/// What the files of an environment hold, as far as the objects of a controller say so.
#[derive(Debug, Default)]
pub struct Applied {
    /// The groups and kinds of objects of the whole cluster.
    pub(super) cluster_kinds: BTreeSet<(String, String)>,
    /// The groups and kinds of objects in namespaces.
    pub(super) namespaced_kinds: BTreeSet<(String, String)>,
    /// The clusters with their namespaces.
    pub(super) destinations: BTreeSet<(String, String)>,
    /// The regions.
    pub(super) regions: BTreeMap<String, OfRegion>,
}

/// What the files of a region hold.
#[derive(Debug, Default)]
pub(super) struct OfRegion {
    /// The stages that have objects, in their order, each with the objects whose rollouts it waits for.
    pub(super) stages: Vec<(String, BTreeSet<Rolled>)>,
    /// The values of its charts, by the names of their releases.
    pub(super) values: BTreeMap<String, Value>,
}

/// An object whose pods are rolled out.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub(super) struct Rolled {
    pub(super) api: String,
    pub(super) kind: String,
    pub(super) namespace: String,
    pub(super) name: String,
}

impl Applied {
    /// Adds the documents of a region, with the names of all stages in their order and the values of its charts.
    pub fn add<'d>(
        &mut self,
        region: &Region,
        documents: impl IntoIterator<Item = &'d Document>,
        stages: &[String],
        values: BTreeMap<String, Value>,
    ) {
        let cluster = &region.cluster.name;
        let mut found: BTreeMap<String, BTreeSet<Rolled>> = BTreeMap::new();
        self.destinations.insert((cluster.clone(), IDENTITY_NAMESPACE.to_owned()));
        for document in documents {
            let text = |path: &[&str]| document.root().at(path).and_then(Node::as_str).unwrap_or_default().to_owned();
            let (api, kind, namespace) = (text(&["apiVersion"]), text(&["kind"]), text(&["metadata", "namespace"]));
            let of = (api.split_once('/').map_or("", |(group, _)| group).to_owned(), kind.clone());
            if namespace.is_empty() {
                self.cluster_kinds.insert(of);
            } else {
                self.namespaced_kinds.insert(of);
                self.destinations.insert((cluster.clone(), namespace.clone()));
            }
            let rolled = found.entry(text(&["metadata", "annotations", GITOPS_STAGE])).or_default();
            let runs = kinds::pod_template(&api, &kind).is_some() && !["CronJob", "Job"].contains(&kind.as_str());
            if runs || kinds::operated(&api, &kind).is_some() {
                rolled.insert(Rolled { api, kind, namespace, name: text(&["metadata", "name"]) });
            }
        }
        let stages = stages.iter().filter_map(|stage| Some((stage.clone(), found.remove(stage)?))).collect();
        self.regions.insert(region.name.to_string(), OfRegion { stages, values });
    }
}
