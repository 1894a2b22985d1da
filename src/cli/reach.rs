//! `platgen reach`: who may talk to whom in each cluster, by flows, policies and firewall.

use super::formats::{Picture, print_found};
use super::select::{Cluster, Clusters, elsewhere, unknown};
use super::tree::refused;
use super::{DIFFERENT, Ended, FINE, Terminal};
use crate::analysis::reach::{INTERNET, Reach as Found, Site, matching, mermaid, reach, report, svg};
use crate::diagnostic::{Code, Diagnostic, wording};
use crate::files::Files;
use crate::model::Estate;
use crate::project::{Failure, Rendered, Resolved};
use crate::source::{Sources, Span};
use std::collections::BTreeSet;

/// Flags of `reach`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Reach {
    #[command(flatten)]
    clusters: Clusters,
    /// The caller, such as `app/web`, `web` or `shop/web`; with `--to` one question is answered, with its reasons.
    #[arg(long)]
    from: Option<String>,
    /// The callee, such as `store/orders`, `external/erp`, `dns` or `internet`.
    #[arg(long)]
    to: Option<String>,
}

pub(super) fn run(args: &Reach, terminal: &Terminal) -> Ended {
    let as_json = match terminal.data_is_json() {
        Ok(as_json) => as_json,
        Err(code) => return Ok(code),
    };
    let Rendered { resolved: Resolved { project, estate, .. }, files } = args.clusters.render(terminal)?;
    let all = judged(args, &estate, &files, &project.sources)?;
    let picture = |kind: Picture, one: &Found| if kind == Picture::Svg { svg(one) } else { mermaid(one) };
    let printed = print_found(terminal, as_json, ("reach", &all), picture, report);
    Ok(if printed == FINE && all.iter().any(|one| one.hit) { DIFFERENT } else { printed })
}

/// The clusters that the flags select, with the pairs that they ask for.
fn judged(args: &Reach, estate: &Estate, files: &Files, sources: &Sources) -> Result<Vec<Found>, Box<Failure>> {
    let place = |span: Span| format!("{}:{}", sources.get(span.file).name, sources.position(span).line);
    let mut all = Vec::new();
    for Cluster { platform, region, documents } in args.clusters.of(estate, files)? {
        let site = Site { platform, region, documents: &documents, place: &place };
        let whole = reach(site, None).map_err(|fault| Box::new(refused(&fault)))?;
        all.push((site_of(args, &whole)?, whole, (platform, region, documents)));
    }
    if let Some(fault) = unknown_end(args, estate, &all.iter().map(|(_, whole, _)| whole).collect::<Vec<_>>()) {
        return Err(Box::new(fault).into());
    }
    let is_in =
        |sides: &(Option<String>, Option<String>)| args.from.is_some() == sides.0.is_some() && args.to.is_some() == sides.1.is_some();
    if !all.iter().any(|(sides, ..)| is_in(sides)) {
        let message = "no cluster that is selected has both ends".to_owned();
        return Err(Box::new(Diagnostic::new(Code::UnknownReference, message).help("name ends of one environment and region")).into());
    }
    let mut found = Vec::new();
    for ((from, to), whole, (platform, region, documents)) in all {
        let kept = match (&args.from, &args.to, from, to) {
            (Some(_), Some(_), Some(from), Some(to)) => {
                let site = Site { platform, region, documents: &documents, place: &place };
                let mut one = reach(site, Some((&from, &to))).map_err(|fault| Box::new(refused(&fault)))?;
                one.pairs.retain(|pair| pair.from == from && pair.to == to);
                Some(one)
            }
            // The end is in another cluster.
            (Some(_), _, None, _) | (_, Some(_), _, None) => None,
            (_, _, from, to) => {
                let open: BTreeSet<&str> =
                    whole.ends.iter().filter(|end| end.outside && end.ranges.is_empty()).map(|end| end.name.as_str()).collect();
                let is = |wanted: &Option<String>, name: &String| match wanted.as_deref() {
                    Some(INTERNET) => open.contains(name.as_str()) || name == "the internet",
                    wanted => wanted.is_none_or(|wanted| wanted == name),
                };
                let mut one = whole.clone();
                one.pairs.retain(|pair| is(&from, &pair.from) && is(&to, &pair.to));
                Some(one)
            }
        };
        found.extend(kept.map(|mut one| {
            one.hit = one.pairs.iter().any(|pair| !pair.blocked.is_empty() || !pair.undeclared.is_empty());
            one
        }));
    }
    Ok(found)
}

/// The ends of a cluster that `--from` and `--to` stand for.
fn site_of(args: &Reach, reach: &Found) -> Result<(Option<String>, Option<String>), Box<Diagnostic>> {
    let end = |word: &Option<String>| -> Result<Option<String>, Box<Diagnostic>> {
        let Some(word) = word else { return Ok(None) };
        if word == INTERNET {
            return Ok(Some(word.clone()));
        }
        match matching(reach.ends.iter().map(|end| end.name.as_str()), word)[..] {
            [] => Ok(None),
            [one] => Ok(Some(one.to_owned())),
            ref several => {
                let message = format!("`{word}` in `{}/{}` may be {}", reach.environment, reach.region, wording::either(several));
                Err(Box::new(Diagnostic::new(Code::UnknownReference, message).help("write the whole name")))
            }
        }
    };
    Ok((end(&args.from)?, end(&args.to)?))
}

/// The finding for a word that stands for nothing in any cluster.
fn unknown_end(args: &Reach, estate: &Estate, all: &[&Found]) -> Option<Diagnostic> {
    let names: BTreeSet<&str> = all.iter().flat_map(|one| &one.ends).map(|end| end.name.as_str()).collect();
    let word =
        [&args.from, &args.to].into_iter().flatten().find(|word| *word != INTERNET && matching(names.iter().copied(), word).is_empty())?;
    let aliases: BTreeSet<&str> = names.iter().flat_map(|name| [*name, name.rsplit('/').next().unwrap_or(name)]).collect();
    let shown = if wording::suggest(word, aliases.iter().copied()).is_some() { aliases } else { names };
    let known: Vec<&str> = shown.into_iter().collect();
    Some(elsewhere(unknown("end called", word, &known), word, estate))
}
