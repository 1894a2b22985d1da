//! Kafka: the Kafka that an operator makes servers of, its pools and users, the Services that lead to servers, and the Secrets of the users.

use super::Finding;
use super::compare::expect;
use super::context::{RegionContext, WORKLOAD};
use super::pod_specs::{affinity, resources};
use super::secrets::manager_key;
use super::services::{names, of_store};
use platgen::model::{Kafka, Operated, Peer, Software, Volume, Workload};
use serde_json::{Value, json};

/// The label of everything that belongs to a Kafka.
const CLUSTER: &str = "strimzi.io/cluster";

pub(super) fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    for workload in context.region.workloads.values() {
        let Some(servers) = workload.operated() else { continue };
        let Software::Kafka(kafka) = &servers.software else { continue };
        let (namespace, name) = (workload.namespace.as_str(), workload.name.as_str());
        if let Some(object) = context.inventory.get("Kafka", namespace, name) {
            expect(context, found, "wrong-database", object, "/spec", &spec(context, workload, servers, kafka));
            let mut annotations = json!(workload.annotations);
            if let Some(reason) = workload.backups.reason() {
                annotations["platgen.io/no-backup"] = json!(reason);
            }
            let annotations = if annotations == json!({}) { Value::Null } else { annotations };
            expect(context, found, "wrong-database", object, "/metadata/annotations", &annotations);
        }
        pools(context, workload, kafka, found);
        services(context, workload, found);
        users(context, workload, servers, found);
    }
}

/// What a container of the strictest profile says.
fn confined() -> Value {
    json!({"securityContext": {
        "runAsNonRoot": true,
        "allowPrivilegeEscalation": false,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }})
}

/// What every pod of the store has.
fn pod(context: &RegionContext, workload: &Workload, place: Value) -> Value {
    let tolerations = workload.placement.tolerations.iter();
    let tolerations: Vec<Value> =
        tolerations.map(|one| json!({"key": one.key, "operator": "Equal", "value": one.value, "effect": one.effect})).collect();
    json!({
        "metadata": if workload.annotations.is_empty() { Value::Null } else { json!({"annotations": workload.annotations}) },
        "imagePullSecrets": context.region.cluster.registry_secret.as_ref().map(|_| json!([{"name": "platgen-registry"}])),
        "priorityClassName": format!("{}-data", context.platform.name),
        "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
        "affinity": place,
        "tolerations": if tolerations.is_empty() { Value::Null } else { Value::Array(tolerations) },
    })
}

fn spec(context: &RegionContext, workload: &Workload, servers: &Operated, kafka: &Kafka) -> Value {
    // A container beside the servers has no more of the disk than a server itself.
    let disk = workload.main.ephemeral.as_ref().map(|(request, limit)| [request.canonical(), limit.canonical()]);
    let [least, most] = disk.map_or([Value::Null, Value::Null], |disk| disk.map(Value::from));
    json!({
        "kafka": {
            "version": kafka.version,
            "config": servers.parameters,
            "listeners": [{
                "name": "plain", "port": 9092, "type": "internal", "tls": false,
                "authentication": {"type": "scram-sha-512"},
                "networkPolicyPeers": callers(context, workload),
            }],
            "authorization": {"type": "simple"},
            "rack": (workload.replicas.0 > 1 && context.region.zones.len() > 1)
                .then(|| json!({"type": "topology-label", "topologyKey": "topology.kubernetes.io/zone"})),
        },
        "entityOperator": {
            "userOperator": {
                "secretPrefix": format!("{}.kafka.", workload.name),
                "resources": {
                    "requests": {"cpu": "50m", "memory": "512Mi", "ephemeral-storage": least},
                    "limits": {"cpu": "500m", "memory": "512Mi", "ephemeral-storage": most},
                },
            },
            "template": {"pod": pod(context, workload, affinity(workload, false)), "userOperatorContainer": confined()},
        },
    })
}

/// Who calls the port of clients: the callers of the model, as the network policy of the store names them, or the store alone.
fn callers(context: &RegionContext, workload: &Workload) -> Value {
    let mut all: Vec<Value> = Vec::new();
    let is_it = |peer: &Peer| context.region.workload_of(peer).is_some_and(|known| known.span == workload.span);
    for flow in context.region.flows.iter().filter(|flow| is_it(&flow.to) && flow.ports.iter().any(|port| port.number() == 9092)) {
        let peers = match context.region.node_ranges(&flow.from) {
            Some(ranges) => ranges.iter().map(|range| json!({"ipBlock": {"cidr": range}})).collect(),
            None => match context.region.workload_of(&flow.from) {
                Some(caller) => vec![json!({
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": caller.namespace}},
                    "podSelector": {"matchLabels": {caller.pods().0: caller.name}},
                })],
                None => Vec::new(),
            },
        };
        for peer in peers.into_iter().filter(|peer| !all.contains(peer)).collect::<Vec<_>>() {
            all.push(peer);
        }
    }
    if all.is_empty() { json!([{"podSelector": {"matchLabels": {WORKLOAD: workload.name}}}]) } else { Value::Array(all) }
}

/// The pool of the servers that vote, and that of the others, which may have none.
fn pools(context: &RegionContext, workload: &Workload, kafka: &Kafka, found: &mut Vec<Finding>) {
    let (namespace, name, servers) = (workload.namespace.as_str(), workload.name.as_str(), workload.replicas.0);
    let size =
        workload.volumes.iter().find_map(|volume| if let Volume::Claim { size, .. } = volume { Some(size.canonical()) } else { None });
    let voters = servers.min(3);
    let one_per_zone = voters > 1 && voters as usize <= context.region.zones.len() && kafka.voters_apart;
    let brokers = format!("{name}-brokers");
    let wanted = [(name, voters, true), (brokers.as_str(), servers - voters, false)];
    for (called, replicas, votes) in wanted {
        let object = context.inventory.get("KafkaNodePool", namespace, called);
        let Some(object) = object.filter(|_| votes || servers > 1) else {
            if votes || servers > 1 || object.is_some() {
                let message = format!("the pool `{called}` and the store `{namespace}/{name}` do not belong together");
                found.push(context.about("missing-workload", &format!("KafkaNodePool/{namespace}/{called}"), message));
            }
            continue;
        };
        let role = if votes { "strimzi.io/controller-role" } else { "strimzi.io/broker-role" };
        let apart = |key: &str| json!({"topologyKey": key, "labelSelector": {"matchLabels": {CLUSTER: name, role: "true"}}});
        let (zone, node) = (apart("topology.kubernetes.io/zone"), apart("kubernetes.io/hostname"));
        let mut place = affinity(workload, false);
        place["podAntiAffinity"] = match (servers > 1, votes && one_per_zone) {
            (false, _) => Value::Null,
            (true, true) => json!({"requiredDuringSchedulingIgnoredDuringExecution": [zone]}),
            (true, false) => json!({"preferredDuringSchedulingIgnoredDuringExecution": [
                {"weight": 100, "podAffinityTerm": zone}, {"weight": 50, "podAffinityTerm": node},
            ]}),
        };
        let mut pod = pod(context, workload, place);
        pod["terminationGracePeriodSeconds"] = json!(120);
        pod["securityContext"]["fsGroup"] = json!(0);
        let spec = json!({
            "replicas": replicas,
            "roles": if votes { json!(["controller", "broker"]) } else { json!(["broker"]) },
            "storage": {"type": "jbod", "volumes": [
                {"id": 0, "type": "persistent-claim", "size": size, "kraftMetadata": "shared", "deleteClaim": false},
            ]},
            "resources": resources(&workload.main),
            "template": {"pod": pod, "kafkaContainer": confined(), "initContainer": confined()},
        });
        expect(context, found, "wrong-database", object, "/spec", &spec);
        let ids = json!({"strimzi.io/next-node-ids": if votes { "[0-2]" } else { "[3-999]" }});
        expect(context, found, "wrong-database", object, "/metadata/annotations", &ids);
        belongs(context, object, name, found);
    }
}

fn belongs(context: &RegionContext, object: &platgen::inventory::Object, name: &str, found: &mut Vec<Finding>) {
    if object.labels.get(CLUSTER).map(String::as_str) != Some(name) {
        found.push(context.finding("wrong-labels", object, format!("its label `{CLUSTER}` does not name the store `{name}`")));
    }
}

/// The names of the store lead to servers, and not to the pod that makes users.
fn services(context: &RegionContext, workload: &Workload, found: &mut Vec<Finding>) {
    let selector = json!({WORKLOAD: workload.name, "strimzi.io/broker-role": "true"});
    of_store(context, workload, &names(workload), &selector, found);
}

/// Each user has its password from the secret manager, and rights to what clients make.
fn users(context: &RegionContext, workload: &Workload, servers: &Operated, found: &mut Vec<Finding>) {
    let namespace = workload.namespace.as_str();
    for user in &servers.users {
        let secret = format!("{}.{}", workload.name, user.name);
        let [object, source] = [("KafkaUser", user.name.as_str()), ("ExternalSecret", &secret)].map(|(kind, name)| {
            let object = context.inventory.get(kind, namespace, name);
            if object.is_none() {
                found.push(context.about("wrong-secrets", &format!("{kind}/{namespace}/{name}"), "it is not there"));
            }
            object
        });
        if let Some(object) = object {
            let right = |kind: &str| json!({"resource": {"type": kind, "name": "*"}, "operations": ["All"]});
            let spec = json!({
                "authentication": {
                    "type": "scram-sha-512",
                    "password": {"valueFrom": {"secretKeyRef": {"name": secret, "key": "password"}}},
                },
                "authorization": {"type": "simple", "acls": [right("topic"), right("group"), right("transactionalId")]},
            });
            expect(context, found, "wrong-secrets", object, "/spec", &spec);
            belongs(context, object, workload.name.as_str(), found);
        }
        if let Some(object) = source {
            let data = json!({"username": user.name, "password": "{{ .password }}"});
            let template = json!({"engineVersion": "v2", "type": "Opaque", "metadata": {"labels": object.labels}, "data": data});
            let source = json!({"key": manager_key(context, user.password.path()), "property": user.password.key()});
            let spec = json!({
                "refreshInterval": "1h",
                "secretStoreRef": {"kind": "SecretStore", "name": "platgen"},
                "target": {"name": secret, "creationPolicy": "Owner", "deletionPolicy": "Retain", "template": template},
                "data": [{"secretKey": "password", "remoteRef": source}],
            });
            expect(context, found, "wrong-secrets", object, "/spec", &spec);
        }
    }
}
