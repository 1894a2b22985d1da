//! The regions of an environment, with the facts of their providers.

use super::EnvironmentResolver;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, wording};
use crate::facts;
use crate::model::short_zone;
use crate::provider::Provider;
use crate::source::Span;
use crate::spec::{self, Spec};
use crate::syntax::Field;
use crate::value::{Name, Zone};

/// A region of the spec with the facts of its provider.
#[derive(Clone)]
pub(super) struct RegionSpec {
    pub(super) name: Name,
    pub(super) provider: Provider,
    /// The full names of the zones.
    pub(super) zones: Vec<String>,
}

/// The regions of an environment. Passes findings to `tell`.
pub(super) fn region_specs(spec: &Spec, environment: &str, tell: &mut dyn FnMut(Diagnostic)) -> Vec<RegionSpec> {
    let mut places = Vec::new();
    // Without the section every region is unknown, and with an invalid name in it some are: that is one fault, which is reported elsewhere.
    let named = spec.environments.value(environment).filter(|_| spec.regions.get().is_some_and(|all| !all.is_broken()));
    for (name, at) in named.into_iter().flat_map(|environment| environment.regions.items()) {
        let Some(item) = spec.regions.find(name.as_str()) else {
            if spec.regions.entries().any(|(declared, _, region)| is_misspelt(spec, declared, region, name)) {
                continue; // the declaration is at fault
            }
            tell(Diagnostic::unknown("region", name.as_str(), spec.regions.keys().map(Name::as_str), at));
            continue;
        };
        let Some(region) = item.value.get() else { continue };
        let Some(provider) = provider_of(spec, region) else { continue };
        let facts = facts::region(provider, name.as_str());
        let known: Vec<String> = match (&facts, provider) {
            (Some(facts), _) => facts.zones.iter().map(ToString::to_string).collect(),
            (None, Provider::Kind | Provider::Existing) => ('a'..='z').map(String::from).collect(),
            (None, _) => {
                tell(no_such_region(name, provider, item.key));
                continue;
            }
        };
        let zones = zones_of(name, provider, region, item.key, &known).unwrap_or_else(|fault| {
            tell(*fault);
            // One zone lets the other checks continue.
            known.into_iter().take(1).collect()
        });
        places.push(RegionSpec { name: name.clone(), provider, zones });
    }
    places
}

/// The full names of the zones in use, in the provider's order. `known` are the zones of the region. The zones of a cluster that platgen does not build
/// have whatever names the spec gives, in its order.
fn zones_of(name: &Name, provider: Provider, region: &spec::Region, key: Span, known: &[String]) -> Result<Vec<String>, Box<Diagnostic>> {
    let all = provider.is_cloud();
    let first = |count: u8| Ok(known.iter().take(usize::from(count)).cloned().collect());
    let (wanted, place) = match &region.zones {
        // The fault is already reported; one zone lets the other checks continue.
        Field::Bad(_) => return first(1),
        Field::Set(zones, _) if zones.iter().any(|zone| matches!(zone, Field::Bad(_))) => return first(1),
        Field::Set(zones, place) => (zones.iter().filter_map(Field::spanned).collect::<Vec<_>>(), *place),
        Field::Missing if !all => return first(1),
        Field::Missing => {
            let diagnostic = Diagnostic::new(Code::MissingField, "`zones` is missing").at(key);
            return Err(diagnostic.help("add the number of zones: with three, every kind of store survives the loss of one").into());
        }
    };
    let most = wording::Count(known.len(), "zone");
    let invalid = |message: String, help: String| Err(Diagnostic::new(Code::InvalidValue, message).at(place).help(help).into());
    let one_zone = || invalid("a cluster on AWS needs two zones".to_owned(), format!("`{name}` has {most}; three survive the loss of one"));
    match wanted[..] {
        [] | [(Zone::Count(0), _)] => {
            return invalid("a region needs at least one zone".to_owned(), format!("`{name}` has {most}; three survive the loss of one"));
        }
        [(Zone::Count(1), _)] if provider == Provider::Aws => return one_zone(),
        [(Zone::Count(count), _)] if usize::from(*count) > known.len() => {
            return invalid(format!("`{name}` has {most}, not {count}"), format!("use at most {most}"));
        }
        [(Zone::Count(count), _)] => return first(*count),
        _ => {}
    }
    let short: Vec<String> = known.iter().map(|zone| short_zone(name.as_str(), zone)).collect();
    let mut named: Vec<String> = Vec::new();
    for (zone, at) in wanted {
        let zone = zone.to_string();
        if all && !short.contains(&zone) {
            return Err(Diagnostic::unknown(&format!("zone of `{name}` called"), &zone, short.iter().map(String::as_str), at).into());
        }
        if named.contains(&zone) {
            return Err(Diagnostic::new(Code::InvalidValue, format!("`{zone}` is listed twice")).at(at).help("remove one of them").into());
        }
        named.push(zone);
    }
    if named.len() == 1 && provider == Provider::Aws {
        return one_zone();
    }
    Ok(if all { known.iter().zip(short).filter(|(_, short)| named.contains(short)).map(|(zone, _)| zone.clone()).collect() } else { named })
}

/// Reports regions that their provider does not have and no environment uses.
pub(super) fn check_regions(spec: &Spec, found: &mut Diagnostics) {
    let used: Vec<&Name> = spec.environments.entries().flat_map(|(_, _, environment)| environment.regions.values()).collect();
    for (name, span, region) in spec.regions.entries().filter(|(name, _, _)| !used.contains(name)) {
        let Some(provider) = provider_of(spec, region).filter(|provider| provider.is_cloud()) else { continue };
        if facts::region(provider, name.as_str()).is_none() {
            found.push(no_such_region(name, provider, span));
        }
    }
}

/// Whether a declared region is not one of its provider, and its name stands for another.
fn is_misspelt(spec: &Spec, declared: &Name, region: &spec::Region, other: &Name) -> bool {
    let Some(provider) = provider_of(spec, region).filter(|provider| provider.is_cloud()) else { return false };
    facts::region(provider, declared.as_str()).is_none() && facts::nearest_region(provider, declared.as_str()) == Some(other.as_str())
}

/// The provider of a region: its own, or the platform's.
pub(super) fn provider_of(spec: &Spec, region: &spec::Region) -> Option<Provider> {
    region.provider.get().or(spec.cloud.at(|cloud| &cloud.provider).get()).copied()
}

/// The finding for a region that the provider does not have.
pub(super) fn no_such_region(name: &Name, provider: Provider, at: Span) -> Diagnostic {
    let diagnostic = Diagnostic::new(Code::UnknownValue, format!("`{name}` is not a region of {}", provider.name())).at(at);
    match (close_region(name, provider), cloud_of(name), region_to_name(provider)) {
        (_, Some(other), Some(region)) => {
            diagnostic.help(format!("it is a region of {}: name one of {}, such as `{region}`", other.name(), provider.name()))
        }
        (Some(close), ..) => diagnostic.help(format!("did you mean `{close}`?")),
        (None, _, Some(region)) => diagnostic.help(format!("name it as the provider does, such as `{region}`")),
        (None, ..) => diagnostic.help("name it as the provider does"),
    }
}

/// The region of the provider that a misspelt name means; `None` for a region of another cloud.
pub(super) fn close_region(name: &Name, provider: Provider) -> Option<&'static str> {
    facts::nearest_region(provider, name.as_str()).filter(|_| cloud_of(name).is_none())
}

/// The first cloud that has a region of the name.
fn cloud_of(name: &Name) -> Option<Provider> {
    Provider::ALL.into_iter().find(|cloud| cloud.is_cloud() && facts::region(*cloud, name.as_str()).is_some())
}

/// A region for examples: the one of `platgen init`.
fn region_to_name(provider: Provider) -> Option<&'static str> {
    match provider {
        Provider::Aws => Some("eu-west-1"),
        Provider::Google => Some("europe-west1"),
        Provider::Azure => Some("westeurope"),
        Provider::Kind | Provider::Existing => None,
    }
}

/// The primary region of an environment as the spec has it, whether it can be rendered or not.
pub(super) fn primary_of(environment: &spec::Environment) -> Option<(&Name, Span)> {
    environment.primary.spanned().or_else(|| environment.regions.items().next())
}

impl EnvironmentResolver<'_> {
    /// The primary region of the environment, with the place that says so: `primary`, or the first of the regions that can be rendered.
    pub(super) fn primary(&self) -> Option<(&RegionSpec, Span)> {
        let environment = self.own_environment()?;
        let find = |(name, at): (&Name, Span)| Some((self.region_specs.iter().find(|place| place.name == *name)?, at));
        match environment.primary.spanned() {
            Some(said) => find(said),
            None => environment.regions.items().find_map(find),
        }
    }

    /// Whether one of the environment's regions is on a cloud.
    pub(super) fn on_a_cloud(&self) -> bool {
        self.region_specs.iter().any(|place| place.provider.is_cloud())
    }

    /// Whether one of the environment's regions is not on AWS.
    pub(super) fn off_aws(&self) -> bool {
        self.region_specs.iter().any(|place| place.provider != Provider::Aws)
    }

    /// Whether one of the environment's regions is on AWS.
    pub(super) fn on_aws(&self) -> bool {
        self.region_specs.iter().any(|place| place.provider == Provider::Aws)
    }
}
