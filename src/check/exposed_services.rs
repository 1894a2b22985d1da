//! No Service is reached from outside of the cluster: load balancers belong to the Gateways.

use super::context::TreeContext;
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;

pub(super) const RULE: Rule = Rule { codes: &[Code::ExposedService], judge: Judge::Tree(judge), loosens: true };

fn judge(context: &TreeContext, found: &mut Vec<Finding>) {
    for object in context.inventory.of_kind("Service") {
        let (at, how) = match object.text("/spec/type") {
            "LoadBalancer" => ("/spec/type", "by a load balancer of its own"),
            "NodePort" => ("/spec/type", "on a port of every node"),
            _ if !object.items("/spec/externalIPs").is_empty() => ("/spec/externalIPs", "at external addresses"),
            _ => continue,
        };
        let help = if context.closed {
            "declare the way in with `expose`"
        } else {
            "make it a `ClusterIP`, and route requests through a Gateway or an Ingress"
        };
        let message = format!("`{}` exposes its pods {how}", object.id());
        found.push(Finding::new(Code::ExposedService, object, at, message, help));
    }
}
