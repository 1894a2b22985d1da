//! The engines that RDS of AWS runs, and what it offers of each.

use super::{mysql, postgres};
use crate::value::Engine;

/// What RDS offers of an engine.
pub(in crate::resolve) struct Rds {
    /// The series that have standard support, newest first. Those of the operator are the same, so that a desktop runs the series of the store.
    pub(in crate::resolve) versions: &'static [&'static str],
    /// Settings that RDS keeps for itself, and those that platgen makes, sorted.
    fixed: &'static [&'static str],
    /// The setting that refuses connections without TLS.
    pub(in crate::resolve) encrypted: (&'static str, &'static str),
    /// Whether a text is the name of a setting, and the name of one.
    pub(in crate::resolve) setting: (fn(&str) -> bool, &'static str),
    /// Users that every server has, beside those that no user of the operator has.
    pub(in crate::resolve) reserved_users: &'static [&'static str],
    /// What is wrong with the name of a database.
    pub(in crate::resolve) databases: fn(&str) -> Option<&'static str>,
}

impl Rds {
    /// The least volume in GiB: that of the class `gp3`. Source: "Amazon RDS DB instance storage" in its user guide.
    pub(in crate::resolve) const LEAST: u64 = 20;

    /// The largest volume in GiB.
    pub(in crate::resolve) const MOST: u64 = 65_536;

    /// The longest time for which RDS keeps backups, in days.
    pub(in crate::resolve) const DAYS: u64 = 35;

    /// Seconds after which RDS has copied a commit out of the server: "RDS uploads transaction logs for DB instances to Amazon S3 every five minutes".
    pub(in crate::resolve) const LOGS: u64 = 5 * 60;

    /// Seconds in which AWS Backup begins a copy at the latest, once its time has come: the least that a plan takes.
    pub(in crate::resolve) const START: u64 = 60 * 60;

    /// Seconds of a restore, whatever its size: a server is made, and reads from the snapshot what it needs first. AWS promises no time; half an hour is what a
    /// server with a standby takes.
    pub(in crate::resolve) const RESTORE: u64 = 30 * 60;

    /// The families of machines that RDS has for these engines, of those that have a successor or are one. Source: "Supported DB engines for DB instance
    /// classes" in its user guide.
    pub(in crate::resolve) const FAMILIES: &[&str] =
        &["m6g", "m6gd", "m6i", "m6id", "m7g", "m7i", "m8g", "r6g", "r6gd", "r6i", "r6id", "r7g", "r7i", "r8g", "t3", "t4g"];

    /// The smallest of its machines have no room for what measures queries.
    pub(in crate::resolve) const TOO_SMALL: &[&str] = &["micro", "nano", "small"];

    /// Whether RDS or platgen makes a setting itself.
    pub(in crate::resolve) fn keeps(&self, setting: &str) -> bool {
        setting.starts_with("rds.") || self.fixed.binary_search(&setting).is_ok()
    }
}

/// What RDS offers of an engine. `None`: it does not run the engine.
pub(in crate::resolve) fn rds(engine: Option<Engine>) -> Option<&'static Rds> {
    match engine? {
        Engine::Postgres => Some(&POSTGRES),
        Engine::Mysql => Some(&MYSQL),
        Engine::Mongodb | Engine::Redis | Engine::Valkey | Engine::Rabbitmq | Engine::Kafka | Engine::Opensearch | Engine::Custom => None,
    }
}

/// The names of the engines that RDS runs.
pub(in crate::resolve) fn rds_engines() -> String {
    [Engine::Postgres, Engine::Mysql].map(|engine| format!("`engine: {}`", engine.name())).join(" and ")
}

const POSTGRES: Rds = Rds {
    versions: &["18", "17", "16", "15"],
    fixed: &[
        "archive_command",
        "archive_mode",
        "archive_timeout",
        "data_directory",
        "hba_file",
        "listen_addresses",
        "port",
        "ssl",
        "ssl_ca_file",
    ],
    encrypted: ("rds.force_ssl", "1"),
    setting: (postgres::is_setting, "work_mem"),
    reserved_users: &["platgen", "rdsadmin"],
    databases: wrong_database_of_postgres,
};

const MYSQL: Rds = Rds {
    versions: &["8.4"],
    fixed: &[
        "basedir",
        "bind_address",
        "datadir",
        "log_bin",
        "port",
        "require_secure_transport",
        "server_id",
        "socket",
        "ssl_ca",
        "ssl_cert",
        "ssl_key",
    ],
    encrypted: ("require_secure_transport", "ON"),
    setting: (mysql::is_setting, "max_connections"),
    reserved_users: &["platgen", "rdsadmin"],
    databases: mysql::wrong_database,
};

fn wrong_database_of_postgres(name: &str) -> Option<&'static str> {
    if name == "rdsadmin" { Some("RDS has a database of this name: say another one under `name`") } else { postgres::wrong_database(name) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::engines::operated;

    #[test]
    fn lists_are_sorted() {
        assert!(Rds::FAMILIES.is_sorted());
        for rds in [&POSTGRES, &MYSQL] {
            assert!(rds.fixed.is_sorted());
        }
    }

    /// Else nothing stands in for a store on a desktop.
    #[test]
    fn the_operator_runs_every_series_that_rds_offers() {
        for engine in [Engine::Postgres, Engine::Mysql] {
            let own = operated(Some(engine)).unwrap().versions();
            assert!(rds(Some(engine)).unwrap().versions.iter().all(|version| own.contains(version)), "{own:?}");
        }
    }
}
