//! RabbitMQ, which the RabbitMQ Cluster Operator runs.

use super::{Definition, Operated, Releases};
use crate::kinds::Operator;
use crate::value::{Name, Quantity};

pub(super) const DEFINITION: Definition = Definition { port: Some(("amqp", 5672)), scheme: "amqp", server: None, operated: Some(OPERATED) };

const OPERATED: Operated = Operated {
    operator: Operator::Rabbitmq,
    releases: Releases::Images(IMAGES),
    // The names of nodes, the nodes, and commands in a pod, which are nodes as well: `docs/networking.md` of RabbitMQ's website. Streams would need 500 more.
    among: &[4369, 25672, 35672, 35673, 35674, 35675, 35676, 35677, 35678, 35679, 35680, 35681, 35682],
    // The operator asks for the version and the health.
    watched: &[15672],
    // A server knows the names of the others: since RabbitMQ 4.1 it asks nobody for them.
    uses_api: false,
    voters: Some((u32::MAX, "servers")),
    most_servers: None,
    before: None,
    helper: None,
    data: "/var/lib/rabbitmq/mnesia",
    // A server stops once all queues have a majority without it. The operator's default is a week, for which a node that is drained would wait.
    stop: 1800,
    user: 999,
    cpu: (250, 1000),
    memory: 2 << 30,
    least_memory: 512 << 20,
    // Senders are held up once less than 2 GB are free.
    least_storage: 4 << 30,
    // The StatefulSet is `NAME-server`, and its controller appends a dash and ten characters for a label of the pods.
    longest_name: 45,
    claims: (claims, 0),
    // The Secret of the user, a Service, a role, and a StatefulSet with its account.
    made: &["default-user", "nodes", "peer-discovery", "server"],
    fixed: |name| FIXED.binary_search(&name).is_ok(),
    setting: (is_setting, "consumer_timeout"),
    unwritable: &['\n', '\r', '#', ';', '`', '\'', '"', '\\'],
    most_users: Some(1),
    longest_user: None,
    reserved_users: (&["guest"], "a user that signs in from the server itself alone"),
    databases: None,
    settings,
};

/// The image of each series that RabbitMQ maintains, newest first, with the page for people, over which the operator looks at a server.
///
/// Source: `repos/rabbitmq/remote` of docker-library/repo-info, 2026-09-16 and 2026-08-21.
const IMAGES: &[(&str, &str)] = &[
    ("4.3", "docker.io/library/rabbitmq:4.3.6-management@sha256:c6c748ed27d7fd3733187c73cd022feae76d6a7c2ffa4bf1ab3ef75edfdb9797"),
    ("4.2", "docker.io/library/rabbitmq:4.2.9-management@sha256:65df8b4486d38eab1dbbb0784790b235a2df2bf1db8b9b70c46cbcf669ecffa7"),
];

/// A queue whose client names no type has copies on several servers. Senders are held up while there is still room for what is in memory, as RabbitMQ's
/// checklist for production asks: at most a quarter of the volume, and no less than the operator's own 2 GB. The operator tells servers how much memory
/// there is, and they hold senders up at 60 % of it.
fn settings(memory: &Quantity, disk: &Quantity, _: u32) -> Vec<(&'static str, String)> {
    let free = memory.bytes().min(disk.bytes() / 4).max(2_000_000_000);
    vec![("default_queue_type", "quorum".to_owned()), ("disk_free_limit.absolute", free.to_string())]
}

fn claims(store: &Name) -> String {
    format!("persistence-{store}-server")
}

/// Whether a text is the name of a setting: words with dots between them.
fn is_setting(name: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.chars().all(|sign| sign.is_ascii_alphanumeric() || "_-$".contains(sign));
    name.starts_with(|first: char| first.is_ascii_lowercase()) && name.split('.').all(is_word)
}

/// What the operator sets, sorted: `internal/resource/configmap.go`. The ports are those that it and the policies know, the user has a Secret, and a limit
/// relative to the memory would yield to the absolute one.
const FIXED: &[&str] = &[
    "cluster_formation.k8s.address_type",
    "cluster_formation.k8s.host",
    "cluster_formation.peer_discovery_backend",
    "cluster_formation.target_cluster_size_hint",
    "cluster_name",
    "default_pass",
    "default_user",
    "disk_free_limit.relative",
    "listeners.tcp",
    "listeners.tcp.default",
    "management.tcp.port",
    "prometheus.tcp.port",
    "total_memory_available_override_value",
];
