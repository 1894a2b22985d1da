//! What a change of regions or zones touches: the roots and the addresses of everything else stay as they are.

use std::collections::{BTreeMap, BTreeSet};

use super::program::{Project, tree};

const SPEC: &str = "apiVersion: platgen/v1
platform: {name: shop, owner: sre, domain: shop.example}
cloud: {provider: aws, accounts: {beta: \"111111111111\", production: \"222222222222\"}, state: {region: eu-west-1}}
regions: {eu-west-1: {zones: 2}, eu-central-1: {zones: 3}, eu-north-1: {zones: 3}}
environments:
  beta: {regions: [eu-west-1]}
  production: {regions: [eu-west-1, eu-central-1], protected: true}
network: {subnets: {general: {default: true}, payments: {isolated: true}, data: {egress: none}}}
access: {groups: {sre: {id: platform-admin, role: admin}}}
teams: {sre: {group: sre}}
namespaces: {shop: {owner: sre}}
apps:
  web: {image: \"registry.example/web:v1\", port: 8080, probes: {ready: /r}, expose: \"@\"}
";

/// The output's files before and after an edit of the spec, without manifests, and the lines of the lock.
struct Change {
    before: BTreeMap<String, Vec<u8>>,
    after: BTreeMap<String, Vec<u8>>,
    lock: [BTreeSet<String>; 2],
}

impl Change {
    fn of(from: &str, to: &str) -> Change {
        let project = Project::new();
        project.write("platform.yaml", SPEC);
        let state = || {
            project.run(&["render"]).exits(0);
            let mut files = tree(&project.at("deploy"));
            files.retain(|path, _| !path.ends_with(".platgen-manifest"));
            let lock: BTreeSet<String> = project.read("platgen.lock").lines().map(str::to_owned).collect();
            (files, lock)
        };
        let (before, old) = state();
        project.edit("platform.yaml", from, to);
        let (after, new) = state();
        Change { before, after, lock: [old, new] }
    }

    /// The Terraform files that were there and are different now.
    fn changed(&self) -> Vec<&str> {
        let terraform = self.before.iter().filter(|(path, _)| path.starts_with("terraform/"));
        terraform.filter(|(path, text)| self.after.get(*path) != Some(text)).map(|(path, _)| path.as_str()).collect()
    }

    /// The folders of the new Terraform files.
    fn new_roots(&self) -> BTreeSet<&str> {
        let new = self.after.keys().filter(|path| path.starts_with("terraform/") && !self.before.contains_key(*path));
        new.filter_map(|path| Some(path.trim_end_matches("/tests").rsplit_once('/')?.0.trim_end_matches("/tests"))).collect()
    }
}

pub(crate) fn a_new_region_touches_no_root_of_another() {
    let change = Change::of("[eu-west-1, eu-central-1]", "[eu-west-1, eu-central-1, eu-north-1]");
    let mut roots: BTreeSet<String> = ["cluster", "network"].map(|layer| format!("terraform/production/eu-north-1/{layer}")).into();
    roots.extend(["eu-central-1--eu-north-1", "eu-north-1--eu-west-1"].map(|pair| format!("terraform/production/interconnect/{pair}")));
    assert_eq!(change.new_roots().into_iter().map(str::to_owned).collect::<BTreeSet<_>>(), roots);
    // The list of the buckets of states has to grow.
    let lists = ["terraform/bootstrap/production/locals.tf"];
    assert_eq!(change.changed(), lists);
    let [old, new] = &change.lock;
    assert!(old.is_subset(new), "{:?}", old.difference(new).collect::<Vec<_>>());
}

pub(crate) fn a_new_zone_moves_no_address() {
    let change = Change::of("eu-west-1: {zones: 2}", "eu-west-1: {zones: 3}");
    let changed = change.changed();
    let here = |path: &&str| path.contains("/eu-west-1/") || path.ends_with("/eu-central-1--eu-west-1/locals.tf");
    assert!(!changed.is_empty() && changed.iter().all(here), "{changed:?}");
    assert!(change.new_roots().is_empty());
    let [old, new] = &change.lock;
    assert!(old.is_subset(new), "{:?}", old.difference(new).collect::<Vec<_>>());
}
