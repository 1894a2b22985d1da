//! The differences between an environment and another one, or its desktop -> each with its weight and the line of the spec that says so, and those that no line
//! says.
//!
//! Values of the spec are lines themselves. A computed value names what it was computed from: it follows from the lines that differ there. What follows from no
//! line is undeclared, and so is what somebody changed in the rendered files.

mod report;
#[cfg(test)]
mod tests;
mod weight;

pub use report::{desktop, environments};

use super::diff::{Diff, Existence};
use super::impact::{Outcome, pair};
use crate::model::Weight;
use serde::Serialize;
use std::collections::BTreeSet;

/// How one environment differs from another.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Compared {
    /// The environment.
    pub environment: String,
    /// The one that it is compared with.
    pub with: String,
    /// The differences that lines of the spec say, the heaviest first.
    pub declared: Vec<Difference>,
    /// The differences that no line says.
    pub undeclared: Vec<Undeclared>,
    /// What was not compared, in sentences.
    pub unread: Vec<String>,
}

/// A value that differs because lines of the spec say so.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Difference {
    /// How much it matters.
    pub weight: Weight,
    /// The section of the spec.
    pub kind: String,
    /// The path in the spec, or that of the computed value in `platgen show`.
    pub path: String,
    /// The value of the environment that is compared with. Absent where it has none.
    pub with: Option<String>,
    /// The value of the environment. Absent where it has none.
    pub environment: Option<String>,
    /// The files and lines that say so.
    pub lines: Vec<String>,
    /// Of a computed value: what it was computed from. Absent for a value of the spec.
    pub computed_from: Option<String>,
}

/// Something that differs though no line of the spec says so.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Undeclared {
    /// The path of a computed value; or a rendered file's cluster or root, and what differs in it.
    pub what: String,
    /// The value that is expected. Absent where there is none.
    pub expected: Option<String>,
    /// The value that is there. Absent where there is none.
    pub found: Option<String>,
    /// Why nothing says so, as a sentence.
    pub why: String,
}

/// A value of both environments: by path, with its value and where that comes from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pair {
    /// The path.
    pub path: String,
    /// That of the environment that is compared with: the value and its origin.
    pub with: Option<(String, String)>,
    /// That of the environment.
    pub environment: Option<(String, String)>,
}

/// Weighs the values that differ: those of the spec, whose origins are lines, and computed ones, whose origins name what they were computed from. `default` is the
/// origin of values that no line sets.
pub fn compared([environment, with]: [&str; 2], values: &[Pair], computed: &[Pair], default: &str) -> Compared {
    let value = |side: &Option<(String, String)>| side.as_ref().map(|(value, _)| value.clone());
    let of = |pair: &Pair, lines, computed_from| Difference {
        weight: weight::of(&pair.path),
        kind: weight::kind(&pair.path).to_owned(),
        path: pair.path.clone(),
        with: value(&pair.with),
        environment: value(&pair.environment),
        lines,
        computed_from,
    };
    // Where the spec of one side has a value and that of the other one has none, the other one's is computed.
    let beside = |pair: &Pair| computed.iter().find(|other| other.path == pair.path);
    let mut declared: Vec<Difference> = Vec::new();
    for pair in values {
        let mut difference = of(pair, lines(pair, default), None);
        if let Some(other) = beside(pair) {
            difference.with = difference.with.or_else(|| value(&other.with));
            difference.environment = difference.environment.or_else(|| value(&other.environment));
        }
        declared.push(difference);
    }
    let mut undeclared = Vec::new();
    // An entry that one side lacks is a difference of its own, which its line says.
    let is_whole = |pair: &&Pair| {
        let Some(entry) = weight::entry(&pair.path) else { return false };
        let has = |side: fn(&Pair) -> &Option<(String, String)>| {
            computed.iter().filter(|other| weight::entry(&other.path) == Some(entry)).any(|other| side(other).is_some())
        };
        let is_said = values.iter().any(|other| weight::entry(&other.path) == Some(entry));
        is_said && (!has(|pair| &pair.with) || !has(|pair| &pair.environment))
    };
    let is_beside = |pair: &&Pair| values.iter().any(|other| other.path == pair.path);
    for pair in computed.iter().filter(|pair| !is_whole(pair) && !is_beside(pair)) {
        let origins: BTreeSet<&str> = [&pair.environment, &pair.with].into_iter().flatten().map(|(_, origin)| origin.as_str()).collect();
        let causes = causes(&pair.path, &origins, values, computed);
        let from = origins.into_iter().collect::<Vec<_>>().join("; ");
        if causes.is_empty() {
            let why = format!("it is computed from {from}, of which no line differs");
            undeclared.push(Undeclared { what: pair.path.clone(), expected: value(&pair.with), found: value(&pair.environment), why });
        } else {
            let mut all: Vec<String> = causes.into_iter().flat_map(|cause| lines(cause, default)).collect();
            let mut seen = BTreeSet::new();
            all.retain(|line| seen.insert(line.clone()));
            declared.push(of(pair, all, Some(from)));
        }
    }
    declared.sort_by(|one, other| (one.weight, &one.path).cmp(&(other.weight, &other.path)));
    Compared { environment: environment.to_owned(), with: with.to_owned(), declared, undeclared, unread: Vec::new() }
}

/// The lines that make a value differ: that of the environment, and where no line sets its value there, that of the other one.
fn lines(pair: &Pair, default: &str) -> Vec<String> {
    let of = |side: &Option<(String, String)>| side.as_ref().map(|(_, line)| line.clone()).filter(|line| line != default);
    let sides = [of(&pair.environment), of(&pair.with)];
    // Of a line and a block in it, the block says so.
    let is_within =
        |line: &String| sides.iter().flatten().any(|other| other.strip_prefix(line.as_str()).is_some_and(|rest| rest.starts_with(',')));
    let all: BTreeSet<String> = sides.iter().flatten().filter(|line| !is_within(line)).cloned().collect();
    all.into_iter().collect()
}

/// The values of the spec from which a computed value follows: those that its origins name, through other computed values as well, and those of its own entry.
fn causes<'p>(path: &str, origins: &BTreeSet<&str>, values: &'p [Pair], computed: &[Pair]) -> Vec<&'p Pair> {
    let mut named: BTreeSet<String> = origins.iter().flat_map(|origin| names(origin)).collect();
    let mut known = BTreeSet::from([path]);
    while let Some(further) =
        computed.iter().find(|other| !known.contains(other.path.as_str()) && named.iter().any(|name| overlap(name, &other.path)))
    {
        known.insert(&further.path);
        named.extend([&further.environment, &further.with].into_iter().flatten().flat_map(|(_, origin)| names(origin)));
    }
    let of = |holds: &dyn Fn(&str) -> bool| values.iter().filter(|pair| holds(&pair.path)).collect::<Vec<_>>();
    let mut found = of(&|path| named.iter().any(|name| overlap(name, path)));
    let entry = weight::entry(path);
    if found.is_empty() {
        found = of(&|other| entry.is_some() && weight::entry(other) == entry);
    }
    if found.is_empty() && origins.iter().any(|origin| origin.contains("region") || origin.contains("zone")) {
        found = of(&is_regions);
    }
    found
}

/// The paths that a sentence about an origin names.
fn names(origin: &str) -> Vec<String> {
    let words = origin.split([' ', ',', ';']).map(|word| word.trim_matches(['`', ':', '(', ')']));
    words.filter(|word| word.contains('.')).map(str::to_owned).collect()
}

/// Whether one path is the other one, or is within it.
fn overlap(one: &str, other: &str) -> bool {
    let within = |inner: &str, outer: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
    within(one, other) || within(other, one)
}

/// Whether a value of the spec says where an environment runs.
fn is_regions(path: &str) -> bool {
    path.starts_with("regions.") || path.starts_with("environments.") && [".regions", ".primary"].iter().any(|end| path.ends_with(end))
}

/// What the files on the disk have other than the spec says. `folder` is their folder.
pub fn edits(found: &Diff, folder: &str) -> Vec<Undeclared> {
    let mut all = Vec::new();
    let mut add = |place: &str, what: &str, (expected, found): (Option<String>, Option<String>)| {
        let why = "the rendered files have it so, and the spec does not".to_owned();
        all.push(Undeclared { what: format!("{place}: {what}"), expected, found, why });
    };
    let there = || Some("there".to_owned());
    for cluster in &found.clusters {
        let place = format!("{folder}/kubernetes/{}/{}", cluster.environment, cluster.region);
        for object in &cluster.objects {
            match object.outcome {
                Outcome::Created => add(&place, &object.object, (None, there())),
                // The guard of the cluster would not let it in, and it is in the files all the same.
                Outcome::Refused if object.differences.is_empty() => add(&place, &object.object, (None, there())),
                _ if object.differences.is_empty() => add(&place, &format!("labels of {}", object.object), (None, None)),
                _ => object.differences.iter().for_each(|one| {
                    add(&place, &format!("{} {}", object.object, one.field), (one.before.clone(), one.after.clone()));
                }),
            }
        }
        cluster.left.iter().for_each(|left| add(&place, &left.object, (there(), None)));
    }
    for root in &found.roots {
        let place = format!("{folder}/{}", root.folder);
        for resource in &root.resources {
            match resource.existence {
                Existence::New => add(&place, &resource.address, (None, there())),
                Existence::Leaves => add(&place, &resource.address, (there(), None)),
                Existence::Stays => resource.arguments.iter().for_each(|one| {
                    let what = format!("{} {}", resource.address, one.path);
                    add(&place, what.trim_end(), pair(one.before.as_ref(), one.after.as_ref()));
                }),
            }
        }
    }
    all
}
