//! The index of entries.

use super::EnvironmentResolver;
use super::engines;
use super::external::Outside;
use super::ports::{EntryPort, port_name, ports, ports_invalid};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Peer, Region};
use crate::source::Span;
use crate::spec::{App, Container, KubernetesAccess, Rotation, Sidecar, StartOrder, Store};
use crate::syntax::{Field, Map};
use crate::value::{EntryName, LabelValue, MetadataKey, Name, NetworkPort, Protocol, Ref, RefKind, StoreMode};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Every app, store, external service, chart and bucket of the spec, present in this environment or not.
#[derive(Debug, Default)]
pub(super) struct Names {
    entries: BTreeMap<(RefKind, String), Vec<Entry>>,
}

/// An entry that can be referred to.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) kind: RefKind,
    pub(super) name: Name,
    /// The namespace, if its kind has one.
    pub(super) namespace: Option<Name>,
    pub(super) key: Span,
    /// The span of `only`, if the entry does not exist in this environment.
    pub(super) absent: Option<Span>,
    /// Whether this version of platgen renders it.
    pub(super) rendered: bool,
    pub(super) ports: Vec<EntryPort>,
    /// Whether the ports are invalid. That is already reported, so no other finding is about them.
    pub(super) ports_invalid: bool,
    /// Its place outside of the cluster, for an external service and a store of `mode: existing`.
    pub(super) outside: Option<Outside>,
    pub(super) spec: EntrySpec,
}

/// The entry's part of the spec.
#[derive(Clone, Debug)]
pub(super) enum EntrySpec {
    App(Arc<App>),
    Store(Arc<Store>),
    /// An external service.
    External,
    /// A chart or a bucket.
    Other,
}

impl Entry {
    /// An entry without namespace and ports that the index knows no more of.
    pub(super) fn other(kind: RefKind, key: &EntryName, span: Span) -> Entry {
        Entry::new(kind, key, span, EntrySpec::Other)
    }

    /// An entry without namespace and ports that exists and is rendered.
    fn new(kind: RefKind, key: &EntryName, span: Span, spec: EntrySpec) -> Entry {
        let ports_invalid = match &spec {
            EntrySpec::App(app) => ports_invalid(&app.port, &app.ports),
            EntrySpec::Store(store) => ports_invalid(&store.port, &store.ports),
            EntrySpec::External | EntrySpec::Other => false,
        };
        Entry {
            kind,
            name: key.name().clone(),
            namespace: None,
            key: span,
            absent: None,
            rendered: true,
            ports: Vec::new(),
            ports_invalid,
            outside: None,
            spec,
        }
    }

    /// Whether a fault of `mode` or `host` leaves open where a store runs. The fault is reported, so no other finding is about the place.
    pub(super) fn is_nowhere(&self) -> bool {
        let EntrySpec::Store(store) = &self.spec else { return false };
        matches!(store.mode, Field::Bad(_)) || (store.mode.get() == Some(&StoreMode::Existing) && self.outside.is_none())
    }

    /// Whether a service of the cloud runs it: a store of `mode: managed`, rendered or not.
    pub(super) fn is_managed(&self) -> bool {
        matches!(&self.spec, EntrySpec::Store(store) if store.mode.get() == Some(&StoreMode::Managed))
    }

    /// Whether it is in this environment, and its pods are those of the environment.
    pub(super) fn runs_here(&self) -> bool {
        self.absent.is_none() && self.outside.is_none() && !self.is_nowhere() && !self.is_managed()
    }

    /// The key of its workload in a region: `namespace/name`. `None` for entries without a namespace.
    pub(super) fn workload_key(&self) -> Option<String> {
        Some(format!("{}/{}", self.namespace.as_ref()?, self.name))
    }

    /// It as an end of flows.
    pub(super) fn peer(&self, region: &Region, namespace: &Name) -> Peer {
        let (namespace, name) = (namespace.to_string(), self.name.to_string());
        match self.kind {
            RefKind::Chart => Peer::Chart { namespace, name },
            _ => Peer::Workload { region: region.name.clone(), namespace, name },
        }
    }

    /// Kind and name, such as `app/web`.
    pub(super) fn display(&self) -> String {
        format!("{}/{}", self.kind.as_str(), self.name)
    }

    /// The protocol of its ports, unless the name of a port says another.
    pub(super) fn protocol(&self) -> Protocol {
        match &self.spec {
            EntrySpec::App(app) => app.protocol.get().copied().unwrap_or(Protocol::Http),
            EntrySpec::Store(_) | EntrySpec::External | EntrySpec::Other => Protocol::Tcp,
        }
    }

    /// The span of the key that declares its ports.
    pub(super) fn ports_at(&self) -> Option<Span> {
        match &self.spec {
            EntrySpec::App(app) => app.port.span().or(app.ports.span()),
            EntrySpec::Store(store) => store.port.span().or(store.ports.span()).or(store.engine.span()),
            EntrySpec::External | EntrySpec::Other => None,
        }
    }

    /// Whether its names lead to the addresses of its pods.
    pub(super) fn headless(&self) -> &Field<bool> {
        match &self.spec {
            EntrySpec::App(app) => &app.headless,
            EntrySpec::Store(_) | EntrySpec::External | EntrySpec::Other => const { &Field::Missing },
        }
    }

    /// The key that its ports come from.
    pub(super) fn ports_key(&self) -> &'static str {
        match &self.spec {
            EntrySpec::App(app) if !app.port.is_missing() => "port",
            EntrySpec::Store(store) if !store.port.is_missing() => "port",
            EntrySpec::Store(store) if store.ports.is_missing() => "engine",
            _ => "ports",
        }
    }
}

/// The keys that apps and stores have in common; missing for other entries.
macro_rules! shared_keys {
    ($($(#[$doc:meta])* $name:ident: $field:ty;)*) => {
        impl Entry {
            $($(#[$doc])*
            pub(super) fn $name(&self) -> &$field {
                match &self.spec {
                    EntrySpec::App(app) => &app.$name,
                    EntrySpec::Store(store) => &store.$name,
                    EntrySpec::External | EntrySpec::Other => const { &Field::Missing },
                }
            })*
        }
    };
}

shared_keys! {
    /// The owner in the spec.
    owner: Field<Name>;
    /// The order in which its pods start.
    start: Field<StartOrder>;
    /// Its rights in the Kubernetes API.
    kubernetes: Field<KubernetesAccess>;
    /// The labels of the spec for its objects and pods.
    labels: Field<Map<MetadataKey, LabelValue>>;
    /// The annotations of the spec for its pods and the object that runs them.
    annotations: Field<Map<MetadataKey, String>>;
    /// Its init containers.
    init: Field<Map<Name, Container>>;
    /// Its sidecars.
    sidecars: Field<Map<Name, Sidecar>>;
    /// The profiles that it inherits from.
    from: Field<Vec<Field<Name>>>;
    /// The additional names of the Service.
    alias: Field<Vec<Field<Name>>>;
    /// What happens to its pods when a secret changes.
    rotation: Field<Rotation>;
}

impl Names {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values().flatten()
    }

    /// The entries that a reference from `namespace` may mean. An entry of that namespace has precedence.
    pub(super) fn candidates(&self, reference: &Ref, namespace: &Name) -> Vec<&Entry> {
        let all = self.entries.get(&(reference.kind(), reference.name().to_string())).map(Vec::as_slice).unwrap_or_default();
        let wanted = reference.namespace();
        let matching: Vec<&Entry> = match wanted {
            Some(wanted) => all.iter().filter(|entry| entry.namespace.as_ref() == Some(wanted)).collect(),
            None => all.iter().collect(),
        };
        match matching.iter().find(|entry| entry.namespace.as_ref() == Some(namespace)) {
            Some(own) if wanted.is_none() => vec![own],
            _ => matching,
        }
    }
}

impl<'a> EnvironmentResolver<'a> {
    /// The index of all entries.
    pub(super) fn names(&mut self) -> Names {
        let mut names = Names::default();
        let spec = self.spec;
        for (key, span, app) in spec.apps.entries() {
            let absent = (!self.is_here(&app.only)).then(|| app.only.span()).flatten();
            let namespace = self.namespace_of(key, &app.namespace, span, "app", absent.is_none());
            let ports = ports(&app.port, &app.ports, Some((port_name(app), 0)));
            let entry = Entry::new(RefKind::App, key, span, EntrySpec::App(app.clone()));
            self.add(&mut names, Entry { namespace, absent, ports, ..entry });
        }
        for (key, span, store) in spec.stores.entries() {
            let absent = (!self.is_here(&store.only)).then(|| store.only.span()).flatten();
            let namespace = self.namespace_of(key, &store.namespace, span, "store", absent.is_none());
            let engine = store.engine.get().copied();
            let definition = engine.map(engines::of);
            let fallback = definition.and_then(|known| known.port);
            let ports = ports(&store.port, &store.ports, fallback);
            let mode = store.mode.get().copied();
            let existing = mode == Some(StoreMode::Existing);
            let outside = if existing && absent.is_none() { self.existing(store, span) } else { None };
            let rendered = existing
                || matches!(store.mode, Field::Bad(_))
                || match mode {
                    Some(StoreMode::Managed) => self.renders_managed(store),
                    _ => definition.is_none_or(engines::Definition::is_rendered),
                };
            let entry = Entry::new(RefKind::Store, key, span, EntrySpec::Store(store.clone()));
            let ports_invalid = entry.ports_invalid || (ports.is_empty() && store.engine.is_bad());
            self.add(&mut names, Entry { namespace, absent, rendered, ports, ports_invalid, outside, ..entry });
        }
        for (key, span, external) in spec.external.entries() {
            let absent = (!self.is_here(&external.only)).then(|| external.only.span()).flatten();
            let (outside, ports) = if absent.is_none() { self.external(external, span).unzip() } else { (None, None) };
            let entry = Entry::new(RefKind::External, key, span, EntrySpec::External);
            let ports: Vec<NetworkPort> = ports.unwrap_or_default();
            let ports_invalid = ports.is_empty();
            let ports = ports.into_iter().map(|port| EntryPort::new(port.to_string(), port)).collect();
            self.add(&mut names, Entry { absent, ports, ports_invalid, outside, ..entry });
        }
        for (key, span, chart) in spec.charts.entries() {
            let entry = self.chart_entry(key, span, chart);
            self.add(&mut names, entry);
        }
        for (key, span, bucket) in spec.buckets.entries() {
            let entry = self.bucket_entry(key, span, bucket);
            self.add(&mut names, entry);
        }
        names
    }

    /// Adds an entry. Reports a second entry of the same kind and name in a namespace.
    fn add(&mut self, names: &mut Names, entry: Entry) {
        let list = names.entries.entry((entry.kind, entry.name.to_string())).or_default();
        if let Some(other) = list.iter().find(|other| other.namespace == entry.namespace) {
            let diagnostic = Diagnostic::new(Code::DefinedTwice, format!("`{}` is defined twice in its namespace", other.display()));
            let diagnostic = diagnostic.at(entry.key).related(other.key, "first defined here").help("give one of them another name");
            self.tell(diagnostic);
            return;
        }
        list.push(entry);
    }

    /// The namespace that an entry means: that of its key, `namespace`, or the only one. Checks nothing.
    pub(super) fn said_namespace<'n>(&self, key: &'n EntryName, field: &'n Field<Name>) -> Option<&'n Name>
    where
        'a: 'n,
    {
        let mut all = self.spec.namespaces.keys();
        let only = all.next().filter(|_| all.next().is_none());
        key.namespace().or(field.get()).or(only)
    }

    /// Whether the spec declares the namespace and, for an entry of this environment, the namespace exists here. If not, reports it.
    pub(super) fn has_namespace(&mut self, name: &Name, at: Span, here: bool) -> bool {
        let namespaces = &self.spec.namespaces;
        if !self.is_declared("namespace", namespaces, name, at) {
            return false;
        }
        let Some(namespace) = namespaces.value(name.as_str()).filter(|_| here) else { return true };
        let exists = self.is_here(&namespace.only);
        if let Some(only) = namespace.only.span().filter(|_| !exists) {
            let message = format!("the namespace `{name}` does not exist in `{}`", self.environment);
            let diagnostic = Diagnostic::new(Code::AbsentInEnvironment, message).at(at).related(only, "its environments are limited here");
            self.tell(diagnostic.help("limit this entry in the same way, or remove the namespace's `only`"));
        }
        exists
    }

    /// The namespace of an entry: from its key, from `namespace`, or the only namespace. `here` tells whether the entry exists in this environment.
    pub(super) fn namespace_of(&mut self, key: &EntryName, field: &Field<Name>, span: Span, kind: &str, here: bool) -> Option<Name> {
        let spec = self.spec;
        match (key.namespace(), field) {
            (_, Field::Bad(_)) => None,
            (Some(said), Field::Set(also, at)) if said != also => {
                self.contradiction(format!("the key has the namespace `{said}`, but `namespace` is `{also}`"), *at, Some(span));
                None
            }
            (Some(said), _) | (None, Field::Set(said, _)) => {
                if !self.has_namespace(said, field.span().unwrap_or(span), here) {
                    return None;
                }
                if field.is_missing() {
                    self.record(|| (format!("{kind}s.{key}.namespace"), said, "the entry's key"));
                }
                Some(said.clone())
            }
            (None, Field::Missing) => match spec.namespaces.keys().collect::<Vec<_>>()[..] {
                [only] if !self.has_namespace(only, span, here) => None,
                [only] => {
                    self.record(|| (format!("{kind}s.{key}.namespace"), only, "namespaces: there is one"));
                    Some(only.clone())
                }
                [] if self.is_unreadable("namespace") => None,
                [] => {
                    let message = format!("{kind} `{key}` has no namespace, and the spec declares none");
                    self.tell(Diagnostic::new(Code::MissingField, message).at(span).help("declare one under `namespaces`"));
                    None
                }
                _ => {
                    self.require(field, "namespace", span);
                    None
                }
            },
        }
    }

    /// The key of an entry in the spec, with the namespace if the spec has it.
    pub(super) fn key_of(&self, entry: &Entry) -> String {
        let both = EntryName::new(entry.namespace.clone(), entry.name.clone());
        let qualified = match entry.kind {
            RefKind::Store => self.spec.stores.find(&both).is_some(),
            _ => self.spec.apps.find(&both).is_some(),
        };
        if qualified { both.to_string() } else { entry.name.to_string() }
    }
}
