//! The files of regions before and after -> regions whose nodes pull copies of images from now on, and regions whose copies go.
//!
//! The README.md of a region has the order of application for a region that is new, or that goes on as it is.

use crate::diagnostic::wording::Count;
use crate::diagnostic::{Code, Diagnostic};
use crate::hcl::Block;
use crate::layers::{FOLDER, Layer, Scope};
use serde_json::Value;
use std::collections::BTreeMap;

/// A file that a render changes.
#[derive(Clone, Copy, Debug)]
pub struct File<'f> {
    /// Relative to the output folder.
    pub path: &'f str,
    /// The text that is there.
    pub before: Option<&'f str>,
    /// The text from now on.
    pub after: Option<&'f str>,
}

/// A region that runs, and whose nodes pull images from elsewhere from now on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Turned {
    /// The environment.
    pub environment: String,
    /// The region.
    pub region: String,
    /// From where.
    pub change: Change,
}

/// Where nodes pull images from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Change {
    /// From copies, which do not exist yet.
    ToCopies,
    /// From where the images come from.
    FromCopies {
        /// The repositories with the copies.
        repositories: usize,
        /// Whether Terraform deletes a repository with the images in it.
        deletes: bool,
        /// Whether the network changes, such as the way to other registries.
        network: bool,
    },
}

/// The regions whose nodes pull from elsewhere. A region that leaves goes with its copies, and is none of them.
pub fn turned(files: &[File<'_>]) -> Vec<Turned> {
    let mut regions: BTreeMap<(&str, &str), Vec<File<'_>>> = BTreeMap::new();
    for file in files {
        let mut parts = file.path.split('/');
        if let (Some("kubernetes" | FOLDER), Some(environment), Some(region)) = (parts.next(), parts.next(), parts.next()) {
            regions.entry((environment, region)).or_default().push(*file);
        }
    }
    let turned = |((environment, region), files): ((&str, &str), Vec<File<'_>>)| {
        let manifests = format!("kubernetes/{environment}/{region}/");
        let root = |layer| format!("{FOLDER}/{}/", Scope::region(environment, region).path(layer));
        let find = |folder: &str, name: &str| files.iter().find(|file| file.path.strip_prefix(folder) == Some(name));
        let any = |folder: &str| files.iter().any(|file| file.before.is_some() && file.path.starts_with(folder));
        let script = find(&manifests, "mirror.sh")?;
        let change = match (script.before, script.after) {
            (None, Some(_)) if any(&manifests) => Change::ToCopies,
            (Some(_), None) => {
                let cluster = root(Layer::Cluster);
                let locals = find(&cluster, "locals.tf").filter(|file| file.after.is_some())?;
                let registry = find(&cluster, "registry.tf").and_then(|file| file.before).unwrap_or_default();
                Change::FromCopies {
                    repositories: repositories(locals.before.unwrap_or_default()),
                    deletes: deletes(registry),
                    network: any(&root(Layer::Network)),
                }
            }
            _ => return None,
        };
        Some(Turned { environment: environment.to_owned(), region: region.to_owned(), change })
    };
    regions.into_iter().filter_map(turned).collect()
}

/// The number of repositories that a cluster root names.
fn repositories(locals: &str) -> usize {
    let locals = Block::read(locals).unwrap_or_default();
    locals.inside("locals").filter_map(|block| block.get("repositories").as_array()).map(Vec::len).sum()
}

/// Whether a cluster root deletes repositories with the images in them.
fn deletes(registry: &str) -> bool {
    Block::read(registry).unwrap_or_default().inside("resource").any(|block| block.get("force_delete") == &Value::Bool(true))
}

/// The finding about each region. `loses_way` says whether a region has nodes that reach other registries today, and no more with copies.
pub fn findings(turned: &[Turned], loses_way: impl Fn(&str, &str) -> bool) -> Vec<Diagnostic> {
    let finding = |one: &Turned| {
        let Turned { environment, region, change } = one;
        let folder = format!("kubernetes/{environment}/{region}");
        let (message, help) = match change {
            Change::ToCopies if !loses_way(environment, region) => return None,
            Change::ToCopies => (
                format!(
                    "nodes of isolated subnets of `{environment}/{region}` lose the way to other registries with the apply of `network`, before copies exist"
                ),
                format!("apply in this order, once: the root `cluster`, `sh {folder}/mirror.sh`, the manifests, the root `network`"),
            ),
            Change::FromCopies { repositories: 0, .. } => return None,
            Change::FromCopies { repositories, deletes, network } => {
                let fate = if *deletes { "deletes with the images in them" } else { "can't delete while they hold images" };
                let count = Count(*repositories, "repository");
                let network = if *network { "the root `network`, " } else { "" };
                let by_hand = match deletes {
                    true => String::new(),
                    false => format!(
                        "`aws ecr delete-repository --region {region} --force --repository-name NAME` for each repository in the plan of `cluster`, then "
                    ),
                };
                (
                    format!("pods of `{environment}/{region}` run images of {count} that the apply of `cluster` {fate}"),
                    format!("apply in this order, once: {network}the manifests, and after the rollout {by_hand}the root `cluster`"),
                )
            }
        };
        let mut finding = Diagnostic::new(Code::NotInPlace, message).subject(folder).help(help);
        finding.environments.push(environment.clone());
        Some(finding)
    };
    turned.iter().filter_map(finding).collect()
}
