//! What trivy is told: findings that the design or the spec explains, each for the files that it concerns.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::loosened::NO_CPU_LIMIT;
use crate::model::{Container, Estate, FIRST_POD_ID, Platform, Region, Right, Volume, Workload};

/// Folders of a node that change the node itself.
const OF_NODE: [&str; 9] = ["/", "/boot", "/dev", "/etc", "/lib", "/proc", "/sys", "/usr", "/var/lib/docker"];

/// Rules, the files in which they are accepted (none: every file), and the reason.
const BY_DESIGN: [(&[&str], &[&str], &str); 8] = [
    (
        &["AWS-0089"],
        &["terraform/*/*/data/buckets.tf", "terraform/bootstrap/*/state.tf"],
        "a trail with data events records who reads and writes objects and states",
    ),
    (
        &["AWS-0104"],
        &["terraform/*/*/network/security_groups.tf"],
        "nodes of subnets with a route to the internet load images and call what the spec declares, on these ports alone",
    ),
    (
        &["AWS-0342"],
        &["terraform/bootstrap/*/pipelines.tf"],
        "pipelines pass on roles that have the boundary, and to the services that use them alone",
    ),
    (
        &["KSV-0039", "KSV-0040"],
        &[],
        "the rule knows one file at a time: the limits and the quota of a namespace are in its namespace.yaml",
    ),
    (&["KSV-0048", "KSV-0049", "KSV-0056"], &["kubernetes/*/*/cluster/access.yaml"], "these rights are what the roles of the spec are for"),
    (&["KSV-01010"], &[], "the rule guesses from words: validate refuses values that look like credentials"),
    (
        &["KSV-0113"],
        &["kubernetes/*/*/*/namespace.yaml"],
        "External Secrets reads the passwords of the stores in this namespace with this role",
    ),
    (&["KSV-0125"], &[], "trivy trusts the registries of clouds alone: the spec names every image"),
];

/// The rules that stores of services of the cloud violate in a region, with the reason and the file.
fn of_services(platform: &Platform, region: &Region) -> Vec<(&'static str, &'static str, String)> {
    let (environment, stores) = (&platform.environment, || region.managed.values());
    let rules = [
        ("AWS-0176", "apps sign in with passwords of the secret manager, which every client of a database knows", true),
        ("AWS-0177", "environments that are not protected can lose what they have", !platform.protected),
        ("AWS-0077", "the spec has no backups of a database, with a reason", stores().any(|store| store.backup.is_err())),
    ];
    let file = format!("terraform/{environment}/{}/data/databases.tf", region.name);
    let broken = rules.into_iter().filter(|(.., broken)| *broken && !region.managed.is_empty());
    let mut all: Vec<_> = broken.map(|(rule, reason, _)| (rule, reason, file.clone())).collect();
    let name = "the name leads to a private one of the region, which the Terraform root `data` makes";
    all.extend(stores().map(|store| ("KSV-0108", name, format!("kubernetes/{environment}/{}/{}.yaml", region.name, store.key()))));
    all
}

/// The rules that the pods of a workload violate because the spec loosens a setting.
fn loosened(workload: &Workload) -> impl Iterator<Item = &'static str> {
    let any = |test: &dyn Fn(&Container) -> bool| workload.containers().any(test);
    let adds = |name: &'static str| move |container: &Container| container.security.capabilities.iter().any(|known| known == name);
    let root = any(&|container| container.security.user == 0);
    let root_group = workload.fs_group == 0 || any(&|container| container.security.group == 0);
    let privileged = any(&|container| container.security.privileged);
    let administers = any(&adds("SYS_ADMIN"));
    let adds_more = any(&|container| container.security.capabilities.iter().any(|name| *name != "NET_BIND_SERVICE"));
    let of_host =
        |test: &dyn Fn(&str) -> bool| workload.volumes.iter().any(|volume| matches!(volume, Volume::Host(host) if test(&host.path)));
    let rules = [
        ("KSV-0001", privileged || administers),
        ("KSV-0005", administers),
        ("KSV-0009", workload.host_network),
        ("KSV-0010", workload.host_pid),
        ("KSV-0012", root),
        ("KSV-0014", any(&|container| container.security.writable_root)),
        ("KSV-0017", privileged),
        ("KSV-0020", any(&|container| container.security.user <= FIRST_POD_ID)),
        ("KSV-0021", any(&|container| container.security.group <= FIRST_POD_ID)),
        ("KSV-0022", any(&|container| !container.security.capabilities.is_empty())),
        ("KSV-0023", of_host(&|_| true)),
        ("KSV-0105", root),
        ("KSV-0106", adds_more),
        ("KSV-0116", root_group),
        ("KSV-0121", of_host(&|path| OF_NODE.contains(&path))),
    ];
    rules.into_iter().filter(|(_, broken)| *broken).map(|(rule, _)| rule)
}

/// The file that trivy reads.
pub(super) fn ignored(estate: &Estate, header: &str) -> String {
    let mut text = format!("{header}misconfigurations:\n");
    for (rules, paths, reason) in BY_DESIGN {
        let paths: BTreeSet<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        rules.iter().for_each(|rule| entry(&mut text, rule, &paths, reason));
    }
    let mut by_reason: BTreeMap<(&str, String), BTreeSet<String>> = BTreeMap::new();
    for (environment, platform) in &estate.environments {
        for (region, here) in &platform.regions {
            for (rule, reason, path) in of_services(platform, here) {
                by_reason.entry((rule, reason.to_owned())).or_default().insert(path);
            }
            for (key, workload) in &here.workloads {
                let path = format!("kubernetes/{environment}/{region}/{key}.yaml");
                let mut accept = |rule, reason: &str| {
                    let reason = super::line(reason);
                    if !reason.is_empty() {
                        by_reason.entry((rule, reason)).or_default().insert(path.clone());
                    }
                };
                if workload.containers().any(|container| container.cpu.as_ref().is_some_and(|(_, limit)| limit.is_none())) {
                    accept("KSV-0011", NO_CPU_LIMIT);
                }
                if let Some(access) = &workload.api {
                    let reason = access.reason.as_deref().unwrap_or_default();
                    for (rule, rights) in [("KSV-0113", &access.namespace), ("KSV-0041", &access.cluster)] {
                        if rights.iter().any(Right::names_secrets) {
                            accept(rule, reason);
                        }
                    }
                }
                let reason = workload.reason.as_deref().unwrap_or_default();
                loosened(workload).for_each(|rule| accept(rule, reason));
            }
        }
    }
    by_reason.iter().for_each(|((rule, reason), paths)| entry(&mut text, rule, paths, reason));
    text
}

fn entry(text: &mut String, rule: &str, paths: &BTreeSet<String>, reason: &str) {
    let _ = writeln!(text, "  - id: {rule}");
    if !paths.is_empty() {
        text.push_str("    paths:\n");
    }
    for path in paths {
        let _ = writeln!(text, "      - {path}");
    }
    let _ = writeln!(text, "    statement: {}", serde_json::Value::from(reason));
}
