//! The record of computed values: what resolve makes of a spec beyond the keys that the spec holds. `platgen show` prints it.
//!
//! A value is recorded where it is decided. Without a request for the record nothing is collected: the closures that describe values never run.

use super::Scope;
use super::names::Entry;
use crate::model::lock::Key;
use crate::model::{Region, Spread};
use crate::value::RefKind;
use indexmap::IndexMap;
use std::cell::RefCell;

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
    at: Position,
}

/// The entry and the container that are resolved at the moment, as paths of the spec.
#[derive(Clone, Debug, Default)]
pub(super) struct Position {
    /// The entry, such as `apps.web`.
    pub(super) entry: String,
    /// The container: `apps.web`, or `apps.web.init.migrate`.
    pub(super) container: String,
    /// The key that declares the ports of the entry.
    pub(super) ports: String,
    /// `init` or `sidecars`; empty for the entry's own container.
    section: &'static str,
    region: String,
}

impl Position {
    /// The key that declares the ports of the container.
    pub(super) fn container_ports(&self) -> String {
        if self.section.is_empty() { self.ports.clone() } else { format!("{}.ports", self.container) }
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

impl Scope<'_> {
    /// Records a value of the environment, a region or a pool: path, value, origin. The first record of a path holds.
    pub(super) fn record<V: ToString, O: Into<Origin>>(&self, line: impl FnOnce() -> (String, V, O)) {
        if let Some(recorder) = &self.recorder {
            let (path, value, origin) = line();
            recorder.borrow_mut().platform.entry(path).or_insert((value.to_string(), origin.into()));
        }
    }

    /// Records a value of the entry at hand; the path starts below the entry. The last record of a path holds.
    pub(super) fn record_entry<P: Into<String>, V: ToString, O: Into<Origin>>(&self, line: impl FnOnce(&Position) -> (P, V, O)) {
        if let Some(recorder) = &self.recorder {
            let recorder = &mut *recorder.borrow_mut();
            let (path, value, origin) = line(&recorder.at);
            let regions = recorder.entries.entry(recorder.at.entry.clone()).or_default();
            regions.entry(recorder.at.region.clone()).or_default().insert(path.into(), (value.to_string(), origin.into()));
        }
    }

    /// Records a value of the container at hand; the path starts below the container.
    pub(super) fn record_container<P: Into<String>, V: ToString, O: Into<Origin>>(&self, line: impl FnOnce(&Position) -> (P, V, O)) {
        self.record_entry(|at| {
            let (path, value, origin) = line(at);
            let inside = at.container.strip_prefix(&at.entry).unwrap_or_default().trim_start_matches('.');
            let path: String = path.into();
            (if inside.is_empty() { path } else { format!("{inside}.{path}") }, value, origin)
        });
    }

    /// Whether values are recorded, for records in loops.
    pub(super) fn records(&self) -> bool {
        self.recorder.is_some()
    }

    /// Records words that platgen adds to the command line of a store, from the `first` on.
    pub(super) fn record_args(&self, args: &[String], first: usize, key: &str) {
        for (number, word) in args.iter().enumerate().skip(first).filter(|_| self.records()) {
            self.record_entry(|at| (format!("args[{number}]"), word, format!("{}.{key}", at.entry)));
        }
    }

    /// Records what follows from the number of replicas.
    pub(super) fn record_replicas(&self, least: u32, spread: Spread, region: &Region, from: impl Fn(&Position) -> String) {
        if least > 1 {
            self.record_entry(|at| ("disruption_budget.max_unavailable", 1, from(at)));
        }
        let spread = format!("{spread:?}").to_lowercase();
        self.record_entry(|at| ("zone_spread", spread, format!("{} and regions.{}.zones", from(at), region.name)));
    }

    /// What is recorded from here on belongs to an entry in a region.
    pub(super) fn record_into(&self, entry: &Entry, region: &str) {
        let Some(recorder) = &self.recorder else { return };
        let section = if entry.kind == RefKind::Store { "stores" } else { "apps" };
        let path = format!("{section}.{}", self.key_of(entry));
        let ports = format!("{path}.{}", entry.ports_key());
        recorder.borrow_mut().at = Position { container: path.clone(), entry: path, ports, section: "", region: region.to_string() };
    }

    /// The containers from here on are those of `init` or `sidecars`.
    pub(super) fn record_containers_of(&self, section: &'static str) {
        if let Some(recorder) = &self.recorder {
            recorder.borrow_mut().at.section = section;
        }
    }

    /// What is recorded of a container from here on belongs to the one of this name.
    pub(super) fn record_container_of(&self, name: &str) {
        let Some(recorder) = &self.recorder else { return };
        let at = &mut recorder.borrow_mut().at;
        if !at.section.is_empty() {
            at.container = format!("{}.{}.{name}", at.entry, at.section);
        }
    }
}

/// A recorder where the record was asked for.
pub(super) fn recorder(wanted: bool) -> Option<RefCell<Recorder>> {
    wanted.then(RefCell::default)
}
