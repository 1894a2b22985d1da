//! No Service is reached from outside of the cluster: load balancers belong to the Gateways.

use super::context::RegionContext;
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;

pub(super) const RULE: Rule = Rule { codes: &[Code::ExposedService], judge: Judge::Region(judge), loosens: true };

fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    for object in context.tree.inventory.of_kind("Service") {
        let (at, how) = match object.text("/spec/type") {
            "LoadBalancer" => ("/spec/type", "by a load balancer of its own"),
            "NodePort" => ("/spec/type", "on a port of every node"),
            _ if !object.items("/spec/externalIPs").is_empty() => ("/spec/externalIPs", "at external addresses"),
            _ => continue,
        };
        let message = format!("`{}` exposes its pods {how}", object.id());
        found.push(Finding::new(Code::ExposedService, object, at, message, "declare the way in with `expose`"));
    }
}
