//! The literals of a cluster root against the model: pools with what pods ask of their nodes, people, identities and secrets.

use super::super::Finding;
use super::Root;
use super::data::named;
use platgen::labels::{POOL, SUBNET};
use platgen::model::{BucketAccess, GroupRole, IMAGES, Receiver, SecretStore, ZoneRange};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

const RULE: &str = "wrong-cluster";

pub(super) fn judge(root: &Root, found: &mut Vec<Finding>) {
    let (network, cluster) = (root.network, &root.region.cluster);
    let zones = |ranges: &[ZoneRange]| Value::Object(ranges.iter().map(|one| (one.zone.clone(), json!(one.cidr.to_string()))).collect());
    let classes: BTreeSet<&str> = network.subnets.iter().map(|subnet| subnet.name.as_str()).collect();
    let texts = |all: &[platgen::value::Cidr]| json!(all.iter().map(ToString::to_string).collect::<Vec<_>>());
    let wanted = [
        ("name", json!(root.name())),
        ("account", json!(root.account)),
        ("region", json!(root.region.name)),
        ("version", json!(cluster.version.to_string())),
        ("services", json!(network.services.to_string())),
        ("pod_subnets", zones(&network.pod_zones)),
        ("control_plane_subnets", zones(&network.endpoints)),
        ("node_classes", json!(classes)),
        ("admin_cidrs", texts(&cluster.admin_cidrs)),
        ("pools", pools(root)),
        ("secret_readers", readers(root)),
        ("domains", domains(root)),
    ];
    for (name, wanted) in wanted {
        let (file, has) = root.local(name);
        root.expect(found, RULE, (&format!("local.{name}"), file), has, &wanted);
    }
    images(root, found);
    nodes(root, found);
    spot(root, found);
    people(root, found);
    identities(root, found);
    buckets(root, found);
}

/// Labels and taints as nodes carry them: those that the spec gives the pool, its name, its subnet, and the taint of an isolated subnet.
fn pools(root: &Root) -> Value {
    let pool = |pool: &platgen::model::Pool| {
        let mut labels: BTreeMap<&str, &str> = pool.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        labels.extend([(POOL, pool.name.as_str()), (SUBNET, pool.subnet.as_str())]);
        let isolated = root.network.subnets.iter().any(|subnet| subnet.name == pool.subnet && subnet.isolated);
        let own = pool.taints.iter().map(|(key, value, effect)| (key.as_str(), value.as_str(), *effect));
        let taints = own.chain(isolated.then_some((SUBNET, pool.subnet.as_str(), "NoSchedule"))).map(|(key, value, effect)| {
            let effect = ["NO_SCHEDULE", "NO_EXECUTE", "PREFER_NO_SCHEDULE"]
                .into_iter()
                .find(|one| one.replace('_', "").eq_ignore_ascii_case(effect));
            json!({"key": key, "value": value, "effect": effect})
        });
        let arm = pool.capacity.as_ref().is_some_and(|machine| machine.architecture == Some("arm64"));
        let gpus = pool.capacity.as_ref().is_some_and(|machine| machine.gpus > 0);
        let image = format!("BOTTLEROCKET_{}{}", if arm { "ARM_64" } else { "x86_64" }, if gpus { "_NVIDIA" } else { "" });
        let disk = pool.disk.bytes().div_ceil(1 << 30);
        let machines: Vec<&str> = [pool.machine.as_str()].into_iter().chain(pool.alternatives.iter().copied()).collect();
        let capacity = if pool.spot { "SPOT" } else { "ON_DEMAND" };
        json!({"class": pool.subnet, "machines": machines, "capacity": capacity, "image": image, "disk": disk, "labels": labels, "taints": taints.collect::<Vec<_>>()})
    };
    Value::Object(root.region.cluster.pools.iter().map(|one| (one.name.to_string(), pool(one))).collect())
}

/// Where nodes pull copies, every image of a pod is in the registry of the account and has a repository there, and nothing else has one.
fn images(root: &Root, found: &mut Vec<Finding>) {
    let Some(mirror) = &root.region.cluster.mirror else { return };
    let registry = format!("{}.dkr.ecr.{}.amazonaws.com/", root.account, root.region.name);
    let (file, has) = root.local("repositories");
    if mirror.registry != registry.trim_end_matches('/') {
        found.push(root.finding(RULE, "registry", file, format!("`{}` is no registry of the account in the region", mirror.registry)));
    }
    let mut wanted: BTreeSet<&str> = BTreeSet::new();
    // A container without an image is one that an operator adds.
    let containers = root.region.workloads.values().flat_map(|workload| workload.containers());
    for container in containers.filter(|container| !container.image.is_empty()) {
        match container.image.strip_prefix(&registry) {
            Some(image) => _ = wanted.insert(image.split(['@', ':']).next().unwrap_or_default()),
            None => found.push(root.finding(RULE, "registry", file, format!("`{}` is no copy", container.image))),
        }
    }
    let prefix = format!("{}-{}", root.platform.name, root.platform.environment);
    let of_chart = IMAGES.map(|(_, image)| format!("{prefix}/{}", image.split(':').next().unwrap_or_default()));
    wanted.extend(of_chart.iter().map(String::as_str).filter(|_| root.region.monitoring.is_some()));
    // What the table of charts names for the release.
    let known =
        root.region.charts.iter().filter_map(|chart| platgen::facts::charts(&chart.name).find(|known| known.version == chart.version));
    let images = known.flat_map(|known| known.images().collect::<Vec<_>>());
    let is_run = |part: &str| {
        let kafka = |version: &str| {
            let servers = root.region.workloads.values().filter_map(|workload| workload.operated());
            servers.into_iter().any(|one| matches!(&one.software, platgen::model::Software::Kafka(kafka) if kafka.version == version))
        };
        part.strip_prefix("kafka-").is_none_or(kafka)
    };
    let of_addons: Vec<String> = images
        .filter(|(part, _)| is_run(part))
        .map(|(_, image)| format!("{prefix}/{}", image.rsplit_once(':').map_or(image, |(name, _)| name)))
        .collect();
    wanted.extend(of_addons.iter().map(String::as_str));
    root.expect(found, RULE, ("local.repositories", file), has, &json!(wanted));
}

/// The groups of a pool have its nodes together, none has more than one more than another, and each is in the range of its class and zone.
fn nodes(root: &Root, found: &mut Vec<Finding>) {
    let (file, has) = root.local("node_groups");
    let groups: &Map<String, Value> = &has.as_object().cloned().unwrap_or_default();
    for pool in &root.region.cluster.pools {
        let own: Vec<&Value> = groups.values().filter(|group| group["pool"] == json!(pool.name)).collect();
        for (bound, wanted) in [("min", pool.nodes.0), ("max", pool.nodes.1)] {
            let sizes: Vec<u64> = own.iter().filter_map(|group| group[bound].as_u64()).collect();
            let even = sizes.iter().max().zip(sizes.iter().min()).is_some_and(|(most, least)| most - least <= 1);
            if sizes.iter().sum::<u64>() != u64::from(wanted) || !even {
                let message = format!("the groups of the pool `{}` have {sizes:?} nodes, where `{bound}` is {wanted} in all", pool.name);
                found.push(root.finding(RULE, "local.node_groups", file, message));
            }
        }
    }
    for (key, group) in groups {
        let pool = root.region.cluster.pools.iter().find(|pool| group["pool"] == json!(pool.name));
        let subnet = pool.and_then(|pool| root.network.subnets.iter().find(|subnet| subnet.name == pool.subnet));
        let range = subnet.and_then(|subnet| subnet.ranges.iter().find(|range| group["zone"] == json!(range.zone)));
        if range.is_none_or(|range| group["cidr"] != json!(range.cidr.to_string()) || !key.ends_with(&format!("/{}", range.zone))) {
            let message = format!("`{key}` is in {}, which is not the range of its class and zone", group["cidr"]);
            found.push(root.finding(RULE, "local.node_groups", file, message));
        }
    }
}

/// Nobody waits for a volume whose node was taken back, a protected environment has such nodes only where the spec says so, and all machines of a
/// pool are of one size. A group of Spot nodes is replaced when its pool's machine changes, and not when AWS offers another one.
fn spot(root: &Root, found: &mut Vec<Finding>) {
    let (file, has) = root.local("pools");
    let claims = |subnet: &platgen::value::Name| {
        root.region.workloads.values().any(|workload| {
            workload.placement.subnets.contains(subnet)
                && workload.volumes.iter().any(|one| matches!(one, platgen::model::Volume::Claim { .. }))
        })
    };
    for (name, pool) in has.as_object().into_iter().flatten() {
        let machines: Vec<&str> = pool["machines"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let size = |name: &&str| platgen::facts::machine(platgen::provider::Provider::Aws, name);
        let sizes: Vec<_> = machines.iter().map(size).collect();
        if sizes.iter().any(|one| *one != sizes[0]) || (pool["capacity"] != "SPOT" && machines.len() != 1) {
            found.push(root.finding(RULE, "local.pools", file, format!("the machines of `{name}` are not of one size: {machines:?}")));
        }
        let model = root.region.cluster.pools.iter().find(|pool| pool.name.as_str() == name);
        if pool["capacity"] == "SPOT" && model.is_some_and(|pool| claims(&pool.subnet)) && root.platform.protected {
            found.push(root.finding(
                RULE,
                "local.pools",
                file,
                format!("AWS takes nodes of `{name}` back, and a pod waits for its volume"),
            ));
        }
    }
    let spot = root.region.cluster.pools.iter().any(|pool| pool.spot);
    let wanted = if spot {
        json!({"ignore_changes": ["${instance_types}"], "replace_triggered_by": ["${terraform_data.machine[each.key]}"]})
    } else {
        Value::Null
    };
    for (file, block) in root.blocks("resource", &["aws_eks_node_group"]) {
        let has = block.inside("lifecycle").next().map_or(Value::Null, |lifecycle| Value::Object(lifecycle.attributes.clone()));
        root.expect(found, RULE, ("aws_eks_node_group.this", file), &has, &wanted);
    }
}

/// Each group of the spec signs in, and those who administer everything may take the administrator's role.
fn people(root: &Root, found: &mut Vec<Finding>) {
    let (file, has) = root.local("groups");
    let keys: BTreeSet<&str> = has.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect();
    let ids: BTreeSet<&str> = root.platform.groups.iter().map(|group| group.id.as_str()).collect();
    if keys != ids {
        found.push(root.finding(RULE, "local.groups", file, format!("{keys:?} sign in, where the spec has {ids:?}")));
    }
    let (file, has) = root.local("administrators");
    let admins = root.platform.groups.iter().filter(|group| group.role == GroupRole::Admin && group.namespaces.is_empty());
    let admins: BTreeSet<String> = admins.map(|group| format!("AWSReservedSSO_{}_", group.id)).collect();
    let has: Vec<&str> = has.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let known = |one: &&str| {
        one.starts_with(&format!("arn:aws:iam::{}:", root.account)) && (admins.is_empty() || admins.iter().any(|admin| one.contains(admin)))
    };
    if has.len() != admins.len().max(1) || !has.iter().all(known) {
        found.push(root.finding(
            RULE,
            "local.administrators",
            file,
            format!("{has:?} administer the cluster, where the spec has {admins:?}"),
        ));
    }
}

/// Those who use buckets have rights to these, and nobody else.
fn buckets(root: &Root, found: &mut Vec<Finding>) {
    let platform = root.platform;
    let start = format!("{}-{}", platform.name, platform.environment);
    let (mut users, mut homes): (Map<String, Value>, BTreeMap<&str, BTreeSet<String>>) = (Map::new(), BTreeMap::new());
    for (key, workload) in root.region.workloads.iter().filter(|(_, workload)| !workload.buckets.is_empty()) {
        let (mut uses, mut writes) = (BTreeSet::new(), BTreeSet::new());
        for (bucket, access) in &workload.buckets {
            let Some(bucket) = platform.buckets.get(bucket) else { continue };
            // A standby reads the copy of the backups, which is where the standby is.
            let home = if workload.backups.followed().is_some() { root.region.name.as_str() } else { bucket.region.as_str() };
            let name = named(platform, bucket, home, root.account);
            homes.entry(home).or_default().insert(name.clone());
            writes.extend((*access == BucketAccess::Write).then(|| name.clone()));
            uses.insert(name);
        }
        users.insert(key.clone(), json!({"uses": uses, "writes": writes}));
    }
    let home = |(region, buckets): (&str, _)| (region.to_owned(), json!({"key": format!("{start}-{region}-data"), "buckets": buckets}));
    let homes: Map<String, Value> = homes.into_iter().map(home).collect();
    for (local, wanted) in [("bucket_users", users), ("bucket_homes", homes)] {
        let wanted = if wanted.is_empty() { Value::Null } else { wanted.into() };
        let (file, has) = root.local(local);
        root.expect(found, RULE, (&format!("local.{local}"), file), has, &wanted);
    }
}

/// Apps with policies or buckets have an identity with them, and nobody else outside of add-ons.
fn identities(root: &Root, found: &mut Vec<Finding>) {
    let (file, has) = root.local("identities");
    let apps: BTreeMap<String, usize> = has
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(key, _)| key.contains('/'))
        .map(|(_, one)| {
            let word = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
            (format!("{}/{}", word("namespace"), word("account")), one["policies"].as_array().map_or(0, Vec::len))
        })
        .collect();
    let roles: BTreeSet<String> = has.as_object().into_iter().flatten().map(|(_, one)| one["role"].to_string()).collect();
    if roles.len() != has.as_object().map_or(0, serde_json::Map::len) {
        found.push(root.finding(RULE, "local.identities", file, "two identities have one role".to_owned()));
    }
    let with = root.region.workloads.iter().filter(|(_, workload)| !workload.policies.is_empty() || !workload.buckets.is_empty());
    let wanted: BTreeMap<String, usize> =
        with.map(|(key, workload)| (key.clone(), workload.policies.iter().collect::<BTreeSet<_>>().len())).collect();
    if apps != wanted {
        found.push(root.finding(RULE, "local.identities", file, format!("{apps:?} have policies, where the spec has {wanted:?}")));
    }
}

/// The domains whose records are made: that of the environment, and hosts outside of it; null without hosts.
fn domains(root: &Root) -> Value {
    let domain = root.platform.domain.as_str();
    let workloads = || root.region.workloads.values();
    let exposed = workloads().flat_map(|workload| &workload.exposures).map(|exposure| exposure.host.as_str());
    let redirected = workloads().flat_map(|workload| &workload.redirects).map(|redirect| redirect.host.as_str());
    let hosts: BTreeSet<&str> = exposed.chain(redirected).filter(|host| !host.is_empty()).collect();
    let foreign = hosts.iter().map(|host| host.trim_start_matches("*."));
    let foreign = foreign.filter(|host| *host != domain && host.strip_suffix(domain).is_none_or(|rest| !rest.ends_with('.')));
    let all: BTreeSet<&str> = foreign.chain([domain]).collect();
    if hosts.is_empty() { Value::Null } else { json!(all) }
}

/// Who reads which secrets: the namespace its own, and those that its workloads name.
fn readers(root: &Root) -> Value {
    let mut all: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    if root.platform.secrets.store == SecretStore::Cloud {
        for workload in root.region.workloads.values() {
            for path in workload.secrets() {
                all.entry(workload.namespace.as_str()).or_default().insert(path.to_owned());
            }
        }
        if let Some(monitoring) = &root.region.monitoring {
            let receivers = monitoring.routes.iter().flat_map(|route| [&route.page, &route.ticket]).flatten().filter_map(Receiver::secret);
            let mail = monitoring.mail.iter().flat_map(|mail| &mail.login).map(|(_, password)| password);
            let paths = receivers.chain(mail).chain(&monitoring.heartbeat).map(|value| value.path().to_owned());
            all.entry("monitoring").or_default().extend(paths.chain(["monitoring/grafana".to_owned()]));
        }
        if let Some(path) = &root.region.cluster.registry_secret {
            let namespaces = root.platform.namespaces_in(root.region);
            for namespace in namespaces.filter(|one| !crate::oracle::addons::is_of_addons(one.name.as_str())) {
                all.entry(namespace.name.as_str()).or_default().insert(path.as_str().to_owned());
            }
        }
    }
    let environment = &root.platform.environment;
    let reader = |(namespace, paths): (&str, BTreeSet<String>)| {
        let others = paths.into_iter().filter(|path| !path.starts_with(&format!("{namespace}/")));
        let secrets: Vec<String> = std::iter::once(format!("{environment}/{namespace}/*"))
            .chain(others.map(|path| format!("{environment}/{path}-??????")))
            .collect();
        (namespace.to_owned(), json!({"role": root.region.secrets_role(namespace), "account": "platgen", "secrets": secrets}))
    };
    Value::Object(all.into_iter().map(reader).collect())
}
