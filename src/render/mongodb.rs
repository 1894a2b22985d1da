//! The part of a region's README about a MongoDB store: what to do with it, with commands that name it.

use std::fmt::Write;

use super::percona::{anew, commands, passwords};
use crate::commands::{MongodbUser, in_mongodb, mongodb_of};
use crate::diagnostic::wording::{self, Count};
use crate::kinds::REPLICA_SET;
use crate::model::{Backups, Operated, Percona, Platform, Region, Workload};

/// What to do with a store.
pub(super) fn mongodb(
    platform: &Platform,
    region: &Region,
    workload: &Workload,
    (operated, mongodb): (&Operated, &Percona),
    text: &mut String,
) {
    let (name, namespace, servers) = (&workload.name, &workload.namespace, workload.replicas.0);
    let (kubectl, database) = (format!("kubectl --context {} -n {namespace}", region.cluster.name), &mongodb.database);
    let run = |user, script: &str| in_mongodb(&kubectl, name.as_str(), user, false, script);
    let _ = write!(
        text,
        "\n### {namespace}/{name}\n\nMongoDB, {} of the replica set `{REPLICA_SET}`. {}{}\n\n\
         The URL of clients ends in `{name}.{namespace}:27017/{database}?replicaSet={REPLICA_SET}`: with the database, to which its users belong, and the replica set, by \
         which they find the server that takes writes. Without it, some clients stay with the server that answered first, which may only read.\n",
        Count(servers as usize, "server"),
        rights(operated, mongodb),
        promise(servers)
    );
    if matches!(workload.backups, Backups::None(None)) {
        text.push_str("\nThere is no backup: this version renders none. Make one before data goes in.\n");
    }
    let mut add = |title: &str, lines: &[String]| text.push_str(&commands(title, lines));
    add(
        "To look: the store, its servers, and what each is; `PRIMARY` takes writes",
        &[
            format!("{kubectl} get perconaservermongodbs.psmdb.percona.com/{name}"),
            format!("{kubectl} get pods --selector platgen.io/workload={name} --output wide"),
            run(MongodbUser::Cluster, "rs.status().members.map(one => [one.name, one.stateStr, one.optimeDate])"),
        ],
    );
    add(
        &format!("To connect, with the right to read and write everything and from inside a server; `use {database}` comes next"),
        &[in_mongodb(&kubectl, name.as_str(), MongodbUser::Data, true, "")],
    );
    let rule = "without a `\"` or `\\` in that of `userAdmin`";
    text.push_str(&passwords(platform, region, (operated, mongodb), (rule, ", while all servers are ready")));
    let mut add = |title: &str, lines: &[String]| text.push_str(&commands(title, lines));
    if servers > 1 {
        add("To fail over: the server that takes writes lets another one do so", &[run(MongodbUser::Cluster, "rs.stepDown()")]);
        add(
            &format!(
                "To make a server anew that lost its volume, such as `{name}-{REPLICA_SET}-1`, while a majority is ready: it copies everything from one of them, and the \
                 data of the volume is gone"
            ),
            &anew(platform, &kubectl, "mongod-data"),
        );
        let alone = "const set = rs.conf(), own = db.hello().me; set.members = set.members.filter(one => one.host === own); rs.reconfig(set, {force: true})";
        add(
            "To let a server go on alone when a majority is lost for good. It lacks what only the others had, and takes what it has itself for all there is. Never while the \
             others may come back. The operator lets them join again, with empty volumes, as they start",
            &["server=".to_owned(), mongodb_of(&kubectl, "\"${server:?}\"", MongodbUser::Cluster, alone)],
        );
    }
    let series = operated.software.series(&workload.main.image);
    let raise = format!("db.adminCommand({{setFeatureCompatibilityVersion: \"{series}\", confirm: true}})");
    add(
        &format!(
            "To finish an upgrade to {series}, once its servers have run well for some time: the next series starts only after that. The first command says for which \
             series the data is made"
        ),
        &[
            run(MongodbUser::Cluster, "db.adminCommand({getParameter: 1, featureCompatibilityVersion: 1})"),
            run(MongodbUser::Cluster, &raise),
        ],
    );
    let lifecycle = if servers > 1 {
        format!(
            "- Add or take away servers: write an odd number up to 7 as `replicas`, render and apply. A new one copies everything from another. The claim of one that \
             left, such as `mongod-data-{name}-{REPLICA_SET}-{}`, stays until it is deleted.\n",
            servers - 1
        )
    } else {
        "- More servers: write 3, 5 or 7 as `replicas`, render and apply. Each new one copies everything from the first.\n".to_owned()
    };
    let _ = write!(
        text,
        "\n{lifecycle}\
         - Grow the volumes: raise `storage` in the spec, render and apply. The operator grows them in whole GiB while they are in use. A volume cannot shrink.\n\
         - Releases come with platgen; `image` names another one. {}\n\
         - Next series: raise `version` by one series, after the upgrade to this one is finished. No series can be gone back to.\n\
         - cert-manager makes the certificates anew before they end, after which the servers restart in the same way. Clients that verify the servers find `ca.crt` in the \
         Secret `{name}-ssl` and need no certificate of their own; they write `{name}-{REPLICA_SET}.{namespace}` instead of the store's own name, for which there is no \
         certificate.\n\
         - Deleting the PerconaServerMongoDB leaves the volume claims. Servers that are made anew under the same name start on them.\n",
        if servers > 1 { "The servers restart one by one, that which takes writes last." } else { "The server restarts." }
    );
}

/// Who may do what.
fn rights(operated: &Operated, mongodb: &Percona) -> String {
    let (owner, database) = (&mongodb.owner, &mongodb.database);
    let others: Vec<&str> = operated.users.iter().map(|user| user.name.as_str()).filter(|name| *name != owner.as_str()).collect();
    let others = match &others[..] {
        [] => String::new(),
        [one] => format!(" `{one}` reads it."),
        several => format!(" {} read it.", wording::all(several)),
    };
    let kept = if others.is_empty() { "" } else { " The operator takes back any other role that they are given." };
    format!("The user `{owner}` has every right to the database `{database}`.{others}{kept} ")
}

/// What a client may rely on.
fn promise(servers: u32) -> String {
    if servers == 1 {
        return "There is no copy of its data: it is away while its server restarts or its zone is lost.".to_owned();
    }
    let majority = servers / 2 + 1;
    format!(
        "A write is on {majority} of the {servers} servers before its client hears so, unless the client asks for less, and the store takes writes while {majority} of them \
         are there. Another server takes them about 10 seconds after the first is lost."
    )
}
