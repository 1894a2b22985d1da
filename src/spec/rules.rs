//! How the language's places behave when layers meet: short forms, merging, alternatives, and where `environments` and `without` may stand.
//!
//! Places are paths of keys from the top of a spec, with the names of entries in them (`["apps", "web", "probes", "ready"]`). A test holds every
//! place named here against the JSON Schema.

/// What happens to a value when a layer above says the same key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Merge {
    /// Maps merge key by key; everything else is replaced.
    Deep,
    /// The layer above wins whole.
    Replace,
    /// Lists unite.
    Unite,
}

/// A shorter way to write a value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Short {
    /// There is none.
    None,
    /// A scalar stands for a map with this key.
    Key(&'static str),
    /// A list of names stands for a map of empty maps.
    Names,
    /// One item stands for a list of it.
    Item,
    /// As `Item`, and a scalar item stands for a map with this key.
    ItemKey(&'static str),
}

/// The sections that are maps of named entries: files of a folder unite them.
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

/// How a value at this place merges.
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

/// The short form at this place.
pub fn short(path: &[&str]) -> Short {
    match path {
        ["apps" | "profiles" | "stores", _, rest @ ..] => match rest {
            ["from" | "regions" | "only" | "alias" | "arch"] => Short::Item,
            ["expose"] => Short::ItemKey("host"),
            rest => container_short(rest),
        },
        ["waivers", _, "objects" | "only"] => Short::Item,
        ["cluster", "pools", _, "taints", _] => Short::Key("value"),
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

/// Keys that exclude each other in a map: where a layer sets one of the first, the layers below lose the second.
pub fn alternatives(path: &[&str]) -> &'static [(&'static [&'static str], &'static [&'static str])] {
    match path {
        ["apps" | "profiles" | "stores", _] => &[(&["port"], &["ports"]), (&["ports"], &["port"]), (&["image"], &["tag"])],
        ["apps" | "profiles" | "stores", _, "init" | "sidecars", _] => &[(&["image"], &["tag"])],
        ["apps" | "profiles" | "stores", _, "probes"] | ["apps" | "profiles" | "stores", _, "init" | "sidecars", _, "probes"] => {
            &[(&["none"], &["ready", "live", "start"]), (&["ready", "live", "start"], &["none"])]
        }
        ["external", _] => &[(&["url"], &["host", "port"]), (&["host"], &["url"])],
        ["patches", _] => &[(&["merge"], &["json"]), (&["json"], &["merge"])],
        _ => &[],
    }
}

/// Whether a single `replicas` here removes the autoscaling of the layers below.
pub fn is_scale(path: &[&str]) -> bool {
    matches!(path, ["apps" | "profiles", _, "scale"])
}

/// Whether `environments` and `without` may stand in the map at this place.
pub fn varies(path: &[&str]) -> bool {
    match path {
        ["cloud" | "network" | "cluster" | "access" | "secrets" | "observability" | "delivery" | "vars"] => true,
        ["network", "subnets", _] | ["cluster", "pools", _] | ["access", "groups", _] => true,
        [section, _] => !matches!(*section, "regions" | "environments" | "vars") && NAMED.contains(section),
        _ => false,
    }
}

/// Whether something may lie below the whole of this place, a default or a profile, that its own `without` can take away.
pub fn has_below(path: &[&str]) -> bool {
    matches!(
        path,
        ["network" | "cluster" | "secrets" | "observability" | "delivery"]
            | ["apps" | "profiles" | "stores" | "external", _]
            | ["network", "subnets", _]
            | ["cluster", "pools", _]
    )
}

/// Whether places where things vary lie below this one.
pub fn holds_varying(path: &[&str]) -> bool {
    match path {
        [] | ["network"] | ["network", "subnets"] | ["cluster"] | ["cluster", "pools"] | ["access"] | ["access", "groups"] => true,
        [section] => NAMED.contains(section),
        _ => false,
    }
}

/// Whether this key is the same in every environment: it may not stand in an `environments` block.
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
