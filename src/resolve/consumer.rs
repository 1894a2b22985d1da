//! An entry that is resolved: the values of the addresses and users that its texts name in one region, and the dependencies that follow.

use super::EnvironmentResolver;
use super::engines::{self, has_users, password};
use super::names::{Entry, EntrySpec, Names};
use super::ports::{EntryPort, protocol};
use super::provenance::RecordPath;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Peer, Platform, Region, TemplatePart};
use crate::source::Span;
use crate::spec::App;
use crate::value::{AddressField, BucketAccess, ExternalHost, Name, NetworkPort, Ref, RefKind, UserField, Via};
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
    pub(super) buckets: BTreeMap<String, (BucketAccess, Span)>,
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
        self.entry.peer(self.region, self.namespace)
    }
}

impl EnvironmentResolver<'_> {
    /// The name or the password of a user of a store: of one that exists, or of one that an operator runs.
    pub(super) fn user(
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
        if entry.outside.is_none() && !(entry.rendered && has_users(store)) {
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

    /// A field of the address of an entry. `None` if it has none, which is reported.
    pub(super) fn address(
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
        let of_several = matches!(&entry.spec, EntrySpec::Store(store) if engines::replicates(store.engine.get().copied()));
        let (servers, help) = if of_several {
            (
                "one server of ",
                "write `replicas: 3`, whose users are created, or create the user yourself and refer to its password with `${secret/PATH#KEY}`",
            )
        } else {
            ("", "create the user yourself and refer to its password with `${secret/PATH#KEY}`")
        };
        let message = format!(
            "{what} of `{}` refers to a user of `{}`, and this version does not create users of {servers}`{engine}` stores",
            consumer.label,
            entry.display()
        );
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
