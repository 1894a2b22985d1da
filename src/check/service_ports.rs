//! Every port of a Service leads to a port of the pods behind it.

use super::context::{TreeContext, list};
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;
use crate::inventory::{PodTemplate, Selector};
use serde_json::Value;

pub(super) const RULE: Rule = Rule { codes: &[Code::MissingPort], judge: Judge::Tree(judge), loosens: false };

fn judge(context: &TreeContext, found: &mut Vec<Finding>) {
    for object in context.inventory.of_kind("Service") {
        let Some(selector) = object.at("/spec/selector").map(Selector::of_labels).filter(|selector| !selector.is_everything()) else {
            continue;
        };
        let pods = context.inventory.selected(&object.namespace, &selector);
        for (at, port) in object.items("/spec/ports").iter().enumerate() {
            let key = if port.get("targetPort").is_some() { "targetPort" } else { "port" };
            let Some(target) = port.get(key) else { continue };
            let lacks = |pod: &&PodTemplate| !may_have_port(context, pod, target);
            if let Some(pod) = pods.iter().filter_map(|number| context.inventory.pods().get(*number)).find(lacks) {
                let owner = context.inventory.owner(pod).id();
                let shown = target.as_str().map_or_else(|| target.to_string(), str::to_owned);
                let message = format!("`{}` leads to the port `{shown}`, which the pods of `{owner}` do not have", object.id());
                found.push(Finding::new(
                    Code::MissingPort,
                    object,
                    &format!("/spec/ports/{at}/{key}"),
                    message,
                    "name a port of their containers",
                ));
            }
        }
    }
}

/// Whether some container of the pod may have the port. A container need not list its ports: one that lists none in a tree of others may listen on any number.
pub(super) fn may_have_port(context: &TreeContext, pod: &PodTemplate, port: &Value) -> bool {
    if let Some(operated) = pod.operated {
        return operated.ports.iter().any(|(name, number)| *port == *name || *port == *number);
    }
    let Some(spec) = context.inventory.owner(pod).at(&pod.spec()) else { return false };
    let containers = || list(spec, "containers").iter().chain(list(spec, "initContainers"));
    let mut ports = containers().flat_map(|container| list(container, "ports"));
    let silent = || !context.closed && !port.is_string() && containers().any(|container| list(container, "ports").is_empty());
    ports.any(|known| known.get(if port.is_string() { "name" } else { "containerPort" }) == Some(port)) || silent()
}
