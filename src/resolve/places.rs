//! Regions, networks and clusters of an environment, and the request for addresses of all of them.

use super::Scope;
use super::addresses::{self, Plan, Request, Reserved};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, wording};
use crate::facts::{self, Provider};
use crate::model::lock::{Key, Lock, Purpose};
use crate::model::{Cluster, Network, NetworkSubnet, OnPremises, Platform, Pool, Region, Secrets, ZoneRange};
use crate::source::Span;
use crate::spec::{Egress, PolicyEngine, ProviderName, SecretStore, Spec, Specs, TaintEffect};
use crate::syntax::Field;
use crate::value::{Cidr, Domain, Name, Quantity};
use indexmap::IndexMap;
use std::collections::BTreeMap;

/// The subnet that stands where the spec declares none.
const DEFAULT_SUBNET: &str = "general";

/// The regions of an environment.
pub(super) struct Places {
    pub(super) primary: Name,
    pub(super) regions: Vec<Region>,
}

/// A region as the spec and the provider's facts have it.
struct Place {
    name: Name,
    provider: Provider,
    /// Full names.
    zones: Vec<String>,
}

fn provider_of(name: ProviderName) -> Provider {
    match name {
        ProviderName::Aws => Provider::Aws,
        ProviderName::Google => Provider::Google,
        ProviderName::Azure => Provider::Azure,
        ProviderName::Kind => Provider::Kind,
        ProviderName::Existing => Provider::Existing,
    }
}

/// The part of a zone's name that is unique in its region: `a` of `eu-west-1a`, `b` of `europe-west1-b`, `1` of `1`.
fn short_zone(region: &str, zone: &str) -> String {
    zone.strip_prefix(region).map_or(zone, |rest| rest.trim_start_matches('-')).to_string()
}

/// The regions that an environment names, with their facts; what is wrong with them is told by `tell`.
fn places(spec: &Spec, environment: &str, tell: &mut dyn FnMut(Diagnostic)) -> Vec<Place> {
    let mut places = Vec::new();
    let declared = spec.regions.get();
    let known: Vec<&str> = declared.map(|all| all.keys().map(|name| name.as_str()).collect()).unwrap_or_default();
    let named =
        spec.environments.get().and_then(|all| all.get(environment)).and_then(|item| item.value.get()).and_then(|e| e.regions.get());
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
        let Some(provider) = provider.copied().map(provider_of) else { continue };
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
                if *count == 0 || usize::from(*count) > facts.zones.len() {
                    let message = format!("`{name}` has {}, not {count}", wording::Count(facts.zones.len(), "zone"));
                    tell(Diagnostic::new(Code::InvalidValue, message).at(place).help("use as many as there are, or fewer"));
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
        .get()
        .into_iter()
        .flat_map(|all| all.set())
        .flat_map(|(_, _, environment)| environment.regions.get().into_iter().flatten().filter_map(Field::get))
        .collect();
    for (name, span, region) in spec.regions.get().into_iter().flat_map(|all| all.set()).filter(|(name, _, _)| !used.contains(name)) {
        let provider = region.provider.get().or(spec.cloud.get().and_then(|cloud| cloud.provider.get())).copied().map(provider_of);
        let Some(provider) = provider.filter(|provider| !matches!(provider, Provider::Kind | Provider::Existing)) else { continue };
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

/// The subnets of an environment: name, default, isolated, internet, explicit range.
struct SubnetWish {
    name: Name,
    default: bool,
    isolated: bool,
    internet: bool,
    cidr: Option<(Cidr, Span)>,
    was: Option<Name>,
}

fn subnets(spec: &Spec) -> Vec<SubnetWish> {
    let declared = spec.network.get().and_then(|network| network.subnets.get()).filter(|all| !all.is_empty());
    let Some(declared) = declared else {
        let name = DEFAULT_SUBNET.parse();
        return name
            .into_iter()
            .map(|name| SubnetWish { name, default: true, isolated: false, internet: true, cidr: None, was: None })
            .collect();
    };
    declared
        .set()
        .map(|(name, _, subnet)| SubnetWish {
            name: name.clone(),
            default: subnet.default.get() == Some(&true),
            isolated: subnet.isolated.get() == Some(&true),
            internet: subnet.egress.get() != Some(&Egress::None),
            cidr: subnet.cidr.spanned().map(|(cidr, span)| (*cidr, span)),
            was: subnet.renamed_from.get().cloned(),
        })
        .collect()
}

/// Plans the ranges of every environment and region.
pub(super) fn plan_addresses(specs: &Specs, lock: &Lock, found: &mut Diagnostics) -> (Plan, Lock) {
    let base = specs.base.network.get();
    let Some((network, network_span)) = base.and_then(|network| network.cidr.spanned()) else { return (Plan::default(), lock.clone()) };
    let mut reserved = Vec::new();
    let mut spans: Vec<(Cidr, Span)> = Vec::new();
    let lists = [
        (base.and_then(|network| network.on_premises.get()).and_then(|premises| premises.cidrs.get()), "the on-premises network"),
        (base.and_then(|network| network.reserved.get()), "`network.reserved`"),
    ];
    for (cidrs, by) in lists {
        for (cidr, span) in cidrs.into_iter().flatten().filter_map(Field::spanned) {
            if let Some((other, first)) = spans.iter().find(|(other, _)| other.overlaps(*cidr)) {
                let message = format!("`{cidr}` overlaps `{other}`");
                found.push(
                    Diagnostic::new(Code::NetworkOverlap, message).at(span).related(*first, "named here").help("keep the larger one"),
                );
            }
            spans.push((*cidr, span));
            reserved.push(Reserved { cidr: *cidr, by: by.to_string(), only: None });
        }
    }
    let mut environments = BTreeMap::new();
    let mut explicit: BTreeMap<String, Span> = BTreeMap::new();
    for (name, spec) in &specs.environments {
        let mut regions = BTreeMap::new();
        for place in places(spec, name, &mut |_| {}) {
            let provider = match place.provider {
                Provider::Aws => addresses::Provider::Aws,
                Provider::Google => addresses::Provider::Google,
                Provider::Azure => addresses::Provider::Azure,
                Provider::Kind | Provider::Existing => continue,
            };
            let mut wanted = BTreeMap::new();
            for subnet in subnets(spec) {
                if let Some((_, span)) = subnet.cidr {
                    explicit.insert(Key::subnet(name, place.name.as_str(), subnet.name.as_str()).as_str().to_string(), span);
                }
                let wish = addresses::Subnet {
                    default: subnet.default,
                    cidr: subnet.cidr.map(|(cidr, _)| cidr),
                    renamed_from: subnet.was.map(|was| was.to_string()),
                };
                wanted.insert(subnet.name.to_string(), wish);
            }
            let was = spec.regions.get().and_then(|all| all.get(place.name.as_str())).and_then(|item| item.value.get());
            let region = addresses::Region {
                provider,
                zones: place.zones.iter().map(|zone| short_zone(place.name.as_str(), zone)).collect(),
                subnets: wanted,
                renamed_from: was.and_then(|region| region.renamed_from.get()).map(|was| was.to_string()),
            };
            regions.insert(place.name.to_string(), region);
        }
        environments.insert(name.clone(), addresses::Environment { regions });
    }
    let request =
        Request { network: *network, pods: addresses::pod_supernet(), services: addresses::service_supernets(), reserved, environments };
    let (plan, lock, problems) = addresses::plan(&request, lock);
    let faulty: Vec<Key> =
        problems.iter().filter(|problem| !matches!(problem, addresses::Problem::NoRoom { .. })).map(|p| p.key().clone()).collect();
    for problem in problems {
        // What lies in a range that is wrong has no room for that reason alone.
        if matches!(problem, addresses::Problem::NoRoom { .. })
            && faulty.iter().any(|key| key.is_ancestor_of(problem.key()) || key == problem.key())
        {
            continue;
        }
        let span = explicit.get(problem.key().as_str()).copied().unwrap_or(network_span);
        let mut diagnostic = Diagnostic::new(problem.code(), problem.message()).at(span).help(problem.help());
        let other = match &problem {
            addresses::Problem::Overlap { stays, .. } => explicit.get(stays.key.as_str()).copied(),
            addresses::Problem::Reserved { reserved, .. } => spans.iter().find(|(cidr, _)| *cidr == reserved.cidr).map(|(_, span)| *span),
            _ => None,
        };
        if let Some(other) = other {
            diagnostic = diagnostic.related(other, "the other stands here");
        }
        found.push(diagnostic);
    }
    (plan, lock)
}

impl Scope<'_> {
    /// Whether one of the environment's regions is on a cloud.
    pub(super) fn on_a_cloud(&self) -> bool {
        places(self.spec, self.environment.as_str(), &mut |_| {})
            .iter()
            .any(|place| !matches!(place.provider, Provider::Kind | Provider::Existing))
    }

    /// Whether one of the environment's regions is on AWS.
    pub(super) fn on_aws(&self) -> bool {
        places(self.spec, self.environment.as_str(), &mut |_| {}).iter().any(|place| place.provider == Provider::Aws)
    }

    /// The platform without its regions.
    pub(super) fn base(&mut self) -> Option<Platform> {
        let spec = self.spec;
        let (platform, at) = spec.platform.spanned()?;
        let item = spec.environments.get()?.get(self.environment.as_str())?;
        let environment = item.value.get()?;
        let name = self.require(&platform.name, "name", at).cloned();
        let owner = self.require(&platform.owner, "owner", at).cloned();
        self.require(&environment.regions, "regions", item.key);
        let domain = match (environment.domain.get(), platform.domain.get()) {
            (Some(domain), _) => Some(domain.clone()),
            (None, Some(domain)) => format!("{}.{domain}", self.environment).parse::<Domain>().ok(),
            (None, None) => self.require(&platform.domain, "domain", at).cloned(),
        };
        let cloud = spec.cloud.get();
        let state_region = cloud.and_then(|cloud| cloud.state.get()).and_then(|state| state.region.get()).cloned();
        if let Some(vault) = spec.secrets.get().filter(|secrets| secrets.store.get() == Some(&SecretStore::Vault))
            && vault.vault.is_missing()
        {
            let at = vault.store.span().unwrap_or(at);
            self.require(&vault.vault, "vault", at);
        }
        let secrets = spec.secrets.get();
        let vault = secrets
            .and_then(|secrets| secrets.vault.get())
            .and_then(|vault| Some((vault.address.get()?.to_string(), vault.path.get()?.clone(), vault.role.get()?.clone())));
        let groups: Vec<&Name> =
            spec.access.get().and_then(|access| access.groups.get()).map(|all| all.keys().collect()).unwrap_or_default();
        for (approver, at) in environment.approvers.get().into_iter().flatten().filter_map(Field::spanned) {
            if !groups.contains(&approver) {
                self.unknown("group", approver.as_str(), groups.iter().map(|name| name.as_str()), at);
            }
        }
        let labels =
            platform.labels.get().into_iter().flat_map(|all| all.set()).map(|(key, _, value)| (key.clone(), value.clone())).collect();
        let name = name?;
        // The longest name made from it is that of a cluster, `<platform>-<environment>-<region>`, of at most 63 characters on every cloud.
        let longest = name.as_str().len() + self.environment.as_str().len() + 2 + 16;
        if longest > 63 {
            let at = platform.name.span().unwrap_or(at);
            let message = format!(
                "the platform's name `{name}` is too long: with the environment and the region it makes names of more than 63 characters"
            );
            self.tell(Diagnostic::new(Code::NameTooLong, message).at(at).help("choose a name of at most 20 characters"));
        }
        Some(Platform {
            name: name.clone(),
            labels,
            environment: self.environment.clone(),
            protected: environment.protected.get() == Some(&true),
            domain: domain?,
            primary: name,
            owner: owner?,
            state_region,
            secrets: Secrets { store: secrets.and_then(|secrets| secrets.store.get()).copied().unwrap_or(SecretStore::Cloud), vault },
            groups: Vec::new(),
            namespaces: IndexMap::new(),
            regions: IndexMap::new(),
            patches: Vec::new(),
            manifests: Vec::new(),
            terraform: Vec::new(),
            waivers: Vec::new(),
        })
    }

    /// The regions with their networks and clusters; their workloads come later.
    pub(super) fn places(&mut self) -> Option<Places> {
        let spec = self.spec;
        let environment = self.environment.as_str();
        let item = spec.environments.get()?.get(environment)?;
        let entry = item.value.get()?;
        let mut told = Vec::new();
        let places = places(spec, environment, &mut |diagnostic| told.push(diagnostic));
        told.into_iter().for_each(|diagnostic| self.tell(diagnostic));
        let primary = match entry.primary.spanned() {
            Some((name, at)) => {
                if !places.iter().any(|place| place.name == *name) {
                    self.unknown("region of this environment called", name.as_str(), places.iter().map(|place| place.name.as_str()), at);
                    return None;
                }
                name.clone()
            }
            None => places.first()?.name.clone(),
        };
        let subnets = subnets(spec);
        let defaults: Vec<&SubnetWish> = subnets.iter().filter(|subnet| subnet.default).collect();
        let declared = spec.network.get().and_then(|network| network.subnets.get());
        match (&defaults[..], declared) {
            ([_], _) => {}
            ([], Some(all)) if all.set().any(|(_, _, subnet)| matches!(subnet.default, Field::Bad(_))) => {}
            ([], Some(all)) => {
                let at = all.iter().next().map(|(_, span, _)| span);
                let diagnostic = Diagnostic::new(Code::MissingField, "no subnet is the default");
                self.tell(Diagnostic { span: at, ..diagnostic.help("add `default: true` to the one that takes apps without a `subnet`") });
            }
            ([first, second, ..], Some(all)) => {
                let place = |subnet: &SubnetWish| all.get(subnet.name.as_str()).and_then(|item| item.value.get()?.default.span());
                if let Some(at) = place(second) {
                    let message = format!("two subnets are the `default`: `{}` and `{}`", first.name, second.name);
                    self.contradiction(message, at, place(first), "the first stands here");
                }
            }
            _ => {}
        }
        let accounts = spec.cloud.get().and_then(|cloud| cloud.accounts.get());
        let account = accounts.and_then(|all| all.get(environment)).and_then(|item| item.value.get()).cloned();
        let on_cloud = places.iter().any(|place| !matches!(place.provider, Provider::Kind | Provider::Existing));
        if let (true, Some(cloud)) = (on_cloud, spec.cloud.get()) {
            let at = spec.cloud.span()?;
            if account.is_none() && accounts.is_none_or(|all| all.get(environment).is_none()) {
                let place = cloud.accounts.span().unwrap_or(at);
                let message = format!("`cloud.accounts` says nothing of `{environment}`, whose regions are on a cloud");
                let diagnostic = Diagnostic::new(Code::MissingField, message).at(place);
                self.tell(diagnostic.help(format!("add `{environment}:` with its account, project or subscription")));
            }
            match cloud.state.spanned() {
                None => {
                    self.require(&cloud.state, "state", at);
                }
                Some((state, at)) => {
                    self.require(&state.region, "region", at);
                }
            }
        }
        for (name, span, _) in accounts.into_iter().flat_map(|all| all.iter()) {
            let known: Vec<&Name> = spec.environments.get().map(|all| all.keys().collect()).unwrap_or_default();
            if !known.contains(&name) {
                self.unknown("environment", name.as_str(), known.iter().map(|name| name.as_str()), span);
            }
        }
        if let (Some((text, at)), true) = (accounts.and_then(|all| all.get(environment)).and_then(|item| item.value.spanned()), on_cloud)
            && places.iter().any(|place| place.provider == Provider::Aws)
            && !(text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()))
        {
            self.error(Code::InvalidValue, format!("`{text}` is not an AWS account: write its twelve digits in quotes"), at);
        }
        let pools = self.pools(&subnets);
        let cluster = spec.cluster.get();
        let version = cluster.and_then(|cluster| cluster.version.get()).copied()?;
        let policy_engine = cluster.and_then(|cluster| cluster.policy_engine.get()).copied().unwrap_or(PolicyEngine::Native);
        let name = spec.platform.get().and_then(|platform| platform.name.get())?;
        let regions = places
            .into_iter()
            .map(|place| {
                let network = self.network(&place, &subnets);
                Region {
                    cluster: Cluster {
                        name: format!("{name}-{environment}-{}", place.name),
                        version,
                        policy_engine,
                        mirror: None,
                        pools: pools.clone(),
                    },
                    primary: place.name == primary,
                    name: place.name,
                    provider: place.provider,
                    zones: place.zones,
                    account: account.clone(),
                    network,
                    workloads: IndexMap::new(),
                    flows: Vec::new(),
                }
            })
            .collect();
        Some(Places { primary, regions })
    }

    fn pools(&mut self, subnets: &[SubnetWish]) -> Vec<Pool> {
        let spec = self.spec;
        let mut pools = Vec::new();
        for (name, span, pool) in spec.cluster.get().and_then(|cluster| cluster.pools.get()).into_iter().flat_map(|all| all.set()) {
            let machine = self.require(&pool.machine, "machine", span).cloned();
            let nodes = self.require(&pool.nodes, "nodes", span).copied();
            let subnet = match pool.subnet.spanned() {
                Some((subnet, at)) if !subnets.iter().any(|known| known.name == *subnet) => {
                    self.unknown("subnet", subnet.as_str(), subnets.iter().map(|subnet| subnet.name.as_str()), at);
                    None
                }
                Some((subnet, _)) => Some(subnet.clone()),
                None => subnets.iter().find(|subnet| subnet.default).map(|subnet| subnet.name.clone()),
            };
            let taints = pool.taints.get().into_iter().flat_map(|all| all.set()).map(|(key, _, taint)| {
                let effect = match taint.effect.get() {
                    Some(TaintEffect::NoExecute) => "NoExecute",
                    Some(TaintEffect::PreferNoSchedule) => "PreferNoSchedule",
                    _ => "NoSchedule",
                };
                (key.clone(), taint.value.get().cloned().unwrap_or_default(), effect)
            });
            if let (Some(machine), Some(nodes), Some(subnet)) = (machine, nodes, subnet) {
                pools.push(Pool {
                    name: name.clone(),
                    subnet,
                    machine,
                    nodes: (nodes.min(), nodes.max()),
                    labels: pool
                        .labels
                        .get()
                        .into_iter()
                        .flat_map(|all| all.set())
                        .map(|(key, _, value)| (key.clone(), value.clone()))
                        .collect(),
                    taints: taints.collect(),
                    disk: pool.disk.get().cloned().unwrap_or_else(|| Quantity::from_bytes(100 << 30)),
                });
            }
        }
        pools
    }

    /// The network of a region; none on a provider without one of ours, or where a range is missing (which is told elsewhere).
    fn network(&self, place: &Place, subnets: &[SubnetWish]) -> Option<Network> {
        let (environment, region) = (self.environment.as_str(), place.name.as_str());
        let plan = self.plan;
        let zonal = place.provider == Provider::Aws;
        let parts = |key: Key| -> Option<Vec<ZoneRange>> {
            if !zonal {
                return Some(
                    plan.get(&key).map(|cidr| ZoneRange { zone: String::new(), short: String::new(), cidr }).into_iter().collect(),
                );
            }
            let zones = place.zones.iter().map(|zone| {
                let short = short_zone(region, zone);
                Some(ZoneRange { zone: zone.clone(), cidr: plan.get(&key.part(&short))?, short })
            });
            zones.collect()
        };
        let purpose = |purpose: Purpose| parts(Key::purpose(environment, region, purpose));
        let premises = self.spec.network.get().and_then(|network| network.on_premises.get());
        let named = subnets.iter().map(|subnet| {
            Some(NetworkSubnet {
                name: subnet.name.clone(),
                default: subnet.default,
                isolated: subnet.isolated,
                internet: subnet.internet,
                ranges: parts(Key::subnet(environment, region, subnet.name.as_str()))?,
            })
        });
        Some(Network {
            cidr: plan.get(&Key::vpc(environment, region))?,
            pods: plan.get(&Key::pods(environment, region))?,
            pod_zones: if zonal { parts(Key::pods(environment, region))? } else { Vec::new() },
            services: plan.get(&Key::services(environment, region))?,
            subnets: named.collect::<Option<_>>()?,
            lb_public: purpose(Purpose::PublicLoadBalancers).unwrap_or_default(),
            lb_internal: purpose(Purpose::InternalLoadBalancers)?,
            endpoints: purpose(Purpose::Endpoints)?,
            transit: if premises.is_some() { purpose(Purpose::Transit).unwrap_or_default() } else { Vec::new() },
            on_premises: premises.map(|premises| OnPremises {
                cidrs: premises.cidrs.get().into_iter().flatten().filter_map(Field::get).copied().collect(),
                gateway: premises.gateway.get().copied(),
                asn: premises.asn.get().copied(),
                dns: premises.dns.get().into_iter().flatten().filter_map(Field::get).copied().collect(),
            }),
        })
    }
}
