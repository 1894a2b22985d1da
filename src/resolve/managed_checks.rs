//! Checks of stores of `mode: managed`: keys that the service decides, versions, machines, sizes, users, settings, and what backups promise.
//!
//! Reports findings and resolves nothing.

use super::backup_times::{days, minutes, nearest, schedule};
use super::consumer::way_out;
use super::engines::{self, Rds};
use super::names::Entry;
use super::stores::keys_of_pods;
use super::{EnvironmentResolver, written};
use crate::diagnostic::{Code, Diagnostic, wording};
use crate::facts;
use crate::provider::Provider;
use crate::spec::{self, Store, StoreSize};
use crate::value::{Duration, SecretStore, StoreMode};

/// The shortest interval of a plan of AWS Backup, in seconds.
const SHORTEST: u64 = 60 * 60;

/// Bytes of a GiB.
const GIB: u64 = 1 << 30;

impl EnvironmentResolver<'_> {
    /// Whether this version renders a store of `mode: managed`: of an engine of RDS, in regions on AWS.
    pub(super) fn renders_managed(&self, store: &Store) -> bool {
        let on_aws = self.homes(store).iter().all(|home| home.provider == Provider::Aws);
        on_aws && (engines::rds(store.engine.get().copied()).is_some() || store.engine.get().is_none())
    }

    /// Reports a store of `mode: managed` that this version does not render.
    pub(super) fn lacks_service(&mut self, entry: &Entry, store: &Store) {
        let kind = match store.engine.get().filter(|engine| engines::rds(Some(**engine)).is_none()) {
            Some(engine) => format!("`managed` stores of `engine: {}`", engine.name()),
            None => "`managed` stores outside of AWS".to_owned(),
        };
        let message = format!("`{}` is not rendered: this version does not render {kind}", entry.display());
        let known = format!("it renders {} on AWS", engines::rds_engines());
        let help = format!("{known}; {}, or limit it to other environments with `only`", way_out(entry));
        self.incomplete(Diagnostic::new(Code::Incomplete, message).at(entry.key).help(help));
    }

    /// Checks a store that RDS runs.
    pub(super) fn check_managed(&mut self, entry: &Entry, store: &Store, rds: &Rds) {
        if let Some((SecretStore::Vault, at)) = self.spec.secrets.at(|secrets| &secrets.store).spanned().map(|(kind, at)| (*kind, at)) {
            let message = format!(
                "the password of the administrator of `{}` is in AWS Secrets Manager, and the secrets of the platform are in Vault",
                entry.display()
            );
            let diagnostic = Diagnostic::new(Code::Incomplete, message).at(entry.key).related(at, "the secret manager is chosen here");
            self.incomplete(diagnostic.help(format!("write `secrets: {{store: cloud}}`; or {}", way_out(entry))));
        }
        self.not_of_a_service(store);
        if let Some(operated) = engines::operated(store.engine.get().copied()) {
            self.check_users(entry, store, operated);
        }
        for (name, at, _) in store.users.entries().filter(|(name, ..)| rds.reserved_users.contains(&name.as_str())) {
            let message = format!("`{name}` is a user that every server of RDS has");
            self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help("choose another name"));
        }
        let (name, at) = store.name.spanned().map_or((entry.name.as_str(), entry.key), |(name, at)| (name.as_str(), at));
        if !store.name.is_bad() {
            self.check_database_name(name, at, rds.databases);
        }
        self.check_version_of_rds(entry, store, rds);
        self.check_class(entry, store);
        self.check_volume(store);
        self.check_standbys(store);
        for (name, at, _) in store.parameters.entries() {
            let (is_setting, example) = rds.setting;
            let (message, help) = if rds.keeps(name) {
                (format!("`{name}` is set by RDS or platgen"), format!("remove `{name}`"))
            } else if is_setting(name) {
                continue;
            } else {
                (format!("`{name}` is not the name of a setting"), format!("write it as the server does, such as `{example}`"))
            };
            self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(help));
        }
        if let Some(at) = store.standby.span().filter(|_| !store.independent.is_true()) {
            self.lacks(
                entry,
                "standby",
                at,
                "write `copy_to` under `backup`, from which the store is made anew in the other region, and remove `standby`",
            );
        }
        if let Some(at) = store.renamed_from.span() {
            let help = "keep the old name, or restore the newest backup under the new one, as the region's README.md shows, and remove `renamed_from`";
            self.lacks(entry, "renamed_from", at, help);
        }
        self.check_managed_backup(entry, store);
    }

    /// Reports keys of pods.
    fn not_of_a_service(&mut self, store: &Store) {
        let unused = keys_of_pods(store).into_iter().chain([("port", store.port.span()), ("ports", store.ports.span())]);
        for (key, at) in written(unused).into_iter().filter(|(_, at)| self.is_of_the_user(*at)).collect::<Vec<_>>() {
            let message = format!("`{key}` has no effect on a store of `mode: managed`");
            let help = match key {
                "resources" => "say `machine` instead".to_owned(),
                _ => format!("remove `{key}`, in one environment with `without`"),
            };
            let diagnostic = Diagnostic::new(Code::Contradiction, message).at(at).help(help);
            self.tell(
                store.mode.span().into_iter().fold(diagnostic, |all, mode| all.related(mode, "a service of the cloud runs the store")),
            );
        }
    }

    fn check_version_of_rds(&mut self, entry: &Entry, store: &Store, rds: &Rds) {
        let (engine, versions) = (store.engine.get().map_or("", |engine| engine.name()), wording::either(rds.versions));
        if let Some((version, at)) = store.version.spanned().filter(|(version, _)| !rds.versions.contains(&version.as_str())) {
            let is_release = |series: &&&str| version.strip_prefix(**series).is_some_and(|rest| rest.starts_with('.'));
            let series = rds.versions.iter().find(is_release).copied();
            let message = match series {
                Some(_) => format!("`{version}` is a minor version of `{engine}`, which RDS chooses itself"),
                None => format!("`{version}` is not a version of `{engine}` that RDS offers with standard support"),
            };
            self.tell(Diagnostic::new(Code::UnknownValue, message).at(at).suggest(series, format!("write {versions}")));
        } else if store.version.is_missing() && !self.lacks_profile(entry) {
            // A default would upgrade the data of every store with the next version of platgen.
            let diagnostic = Diagnostic::new(Code::MissingField, "`version` is missing").at(entry.key);
            self.tell(diagnostic.help(format!("add `version:` with {versions}")));
        }
    }

    /// Reports a class of machine that RDS does not have. AWS adds some every year, so that a waiver accepts it.
    fn check_class(&mut self, entry: &Entry, store: &Store) {
        let Some((class, at)) = store.machine.spanned() else {
            if store.machine.is_missing() && !self.lacks_profile(entry) {
                let diagnostic = Diagnostic::new(Code::MissingField, "`machine` is missing").at(entry.key);
                self.tell(diagnostic.help("add a class of RDS, such as `machine: db.m7g.large`"));
            }
            return;
        };
        let Some(machine) = class.strip_prefix("db.") else {
            let diagnostic = Diagnostic::new(Code::InvalidValue, format!("`{class}` is not a class of RDS, whose names start with `db.`"));
            self.tell(diagnostic.at(at).suggest(
                Some(format!("db.{class}").as_str()).filter(|_| facts::machine(Provider::Aws, class).is_some()),
                "write a class such as `db.m7g.large`",
            ));
            return;
        };
        let (family, size) = machine.split_once('.').unwrap_or((machine, ""));
        if Rds::TOO_SMALL.contains(&size) {
            let message = format!("`{class}` has no room for what measures the queries of a store");
            self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(format!("write `db.{family}.medium` or a larger class")));
        } else if !Rds::FAMILIES.contains(&family) || facts::machine(Provider::Aws, machine).is_none() {
            let known: Vec<String> = facts::machines(Provider::Aws)
                .filter(|name| {
                    name.split_once('.').is_some_and(|(family, size)| Rds::FAMILIES.contains(&family) && !Rds::TOO_SMALL.contains(&size))
                })
                .map(|name| format!("db.{name}"))
                .collect();
            let near = wording::suggest(class, known.iter().map(String::as_str));
            let diagnostic = Diagnostic::new(Code::UnknownMachine, format!("`{class}` is not a class of RDS that platgen knows"));
            self.tell(diagnostic.at(at).suggest(near, "write a class such as `db.m7g.large`"));
        }
    }

    fn check_volume(&mut self, store: &Store) {
        let Some((size, at)) = store.storage.spanned() else { return };
        let StoreSize::Size(size) = size else {
            self.contradiction("`storage: none` can't be combined with a database, which keeps data", at, store.engine.span());
            return;
        };
        let gib = size.bytes().div_ceil(GIB);
        let help = if size.bytes() < Rds::LEAST * GIB {
            format!("write at least `{}Gi`", Rds::LEAST)
        } else if gib > Rds::MOST {
            format!("write at most `{}Gi`, or divide the data among several stores", Rds::MOST)
        } else if !size.bytes().is_multiple_of(GIB) {
            format!("write whole GiB, such as `{gib}Gi`")
        } else {
            return;
        };
        let message = format!("RDS has no volume of `{size}`");
        self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(help));
    }

    /// One server, or a second one that takes over in another zone. The rules of clusters on AWS ask for two zones.
    fn check_standbys(&mut self, store: &Store) {
        if let Some((count, at)) = store.replicas.spanned().filter(|(count, _)| !(1..=2).contains(*count)) {
            let message = format!("`replicas: {count}`: a database of RDS is one server, or two in two zones");
            let help = "write `replicas: 2`, with which every commit is in two zones, or run the store with `mode: cluster`";
            self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(help));
        }
    }

    /// A store has backups, or a reason for having none.
    fn check_managed_backup(&mut self, entry: &Entry, store: &Store) {
        let Some((backup, at)) = store.backup.spanned() else {
            if store.backup.is_missing() {
                let diagnostic = Diagnostic::new(Code::MissingField, "`backup` is missing: the store keeps data").at(entry.key);
                self.tell(diagnostic.help("add `backup: {every: 6h, keep: 35d}`, or `backup: {none: why}`"));
            }
            return;
        };
        if let Some(none) = backup.none.span() {
            self.without_backups(backup, (none, at), "a store without backups");
            return;
        }
        self.check_copies(backup, at);
        if let Some((keep, at)) = backup.keep.spanned().filter(|(keep, _)| days(**keep) > Rds::DAYS) {
            let message = format!("`keep: {keep}` is {} days, and RDS keeps backups for {} at most", days(*keep), Rds::DAYS);
            let help = format!("write `{}d`, or run the store with `mode: cluster`", Rds::DAYS);
            self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(help));
        }
        if let Some((every, at)) = backup.every.spanned().filter(|(every, _)| every.millis() > 0) {
            if every.seconds() < SHORTEST {
                let message = format!("`every: {every}` is shorter than an hour, the shortest interval of AWS Backup");
                let help = format!("write `1h` or more: RDS copies the log every {} in between", minutes(Rds::LOGS));
                self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(help));
            } else if schedule(*every, 0).is_none() {
                let message = format!(
                    "`every: {every}` is not an interval of a schedule: it divides no hour and no day, and is not a number of days"
                );
                self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(format!("write `{}`", nearest(*every))));
            }
        }
        if let Some(at) = backup.restore_test.span() {
            let help = "restore a backup by hand now and then, as the region's README.md shows, and remove `restore_test`";
            self.lacks(entry, "restore_test", at, help);
        }
        for home in self.homes(store) {
            let _ = self.copy_region(&backup.copy_to, &home, super::buckets::Copied { what: "store", moves: !store.independent.is_true() });
        }
        self.check_times(backup);
    }

    /// Reports objectives that RDS can't meet.
    fn check_times(&mut self, backup: &spec::Backup) {
        let objective = |field: &spec::Backup, of: fn(&spec::Backup) -> &crate::syntax::Field<Duration>| {
            of(field).spanned().filter(|(time, _)| time.millis() > 0).map(|(time, at)| (*time, at))
        };
        if let Some((rpo, at)) = objective(backup, |backup| &backup.rpo) {
            let copied = backup.every.get().filter(|_| !backup.copy_to.is_missing()).map(|every| every.seconds() + Rds::START);
            if rpo.seconds() < Rds::LOGS {
                let message = format!("`rpo: {rpo}` can't be met: RDS copies the log out of the server every {}", minutes(Rds::LOGS));
                let help = format!("write at least `{}`; with `replicas: 2`, the loss of a zone loses no commit", minutes(Rds::LOGS));
                self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(help));
            } else if let (Some(loss), Some(every)) = (copied.filter(|loss| rpo.seconds() < *loss), backup.every.get()) {
                let message = format!(
                    "`rpo: {rpo}` can't be met when the region is lost: a copy begins every {every}, and up to {} late: {} together",
                    minutes(Rds::START),
                    minutes(loss)
                );
                let diagnostic = Diagnostic::new(Code::InvalidValue, message).at(at);
                let diagnostic =
                    backup.copy_to.span().into_iter().fold(diagnostic, |all, copy| all.related(copy, "the copy in the other region"));
                self.tell(
                    diagnostic
                        .help(format!("write at least `{}`, make copies more often, or run the store with `mode: cluster`", minutes(loss))),
                );
            }
        }
        if let Some((rto, at)) = objective(backup, |backup| &backup.rto).filter(|(rto, _)| rto.seconds() < Rds::RESTORE) {
            let message = format!(
                "`rto: {rto}` can't be met: RDS takes about {} to make a server from a backup, whatever its size",
                minutes(Rds::RESTORE)
            );
            let help = format!("write at least `{}`; with `replicas: 2`, the loss of a zone needs no restore", minutes(Rds::RESTORE));
            self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(help));
        }
    }

    /// Reports keys that need `mode: managed`.
    pub(super) fn check_mode_of_machine(&mut self, store: &Store) {
        if let Some(at) = store.machine.span().filter(|at| store.mode.get() != Some(&StoreMode::Managed) && self.is_of_the_user(*at)) {
            self.contradiction("`machine` needs `mode: managed`", at, store.mode.span().filter(|at| self.is_of_the_user(*at)));
        }
    }
}
