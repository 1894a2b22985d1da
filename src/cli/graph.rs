//! `platgen graph`: what runs where in each cluster, and who calls whom.

use super::formats::{Picture, print_found};
use super::select::{Cluster, Clusters, elsewhere, unknown};
use super::tree::refused;
use super::{Ended, Terminal};
use crate::analysis::graph::{Graph as Found, around, dot, graph, mermaid, report, svg};
use crate::analysis::reach::{Site, matching};
use crate::diagnostic::{Code, Diagnostic, wording};
use crate::files::Files;
use crate::model::Estate;
use crate::project::{Failure, Rendered, Resolved};
use crate::source::{Sources, Span};
use std::collections::BTreeSet;

/// Flags of `graph`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Graph {
    #[command(flatten)]
    clusters: Clusters,
    /// An app, a store or a service, such as `app/web`, `web` or `external/erp`: it alone, with those that it calls and is called by.
    #[arg(long)]
    app: Option<String>,
}

pub(super) fn run(args: &Graph, terminal: &Terminal) -> Ended {
    let as_json = match terminal.data_is_json() {
        Ok(as_json) => as_json,
        Err(code) => return Ok(code),
    };
    let Rendered { resolved: Resolved { project, estate, .. }, files } = args.clusters.render(terminal)?;
    let all = graphs(args, &estate, &files, &project.sources)?;
    let picture = |kind: Picture, one: &Found| match kind {
        Picture::Mermaid => mermaid(one),
        Picture::Dot => dot(one),
        Picture::Svg => svg(one),
    };
    Ok(print_found(terminal, as_json, ("graphs", &all), picture, report))
}

/// The graphs of the clusters that the flags select; with `--app`, of those that have it.
fn graphs(args: &Graph, estate: &Estate, files: &Files, sources: &Sources) -> Result<Vec<Found>, Box<Failure>> {
    let place = |span: Span| format!("{}:{}", sources.get(span.file).name, sources.position(span).line);
    let mut all = Vec::new();
    for Cluster { platform, region, documents } in args.clusters.of(estate, files)? {
        let site = Site { platform, region, documents: &documents, place: &place };
        all.push(graph(site).map_err(|fault| Box::new(refused(&fault)))?);
    }
    let Some(word) = &args.app else { return Ok(all) };
    let names: BTreeSet<String> = all.iter().flat_map(|one| &one.nodes).map(|node| node.name.clone()).collect();
    let mut kept = Vec::new();
    for one in all {
        match matching(one.nodes.iter().map(|node| node.name.as_str()), word)[..] {
            [] => {}
            [name] => {
                let name = name.to_owned();
                kept.push(around(one, &name));
            }
            ref several => {
                let message = format!("`{word}` in `{}/{}` may be {}", one.environment, one.region, wording::either(several));
                return Err(Box::new(Diagnostic::new(Code::UnknownReference, message).help("write the whole name")).into());
            }
        }
    }
    if kept.is_empty() {
        let aliases: BTreeSet<&str> = names.iter().flat_map(|name| [name.as_str(), name.rsplit('/').next().unwrap_or(name)]).collect();
        let shown =
            if wording::suggest(word, aliases.iter().copied()).is_some() { aliases } else { names.iter().map(String::as_str).collect() };
        let fault = unknown("node called", word, &shown.into_iter().collect::<Vec<_>>());
        return Err(Box::new(elsewhere(fault, word, estate)).into());
    }
    Ok(kept)
}
