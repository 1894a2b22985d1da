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
    /// A size or a shared volume stands for a map with it.
    Volume,
    /// `true` stands for this word.
    Switch(&'static str),
}

/// The sections that are maps of named entries. The files of a folder may each hold some of the entries.
pub const NAMED: &[&str] = &[
    "addons",
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
    "volumes",
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
        ["volumes", _, "backup"] => Merge::Replace,
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
            ["from" | "regions" | "only" | "alias" | "arch" | "after"] => Short::Item,
            ["expose"] => Short::ItemKey("host"),
            ["scale"] => Short::Key("replicas"),
            ["volumes", _] => Short::Volume,
            ["backup", "restore_test"] => Short::Key("every"),
            rest => container_short(rest),
        },
        ["waivers", _, "objects" | "only"] | ["namespaces" | "volumes", _, "only"] | ["regions", _, "zones"] => Short::Item,
        ["cluster", "pools", _, "taints", _] => Short::Key("value"),
        ["volumes", _, "backup", "restore_test"] => Short::Key("every"),
        ["access", "mfa"] => Short::Switch("required"),
        _ => Short::None,
    }
}

fn container_short(rest: &[&str]) -> Short {
    match rest {
        ["init" | "sidecars", _, inner @ ..] => container_short(inner),
        ["secrets_from"] => Short::Item,
        ["tmp"] => Short::Names,
        ["probes", "ready" | "live" | "start"] => Short::Key("http"),
        _ => Short::None,
    }
}

/// Whether the map around the key at this path needs it: when, in words; `yes` for always. In layers, one layer sets it.
pub fn required(path: &[&str]) -> Option<&'static str> {
    const ON_A_CLOUD: Option<&str> = Some("on a cloud");
    match path {
        ["apiVersion"] => Some("in every file"),
        ["platform" | "cloud" | "regions" | "environments"] | ["cloud", "provider"] | ["platform", "name" | "owner"] => Some("yes"),
        ["platform", "domain"] => Some("unless each environment has a `domain`"),
        ["cloud", "accounts" | "state"] | ["cloud", "state", "region"] | ["regions", _, "zones"] => ON_A_CLOUD,
        ["access", "groups", _, "id"] => ON_A_CLOUD,
        ["observability", "mail"] => Some("with a receiver that has `email`"),
        ["observability", "mail", "host" | "port" | "from"] => Some("yes"),
        ["observability", "mail", "password"] => Some("with `user`"),
        ["observability", "alerts", _, "threshold"] => Some("unless `off` is set"),
        ["observability", "alerts", _, "reason"] => Some("with `threshold`"),
        ["environments", _, "regions"] | ["environments", _, "night", "stop" | "start"] => Some("yes"),
        ["cluster", "guard", "none"]
        | ["cluster", "certificates", "email"]
        | ["cluster", "pools", _, "machine" | "nodes"]
        | ["access", "groups", _, "role"] => Some("yes"),
        ["teams", _, "group"] | ["patches", _, "target" | "reason"] | ["manifests", _, "from" | "reason"] => Some("yes"),
        ["terraform", _, "from" | "root" | "reason"] | ["waivers", _, "rule" | "reason" | "expires"] => Some("yes"),
        ["charts", _, "repository" | "version"] | ["secrets", "vault", "address" | "path" | "role"] => Some("yes"),
        ["patches", _, "merge"] => Some("unless `json` is set"),
        ["secrets", "vault"] => Some("with `store: vault`"),
        ["namespaces", _, "pod_security", "reason"] => Some("with a level below `restricted`"),
        ["external", _, "url"] => Some("unless `host` and `port` are set"),
        ["external", _, "reason"] => Some("with `host: \"*\"`"),
        ["apps" | "charts" | "stores" | "volumes", _, "namespace"] => Some("if there are several namespaces"),
        ["stores", _, "image"] => Some("with `engine: custom`"),
        ["cluster", "storage", _, "iops"] => Some("with `type: io1` and `type: io2`"),
        ["stores", _, "engine"] | ["volumes", _, "size" | "backup"] => Some("yes"),
        ["apps" | "profiles" | "stores", _, "kubernetes", "reason"] => Some("with wildcards, Secrets, and rights that give more rights"),
        ["apps" | "profiles" | "stores", _, "kubernetes", "namespace" | "cluster", "resources" | "verbs"] => Some("yes"),
        ["stores", _, "machine"] => Some("with `mode: managed`"),
        ["stores", _, "host"] | ["stores", _, "users", _, "password"] => Some("with `mode: existing`"),
        ["stores", _, "storage"] => Some("for a store in the cluster"),
        ["stores", _, "backup"] => Some("for a store that keeps data"),
        ["stores" | "volumes", _, "backup", "every" | "keep"] => Some("unless `none` is set"),
        ["stores" | "volumes", _, "backup", "restore_test", "every"] => Some("yes"),
        ["apps", _, "probes"] => Some("with a port"),
        ["apps", _, "image"] => Some("yes"),
        ["apps", _, "expose", "host"] => Some("unless `protocol: tcp`"),
        ["apps", _, "expose", "listen"] => Some("with `protocol: tcp`"),
        ["apps" | "profiles" | "stores", _, "security", "reason"]
        | ["apps" | "profiles", _, "init" | "sidecars", _, "security", "reason"] => {
            Some("with a setting that is less strict than its default")
        }
        ["apps" | "profiles" | "stores", _, "init" | "sidecars", _, "image"] => Some("yes"),
        _ => None,
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
        ["apps" | "profiles", _, "volumes", _] => &[(&["of"], &["size", "class"]), (&["size"], &["of"])],
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
            | ["apps" | "profiles" | "stores", _, "from"]
            | [_, _, "only" | "renamed_from"]
            | ["network", "subnets", _, "renamed_from"]
    )
}
