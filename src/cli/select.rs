//! The names that `--env`, `--region` and similar flags accept.

use crate::diagnostic::{Code, Diagnostic, wording};
use crate::model::{Estate, Platform, Region};
use std::collections::BTreeSet;

/// Flags that select clusters.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Clusters {
    /// The environment. Default: all.
    #[arg(long)]
    env: Option<String>,
    /// The region. Default: all.
    #[arg(long)]
    region: Option<String>,
}

impl Clusters {
    /// The selected regions, with the name of the environment and its platform.
    ///
    /// # Errors
    /// There is no such environment or region.
    pub(super) fn of<'e>(&self, estate: &'e Estate) -> Result<Vec<(&'e str, &'e Platform, &'e Region)>, Box<Diagnostic>> {
        if let Some(fault) = unknown_place(estate, self.env.as_deref(), self.region.as_deref()) {
            return Err(Box::new(fault));
        }
        let is_meant = |wanted: &Option<String>, name: &str| wanted.as_deref().is_none_or(|wanted| wanted == name);
        let platforms = estate.environments.iter().filter(|(name, _)| is_meant(&self.env, name));
        let all = platforms.flat_map(|(name, platform)| platform.regions.values().map(move |region| (name.as_str(), platform, region)));
        Ok(all.filter(|(_, _, region)| is_meant(&self.region, region.name.as_str())).collect())
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
