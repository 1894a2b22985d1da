//! Presence: every workload of the model runs, once, with the containers, rights and places that the model gives it.

use super::Finding;
use super::compare::expect;
use super::context::{RegionContext, Running, WORKLOAD};
use platgen::model::{Container, Kind, Probe, ProbeAction, Replication, Software, Spread, Workload};
use serde_json::{Map, Value, json};

/// Seconds between a pod leaving its Service and being told to stop.
const DRAIN: u64 = 10;

/// The kind of object that runs a workload.
pub(super) fn kind(workload: &Workload) -> &'static str {
    match &workload.kind {
        Kind::Deployment => "Deployment",
        Kind::StatefulSet => "StatefulSet",
        Kind::DaemonSet => "DaemonSet",
        Kind::Operated(servers) => match servers.software {
            Software::Postgres(_) => "Cluster",
            Software::Rabbitmq => "RabbitmqCluster",
            Software::Kafka(_) => "Kafka",
            Software::Mysql(_) => "PerconaXtraDBCluster",
            Software::Mongodb(_) => "PerconaServerMongoDB",
        },
        // The job of a restore test makes it, from a text there.
        Kind::Restored(_) => "ConfigMap",
        Kind::CronJob(_) => "CronJob",
        Kind::Job { .. } => "Job",
    }
}

pub(super) fn workloads(context: &RegionContext, found: &mut Vec<Finding>) {
    for workload in context.region.workloads.values() {
        let mut owners: Vec<_> =
            context.pods_of(workload).map(|pod| context.inventory.owner(pod)).filter(|owner| !context.is_by_hand(owner)).collect();
        // The pods of an operator differ in their labels.
        owners.dedup_by_key(|owner| owner.id());
        let name = format!("{}/{}", workload.namespace, workload.name);
        let message = match &owners[..] {
            [one] if one.kind == kind(workload) => continue,
            [one] => format!("`{name}` is a {}, where it should be {}", one.kind, kind(workload)),
            [] => format!("nothing runs `{name}`"),
            _ => format!("{} objects run `{name}`", owners.len()),
        };
        found.push(context.about("missing-workload", &format!("{}/{name}", kind(workload)), message));
    }
}

/// A container of the model with its place in the document.
pub(super) struct Placed<'s> {
    pub(super) container: &'s Container,
    /// The pointer of the container; empty where the document lacks it.
    pub(super) pointer: String,
    part: Part,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Part {
    Main,
    Init,
    Sidecar,
}

/// Every container of the model that the document has.
pub(super) fn placed<'s>(running: &Running<'s>) -> Vec<Placed<'s>> {
    let Running { workload, object, pod } = *running;
    let parts = [
        (std::slice::from_ref(&workload.main), "containers", Part::Main),
        (&workload.init[..], "initContainers", Part::Init),
        (&workload.sidecars[..], "initContainers", Part::Sidecar),
    ];
    let mut placed = Vec::new();
    for (containers, list, part) in parts {
        let pointer = format!("{}/{list}", pod.spec());
        let names: Vec<&str> =
            object.items(&pointer).iter().map(|known| known.get("name").and_then(Value::as_str).unwrap_or_default()).collect();
        for container in containers {
            if let Some(at) = names.iter().position(|name| *name == container.name.as_str()) {
                placed.push(Placed { container, pointer: format!("{pointer}/{at}"), part });
            }
        }
    }
    placed
}

pub(super) fn containers(context: &RegionContext, found: &mut Vec<Finding>) {
    for running in context.running() {
        let Running { workload, object, pod } = running;
        let wanted = [("containers", vec![workload.main.name.as_str()]), ("initContainers", order(workload))];
        for (list, wanted) in wanted {
            let pointer = format!("{}/{list}", pod.spec());
            let names: Vec<&str> =
                object.items(&pointer).iter().map(|known| known.get("name").and_then(Value::as_str).unwrap_or_default()).collect();
            if names != wanted && !context.is_patched(object, &pointer) {
                let message = format!("`{}` of `{}` are {names:?}, where it should be {wanted:?}", list, object.id());
                found.push(context.finding("wrong-containers", object, message));
            }
        }
        for one in placed(&running) {
            let mut want =
                |rule, field: &str, value: Value| expect(context, found, rule, object, &format!("{}/{field}", one.pointer), &value);
            let container = one.container;
            let texts = |list: &[String]| if list.is_empty() { Value::Null } else { json!(list) };
            let ports: Vec<Value> = container
                .ports
                .iter()
                .map(|(name, port)| json!({"name": name, "containerPort": port.number(), "protocol": port.transport().name()}))
                .collect();
            want("wrong-containers", "image", json!(container.image));
            want("wrong-containers", "command", texts(&container.command));
            want("wrong-containers", "args", texts(&container.args));
            want("wrong-containers", "ports", if ports.is_empty() { Value::Null } else { Value::Array(ports) });
            want("wrong-containers", "restartPolicy", if one.part == Part::Sidecar { json!("Always") } else { Value::Null });
            // An init container is over when it ends: nothing probes it.
            let probes = &container.probes;
            for (field, wanted) in [("startupProbe", &probes.start), ("readinessProbe", &probes.ready), ("livenessProbe", &probes.live)] {
                want("wrong-probes", field, wanted.as_ref().filter(|_| one.part != Part::Init).map_or(Value::Null, probe));
            }
            want("wrong-resources", "resources", resources(container));
            want("wrong-security", "securityContext", rights(container));
            want("wrong-containers", "workingDir", json!(container.workdir));
            let hook = if !container.stop.is_empty() {
                json!({"preStop": {"exec": {"command": container.stop}}})
            } else if one.part == Part::Main && is_called(workload) {
                json!({"preStop": {"sleep": {"seconds": DRAIN}}})
            } else {
                Value::Null
            };
            want("wrong-shutdown", "lifecycle", hook);
        }
    }
}

/// The names of the init containers and sidecars in the order in which they start.
fn order(workload: &Workload) -> Vec<&str> {
    let (early, late): (Vec<&Container>, Vec<&Container>) = workload.sidecars.iter().partition(|one| one.before_init);
    early.into_iter().chain(&workload.init).chain(late).map(|one| one.name.as_str()).collect()
}

fn probe(probe: &Probe) -> Value {
    let mut map = Map::new();
    match &probe.action {
        ProbeAction::Http { tls, path, port, headers } => {
            let headers: Vec<Value> = headers.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
            let headers = if headers.is_empty() { Value::Null } else { Value::Array(headers) };
            let scheme = if *tls { json!("HTTPS") } else { Value::Null };
            map.insert("httpGet".to_owned(), json!({"path": path, "port": port, "scheme": scheme, "httpHeaders": headers}));
        }
        ProbeAction::Grpc { service, port } => {
            let service = if service.is_empty() { Value::Null } else { json!(service) };
            map.insert("grpc".to_owned(), json!({"port": port, "service": service}));
        }
        ProbeAction::Tcp { port } => {
            map.insert("tcpSocket".to_owned(), json!({"port": port}));
        }
        ProbeAction::Exec { command } => {
            map.insert("exec".to_owned(), json!({"command": command}));
        }
    }
    let figures = [
        ("initialDelaySeconds", probe.after),
        ("periodSeconds", probe.every),
        ("timeoutSeconds", probe.timeout),
        ("failureThreshold", probe.failures.map(u64::from)),
    ];
    map.extend(figures.map(|(key, figure)| (key.to_owned(), json!(figure))));
    Value::Object(map)
}

pub(super) fn resources(container: &Container) -> Value {
    let (mut requests, mut limits) = (Map::new(), Map::new());
    if let Some((request, limit)) = &container.cpu {
        requests.insert("cpu".to_owned(), json!(request.canonical()));
        limits.extend(limit.as_ref().map(|limit| ("cpu".to_owned(), json!(limit.canonical()))));
    }
    for (name, amount) in [("memory", &container.memory), ("ephemeral-storage", &container.ephemeral)] {
        if let Some((request, limit)) = amount {
            requests.insert(name.to_owned(), json!(request.canonical()));
            limits.insert(name.to_owned(), json!(limit.canonical()));
        }
    }
    if container.gpus > 0 {
        for amounts in [&mut requests, &mut limits] {
            amounts.insert("nvidia.com/gpu".to_owned(), json!(container.gpus.to_string()));
        }
    }
    if requests.is_empty() { Value::Null } else { json!({"requests": requests, "limits": limits}) }
}

fn rights(container: &Container) -> Value {
    let security = &container.security;
    let strong = security.privileged || security.capabilities.iter().any(|name| name == "SYS_ADMIN" || name == "CAP_SYS_ADMIN");
    let add = if security.capabilities.is_empty() { Value::Null } else { json!(security.capabilities) };
    json!({
        "runAsNonRoot": security.user != 0,
        "runAsUser": security.user,
        "runAsGroup": security.group,
        "privileged": security.privileged,
        "allowPrivilegeEscalation": strong,
        "readOnlyRootFilesystem": !security.writable_root,
        "capabilities": {"drop": ["ALL"], "add": add},
        "seccompProfile": {"type": "RuntimeDefault"},
    })
}

pub(super) fn pods(context: &RegionContext, found: &mut Vec<Finding>) {
    // The default account is one of the guards of its namespace.
    for account in context.inventory.of_kind("ServiceAccount").filter(|account| account.name != "default" && !context.is_by_hand(account)) {
        expect(context, found, "wrong-security", account, "/automountServiceAccountToken", &json!(false));
    }
    for running in context.running() {
        let Running { workload, object, pod } = running;
        let spec = pod.spec();
        let ends = matches!(workload.kind, Kind::CronJob(_) | Kind::Job { .. });
        let yes = |value: bool| if value { json!(true) } else { Value::Null };
        let mut want = |rule, field: &str, value: Value| expect(context, found, rule, object, &format!("{spec}/{field}"), &value);
        let security = &workload.main.security;
        let (user, group) = (security.user, security.group);
        want("wrong-security", "serviceAccountName", json!(workload.name));
        want("wrong-security", "automountServiceAccountToken", json!(workload.api.is_some()));
        want("wrong-security", "enableServiceLinks", json!(false));
        want("wrong-security", "hostNetwork", yes(workload.host_network));
        // Names of the cluster are resolved in the node's network as well.
        want("wrong-security", "dnsPolicy", if workload.host_network { json!("ClusterFirstWithHostNet") } else { Value::Null });
        want("wrong-security", "hostPID", yes(workload.host_pid));
        want("wrong-security", "hostIPC", Value::Null);
        want(
            "wrong-security",
            "securityContext",
            json!({
                "runAsNonRoot": user != 0, "runAsUser": user, "runAsGroup": group, "fsGroup": workload.fs_group,
                "fsGroupChangePolicy": "OnRootMismatch", "seccompProfile": {"type": "RuntimeDefault"},
            }),
        );
        want("wrong-shutdown", "terminationGracePeriodSeconds", json!(workload.grace + if is_called(workload) { DRAIN } else { 0 }));
        want("wrong-run", "restartPolicy", if ends { json!("Never") } else { Value::Null });
        let spread = spread(workload, context.region.zones.len());
        want("wrong-placement", "topologySpreadConstraints", spread.clone());
        want("wrong-placement", "nodeSelector", Value::Null);
        want("wrong-placement", "affinity", affinity(workload, !spread.is_null()));
        let tolerations = workload.placement.tolerations.iter();
        let tolerations: Vec<Value> =
            tolerations.map(|one| json!({"key": one.key, "operator": "Equal", "value": one.value, "effect": one.effect})).collect();
        want("wrong-placement", "tolerations", if tolerations.is_empty() { Value::Null } else { Value::Array(tolerations) });
        let (selector, labels) = (json!({"matchLabels": {WORKLOAD: workload.name}}), object.at("/spec/selector"));
        if labels.is_some() || !ends {
            expect(context, found, "wrong-containers", object, "/spec/selector", &selector);
        }
        schedule(context, running, found);
    }
}

fn schedule(context: &RegionContext, Running { workload, object, .. }: Running, found: &mut Vec<Finding>) {
    let mut want = |field: &str, value: Value| expect(context, found, "wrong-run", object, field, &value);
    match &workload.kind {
        Kind::CronJob(cron) => {
            want("/spec/schedule", json!(cron.schedule));
            want("/spec/timeZone", json!(cron.timezone));
            want("/spec/concurrencyPolicy", json!("Forbid"));
            want("/spec/suspend", Value::Null);
            want("/spec/jobTemplate/spec/activeDeadlineSeconds", json!(cron.deadline));
            want("/spec/jobTemplate/spec/backoffLimit", json!(cron.retries));
        }
        Kind::Job { deadline, .. } => {
            want("/spec/activeDeadlineSeconds", json!(deadline));
            want("/spec/suspend", Value::Null);
        }
        Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet | Kind::Operated(_) | Kind::Restored(_) => {}
    }
}

/// Whether a Service leads to the pods: the workload's own, or that of the store whose proxies they are.
fn is_called(workload: &Workload) -> bool {
    workload.service.is_some() || matches!(workload.replication, Some(Replication::Proxies { .. }))
}

fn spread(workload: &Workload, there: usize) -> Value {
    let otherwise = match workload.placement.spread {
        Spread::None => return Value::Null,
        Spread::Soft => "ScheduleAnyway",
        Spread::Hard => "DoNotSchedule",
    };
    let per_rollout = if matches!(workload.kind, Kind::Deployment) { json!(["pod-template-hash"]) } else { Value::Null };
    let one = |key: &str, otherwise: &str| {
        json!({
            "maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": otherwise, "nodeTaintsPolicy": "Honor",
            "labelSelector": {"matchLabels": {WORKLOAD: workload.name}}, "matchLabelKeys": per_rollout, "minDomains": Value::Null,
        })
    };
    let mut zones = one("topology.kubernetes.io/zone", otherwise);
    if matches!(workload.placement.spread, Spread::Hard) {
        // A majority of the servers of a store outlives each zone.
        let servers = usize::try_from(workload.replicas.0).unwrap_or(there).min(there);
        zones["minDomains"] = json!(if matches!(workload.replication, Some(Replication::Servers { .. })) { servers } else { 2 });
    }
    json!([zones, one("kubernetes.io/hostname", "ScheduleAnyway")])
}

pub(super) fn affinity(workload: &Workload, apart: bool) -> Value {
    let placement = &workload.placement;
    let mut conditions = Vec::new();
    let mut condition = |key: &str, values: Value| conditions.push(json!({"key": key, "operator": "In", "values": values}));
    if !placement.everywhere {
        condition("platgen.io/subnet", json!(placement.subnets));
    }
    if let Some(pool) = &placement.pool {
        condition("platgen.io/pool", json!([pool]));
    }
    if !placement.architectures.is_empty() {
        condition("kubernetes.io/arch", json!(placement.architectures));
    }
    let node = match conditions.is_empty() {
        true => Value::Null,
        false => json!({"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": conditions}]}}),
    };
    let term = json!({"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {WORKLOAD: workload.name}}});
    let pods = json!({"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": term}]});
    match (node.is_null(), apart) {
        (true, false) => Value::Null,
        (_, apart) => json!({"nodeAffinity": node, "podAntiAffinity": if apart { pods } else { Value::Null }}),
    }
}
