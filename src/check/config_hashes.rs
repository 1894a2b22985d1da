//! The name of a ConfigMap ends with a hash over its environment, its owner and its content, so that a change of content is a rollout.

use super::context::RegionContext;
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;
use crate::inventory::Object;
use crate::model::Workload;
use sha2::{Digest, Sha256};

pub(super) const RULE: Rule = Rule { codes: &[Code::HashMismatch], judge: Judge::Region(judge), loosens: true };

fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    let environment = context.platform.environment.as_str();
    for map in context.tree.inventory.of_kind("ConfigMap") {
        let Some(workload) = context.workload_of(map) else { continue };
        if !hashes(environment, workload, map).iter().any(|hash| map.name.ends_with(hash)) {
            let message = format!("the content of `{}` does not match the hash in its name", map.id());
            let help = "bring the file back with `platgen render --force=FILE`, and change the content in the spec: pods then restart with a new ConfigMap";
            found.push(Finding::new(Code::HashMismatch, map, "/data", message, help));
        }
    }
}

/// The ends of names that the content of a map may have: for the variables and the files of each container, and for the authority of a certificate.
fn hashes(environment: &str, workload: &Workload, map: &Object) -> Vec<String> {
    let containers = std::iter::once(&workload.main).chain(&workload.init).chain(&workload.sidecars);
    let entries = ["/data", "/binaryData"].into_iter().filter_map(|place| map.at(place)?.as_object());
    let entries: Vec<&str> = entries.flatten().flat_map(|(key, value)| [key.as_str(), value.as_str().unwrap_or_default()]).collect();
    let hash = |container: &str, what: &str| {
        let own = container == workload.main.name.as_str();
        let prefix = if own { format!("{}-{what}", workload.name) } else { format!("{}-{container}-{what}", workload.name) };
        let owner = [environment, &prefix, workload.namespace.as_str(), workload.name.as_str(), container];
        format!("-{}", digest(owner.into_iter().chain(entries.iter().copied())))
    };
    containers.flat_map(|container| ["config", "files", "authority"].map(|what| hash(container.name.as_str(), what))).collect()
}

/// The first ten hexadecimal digits of a hash over parts, each with its length before it. It is written here once more, so that names are held to
/// their promise and not to the renderer.
fn digest<'p>(parts: impl Iterator<Item = &'p str>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().take(5).map(|byte| format!("{byte:02x}")).collect()
}
