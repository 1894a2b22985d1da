//! An environment on a laptop: one of its regions as a kind cluster.
//!
//! The region is resolved for its own provider, and each step changes one thing that a kind cluster or a laptop does not have. A step has the reason, so that
//! every difference between the two clusters has one. Nothing that a step leaves alone is different.

mod nodes;
mod room;
#[cfg(test)]
mod tests;

use super::backups::is_backup;
use super::engines;
use super::flows::{api_server_of_kind, is_credentials, unite};
use super::kafka::COUNTS;
use super::mirror::original;
use super::storage::FOLDERS;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{
    Addon, AddonChart, Backups, Container, Desk, Desktop, Kind, Peer, Platform, Region, SecretStore, Software, Spread, Step, Volume,
    Weight, Workload,
};
use crate::provider::Provider;
use crate::spec::Specs;
use nodes::{host_ports, workers};
use std::collections::BTreeMap;

/// The storage class of a kind cluster, which is also its default.
const CLASS: &str = "standard";

/// What becomes different: how much it matters, the reason, and a function that says whether it changed anything.
type Change = (Weight, &'static str, fn(&mut Region) -> bool);

/// The changes that do not depend on the laptop, in their order.
const CHANGES: [Change; 15] = [
    (
        Weight::Behavior,
        "The scripts of a desktop install the add-ons as their projects release them, each in its own namespaces: no cloud has to be called from there.",
        addons,
    ),
    (
        Weight::Data,
        "A laptop has no services of a cloud: a server in the cluster stands in for a store that one runs, with its engine, version, name, users and passwords.",
        services,
    ),
    (
        Weight::Access,
        "A kind cluster has no identities of a cloud. An app that calls the API of the cloud needs keys of its own.",
        identities,
    ),
    (
        Weight::Data,
        "Backups go to buckets of the cloud, and data of a desktop is not worth any. Without backups there is nothing to restore in a test.",
        backups,
    ),
    (Weight::Data, "One server is enough where no zone can be lost: its operator, its version and its users stay the same.", stores),
    (
        Weight::Capacity,
        "Two pods show what several pods show, and one is enough where the environment starts with one. No autoscaler has metrics on a desktop.",
        replicas,
    ),
    (
        Weight::Capacity,
        "A worker stands for a zone and for a pool, and there is none for each pair of them: a strict spread over zones would leave pods without a node.",
        spread,
    ),
    (Weight::Behavior, "Nodes are containers of the laptop: they have its architecture, and no GPU.", machines),
    (
        Weight::Data,
        "Disks are folders of a node: the class of a kind cluster is `standard`, and no disk is mounted by two nodes or grows.",
        disks,
    ),
    (
        Weight::Convenience,
        "Nodes pull from the registries of the spec: a laptop has no login of the registry that holds the copies.",
        images,
    ),
    (Weight::Isolation, "The API server of a kind cluster has a private address of the container engine, and the port 6443.", api_server),
    (
        Weight::Convenience,
        "No authority signs for a laptop, and its requests would count for the hosts of the environment: the scripts make the certificates of the Gateways.",
        certificates,
    ),
    (Weight::Convenience, "No DNS record leads to a laptop.", records),
    (
        Weight::Convenience,
        "Nobody is told of a laptop at night, and the monitoring needs more memory than the apps of many laptops: this version has none there.",
        monitoring,
    ),
    (
        Weight::Convenience,
        "A kind cluster has no load balancers: ports of the laptop lead to ports of a node, and from there to one proxy of the Gateway.",
        proxies,
    ),
];

/// Why a desktop has an identity of its own.
const IDENTITY: &str =
    "A desktop is not its environment: its cluster and its objects say so, and the guard of each refuses the files of the other.";

/// Why secrets are in the cluster.
const CLUSTER: &str =
    "A kind cluster has no secret manager and no load balancers of a cloud: Secrets of the cluster hold the values of the secret manager.";

/// A region of an environment on a laptop.
///
/// # Errors
/// The region is a kind cluster already, or its pods are too large for the laptop.
pub fn desktop(specs: &Specs, platform: &Platform, region: &Region, desk: &Desk) -> Result<Desktop, Box<Diagnostic>> {
    if region.provider == Provider::Kind {
        return Err(already(specs, platform, region));
    }
    let mut platform = platform.clone();
    platform.regions.retain(|name, _| name == region.name.as_str());
    let mut region = region.clone();
    let workers = workers(&region);
    let mut steps = Vec::new();
    let mut after = |weight: Weight, reason: &str, platform: &Platform, region: &Region| {
        let mut platform = platform.clone();
        platform.regions.insert(region.name.to_string(), region.clone());
        steps.push(Step { reason: reason.to_owned(), weight, platform });
    };
    platform.identity = Desktop::identity(&platform.environment);
    after(Weight::Isolation, IDENTITY, &platform, &region);
    for (weight, reason, change) in CHANGES {
        if change(&mut region) {
            region.flows = unite(std::mem::take(&mut region.flows));
            after(weight, reason, &platform, &region);
        }
    }
    platform.secrets.store = SecretStore::Cloud;
    platform.secrets.vault = None;
    region.provider = Provider::Kind;
    region.account = None;
    after(Weight::Access, CLUSTER, &platform, &region);
    if let Some(reason) = room::fit(&platform, &mut region, workers.len(), desk)? {
        after(Weight::Capacity, &reason, &platform, &region);
    }
    let outside = outside(&region);
    Ok(Desktop { name: Desktop::name(&region), steps, workers, outside })
}

/// The finding for a region that needs no desktop.
fn already(specs: &Specs, platform: &Platform, region: &Region) -> Box<Diagnostic> {
    let spec = specs.environments.get(platform.environment.as_str()).unwrap_or(&specs.base);
    let own = spec.regions.value(region.name.as_str());
    let at = own.and_then(|own| own.provider.span()).or(spec.cloud.at(|cloud| &cloud.provider).span());
    let message = format!("`{}` of `{}` is a kind cluster already", region.name, platform.environment);
    let mut diagnostic = Diagnostic::new(Code::AlreadyKind, message);
    diagnostic.span = at;
    Box::new(diagnostic.help("apply its files as they are, or name an environment of a cloud with `--env`"))
}

/// The services outside of the cluster, with their callers.
fn outside(region: &Region) -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for flow in &region.flows {
        let (Peer::Outside { name, .. }, Some(caller)) = (&flow.to, region.workload_of(&flow.from)) else { continue };
        let (callers, caller) = (all.entry(name.clone()).or_default(), format!("{}/{}", caller.namespace, caller.name));
        if !callers.contains(&caller) {
            callers.push(caller);
        }
    }
    all
}

/// Every container of a workload, those of its operator's helpers as well.
fn containers(workload: &mut Workload) -> impl Iterator<Item = &mut Container> {
    let Workload { main, init, sidecars, kind, .. } = workload;
    let helpers = match kind {
        Kind::Operated(operated) => operated.helper.iter_mut().flat_map(|helper| &mut helper.containers).collect(),
        _ => Vec::new(),
    };
    std::iter::once(main).chain(init).chain(sidecars).chain(helpers)
}

fn addons(region: &mut Region) -> bool {
    let charts: Vec<AddonChart> =
        region.charts.iter().filter_map(|chart| chart.addon).filter(|addon| *addon != AddonChart::Monitoring).collect();
    let is_of_chart = |peer: &Peer| matches!(peer, Peer::Addon(addon) if charts.iter().any(|chart| chart.programs().contains(addon)));
    // Policies of workloads let proxies and operators in all the same.
    let is_kept = |one: &Peer, other: &Peer| !is_of_chart(one) || matches!(other, Peer::Workload { .. });
    region.flows.retain(|flow| is_kept(&flow.from, &flow.to) && is_kept(&flow.to, &flow.from));
    region.charts.retain(|chart| chart.addon.is_none_or(|addon| addon == AddonChart::Monitoring));
    !charts.is_empty()
}

fn services(region: &mut Region) -> bool {
    let managed = std::mem::take(&mut region.managed);
    for (key, store) in &managed {
        region.workloads.shift_remove(&format!("{}/{}", store.namespace, store.job));
        region.flows.retain(|flow| !matches!(&flow.from, Peer::Workload { namespace, name, .. } if *namespace == store.namespace.as_str() && *name == store.job.as_str()));
        let Some((stand_in, flows)) = store.stand_in.as_deref() else { continue };
        let own = peer(region, stand_in);
        for flow in region.flows.iter_mut().filter(|flow| flow.to.answers_as(key)) {
            flow.to = own.clone();
        }
        region.flows.extend(flows.iter().cloned());
        region.workloads.insert(key.clone(), stand_in.clone());
    }
    // Jobs waited for those that made users.
    let gone: Vec<String> = managed.values().map(|store| format!("{}/{}", store.namespace, store.job)).collect();
    for workload in region.workloads.values_mut() {
        if let Kind::Job { after, .. } = &mut workload.kind {
            after.retain(|job| !gone.contains(job));
        }
    }
    !managed.is_empty()
}

fn identities(region: &mut Region) -> bool {
    let before = region.flows.len();
    region.flows.retain(|flow| !is_credentials(flow));
    let mut found = before > region.flows.len();
    for workload in region.workloads.values_mut() {
        found |= workload.has_role();
        workload.policies.clear();
        workload.buckets.clear();
    }
    found
}

fn backups(region: &mut Region) -> bool {
    let tests: Vec<Peer> = region.workloads.values().filter(|workload| workload.test_of.is_some()).map(|test| peer(region, test)).collect();
    region.flows.retain(|flow| !is_backup(flow) && !tests.contains(&flow.from) && !tests.contains(&flow.to));
    region.workloads.retain(|_, workload| workload.test_of.is_none());
    let mut found = false;
    for workload in region.workloads.values_mut().filter(|workload| workload.backups.kept().is_some()) {
        workload.backups = Backups::None(Some("data of a desktop is not kept".to_owned()));
        found = true;
    }
    found
}

fn peer(region: &Region, workload: &Workload) -> Peer {
    Peer::Workload { region: region.name.clone(), namespace: workload.namespace.to_string(), name: workload.name.to_string() }
}

fn stores(region: &mut Region) -> bool {
    let mut found = false;
    for workload in region.workloads.values_mut().filter(|workload| workload.replicas.0 > 1) {
        let Workload { kind: Kind::Operated(servers), replicas, placement, store, main, volumes, .. } = workload else { continue };
        let (Some(engine), Some((memory, _))) = (engines::operated(*store), &main.memory) else { continue };
        let Some(size) = volumes.iter().find_map(|volume| if let Volume::Claim { size, .. } = volume { Some(size) } else { None }) else {
            continue;
        };
        // What the spec says of a setting stays, unless it counts servers.
        let before: BTreeMap<_, _> = (engine.settings)(memory, size, replicas.0).into_iter().collect();
        for (name, value) in (engine.settings)(memory, size, 1) {
            match servers.parameters.get_mut(name) {
                Some(known) if before.get(name) == Some(&*known) => *known = value,
                _ => {}
            }
        }
        servers.one_per_zone = false;
        if let (Some(beside), Some(helper)) = (&mut servers.helper, &engine.helper) {
            beside.pods = (helper.pods)(1);
        }
        match &mut servers.software {
            Software::Postgres(database) => database.durability = None,
            Software::Rabbitmq => {}
            Software::Kafka(kafka) => {
                servers
                    .parameters
                    .iter_mut()
                    .filter(|(name, _)| COUNTS.contains(&name.as_str()))
                    .for_each(|(_, value)| *value = "1".to_owned());
                (kafka.voters, kafka.voters_apart, kafka.zonal, kafka.copies, kafka.in_sync) = (1, false, false, 1, 1);
            }
            Software::Mysql(percona) | Software::Mongodb(percona) => percona.small = true,
        }
        *replicas = (1, 1);
        (placement.spread, placement.min_domains) = (Spread::None, None);
        found = true;
    }
    found
}

fn replicas(region: &mut Region) -> bool {
    let mut found = false;
    for workload in region.workloads.values_mut() {
        let least = match workload.kind {
            Kind::Deployment => workload.replicas.0.min(2),
            // Members of a store know each other by their number.
            Kind::StatefulSet if workload.is_store() => workload.replicas.0,
            Kind::StatefulSet => workload.replicas.0.min(2),
            Kind::DaemonSet | Kind::Operated(_) | Kind::Restored(_) | Kind::CronJob(_) | Kind::Job { .. } => continue,
        };
        found |= workload.replicas != (least, least) || workload.autoscaling.is_some();
        (workload.replicas, workload.autoscaling) = ((least, least), None);
    }
    found
}

fn spread(region: &mut Region) -> bool {
    let mut found = false;
    for placement in region.workloads.values_mut().map(|workload| &mut workload.placement) {
        if placement.spread == Spread::Hard {
            (placement.spread, placement.min_domains) = (Spread::Soft, None);
            found = true;
        }
    }
    found
}

fn machines(region: &mut Region) -> bool {
    let mut found = false;
    for workload in region.workloads.values_mut() {
        found |= !workload.placement.architectures.is_empty();
        workload.placement.architectures.clear();
        for container in containers(workload) {
            found |= container.gpus > 0;
            container.gpus = 0;
        }
    }
    found
}

fn disks(region: &mut Region) -> bool {
    let mut found = !region.cluster.storage.is_empty() || !region.volumes.is_empty();
    for class in &mut region.cluster.storage {
        (class.provisioner, class.expandable) = (FOLDERS, false);
        class.parameters.clear();
    }
    for volume in &mut region.volumes {
        (volume.class, volume.access) = (CLASS.to_owned(), "ReadWriteOnce");
    }
    let own = &region.cluster.storage;
    for volume in region.workloads.values_mut().flat_map(|workload| &mut workload.volumes) {
        if let Volume::Claim { class: Some(class), .. } = volume
            && own.iter().all(|one| one.name != *class)
        {
            *class = CLASS.to_owned();
            found = true;
        }
    }
    region.cluster.existing_classes.clear();
    found
}

fn images(region: &mut Region) -> bool {
    let Some(mirror) = region.cluster.mirror.take() else { return false };
    for container in region.workloads.values_mut().flat_map(containers) {
        if let Some(source) = original(&container.image, &mirror) {
            container.image = source;
        }
    }
    true
}

fn api_server(region: &mut Region) -> bool {
    let (cidrs, ports) = api_server_of_kind();
    let mut found = false;
    for flow in region.flows.iter_mut().filter(|flow| matches!(flow.to, Peer::Cluster { .. })) {
        flow.to = Peer::Cluster { cidrs: cidrs.clone() };
        flow.ports = ports.clone();
        found = true;
    }
    found
}

fn monitoring(region: &mut Region) -> bool {
    let is_of_stack = |peer: &Peer| matches!(peer, Peer::Addon(addon) if Addon::STACK.contains(addon));
    // Policies of workloads let Prometheus in all the same, which is nobody here.
    region.flows.retain(|flow| !is_of_stack(&flow.to) && (!is_of_stack(&flow.from) || matches!(flow.to, Peer::Workload { .. })));
    region.charts.retain(|chart| chart.addon != Some(AddonChart::Monitoring));
    region.monitoring.take().is_some()
}

fn certificates(region: &mut Region) -> bool {
    region.cluster.issuer.take().is_some()
}

fn records(region: &mut Region) -> bool {
    !std::mem::take(&mut region.shared_hosts).is_empty()
}

fn proxies(region: &mut Region) -> bool {
    let ports = host_ports(region);
    let found = !ports.is_empty();
    let proxies = &mut region.cluster.proxies;
    (proxies.least, proxies.most, proxies.load_balancer_class, proxies.host_ports) = (1, 1, None, ports);
    found
}
