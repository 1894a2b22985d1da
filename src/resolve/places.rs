//! Regions, networks and clusters of an environment, with the addresses that were planned for them.

use super::Scope;
use super::provenance::Origin;
use super::regions::{Place, SubnetSpec, short_zone, subnets};
use crate::diagnostic::{Code, Diagnostic};
use crate::facts;
use crate::model::lock::{Key, Purpose};
use crate::model::{Cluster, Machine, Network, NetworkSubnet, OnPremises, Platform, Pool, Region, Secrets, TAGS, ZoneRange};
use crate::provider::Provider;
use crate::source::Span;
use crate::spec::TaintEffect;
use crate::syntax::Field;
use crate::value::{Cidr, Domain, Duration, EndpointSet, KubernetesVersion, Name, NatGateways, PolicyEngine, Quantity, SecretStore};
use indexmap::IndexMap;

/// The digits of an AWS account, which end the name of its bucket.
const ACCOUNT: usize = 12;

/// The oldest and the newest version of Kubernetes that files are printed for.
const VERSIONS: (KubernetesVersion, KubernetesVersion) = (KubernetesVersion::new(1, 33), KubernetesVersion::new(1, 37));

impl Scope<'_> {
    /// The platform with its regions, before people, workloads and extensions are known. None without a region.
    pub(super) fn base(&mut self, regions: Vec<Region>) -> Option<Platform> {
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
        if let Some(domain) = &domain {
            self.record(|| {
                (
                    "environment.domain".to_string(),
                    domain,
                    self.own_or("domain", &environment.domain, "platform.domain and the environment's name"),
                )
            });
        }
        let cloud = spec.cloud.get();
        let state_region = cloud.and_then(|cloud| cloud.state.get()).and_then(|state| state.region.get()).cloned();
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
        for (key, at, _) in platform.labels.entries().filter(|(key, ..)| TAGS.contains(&key.as_str())) {
            let message = format!("the label `{key}` would be a tag of every cloud resource, and platgen sets that one itself");
            self.tell(Diagnostic::new(Code::Contradiction, message).at(at).help("give it another name, or a domain of your own in front"));
        }
        let labels = platform.labels.entries().map(|(key, _, value)| (key.to_string(), value.to_string())).collect();
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
        let bucket = format!("{name}-{}-terraform-state-", self.environment).len() + ACCOUNT;
        if self.on_aws() && longest <= 63 && bucket > 63 {
            let at = platform.name.span().unwrap_or(at);
            let message = format!(
                "the names of the platform and of `{}` are too long: the bucket of the state would have {bucket} characters, and 63 are allowed",
                self.environment
            );
            self.tell(Diagnostic::new(Code::NameTooLong, message).at(at).help("choose a shorter name for one of them"));
        }
        Some(Platform {
            name,
            labels,
            environment: self.environment.clone(),
            protected: environment.protected.get() == Some(&true),
            domain: domain?,
            primary: regions.iter().find(|region| region.primary)?.name.clone(),
            owner: owner?,
            state_region,
            secrets: Secrets { store: secrets.and_then(|secrets| secrets.store.get()).copied().unwrap_or(SecretStore::Cloud), vault },
            groups: Vec::new(),
            namespaces: IndexMap::new(),
            regions: regions.into_iter().map(|region| (region.name.to_string(), region)).collect(),
            patches: Vec::new(),
            manifests: Vec::new(),
            terraform: Vec::new(),
            waivers: Vec::new(),
        })
    }

    /// The regions with their networks and clusters; their workloads come later.
    pub(super) fn regions(&mut self) -> Option<Vec<Region>> {
        let spec = self.spec;
        let environment = self.environment.as_str();
        let item = spec.environments.get()?.get(environment)?;
        let entry = item.value.get()?;
        let places = self.places.clone();
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
        self.record(|| {
            let first = format!("environments.{environment}.regions: the first");
            ("environment.primary".to_string(), &primary, self.own_or("primary", &entry.primary, &first))
        });
        let subnets = subnets(spec);
        let defaults: Vec<&SubnetSpec> = subnets.iter().filter(|subnet| subnet.default).collect();
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
                let place = |subnet: &SubnetSpec| all.get(subnet.name.as_str()).and_then(|item| item.value.get()?.default.span());
                if let Some(at) = place(second) {
                    let message = format!("two subnets are the `default`: `{}` and `{}`", first.name, second.name);
                    self.contradiction(message, at, place(first), "the first stands here");
                }
            }
            _ => {}
        }
        let accounts = spec.cloud.get().and_then(|cloud| cloud.accounts.get());
        let account = accounts.and_then(|all| all.get(environment)).and_then(|item| item.value.get()).cloned();
        let on_cloud = places.iter().any(|place| place.provider.is_cloud());
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
        let pools: Vec<Vec<Pool>> = places.iter().map(|place| self.pools(&subnets, place.provider)).collect();
        let cluster = spec.cluster.get();
        let (&version, at) = cluster.and_then(|cluster| cluster.version.spanned())?;
        places.iter().for_each(|place| self.version(version, at, place.provider));
        let policy_engine = cluster.and_then(|cluster| cluster.policy_engine.get()).copied().unwrap_or(PolicyEngine::Native);
        let name = spec.platform.get().and_then(|platform| platform.name.get())?;
        let regions = places
            .into_iter()
            .zip(pools)
            .map(|(place, pools)| {
                let network = self.network(&place, &subnets);
                Region {
                    cluster: Cluster { name: format!("{name}-{environment}-{}", place.name), version, policy_engine, mirror: None, pools },
                    primary: place.name == primary,
                    name: place.name,
                    provider: place.provider,
                    zones: place.zones,
                    account: account.clone(),
                    owns_account: false,
                    network,
                    workloads: IndexMap::new(),
                    stores: IndexMap::new(),
                    flows: Vec::new(),
                }
            })
            .collect();
        Some(regions)
    }

    /// The origin of a value of the environment: its key in the environment's block, or the rule without it.
    fn own_or<T>(&self, key: &str, field: &Field<T>, otherwise: &str) -> String {
        if field.is_missing() { otherwise.to_string() } else { format!("environments.{}.{key}", self.environment) }
    }

    /// Records the provider, zones, account and names of a region.
    pub(super) fn record_region(&self, region: &Region, platform: &Platform) {
        let at = format!("regions.{}", region.name);
        self.record(|| (format!("{at}.provider"), format!("{:?}", region.provider).to_lowercase(), "cloud.provider"));
        for (number, zone) in region.zones.iter().enumerate() {
            self.record(|| (format!("{at}.zone_names[{number}]"), zone, format!("{at}.zones and the provider's zones")));
        }
        if let Some(account) = &region.account {
            let from = format!("cloud.accounts.{}", self.environment);
            self.record(|| (format!("{at}.account"), account, from.clone()));
            self.record(|| {
                (format!("{at}.state_bucket"), platform.state_bucket(account), format!("platform.name, the environment and {from}"))
            });
        }
        self.record(|| (format!("{at}.cluster"), &region.cluster.name, "platform.name, the environment and the region"));
    }

    /// The origin of the subnet of pools and entries that name none.
    pub(super) fn default_subnet(&self) -> &'static str {
        let declared = self.spec.network.get().and_then(|network| network.subnets.get()).is_some_and(|all| !all.is_empty());
        if declared { "network.subnets: the default one" } else { "the only subnet: none is declared" }
    }

    /// Records the capacity and the taints of a pool's nodes.
    fn record_pool(&self, name: &Name, capacity: Option<&Machine>, taints: &[(String, String, &'static str)]) {
        let at = format!("cluster.pools.{name}");
        if let Some(Machine { architecture, cpu, memory }) = capacity {
            let cpu = cpu.as_ref().map(Quantity::canonical);
            let memory = memory.as_ref().map(Quantity::canonical);
            for (key, value) in [("arch", architecture.map(str::to_owned)), ("cpu", cpu), ("memory", memory)] {
                if let Some(value) = value {
                    self.record(|| (format!("{at}.capacity.{key}"), value, format!("{at}.machine")));
                }
            }
        }
        for (number, (key, value, effect)) in taints.iter().enumerate() {
            self.record(|| (format!("{at}.node_taints[{number}]"), format!("{key}={value}:{effect}"), format!("{at}.taints")));
        }
    }

    /// Whether files can be printed for a version, and clusters of it be had.
    fn version(&mut self, version: KubernetesVersion, at: Span, provider: Provider) {
        let (oldest, newest) = VERSIONS;
        if version < oldest || newest < version {
            let message = format!("platgen prints for Kubernetes {oldest} to {newest}, not for {version}");
            self.tell(Diagnostic::new(Code::UnknownValue, message).at(at).help(format!("write one of them, such as `{newest}`")));
        } else if provider.is_cloud() && facts::version(provider, &version.to_string()).is_none() {
            let known: Vec<&str> = facts::versions(provider).iter().map(|version| version.name).collect();
            let message = format!("platgen does not know that {} offers Kubernetes {version}", provider.name());
            let offered = known.last().copied().unwrap_or_default();
            self.tell(Diagnostic::new(Code::UnofferedVersion, message).at(at).help(format!("the newest that it knows of is {offered}")));
        }
    }

    fn pools(&mut self, subnets: &[SubnetSpec], provider: Provider) -> Vec<Pool> {
        let spec = self.spec;
        let mut pools = Vec::new();
        for (name, span, pool) in spec.cluster.get().into_iter().flat_map(|cluster| cluster.pools.entries()) {
            let machine = self.require(&pool.machine, "machine", span).cloned();
            let nodes = self.require(&pool.nodes, "nodes", span).copied();
            let subnet = match pool.subnet.spanned() {
                Some((subnet, at)) if !subnets.iter().any(|known| known.name == *subnet) => {
                    self.unknown("subnet", subnet.as_str(), subnets.iter().map(|subnet| subnet.name.as_str()), at);
                    None
                }
                Some((subnet, _)) => Some(subnet.clone()),
                None => {
                    let default = subnets.iter().find(|subnet| subnet.default).map(|subnet| subnet.name.clone());
                    self.record(|| {
                        let subnet = default.as_ref().map(ToString::to_string).unwrap_or_default();
                        (format!("cluster.pools.{name}.subnet"), subnet, self.default_subnet())
                    });
                    default
                }
            };
            let taints = pool.taints.entries().map(|(key, _, taint)| {
                let effect = match taint.effect.get() {
                    Some(TaintEffect::NoExecute) => "NoExecute",
                    Some(TaintEffect::PreferNoSchedule) => "PreferNoSchedule",
                    _ => "NoSchedule",
                };
                (key.to_string(), taint.value.get().map(ToString::to_string).unwrap_or_default(), effect)
            });
            if let (Some(machine), Some(nodes), Some(subnet)) = (machine, nodes, subnet) {
                let capacity = self.machine(provider, &machine, pool.machine.span());
                let taints: Vec<_> = taints.collect();
                self.record_pool(name, capacity.as_ref(), &taints);
                pools.push(Pool {
                    name: name.clone(),
                    subnet,
                    machine,
                    capacity,
                    nodes: (nodes.min(), nodes.max()),
                    labels: pool.labels.entries().map(|(key, _, value)| (key.to_string(), value.to_string())).collect(),
                    taints,
                    disk: pool.disk.get().cloned().unwrap_or_else(|| Quantity::from_bytes(100 << 30)),
                });
            }
        }
        pools
    }

    /// A planned range, with a record of its key in the lock; `name` is its place under the region's addresses.
    fn range(&self, region: &str, name: &str, key: Key) -> Option<Cidr> {
        let cidr = self.plan.get(&key)?;
        self.record(|| (format!("addresses.{region}.{name}"), cidr, Origin::Lock(key)));
        Some(cidr)
    }

    /// The network of a region. `None` on a provider without networks of ours, or where a range is missing, which the address plan reports.
    fn network(&self, place: &Place, subnets: &[SubnetSpec]) -> Option<Network> {
        let (environment, region) = (self.environment.as_str(), place.name.as_str());
        let zonal = place.provider == Provider::Aws;
        let parts = |name: &str, key: Key| -> Option<Vec<ZoneRange>> {
            if !zonal {
                let range = self.range(region, name, key);
                return Some(range.map(|cidr| ZoneRange { zone: String::new(), short: String::new(), cidr }).into_iter().collect());
            }
            let zones = place.zones.iter().map(|zone| {
                let short = short_zone(region, zone);
                let cidr = self.range(region, &format!("{name}.{zone}"), key.part(&short))?;
                Some(ZoneRange { zone: zone.clone(), cidr, short })
            });
            zones.collect()
        };
        let purpose = |name: &str, purpose: Purpose| parts(name, Key::purpose(environment, region, purpose));
        let settings = self.spec.network.get();
        let premises = settings.and_then(|network| network.on_premises.get());
        let protected = self.own_environment().is_some_and(|environment| environment.protected.get() == Some(&true));
        let (nat, endpoint_set, days) =
            if protected { (NatGateways::PerZone, EndpointSet::All, 365) } else { (NatGateways::One, EndpointSet::Needed, 30) };
        let by_default = |key: &str, value: &str| {
            self.record(|| (format!("regions.{region}.{key}"), value, format!("environments.{environment}.protected")));
        };
        if settings.is_none_or(|network| network.nat.is_missing()) {
            by_default("nat", if protected { "per-zone" } else { "one" });
        }
        if settings.is_none_or(|network| network.endpoints.is_missing()) {
            by_default("endpoints", if protected { "all" } else { "needed" });
        }
        if settings.is_none_or(|network| network.flow_logs.is_missing()) {
            by_default("flow_logs", &format!("{days}d"));
        }
        Some(Network {
            cidr: self.range(region, "vpc", Key::vpc(environment, region))?,
            pods: self.range(region, "pods", Key::pods(environment, region))?,
            pod_zones: if zonal { parts("pods", Key::pods(environment, region))? } else { Vec::new() },
            services: self.range(region, "services", Key::services(environment, region))?,
            subnets: subnets
                .iter()
                .map(|subnet| {
                    Some(NetworkSubnet {
                        name: subnet.name.clone(),
                        renamed_from: subnet.was.clone(),
                        default: subnet.default,
                        isolated: subnet.isolated,
                        internet: subnet.internet,
                        ranges: parts(subnet.name.as_str(), Key::subnet(environment, region, subnet.name.as_str()))?,
                    })
                })
                .collect::<Option<_>>()?,
            lb_public: purpose("lb-public", Purpose::PublicLoadBalancers).unwrap_or_default(),
            lb_internal: purpose("lb-internal", Purpose::InternalLoadBalancers)?,
            endpoints: purpose("endpoints", Purpose::Endpoints)?,
            transit: if premises.is_some() { purpose("transit", Purpose::Transit).unwrap_or_default() } else { Vec::new() },
            on_premises: premises.map(|premises| OnPremises {
                cidrs: premises.cidrs.get().into_iter().flatten().filter_map(Field::get).copied().collect(),
                gateway: premises.gateway.get().copied(),
                asn: premises.asn.get().copied(),
                dns: premises.dns.get().into_iter().flatten().filter_map(Field::get).copied().collect(),
            }),
            nat: settings.and_then(|network| network.nat.get()).copied().unwrap_or(nat),
            endpoint_set: settings.and_then(|network| network.endpoints.get()).copied().unwrap_or(endpoint_set),
            flow_log_days: settings.and_then(|network| network.flow_logs.get()).and_then(|kept| whole_days(*kept)).unwrap_or(days),
        })
    }
}

/// The number of days of a duration; none for one that is not made of whole days.
pub(super) fn whole_days(duration: Duration) -> Option<u32> {
    const DAY: u64 = 24 * 60 * 60 * 1000;
    duration.millis().is_multiple_of(DAY).then(|| u32::try_from(duration.millis() / DAY).ok()).flatten()
}
