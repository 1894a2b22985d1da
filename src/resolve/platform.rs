//! `platform`, `environments` and `cloud`: the platform in one environment, with its regions.

use super::EnvironmentResolver;
use super::proxies::proxies;
use super::regions::{close_region, no_such_region};
use crate::diagnostic::wording::Count;
use crate::diagnostic::{Code, Diagnostic};
use crate::facts;
use crate::layers::Layer;
use crate::model::{Cluster, Platform, Pool, Region, Secrets, TAGS};
use crate::provider::Provider;
use crate::source::Span;
use crate::spec;
use crate::syntax::{Field, Map};
use crate::value::{Cidr, Domain, Name, PolicyEngine, SecretStore};
use indexmap::IndexMap;
use std::collections::BTreeSet;
use std::rc::Rc;

impl EnvironmentResolver<'_> {
    /// The platform with its regions, without groups, workloads and extensions. `None` without a region.
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
        let vault = |vault: &spec::Vault| Some((vault.address.get()?.to_string(), vault.path.get()?.clone(), vault.role.get()?.clone()));
        for (approver, at) in environment.approvers.items() {
            self.is_declared("group", spec.access.at(|access| &access.groups), approver, at);
        }
        for (key, at, _) in platform.labels.entries().filter(|(key, ..)| TAGS.contains(&key.as_str())) {
            let message = format!("the label `{key}` is also a tag of every cloud resource, which platgen sets itself");
            self.tell(Diagnostic::new(Code::Contradiction, message).at(at).help("choose another name, or add a domain as a prefix"));
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
        Some(Platform {
            name,
            labels,
            environment: self.environment.clone(),
            identity: self.environment.to_string(),
            protected: environment.protected.is_true(),
            no_guard: self.no_guard(),
            night: None,
            domain: domain?,
            primary: regions.iter().find(|region| region.primary)?.name.clone(),
            owner: owner?,
            state_region: spec.cloud.at(|cloud| &cloud.state).at(|state| &state.region).get().cloned(),
            zone: None,
            leads_account: false,
            pipelines: None,
            gitops: None,
            second_factor: spec.access.at(|access| &access.mfa).get().is_some(),
            secrets: Secrets {
                store: spec.secrets.at(|secrets| &secrets.store).get().copied().unwrap_or(SecretStore::Cloud),
                vault: spec.secrets.at(|secrets| &secrets.vault).get().and_then(vault),
            },
            groups: Vec::new(),
            namespaces: IndexMap::new(),
            regions: regions.into_iter().map(|region| (region.name.to_string(), region)).collect(),
            buckets: IndexMap::new(),
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
        let specs = Rc::clone(&self.region_specs);
        let Some(primary) = self.primary().map(|(place, _)| place.name.clone()) else {
            let (name, at) = entry.primary.spanned()?;
            self.unknown("region of this environment called", name.as_str(), specs.iter().map(|place| place.name.as_str()), at);
            return None;
        };
        self.record(|| {
            let first = format!("environments.{environment}.regions: the first");
            ("environment.primary".to_string(), &primary, self.own_or("primary", &entry.primary, &first))
        });
        let subnets = Rc::clone(&self.subnets);
        let account = spec.cloud.at(|cloud| &cloud.accounts).value(environment).cloned();
        let pools: Vec<Vec<Pool>> = specs.iter().map(|place| self.pools(&subnets, place)).collect();
        let (&version, at) = spec.cluster.at(|cluster| &cluster.version).spanned()?;
        specs.iter().for_each(|place| self.version(version, at, place.provider));
        let policy_engine = spec.cluster.at(|cluster| &cluster.policy_engine).get().copied().unwrap_or(PolicyEngine::Native);
        let registry_secret = spec.cluster.at(|cluster| &cluster.registry).at(|registry| &registry.pull).get().cloned();
        let name_servers = self.name_servers();
        let name = spec.platform.at(|platform| &platform.name).get()?;
        let admins = spec.cluster.at(|cluster| &cluster.admin_cidrs);
        let company = spec.network.at(|network| &network.on_premises).at(|company| &company.cidrs);
        let admin_cidrs: Vec<Cidr> = if admins.is_missing() { company } else { admins }.values().copied().collect();
        let issuer = self.issuer();
        let log_days = if entry.protected.is_true() { 365 } else { 30 };
        let regions = specs
            .iter()
            .zip(pools)
            .map(|(place, pools)| {
                let network = self.network(place, &subnets);
                let monitoring = self.monitoring(place, entry.protected.is_true(), &subnets, &pools);
                let proxies = proxies(place, entry.protected.is_true(), &subnets, &pools);
                let cluster = format!("{name}-{environment}-{}", place.name);
                // By its alias, which is known before the key exists.
                let key = account.as_ref().filter(|_| Layer::Cluster.providers().contains(&place.provider));
                let key = key.map(|account| format!("arn:aws:kms:{}:{account}:alias/{cluster}-cluster", place.name));
                Region {
                    cluster: Cluster {
                        name: cluster,
                        version,
                        policy_engine,
                        registry_secret: registry_secret.clone(),
                        mirror: self.mirror(place.provider, place.name.as_str(), account.as_deref()),
                        name_servers: name_servers.clone(),
                        issuer: issuer.clone().filter(|_| Layer::Cluster.providers().contains(&place.provider)),
                        pools,
                        admin_cidrs: admin_cidrs.clone(),
                        log_days,
                        controllers: BTreeSet::new(),
                        proxies,
                        storage: self.storage_classes(place.provider, key.as_deref()),
                        existing_classes: self.existing_classes(place.provider),
                    },
                    primary: place.name == primary,
                    name: place.name.clone(),
                    provider: place.provider,
                    zones: place.zones.clone(),
                    account: account.clone(),
                    owns_account: false,
                    shared_hosts: BTreeSet::new(),
                    inside: self.inside(place.name.as_str(), network.as_ref()),
                    network,
                    workloads: IndexMap::new(),
                    managed: IndexMap::new(),
                    volumes: Vec::new(),
                    flows: Vec::new(),
                    monitoring,
                    charts: Vec::new(),
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
        self.record(|| (format!("{at}.provider"), region.provider.name(), "cloud.provider"));
        for (number, zone) in region.zones.iter().enumerate() {
            self.record(|| (format!("{at}.zone_names[{number}]"), zone, format!("{at}.zones and the provider's zones")));
        }
        if let Some(account) = &region.account {
            let from = format!("cloud.accounts.{}", self.environment);
            self.record(|| (format!("{at}.account"), account, from.clone()));
            self.record(|| {
                (
                    format!("{at}.state_bucket"),
                    platform.state_bucket(account, region.name.as_str()),
                    format!("platform.name, the environment, the region and {from}"),
                )
            });
        }
        if region.provider == Provider::Aws {
            let from = format!("environments.{}.protected", self.environment);
            self.record(|| (format!("{at}.cluster_logs"), format!("{}d", region.cluster.log_days), from));
        }
        self.record_taints(region);
        self.record(|| (format!("{at}.cluster"), &region.cluster.name, "platform.name, the environment and the region"));
        for class in &region.cluster.storage {
            let (path, from) = (format!("{at}.storage_classes.{}", class.name), format!("{at}.provider"));
            self.record(|| (format!("{path}.provisioner"), class.provisioner, from.clone()));
            self.record(|| (format!("{path}.expandable"), class.expandable, from.clone()));
            self.record(|| (format!("{path}.reclaim_policy"), class.reclaim_policy, "the default of volumes"));
        }
        let proxies = &region.cluster.proxies;
        let sizes = format!("environments.{}.protected and {at}.zones", self.environment);
        self.record(|| (format!("{at}.proxies.least"), proxies.least, sizes.clone()));
        self.record(|| (format!("{at}.proxies.most"), proxies.most, sizes.clone()));
        for (number, taint) in proxies.tolerations.iter().enumerate() {
            let value = format!("{}={}:{}", taint.key, taint.value, taint.effect);
            self.record(|| (format!("{at}.proxies.tolerations[{number}]"), value.clone(), "network.subnets and cluster.pools"));
        }
        if let Some(class) = proxies.load_balancer_class {
            self.record(|| (format!("{at}.proxies.load_balancer_class"), class, format!("{at}.provider")));
        }
    }

    /// Names of classes of priority start with the platform's, and Kubernetes keeps `system-` for itself.
    pub(super) fn check_platform(&mut self) {
        let name = self.spec.platform.at(|platform| &platform.name).spanned();
        if let Some((name, at)) = name.filter(|(name, _)| name.as_str() == "system" || name.as_str().starts_with("system-")) {
            let message = format!("`{name}` makes names that start with `system-`, a prefix that Kubernetes reserves");
            self.tell(Diagnostic::new(Code::NameTaken, message).at(at).help("choose another name for the platform"));
        }
    }

    pub(super) fn check_environment(&mut self) {
        let Some((regions, at)) = self.own_environment().and_then(|environment| environment.regions.spanned()) else { return };
        if regions.is_empty() {
            let diagnostic = Diagnostic::new(Code::InvalidValue, format!("`{}` has no regions", self.environment)).at(at);
            self.tell(diagnostic.help("name one of `regions`"));
        }
        let words: Vec<(&Name, Span)> = regions.iter().filter_map(Field::spanned).collect();
        self.once_each(&words);
    }

    pub(super) fn check_cloud(&mut self) {
        let spec = self.spec;
        let Some((cloud, _)) = spec.cloud.spanned() else { return };
        let state = cloud.state.at(|state| &state.region).spanned();
        if let (Some((name, at)), Some(Provider::Aws)) = (state, cloud.provider.get())
            && facts::region(Provider::Aws, name.as_str()).is_none()
        {
            let finding = no_such_region(name, Provider::Aws, at);
            self.tell(match close_region(name, Provider::Aws) {
                Some(close) => finding.fix(at, close),
                None => finding,
            });
        }
        if let Some((cluster, at)) = spec.cluster.spanned() {
            self.require(&cluster.version, "version", at);
        }
        self.check_accounts();
    }

    /// An environment on a cloud has an account, and a place for the state of Terraform.
    fn check_accounts(&mut self) {
        let (spec, environment, on_cloud) = (self.spec, self.environment.as_str(), self.on_a_cloud());
        let accounts = spec.cloud.at(|cloud| &cloud.accounts);
        if let (true, Some(cloud)) = (on_cloud, spec.cloud.get()) {
            let Some(at) = spec.cloud.span() else { return };
            if accounts.find(environment).is_none() && !accounts.is_bad() {
                let place = cloud.accounts.span().unwrap_or(at);
                let message = format!("`cloud.accounts` has no entry for `{environment}`, whose regions are on a cloud");
                let diagnostic = Diagnostic::new(Code::MissingField, message).at(place);
                let (kind, example) = self.kind_of_account();
                self.tell(diagnostic.help(match cloud.accounts.is_missing() {
                    true => format!("below `cloud:` add `accounts: {{{environment}: \"{example}\"}}`, with the {kind} of the environment"),
                    false => format!("add `{environment}:` with its {kind}, such as `{environment}: \"{example}\"`"),
                }));
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
        for (name, span, _) in accounts.get().into_iter().flat_map(Map::iter) {
            self.is_declared("environment", &spec.environments, name, span);
        }
        if let (Some((text, at)), true) = (accounts.find(environment).and_then(|item| item.value.spanned()), on_cloud)
            && self.on_aws()
            && let Some(fault) = fault_of_account(text)
        {
            let diagnostic = Diagnostic::new(Code::InvalidValue, format!("`{text}` is not an AWS account: {fault}")).at(at);
            self.tell(diagnostic.help("write the account's twelve digits in quotes, such as `\"111111111111\"`"));
        }
    }

    /// What an account is called on the clouds of the environment, and an example of one.
    fn kind_of_account(&self) -> (&'static str, &'static str) {
        let clouds: BTreeSet<Provider> = self.region_specs.iter().map(|place| place.provider).filter(|one| one.is_cloud()).collect();
        match clouds.iter().collect::<Vec<_>>()[..] {
            [Provider::Aws] => ("account", "111111111111"),
            [Provider::Google] => ("project", "shop-production"),
            [Provider::Azure] => ("subscription", "00000000-0000-0000-0000-000000000000"),
            _ => ("account, project or subscription", "111111111111"),
        }
    }
}

/// What is wrong with the number of an AWS account; `None` for twelve digits.
fn fault_of_account(text: &str) -> Option<String> {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    match text.chars().find(|char| !char.is_ascii_digit()) {
        Some('-') if digits == 12 => Some("it has hyphens".to_owned()),
        Some(char) => Some(format!("{char:?} is no digit")),
        None if digits == 12 => None,
        None => Some(format!("it has {}, and accounts have twelve", Count(digits, "digit"))),
    }
}
