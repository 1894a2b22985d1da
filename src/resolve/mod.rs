//! Turns specs, locks and provider facts into the resolved platform; the only place where policy is decided.
//!
//! Every environment is always resolved, alone, so that a fault in one hides nothing in another; addresses are planned for all of them together.
//! Pure: no clock, disk or environment. Nothing after it sees a [`Spec`].

mod access;
pub mod addresses;
mod capacity;
mod collisions;
mod containers;
mod engines;
mod entries;
mod extensions;
mod firewall;
mod flows;
mod literals;
mod names;
mod placement;
mod places;
mod plan;
mod pods;
mod probes;
mod provenance;
mod regions;
mod sections;
mod security;
mod stores;
mod values;
mod volumes;
mod waivers;
mod workloads;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity, wording};
use crate::model::lock::Lock;
use crate::model::{Estate, Missing, Platform};
use crate::source::{FileId, Sources, Span};
use crate::spec::{self, Spec, Specs};
use crate::syntax::Field;
use crate::value::Name;
use indexmap::IndexMap;
pub use provenance::{Computed, Origin};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// What a spec refers to besides itself.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// The texts of the spec, for the exact places inside values.
    pub sources: &'a Sources,
    /// The files that `from:` names, by path: the text, or why it could not be read.
    pub included: &'a BTreeMap<String, Result<String, String>>,
    /// Whether the output may lack what an entry asks for: findings of [`Code::Incomplete`] are warnings then.
    pub allow_incomplete: bool,
}

/// What resolving gives.
#[derive(Debug)]
pub struct Resolution {
    /// The environments that could be resolved; none where the platform itself could not.
    pub estate: Option<Estate>,
    /// The lock with every new range; where it differs from the one given, that one is stale.
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
            Diagnostic::new(Code::UnusedProfile, format!("no app uses the profile `{name}`"))
                .at(*span)
                .help("name it in the `from` of an app, or remove it"),
        );
    }
    sections::warn_of_unrendered(specs, &mut found);
    check_tool(&specs.base, &mut found);
    let declared = require_environments(&specs.base, &mut found);
    let (plan, lock) = plan::plan_addresses(specs, lock, &mut found);
    let mut environments = IndexMap::new();
    let mut provenance = BTreeMap::new();
    let mut hosts = flows::Hosts::default();
    for (name, spec) in &specs.environments {
        let Ok(environment) = name.parse::<Name>() else { continue };
        let mut scope = Scope {
            environment: &environment,
            spec,
            inputs,
            plan: &plan,
            recorder: provenance::recorder(record),
            places: Vec::new(),
            unknown_references: 0,
            found: Diagnostics::default(),
        };
        let platform = scope.platform(&mut hosts);
        let recorder = scope.recorder;
        let faults = scope.found;
        let failed = faults.has_errors();
        found.extend(faults);
        if let Some(platform) = platform.filter(|_| !failed) {
            environments.insert(name.clone(), platform);
            provenance.extend(recorder.map(|recorder| (name.clone(), recorder.into_inner().finish())));
        }
    }
    owners(&mut environments, &mut provenance);
    hosts.report(&mut found);
    regions::check_regions(&specs.base, &mut found);
    if let Some(written) = &specs.written {
        literals::check(written, &mut found);
    }
    let name = specs.base.platform.get().and_then(|platform| platform.name.get()).cloned();
    let estate = name.filter(|_| declared).map(|name| Estate { name, missing: missing(&found, &environments), environments });
    Resolution { estate, lock, diagnostics: found, provenance }
}

/// What the files of the environments lack. The same in every layout of the spec: places play no role.
fn missing(found: &Diagnostics, environments: &IndexMap<String, Platform>) -> Vec<Missing> {
    let mut lacking: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for finding in found.iter().filter(|finding| finding.code == Code::Incomplete) {
        lacking.entry(&finding.message).or_default().extend(finding.environments.iter().map(String::as_str));
    }
    let in_order = |names: BTreeSet<&str>| environments.keys().filter(|name| names.contains(name.as_str())).cloned().collect();
    lacking.into_iter().map(|(what, names)| Missing { what: what.to_owned(), environments: in_order(names) }).collect()
}

/// Notes and records the regions whose account no other environment uses in the same region.
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

/// Whether this version of platgen may read the spec.
fn check_tool(spec: &Spec, found: &mut Diagnostics) {
    let version = env!("CARGO_PKG_VERSION");
    if let (Some((wanted, at)), Ok(own)) = (spec.platgen.spanned(), version.parse::<semver::Version>())
        && !wanted.matches(&own)
    {
        let message = format!("the spec is for platgen {wanted}, and this is {version}");
        found.push(Diagnostic::new(Code::OtherVersion, message).at(at).help("use the version that the spec asks for, or change `platgen`"));
    }
}

fn require_environments(spec: &Spec, found: &mut Diagnostics) -> bool {
    let place = spec.api_version.span().unwrap_or(Span::new(FileId(0), 0..0));
    let mut complete = true;
    if place.end == 0 && spec.api_version.is_missing() && spec.platform.is_missing() && spec.environments.is_missing() {
        return false; // nothing could be read, which has been told
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
    require(!spec.cloud.is_missing() && spec.cloud.get().is_none_or(|cloud| !cloud.provider.is_missing()), "cloud");
    require(!spec.regions.is_missing(), "regions");
    require(!spec.environments.is_missing(), "environments");
    complete
}

/// The longest reason, in bytes: one becomes an annotation, and all of an object's together hold 256 KiB.
const LONGEST_REASON: usize = 4096;

/// One environment while it is resolved.
struct Scope<'a> {
    environment: &'a Name,
    spec: &'a Spec,
    inputs: Inputs<'a>,
    plan: &'a addresses::Plan,
    /// The record of computed values, if it was asked for.
    recorder: Option<RefCell<provenance::Recorder>>,
    /// The regions of the environment with their facts.
    places: Vec<regions::Place>,
    /// How many references meant nothing so far.
    unknown_references: u32,
    found: Diagnostics,
}

/// Two keys that exclude each other: where both stand, the message at the first, the note at the second.
type Exclusion<'m> = (Option<Span>, Option<Span>, &'m str, &'m str);

/// The keys that are written, with their places.
fn written<'n>(keys: impl IntoIterator<Item = (&'n str, Option<Span>)>) -> Vec<(&'n str, Span)> {
    keys.into_iter().filter_map(|(name, span)| Some((name, span?))).collect()
}

impl<'a> Scope<'a> {
    fn platform(&mut self, hosts: &mut flows::Hosts) -> Option<Platform> {
        let mut told = Vec::new();
        self.places = regions::places(self.spec, self.environment.as_str(), &mut |diagnostic| told.push(diagnostic));
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
        platform.regions.values().for_each(|region| self.firewall_size(region));
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

    /// What the spec says of the environment.
    fn own_environment(&self) -> Option<&'a spec::Environment> {
        self.spec.environments.get()?.get(self.environment.as_str())?.value.get()
    }

    /// Tells that the output would lack something that an entry asks for: an error, or a warning where that is allowed. The message becomes a line of
    /// the output's README. The only function that tells [`Code::Incomplete`], for:
    ///
    /// - variables, arguments, files and `needs` that refer to a store, chart or bucket that is not rendered, to a user of a store, or to a store of
    ///   another region;
    /// - a connection that no network policy can open;
    /// - stores whose engine or mode is not rendered, and of rendered stores `backup`, `standby`, `users` and `renamed_from`, which keeps the data;
    /// - of apps `scale.metric` and `identity`.
    ///
    /// Everything else that is not rendered is [`Code::NotRendered`], because the entries work without it: observability, `slo`, `metrics`, delivery,
    /// alerts, charts and buckets that nothing refers to, `renamed_from` of apps, and the clusters and networks around the entries, which this version
    /// expects to exist.
    fn incomplete(&mut self, mut finding: Diagnostic) {
        if self.inputs.allow_incomplete {
            finding.severity = Severity::Warning;
        } else {
            let help = finding.help.take().unwrap_or_default();
            finding.help = Some(format!("{help}; or accept the gap with `--allow-incomplete`"));
        }
        self.tell(finding);
    }

    /// Names what this version reads and checks, and does not render. For what an entry needs see [`Scope::incomplete`].
    fn not_rendered(&mut self, name: &str, at: Span) {
        let message = format!("`{name}` is read and checked, but this version does not render it");
        self.tell(Diagnostic::new(Code::NotRendered, message).at(at));
    }

    fn error(&mut self, code: Code, message: impl Into<String>, at: Span) {
        self.tell(Diagnostic::new(code, message).at(at));
    }

    /// The value of a field that has no default; a finding where it is missing.
    fn require<'f, T>(&mut self, field: &'f Field<T>, name: &str, entry: Span) -> Option<&'f T> {
        if field.is_missing() {
            let diagnostic = Diagnostic::new(Code::MissingField, format!("`{name}` is missing")).at(entry);
            self.tell(diagnostic.help(format!("add `{name}:`")));
        }
        field.get()
    }

    /// A finding for a name that nothing has.
    fn unknown<'n>(&mut self, kind: &str, name: &str, known: impl IntoIterator<Item = &'n str>, at: Span) {
        let known: Vec<&str> = known.into_iter().collect();
        let diagnostic = Diagnostic::new(Code::UnknownReference, format!("there is no {kind} `{name}`")).at(at);
        self.tell(match wording::suggest(name, known.iter().copied()) {
            Some(close) => diagnostic.help(format!("did you mean `{close}`?")).fix(at, close),
            None if known.is_empty() => diagnostic.help(format!("the spec declares no {kind}")),
            None => diagnostic.help(format!("declared: {}", wording::all(&known))),
        });
    }

    fn contradiction(&mut self, message: impl Into<String>, at: Span, other: Option<Span>, why: &str) {
        let mut diagnostic = Diagnostic::new(Code::Contradiction, message).at(at).help("keep one of them");
        if let Some(other) = other {
            diagnostic = diagnostic.related(other, why);
        }
        self.tell(diagnostic);
    }

    /// Reports each row of a table of keys that exclude each other, where both are written.
    fn exclude(&mut self, table: &[Exclusion<'_>]) {
        for &(key, other, message, note) in table {
            if let (Some(key), Some(other)) = (key, other) {
                self.contradiction(message, key, Some(other), note);
            }
        }
    }

    /// Whether a reason was given: it is the waiver of what it stands beside.
    fn reason(&mut self, field: &Field<String>, name: &str, what: &str, at: Span) -> Option<String> {
        match field {
            Field::Set(text, at) if text.len() > LONGEST_REASON => {
                let message = format!("this {name} has {} bytes, and an object that carries it takes {LONGEST_REASON}", text.len());
                self.tell(Diagnostic::new(Code::InvalidValue, message).at(*at).help("say it in a few sentences"));
                None
            }
            Field::Set(text, _) if !text.trim().is_empty() => Some(text.clone()),
            Field::Bad(_) => None,
            _ => {
                let at = field.span().unwrap_or(at);
                let diagnostic = Diagnostic::new(Code::MissingReason, format!("{what} needs a `{name}`")).at(at);
                self.tell(diagnostic.help("say why: the reason is shown in reviews and waives the check"));
                None
            }
        }
    }

    /// Whether something limited to `only` some environments exists in this one; unknown names are told.
    fn is_here(&mut self, only: &Field<Vec<Field<Name>>>) -> bool {
        let Some(only) = only.get() else { return true };
        let spec = self.spec;
        let declared: Vec<&Name> = spec.environments.get().map(|all| all.keys().collect()).unwrap_or_default();
        for (name, span) in only.iter().filter_map(Field::spanned) {
            if !declared.contains(&name) {
                self.unknown("environment", name.as_str(), declared.iter().map(|name| name.as_str()), span);
            }
        }
        only.iter().filter_map(Field::get).any(|name| name == self.environment)
    }
}
