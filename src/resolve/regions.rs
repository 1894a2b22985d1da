//! What an environment says of its regions and subnets, beside the facts of the provider.

use super::Scope;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, wording};
use crate::facts;
use crate::provider::Provider;
use crate::source::Span;
use crate::spec::{Egress, Spec, Subnet};
use crate::syntax::Field;
use crate::value::{Cidr, Name};

/// The subnet that stands where the spec declares none.
const DEFAULT_SUBNET: &str = "general";

/// A region as the spec and the provider's facts have it.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) name: Name,
    pub(super) provider: Provider,
    /// Full names.
    pub(super) zones: Vec<String>,
}

/// The part of a zone's name that is unique in its region: `a` of `eu-west-1a`, `b` of `europe-west1-b`, `1` of `1`.
pub(super) fn short_zone(region: &str, zone: &str) -> String {
    zone.strip_prefix(region).map_or(zone, |rest| rest.trim_start_matches('-')).to_string()
}

/// The regions that an environment names, with their facts; what is wrong with them is told by `tell`.
pub(super) fn places(spec: &Spec, environment: &str, tell: &mut dyn FnMut(Diagnostic)) -> Vec<Place> {
    let mut places = Vec::new();
    let declared = spec.regions.get();
    let known: Vec<&str> = declared.map(|all| all.keys().map(|name| name.as_str()).collect()).unwrap_or_default();
    let named =
        spec.environments.get().and_then(|all| all.get(environment)).and_then(|item| item.value.get()).and_then(|e| e.regions.get());
    // Without the section every region is unknown, which is one fault, and told.
    let named = named.filter(|_| !matches!(spec.regions, Field::Missing | Field::Bad(_)));
    for (name, at) in named.into_iter().flatten().filter_map(Field::spanned) {
        let Some(item) = declared.and_then(|all| all.get(name.as_str())) else {
            let diagnostic = Diagnostic::new(Code::UnknownReference, format!("there is no region `{name}`")).at(at);
            tell(match wording::suggest(name.as_str(), known.iter().copied()) {
                Some(close) => diagnostic.help(format!("did you mean `{close}`?")).fix(at, close),
                None => diagnostic.help(format!("declared: {}", wording::all(&known))),
            });
            continue;
        };
        let Some(region) = item.value.get() else { continue };
        let provider = region.provider.get().or(spec.cloud.get().and_then(|cloud| cloud.provider.get()));
        let Some(provider) = provider.copied() else { continue };
        let wanted = region.zones.spanned();
        let zones: Vec<String> = match provider {
            Provider::Kind | Provider::Existing => {
                (0..wanted.map_or(1, |(count, _)| *count).clamp(1, 26)).map(|at| char::from(b'a' + at).to_string()).collect()
            }
            _ => {
                let Some(facts) = facts::region(provider, name.as_str()) else {
                    tell(no_such_region(name, provider, item.key));
                    continue;
                };
                if let Field::Bad(_) = region.zones {
                    // Told already; one zone lets everything else be judged.
                    places.push(Place {
                        name: name.clone(),
                        provider,
                        zones: facts.zones.iter().take(1).map(|zone| zone.to_string()).collect(),
                    });
                    continue;
                }
                let Some((count, place)) = wanted else {
                    let diagnostic = Diagnostic::new(Code::MissingField, "`zones` is missing").at(item.key);
                    tell(diagnostic.help("say how many zones are used: three survive the loss of one for every kind of store"));
                    continue;
                };
                let most = wording::Count(facts.zones.len(), "zone");
                let fault = match usize::from(*count) {
                    0 => {
                        Some(("a region needs at least one zone".to_owned(), format!("`{name}` has {most}; three survive the loss of one")))
                    }
                    count if count > facts.zones.len() => {
                        Some((format!("`{name}` has {most}, not {count}"), format!("use at most {most}")))
                    }
                    _ => None,
                };
                if let Some((message, help)) = fault {
                    tell(Diagnostic::new(Code::InvalidValue, message).at(place).help(help));
                    continue;
                }
                facts.zones.iter().take(usize::from(*count)).map(|zone| zone.to_string()).collect()
            }
        };
        places.push(Place { name: name.clone(), provider, zones });
    }
    places
}

/// Tells of regions that their provider does not have, also where no environment names them.
pub(super) fn check_regions(spec: &Spec, found: &mut Diagnostics) {
    let used: Vec<&Name> = spec
        .environments
        .entries()
        .flat_map(|(_, _, environment)| environment.regions.get().into_iter().flatten().filter_map(Field::get))
        .collect();
    for (name, span, region) in spec.regions.entries().filter(|(name, _, _)| !used.contains(name)) {
        let provider = region.provider.get().or(spec.cloud.get().and_then(|cloud| cloud.provider.get())).copied();
        let Some(provider) = provider.filter(|provider| provider.is_cloud()) else { continue };
        if facts::region(provider, name.as_str()).is_none() {
            found.push(no_such_region(name, provider, span));
        }
    }
}

fn no_such_region(name: &Name, provider: Provider, at: Span) -> Diagnostic {
    let diagnostic = Diagnostic::new(Code::UnknownValue, format!("`{name}` is not a region of {}", provider.name())).at(at);
    match facts::nearest_region(provider, name.as_str()) {
        Some(close) => diagnostic.help(format!("did you mean `{close}`?")),
        None => diagnostic.help("name it as the provider does"),
    }
}

/// The subnets of an environment: name, default, tainted, internet, explicit range.
pub(super) struct SubnetSpec {
    pub(super) name: Name,
    pub(super) default: bool,
    pub(super) isolated: bool,
    pub(super) internet: bool,
    pub(super) cidr: Option<(Cidr, Span)>,
    pub(super) was: Option<Name>,
}

/// Whether the nodes of a subnet are tainted: those of an isolated subnet, and those without a route to the internet unless the subnet is the
/// default. Pods that name no subnet would find neither their images nor the cluster's services there.
pub(super) fn tainted(subnet: &Subnet) -> bool {
    let closed = subnet.egress.get() == Some(&Egress::None) && subnet.default.get() != Some(&true);
    subnet.isolated.get() == Some(&true) || closed
}

pub(super) fn subnets(spec: &Spec) -> Vec<SubnetSpec> {
    let declared = spec.network.get().and_then(|network| network.subnets.get()).filter(|all| !all.is_empty());
    let Some(declared) = declared else {
        let name = DEFAULT_SUBNET.parse();
        return name
            .into_iter()
            .map(|name| SubnetSpec { name, default: true, isolated: false, internet: true, cidr: None, was: None })
            .collect();
    };
    declared
        .set()
        .map(|(name, _, subnet)| SubnetSpec {
            name: name.clone(),
            default: subnet.default.get() == Some(&true),
            isolated: tainted(subnet),
            internet: subnet.egress.get() != Some(&Egress::None),
            cidr: subnet.cidr.spanned().map(|(cidr, span)| (*cidr, span)),
            was: subnet.renamed_from.get().cloned(),
        })
        .collect()
}

impl Scope<'_> {
    /// Whether one of the environment's regions is on a cloud.
    pub(super) fn on_a_cloud(&self) -> bool {
        self.places.iter().any(|place| place.provider.is_cloud())
    }

    /// Whether one of the environment's regions is on AWS.
    pub(super) fn on_aws(&self) -> bool {
        self.places.iter().any(|place| place.provider == Provider::Aws)
    }
}
