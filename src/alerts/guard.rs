//! Alerts on the guard of a cluster: what it refuses, and whether it is there.

use super::{Alert, Case, Owned, Page, Severity, Subject};
use crate::model::{Platform, Region};

pub(super) const SUBJECT: Subject = Subject { name: "guard", title: "Guard", alerts: ALERTS, replaces: &[] };

fn guarded(platform: &Platform, _: &Region) -> bool {
    platform.is_guarded()
}

const KUBE_STATE: (&str, &str) = (r#"up{job="kube-state-metrics",endpoint="http",instance="10.0.0.1:8080"}"#, "1x60");

const ALERTS: &[Alert] = &[
    Alert {
        name: "GuardRefuses",
        // The series of a policy appears with its first refusal, which no increase shows.
        expr: r#"sum by (policy) (
              apiserver_validating_admission_policy_check_total{policy=~"platgen-.+",enforcement_action="deny"}
                unless apiserver_validating_admission_policy_check_total{policy=~"platgen-.+",enforcement_action="deny"} offset 15m
              or increase(apiserver_validating_admission_policy_check_total{policy=~"platgen-.+",enforcement_action="deny"}[15m]) > 0)"#,
        wait: "0m",
        severity: Severity::Warning,
        owned: Owned::Platform,
        applies: guarded,
        summary: "the guard refused a change",
        description: "The admission policy {{ $labels.policy }} refused {{ $value | humanize }} requests in 15 minutes.",
        page: Page {
            meaning: "Somebody applied files of another environment, or deleted what is protected. Nothing happened to the cluster. A dry run that asks the API server counts as well.",
            look: &["@@ get events --all-namespaces --field-selector type=Warning"],
            mend: "The audit log of the API server has who asked and for what: look for the name of the policy. Tell them which files belong here, and look whether another cluster took them.",
        },
        fires: Case::fires(
            5,
            &[(r#"apiserver_validating_admission_policy_check_total{policy="platgen-environment",enforcement_action="deny",instance="10.0.0.2:443"}"#, "_x5 1x60")],
            &[("policy", "platgen-environment")],
        )
        .with("1"),
        silent: Case::silent(
            40,
            &[(r#"apiserver_validating_admission_policy_check_total{policy="platgen-environment",enforcement_action="deny",instance="10.0.0.2:443"}"#, "_x5 1x60")],
        ),
    },
    Alert {
        name: "GuardMissing",
        expr: r#"absent(kube_validatingadmissionpolicybinding_info{validatingadmissionpolicybinding="platgen-environment"})
            and on () platgen:kube_state_metrics:up > 0"#,
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Platform,
        applies: guarded,
        summary: "the guard of the cluster is gone",
        description: "The binding of the admission policy platgen-environment has not been in the cluster for 15 minutes.",
        page: Page {
            meaning: "Files of another environment would be taken.",
            look: &["@@ get validatingadmissionpolicies,validatingadmissionpolicybindings"],
            mend: "Apply the files of the region. The audit log says who deleted it.",
        },
        fires: Case::fires(15, &[KUBE_STATE], &[("validatingadmissionpolicybinding", "platgen-environment")]),
        silent: Case::silent(30, &[KUBE_STATE, (r#"kube_validatingadmissionpolicybinding_info{validatingadmissionpolicybinding="platgen-environment"}"#, "1x60")]),
    },
];
