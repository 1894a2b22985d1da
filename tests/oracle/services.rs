//! Presence: how many pods a workload has, how many may be away, and the Services in front of it.

use super::Finding;
use super::compare::expect;
use super::context::{RegionContext, Running, WORKLOAD};
use platgen::inventory::{Object, Selector};
use platgen::model::{Entrance, Kind, Protocol, Replication, Workload};
use platgen::value::Utilization;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn scale(context: &RegionContext, found: &mut Vec<Finding>) {
    let mut scalers: BTreeMap<String, Vec<&Object>> = BTreeMap::new();
    for scaler in context.inventory.of_kind("HorizontalPodAutoscaler") {
        let target =
            format!("{}/{}/{}", scaler.text("/spec/scaleTargetRef/kind"), scaler.namespace, scaler.text("/spec/scaleTargetRef/name"));
        scalers.entry(target).or_default().push(scaler);
    }
    let mut budgets: BTreeMap<usize, &Object> = BTreeMap::new();
    for budget in context.inventory.of_kind("PodDisruptionBudget") {
        let selector = budget.at("/spec/selector").map(Selector::of).unwrap_or_default();
        budgets.extend(context.inventory.selected(&budget.namespace, &selector).into_iter().map(|pod| (pod, budget)));
    }
    let budgeted: BTreeMap<String, &Object> = budgets
        .into_iter()
        .filter_map(|(pod, budget)| Some((context.inventory.owner(context.inventory.pods().get(pod)?).id(), budget)))
        .collect();
    for Running { workload, object, .. } in context.running() {
        let scales = matches!(workload.kind, Kind::Deployment | Kind::StatefulSet);
        let fixed = if scales && workload.autoscaling.is_none() { json!(workload.replicas.0) } else { Value::Null };
        expect(context, found, "wrong-scale", object, "/spec/replicas", &fixed);
        let own = scalers.get(&object.id()).map_or(&[][..], Vec::as_slice);
        match (workload.autoscaling.as_ref().filter(|_| scales), own) {
            (None, []) => {}
            (Some(_), [scaler]) => autoscaler(context, workload, scaler, found),
            (wanted, own) => {
                let message =
                    format!("`{}` has {} autoscalers, where it should be {}", object.id(), own.len(), usize::from(wanted.is_some()));
                if !own.iter().any(|scaler| context.is_changed(scaler)) {
                    found.push(context.finding("wrong-scale", object, message));
                }
            }
        }
        let budget = budgeted.get(&object.id());
        if scales && workload.replicas.0 > 1 {
            match budget {
                None => {
                    let message = format!("no disruption budget is about the {} replicas of `{}`", workload.replicas.0, object.id());
                    found.push(context.finding("missing-budget", object, message));
                }
                Some(budget) => {
                    expect(context, found, "missing-budget", budget, "/spec/maxUnavailable", &json!(1));
                    expect(context, found, "missing-budget", budget, "/spec/minAvailable", &Value::Null);
                    expect(context, found, "missing-budget", budget, "/spec/unhealthyPodEvictionPolicy", &json!("AlwaysAllow"));
                }
            }
        }
    }
}

fn autoscaler(context: &RegionContext, workload: &Workload, scaler: &Object, found: &mut Vec<Finding>) {
    let Some(scaling) = &workload.autoscaling else { return };
    let metric = |name: &str, share: Option<Utilization>| {
        share.map(|share| {
            let target = json!({"type": "Utilization", "averageUtilization": share.percent()});
            json!({"type": "ContainerResource", "containerResource": {"container": workload.main.name, "name": name, "target": target}})
        })
    };
    let metrics: Vec<Value> = [metric("cpu", scaling.cpu), metric("memory", scaling.memory)].into_iter().flatten().collect();
    for (place, wanted) in [
        ("/spec/minReplicas", json!(workload.replicas.0)),
        ("/spec/maxReplicas", json!(workload.replicas.1)),
        ("/spec/metrics", Value::Array(metrics)),
    ] {
        expect(context, found, "wrong-scale", scaler, place, &wanted);
    }
}

pub(super) fn services(context: &RegionContext, found: &mut Vec<Finding>) {
    let mut by_workload: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for service in context.inventory.of_kind("Service").filter(|service| !context.is_by_hand(service)) {
        if let Some(workload) = context.workload_of(service) {
            by_workload.entry(format!("{}/{}", workload.namespace, workload.name)).or_default().insert(&service.name);
        }
    }
    for Running { workload, object, .. } in context.running() {
        let key = format!("{}/{}", workload.namespace, workload.name);
        let names = workload.service.as_ref().map(|service| std::iter::once(&workload.name).chain(&service.aliases));
        let mut wanted: BTreeSet<&str> = names.into_iter().flatten().map(|name| name.as_str()).collect();
        let members = object.text("/spec/serviceName");
        if matches!(workload.kind, Kind::StatefulSet) {
            wanted.insert(members);
        }
        let has = by_workload.remove(&key).unwrap_or_default();
        for name in wanted.difference(&has) {
            let message = format!("`{key}` has no Service `{name}`");
            found.push(context.about("wrong-service", &format!("Service/{}/{name}", workload.namespace), message));
        }
        for name in has {
            let Some(service) = context.inventory.get("Service", workload.namespace.as_str(), name) else { continue };
            if !wanted.contains(name) {
                let message = format!("`{key}` has a Service `{name}`, which the spec does not have");
                found.push(context.finding("wrong-service", service, message));
                continue;
            }
            let of_members = name == members && matches!(workload.kind, Kind::StatefulSet);
            let headless = of_members || workload.service.as_ref().is_some_and(|service| service.headless);
            // Clients of a store of several servers reach its proxies.
            let to_proxies = !of_members && matches!(workload.replication, Some(Replication::Servers { .. }));
            let pods = if to_proxies { format!("{}-proxy", workload.name) } else { workload.name.to_string() };
            for (place, value) in [
                ("/spec/selector", json!({WORKLOAD: pods})),
                ("/spec/type", json!("ClusterIP")),
                ("/spec/clusterIP", if headless { json!("None") } else { Value::Null }),
                ("/spec/publishNotReadyAddresses", if of_members { json!(true) } else { Value::Null }),
                ("/spec/externalIPs", Value::Null),
                ("/spec/ports", ports(workload)),
            ] {
                expect(context, found, "wrong-service", service, place, &value);
            }
        }
    }
}

pub(super) fn ports(workload: &Workload) -> Value {
    let ports = workload.service.iter().flat_map(|service| &service.ports);
    let ports: Vec<Value> = ports
        .map(|port| {
            let own: Vec<Entrance> = workload.exposures.iter().filter(|one| one.port == port.port).map(|one| one.entrance).collect();
            let speaks = match port.protocol {
                _ if !own.is_empty() && !own.contains(&Entrance::Http) => Value::Null,
                Some(Protocol::Http) => json!("http"),
                Some(Protocol::Https) => json!("https"),
                Some(Protocol::Grpc) => json!("kubernetes.io/h2c"),
                Some(Protocol::Tcp) | None => Value::Null,
            };
            json!({"name": port.name, "port": port.port, "targetPort": port.target, "protocol": port.transport.name(), "appProtocol": speaks})
        })
        .collect();
    if ports.is_empty() { Value::Null } else { Value::Array(ports) }
}

/// The Services of a store are those of `names`, with this selector.
pub(super) fn of_store(context: &RegionContext, workload: &Workload, names: &[&str], selector: &Value, found: &mut Vec<Finding>) {
    let namespace = workload.namespace.as_str();
    let of_it =
        |service: &&Object| !context.is_by_hand(service) && context.workload_of(service).is_some_and(|known| known.span == workload.span);
    let has: BTreeSet<&str> = context.inventory.of_kind("Service").filter(of_it).map(|service| service.name.as_str()).collect();
    let wanted: BTreeSet<&str> = names.iter().copied().collect();
    for name in wanted.symmetric_difference(&has) {
        let message = format!("the store `{namespace}/{}` and the Service `{name}` do not belong together", workload.name);
        found.push(context.about("wrong-service", &format!("Service/{namespace}/{name}"), message));
    }
    for service in wanted.iter().filter_map(|name| context.inventory.get("Service", namespace, name)) {
        for (place, value) in [
            ("/spec/selector", selector),
            ("/spec/type", &json!("ClusterIP")),
            ("/spec/clusterIP", &Value::Null),
            ("/spec/externalIPs", &Value::Null),
            ("/spec/ports", &ports(workload)),
        ] {
            expect(context, found, "wrong-service", service, place, value);
        }
    }
}

/// The further names of a workload.
pub(super) fn aliases(workload: &Workload) -> Vec<&str> {
    workload.service.iter().flat_map(|service| &service.aliases).map(|name| name.as_str()).collect()
}

/// The name of a workload and its further ones.
pub(super) fn names(workload: &Workload) -> Vec<&str> {
    [vec![workload.name.as_str()], aliases(workload)].concat()
}
