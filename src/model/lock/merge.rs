//! Resolves the lock that git merged from two branches into a lock without overlapping ranges.
//!
//! Each branch allocates around the ranges in its own lock, so only ranges that the branches added can overlap. Ranges of the merge base are kept first,
//! then those of the target branch. If neither is known, lines outside of conflict hunks are kept before lines inside, because lines that neither branch
//! changed are outside. Of two other ranges that overlap, the key that sorts first keeps its range; the other key is released and planned again.
//! This module allocates no ranges, because allocation needs the spec.

use std::collections::{BTreeMap, BTreeSet};

use super::text::{Content, lines};
use super::{Entry, Key, Lock};
use crate::diagnostic::Diagnostic;
use crate::source::FileId;
use crate::value::Cidr;

/// A lock after a merge: a key may have several ranges, and ranges may overlap.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Merged {
    /// The ranges of each key in either branch.
    pub entries: BTreeMap<Key, BTreeSet<Entry>>,
    /// The entries of the merge base that conflict hunks show (git's conflict style `diff3`).
    pub ancestor: BTreeMap<Key, Entry>,
    /// The entries outside of conflict hunks: unchanged lines, and lines that git could merge.
    pub agreed: BTreeSet<(Key, Entry)>,
}

/// The locks of the merged commits, as far as they are known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// The lock of the merge base.
    pub base: Option<&'a Lock>,
    /// The lock of the branch that receives the merge, whose networks exist.
    pub target: Option<&'a Lock>,
}

/// A key that loses a range.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Move {
    /// The key.
    pub key: Key,
    /// The range of one of the branches.
    pub from: Cidr,
    /// The range of the key afterwards; `None` where the lock no longer has the key.
    pub to: Option<Cidr>,
    /// Whether the merge base has `from`, and so has the target branch where it is known: a network with this range exists.
    pub in_base: bool,
}

/// A lock without collisions.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Resolved {
    /// The kept entries. Each is inside its parent, and siblings do not overlap.
    pub lock: Lock,
    /// Keys without a range, to be planned again, with their former ranges.
    pub released: BTreeMap<Key, BTreeSet<Entry>>,
}

impl Merged {
    /// Reads a lock with or without conflict markers.
    ///
    /// # Errors
    /// Those of [`Lock::parse`], except conflict markers and duplicate keys.
    pub fn parse(file: FileId, text: &str) -> Result<Merged, Vec<Diagnostic>> {
        let mut merged = Merged::default();
        // The last conflict marker; `None` outside of a hunk.
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

    /// Keeps the entries of the merge base and of the target branch, and releases ranges that overlap them or the range of an earlier key. Parents are
    /// resolved before their parts: a range is released if its parent has another range.
    pub fn resolve(&self, known: Known<'_>) -> Resolved {
        let base = |key: &Key| known.base.and_then(|lock| lock.entries.get(key)).or_else(|| self.ancestor.get(key)).copied();
        let target = |key: &Key| known.target.and_then(|lock| lock.entries.get(key)).copied();
        let agreed = |key: &Key, entry: &Entry| self.agreed.contains(&(key.clone(), *entry));
        // git never drops a line that the target branch added, but a conflict resolved by hand may.
        let mut entries = self.entries.clone();
        for (key, entry) in known.target.iter().flat_map(|lock| &lock.entries).filter(|(key, _)| base(key).is_none()) {
            entries.entry(key.clone()).or_default().insert(*entry);
        }
        let mut keys: Vec<&Key> = entries.keys().collect();
        let live = |key: &Key| entries[key].iter().any(|entry| !entry.removed);
        keys.sort_by_cached_key(|key| {
            let depth = std::iter::successors(key.parent(), Key::parent).count();
            let disputed = !entries[*key].iter().any(|entry| agreed(key, entry));
            (depth, base(key).is_none(), target(key).is_none(), disputed, !live(key), (*key).clone())
        });
        let mut resolved = Resolved { lock: Lock::default(), released: BTreeMap::new() };
        for key in keys {
            let mut candidates: Vec<&Entry> = entries[key].iter().collect();
            // Ranges of the target or the base come first. Of equal ranges the live entry comes first: the planner marks the entry as removed if the
            // spec does not have the key.
            let other = |known: Option<Entry>, entry: &Entry| known.is_some_and(|known| known.cidr != entry.cidr);
            candidates
                .sort_by_key(|entry| (other(target(key), entry), other(base(key), entry), !agreed(key, entry), entry.removed, entry.cidr));
            match candidates.into_iter().find(|entry| resolved.lock.has_place(key, entry)) {
                Some(entry) => _ = resolved.lock.entries.insert(key.clone(), *entry),
                None => _ = resolved.released.insert(key.clone(), entries[key].clone()),
            }
        }
        resolved
    }

    /// The ranges of either branch that their keys do not have in `lock`, sorted by key. Keys that somebody deleted from the merged text are left out.
    pub fn moves(&self, known: Known<'_>, lock: &Lock) -> Vec<Move> {
        let range = |lock: Option<&Lock>, key: &Key| lock.and_then(|lock| lock.entries.get(key)).map(|entry| entry.cidr);
        let base = |key: &Key| range(known.base, key).or_else(|| self.ancestor.get(key).map(|entry| entry.cidr));
        // `resolve` adds the ranges that the target branch added.
        let added = known.target.iter().flat_map(|target| target.entries.keys()).filter(|key| base(key).is_none());
        let keys: BTreeSet<&Key> = self.entries.keys().chain(lock.entries.keys()).chain(added).collect();
        let mut moves = Vec::new();
        for key in keys {
            let (target, to) = (range(known.target, key), range(Some(lock), key));
            let mut before: BTreeSet<Cidr> = self.entries.get(key).into_iter().flatten().map(|entry| entry.cidr).collect();
            before.extend(target.filter(|_| to.is_some() || base(key).is_none()));
            for from in before.into_iter().filter(|from| Some(*from) != to) {
                let in_base = base(key) == Some(from) && (known.target.is_none() || target == Some(from));
                moves.push(Move { key: key.clone(), from, to, in_base });
            }
        }
        moves
    }
}

impl Lock {
    /// Whether `key` can have this range: inside its parent, and without overlapping any entry except its ancestors.
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
            let resolved = merged(&format!("ant/range 10.0.0.0/12\n{text}")).resolve(Known::default());
            assert_eq!(resolved.lock, lock("ant/range 10.0.0.0/12\ncat/range 10.16.0.0/12\n"));
            assert_eq!(resolved.released.keys().map(Key::as_str).collect::<Vec<_>>(), ["dog/range"]);
        }
    }

    #[test]
    fn the_ancestor_stays_wherever_it_sorts() {
        let text = "cat/range 10.16.0.0/12\ndog/range 10.16.0.0/12\n";
        assert_eq!(
            merged(text).resolve(Known { base: Some(&lock("dog/range 10.16.0.0/12\n")), target: None }).lock,
            lock("dog/range 10.16.0.0/12\n")
        );
        let diff3 = "<<<<<<< a\ncat/range 10.16.0.0/12\n||||||| base\ndog/range 10.16.0.0/12\n=======\ndog/range 10.16.0.0/12\n>>>>>>> b\n";
        assert_eq!(merged(diff3).resolve(Known::default()).lock, lock("dog/range 10.16.0.0/12\n"));
    }

    #[test]
    fn what_stands_outside_of_the_hunks_stays_wherever_it_sorts() {
        let text = "<<<<<<< a\nant/range 10.16.0.0/12\n=======\nbee/range 10.32.0.0/12\n>>>>>>> b\ncat/range 10.16.0.0/12\n";
        let resolved = merged(text).resolve(Known::default());
        assert_eq!(resolved.lock, lock("bee/range 10.32.0.0/12\ncat/range 10.16.0.0/12\n"));
        assert_eq!(resolved.released.keys().map(Key::as_str).collect::<Vec<_>>(), ["ant/range"]);
        let doubled = "<<<<<<< a\ncat/range 10.0.0.0/12\n=======\ncat/range 10.0.0.0/12 removed\n>>>>>>> b\ncat/range 10.16.0.0/12\n";
        assert_eq!(merged(doubled).resolve(Known::default()).lock, lock("cat/range 10.16.0.0/12\n"));
    }

    #[test]
    fn a_key_that_both_sides_added_keeps_the_lower_range_and_its_parts() {
        let text = "a/range 10.0.0.0/12\n<<<<<<< a\na/eu/vpc 10.1.0.0/16\na/eu/transit 10.1.0.0/26\n=======\na/eu/vpc 10.0.0.0/16\na/eu/endpoints 10.0.0.0/22\n>>>>>>> b\n";
        let resolved = merged(text).resolve(Known::default());
        assert_eq!(resolved.lock, lock("a/range 10.0.0.0/12\na/eu/vpc 10.0.0.0/16\na/eu/endpoints 10.0.0.0/22\n"));
        assert_eq!(resolved.released.keys().map(Key::as_str).collect::<Vec<_>>(), ["a/eu/transit"]);
    }

    #[test]
    fn a_living_key_beats_a_removed_one() {
        assert_eq!(
            merged("ant/range 10.0.0.0/12 removed\ncat/range 10.0.0.0/12\n").resolve(Known::default()).lock,
            lock("cat/range 10.0.0.0/12\n")
        );
        assert_eq!(
            merged("a/range 10.0.0.0/12 removed\na/range 10.0.0.0/12\n").resolve(Known::default()).lock,
            lock("a/range 10.0.0.0/12\n")
        );
    }

    #[test]
    fn the_target_stays_wherever_it_sorts() {
        let text = merged("cat/range 10.16.0.0/12\ndog/range 10.16.0.0/12\n");
        for (target, released) in [("dog", "cat"), ("cat", "dog")] {
            let target = lock(&format!("{target}/range 10.16.0.0/12\n"));
            let resolved = text.resolve(Known { base: None, target: Some(&target) });
            assert_eq!(resolved.lock, target);
            assert_eq!(resolved.released.keys().map(|key| key.environment_name()).collect::<Vec<_>>(), [released]);
        }
        // Both branches added the key; the target's range stays although the other is lower.
        let both = merged("<<<<<<< a\ncat/range 10.0.0.0/12\n=======\ncat/range 10.16.0.0/12\n>>>>>>> b\n");
        let target = lock("cat/range 10.16.0.0/12\n");
        assert_eq!(both.resolve(Known { base: None, target: Some(&target) }).lock, target);
        // A conflict that was mended by hand lost the target's line.
        assert_eq!(merged("").resolve(Known { base: None, target: Some(&target) }).lock, target);
        let released = Known { base: Some(&target), target: Some(&target) };
        assert_eq!(merged("").resolve(released).lock, Lock::default(), "a line that was deleted on purpose");
    }

    #[test]
    fn moves_name_both_ranges() {
        let text = merged("a/range 10.0.0.0/12\nb/range 10.16.0.0/12\nc/range 10.16.0.0/12\n");
        let (base, target) = (lock("a/range 10.0.0.0/12\n"), lock("a/range 10.0.0.0/12\nc/range 10.16.0.0/12\n"));
        let known = Known { base: Some(&base), target: Some(&target) };
        let show = |after: &str| -> Vec<String> {
            let moves = text.moves(known, &lock(after));
            let to = |one: &Move| one.to.map_or("-".to_owned(), |to| to.to_string());
            moves.iter().map(|one| format!("{} {} {} {}", one.key, one.from, to(one), one.in_base)).collect()
        };
        assert_eq!(show("a/range 10.0.0.0/12\nb/range 10.32.0.0/12\nc/range 10.16.0.0/12\n"), ["b/range 10.16.0.0/12 10.32.0.0/12 false"]);
        let all = show("a/range 10.48.0.0/12\nb/range 10.16.0.0/12\nc/range 10.32.0.0/12\n");
        assert_eq!(all, ["a/range 10.0.0.0/12 10.48.0.0/12 true", "c/range 10.16.0.0/12 10.32.0.0/12 false"]);
        let vanished = show("c/range 10.16.0.0/12\n");
        assert_eq!(vanished, ["a/range 10.0.0.0/12 - true", "b/range 10.16.0.0/12 - false"]);
        // Deleted from the merged text on purpose, or by the target branch.
        assert_eq!(merged("c/range 10.16.0.0/12\n").moves(known, &lock("c/range 10.16.0.0/12\n")), []);
        let released = Known { base: Some(&base), target: Some(&Lock::default()) };
        assert!(!merged("a/range 10.0.0.0/12\n").moves(released, &Lock::default())[0].in_base);
    }

    #[test]
    fn a_range_in_the_base_whose_parent_moved_is_a_move_of_the_base() {
        // The other branch gave the environment another range by hand, and git merged it without a conflict.
        let text = merged("a/eu/vpc 10.0.0.0/16\na/range 10.16.0.0/12\n");
        let base = lock("a/eu/vpc 10.0.0.0/16\na/range 10.0.0.0/12\n");
        let known = Known { base: Some(&base), target: Some(&base) };
        assert_eq!(text.resolve(known).released.keys().map(Key::as_str).collect::<Vec<_>>(), ["a/eu/vpc"]);
        let moves = text.moves(known, &lock("a/eu/vpc 10.16.0.0/16\na/range 10.16.0.0/12\n"));
        assert!(moves.len() == 2 && moves.iter().all(|one| one.in_base), "{moves:?}");
    }
}
