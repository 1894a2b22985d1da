//! PostgreSQL, which CloudNativePG runs.

use super::{Definition, Operated, Releases};
use crate::kinds::Operator;
use crate::value::{Name, Quantity};

pub(super) const DEFINITION: Definition =
    Definition { port: Some((PORT.0, PORT.1)), scheme: "postgres", server: None, operated: Some(OPERATED) };

/// The operator's own Services have this port, and its name.
const PORT: (&str, u16) = ("postgres", 5432);

const OPERATED: Operated = Operated {
    operator: Operator::CloudNativePg,
    releases: Releases::Images(IMAGES),
    among: PORTS,
    watched: PORTS,
    uses_api: true,
    voters: None,
    most_servers: None,
    before: None,
    helper: None,
    data: "/var/lib/postgresql/data",
    // CloudNativePG's default.
    stop: 1800,
    user: 26,
    cpu: (250, 1000),
    memory: 1 << 30,
    least_memory: 256 << 20,
    least_storage: 2 << 30,
    longest_name: 50,
    // The claim of a server has the name of the server, such as `orders-1`.
    claims: (Name::to_string, 1),
    // A Service, and a budget, for the server that takes writes.
    made: &["primary", "rw"],
    fixed: |name| FIXED.binary_search(&name).is_ok(),
    setting: (is_setting, "work_mem"),
    unwritable: &[],
    most_users: None,
    longest_user: None,
    reserved_users: (&["postgres"], "the superuser, which nobody signs in as"),
    databases: Some(wrong_database),
    settings,
};

/// The ports on which servers, and the operator, call servers: that of PostgreSQL, and that of the program that the operator puts beside it.
const PORTS: &[u16] = &[PORT.1, 8000];

/// The image of each major version that PostgreSQL maintains and CloudNativePG 1.30 runs, newest first. All are of one Debian release: collations, and so
/// the order of indexes, depend on it.
///
/// Source: `image-catalogs/catalog-standard-trixie.yaml` of cloudnative-pg/artifacts, 2026-08-17. `standard` has all locales, pgvector and PGAudit.
const IMAGES: &[(&str, &str)] = &[
    (
        "18",
        "ghcr.io/cloudnative-pg/postgresql:18.6-202608170814-standard-trixie@sha256:771f9eab5225587af259d84680cc69a5b6e374ac32bb24effafde1f3368a1241",
    ),
    (
        "17",
        "ghcr.io/cloudnative-pg/postgresql:17.11-202608170816-standard-trixie@sha256:91e0de662d53895a45f1396f4ee1a75daeb0c26fc87853afc9c8f43e01fdaa21",
    ),
    (
        "16",
        "ghcr.io/cloudnative-pg/postgresql:16.15-202608170814-standard-trixie@sha256:3df9103d7f89c8abc2870463d4d446944c81b5f1f4b707c590895dc003ecbb65",
    ),
    (
        "15",
        "ghcr.io/cloudnative-pg/postgresql:15.19-202608170814-standard-trixie@sha256:613c7a0417887cd2626a2bfb31fa4e1d86c3088e575fd66bc227007dc69a5487",
    ),
];

/// What follows from the memory and the volume of a server. PostgreSQL's own defaults are the same for every machine. A quarter of the memory for its
/// buffers and three quarters as the size of all caches are what its documentation suggests. A server that is away keeps write-ahead log on the others:
/// at most a quarter of the volume, because a full volume stops the server that takes writes.
fn settings(memory: &Quantity, disk: &Quantity, _: u32) -> Vec<(&'static str, String)> {
    let quarter = |amount: &Quantity| (amount.bytes() / 4) >> 20;
    vec![
        ("effective_cache_size", format!("{}MB", quarter(memory) * 3)),
        ("max_slot_wal_keep_size", format!("{}MB", quarter(disk))),
        ("shared_buffers", format!("{}MB", quarter(memory))),
    ]
}

/// What is wrong with the name of a database.
pub(super) fn wrong_database(name: &str) -> Option<&'static str> {
    let is_word = |sign: char| sign.is_ascii_alphanumeric() || sign == '_' || sign == '-';
    if ["postgres", "template0", "template1"].contains(&name) {
        Some("every server has a database of this name")
    } else if name.len() > 63 {
        Some("a name has at most 63 bytes")
    } else if name.is_empty() || name.starts_with('-') || !name.chars().all(is_word) {
        Some("write letters, digits, `_` and `-`, which is not the first sign")
    } else {
        None
    }
}

/// Whether a text is the name of a setting: a word, or two with a dot for a setting of an extension. In small letters: the server reads other letters as
/// the same name, and so would have a setting twice.
pub(super) fn is_setting(name: &str) -> bool {
    let mut words = name.split('.');
    let is_word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
            && word.chars().all(|sign| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '_' || sign == '$')
    };
    words.clone().count() <= 2 && words.all(is_word)
}

/// The settings that CloudNativePG makes itself and refuses in a Cluster, sorted: `FixedConfigurationParameters` in its `pkg/postgres/configuration.go`.
const FIXED: &[&str] = &[
    "allow_system_table_mods",
    "archive_cleanup_command",
    "archive_command",
    "archive_mode",
    "bonjour",
    "bonjour_name",
    "cluster_name",
    "config_file",
    "data_directory",
    "data_sync_retry",
    "event_source",
    "external_pid_file",
    "hba_file",
    "hot_standby",
    "ident_file",
    "jit_provider",
    "listen_addresses",
    "log_destination",
    "log_directory",
    "log_file_mode",
    "log_filename",
    "log_rotation_age",
    "log_rotation_size",
    "log_truncate_on_rotation",
    "logging_collector",
    "pg_failover_slots.primary_dsn",
    "pg_failover_slots.standby_slot_names",
    "port",
    "primary_conninfo",
    "primary_slot_name",
    "promote_trigger_file",
    "recovery_end_command",
    "recovery_min_apply_delay",
    "recovery_target",
    "recovery_target_action",
    "recovery_target_inclusive",
    "recovery_target_lsn",
    "recovery_target_name",
    "recovery_target_time",
    "recovery_target_timeline",
    "recovery_target_xid",
    "restart_after_crash",
    "restore_command",
    "shared_preload_libraries",
    "ssl",
    "ssl_ca_file",
    "ssl_cert_file",
    "ssl_crl_file",
    "ssl_dh_params_file",
    "ssl_key_file",
    "ssl_passphrase_command",
    "ssl_passphrase_command_supports_reload",
    "ssl_prefer_server_ciphers",
    "stats_temp_directory",
    "synchronized_standby_slots",
    "synchronous_standby_names",
    "syslog_facility",
    "syslog_ident",
    "syslog_sequence_numbers",
    "syslog_split_messages",
    "temp_tablespaces",
    "unix_socket_directories",
    "unix_socket_group",
    "unix_socket_permissions",
];
