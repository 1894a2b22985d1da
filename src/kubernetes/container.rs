//! A container -> its part of a pod, with the rights it needs and no others.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::json;

use super::inputs::{ContainerInputs, EnvironmentVariable, VariableSource};
use super::metadata::fragment as texts;
use crate::model::{Container, Probe, ProbeAction};
use crate::template::{Fragment, TemplateError, render_fragment};
use crate::value::{NetworkPort, Quantity};

/// The resource of the device plugin of NVIDIA.
const GPU: &str = "nvidia.com/gpu";

/// The role of a container in its pod.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Part {
    /// Runs to completion before the others.
    Init,
    /// Starts before the main container and stops after it. A job ends without it.
    Sidecar,
    /// The app itself.
    Main {
        /// Seconds between the removal from the Service and SIGTERM, in which load balancers notice the removal.
        drain: Option<u64>,
    },
}

#[derive(Serialize)]
struct View<'m> {
    name: &'m str,
    image: &'m str,
    restart: Option<&'static str>,
    command: Option<&'m [String]>,
    args: Option<&'m [String]>,
    sources: Option<&'m [VariableSource]>,
    workdir: Option<&'m str>,
    variables: Option<&'m [EnvironmentVariable]>,
    ports: Option<Vec<Port<'m>>>,
    resources: Option<Resources>,
    probes: Vec<ProbeView>,
    stop: Option<&'m [String]>,
    drain: Option<u64>,
    user: u32,
    group: u32,
    non_root: bool,
    privileged: bool,
    escalation: bool,
    read_only: bool,
    capabilities: Option<&'m [String]>,
    mounts: Option<Vec<Mount<'m>>>,
}

#[derive(Serialize)]
struct Port<'m> {
    name: &'m str,
    number: u16,
    protocol: &'static str,
}

#[derive(Serialize)]
pub(super) struct Resources {
    requests: Fragment,
    limits: Fragment,
}

#[derive(Serialize)]
struct Mount<'m> {
    volume: &'m str,
    path: &'m str,
    key: Option<&'m str>,
    read_only: bool,
}

#[derive(Serialize)]
struct ProbeView {
    field: &'static str,
    action: &'static str,
    argument: Fragment,
    after: Option<u64>,
    every: Option<u64>,
    timeout: Option<u64>,
    failures: Option<u32>,
}

/// Prints the container as one value.
pub(super) fn fragment<'m>(container: &'m Container, part: Part, seen: &ContainerInputs) -> Result<Fragment, TemplateError> {
    let security = &container.security;
    let some = |list: &'_ [String]| !list.is_empty();
    let port = |(name, port): &'m (String, NetworkPort)| Port { name, number: port.number(), protocol: port.transport().name() };
    let ports: Vec<Port> = container.ports.iter().map(port).collect();
    let volumes = container.mounts.iter();
    let mut mounts: Vec<Mount> =
        volumes.map(|mount| Mount { volume: &mount.volume, path: &mount.path, key: None, read_only: mount.read_only }).collect();
    mounts.extend(seen.mounts.iter().map(|file| Mount { volume: &file.volume, path: &file.path, key: Some(&file.key), read_only: true }));
    // The API refuses probes of init containers.
    let probes = if part == Part::Init { Vec::new() } else { probes(container) };
    let view = View {
        name: container.name.as_str(),
        image: &container.image,
        restart: (part == Part::Sidecar).then_some("Always"),
        command: some(&container.command).then_some(&container.command),
        args: some(&container.args).then_some(&container.args),
        workdir: container.workdir.as_deref(),
        sources: (!seen.sources.is_empty()).then_some(&seen.sources),
        variables: (!seen.variables.is_empty()).then_some(&seen.variables),
        ports: (!ports.is_empty()).then_some(ports),
        resources: resources(container),
        probes,
        stop: some(&container.stop).then_some(&container.stop),
        // A container has one hook: the command of the spec takes the place of the wait.
        drain: if let (Part::Main { drain }, []) = (part, &container.stop[..]) { drain } else { None },
        user: security.user,
        group: security.group,
        non_root: security.user != 0,
        privileged: security.privileged,
        // The API requires it for privileged containers and for CAP_SYS_ADMIN.
        escalation: security.privileged || security.capabilities.iter().any(|name| name == "SYS_ADMIN" || name == "CAP_SYS_ADMIN"),
        read_only: !security.writable_root,
        capabilities: some(&security.capabilities).then_some(&security.capabilities),
        mounts: (!mounts.is_empty()).then_some(mounts),
    };
    render_fragment("kubernetes/container.yaml.j2", &view)
}

/// The requests and limits of a container.
pub(super) fn resources(container: &Container) -> Option<Resources> {
    fn both(amount: &Option<(Quantity, Quantity)>) -> Option<(&Quantity, Option<&Quantity>)> {
        amount.as_ref().map(|(request, limit)| (request, Some(limit)))
    }
    let cpu = container.cpu.as_ref().map(|(request, limit)| (request, limit.as_ref()));
    let (mut requests, mut limits) = (BTreeMap::new(), BTreeMap::new());
    for (name, amount) in [("cpu", cpu), ("memory", both(&container.memory)), ("ephemeral-storage", both(&container.ephemeral))] {
        let Some((request, limit)) = amount else { continue };
        requests.insert(name, request.canonical());
        limits.extend(limit.map(|limit| (name, limit.canonical())));
    }
    if container.gpus > 0 {
        requests.insert(GPU, container.gpus.to_string());
        limits.insert(GPU, container.gpus.to_string());
    }
    (!requests.is_empty()).then(|| Resources { requests: texts(&requests), limits: texts(&limits) })
}

fn probes(container: &Container) -> Vec<ProbeView> {
    let probes = &container.probes;
    let fields = [("startupProbe", &probes.start), ("readinessProbe", &probes.ready), ("livenessProbe", &probes.live)];
    fields.into_iter().filter_map(|(field, probe)| probe.as_ref().map(|probe| probe_view(field, probe))).collect()
}

fn probe_view(field: &'static str, probe: &Probe) -> ProbeView {
    let (action, argument) = match &probe.action {
        ProbeAction::Http { tls, path, port, headers } => {
            let mut request = json!({"path": path, "port": port});
            if *tls {
                request["scheme"] = json!("HTTPS");
            }
            if !headers.is_empty() {
                request["httpHeaders"] = headers.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
            }
            ("httpGet", request)
        }
        ProbeAction::Grpc { service, port } if service.is_empty() => ("grpc", json!({"port": port})),
        ProbeAction::Grpc { service, port } => ("grpc", json!({"port": port, "service": service})),
        ProbeAction::Tcp { port } => ("tcpSocket", json!({"port": port})),
        ProbeAction::Exec { command } => ("exec", json!({"command": command})),
    };
    let Probe { after, every, timeout, failures, .. } = *probe;
    ProbeView { field, action, argument: Fragment::from_json(&argument), after, every, timeout, failures }
}
