//! The dashboard of RabbitMQ, from the metrics that each server serves of the queues that it leads.

use super::{Dashboard, IN_NAMESPACE, NONE_IS_RIGHT, Panel, Row, Shape, Variable};
use crate::model::{Engine, Platform, Region};

pub(super) const DASHBOARD: Dashboard = Dashboard {
    uid: "platgen-rabbitmq",
    title: "RabbitMQ",
    about: "A store of RabbitMQ: messages that wait, who sends and receives, and what would stop senders.",
    variables: &[IN_NAMESPACE, Variable { name: "workload", series: "platgen:workload:info", only: r#"engine="rabbitmq""# }],
    rows: &[
        Row {
            title: "Is something wrong?",
            panels: &[
                Panel {
                    title: "Alerts",
                    about: "ALERTS.md has a page on each, the README.md of the region the commands of the store.",
                    width: 8,
                    queries: &[(
                        r#"count(ALERTS{alertstate="firing",namespace="$namespace",workload="$workload"}) or vector(0)"#,
                        "firing",
                    )],
                    ..NONE_IS_RIGHT
                },
                Panel {
                    title: "Ready servers",
                    about: "",
                    shape: Shape::Number,
                    unit: "short",
                    width: 8,
                    limits: Some((1.0, 0.5)),
                    queries: &[(r#"sum(platgen:workload:ready_pods{namespace="$namespace",workload="$workload"}) or vector(0)"#, "ready")],
                },
                Panel {
                    title: "Servers that block senders",
                    about: "Their memory or their volume is full.",
                    width: 8,
                    queries: &[(
                        r#"count(max by (pod) (rabbitmq_alarms_memory_used_watermark{namespace="$namespace",workload="$workload"} > 0
                            or rabbitmq_alarms_free_disk_space_watermark{namespace="$namespace",workload="$workload"} > 0)) or vector(0)"#,
                        "servers",
                    )],
                    ..NONE_IS_RIGHT
                },
            ],
        },
        Row {
            title: "Messages",
            panels: &[
                Panel {
                    title: "Messages that wait",
                    about: "",
                    shape: Shape::Stack,
                    unit: "short",
                    width: 8,
                    limits: None,
                    queries: &[
                        (r#"sum(rabbitmq_queue_messages_ready{namespace="$namespace",workload="$workload"})"#, "for a receiver"),
                        (r#"sum(rabbitmq_queue_messages_unacked{namespace="$namespace",workload="$workload"})"#, "for an answer"),
                    ],
                },
                Panel {
                    title: "Clients",
                    about: "",
                    shape: Shape::Lines,
                    unit: "short",
                    width: 8,
                    limits: None,
                    queries: &[
                        (r#"sum(rabbitmq_connections{namespace="$namespace",workload="$workload"})"#, "connections"),
                        (r#"sum(rabbitmq_consumers{namespace="$namespace",workload="$workload"})"#, "receivers"),
                    ],
                },
                Panel {
                    title: "Queues",
                    about: "",
                    shape: Shape::Lines,
                    unit: "short",
                    width: 8,
                    limits: None,
                    queries: &[(r#"sum(rabbitmq_queues{namespace="$namespace",workload="$workload"})"#, "queues")],
                },
            ],
        },
        Row {
            title: "Servers",
            panels: &[
                Panel {
                    title: "Memory, by what blocks senders",
                    about: "",
                    shape: Shape::Lines,
                    unit: "percentunit",
                    width: 12,
                    limits: Some((0.8, 1.0)),
                    queries: &[(
                        r#"max by (pod) (rabbitmq_process_resident_memory_bytes{namespace="$namespace",workload="$workload"}
                            / rabbitmq_resident_memory_limit_bytes{namespace="$namespace",workload="$workload"})"#,
                        "{{pod}}",
                    )],
                },
                Panel {
                    title: "Room on the volume above what blocks senders",
                    about: "",
                    shape: Shape::Lines,
                    unit: "bytes",
                    width: 12,
                    limits: None,
                    queries: &[(
                        r#"min by (pod) (rabbitmq_disk_space_available_bytes{namespace="$namespace",workload="$workload"}
                            - rabbitmq_disk_space_available_limit_bytes{namespace="$namespace",workload="$workload"})"#,
                        "{{pod}}",
                    )],
                },
            ],
        },
    ],
    applies: rabbitmq,
};

fn rabbitmq(_: &Platform, region: &Region) -> bool {
    region.operates(Engine::Rabbitmq)
}
