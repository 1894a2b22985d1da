//! MySQL, which the Percona Operator for MySQL runs as Percona XtraDB Cluster.

use super::{Definition, Helper, Operated, Releases};
use crate::kinds::Operator;
use crate::model::Percona;
use crate::value::{Name, Quantity};

pub(super) const DEFINITION: Definition =
    Definition { port: Some(("mysql", 3306)), scheme: "mysql", server: None, operated: Some(OPERATED) };

/// Every server has all data, and takes writes. The proxies send all clients to one of them: transactions on two servers that change the same row would fail
/// at the commit.
const OPERATED: Operated = Operated {
    operator: Operator::PerconaMysql,
    releases: Releases::Images(IMAGES),
    // Clients and administrators, whole copies of the data, transactions, and parts that a server has missed. The proxies call 33060 as well.
    among: &[3306, 4444, 4567, 4568, 33060, 33062],
    watched: &[3306, 33062],
    uses_api: false,
    voters: Some((u32::MAX, "servers")),
    most_servers: Some(5),
    before: None,
    helper: Some(Helper {
        pods: |servers| servers.min(3),
        image: Some("docker.io/percona/haproxy:2.8.17"),
        // A check of a server is a client of its own, and there are up to four checks of each server at a time.
        containers: &[("haproxy", (100, 1000), 512 << 20), ("pxc-monit", (20, 200), 128 << 20)],
    }),
    data: "/var/lib/mysql",
    // The operator's default.
    stop: 600,
    user: 1001,
    cpu: (500, 2000),
    // The operator gives half of it to the buffers, or three quarters of more than 4 GB, and a connection to every 12 MB.
    memory: 2 << 30,
    least_memory: 1 << 30,
    least_storage: 4 << 30,
    // The operator takes no longer one.
    longest_name: 22,
    claims: (claims, 0),
    // Services, sets of pods and their settings, certificates with their issuers, and Secrets that it reads where they are.
    made: &[
        "ca-cert",
        "env-vars-haproxy",
        "env-vars-pxc",
        "haproxy",
        "log-collector",
        "mysql-init",
        "pxc",
        "pxc-ca-issuer",
        "pxc-issuer",
        "pxc-unready",
        "ssl",
        "ssl-internal",
        "vault",
    ],
    fixed: |name| FIXED.binary_search(&name).is_ok(),
    setting: (is_setting, "max_connections"),
    // The operator reads the file as a template and by sections.
    unwritable: &['\n', '\r', '#', '{', '}', '`', '\'', '"', '\\'],
    most_users: None,
    longest_user: Some(32),
    reserved_users: (
        &[
            "monitor",
            "operator",
            "pmmserver",
            "pmmserverkey",
            "pmmservertoken",
            "proxyadmin",
            "replication",
            "root",
            Percona::SYSTEM,
            "xtrabackup",
        ],
        "a name of the operator's own users",
    ),
    databases: Some(wrong_database),
    settings,
};

/// The image of each series that the operator runs and MySQL maintains, newest first.
///
/// Source: `sources/operator.1.19.0.pxc-operator.json` of Percona's version service. Its digests are of one architecture each, so that a digest here would keep
/// the others out.
const IMAGES: &[(&str, &str)] = &[("8.4", "docker.io/percona/percona-xtradb-cluster:8.4.7-7.1")];

/// The log of changes serves nobody here: MySQL would keep thirty days of it. A server that was away takes what it missed from a file of another one, and
/// everything anew where the file does not go back that far. That file is a tenth of the volume, at most 1 GiB, and outlives a restart.
fn settings(_: &Quantity, disk: &Quantity, servers: u32) -> Vec<(&'static str, String)> {
    let missed = (disk.bytes() / 10).min(1 << 30) >> 20;
    let mut all = vec![("binlog_expire_logs_seconds", "86400".to_owned())];
    if servers > 1 {
        all.push(("wsrep_provider_options", format!("gcache.recover=yes; gcache.size={missed}M")));
    }
    all
}

fn claims(store: &Name) -> String {
    format!("datadir-{store}-pxc")
}

/// Whether a text is the name of a setting: a word, or two with a dot for a setting of a component. In small letters and with `_`: the server reads other
/// letters and `-` as the same name, and so would have a setting twice.
pub(super) fn is_setting(name: &str) -> bool {
    let mut words = name.split('.');
    let is_word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_lowercase())
            && word.chars().all(|sign| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '_')
    };
    words.clone().count() <= 2 && words.all(is_word)
}

/// What is wrong with the name of a database. The operator writes the name into statements without quotes.
pub(super) fn wrong_database(name: &str) -> Option<&'static str> {
    let is_word = |sign: char| sign.is_ascii_alphanumeric() || sign == '_';
    if ["information_schema", "mysql", "performance_schema", "sys"].contains(&name) {
        Some("every server has a database of this name: say another one under `name`")
    } else if name.len() > 64 {
        Some("a name has at most 64 characters")
    } else if !name.starts_with(|first: char| first.is_ascii_alphabetic()) || !name.chars().all(is_word) {
        Some("write letters, digits and `_` under `name`, and a letter first")
    } else if KEYWORDS.split(' ').any(|word| word.eq_ignore_ascii_case(name)) {
        Some("this is a word of SQL: say another name under `name`, such as one with a `_`")
    } else {
        None
    }
}

/// What the image and the operator set, sorted: `node.cnf` of the image and `build/pxc-configure-pxc.sh` of the operator. The ports are those that it and the
/// policies know. With `proxy_protocol_networks` the operator's proxies speak another protocol.
const FIXED: &[&str] = &[
    "admin_address",
    "admin_port",
    "bind_address",
    "binlog_format",
    "datadir",
    "innodb_autoinc_lock_mode",
    "log_error",
    "mysqlx_port",
    "port",
    "proxy_protocol_networks",
    "pxc_encrypt_cluster_traffic",
    "server_id",
    "skip_networking",
    "socket",
    "ssl_ca",
    "ssl_cert",
    "ssl_key",
    "wsrep_cluster_address",
    "wsrep_cluster_name",
    "wsrep_node_address",
    "wsrep_node_incoming_address",
    "wsrep_node_name",
    "wsrep_provider",
    "wsrep_sst_auth",
    "wsrep_sst_donor",
    "wsrep_sst_method",
];

/// The words that MySQL 8.4 does not take for a name: "Keywords and Reserved Words" in its manual.
const KEYWORDS: &str = "accessible add all alter analyze and as asc asensitive before between bigint binary blob both by call cascade case change char character \
     check collate column condition constraint continue convert create cross cube cume_dist current_date current_time current_timestamp \
     current_user cursor database databases day_hour day_microsecond day_minute day_second dec decimal declare default delayed delete dense_rank \
     desc describe deterministic distinct distinctrow div double drop dual each else elseif empty enclosed escaped except exists exit explain \
     false fetch first_value float float4 float8 for force foreign from fulltext function generated get grant group grouping groups having \
     high_priority hour_microsecond hour_minute hour_second if ignore in index infile inner inout insensitive insert int int1 int2 int3 int4 int8 \
     integer intersect interval into io_after_gtids io_before_gtids is iterate join json_table key keys kill lag last_value lateral lead leading \
     leave left like limit linear lines load localtime localtimestamp lock long longblob longtext loop low_priority manual master_bind \
     master_ssl_verify_server_cert match maxvalue mediumblob mediumint mediumtext middleint minute_microsecond minute_second mod modifies natural \
     no_write_to_binlog not nth_value ntile null numeric of on optimize optimizer_costs option optionally or order out outer outfile over \
     parallel partition percent_rank precision primary procedure purge qualify range rank read read_write reads real recursive references regexp \
     release rename repeat replace require resignal restrict return revoke right rlike row row_number rows schema schemas second_microsecond \
     select sensitive separator set show signal smallint spatial specific sql sql_big_result sql_calc_found_rows sql_small_result sqlexception \
     sqlstate sqlwarning ssl starting stored straight_join system table tablesample terminated then tinyblob tinyint tinytext to trailing trigger \
     true undo union unique unlock unsigned update usage use using utc_date utc_time utc_timestamp values varbinary varchar varcharacter varying \
     virtual when where while window with write xor year_month zerofill";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_databases_need_no_quotes() {
        for name in ["mysql", "order", "Rank", "my-shop", "1shop", "_shop", "", "a b"] {
            assert!(wrong_database(name).is_some(), "{name}");
        }
        for name in ["orders", "my_shop", "Shop2", "user"] {
            assert_eq!(wrong_database(name), None, "{name}");
        }
    }

    #[test]
    fn lists_are_sorted() {
        assert!(FIXED.is_sorted());
        assert!(KEYWORDS.split(' ').is_sorted());
    }

    #[test]
    fn a_server_takes_what_it_missed_from_a_file() {
        let of = |gibibytes: u64, servers: u32| settings(&Quantity::from_bytes(1), &Quantity::from_bytes(gibibytes << 30), servers);
        assert_eq!(of(100, 3).last().map(|(_, value)| value.as_str()), Some("gcache.recover=yes; gcache.size=1024M"));
        assert_eq!(of(5, 3).last().map(|(_, value)| value.as_str()), Some("gcache.recover=yes; gcache.size=512M"));
        assert_eq!(of(5, 1).len(), 1);
    }
}
