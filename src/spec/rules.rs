//! The rules of each path of the spec: short forms, merging, alternatives, and where `environments` and `without` are allowed.
//!
//! A path holds the keys from the top of a spec, names of entries included: `["apps", "web", "probes", "ready"]`. A test checks every path here
//! against the JSON Schema.

/// How the values of one key in two layers merge.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Merge {
    /// Maps merge key by key; everything else is replaced.
    Deep,
    /// The value of the upper layer replaces the lower one.
    Replace,
    /// Lists are united.
    Unite,
}

/// The short form of a value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Short {
    /// No short form.
    None,
    /// A scalar stands for a map with this key.
    Key(&'static str),
    /// A list of names stands for a map of empty maps.
    Names,
    /// One item stands for a list of it.
    Item,
    /// As `Item`, and a scalar item stands for a map with this key.
    ItemKey(&'static str),
    /// `true` stands for this word.
    Switch(&'static str),
}

/// The sections that are maps of named entries. The files of a folder may each hold some of the entries.
pub const NAMED: &[&str] = &[
    "apps",
    "buckets",
    "charts",
    "environments",
    "external",
    "manifests",
    "namespaces",
    "patches",
    "profiles",
    "regions",
    "stores",
    "teams",
    "terraform",
    "vars",
    "waivers",
];

/// How values at this path merge.
pub fn merge(path: &[&str]) -> Merge {
    match path {
        ["apps" | "profiles" | "stores", _, rest @ ..] => match rest {
            ["needs"] => Merge::Unite,
            ["backup"] => Merge::Replace,
            rest => container(rest),
        },
        ["teams", _, "page" | "ticket"] | ["observability", "page" | "ticket"] => Merge::Replace,
        _ => Merge::Deep,
    }
}

fn container(rest: &[&str]) -> Merge {
    match rest {
        ["init" | "sidecars", _, inner @ ..] => container(inner),
        ["probes" | "files", _] => Merge::Replace,
        _ => Merge::Deep,
    }
}

/// The short form at this path.
pub fn short(path: &[&str]) -> Short {
    match path {
        ["apps" | "profiles" | "stores", _, rest @ ..] => match rest {
            ["from" | "regions" | "only" | "alias" | "arch"] => Short::Item,
            ["expose"] => Short::ItemKey("host"),
            ["scale"] => Short::Key("replicas"),
            rest => container_short(rest),
        },
        ["waivers", _, "objects" | "only"] => Short::Item,
        ["cluster", "pools", _, "taints", _] => Short::Key("value"),
        ["access", "mfa"] => Short::Switch("required"),
        _ => Short::None,
    }
}

fn container_short(rest: &[&str]) -> Short {
    match rest {
        ["init" | "sidecars", _, inner @ ..] => container_short(inner),
        ["tmp"] => Short::Names,
        ["probes", "ready" | "live" | "start"] => Short::Key("http"),
        _ => Short::None,
    }
}

/// Keys that exclude each other in the map at this path: a layer that sets one of the first keys removes the second keys of the layers below.
pub fn alternatives(path: &[&str]) -> &'static [(&'static [&'static str], &'static [&'static str])] {
    match path {
        ["apps" | "profiles" | "stores", _] => &[(&["port"], &["ports"]), (&["ports"], &["port"]), (&["image"], &["tag"])],
        ["apps" | "profiles" | "stores", _, "init" | "sidecars", _] => &[(&["image"], &["tag"])],
        ["apps" | "profiles" | "stores", _, "probes"] | ["apps" | "profiles" | "stores", _, "init" | "sidecars", _, "probes"] => {
            &[(&["none"], &["ready", "live", "start"]), (&["ready", "live", "start"], &["none"])]
        }
        ["external", _] => {
            &[(&["url"], &["host", "port", "ports"]), (&["host"], &["url"]), (&["port"], &["ports"]), (&["ports"], &["port"])]
        }
        ["patches", _] => &[(&["merge"], &["json"]), (&["json"], &["merge"])],
        _ => &[],
    }
}

/// Whether a single number in `replicas` at this path removes the autoscaling of the layers below.
pub fn is_scale(path: &[&str]) -> bool {
    matches!(path, ["apps" | "profiles", _, "scale"])
}

/// Whether the map at this path may have `environments` and `without`.
pub fn varies(path: &[&str]) -> bool {
    match path {
        ["cloud" | "network" | "cluster" | "access" | "secrets" | "observability" | "delivery" | "vars"] => true,
        ["network", "subnets", _] | ["cluster", "pools", _] | ["access", "groups", _] => true,
        [section, _] => !matches!(*section, "regions" | "environments" | "vars") && NAMED.contains(section),
        _ => false,
    }
}

/// Whether a default or a profile may set keys at this path, which `without` outside of `environments` can remove.
pub fn has_below(path: &[&str]) -> bool {
    matches!(
        path,
        ["network" | "cluster" | "secrets" | "observability" | "delivery"]
            | ["apps" | "profiles" | "stores" | "external", _]
            | ["network", "subnets", _]
            | ["cluster", "pools", _]
    )
}

/// Whether maps below this path may have `environments`.
pub fn holds_varying(path: &[&str]) -> bool {
    match path {
        [] | ["network"] | ["network", "subnets"] | ["cluster"] | ["cluster", "pools"] | ["access"] | ["access", "groups"] => true,
        [section] => NAMED.contains(section),
        _ => false,
    }
}

/// Whether the key is the same in every environment, so that an `environments` block can't set it.
pub fn is_fixed(path: &[&str]) -> bool {
    matches!(
        path,
        ["network", "cidr"]
            | ["cloud", "state" | "accounts"]
            | ["apps" | "profiles", _, "from"]
            | [_, _, "only" | "renamed_from"]
            | ["network", "subnets", _, "renamed_from"]
    )
}
