//! Series that several alerts need: which workload a pod or a job belongs to, and what is summed by workload.

use super::one_line;

/// Name and expression of each series, each after those that it needs. They are maxima and sums: two servers of kube-state-metrics during its rollout would
/// else give two series for one thing, and a join would fail.
const JOINS: [(&str, &str); 7] = [
    (
        "platgen:pod:workload",
        r#"max by (namespace, pod, workload) (
            label_replace(
              kube_pod_labels{label_platgen_io_workload!="",label_app_kubernetes_io_component!="haproxy",label_strimzi_io_component_type!="entity-operator"},
              "workload", "$1", "label_platgen_io_workload", "(.+)"))"#,
    ),
    (
        "platgen:workload:ready_pods",
        r#"sum by (namespace, workload) (
            max by (namespace, pod) (kube_pod_status_ready{condition="true"})
            * on (namespace, pod) group_left (workload) platgen:pod:workload)"#,
    ),
    (
        "platgen:job:workload",
        r#"max by (namespace, job_name, workload) (
            label_replace(kube_job_labels{label_platgen_io_workload!=""}, "workload", "$1", "label_platgen_io_workload", "(.+)"))"#,
    ),
    (
        "platgen:workload:newest_job",
        r"max by (namespace, workload) (
            max by (namespace, job_name) (kube_job_created)
            * on (namespace, job_name) group_left (workload) platgen:job:workload)",
    ),
    (
        "platgen:workload:newest_failed_job",
        r#"max by (namespace, workload) (
            (max by (namespace, job_name) (kube_job_created) and on (namespace, job_name) kube_job_failed{condition="true"} == 1)
            * on (namespace, job_name) group_left (workload) platgen:job:workload)"#,
    ),
    (
        "platgen:workload:last_success",
        r#"label_replace(
            max by (namespace, cronjob) (kube_cronjob_status_last_successful_time)
              or max by (namespace, cronjob) (kube_cronjob_created),
            "workload", "$1", "cronjob", "(.+)")"#,
    ),
    // Its other endpoint serves metrics of its own, and answers when this one does not.
    ("platgen:kube_state_metrics:up", r#"count(up{job="kube-state-metrics",endpoint="http"} == 1)"#),
];

/// Name and expression of each series, in the order in which they are recorded.
pub fn joins() -> Vec<(&'static str, String)> {
    JOINS.iter().map(|(name, expr)| (*name, one_line(expr))).collect()
}
