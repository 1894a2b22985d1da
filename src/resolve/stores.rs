//! What is said once per store: contradictions, what is missing, what is not rendered.
//!
//! Tells, and changes nothing.

use super::Scope;
use super::engines;
use super::entries::SHORT_NAME;
use super::names::Entry;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::spec::{Backup, Store, StoreSize};
use crate::syntax::Field;
use crate::value::{Engine, Name, StoreMode};

impl Scope<'_> {
    pub(super) fn check_store(&mut self, entry: &Entry, store: &Store) {
        self.require(&store.engine, "engine", entry.key);
        if store.storage.is_missing() {
            let diagnostic = Diagnostic::new(Code::MissingField, "`storage` is missing").at(entry.key);
            self.tell(diagnostic.help("add the size of its volume, such as `storage: 10Gi`, or `storage: none` for a cache"));
        }
        self.check_ports(&store.ports);
        self.check_name(entry, SHORT_NAME);
        if let (Some(standby), Some(independent)) =
            (store.standby.span(), store.independent.span().filter(|_| store.independent.get() == Some(&true)))
        {
            self.contradiction(
                "`standby` copies the data, `independent` says that every region has its own",
                standby,
                Some(independent),
                "the other stands here",
            );
        }
        match store.backup.spanned() {
            None if matches!(store.backup, Field::Missing) && store.storage.get() != Some(&StoreSize::None) => {
                let diagnostic = Diagnostic::new(Code::MissingField, "`backup` is missing: the store keeps data").at(entry.key);
                self.tell(diagnostic.help("add `backup: {every: 6h, keep: 35d, ...}`, or `backup: {none: why}`"));
            }
            Some((backup, at)) => {
                if !backup.none.is_missing() {
                    self.reason(&backup.none, "none", "a store without backups", at);
                    if let Some(other) = [backup.every.span(), backup.keep.span(), backup.copy_to.span(), backup.restore_test.span()]
                        .into_iter()
                        .flatten()
                        .next()
                    {
                        self.contradiction(
                            "`none` says that there is no `backup`, and there is one",
                            backup.none.span().unwrap_or(at),
                            Some(other),
                            "it stands here",
                        );
                    }
                } else if store.storage.get() == Some(&StoreSize::None) {
                    self.contradiction(
                        "`backup` saves nothing: the store has `storage: none`",
                        at,
                        store.storage.span(),
                        "it keeps nothing",
                    );
                } else {
                    self.check_backup(backup, at);
                    if entry.rendered {
                        let help = "back up the store by other means, and write `backup: {none: REASON}` with a reason that names them";
                        self.lacks(entry, "backup", at, help);
                    }
                }
            }
            None => {}
        }
        if !entry.rendered {
            let what = match (store.mode.get(), store.engine.get()) {
                (Some(StoreMode::Managed), _) => "managed".to_string(),
                (_, Some(engine)) => format!("{engine:?}").to_lowercase(),
                _ => String::new(),
            };
            let message = format!("`{}` is not rendered: this version does not render `{what}` stores", entry.display());
            let help = "run the store elsewhere and declare it under `external`, or limit it to other environments with `only`";
            self.incomplete(Diagnostic::new(Code::Incomplete, message).at(entry.key).help(help));
        }
        let server = store.engine.get().and_then(|engine| engines::of(*engine).server.as_ref());
        let alone = server.is_some_and(|server| server.alone);
        if let (true, Some((count, at))) = (alone && entry.rendered, store.replicas.spanned())
            && *count != 1
        {
            self.error(
                Code::InvalidValue,
                format!("`replicas: {count}` would be {count} stores with different data: this version runs one"),
                at,
            );
        }
        let custom = store.engine.get() == Some(&Engine::Custom);
        for (name, span) in [("version", store.version.span()), ("users", store.users.span())] {
            if let Some(span) = span.filter(|_| custom) {
                let message = format!("`{name}` is for engines that platgen knows, and `custom` is none of them");
                self.contradiction(message, span, store.engine.span(), "the engine stands here");
            }
        }
        if let (Some(version), Some(image)) = (store.version.span(), store.image.span().filter(|_| !custom)) {
            self.contradiction("`version` chooses the engine's image, and `image` names one", version, Some(image), "it stands here");
        }
        if let Some(span) = store.metrics.span().filter(|_| entry.rendered) {
            self.nobody_reads_metrics(span);
        }
        if let Some(span) = store.renamed_from.span().filter(|_| entry.rendered) {
            let message =
                format!("`renamed_from` of `{}` moves no data in this version: under its new name the store starts empty", entry.display());
            let help = "keep the old name, or copy the data from the old claim, which stays in the cluster, and remove `renamed_from`";
            self.incomplete(Diagnostic::new(Code::Incomplete, message).at(span).help(help));
        }
        if let Some(span) = store.alias.span().filter(|_| entry.rendered && !entry.ports_invalid && entry.ports.is_empty()) {
            self.contradiction("`alias` is a further name to call, and nothing calls it", span, Some(entry.key), "the store has no port");
        }
        if store.independent.get() != Some(&true) {
            self.check_standby(store);
        }
        if let Some(span) = store.users.span().filter(|_| alone && entry.rendered) {
            self.lacks(entry, "users", span, "create the users yourself and remove `users`");
        }
        if let Some(span) = store.parameters.span().filter(|_| entry.rendered) {
            if !alone {
                self.contradiction(
                    "`parameters` are an engine's own, and `custom` has none",
                    span,
                    store.engine.span(),
                    "the engine stands here",
                );
            } else if let Some(command) = store.command.span() {
                self.contradiction(
                    "`parameters` follow the engine's own command, and `command` replaces it",
                    span,
                    Some(command),
                    "it stands here",
                );
            }
        }
        match (store.data.span(), store.engine.get(), store.storage.get()) {
            (Some(span), Some(Engine::Custom), Some(StoreSize::None)) => {
                self.contradiction("`data` means nothing without a volume", span, store.storage.span(), "the store has none");
            }
            (None, ..) | (_, None | Some(Engine::Custom), _) => {}
            (Some(span), ..) => {
                let message = "`data` applies only to `engine: custom`: the folders of the other engines are known";
                self.contradiction(message, span, store.engine.span(), "the engine stands here");
            }
        }
        if let Some(span) = store.standby.span().filter(|_| entry.rendered && store.independent.get() != Some(&true)) {
            self.lacks(entry, "standby", span, "copy the data to another region by other means and remove `standby`");
        }
    }

    /// Tells that a part of a store is not rendered.
    fn lacks(&mut self, entry: &Entry, key: &str, at: Span, help: &str) {
        let message = format!("`{key}` of `{}` is not rendered by this version", entry.display());
        self.incomplete(Diagnostic::new(Code::Incomplete, message).at(at).help(help));
    }

    /// The regions of standbys are of the spec, each once, and none is the one where the writer is.
    fn check_standby(&mut self, store: &Store) {
        let words: Vec<(&Name, Span)> = store.standby.get().into_iter().flatten().filter_map(Field::spanned).collect();
        self.once_each(&words);
        let environment = self.own_environment();
        let first = || environment.and_then(|one| one.regions.get()?.first()?.spanned());
        let primary = environment.and_then(|one| one.primary.spanned().or_else(first));
        for (name, at) in words {
            self.region_of_spec(name, at);
            if let Some((_, place)) = primary.filter(|(primary, _)| *primary == name) {
                let message = format!("`{name}` is the region of the writer in `{}`: a standby stands elsewhere", self.environment);
                self.contradiction(message, at, Some(place), "the primary region stands here");
            }
        }
    }

    /// How often and how long are said, and fit together.
    fn check_backup(&mut self, backup: &Backup, at: Span) {
        self.require(&backup.every, "every", at);
        self.require(&backup.keep, "keep", at);
        if let (Some((every, _)), Some((keep, at))) = (backup.every.spanned(), backup.keep.spanned())
            && keep < every
        {
            let message = format!("copies are kept for {keep} and made every {every}: most of the time there would be none");
            self.contradiction(message, at, backup.every.span(), "how often stands here");
        }
        for (name, field) in [("every", &backup.every), ("keep", &backup.keep), ("restore_test", &backup.restore_test)] {
            if let Some((time, at)) = field.spanned().filter(|(time, _)| time.millis() == 0) {
                self.error(Code::InvalidValue, format!("`{name}: {time}` is no time at all"), at);
            }
        }
        if let Some((name, at)) = backup.copy_to.spanned() {
            self.region_of_spec(name, at);
        }
    }

    /// A region that the spec declares, whoever runs there.
    pub(super) fn region_of_spec(&mut self, name: &Name, at: Span) {
        let spec = self.spec;
        let known: Vec<&Name> = spec.regions.get().map(|all| all.keys().collect()).unwrap_or_default();
        if !known.contains(&name) {
            self.unknown("region", name.as_str(), known.iter().map(|name| name.as_str()), at);
        }
    }
}
