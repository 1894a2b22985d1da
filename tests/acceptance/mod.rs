//! What a user can rely on, shown through the program itself: commands and exit codes, the causes of `render --check`, the schema, and the
//! specs of the repository. Trials that need git, kubectl or the Python judges are ignored where these are absent and fail where
//! PLATGEN_JUDGES is `required`.

mod access;
mod apply;
mod buckets;
mod changes;
mod check;
mod cli;
mod desktop;
mod diff;
mod gitlab;
mod graph;
mod guard;
mod impact;
mod incomplete;
mod killed;
mod merge;
mod mirror;
mod night;
mod outage;
mod parity;
pub(crate) mod pictures;
mod pipelines;
pub(crate) mod program;
mod reach;
mod rendered;
mod replication;
mod roots;
mod scanners;
mod schema;
mod secrets;
mod show;
mod specs;
mod transitions;
mod versions;

use libtest_mimic::{Failed, Trial};
use std::path::Path;

use crate::judges::judge::fetched;
use crate::support::{functions, required};

/// The trials of this module.
pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = functions! {
        access: groups_of_real_platforms accounts_of_apps manifests_and_patches_count words_that_mean_nothing the_readme_is_right;
        apply: waves_and_charts_are_in_order it_stops_at_the_first_fault the_archive_of_a_chart_is_compared_each_time;
        buckets: backups_are_not_left_silently buckets_are_not_left_silently a_data_root_leaves_its_buckets the_runbook_moves_buckets a_part_of_a_render_leaves_no_bucket_behind a_namespace_is_no_bucket;
        check: the_spec_changed files_were_edited_deleted_added the_lock_is_missing_or_stale long_differences_are_cut a_spec_with_conflict_markers the_summary_says_what_changed the_lock_alone
            platgen_changed a_render_was_interrupted
            edited_and_foreign_files_need_force a_terraform_root_that_left_the_spec a_lock_with_conflict_markers differences_are_findings_for_programs
            names_that_mean_nothing;
        cli: help_and_exit_codes formats closed_pipe_is_quiet full_stdout_fails credentials_are_not_printed a_folder_is_found_from_inside init_validate_render_check init_in_both_formats_says_the_same a_dry_run_writes_nothing warnings_are_denied a_quiet_check_says_why a_lock_beside_other_files
            fmt_checks_writes_and_refuses init_never_overwrites no_spec_and_two_specs unchanged_files_keep_their_time selections streams spaces_and_unicode
            check_judges_by_rules_and_waivers check_points_at_the_committed_line rules_are_listed explain_every_code_and_section explain_finds_keys habits_of_other_tools explain_is_whole completions_and_manual names_of_the_spec_are_completed habits short_forms_mean_their_long_forms show_is_whole_as_json show_says_where_values_come_from;
        gitlab: roots_are_applied_one_after_the_other jobs_have_what_their_work_needs a_kept_plan_is_applied a_person_opens_the_revert jobs_call_what_exists jobs_leave;
        graph: what_runs_where every_flow_is_an_arrow pictures_show_the_flows one_app_with_its_neighbours words_that_mean_nothing;
        guard: a_cluster_says_whose_it_is words_that_mean_nothing;
        desktop: a_laptop_is_like_production a_desktop_is_compared_with_the_spec words_that_mean_nothing scripts_speak_to_their_cluster_alone;
        diff: an_environment_is_compared_with_another changes_are_told_by_meaning protection_that_ends_is_told_first a_store_in_memory_leaves_with_its_data files_of_revisions_and_folders a_pull_request_says_what_it_changes a_merge_request_says_what_it_changes words_that_mean_nothing;
        impact: a_guard_refuses_what_is_foreign config_maps_hit_nobody a_whole_tree_restarts_everything the_shop_has_34_new_and_12_changed_objects every_region_is_judged folders_without_a_spec unread_files_are_no_all_clear
            namespaces_of_mixed_folders_are_said_file_by_file words_that_mean_nothing;
        incomplete: it_is_refused it_is_allowed_and_listed;
        killed: a_killed_render_leaves_whole_files;
        mirror: every_image_is_copied_once a_copy_is_kept it_stops_at_the_first_trouble pods_terraform_and_preflight_agree servers_of_databases_start_with_the_image_of_their_operator there_is_no_mirror_unless_the_spec_asks a_running_region_gets_its_copies_first copies_go_after_the_pods_that_run_them a_region_that_left_goes_with_its_copies;
        night: steps_are_in_order links_come_with_the_last_region records_of_a_lost_region jobs_wait_for_others preflight_looks_for_every_requirement preflight_knows_what_the_files_make preflight_asks_for_kinds preflight_refuses_another_cluster clusters_are_asked_before_they_change deletions_of_data_break_the_glass preflight_knows_the_words_of_kubectl the_runbook_names_no_cluster the_readme_names_routes_file_systems_and_entrances a_cluster_of_ones_own_needs_routes;
        outage: a_zone_of_a_real_platform a_region_of_a_real_platform lines_that_the_spec_takes servers_without_a_zone words_that_mean_nothing;
        parity: a_desktop_is_weighed environments_are_weighed what_nobody_declared_is_an_error words_that_mean_nothing;
        pictures: first_command faults a_running_platform the_wrong_environment an_old_style_accident a_lost_zone what_runs_where;
        pipelines: roots_are_applied_one_after_the_other jobs_have_the_rights_of_their_work jobs_call_what_exists a_plan_says_what_it_deletes every_root_is_tested a_release_goes_back_as_a_commit a_release_is_held_against_its_checksum workflows_are_owned_and_leave;
        reach: every_spec_is_as_declared flows_of_a_real_platform add_ons_have_flows_while_they_are_installed shared_addresses_are_told questions_are_answered differences_are_told_first each_layer_has_its_own_ports words_that_mean_nothing;
        rendered: agents_are_on_every_node jobs_come_before_the_rollout a_job_comes_after_what_it_calls many_paths_are_several_routes an_engine_listens_where_it_is_told;
        roots: a_new_region_touches_no_root_of_another a_new_zone_moves_no_address;
        scanners: are_told_what_is_accepted;
        schema: accepts_every_spec refuses_what_is_unknown refuses_wrong_types;
        secrets: readers_of_a_real_platform every_way_to_read_is_known manifests_count words_that_mean_nothing;
        show: every_origin_is_true secrets_have_their_readers layers_are_named existing_stores_show_what_is_written settings_of_the_spec_are_not_computed computed_values_name_their_reasons every_computed_field_is_recorded;
        transitions: a_comparison_tells_them an_autoscaler_takes_replicas_over autoscalers_come_and_go_anywhere what_left_the_spec_is_named volumes_grow_by_hand kinds_change_beside_each_other a_refusal_after_an_interrupted_render data_is_not_left_behind data_of_a_shared_volume_is_not_left_behind every_environment_has_its_own_command databases_change a_part_of_a_render_leaves_no_data_behind managed_databases_and_backups_are_kept;
        versions: a_version_stays_until_it_is_moved a_lost_lock_of_versions_is_written_again versions_of_the_spec_are_not_locked faults_of_the_lock_of_versions_are_told digests_come_to_locked_versions;
        specs: committed_trees_are_current values_have_keys_of_their_chart yaml_and_toml_are_the_same are_formatted rendered_files_are_clean;
    };
    for (name, spec) in program::specs() {
        let (again, of) = (spec.clone(), name.clone());
        trials.push(Trial::test(format!("acceptance::specs::same_bytes/{name}"), move || specs::same_bytes(&again)));
        trials.push(Trial::test(format!("acceptance::specs::warnings/{name}"), move || specs::warnings(&of, &spec)));
    }
    let git = specs::starts(Path::new("git"), &["--version"]);
    trials.push(judged("acceptance::merge::conflict_in_the_default_style", git, merge::conflict_in_the_default_style));
    trials.push(judged("acceptance::merge::conflict_in_the_diff3_style", git, merge::conflict_in_the_diff3_style));
    trials.push(judged("acceptance::merge::conflict_in_manifests_too", git, merge::conflict_in_manifests_too));
    trials.push(judged("acceptance::merge::clean_merge_with_overlaps", git, merge::clean_merge_with_overlaps));
    trials.push(judged("acceptance::merge::images_of_two_apps", git, merge::images_of_two_apps));
    trials.push(judged("acceptance::merge::two_new_subnets", git, merge::two_new_subnets));
    trials.push(judged("acceptance::merge::the_base_is_that_of_head_and_onto", git, merge::the_base_is_that_of_head_and_onto));
    let kubectl = specs::starts(Path::new("kubectl"), &["version", "--client"]);
    trials.push(judged("acceptance::specs::kustomize_builds_every_region", kubectl, specs::kustomize_builds_every_region));
    trials.push(judged("acceptance::desktop::every_overlay_is_the_rendering", kubectl, desktop::every_overlay_is_the_rendering));
    trials.push(judged("acceptance::night::removed_lists_what_left", git && kubectl, night::removed_lists_what_left));
    trials.push(judged("acceptance::night::removed_knows_every_scope", git && kubectl, night::removed_knows_every_scope));
    trials.push(judged(
        "acceptance::night::preflight_says_what_it_could_not_look_at",
        kubectl,
        night::preflight_says_what_it_could_not_look_at,
    ));
    let shellcheck = fetched("shellcheck", &["--version"]);
    let present = shellcheck.is_ok();
    trials.push(judged("acceptance::night::shellcheck_is_content", present, move || night::shellcheck_is_content(&shellcheck?.path)));
    let again = fetched("shellcheck", &["--version"]);
    trials
        .push(judged("acceptance::replication::shellcheck_is_content", present, move || replication::shellcheck_is_content(&again?.path)));
    // A minute with servers that few machines have: never required.
    let servers = replication::programs();
    let absent = servers.is_err();
    let run = move || servers.map(|servers| replication::confirmed_writes_outlive_the_writer(&servers)).map_err(Failed::from);
    trials.push(Trial::test("acceptance::replication::confirmed_writes_outlive_the_writer", run).with_ignored_flag(absent));
    let shellcheck = fetched("shellcheck", &["--version"]);
    trials.push(judged("acceptance::desktop::shellcheck_is_content", present, move || desktop::shellcheck_is_content(&shellcheck?.path)));
    let kind = fetched("kind", &["version"]);
    let present = kind.is_ok();
    trials
        .push(judged("acceptance::desktop::kind_configures_every_node", present, move || desktop::kind_configures_every_node(&kind?.path)));
    let yaml = specs::starts(&specs::python(), &["-c", "import yaml"]);
    trials.push(judged("acceptance::specs::boutique_keeps_the_facts", yaml, specs::boutique_keeps_the_facts));
    let validate = specs::starts(&specs::python(), &["-c", "import kubernetes_validate"]);
    for version in ["1.33", "1.35", "1.37"] {
        trials
            .push(judged(&format!("acceptance::specs::strict_in_version/{version}"), validate, move || specs::strict_in_version(version)));
    }
    trials
}

/// A trial that needs another program.
fn judged(name: &str, present: bool, run: impl FnOnce() -> Result<(), Failed> + Send + 'static) -> Trial {
    if !present && required() {
        let missing = format!("{name} needs git, kubectl, or the Python that PLATGEN_PYTHON names with what tests/judges/python.txt lists");
        return Trial::test(name, move || Err(missing.into()));
    }
    Trial::test(name, run).with_ignored_flag(!present)
}
