//! What a container has that its spec does not hold as it is.

use super::{All, Values};
use crate::model::{Container, Probe, ProbeAction, Security, Source, TemplatePart};

impl All<'_> {
    /// `inside` is the container's place in its entry, with a dot at its end; empty for the main one.
    pub(super) fn container(&self, entry: &str, inside: &str, container: &Container, pod_ports: &str, values: &mut Values) {
        let Container { name: _, image, command, args, variables, files: _, mounts: _, ports, cpu, memory, ephemeral, probes, security } =
            container;
        let written = |path: &str| self.written.get(&format!("{entry}.{inside}{path}"));
        let whole = |path: &str| format!("{entry}.{inside}{path}");
        let mut add = |path: &str, value: String, from: String| values.push((format!("{inside}{path}"), value, from));
        match written("image") {
            None => add("image", image.clone(), format!("{entry}.engine and version")),
            Some(said) if said != image => add("pulled_image", image.clone(), format!("{} and {}", whole("image"), whole("tag"))),
            Some(_) => {}
        }
        let engine = || format!("{entry}.engine");
        for (path, words) in [("command", command), ("args", args)] {
            for (number, word) in words.iter().enumerate() {
                let path = format!("{path}[{number}]");
                match written(&path) {
                    None => add(&path, word.clone(), engine()),
                    Some(said) if said.contains("${") => add(&format!("resolved.{path}"), word.clone(), whole(&path)),
                    Some(_) => {}
                }
            }
        }
        for variable in variables {
            let path = format!("config.{}", variable.name);
            let value = match &variable.value {
                Source::Text(text) => text.clone(),
                Source::Secret(_) if written(&path).is_none() => continue,
                Source::Secret(secret) => format!("the secret {secret}"),
                Source::Template(parts) => parts.iter().fold(String::new(), |all, part| match part {
                    TemplatePart::Text(text) => all + text,
                    TemplatePart::Secret { reference, .. } => all + "(the secret " + &reference.to_string() + ")",
                }),
            };
            if written(&path).is_some_and(|said| said.contains("${")) {
                add(&format!("resolved.{}", variable.name), value, whole(&path));
            }
        }
        if !inside.is_empty() || ports.len() > 1 {
            ports.iter().for_each(|(name, port)| add(&format!("container_ports.{name}"), port.to_string(), whole("ports")));
        } else {
            ports.iter().for_each(|(name, port)| add(&format!("container_ports.{name}"), port.to_string(), pod_ports.to_string()));
        }
        for (path, pair) in [("cpu", cpu), ("memory", memory), ("ephemeral", ephemeral)] {
            let Some((request, limit)) = pair else { continue };
            let said = format!("resources.{path}");
            let from =
                if written(&said).is_some() { whole(&said) } else { "the default of containers and their empty folders".to_string() };
            add(&format!("requests.{path}"), request.to_string(), from.clone());
            add(&format!("limits.{path}"), limit.to_string(), from);
        }
        for (name, probe) in [("ready", &probes.ready), ("live", &probes.live), ("start", &probes.start)] {
            let Some(Probe { action, after: _, every: _, timeout: _, failures: _ }) = probe else { continue };
            let known = written(&format!("probes.{name}.{}", word(action))).is_some()
                || (matches!(action, ProbeAction::Exec { .. }) && written(&format!("probes.{name}.exec[0]")).is_some());
            let said = |value: String| (value, if known { pod_ports.to_string() } else { engine() });
            let (path, (value, from)) = match action {
                ProbeAction::Http { port, .. } | ProbeAction::Grpc { port, .. } | ProbeAction::Tcp { port } => {
                    ("port", said(port.to_string()))
                }
                ProbeAction::Exec { .. } if known => continue,
                ProbeAction::Exec { command } => ("exec", (command.join(" "), engine())),
            };
            add(&format!("probes.{name}.{path}"), value, from);
        }
        let Security { user, group, capabilities: _, writable_root, privileged } = security;
        for (path, value) in [
            ("user", user.to_string()),
            ("group", group.to_string()),
            ("writable_root", writable_root.to_string()),
            ("privileged", privileged.to_string()),
        ] {
            let of_user = path == "group" && written("security.user").is_some();
            let from = if of_user { whole("security.user") } else { "the hardened default".to_string() };
            add(&format!("security.{path}"), value, from);
        }
    }
}

/// The key of a probe's action.
fn word(action: &ProbeAction) -> &'static str {
    match action {
        ProbeAction::Http { .. } => "http",
        ProbeAction::Grpc { .. } => "grpc",
        ProbeAction::Tcp { .. } => "tcp",
        ProbeAction::Exec { .. } => "exec",
    }
}
