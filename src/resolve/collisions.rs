//! Name collisions: names that two entries of a namespace use, and names that are reserved.
//!
//! All objects of an entry have the entry's name. Each alias, each StatefulSet and each operator adds a Service. Reports findings and resolves nothing.

use super::EnvironmentResolver;
use super::engines::{operated, replicated};
use super::names::{Entry, EntrySpec, Names};
use super::storage::own_volume;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Kind, Replication, SharedVolume, Volume, Workload};
use crate::source::Span;
use crate::spec::StoreSize;
use crate::value::{Engine, Name, RefKind};
use indexmap::IndexMap;
use std::collections::BTreeMap;

/// Names of the objects and files that exist in every namespace, with what has the name.
const RESERVED: [(&str, &str); 5] = [
    ("allow-dns", "the network policy for DNS"),
    ("default", "the service account that Kubernetes creates"),
    ("default-deny", "the network policy that denies all traffic by default"),
    ("namespace", "the file of the namespace's own objects"),
    ("platgen", "the service account of the SecretStore"),
];

/// The span and the entry that use a name in a namespace.
type Taken<'n> = BTreeMap<(&'n str, String), (Span, &'n Entry)>;

impl EnvironmentResolver<'_> {
    /// Reports colliding names among the apps, stores and charts of this environment.
    pub(super) fn check_collisions(&mut self, names: &Names) {
        let mut taken = Taken::new();
        let here = || names.iter().filter(|entry| entry.absent.is_none() && entry.rendered && entry.outside.is_none());
        for entry in here() {
            let Some(namespace) = served(entry) else { continue };
            if let Some((_, whose)) = RESERVED.iter().find(|(name, _)| *name == entry.name.as_str()) {
                let message = format!("`{}` is reserved in every namespace", entry.name);
                let diagnostic = Diagnostic::new(Code::NameTaken, message).at(entry.key);
                self.tell(diagnostic.help(format!("choose another name: {whose} has this one")));
            }
            self.claim(&mut taken, namespace, entry.name.to_string(), entry.key, entry);
        }
        for entry in here() {
            let Some(namespace) = served(entry) else { continue };
            for (alias, at) in entry.alias().items() {
                self.claim(&mut taken, namespace, alias.to_string(), at, entry);
            }
            for made in made_for(entry) {
                self.claim(&mut taken, namespace, format!("{}-{made}", entry.name), entry.key, entry);
            }
            // A Secret of the operator, and a ConfigMap.
            let EntrySpec::Store(store) = &entry.spec else { continue };
            let further = match store.engine.get() {
                _ if entry.is_managed() => Vec::new(),
                Some(Engine::Mysql) => vec![format!("internal-{}", entry.name), format!("auto-{}-pxc", entry.name)],
                Some(Engine::Mongodb) => vec![format!("internal-{}-users", entry.name)],
                _ => Vec::new(),
            };
            for name in further {
                self.hold(&mut taken, (namespace, name), entry.key, entry);
            }
        }
        // The name of a user of Kafka is that of an object.
        let mut users = Taken::new();
        for entry in here() {
            let (Some(namespace), EntrySpec::Store(store)) = (served(entry), &entry.spec) else { continue };
            for (user, at, _) in store.users.entries().filter(|_| store.engine.get() == Some(&Engine::Kafka)) {
                self.hold(&mut users, (namespace, user.to_string()), at, entry);
            }
        }
    }

    /// Reports volume claims of one name: of two StatefulSets, or of a StatefulSet and a shared volume. Kubernetes names the claim of a pod after the
    /// volume, the StatefulSet and the pod's number, such as `data-web-0`.
    pub(super) fn check_claims(&mut self, workloads: &IndexMap<String, Workload>, shared: &[SharedVolume]) {
        let mut taken: BTreeMap<(&Name, String), &Workload> = BTreeMap::new();
        let mut clash = |at: Span, claim: &str, namespace: &Name, workload: &Workload| {
            let kind = if workload.store.is_some() { "store" } else { "app" };
            let message = format!("the volume claim `{claim}` is taken in `{namespace}` by `{kind}/{}`", workload.name);
            let diagnostic = Diagnostic::new(Code::NameTaken, message).at(at).related(workload.span, "taken here");
            self.tell(diagnostic.help("choose another name: two volumes can't have one claim"));
        };
        for workload in workloads.values().filter(|workload| matches!(workload.kind, Kind::StatefulSet | Kind::Operated(_))) {
            for volume in workload.volumes.iter().filter(|volume| matches!(volume, Volume::Claim { .. })) {
                let (start, first) = match operated(workload.store) {
                    Some(operated) => (operated.claims.0(&workload.name), operated.claims.1),
                    None => (format!("{}-{}", volume.name(), workload.name), 0),
                };
                if let Some(other) = taken.insert((&workload.namespace, start.clone()), workload) {
                    clash(workload.span, &format!("{start}-{first}"), &workload.namespace, other);
                }
            }
        }
        for volume in shared {
            let Some((start, number)) = volume.name.as_str().rsplit_once('-') else { continue };
            let is_number = number == "0" || (!number.starts_with('0') && number.bytes().all(|byte| byte.is_ascii_digit()));
            if let Some(workload) = taken.get(&(&volume.namespace, start.to_owned())).filter(|_| is_number) {
                clash(volume.span, volume.name.as_str(), &volume.namespace, workload);
            }
        }
    }

    /// Reports two stores whose restore tests have one name: hyphens join the names of store and namespace, and are in them as well.
    pub(super) fn tests_of_one_name(&mut self, other: &Workload, entry: &Entry) {
        let message = format!("the restore tests of `{}` and of another store would both be `{}`", entry.display(), other.name);
        let diagnostic = Diagnostic::new(Code::NameTaken, message).at(entry.key).related(other.span, "the other store");
        self.tell(diagnostic.help("choose another name for one of the stores"));
    }

    fn claim<'n>(&mut self, taken: &mut Taken<'n>, namespace: &'n str, name: String, at: Span, entry: &'n Entry) {
        let has_service = !entry.ports.is_empty();
        if has_service && name.starts_with(|first: char| first.is_ascii_digit()) {
            let message = format!("`{name}` starts with a digit, but the name of a Service starts with a letter");
            self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help("start it with a letter"));
        }
        self.hold(taken, (namespace, name), at, entry);
    }

    fn hold<'n>(&mut self, taken: &mut Taken<'n>, name: (&'n str, String), at: Span, entry: &'n Entry) {
        match taken.get(&name) {
            Some((first, other)) => {
                let message = format!("`{}` is taken in `{}` by `{}`", name.1, name.0, other.display());
                let diagnostic = Diagnostic::new(Code::NameTaken, message).at(at).related(*first, "taken here");
                self.tell(diagnostic.help("choose another name: the objects of the two would overwrite each other"));
            }
            None => _ = taken.insert(name, (at, entry)),
        }
    }
}

/// The namespace of an app or store.
fn served(entry: &Entry) -> Option<&str> {
    let has_objects = matches!(entry.spec, EntrySpec::App(_) | EntrySpec::Store(_)) || entry.kind == RefKind::Chart;
    has_objects.then_some(entry.namespace.as_ref()?.as_str())
}

/// What the names of an entry's further objects end with. A StatefulSet has a headless Service, a store of several servers has proxies as well;
/// an operator makes objects of its own.
fn made_for(entry: &Entry) -> &'static [&'static str] {
    if entry.is_managed() {
        return &["users"];
    }
    if let EntrySpec::Store(store) = &entry.spec
        && replicated(store).is_some()
    {
        return &["headless", Replication::PROXY];
    }
    let keeps = match &entry.spec {
        EntrySpec::App(app) => own_volume(app).is_some(),
        EntrySpec::Store(store) => match operated(store.engine.get().copied()) {
            Some(operated) => return operated.made,
            None => matches!(store.storage.get(), Some(StoreSize::Size(_))),
        },
        _ => false,
    };
    if keeps { &["headless"] } else { &[] }
}
