//! The names that `--env`, `--region` and similar flags accept.

use super::Terminal;
use super::tree::rendered;
use crate::diagnostic::{Code, Diagnostic, wording};
use crate::files::Files;
use crate::inventory::Inventory;
use crate::model::{Estate, Platform, Region};
use crate::project::{Failure, Project, Rendered};
use std::collections::BTreeSet;

/// Flags of reports about clusters: the spec, and the clusters that it renders documents for.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Clusters {
    #[command(flatten)]
    spec: super::Spec,
    #[command(flatten)]
    gaps: super::Gaps,
    /// The environment. Default: all.
    #[arg(long)]
    env: Option<String>,
    /// The region. Default: all.
    #[arg(long)]
    region: Option<String>,
}

/// A selected cluster, with the objects that the spec renders for it.
pub(super) struct Cluster<'e> {
    pub(super) platform: &'e Platform,
    pub(super) region: &'e Region,
    pub(super) documents: Inventory,
}

impl Clusters {
    /// Renders the documents of the spec.
    ///
    /// # Errors
    /// The spec has faults.
    pub(super) fn render(&self, terminal: &Terminal) -> Result<Rendered, Box<Failure>> {
        let project = Project::open(self.spec.spec.as_deref())?.allow_incomplete(self.gaps.allow_incomplete);
        terminal.tell_files(&project);
        project.resolve()?.documents()
    }

    /// The selected clusters of what was rendered.
    ///
    /// # Errors
    /// There is no such environment or region.
    pub(super) fn of<'e>(&self, estate: &'e Estate, files: &Files) -> Result<Vec<Cluster<'e>>, Box<Diagnostic>> {
        if let Some(fault) = unknown_place(estate, self.env.as_deref(), self.region.as_deref()) {
            return Err(Box::new(fault));
        }
        let is_meant = |wanted: &Option<String>, name: &str| wanted.as_deref().is_none_or(|wanted| wanted == name);
        let mut all = Vec::new();
        for (environment, platform) in estate.environments.iter().filter(|(name, _)| is_meant(&self.env, name)) {
            for region in platform.regions.values().filter(|region| is_meant(&self.region, region.name.as_str())) {
                all.push(Cluster { platform, region, documents: rendered(files, environment, region.name.as_str()) });
            }
        }
        Ok(all)
    }
}

/// The finding for an unknown name.
pub(super) fn unknown(kind: &str, name: &str, known: &[&str]) -> Diagnostic {
    let diagnostic = Diagnostic::new(Code::UnknownReference, format!("there is no {kind} `{name}`"));
    match wording::suggest(name, known.iter().copied()) {
        Some(close) => diagnostic.help(format!("did you mean `{close}`?")),
        None => diagnostic.help(format!("expected {}", wording::either(known))),
    }
}

/// The environments whose spec has an entry that a word names: `app/web`, `web` or `shop/web`.
fn environments_with<'e>(estate: &'e Estate, word: &str) -> Vec<&'e str> {
    let last = word.rsplit('/').next().unwrap_or(word);
    let has = |platform: &Platform| {
        let of = |region: &Region| region.workloads.values().any(|workload| workload.name.as_str() == last);
        platform.regions.values().any(of)
    };
    estate.environments.iter().filter(|(_, platform)| has(platform)).map(|(name, _)| name.as_str()).collect()
}

/// The fault of an unknown name; an entry that other environments have is told as such.
pub(super) fn elsewhere(fault: Diagnostic, word: &str, estate: &Estate) -> Diagnostic {
    match &environments_with(estate, word)[..] {
        [] => fault,
        there => {
            let help = format!("it is in {}: name one of them with `--env`", wording::all(there));
            Diagnostic::new(Code::UnknownReference, format!("`{word}` is not in the clusters that are selected")).help(help)
        }
    }
}

/// All regions of all environments.
pub(super) fn regions(estate: &Estate) -> impl Iterator<Item = &Region> {
    estate.environments.values().flat_map(|platform| platform.regions.values())
}

/// The finding for an unknown environment or region, if any.
pub(super) fn unknown_place(estate: &Estate, environment: Option<&str>, region: Option<&str>) -> Option<Diagnostic> {
    if let Some(name) = environment.filter(|name| !estate.environments.contains_key(*name)) {
        return Some(unknown("environment", name, &estate.environments.keys().map(String::as_str).collect::<Vec<_>>()));
    }
    let name = region?;
    let chosen = || estate.environments.iter().filter(|(key, _)| environment.is_none_or(|wanted| wanted == *key));
    let known: BTreeSet<&str> = chosen().flat_map(|(_, platform)| platform.regions.values()).map(|region| region.name.as_str()).collect();
    let kind = environment.map_or_else(|| "region".to_owned(), |environment| format!("region of `{environment}` called"));
    (!known.contains(name)).then(|| unknown(&kind, name, &known.into_iter().collect::<Vec<_>>()))
}
