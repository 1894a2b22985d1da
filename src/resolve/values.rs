//! Texts with expressions become values of one region, and every reference in them becomes a need.

use super::Scope;
use super::engines;
use super::names::{Entry, EntrySpec, Names};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Peer, Platform, Region, Source, TemplatePart};
use crate::source::Span;
use crate::spec::App;
use crate::syntax::Field;
use crate::value::{AddressField, Expression, Name, OwnField, Part, Protocol, Ref, Text, Via};

/// Who is asking, and where.
pub(super) struct Consumer<'a> {
    pub(super) entry: &'a Entry,
    pub(super) name: &'a Name,
    pub(super) namespace: &'a Name,
    /// `app/web`, for messages.
    pub(super) label: String,
    /// Its only port: the Service's and the container's.
    pub(super) port: Option<(u16, u16)>,
    pub(super) platform: &'a Platform,
    pub(super) region: &'a Region,
    pub(super) names: &'a Names,
    /// What it turned out to need.
    pub(super) needs: Vec<Dependency<'a>>,
    /// The apps that it calls by their public address, each with the Gateway in front of it.
    pub(super) public: Vec<(String, Via, Span)>,
}

/// Something that is called.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dependency<'a> {
    pub(super) entry: &'a Entry,
    /// The container's port.
    pub(super) target: u16,
    /// Where the spec names it.
    pub(super) at: Span,
}

impl Consumer<'_> {
    /// The end that it is of its flows.
    pub(super) fn peer(&self) -> Peer {
        Peer::Workload { region: self.region.name.clone(), namespace: self.namespace.to_string(), name: self.name.to_string() }
    }
}

impl Scope<'_> {
    /// The value of a text. `None` where a part of it means nothing; that has been told.
    pub(super) fn value(&mut self, text: &Text, at: Span, what: &str, consumer: &mut Consumer<'_>) -> Option<Source> {
        let mut parts: Vec<TemplatePart> = Vec::new();
        let mut complete = true;
        // Inside a URL a secret is encoded, so that a `/` or `@` in it can't change where the URL leads.
        let in_url = text.original().contains("://");
        for part in text.parts() {
            let value = match part {
                Part::Literal(text) => Some(TemplatePart::Text(text.clone())),
                Part::Value(value) => match &value.expression {
                    Expression::Secret(reference) => Some(TemplatePart::Secret { reference: reference.clone(), in_url }),
                    expression => {
                        let place = self.place_of(&value.source, at);
                        self.expression(expression, place, at, what, consumer).map(TemplatePart::Text)
                    }
                },
            };
            match (value, parts.last_mut()) {
                (None, _) => complete = false,
                (Some(TemplatePart::Text(text)), Some(TemplatePart::Text(last))) => last.push_str(&text),
                (Some(value), _) => parts.push(value),
            }
        }
        if !complete {
            return None;
        }
        Some(match &parts[..] {
            [] => Source::Text(String::new()),
            [TemplatePart::Text(text)] => Source::Text(text.clone()),
            [TemplatePart::Secret { reference, .. }] => Source::Secret(reference.clone()),
            _ => Source::Template(parts),
        })
    }

    /// The place of a part of a value, such as an expression or a name in one; the whole value where it is written in another way.
    pub(super) fn place_of(&self, part: &str, value: Span) -> Span {
        let text = self.inputs.sources.text(value);
        match text.find(part).filter(|_| !part.is_empty()) {
            Some(start) => {
                let start = value.start + start as u32;
                Span { start, end: start + part.len() as u32, ..value }
            }
            None => value,
        }
    }

    fn expression(&mut self, expression: &Expression, at: Span, whole: Span, what: &str, consumer: &mut Consumer<'_>) -> Option<String> {
        match expression {
            // A secret is no text: `value` keeps its place.
            Expression::Secret(_) => None,
            Expression::Var(name) => {
                let vars = self.spec.vars.get();
                match vars.and_then(|vars| vars.get(name.as_str())) {
                    Some(item) => item.value.get().cloned(),
                    None => {
                        let known: Vec<&str> = vars.map(|vars| vars.keys().map(|name| name.as_str()).collect()).unwrap_or_default();
                        self.unknown("variable", name.as_str(), known, self.place_of(name.as_str(), at));
                        None
                    }
                }
            }
            Expression::Own(field) => self.own(*field, at, consumer),
            Expression::Address { reference, field } => self.address(reference, *field, (at, whole), what, consumer),
            Expression::User { reference, user, .. } => {
                let entry = self.lookup(consumer.names, reference, consumer.namespace, at)?;
                if let EntrySpec::Store(store) = &entry.spec
                    && store.users.get().is_none_or(|users| users.get(user.as_str()).is_none())
                {
                    let known: Vec<&str> =
                        store.users.get().map(|users| users.keys().map(|name| name.as_str()).collect()).unwrap_or_default();
                    let at = self.place_of(&format!(".users.{user}"), at);
                    let at = Span { start: (at.start + ".users.".len() as u32).min(at.end), ..at };
                    self.unknown(&format!("user of `{}` called", entry.display()), user.as_str(), known, at);
                    return None;
                }
                self.no_user(entry, whole, what, consumer);
                None
            }
        }
    }

    fn own(&mut self, field: OwnField, at: Span, consumer: &Consumer<'_>) -> Option<String> {
        let port = |scope: &mut Self| match consumer.port {
            Some((_, target)) => Some(target),
            None if consumer.entry.ports_invalid => None,
            None => {
                scope.error(Code::Contradiction, format!("{} has no port, or several", consumer.label), at);
                None
            }
        };
        Some(match field {
            OwnField::Name | OwnField::Host => consumer.name.to_string(),
            OwnField::Port => port(self)?.to_string(),
            OwnField::Address => {
                port(self)?;
                format!("{}:{}", consumer.name, consumer.port?.0)
            }
            OwnField::Namespace => consumer.namespace.to_string(),
            OwnField::Environment => self.environment.to_string(),
            OwnField::Region => consumer.region.name.to_string(),
            OwnField::Account => consumer.region.account.clone().unwrap_or_default(),
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
        if in_other_region(entry, consumer) {
            self.out_of_reach(entry, whole, what, consumer);
            return None;
        }
        if let (AddressField::PublicUrl, EntrySpec::App(app)) = (field, &entry.spec) {
            return self.public_url(entry, app, at, consumer);
        }
        let (service, target) = self.port_of(entry, reference, at)?;
        consumer.needs.push(Dependency { entry, target, at });
        let host = host_of(entry, consumer);
        Some(match field {
            AddressField::Host => host,
            AddressField::Port => service.to_string(),
            AddressField::Address => format!("{host}:{service}"),
            AddressField::Name => match &entry.spec {
                EntrySpec::Store(store) => store.name.get().cloned().unwrap_or_else(|| entry.name.to_string()),
                _ => entry.name.to_string(),
            },
            AddressField::Url | AddressField::PublicUrl => match &entry.spec {
                EntrySpec::External { url: Some(url), .. } => url.clone(),
                _ => format!("{}://{host}:{service}", scheme(entry)),
            },
        })
    }

    /// The address under which people reach an app: host and path of its first exposure. Calling the app by that address leaves the cluster, and is a
    /// need like any other; an app that only says its own address needs nothing.
    fn public_url(&mut self, entry: &Entry, app: &App, at: Span, consumer: &mut Consumer<'_>) -> Option<String> {
        let exposures = app.expose.get().into_iter().flatten().filter_map(Field::get);
        let first = exposures.filter_map(|expose| Some((expose.host.get()?.within(&consumer.platform.domain).ok()?, expose))).next();
        let Some((host, expose)) = first else {
            self.error(Code::Contradiction, format!("`{}` has no public address: nothing exposes it", entry.display()), at);
            return None;
        };
        let host = host.to_string();
        if host.starts_with("*.") {
            let message = format!("`{}` has no single public address: it is exposed under every name of a domain", entry.display());
            self.error(Code::Contradiction, message, at);
            return None;
        }
        if entry.key != consumer.entry.key {
            consumer.public.push((entry.display(), expose.via.get().copied().unwrap_or(Via::Public), at));
        }
        let path = expose.path.get().map(ToString::to_string).filter(|path| path != "/").unwrap_or_default();
        Some(format!("https://{host}{path}"))
    }

    /// Tells that `what` of an entry refers to something that is not rendered.
    pub(super) fn left_out(&mut self, entry: &Entry, at: Span, what: &str, consumer: &Consumer<'_>) {
        let (label, target) = (&consumer.label, entry.display());
        let message = format!("{what} of `{label}` refers to `{target}`, which this version does not render");
        let help =
            format!("run `{target}` elsewhere and declare it under `external`, or limit both entries to other environments with `only`");
        self.incomplete(Diagnostic::new(Code::Incomplete, message).at(at).help(help));
    }

    /// Tells that `what` of an entry refers to a user of a store: this version creates none.
    fn no_user(&mut self, entry: &Entry, at: Span, what: &str, consumer: &Consumer<'_>) {
        if !entry.rendered {
            return self.left_out(entry, at, what, consumer);
        }
        let message = format!(
            "{what} of `{}` refers to a user of `{}`, and this version does not create users of stores",
            consumer.label,
            entry.display()
        );
        let help = "create the user yourself and refer to its password with `${secret/PATH#KEY}`";
        self.incomplete(Diagnostic::new(Code::Incomplete, message).at(at).help(help));
    }

    /// Tells that `what` of an entry refers to a store of another region: the load balancer and the connection between the regions are not rendered.
    pub(super) fn out_of_reach(&mut self, entry: &Entry, at: Span, what: &str, consumer: &Consumer<'_>) {
        let (label, here, primary) = (&consumer.label, &consumer.region.name, &consumer.platform.primary);
        let store = entry.display();
        let message = format!(
            "{what} of `{label}` in `{here}` refers to `{store}`, which runs in `{primary}` only, and this version renders no connection between regions"
        );
        let help = format!("run `{label}` in `regions: primary`, or give every region a store of its own with `independent: true`");
        self.incomplete(Diagnostic::new(Code::Incomplete, message).at(at).related(entry.key, "the store is declared here").help(help));
    }
}

/// Whether an entry stands in another region than the one that asks: a store that is not `independent` stands in the primary alone.
pub(super) fn in_other_region(entry: &Entry, consumer: &Consumer<'_>) -> bool {
    !consumer.region.primary && matches!(&entry.spec, EntrySpec::Store(store) if store.independent.get() != Some(&true))
}

/// The name under which an entry answers: short inside its namespace.
fn host_of(entry: &Entry, consumer: &Consumer<'_>) -> String {
    if let EntrySpec::External { host, .. } = &entry.spec {
        return host.clone();
    }
    match &entry.namespace {
        Some(namespace) if namespace != consumer.namespace => format!("{}.{namespace}", entry.name),
        _ => entry.name.to_string(),
    }
}

fn scheme(entry: &Entry) -> &'static str {
    match &entry.spec {
        EntrySpec::App(app) => match app.protocol.get() {
            Some(Protocol::Grpc) => "grpc",
            Some(Protocol::Tcp) => "tcp",
            _ => "http",
        },
        EntrySpec::Store(store) => store.engine.get().map_or("tcp", |engine| engines::of(*engine).scheme),
        _ => "tcp",
    }
}
