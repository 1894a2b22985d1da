//! `platgen secrets`: every secret with its readers, by the documents that are rendered.

use super::select::Clusters;
use super::tree::{refused, rendered};
use super::{Ended, FINE, Terminal, print_all};
use crate::analysis::page::Style;
use crate::analysis::secrets::{report, secrets};
use crate::diagnostic::Diagnostic;
use crate::project::{Failure, Project, Rendered, Resolved};
use serde_json::json;

/// Flags of `secrets`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Secrets {
    #[command(flatten)]
    spec: super::Spec,
    #[command(flatten)]
    gaps: super::Gaps,
    #[command(flatten)]
    clusters: Clusters,
}

pub(super) fn run(args: &Secrets, terminal: &Terminal) -> Ended {
    let as_json = match terminal.data_is_json() {
        Ok(as_json) => as_json,
        Err(code) => return Ok(code),
    };
    let project = Project::open(args.spec.spec.as_deref())?.allow_incomplete(args.gaps.allow_incomplete);
    terminal.tell_files(&project);
    let Rendered { resolved: Resolved { estate, .. }, files } = project.resolve()?.documents()?;
    let mut all = Vec::new();
    for (environment, platform, region) in args.clusters.of(&estate)? {
        let documents = rendered(&files, environment, region.name.as_str());
        let found = secrets(platform, region, &documents).map_err(|fault| Box::<Failure>::from(Box::<Diagnostic>::new(refused(&fault))))?;
        all.push(found);
    }
    if as_json {
        print_all(&format!("{:#}\n", json!({ "secrets": all })));
    } else {
        print_all(&report(&all, if terminal.markdown { Style::Markdown } else { Style::Plain }));
    }
    Ok(FINE)
}
