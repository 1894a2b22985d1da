//! Words of other tools that people write for words of the spec language.

use super::{Code, wording};

/// Words of the spec language, each with the words that people write for it.
pub const SYNONYMS: &[(&str, &[&str])] = &[
    ("after-deploy", &["after-rollout", "post-deploy", "post-install", "post-rollout", "post-sync", "post-upgrade", "postsync"]),
    ("before-deploy", &["before-rollout", "pre-deploy", "pre-install", "pre-rollout", "pre-sync", "pre-upgrade", "presync"]),
    ("alias", &["aliases", "service_names"]),
    ("args", &["arguments"]),
    ("backup", &["snapshots"]),
    ("config", &["env", "environment", "environment_variables", "env_vars", "variables"]),
    ("deadline", &["active_deadline_seconds", "job_timeout"]),
    ("expose", &["hosts", "hostname", "ingress", "ingresses", "route", "routes"]),
    ("external", &["externals", "external_services", "third_party"]),
    ("grace", &["termination_grace_period", "terminationGracePeriodSeconds", "shutdown"]),
    ("needs", &["depends_on", "dependencies", "requires", "uses"]),
    ("per_node", &["daemonset", "daemon_set"]),
    ("host", &["address", "endpoint", "hostname", "url"]),
    ("pools", &["node_groups", "node_pools", "nodes"]),
    ("port", &["container_port", "containerPort", "target_port", "targetPort"]),
    ("probes", &["health", "healthcheck", "health_check", "livenessProbe", "readinessProbe", "startupProbe"]),
    ("live", &["liveness"]),
    ("ready", &["readiness"]),
    ("start", &["startup"]),
    ("replicas", &["count", "instances", "max", "max_replicas", "members", "min", "min_replicas"]),
    ("scale", &["autoscale", "autoscaling", "count", "hpa", "instances", "replicas"]),
    ("schedule", &["cron", "cronjob"]),
    ("security", &["security_context", "securityContext"]),
    ("sidecars", &["containers"]),
    ("storage", &["disk", "size", "volume"]),
    ("stores", &["databases", "datastores"]),
    ("tag", &["image_tag", "version"]),
    ("apps", &["applications", "deployments", "services", "workloads"]),
    ("admin", &["administrator", "cluster-admin", "owner"]),
    ("amd64", &["x64", "x86", "x86-64"]),
    ("arm64", &["aarch64", "arm", "graviton"]),
    ("cloud", &["aws-secrets-manager", "azure-key-vault", "google-secret-manager", "key-vault", "secrets-manager"]),
    ("developer", &["edit", "editor", "write"]),
    ("google", &["gcp", "gke"]),
    ("aws", &["amazon", "eks"]),
    ("azure", &["aks", "microsoft"]),
    ("internal", &["private"]),
    ("mongodb", &["mongo"]),
    ("mysql", &["mariadb"]),
    ("on_premises", &["private"]),
    ("postgres", &["pg", "postgresql"]),
    ("public", &["external", "internet"]),
    ("rabbitmq", &["amqp", "rabbit"]),
    ("required", &["enforced", "on", "yes"]),
    ("vault", &["hashicorp", "hashicorp-vault"]),
    ("viewer", &["read", "read-only", "reader", "view"]),
];

/// The candidate that the writer of an unknown key or value means: the word for it in the spec language, or the closest spelling.
pub fn meant<'a>(written: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let known = |word: &str| candidates.iter().copied().find(|candidate| plain(candidate) == plain(word));
    let close = || if advice(written, candidates).is_some() { None } else { wording::suggest(written, candidates.iter().copied()) };
    words_for(written).find_map(known).or_else(close)
}

/// The words of the spec language for a word of other tools.
pub fn words_for(written: &str) -> impl Iterator<Item = &'static str> {
    SYNONYMS.iter().filter(move |(_, words)| words.iter().any(|word| plain(word) == plain(written))).map(|(word, _)| *word)
}

/// A word in lower case, with one kind of separator.
fn plain(word: &str) -> String {
    word.to_ascii_lowercase().replace('_', "-")
}

/// What to write for keys and values of other tools for which no single word of the language stands: the words, a key or value beside which they are meant
/// (any if empty), and the help.
const ADVICE: &[(&[&str], &str, &str)] = &[
    (
        &["capacity_type", "interruptible", "preemptible", "spot"],
        "",
        "remove it: this version creates nodes on demand only, and pods reserve nodes with the `taints` of a pool",
    ),
    (&["limits", "requests"], "memory", "write the request and the limit as one range: `cpu: 100m..200m`, `memory: 64Mi..128Mi`"),
    (&["max", "max_replicas", "min", "min_replicas"], "replicas", "write both numbers as one range: `replicas: 2..10`"),
    (
        &["pass", "password", "token", "user", "username"],
        "pull",
        "name the secret of the secret manager that holds the credentials: `pull: platform/registry`",
    ),
    (&["restart", "restart_policy", "restartPolicy"], "image", "remove it: Kubernetes restarts the containers of apps whenever they end"),
];

/// The help for an unknown key or value of another tool, if no single word of the language stands for it.
pub fn advice(written: &str, candidates: &[&str]) -> Option<&'static str> {
    let fits = |words: &[&str], beside: &str| {
        (beside.is_empty() || candidates.contains(&beside)) && words.iter().any(|word| plain(word) == plain(written))
    };
    ADVICE.iter().find(|(words, beside, _)| fits(words, beside)).map(|(_, _, help)| *help)
}

/// Keys whose values are often mistaken for something else: the code of the finding, the keys, the value meant, and the text to write.
const MISTAKEN: &[(Code, &[&str], &str, &str)] = &[
    (Code::InvalidValue, &["owner"], "a team", "write the name of an entry of `teams`"),
    (Code::InvalidValue, &["group", "approvers"], "a group", "write the name of an entry of `access.groups`"),
    (Code::InvalidValue, &["namespace", "namespaces"], "a namespace", "write the name of an entry of `namespaces`"),
    (Code::InvalidValue, &["only"], "an environment", "write the name of an entry of `environments`"),
    (Code::InvalidValue, &["copy_to", "primary", "standby"], "a region", "write the name of an entry of `regions`"),
    (Code::InvalidValue, &["subnet"], "a subnet", "write the name of an entry of `network.subnets`"),
    (Code::InvalidValue, &["pool"], "a node pool", "write the name of an entry of `cluster.pools`"),
    (Code::InvalidValue, &["alias"], "an alias", "an alias is a second name in the namespace of the entry, without a dot"),
    (Code::WrongType, &["tcp"], "`true`", "write `tcp: true`, and the port of the probe under `port`"),
];

/// The message for a value of the wrong form, if the value of this key is often mistaken.
pub fn mistaken(code: Code, key: &str, value: &str) -> Option<String> {
    let row = MISTAKEN.iter().find(|(known, keys, ..)| *known == code && keys.contains(&key))?;
    Some(format!("`{value}` is not {}: {}", row.2, row.3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_other_tools_are_understood_where_their_meaning_exists() {
        assert_eq!(meant("env", &["image", "config"]), Some("config"));
        assert_eq!(
            meant("env", &["platform", "environments"]),
            Some("environments"),
            "the closest spelling where the meaning is no candidate"
        );
        assert_eq!(meant("replicas", &["image", "scale"]), Some("scale"));
        assert_eq!(meant("Image-Tag", &["image", "tag"]), Some("tag"));
        assert_eq!(meant("private", &["internet", "on-premises"]), Some("on-premises"));
        assert_eq!(meant("frobnicate", &["image", "tag"]), None);
    }
}
