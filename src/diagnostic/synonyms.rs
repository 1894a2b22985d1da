//! Words of other tools that people write for words of the spec language.

use super::{Code, wording};

/// Words of the spec language, each with the words that people write for it.
pub const SYNONYMS: &[(&str, &[&str])] = &[
    ("after-deploy", &["after-rollout", "post-deploy", "post-install", "post-rollout", "post-sync", "post-upgrade", "postsync"]),
    ("before-deploy", &["before-rollout", "pre-deploy", "pre-install", "pre-rollout", "pre-sync", "pre-upgrade", "presync"]),
    ("after", &["delay", "initialDelay", "initialDelaySeconds", "start_period"]),
    ("alias", &["aliases", "service_names"]),
    ("args", &["arguments"]),
    ("backup", &["snapshots"]),
    ("config", &["env", "environment", "environment_variables", "env_vars", "variables"]),
    ("accounts", &["account", "account_id", "account_ids", "project", "projects", "subscription", "subscriptions"]),
    ("capabilities", &["cap_add"]),
    ("cidr", &["cidr_block", "ip_range", "vpc", "vpc_cidr"]),
    ("class", &["storageClass", "storageClassName"]),
    ("command", &["cmd", "entrypoint"]),
    ("deadline", &["active_deadline_seconds", "activeDeadlineSeconds", "job_timeout"]),
    ("delivery", &["cd", "ci", "ci_cd", "cicd", "pipeline", "pipelines"]),
    ("disk", &["disk_size", "volume_size"]),
    ("every", &["interval", "period", "periodSeconds"]),
    ("failures", &["failureThreshold", "retries", "threshold"]),
    ("fs_group", &["fsGroup"]),
    ("group", &["emails", "members", "runAsGroup", "users"]),
    ("id", &["arn", "emails", "members", "users"]),
    ("image", &["build", "docker_image"]),
    ("expose", &["hosts", "hostname", "ingress", "ingresses", "route", "routes"]),
    ("external", &["externals", "external_services", "third_party"]),
    ("exec", &["test"]),
    ("grace", &["stop_grace_period", "termination_grace_period", "terminationGracePeriodSeconds", "shutdown"]),
    ("http", &["http_get", "httpGet", "path", "url"]),
    ("labels", &["tags"]),
    ("machine", &["flavor", "instance_type", "instance_types", "instanceType", "machine_type", "machineType", "vm_size"]),
    ("nodes", &["count", "desired_size", "max", "max_count", "max_size", "min", "min_count", "min_size", "node_count", "size"]),
    ("observability", &["alerting", "logging", "metrics", "monitoring"]),
    ("night", &["downtime", "hibernation", "office_hours", "sleep"]),
    ("needs", &["depends_on", "dependencies", "links", "requires", "uses"]),
    ("per_node", &["daemonset", "daemon_set"]),
    ("host", &["address", "endpoint", "hostname", "url"]),
    ("pools", &["node_groups", "node_pools", "nodes"]),
    ("port", &["container_port", "containerPort", "target_port", "targetPort"]),
    ("probes", &["health", "healthcheck", "health_check", "livenessProbe", "readinessProbe", "startupProbe"]),
    ("live", &["liveness"]),
    ("ready", &["readiness"]),
    ("start", &["startup"]),
    ("replicas", &["count", "instances", "max", "max_replicas", "maxReplicas", "members", "min", "min_replicas", "minReplicas"]),
    ("scale", &["autoscale", "autoscaling", "count", "hpa", "instances", "replicas"]),
    ("schedule", &["cron", "cronjob"]),
    ("cpu", &["targetCPUUtilizationPercentage", "target_cpu", "target_cpu_utilization"]),
    ("security", &["pod_security_context", "security_context", "securityContext"]),
    ("state", &["backend", "region", "remote_state", "tfstate"]),
    ("tcp", &["tcp_socket", "tcpSocket"]),
    ("timeout", &["timeoutSeconds"]),
    ("user", &["runAsUser"]),
    ("volumes", &["mounts", "persistence", "volume_mounts", "volumeMounts"]),
    ("workdir", &["working_dir", "workingDir"]),
    ("zones", &["availability_zones", "az", "azs"]),
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
    ("existing", &["external"]),
    ("google", &["gcp", "gke", "hashicorp/google"]),
    ("managed", &["aurora", "azure", "cloud-sql", "elasticache", "rds"]),
    ("aws", &["amazon", "eks", "hashicorp/aws"]),
    ("azure", &["aks", "azurerm", "hashicorp/azurerm", "microsoft"]),
    ("internal", &["on-premises", "private", "vpn"]),
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

/// A word in lower case, with hyphens between its parts: `minReplicas` and `min_replicas` are `min-replicas`.
fn plain(word: &str) -> String {
    let mut plain = String::new();
    for c in word.chars() {
        if c.is_ascii_uppercase() && plain.ends_with(|last: char| last.is_ascii_lowercase()) {
            plain.push('-');
        }
        plain.push(if c == '_' { '-' } else { c.to_ascii_lowercase() });
    }
    plain
}

/// What to write for keys and values of other tools for which no single word of the language stands: the words, a key or value beside which they are meant
/// (any if empty), and the help.
const ADVICE: &[(&[&str], &str, &str)] = &[
    (&["container_name"], "needs", "remove it: the key of an app is the name of its containers and of its Service"),
    (&["build"], "image", "build the image in a pipeline, and name it with its tag: `image: registry.example/web:v1.0.0`"),
    (
        &["capacity_type", "interruptible", "preemptible", "spot_instances"],
        "spot",
        "write `spot: true` for nodes that AWS may take back at any time, or `spot: false` for nodes that stay",
    ),
    (
        &["livenessProbe", "readinessProbe", "startupProbe", "healthcheck", "health_check"],
        "probes",
        "write `probes: {ready: /ready, live: /live}`, with the paths that the app answers",
    ),
    (&["httpGet", "http_get"], "http", "write `http: /ready`, and the port as `port:` beside `http`"),
    (&["depends_on", "links"], "needs", "write `needs:` with references, such as `needs: [app/web, store/orders]`"),
    (
        &["nodeSelector", "node_selector", "affinity"],
        "pool",
        "write `pool:` with the name of a node pool, or `subnet:` with that of a subnet",
    ),
    (&["tolerations"], "pool", "remove it: pods tolerate the taints of the pool that `pool` names"),
    (
        &["serviceAccount", "serviceAccountName", "service_account"],
        "kubernetes",
        "remove it: every entry has a service account of its own, with the rights of `kubernetes` and `identity`",
    ),
    (&["imagePullPolicy"], "image", "remove it: a tag or digest names one image, and Kubernetes pulls the image when a node lacks it"),
    (
        &["imagePullSecrets"],
        "image",
        "remove it, and name the secret of the registry once for all entries: `cluster: {registry: {pull: platform/registry}}`",
    ),
    (
        &["configMap", "configMapRef", "envFrom", "env_from", "env_file"],
        "config",
        "write variables under `config` and files under `files`; `secrets_from` makes variables of all keys of a secret",
    ),
    (
        &["volumeMounts", "volume_mounts"],
        "volumes",
        "write the path and the size or the shared volume: `volumes: {/data: 10Gi, /uploads: volume/uploads}`",
    ),
    (&["accessModes", "access_modes"], "size", "remove it: pods on several nodes read and write a volume of the section `volumes`"),
    (
        &["concurrencyPolicy", "suspend"],
        "schedule",
        "remove it: a run starts only when the one before has ended, and every schedule is active",
    ),
    (
        &["kind", "job", "type"],
        "schedule",
        "remove it: `schedule` makes a CronJob, `run` a Job, `per_node` a DaemonSet, `volumes` a StatefulSet, and without them an app is a Deployment",
    ),
    (&["kind", "metadata", "spec"], "apiVersion", "remove it: a spec is no object of Kubernetes; its sections stand side by side"),
    (&["gateway", "ingress", "load_balancer"], "apiVersion", "write `expose:` in the app that the load balancer leads to"),
    (&["deploy"], "scale", "write `scale:` and `resources:` in the app itself"),
    (
        &["networks"],
        "needs",
        "remove it: `needs` and references such as `${store/orders.address}` open the connections, and nothing else is open",
    ),
    (&["user"], "workdir", "write `security: {user: 1000, group: 1000, reason: WHY}`"),
    (&["cpu", "memory"], "resources", "write `resources: {cpu: 100m, memory: 256Mi}`"),
    (
        &["runAsNonRoot", "readOnlyRootFilesystem", "allowPrivilegeEscalation"],
        "writable_root",
        "remove it: containers run as a user that is not root, with a read-only root, and gain no rights, unless the other keys say so",
    ),
    (
        &["max", "max_count", "max_size", "min", "min_count", "min_size", "desired_size"],
        "machine",
        "write both numbers as one range: `nodes: 3..9`",
    ),
    (
        &["region"],
        "accounts",
        "write `state: {region: eu-west-1}` for Terraform's state; the regions of the platform stand in the section `regions`",
    ),
    (&["backend"], "state", "write `state: {region: eu-west-1}`: the Terraform root `bootstrap` makes the bucket"),
    (
        &["bucket", "key", "dynamodb_table"],
        "region",
        "write the region alone, `state: {region: eu-west-1}`: the Terraform root `bootstrap` makes the bucket",
    ),
    (&["account"], "accounts", "write the account of each environment: `accounts: {production: \"333333333333\"}`"),
    (&["members", "users", "emails"], "role", "people belong to a group of the identity provider: name the group as `id`"),
    (&["members", "users", "emails"], "ticket", "name the people's entry of `access.groups`: `group: NAME`"),
    (&["public"], "isolated", "remove it: every subnet is private, and clients reach apps through `expose`"),
    (&["vpc"], "cidr", "write the range alone: `network: {cidr: 10.0.0.0/8}`"),
    (&["url", "uri", "dsn"], "mode", "write `host:` and `port:`; users stand under `users`"),
    (&["limits", "requests"], "memory", "write the request and the limit as one range: `cpu: 100m..200m`, `memory: 64Mi..128Mi`"),
    (
        &["max", "max_replicas", "maxReplicas", "min", "min_replicas", "minReplicas"],
        "replicas",
        "write both numbers as one range: `replicas: 2..10`",
    ),
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
