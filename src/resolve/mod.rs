//! Turns specs, locks and provider facts into the resolved platform. All policy decisions are made here.
//!
//! Each environment is resolved separately, so that an error in one hides nothing in another; addresses are planned for all of them together.
//! The module is pure: it uses no clock, disk or process environment. Later stages do not see a [`Spec`].
//!
//! Each section of the spec has a file: `platform`, `network`, `cluster`, `access`, `extensions`, `waivers`; apps and stores are resolved in
//! `workloads`, `containers`, `probes`, `security`, `volumes`, `placement` and `flows`, stores in `server`, those that an operator runs in `databases`, entrances in `expose`, object stores in `buckets`, tests of their backups in `restore_tests`, services outside of the cluster in `external`; checked in `entries`, `stores`, `database_checks`, `pods` and `collisions`.

mod access;
mod accounts;
mod addon_flows;
mod addons;
pub mod addresses;
mod alert_settings;
mod backup_times;
mod backups;
mod beside;
mod buckets;
mod capacity;
mod certificates;
mod charts;
mod cluster;
mod collisions;
mod command_lines;
mod consumer;
mod containers;
mod database_checks;
mod databases;
mod desktop;
mod engines;
mod entries;
mod expose;
mod extensions;
mod external;
mod files;
mod firewall;
mod flows;
mod gitops;
mod gpus;
mod hosts;
mod hybrid;
mod identity;
mod images;
mod jobs;
mod kafka;
mod kubernetes_access;
mod managed;
mod managed_checks;
mod managed_users;
mod metadata;
mod mirror;
mod monitoring;
mod names;
mod network;
mod night;
mod objectives;
mod pipelines;
mod placement;
mod plan;
mod platform;
mod pods;
mod policy_length;
mod pool_limits;
mod ports;
mod probes;
mod provenance;
mod proxies;
mod references;
mod regions;
mod relied;
mod replication;
mod replication_checks;
mod reserved;
mod restore_check;
mod restore_tests;
mod routing;
mod secret_scan;
mod sections;
mod security;
mod server;
mod spot;
mod standbys;
mod storage;
mod store_proxies;
mod stores;
mod telling;
mod values;
mod volumes;
mod waivers;
mod workloads;

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::lock::{AddonLock, Lock};
use crate::model::{Estate, Missing, Platform};
use crate::source::{FileId, Sources, Span};
use crate::spec::{self, Spec, Specs};
use crate::syntax::Field;
use crate::value::Name;
pub use desktop::desktop;
use indexmap::IndexMap;
pub use provenance::{Computed, Origin};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// The inputs of a spec besides itself.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// The texts of the spec, for spans inside of values.
    pub sources: &'a Sources,
    /// The files that the spec includes, by path: the content, or the reason why it could not be read.
    pub included: &'a BTreeMap<String, Result<Vec<u8>, String>>,
    /// The versions of add-ons.
    pub addons: &'a AddonLock,
    /// Whether the output may lack what an entry asks for: findings of [`Code::Incomplete`] are warnings then.
    pub allow_incomplete: bool,
}

/// The result of resolving.
#[derive(Debug)]
pub struct Resolution {
    /// The environments that could be resolved. `None` if the platform has no valid name or lacks a section.
    pub estate: Option<Estate>,
    /// The lock with every new range. The given lock is stale if it differs.
    pub lock: Lock,
    /// The versions of the add-ons that are installed at a version which the spec does not say. The given lock is stale if it differs.
    pub addons: AddonLock,
    /// Every finding.
    pub diagnostics: Diagnostics,
    /// The computed values of each environment that could be resolved; empty unless [`resolve_with_provenance`] made the resolution.
    pub provenance: BTreeMap<String, Vec<Computed>>,
}

/// Resolves every environment.
pub fn resolve(specs: &Specs, lock: &Lock, inputs: Inputs<'_>) -> Resolution {
    resolve_all(specs, lock, inputs, false)
}

/// Resolves every environment and records each computed value with its origin.
pub fn resolve_with_provenance(specs: &Specs, lock: &Lock, inputs: Inputs<'_>) -> Resolution {
    resolve_all(specs, lock, inputs, true)
}

fn resolve_all(specs: &Specs, lock: &Lock, inputs: Inputs<'_>, record: bool) -> Resolution {
    let mut found = Diagnostics::default();
    for (name, span) in &specs.unused_profiles {
        found.push(
            Diagnostic::new(Code::UnusedProfile, format!("no app or store uses the profile `{name}`"))
                .at(*span)
                .help("name it in the `from` of an app or a store, or remove it"),
        );
    }
    sections::warn_of_unrendered(specs, &mut found);
    check_tool(&specs.base, &mut found);
    let declared = require_environments(&specs.base, &mut found);
    let (plan, lock) = plan::plan_addresses(specs, lock, &mut found);
    let mut environments = IndexMap::new();
    let mut provenance = BTreeMap::new();
    let mut hosts = hosts::Hosts::default();
    let mut locked = AddonLock::default();
    for (name, spec) in &specs.environments {
        let Ok(environment) = name.parse::<Name>() else { continue };
        let mut resolver = EnvironmentResolver {
            environment: &environment,
            spec,
            profiles: &specs.profiles,
            inputs,
            plan: &plan,
            recorder: provenance::recorder(record),
            region_specs: Rc::from([]),
            subnets: network::subnets(spec).into(),
            unknown_references: 0,
            found: Diagnostics::default(),
        };
        let platform = resolver.platform(&mut hosts);
        resolver.lock_addons(platform.as_ref(), &mut locked);
        let recorder = resolver.recorder;
        let faults = resolver.found;
        let failed = faults.has_errors();
        found.extend(faults);
        if let Some(platform) = platform.filter(|_| !failed) {
            environments.insert(name.clone(), platform);
            provenance.extend(recorder.map(|recorder| (name.clone(), recorder.into_inner().finish())));
        }
    }
    owners(&mut environments, &mut provenance);
    accounts::share(&mut environments, &mut provenance);
    buckets::check_names(&environments, &mut found);
    extensions::check_roots(&environments, &mut found);
    hosts.report(&mut found);
    regions::check_regions(&specs.base, &mut found);
    if let Some(written) = &specs.written {
        secret_scan::check(written, &mut found);
    }
    let name = specs.base.platform.at(|platform| &platform.name).get().cloned();
    let estate = name.filter(|_| declared).map(|name| Estate {
        name,
        scanners: specs.base.delivery.at(|delivery| &delivery.scanners).values().copied().collect(),
        missing: missing(&found, &environments),
        environments,
    });
    Resolution { estate, lock, addons: locked, diagnostics: found, provenance }
}

/// The parts that the files of the environments lack. The list does not depend on spans, so it is the same for every layout of the spec.
fn missing(found: &Diagnostics, environments: &IndexMap<String, Platform>) -> Vec<Missing> {
    let mut lacking: BTreeMap<(bool, &str), BTreeSet<&str>> = BTreeMap::new();
    for finding in found.iter().filter(|finding| matches!(finding.code, Code::Incomplete | Code::NotRendered)) {
        lacking
            .entry((finding.code == Code::NotRendered, &finding.message))
            .or_default()
            .extend(finding.environments.iter().map(String::as_str));
    }
    let in_order = |names: BTreeSet<&str>| environments.keys().filter(|name| names.contains(name.as_str())).cloned().collect();
    let part = |((spare, what), names): ((bool, &str), _)| Missing { what: what.to_owned(), needed: !spare, environments: in_order(names) };
    lacking.into_iter().map(part).collect()
}

/// Sets and records `owns_account` of every region.
fn owners(environments: &mut IndexMap<String, Platform>, provenance: &mut BTreeMap<String, Vec<Computed>>) {
    let regions = environments.values().flat_map(|platform| platform.regions.values());
    let mut users: BTreeMap<(Option<String>, Name), usize> = BTreeMap::new();
    for region in regions {
        *users.entry((region.account.clone(), region.name.clone())).or_default() += 1;
    }
    for (environment, platform) in environments {
        for region in platform.regions.values_mut() {
            region.owns_account = users.get(&(region.account.clone(), region.name.clone())) == Some(&1);
            if let (Some(_), Some(record)) = (&region.account, provenance.get_mut(environment)) {
                let path = format!("regions.{}.owns_account", region.name);
                let origin = "cloud.accounts and the regions of every environment".into();
                record.push(Computed { path, value: region.owns_account.to_string(), origin });
            }
        }
    }
}

/// Reports a spec that requires another version of platgen.
fn check_tool(spec: &Spec, found: &mut Diagnostics) {
    let version = env!("CARGO_PKG_VERSION");
    if let (Some((wanted, at)), Ok(own)) = (spec.platgen.spanned(), version.parse::<semver::Version>())
        && !wanted.matches(&own)
    {
        let message = format!("the spec requires platgen {wanted}, and this is {version}");
        found.push(Diagnostic::new(Code::OtherVersion, message).at(at).help("use a version that the spec allows, or change `platgen`"));
    }
}

fn require_environments(spec: &Spec, found: &mut Diagnostics) -> bool {
    let place = spec.api_version.span().unwrap_or(Span::new(FileId(0), 0..0));
    let mut complete = true;
    if place.end == 0 && spec.api_version.is_missing() && spec.platform.is_missing() && spec.environments.is_missing() {
        return false; // nothing could be read, which is already reported
    }
    let mut require = |present: bool, section: &str| {
        if !present {
            complete = false;
            found.push(
                Diagnostic::new(Code::MissingField, format!("the section `{section}` is missing"))
                    .at(place)
                    .help(format!("`platgen explain {section}` shows what it holds")),
            );
        }
    };
    require(!spec.platform.is_missing(), "platform");
    require(!spec.cloud.at(|cloud| &cloud.provider).is_missing() || matches!(spec.cloud, Field::Bad(_)), "cloud");
    require(!spec.regions.is_missing(), "regions");
    require(!spec.environments.is_missing(), "environments");
    complete
}

/// Resolves one environment.
struct EnvironmentResolver<'a> {
    environment: &'a Name,
    spec: &'a Spec,
    /// The span of each profile. The layers have merged the profiles into the entries, so that the spec has none.
    profiles: &'a BTreeMap<String, Span>,
    inputs: Inputs<'a>,
    plan: &'a addresses::Plan,
    /// The record of computed values, if it was asked for.
    recorder: Option<RefCell<provenance::Recorder>>,
    /// The regions of the environment with their facts.
    region_specs: Rc<[regions::RegionSpec]>,
    /// The subnets of the environment.
    subnets: Rc<[network::SubnetSpec]>,
    /// The number of unknown references so far.
    unknown_references: u32,
    found: Diagnostics,
}

/// The keys that are set, with their spans.
fn written<'n>(keys: impl IntoIterator<Item = (&'n str, Option<Span>)>) -> Vec<(&'n str, Span)> {
    keys.into_iter().filter_map(|(name, span)| Some((name, span?))).collect()
}

impl<'a> EnvironmentResolver<'a> {
    fn platform(&mut self, hosts: &mut hosts::Hosts) -> Option<Platform> {
        let mut told = Vec::new();
        self.region_specs = regions::region_specs(self.spec, self.environment.as_str(), &mut |diagnostic| told.push(diagnostic)).into();
        told.into_iter().for_each(|diagnostic| self.tell(diagnostic));
        let regions = self.regions();
        let base = self.base(regions.unwrap_or_default());
        let access = self.access();
        let names = self.names();
        self.check_sections();
        let branch = self.branch();
        let pipelines = self.pipelines(branch.clone());
        let gitops = self.gitops(branch);
        let mut platform = base?;
        platform.pipelines = pipelines;
        platform.gitops = gitops;
        platform.groups = access.groups;
        platform.namespaces = access.namespaces;
        platform.regions.values().for_each(|region| self.record_region(region, &platform));
        self.buckets(&mut platform, &names);
        self.buckets_of_backups(&mut platform, &names);
        self.workloads(&mut platform, &names, hosts);
        self.own_namespaces(&mut platform);
        self.untested_addons(&platform);
        self.routes(&mut platform);
        self.alert_settings(&mut platform);
        self.check_observability();
        self.short_retention(&platform);
        self.check_addons();
        platform.night = self.night(&platform, &names);
        self.record_buckets(&platform);
        self.policy_length(&platform);
        self.share_hosts(&mut platform);
        self.record_secrets(&platform);
        for region in platform.regions.values() {
            self.addon_nodes(region);
            self.firewall_size(region);
            self.addresses_of_nodes(region);
            self.images_in_reach(region);
        }
        self.extensions(&mut platform, &names);
        self.waivers(&mut platform);
        Some(platform)
    }

    /// The environment in the spec.
    fn own_environment(&self) -> Option<&'a spec::Environment> {
        self.spec.environments.value(self.environment.as_str())
    }
}
