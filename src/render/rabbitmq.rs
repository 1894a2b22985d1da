//! The part of a region's README about a RabbitMQ store: what to do with it, with commands that name it.

use std::fmt::Write;

use super::guard::break_glass;
use crate::model::{Backups, Operated, Platform, Region, Workload};

/// What to do with a store.
pub(super) fn rabbitmq(platform: &Platform, region: &Region, workload: &Workload, operated: &Operated, text: &mut String) {
    let (name, namespace, servers) = (&workload.name, &workload.namespace, workload.replicas.0);
    let kubectl = format!("kubectl --context {} -n {namespace}", region.cluster.name);
    let exec = |server: &str, program: &str| format!("{kubectl} exec {server} --container rabbitmq -- {program}");
    let first = format!("{name}-server-0");
    let Some(user) = operated.users.first() else { return };
    let promise = if servers == 1 {
        "There is no copy of its messages: it is away while its server restarts or its zone is lost.".to_owned()
    } else {
        format!(
            "A queue whose client names no type is a quorum queue: its messages are on a majority of its servers before senders hear so. The store serves \
             while {} of the {servers} servers are there.",
            servers / 2 + 1
        )
    };
    let _ = write!(
        text,
        "\n### {namespace}/{name}\n\nRabbitMQ, {}. The user `{}` administers it. {promise}\n",
        if servers == 1 { "one server".to_owned() } else { format!("{servers} servers") },
        user.name,
    );
    if matches!(workload.backups, Backups::None(None)) {
        text.push_str("\nThere is no backup: this version renders none. Messages are what its volumes hold.\n");
    }
    let mut add = |title: &str, lines: &[String]| {
        let _ = write!(text, "\n{title}:\n\n```sh\n{}\n```\n", lines.join("\n"));
    };
    add(
        "To look: the servers, alarms such as a full volume, and the queues",
        &[
            format!("{kubectl} get rabbitmqclusters.rabbitmq.com/{name}"),
            format!("{kubectl} get pods --selector platgen.io/workload={name} --output wide"),
            exec(&first, "rabbitmqctl cluster_status"),
            exec(&first, "rabbitmqctl list_queues name type state messages leader online"),
        ],
    );
    add(
        &format!("To connect: the page for people at `http://localhost:15672`, as `{}`", user.name),
        &[format!("{kubectl} port-forward service/{name} 15672:15672")],
    );
    let path = platform.secret_name(region.provider, user.password.path());
    let secret = operated.software.secret(name, &user.name);
    add(
        &format!(
            "To change the password, write the new value to `{path}`, without a `'` or `\\`, and wait until the Secret `{secret}` has it; \"Rotate a secret\" in \
             RUNBOOK.md says how to be quick. RabbitMQ reads the Secret once, when it is made, so that it has to be told. Clients that start between the two fail"
        ),
        &[format!(
            "{kubectl} get secret {secret} --output jsonpath='{{.data.password}}' | base64 --decode | {kubectl} exec -i {first} --container rabbitmq -- \
             rabbitmqctl change_password {}",
            user.name
        )],
    );
    add(
        "To make another user, which reads and writes everything; the command asks for the password",
        &[
            "user=".to_owned(),
            format!("{kubectl} exec -it {first} --container rabbitmq -- rabbitmqctl add_user \"${{user:?}}\""),
            exec(&first, "rabbitmqctl set_permissions \"${user:?}\" '.*' '.*' '.*'"),
        ],
    );
    if servers > 1 {
        let node = |server: &str| format!("rabbit@{server}.{name}-nodes.{namespace}");
        add(
            &format!(
                "To make a server anew that lost its volume, from another one, such as `{first}`. The new server waits 30 seconds before it starts, in which the \
                 others have to forget the old one. The data of the volume is gone"
            ),
            &[
                "server=".to_owned(),
                "other=".to_owned(),
                format!(
                    "{kubectl}{} delete --wait=false \"pvc/persistence-${{server:?}}\" && {kubectl} delete \"pod/${{server:?}}\"",
                    break_glass(platform)
                ),
                exec("\"${other:?}\"", &format!("rabbitmqctl forget_cluster_node \"{}\"", node("${server:?}"))),
                format!("{kubectl} wait --for=condition=Ready --timeout=600s \"pod/${{server:?}}\""),
                exec("\"${other:?}\"", &format!("rabbitmq-queues grow \"{}\" all", node("${server:?}"))),
            ],
        );
        add(
            &format!(
                "To add servers, raise `replicas` to the next odd number, render and apply. Queues that exist get a copy on a new server, such as \
                 `{name}-server-{servers}`, from this"
            ),
            &["server=".to_owned(), exec(&first, &format!("rabbitmq-queues grow \"{}\" all", node("${server:?}")))],
        );
    }
    let one_by_one = if servers > 1 { " one by one, each once the queues have a majority without it" } else { "" };
    let _ = write!(
        text,
        "\n- Servers cannot be taken away: the operator refuses fewer `replicas`, and all further changes until they are back.\n\
         - Grow the volumes: raise `storage` in the spec, render and apply. They grow while they are in use. A volume cannot shrink.\n\
         - Releases come with platgen; `image` names another one. The servers restart{one_by_one}.\n\
         - Next series: raise `version` by one series. `rabbitmqctl list_feature_flags` has to show all stable flags as enabled before, which the operator sees \
         to. No series can be gone back to.\n\
         - Streams are not copied: the network policies keep their ports, 6000 to 6500, closed between servers.\n\
         - Deleting the RabbitmqCluster deletes its volume claims. A volume stays in the cloud only where its class has the reclaim policy `Retain`.\n",
    );
}
