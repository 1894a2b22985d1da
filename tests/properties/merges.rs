//! Random additions on two branches, merged by git's own line merge: what the common ancestor has stays, nothing overlaps, nothing depends on
//! which branch was merged into which.

use libtest_mimic::Failed;
use platgen::model::lock::{Key, Known, Lock, Merged};
use platgen::provider::Provider;
use platgen::resolve::addresses::{Environment, Region, Request, Subnet, plan, pod_supernet, service_supernets};
use platgen::source::FileId;
use proptest::collection::{btree_map, btree_set};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

/// Environments, their regions, the subnets of those beside the default one.
type Shape = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

fn shape() -> impl Strategy<Value = Shape> {
    btree_map("[a-d]", btree_map("[r-u]", btree_set("[a-d]", 0..3), 0..4), 0..4)
}

fn union(one: &Shape, other: &Shape) -> Shape {
    let mut all = one.clone();
    for (environment, regions) in other {
        for (region, subnets) in regions {
            all.entry(environment.clone()).or_default().entry(region.clone()).or_default().extend(subnets.iter().cloned());
        }
    }
    all
}

fn request(shape: &Shape) -> Request {
    let subnet = |name: &str| (name.to_owned(), Subnet { default: name == "general", ..Subnet::default() });
    let region = |(name, subnets): (&String, &BTreeSet<String>)| {
        let subnets = subnets.iter().map(String::as_str).chain(["general"]).map(subnet).collect();
        let provider = [Provider::Aws, Provider::Google, Provider::Azure][usize::from(name.as_bytes()[0]) % 3];
        (name.clone(), Region { provider, zones: ["a", "b", "c"].map(String::from).to_vec(), subnets, renamed_from: None })
    };
    let environments =
        shape.iter().map(|(name, regions)| (name.clone(), Environment { regions: regions.iter().map(region).collect() })).collect();
    let network = "10.0.0.0/8".parse().expect("a range");
    Request { network, pods: pod_supernet(), services: service_supernets(), reserved: Vec::new(), environments }
}

/// The text that `git merge-file` leaves; whether it has conflicts.
fn merge(style: &str, [ours, base, theirs]: [&Lock; 3]) -> (String, bool) {
    let folder = tempfile::TempDir::new().expect("a folder");
    let file = |name: &str, lock: &Lock| {
        let path = folder.path().join(name);
        fs::write(&path, lock.print()).expect("a file");
        path
    };
    let mut command = Command::new("git");
    command.args(["merge-file", "--stdout", "--quiet"]).args(Some(style).filter(|style| !style.is_empty()));
    let output = command.args([file("ours", ours), file("base", base), file("theirs", theirs)]).output().expect("git starts");
    let code = output.status.code().expect("an exit code");
    assert!(code < 128, "{}", String::from_utf8_lossy(&output.stderr));
    (String::from_utf8(output.stdout).expect("text"), code > 0)
}

fn kept(old: &Lock, new: &Lock) -> bool {
    old.entries.iter().all(|(key, entry)| new.entries.get(key).is_some_and(|now| now.cidr == entry.cidr))
}

fn overlap(lock: &Lock) -> Option<(Key, Key)> {
    let all: Vec<_> = lock.entries.iter().collect();
    let nested = |one: &Key, other: &Key| one.is_ancestor_of(other) || other.is_ancestor_of(one);
    all.iter().enumerate().find_map(|(at, (key, entry))| {
        let clash = all[at + 1..].iter().find(|(other, taken)| entry.cidr.overlaps(taken.cidr) && !nested(key, other));
        clash.map(|(other, _)| ((*key).clone(), (*other).clone()))
    })
}

pub(crate) fn a_merge_moves_only_what_collides() -> Result<(), Failed> {
    let (conflicts, overlaps) = (Cell::new(0), Cell::new(0));
    let law = |(first, left, right): (Shape, Shape, Shape)| {
        let fresh = |shape: &Shape, lock: &Lock| plan(&request(shape), lock).1;
        let base = fresh(&first, &Lock::default());
        let ours = fresh(&union(&first, &left), &base);
        let theirs = fresh(&union(&first, &right), &base);
        let all = request(&union(&union(&first, &left), &right));
        for style in ["", "--diff3", "--zdiff3"] {
            let mut ends = Vec::new();
            for sides in [[&ours, &base, &theirs], [&theirs, &base, &ours]] {
                let (text, conflict) = merge(style, sides);
                conflicts.set(conflicts.get() + usize::from(conflict));
                let resolved = Merged::parse(FileId(0), &text).expect("a merged lock").resolve(Known::default());
                overlaps.set(overlaps.get() + usize::from(!conflict && !resolved.released.is_empty()));
                prop_assert!(kept(&base, &resolved.lock), "the ancestor moved:\n{text}");
                // A new range that collides with nothing stays; one that moves collides with one that stays, or lies in one that moved.
                for (key, ranges) in &resolved.released {
                    let staying =
                        |range| resolved.lock.entries.iter().any(|(other, taken)| !other.is_ancestor_of(key) && taken.cidr.overlaps(range));
                    let homeless = key.parent().is_some_and(|parent| {
                        resolved.lock.entries.get(&parent).is_none_or(|around| ranges.iter().all(|entry| !around.cidr.contains(entry.cidr)))
                    });
                    prop_assert!(homeless || ranges.iter().all(|entry| staying(entry.cidr)), "{key} moves for nothing:\n{text}");
                }
                let (_, end, problems) = plan(&all, &resolved.lock);
                prop_assert_eq!(&problems, &[]);
                prop_assert!(kept(&resolved.lock, &end));
                prop_assert_eq!(overlap(&end), None);
                let again = Merged::parse(FileId(0), &end.print()).expect("a lock").resolve(Known::default());
                prop_assert!(again.lock == end && again.released.is_empty());
                ends.push(end);
            }
            prop_assert!(ends[0] == ends[1], "the direction of the merge decides:\n{}{}", ends[0].print(), ends[1].print());
        }
        Ok(())
    };
    // Random inputs run until enough of their merges conflict and overlap.
    for _ in 0..16 {
        let mut runner = TestRunner::new(Config { cases: 32, failure_persistence: None, ..Config::default() });
        runner.run(&(shape(), shape(), shape()), law).unwrap_or_else(|fault| panic!("{fault}"));
        if conflicts.get() > 50 && overlaps.get() > 20 {
            return Ok(());
        }
    }
    panic!("{} conflicts, {} clean merges with overlaps", conflicts.get(), overlaps.get());
}
