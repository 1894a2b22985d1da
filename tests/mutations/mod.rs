//! Faults planted in what platgen prints, and in the model it prints from: each must be noticed, by `platgen check`, by the second opinion
//! of `tests/oracle`, or by one of the judges of `tests/judges`, or stand in `survivors.toml` with the reason why nobody has to.
//!
//! PLATGEN_JUDGES=required makes an absent judge a failure; else what nobody noticed is undecided while one is absent. The faults made by hand are
//! all planted, and a sample of the others. The judges of Terraform take seconds for each fault: PLATGEN_MUTANTS=terraform shows them a small sample,
//! PLATGEN_MUTANTS=hand all that were made by hand. PLATGEN_MUTANTS=every plants all faults and asks the judges as
//! `hand` does; PLATGEN_MUTANTS=all shows all of them to the judges of Terraform, too. PLATGEN_ONLY=names asks these judges alone, for a quick look. The tables, and
//! what nobody noticed and why nobody had to, go to target/mutations.txt.

// Nothing is reachable from outside a test; `pub` says what the other modules use.
#![allow(unreachable_pub)]

mod attributes;
mod fields;
mod ground;
mod hand;
mod hand_bootstrap;
mod hand_cluster;
mod hand_kubernetes;
mod hand_terraform;
mod model;
mod mutant;
mod outside;
mod own;
mod planted;
mod report;
mod survivors;
mod trial;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use libtest_mimic::{Completion, Failed, Trial};

use crate::support::required;

use self::mutant::Class;
use self::planted::Planted;
use self::trial::{Run, Shown};

/// The faults, planted when the trials are collected: their names come from the faults.
static PLANTED: OnceLock<Result<Planted, String>> = OnceLock::new();

/// The run with what everybody noticed. The first trial that asks for it judges every fault; the others wait.
static JUDGED: OnceLock<Result<Run, String>> = OnceLock::new();

fn planted() -> Result<&'static Planted, String> {
    let whole = matches!(std::env::var("PLATGEN_MUTANTS").as_deref(), Ok("every" | "all"));
    PLANTED.get_or_init(|| Planted::new(whole)).as_ref().map_err(Clone::clone)
}

fn judged() -> Result<&'static Run, Failed> {
    let shown = match std::env::var("PLATGEN_MUTANTS").as_deref() {
        Ok("all") => Shown::All,
        Ok("every" | "hand") => Shown::Hand,
        Ok("terraform") => Shown::Sample,
        _ => Shown::None,
    };
    JUDGED.get_or_init(|| Run::new(planted()?, shown)).as_ref().map_err(|error| error.into())
}

/// The trials of this module. Plants the faults and judges nothing yet.
pub(crate) fn trials() -> Vec<Trial> {
    let planted = match planted() {
        Ok(planted) => planted,
        Err(error) => return vec![Trial::test("mutations::platform", move || Err(error.into()))],
    };
    let mut trials = vec![
        Trial::ignorable_test("mutations::judges", || {
            let absent = &judged()?.absent;
            match (absent.is_empty(), required()) {
                (true, _) => Ok(Completion::Completed),
                (_, true) => Err(absent.join("\n").into()),
                _ => Ok(Completion::ignored_with(absent.join("; "))),
            }
        }),
        Trial::test("mutations::templates", || none(judged()?.templates())),
        Trial::test("mutations::survivors", || none(judged()?.unneeded())),
    ];
    let mut groups: BTreeMap<(Class, String), Vec<usize>> = BTreeMap::new();
    for (number, mutant) in planted.mutants.iter().enumerate() {
        groups.entry((mutant.class, mutant.place.clone())).or_default().push(number);
    }
    for ((class, place), numbers) in groups {
        trials.push(Trial::ignorable_test(format!("mutations::{}/{place}", class.name()), move || {
            let run = judged()?;
            let lost: Vec<String> = numbers.iter().filter(|number| run.unjustified(**number)).map(|number| run.describe(*number)).collect();
            match (lost.is_empty(), !run.absent.is_empty() && !required()) {
                (true, _) => Ok(Completion::Completed),
                (_, true) => Ok(Completion::ignored_with(format!("a judge is absent; nobody else noticed: {}", lost.join("; ")))),
                _ => Err(Failed::from(format!("nobody noticed:\n{}", lost.join("\n")))),
            }
        }));
    }
    trials
}

/// A trial of a list that has to be empty.
fn none(faults: Vec<String>) -> Result<(), Failed> {
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n").into()) }
}

/// Prints the tables and writes them to `target/mutations.txt`, if a trial had the faults judged. Returns whether they could be written.
pub(crate) fn report() -> bool {
    let Some(Ok(run)) = JUDGED.get() else { return true };
    let table = run.table();
    println!("{table}");
    let place = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/mutations.txt");
    let written = std::fs::write(&place, table + &run.unnoticed());
    if let Err(error) = &written {
        eprintln!("{}: {error}", place.display());
    }
    written.is_ok()
}
