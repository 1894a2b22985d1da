//! Texts with expressions: their values in one region, and the dependencies that their references declare.

use super::EnvironmentResolver;
use super::engines;
use super::engines::{has_users, password};
use super::names::{Entry, EntrySpec, Names};
use super::ports::{EntryPort, protocol};
use super::provenance::RecordPath;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{FactPart, Peer, Platform, PodFact, Region, Source, TemplatePart};
use crate::source::Span;
use crate::spec::App;
use crate::value::{
    AddressField, BucketAccess, Expression, ExternalHost, Interpolation, Name, NetworkPort, OwnField, Part, Ref, RefKind, Text, UserField,
    Via,
};
use std::collections::BTreeMap;

/// The entry that is resolved, with its context.
pub(super) struct Consumer<'a> {
    pub(super) entry: &'a Entry,
    pub(super) name: &'a Name,
    pub(super) namespace: &'a Name,
    /// `app/web`, for messages.
    pub(super) label: String,
    /// Its only port.
    pub(super) port: Option<&'a EntryPort>,
    pub(super) platform: &'a Platform,
    pub(super) region: &'a Region,
    pub(super) names: &'a Names,
    /// Its place in the record.
    pub(super) at: RecordPath,
    /// The dependencies that its texts declare.
    pub(super) needs: Vec<Dependency<'a>>,
    /// The apps that it calls by their public address, each with the Gateway in front of it.
    pub(super) public: Vec<(&'a Entry, Via, Span)>,
    /// The buckets that it uses, each with the place of the first reference.
    pub(super) buckets: BTreeMap<Name, (BucketAccess, Span)>,
}

/// A part of a text.
enum Piece {
    /// A part that is known when rendering, or a secret.
    Known(TemplatePart),
    /// A fact of the pod.
    Fact(PodFact),
}

impl From<TemplatePart> for Piece {
    fn from(part: TemplatePart) -> Piece {
        Piece::Known(part)
    }
}

/// A dependency of an entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dependency<'a> {
    pub(super) entry: &'a Entry,
    /// The port of the container.
    pub(super) target: NetworkPort,
    /// The span of the reference.
    pub(super) at: Span,
}

impl Consumer<'_> {
    /// The entry as an end of its flows.
    pub(super) fn peer(&self) -> Peer {
        Peer::Workload { region: self.region.name.clone(), namespace: self.namespace.to_string(), name: self.name.to_string() }
    }
}

impl EnvironmentResolver<'_> {
    /// The value of a text. `None` if an expression has no value, which is reported.
    pub(super) fn value(&mut self, text: &Text, at: Span, what: &str, consumer: &mut Consumer<'_>) -> Option<Source> {
        let mut pieces: Vec<Piece> = Vec::new();
        let mut complete = true;
        // The word before an expression: a secret in a URL is encoded, so that its `/` or `@` can't change the target of the URL.
        let mut word = String::new();
        for part in text.parts() {
            let piece = match part {
                Part::Literal(text) => Some(TemplatePart::Text(text.clone()).into()),
                Part::Value(value) => match &value.expression {
                    Expression::Secret(reference) => {
                        Some(TemplatePart::Secret { reference: reference.clone(), in_url: word.contains("://") }.into())
                    }
                    Expression::User { reference, user, field } => {
                        let place = self.place_of_expression(text, value, at);
                        self.user((reference, user, *field), (place, at), what, consumer, word.contains("://")).map(Piece::Known)
                    }
                    expression => {
                        let place = self.place_of_expression(text, value, at);
                        match fact(expression) {
                            Some(fact) => Some(Piece::Fact(fact)),
                            None => self.expression(expression, place, at, what, consumer).map(|text| TemplatePart::Text(text).into()),
                        }
                    }
                },
            };
            if let Some(Piece::Known(TemplatePart::Text(text))) = &piece {
                word.push_str(text);
                let ends = |sign: char| sign.is_whitespace() || matches!(sign, '"' | '\'' | '`' | '<' | '>');
                word = word.rsplit(ends).next().unwrap_or_default().to_owned();
            }
            match (piece, pieces.last_mut()) {
                (None, _) => complete = false,
                (Some(Piece::Known(TemplatePart::Text(text))), Some(Piece::Known(TemplatePart::Text(last)))) => last.push_str(&text),
                (Some(piece), _) => pieces.push(piece),
            }
        }
        if !complete {
            return None;
        }
        if pieces.iter().any(|piece| matches!(piece, Piece::Fact(_))) { self.composed(pieces, at, what) } else { Some(known(pieces)) }
    }

    /// The value of a text with facts of the pod. Reports a secret among them: Kubernetes takes a variable from a Secret as it stands.
    fn composed(&mut self, pieces: Vec<Piece>, at: Span, what: &str) -> Option<Source> {
        let mut parts = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Fact(fact) => parts.push(FactPart::Fact(fact)),
                Piece::Known(TemplatePart::Text(text)) => parts.push(FactPart::Text(text)),
                Piece::Known(TemplatePart::Secret { .. }) => {
                    let message = format!("{what} combines a secret with a fact of the pod, which one variable can't hold");
                    let help = "set two variables, and combine them in the program or with `$(NAME)` in `args`";
                    self.tell(Diagnostic::new(Code::Contradiction, message).at(at).help(help));
                    return None;
                }
            }
        }
        Some(if let [FactPart::Fact(fact)] = parts[..] { Source::Fact(fact) } else { Source::Composed(parts) })
    }

    /// The span of an expression in a text; the whole text if an escape sequence hides the expression.
    fn place_of_expression(&self, text: &Text, value: &Interpolation, at: Span) -> Span {
        let earlier = text.original().get(..value.offset).unwrap_or_default().matches(value.source.as_str()).count();
        let written = self.inputs.sources.text(at).match_indices(value.source.as_str()).nth(earlier);
        written.map_or(at, |(start, part)| inside(at, start, part))
    }

    /// The span of a name at the end of a reference or an expression; the whole of it if an escape sequence hides the name.
    pub(super) fn place_of(&self, part: &str, at: Span) -> Span {
        self.inputs.sources.text(at).rfind(part).map_or(at, |start| inside(at, start, part))
    }

    fn expression(&mut self, expression: &Expression, at: Span, whole: Span, what: &str, consumer: &mut Consumer<'_>) -> Option<String> {
        match expression {
            // `value` reads what may be a secret, which has no text.
            Expression::Secret(_) | Expression::User { .. } => None,
            Expression::Var(name) => {
                let declared = self.is_declared("variable", &self.spec.vars, name, self.place_of(name.as_str(), at));
                self.spec.vars.value(name.as_str()).filter(|_| declared).cloned()
            }
            Expression::Own(field) => self.own(*field, at, consumer),
            Expression::Address { reference, field } => self.address(reference, *field, (at, whole), what, consumer),
        }
    }

    /// The name or the password of a user of a store: of one that exists, or of one that an operator runs.
    fn user(
        &mut self,
        (reference, user, field): (&Ref, &Name, UserField),
        (at, whole): (Span, Span),
        what: &str,
        consumer: &mut Consumer<'_>,
        in_url: bool,
    ) -> Option<TemplatePart> {
        let entry = self.lookup(consumer.names, reference, consumer.namespace, at)?;
        let kind = format!("user of `{}` called", entry.display());
        let place = self.place_of(&format!(".users.{user}"), at);
        let place = Span { start: (place.start + ".users.".len() as u32).min(place.end), ..place };
        let EntrySpec::Store(store) = &entry.spec else { return None };
        if !self.is_declared(&kind, &store.users, user, place) {
            return None;
        }
        if entry.is_nowhere() {
            return None;
        }
        if entry.outside.is_none() && !(entry.rendered && has_users(store.engine.get().copied())) {
            self.no_user(entry, whole, what, consumer);
            return None;
        }
        if in_other_region(entry, consumer) {
            self.out_of_reach(entry, whole, what, consumer);
            return None;
        }
        if let [only] = &entry.ports[..] {
            consumer.needs.push(Dependency { entry, target: only.at_container(), at });
        }
        let declared = store.users.value(user.as_str())?;
        if entry.outside.is_none() {
            return match field {
                UserField::Name => Some(TemplatePart::Text(user.to_string())),
                UserField::Password => {
                    let reference = password(entry.namespace.as_ref()?, &entry.name, user)?;
                    Some(TemplatePart::Secret { reference, in_url })
                }
            };
        }
        match field {
            UserField::Name => Some(TemplatePart::Text(declared.name.get().cloned().unwrap_or_else(|| user.to_string()))),
            // The checks of the store report a missing password.
            UserField::Password => declared.password.get().map(|reference| TemplatePart::Secret { reference: reference.clone(), in_url }),
        }
    }

    fn own(&mut self, field: OwnField, at: Span, consumer: &Consumer<'_>) -> Option<String> {
        let port = |resolver: &mut Self| match consumer.port {
            Some(port) => Some(port.target),
            None if consumer.entry.ports_invalid => None,
            None => {
                resolver.error(Code::Contradiction, format!("`{}` does not have exactly one port", consumer.label), at);
                None
            }
        };
        Some(match field {
            OwnField::Name | OwnField::Host => consumer.name.to_string(),
            OwnField::Port => port(self)?.to_string(),
            OwnField::Address => {
                port(self)?;
                format!("{}:{}", consumer.name, consumer.port?.service)
            }
            OwnField::Namespace => consumer.namespace.to_string(),
            OwnField::Environment => self.environment.to_string(),
            OwnField::Region => consumer.region.name.to_string(),
            OwnField::Account => match &consumer.region.account {
                Some(account) => account.clone(),
                // A region on a cloud without an account is reported already.
                None if consumer.region.provider.is_cloud() => return None,
                None => {
                    let message = format!("`{}` has no account: it is not on a cloud", consumer.region.name);
                    self.tell(Diagnostic::new(Code::Contradiction, message).at(at).help("remove the reference"));
                    return None;
                }
            },
            // `value` reads the facts of the pod.
            OwnField::PodName | OwnField::PodIp | OwnField::PodUid | OwnField::NodeName | OwnField::HostIp => return None,
        })
    }

    fn address(
        &mut self,
        reference: &Ref,
        field: AddressField,
        (at, whole): (Span, Span),
        what: &str,
        consumer: &mut Consumer<'_>,
    ) -> Option<String> {
        let entry = self.lookup(consumer.names, reference, consumer.namespace, at)?;
        if !entry.rendered {
            self.left_out(entry, whole, what, consumer);
            return None;
        }
        if entry.kind == RefKind::Bucket {
            return self.bucket_field((entry, reference), field, (at, whole), what, consumer);
        }
        if in_other_region(entry, consumer) {
            self.out_of_reach(entry, whole, what, consumer);
            return None;
        }
        if let (AddressField::PublicUrl, EntrySpec::App(app)) = (field, &entry.spec) {
            return self.public_url(entry, app, at, consumer);
        }
        if entry.outside.as_ref().is_some_and(|outside| outside.host == ExternalHost::Any) {
            let message = format!("`{}` has no address: its host is `*`", entry.display());
            let diagnostic = Diagnostic::new(Code::Contradiction, message).at(at).related(entry.key, "declared here");
            self.tell(diagnostic.help("name it in `needs`, which opens the ports alone"));
            return None;
        }
        let host = host_of(entry, consumer);
        if field == AddressField::Host && entry.outside.is_some() {
            consumer.needs.extend(entry.ports.iter().map(|port| Dependency { entry, target: port.at_container(), at }));
            return Some(host);
        }
        let port = self.port_of(entry, reference, at)?;
        let service = port.service;
        consumer.needs.push(Dependency { entry, target: port.at_container(), at });
        Some(match field {
            AddressField::Host => host,
            AddressField::Port => service.to_string(),
            AddressField::Address => format!("{host}:{service}"),
            AddressField::Name => match &entry.spec {
                EntrySpec::Store(store) => store.name.get().cloned().unwrap_or_else(|| entry.name.to_string()),
                _ => entry.name.to_string(),
            },
            // The region is a field of buckets alone.
            AddressField::Region => consumer.region.name.to_string(),
            AddressField::Url | AddressField::PublicUrl => match entry.outside.as_ref().and_then(|outside| outside.url.clone()) {
                Some(url) => url,
                None => format!("{}://{host}:{service}", scheme(entry, port)),
            },
        })
    }

    /// The public URL of an app: host and path of its first exposure. A call to that URL leaves the cluster and is a dependency like any other; an app
    /// that refers to its own URL has no dependency.
    fn public_url<'a>(&mut self, entry: &'a Entry, app: &App, at: Span, consumer: &mut Consumer<'a>) -> Option<String> {
        let first = app
            .expose
            .values()
            .filter(|expose| expose.redirect.is_missing())
            .filter_map(|expose| Some((expose.host.get()?.within(&consumer.platform.domain).ok()?, expose)))
            .next();
        let Some((host, expose)) = first else {
            self.error(Code::Contradiction, format!("`{}` has no public address: it is not exposed", entry.display()), at);
            return None;
        };
        let host = host.to_string();
        if host.starts_with("*.") {
            let message = format!("`{}` has no single public address: it is exposed under a wildcard host", entry.display());
            self.error(Code::Contradiction, message, at);
            return None;
        }
        if entry.key != consumer.entry.key {
            consumer.public.push((entry, expose.via.get().copied().unwrap_or(Via::Public), at));
        }
        let path = expose.path.get().map(ToString::to_string).filter(|path| path != "/").unwrap_or_default();
        Some(format!("https://{host}{path}"))
    }

    /// Reports that `what` of an entry refers to something that is not rendered.
    pub(super) fn left_out(&mut self, entry: &Entry, at: Span, what: &str, consumer: &Consumer<'_>) {
        let (label, target) = (&consumer.label, entry.display());
        let message = format!("{what} of `{label}` refers to `{target}`, which this version does not render");
        let help = format!("{}, or limit both entries to other environments with `only`", way_out(entry));
        self.incomplete(Diagnostic::new(Code::Incomplete, message).at(at).help(help));
    }

    /// Reports that `what` of an entry refers to a user of a store: this version creates none.
    fn no_user(&mut self, entry: &Entry, at: Span, what: &str, consumer: &Consumer<'_>) {
        if !entry.rendered {
            return self.left_out(entry, at, what, consumer);
        }
        let engine = match &entry.spec {
            EntrySpec::Store(store) => store.engine.get().map_or("", |engine| engine.name()),
            _ => "",
        };
        let message = format!(
            "{what} of `{}` refers to a user of `{}`, and this version does not create users of `{engine}` stores",
            consumer.label,
            entry.display()
        );
        let help = "create the user yourself and refer to its password with `${secret/PATH#KEY}`";
        self.incomplete(Diagnostic::new(Code::Incomplete, message).at(at).help(help));
    }

    /// Reports that `what` of an entry refers to a store of another region: the load balancer of the store, by which other regions reach it, is not rendered.
    pub(super) fn out_of_reach(&mut self, entry: &Entry, at: Span, what: &str, consumer: &Consumer<'_>) {
        if matches!(&entry.spec, EntrySpec::Store(store) if store.engine.is_bad()) {
            return; // the engine decides whether the store is rendered at all
        }
        let (label, here, primary) = (&consumer.label, &consumer.region.name, &consumer.platform.primary);
        let store = entry.display();
        let message = format!(
            "{what} of `{label}` in `{here}` refers to `{store}`, which runs in `{primary}` only, and this version renders no address for calls of other regions"
        );
        let help = format!("run `{label}` in `regions: primary`, or give every region a store of its own with `independent: true`");
        self.incomplete(Diagnostic::new(Code::Incomplete, message).at(at).related(entry.key, "the store is declared here").help(help));
    }
}

/// What to do with an entry that is not rendered.
pub(super) fn way_out(entry: &Entry) -> String {
    let target = entry.display();
    match entry.kind {
        RefKind::Store => format!("run `{target}` elsewhere and give it `mode: existing` with its `host`"),
        _ => format!("run `{target}` elsewhere and declare it under `external`"),
    }
}

/// The fact of the pod that an expression stands for.
fn fact(expression: &Expression) -> Option<PodFact> {
    let Expression::Own(field) = expression else { return None };
    match field {
        OwnField::PodName => Some(PodFact::Name),
        OwnField::PodIp => Some(PodFact::Ip),
        OwnField::PodUid => Some(PodFact::Uid),
        OwnField::NodeName => Some(PodFact::NodeName),
        OwnField::HostIp => Some(PodFact::HostIp),
        OwnField::Name
        | OwnField::Host
        | OwnField::Port
        | OwnField::Address
        | OwnField::Namespace
        | OwnField::Environment
        | OwnField::Region
        | OwnField::Account => None,
    }
}

/// The value of a text without facts of the pod.
fn known(pieces: Vec<Piece>) -> Source {
    let parts: Vec<TemplatePart> =
        pieces.into_iter().filter_map(|piece| if let Piece::Known(part) = piece { Some(part) } else { None }).collect();
    match &parts[..] {
        [] => Source::Text(String::new()),
        [TemplatePart::Text(text)] => Source::Text(text.clone()),
        [TemplatePart::Secret { reference, .. }] => Source::Secret(reference.clone()),
        _ => Source::Template(parts),
    }
}

/// The span of a part of a span.
fn inside(whole: Span, start: usize, part: &str) -> Span {
    let start = whole.start + start as u32;
    Span { start, end: start + part.len() as u32, ..whole }
}

/// Whether an entry runs only in another region: a store that is not `independent` runs only in the primary region.
pub(super) fn in_other_region(entry: &Entry, consumer: &Consumer<'_>) -> bool {
    !consumer.region.primary
        && entry.outside.is_none()
        && !entry.is_nowhere()
        && matches!(&entry.spec, EntrySpec::Store(store) if !store.independent.is_true())
}

/// The host name of an entry: short inside its namespace.
fn host_of(entry: &Entry, consumer: &Consumer<'_>) -> String {
    if let Some(outside) = &entry.outside {
        return outside.host();
    }
    match &entry.namespace {
        Some(namespace) if namespace != consumer.namespace => format!("{}.{namespace}", entry.name),
        _ => entry.name.to_string(),
    }
}

fn scheme(entry: &Entry, port: &EntryPort) -> &'static str {
    match (&entry.spec, protocol(port, entry.protocol())) {
        (_, None) => "udp",
        (EntrySpec::Store(store), _) => store.engine.get().map_or("tcp", |engine| engines::of(*engine).scheme),
        (_, Some(protocol)) => protocol.name(),
    }
}
