//! Kafka stores: whether topics have copies that the servers can hold, and what Strimzi alone is told.

use super::EnvironmentResolver;
use super::consumer::Consumer;
use super::engines::Operated;
use super::names::Entry;
use crate::diagnostic::{Code, Diagnostic, wording};
use crate::model::{Kafka, Spread};
use crate::spec::Store;
use crate::value::Quantity;
use std::collections::BTreeMap;

/// The copies of a partition of a topic.
const COPIES: &str = "default.replication.factor";

/// The copies that have a message before its sender hears so.
const IN_SYNC: &str = "min.insync.replicas";

/// Settings that count servers.
pub(super) const COUNTS: [&str; 7] = [
    COPIES,
    IN_SYNC,
    "offsets.topic.replication.factor",
    "share.coordinator.state.topic.min.isr",
    "share.coordinator.state.topic.replication.factor",
    "transaction.state.log.min.isr",
    "transaction.state.log.replication.factor",
];

impl EnvironmentResolver<'_> {
    /// Every copy needs a server, and a message can't wait for all copies where servers restart one by one.
    pub(super) fn check_copies_of_topics(&mut self, entry: &Entry, store: &Store, operated: &Operated) {
        let servers = store.replicas.get().copied().unwrap_or(1);
        let mut said = BTreeMap::new();
        for (name, at, value) in store.parameters.entries().filter(|(name, ..)| COUNTS.contains(&name.as_str())) {
            match value.parse::<u32>() {
                Ok(number) if (1..=servers).contains(&number) => _ = said.insert(name.as_str(), (number, at)),
                Ok(number) => {
                    let message = format!("`{name}: {number}`: `{}` has {}", entry.display(), wording::Count(servers as usize, "server"));
                    let help = if servers == 1 { "write `1`".to_owned() } else { format!("write a number from `1` to `{servers}`") };
                    self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(help));
                }
                Err(_) => {
                    let message = format!("`{name}: {value}` is not a number of servers");
                    self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help("write a number, such as `2`"));
                }
            }
        }
        let own = (operated.settings)(&Quantity::from_bytes(0), &Quantity::from_bytes(0), servers);
        let default = |name: &str| own.iter().find(|(known, _)| *known == name).and_then(|(_, value)| value.parse::<u32>().ok());
        let (copies, in_sync) = (said.get(COPIES), said.get(IN_SYNC));
        let number = |said: Option<&(u32, _)>, name| said.map(|(number, _)| *number).or_else(|| default(name)).unwrap_or(1);
        let (all, waits_for) = (number(copies, COPIES), number(in_sync, IN_SYNC));
        let Some((_, at)) = in_sync.or(copies).filter(|_| servers > 1 && waits_for >= all) else { return };
        let message = format!(
            "a message waits for {waits_for} of the {} of its topic, so that none is taken while a server restarts",
            wording::Count(all as usize, "copy")
        );
        let help = match all {
            1 => format!("write `{COPIES}: \"2\"` or more, and `{IN_SYNC}` with a smaller number"),
            _ => format!("write `{IN_SYNC}: \"{}\"`", all - 1),
        };
        self.tell(Diagnostic::new(Code::InvalidValue, message).at(*at).help(help));
    }

    /// What Strimzi is told of a store.
    pub(super) fn kafka(
        &mut self,
        consumer: &Consumer<'_>,
        store: &Store,
        (operated, servers): (&Operated, u32),
        (parameters, spread): (&BTreeMap<String, String>, Spread),
    ) -> Option<Kafka> {
        let version = operated.named(store.version.get()?)?;
        let (at, zones) = (&consumer.at, u32::try_from(consumer.region.zones.len()).unwrap_or(u32::MAX));
        let voters = servers.min(operated.voters.map_or(u32::MAX, |(most, _)| most));
        let number = |name: &str| parameters.get(name).and_then(|value| value.parse().ok()).unwrap_or(1);
        self.record_entry(at, || ("release", version, format!("{}.version", at.entry)));
        self.record_entry(at, || ("controllers", voters, format!("{}.replicas", at.entry)));
        Some(Kafka {
            version,
            voters,
            voters_apart: voters > 1 && voters <= zones && spread != Spread::None,
            zonal: servers > 1 && zones > 1,
            copies: number(COPIES),
            in_sync: number(IN_SYNC),
        })
    }
}
