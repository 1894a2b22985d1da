//! `platgen access`: who may do what in each cluster, by the roles and bindings that are rendered.

use super::formats::Picture;
use super::select::{Cluster, Clusters, unknown};
use super::tree::refused;
use super::{Ended, FAILED, FINE, Terminal, USAGE, eprint_all, print_all};
use crate::analysis::access::{Access as Found, HolderKind, access, mermaid, report, svg};
use crate::analysis::page::Style;
use crate::diagnostic::Diagnostic;
use crate::files::Files;
use crate::model::Estate;
use crate::project::{Failure, Rendered, Resolved};
use serde_json::json;

/// Flags of `access`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Access {
    #[command(flatten)]
    clusters: Clusters,
    /// The group, by its name in the spec or in the cluster; each of its rights is listed. Default: all groups, users and accounts with rights.
    #[arg(long)]
    group: Option<String>,
}

pub(super) fn run(args: &Access, terminal: &Terminal) -> Ended {
    let as_json = match terminal.data_is_json() {
        Ok(as_json) => as_json,
        Err(code) => return Ok(code),
    };
    let Rendered { resolved: Resolved { estate, .. }, files } = args.clusters.render(terminal)?;
    let mut all = judged(args, &estate, &files)?;
    if let Some(group) = &args.group {
        only(&mut all, group)?;
    }
    match terminal.picture {
        Some(_) if all.len() != 1 => {
            eprint_all("error: a picture shows one cluster: name it with `--env` and `--region`\n");
            return Ok(USAGE);
        }
        Some(Picture::Svg) => all.iter().for_each(|one| print_all(&svg(one))),
        Some(Picture::Mermaid | Picture::Dot) => all.iter().for_each(|one| print_all(&mermaid(one))),
        None if as_json => print_all(&format!("{:#}\n", json!({ "access": all }))),
        None => print_all(&report(&all, args.group.is_some(), if terminal.markdown { Style::Markdown } else { Style::Plain })),
    }
    // Only a whole report says who may do what.
    Ok(if all.iter().any(|one| !one.unjudged.is_empty()) { FAILED } else { FINE })
}

/// The clusters that the flags select.
fn judged(args: &Access, estate: &Estate, files: &Files) -> Result<Vec<Found>, Box<Failure>> {
    let mut all = Vec::new();
    for Cluster { platform, region, documents } in args.clusters.of(estate, files)? {
        all.push(access(platform, region, &documents).map_err(|fault| Box::new(refused(&fault)))?);
    }
    Ok(all)
}

/// Keeps a group alone.
fn only(all: &mut [Found], group: &str) -> Result<(), Box<Diagnostic>> {
    let groups = || all.iter().flat_map(|one| &one.holders).filter(|holder| holder.kind == HolderKind::Group);
    if !groups().any(|holder| [&holder.name, &holder.id].contains(&&group.to_owned())) {
        let mut known: Vec<&str> = groups().map(|holder| holder.name.as_str()).collect();
        known.sort_unstable();
        known.dedup();
        return Err(Box::new(unknown("group", group, &known)));
    }
    for one in all.iter_mut() {
        one.holders.retain(|holder| holder.kind == HolderKind::Group && (holder.name == group || holder.id == group));
    }
    Ok(())
}
