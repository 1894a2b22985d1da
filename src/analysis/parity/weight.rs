//! The path of a value in the spec -> how much it matters that it differs between two environments.

use crate::model::Weight;

/// What the keys below an entry or a section are about. The first key of a path that is on a list decides.
const KEYS: [(Weight, &[&str]); 6] = [
    (Weight::Data, &["backup", "copy_to", "independent", "mode", "protected", "retention", "storage", "tmp", "volumes"]),
    (
        Weight::Isolation,
        &[
            "admin_cidrs",
            "cidr",
            "cidrs",
            "dns_firewall",
            "egress",
            "endpoints",
            "expose",
            "guard",
            "isolated",
            "needs",
            "on_premises",
            "policy_engine",
            "subnet",
        ],
    ),
    (
        Weight::Access,
        &[
            "approvals",
            "approvers",
            "groups",
            "identity",
            "kubernetes",
            "mfa",
            "pipelines",
            "pod_security",
            "registry",
            "role",
            "secrets",
            "secrets_from",
            "security",
            "service_account",
            "users",
        ],
    ),
    (Weight::Behavior, &["addons", "args", "certificates", "command", "config", "files", "image", "parameters", "probes", "version"]),
    (
        Weight::Capacity,
        &[
            "container",
            "disk",
            "disruption_budget",
            "limits",
            "machine",
            "nat",
            "night",
            "nodes",
            "pools",
            "primary",
            "proxies",
            "quota",
            "regions",
            "replicas",
            "requests",
            "resources",
            "scale",
            "spot",
            "zone_spread",
            "zones",
        ],
    ),
    (
        Weight::Convenience,
        &[
            "annotations",
            "branch",
            "cluster_logs",
            "domain",
            "flow_logs",
            "labels",
            "metrics",
            "monitoring",
            "owner",
            "page",
            "reason",
            "renamed_from",
            "slo",
            "ticket",
        ],
    ),
];

/// The weight of what a section holds, unless a key below says more.
fn section(name: &str) -> Weight {
    match name {
        "buckets" | "volumes" => Weight::Data,
        "addresses" | "external" | "network" => Weight::Isolation,
        "access" | "namespaces" | "secrets" => Weight::Access,
        "cloud" | "cluster" | "environments" | "regions" => Weight::Capacity,
        "observability" | "platform" | "teams" | "waivers" => Weight::Convenience,
        _ => Weight::Behavior,
    }
}

/// How much it matters that a value differs.
pub(super) fn of(path: &str) -> Weight {
    let kind = kind(path);
    let keys: Vec<&str> = path.split(['.', '[']).skip(1).collect();
    match (kind, &keys[..]) {
        // Whether there is a store, and how many servers confirm what is written.
        ("stores", [_, "only" | "replicas" | "scale", ..]) => Weight::Data,
        // Texts of somebody else, with keys of their own.
        ("charts" | "manifests" | "observability" | "patches" | "terraform" | "vars" | "waivers", _) => section(kind),
        (_, keys) => {
            let listed = |key: &&str| KEYS.iter().find(|(_, keys)| keys.contains(key)).map(|(weight, _)| *weight);
            // The first one is the name of an entry in most sections.
            let own = if named(kind) { keys.get(1..).unwrap_or_default() } else { keys };
            own.iter().find_map(listed).unwrap_or(section(kind))
        }
    }
}

/// Whether a section holds named entries.
fn named(section: &str) -> bool {
    ["apps", "buckets", "environments", "external", "namespaces", "regions", "stores", "teams", "volumes"].contains(&section)
}

/// The section of a path. Computed values of the environment stand beside what the spec says of it.
pub(super) fn kind(path: &str) -> &str {
    match path.split(['.', '[']).next().unwrap_or_default() {
        "environment" => "environments",
        section => section,
    }
}

/// The section and the name of the entry that a path is within.
pub(super) fn entry(path: &str) -> Option<(&str, &str)> {
    let (section, rest) = path.split_once('.')?;
    let name = rest.split(['.', '[']).next()?;
    ["apps", "buckets", "namespaces", "stores", "volumes"].contains(&section).then_some((section, name))
}
