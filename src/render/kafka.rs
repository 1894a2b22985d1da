//! The part of a region's README about a Kafka store: what to do with it, with commands that name it.

use std::fmt::Write;

use crate::diagnostic::wording::{self, Count};
use crate::model::{Backups, Kafka, Operated, Platform, Region, Workload};

/// What to do with a store.
pub(super) fn kafka(platform: &Platform, region: &Region, workload: &Workload, (operated, kafka): (&Operated, &Kafka), text: &mut String) {
    let (name, namespace, servers) = (&workload.name, &workload.namespace, workload.replicas.0);
    let kubectl = format!("kubectl --context {} -n {namespace}", region.cluster.name);
    let first = format!("{name}-{name}-0");
    let exec = |rest: &str| format!("{kubectl} exec {first} --container kafka -- {rest}");
    let write = |file: &str| format!("{kubectl} exec -i {first} --container kafka -- sh -c 'umask 077 && cat >/tmp/{file}'");
    // The program that changes settings of the store, and what follows its name.
    let admin = |program: &str, rest: &str| {
        exec(&format!("bin/{program}.sh --bootstrap-server {name}-kafka-brokers:9091 --command-config /tmp/admin.properties {rest}"))
    };
    let _ = write!(
        text,
        "\n### {namespace}/{name}\n\nKafka {}, {}. {}\n\n{}\n",
        kafka.version,
        Count(servers as usize, "server"),
        promise(kafka, servers),
        rights(operated)
    );
    if matches!(workload.backups, Backups::None(None)) {
        text.push_str("\nThere is no backup: this version renders none. Messages are what its volumes hold.\n");
    }
    let mut add = |title: &str, lines: &[String]| {
        let _ = write!(text, "\n{title}:\n\n```sh\n{}\n```\n", lines.join("\n"));
    };
    add(
        "To look: the store, its servers with the pod that makes users, and the users",
        &[
            format!("{kubectl} get kafkas.kafka.strimzi.io/{name}"),
            format!("{kubectl} get pods --selector strimzi.io/cluster={name} --label-columns strimzi.io/controller-role --output wide"),
            format!("{kubectl} get kafkausers.kafka.strimzi.io --selector strimzi.io/cluster={name}"),
        ],
    );
    let part = |secret: &str, keys: &[&str]| {
        let values: String = keys.iter().map(|key| format!("{{{{index .data \"{key}\" | base64decode}}}}")).collect();
        format!("{kubectl} get secret {name}-{secret} --output go-template='{values}'")
    };
    let properties = "security.protocol=SSL\\nssl.keystore.type=PEM\\nssl.keystore.location=/tmp/admin.pem\\nssl.truststore.type=PEM\\n\
                      ssl.truststore.location=/tmp/ca.pem\\n";
    add(
        &format!(
            "To administer it, as Strimzi does, first give the server `{first}` what the commands below need; a restart of the server forgets it"
        ),
        &[
            format!("{} | {}", part("cluster-operator-certs", &["cluster-operator.key", "cluster-operator.crt"]), write("admin.pem")),
            format!("{} | {}", part("cluster-ca-cert", &["ca.crt"]), write("ca.pem")),
            exec(&format!("sh -c 'printf \"{properties}\" >/tmp/admin.properties'")),
        ],
    );
    add(
        "To see who leads, the partitions that lack a copy, and how far groups are",
        &[
            admin("kafka-metadata-quorum", "describe --status"),
            admin("kafka-topics", "--describe --under-replicated-partitions"),
            admin("kafka-consumer-groups", "--all-groups --describe"),
        ],
    );
    add(
        &format!("To make a topic, with {} of each partition", Count(kafka.copies as usize, "copy")),
        &["topic=".to_owned(), admin("kafka-topics", "--create --topic \"${topic:?}\" --partitions 12")],
    );
    for user in &operated.users {
        let (secret, path) = (operated.software.secret(name, &user.name), platform.secret_name(region.provider, user.password.path()));
        let _ = write!(
            text,
            "\nTo change the password of `{}`, write the new value to `{path}`, of ASCII without a `\"` or `\\`, and wait until the Secret `{secret}` has it; \
             \"Rotate a secret\" in RUNBOOK.md says how to be quick. Strimzi takes it within two minutes. Clients that start between the two fail.\n",
            user.name
        );
    }
    let mut add = |title: &str, lines: &[String]| {
        let _ = write!(text, "\n{title}:\n\n```sh\n{}\n```\n", lines.join("\n"));
    };
    let sets = if servers > 1 {
        format!("strimzipodset/{name}-{name} strimzipodset/{name}-{name}-brokers")
    } else {
        format!("strimzipodset/{name}-{name}")
    };
    let one_by_one = if servers > 1 { ", one by one as soon as every partition can spare it" } else { "" };
    add(
        &format!("To restart the servers{one_by_one}; Strimzi begins within two minutes"),
        &[format!("{kubectl} annotate {sets} strimzi.io/manual-rolling-update=true")],
    );
    if servers > 1 {
        let all = (0..=servers).map(|id| id.to_string()).collect::<Vec<_>>().join(",");
        add(
            &format!(
                "To make a server anew that lost its volume, such as `{first}`, once no other server is away: its copies come from the others, and the data of the \
                 volume is gone"
            ),
            &["server=".to_owned(), format!("{kubectl} annotate \"pod/${{server:?}}\" strimzi.io/delete-pod-and-pvc=true")],
        );
        add(
            &format!(
                "To add servers, raise `replicas`, render and apply. A new server, such as `{name}-{name}-brokers-{servers}`, gets partitions of new topics alone, until \
                 those of a topic are spread over the servers with the numbers in `brokers`, at 50 MB/s here. The last command says when that is done"
            ),
            &[
                "topic=".to_owned(),
                format!("brokers={all}"),
                format!(
                    "echo \"{{\\\"version\\\":1,\\\"topics\\\":[{{\\\"topic\\\":\\\"${{topic:?}}\\\"}}]}}\" | {}",
                    write("topics.json")
                ),
                format!(
                    "{} | sed '1,/^Proposed/d' | {}",
                    admin(
                        "kafka-reassign-partitions",
                        "--topics-to-move-json-file /tmp/topics.json --broker-list \"${brokers:?}\" --generate"
                    ),
                    write("plan.json")
                ),
                admin("kafka-reassign-partitions", "--reassignment-json-file /tmp/plan.json --execute --throttle 50000000"),
                admin("kafka-reassign-partitions", "--reassignment-json-file /tmp/plan.json --verify"),
            ],
        );
    }
    let fewer = if servers > 1 {
        "- Take servers away: spread every topic, those that start with `__` among them, over the servers that stay, as above. Then lower `replicas`, but not below \
         3, render and apply. Strimzi takes a server away once it has no partitions.\n"
    } else {
        "- More servers: one server votes alone, and Strimzi makes quorums of a fixed size. Make a store with `replicas: 3`, and let its clients move.\n"
    };
    let _ = write!(
        text,
        "\n{fewer}\
         - Grow the volumes: raise `storage` in the spec, render and apply. They grow while they are in use. A volume cannot shrink.\n\
         - Releases come with platgen, their images with Strimzi, whose own upgrade restarts the servers as well.\n\
         - Next series: raise `version`. The version of the metadata follows by itself once every server runs the release; from then on the series can't be gone back \
         to.\n\
         - Strimzi's own network policy lets pods of every namespace with the label `strimzi.io/kind=cluster-operator` call the ports 8443, 9090 and 9091, which ask for \
         a certificate. The pod that makes users may read every Secret of `{namespace}`.\n\
         - Deleting the Kafka and its KafkaNodePools leaves the volume claims. Servers that are made anew start on them only under the old id of the store: note \
         `.status.clusterId` before.\n",
    );
}

/// What a topic survives.
fn promise(kafka: &Kafka, servers: u32) -> String {
    if servers == 1 {
        return "There is no copy of its messages: it is away while its server restarts or its zone is lost.".to_owned();
    }
    let spare = match kafka.spare() {
        0 => "no server".to_owned(),
        spare => Count(spare as usize, "server").to_string(),
    };
    format!(
        "A message is in {} of the {} of its partition before its sender hears so, if the sender asks for that (`acks=all`, the default). The store takes messages \
         while {spare} can be away. The first {} servers vote on who leads.",
        kafka.in_sync,
        Count(kafka.copies as usize, "copy"),
        kafka.voters,
    )
}

/// What the users may do.
fn rights(operated: &Operated) -> String {
    let names = wording::all(operated.users.iter().map(|user| user.name.as_str()));
    let (who, may) = if operated.users.len() == 1 { ("The user", "may") } else { ("The users", "may each") };
    format!(
        "{who} {names} {may} read, write, make and delete every topic, group and transaction of the store. Clients sign in with `security.protocol=SASL_PLAINTEXT` and \
         `sasl.mechanism=SCRAM-SHA-512`. A topic is made by who needs it: writing to a name makes none."
    )
}
