//! A workload -> the spec of its pods: containers, volumes, and where they may run.

use serde::Serialize;
use serde_json::json;

use super::cluster::Priority;
use super::container::{Part, fragment};
use super::inputs::{ContainerInputs, Inputs};
use super::metadata::Owner;
use super::volume::Volume;
use crate::labels;
use crate::model::{self, Kind, Medium, Spread, Toleration, Workload};
use crate::template::{Fragment, TemplateError, render_fragment};

/// Seconds between the removal of a pod from its Service and SIGTERM. Load balancers and proxies need this long to notice the removal.
const DRAIN: u64 = 10;

/// A constraint on how pods are spread.
#[derive(Serialize)]
pub(super) struct Constraint {
    key: &'static str,
    otherwise: &'static str,
    /// How many zones must have nodes before a second pod may run in one of them.
    domains: Option<u32>,
}

/// One condition on the labels of a node.
#[derive(Serialize)]
pub(super) struct Condition {
    key: &'static str,
    values: Vec<String>,
}

#[derive(Serialize)]
struct View<'m> {
    account: &'m str,
    token: bool,
    priority: String,
    grace: u64,
    restart: Option<&'static str>,
    host_network: bool,
    host_pid: bool,
    ndots: Option<String>,
    user: u32,
    group: u32,
    fs_group: u32,
    non_root: bool,
    init: Option<Vec<Fragment>>,
    main: Fragment,
    volumes: Option<Vec<Volume>>,
    affinity: bool,
    conditions: Option<Vec<Condition>>,
    apart: bool,
    tolerations: Option<Vec<TolerationView<'m>>>,
    spread: Option<Vec<Constraint>>,
    /// Whether the pods of each rollout are spread independently of earlier rollouts.
    per_rollout: bool,
    selector: Fragment,
}

#[derive(Serialize)]
pub(super) struct TolerationView<'m> {
    key: &'m str,
    value: &'m str,
    effect: &'static str,
}

/// Prints the pod's spec as one value.
pub(super) fn fragment_of(owner: &Owner, inputs: &Inputs) -> Result<Fragment, TemplateError> {
    let workload = owner.workload;
    let nothing = ContainerInputs::default();
    let seen = |container: &model::Container| inputs.containers.get(container.name.as_str()).unwrap_or(&nothing);
    let drain = (workload.service.is_some() || workload.is_proxy()).then_some(DRAIN);
    let mut init = Vec::new();
    let sidecars = |first: bool| workload.sidecars.iter().filter(move |one| one.before_init == first).map(|one| (one, Part::Sidecar));
    for (container, part) in sidecars(true).chain(workload.init.iter().map(|one| (one, Part::Init))).chain(sidecars(false)) {
        init.push(fragment(container, part, seen(container))?);
    }
    let ends = matches!(workload.kind, Kind::CronJob(_) | Kind::Job { .. });
    let mut volumes: Vec<Volume> = workload.volumes.iter().filter_map(volume).collect();
    volumes.extend(inputs.volumes.iter().cloned());
    let tolerations: Vec<TolerationView> = workload.placement.tolerations.iter().map(toleration).collect();
    let (conditions, spread) = (conditions(workload), spread(workload));
    let security = &workload.main.security;
    let view = View {
        account: workload.name.as_str(),
        token: workload.api.is_some(),
        priority: Priority::of(workload, owner.context.flows).class(owner.context),
        grace: workload.grace + drain.unwrap_or(0),
        restart: ends.then_some("Never"),
        host_network: workload.host_network,
        host_pid: workload.host_pid,
        ndots: workload.ndots.map(|ndots| ndots.to_string()),
        user: security.user,
        group: security.group,
        fs_group: workload.fs_group,
        non_root: security.user != 0,
        init: (!init.is_empty()).then_some(init),
        main: fragment(&workload.main, Part::Main { drain }, seen(&workload.main))?,
        volumes: (!volumes.is_empty()).then_some(volumes),
        affinity: !(conditions.is_empty() && spread.is_empty()),
        conditions: (!conditions.is_empty()).then_some(conditions),
        apart: !spread.is_empty(),
        tolerations: (!tolerations.is_empty()).then_some(tolerations),
        spread: (!spread.is_empty()).then_some(spread),
        per_rollout: matches!(workload.kind, Kind::Deployment),
        selector: owner.selector.clone(),
    };
    render_fragment("kubernetes/pod.yaml.j2", &view)
}

/// The volume of a pod; claims of a StatefulSet stand in its claim templates instead.
fn volume(volume: &model::Volume) -> Option<Volume> {
    match volume {
        model::Volume::Tmp { name, medium, size } => {
            let size = size.canonical();
            let source = match medium {
                Medium::Disk => json!({"sizeLimit": size}),
                Medium::Memory => json!({"medium": "Memory", "sizeLimit": size}),
            };
            Some(Volume { name: name.clone(), kind: "emptyDir", source })
        }
        model::Volume::Claim { .. } => None,
        model::Volume::Shared { name, claim, read_only } => {
            let source = if *read_only { json!({"claimName": claim, "readOnly": true}) } else { json!({"claimName": claim}) };
            Some(Volume { name: name.clone(), kind: "persistentVolumeClaim", source })
        }
        model::Volume::Host(host) => Some(Volume { name: host.name.clone(), kind: "hostPath", source: json!({"path": host.path}) }),
    }
}

/// The labels that a node must have.
pub(super) fn conditions(workload: &Workload) -> Vec<Condition> {
    let placement = &workload.placement;
    let mut conditions = Vec::new();
    if !placement.everywhere {
        conditions.push(Condition { key: labels::SUBNET, values: placement.subnets.iter().map(ToString::to_string).collect() });
    }
    if let Some(pool) = &placement.pool {
        conditions.push(Condition { key: labels::POOL, values: vec![pool.to_string()] });
    }
    if !placement.architectures.is_empty() {
        let values = placement.architectures.iter().map(|name| (*name).to_owned()).collect();
        conditions.push(Condition { key: "kubernetes.io/arch", values });
    }
    conditions
}

pub(super) fn toleration(toleration: &Toleration) -> TolerationView<'_> {
    TolerationView { key: &toleration.key, value: &toleration.value, effect: toleration.effect }
}

/// The constraints over zones, as strict as the model says, and over nodes, where possible.
pub(super) fn spread(workload: &Workload) -> Vec<Constraint> {
    let otherwise = match workload.placement.spread {
        Spread::None => return Vec::new(),
        Spread::Soft => "ScheduleAnyway",
        Spread::Hard => "DoNotSchedule",
    };
    let zones = Constraint { key: "topology.kubernetes.io/zone", otherwise, domains: workload.placement.min_domains };
    vec![zones, Constraint { key: "kubernetes.io/hostname", otherwise: "ScheduleAnyway", domains: None }]
}
