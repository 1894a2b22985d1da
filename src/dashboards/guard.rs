//! The dashboard of the guard: which admission policies are in the cluster, and what they refuse.

use super::{Dashboard, NONE_IS_RIGHT, Panel, Row, Shape};
use crate::model::{Platform, Region};

/// What the guard refuses.
pub(super) const REFUSALS: Panel = Panel {
    title: "Refusals of the guard",
    about: "By policy, in a quarter of an hour: attempts to apply what belongs elsewhere, or to delete what is protected. The audit log of the API server has who asked.",
    shape: Shape::Lines,
    unit: "short",
    width: 12,
    limits: None,
    queries: &[(
        // The first refusal makes the series: it has no value before that it could increase from.
        r#"sum by (policy) (apiserver_validating_admission_policy_check_total{policy=~"platgen-.+",enforcement_action="deny"}
              unless apiserver_validating_admission_policy_check_total{policy=~"platgen-.+",enforcement_action="deny"} offset 15m
            or increase(apiserver_validating_admission_policy_check_total{policy=~"platgen-.+",enforcement_action="deny"}[15m]))"#,
        "{{policy}}",
    )],
};

pub(super) const DASHBOARD: Dashboard = Dashboard {
    uid: "platgen-guard",
    title: "Guard",
    about: "The admission policies that keep files of other environments out and protect what must not be deleted: whether they are there, and what they refuse.",
    variables: &[],
    rows: &[
        Row {
            title: "Is the guard there?",
            panels: &[
                Panel {
                    title: "Policies that are missing",
                    width: 8,
                    queries: &[(
                        r#"count(platgen:guard:policy unless on (policy)
                            label_replace(kube_validatingadmissionpolicy_info, "policy", "$1", "validatingadmissionpolicy", "(.+)")) or vector(0)"#,
                        "policies",
                    )],
                    ..NONE_IS_RIGHT
                },
                Panel {
                    title: "Policies that nothing makes deny",
                    about: "Without a binding that denies, a policy refuses nothing.",
                    width: 8,
                    queries: &[(
                        r#"count(platgen:guard:policy unless on (policy)
                            label_replace(kube_validatingadmissionpolicybinding_validation_action{action="Deny"}, "policy", "$1", "validatingadmissionpolicybinding", "(.+)"))
                            or vector(0)"#,
                        "policies",
                    )],
                    ..NONE_IS_RIGHT
                },
                Panel {
                    title: "Refusals in the last day",
                    about: "",
                    shape: Shape::Number,
                    unit: "short",
                    width: 8,
                    limits: Some((1.0, 10.0)),
                    queries: &[(
                        // The first refusal makes the series: it has no value before that it could increase from.
                        r#"sum(apiserver_validating_admission_policy_check_total{policy=~"platgen-.+",enforcement_action="deny"}
                              unless apiserver_validating_admission_policy_check_total{policy=~"platgen-.+",enforcement_action="deny"} offset 1d
                            or increase(apiserver_validating_admission_policy_check_total{policy=~"platgen-.+",enforcement_action="deny"}[1d])) or vector(0)"#,
                        "refusals",
                    )],
                },
            ],
        },
        Row {
            title: "What it refuses",
            panels: &[
                REFUSALS,
                Panel {
                    title: "Judged requests",
                    about: "By policy, in a second. A policy without any judges nothing.",
                    shape: Shape::Lines,
                    unit: "reqps",
                    width: 12,
                    limits: None,
                    queries: &[(
                        r#"sum by (policy) (rate(apiserver_validating_admission_policy_check_total{policy=~"platgen-.+"}[$__rate_interval]))"#,
                        "{{policy}}",
                    )],
                },
            ],
        },
    ],
    applies: guarded,
};

fn guarded(platform: &Platform, _: &Region) -> bool {
    platform.is_guarded()
}
