//! Security exceptions of a workload: scanner rules that the workload violates because the spec loosens a setting with a reason.

use super::Accepted;
use crate::model::{Container, FIRST_POD_ID, Kind, RBAC, Right, Source, Workload};

/// The reason for a container without a limit of CPU.
pub(super) const NO_CPU_LIMIT: &str = "the spec sets no limit of CPU, so that the container may use what is idle on its node";

/// The reason for a password in a variable that no spec asks for.
const MADE: &str = "psql reads the password from a variable, and the database that has it ends with the test";

/// The reason for the password of an administrator in a variable.
const ADMINISTRATOR: &str = "the client of the database reads the password from a variable, and the job ends with its work";

/// The rules that the pods of a workload violate, with the spec's reason.
pub(super) fn accepted(workload: &Workload) -> Vec<Accepted> {
    let any = |test: &dyn Fn(&Container) -> bool| workload.containers().any(test);
    let adds = |name: &'static str| move |container: &Container| container.security.capabilities.iter().any(|known| known == name);
    let privileged = any(&|container| container.security.privileged);
    let administers = any(&adds("SYS_ADMIN"));
    let rights = [
        ("checkov/CKV_K8S_40", any(&|container| container.security.user < FIRST_POD_ID)),
        ("checkov/CKV_K8S_23", any(&|container| container.security.user == 0)),
        ("checkov/CKV_K8S_22", any(&|container| container.security.writable_root)),
        ("checkov/CKV_K8S_16", privileged),
        ("checkov/CKV_K8S_20", privileged || administers),
        ("checkov/CKV_K8S_25", any(&|container| !container.security.capabilities.is_empty())),
        ("checkov/CKV_K8S_39", administers),
        ("checkov/CKV_K8S_17", workload.host_pid),
        ("checkov/CKV_K8S_19", workload.host_network),
        (
            "kube-score/container-security-context-user-group-id",
            any(&|container| container.security.user < FIRST_POD_ID || container.security.group < FIRST_POD_ID),
        ),
        ("kube-score/container-security-context-readonlyrootfilesystem", any(&|container| container.security.writable_root)),
        ("kube-score/container-security-context-privileged", privileged),
    ];
    let lasts = !matches!(workload.kind, Kind::CronJob(_) | Kind::Job { .. });
    // checkov requires probes of the main container; kube-score requires a probe of any container, and only behind a Service.
    let mute = |container: &Container| container.probes.ready.is_none() && container.probes.live.is_none();
    let unseen = workload.service.is_some() && mute(&workload.main) && workload.sidecars.iter().all(mute);
    let probes = [
        ("checkov/CKV_K8S_8", lasts && workload.main.probes.live.is_none()),
        ("checkov/CKV_K8S_9", lasts && workload.main.probes.ready.is_none()),
        ("kube-score/pod-probes", lasts && unseen),
    ];
    let said = |rules: &[(&str, bool)], reason: &Option<String>| -> Vec<Accepted> {
        let reason = reason.as_deref().filter(|reason| !reason.trim().is_empty());
        reason
            .map(|reason| rules.iter().filter(|(_, broken)| *broken).map(|(rule, _)| Accepted::new(rule, reason)).collect())
            .unwrap_or_default()
    };
    let mut all = said(&rights, &workload.reason);
    all.extend(said(&probes, &workload.no_probes));
    if let Some(access) = &workload.api {
        let reason = access.reason.as_deref().unwrap_or("its pods call the Kubernetes API with the rights that the spec gives them");
        all.push(Accepted::new("checkov/CKV_K8S_38", reason));
    }
    if any(&|container| container.variables.iter().any(|variable| matches!(variable.value, Source::Made { .. }))) {
        all.push(Accepted::new("checkov/CKV_K8S_35", if workload.users_of.is_some() { ADMINISTRATOR } else { MADE }));
    }
    if any(&|container| container.cpu.as_ref().is_some_and(|(_, limit)| limit.is_none())) {
        all.extend(["checkov/CKV_K8S_11", "kube-score/container-resources"].map(|rule| Accepted::new(rule, NO_CPU_LIMIT)));
    }
    all
}

/// The rules that the role of a workload's account violates, with the spec's reason.
pub(super) fn of_role(workload: &Workload, kind: &str) -> Vec<Accepted> {
    let Some((access, reason)) = workload.api.as_ref().and_then(|access| Some((access, access.reason.as_deref()?))) else {
        return Vec::new();
    };
    let rights = if kind == "Role" { &access.namespace } else { &access.cluster };
    let has = |group: &str, resources: &[&str], verbs: &[&str]| {
        let among = |texts: &[String], wanted: &[&str]| texts.iter().any(|text| text == "*" || wanted.contains(&text.as_str()));
        rights.iter().any(|right| {
            among(&right.groups, &[group])
                && among(&right.resources, resources)
                && right.verbs.iter().any(|verb| *verb == "*" || verbs.contains(verb))
        })
    };
    let wildcard = |right: &Right| right.verbs.contains(&"*") || right.groups.iter().chain(&right.resources).any(|text| text == "*");
    let webhooks = ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"];
    let cluster = kind == "ClusterRole";
    [
        ("checkov/CKV_K8S_49", rights.iter().any(wildcard)),
        ("checkov/CKV_K8S_155", cluster && has("admissionregistration.k8s.io", &webhooks, &["create", "patch", "update"])),
        ("checkov/CKV_K8S_156", cluster && has("certificates.k8s.io", &["certificatesigningrequests/approval"], &["patch", "update"])),
        ("checkov/CKV_K8S_157", has(RBAC, &["clusterroles", "roles"], &["bind"])),
        ("checkov/CKV_K8S_158", has(RBAC, &["clusterroles", "roles"], &["escalate"])),
    ]
    .into_iter()
    .filter(|(_, broken)| *broken)
    .map(|(rule, _)| Accepted::new(rule, reason))
    .collect()
}
