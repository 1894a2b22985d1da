//! Laws of the core over many specs: changed at random, spoilt, and large.
//!
//! With PLATGEN_MANY=`apps,faults` it prints such a spec and does nothing else, for measuring.

mod fuzz;
mod laws;
mod merges;
mod mutate;
mod pipeline;
mod readers;
mod spec_fmt;

use libtest_mimic::Trial;

use crate::support::functions;

/// Prints a spec with many apps and faults, if `PLATGEN_MANY` says how many; whether it does.
pub(crate) fn printed_spec() -> bool {
    let Ok(sizes) = std::env::var("PLATGEN_MANY") else { return false };
    let (apps, faults) = sizes.split_once(',').unwrap_or((&sizes, "0"));
    print!("{}", laws::many(apps.parse().unwrap_or(0), faults.parse().unwrap_or(0)));
    true
}

/// The trials of this module.
pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = functions! {
        fuzz: the_corpus spoilt_texts;
        spec_fmt: the_corpus spoilt_texts every_dress_comes_off;
        laws: changed_specs_never_panic a_need_only_opens an_environment_as_another_has_its_values a_thousand_faults_are_told a_config_map_has_room;
        readers: whole_texts_are_read_as_the_libraries_do spoilt_texts_are_read_as_the_libraries_do;
    };
    // Git is asked for, as it is what merges locks; without it the trial shows as ignored.
    let git = std::process::Command::new("git").arg("--version").output().is_ok_and(|output| output.status.success());
    let name = "properties::merges::a_merge_moves_only_what_collides";
    trials.push(Trial::test(name, merges::a_merge_moves_only_what_collides).with_ignored_flag(!git));
    trials
}
