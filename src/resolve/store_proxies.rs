//! The proxies before the servers of a store that copy each other's data: they send all clients to the server that takes the writes.

use super::EnvironmentResolver;
use super::names::Entry;
use super::replication::{FOLDER, PROXY_AMOUNTS, amounts, file, plain};
use super::workloads::GRACE;
use crate::model::{
    Backups, Container, FileContent, Flow, Kind, Peer, Probe, ProbeAction, Probes, Region, Replication, Spread, Workload, headless_name,
};
use crate::value::{Name, NetworkPort};
use indexmap::IndexMap;
use std::collections::BTreeMap;

/// What a proxy starts with.
const PROXY: &str = include_str!("../../templates/output/replication/proxy.sh");

/// The settings of a proxy.
const SETTINGS: &str = include_str!("../../templates/output/replication/haproxy.cfg");

/// The port at which a proxy says whether it takes clients.
const READY: u16 = 8404;

/// The image of the proxies: the series of HAProxy that is maintained until 2030.
const IMAGE: &str = "docker.io/library/haproxy:3.2-alpine";

/// The number of proxies. Any of them serves all clients.
const PROXIES: u32 = 2;

impl EnvironmentResolver<'_> {
    /// Lets those who call a store of several servers call its proxies.
    pub(super) fn through_proxies(&self, flows: &mut [Flow], region: &Region, workloads: &IndexMap<String, Workload>) {
        for store in workloads.values().filter(|workload| workload.is_replicated()) {
            let (own, proxies) = (peer(region, store), named(region, store, Replication::proxies(store.name.as_str())));
            let calls = |flow: &&mut Flow| flow.to == own && matches!(flow.from, Peer::Workload { .. });
            for flow in flows.iter_mut().filter(calls).filter(|flow| flow.from != own && flow.from != proxies) {
                flow.to = proxies.clone();
            }
        }
    }

    /// The proxies before the servers of a store, with what they call. `None` for any other workload.
    pub(super) fn store_proxies(&self, entry: &Entry, servers: &Workload, region: &Region) -> Option<(Workload, Flow)> {
        if !servers.is_replicated() {
            return None;
        }
        let name: Name = Replication::proxies(servers.name.as_str()).parse().ok()?;
        let port = servers.main.ports.first().map(|(_, port)| port.number())?;
        let peers = headless_name(&servers.name);
        let mut settings = SETTINGS.replace("<entry>", &entry.display()).replace("<port>", &port.to_string());
        settings = settings.replace("<ready>", &READY.to_string());
        for number in 0..servers.replicas.0 {
            let server = format!("{}-{number}", servers.name);
            settings.push_str(&format!("  server {server} \"{server}.{peers}.${{DOMAIN}}:{port}\"\n"));
        }
        let ((request, limit), memory) = amounts(PROXY_AMOUNTS);
        let ready = ProbeAction::Http { tls: false, path: "/ready".to_owned(), port: READY, headers: Vec::new() };
        let main = Container {
            name: name.clone(),
            image: IMAGE.to_owned(),
            command: vec!["sh".to_owned(), format!("{FOLDER}/proxy.sh")],
            args: Vec::new(),
            workdir: None,
            variables: Vec::new(),
            secrets: Vec::new(),
            files: vec![file("proxy.sh", FileContent::Text(PROXY.to_owned())), file("haproxy.cfg", FileContent::Text(settings))],
            mounts: Vec::new(),
            ports: vec![("store".to_owned(), NetworkPort::tcp(port)), ("ready".to_owned(), NetworkPort::tcp(READY))],
            cpu: Some((request, Some(limit))),
            memory: Some((memory.clone(), memory)),
            gpus: 0,
            probes: Probes {
                ready: Some(Probe { every: Some(2), failures: Some(2), ..plain(ready) }),
                live: Some(plain(ProbeAction::Tcp { port })),
                start: None,
            },
            stop: Vec::new(),
            before_init: false,
            ephemeral: servers.sidecars.iter().find(|one| one.name.as_str() == Replication::SENTINEL)?.ephemeral.clone(),
            ..servers.main.clone()
        };
        let mut placement = servers.placement.clone();
        placement.min_domains = (placement.spread == Spread::Hard).then_some(PROXIES);
        let workload = Workload {
            name,
            api: None,
            kind: Kind::Deployment,
            parallel_start: false,
            replicas: (PROXIES, PROXIES),
            init: Vec::new(),
            main,
            sidecars: Vec::new(),
            volumes: Vec::new(),
            service: None,
            placement,
            grace: GRACE,
            reason: None,
            no_probes: None,
            backups: Backups::None(None),
            policies: Vec::new(),
            buckets: BTreeMap::new(),
            replication: Some(Replication::Proxies { store: servers.name.clone() }),
            ..servers.clone()
        };
        let (from, to) = (peer(region, &workload), peer(region, servers));
        let why = format!("the proxies of {} send its clients to the server that takes writes", entry.display());
        Some((workload, Flow { from, to, ports: NetworkPort::tcp(port).into(), why, span: entry.key }))
    }
}

fn peer(region: &Region, workload: &Workload) -> Peer {
    named(region, workload, workload.name.to_string())
}

fn named(region: &Region, workload: &Workload, name: String) -> Peer {
    Peer::Workload { region: region.name.clone(), namespace: workload.namespace.to_string(), name }
}
