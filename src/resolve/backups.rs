//! `backup` of stores: when files are copied, where they go and how long they stay, and whether that keeps what the spec promises.

use super::EnvironmentResolver;
use super::backup_times::{MINUTE, START, days, minutes, nearest, restore, schedule, speed, transfer};
use super::buckets::{Copied, HTTPS, LONGEST, lock, version_days};
use super::consumer::Consumer;
use super::engines;
use super::external::{Outside, Reach};
use super::names::{Entry, EntrySpec, Names};
use super::regions::RegionSpec;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Backup, Bucket, BucketCopy, Container, Flow, Holds, Peer, Platform};
use crate::provider::Provider;
use crate::source::Span;
use crate::spec::{self, Store, StoreSize};
use crate::value::{BucketAccess, Duration, Name, Quantity, digest};

/// Seconds after which the log leaves the cluster though its segment is not full: the default of CloudNativePG.
const ARCHIVE: u64 = 5 * MINUTE;

/// The shortest time for that. Each segment takes room as if it were full before it is compressed: "settings of a minute or so are usually reasonable", says
/// the documentation of `archive_timeout` of PostgreSQL.
const SHORTEST: u64 = MINUTE;

/// Request and limit of processors in thousandths, and the memory, of the container that copies: two uploads at a time, each with its parts in memory.
const SIDECAR: (u64, u64, u64) = (100, 1000, 512 << 20);

/// What the bucket of the backups of a store is called in flows, before the store.
const BACKUPS: &str = "the backups of";

/// Whether a flow leads to the bucket of backups.
pub(super) fn is_backup(flow: &Flow) -> bool {
    matches!(&flow.to, Peer::Outside { name, .. } if name.starts_with(BACKUPS))
}

impl EnvironmentResolver<'_> {
    /// A store with a volume has backups, or a reason for having none.
    pub(super) fn check_backup(&mut self, entry: &Entry, store: &Store) {
        let keeps_nothing = store.storage.get() == Some(&StoreSize::None);
        let Some((backup, at)) = store.backup.spanned() else {
            // Where the store is not rendered, the way out needs no backup.
            let is_refused = !entry.rendered && !self.inputs.allow_incomplete;
            if store.backup.is_missing() && !keeps_nothing && !store.storage.is_missing() && !is_refused {
                let diagnostic = Diagnostic::new(Code::MissingField, "`backup` is missing: the store keeps data").at(entry.key);
                let rendered = engines::has_backups(store.engine.get().copied());
                let help =
                    if rendered { "add `backup: {every: 6h, keep: 35d}`, or `backup: {none: why}`" } else { "add `backup: {none: why}`" };
                self.tell(diagnostic.help(help));
            }
            return;
        };
        if let Some(none) = backup.none.span() {
            self.without_backups(backup, (none, at), "a store without backups");
            return;
        }
        if keeps_nothing {
            let message = "`backup` needs a volume, and the store has `storage: none`";
            self.contradiction(message, at, store.storage.span());
            return;
        }
        self.check_copies(backup, at);
        if !engines::has_backups(store.engine.get().copied()) {
            self.query_needs_postgres(backup, store.engine.span());
        }
        let homes = self.homes(store);
        let on_aws = homes.iter().filter(|home| home.provider == Provider::Aws).count();
        let rendered = entry.rendered && entry.runs_here();
        let made = rendered && engines::has_backups(store.engine.get().copied());
        if made && (on_aws > 0 || homes.is_empty()) {
            self.check_schedule(store, backup);
            self.check_promises(store, backup);
            self.check_restore_test(store, backup);
        } else if let Some((name, at)) = backup.copy_to.spanned() {
            self.is_declared("region", &self.spec.regions, name, at);
        }
        if rendered && !(made && on_aws == homes.len()) {
            let help = "back up the store by other means, and write `backup: {none: REASON}` with a reason that names them";
            self.lacks(entry, "backup", at, help);
        }
    }

    /// Checks the reason for having no backups. `places` are the spans of `none` and of `backup`.
    pub(super) fn without_backups(&mut self, backup: &spec::Backup, places: (Span, Span), what: &str) {
        let (none, at) = places;
        self.reason(&backup.none, "none", what, at);
        let other = backup.of_copies().into_iter().flatten().next();
        self.exclude(&[(Some(none), other, "`none` can't be combined with other keys of `backup`")]);
    }

    /// Checks the interval and the retention of backups.
    pub(super) fn check_copies(&mut self, backup: &spec::Backup, at: Span) {
        self.require(&backup.every, "every", at);
        self.require(&backup.keep, "keep", at);
        if let Some((test, at)) = backup.restore_test.spanned() {
            self.require(&test.every, "every", at);
        }
        let Some((keep, at)) = backup.keep.spanned() else { return self.check_lengths(backup) };
        if let Some((every, of)) = backup.every.spanned().filter(|(every, _)| keep < *every) {
            let message = format!("backups are kept for {keep} but made every {every}: most of the time there would be none");
            self.contradiction(message, at, Some(of));
        } else if let Some((test, of)) = backup.restore_test.at(|test| &test.every).spanned().filter(|(test, _)| keep < *test) {
            let message = format!("backups are kept for {keep} but one is tested every {test}: most would be gone before a test");
            self.contradiction(message, at, Some(of));
        }
        if days(*keep) > LONGEST {
            let message = format!("`keep: {keep}` is longer than a hundred years");
            self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(format!("write at most `{LONGEST}d`")));
        }
        self.check_lengths(backup);
    }

    fn check_lengths(&mut self, backup: &spec::Backup) {
        let all = [
            ("every", &backup.every),
            ("keep", &backup.keep),
            ("restore_test", backup.restore_test.at(|test| &test.every)),
            ("rpo", &backup.rpo),
            ("rto", &backup.rto),
        ];
        for (name, field) in all {
            if let Some((time, at)) = field.spanned().filter(|(time, _)| time.millis() == 0) {
                self.error(Code::InvalidValue, format!("`{name}: {time}` must be longer than zero"), at);
            }
        }
    }

    /// Reports an interval that no cron expression has, and one that a copy of a full volume outlasts.
    fn check_schedule(&mut self, store: &Store, backup: &spec::Backup) {
        let Some((every, at)) = backup.every.spanned().filter(|(every, _)| every.millis() > 0) else { return };
        if schedule(*every, 0).is_none() {
            let message =
                format!("`every: {every}` is not an interval of a schedule: it divides no hour and no day, and is not a number of days");
            self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(format!("write `{}`", nearest(*every))));
            return;
        }
        let Some((size, of)) = size(store) else { return };
        let copy = transfer(size);
        if every.seconds() < copy {
            let message =
                format!("a copy of a full volume of `{size}` takes {} at {}, longer than `every: {every}`", minutes(copy), speed());
            let diagnostic = Diagnostic::new(Code::Contradiction, message).at(at).related(of, "the size of the volume");
            self.tell(diagnostic.help("make copies less often: the log of changes is archived in between, and `rpo` depends on it alone"));
        }
    }

    /// Reports objectives that the archive of the log and the speed of a restore can't meet.
    fn check_promises(&mut self, store: &Store, backup: &spec::Backup) {
        if let Some((rpo, at)) = backup.rpo.spanned().filter(|(rpo, _)| rpo.millis() > 0 && rpo.seconds() < 2 * SHORTEST) {
            let message = format!(
                "`rpo: {rpo}` can't be met: the log is archived every {} at the shortest, and its upload may take as long: {} together",
                minutes(SHORTEST),
                minutes(2 * SHORTEST)
            );
            let help = format!("write at least `{}`; with several `replicas`, the loss of one server loses less", minutes(2 * SHORTEST));
            self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(help));
        }
        let timeout = store.parameters.entries().find(|(name, ..)| *name == "archive_timeout");
        if let Some((_, at, _)) = timeout {
            let message = "`archive_timeout` can't be combined with `backup`, whose `rpo` decides it";
            self.contradiction(message, at, backup.rpo.span().or(store.backup.span()));
        }
        if let (Some((rto, at)), Some((size, of))) = (backup.rto.spanned().filter(|(rto, _)| rto.millis() > 0), size(store)) {
            let (data, all) = (transfer(size), restore(size));
            if rto.seconds() < all {
                let message = format!(
                    "`rto: {rto}` can't be met: a full volume of `{size}` takes {} to restore at {}, and the server {} to start: {} together",
                    minutes(data),
                    speed(),
                    minutes(START),
                    minutes(all)
                );
                let diagnostic = Diagnostic::new(Code::InvalidValue, message).at(at).related(of, "the size of the volume");
                let help = format!("write at least `{}`, or divide the data among several stores", minutes(all));
                self.tell(diagnostic.help(help));
            }
        }
    }

    /// The regions in which a store has data of its own.
    pub(super) fn homes(&self, store: &Store) -> Vec<RegionSpec> {
        match store.independent.is_true() {
            true => self.region_specs.to_vec(),
            false => self.primary().map(|(place, _)| place.clone()).into_iter().collect(),
        }
    }

    /// Fills a platform with the buckets of backups.
    pub(super) fn buckets_of_backups(&mut self, platform: &mut Platform, names: &Names) {
        for entry in names.iter() {
            let EntrySpec::Store(store) = &entry.spec else { continue };
            let backed_up = entry.runs_here() && entry.rendered && engines::has_backups(store.engine.get().copied());
            let (Some(backup), true, Some(namespace)) = (store.backup.get(), backed_up, &entry.namespace) else { continue };
            let Some(keep) = backup.keep.get().filter(|_| backup.none.is_missing() && !backup.every.is_missing()) else { continue };
            let (homes, independent) = (self.homes(store), store.independent.is_true());
            let copied = Copied { what: "store", moves: !independent };
            for home in homes.into_iter().filter(|home| home.provider == Provider::Aws) {
                let copy = self.copy_region(&backup.copy_to, &home, copied);
                let account = platform.regions.get(home.name.as_str()).and_then(|region| region.account.clone());
                let (Some(account), true) = (account, platform.namespaces.contains_key(namespace.as_str())) else { continue };
                let key = key(namespace, &entry.name, independent.then_some(&home.name));
                let id = |region: &Name| platform.backups_name((namespace, &entry.name, &key), region, &account);
                let lock = u32::try_from(days(*keep)).ok().map(|days| lock(platform, days));
                let bucket = Bucket {
                    span: entry.key,
                    key: key.clone(),
                    holds: Holds::Backups { namespace: namespace.clone(), store: entry.name.clone() },
                    id: id(&home.name),
                    copy: copy.map(|region| BucketCopy { id: id(&region), region, days: copy_days(*keep, backup.every.get().copied()) }),
                    region: home.name,
                    moves: copied.moves,
                    version_days: version_days(lock),
                    lock,
                    account,
                };
                platform.buckets.insert(key, bucket);
            }
        }
    }

    /// The backups of a store in the region of its consumer, with the flow to their bucket. None without a bucket there.
    pub(super) fn backup(&mut self, store: &Store, consumer: &mut Consumer<'_>, main: &Container) -> Option<(Backup, Flow)> {
        let (said, at) = store.backup.spanned()?;
        let region = store.independent.is_true().then_some(&consumer.region.name);
        let bucket = consumer.platform.buckets.get(&key(consumer.namespace, consumer.name, region))?;
        let seed = u64::from_str_radix(&digest(&[consumer.namespace.as_str(), consumer.name.as_str()], 8), 16).unwrap_or_default();
        let (rpo, rto) = (said.rpo.get().copied(), said.rto.get().copied());
        let backup = Backup {
            bucket: bucket.key.clone(),
            url: format!("s3://{}", bucket.id),
            schedule: schedule(*said.every.get()?, seed)?,
            keep: bucket.lock?.days,
            archive_timeout: Duration::from_millis(rpo.map_or(ARCHIVE, |rpo| (rpo.seconds() / 2).clamp(SHORTEST, ARCHIVE)) * 1000),
            rpo,
            rto,
            restore: minutes(restore(size(store)?.0)),
            test: None,
            sidecar: sidecar(main)?,
        };
        let (path, of) = (&consumer.at, format!("{}.backup", consumer.at.entry));
        self.record_entry(path, || ("backup.bucket", &bucket.id, of.clone()));
        self.record_entry(path, || ("backup.schedule", &backup.schedule, format!("{of}.every and the entry's name")));
        self.record_entry(path, || ("backup.retention", format!("{}d", backup.keep), format!("{of}.keep")));
        if let Some((copy, days)) = bucket.copy.as_ref().and_then(|copy| Some((copy, copy.days?))) {
            self.record_entry(path, || ("backup.copy", &copy.id, format!("{of}.copy_to")));
            self.record_entry(path, || ("backup.copy_retention", format!("{days}d"), format!("{of}.keep, {of}.every")));
        }
        let from = if rpo.is_some() { format!("{of}.rpo") } else { "the default of CloudNativePG".to_owned() };
        self.record_entry(path, || ("backup.archive_timeout", backup.archive_timeout, from));
        self.record_entry(path, || ("backup.restore", backup.restore, format!("{}.storage", path.entry)));
        let flow = to_backups(self, consumer, &bucket.region, "writes its backups", at)?;
        consumer.buckets.insert(bucket.key.clone(), (BucketAccess::Write, at));
        Some((backup, flow))
    }
}

/// The flow from a store to the bucket of backups in a region. `does` is what the store does there.
pub(super) fn to_backups(resolver: &EnvironmentResolver<'_>, consumer: &Consumer<'_>, region: &Name, does: &str, at: Span) -> Option<Flow> {
    let Reach { cidrs, .. } = resolver.reach(&Outside::object_store(region, at)?, consumer.region);
    let (name, why) = (format!("{BACKUPS} {}", consumer.label), format!("{} {does}", consumer.label));
    let to = Peer::Outside { name, cidrs, app: None, gateway: true };
    Some(Flow { from: consumer.peer(), to, ports: HTTPS.into(), why, span: at })
}

/// The container beside each server that copies, or reads copies.
pub(super) fn sidecar(main: &Container) -> Option<Container> {
    let (cpu, most, memory) = SIDECAR;
    Some(Container {
        name: "plugin-barman-cloud".parse().ok()?,
        image: String::new(),
        cpu: Some((Quantity::from_millis(cpu.into()), Some(Quantity::from_millis(most.into())))),
        memory: Some((Quantity::from_bytes(memory), Quantity::from_bytes(memory))),
        mounts: Vec::new(),
        ports: Vec::new(),
        ..main.clone()
    })
}

/// The days that a backup stays in the copy: as long as a restore needs it, which is for `keep` and the interval before it, and for `keep` once more, so that the
/// last backups are still there when nobody noticed for that long that no new one came.
fn copy_days(keep: Duration, every: Option<Duration>) -> Option<u32> {
    u32::try_from(2 * days(keep) + days(every?)).ok()
}

/// The key of the bucket of a store's backups. No name has a dot.
pub(super) fn key(namespace: &Name, store: &Name, region: Option<&Name>) -> String {
    let region = region.map(|region| format!(".{region}")).unwrap_or_default();
    format!("{namespace}.{store}{region}")
}

/// The size of a volume of a store.
pub(super) fn size(store: &Store) -> Option<(&Quantity, Span)> {
    match store.storage.spanned()? {
        (StoreSize::Size(size), at) => Some((size, at)),
        (StoreSize::None, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::estate::estate;

    /// A store that is elsewhere only has its backups there: no other environment has to make them.
    #[test]
    fn a_store_needs_backups_where_it_is() {
        let estate = estate(
            r#"
apiVersion: platgen/v1
platform: {name: shop, owner: sre, domain: shop.example}
cloud: {provider: aws, accounts: {production: "222222222222"}, state: {region: eu-west-1}}
regions: {eu-west-1: {zones: 3}, eu-central-1: {zones: 3}, desk: {provider: kind}}
environments: {production: {regions: [eu-west-1]}, local: {regions: [desk]}}
access: {groups: {sre: {id: platform-admin, role: admin}}}
teams: {sre: {group: sre}}
namespaces: {shop: {owner: sre}}
stores:
  orders:
    engine: postgres
    version: "17"
    storage: 10Gi
    independent: true
    only: [production]
    users: {app: {}}
    backup: {every: 6h, keep: 35d, copy_to: eu-central-1}
"#,
        );
        let copy = estate.environments["production"].buckets["shop.orders.eu-west-1"].copy.as_ref();
        assert_eq!(copy.and_then(|copy| copy.days), Some(71), "twice 35 days, and the day of the copy before");
        assert!(estate.environments["local"].buckets.is_empty());
    }
}
