//! Faults planted in what platgen prints, and in the model it prints from: each must be noticed, by platgen's own check or by one of
//! the judges of `tests/judges`, or stand in `survivors.toml` with the reason why nobody has to.
//!
//! PLATGEN_JUDGES=required makes an absent judge a failure; else what nobody noticed is undecided while one is absent. The judges of
//! Terraform take seconds for each fault: they are asked with PLATGEN_MUTANTS=terraform, which shows them the faults made by hand and a
//! sample of the others, or PLATGEN_MUTANTS=all. PLATGEN_ONLY=names asks these judges alone, for a quick look. The tables, and
//! what nobody noticed and why nobody had to, go to target/mutations.txt.

// Nothing is reachable from outside a test; `pub` says what the other modules use.
#![allow(unreachable_pub)]

mod attributes;
mod fields;
mod ground;
mod hand;
mod hand_kubernetes;
mod hand_terraform;
mod model;
mod mutant;
#[path = "../oracle/mod.rs"]
mod oracle;
mod outside;
mod own;
mod report;
mod survivors;
mod trial;

#[allow(dead_code)]
#[path = "../judges/cache.rs"]
mod cache;
#[allow(dead_code)]
#[path = "../judges/checkov.rs"]
mod checkov;
#[allow(dead_code)]
#[path = "../judges/cluster.rs"]
mod cluster;
#[allow(dead_code)]
#[path = "../judges/judge.rs"]
mod judge;
#[allow(dead_code)]
#[path = "../judges/kubernetes.rs"]
mod kubernetes;
#[allow(dead_code)]
#[path = "../judges/random.rs"]
mod random;
#[allow(dead_code)]
#[path = "../judges/resources.rs"]
mod resources;
#[allow(dead_code)]
#[path = "../judges/terraform.rs"]
mod terraform;
#[allow(dead_code)]
#[path = "../judges/text.rs"]
mod text;
#[allow(dead_code)]
#[path = "../judges/trees.rs"]
mod trees;
#[allow(dead_code)]
#[path = "../judges/waivers.rs"]
mod waivers;

use std::collections::BTreeMap;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Completion, Failed, Trial};

use crate::mutant::Class;
use crate::trial::{Run, Shown};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let required = std::env::var("PLATGEN_JUDGES").is_ok_and(|value| value == "required");
    let terraform = match std::env::var("PLATGEN_MUTANTS").as_deref() {
        Ok("all") => Shown::All,
        Ok("terraform") => Shown::Sample,
        _ => Shown::None,
    };
    let run = match Run::new(terraform, arguments.list) {
        Ok(run) => run,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let absent = run.absent.clone();
    let mut trials = vec![Trial::ignorable_test("judges", move || match (absent.is_empty(), required) {
        (true, _) => Ok(Completion::Completed),
        (_, true) => Err(absent.join("\n").into()),
        _ => Ok(Completion::ignored_with(absent.join("; "))),
    })];
    let templates = run.templates();
    trials.push(Trial::test("templates", move || if templates.is_empty() { Ok(()) } else { Err(templates.join("\n").into()) }));
    let unneeded = run.unneeded();
    trials.push(Trial::test("survivors", move || if unneeded.is_empty() { Ok(()) } else { Err(unneeded.join("\n").into()) }));
    let mut groups: BTreeMap<(Class, String), Vec<usize>> = BTreeMap::new();
    for (number, mutant) in run.mutants.iter().enumerate() {
        groups.entry((mutant.class, mutant.place.clone())).or_default().push(number);
    }
    for ((class, place), numbers) in groups {
        let lost: Vec<String> = numbers.iter().filter(|number| run.unjustified(**number)).map(|number| run.describe(*number)).collect();
        let undecided = !run.absent.is_empty() && !required;
        trials.push(Trial::ignorable_test(format!("{}/{place}", class.name()), move || match (lost.is_empty(), undecided) {
            (true, _) => Ok(Completion::Completed),
            (_, true) => Ok(Completion::ignored_with(format!("a judge is absent; nobody else noticed: {}", lost.join("; ")))),
            _ => Err(Failed::from(format!("nobody noticed:\n{}", lost.join("\n")))),
        }));
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    if arguments.list {
        return ExitCode::SUCCESS;
    }
    let table = run.table();
    println!("{table}");
    let place = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/mutations.txt");
    if let Err(error) = std::fs::write(&place, table + &run.unnoticed()) {
        eprintln!("{}: {error}", place.display());
        return ExitCode::FAILURE;
    }
    if conclusion.has_failed() { ExitCode::from(101) } else { ExitCode::SUCCESS }
}
