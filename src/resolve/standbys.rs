//! `standby` of stores: servers in another region that follow the copy of the backups there, and take over once the environment's primary region is theirs.
//!
//! No connection leads from one region to the other: the log of changes goes through the buckets. What the copy did not have when a region was lost is lost.

use super::EnvironmentResolver;
use super::backups::{key, to_backups};
use super::consumer::Consumer;
use super::engines;
use super::names::Entry;
use crate::diagnostic::{Code, Diagnostic};
use crate::kinds::Operator;
use crate::model::{Container, Flow, Followed, Region};
use crate::provider::Provider;
use crate::source::Span;
use crate::spec::Store;
use crate::value::{BucketAccess, Name, StoreMode};

/// Whether the servers of a store can follow backups.
fn can_follow(store: &Store) -> bool {
    let operated = engines::operated(store.engine.get().copied());
    store.mode.get() != Some(&StoreMode::Managed) && operated.is_some_and(|operated| operated.operator == Operator::CloudNativePg)
}

/// Whether a store has a standby in a region.
pub(super) fn is_standby(store: &Store, region: &Region) -> bool {
    let named = store.standby.values().any(|name| *name == region.name);
    named && !region.primary && !store.independent.is_true() && region.provider == Provider::Aws && can_follow(store)
}

impl EnvironmentResolver<'_> {
    /// Checks `standby`: declared regions, each once, without the primary region.
    pub(super) fn check_standby(&mut self, entry: &Entry, store: &Store) {
        let words: Vec<(&Name, Span)> = store.standby.items().collect();
        self.once_each(&words);
        let primary = self.primary().map(|(place, at)| (place.clone(), at));
        let mut fine = true;
        for (name, at) in &words {
            fine &= self.is_declared("region", &self.spec.regions, name, *at);
            if let Some((_, place)) = primary.as_ref().filter(|(primary, _)| primary.name == **name) {
                let message = format!("`{name}` is the primary region of `{}`: a standby needs another region", self.environment);
                let diagnostic = Diagnostic::new(Code::Contradiction, message).at(*at).related(*place, "the primary region");
                self.tell(diagnostic.help("name another region; when the environment moves here, write `standby: [OLD-REGION]`"));
                fine = false;
            }
        }
        let (Some(span), Some((primary, _))) = (store.standby.span(), primary) else { return };
        if !entry.rendered || entry.is_nowhere() {
            return;
        }
        if !can_follow(store) || primary.provider != Provider::Aws {
            // Only the log of PostgreSQL can be followed in an object store.
            let help = "copy the data to another region by other means and remove `standby`: stores of `engine: postgres` in a cluster on AWS have standbys";
            return self.lacks(entry, "standby", span, help);
        }
        if let ([(first, _), (_, at), ..], true) = (words.as_slice(), fine) {
            let message = "a standby follows the copy of the backups, which is in one region";
            self.tell(Diagnostic::new(Code::InvalidValue, message).at(*at).help(format!("write `standby: [{first}]`")));
        } else if let ([(name, at)], true) = (words.as_slice(), fine) {
            self.check_source(entry, store, (name, *at));
        }
    }

    /// Reports a standby that has nothing to follow, and one in a region without servers.
    fn check_source(&mut self, entry: &Entry, store: &Store, (name, at): (&Name, Span)) {
        let Some(region) = self.region_specs.iter().find(|region| region.name == *name) else {
            let message = format!("`{}` does not run in `{name}`, where the standby is to be", self.environment);
            let help = format!("add `{name}` to `regions` of the environment, or remove `standby`, in one environment with `without`");
            return self.tell(Diagnostic::new(Code::Contradiction, message).at(at).help(help));
        };
        if region.provider != Provider::Aws {
            return self.lacks(entry, "standby", at, "name a region on AWS, or remove `standby`");
        }
        let of = &store.backup;
        let follows = "a standby follows the copy of the backups in its region";
        match of.get() {
            None if of.is_missing() => {
                let help = format!("add `backup: {{every: 6h, keep: 35d, copy_to: {name}}}`");
                self.tell(Diagnostic::new(Code::Contradiction, format!("{follows}, and the store has none")).at(at).help(help));
            }
            Some(backup) if backup.copy_to.get() != Some(name) && !backup.copy_to.is_bad() => {
                let other = [backup.none.span(), backup.copy_to.span(), of.span()].into_iter().flatten().next();
                let diagnostic = Diagnostic::new(Code::Contradiction, format!("{follows}, and there is none in `{name}`")).at(at);
                let diagnostic = other.into_iter().fold(diagnostic, |all, other| all.related(other, "the backups"));
                self.tell(diagnostic.help(format!("write `copy_to: {name}` under `backup`, or remove `standby`")));
            }
            _ => {}
        }
    }

    /// The backups that the standby in the region of a consumer follows, with the flow to their copy. None without a copy there.
    pub(super) fn followed(&mut self, store: &Store, consumer: &mut Consumer<'_>, main: &Container) -> Option<(Followed, Flow)> {
        let at = store.backup.span()?;
        let bucket = consumer.platform.buckets.get(&key(consumer.namespace, consumer.name, None))?;
        let copy = bucket.copy.as_ref().filter(|copy| copy.region == consumer.region.name)?;
        let followed = Followed {
            bucket: bucket.key.clone(),
            url: format!("s3://{}", copy.id),
            source: bucket.region.clone(),
            sidecar: super::backups::sidecar(main)?,
        };
        self.record_entry(&consumer.at, || ("standby.follows", &copy.id, format!("{}.backup.copy_to", consumer.at.entry)));
        let flow = to_backups(self, consumer, &copy.region, "follows its backups", at)?;
        consumer.buckets.insert(bucket.key.clone(), (BucketAccess::Read, at));
        Some((followed, flow))
    }
}
