//! Texts with expressions become values of one region, and every reference in them becomes a need.

use super::Scope;
use super::engines;
use super::names::{Entry, Names, What};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Peer, Platform, Region, Source};
use crate::source::Span;
use crate::value::{AddressField, Expression, Name, OwnField, Part, Protocol, Ref, Text};

/// Who is asking, and where.
pub(super) struct Asker<'a> {
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
    pub(super) needs: Vec<Need<'a>>,
}

/// Something that is called.
#[derive(Clone, Copy, Debug)]
pub(super) struct Need<'a> {
    pub(super) entry: &'a Entry,
    /// The container's port.
    pub(super) target: u16,
    /// Where the spec names it.
    pub(super) at: Span,
}

impl Asker<'_> {
    /// The end that it is of its flows.
    pub(super) fn peer(&self) -> Peer {
        Peer::Workload { region: self.region.name.clone(), namespace: self.namespace.to_string(), name: self.name.to_string() }
    }
}

impl Scope<'_> {
    /// The value of a text. `None` where a part of it means nothing; that has been told.
    pub(super) fn value(&mut self, text: &Text, at: Span, what: &str, asker: &mut Asker<'_>) -> Option<Source> {
        let mut parts: Vec<Result<String, (crate::value::SecretRef, bool)>> = Vec::new();
        let mut complete = true;
        // Inside a URL a secret is encoded, so that a `/` or `@` in it can't change where the URL leads.
        let url = text.original().contains("://");
        for part in text.parts() {
            let value = match part {
                Part::Literal(text) => Some(Ok(text.clone())),
                Part::Value(value) => {
                    let place = self.place_of(&value.source, at);
                    self.expression(&value.expression, place, at, what, asker).map(|value| value.map_err(|secret| (secret, url)))
                }
            };
            match (value, parts.last_mut()) {
                (None, _) => complete = false,
                (Some(Ok(text)), Some(Ok(last))) => last.push_str(&text),
                (Some(value), _) => parts.push(value),
            }
        }
        if !complete {
            return None;
        }
        Some(match &parts[..] {
            [] => Source::Text(String::new()),
            [Ok(text)] => Source::Text(text.clone()),
            [Err((secret, _))] => Source::Secret(secret.clone()),
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

    fn expression(
        &mut self,
        expression: &Expression,
        at: Span,
        whole: Span,
        what: &str,
        asker: &mut Asker<'_>,
    ) -> Option<Result<String, crate::value::SecretRef>> {
        match expression {
            Expression::Secret(secret) => Some(Err(secret.clone())),
            Expression::Var(name) => {
                let vars = self.spec.vars.get();
                match vars.and_then(|vars| vars.get(name.as_str())) {
                    Some(item) => item.value.get().cloned().map(Ok),
                    None => {
                        let known: Vec<&str> = vars.map(|vars| vars.keys().map(|name| name.as_str()).collect()).unwrap_or_default();
                        self.unknown("variable", name.as_str(), known, self.place_of(name.as_str(), at));
                        None
                    }
                }
            }
            Expression::Own(field) => self.own(*field, at, asker).map(Ok),
            Expression::Address { reference, field } => self.address(reference, *field, (at, whole), what, asker).map(Ok),
            Expression::User { reference, user, .. } => {
                let entry = self.lookup(asker.names, reference, asker.namespace, at)?;
                if let What::Store(store) = &entry.what
                    && store.users.get().is_none_or(|users| users.get(user.as_str()).is_none())
                {
                    let known: Vec<&str> =
                        store.users.get().map(|users| users.keys().map(|name| name.as_str()).collect()).unwrap_or_default();
                    let at = self.place_of(&format!(".users.{user}"), at);
                    let at = Span { start: (at.start + ".users.".len() as u32).min(at.end), ..at };
                    self.unknown(&format!("user of `{}` called", entry.display()), user.as_str(), known, at);
                    return None;
                }
                self.left_out(entry, whole, what, asker);
                None
            }
        }
    }

    fn own(&mut self, field: OwnField, at: Span, asker: &Asker<'_>) -> Option<String> {
        let port = |scope: &mut Self| match asker.port {
            Some((_, target)) => Some(target),
            None if asker.entry.ports_invalid => None,
            None => {
                scope.error(Code::Contradiction, format!("{} has no port, or several", asker.label), at);
                None
            }
        };
        Some(match field {
            OwnField::Name | OwnField::Host => asker.name.to_string(),
            OwnField::Port => port(self)?.to_string(),
            OwnField::Address => {
                port(self)?;
                format!("{}:{}", asker.name, asker.port?.0)
            }
            OwnField::Namespace => asker.namespace.to_string(),
            OwnField::Environment => self.environment.to_string(),
            OwnField::Region => asker.region.name.to_string(),
            OwnField::Account => asker.region.account.clone().unwrap_or_default(),
        })
    }

    fn address(
        &mut self,
        reference: &Ref,
        field: AddressField,
        (at, whole): (Span, Span),
        what: &str,
        asker: &mut Asker<'_>,
    ) -> Option<String> {
        let entry = self.lookup(asker.names, reference, asker.namespace, at)?;
        if !entry.rendered {
            self.left_out(entry, whole, what, asker);
            return None;
        }
        if away(entry, asker) {
            self.out_of_reach(entry, whole, what, asker);
            return None;
        }
        if let (AddressField::PublicUrl, What::App(app)) = (field, &entry.what) {
            let host = app.expose.get().into_iter().flatten().filter_map(crate::syntax::Field::get).find_map(|expose| expose.host.get());
            return match host.and_then(|host| host.within(&asker.platform.domain).ok()) {
                Some(host) if host.to_string().starts_with("*.") => {
                    let message = format!("`{}` has no single public address: it is exposed under every name of a domain", entry.display());
                    self.error(Code::Contradiction, message, at);
                    None
                }
                Some(host) => Some(format!("https://{host}")),
                None => {
                    self.error(Code::Contradiction, format!("`{}` has no public address: nothing exposes it", entry.display()), at);
                    None
                }
            };
        }
        let (service, target) = self.port_of(entry, reference, at)?;
        asker.needs.push(Need { entry, target, at });
        let host = host_of(entry, asker);
        Some(match field {
            AddressField::Host => host,
            AddressField::Port => service.to_string(),
            AddressField::Address => format!("{host}:{service}"),
            AddressField::Name => match &entry.what {
                What::Store(store) => store.name.get().cloned().unwrap_or_else(|| entry.name.to_string()),
                _ => entry.name.to_string(),
            },
            AddressField::Url | AddressField::PublicUrl => match &entry.what {
                What::External { url: Some(url), .. } => url.clone(),
                _ => format!("{}://{host}:{service}", scheme(entry)),
            },
        })
    }

    /// Names what refers to something that is not rendered.
    pub(super) fn left_out(&mut self, entry: &Entry, at: Span, what: &str, asker: &Asker<'_>) {
        let message =
            format!("{what} of `{}` is left out: it refers to `{}`, which this version does not render", asker.label, entry.display());
        self.tell(Diagnostic::new(Code::NotRendered, message).at(at));
    }

    /// Names what refers to a store of another region: the load balancer and the way between the regions are not rendered.
    pub(super) fn out_of_reach(&mut self, entry: &Entry, at: Span, what: &str, asker: &Asker<'_>) {
        let (label, here, primary) = (&asker.label, &asker.region.name, &asker.platform.primary);
        let store = entry.display();
        let message = format!(
            "{what} of `{label}` is left out in `{here}`: `{store}` stands in `{primary}` alone, and this version renders no way between regions"
        );
        let diagnostic = Diagnostic::new(Code::NotRendered, message).at(at).related(entry.key, "the store is declared here");
        self.tell(
            diagnostic.help("let what calls it run in `regions: primary`, or give every region a store of its own: `independent: true`"),
        );
    }
}

/// Whether an entry stands in another region than the one that asks: a store that is not `independent` stands in the primary alone.
pub(super) fn away(entry: &Entry, asker: &Asker<'_>) -> bool {
    !asker.region.primary && matches!(&entry.what, What::Store(store) if store.independent.get() != Some(&true))
}

/// The name under which an entry answers: short inside its namespace.
fn host_of(entry: &Entry, asker: &Asker<'_>) -> String {
    if let What::External { host, .. } = &entry.what {
        return host.clone();
    }
    match &entry.namespace {
        Some(namespace) if namespace != asker.namespace => format!("{}.{namespace}", entry.name),
        _ => entry.name.to_string(),
    }
}

fn scheme(entry: &Entry) -> &'static str {
    match &entry.what {
        What::App(app) => match app.protocol.get() {
            Some(Protocol::Grpc) => "grpc",
            Some(Protocol::Tcp) => "tcp",
            _ => "http",
        },
        What::Store(store) => store.engine.get().map_or("tcp", |engine| engines::of(*engine).scheme),
        _ => "tcp",
    }
}
