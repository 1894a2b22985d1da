//! The tables: who noticed how many faults of each class, and who noticed each fault made by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::mutant::{Class, Mutant};
use super::survivors::Survivors;

/// What became of the mutants.
pub struct Outcome<'a> {
    /// The mutants.
    pub mutants: &'a [Mutant],
    /// By mutant: who noticed it.
    pub noticed: &'a BTreeMap<usize, BTreeMap<&'static str, String>>,
    /// By mutant: the line of the list that accepts it.
    pub accepted: &'a BTreeMap<usize, usize>,
    /// Mutants that the slow judges were not shown.
    pub spared: &'a BTreeSet<usize>,
    /// Judges in the order of their cost.
    pub judges: &'a [&'static str],
}

/// Both tables.
pub fn text(outcome: &Outcome<'_>, survivors: &Survivors) -> String {
    let mut text = String::new();
    let _ = write!(text, "{:<24}", "noticed by");
    for class in Class::ALL {
        let _ = write!(text, "{:>11}", class.name());
    }
    text.push('\n');
    let mut row = |name: &str, counts: &dyn Fn(usize) -> bool| {
        let _ = write!(text, "{name:<24}");
        for class in Class::ALL {
            let count = outcome.mutants.iter().enumerate().filter(|(number, mutant)| mutant.class == class && counts(*number)).count();
            let _ = write!(text, "{count:>11}");
        }
        text.push('\n');
    };
    for judge in outcome.judges {
        row(judge, &|number| outcome.noticed.get(&number).is_some_and(|by| by.contains_key(judge)));
    }
    row("anyone", &|number| outcome.noticed.contains_key(&number));
    row("nobody, with a reason", &|number| outcome.accepted.contains_key(&number));
    row("nobody, not all asked", &|number| outcome.spared.contains(&number) && !outcome.accepted.contains_key(&number));
    row("planted", &|_| true);
    text.push_str("\nA judge is shown what no cheaper one noticed; the faults made by hand are shown to all, but for checkov's\nrules for Terraform, which are asked last.\n\n");
    for (number, mutant) in outcome.mutants.iter().enumerate().filter(|(_, mutant)| mutant.class == Class::Hand) {
        let by: Vec<&str> = outcome.noticed.get(&number).map(|by| by.keys().copied().collect()).unwrap_or_default();
        let who = match outcome.accepted.get(&number).and_then(|index| survivors.get(*index)) {
            Some(survivor) if by.is_empty() => format!("nobody: {}", survivor.reason),
            _ if by.is_empty() => "NOBODY".to_owned(),
            _ => by.join(", "),
        };
        let _ = writeln!(text, "{:<64} {who}", mutant.name());
    }
    text
}

/// Every fault that nobody noticed, and why nobody had to.
pub fn unnoticed(outcome: &Outcome<'_>, survivors: &Survivors) -> String {
    let mut text = "\nNobody noticed, and nobody had to:\n".to_owned();
    for (number, line) in outcome.accepted {
        if let (Some(mutant), Some(survivor)) = (outcome.mutants.get(*number), survivors.get(*line)) {
            let _ = writeln!(text, "{} {}\n    {}", mutant.class.name(), mutant.name(), survivor.reason);
        }
    }
    text
}
