//! Two branches' locks, merged line by line, back to one lock without collisions.
//!
//! Each branch allocates around the ranges it knows, so only what both branches added can collide. What the common ancestor has stays. Where the
//! text does not tell the ancestor, the lines outside of git's conflict hunks stay before those inside: whatever neither branch touched is among
//! them. Of two that collide, the key that sorts first keeps its range and the other is released, to be planned again. Everything is decided on
//! sets of lines, so the result does not depend on which branch was merged into which. It never allocates: that takes the spec.

use std::collections::{BTreeMap, BTreeSet};

use super::text::{Content, lines};
use super::{Entry, Key, Lock};
use crate::diagnostic::Diagnostic;
use crate::source::FileId;

/// A lock as a merge left it: a key may have several ranges, and ranges may overlap.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Merged {
    /// Every range that stands beside a key, of either branch.
    pub entries: BTreeMap<Key, BTreeSet<Entry>>,
    /// What the text itself says of the common ancestor (git's `diff3` conflict style).
    pub ancestor: BTreeMap<Key, Entry>,
    /// What stands outside of all conflict hunks: the ancestor's lines that nobody touched, and what git could merge.
    pub agreed: BTreeSet<(Key, Entry)>,
}

/// A lock without collisions.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Resolved {
    /// What stays; every entry lies in its parent, none overlaps another.
    pub lock: Lock,
    /// Keys that lost their range and have to be planned again, by the ranges they had.
    pub released: BTreeMap<Key, BTreeSet<Entry>>,
}

impl Merged {
    /// Reads a lock with or without conflict markers; errors as for [`Lock::parse`], without those that this mends.
    pub fn parse(file: FileId, text: &str) -> Result<Merged, Vec<Diagnostic>> {
        let mut merged = Merged::default();
        // The last marker; none outside of a hunk.
        let mut inside = None;
        for line in lines(file, text)? {
            match line.content {
                Content::Marker(marker) => inside = Some(marker).filter(|marker| *marker != '>'),
                Content::Entry(key, entry) if inside == Some('|') => _ = merged.ancestor.insert(key, entry),
                Content::Entry(key, entry) => {
                    if inside.is_none() {
                        merged.agreed.insert((key.clone(), entry));
                    }
                    merged.entries.entry(key).or_default().insert(entry);
                }
            }
        }
        Ok(merged)
    }

    /// Keeps the entries of `ancestor` (the lock of the merge base, where it is known) in place and releases what collides with them or with
    /// a key that sorts earlier. Parents are settled before what lies in them; a range whose parent went elsewhere is released with it.
    pub fn resolve(&self, ancestor: Option<&Lock>) -> Resolved {
        let before = |key: &Key| ancestor.and_then(|lock| lock.entries.get(key)).or_else(|| self.ancestor.get(key)).copied();
        let mut keys: Vec<&Key> = self.entries.keys().collect();
        let live = |key: &Key| self.entries[key].iter().any(|entry| !entry.removed);
        let agreed = |key: &Key, entry: &Entry| self.agreed.contains(&(key.clone(), *entry));
        keys.sort_by_cached_key(|key| {
            let depth = std::iter::successors(key.parent(), Key::parent).count();
            let disputed = !self.entries[*key].iter().any(|entry| agreed(key, entry));
            (depth, before(key).is_none(), disputed, !live(key), (*key).clone())
        });
        let mut resolved = Resolved { lock: Lock::default(), released: BTreeMap::new() };
        for key in keys {
            let mut candidates: Vec<&Entry> = self.entries[key].iter().collect();
            // The range the ancestor had comes first; of equal ranges the live one, since the planner knows from the spec whether it still is.
            candidates.sort_by_key(|entry| {
                (before(key).is_some_and(|old| old.cidr != entry.cidr), !agreed(key, entry), entry.removed, entry.cidr)
            });
            match candidates.into_iter().find(|entry| resolved.lock.has_place(key, entry)) {
                Some(entry) => _ = resolved.lock.entries.insert(key.clone(), *entry),
                None => _ = resolved.released.insert(key.clone(), self.entries[key].clone()),
            }
        }
        resolved
    }
}

impl Lock {
    /// Whether `key` can have this range beside all entries there are: inside its parent, and apart from everything but its ancestors.
    fn has_place(&self, key: &Key, entry: &Entry) -> bool {
        let inside = key.parent().is_none_or(|parent| self.entries.get(&parent).is_some_and(|around| around.cidr.contains(entry.cidr)));
        inside && self.entries.iter().all(|(other, taken)| !taken.cidr.overlaps(entry.cidr) || other.is_ancestor_of(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(lines: &str) -> Merged {
        Merged::parse(FileId(0), &format!("# platgen.lock format 1:\n{lines}")).unwrap()
    }

    fn lock(lines: &str) -> Lock {
        Lock::parse(FileId(0), &format!("# platgen.lock format 1:\n{lines}")).unwrap()
    }

    #[test]
    fn the_key_that_sorts_last_moves() {
        let sides = [
            "<<<<<<< a\ncat/range 10.16.0.0/12\n=======\ndog/range 10.16.0.0/12\n>>>>>>> b\n",
            "dog/range 10.16.0.0/12\ncat/range 10.16.0.0/12\n",
        ];
        for text in sides {
            let resolved = merged(&format!("ant/range 10.0.0.0/12\n{text}")).resolve(None);
            assert_eq!(resolved.lock, lock("ant/range 10.0.0.0/12\ncat/range 10.16.0.0/12\n"));
            assert_eq!(resolved.released.keys().map(Key::as_str).collect::<Vec<_>>(), ["dog/range"]);
        }
    }

    #[test]
    fn the_ancestor_stays_wherever_it_sorts() {
        let text = "cat/range 10.16.0.0/12\ndog/range 10.16.0.0/12\n";
        assert_eq!(merged(text).resolve(Some(&lock("dog/range 10.16.0.0/12\n"))).lock, lock("dog/range 10.16.0.0/12\n"));
        let diff3 = "<<<<<<< a\ncat/range 10.16.0.0/12\n||||||| base\ndog/range 10.16.0.0/12\n=======\ndog/range 10.16.0.0/12\n>>>>>>> b\n";
        assert_eq!(merged(diff3).resolve(None).lock, lock("dog/range 10.16.0.0/12\n"));
    }

    #[test]
    fn what_stands_outside_of_the_hunks_stays_wherever_it_sorts() {
        let text = "<<<<<<< a\nant/range 10.16.0.0/12\n=======\nbee/range 10.32.0.0/12\n>>>>>>> b\ncat/range 10.16.0.0/12\n";
        let resolved = merged(text).resolve(None);
        assert_eq!(resolved.lock, lock("bee/range 10.32.0.0/12\ncat/range 10.16.0.0/12\n"));
        assert_eq!(resolved.released.keys().map(Key::as_str).collect::<Vec<_>>(), ["ant/range"]);
        let doubled = "<<<<<<< a\ncat/range 10.0.0.0/12\n=======\ncat/range 10.0.0.0/12 removed\n>>>>>>> b\ncat/range 10.16.0.0/12\n";
        assert_eq!(merged(doubled).resolve(None).lock, lock("cat/range 10.16.0.0/12\n"));
    }

    #[test]
    fn a_key_that_both_sides_added_keeps_the_lower_range_and_its_parts() {
        let text = "a/range 10.0.0.0/12\n<<<<<<< a\na/eu/vpc 10.1.0.0/16\na/eu/transit 10.1.0.0/26\n=======\na/eu/vpc 10.0.0.0/16\na/eu/endpoints 10.0.0.0/22\n>>>>>>> b\n";
        let resolved = merged(text).resolve(None);
        assert_eq!(resolved.lock, lock("a/range 10.0.0.0/12\na/eu/vpc 10.0.0.0/16\na/eu/endpoints 10.0.0.0/22\n"));
        assert_eq!(resolved.released.keys().map(Key::as_str).collect::<Vec<_>>(), ["a/eu/transit"]);
    }

    #[test]
    fn a_living_key_beats_a_removed_one() {
        assert_eq!(merged("ant/range 10.0.0.0/12 removed\ncat/range 10.0.0.0/12\n").resolve(None).lock, lock("cat/range 10.0.0.0/12\n"));
        assert_eq!(merged("a/range 10.0.0.0/12 removed\na/range 10.0.0.0/12\n").resolve(None).lock, lock("a/range 10.0.0.0/12\n"));
    }
}
