//! The part of a region's README about a store of several servers that copy each other's data: what to do with it, with commands that name it.

use std::fmt::Write;

use super::guard::break_glass;
use crate::diagnostic::wording;
use crate::model::{Backups, Engine, Platform, Region, Replication, Volume, Workload};

/// What to do with a store. Nothing for any other workload.
pub(super) fn replication(platform: &Platform, region: &Region, workload: &Workload, text: &mut String) {
    let Some(Replication::Servers { users, system, client }) = &workload.replication else { return };
    let (name, namespace, servers) = (&workload.name, &workload.namespace, workload.replicas.0);
    let kubectl = format!("kubectl --context {} -n {namespace}", region.cluster.name);
    let keeps = workload.volumes.iter().find(|volume| matches!(volume, Volume::Claim { .. })).map(Volume::name);
    let engine = if workload.store == Some(Engine::Valkey) { "Valkey" } else { "Redis" };
    let run = |server: &str, what: &str| format!("{kubectl} exec {server} --container {name} -- sh /platgen/servers.sh {what}");
    let of_each = |what: &str| {
        let all: Vec<String> = (0..servers).map(|number| format!("{name}-{number}")).collect();
        format!("for server in {}; do echo \"$server\"; {}; done", all.join(" "), run("\"$server\"", what))
    };
    let given = |what: &str| run("\"${server:?}\"", what);
    let first = format!("{name}-0");
    let signs_in: Vec<String> = users.iter().map(|user| format!("`{}`", user.name)).collect();
    let _ = write!(
        text,
        "\n### {namespace}/{name}\n\n{engine}, {servers} servers, each with a Sentinel beside it. One of them takes the writes, the others copy it, and two proxies send all clients of \
         `{name}` to that one. {} {} in with name and password, may read and write everything, and may not administer the servers.\n\n{}\n",
        wording::plain(&signs_in),
        if users.len() == 1 { "signs" } else { "sign" },
        promise(servers, keeps.is_some())
    );
    if keeps.is_some() && matches!(workload.backups, Backups::None(None)) {
        text.push_str(
            "\nThere is no backup: this version renders none. Copies are no backup: what a client deletes is deleted on all servers.\n",
        );
    }
    let mut add = |title: &str, lines: &[String]| {
        let _ = write!(text, "\n{title}:\n\n```sh\n{}\n```\n", lines.join("\n"));
    };
    add(
        "To look: the server that takes the writes, the servers and proxies, and what each server and each Sentinel sees",
        &[
            run(&first, "writer"),
            format!(
                "{kubectl} get pods --selector 'platgen.io/workload in ({name}, {})' --output wide",
                Replication::proxies(name.as_str())
            ),
            of_each("ask INFO replication"),
            of_each("ask-sentinel SENTINEL CKQUORUM writer"),
        ],
    );
    if let Some(user) = users.first() {
        add(
            &format!(
                "To connect, as `{}` and from inside a server; it asks for the password. `server` is the one that takes the writes, or any other one for reads",
                user.name
            ),
            &[
                "server=".to_owned(),
                format!("{kubectl} exec -it \"${{server:?}}\" --container {name} -- {client} --user {} --askpass", user.name),
            ],
        );
    }
    add(
        "To let another server take over, such as before work on a node. Writes wait for some seconds, and none is lost. `server` is the one that takes them",
        &["server=".to_owned(), given("hand-over")],
    );
    add(
        &format!(
            "To make a certain server the one that takes the writes, such as `{first}`: prefer it, wait until the Sentinels have seen that, hand over, and take the preference back. \
             `writer` is the one that takes them now"
        ),
        &[
            format!("server={first}"),
            "writer=".to_owned(),
            given("ask CONFIG SET replica-priority 1"),
            "sleep 12".to_owned(),
            run("\"${writer:?}\"", "hand-over"),
            given("ask CONFIG SET replica-priority 100"),
        ],
    );
    add(
        "A server that does not catch up is not ready, and `master_link_status` of it is not `up`. Its log says why: often the writer drops copies of more than 256 MB, for which \
         `client-output-buffer-limit` under `parameters` is raised. To let it start again",
        &[
            "server=".to_owned(),
            format!("{kubectl} logs \"${{server:?}}\" --container {name} --tail 50"),
            format!("{kubectl} delete \"pod/${{server:?}}\""),
        ],
    );
    if let Some(claim) = keeps {
        add(
            "To make a server anew that lost its volume, while another one takes the writes: it copies everything, and the data of the volume is gone",
            &[
                "server=".to_owned(),
                format!(
                    "{kubectl}{} delete --wait=false \"pvc/{claim}-${{server:?}}\" && {kubectl} delete \"pod/${{server:?}}\"",
                    break_glass(platform)
                ),
            ],
        );
        add(
            "When all servers started again and the one that took the writes does not come back, nobody takes its place: the others may have missed what it confirmed. To let one go on \
             with what it has, once that one is given up for good, choose the server with the most of it. The Sentinels elect it within a minute",
            &[of_each("ask INFO keyspace"), "server=".to_owned(), given("ask CONFIG SET replica-priority 100")],
        );
    }
    let passwords: Vec<String> = (users.iter())
        .map(|user| format!("`{}` for `{}`", platform.secret_name(region.provider, user.password.path()), user.name))
        .collect();
    let restart = format!("{kubectl} delete pods --selector platgen.io/workload={name}");
    let _ = write!(
        text,
        "\nTo change a password, write the new value to {}. The servers restart one by one, and clients that start in between fail: each server knows one password of a user.\n\n\
         `{}` has the password with which servers and Sentinels sign in to each other. A server with the new one waits for the others, so that all have to start at the same time \
         once the Secret has the new value{}:\n\n```sh\n{restart}\n```\n",
        passwords.join(", "),
        platform.secret_name(region.provider, system.path()),
        if keeps.is_some() { ". The store is away for some seconds" } else { ". The store is empty afterwards" },
    );
    let volumes = match keeps {
        Some(claim) => format!(
            " The claim of one that left, such as `{claim}-{name}-{}`, stays until it is deleted.\n\
             - Grow the volumes: raise `storage` in the spec and render, which prints the commands. A volume cannot shrink.\n\
             - Back to one server: make `{first}` the one that takes the writes, stop the clients, and write `replicas: 1`. It goes on with what is on its volume, and its clients need no password: the network policies alone keep others away",
            servers - 1
        ),
        None => "\n- Back to one server: write `replicas: 1`. It starts empty, and its clients need no password: the network policies alone keep others away".to_owned(),
    };
    let _ = write!(
        text,
        "\n- Add or take away servers: write another odd number as `replicas`, render and apply. All servers restart one by one, and the one that takes the writes hands over before it \
         ends.{volumes}.\n\
         - A new version: write `version`, render and apply. The servers restart in the same way. An older one may not read what a newer one wrote.\n"
    );
}

/// What a client may rely on.
fn promise(servers: u32, keeps: bool) -> String {
    let majority = servers / 2 + 1;
    let restart = if keeps {
        "Data is on the volumes within a second, and there again when all servers start at once."
    } else {
        "Data is in memory alone: when all servers restart at once, such as after the nodes were away, the store is empty."
    };
    format!(
        "A write is confirmed before another server has it: when the server that took it is lost, the writes of the last second are lost with it, and of one that is cut off from the \
         others, those of ten seconds. Another server takes over within about ten seconds while {majority} of the {servers} are there: connections end, and clients open new ones. A server \
         that no other one follows takes no writes (error `NOREPLICAS`). {restart}"
    )
}
