//! Names inside of a pod lead to its volumes and ports, and no two parts have the same name.

use super::context::{TreeContext, containers, list, text};
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) const RULE: Rule =
    Rule { codes: &[Code::MissingVolume, Code::DuplicateName, Code::MissingPort], judge: Judge::Tree(judge), loosens: false };

fn judge(context: &TreeContext, found: &mut Vec<Finding>) {
    for (object, pointer, spec) in context.pods() {
        let id = object.id();
        let mut tell = |rule, at: String, message: String, help: &str| found.push(Finding::new(rule, object, &at, message, help));
        let claims = object.items("/spec/volumeClaimTemplates").iter().map(|claim| text(claim, "/metadata/name"));
        let volumes: BTreeSet<&str> = list(spec, "volumes").iter().map(|volume| text(volume, "/name")).chain(claims).collect();
        let mut twice = |what: &str, at: String, items: &[&Value], field: &str| {
            let mut seen = BTreeSet::new();
            let names = items.iter().map(|item| text(item, field)).filter(|name| !name.is_empty());
            if let Some(name) = names.into_iter().find(|name| !seen.insert(*name)) {
                tell(Code::DuplicateName, at, format!("`{id}` has two {what} `{name}`"), "rename one of them");
            }
        };
        twice("volumes", format!("{pointer}/volumes"), &list(spec, "volumes").iter().collect::<Vec<_>>(), "/name");
        let containers: Vec<(String, &Value)> = containers(&pointer, spec);
        twice(
            "containers",
            format!("{pointer}/containers"),
            &containers.iter().map(|(_, container)| *container).collect::<Vec<_>>(),
            "/name",
        );
        for (at, container) in &containers {
            for (what, key, field) in
                [("variables", "env", "/name"), ("mounts at", "volumeMounts", "/mountPath"), ("ports", "ports", "/name")]
            {
                twice(what, format!("{at}/{key}"), &list(container, key).iter().collect::<Vec<_>>(), field);
            }
        }
        for (at, container) in &containers {
            let name = text(container, "/name");
            for (number, mount) in list(container, "volumeMounts").iter().enumerate() {
                let volume = text(mount, "/name");
                if !volumes.contains(volume) {
                    let message = format!("the container `{name}` of `{id}` mounts the volume `{volume}`, which the pod does not have");
                    let at = format!("{at}/volumeMounts/{number}/name");
                    tell(Code::MissingVolume, at, message, "declare the volume, or mount one that is declared");
                }
            }
            for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
                for action in ["httpGet", "tcpSocket"] {
                    let place = format!("/{probe}/{action}/port");
                    let port = text(container, &place);
                    if !port.is_empty() && !list(container, "ports").iter().any(|known| text(known, "/name") == port) {
                        let message = format!(
                            "the `{probe}` of the container `{name}` of `{id}` asks the port `{port}`, which the container does not have"
                        );
                        tell(Code::MissingPort, format!("{at}{place}"), message, "name a port of the container");
                    }
                }
            }
        }
    }
}
