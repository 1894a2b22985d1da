//! The part of a region's README about a MySQL store: what to do with it, with commands that name it.

use std::fmt::Write;

use super::percona::{anew, commands, passwords};
use crate::commands::{in_mysql, mysql_of};
use crate::diagnostic::wording::{self, Count};
use crate::model::{Backups, Operated, Percona, Platform, Region, Workload};

/// What to do with a store.
pub(super) fn mysql(
    platform: &Platform,
    region: &Region,
    workload: &Workload,
    (operated, mysql): (&Operated, &Percona),
    text: &mut String,
) {
    let (name, namespace, servers) = (&workload.name, &workload.namespace, workload.replicas.0);
    let kubectl = format!("kubectl --context {} -n {namespace}", region.cluster.name);
    let proxies = operated.helper.as_ref().map_or(0, |helper| helper.pods);
    let _ = write!(
        text,
        "\n### {namespace}/{name}\n\nMySQL, {} behind {}. The user `{}` has every right to the database `{}`, and gives rights to the others. {}\n\n\
         The servers refuse changes of tables without a primary key, tables of engines other than InnoDB, `LOCK TABLES` and `GET_LOCK`, which some tools for \
         migrations use unless told otherwise. A change of a table's definition holds up all writes until it is done.\n",
        Count(servers as usize, "server"),
        Count(proxies as usize, "proxy"),
        mysql.owner,
        mysql.database,
        promise(servers)
    );
    if matches!(workload.backups, Backups::None(None)) {
        text.push_str("\nThere is no backup: this version renders none. Make one before data goes in.\n");
    }
    let mut add = |title: &str, lines: &[String]| text.push_str(&commands(title, lines));
    let status = "--execute=\"SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_cluster_size', 'wsrep_cluster_status', 'wsrep_local_state_comment')\"";
    add(
        "To look: the store, its servers and proxies, and what a server sees of the others; `Primary` is a majority",
        &[
            format!("{kubectl} get perconaxtradbclusters.pxc.percona.com/{name}"),
            format!(
                "{kubectl} get pods --selector app.kubernetes.io/instance={name} --label-columns app.kubernetes.io/component --output wide"
            ),
            in_mysql(&kubectl, name.as_str(), false, status),
        ],
    );
    add("To connect, as the superuser and from inside a server", &[in_mysql(&kubectl, name.as_str(), true, &mysql.database)]);
    let others: Vec<&str> = operated.users.iter().filter(|user| user.name != mysql.owner).map(|user| user.name.as_str()).collect();
    if let Some(user) = others.first() {
        let grant = format!("--execute=\"GRANT SELECT ON {}.* TO '{user}'@'%'\"", mysql.database);
        add(
            &format!("To let {} read, which had no right at first", wording::all(&others[..1])),
            &[in_mysql(&kubectl, name.as_str(), false, &grant)],
        );
    }
    let rule = "that of `proxyadmin` without a `;` or `:` and with no `*` at its start";
    text.push_str(&passwords(platform, region, (operated, mysql), (rule, "; servers or proxies may restart one by one")));
    let mut add = |title: &str, lines: &[String]| text.push_str(&commands(title, lines));
    if servers > 1 {
        add(
            &format!(
                "To make a server anew that lost its volume, such as `{name}-pxc-1`, while all the others are ready: it copies everything from one of them, and the data of \
                 the volume is gone"
            ),
            &anew(platform, &kubectl, "datadir"),
        );
        add(
            "To let a server go on alone when a majority is lost for good. Never while the others may come back: both sides would take writes, and stay different. The others join again \
             with no data of their own",
            &[
                "server=".to_owned(),
                mysql_of(&kubectl, "\"${server:?}\"", false, "--execute=\"SET GLOBAL wsrep_provider_options='pc.bootstrap=YES'\""),
            ],
        );
    }
    let lifecycle = if servers > 1 {
        format!(
            "- After all servers ended at once, the operator finds the one with the newest transaction once all of them run again, and starts from it.\n\
             - Add or take away servers: write 1, 3 or 5 as `replicas`, render and apply. A new one copies everything from another. The claim of one that left, such as \
             `datadir-{name}-pxc-{}`, stays until it is deleted.\n",
            servers - 1
        )
    } else {
        "- More servers: write 3 or 5 as `replicas`, render and apply. The server restarts, and each new one copies everything from it.\n"
            .to_owned()
    };
    let _ = write!(
        text,
        "\n{lifecycle}\
         - Grow the volumes: raise `storage` in the spec, render and apply. The operator grows them in whole GiB while they are in use. A volume cannot shrink.\n\
         - Indexes of large tables are sorted in files of `/tmp`: raise `resources.ephemeral` before one is added that is larger.\n\
         - Releases come with platgen; `image` names another one. {}\n\
         - cert-manager makes the certificates anew before they end, after which the servers restart in the same way. Clients that verify them find `ca.crt` in the Secret `{name}-ssl`.\n\
         - Deleting the PerconaXtraDBCluster leaves the volume claims. Servers that are made anew under the same name start on them.\n",
        if servers > 1 { "The servers restart one by one, that which clients use last." } else { "The server restarts." }
    );
}

/// What a client may rely on.
fn promise(servers: u32) -> String {
    if servers == 1 {
        return "There is no copy of its data: it is away while its server restarts or its zone is lost.".to_owned();
    }
    format!(
        "A commit is on all servers that are there, and the store serves while {} of the {servers} are. The proxies send all clients to one server, and to another one about 20 seconds \
         after it is lost: connections end, and clients open new ones. A commit may fail as a deadlock does (error 1213): clients try the transaction again.",
        servers / 2 + 1
    )
}
