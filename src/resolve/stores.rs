//! Checks of stores that do not depend on the region: contradictions, missing fields, fields that are not rendered.
//!
//! Reports findings and resolves nothing.

use super::consumer::way_out;
use super::engines::{self, Operated};
use super::entries::SHORT_NAME;
use super::names::Entry;
use super::{EnvironmentResolver, written};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Managed, RESTORED};
use crate::source::Span;
use crate::spec::{Store, StoreSize};
use crate::value::{Engine, StoreMode};

impl EnvironmentResolver<'_> {
    pub(super) fn check_store(&mut self, entry: &Entry, store: &Store) {
        self.require(&store.engine, "engine", entry.key);
        if store.mode.get() == Some(&StoreMode::Existing) {
            self.check_existing(entry, store);
            return;
        }
        if entry.is_nowhere() {
            return;
        }
        self.check_mode_of_machine(store);
        let existing = [("host", store.host.span()), ("via", store.via.span()), ("cidrs", store.cidrs.span())];
        for (key, at) in written(existing) {
            self.contradiction(format!("`{key}` needs `mode: existing`"), at, store.mode.span().filter(|at| self.is_of_the_user(*at)));
        }
        for (_, _, user) in store.users.entries() {
            for (key, at) in written([("name", user.name.span()), ("password", user.password.span())]) {
                self.contradiction(format!("`{key}` of a user needs `mode: existing`"), at, None);
            }
        }
        if store.storage.is_missing() {
            let diagnostic = Diagnostic::new(Code::MissingField, "`storage` is missing").at(entry.key);
            self.tell(diagnostic.help("add the size of its volume, such as `storage: 10Gi`, or `storage: none` for a cache"));
        }
        if store.mode.get() == Some(&StoreMode::Managed) && entry.rendered {
            self.check_name(entry, SHORT_NAME - Managed::JOB.len());
            // An invalid engine is reported itself.
            if let Some(rds) = engines::rds(store.engine.get().copied()) {
                self.check_managed(entry, store, rds);
            }
            return;
        }
        self.check_ports(&store.ports);
        self.check_backup(entry, store);
        let independent = store.independent.is_true();
        if !independent {
            self.check_standby(entry, store);
        }
        let definition = store.engine.get().map(|engine| engines::of(*engine));
        let operated = definition.and_then(|definition| definition.operated.as_ref()).filter(|_| entry.rendered);
        let is_restored = !store.backup.is_missing()
            && store.backup.at(|backup| &backup.none).get().is_none()
            && engines::has_backups(store.engine.get().copied());
        let beside = if is_restored { RESTORED.len() } else { 0 };
        self.check_name(entry, operated.map_or(SHORT_NAME, |operated| operated.longest_name - beside));
        let server = definition.and_then(|definition| definition.server.as_ref());
        // Platgen writes the command line of these.
        let own = server.is_some_and(|server| server.programs.is_some());
        let replicated = engines::replicated(store).is_some();
        let custom = store.engine.get() == Some(&Engine::Custom);
        let takes_image = !custom && !operated.is_some_and(Operated::chooses_images);
        let (volume, engine) = (store.storage.get() != Some(&StoreSize::None), store.engine.span());
        self.exclude(&[
            (
                store.standby.span(),
                store.independent.span().filter(|_| independent),
                "`standby` can't be combined with `independent`: each region has data of its own",
            ),
            (store.version.span().filter(|_| custom), engine, "`version` can't be combined with `engine: custom`"),
            (store.users.span().filter(|_| custom), engine, "`users` can't be combined with `engine: custom`"),
            (store.version.span().filter(|_| takes_image), store.image.span(), "`version` and `image` both choose the image"),
            (store.tag.span().filter(|_| takes_image), store.version.span(), "`tag` and `version` both choose the version"),
            (store.start.span().filter(|_| !volume), store.storage.span(), "`start` needs a volume: pods without one have no order"),
            (store.data.span().filter(|_| custom && !volume), store.storage.span(), "`data` needs a volume"),
            (
                store.data.span().filter(|_| !custom && store.engine.get().is_some()),
                engine,
                "`data` applies only to `engine: custom`: the folders of the other engines are known",
            ),
        ]);
        if !entry.rendered {
            if store.mode.get() == Some(&StoreMode::Managed) {
                return self.lacks_service(entry, store);
            }
            let kind = store.engine.get().map_or("", |engine| engine.name());
            let message = format!("`{}` is not rendered: this version does not render `{kind}` stores", entry.display());
            let help = format!("{}, or limit it to other environments with `only`", way_out(entry));
            self.incomplete(Diagnostic::new(Code::Incomplete, message).at(entry.key).help(help));
            return;
        }
        if let Some(operated) = operated {
            self.check_database(entry, store, operated);
        }
        self.exclude(&[
            (store.alias.span().filter(|_| !entry.ports_invalid && entry.ports.is_empty()), Some(entry.key), "`alias` needs a port"),
            (store.parameters.span().filter(|_| custom), engine, "`parameters` can't be combined with `engine: custom`"),
            (
                store.parameters.span().filter(|_| own && !replicated),
                store.command.span(),
                "`parameters` can't be combined with `command`, which replaces the engine's command line",
            ),
        ]);
        if let Some((_, at)) = store.replicas.spanned().filter(|(count, _)| own && **count == 0) {
            self.error(Code::InvalidValue, "`replicas: 0`: a store has at least one server", at);
        }
        if replicated {
            self.check_replication(entry, store);
        }
        if operated.is_none() {
            self.nobody_reads_metrics(entry, &store.metrics);
        }
        if let Some(span) = store.renamed_from.span() {
            let message =
                format!("`renamed_from` of `{}` moves no data in this version: under its new name the store starts empty", entry.display());
            let help = "keep the old name, or copy the data from the old claim, which stays in the cluster, and remove `renamed_from`";
            self.incomplete(Diagnostic::new(Code::Incomplete, message).at(span).help(help));
        }
        if let Some(span) = store.users.span().filter(|_| own && !replicated) {
            self.lacks(
                entry,
                "users",
                span,
                "say `replicas: 3`, with which a store has users, or create the users yourself and remove `users`",
            );
        }
    }

    /// Checks a store that is not rendered because it exists: what describes pods, volumes and backups has no effect.
    fn check_existing(&mut self, entry: &Entry, store: &Store) {
        self.check_ports(&store.ports);
        if let (Some(port), Some(ports)) = (store.port.span(), store.ports.span()) {
            self.contradiction("`ports` and `port` both declare the ports", ports, Some(port));
        } else if entry.ports.is_empty() && !entry.ports_invalid && !entry.is_nowhere() && !store.engine.is_bad() {
            self.require(&store.port, "port", entry.key);
        }
        let others = [
            ("machine", store.machine.span()),
            ("version", store.version.span()),
            ("parameters", store.parameters.span()),
            ("storage", store.storage.span()),
            ("replicas", store.replicas.span()),
            ("subnet", store.subnet.span()),
            ("standby", store.standby.span()),
            ("independent", store.independent.span()),
            ("backup", store.backup.span()),
            ("alias", store.alias.span()),
            ("renamed_from", store.renamed_from.span()),
        ];
        let unused = keys_of_pods(store).into_iter().chain(others);
        let mode = store.mode.span();
        for (key, at) in written(unused).into_iter().filter(|(_, at)| self.is_of_the_user(*at)).collect::<Vec<_>>() {
            let message = format!("`{key}` has no effect on a store of `mode: existing`");
            let diagnostic =
                Diagnostic::new(Code::Contradiction, message).at(at).help(format!("remove `{key}`, in one environment with `without`"));
            self.tell(match mode {
                Some(mode) => diagnostic.related(mode, "the store exists already"),
                None => diagnostic,
            });
        }
        for (_, at, user) in store.users.entries() {
            self.require(&user.password, "password", at);
            if let Some(owner) = user.owner.span() {
                self.contradiction("`owner` has no effect on a store of `mode: existing`", owner, store.mode.span());
            }
        }
    }

    /// Reports a part of a store that is not rendered.
    pub(super) fn lacks(&mut self, entry: &Entry, key: &str, at: Span, help: &str) {
        let message = format!("`{key}` of `{}` is not rendered by this version", entry.display());
        self.incomplete(Diagnostic::new(Code::Incomplete, message).at(at).help(help));
    }
}

/// The keys of a store that say something about its pods, with their places.
pub(super) fn keys_of_pods(store: &Store) -> [(&'static str, Option<Span>); 24] {
    // Every key stands here, so that the compiler asks about a new one.
    #[rustfmt::skip]
    let Store {
        namespace: _, owner: _, engine: _, mode: _, machine: _, host: _, via: _, cidrs: _, name: _, users: _, only: _, from: _, version: _, parameters: _,
        storage: _, replicas: _, subnet: _, standby: _, independent: _, backup: _, alias: _, renamed_from: _, port: _, ports: _,
        image, tag, command, args, workdir, config, secrets, secrets_from, files, tmp, metrics, init, sidecars, rotation, resources, probes, stop, security,
        data, start, needs, kubernetes, labels, annotations,
    } = store;
    [
        ("image", image.span()),
        ("tag", tag.span()),
        ("command", command.span()),
        ("args", args.span()),
        ("workdir", workdir.span()),
        ("config", config.span()),
        ("secrets", secrets.span()),
        ("secrets_from", secrets_from.span()),
        ("files", files.span()),
        ("tmp", tmp.span()),
        ("metrics", metrics.span()),
        ("init", init.span()),
        ("sidecars", sidecars.span()),
        ("rotation", rotation.span()),
        ("resources", resources.span()),
        ("probes", probes.span()),
        ("stop", stop.span()),
        ("security", security.span()),
        ("data", data.span()),
        ("start", start.span()),
        ("needs", needs.span()),
        ("kubernetes", kubernetes.span()),
        ("labels", labels.span()),
        ("annotations", annotations.span()),
    ]
}
