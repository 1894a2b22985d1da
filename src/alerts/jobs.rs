//! Alerts on jobs: on a schedule, in a rollout, and tests of restores.

use super::facts::role;
use super::{Alert, Case, Owned, Page, Severity, Subject, any};
use crate::model::{Platform, Region};

pub(super) const SUBJECT: Subject = Subject { name: "jobs", title: "Jobs", alerts: ALERTS, replaces: &[] };

fn scheduled(_: &Platform, region: &Region) -> bool {
    any(region, |workload| role(workload) == Some("scheduled"))
}

fn periodic(_: &Platform, region: &Region) -> bool {
    any(region, |workload| matches!(role(workload), Some("scheduled" | "test")))
}

fn once(_: &Platform, region: &Region) -> bool {
    any(region, |workload| role(workload) == Some("job"))
}

const INFO: (&str, &str) = (r#"platgen:workload:info{namespace="shop",workload="report",owner="carts",role="scheduled"}"#, "1x800");
const ONCE: (&str, &str) = (r#"platgen:workload:info{namespace="shop",workload="migrate",owner="carts",role="job"}"#, "1x60");
const OLDEST: (&str, &str) = (r#"platgen:workload:oldest_success_seconds{namespace="shop",workload="report"}"#, "3600x800");
const CREATED: (&str, &str) = (r#"kube_cronjob_created{namespace="shop",cronjob="report"}"#, "0x800");
const KUBE_STATE: (&str, &str) = (r#"up{job="kube-state-metrics",endpoint="http",instance="10.0.0.1:8080"}"#, "1x800");
const REPORT: &[(&str, &str)] = &[("namespace", "shop"), ("workload", "report"), ("cronjob", "report"), ("owner", "carts")];
const SUSPENDED: (&str, &str) = (r#"kube_cronjob_spec_suspend{namespace="shop",cronjob="report"}"#, "1x800");
const LABELS: (&str, &str) = (r#"kube_job_labels{namespace="shop",job_name="report-1",label_platgen_io_workload="report"}"#, "1x60");
const LATER: (&str, &str) = (r#"kube_job_labels{namespace="shop",job_name="report-2",label_platgen_io_workload="report"}"#, "1x60");

const ALERTS: &[Alert] = &[
    Alert {
        name: "CronJobMissing",
        expr: r#"(platgen:workload:info{role=~"scheduled|test"} unless on (namespace, workload)
              label_replace(kube_cronjob_created, "workload", "$1", "cronjob", "(.+)"))
            and on () platgen:kube_state_metrics:up > 0"#,
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: periodic,
        summary: "the CronJob {{ $labels.workload }} in {{ $labels.namespace }} is not in the cluster",
        description: "The spec has {{ $labels.workload }} in {{ $labels.namespace }}, and for 15 minutes the cluster has no such CronJob: it runs no more.",
        page: Page {
            meaning: "What the job does is not done, and no run will say so by failing.",
            look: &["@ get cronjobs", "@ get events --sort-by .lastTimestamp"],
            mend: "Apply the files of the region. The audit log says who deleted it.",
        },
        fires: Case::fires(
            15,
            &[INFO, KUBE_STATE],
            &[("namespace", "shop"), ("workload", "report"), ("owner", "carts"), ("role", "scheduled")],
        ),
        silent: Case::silent(30, &[INFO, KUBE_STATE, CREATED]),
    },
    Alert {
        name: "ScheduledRunMissed",
        // Counted from the last success, or from the start of the CronJob where none has succeeded yet. A suspended one is meant to miss its runs.
        expr: r#"((time() - platgen:workload:last_success > on (namespace, workload) group_left () platgen:workload:oldest_success_seconds)
              unless on (namespace, cronjob) kube_cronjob_spec_suspend == 1)
            * on (namespace, workload) group_left (owner) platgen:workload:info{role="scheduled"}"#,
        wait: "5m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: scheduled,
        summary: "{{ $labels.workload }} in {{ $labels.namespace }} has not succeeded in time",
        description: "The last success of {{ $labels.workload }} in {{ $labels.namespace }} was {{ $value | humanizeDuration }} ago: longer than between two runs of its schedule, with the time that a run may take.",
        page: Page {
            meaning: "A run did not start, still waits, or failed.",
            look: &[
                "@ get cronjobs \"$workload\"",
                "@ get jobs,pods --selector platgen.io/workload=\"$workload\" --sort-by .metadata.creationTimestamp",
                "@ logs --selector platgen.io/workload=\"$workload\" --tail 100 --prefix",
            ],
            mend: "A run that failed: its log. A pod that waits: see PodUnschedulable. To run it now, an admin makes a Job from it: `kubectl create job --from=cronjob/NAME`.",
        },
        fires: Case::fires(
            66,
            &[INFO, OLDEST, CREATED, (r#"kube_cronjob_spec_suspend{namespace="shop",cronjob="report"}"#, "0x800")],
            REPORT,
        )
        .with("1h 6m 0s"),
        silent: Case::silent(
            90,
            &[INFO, OLDEST, CREATED, (r#"kube_cronjob_status_last_successful_time{namespace="shop",cronjob="report"}"#, "_x40 2400x60")],
        ),
    },
    Alert {
        name: "ScheduledRunFailed",
        // The newest failure is newer than the last success. Older failures are history.
        expr: r#"(platgen:workload:newest_failed_job > on (namespace, workload) platgen:workload:last_success)
            * on (namespace, workload) group_left (owner) platgen:workload:info{role="scheduled"}"#,
        wait: "1m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: scheduled,
        summary: "a run of {{ $labels.workload }} in {{ $labels.namespace }} failed",
        description: "The last finished run of {{ $labels.workload }} in {{ $labels.namespace }} failed with all its retries.",
        page: Page {
            meaning: "What this run does is not done. The next run may do it.",
            look: &[
                "@ get jobs,pods --selector platgen.io/workload=\"$workload\" --sort-by .metadata.creationTimestamp",
                "@ logs --selector platgen.io/workload=\"$workload\" --tail 100 --prefix",
            ],
            mend: "The log of the failed pod says why. The alert ends with the next run that succeeds, or with the deletion of the failed Job.",
        },
        fires: Case::fires(
            10,
            &[
                INFO,
                CREATED,
                LABELS,
                (r#"kube_job_created{namespace="shop",job_name="report-1"}"#, "300x60"),
                (r#"kube_job_failed{namespace="shop",job_name="report-1",condition="true"}"#, "_x9 1x50"),
                (r#"kube_cronjob_status_last_successful_time{namespace="shop",cronjob="report"}"#, "100x60"),
            ],
            &[("namespace", "shop"), ("workload", "report"), ("owner", "carts")],
        ),
        silent: Case::silent(
            40,
            &[
                INFO,
                CREATED,
                LABELS,
                (r#"kube_job_created{namespace="shop",job_name="report-1"}"#, "300x60"),
                (r#"kube_job_failed{namespace="shop",job_name="report-1",condition="true"}"#, "_x9 1x50"),
                (r#"kube_cronjob_status_last_successful_time{namespace="shop",cronjob="report"}"#, "600x60"),
            ],
        ),
    },
    Alert {
        name: "CronJobSuspended",
        expr: r#"label_replace(max by (namespace, cronjob) (kube_cronjob_spec_suspend == 1), "workload", "$1", "cronjob", "(.+)")
            * on (namespace, workload) group_left (owner) platgen:workload:info"#,
        wait: "12h",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: periodic,
        summary: "{{ $labels.workload }} in {{ $labels.namespace }} is suspended",
        description: "Somebody suspended the CronJob {{ $labels.workload }} in {{ $labels.namespace }} more than 12 hours ago. It starts no run, and no alert misses one.",
        page: Page {
            meaning: "What the job does is not done. That may be what somebody wants, for now.",
            look: &["@ get cronjobs \"$workload\""],
            mend: "Apply the files of the region: they do not suspend it.",
        },
        fires: Case::fires(720, &[INFO, SUSPENDED], REPORT),
        silent: Case::silent(760, &[INFO, (r#"kube_cronjob_spec_suspend{namespace="shop",cronjob="report"}"#, "1x718 0x60")]),
    },
    Alert {
        name: "RolloutJobFailed",
        // Of the newest Job alone: a Job of an older version stays until somebody deletes it. One that is gone has been cleaned up.
        expr: r#"(platgen:workload:newest_failed_job >= on (namespace, workload) platgen:workload:newest_job)
            * on (namespace, workload) group_left (owner) platgen:workload:info{role="job"}"#,
        wait: "1m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: once,
        summary: "the job {{ $labels.workload }} in {{ $labels.namespace }} failed",
        description: "The newest Job of {{ $labels.workload }} in {{ $labels.namespace }} failed with all its retries.",
        page: Page {
            meaning: "The rollout that it belongs to has not done this step: what comes after it may not be applied.",
            look: &[
                "@ get jobs,pods --selector platgen.io/workload=\"$workload\" --sort-by .metadata.creationTimestamp",
                "@ logs --selector platgen.io/workload=\"$workload\" --tail 100 --prefix",
            ],
            mend: "The log of its pod says why. Mend the cause, delete the failed Job and apply the files again: they make a new one.",
        },
        fires: Case::fires(
            10,
            &[
                ONCE,
                (r#"kube_job_labels{namespace="shop",job_name="migrate-1",label_platgen_io_workload="migrate"}"#, "1x60"),
                (r#"kube_job_created{namespace="shop",job_name="migrate-1"}"#, "300x60"),
                (r#"kube_job_failed{namespace="shop",job_name="migrate-1",condition="true"}"#, "_x9 1x50"),
            ],
            &[("namespace", "shop"), ("workload", "migrate"), ("owner", "carts")],
        ),
        silent: Case::silent(
            40,
            &[
                (r#"platgen:workload:info{namespace="shop",workload="report",owner="carts",role="job"}"#, "1x60"),
                LABELS,
                LATER,
                (r#"kube_job_created{namespace="shop",job_name="report-1"}"#, "300x60"),
                (r#"kube_job_created{namespace="shop",job_name="report-2"}"#, "900x60"),
                (r#"kube_job_failed{namespace="shop",job_name="report-1",condition="true"}"#, "_x9 1x50"),
            ],
        ),
    },
];
