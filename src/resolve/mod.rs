//! Turns specs, locks and provider facts into the resolved platform. All policy decisions are made here.
//!
//! Each environment is resolved separately, so that an error in one hides nothing in another; addresses are planned for all of them together.
//! The module is pure: it uses no clock, disk or process environment. Later stages do not see a [`Spec`].
//!
//! Each section of the spec has a file: `platform`, `network`, `cluster`, `access`, `extensions`, `waivers`; apps and stores are resolved in
//! `workloads`, `containers`, `probes`, `security`, `volumes`, `placement` and `flows`, entrances in `expose`, services outside of the cluster in `external`; checked in `entries`, `stores`, `pods` and `collisions`.

mod access;
mod accounts;
pub mod addresses;
mod beside;
mod capacity;
mod certificates;
mod cluster;
mod collisions;
mod command_lines;
mod containers;
mod engines;
mod entries;
mod expose;
mod extensions;
mod external;
mod files;
mod firewall;
mod flows;
mod gpus;
mod hybrid;
mod identity;
mod images;
mod jobs;
mod kubernetes_access;
mod metadata;
mod names;
mod network;
mod placement;
mod plan;
mod platform;
mod pods;
mod pool_limits;
mod ports;
mod probes;
mod provenance;
mod proxies;
mod references;
mod regions;
mod reserved;
mod secret_scan;
mod sections;
mod security;
mod storage;
mod stores;
mod values;
mod volumes;
mod waivers;
mod workloads;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity};
use crate::model::lock::Lock;
use crate::model::{Estate, Missing, Platform};
use crate::source::{FileId, Role, Sources, Span};
use crate::spec::{self, Spec, Specs};
use crate::syntax::{Field, Map};
use crate::value::Name;
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
    let mut hosts = expose::Hosts::default();
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
    extensions::check_roots(&environments, &mut found);
    hosts.report(&mut found);
    regions::check_regions(&specs.base, &mut found);
    if let Some(written) = &specs.written {
        secret_scan::check(written, &mut found);
    }
    let name = specs.base.platform.at(|platform| &platform.name).get().cloned();
    let estate = name.filter(|_| declared).map(|name| Estate { name, missing: missing(&found, &environments), environments });
    Resolution { estate, lock, diagnostics: found, provenance }
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

/// The maximum length of a reason, in bytes. A reason becomes an annotation, and the annotations of an object hold 256 KiB in total.
const LONGEST_REASON: usize = 4096;

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

/// Two keys that exclude each other: the finding is at the first, the note at the second.
type Exclusion<'m> = (Option<Span>, Option<Span>, &'m str);

/// The keys that are set, with their spans.
fn written<'n>(keys: impl IntoIterator<Item = (&'n str, Option<Span>)>) -> Vec<(&'n str, Span)> {
    keys.into_iter().filter_map(|(name, span)| Some((name, span?))).collect()
}

impl<'a> EnvironmentResolver<'a> {
    fn platform(&mut self, hosts: &mut expose::Hosts) -> Option<Platform> {
        let mut told = Vec::new();
        self.region_specs = regions::region_specs(self.spec, self.environment.as_str(), &mut |diagnostic| told.push(diagnostic)).into();
        told.into_iter().for_each(|diagnostic| self.tell(diagnostic));
        let regions = self.regions();
        let base = self.base(regions.unwrap_or_default());
        let access = self.access();
        let names = self.names();
        self.check_sections(&names);
        let mut platform = base?;
        platform.groups = access.groups;
        platform.namespaces = access.namespaces;
        platform.regions.values().for_each(|region| self.record_region(region, &platform));
        self.workloads(&mut platform, &names, hosts);
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

    /// Adds a finding of this environment.
    fn tell(&mut self, mut diagnostic: Diagnostic) {
        if diagnostic.environments.is_empty() {
            diagnostic.environments.push(self.environment.to_string());
        }
        self.found.push(diagnostic);
    }

    /// The environment in the spec.
    fn own_environment(&self) -> Option<&'a spec::Environment> {
        self.spec.environments.value(self.environment.as_str())
    }

    /// Reports that the output would lack something that an entry needs: an error, or a warning if that is allowed. The message becomes a line of the
    /// output's README. Only this function reports [`Code::Incomplete`], for:
    ///
    /// - variables, arguments, files and `needs` that refer to a store, chart or bucket that is not rendered, to a user of a store, or to a store of
    ///   another region;
    /// - a connection that no network policy can open;
    /// - stores whose engine or mode is not rendered, and of rendered stores `backup`, `standby`, `users` and `renamed_from`, which keeps the data;
    /// - of apps `scale.metric`, and `identity` unless every region is on AWS.
    ///
    /// Everything else that is not rendered is [`Code::NotRendered`], because the entries work without it: observability, `slo`, `metrics`, delivery,
    /// alerts, charts and buckets that nothing refers to, `renamed_from` of apps, and the clusters and networks around the entries on clouds other than AWS,
    /// which this version expects to exist.
    fn incomplete(&mut self, mut finding: Diagnostic) {
        if self.inputs.allow_incomplete {
            finding.severity = Severity::Warning;
        } else {
            let help = finding.help.take().unwrap_or_default();
            finding.help = Some(format!("{help}; or accept the gap with `--allow-incomplete`"));
        }
        self.tell(finding);
    }

    /// Warns of a field that this version does not render. If an entry needs the field, see [`EnvironmentResolver::incomplete`].
    fn not_rendered(&mut self, name: &str, at: Span) {
        let message = format!("`{name}` is read and checked, but this version does not render it");
        self.tell(Diagnostic::new(Code::NotRendered, message).at(at));
    }

    /// Whether a value is from the spec, and not a static default.
    fn is_of_the_user(&self, at: Span) -> bool {
        self.inputs.sources.get(at.file).role == Role::User
    }

    fn error(&mut self, code: Code, message: impl Into<String>, at: Span) {
        self.tell(Diagnostic::new(code, message).at(at));
    }

    /// The value of a required field. Reports a missing field.
    fn require<'f, T>(&mut self, field: &'f Field<T>, name: &str, entry: Span) -> Option<&'f T> {
        if field.is_missing() {
            let diagnostic = Diagnostic::new(Code::MissingField, format!("`{name}` is missing")).at(entry);
            self.tell(diagnostic.help(format!("add `{name}:`")));
        }
        field.get()
    }

    /// Reports a name that nothing has.
    fn unknown<'n>(&mut self, kind: &str, name: &str, known: impl IntoIterator<Item = &'n str>, at: Span) {
        let spec = self.spec;
        // A section that could not be read is reported itself.
        let unreadable = match kind {
            "group" => spec.access.at(|access| &access.groups).is_bad(),
            "namespace" => spec.namespaces.is_bad(),
            "pool" => spec.cluster.at(|cluster| &cluster.pools).is_bad(),
            "subnet" => spec.network.at(|network| &network.subnets).is_bad(),
            "team" => spec.teams.is_bad(),
            "volume" => spec.volumes.is_bad(),
            _ => false,
        };
        if unreadable {
            return;
        }
        self.tell(Diagnostic::unknown(kind, name, known, at));
    }

    /// Whether a section declares the name. If not, reports it, unless the section has an invalid name, which may be the one that is meant.
    fn is_declared<V>(&mut self, kind: &str, section: &Field<Map<Name, V>>, name: &Name, at: Span) -> bool {
        let declared = section.find(name.as_str()).is_some();
        if !declared && !section.get().is_some_and(Map::is_broken) {
            self.unknown(kind, name.as_str(), section.keys().map(Name::as_str), at);
        }
        declared
    }

    /// Reports a key that conflicts with another one.
    fn contradiction(&mut self, message: impl Into<String>, at: Span, other: Option<Span>) {
        let mut diagnostic = Diagnostic::new(Code::Contradiction, message).at(at).help("keep one of them");
        if let Some(other) = other {
            diagnostic = diagnostic.related(other, "conflicts with this");
        }
        self.tell(diagnostic);
    }

    /// Reports each row of a table of keys that exclude each other in which both keys are set.
    fn exclude(&mut self, table: &[Exclusion<'_>]) {
        for &(key, other, message) in table {
            if let (Some(key), Some(other)) = (key, other) {
                self.contradiction(message, key, Some(other));
            }
        }
    }

    /// The reason for a setting, which the checks accept as its waiver. Reports a missing reason.
    fn reason(&mut self, field: &Field<String>, name: &str, what: &str, at: Span) -> Option<String> {
        match field {
            Field::Set(text, at) if text.len() > LONGEST_REASON => {
                let message = format!("this {name} has {} bytes, but an annotation holds at most {LONGEST_REASON}", text.len());
                self.tell(Diagnostic::new(Code::InvalidValue, message).at(*at).help("write a few sentences"));
                None
            }
            Field::Set(text, _) if !text.trim().is_empty() => Some(text.clone()),
            Field::Bad(_) => None,
            _ => {
                let at = field.span().unwrap_or(at);
                let diagnostic = Diagnostic::new(Code::MissingReason, format!("{what} needs a `{name}`")).at(at);
                self.tell(diagnostic.help(format!("add `{name}: ...` with a sentence: reviews show it, and checks accept it as a waiver")));
                None
            }
        }
    }

    /// Whether an entry with this `only` exists in the environment. Reports unknown environments.
    fn is_here(&mut self, only: &Field<Vec<Field<Name>>>) -> bool {
        for (name, at) in only.items() {
            self.is_declared("environment", &self.spec.environments, name, at);
        }
        only.get().is_none() || only.values().any(|name| name == self.environment)
    }
}
