//! Kafka, which Strimzi runs.

use super::{Definition, Helper, Operated, Releases};
use crate::kinds::Operator;
use crate::value::{Name, Quantity};

pub(super) const DEFINITION: Definition =
    Definition { port: Some(("kafka", 9092)), scheme: "kafka", server: None, operated: Some(OPERATED) };

/// The servers that have a vote in who leads are the first three, which keep partitions as well; those beyond keep partitions alone. With a server in each
/// zone, votes and copies are lost together wherever the votes are, and three more pods with volumes would have to run for votes apart from partitions.
/// Strimzi makes quorums of a fixed size, so that their number never follows `replicas`: "Limitations with static controller quorums" in its documentation.
const OPERATED: Operated = Operated {
    operator: Operator::Strimzi,
    releases: Releases::Numbers(RELEASES),
    // Votes, and copies. The pod that makes users calls the latter.
    among: &[9090, 9091],
    watched: &[8443, 9090, 9091],
    // Servers read their certificates, and one container the zone of its node.
    uses_api: true,
    voters: Some((3, "controllers")),
    most_servers: None,
    before: None,
    helper: Some(Helper { pods: |_| 1, image: None, containers: &[("user-operator", (50, 500), 512 << 20)] }),
    data: "/var/lib/kafka/data-0",
    // A server hands over the partitions that it leads and closes its files: one that is killed earlier reads them anew at its next start. The operator gives
    // up waiting after 300 seconds.
    stop: 120,
    user: 1001,
    cpu: (250, 1000),
    // Strimzi gives half of it to Java, up to 5 GiB, which is Kafka's own default of 1 GiB here. The other half keeps files in memory.
    memory: 2 << 30,
    least_memory: 1 << 30,
    // A partition fills segments of 1 GiB, and Kafka has fifty for offsets alone.
    least_storage: 10 << 30,
    // The longest name of a pod is `NAME-NAME-brokers-123`, and names of hosts have 63 characters.
    longest_name: 25,
    claims: (claims, 0),
    // Objects of Strimzi, and the pool of servers without a vote.
    made: &[
        "brokers",
        "clients-ca",
        "clients-ca-cert",
        "cluster-ca",
        "cluster-ca-cert",
        "cluster-operator-certs",
        "entity-operator",
        "entity-user-operator-certs",
        "entity-user-operator-config",
        "kafka",
        "kafka-bootstrap",
        "kafka-brokers",
        "network-policy-kafka",
    ],
    fixed: is_fixed,
    setting: (is_setting, "log.retention.hours"),
    unwritable: &['\n', '\r'],
    most_users: None,
    longest_user: None,
    reserved_users: (&[], ""),
    databases: None,
    settings,
};

/// The newest release of each series that Strimzi 1.2 runs, newest first: `kafka-versions.yaml` in its repository.
const RELEASES: &[(&str, &str)] = &[("4.3", "4.3.1"), ("4.2", "4.2.1")];

/// Topics have as many copies as servers that fail one by one need, and are made by those who ask for them: a name with a typing error makes none. Kafka's
/// own topics have the same copies, which are not its defaults where there is one server.
fn settings(_: &Quantity, _: &Quantity, servers: u32) -> Vec<(&'static str, String)> {
    let copies = servers.min(3);
    let in_sync = if copies > 1 { copies - 1 } else { 1 };
    let text = |name, number: u32| (name, number.to_string());
    vec![
        ("auto.create.topics.enable", "false".to_owned()),
        text("default.replication.factor", copies),
        text("min.insync.replicas", in_sync),
        text("offsets.topic.replication.factor", copies),
        text("share.coordinator.state.topic.min.isr", in_sync),
        text("share.coordinator.state.topic.replication.factor", copies),
        text("transaction.state.log.min.isr", in_sync),
        text("transaction.state.log.replication.factor", copies),
        ("unclean.leader.election.enable", "false".to_owned()),
    ]
}

/// Pods have the name of the Kafka and that of their pool, which has the store's name as well: pools of one namespace need different names.
fn claims(store: &Name) -> String {
    format!("data-0-{store}-{store}")
}

/// Whether a text is the name of a setting: words with dots between them.
fn is_setting(name: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.chars().all(|sign| sign.is_ascii_alphanumeric() || "_-".contains(sign));
    name.starts_with(|first: char| first.is_ascii_lowercase()) && name.split('.').all(is_word)
}

/// What Strimzi leaves out of the settings: `FORBIDDEN_PREFIXES` and `FORBIDDEN_PREFIX_EXCEPTIONS` of `KafkaClusterSpec`.
fn is_fixed(name: &str) -> bool {
    const PREFIXES: &[&str] = &[
        "advertised.",
        "authorizer.",
        "broker.",
        "client.quota.callback.static.",
        "controller.",
        "cordoned.log.dirs",
        "cruise.control.metrics.reporter.bootstrap.servers",
        "cruise.control.metrics.topic",
        "host.name",
        "inter.broker.listener.name",
        "listener.",
        "listeners",
        "log.dir",
        "metadata.log.dir",
        "node.id",
        "password.",
        "port",
        "process.roles",
        "prometheus.metrics.reporter.",
        "sasl.",
        "security.",
        "ssl.",
        "super.user",
        "zookeeper.",
    ];
    const ALLOWED: &[&str] = &[
        "broker.heartbeat.interval.ms",
        "broker.session.timeout.ms",
        "controller.quorum.election.backoff.max.ms",
        "controller.quorum.election.timeout.ms",
        "controller.quorum.fetch.timeout.ms",
        "controller.socket.timeout.ms",
        "sasl.server.max.receive.size",
        "ssl.cipher.suites",
        "ssl.enabled.protocols",
        "ssl.protocol",
        "ssl.secure.random.implementation",
    ];
    PREFIXES.iter().any(|prefix| name.starts_with(prefix)) && !ALLOWED.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_strimzi_are_its_own() {
        for name in
            ["listeners", "broker.rack", "log.dirs", "controller.quorum.voters", "super.users", "zookeeper.connect", "ssl.keystore.type"]
        {
            assert!(is_fixed(name), "{name}");
        }
        for name in ["log.retention.hours", "broker.session.timeout.ms", "num.partitions", "ssl.protocol", "compression.type"] {
            assert!(!is_fixed(name), "{name}");
        }
    }

    #[test]
    fn a_server_can_be_lost_where_there_are_several() {
        let of = |servers: u32| settings(&Quantity::from_bytes(1), &Quantity::from_bytes(1), servers);
        let is = |all: &[(&str, String)], name: &str| all.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
        for (servers, copies, in_sync) in [(1, "1", "1"), (3, "3", "2"), (7, "3", "2")] {
            let all = of(servers);
            assert_eq!(is(&all, "default.replication.factor").as_deref(), Some(copies));
            assert_eq!(is(&all, "min.insync.replicas").as_deref(), Some(in_sync));
        }
    }
}
