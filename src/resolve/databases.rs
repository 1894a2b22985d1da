//! Stores whose servers an operator runs: their checks, and the workload with its database and flows.

use super::consumer::Consumer;
use super::containers::{Amounts, Declared};
use super::engines::{self, Operated};
use super::flows::api_server;
use super::names::Entry;
use super::placement::Runs;
use super::volumes::{Pod, Volumes};
use super::workloads::{Site, container_ports};
use super::{EnvironmentResolver, written};
use crate::diagnostic::{Code, Diagnostic, wording};
use crate::model::{Container, Database, DatabaseUser, Durability, Flow, Kind, Mount, Peer, Probes, Security, Spread, Volume, Workload};
use crate::source::Span;
use crate::spec::{Store, StoreSize, StoreUser};
use crate::syntax::Field;
use crate::value::{ImageTag, Name, NetworkPort, NetworkPorts};

/// The claim of a server in the model. The operator names the claims after the servers.
const CLAIM: &str = "data";

/// Seconds that CloudNativePG gives a server to stop: its default.
const STOP: u64 = 1800;

/// The fewest servers with which a transaction may wait for a second one and the loss of one stops nothing.
const QUORUM: u32 = 3;

/// The longest name in PostgreSQL, in bytes.
const LONGEST: usize = 63;

impl EnvironmentResolver<'_> {
    /// Checks a store whose pods an operator makes.
    pub(super) fn check_database(&mut self, entry: &Entry, store: &Store, operated: &Operated) {
        let engine = store.engine.get().map_or("", |engine| engine.name());
        let of_pods = [
            ("args", store.args.span()),
            ("command", store.command.span()),
            ("config", store.config.span()),
            ("files", store.files.span()),
            ("init", store.init.span()),
            ("kubernetes", store.kubernetes.span()),
            ("metrics", store.metrics.span()),
            ("probes", store.probes.span()),
            ("rotation", store.rotation.span()),
            ("secrets", store.secrets.span()),
            ("secrets_from", store.secrets_from.span()),
            ("security", store.security.span()),
            ("sidecars", store.sidecars.span()),
            ("start", store.start.span()),
            ("stop", store.stop.span()),
            ("tmp", store.tmp.span()),
            ("workdir", store.workdir.span()),
            ("resources.gpu", store.resources.at(|resources| &resources.gpu).span()),
        ];
        for (key, at) in written(of_pods).into_iter().filter(|(_, at)| self.is_of_the_user(*at)).collect::<Vec<_>>() {
            let message = format!("`{key}` can't be combined with `engine: {engine}`: {} makes the pods", operated.operator.name());
            let diagnostic = Diagnostic::new(Code::Contradiction, message).at(at).help(format!("remove `{key}`"));
            self.tell(store.engine.span().into_iter().fold(diagnostic, |all, engine| all.related(engine, "the engine is chosen here")));
        }
        for (key, at) in written([("port", store.port.span()), ("ports", store.ports.span())]) {
            let port = operated.ports.first().copied().unwrap_or_default();
            let message = format!("`{key}` can't be combined with `engine: {engine}`, which always listens on {port}");
            self.contradiction(message, at, store.engine.span());
        }
        self.check_version(entry, store, operated, engine);
        self.check_amounts(store, operated, engine);
        self.check_users(entry, store, operated);
        if let Some((name, at)) = store.name.spanned() {
            self.check_database_name(name, at, operated);
        } else if operated.databases.contains(&entry.name.as_str()) && store.name.is_missing() {
            self.check_database_name(entry.name.as_str(), entry.key, operated);
        }
        self.check_parameters(store, operated);
    }

    fn check_version(&mut self, entry: &Entry, store: &Store, operated: &Operated, engine: &str) {
        let majors: Vec<&str> = operated.images.iter().map(|(major, _)| *major).collect();
        if let Some((version, at)) = store.version.spanned().filter(|(version, _)| operated.image(version).is_none()) {
            let message = format!("`{version}` is not a version of `{engine}` that this version renders");
            let choose = format!("write {}; for another minor version, name its image under `image`", wording::either(&majors));
            let suggestion = majors.iter().find(|major| version.split('.').next() == Some(major)).copied();
            self.tell(Diagnostic::new(Code::UnknownValue, message).at(at).suggest(suggestion, choose));
        } else if store.version.is_missing() && store.image.is_missing() && !self.lacks_profile(entry) {
            // A default would upgrade the data of every store with the next version of platgen.
            let diagnostic = Diagnostic::new(Code::MissingField, "`version` is missing").at(entry.key);
            self.tell(diagnostic.help(format!("add `version:` with {}", wording::either(&majors))));
        }
        // `tag` replaces the tag of `image`.
        let (tag, shown, at) = match (store.tag.spanned(), store.image.spanned()) {
            (Some((tag, at)), _) => {
                // An invalid tag is reported with the image.
                let Ok(tag) = tag.parse::<ImageTag>() else { return };
                (Some(tag.clone()), format!("`tag: {tag}`"), at)
            }
            (None, Some((image, at))) if store.tag.is_missing() => (image.tag().cloned(), format!("the tag of `{image}`"), at),
            (None, _) => return,
        };
        let major = tag.and_then(|tag| tag.major()).map(|major| major.to_string());
        if !major.is_some_and(|major| majors.contains(&major.as_str())) {
            let message = format!("{shown} does not start with a version of `{engine}`");
            let help = format!("name an image for the operator whose tag starts with {}, such as `17.11`", wording::either(&majors));
            self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(help));
        }
    }

    fn check_amounts(&mut self, store: &Store, operated: &Operated, engine: &str) {
        let memory = store.resources.at(|resources| &resources.memory).spanned().map(|(range, at)| ("memory", range.request().clone(), at));
        let storage = store.storage.spanned().and_then(|(size, at)| match size {
            StoreSize::Size(size) => Some(("storage", size.clone(), at)),
            StoreSize::None => None,
        });
        let least = [(memory, operated.least_memory), (storage, operated.least_storage)];
        for ((key, amount, at), least) in least.into_iter().filter_map(|(amount, least)| Some((amount?, least))) {
            if amount.bytes() < least {
                let message = format!("`{key}: {amount}` is too little for a server of `{engine}`");
                self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(format!("write at least `{}Mi`", least >> 20)));
            }
        }
        if store.storage.get() == Some(&StoreSize::None) {
            let message = format!("`storage: none` can't be combined with `engine: {engine}`, which keeps data");
            let at = store.storage.span();
            at.into_iter().for_each(|at| self.contradiction(message.as_str(), at, store.engine.span()));
        }
        if let Some((0, at)) = store.replicas.spanned().map(|(replicas, at)| (*replicas, at)) {
            self.error(Code::InvalidValue, "`replicas: 0`: a store has at least one server", at);
        }
    }

    /// Every database has an owner: the only user, or the one that says so.
    fn check_users(&mut self, entry: &Entry, store: &Store, operated: &Operated) {
        let users: Vec<(&Name, Span, &StoreUser)> = store.users.entries().collect();
        if users.is_empty() && !store.users.is_bad() && !store.users.get().is_some_and(|users| users.is_broken()) {
            let diagnostic = Diagnostic::new(Code::MissingField, "`users` is missing: nobody could sign in").at(entry.key);
            self.tell(diagnostic.help("add `users: {app: {}}`"));
        }
        for (name, at, _) in users.iter().filter(|(name, ..)| operated.users.contains(&name.as_str())) {
            let message = format!("`{name}` is the superuser, which nobody signs in as");
            self.tell(Diagnostic::new(Code::InvalidValue, message).at(*at).help("choose another name"));
        }
        let owners: Vec<(&Name, Span)> = users
            .iter()
            .filter(|(_, _, user)| user.owner.is_true())
            .filter_map(|(name, _, user)| Some((*name, user.owner.span()?)))
            .collect();
        if let [(_, first), (_, second), ..] = owners[..] {
            self.contradiction("a database has one owner", second, Some(first));
        }
        if let ([], [(first, ..), _, ..]) = (&owners[..], &users[..]) {
            let at = store.users.span().unwrap_or(entry.key);
            let message = format!("`owner` is missing: {} has several users", entry.display());
            let help = format!("write `owner: true` for the user that owns the database, such as `{first}`");
            self.tell(Diagnostic::new(Code::MissingField, message).at(at).help(help));
        }
    }

    fn check_database_name(&mut self, name: &str, at: Span, operated: &Operated) {
        let is_word = |sign: char| sign.is_ascii_alphanumeric() || sign == '_' || sign == '-';
        let problem = if operated.databases.contains(&name) {
            "every server has a database of this name"
        } else if name.len() > LONGEST {
            "a name has at most 63 bytes"
        } else if name.is_empty() || !name.chars().all(is_word) {
            "write letters, digits, `_` and `-`"
        } else {
            return;
        };
        self.tell(Diagnostic::new(Code::InvalidValue, format!("the database can't have the name `{name}`")).at(at).help(problem));
    }

    fn check_parameters(&mut self, store: &Store, operated: &Operated) {
        for (name, at, _) in store.parameters.entries() {
            if operated.fixed.binary_search(&name.as_str()).is_ok() {
                let message = format!("`{name}` is set by {} itself", operated.operator.name());
                self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(format!("remove `{name}`")));
            } else if !is_parameter(name) {
                let message = format!("`{name}` is not the name of a setting");
                self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help("write it as PostgreSQL does, such as `work_mem`"));
            }
        }
    }

    /// A store whose pods an operator makes, with its flows.
    pub(super) fn database(&mut self, entry: &Entry, store: &Store, site: Site<'_>, operated: &Operated) -> Option<(Workload, Vec<Flow>)> {
        let mut consumer = self.consumer(entry, site)?;
        let engine = store.engine.get().copied()?;
        let Some(StoreSize::Size(size)) = store.storage.get() else { return None };
        if let Some(at) = store.storage.span() {
            self.has_unit("storage", size, at);
        }
        let members = store.replicas.get().copied().unwrap_or(1);
        let ports = container_ports(entry);
        let fallback = operated.fallback(store);
        let at = consumer.at.clone();
        let declared = Declared {
            name: &entry.name,
            span: entry.key,
            fields: store.container(),
            volumes: Volumes::of(None),
            ports,
            fallback: &fallback,
            at,
        };
        let needs = self.needs(&store.needs, &mut consumer);
        let image = self.image(&declared);
        let Amounts { cpu, memory, ephemeral } = self.amounts(&declared, 0);
        let (image, at) = (image?, &consumer.at);
        let placement = self.placement(&store.subnet, &Field::Missing, &Field::Missing, &consumer, Runs::replicas(members))?;
        let mut flows = self.all_flows(&consumer, &placement, needs, &[], &[]);
        flows.extend(own_flows(&consumer, operated, members, store.engine.span().unwrap_or(entry.key)));

        let mut parameters: std::collections::BTreeMap<String, String> =
            (operated.settings)(&memory.0, size).into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let written: std::collections::BTreeSet<&String> = store.parameters.entries().map(|(name, ..)| name).collect();
        for (name, value) in parameters.iter().filter(|(name, _)| self.records() && !written.contains(name)) {
            let from = format!("{0}.requests.memory, {0}.storage", at.entry);
            self.record_entry(at, || (format!("settings.{name}"), value, from));
        }
        parameters.extend(store.parameters.entries().map(|(name, _, value)| (name.clone(), value.clone())));

        let users: Vec<DatabaseUser> = store
            .users
            .entries()
            .filter_map(|(name, ..)| {
                Some(DatabaseUser { name: name.clone(), password: engines::password(consumer.namespace, consumer.name, name)? })
            })
            .collect();
        let owner = store.users.entries().find(|(_, _, user)| user.owner.is_true()).or_else(|| store.users.entries().next());
        let owner = owner.map(|(name, ..)| name.clone())?;
        let name = store.name.get().cloned().unwrap_or_else(|| entry.name.to_string());
        let durability = match members {
            0 | 1 => None,
            QUORUM.. => Some(Durability::Required),
            _ => Some(Durability::Preferred),
        };
        let zones = consumer.region.zones.len();
        let one_per_zone =
            members > 1 && usize::try_from(members).is_ok_and(|members| members <= zones) && placement.spread != Spread::None;
        self.record_entry(at, || ("owner_of_database", &owner, format!("{}.users", at.entry)));
        for user in users.iter().filter(|_| self.records()) {
            self.record_entry(at, || (format!("users.{}.password", user.name), &user.password, format!("{}.users", at.entry)));
        }
        self.record_entry(at, || ("kind", "Cluster", format!("{}.engine", at.entry)));
        self.record_entry(at, || ("protocol", "tcp", format!("{}.engine", at.entry)));
        let replicas = format!("{}.replicas", at.entry);
        let durable = durability.map_or("none", Durability::name);
        self.record_entry(at, || ("durability", durable, replicas.as_str()));
        self.record_entry(at, || ("one_per_zone", one_per_zone, format!("{replicas} and the zones of the region")));
        let database = Database { name, owner, users, parameters, durability, one_per_zone };

        let user = operated.user;
        let pod = Pod {
            volumes: vec![Volume::Claim { name: CLAIM.to_owned(), size: size.clone(), class: None }],
            fs_group: Some(user),
            ..Pod::default()
        };
        let main = Container {
            name: entry.name.clone(),
            image,
            command: Vec::new(),
            args: Vec::new(),
            workdir: None,
            variables: Vec::new(),
            secrets: Vec::new(),
            files: Vec::new(),
            mounts: vec![Mount { volume: CLAIM.to_owned(), path: "/var/lib/postgresql/data".to_owned(), read_only: false }],
            ports: declared.ports,
            cpu: Some(cpu),
            memory: Some(memory),
            ephemeral: Some(ephemeral),
            gpus: 0,
            probes: Probes::default(),
            stop: Vec::new(),
            before_init: false,
            security: Security { user, group: user, capabilities: Vec::new(), writable_root: false, privileged: false },
        };
        let base = self.base_workload(&consumer, Kind::Operated(Box::new(database)), main, pod, placement);
        let no_backup = store.backup.at(|backup| &backup.none).get().cloned();
        Some((Workload { store: Some(engine), replicas: (members, members), grace: STOP, no_backup, ..base }, flows))
    }
}

/// What the servers of a store need beside their callers: each other, their operator and the Kubernetes API.
fn own_flows(consumer: &Consumer<'_>, operated: &Operated, members: u32, span: Span) -> Vec<Flow> {
    let own = consumer.peer();
    let mut ports = operated.ports.iter().map(|port| NetworkPort::tcp(*port));
    let Some(first) = ports.next() else { return Vec::new() };
    let ports = NetworkPorts::new(first, ports);
    let operator = operated.operator.name();
    let mut flows = vec![Flow {
        from: Peer::Addon(operated.operator),
        to: own.clone(),
        ports: ports.clone(),
        why: format!("{operator} watches {}", consumer.label),
        span,
    }];
    if members > 1 {
        let why = format!("servers of {} call each other", consumer.label);
        flows.push(Flow { from: own.clone(), to: own.clone(), ports, why, span });
    }
    let (cidrs, ports) = api_server(consumer.region);
    flows.push(Flow {
        from: own,
        to: Peer::Cluster { cidrs },
        ports,
        why: format!("servers of {} use the Kubernetes API", consumer.label),
        span,
    });
    flows
}

/// Whether a text is the name of a setting: a word, or two with a dot for a setting of an extension.
fn is_parameter(name: &str) -> bool {
    let mut words = name.split('.');
    let is_word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && word.chars().all(|sign| sign.is_ascii_alphanumeric() || sign == '_' || sign == '$')
    };
    words.clone().count() <= 2 && words.all(is_word)
}
