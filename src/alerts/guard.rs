//! Alerts on the guard of a cluster: what it refuses, and whether it is there.

use super::{Alert, Case, Owned, Page, Severity, Subject};
use crate::model::{Platform, Region};

pub(super) const SUBJECT: Subject = Subject { name: "guard", title: "Guard", alerts: ALERTS, replaces: &[] };

fn guarded(platform: &Platform, _: &Region) -> bool {
    platform.is_guarded()
}

const KUBE_STATE: (&str, &str) = (r#"up{job="kube-state-metrics",endpoint="http",instance="10.0.0.1:8080"}"#, "1x60");

const ENVIRONMENT: (&str, &str) = (r#"platgen:guard:policy{policy="platgen-environment"}"#, "1x60");
const NAMESPACES: (&str, &str) = (r#"platgen:guard:policy{policy="platgen-namespaces"}"#, "1x60");
const POLICY: (&str, &str) = (r#"kube_validatingadmissionpolicy_info{validatingadmissionpolicy="platgen-environment"}"#, "1x60");
const OTHER_POLICY: (&str, &str) = (r#"kube_validatingadmissionpolicy_info{validatingadmissionpolicy="platgen-namespaces"}"#, "1x60");
const BINDING: (&str, &str) = (
    r#"kube_validatingadmissionpolicybinding_validation_action{validatingadmissionpolicybinding="platgen-environment",action="Deny"}"#,
    "1x60",
);
const OTHER_BINDING: (&str, &str) = (
    r#"kube_validatingadmissionpolicybinding_validation_action{validatingadmissionpolicybinding="platgen-namespaces",action="Deny"}"#,
    "1x60",
);

/// A binding without its policy.
const NO_POLICY: Case = Case::fires(15, &[KUBE_STATE, NAMESPACES, POLICY, BINDING, OTHER_BINDING], &[("policy", "platgen-namespaces")]);

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
        // A binding that only warns refuses nothing.
        expr: r#"(platgen:guard:policy
              unless on (policy) label_replace(kube_validatingadmissionpolicy_info, "policy", "$1", "validatingadmissionpolicy", "(.+)")
            or platgen:guard:policy
              unless on (policy) label_replace(kube_validatingadmissionpolicybinding_validation_action{action="Deny"}, "policy", "$1", "validatingadmissionpolicybinding", "(.+)"))
            and on () platgen:kube_state_metrics:up > 0"#,
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Platform,
        applies: guarded,
        summary: "the guard of the cluster lacks {{ $labels.policy }}",
        description: "The admission policy {{ $labels.policy }}, or its binding that denies, has not been in the cluster for 15 minutes.",
        page: Page {
            meaning: "What the policy refuses is taken: files of another environment, or the deletion of what is protected.",
            look: &["@@ get validatingadmissionpolicies,validatingadmissionpolicybindings", "@@ describe validatingadmissionpolicybindings \"$policy\""],
            mend: "Apply the files of the region. The audit log says who deleted or changed it.",
        },
        fires: Case::fires(
            15,
            &[KUBE_STATE, ENVIRONMENT, NAMESPACES, POLICY, OTHER_POLICY, BINDING, (r#"kube_validatingadmissionpolicybinding_validation_action{validatingadmissionpolicybinding="platgen-namespaces",action="Audit"}"#, "1x60")],
            &[("policy", "platgen-namespaces")],
        )
        .and(&NO_POLICY),
        silent: Case::silent(30, &[KUBE_STATE, ENVIRONMENT, NAMESPACES, POLICY, OTHER_POLICY, BINDING, OTHER_BINDING]),
    },
];
