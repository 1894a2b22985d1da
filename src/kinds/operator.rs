//! Operators: programs in the cluster that make the pods of stores from one object each, and what other programs see of these pods.

use crate::labels::{DATABASE, DATABASE_ROLE, KAFKA, KAFKA_BROKER, KAFKA_VOTER, PERCONA_COMPONENT};
use std::collections::BTreeSet;

/// The users of the Percona Operator for MySQL itself, which are keys of one Secret: without the password of one, it makes one up and writes it into the
/// Secret, from which the next refresh takes it away.
pub const MYSQL_USERS: [&str; 6] = ["monitor", "operator", "proxyadmin", "replication", "root", "xtrabackup"];

/// Those of the Percona Operator for MongoDB, with the start of their two keys in the Secret, for name and password. What is missing there, it makes up as well.
pub const MONGODB_USERS: [(&str, &str); 5] = [
    ("backup", "MONGODB_BACKUP"),
    ("clusterAdmin", "MONGODB_CLUSTER_ADMIN"),
    ("clusterMonitor", "MONGODB_CLUSTER_MONITOR"),
    ("databaseAdmin", "MONGODB_DATABASE_ADMIN"),
    ("userAdmin", "MONGODB_USER_ADMIN"),
];

/// The name of the only replica set of a MongoDB store: its servers, which copy each other's data. Clients name it.
pub const REPLICA_SET: &str = "rs0";

/// An operator.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Operator {
    /// CloudNativePG: PostgreSQL.
    CloudNativePg,
    /// The Percona Operator for MongoDB.
    PerconaMongodb,
    /// The Percona Operator for MySQL based on Percona XtraDB Cluster.
    PerconaMysql,
    /// The RabbitMQ Cluster Operator.
    Rabbitmq,
    /// Strimzi: Kafka.
    Strimzi,
}

/// Where an object says which release of its engine the servers run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Release {
    /// JSON pointer of the image of the servers. Its tag starts with the version.
    Image(&'static str),
    /// JSON pointer of the version, of which the operator chooses the image.
    Version(&'static str),
}

/// What an operator makes of one object, and where the object says what others have to know.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Operated {
    /// The operator.
    pub operator: Operator,
    /// The name of its program, as people write it.
    pub title: &'static str,
    /// The name in reports.
    pub name: &'static str,
    /// The namespace in which it runs.
    pub namespace: &'static str,
    /// Key and value of the label of its own pods.
    pub pods: (&'static str, &'static str),
    /// What it has to be told beside that, and the question about it: where it looks for objects.
    pub setup: Option<(&'static str, &'static str)>,
    /// The oldest version that knows everything in the objects, and a field of the object that came with it: API version, and the path for `kubectl explain`.
    pub oldest: (&'static str, &'static str, &'static str),
    /// The engine of its stores, as people write it.
    pub engine: &'static str,
    /// The kind of the object.
    pub kind: &'static str,
    /// The kind as kubectl names it.
    pub resource: &'static str,
    /// What `kubectl wait --for` waits for.
    pub ready: &'static str,
    /// The label whose value is the name of the object.
    pub label: &'static str,
    /// Further labels of the pods with their values: a list for each sort of pods, that of servers first.
    pub sorts: &'static [&'static [(&'static str, &'static str)]],
    /// The release of the servers.
    pub release: Release,
    /// JSON pointers of further images, such as those of other pods.
    pub beside: &'static [&'static str],
    /// How many numbers of the version make a series. The data of a newer series is of no use to an older one.
    pub series: usize,
    /// JSON pointer of the labels that the object gives its pods.
    pub inherited: &'static str,
    /// The kind that says how many servers there are, and which volumes they have: that of the object, or of one beside it with the same name.
    pub servers: &'static str,
    /// JSON pointer of the number of servers, in that kind.
    pub count: &'static str,
    /// JSON pointer of the size of a server's volume, in that kind.
    pub size: &'static str,
    /// JSON pointer of the class of a server's volume, in that kind.
    pub class: &'static str,
    /// Name and number of each port on which the pods listen.
    pub ports: &'static [(&'static str, u16)],
    /// What the names of the Services that it makes have after the name of the object.
    pub services: &'static [&'static str],
    /// JSON pointer of the list of those of these Services that it does not make.
    pub disabled: Option<&'static str>,
}

/// The pods of a Cluster of CloudNativePG 1.30: `pkg/specs/pods.go`, `pkg/utils/labels_annotations.go`.
const CLOUD_NATIVE_PG: Operated = Operated {
    operator: Operator::CloudNativePg,
    title: "CloudNativePG",
    name: "cloudnative-pg",
    namespace: "cnpg-system",
    pods: ("app.kubernetes.io/name", "cloudnative-pg"),
    setup: None,
    oldest: ("1.30", "postgresql.cnpg.io/v1", "clusters.spec.primaryLease"),
    engine: "PostgreSQL",
    kind: "Cluster",
    resource: "clusters.postgresql.cnpg.io",
    ready: "condition=Ready",
    label: DATABASE,
    sorts: &[
        &[("cnpg.io/podRole", "instance"), (DATABASE_ROLE, "primary")],
        &[("cnpg.io/podRole", "instance"), (DATABASE_ROLE, "replica")],
    ],
    release: Release::Image("/spec/imageName"),
    beside: &[],
    series: 1,
    inherited: "/spec/inheritedMetadata/labels",
    servers: "Cluster",
    count: "/spec/instances",
    size: "/spec/storage/size",
    class: "/spec/storage/storageClass",
    ports: &[("metrics", 9187), ("postgresql", 5432), ("status", 8000)],
    services: &["-r", "-ro", "-rw"],
    disabled: Some("/spec/managed/services/disabledDefaultServices"),
};

/// The pods of a PerconaServerMongoDB of the Percona Operator for MongoDB 1.22: `pkg/naming/labels.go`, `pkg/psmdb/statefulset.go`, `pkg/psmdb/service.go`,
/// `pkg/psmdb/init.go`. Its replica set is [`REPLICA_SET`].
const PERCONA_MONGODB: Operated = Operated {
    operator: Operator::PerconaMongodb,
    title: "the Percona Operator for MongoDB",
    name: "percona-server-mongodb-operator",
    namespace: "psmdb-operator",
    pods: ("app.kubernetes.io/name", "percona-server-mongodb-operator"),
    setup: Some((
        "which looks for objects in every namespace (`WATCH_NAMESPACE` is empty, as in its `cw-bundle.yaml`), or in those of its stores",
        "whether WATCH_NAMESPACE of the Percona Operator for MongoDB is empty, or names the namespaces of the MongoDB stores",
    )),
    oldest: ("1.22", "psmdb.percona.com/v1", "perconaservermongodbs.spec.storageScaling"),
    engine: "MongoDB",
    kind: "PerconaServerMongoDB",
    resource: "perconaservermongodbs.psmdb.percona.com",
    // Its conditions are a history as well.
    ready: "jsonpath='{.status.state}'=ready",
    label: "app.kubernetes.io/instance",
    sorts: &[&[
        ("app.kubernetes.io/name", "percona-server-mongodb"),
        ("app.kubernetes.io/replset", REPLICA_SET),
        (PERCONA_COMPONENT, "mongod"),
    ]],
    release: Release::Image("/spec/image"),
    beside: &["/spec/initImage"],
    series: 2,
    inherited: "/spec/replsets/0/labels",
    servers: "PerconaServerMongoDB",
    count: "/spec/replsets/0/size",
    size: "/spec/replsets/0/volumeSpec/persistentVolumeClaim/resources/requests/storage",
    class: "/spec/replsets/0/volumeSpec/persistentVolumeClaim/storageClassName",
    ports: &[("mongodb", 27017)],
    services: &["-rs0"],
    disabled: None,
};

/// The pods of a PerconaXtraDBCluster of the Percona Operator for MySQL 1.19: `pkg/naming/labels.go`, `pkg/pxc/statefulset.go`,
/// `pkg/pxc/app/statefulset/node.go` and `haproxy.go`, `pkg/pxc/service.go`. The last sort is that of the proxies.
const PERCONA_MYSQL: Operated = Operated {
    operator: Operator::PerconaMysql,
    title: "the Percona Operator for MySQL",
    name: "percona-xtradb-cluster-operator",
    namespace: "pxc-operator",
    pods: ("app.kubernetes.io/name", "percona-xtradb-cluster-operator"),
    setup: Some((
        "which looks for objects in every namespace (`WATCH_NAMESPACE` is empty, as in its `cw-bundle.yaml`), or in those of its stores",
        "whether WATCH_NAMESPACE of the Percona Operator for MySQL is empty, or names the namespaces of the MySQL stores",
    )),
    oldest: ("1.19", "pxc.percona.com/v1", "perconaxtradbclusters.spec.haproxy.healthCheck"),
    engine: "MySQL",
    kind: "PerconaXtraDBCluster",
    resource: "perconaxtradbclusters.pxc.percona.com",
    // Its conditions are a history, in which each state was true once.
    ready: "jsonpath='{.status.state}'=ready",
    label: "app.kubernetes.io/instance",
    sorts: &[
        &[("app.kubernetes.io/name", "percona-xtradb-cluster"), (PERCONA_COMPONENT, "pxc")],
        &[("app.kubernetes.io/name", "percona-xtradb-cluster"), (PERCONA_COMPONENT, "haproxy")],
    ],
    release: Release::Image("/spec/pxc/image"),
    beside: &["/spec/haproxy/image"],
    series: 2,
    inherited: "/spec/pxc/labels",
    servers: "PerconaXtraDBCluster",
    count: "/spec/pxc/size",
    size: "/spec/pxc/volumeSpec/persistentVolumeClaim/resources/requests/storage",
    class: "/spec/pxc/volumeSpec/persistentVolumeClaim/storageClassName",
    ports: &[
        ("mysql", 3306),
        ("mysql-admin", 33062),
        ("mysqlx", 33060),
        ("sst", 4444),
        ("write-set", 4567),
        ("ist", 4568),
        ("mysql-replicas", 3307),
        ("proxy-protocol", 3309),
        ("stats", 8404),
    ],
    services: &["-haproxy", "-pxc", "-pxc-unready"],
    disabled: None,
};

/// The pods of a RabbitmqCluster of the RabbitMQ Cluster Operator 2.22: `internal/resource/statefulset.go`, `internal/resource/service.go`,
/// `internal/metadata/label.go`. Erlang's own ports, among them those of commands in a pod, are on no list of the pods.
const RABBITMQ: Operated = Operated {
    operator: Operator::Rabbitmq,
    title: "the RabbitMQ Cluster Operator",
    name: "rabbitmq-cluster-operator",
    namespace: "rabbitmq-system",
    pods: ("app.kubernetes.io/name", "rabbitmq-cluster-operator"),
    setup: None,
    oldest: ("2.15", "rabbitmq.com/v1beta1", "rabbitmqclusters.spec.autoEnableAllFeatureFlags"),
    engine: "RabbitMQ",
    kind: "RabbitmqCluster",
    resource: "rabbitmqclusters.rabbitmq.com",
    ready: "condition=AllReplicasReady",
    label: "app.kubernetes.io/name",
    sorts: &[&[("app.kubernetes.io/component", "rabbitmq"), ("app.kubernetes.io/part-of", "rabbitmq")]],
    release: Release::Image("/spec/image"),
    beside: &[],
    series: 2,
    inherited: "/spec/override/statefulSet/spec/template/metadata/labels",
    servers: "RabbitmqCluster",
    count: "/spec/replicas",
    size: "/spec/persistence/storage",
    class: "/spec/persistence/storageClassName",
    ports: &[
        ("amqp", 5672),
        ("epmd", 4369),
        ("management", 15672),
        ("prometheus", 15692),
        ("distribution", 25672),
        ("command-0", 35672),
        ("command-1", 35673),
        ("command-2", 35674),
        ("command-3", 35675),
        ("command-4", 35676),
        ("command-5", 35677),
        ("command-6", 35678),
        ("command-7", 35679),
        ("command-8", 35680),
        ("command-9", 35681),
        ("command-10", 35682),
    ],
    services: &["", "-nodes"],
    disabled: None,
};

/// The pods of a Kafka of Strimzi 1.2 with its KafkaNodePools: `KafkaPool`, `KafkaCluster` and `EntityOperator` in
/// `cluster-operator/src/main/java/io/strimzi/operator/cluster/model`, `Labels` in `operator-common`. A pod has every label of its object but those of
/// `app.kubernetes.io`. The last sort is the pod that makes users.
const STRIMZI: Operated = Operated {
    operator: Operator::Strimzi,
    title: "Strimzi",
    name: "strimzi",
    namespace: "strimzi-system",
    pods: ("strimzi.io/kind", "cluster-operator"),
    setup: Some((
        "which looks for objects in every namespace (`STRIMZI_NAMESPACE` is `*`), or in those of its stores",
        "whether STRIMZI_NAMESPACE of Strimzi is *, or names the namespaces of the Kafka stores",
    )),
    oldest: ("1.2", "kafka.strimzi.io/v1", "kafkas.spec.kafka.template.pod.templatedVolumes"),
    engine: "Kafka",
    kind: "Kafka",
    resource: "kafkas.kafka.strimzi.io",
    ready: "condition=Ready",
    label: KAFKA,
    sorts: &[
        &[("strimzi.io/kind", "Kafka"), ("strimzi.io/component-type", "kafka"), (KAFKA_BROKER, "true"), (KAFKA_VOTER, "true")],
        &[("strimzi.io/kind", "Kafka"), ("strimzi.io/component-type", "kafka"), (KAFKA_BROKER, "true"), (KAFKA_VOTER, "false")],
        &[("strimzi.io/kind", "Kafka"), ("strimzi.io/component-type", "entity-operator")],
    ],
    release: Release::Version("/spec/kafka/version"),
    beside: &[],
    series: 2,
    inherited: "/metadata/labels",
    servers: "KafkaNodePool",
    count: "/spec/replicas",
    size: "/spec/storage/volumes/0/size",
    class: "/spec/storage/volumes/0/class",
    ports: &[("tcp-clients", 9092), ("tcp-ctrlplane", 9090), ("tcp-replication", 9091), ("tcp-kafkaagent", 8443), ("healthcheck-uo", 8081)],
    services: &["-kafka-bootstrap", "-kafka-brokers"],
    disabled: None,
};

impl Operator {
    /// Every operator.
    pub const ALL: [Operator; 5] =
        [Operator::CloudNativePg, Operator::PerconaMongodb, Operator::PerconaMysql, Operator::Rabbitmq, Operator::Strimzi];

    /// What it makes.
    pub const fn facts(self) -> &'static Operated {
        match self {
            Operator::CloudNativePg => &CLOUD_NATIVE_PG,
            Operator::PerconaMongodb => &PERCONA_MONGODB,
            Operator::PerconaMysql => &PERCONA_MYSQL,
            Operator::Rabbitmq => &RABBITMQ,
            Operator::Strimzi => &STRIMZI,
        }
    }
}

impl Release {
    /// The JSON pointer.
    pub const fn pointer(self) -> &'static str {
        match self {
            Release::Image(pointer) | Release::Version(pointer) => pointer,
        }
    }
}

impl Operated {
    /// The labels that the operator sets on the pods of an object: one list for each sort of pods.
    pub fn labels<'n>(&self, name: &'n str) -> Vec<Vec<(&'static str, &'n str)>> {
        self.sorts.iter().map(|sort| std::iter::once((self.label, name)).chain(sort.iter().copied()).collect()).collect()
    }

    /// The start of what kubectl and reports call an object of the kind, up to its name: `cluster.postgresql.cnpg.io/`.
    pub fn argument(&self) -> String {
        self.argument_of(self.kind)
    }

    /// Whether servers go with an object, which is named as kubectl names it.
    pub fn is_held_by(&self, object: &str) -> bool {
        [self.kind, self.servers].into_iter().any(|kind| object.starts_with(&self.argument_of(kind)))
    }

    /// The API group of what it makes.
    pub fn group(&self) -> &'static str {
        self.resource.split_once('.').map_or("", |(_, group)| group)
    }

    /// The resources of the objects that servers go with, by name.
    pub fn resources(&self) -> BTreeSet<String> {
        [self.kind, self.servers].into_iter().map(|kind| format!("{}s", kind.to_lowercase())).collect()
    }

    fn argument_of(&self, kind: &str) -> String {
        format!("{}.{}/", kind.to_lowercase(), self.group())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of kinds knows what each operator makes, and whoever deletes what left the files is asked first: the data goes with the object.
    #[test]
    fn every_operator_is_known() {
        let removed = include_str!("../../templates/output/removed.sh");
        for facts in Operator::ALL.map(Operator::facts) {
            let (_, api, field) = facts.oldest;
            assert_eq!(crate::kinds::operated(api, facts.kind), Some(facts));
            let (plural, group) = facts.resource.split_once('.').expect("a group");
            assert!(field.starts_with(plural) && api.starts_with(group), "{field} {api}");
            assert!(facts.resources().contains(plural) && facts.group() == group, "{plural}");
            for kind in [facts.kind, facts.servers] {
                assert!(removed.contains(&format!(" {kind}.{group} ")), "{kind}");
                assert_eq!(crate::kinds::servers(api, kind).is_some(), kind == facts.servers);
            }
            assert_eq!(facts.argument(), format!("{}.{group}/", facts.kind.to_lowercase()));
        }
    }
}
