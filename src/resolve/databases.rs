//! Stores whose servers an operator runs: their checks, and the workload with its database and flows.

use super::EnvironmentResolver;
use super::consumer::Consumer;
use super::containers::{Amounts, Declared};
use super::database_checks::Votes;
use super::engines::{self, Helper, Operated};
use super::flows::api_server;
use super::names::Entry;
use super::placement::Runs;
use super::provenance::RecordPath;
use super::standbys::is_standby;
use super::volumes::{Pod, Volumes};
use super::workloads::{Site, container_ports};
use crate::kinds::{MONGODB_USERS, MYSQL_USERS, Operator};
use crate::model::{
    Addon, Backups, Container, Database, Durability, Flow, Helper as Beside, Kind, Mount, Operated as Servers, Peer, Percona, Probes,
    QUORUM, Security, Software, Spread, User, Volume, Workload,
};
use crate::source::Span;
use crate::spec::{Store, StoreSize};
use crate::syntax::Field;
use crate::value::{Name, NetworkPort, NetworkPorts, Quantity};

/// The claim of a server in the model. The operator names the claims after the servers.
const CLAIM: &str = "data";

impl EnvironmentResolver<'_> {
    /// A store whose pods an operator makes, with its flows.
    pub(super) fn database(&mut self, entry: &Entry, store: &Store, site: Site<'_>, operated: &Operated) -> Option<(Workload, Vec<Flow>)> {
        let mut consumer = self.consumer(entry, site)?;
        let engine = store.engine.get().copied()?;
        let Some(StoreSize::Size(size)) = store.storage.get() else { return None };
        if let Some(at) = store.storage.span() {
            self.has_unit("storage", size, at);
        }
        let members = store.replicas.get().copied().unwrap_or(1);
        self.check_majority(entry, store, Votes::of(operated), consumer.region);
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
        let image = if operated.chooses_images() { Some(String::new()) } else { self.image(&declared) };
        let Amounts { cpu, memory, ephemeral } = self.amounts(&declared, 0);
        let user = operated.user;
        let main = Container {
            name: entry.name.clone(),
            image: image?,
            command: Vec::new(),
            args: Vec::new(),
            workdir: None,
            variables: Vec::new(),
            secrets: Vec::new(),
            files: Vec::new(),
            mounts: vec![Mount { volume: CLAIM.to_owned(), path: operated.data.to_owned(), read_only: false }],
            ports: declared.ports,
            cpu: Some(cpu),
            memory: Some(memory.clone()),
            ephemeral: Some(ephemeral),
            gpus: 0,
            probes: Probes::default(),
            stop: Vec::new(),
            before_init: false,
            security: Security { user, group: user, capabilities: Vec::new(), writable_root: false, privileged: false },
        };
        let standby = is_standby(store, consumer.region);
        let (kept, followed) = match standby {
            true => (None, self.followed(store, &mut consumer, &main)),
            false => (self.backup(store, &mut consumer, &main), None),
        };
        if standby && followed.is_none() {
            return None;
        }
        let at = &consumer.at;
        let placement = self.placement(&store.subnet, &Field::Missing, &Field::Missing, &consumer, Runs::replicas(members))?;
        let mut flows = self.all_flows(&consumer, &placement, needs, &[], &[]);
        flows.extend(own_flows(&consumer, operated, members, store.engine.span().unwrap_or(entry.key)));

        let mut parameters: std::collections::BTreeMap<String, String> =
            (operated.settings)(&memory.0, size, members).into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let written: std::collections::BTreeSet<&String> = store.parameters.entries().map(|(name, ..)| name).collect();
        for (name, value) in parameters.iter().filter(|(name, _)| self.records() && !written.contains(name)) {
            let from = format!("{0}.requests.memory, {0}.storage", at.entry);
            self.record_entry(at, || (format!("settings.{name}"), value, from));
        }
        parameters.extend(store.parameters.entries().map(|(name, _, value)| (name.clone(), value.clone())));
        let backups = match kept {
            Some((backup, flow)) => {
                parameters.insert("archive_timeout".to_owned(), format!("{}s", backup.archive_timeout.seconds()));
                flows.push(flow);
                Backups::Kept(Box::new(backup))
            }
            None => match followed {
                Some((followed, flow)) => {
                    flows.push(flow);
                    Backups::Followed(Box::new(followed))
                }
                None => Backups::None(store.backup.at(|backup| &backup.none).get().cloned()),
            },
        };

        let with_password =
            |name: &Name| Some(User { name: name.clone(), password: engines::password(consumer.namespace, consumer.name, name)? });
        let users: Vec<User> = store.users.entries().filter_map(|(name, ..)| with_password(name)).collect();
        let software = match operated.operator {
            Operator::CloudNativePg => Software::Postgres(self.postgres(&consumer, store, (members, standby))?),
            Operator::PerconaMongodb => {
                let names = MONGODB_USERS.map(|(name, _)| name);
                Software::Mongodb(self.percona(&consumer, store, members, &names)?)
            }
            Operator::PerconaMysql => Software::Mysql(self.percona(&consumer, store, members, &MYSQL_USERS)?),
            Operator::Rabbitmq => {
                if members > 1 {
                    self.record_entry(at, || ("disruption_budget.max_unavailable", 1, format!("{}.replicas", at.entry)));
                }
                Software::Rabbitmq
            }
            Operator::Strimzi => Software::Kafka(self.kafka(&consumer, store, (operated, members), (&parameters, placement.spread))?),
        };
        let zones = consumer.region.zones.len();
        let one_per_zone =
            members > 1 && usize::try_from(members).is_ok_and(|members| members <= zones) && placement.spread != Spread::None;
        if one_per_zone {
            self.check_zones(entry, store, Votes::of(operated), consumer.region, &placement);
        }
        for user in users.iter().filter(|_| self.records()) {
            self.record_entry(at, || (format!("users.{}.password", user.name), &user.password, format!("{}.users", at.entry)));
        }
        self.record_entry(at, || ("kind", software.facts().kind, format!("{}.engine", at.entry)));
        self.record_entry(at, || ("protocol", "tcp", format!("{}.engine", at.entry)));
        let replicas = format!("{}.replicas", at.entry);
        self.record_entry(at, || ("one_per_zone", one_per_zone, format!("{replicas} and the zones of the region")));
        let helper = operated.helper.as_ref().and_then(|helper| self.helper(helper, members, &main, at));
        let init = operated.before.and_then(|before| self.before(before, &main, at)).into_iter().collect();
        let servers = Servers { software, users, parameters, one_per_zone, helper };

        let pod = Pod {
            volumes: vec![Volume::Claim { name: CLAIM.to_owned(), size: size.clone(), class: None }],
            fs_group: Some(user),
            ..Pod::default()
        };
        let base = self.base_workload(&consumer, Kind::Operated(Box::new(servers)), main, pod, placement);
        // The name of the store leads to the server that takes writes, and no standby does.
        let service = base.service.clone().filter(|_| !standby);
        Some((Workload { store: Some(engine), service, replicas: (members, members), grace: operated.stop, backups, init, ..base }, flows))
    }

    /// The database of a store.
    fn postgres(&mut self, consumer: &Consumer<'_>, store: &Store, (members, standby): (u32, bool)) -> Option<Database> {
        let (name, owner) = self.owned_database(consumer, store)?;
        let durability = match members {
            // Nothing is written to a standby.
            _ if standby => None,
            0 | 1 => None,
            QUORUM.. => Some(Durability::Required),
            _ => Some(Durability::Preferred),
        };
        let at = &consumer.at;
        self.record_entry(at, || ("durability", durability.map_or("none", Durability::name), format!("{}.replicas", at.entry)));
        Some(Database { name, owner, durability })
    }

    /// What an operator of Percona alone is told of a store. `users` are its own.
    fn percona(&mut self, consumer: &Consumer<'_>, store: &Store, members: u32, users: &[&'static str]) -> Option<Percona> {
        let (database, owner) = self.owned_database(consumer, store)?;
        let at = &consumer.at;
        let password = |user| Some((user, engines::system_password(consumer.namespace, consumer.name, user)?));
        let system: Vec<_> = users.iter().copied().filter_map(password).collect();
        for (user, password) in system.iter().filter(|_| self.records()) {
            self.record_entry(at, || (format!("system_users.{user}.password"), password, format!("{}.engine", at.entry)));
        }
        Some(Percona { database, owner, system, small: members < QUORUM })
    }

    /// The name and the owner of a store's database.
    fn owned_database(&mut self, consumer: &Consumer<'_>, store: &Store) -> Option<(String, Name)> {
        let owner = store.users.entries().find(|(_, _, user)| user.owner.is_true()).or_else(|| store.users.entries().next());
        let owner = owner.map(|(name, ..)| name.clone())?;
        let at = &consumer.at;
        self.record_entry(at, || ("owner_of_database", &owner, format!("{}.users", at.entry)));
        Some((store.name.get().cloned().unwrap_or_else(|| consumer.name.to_string()), owner))
    }

    /// The container that starts before a server. The operator gives it the resources of the server.
    fn before(&mut self, (name, image): (&'static str, &'static str), main: &Container, at: &RecordPath) -> Option<Container> {
        self.record_entry(at, || (format!("init.{name}.image"), image, format!("{}.engine", at.entry)));
        Some(Container { name: name.parse().ok()?, image: image.to_owned(), mounts: Vec::new(), ports: Vec::new(), ..main.clone() })
    }

    /// The pods that an operator makes beside the servers.
    fn helper(&mut self, helper: &Helper, servers: u32, main: &Container, at: &RecordPath) -> Option<Beside> {
        let container = |(name, (request, limit), memory): &(&'static str, (u32, u32), u64)| {
            let cpu = (Quantity::from_millis((*request).into()), Some(Quantity::from_millis((*limit).into())));
            let memory = Quantity::from_bytes(*memory);
            self.record_entry(at, || (format!("helpers.{name}.memory"), &memory, format!("{}.engine", at.entry)));
            Some(Container {
                name: name.parse().ok()?,
                image: helper.image.unwrap_or_default().to_owned(),
                cpu: Some(cpu),
                memory: Some((memory.clone(), memory)),
                mounts: Vec::new(),
                ports: Vec::new(),
                ..main.clone()
            })
        };
        Some(Beside { pods: (helper.pods)(servers), containers: helper.containers.iter().filter_map(container).collect() })
    }
}

/// What the servers of a store need beside their callers: each other, their operator and the Kubernetes API.
fn own_flows(consumer: &Consumer<'_>, operated: &Operated, members: u32, span: Span) -> Vec<Flow> {
    let own = consumer.peer();
    let operator = Peer::Addon(Addon::Operator(operated.operator));
    let watches = format!("{} watches {}", operated.operator.facts().name, consumer.label);
    let calls = format!("servers of {} call each other", consumer.label);
    let among = if members > 1 || operated.helper.is_some() { operated.among } else { &[] };
    let mut flows = Vec::new();
    for (from, ports, why) in [(operator, operated.watched, watches), (own.clone(), among, calls)] {
        let mut ports = ports.iter().map(|port| NetworkPort::tcp(*port));
        let Some(first) = ports.next() else { continue };
        flows.push(Flow { from, to: own.clone(), ports: NetworkPorts::new(first, ports), why, span });
    }
    if operated.uses_api {
        let (cidrs, ports) = api_server(consumer.region);
        let why = format!("servers of {} use the Kubernetes API", consumer.label);
        flows.push(Flow { from: own, to: Peer::Cluster { cidrs }, ports, why, span });
    }
    flows
}
