//! The part of a region's README about a database of PostgreSQL: what to do with it, with commands that name it.

use std::fmt::Write;

use super::guard::break_glass;
use super::restores;
use crate::commands::{in_primary, primary};
use crate::model::{Backups, Database, Durability, Operated, Platform, Region, Workload};

/// What to do with a database.
pub(super) fn database(
    platform: &Platform,
    region: &Region,
    workload: &Workload,
    (operated, database): (&Operated, &Database),
    text: &mut String,
) {
    let (name, namespace) = (&workload.name, &workload.namespace);
    let kubectl = format!("kubectl --context {} -n {namespace}", region.cluster.name);
    let cluster = format!("clusters.postgresql.cnpg.io/{name}");
    let servers = workload.replicas.0;
    let _ = write!(
        text,
        "\n### {namespace}/{name}\n\nPostgreSQL, {}. The user `{}` owns the database `{}`. {}\n",
        if servers == 1 { "one server".to_owned() } else { format!("{servers} servers") },
        database.owner,
        database.name,
        promise(database),
    );
    if matches!(workload.backups, Backups::None(None)) {
        text.push_str("\nThere is no backup yet: this version renders none. Make one before data goes in.\n");
    }
    let mut add = |title: &str, lines: &[String]| {
        let _ = write!(text, "\n{title}:\n\n```sh\n{}\n```\n", lines.join("\n"));
    };
    let psql = in_primary(&kubectl, name.as_str(), true, &format!("psql {}", database.name));
    add(
        "To look, and to see which server takes writes",
        &[
            format!("{kubectl} get {cluster}"),
            format!("{kubectl} get pods --selector cnpg.io/cluster={name} --label-columns cnpg.io/instanceRole --output wide"),
        ],
    );
    add("To connect, as the superuser and from inside the server that takes writes", &[psql]);
    if servers > 1 {
        let query = "SELECT application_name, state, sync_state, replay_lag FROM pg_stat_replication";
        add("How far the other servers are", &[in_primary(&kubectl, name.as_str(), false, &format!("psql --command='{query}'"))]);
        let status = r#"{\"status\":{\"targetPrimary\":\"${server:?}\",\"targetPrimaryTimestamp\":\"$(date -u +%Y-%m-%dT%H:%M:%S.000000Z)\",\"phase\":\"Switchover in progress\",\"phaseReason\":\"by hand\"}}"#;
        add(
            &format!(
                "To let another server take the writes, while the one that takes them is ready: when it is lost, commits that clients were told of would be lost with it. Writes fail for some seconds; choose a server that is ready, such as `{name}-2`"
            ),
            &[
                "server=".to_owned(),
                format!("primary={}", primary(&kubectl, name.as_str())),
                format!(
                    "{kubectl} wait --for=condition=Ready --timeout=5s \"pod/${{server:?}}\" \"pod/${{primary:?}}\" && {kubectl} patch {cluster} --subresource=status --type=merge --patch \"{status}\""
                ),
                format!("{kubectl} wait --for=jsonpath='{{.status.currentPrimary}}'=\"${{server:?}}\" --timeout=600s {cluster}"),
            ],
        );
        add(
            "To make a server anew that lost its volume, or fell so far behind that it cannot catch up. Never the one that takes writes: the data of the volume is gone",
            &[
                "server=".to_owned(),
                format!("primary={}", primary(&kubectl, name.as_str())),
                format!(
                    "if [ \"${{server:?}}\" = \"${{primary:?}}\" ]; then echo \"$server takes the writes\"; else {kubectl}{} delete \"pvc/$server\" \"pod/$server\"; fi",
                    break_glass(platform)
                ),
            ],
        );
    }
    let passwords: Vec<String> = (operated.users.iter())
        .map(|user| format!("`{}` for `{}`", platform.secret_name(region.provider, user.password.path()), user.name))
        .collect();
    let _ = write!(
        text,
        "\n- Grow the volumes: raise `storage` in the spec, render and apply. CloudNativePG grows the volumes while they are in use. A volume cannot shrink.\n\
         - Minor versions come with platgen; `image` names another one. The servers restart one by one{}.\n\
         - Major version: raise `version`. `platgen render` says what to do before and after: all servers stop while the data is upgraded.{}\n\
         - Password: write the new value to {}. The database has it when the Secret has it; \"Rotate a secret\" in RUNBOOK.md says how to be quick.\n\
         - Deleting the Cluster deletes its volume claims. A volume stays in the cloud only where its class has the reclaim policy `Retain`.\n",
        if servers > 1 { ", that which takes writes last" } else { "" },
        if workload.backups.kept().is_some() { " Make a backup after it: those from before need the version that made them." } else { "" },
        passwords.join(", "),
    );
    if let Some(backup) = workload.backups.kept() {
        text.push_str(&restores::backups(platform, region, workload, (operated, database), backup));
    }
}

/// What a client may rely on.
fn promise(database: &Database) -> &'static str {
    match database.durability {
        None => "There is no copy of its data: it is away while its server restarts or its zone is lost.",
        Some(Durability::Preferred) => {
            "A commit is on two servers while both are ready, and on one otherwise: the loss of a server then may lose the last transactions."
        }
        Some(Durability::Required) => {
            "A commit is on two servers, and writes wait while only one is ready. Another server takes over only while all the others are ready: \
             one of them has every commit. When the server that takes writes is lost while another one is away, writes wait until one of the \
             two is back."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::estate::estate;

    /// Each user has a password, in the manager of the region and under the name that it has there.
    #[test]
    fn passwords_are_named_as_their_manager_names_them() {
        let estate = estate(
            r#"
apiVersion: platgen/v1
platform: {name: shop, owner: sre, domain: shop.example}
cloud: {provider: aws, accounts: {dev: "222222222222"}, state: {region: eu-west-1}}
regions: {eu-west-1: {zones: 2}, desk: {zones: 1, provider: existing}}
environments: {dev: {regions: [eu-west-1, desk]}}
access: {groups: {sre: {id: platform-admin, role: admin}}}
teams: {sre: {group: sre}}
namespaces: {shop: {owner: sre}}
stores:
  orders:
    engine: postgres
    version: "17"
    storage: 10Gi
    independent: true
    users: {app: {owner: true}, reports: {}}
    backup: {none: a trial}
"#,
        );
        let platform = &estate.environments["dev"];
        let says = |region: &str, words: &str| {
            let (region, mut text) = (&platform.regions[region], String::new());
            let workload = &region.workloads["shop/orders"];
            let (operated, of) = workload.operated().zip(workload.database()).expect("a database");
            database(platform, region, workload, (operated, of), &mut text);
            assert!(text.contains(words), "{text}");
        };
        says("eu-west-1", "write the new value to `dev/shop/orders/app` for `app`, `dev/shop/orders/reports` for `reports`. ");
        says("desk", "write the new value to `dev-shop-orders-app` for `app`, `dev-shop-orders-reports` for `reports`. ");
    }
}
