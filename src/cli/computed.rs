//! What resolving adds to what a spec says: path, value, and what it was computed from. For `show`.
//!
//! The structs of the model are taken apart field by field, without `..`, so that a new field has to be shown, or left out for a reason. Decides
//! nothing: a value is the model's, and its origin names the keys of the spec or the lines of the lock that resolving read.

mod container;

use crate::model::lock::{Key, Purpose};
use crate::model::{Cluster, Exposure, Kind, Machine, Network, Platform, Pool, Region, Spread, Workload, ZoneRange};
use crate::value::Quantity;
use indexmap::IndexMap;
use std::collections::{BTreeMap, BTreeSet};

/// A computed value: its path, itself, what it comes from.
pub(super) type Computed = (String, String, String);

/// Every value of an environment that no key of the spec holds as it is. `written` has the paths of those that one does; `lock` is the text of the
/// lock on disk.
pub(super) fn computed(platform: &Platform, written: &BTreeMap<String, String>, lock: &str) -> Vec<Computed> {
    let ranges = lock.lines().enumerate().filter_map(|(at, line)| Some((line.split_whitespace().next()?, at + 1))).collect();
    let mut all = All { written, ranges, environment: platform.environment.as_str(), told: BTreeSet::new(), lines: Vec::new() };
    all.platform(platform);
    all.lines
}

struct All<'a> {
    written: &'a BTreeMap<String, String>,
    /// The line of each key of the lock.
    ranges: BTreeMap<&'a str, usize>,
    environment: &'a str,
    /// Paths that have their line: what regions share is told once.
    told: BTreeSet<String>,
    lines: Vec<Computed>,
}

/// Values of one region: path, value, origin.
type Values = Vec<Computed>;

impl All<'_> {
    fn has(&self, path: &str) -> bool {
        self.written.contains_key(path)
    }

    /// Whether any path starts so.
    fn any(&self, start: &str) -> bool {
        self.written.range(start.to_string()..).next().is_some_and(|(path, _)| path.starts_with(start))
    }

    /// The path if somebody wrote it, else the words for what holds without it.
    fn or(&self, path: String, otherwise: &str) -> String {
        if self.has(&path) { path } else { otherwise.to_string() }
    }

    /// Adds a value unless the spec has it as it is.
    fn add(&mut self, path: String, value: impl ToString, from: impl Into<String>) {
        if !self.has(&path) && self.told.insert(path.clone()) {
            let value = value.to_string();
            // One line each.
            let value = if value.contains(char::is_control) { format!("{value:?}") } else { value };
            self.lines.push((path, value, from.into()));
        }
    }

    fn platform(&mut self, platform: &Platform) {
        let own = format!("environments.{}", platform.environment);
        let domain = self.or(format!("{own}.domain"), "platform.domain and the environment's name");
        self.add("environment.domain".to_string(), &platform.domain, domain);
        let primary = self.or(format!("{own}.primary"), &format!("{own}.regions: the first"));
        self.add("environment.primary".to_string(), &platform.primary, primary);
        for (name, namespace) in &platform.namespaces {
            self.add(format!("namespaces.{name}.owner"), &namespace.owner, "platform.owner");
            let level = format!("{:?}", namespace.pod_security).to_lowercase();
            self.add(format!("namespaces.{name}.pod_security.level"), level, "the hardened default");
        }
        for (name, region) in &platform.regions {
            self.region(name, region, platform);
        }
        let mut workloads: IndexMap<String, IndexMap<String, Values>> = IndexMap::new();
        for (region, workload) in platform.regions.values().flat_map(|region| region.workloads.values().map(move |one| (region, one))) {
            let entry = self.entry(workload);
            let values = self.workload(&entry, workload, region);
            workloads.entry(entry).or_default().insert(region.name.to_string(), values);
        }
        for (entry, regions) in workloads {
            self.unite(&entry, &regions);
        }
    }

    /// The path of a workload's entry: where two namespaces have the name, its key says both.
    fn entry(&self, workload: &Workload) -> String {
        let section = if workload.is_store() { "stores" } else { "apps" };
        let both = format!("{section}.{}/{}", workload.namespace, workload.name);
        let below = format!("{both}.");
        if self.any(&below) { both } else { format!("{section}.{}", workload.name) }
    }

    /// Adds the values of an entry: once where all of its regions agree, else with the region after the path.
    fn unite(&mut self, entry: &str, regions: &IndexMap<String, Values>) {
        let mut paths: IndexMap<&str, Vec<(&str, &Computed)>> = IndexMap::new();
        for (region, values) in regions {
            values.iter().for_each(|value| paths.entry(&value.0).or_default().push((region, value)));
        }
        let mut lines = Vec::new();
        for (path, values) in paths {
            let different: BTreeSet<&str> = values.iter().map(|(_, (_, value, _))| value.as_str()).collect();
            let all = values.len() == regions.len();
            for (at, (region, (_, value, from))) in values.iter().enumerate() {
                match (different.len(), all) {
                    (1, true) if at > 0 => {}
                    (1, true) => lines.push((format!("{entry}.{path}"), value.clone(), from.clone())),
                    _ => lines.push((format!("{entry}.{path}[{region}]"), value.clone(), from.clone())),
                }
            }
        }
        for (path, value, from) in lines {
            self.add(path, value, from);
        }
    }

    fn region(&mut self, name: &str, region: &Region, platform: &Platform) {
        let Region { name: _, provider, zones, account, owns_account: _, primary: _, network, cluster, workloads: _, stores: _, flows: _ } =
            region;
        let at = format!("regions.{name}");
        self.add(format!("{at}.provider"), format!("{provider:?}").to_lowercase(), "cloud.provider");
        for (number, zone) in zones.iter().enumerate() {
            self.add(format!("{at}.zone_names[{number}]"), zone, format!("{at}.zones and the provider's zones"));
        }
        if let Some(account) = account {
            let from = format!("cloud.accounts.{}", self.environment);
            self.add(format!("{at}.account"), account, from.clone());
            self.add(format!("{at}.state_bucket"), platform.state_bucket(account), format!("platform.name, the environment and {from}"));
        }
        self.cluster(&at, cluster);
        if let Some(network) = network {
            self.network(name, network);
        }
    }

    fn cluster(&mut self, at: &str, cluster: &Cluster) {
        let Cluster { name, version, policy_engine: _, mirror, pools } = cluster;
        self.add(format!("{at}.cluster"), name, "platform.name, the environment and the region");
        self.add("cluster.version".to_string(), version, "the default version");
        if let Some(mirror) = mirror {
            self.add(format!("{at}.mirror"), mirror, "cluster.registry.mirror, the account and the region");
        }
        for pool in pools {
            let Pool { name, subnet, machine: _, capacity, nodes: _, labels: _, taints, disk: _ } = pool;
            let at = format!("cluster.pools.{name}");
            self.add(format!("{at}.subnet"), subnet, "network.subnets: the default one");
            for (what, value) in capacity.iter().flat_map(capacity_of) {
                self.add(format!("{at}.capacity.{what}"), value, format!("{at}.machine"));
            }
            for (number, (key, value, effect)) in taints.iter().enumerate() {
                let from = match key.as_str() {
                    "platgen.io/subnet" => format!("network.subnets.{subnet}.isolated"),
                    _ => format!("{at}.taints"),
                };
                self.add(format!("{at}.node_taints[{number}]"), format!("{key}={value}:{effect}"), from);
            }
        }
    }

    /// The lines of the lock, or why there are none yet.
    fn locked(&self, key: &Key) -> String {
        match self.ranges.get(key.as_str()) {
            Some(line) => format!("platgen.lock:{line}"),
            None => "network.cidr: the next free range, not in platgen.lock yet".to_string(),
        }
    }

    fn network(&mut self, region: &str, network: &Network) {
        let Network { cidr, pods, pod_zones, services, subnets, lb_public, lb_internal, endpoints, transit, on_premises: _ } = network;
        let environment = self.environment.to_string();
        let at = format!("addresses.{region}");
        let whole = [
            ("vpc", cidr, Key::vpc(&environment, region)),
            ("pods", pods, Key::pods(&environment, region)),
            ("services", services, Key::services(&environment, region)),
        ];
        for (name, range, key) in whole {
            let from = self.locked(&key);
            self.add(format!("{at}.{name}"), range, from);
        }
        let purpose = |purpose| Key::purpose(&environment, region, purpose);
        let zonal: [(&str, &[ZoneRange], Key); 5] = [
            ("pods", pod_zones, Key::pods(&environment, region)),
            ("lb-public", lb_public, purpose(Purpose::PublicLoadBalancers)),
            ("lb-internal", lb_internal, purpose(Purpose::InternalLoadBalancers)),
            ("endpoints", endpoints, purpose(Purpose::Endpoints)),
            ("transit", transit, purpose(Purpose::Transit)),
        ];
        let subnets = subnets
            .iter()
            .map(|subnet| (subnet.name.as_str(), &subnet.ranges[..], Key::subnet(&environment, region, subnet.name.as_str())));
        for (name, ranges, key) in subnets.chain(zonal) {
            for range in ranges {
                let key = if range.short.is_empty() { key.clone() } else { key.part(&range.short) };
                let from = self.locked(&key);
                let zone = if range.zone.is_empty() { String::new() } else { format!(".{}", range.zone) };
                self.add(format!("{at}.{name}{zone}"), range.cidr, from);
            }
        }
    }

    fn workload(&self, entry: &str, workload: &Workload, region: &Region) -> Values {
        let Workload {
            span: _,
            name,
            namespace,
            owner,
            store,
            kind,
            protocol,
            replicas: (least, most),
            autoscaling,
            init,
            main,
            sidecars,
            volumes: _,
            service,
            exposures,
            placement,
            grace,
            fs_group,
            host_network: _,
            host_pid: _,
            reason: _,
            no_probes: _,
        } = workload;
        let mut values = Values::new();
        let mut add = |path: &str, value: String, from: String| values.push((path.to_string(), value, from));
        let said = |path: &str| self.has(&format!("{entry}.{path}"));
        let ports = match (said("port"), store.is_some() && !self.any(&format!("{entry}.ports."))) {
            (true, _) => format!("{entry}.port"),
            (_, true) => format!("{entry}.engine"),
            _ => format!("{entry}.ports"),
        };
        add("namespace", namespace.to_string(), "namespaces: there is one".to_string());
        add("owner", owner.to_string(), format!("namespaces.{namespace}.owner"));
        add("service_account", name.to_string(), "the entry's name".to_string());
        let (kind_name, why) = match kind {
            Kind::CronJob(_) => ("CronJob", format!("{entry}.schedule")),
            Kind::Job { .. } => ("Job", format!("{entry}.run")),
            Kind::DaemonSet => ("DaemonSet", format!("{entry}.per_node")),
            Kind::StatefulSet if store.is_some() => ("StatefulSet", format!("{entry}.storage")),
            Kind::StatefulSet => ("StatefulSet", format!("{entry}.volumes")),
            Kind::Deployment if store.is_some() => ("Deployment", format!("{entry}.storage")),
            Kind::Deployment => ("Deployment", "the entry: no schedule, run, per_node or volumes".to_string()),
        };
        add("kind", kind_name.to_string(), why);
        if let Kind::CronJob(cron) = kind {
            add("timezone", cron.timezone.clone(), format!("{entry}.schedule: read in UTC unless it says otherwise"));
        }
        add("protocol", format!("{protocol:?}").to_lowercase(), format!("{entry}.engine"));
        add("grace", format!("{grace}s"), "the default of stores".to_string());
        if matches!(kind, Kind::Deployment | Kind::StatefulSet) {
            let scaled = match (store.is_some(), said("scale.replicas")) {
                (true, _) => format!("{entry}.replicas"),
                (_, true) => format!("{entry}.scale.replicas"),
                _ => format!("environments.{}.protected", self.environment),
            };
            let range = if least == most { least.to_string() } else { format!("{least}..{most}") };
            if store.is_none() {
                add("scale.replicas", range, scaled.clone());
            }
            if let Some(cpu) = autoscaling.as_ref().and_then(|scaling| scaling.cpu) {
                add("scale.cpu", cpu.to_string(), scaled.clone());
            }
            if *least > 1 {
                add("disruption_budget.max_unavailable", "1".to_string(), scaled.clone());
            }
            let spread = match placement.spread {
                Spread::None => "none",
                Spread::Soft => "soft",
                Spread::Hard => "hard",
            };
            add("zone_spread", spread.to_string(), format!("{scaled} and regions.{}.zones", region.name));
        }
        let subnet = match &placement.pool {
            Some(pool) => format!("cluster.pools.{pool}.subnet"),
            None if placement.everywhere => format!("{entry}.per_node"),
            None if self.any("network.subnets.") => "network.subnets: the default one".to_string(),
            None => "the only subnet: none is declared".to_string(),
        };
        let subnets: Vec<&str> = placement.subnets.iter().map(|name| name.as_str()).collect();
        add("subnet", subnets.join(", "), subnet);
        for (number, taint) in placement.tolerations.iter().enumerate() {
            let from = match taint.key.as_str() {
                "platgen.io/subnet" => format!("network.subnets.{}.isolated", taint.value),
                _ if placement.everywhere => format!("{entry}.per_node"),
                _ => format!("{entry}.pool"),
            };
            add(&format!("tolerations[{number}]"), format!("{}={}:{}", taint.key, taint.value, taint.effect), from);
        }
        for port in service.iter().flat_map(|service| &service.ports) {
            add(&format!("service.ports.{}", port.name), format!("{}->{}", port.port, port.target), ports.clone());
        }
        let group = self.or(format!("{entry}.security.group"), "the hardened default");
        add("security.fs_group", fs_group.to_string(), group);
        for (number, exposure) in exposures.iter().enumerate() {
            expose(number, exposure, entry, &ports, &mut values);
        }
        self.container(entry, "", main, &ports, &mut values);
        for (section, containers) in [("init", init), ("sidecars", sidecars)] {
            for inner in containers {
                self.container(entry, &format!("{section}.{}.", inner.name), inner, &ports, &mut values);
            }
        }
        values
    }
}

fn expose(number: usize, exposure: &Exposure, entry: &str, ports: &str, values: &mut Values) {
    let Exposure { span: _, host, path, rewrite: _, port, target: _, timeout: _, websocket: _, via, from: _ } = exposure;
    let mut add = |key: &str, value: String, from: String| values.push((format!("expose[{number}].{key}"), value, from));
    add("hostname", host.clone(), format!("{entry}.expose[{number}].host and environment.domain"));
    add("path", path.clone(), format!("{entry}.expose[{number}].host: all below it"));
    add("port", port.to_string(), ports.to_string());
    add("via", format!("{via:?}").to_lowercase(), format!("{entry}.expose[{number}]: the internet unless it says otherwise"));
}

/// What is known of a machine.
fn capacity_of(machine: &Machine) -> Vec<(&'static str, String)> {
    let Machine { architecture, cpu, memory } = machine;
    let known = [
        ("arch", architecture.map(str::to_owned)),
        ("cpu", cpu.as_ref().map(Quantity::canonical)),
        ("memory", memory.as_ref().map(Quantity::canonical)),
    ];
    known.into_iter().filter_map(|(what, value)| Some((what, value?))).collect()
}
