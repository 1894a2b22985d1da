//! The output stage against real folders: ownership, causes, trouble with the disk, kills and races.
//!
//! The program runs parts of itself as children (`PLATGEN_OUTPUT_PART`): renders to be killed, or run by a user without rights.

mod causes;
mod kill;
mod ownership;
mod tree;
mod trouble;

use libtest_mimic::Trial;

use crate::support::functions;

/// Runs one part as a child of this program, if `PLATGEN_OUTPUT_PART` names one; whether it does.
pub(crate) fn ran_part() -> bool {
    let Ok(part) = std::env::var("PLATGEN_OUTPUT_PART") else { return false };
    let folder = std::env::args().nth(1).unwrap_or_default();
    match part.as_str() {
        "loop" => kill::part_loop(&folder, usize::MAX),
        "rounds" => kill::part_loop(&folder, 12),
        _ => trouble::part_render(&folder),
    }
    true
}

/// The trials of this module.
pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = functions! {
        causes: nothing_differs nothing_was_ever_rendered spec_changed an_upgrade_alone_changes_nothing platgen_changed edited_missing_foreign
            edited_and_more a_folder_is_gone_or_new manifests locks;
        kill: killed_at_any_moment an_interrupted_render_with_edits_after two_at_once a_hostile_journal;
        ownership: first_render second_render_touches_nothing only_what_differs_is_written stale_files_are_pruned
            edited_files_refuse_everything foreign_files terraform_roots_are_not_pruned_silently guards_of_a_terraform_root_are_removed_first a_root_inside_a_living_unit
            a_partial_render_stays_in_its_selection one_app_alone the_lock_goes_with_the_tree line_ends_are_not_edits
            files_after_a_merge_are_mended markers_alone_give_no_file_away doubled_lines_are_understood a_wrong_hash_is_mended paths_that_lead_out_are_refused;
        trouble: spaces_and_unicode links_are_never_followed something_else_has_the_name a_replaced_file_keeps_its_mode;
    };
    trials.push(Trial::ignorable_test("output::trouble::a_read_only_folder", trouble::a_read_only_folder));
    trials.push(Trial::ignorable_test("output::trouble::a_full_disk", trouble::a_full_disk));
    trials
}
