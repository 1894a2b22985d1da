//! A region of an environment as a kind cluster on a desktop.

use super::{Platform, Region, Weight};
use crate::value::{Name, Quantity, truncate_with_hash};
use std::collections::BTreeMap;

/// The longest name of a kind cluster: its nodes are containers, whose names end with `-control-plane` and have 63 characters at most.
const CLUSTER: usize = 49;

/// What the containers of a kind cluster may take of a laptop, all nodes together.
#[derive(Clone, Debug)]
pub struct Desk {
    /// Processors.
    pub cpus: Quantity,
    /// Memory.
    pub memory: Quantity,
}

/// A region on a desktop: everything that becomes different there, one change after the other.
#[derive(Clone, Debug)]
pub struct Desktop {
    /// The name of the kind cluster.
    pub name: String,
    /// The changes in their order, at least one.
    pub steps: Vec<Step>,
    /// The nodes beside the control plane.
    pub workers: Vec<Worker>,
    /// The services outside of the cluster that stay where they are: the name in the spec, and who calls them.
    pub outside: BTreeMap<String, Vec<String>>,
}

/// A change on the way from an environment to a desktop.
#[derive(Clone, Debug)]
pub struct Step {
    /// Why a desktop is different there, a sentence.
    pub reason: String,
    /// How much the difference matters.
    pub weight: Weight,
    /// The platform after it, with one region.
    pub platform: Platform,
}

/// A worker node.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Worker {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its taints: key, value, and effect as in Kubernetes.
    pub taints: Vec<(String, String, &'static str)>,
}

/// A port of the laptop that leads to the proxies of a Gateway.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HostPort {
    /// The Gateway.
    pub gateway: &'static str,
    /// The port of the Gateway.
    pub port: u16,
    /// The port of every node.
    pub node: u16,
    /// The port of the laptop.
    pub host: u16,
}

impl Desktop {
    /// The name of the kind cluster of a region.
    pub fn name(region: &Region) -> String {
        truncate_with_hash(&region.cluster.name, CLUSTER)
    }

    /// What the environment of a desktop has behind the name of its environment. No name in a spec has a dot.
    pub const ENDING: &str = ".desktop";

    /// What a desktop of an environment says its environment is.
    pub fn identity(environment: &Name) -> String {
        format!("{environment}{}", Desktop::ENDING)
    }

    /// The platform and its region as they are on the desktop.
    pub fn result(&self) -> Option<(&Platform, &Region)> {
        let platform = &self.steps.last()?.platform;
        Some((platform, platform.regions.values().next()?))
    }
}
