//! What is said once per entry, wherever it runs: contradictions, what is missing, names too long, names that collide, what is not rendered.
//!
//! Tells, and changes nothing.

use super::Scope;
use super::names::{Entry, Names, What};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::spec::{App, Engine, Store, StoreSize};
use crate::syntax::{Field, Map};
use crate::value::{Name, PortMap, PortName};

/// CronJob adds eleven characters to the names of its pods (Kubernetes' own limit), a StatefulSet's revision label as many.
const SHORT_NAME: usize = 52;

impl Scope<'_> {
    /// What is said once per entry: owners, names, warnings of what is not rendered.
    pub(super) fn check_entries(&mut self, names: &Names) {
        let spec = self.spec;
        let teams: Vec<&Name> = spec.teams.get().map(|all| all.keys().collect()).unwrap_or_default();
        self.check_collisions(names);
        for entry in names.iter() {
            match &entry.what {
                What::App(app) => {
                    self.check_owner(&app.owner, &teams);
                    self.check_app(entry, app);
                }
                What::Store(store) => {
                    self.check_owner(&store.owner, &teams);
                    self.check_store(entry, store);
                }
                _ => {}
            }
        }
    }

    /// SPEC: what an entry is follows from what it says; contradictions are errors.
    fn check_app(&mut self, entry: &Entry, app: &App) {
        self.require(&app.image, "image", entry.key);
        let periodic = app.schedule.span();
        let once = app.run.span();
        let everywhere = app.per_node.span().filter(|_| app.per_node.get() == Some(&true));
        let kinds = [("schedule", periodic), ("run", once), ("per_node", everywhere)];
        let said: Vec<(&str, Span)> = kinds.into_iter().filter_map(|(name, span)| Some((name, span?))).collect();
        if let [(first, first_at), (second, at), ..] = said[..] {
            self.contradiction(
                format!("`{second}` and `{first}` say different things of what it is"),
                at,
                Some(first_at),
                "the other stands here",
            );
        }
        if let Some((kind, at)) = said.first().copied() {
            let others = [
                ("port", app.port.span().or(app.ports.span()), kind != "per_node"),
                ("expose", app.expose.span(), kind != "per_node"),
                ("scale", app.scale.span(), true),
                ("volumes", app.volumes.span(), true),
                ("slo", app.slo.span(), kind != "per_node"),
            ];
            for (name, span, excluded) in others {
                if let (Some(span), true) = (span, excluded) {
                    // The later of the two is the one to look at: it may stand in a layer above.
                    let (first, later) = if (span.file, span.start) < (at.file, at.start) { (span, at) } else { (at, span) };
                    self.contradiction(format!("`{name}` means nothing beside `{kind}`"), later, Some(first), "the other stands here");
                }
            }
        }
        if let (Some(port), Some(ports)) = (app.port.span(), app.ports.span()) {
            self.contradiction("`ports` and `port` both say its ports", ports, Some(port), "the other stands here");
        }
        if entry.ports.is_empty() {
            for (name, span) in [("expose", app.expose.span()), ("slo", app.slo.span())] {
                if let Some(span) = span.filter(|_| said.is_empty() && !entry.unsure) {
                    let diagnostic = Diagnostic::new(Code::Contradiction, format!("`{name}` needs a `port`, and there is none")).at(span);
                    self.tell(diagnostic.related(entry.key, "the entry has no port").help("add `port:`"));
                }
            }
        }
        if let (Some(span), Some((crate::spec::Protocol::Tcp, at))) = (app.expose.span(), app.protocol.spanned()) {
            let message = "`expose` routes HTTP and gRPC, and `protocol` says that the app speaks neither";
            self.contradiction(message, span, Some(at), "the protocol stands here");
        }
        self.check_mapped_ports(entry, app);
        if let (Some(span), None) = (app.timezone.span(), periodic) {
            self.contradiction("`timezone` means nothing without a `schedule`", span, Some(entry.key), "the entry has none");
        }
        if let Some((zone, span)) = app.timezone.spanned()
            && !crate::facts::timezones().any(|known| known == zone)
        {
            let diagnostic = Diagnostic::new(Code::UnknownValue, format!("`{zone}` is not a time zone, such as `Europe/London`")).at(span);
            self.tell(match crate::diagnostic::wording::suggest(zone, crate::facts::timezones()) {
                Some(close) => diagnostic.help(format!("did you mean `{close}`?")).fix(span, close),
                None => diagnostic.help("name it as the IANA time zone database does"),
            });
        }
        if let (Some(span), None, None) = (app.deadline.span(), periodic, once) {
            self.contradiction("`deadline` means nothing without a `schedule` or `run`", span, Some(entry.key), "the entry has neither");
        }
        let served = !entry.ports.is_empty() && periodic.is_none() && once.is_none();
        if served && app.probes.is_missing() {
            let diagnostic = Diagnostic::new(Code::MissingField, "`probes` is missing: the app has a port").at(entry.key);
            self.tell(diagnostic.help("add `probes: {ready: /path, live: /path}`, or `probes: {none: why}`"));
        }
        let short = periodic.is_some() || app.volumes.get().is_some_and(|all| !all.is_empty());
        self.check_name(entry, if short { SHORT_NAME } else { 63 });
        self.check_ports(&app.ports);
        self.check_regions_of(&app.regions);
        let fields = [
            ("slo", app.slo.span().filter(|_| said.is_empty() && !entry.ports.is_empty())),
            ("identity", app.identity.span()),
            ("scale.metric", app.scale.get().and_then(|s| s.metric.span())),
        ];
        for (name, span) in fields {
            if let Some(span) = span {
                let message = format!("`{name}` is read and checked, but this version does not render it");
                self.tell(Diagnostic::new(Code::NotRendered, message).at(span));
            }
        }
    }

    /// The VPC CNI compares a policy's port with the Service's, so where the two differ it drops what the policy allows (EKS user guide,
    /// "Limit Pod traffic with Kubernetes network policies").
    fn check_mapped_ports(&mut self, entry: &Entry, app: &App) {
        let native = self.spec.cluster.get().and_then(|cluster| cluster.policy_engine.get()) == Some(&crate::spec::PolicyEngine::Native);
        let Some((_, service, target)) = entry.ports.iter().find(|(_, service, target)| service != target) else { return };
        if native && self.on_aws() {
            let at = app.port.span().or(app.ports.span()).unwrap_or(entry.key);
            let message =
                format!("the Service of `{}` maps {service} to {target}, which EKS's own policy engine does not follow", entry.display());
            let diagnostic = Diagnostic::new(Code::PortMapping, message).at(at);
            self.tell(diagnostic.help(format!("write `{target}`, or choose `cluster.policy_engine: cilium` or `calico`")));
        }
    }

    /// Regions of an entry are those of the spec, or one word for several.
    fn check_regions_of(&mut self, regions: &Field<Vec<Field<Name>>>) {
        let known: Vec<&Name> = self.spec.regions.get().map(|all| all.keys().collect()).unwrap_or_default();
        let words: Vec<(&Name, Span)> = regions.get().into_iter().flatten().filter_map(Field::spanned).collect();
        for (name, at) in &words {
            match name.as_str() {
                "all" | "primary" if words.len() > 1 => {
                    self.contradiction(format!("`{name}` stands alone"), *at, regions.span(), "other regions stand beside it");
                }
                "all" | "primary" => {}
                _ if known.contains(name) => {}
                _ => self.unknown("region", name.as_str(), known.iter().map(|name| name.as_str()), *at),
            }
        }
    }

    /// A Service has each port once.
    fn check_ports(&mut self, ports: &Field<Map<PortName, PortMap>>) {
        let mut known: Vec<(u16, Span)> = Vec::new();
        for (_, at, map) in ports.get().into_iter().flat_map(|all| all.set()) {
            let number = map.service().get();
            match known.iter().find(|(other, _)| *other == number) {
                Some((_, first)) => {
                    let message = format!("two ports of the Service have the number {number}");
                    self.contradiction(message, at, Some(*first), "the first stands here");
                }
                None => known.push((number, at)),
            }
        }
    }

    fn check_store(&mut self, entry: &Entry, store: &Store) {
        self.require(&store.engine, "engine", entry.key);
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
                } else if entry.rendered {
                    let message = format!("`backup` of `{}` is read and checked, but this version does not render it", entry.display());
                    self.tell(Diagnostic::new(Code::NotRendered, message).at(at));
                }
            }
            None => {}
        }
        if !entry.rendered {
            let what = match (store.mode.get(), store.engine.get()) {
                (Some(crate::spec::StoreMode::Managed), _) => "managed".to_string(),
                (_, Some(engine)) => format!("{engine:?}").to_lowercase(),
                _ => String::new(),
            };
            let message = format!("`{}` is left out: this version does not render `{what}` stores", entry.display());
            self.tell(Diagnostic::new(Code::NotRendered, message).at(entry.key).help("what refers to it is left out, too, and named"));
        }
        let alone = matches!(store.engine.get(), Some(Engine::Redis | Engine::Valkey));
        if let (true, Some((count, at))) = (alone && entry.rendered, store.replicas.spanned())
            && *count != 1
        {
            self.error(
                Code::InvalidValue,
                format!("`replicas: {count}` would be {count} stores with different data: this version runs one"),
                at,
            );
        }
        if let Some(span) = store.users.span().filter(|_| alone && entry.rendered) {
            self.tell(Diagnostic::new(Code::NotRendered, "`users` is read and checked, but this version does not render it").at(span));
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
        if let Some(span) = store.standby.span().filter(|_| entry.rendered && store.independent.get() != Some(&true)) {
            self.tell(Diagnostic::new(Code::NotRendered, "`standby` is read and checked, but this version does not render it").at(span));
        }
    }

    fn check_name(&mut self, entry: &Entry, limit: usize) {
        let length = entry.name.as_str().len();
        if length > limit {
            let message = format!("`{}` has {length} characters, and the objects made from it allow {limit}", entry.name);
            self.tell(Diagnostic::new(Code::NameTooLong, message).at(entry.key).help("choose a shorter name"));
        }
    }
}
