//! The record of computed values: what resolve makes of a spec beyond the keys that the spec holds. `platgen show` prints it.
//!
//! A value is recorded where it is decided. Without a request for the record nothing is collected: the closures that describe values never run.

use super::EnvironmentResolver;
use super::names::Entry;
use crate::model::lock::Key;
use crate::model::{Monitoring, Platform, Spread};
use crate::value::{Name, RefKind};
use indexmap::IndexMap;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// The origin of values that harden a container or a namespace unless the spec has others.
pub(super) const HARDENED: &str = "the hardened default";

/// A value that resolve computed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Computed {
    /// The path, such as `apps.web.kind`; a value that differs between regions has the region behind it, in brackets.
    pub path: String,
    /// The value as text.
    pub value: String,
    /// The source of the value.
    pub origin: Origin,
}

/// The source of a computed value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Origin {
    /// Keys of the spec, or the rule that applies without them.
    Spec(String),
    /// A range of the lock.
    Lock(Key),
}

impl From<String> for Origin {
    fn from(text: String) -> Self {
        Origin::Spec(text)
    }
}

impl From<&str> for Origin {
    fn from(text: &str) -> Self {
        Origin::Spec(text.to_string())
    }
}

/// A value as text, and its origin.
type Recorded = (String, Origin);

/// Values by path; a later record of a path replaces the value and keeps the position.
type Values = IndexMap<String, Recorded>;

/// Collects the record of one environment.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    /// Values outside of entries.
    platform: Values,
    /// Values of entries: by the path of the entry, then by region.
    entries: IndexMap<String, IndexMap<String, Values>>,
}

/// The paths of an entry and of one of its containers in the record; all of them are empty if there is no record.
#[derive(Clone, Debug, Default)]
pub(super) struct RecordPath {
    /// The entry, such as `apps.web`.
    pub(super) entry: String,
    /// The container: `apps.web`, or `apps.web.init.migrate`.
    pub(super) container: String,
    /// The key that declares the ports of the container.
    pub(super) ports: String,
    region: String,
}

impl RecordPath {
    /// The path of a key of the entry that has values of its own.
    pub(super) fn below(&self, key: &str) -> RecordPath {
        if self.entry.is_empty() {
            return RecordPath::default();
        }
        let entry = format!("{}.{key}", self.entry);
        RecordPath { container: entry.clone(), ports: entry.clone(), entry, ..self.clone() }
    }

    /// The path of a container in `init` or `sidecars`.
    pub(super) fn container(&self, section: &str, name: &Name) -> RecordPath {
        if self.entry.is_empty() {
            return RecordPath::default();
        }
        let container = format!("{}.{section}.{name}", self.entry);
        RecordPath { ports: format!("{container}.ports"), container, ..self.clone() }
    }
}

impl Recorder {
    /// Every value, once where all regions of an entry agree.
    pub(super) fn finish(self) -> Vec<Computed> {
        let mut lines: Vec<Computed> = self.platform.into_iter().map(|(path, (value, origin))| Computed { path, value, origin }).collect();
        for (entry, regions) in &self.entries {
            let mut paths: IndexMap<&str, Vec<(&str, &Recorded)>> = IndexMap::new();
            for (region, values) in regions {
                values.iter().for_each(|(path, value)| paths.entry(path).or_default().push((region, value)));
            }
            for (path, values) in paths {
                let same = values.len() == regions.len()
                    && values.iter().all(|(_, (value, _))| values.first().is_some_and(|(_, first)| first.0 == *value));
                for (region, (value, origin)) in values.iter().take(if same { 1 } else { regions.len() }) {
                    let path = if same { format!("{entry}.{path}") } else { format!("{entry}.{path}[{region}]") };
                    lines.push(Computed { path, value: value.clone(), origin: origin.clone() });
                }
            }
        }
        lines
    }
}

impl EnvironmentResolver<'_> {
    /// Records a value of the environment, a region or a pool: path, value, origin. The last record of a path holds.
    pub(super) fn record<V: ToString, O: Into<Origin>>(&self, line: impl FnOnce() -> (String, V, O)) {
        if let Some(recorder) = &self.recorder {
            let (path, value, origin) = line();
            recorder.borrow_mut().platform.insert(path, (value.to_string(), origin.into()));
        }
    }

    /// Records a value of an entry in a region; the path of the value starts below the entry. The last record of a path holds.
    pub(super) fn record_entry<P: Into<String>, V: ToString, O: Into<Origin>>(&self, at: &RecordPath, line: impl FnOnce() -> (P, V, O)) {
        if let Some(recorder) = &self.recorder {
            let (path, value, origin) = line();
            let recorder = &mut *recorder.borrow_mut();
            let regions = recorder.entries.entry(at.entry.clone()).or_default();
            regions.entry(at.region.clone()).or_default().insert(path.into(), (value.to_string(), origin.into()));
        }
    }

    /// Records a value of a container; the path of the value starts below the container.
    pub(super) fn record_container<P: Into<String>, V: ToString, O: Into<Origin>>(
        &self,
        at: &RecordPath,
        line: impl FnOnce() -> (P, V, O),
    ) {
        self.record_entry(at, || {
            let (path, value, origin) = line();
            let inside = at.container.strip_prefix(&at.entry).unwrap_or_default().trim_start_matches('.');
            let path: String = path.into();
            (if inside.is_empty() { path } else { format!("{inside}.{path}") }, value, origin)
        });
    }

    /// Whether values are recorded: loops over values to record run only then.
    pub(super) fn records(&self) -> bool {
        self.recorder.is_some()
    }

    /// Records the words that platgen adds to the command line of a store, from number `first` on.
    pub(super) fn record_args(&self, at: &RecordPath, args: &[String], first: usize, key: &str) {
        for (number, word) in args.iter().enumerate().skip(first).filter(|_| self.records()) {
            self.record_entry(at, || (format!("args[{number}]"), word, format!("{}.{key}", at.entry)));
        }
    }

    /// Records who reads each secret of the environment, by its name in the secret manager: one value as `NAME#KEY`, all values as `NAME`.
    pub(super) fn record_secrets(&self, platform: &Platform) {
        if !self.records() {
            return;
        }
        let mut readers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for region in platform.regions.values() {
            let name = |path: &str| platform.secret_name(region.provider, path);
            for workload in region.workloads.values() {
                let values = workload.secret_values().map(|one| format!("{}#{}", name(one.path()), one.key()));
                let whole = workload.containers().flat_map(|container| &container.secrets).map(|path| name(path.as_str()));
                for secret in values.chain(whole) {
                    readers.entry(secret).or_default().insert(format!("{}/{}", workload.namespace, workload.name));
                }
            }
            for value in region.monitoring.iter().flat_map(Monitoring::secret_values) {
                readers.entry(format!("{}#{}", name(value.path()), value.key())).or_default().insert("the monitoring".to_owned());
            }
            if let Some(path) = &region.cluster.registry_secret {
                readers.entry(name(path.as_str())).or_default().insert("every namespace".to_owned());
            }
        }
        for (secret, readers) in readers {
            let readers: Vec<String> = readers.into_iter().collect();
            self.record(|| (format!("secrets.readers.{secret}"), readers.join(", "), "the entries that name the secret"));
        }
    }

    /// Records the values that follow from the number of replicas; `from` is the origin of that number.
    pub(super) fn record_replicas(&self, at: &RecordPath, least: u32, spread: Spread, from: &str) {
        if least > 1 {
            self.record_entry(at, || ("disruption_budget.max_unavailable", 1, from));
        }
        self.record_entry(at, || ("zone_spread", spread.name(), format!("{from} and the zones of the region")));
    }

    /// The path of an entry in a region.
    pub(super) fn record_path(&self, entry: &Entry, region: &Name) -> RecordPath {
        if !self.records() {
            return RecordPath::default();
        }
        let section = if entry.kind == RefKind::Store { "stores" } else { "apps" };
        let path = format!("{section}.{}", self.key_of(entry));
        RecordPath { ports: format!("{path}.{}", entry.ports_key()), container: path.clone(), entry: path, region: region.to_string() }
    }
}

/// A recorder where the record was asked for.
pub(super) fn recorder(wanted: bool) -> Option<RefCell<Recorder>> {
    wanted.then(RefCell::default)
}
