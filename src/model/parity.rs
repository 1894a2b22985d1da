//! What is different from an environment in another place, such as a desktop, by how much it matters there.

use serde::Serialize;
use serde_json::Value;

/// How much a difference matters to whoever tests in the other place, the heaviest first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// What is written, confirmed, kept and restored.
    Data,
    /// Who reaches whom.
    Isolation,
    /// Who may do what.
    Access,
    /// What runs, and how it is set.
    Behavior,
    /// How much runs, and where.
    Capacity,
    /// What no test is about.
    Convenience,
}

impl Weight {
    /// All, the heaviest first.
    pub const ALL: [Weight; 6] = [Weight::Data, Weight::Isolation, Weight::Access, Weight::Behavior, Weight::Capacity, Weight::Convenience];

    /// Its name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Weight::Data => "data",
            Weight::Isolation => "isolation",
            Weight::Access => "access",
            Weight::Behavior => "behavior",
            Weight::Capacity => "capacity",
            Weight::Convenience => "convenience",
        }
    }

    /// What differs, in words.
    pub fn about(self) -> &'static str {
        match self {
            Weight::Data => "what is written, confirmed, kept and restored",
            Weight::Isolation => "who reaches whom",
            Weight::Access => "who may do what: people, pods and secrets",
            Weight::Behavior => "what runs: images, versions and settings",
            Weight::Capacity => "how much runs, and where: pods, requests, nodes and zones",
            Weight::Convenience => "how it is called, reached and watched",
        }
    }
}

/// What is different on a desktop.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Parity {
    /// The environment.
    pub environment: String,
    /// Its region.
    pub region: String,
    /// The name of the kind cluster.
    pub desktop: String,
    /// Every difference: first those of the cluster, then those of the objects by their reasons.
    pub differences: Vec<Unlike>,
    /// The services that stay outside of the cluster.
    pub outside: Vec<Outside>,
}

/// Something that is different on a desktop.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unlike {
    /// How much it matters: the heaviest of its reasons.
    pub weight: Weight,
    /// The kind of the object; `cluster` for what is no object.
    pub kind: String,
    /// The object, as `namespace/name`; a part of the cluster.
    pub object: String,
    /// The field; `None` for what is different as a whole.
    pub field: Option<Field>,
    /// The value in the environment. Absent where it has none; of a list, the items that the desktop lacks.
    pub environment: Option<Value>,
    /// The value on the desktop. Absent where it has none; of a list, the items that the environment lacks.
    pub desktop: Option<Value>,
    /// Why, in sentences. A difference without one is a fault of this program.
    pub reasons: Vec<String>,
}

/// A field of an object.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Field {
    /// The path, such as `spec.replicas`.
    pub path: String,
    /// Whether it is a list of which only the items that differ are told.
    pub items: bool,
}

/// A service outside of a desktop.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Outside {
    /// Its name in the spec.
    pub service: String,
    /// The workloads that call it, as `namespace/name`.
    pub callers: Vec<String>,
}

impl Unlike {
    /// Whether it is a part of the cluster, and no object.
    pub fn is_of_cluster(&self) -> bool {
        self.kind == CLUSTER
    }
}

/// The kind of what is no object.
pub const CLUSTER: &str = "cluster";
