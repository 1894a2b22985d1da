//! What the environments of a platform share in the accounts of AWS: the zones of domains, settings that an account has once, and the identity provider of
//! pipelines.

use super::Computed;
use crate::model::{ParentZone, Platform, Region, Zone};
use crate::provider::Provider;
use indexmap::IndexMap;
use std::collections::{BTreeMap, BTreeSet};

/// Whether a name is a domain or below it.
fn is_within(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Sets and records the zone of each environment, which one leads its account, and which one makes the identity provider of pipelines there. Where environments share an account and a domain, the first of them
/// that has hosts there makes the zone.
pub(super) fn share(environments: &mut IndexMap<String, Platform>, provenance: &mut BTreeMap<String, Vec<Computed>>) {
    let mut zones: IndexMap<(String, String), String> = IndexMap::new();
    let mut leaders: BTreeMap<String, String> = BTreeMap::new();
    let mut strict: BTreeSet<String> = BTreeSet::new();
    let mut issuers: BTreeSet<(String, String)> = BTreeSet::new();
    for (environment, platform) in environments.iter_mut() {
        let Some(account) = platform.account(Provider::Aws).map(str::to_owned) else { continue };
        let domain = platform.domain.as_str();
        let on_aws = platform.regions.values().filter(|region| region.provider == Provider::Aws);
        if on_aws.flat_map(Region::hosts).any(|host| is_within(host, domain)) {
            zones.entry((account.clone(), domain.to_owned())).or_insert_with(|| environment.clone());
        }
        if platform.second_factor {
            strict.insert(account.clone());
        }
        if let Some(pipelines) = &mut platform.pipelines {
            pipelines.makes_provider = issuers.insert((account.clone(), pipelines.issuer.clone()));
        }
        platform.leads_account = !leaders.contains_key(&account);
        leaders.entry(account).or_insert_with(|| environment.clone());
    }
    for platform in strict.iter().filter_map(|account| leaders.get(account)) {
        if let Some(platform) = environments.get_mut(platform) {
            platform.second_factor = true;
        }
    }
    for ((account, domain), environment) in &zones {
        // The longest domain above it is the nearest.
        let above = zones.iter().filter(|((_, other), _)| other != domain && is_within(domain, other));
        let nearest = above.max_by_key(|((holder, other), _)| (other.len(), holder == account));
        let parent = nearest.map(|((account, domain), environment)| ParentZone {
            environment: environment.clone(),
            domain: domain.clone(),
            account: account.clone(),
        });
        if let Some(platform) = environments.get_mut(environment) {
            platform.zone = Some(Zone { parent });
        }
    }
    for (environment, platform) in environments.iter().filter(|(_, platform)| platform.account(Provider::Aws).is_some()) {
        let Some(record) = provenance.get_mut(environment) else { continue };
        let mut add =
            |path: &str, value: String, origin: &str| record.push(Computed { path: path.to_owned(), value, origin: origin.into() });
        add("environment.leads_account", platform.leads_account.to_string(), "cloud.accounts and the order of environments");
        if platform.second_factor {
            add("environment.second_factor", "true".to_owned(), "`mfa` of the environments in the account");
        }
        if let Some(pipelines) = &platform.pipelines {
            let made = pipelines.makes_provider.to_string();
            add("environment.pipelines.makes_provider", made, "cloud.accounts, `delivery` and the order of environments");
        }
        if let Some(zone) = &platform.zone {
            add("environment.zone", platform.domain.to_string(), "the environment's domain and the hosts in it");
            if let Some(parent) = &zone.parent {
                let from = "the domains of the other environments";
                add("environment.zone.parent", parent.domain.clone(), from);
                add("environment.zone.parent.account", parent.account.clone(), from);
                add("environment.zone.parent.environment", parent.environment.clone(), from);
            }
        }
    }
}
