//! `platgen secrets`: every secret with its readers, by the documents that are rendered.

use super::select::{Cluster, Clusters};
use super::tree::refused;
use super::{Ended, FAILED, FINE, Terminal, print_all};
use crate::analysis::page::Style;
use crate::analysis::secrets::{report, secrets};
use crate::project::{Rendered, Resolved};
use serde_json::json;

/// Flags of `secrets`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Secrets {
    #[command(flatten)]
    clusters: Clusters,
}

pub(super) fn run(args: &Secrets, terminal: &Terminal) -> Ended {
    let as_json = match terminal.data_is_json() {
        Ok(as_json) => as_json,
        Err(code) => return Ok(code),
    };
    let Rendered { resolved: Resolved { estate, .. }, files } = args.clusters.render(terminal)?;
    let mut all = Vec::new();
    for Cluster { platform, region, documents } in args.clusters.of(&estate, &files)? {
        all.push(secrets(platform, region, &documents).map_err(|fault| Box::new(refused(&fault)))?);
    }
    if as_json {
        print_all(&format!("{:#}\n", json!({ "secrets": all })));
    } else {
        print_all(&report(&all, if terminal.markdown { Style::Markdown } else { Style::Plain }));
    }
    // Only a whole report says who may read a copy.
    Ok(if all.iter().any(|one| !one.unjudged.is_empty()) { FAILED } else { FINE })
}
