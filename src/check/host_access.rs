//! No pod uses the namespaces, folders or ports of its node.

use super::context::{TreeContext, list, text};
use super::pod_parts::containers;
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
        for (at, container) in containers(&pointer, spec) {
            for (number, port) in list(container, "ports").iter().enumerate() {
                // Every port of a pod in the network of its node is one of the node: the API server fills it in.
                let host = port
                    .get("hostPort")
                    .and_then(|port| port.as_u64())
                    .filter(|_| spec.get("hostNetwork").is_none_or(|value| value != true));
                if let Some(host) = host.filter(|host| *host > 0) {
                    let message = format!("the container `{}` of `{id}` takes the port {host} of its node", text(container, "/name"));
                    let at = format!("{at}/ports/{number}/hostPort");
                    found.push(Finding::new(Code::HostPort, object, &at, message, "use a Service"));
                }
            }
        }
    }
}
