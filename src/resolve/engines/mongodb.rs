//! MongoDB, which the Percona Operator for MongoDB runs as Percona Server for MongoDB.

use super::{Definition, Operated, Releases};
use crate::kinds::{Operator, REPLICA_SET};
use crate::model::Percona;
use crate::value::{Name, Quantity};

pub(super) const DEFINITION: Definition =
    Definition { port: Some(("mongodb", PORT)), scheme: "mongodb", server: None, operated: Some(OPERATED) };

const PORT: u16 = 27017;

/// One replica set. Every server has all data and a vote, and one of them takes writes: clients ask any server which one, and follow it themselves.
const OPERATED: Operated = Operated {
    operator: Operator::PerconaMongodb,
    releases: Releases::Images(IMAGES),
    among: &[PORT],
    watched: &[PORT],
    uses_api: false,
    voters: Some((u32::MAX, "servers")),
    // A replica set has no more votes.
    most_servers: Some(7),
    before: Some(("mongo-init", "docker.io/percona/percona-server-mongodb-operator:1.22.0")),
    helper: None,
    data: "/data/db",
    // The operator's default, a minute, ends a server that still writes what a large cache holds.
    stop: 300,
    user: 1001,
    cpu: (500, 2000),
    // The operator gives half of it to the cache, after 1 GiB for everything else.
    memory: 2 << 30,
    least_memory: 1 << 30,
    // The log of changes takes 5 % of the volume, and 990 MB at least.
    least_storage: 2 << 30,
    // The operator takes no longer one, with the name of the replica set.
    longest_name: 50 - REPLICA_SET.len(),
    claims: (claims, 0),
    // Services, sets of pods and their settings, budgets, certificates with their issuers, and Secrets: those with `conn-str` from its release 1.23 on.
    made: &[
        "ca-cert",
        "databaseadmin-conn-str",
        "mongod-rs0",
        "mongodb-encryption-key",
        "mongodb-keyfile",
        "psmdb-ca-issuer",
        "psmdb-issuer",
        "rs0",
        "rs0-mongod",
        "ssl",
        "ssl-internal",
        "ssl-internal-old",
        "ssl-old",
    ],
    fixed: is_fixed,
    setting: (is_setting, "operationProfiling.mode"),
    unwritable: &[],
    most_users: None,
    longest_user: None,
    reserved_users: (&["backup", Percona::SYSTEM], "a name of the operator's own users"),
    databases: Some(wrong_database),
    settings,
};

/// The image of each series that the operator runs and MongoDB maintains, newest first.
///
/// Source: `sources/operator.1.22.0.psmdb-operator.json` of Percona's version service. Its digests are of one architecture each, so that a digest here would
/// keep the others out.
const IMAGES: &[(&str, &str)] =
    &[("8.0", "docker.io/percona/percona-server-mongodb:8.0.19-7"), ("7.0", "docker.io/percona/percona-server-mongodb:7.0.30-16")];

/// Those of the server fit: the operator derives the cache from the memory, and the server its log of changes from the volume.
fn settings(_: &Quantity, _: &Quantity, _: u32) -> Vec<(&'static str, String)> {
    Vec::new()
}

fn claims(store: &Name) -> String {
    format!("mongod-data-{store}-{REPLICA_SET}")
}

/// Whether a text is the name of a setting: a section and what is in it, with dots between them.
fn is_setting(name: &str) -> bool {
    let is_word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_alphabetic()) && word.chars().all(|sign| sign.is_ascii_alphanumeric() || sign == '_')
    };
    name.starts_with(|first: char| first.is_ascii_lowercase()) && name.contains('.') && name.split('.').all(is_word)
}

/// What the operator sets by arguments of the server (`containerArgs` in its `pkg/psmdb/container.go`, `build/ps-entry.sh`), what policies and the emitter
/// decide, and what would take other objects.
fn is_fixed(name: &str) -> bool {
    const SECTIONS: &[&str] = &["auditLog.", "net.ssl.", "net.tls.", "processManagement.", "security.", "sharding."];
    const SETTINGS: &[&str] = &[
        "net.bindIp",
        "net.bindIpAll",
        "net.ipv6",
        "net.port",
        "net.unixDomainSocket.enabled",
        "replication.replSet",
        "replication.replSetName",
        "storage.dbPath",
        "storage.engine",
        "storage.wiredTiger.engineConfig.cacheSizeGB",
        "systemLog.destination",
        "systemLog.path",
    ];
    const ALLOWED: &[&str] = &["security.javascriptEnabled", "security.redactClientLogData"];
    (SECTIONS.iter().any(|section| name.starts_with(section)) || SETTINGS.contains(&name)) && !ALLOWED.contains(&name)
}

/// What is wrong with the name of a database.
fn wrong_database(name: &str) -> Option<&'static str> {
    let is_word = |sign: char| sign.is_ascii_alphanumeric() || sign == '_' || sign == '-';
    if ["admin", "config", "local"].iter().any(|known| known.eq_ignore_ascii_case(name)) {
        Some("every server has a database of this name: say another one under `name`")
    } else if name.len() > 63 {
        Some("a name has at most 63 bytes")
    } else if name.is_empty() || !name.chars().all(is_word) {
        Some("write letters, digits, `_` and `-` under `name`")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_databases() {
        for name in ["admin", "Local", "", "a b", "a.b", "a$b"] {
            assert!(wrong_database(name).is_some(), "{name}");
        }
        for name in ["orders", "order-lines", "Shop_2", "test"] {
            assert_eq!(wrong_database(name), None, "{name}");
        }
    }

    #[test]
    fn settings_of_the_operator() {
        for name in ["net.port", "net.tls.mode", "security.enableEncryption", "storage.dbPath"] {
            assert!(is_setting(name) && is_fixed(name), "{name}");
        }
        for name in
            ["net.maxIncomingConnections", "operationProfiling.mode", "security.redactClientLogData", "setParameter.ttlMonitorSleepSecs"]
        {
            assert!(is_setting(name) && !is_fixed(name), "{name}");
        }
        for name in ["replSet", "net.", ".port", "net..port", "net.max connections", "Net.port"] {
            assert!(!is_setting(name), "{name}");
        }
    }
}
