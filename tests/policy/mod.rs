//! Who may talk to whom, by the NetworkPolicies: against a second evaluator over random worlds, in cases where others went wrong, and of what
//! the specs render against what their models say.

mod many;
mod oracle;
mod outside;
mod specs;
mod traps;
mod worlds;

use libtest_mimic::Trial;
use platgen::policy::{Labels, Pod};
use platgen::yaml::Document;
use serde_json::Value;

use crate::judges::judge::fetched;
use crate::support::{functions, required};

/// The trials of this module.
pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = functions! {
        many: a_thousand_workloads_take_a_moment;
        oracle: both_evaluators_agree the_worlds_are_of_every_kind;
        specs: the_specs_allow_their_flows_and_nothing_else a_difference_is_seen changed_needs_change_the_policies_alike;
        traps: without_types_a_policy_isolates_ingress_alone without_types_egress_rules_isolate_egress rules_of_a_direction_that_is_not_among_the_types_say_nothing
            a_policy_without_a_spec_isolates_its_namespace an_empty_rule_allows_everything_and_no_rule_nothing a_pod_selector_alone_means_the_own_namespace
            one_entry_with_both_selectors_is_and_two_entries_are_or an_empty_namespace_selector_is_every_namespace_even_an_undeclared_one the_name_label_of_a_namespace_cannot_be_forged
            not_in_is_met_by_pods_without_the_label policies_add_up_and_one_that_allows_is_enough both_sides_have_to_agree
            ports_are_tcp_unless_they_say_otherwise an_end_port_makes_a_range_with_both_ends a_named_port_is_that_of_the_target_pod
            addresses_are_outside_and_pods_are_no_addresses a_rule_without_peers_is_for_addresses_too pods_in_the_network_of_their_node_are_no_pods
            other_kinds_of_policies_are_named_and_not_judged what_the_server_refuses_is_refused_with_its_field;
    };
    let engine = fetched("policies", &["--version"]);
    let absent = engine.is_err() && !required();
    let run = move || outside::reach_is_what_cyclonus_says(&engine?.path);
    trials.push(Trial::test("policy::outside::reach_is_what_cyclonus_says", run).with_ignored_flag(absent));
    trials
}

/// Documents from JSON values.
fn documents(values: &[Value]) -> Vec<Document> {
    values.iter().map(Document::from_json).collect()
}

/// A pod of a namespace with labels.
fn pod(namespace: &str, labels: &[(&str, &str)]) -> Pod {
    let labels: Labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Pod { namespace: namespace.to_owned(), labels, ..Pod::default() }
}
