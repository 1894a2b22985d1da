//! `platgen show`: every effective value of an environment and where it comes from.

use super::{FAILED, Terminal, load, print_all};
use crate::diagnostic::wording;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Role, Span};
use crate::syntax::{Kind, Node};

/// Flags of `show`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Show {
    /// The place to show, such as `apps.web` or `cluster.version`. Default: everything.
    path: Option<String>,
    /// The spec.
    #[arg(long)]
    spec: Option<std::path::PathBuf>,
    /// The environment. Default: the first.
    #[arg(long)]
    env: Option<String>,
}

pub(super) fn run(show: &Show, terminal: &Terminal) -> u8 {
    let mut loaded = match load(show.spec.as_deref()) {
        Ok(loaded) => loaded,
        Err(fault) => {
            terminal.tell_plain(&[*fault]);
            return FAILED;
        }
    };
    let resolution = loaded.resolve();
    terminal.tell(
        &loaded.found.sorted().into_iter().filter(|d| d.severity == crate::diagnostic::Severity::Error).collect::<Vec<_>>(),
        &loaded.sources,
    );
    let names: Vec<&str> = loaded.specs.trees.keys().map(String::as_str).collect();
    let Some(name) = show.env.as_deref().or(names.first().copied()) else { return FAILED };
    let Some(tree) = loaded.specs.trees.get(name) else {
        let fault = Diagnostic::new(Code::UnknownReference, format!("there is no environment `{name}`"));
        terminal.tell_plain(&[fault.help(format!("declared: {}", wording::all(&names)))]);
        return FAILED;
    };
    let places = Places::of(&loaded, name);
    let mut lines = Vec::new();
    walk(tree, String::new(), &places, &mut lines);
    if let Some(platform) = resolution.as_ref().and_then(|r| r.estate.as_ref()).and_then(|estate| estate.environments.get(name)) {
        computed(platform, &mut lines);
    }
    let wanted = show.path.as_deref().unwrap_or("");
    let within =
        |path: &str| wanted.is_empty() || path == wanted || path.strip_prefix(wanted).is_some_and(|rest| rest.starts_with(['.', '[']));
    let chosen: Vec<_> = lines.iter().filter(|(path, _, _)| within(path)).collect();
    if chosen.is_empty() {
        let known: Vec<&str> = lines.iter().map(|(path, _, _)| path.as_str()).collect();
        let fault = Diagnostic::new(Code::UnknownReference, format!("nothing stands at `{wanted}` in `{name}`"));
        terminal.tell_plain(&[match wording::suggest(wanted, known) {
            Some(close) => fault.help(format!("did you mean `{close}`?")),
            None => fault.help("`platgen show` without a path prints everything"),
        }]);
        return FAILED;
    }
    let path_width = chosen.iter().map(|(path, _, _)| path.chars().count()).max().unwrap_or(0).min(60);
    let value_width = chosen.iter().map(|(_, value, _)| value.chars().count()).max().unwrap_or(0).min(40);
    let text: String =
        chosen.iter().map(|(path, value, origin)| format!("{path:path_width$}  {value:value_width$}  # {origin}\n")).collect();
    print_all(&text);
    u8::from(loaded.found.has_errors())
}

/// Which stretches of the sources are profiles and environment blocks.
struct Places<'a> {
    loaded: &'a super::Loaded,
    environment: &'a str,
}

impl<'a> Places<'a> {
    fn of(loaded: &'a super::Loaded, environment: &'a str) -> Self {
        Places { loaded, environment }
    }

    fn origin(&self, span: Span) -> String {
        let source = self.loaded.sources.get(span.file);
        if source.role == Role::Default {
            return "default".to_string();
        }
        let at = format!("{}:{}", source.name, self.loaded.sources.position(span).line);
        let inside = |outer: &Span| outer.file == span.file && outer.start <= span.start && span.end <= outer.end;
        let profile = self
            .loaded
            .specs
            .profiles
            .iter()
            .find(|(_, outer)| inside(outer))
            .map(|(name, _)| format!(", profile {name}"))
            .unwrap_or_default();
        let block = if self.loaded.specs.blocks.get(self.environment).is_some_and(|blocks| blocks.iter().any(inside)) {
            format!(", environment {}", self.environment)
        } else {
            String::new()
        };
        format!("{at}{profile}{block}")
    }
}

type Line = (String, String, String);

fn walk(node: &Node, path: String, places: &Places<'_>, lines: &mut Vec<Line>) {
    match &node.kind {
        Kind::Plain(text) => lines.push((path, text.to_string(), places.origin(node.span))),
        Kind::Text(text) => lines.push((path, format!("{:?}", &**text), places.origin(node.span))),
        Kind::List(items) if items.is_empty() => lines.push((path, "[]".to_string(), places.origin(node.span))),
        Kind::Map(entries) if entries.is_empty() => lines.push((path, "{}".to_string(), places.origin(node.span))),
        Kind::List(items) => items.iter().enumerate().for_each(|(at, item)| walk(item, format!("{path}[{at}]"), places, lines)),
        Kind::Map(entries) => {
            for entry in entries.iter() {
                let key = if entry.key.contains('.') { format!("{:?}", &*entry.key) } else { entry.key.to_string() };
                let below = if path.is_empty() { key } else { format!("{path}.{key}") };
                walk(&entry.value, below, places, lines);
            }
        }
    }
}

/// What resolving adds to what was written.
fn computed(platform: &crate::model::Platform, lines: &mut Vec<Line>) {
    let mut add = |path: String, value: String, from: &str| {
        if !lines.iter().any(|(known, _, _)| *known == path) {
            lines.push((path, value, format!("computed from {from}")));
        }
    };
    add("environment.domain".to_string(), platform.domain.to_string(), "platform.domain and environments");
    add("environment.primary".to_string(), platform.primary.to_string(), "environments");
    for (name, region) in &platform.regions {
        if let Some(network) = &region.network {
            add(format!("addresses.{name}.vpc"), network.cidr.to_string(), "platgen.lock");
            add(format!("addresses.{name}.pods"), network.pods.to_string(), "platgen.lock");
            add(format!("addresses.{name}.services"), network.services.to_string(), "platgen.lock");
            for subnet in &network.subnets {
                for range in &subnet.ranges {
                    add(format!("addresses.{name}.{}.{}", subnet.name, range.zone), range.cidr.to_string(), "platgen.lock");
                }
            }
        }
    }
    let Some(region) = platform.regions.values().find(|region| region.primary) else { return };
    for workload in region.workloads.values() {
        let section = if workload.store { "stores" } else { "apps" };
        let entry = format!("{section}.{}", workload.name);
        add(format!("{entry}.namespace"), workload.namespace.to_string(), "namespaces");
        add(format!("{entry}.owner"), workload.owner.to_string(), &format!("namespaces.{}.owner", workload.namespace));
        add(format!("{entry}.subnet"), workload.placement.subnet.to_string(), "network.subnets");
        let (least, most) = workload.replicas;
        let replicas = if least == most { least.to_string() } else { format!("{least}..{most}") };
        add(format!("{entry}.scale.replicas"), replicas, "environments.protected");
        add(format!("{entry}.security.user"), workload.main.security.user.to_string(), "the hardened default");
    }
}
