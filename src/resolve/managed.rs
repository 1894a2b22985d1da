//! Stores of `mode: managed`: what RDS runs, the job that makes their users, and what stands in for them on a desktop.

use super::EnvironmentResolver;
use super::backup_times::{days, schedule};
use super::consumer::Consumer;
use super::engines;
use super::managed_users::makes_users;
use super::names::{Entry, EntrySpec};
use super::placement::Runs;
use super::volumes::Pod;
use super::workloads::{JOB, Site};
use crate::model::{Flow, Kind, Managed, ManagedBackup, Peer, Region, User, Workload};
use crate::spec::{self, Store, StoreSize};
use crate::syntax::Field;
use crate::value::{Cidr, Name, NetworkPort, digest};
use indexmap::IndexMap;

impl EnvironmentResolver<'_> {
    /// A store that RDS runs, its job, and the flows of the job.
    pub(super) fn managed(&mut self, entry: &Entry, store: &Store, site: Site<'_>) -> Option<(Managed, Workload, Vec<Flow>)> {
        let mut consumer = self.consumer(entry, site)?;
        let engine = store.engine.get().copied()?;
        let rds = engines::rds(Some(engine))?;
        let Some(StoreSize::Size(size)) = store.storage.get() else { return None };
        let (_, port) = engines::of(engine).port?;
        let (namespace, region) = (consumer.namespace, consumer.region);
        let subnet = self.subnet_of(store)?;
        let with_password = |name: &Name| Some(User { name: name.clone(), password: engines::password(namespace, &entry.name, name)? });
        let users: Vec<User> = store.users.entries().filter_map(|(name, ..)| with_password(name)).collect();
        let owner = store.users.entries().find(|(_, _, user)| user.owner.is_true()).or_else(|| store.users.entries().next());
        let mut parameters: std::collections::BTreeMap<String, String> =
            store.parameters.entries().map(|(name, _, value)| (name.clone(), value.clone())).collect();
        let (encrypted, on) = rds.encrypted;
        parameters.insert(encrypted.to_owned(), on.to_owned());
        let fallback = consumer.platform.namespaces.get(namespace.as_str()).map_or(&consumer.platform.owner, |namespace| &namespace.owner);
        let managed = Managed {
            span: entry.key,
            name: entry.name.clone(),
            namespace: namespace.clone(),
            owner: entry.owner().get().unwrap_or(fallback).clone(),
            engine,
            version: store.version.get()?.clone(),
            id: Managed::identifier(consumer.platform, namespace, &entry.name, &region.name),
            machine: store.machine.get()?.clone(),
            storage: size.bytes() >> 30,
            standby: store.replicas.get() == Some(&2),
            subnet,
            port,
            aliases: entry.alias().values().cloned().collect(),
            database: store.name.get().cloned().unwrap_or_else(|| entry.name.to_string()),
            owned_by: owner?.0.clone(),
            users,
            parameters,
            backup: self.managed_backup(entry, store, region),
            job: format!("{}{}", entry.name, Managed::JOB).parse().ok()?,
            stand_in: self.stand_in(entry, store, site).map(Box::new),
        };
        self.record_managed(&managed, entry, region);
        // The record of the store says nothing of the pods of the job.
        let recorder = self.recorder.take();
        let made = self.users_job(&managed, store, &mut consumer);
        self.recorder = recorder;
        let (job, flow) = made?;
        Some((managed, job, vec![flow]))
    }

    /// The subnet of a store. Reports one that the spec does not declare.
    fn subnet_of(&mut self, store: &Store) -> Option<Name> {
        let declared = std::rc::Rc::clone(&self.subnets);
        let Some((name, at)) = store.subnet.spanned() else {
            return declared.iter().find(|subnet| subnet.default).map(|subnet| subnet.name.clone());
        };
        if declared.iter().all(|subnet| subnet.name != *name) {
            self.unknown("subnet", name.as_str(), declared.iter().map(|subnet| subnet.name.as_str()), at);
            return None;
        }
        Some(name.clone())
    }

    fn managed_backup(&self, entry: &Entry, store: &Store, region: &Region) -> Result<ManagedBackup, Option<String>> {
        let reason = || store.backup.at(|backup| &backup.none).get().cloned();
        let kept = |said: &spec::Backup| {
            let seed = digest(&[entry.namespace.as_ref()?.as_str(), entry.name.as_str()], 8);
            let times = schedule(*said.every.get()?, u64::from_str_radix(&seed, 16).unwrap_or_default())?;
            Some(ManagedBackup {
                schedule: as_of_aws(&times)?,
                keep: u32::try_from(days(*said.keep.get()?)).ok()?,
                copy_to: said.copy_to.get().filter(|name| **name != region.name).cloned(),
                rpo: said.rpo.get().copied(),
                rto: said.rto.get().copied(),
            })
        };
        store.backup.get().filter(|said| said.none.is_missing()).and_then(kept).ok_or_else(reason)
    }

    /// The server of the same engine, version and users that stands in for a store on a desktop. None of its findings concern the environment.
    fn stand_in(&mut self, entry: &Entry, store: &Store, site: Site<'_>) -> Option<(Workload, Vec<Flow>)> {
        let mut small = store.clone();
        (small.subnet, small.replicas, small.standby, small.backup) = (Field::Missing, Field::Missing, Field::Missing, Field::Missing);
        // They are for the machine of the cloud.
        small.parameters = Field::Missing;
        let (recorder, found) = (self.recorder.take(), std::mem::take(&mut self.found));
        let built = self.store(entry, &small, site);
        (self.recorder, self.found) = (recorder, found);
        built
    }

    /// The job that makes the users of a store, with its call. It runs where the store is, if the subnet has nodes.
    fn users_job(&mut self, managed: &Managed, store: &Store, consumer: &mut Consumer<'_>) -> Option<(Workload, Flow)> {
        let image = engines::operated(Some(managed.engine))?.named(&managed.version)?;
        let has_nodes =
            consumer.region.cluster.pools.is_empty() || consumer.region.cluster.pools.iter().any(|pool| pool.subnet == managed.subnet);
        let subnet = if has_nodes { &store.subnet } else { &Field::Missing };
        let placement = self.placement(subnet, &Field::Missing, &Field::Missing, consumer, Runs::Once)?;
        let main = makes_users(managed, image)?;
        let kind = Kind::Job { deadline: JOB, after_rollout: false, after: Vec::new() };
        let base = self.base_workload(consumer, kind, main, Pod::default(), placement);
        let job = Workload {
            name: managed.job.clone(),
            users_of: Some(managed.key()),
            service: None,
            labels: std::collections::BTreeMap::new(),
            ..base
        };
        let from =
            Peer::Workload { region: consumer.region.name.clone(), namespace: job.namespace.to_string(), name: job.name.to_string() };
        let to = self.managed_peer(consumer.entry, consumer.region)?;
        let why = format!("the job that makes the users of {} calls it", consumer.label);
        Some((job, Flow { from, to, ports: NetworkPort::tcp(managed.port).into(), why, span: managed.span }))
    }

    /// A store that RDS runs, as an end of flows: the ranges of its subnet.
    pub(super) fn managed_peer(&self, entry: &Entry, region: &Region) -> Option<Peer> {
        let EntrySpec::Store(store) = &entry.spec else { return None };
        let subnets = region.network.iter().flat_map(|network| &network.subnets);
        let own = subnets.into_iter().find(|subnet| store.subnet.get().map_or(subnet.default, |name| *name == subnet.name))?;
        let cidrs: Vec<Cidr> = own.ranges.iter().map(|range| range.cidr).collect();
        Some(Peer::Outside { name: entry.display(), cidrs, app: entry.workload_key(), gateway: false })
    }

    /// Lets the jobs that call a store wait for the job that makes its users.
    pub(super) fn after_users(&self, managed: &IndexMap<String, Managed>, flows: &[Flow], workloads: &mut IndexMap<String, Workload>) {
        for store in managed.values() {
            let (key, job) = (store.key(), format!("{}/{}", store.namespace, store.job));
            for flow in flows.iter().filter(|flow| flow.to.answers_as(&key)) {
                let Peer::Workload { namespace, name, .. } = &flow.from else { continue };
                let caller = workloads.get_mut(&format!("{namespace}/{name}")).filter(|caller| caller.users_of.is_none());
                if let Some(Workload { kind: Kind::Job { after, .. }, .. }) = caller
                    && !after.contains(&job)
                {
                    after.push(job.clone());
                }
            }
        }
    }

    fn record_managed(&self, managed: &Managed, entry: &Entry, region: &Region) {
        let at = &self.record_path(entry, &region.name);
        let of = &at.entry;
        self.record_entry(at, || ("identifier", &managed.id, "platform.name, the environment, the region and the entry's name"));
        self.record_entry(at, || ("private_name", managed.host(region), "the cluster and the entry's name"));
        self.record_entry(at, || ("subnet", &managed.subnet, self.default_subnet()));
        self.record_entry(at, || ("owner_of_database", &managed.owned_by, format!("{of}.users")));
        self.record_entry(at, || ("users_job", &managed.job, "the entry's name"));
        for user in managed.users.iter().filter(|_| self.records()) {
            self.record_entry(at, || (format!("users.{}.password", user.name), &user.password, format!("{of}.users")));
        }
        if let Ok(backup) = &managed.backup {
            self.record_entry(at, || ("backup.schedule", &backup.schedule, format!("{of}.backup.every and the entry's name")));
        }
    }
}

/// A cron expression of six fields, the first of which are seconds, as AWS reads it: without seconds, with a year, and with one of the two kinds of days.
fn as_of_aws(times: &str) -> Option<String> {
    let fields: Vec<&str> = times.split(' ').collect();
    let [_, minute, hour, day, month, weekday] = fields[..] else { return None };
    // `4-23/6` and `*/2` are steps from a first number on.
    let step = |field: &str, first: u32| match field.split_once('/') {
        Some((from, step)) => format!("{}/{step}", from.split('-').next().filter(|from| *from != "*").unwrap_or(&first.to_string())),
        None => field.to_owned(),
    };
    let (minute, hour, day) = (step(minute, 0), step(hour, 0), step(day, 1));
    Some(match weekday {
        "*" => format!("cron({minute} {hour} {day} {month} ? *)"),
        _ => format!("cron({minute} {hour} ? {month} SUN *)"),
    })
}

#[cfg(test)]
mod tests {
    use super::as_of_aws;

    #[test]
    fn schedules_are_written_as_aws_reads_them() {
        for (times, wanted) in [
            ("0 17 4-23/6 * * *", "cron(17 4/6 * * ? *)"),
            ("0 17 * * * *", "cron(17 * * * ? *)"),
            ("0 17 4 * * *", "cron(17 4 * * ? *)"),
            ("0 17 4 */2 * *", "cron(17 4 1/2 * ? *)"),
            ("0 17 4 * * 0", "cron(17 4 ? * SUN *)"),
        ] {
            assert_eq!(as_of_aws(times).as_deref(), Some(wanted), "{times}");
        }
    }
}
