//! `platgen outage`: what an environment loses when one of its zones, or one of its regions, is gone.

use super::select::unknown;
use super::{DIFFERENT, Ended, FINE, Terminal, print_all, usage};
use crate::analysis::outage::{Outage as Found, Site, report, without_region, without_zone};
use crate::analysis::page::Style;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, wording};
use crate::model::{Platform, Region};
use crate::project::{Failure, Project, Resolved};

/// Flags of `outage`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Outage {
    #[command(flatten)]
    spec: super::Spec,
    #[command(flatten)]
    gaps: super::Gaps,
    /// The environment.
    #[arg(long)]
    env: String,
    /// The zone that is lost, such as `eu-west-1a`; `a` where one region has such a zone, or with `--region`.
    #[arg(long)]
    zone: Option<String>,
    /// The region that is lost; with `--zone` the region of the zone.
    #[arg(long)]
    region: Option<String>,
}

pub(super) fn run(args: &Outage, terminal: &Terminal) -> Ended {
    let as_json = match terminal.data_is_json() {
        Ok(as_json) => as_json,
        Err(code) => return Ok(code),
    };
    if args.zone.is_none() && args.region.is_none() {
        return Ok(usage("name what is lost: `--zone` or `--region`"));
    }
    let project = Project::open(args.spec.spec.as_deref())?.allow_incomplete(args.gaps.allow_incomplete);
    terminal.tell_files(&project);
    let Resolved { project, estate, .. } = project.resolve()?;
    let Some(platform) = estate.environments.get(&args.env) else {
        let names: Vec<&str> = estate.environments.keys().map(String::as_str).collect();
        return Err(Box::new(unknown("environment", &args.env, &names)).into());
    };
    let found = match (&args.zone, &args.region) {
        (Some(zone), named) => {
            let (region, zone) = match place(platform, zone, named.as_deref())? {
                Ok(place) => place,
                Err(text) => return Ok(usage(&text)),
            };
            zones_are_known(&project, region)?;
            without_zone(Site { estate: &estate, platform, region }, zone)
        }
        (None, named) => {
            let name = named.as_deref().unwrap_or_default();
            let Some(region) = platform.regions.get(name) else {
                return Err(Box::new(unknown_region(platform, name)).into());
            };
            without_region(Site { estate: &estate, platform, region })
        }
    };
    print(&found, as_json, terminal);
    Ok(if found.hit { DIFFERENT } else { FINE })
}

fn print(found: &Found, as_json: bool, terminal: &Terminal) {
    if as_json {
        print_all(&format!("{:#}\n", serde_json::to_value(found).unwrap_or_default()));
    } else {
        print_all(&report(found, if terminal.markdown { Style::Markdown } else { Style::Plain }));
    }
}

/// The region that loses a zone, with the full name of the zone; or why the flags do not name one.
fn place<'p>(platform: &'p Platform, zone: &str, named: Option<&str>) -> Result<Result<(&'p Region, &'p str), String>, Box<Failure>> {
    let all: Vec<(&Region, &str)> = platform.regions.values().filter_map(|region| Some((region, region.zone_called(zone)?))).collect();
    let no_zone = |place: &str, regions: &[&'p Region]| -> Box<Failure> {
        let known: Vec<&str> = regions.iter().flat_map(|region| &region.zones).map(String::as_str).collect();
        Box::new(unknown(&format!("zone of `{place}` called"), zone, &known)).into()
    };
    let Some(name) = named else {
        return match all[..] {
            [only] => Ok(Ok(only)),
            [] => Err(no_zone(platform.environment.as_str(), &platform.regions.values().collect::<Vec<_>>())),
            _ => {
                let names = wording::all(all.iter().map(|(region, _)| region.name.as_str()));
                Ok(Err(format!("{names} have a zone `{zone}`: name one of them with `--region`")))
            }
        };
    };
    let Some(region) = platform.regions.get(name) else { return Err(Box::new(unknown_region(platform, name)).into()) };
    match (region.zone_called(zone), all.first()) {
        (Some(zone), _) => Ok(Ok((region, zone))),
        (None, Some((other, _))) => {
            Ok(Err(format!("`--zone {zone}` and `--region {name}` name two regions: the zone is in `{}`", other.name)))
        }
        (None, None) => Err(no_zone(name, &[region])),
    }
}

/// Fails for a cluster that these files do not make and whose zones the spec does not say: one zone that nobody declared would take everything.
fn zones_are_known(project: &Project, region: &Region) -> Result<(), Box<Failure>> {
    let declared = project.specs.base.regions.find(region.name.as_str());
    let is_missing = declared.and_then(|item| item.value.get()).is_some_and(|item| item.zones.is_missing());
    if !is_missing || region.provider.is_cloud() {
        return Ok(());
    }
    let message =
        format!("the zones of `{}` are not known: these files do not make its cluster, and the spec does not say them", region.name);
    let mut fault = Diagnostic::new(Code::MissingField, message);
    fault.span = declared.map(|item| item.key);
    let mut found = Diagnostics::default();
    found.push(fault.help("add their number or their names, such as `zones: 3`"));
    Err(Box::new(Failure { found, sources: project.sources.clone() }))
}

fn unknown_region(platform: &Platform, name: &str) -> Diagnostic {
    let names: Vec<&str> = platform.regions.keys().map(String::as_str).collect();
    unknown(&format!("region of `{}` called", platform.environment), name, &names)
}
