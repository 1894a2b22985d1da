//! The scripts that make and delete the cluster of a desktop.

use super::addons::{Addon, Needed, Source};
use super::secrets::needed;
use super::{Desk, HEADER};
use crate::diagnostic::wording::shell_quoted as quoted;
use std::collections::BTreeSet;
use std::fmt::Write;

const UP: &str = include_str!("../../../templates/output/desktop/up.sh");

const DOWN: &str = include_str!("../../../templates/output/desktop/down.sh");

/// Seconds to wait for a rollout.
const PATIENCE: u64 = 900;

/// The text of `up.sh`.
pub(super) fn up(desk: &Desk, needed: &Needed) -> String {
    let place = format!("{} in {}", desk.platform.environment, desk.region.name);
    let header = format!(
        "#!/bin/sh\n{HEADER}#\n# Makes a kind cluster with {place}, or brings it up to date. Can run again at any time. Speaks to this cluster alone: the\n\
         # kubeconfig beside the script knows no other, and that of your own is neither read nor written.\n"
    );
    let body = UP
        .replace("%NAME%", &quoted(&desk.desktop.name))
        .replace("%TOOLS%", &tools(desk, needed))
        .replace("%VALUES%", &values(desk))
        .replace("%NETWORK%", &needed.network.map(install).unwrap_or_default())
        .replace("%ADDONS%", &addons(desk, needed))
        .replace("%ROLLOUTS%", &rollouts(desk));
    format!("{header}{}", without_unused(&body))
}

/// The text of `down.sh`.
pub(super) fn down(desk: &Desk) -> String {
    let header = format!("#!/bin/sh\n{HEADER}#\n# Deletes the kind cluster of this folder with all its data. `secrets.env` stays.\n");
    format!("{header}{}", DOWN.replace("%NAME%", &quoted(&desk.desktop.name)))
}

/// The functions of the script that nothing calls are left out. Each stands after a comment that starts with its name.
fn without_unused(body: &str) -> String {
    const SOMETIMES: [&str; 10] =
        ["namespace", "addon", "bundle", "strimzi", "chart", "class", "certificate", "read_values", "need", "secret"];
    let mut parts: Vec<&str> = body.split("\n\n").collect();
    loop {
        let function = |part: &str| {
            let name = part.strip_prefix("# ")?.split([' ', ':']).next()?;
            SOMETIMES.into_iter().find(|known| *known == name)
        };
        let is_called = |name: &str| {
            let calls = |line: &str| line.trim().split([' ', '"']).next() == Some(name);
            parts.iter().filter(|part| function(part) != Some(name)).any(|part| part.lines().any(calls))
        };
        let before = parts.len();
        let kept: Vec<&str> = parts.iter().copied().filter(|part| function(part).is_none_or(is_called)).collect();
        parts = kept;
        if parts.len() == before {
            return parts.join("\n\n");
        }
    }
}

/// The programs that the script calls.
pub(super) fn tools(desk: &Desk, needed: &Needed) -> String {
    let all = needed.addons.iter().copied().chain(needed.network);
    let sources: Vec<Source> = all.map(|addon| addon.source).collect();
    let mut tools = vec!["kind", "kubectl"];
    tools.extend((!desk.uses.certificates.is_empty()).then_some("openssl"));
    tools.extend(sources.iter().any(|source| matches!(source, Source::Strimzi(_))).then_some("curl"));
    tools.extend(sources.iter().any(|source| matches!(source, Source::Chart(_))).then_some("helm"));
    tools.join(" ")
}

/// The values that have to be there before anything is made.
fn values(desk: &Desk) -> String {
    let mut text = String::new();
    for (namespace, name, secret) in needed(desk) {
        text.push_str(if text.is_empty() { "read_values\n" } else { "" });
        let place = quoted(&format!("{namespace}/{name}"));
        if secret.keys.is_empty() {
            let _ = writeln!(text, "need {place}");
        }
        for key in &secret.keys {
            let _ = writeln!(text, "need {place} {}", quoted(key));
        }
    }
    if !text.is_empty() {
        text.push_str("[ -z \"$missing\" ] || fail \"secrets.env has no value for:$missing\"\n");
    }
    text
}

/// The line that installs an add-on.
fn install(addon: &Addon) -> String {
    let (title, namespace) = (quoted(&format!("{} {}", addon.title, addon.version)), addon.namespace);
    match addon.source {
        Source::Manifest(address) if addon.namespace == "kube-system" => {
            format!("printf '%s\\n' {title}\nkube apply --server-side --force-conflicts --filename {address} > /dev/null\n")
        }
        Source::Manifest(address) => format!("addon {title} {namespace} {address}\n"),
        Source::Bundle(address) => format!("bundle {title} {namespace} {address}\n"),
        Source::Strimzi(address) => format!("strimzi {title} {namespace} {address}\n"),
        Source::Chart(address) => format!("chart {title} {namespace} {address} {}\n", addon.version),
    }
}

/// The add-ons, and what their objects need beside the files.
fn addons(desk: &Desk, needed: &Needed) -> String {
    let mut text: String = needed.addons.iter().map(|addon| install(addon)).collect();
    for class in &desk.uses.classes {
        let _ = writeln!(text, "class {}", quoted(class));
    }
    for ((namespace, secret), gateways) in &desk.uses.certificates {
        let hosts: BTreeSet<&String> =
            desk.uses.hosts.keys().filter(|(_, (_, gateway))| gateways.contains(gateway)).map(|(host, _)| host).collect();
        let names: Vec<String> = hosts.iter().map(|host| format!("DNS:{host}")).collect();
        // A Gateway without hosts carries connections alone, and has a certificate that nobody sees.
        let names = if names.is_empty() { "DNS:localhost".to_owned() } else { names.join(",") };
        let _ = writeln!(text, "certificate {} {} {}", quoted(namespace), quoted(secret), quoted(&names));
    }
    let secrets: BTreeSet<(&String, &String)> = super::secrets::needed(desk).map(|(namespace, name, _)| (namespace, name)).collect();
    for (namespace, name) in secrets {
        let _ = writeln!(text, "secret {} {}", quoted(namespace), quoted(name));
    }
    text
}

/// The lines that wait for everything, and say where it answers.
fn rollouts(desk: &Desk) -> String {
    let mut text = String::new();
    for rollout in &desk.uses.rollouts {
        let (namespace, object) = (&rollout.namespace, &rollout.object);
        let _ = match rollout.operated {
            None => writeln!(text, "kube --namespace {namespace} rollout status {object} --timeout={PATIENCE}s"),
            Some(operated) => writeln!(text, "kube --namespace {namespace} wait {object} --for={} --timeout={PATIENCE}s", operated.ready),
        };
    }
    for (address, port) in entrances(desk) {
        let _ = writeln!(text, "printf '%s\\n' {}", quoted(&format!("{address} answers on port {port} of 127.0.0.1")));
    }
    text
}

/// The hosts and the listeners for connections, with the port of the laptop for each.
pub(super) fn entrances(desk: &Desk) -> BTreeSet<(String, u16)> {
    let ports = &desk.own.cluster.proxies.host_ports;
    let port = |gateway: &str, number: u16| ports.iter().find(|port| port.gateway == gateway && port.port == number).map(|port| port.host);
    let hosts = desk.uses.hosts.keys().filter_map(|(host, (_, gateway))| Some((format!("https://{host}"), port(gateway, 443)?)));
    let listeners = desk.uses.listeners.keys().filter_map(|(listener, (_, gateway))| {
        let number = listener.strip_prefix("tcp-")?.parse().ok()?;
        Some((format!("{listener} of the Gateway {gateway}"), port(gateway, number)?))
    });
    hosts.chain(listeners).collect()
}
