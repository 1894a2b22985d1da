//! No pod uses the namespaces, folders or ports of its node.

use super::context::{TreeContext, list, text};
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;

pub(super) const RULE: Rule =
    Rule { codes: &[Code::HostNamespace, Code::HostPath, Code::HostPort], judge: Judge::Tree(judge), loosens: true };

const NAMESPACES: [(&str, &str); 3] = [("hostNetwork", "network"), ("hostPID", "processes"), ("hostIPC", "shared memory")];

fn judge(context: &TreeContext, found: &mut Vec<Finding>) {
    for (object, pointer, spec) in context.pods() {
        let id = object.id();
        for (field, what) in NAMESPACES {
            if spec.get(field).is_some_and(|value| value == true) {
                let message = format!("the pods of `{id}` share the {what} of their node (`{field}`)");
                let help = "remove it; no network policy applies to pods in the network of their node";
                let help = if field == "hostNetwork" { help } else { "remove it" };
                found.push(Finding::new(Code::HostNamespace, object, &format!("{pointer}/{field}"), message, help));
            }
        }
        for (number, volume) in list(spec, "volumes").iter().enumerate().filter(|(_, volume)| volume.get("hostPath").is_some()) {
            let message =
                format!("the volume `{}` of `{id}` is the folder `{}` of the node", text(volume, "/name"), text(volume, "/hostPath/path"));
            let at = format!("{pointer}/volumes/{number}/hostPath");
            found.push(Finding::new(Code::HostPath, object, &at, message, "use a volume of the pod's own"));
        }
    }
    for container in context.containers() {
        // In the network of the node every port is one of the node: the API server fills `hostPort` in.
        if container.pod.get("hostNetwork").is_some_and(|value| value == true) {
            continue;
        }
        for (number, port) in list(container.value, "ports").iter().enumerate() {
            if let Some(host) = port.get("hostPort").and_then(|port| port.as_u64()).filter(|host| *host > 0) {
                let message = format!("{} takes the port {host} of its node", container.shown());
                found.push(container.finding(Code::HostPort, &format!("/ports/{number}/hostPort"), message, "use a Service"));
            }
        }
    }
}
