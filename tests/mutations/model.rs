//! Faults in the model: something left out or changed between resolving and rendering, rendered with it, and judged against the estate
//! as it was. A fault that renders to the same files must be justified like any other.

use std::collections::BTreeMap;

use platgen::files::Files;
use platgen::model::{
    Addon, Backup, Backups, Container, Estate, GroupRole, Kind, Peer, Platform, PodSecurityLevel, Region, SecretStore, Source, Spread, Via,
    Volume, Workload,
};
use platgen::value::{DnsFirewall, Engine, Name, NatGateways, Quantity};

use super::ground::{Ground, HOME};
use super::mutant::{Class, Mutant};

/// The faults that are wanted, with what the renderer said where it refused. Two threads render every second one each.
pub fn mutants(ground: &Ground, wanted: impl Fn(&Mutant) -> bool + Sync) -> Vec<(Mutant, Option<String>)> {
    let half = |turn: usize| {
        let mut bench = Bench { ground, wanted: &wanted, turn, count: 0, mutants: Vec::new() };
        bench.all();
        bench.mutants
    };
    let [even, odd] = std::thread::scope(|scope| {
        let odd = scope.spawn(|| half(1));
        [half(0), odd.join().expect("the other half")]
    });
    let mut halves = [even.into_iter(), odd.into_iter()];
    (0..).map_while(|number| halves[number % 2].next()).collect()
}

fn home(estate: &Estate) -> Option<&Region> {
    estate.environments.get(HOME.0)?.regions.get(HOME.1)
}

struct Bench<'a> {
    ground: &'a Ground,
    wanted: &'a dyn Fn(&Mutant) -> bool,
    /// Which faults it renders: the even or the odd ones.
    turn: usize,
    /// How many wanted faults there were.
    count: usize,
    mutants: Vec<(Mutant, Option<String>)>,
}

impl Bench<'_> {
    fn all(&mut self) {
        self.platforms();
        self.regions();
        self.networks();
        if let Some(region) = home(&self.ground.estate) {
            for (key, workload) in &region.workloads {
                self.workload(key, workload);
            }
        }
    }

    fn platform(&mut self, place: &str, edit: impl Into<String>, change: impl FnOnce(&mut Platform)) {
        let mut mutant = Mutant::of(Class::Model, place, edit, "", None);
        if !(self.wanted)(&mutant) {
            return;
        }
        self.count += 1;
        if (self.count - 1) % 2 != self.turn {
            return;
        }
        // The others stay as they are: only the changed environment is rendered.
        let mut estate = self.ground.estate.clone();
        estate.environments.retain(|name, _| name == HOME.0);
        if let Some(platform) = estate.environments.get_mut(HOME.0) {
            change(platform);
        }
        let rendered = self.ground.render(&estate);
        mutant.changes = rendered.as_ref().map(|files| difference(&self.ground.files, files)).unwrap_or_default();
        self.mutants.push((mutant, rendered.err()));
    }

    fn region(&mut self, place: &str, edit: impl Into<String>, change: impl FnOnce(&mut Region)) {
        self.platform(place, edit, |platform| {
            if let Some(region) = platform.regions.get_mut(HOME.1) {
                change(region);
            }
        });
    }

    fn platforms(&mut self) {
        let place = "platform";
        self.platform(place, "unprotected", |platform| platform.protected = false);
        self.platform(place, "another domain", |platform| platform.domain = "other.example".parse().expect("a domain"));
        self.platform(place, "another owner", |platform| platform.owner = name("shop"));
        self.platform(place, "another environment", |platform| platform.environment = name("beta"));
        self.platform(place, "labels dropped", |platform| platform.labels.clear());
        self.platform(place, "state nowhere", |platform| platform.state_region = None);
        self.platform(place, "state in another region", |platform| platform.state_region = Some(name("eu-central-1")));
        self.platform(place, "secrets in another manager", |platform| platform.secrets.store = SecretStore::Vault);
        let platform = self.ground.estate.environments[HOME.0].clone();
        for (index, group) in platform.groups.iter().enumerate() {
            let place = format!("group {}", group.name);
            self.platform(&place, "dropped", |platform| drop(platform.groups.remove(index)));
            self.platform(&place, "another id", |platform| platform.groups[index].id.push('x'));
            self.platform(&place, "another role", |platform| {
                let group = &mut platform.groups[index];
                group.role = if group.role == GroupRole::Viewer { GroupRole::Developer } else { GroupRole::Viewer };
            });
            self.platform(&place, "everywhere", |platform| platform.groups[index].namespaces.clear());
        }
        for key in platform.namespaces.keys() {
            let place = format!("namespace {key}");
            self.platform(&place, "dropped", |platform| drop(platform.namespaces.shift_remove(key)));
            self.platform(&place, "another owner", |platform| platform.namespaces[key].owner = name("nobody"));
            self.platform(&place, "quota of processors dropped", |platform| platform.namespaces[key].quota.cpu = None);
            self.platform(&place, "quota of memory dropped", |platform| platform.namespaces[key].quota.memory = None);
            self.platform(&place, "quota of volumes dropped", |platform| platform.namespaces[key].quota.storage = None);
            self.platform(&place, "pod security privileged", |platform| {
                platform.namespaces[key].pod_security = PodSecurityLevel::Privileged
            });
            self.platform(&place, "pod security restricted", |platform| {
                platform.namespaces[key].pod_security = PodSecurityLevel::Restricted
            });
        }
    }

    fn regions(&mut self) {
        let Some(region) = home(&self.ground.estate).cloned() else { return };
        let place = "region";
        self.region(place, "another account", |region| region.account = Some("222222222222".to_owned()));
        self.region(place, "a zone dropped", |region| drop(region.zones.pop()));
        self.region(place, "no network", |region| region.network = None);
        self.region(place, "not primary", |region| region.primary = false);
        self.region(place, "another cluster", |region| region.cluster.name.push('x'));
        self.region(place, "another version", |region| region.cluster.version = "1.34".parse().expect("a version"));
        for index in 0..region.cluster.pools.len() {
            self.region("pool", format!("{} dropped", region.cluster.pools[index].name), |region| drop(region.cluster.pools.remove(index)));
        }
        for (index, flow) in region.flows.iter().enumerate() {
            let place = format!("flow {} to {}", end(&flow.from), end(&flow.to));
            self.region(&place, "dropped", |region| drop(region.flows.remove(index)));
            self.region(&place, "another port", |region| region.flows[index].ports = (flow.ports[0].number() + 1).into());
            self.region(&place, "another caller", |region| {
                region.flows[index].from =
                    Peer::Workload { region: region.name.clone(), namespace: "shop".to_owned(), name: "worker".to_owned() };
            });
            self.region(&place, "from outside of the platform", |region| region.flows[index].from = Peer::Addon(Addon::Monitoring));
            if matches!(flow.to, Peer::Outside { .. }) {
                self.region(&place, "to the whole internet", |region| {
                    if let Peer::Outside { cidrs, .. } = &mut region.flows[index].to {
                        *cidrs = vec!["0.0.0.0/0".parse().expect("a range")];
                    }
                });
            }
        }
    }

    fn networks(&mut self) {
        let Some(network) = home(&self.ground.estate).and_then(|region| region.network.clone()) else { return };
        let mut change = |place: &str, edit: &str, change: &dyn Fn(&mut platgen::model::Network)| {
            self.region(place, edit, |region| {
                if let Some(network) = &mut region.network {
                    change(network);
                }
            });
        };
        let place = "network";
        change(place, "another range", &|network| network.cidr = "10.77.0.0/16".parse().expect("a range"));
        change(place, "another range of pods", &|network| network.pods = "100.99.0.0/16".parse().expect("a range"));
        change(place, "another range of Services", &|network| network.services = "172.31.0.0/16".parse().expect("a range"));
        change(place, "no ranges of pods per zone", &|network| network.pod_zones.clear());
        change(place, "no public load balancers", &|network| network.lb_public.clear());
        change(place, "no public load balancer in a zone", &|network| drop(network.lb_public.pop()));
        change(place, "no internal load balancers", &|network| network.lb_internal.clear());
        change(place, "no endpoints", &|network| network.endpoints.clear());
        change(place, "no endpoints in a zone", &|network| drop(network.endpoints.pop()));
        change(place, "no transit", &|network| network.transit.clear());
        change(place, "no company network", &|network| network.on_premises.clear());
        change(place, "other NAT gateways", &|network| {
            network.nat = if network.nat == NatGateways::One { NatGateways::PerZone } else { NatGateways::One };
        });
        change(place, "no private endpoints", &|network| network.endpoint_services.clear());
        change(place, "a private endpoint less", &|network| drop(network.endpoint_services.pop()));
        change(place, "logs kept for a week", &|network| network.flow_log_days = 7);
        change(place, "attacks through DNS are answered", &|network| network.dns_firewall = DnsFirewall::Alert);
        change(place, "no DNS firewall", &|network| network.dns_firewall = DnsFirewall::None);
        for (index, subnet) in network.subnets.iter().enumerate() {
            let place = format!("subnet {}", subnet.name);
            change(&place, "dropped", &|network| drop(network.subnets.remove(index)));
            change(&place, "missing in a zone", &|network| drop(network.subnets[index].ranges.pop()));
            change(&place, "internet flipped", &|network| network.subnets[index].internet ^= true);
            change(&place, "isolated flipped", &|network| network.subnets[index].isolated ^= true);
            // One subnet is the default: another one takes its place, or none is left.
            change(&place, "default moved", &|network| {
                let was = network.subnets[index].default;
                for (at, other) in network.subnets.iter_mut().enumerate() {
                    other.default = !was && at == index;
                }
            });
            change(&place, "in another zone", &|network| network.subnets[index].ranges[0].zone = "eu-west-1c".to_owned());
            change(&place, "at another range", &|network| network.subnets[index].ranges[0].cidr = "10.99.0.0/20".parse().expect("a range"));
        }
    }

    fn workload(&mut self, key: &str, workload: &Workload) {
        let place = key.to_owned();
        self.region(&place, "dropped", |region| drop(region.workloads.shift_remove(key)));
        let mut change = |edit: String, change: &dyn Fn(&mut Workload)| {
            self.region(&place, edit, |region| {
                if let Some(workload) = region.workloads.get_mut(key) {
                    change(workload);
                }
            });
        };
        change("another owner".into(), &|w| w.owner = name("nobody"));
        change("one replica".into(), &|w| w.replicas = (1, 1));
        change("a replica more".into(), &|w| w.replicas = (w.replicas.0 + 1, w.replicas.1 + 1));
        // An operator is told some of what its pods are, and decides the rest.
        let operated = matches!(workload.kind, Kind::Operated(_) | Kind::Restored(_));
        if !operated {
            change("a second's grace".into(), &|w| w.grace = 1);
            change("another group of its volumes".into(), &|w| w.fs_group += 1);
            change("the node's processes".into(), &|w| w.host_pid ^= true);
            change("spread differently".into(), &|w| {
                w.placement.spread = if w.placement.spread == Spread::None { Spread::Soft } else { Spread::None };
            });
            change("spread hard".into(), &|w| {
                w.placement.spread = if w.placement.spread == Spread::Hard { Spread::Soft } else { Spread::Hard }
            });
        }
        change("the node's network".into(), &|w| w.host_network ^= true);
        change("made a store or an app".into(), &|w| w.store = if w.is_store() { None } else { Some(Engine::Custom) });
        change("made a DaemonSet".into(), &|w| w.kind = if matches!(w.kind, Kind::DaemonSet) { Kind::Deployment } else { Kind::DaemonSet });
        if workload.autoscaling.is_some() {
            change("autoscaling dropped".into(), &|w| w.autoscaling = None);
            change("another share of processors".into(), &|w| w.autoscaling.iter_mut().for_each(|s| s.cpu = "50%".parse().ok()));
            change("no share of memory".into(), &|w| w.autoscaling.iter_mut().for_each(|s| s.memory = None));
        }
        if workload.reason.is_some() {
            change("reason dropped".into(), &|w| w.reason = None);
        }
        if workload.no_probes.is_some() {
            change("reason for no probes dropped".into(), &|w| w.no_probes = None);
        }
        if workload.backups.reason().is_some() {
            change("reason for no backups dropped".into(), &|w| w.backups = Backups::None(None));
        }
        if workload.backups.kept().is_some() {
            let backup = |w: &mut Workload, change: &dyn Fn(&mut Backup)| {
                if let Backups::Kept(backup) = &mut w.backups {
                    change(backup);
                }
            };
            change("backups dropped".into(), &|w| w.backups = Backups::None(None));
            change("another schedule of backups".into(), &|w| backup(w, &|backup| backup.schedule = "0 7 */12 * * *".to_owned()));
            change("backups kept for a day less".into(), &|w| backup(w, &|backup| backup.keep -= 1));
            change("backups in another bucket".into(), &|w| backup(w, &|backup| backup.url += "-other"));
            change("less memory for backups".into(), &|w| {
                backup(w, &|backup| backup.sidecar.memory = Some((Quantity::from_bytes(1 << 20), Quantity::from_bytes(1 << 20))));
            });
        }
        if let Kind::CronJob(_) = &workload.kind {
            let cron = |w: &mut Workload, change: &dyn Fn(&mut platgen::model::Cron)| {
                if let Kind::CronJob(cron) = &mut w.kind {
                    change(cron);
                }
            };
            change("another schedule".into(), &|w| cron(w, &|cron| cron.schedule = "0 13 * * *".to_owned()));
            change("another time zone".into(), &|w| cron(w, &|cron| cron.timezone = "Etc/UTC".to_owned()));
            change("deadline longer".into(), &|w| cron(w, &|cron| cron.deadline += 1));
            change("one more try".into(), &|w| cron(w, &|cron| cron.retries += 1));
        }
        if let Kind::Job { .. } = &workload.kind {
            change("another deadline".into(), &|w| w.kind = Kind::Job { deadline: 1, after_rollout: false, after: Vec::new() });
        }
        if let Some(service) = &workload.service {
            change("service dropped".into(), &|w| w.service = None);
            change("service port changed".into(), &|w| w.service.iter_mut().for_each(|s| s.ports[0].port += 1));
            change("target port changed".into(), &|w| w.service.iter_mut().for_each(|s| s.ports[0].target += 1));
            if !service.aliases.is_empty() {
                change("aliases dropped".into(), &|w| w.service.iter_mut().for_each(|s| s.aliases.clear()));
            }
        }
        for index in 0..workload.exposures.len() {
            let edit = |what: &str| format!("exposure {index} {what}");
            change(edit("dropped"), &|w| drop(w.exposures.remove(index)));
            change(edit("at another host"), &|w| w.exposures[index].host.insert(0, 'x'));
            change(edit("at another path"), &|w| w.exposures[index].path.push('x'));
            change(edit("rewritten"), &|w| w.exposures[index].rewrite = Some("/x".to_owned()));
            change(edit("through the other load balancer"), &|w| {
                let via = &mut w.exposures[index].via;
                *via = if *via == Via::Public { Via::Internal } else { Via::Public };
            });
            change(edit("for everybody"), &|w| w.exposures[index].from.clear());
            change(edit("without its timeout"), &|w| w.exposures[index].timeout = None);
            change(edit("of any pod"), &|w| w.exposures[index].sticky = None);
            change(edit("over TCP"), &|w| w.exposures[index].entrance = platgen::model::Entrance::Tcp(7000));
            change(edit("to another port"), &|w| w.exposures[index].port += 1);
        }
        change("in another subnet".into(), &|w| {
            w.placement.subnets = vec![name(if w.placement.subnets[0].as_str() == "data" { "general" } else { "data" })]
        });
        change("everywhere flipped".into(), &|w| w.placement.everywhere ^= true);
        change("in a pool".into(), &|w| w.placement.pool = Some(name("general")));
        change("on one architecture".into(), &|w| w.placement.architectures = vec!["arm64"]);
        if !workload.placement.tolerations.is_empty() {
            change("tolerations dropped".into(), &|w| w.placement.tolerations.clear());
        }
        for index in 0..workload.volumes.len() {
            change(format!("volume {index} dropped"), &|w| drop(w.volumes.remove(index)));
            change(format!("volume {index} of another size"), &|w| match &mut w.volumes[index] {
                Volume::Tmp { size, .. } | Volume::Claim { size, .. } => *size = quantity("3Gi"),
                Volume::Shared { claim, .. } => claim.push('x'),
                Volume::Host(host) => host.path = "/".to_owned(),
            });
        }
        for index in 0..workload.init.len() {
            change(format!("init {index} dropped"), &|w| drop(w.init.remove(index)));
        }
        for index in 0..workload.sidecars.len() {
            change(format!("sidecar {index} dropped"), &|w| drop(w.sidecars.remove(index)));
        }
        container(&workload.main, "", &mut |edit, how| change(edit, &|w| how(&mut w.main)));
        if !operated {
            process(&workload.main, "", &mut |edit, how| change(edit, &|w| how(&mut w.main)));
        }
        // An operator is told the image of what starts before a server.
        for index in 0..workload.init.len() {
            if operated {
                change("init container: another image".into(), &|w| w.init[index].image.push('x'));
                continue;
            }
            container(&workload.init[index], "init ", &mut |edit, how| change(edit, &|w| how(&mut w.init[index])));
            process(&workload.init[index], "init ", &mut |edit, how| change(edit, &|w| how(&mut w.init[index])));
        }
        for index in 0..workload.sidecars.len() {
            container(&workload.sidecars[index], "sidecar ", &mut |edit, how| change(edit, &|w| how(&mut w.sidecars[index])));
            process(&workload.sidecars[index], "sidecar ", &mut |edit, how| change(edit, &|w| how(&mut w.sidecars[index])));
        }
    }
}

/// Takes the name of a change and what it does to a container.
type Changes<'c> = dyn FnMut(String, &dyn Fn(&mut Container)) + 'c;

/// Faults in one container.
fn container(container: &Container, which: &str, change: &mut Changes) {
    let edit = |what: &str| format!("{which}container: {what}");
    change(edit("another image"), &|c| c.image.push('x'));
    change(edit("no processors"), &|c| c.cpu = None);
    change(edit("no memory"), &|c| c.memory = None);
    change(edit("no disk"), &|c| c.ephemeral = None);
    change(edit("more processors"), &|c| c.cpu = Some((quantity("3"), Some(quantity("4")))));
    change(edit("more memory"), &|c| c.memory = Some((quantity("3Gi"), quantity("4Gi"))));
    for (index, variable) in container.variables.iter().enumerate() {
        change(edit(&format!("{} dropped", variable.name)), &|c| drop(c.variables.remove(index)));
        change(edit(&format!("{} changed", variable.name)), &|c| match &mut c.variables[index].value {
            Source::Text(text) => text.push('x'),
            value => *value = Source::Secret("other/place#key".parse().expect("a secret")),
        });
    }
    for index in 0..container.files.len() {
        change(edit(&format!("file {index} dropped")), &|c| drop(c.files.remove(index)));
        change(edit(&format!("file {index} elsewhere")), &|c| c.files[index].path.push('x'));
    }
    if container.probes.ready.is_some() {
        change(edit("readiness dropped"), &|c| c.probes.ready = None);
        change(edit("readiness later"), &|c| c.probes.ready.iter_mut().for_each(|probe| probe.after = Some(99)));
        change(edit("readiness patient"), &|c| c.probes.ready.iter_mut().for_each(|probe| probe.failures = Some(99)));
    }
    if container.probes.live.is_some() {
        change(edit("liveness dropped"), &|c| c.probes.live = None);
    }
    if container.probes.start.is_some() {
        change(edit("start dropped"), &|c| c.probes.start = None);
    }
}

/// Faults in what a container runs, and with which rights.
fn process(container: &Container, which: &str, change: &mut Changes) {
    let edit = |what: &str| format!("{which}container: {what}");
    change(edit("another command"), &|c| c.command.push("x".to_owned()));
    change(edit("another folder"), &|c| c.workdir = Some("/x".to_owned()));
    change(edit("another hook"), &|c| c.stop.push("x".to_owned()));
    change(edit("another argument"), &|c| c.args.push("x".to_owned()));
    change(edit("another user"), &|c| c.security.user += 1);
    change(edit("another group"), &|c| c.security.group += 1);
    change(edit("a capability"), &|c| c.security.capabilities.push("NET_ADMIN".to_owned()));
    change(edit("writable root"), &|c| c.security.writable_root ^= true);
    change(edit("privileged"), &|c| c.security.privileged ^= true);
    for index in 0..container.mounts.len() {
        change(edit(&format!("mount {index} dropped")), &|c| drop(c.mounts.remove(index)));
        change(edit(&format!("mount {index} elsewhere")), &|c| c.mounts[index].path.push('x'));
        change(edit(&format!("mount {index} writable or not")), &|c| c.mounts[index].read_only ^= true);
    }
    for index in 0..container.ports.len() {
        change(edit(&format!("port {index} dropped")), &|c| drop(c.ports.remove(index)));
        change(edit(&format!("port {index} another")), &|c| c.ports[index].1 = (c.ports[index].1.number() + 1).into());
    }
}

/// Files of the changed environment that differ, as they are in the second.
fn difference(old: &Files, new: &Files) -> BTreeMap<String, Option<String>> {
    let (old, new) = (ours(old), ours(new));
    let changed =
        new.iter().filter(|(path, text)| old.get(*path) != Some(text)).map(|(path, text)| (path.clone(), Some((*text).to_owned())));
    let gone = old.keys().filter(|path| !new.contains_key(*path)).map(|path| (path.clone(), None));
    changed.chain(gone).collect()
}

fn ours(files: &Files) -> BTreeMap<String, &str> {
    files.iter().filter(|(path, _)| path.split('/').nth(1) == Some(HOME.0)).collect()
}

fn end(peer: &Peer) -> String {
    match peer {
        Peer::Workload { name, .. } => name.clone(),
        Peer::Addon(addon) => addon.name().to_owned(),
        Peer::Cluster { .. } => "the API server".to_owned(),
        Peer::Outside { name, .. } | Peer::Chart { name, .. } => name.clone(),
    }
}

fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

fn quantity(text: &str) -> Quantity {
    text.parse().expect("a quantity")
}
