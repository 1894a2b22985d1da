//! Checks of apps that do not depend on the region: contradictions, missing fields, long names, fields that are not rendered.
//!
//! Reports findings and resolves nothing.

use super::names::{Entry, EntrySpec, Names};
use super::ports::EntryPort;
use super::storage::own_volume;
use super::{EnvironmentResolver, written};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::spec::{App, EntranceProtocol, Expose, Metrics, Scale, TlsMode};
use crate::syntax::{Field, Map};
use crate::value::{CountRange, Name, NetworkPort, PolicyEngine, PortMap, PortName, Protocol};

/// The longest name of a CronJob (Kubernetes adds eleven characters) and of a StatefulSet (so does its revision label).
pub(super) const SHORT_NAME: usize = 52;

/// Whether an app scales only by a metric. This version renders no autoscaler for metrics, so the app keeps its minimum number of pods.
pub(super) fn is_by_metric_alone(scale: &Scale) -> bool {
    !scale.metric.is_missing() && scale.cpu.is_missing() && scale.memory.is_missing()
}

/// Whether an entrance passes on requests, and no connections.
fn serves_requests(expose: &Expose) -> bool {
    expose.protocol.get() != Some(&EntranceProtocol::Tcp) && expose.tls.get() != Some(&TlsMode::Passthrough)
}

impl EnvironmentResolver<'_> {
    /// Checks every entry once.
    pub(super) fn check_entries(&mut self, names: &Names) {
        self.check_collisions(names);
        self.check_order(names);
        for entry in names.iter() {
            self.check_owner(entry.owner());
            match &entry.spec {
                EntrySpec::App(app) => self.check_app(entry, app),
                EntrySpec::Store(store) => self.check_store(entry, store),
                EntrySpec::External | EntrySpec::Other => {}
            }
        }
    }

    /// Whether the entry inherits from an unknown profile, which is reported: fields that it lacks may stand there.
    pub(super) fn lacks_profile(&self, entry: &Entry) -> bool {
        entry.from().values().any(|name| !self.profiles.contains_key(name.as_str()))
    }

    /// The kind of an app follows from its keys; keys that contradict each other are errors.
    fn check_app(&mut self, entry: &Entry, app: &App) {
        // An unknown profile, which is reported, may set the missing fields.
        let lacks_profile = self.lacks_profile(entry);
        if !lacks_profile {
            self.require(&app.image, "image", entry.key);
        }
        let periodic = app.schedule.span();
        let once = app.run.span();
        let everywhere = app.per_node.span().filter(|_| app.per_node.is_true());
        let said = written([("schedule", periodic), ("run", once), ("per_node", everywhere)]);
        if let [(first, first_at), (second, at), ..] = said[..] {
            self.contradiction(format!("`{second}` and `{first}` exclude each other"), at, Some(first_at));
        }
        if let Some((kind, at)) = said.first().copied() {
            let others = [
                ("port", app.port.span().or(app.ports.span()), kind != "per_node"),
                ("expose", app.expose.span(), kind != "per_node"),
                ("scale", app.scale.span(), true),
                ("volumes", own_volume(app), true),
                ("slo", app.slo.span(), kind != "per_node"),
            ];
            for (name, span, excluded) in others {
                if let (Some(span), true) = (span, excluded) {
                    // The later key is the one to change: it may be in a layer above.
                    let (first, later) = if (span.file, span.start) < (at.file, at.start) { (span, at) } else { (at, span) };
                    self.contradiction(format!("`{name}` can't be combined with `{kind}`"), later, Some(first));
                }
            }
        }
        let tcp = app.protocol.spanned().filter(|(protocol, _)| **protocol == Protocol::Tcp).map(|(_, at)| at);
        let (key, ends) = (Some(entry.key), periodic.or(once));
        let uncalled = !entry.ports_invalid && (entry.ports.is_empty() || ends.is_some());
        self.exclude(&[
            (app.ports.span(), app.port.span(), "`ports` and `port` both declare the ports"),
            (app.timezone.span().filter(|_| periodic.is_none()), key, "`timezone` needs a `schedule`"),
            (app.deadline.span().filter(|_| ends.is_none()), key, "`deadline` needs a `schedule` or `run`"),
            (
                app.rotation.span().filter(|_| ends.is_some()),
                ends,
                "`rotation` is for apps that keep running: a job reads its secrets when it starts",
            ),
            (app.after.span().filter(|_| once.is_none()), periodic.or(key), "`after` needs `run`: only jobs of a rollout have an order"),
            (app.start.span().filter(|_| own_volume(app).is_none()), key, "`start` needs a volume of its own: other pods have no order"),
            (app.alias.span().filter(|_| uncalled), key, "`alias` needs a port"),
            (app.headless.span().filter(|_| uncalled), key, "`headless` needs a port"),
        ]);
        for (expose, at) in app.expose.items().filter(|(expose, _)| serves_requests(expose)) {
            if let Some(tcp) = tcp.filter(|_| expose.redirect.is_missing()) {
                let message = "`expose` needs `protocol: http`, `https` or `grpc` of the app";
                let diagnostic = Diagnostic::new(Code::Contradiction, message).at(at).related(tcp, "conflicts with this");
                self.tell(diagnostic.help("for connections of any protocol, add `protocol: tcp` and `listen: PORT` to the entrance"));
            }
        }
        if entry.ports.is_empty() {
            let expose = app.expose.span().filter(|_| app.expose.values().any(|expose| expose.redirect.is_missing()));
            for (name, span) in [("expose", expose), ("slo", app.slo.span())] {
                if let Some(span) = span.filter(|_| said.is_empty() && !entry.ports_invalid) {
                    let diagnostic = Diagnostic::new(Code::Contradiction, format!("`{name}` needs a `port`")).at(span);
                    self.tell(diagnostic.related(entry.key, "the entry has no port").help("add `port:`"));
                }
            }
        }
        self.check_mapped_ports(entry, app);
        self.check_headless_ports(entry, app);
        self.check_timezone(&app.timezone);
        let served = !entry.ports.is_empty() && periodic.is_none() && once.is_none();
        let none = app.probes.get().is_some_and(|probes| {
            [&probes.ready, &probes.live, &probes.start].into_iter().all(Field::is_missing) && probes.none.is_missing()
        });
        if served && !lacks_profile && (app.probes.is_missing() || none) {
            let diagnostic = Diagnostic::new(Code::MissingField, "`probes` is missing: the app has a port").at(entry.key);
            self.tell(diagnostic.help("add `probes: {ready: /path, live: /path}`, or `probes: {none: why}`"));
        }
        let short = periodic.is_some() || own_volume(app).is_some();
        self.check_name(entry, if short { SHORT_NAME } else { 63 });
        self.check_ports(&app.ports);
        self.check_regions_of(&app.regions);
        self.check_scale(app);
        if let Some(at) = app.renamed_from.span() {
            self.not_rendered("renamed_from", at);
        }
        if let Some(at) = app.slo.span().filter(|_| !self.is_monitored() && said.is_empty() && !entry.ports.is_empty()) {
            self.tell(Diagnostic::new(Code::NotRendered, "nothing measures `slo` without `observability`").at(at));
        }
        let needed = [
            ("identity", app.identity.span().filter(|_| self.off_aws()), "create the identity yourself and remove `identity`"),
            ("scale.metric", app.scale.get().and_then(|scale| scale.metric.span()), "scale by `cpu` or `memory`"),
        ];
        for (name, span, help) in needed {
            if let Some(span) = span {
                let kept = app.scale.get().filter(|scale| name == "scale.metric" && is_by_metric_alone(scale));
                let kept = match kept.and_then(|scale| scale.replicas.get()).map(|range| CountRange::min(*range)) {
                    None => String::new(),
                    Some(1) => ": the app keeps one pod".to_owned(),
                    Some(pods) => format!(": the app keeps {pods} pods"),
                };
                let message = format!("`{name}` of `{}` is not rendered by this version{kept}", entry.display());
                self.incomplete(Diagnostic::new(Code::Incomplete, message).at(span).help(help));
            }
        }
        self.nobody_reads_metrics(entry, &app.metrics);
    }

    /// Warns that `metrics` of the entry's containers opens ports that no Prometheus of the platform reads.
    pub(super) fn nobody_reads_metrics(&mut self, entry: &Entry, own: &Field<Metrics>) {
        if self.is_monitored() {
            return;
        }
        let beside = entry.sidecars().entries().map(|(_, _, one)| &one.metrics);
        for at in [own].into_iter().chain(beside).filter_map(Field::span) {
            let message = "`metrics` opens the port for Prometheus, and nothing reads it without `observability`";
            self.tell(Diagnostic::new(Code::NotRendered, message).at(at));
        }
    }

    /// The VPC CNI compares a policy's port with the Service's, so where the two differ it drops what the policy allows (EKS user guide,
    /// "Limit Pod traffic with Kubernetes network policies").
    fn check_mapped_ports(&mut self, entry: &Entry, app: &App) {
        let native = self.spec.cluster.at(|cluster| &cluster.policy_engine).get() == Some(&PolicyEngine::Native);
        let Some(EntryPort { service, target, .. }) = entry.ports.iter().find(|port| port.service != port.target) else { return };
        if native && self.on_aws() {
            let at = app.port.span().or(app.ports.span()).unwrap_or(entry.key);
            let message = format!(
                "the Service of `{}` maps port {service} to {target}, which the native policy engine of EKS does not support",
                entry.display()
            );
            let diagnostic = Diagnostic::new(Code::PortMapping, message).at(at);
            self.tell(diagnostic.help(format!("write `{target}`, or choose `cluster.policy_engine: cilium` or `calico`")));
        }
    }

    /// Reports a mapped port of a headless Service: clients connect with the pods, which listen on the container port.
    fn check_headless_ports(&mut self, entry: &Entry, app: &App) {
        let Some(at) = app.headless.span().filter(|_| app.headless.is_true()) else { return };
        if let Some(EntryPort { service, target, .. }) = entry.ports.iter().find(|port| port.service != port.target) {
            let message =
                format!("a headless Service maps no ports: clients connect with the pods, which listen on {target}, not on {service}");
            let ports = app.port.span().or(app.ports.span()).unwrap_or(entry.key);
            let diagnostic = Diagnostic::new(Code::Contradiction, message).at(ports).related(at, "conflicts with this");
            self.tell(diagnostic.help(format!("write `{target}`")));
        }
    }

    /// Checks `regions` of an app: declared regions, or `all` or `primary` alone.
    fn check_regions_of(&mut self, regions: &Field<Vec<Field<Name>>>) {
        let words: Vec<(&Name, Span)> = regions.items().collect();
        if let Some((_, at)) = regions.spanned().filter(|(all, _)| all.is_empty()) {
            let diagnostic = Diagnostic::new(Code::InvalidValue, "the list of regions is empty").at(at);
            self.tell(diagnostic.help("name the regions, or limit the app to some environments with `only`"));
        }
        self.once_each(&words);
        for (name, at) in &words {
            match name.as_str() {
                "all" | "primary" if words.len() > 1 => {
                    self.contradiction(format!("`{name}` can't be combined with other regions"), *at, regions.span());
                }
                "all" | "primary" => {}
                _ => _ = self.is_declared("region", &self.spec.regions, name, *at),
            }
        }
    }

    /// Reports names that a list contains twice.
    pub(super) fn once_each(&mut self, words: &[(&Name, Span)]) {
        for (at, (name, span)) in words.iter().enumerate() {
            if let Some((_, first)) = words.iter().take(at).find(|(known, _)| known == name) {
                let diagnostic = Diagnostic::new(Code::InvalidValue, format!("`{name}` is listed twice")).at(*span);
                self.tell(diagnostic.related(*first, "first listed here").help("remove one of them"));
            }
        }
    }

    /// Checks autoscaling: it needs a range of replicas.
    fn check_scale(&mut self, app: &App) {
        let Some(scale) = app.scale.get() else { return };
        let targets = [("cpu", &scale.cpu), ("memory", &scale.memory)];
        let said = targets.iter().map(|(name, field)| (*name, field.span())).chain([("metric", scale.metric.span())]);
        let range = scale.replicas.get().is_some_and(|&range| range.min() != range.max());
        for (name, span) in
            said.filter_map(|(name, span)| Some((name, span?))).filter(|_| !range && !matches!(scale.replicas, Field::Bad(_)))
        {
            let diagnostic = Diagnostic::new(Code::Contradiction, format!("autoscaling by `{name}` needs a range of `replicas`"));
            let diagnostic = match scale.replicas.span() {
                Some(replicas) => diagnostic.related(replicas, "one number"),
                None => diagnostic,
            };
            self.tell(diagnostic.at(span).help("write a range, such as `replicas: 2..10`"));
        }
        if let Some((replicas, at)) =
            scale.replicas.spanned().map(|(&replicas, at)| (replicas, at)).filter(|(replicas, _)| range && CountRange::min(*replicas) == 0)
        {
            let diagnostic = Diagnostic::new(Code::InvalidValue, format!("`{replicas}`: an autoscaler needs at least one pod")).at(at);
            self.tell(diagnostic.help(format!("write `1..{}`", CountRange::max(replicas))));
        }
    }

    /// Reports ports of a Service with the same number.
    pub(super) fn check_ports(&mut self, ports: &Field<Map<PortName, PortMap>>) {
        let mut known: Vec<(NetworkPort, Span)> = Vec::new();
        for (_, at, map) in ports.entries() {
            let number = NetworkPort::new(map.service().get(), map.transport());
            match known.iter().find(|(other, _)| *other == number) {
                Some((_, first)) => {
                    let message = format!("two ports of the Service have the number {number}");
                    self.contradiction(message, at, Some(*first));
                }
                None => known.push((number, at)),
            }
        }
    }

    pub(super) fn check_name(&mut self, entry: &Entry, limit: usize) {
        let length = entry.name.as_str().len();
        if length > limit {
            let message = format!("`{}` has {length} characters, but names of its objects allow {limit}", entry.name);
            self.tell(Diagnostic::new(Code::NameTooLong, message).at(entry.key).help("choose a shorter name"));
        }
    }
}
