//! Alerts on RabbitMQ, from the metrics of each server, which counts the queues that it leads.

use super::{Alert, Case, Owned, Page, Severity, Subject};
use crate::model::{Engine, Platform, Region};

pub(super) const SUBJECT: Subject = Subject { name: "rabbitmq", title: "RabbitMQ", alerts: ALERTS, replaces: &[] };

fn rabbitmq(_: &Platform, region: &Region) -> bool {
    region.operates(Engine::Rabbitmq)
}

const INFO: (&str, &str) =
    (r#"platgen:workload:info{namespace="shop",workload="queues",owner="carts",role="store",engine="rabbitmq"}"#, "1x90");
const POD: (&str, &str) = (r#"kube_pod_labels{namespace="shop",pod="queues-server-0",label_platgen_io_workload="queues"}"#, "1x90");
const QUEUES: &[(&str, &str)] = &[("namespace", "shop"), ("workload", "queues"), ("owner", "carts")];
const LOOK: &[&str] = &[
    "@ get rabbitmqclusters.rabbitmq.com \"$workload\"",
    "@ get pods --selector platgen.io/workload=\"$workload\" --output wide",
    "@ logs --selector platgen.io/workload=\"$workload\" --tail 100 --prefix",
];

const ALERTS: &[Alert] = &[
    Alert {
        name: "RabbitmqMemoryAlarm",
        expr: r"(max by (namespace, workload) (
              rabbitmq_alarms_memory_used_watermark * on (namespace, pod) group_left (workload) platgen:pod:workload) > 0)
            * on (namespace, workload) group_left (owner) platgen:workload:info",
        wait: "2m",
        severity: Severity::Critical,
        owned: Owned::Joined,
        applies: rabbitmq,
        summary: "{{ $labels.workload }} in {{ $labels.namespace }} takes no messages: its memory is full",
        description: "A server of {{ $labels.workload }} in {{ $labels.namespace }} has had its memory alarm on for 2 minutes: RabbitMQ blocks all who send.",
        page: Page {
            meaning: "Apps that send messages hang. Those that receive go on.",
            look: LOOK,
            mend: "Get the queues empty: start the consumers again, or more of them. More `resources.memory` for the store helps once.",
        },
        fires: Case::fires(
            2,
            &[INFO, POD, (r#"rabbitmq_alarms_memory_used_watermark{namespace="shop",pod="queues-server-0"}"#, "1x60")],
            QUEUES,
        ),
        silent: Case::silent(
            30,
            &[INFO, POD, (r#"rabbitmq_alarms_memory_used_watermark{namespace="shop",pod="queues-server-0"}"#, "0x60")],
        ),
    },
    Alert {
        name: "RabbitmqDiskAlarm",
        expr: r"(max by (namespace, workload) (
              rabbitmq_alarms_free_disk_space_watermark * on (namespace, pod) group_left (workload) platgen:pod:workload) > 0)
            * on (namespace, workload) group_left (owner) platgen:workload:info",
        wait: "2m",
        severity: Severity::Critical,
        owned: Owned::Joined,
        applies: rabbitmq,
        summary: "{{ $labels.workload }} in {{ $labels.namespace }} takes no messages: its volume is full",
        description: "A server of {{ $labels.workload }} in {{ $labels.namespace }} has had its disk alarm on for 2 minutes: RabbitMQ blocks all who send.",
        page: Page {
            meaning: "Apps that send messages hang. Those that receive go on.",
            look: LOOK,
            mend: "Get the queues empty, or set more `storage` for the store in the spec: volumes grow while servers run.",
        },
        fires: Case::fires(
            2,
            &[INFO, POD, (r#"rabbitmq_alarms_free_disk_space_watermark{namespace="shop",pod="queues-server-0"}"#, "1x60")],
            QUEUES,
        ),
        silent: Case::silent(
            30,
            &[INFO, POD, (r#"rabbitmq_alarms_free_disk_space_watermark{namespace="shop",pod="queues-server-0"}"#, "0x60")],
        ),
    },
    Alert {
        name: "RabbitmqPartitioned",
        expr: r"(max by (namespace, workload) (
              rabbitmq_unreachable_cluster_peers_count * on (namespace, pod) group_left (workload) platgen:pod:workload) > 0)
            * on (namespace, workload) group_left (owner) platgen:workload:info",
        wait: "5m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: rabbitmq,
        summary: "servers of {{ $labels.workload }} in {{ $labels.namespace }} do not reach each other",
        description: "A server of {{ $labels.workload }} in {{ $labels.namespace }} has not reached {{ $value }} others for 5 minutes.",
        page: Page {
            meaning: "Queues whose majority is on one side go on there. StoreLostMajority says when no side has one.",
            look: LOOK,
            mend: "A server that is away: its pod says why. If all are ready, the network between them is cut: look at the nodes and the network policies.",
        },
        fires: Case::fires(
            5,
            &[INFO, POD, (r#"rabbitmq_unreachable_cluster_peers_count{namespace="shop",pod="queues-server-0"}"#, "1x60")],
            QUEUES,
        )
        .with("1"),
        silent: Case::silent(
            30,
            &[INFO, POD, (r#"rabbitmq_unreachable_cluster_peers_count{namespace="shop",pod="queues-server-0"}"#, "0x60")],
        ),
    },
    Alert {
        name: "RabbitmqNobodyReceives",
        expr: r"(sum by (namespace, workload) (
                rabbitmq_queue_messages_ready * on (namespace, pod) group_left (workload) platgen:pod:workload) > 0
              and on (namespace, workload)
              sum by (namespace, workload) (rabbitmq_consumers * on (namespace, pod) group_left (workload) platgen:pod:workload) == 0)
            * on (namespace, workload) group_left (owner) platgen:workload:info",
        wait: "10m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: rabbitmq,
        summary: "messages wait in {{ $labels.workload }} in {{ $labels.namespace }}, and nobody receives",
        description: "{{ $value | humanize }} messages wait in {{ $labels.workload }} in {{ $labels.namespace }}, and no client has received from any queue for 10 minutes.",
        page: Page {
            meaning: "What the messages ask for is not done.",
            look: LOOK,
            mend: "The apps that receive are down, or can't sign in: their pods and logs say so.",
        },
        fires: Case::fires(
            10,
            &[
                INFO,
                POD,
                (r#"rabbitmq_queue_messages_ready{namespace="shop",pod="queues-server-0"}"#, "1x60"),
                (r#"rabbitmq_consumers{namespace="shop",pod="queues-server-0"}"#, "0x60"),
            ],
            QUEUES,
        )
        .with("1"),
        silent: Case::silent(
            30,
            &[
                INFO,
                POD,
                (r#"rabbitmq_queue_messages_ready{namespace="shop",pod="queues-server-0"}"#, "5x60"),
                (r#"rabbitmq_consumers{namespace="shop",pod="queues-server-0"}"#, "1x60"),
            ],
        ),
    },
    Alert {
        name: "RabbitmqQueuesGrow",
        expr: r"(sum by (namespace, workload) (
                min_over_time(rabbitmq_queue_messages_ready[30m]) * on (namespace, pod) group_left (workload) platgen:pod:workload) > 1000
              and on (namespace, workload)
              sum by (namespace, workload) (
                deriv(rabbitmq_queue_messages_ready[30m]) * on (namespace, pod) group_left (workload) platgen:pod:workload) > 0)
            * on (namespace, workload) group_left (owner) platgen:workload:info",
        wait: "30m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: rabbitmq,
        summary: "more messages come to {{ $labels.workload }} in {{ $labels.namespace }} than are received",
        description: "At least {{ $value | humanize }} messages wait in {{ $labels.workload }} in {{ $labels.namespace }}, and they have become more for 30 minutes.",
        page: Page {
            meaning: "What the messages ask for comes later and later, and the memory of the store fills.",
            look: LOOK,
            mend: "More pods for the apps that receive, or find out why they are slow.",
        },
        fires: Case::fires(
            31,
            &[INFO, POD, (r#"rabbitmq_queue_messages_ready{namespace="shop",pod="queues-server-0"}"#, "1500+0.001x90")],
            QUEUES,
        )
        .with("1.5k"),
        silent: Case::silent(
            80,
            &[
                INFO,
                POD,
                (r#"rabbitmq_queue_messages_ready{namespace="shop",pod="queues-server-0"}"#, "2000-1x90"),
                (r#"platgen:workload:info{namespace="shop",workload="mails",owner="carts",role="store",engine="rabbitmq"}"#, "1x90"),
                (r#"kube_pod_labels{namespace="shop",pod="mails-server-0",label_platgen_io_workload="mails"}"#, "1x90"),
                (r#"rabbitmq_queue_messages_ready{namespace="shop",pod="mails-server-0"}"#, "600+1x90"),
            ],
        ),
    },
];
