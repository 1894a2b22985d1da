//! The least that a program needs for the same objects: a typed reading of the spec and one template, without checks, merging or read-back.

use std::collections::BTreeMap;

use minijinja::Environment;
use minijinja::value::Serde;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Spec {
    apps: BTreeMap<String, App>,
}

#[derive(Deserialize)]
struct App {
    namespace: String,
    image: String,
    port: u16,
    scale: Scale,
    config: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Scale {
    replicas: String,
}

#[derive(Serialize)]
struct View<'s> {
    name: &'s str,
    namespace: &'s str,
    image: &'s str,
    port: u16,
    most: &'s str,
    timeout: &'s str,
    config_map: String,
    caller: &'s str,
    caller_namespace: &'s str,
    next: &'s str,
    next_namespace: &'s str,
    next_port: u16,
    peer: &'s str,
}

/// The objects of all apps of a spec, in the order of the spec.
pub(crate) fn print(spec: &str) -> Result<String, Box<dyn std::error::Error>> {
    let spec: Spec = serde_yaml::from_str(spec)?;
    let mut environment = Environment::new();
    environment.add_template("app", include_str!("app.yaml.j2"))?;
    let template = environment.get_template("app")?;
    let apps: Vec<(&String, &App)> = spec.apps.iter().collect();
    let mut out = String::new();
    for (at, (name, app)) in apps.iter().enumerate() {
        let (caller, calls) = (apps[(at + apps.len() - 1) % apps.len()], apps[(at + 1) % apps.len()]);
        let text = |key: &str| app.config.get(key).map_or("", String::as_str);
        let near = calls.1.namespace == app.namespace;
        let host = if near { calls.0.clone() } else { format!("{}.{}", calls.0, calls.1.namespace) };
        let peer = format!("{host}:{}", calls.1.port);
        let map = format!("{name}-config");
        let parts = ["dev", &map, &app.namespace, name, name, "FEATURE_X", text("FEATURE_X"), "LOG_LEVEL", text("LOG_LEVEL")];
        let parts: Vec<&str> = parts.into_iter().chain(["PEER", &peer, "TIMEOUT_MS", text("TIMEOUT_MS")]).collect();
        let view = View {
            name,
            namespace: &app.namespace,
            image: &app.image,
            port: app.port,
            most: app.scale.replicas.rsplit('.').next().unwrap_or_default(),
            timeout: text("TIMEOUT_MS"),
            config_map: format!("{map}-{}", platgen::value::digest(&parts, 10)),
            caller: caller.0,
            caller_namespace: &caller.1.namespace,
            next: calls.0,
            next_namespace: &calls.1.namespace,
            next_port: calls.1.port,
            peer: &peer,
        };
        if at > 0 {
            out.push_str("---\n");
        }
        out.push_str(&template.render(Serde(view))?);
        out.push('\n'); // the engine leaves out the last newline of a template
    }
    Ok(out)
}
