//! `platgen access`: who may do what in each cluster, by the roles and bindings that are rendered.

use super::formats::{Picture, print_found};
use super::select::{Cluster, Clusters, unknown};
use super::tree::refused;
use super::{Ended, FAILED, FINE, Terminal};
use crate::analysis::access::{Access as Found, HolderKind, access, mermaid, report, svg};
use crate::diagnostic::Diagnostic;
use crate::files::Files;
use crate::model::Estate;
use crate::project::{Failure, Rendered, Resolved};

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
    let picture = |kind: Picture, one: &Found| if kind == Picture::Svg { svg(one) } else { mermaid(one) };
    let printed = print_found(terminal, as_json, ("access", &all), picture, |all, style| report(all, args.group.is_some(), style));
    // Only a whole report says who may do what.
    Ok(if printed == FINE && all.iter().any(|one| !one.unjudged.is_empty()) { FAILED } else { printed })
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
