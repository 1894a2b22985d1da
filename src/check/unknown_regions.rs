//! Every folder of Kubernetes files belongs to a region of the spec.

use super::{Finding, Judge, Rule, Tree, folder};
use crate::diagnostic::Code;
use crate::model::Estate;
use std::collections::BTreeMap;

pub(super) const RULE: Rule = Rule { codes: &[Code::UnknownRegion], judge: Judge::Estate(judge), loosens: false };

fn judge(estate: &Estate, tree: &Tree, found: &mut Vec<Finding>) {
    let mut folders: BTreeMap<String, &str> = BTreeMap::new();
    for path in tree.keys() {
        if let ["kubernetes", environment, region, _] = path.splitn(4, '/').collect::<Vec<_>>()[..] {
            let known = estate.environments.get(environment).is_some_and(|platform| platform.regions.contains_key(region));
            if !known {
                folders.entry(folder(environment, region)).or_insert(path);
            }
        }
    }
    for (folder, file) in folders {
        let message = format!("`{folder}` belongs to no region of the spec, and its objects may still run");
        let help = "delete the objects from the cluster and remove the folder, or declare the environment and region again";
        found.push(Finding { object: folder, ..Finding::of_file(Code::UnknownRegion, file, 1, message, help) });
    }
}
