//! The servers that an operator runs, without those of a zone: whether writes go on, and whether something is lost.

use super::Data;
use crate::model::{Durability, Operated, Software};
use serde::Serialize;

/// Whether the servers of a store take writes.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Writes {
    /// They go on. If the server that took them is lost, another one takes over.
    GoOn,
    /// They wait if the server that took them is lost: no other server has for certain all that clients were told of, or none is left that confirms a
    /// transaction. A person may decide otherwise.
    Wait,
    /// No server is left.
    Stop,
}

/// The servers of a store that are left without a zone at worst, and if they are spread evenly, of as many zones that have nodes for them. Where each server
/// has a zone of its own, those without one do not run.
pub(super) fn left(operated: &Operated, servers: u32, zones: u32) -> (u32, u32) {
    if operated.one_per_zone {
        let left = servers.min(zones).saturating_sub(1);
        return (left, left);
    }
    (0, servers - servers.div_ceil(zones.max(1)))
}

/// What a store does without some of its servers, the one that takes writes among them.
///
/// RabbitMQ: a queue of the kind `quorum` takes messages as long as a majority of its servers is there, and has every message that it confirmed.
///
/// Kafka: a partition takes messages as long as a majority of the voters is there, and as many copies as a message waits for. Every confirmed message is on as
/// many servers.
///
/// MySQL: the servers take transactions as long as a majority of them sees each other, and each has every transaction that clients were told of. Servers of
/// which the others vanished take none and answer nobody, until they see a majority again.
///
/// MongoDB: a majority of the servers elects the one that takes writes. A write is confirmed once a majority has it, unless the client asks for less.
///
/// PostgreSQL: with [`Durability::Required`], CloudNativePG lets a server take over only if `R + W > N`: `R` are the standbys that answer, `W` is the one that confirms each
/// transaction, `N` are all standbys. So one server may be lost. Afterwards another one has to confirm the transactions of the new one.
pub(super) fn without(software: &Software, servers: u32, left: u32) -> (Writes, Data) {
    if left == 0 {
        return (Writes::Stop, Data::Away);
    }
    if left == servers {
        return (Writes::GoOn, Data::Kept);
    }
    match software {
        Software::Rabbitmq | Software::Mysql(_) | Software::Mongodb(_) if 2 * left > servers => (Writes::GoOn, Data::Kept),
        Software::Rabbitmq | Software::Mysql(_) | Software::Mongodb(_) => (Writes::Wait, Data::Kept),
        // A copy that is away comes back with its volume: none takes over that misses a message.
        Software::Kafka(kafka) => {
            let (lost, writes) = (servers - left, servers - left <= kafka.spare());
            (if writes { Writes::GoOn } else { Writes::Wait }, if lost < kafka.in_sync { Data::Kept } else { Data::Away })
        }
        Software::Postgres(database) => match database.durability {
            Some(Durability::Required) if servers - left <= 1 && left >= 2 => (Writes::GoOn, Data::Kept),
            Some(Durability::Required) => (Writes::Wait, Data::Kept),
            Some(Durability::Preferred) | None => (Writes::GoOn, Data::LastTransactions),
        },
    }
}

/// What a store does without some of its servers, the one that takes writes among them, if their Sentinels elect another one: a majority of all Sentinels
/// agrees, and a server follows that the new one can copy to. Every write is confirmed before another server has it.
pub(super) fn elected(servers: u32, left: u32, on_volumes: bool) -> (Writes, Data) {
    match left {
        0 if on_volumes => (Writes::Stop, Data::Away),
        0 => (Writes::Stop, Data::Lost),
        _ if left == servers => (Writes::GoOn, Data::Kept),
        _ if 2 * left > servers => (Writes::GoOn, Data::LastWrites),
        _ if on_volumes => (Writes::Wait, Data::Kept),
        _ => (Writes::Wait, Data::Lost),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Database, Kafka, Percona};
    use std::collections::BTreeMap;

    fn postgres(durability: Option<Durability>) -> Software {
        Software::Postgres(Database { name: "orders".to_owned(), owner: "app".parse().unwrap(), durability })
    }

    #[test]
    fn servers_of_their_own_zones_lose_one() {
        let left = |one_per_zone: bool, servers: u32, zones: u32| {
            let operated =
                Operated { software: Software::Rabbitmq, users: Vec::new(), parameters: BTreeMap::new(), one_per_zone, helper: None };
            left(&operated, servers, zones)
        };
        assert_eq!([left(true, 3, 3), left(true, 2, 3), left(false, 5, 3), left(false, 1, 3)], [(2, 2), (1, 1), (0, 3), (0, 0)]);
        // Of three servers, two wait for a zone with nodes, or one does.
        assert_eq!([left(true, 3, 1), left(true, 3, 2)], [(0, 0), (1, 1)]);
    }

    #[test]
    fn a_server_takes_over_only_with_all_that_clients_were_told_of() {
        let strict = postgres(Some(Durability::Required));
        assert_eq!(without(&strict, 3, 2), (Writes::GoOn, Data::Kept));
        assert_eq!(without(&strict, 5, 3), (Writes::Wait, Data::Kept), "3 standbys of 4 answer, and 3 + 1 > 4 is false");
        assert_eq!(without(&strict, 3, 1), (Writes::Wait, Data::Kept));
        assert_eq!(without(&strict, 3, 0), (Writes::Stop, Data::Away));
        assert_eq!(without(&postgres(Some(Durability::Preferred)), 2, 1), (Writes::GoOn, Data::LastTransactions));
        assert_eq!(without(&postgres(None), 1, 0), (Writes::Stop, Data::Away));
    }

    #[test]
    fn partitions_need_votes_and_copies() {
        let of = |voters: u32, (copies, in_sync): (u32, u32), servers: u32, left: u32| {
            let kafka = Kafka { version: "4.3.1", voters, voters_apart: true, zonal: true, copies, in_sync };
            without(&Software::Kafka(kafka), servers, left)
        };
        assert_eq!([of(3, (3, 2), 3, 2), of(3, (3, 2), 6, 5)], [(Writes::GoOn, Data::Kept); 2]);
        assert_eq!([of(3, (3, 2), 3, 1), of(3, (3, 2), 6, 4)], [(Writes::Wait, Data::Away); 2]);
        assert_eq!(of(3, (3, 3), 3, 2), (Writes::Wait, Data::Kept), "a message waits for every copy");
        assert_eq!(of(3, (3, 1), 3, 2), (Writes::GoOn, Data::Away), "the copy that is lost may be the only one that has a message");
        assert_eq!(of(1, (1, 1), 1, 0), (Writes::Stop, Data::Away));
    }

    #[test]
    fn sentinels_need_a_majority() {
        let of = |servers: u32, left: u32| elected(servers, left, true);
        assert_eq!([of(3, 2), of(5, 3)], [(Writes::GoOn, Data::LastWrites); 2]);
        assert_eq!([of(3, 3), of(3, 1), of(3, 0)], [(Writes::GoOn, Data::Kept), (Writes::Wait, Data::Kept), (Writes::Stop, Data::Away)]);
        assert_eq!([elected(3, 1, false), elected(3, 0, false)], [(Writes::Wait, Data::Lost), (Writes::Stop, Data::Lost)]);
    }

    #[test]
    fn queues_and_transactions_need_a_majority() {
        let percona = Percona { database: "orders".to_owned(), owner: "app".parse().unwrap(), system: Vec::new(), small: false };
        for software in [Software::Rabbitmq, Software::Mysql(percona.clone()), Software::Mongodb(percona)] {
            let of = |servers: u32, left: u32| without(&software, servers, left);
            assert_eq!([of(3, 3), of(3, 2), of(5, 3)], [(Writes::GoOn, Data::Kept); 3]);
            assert_eq!([of(3, 1), of(5, 2)], [(Writes::Wait, Data::Kept); 2]);
            assert_eq!(of(1, 0), (Writes::Stop, Data::Away));
        }
    }
}
