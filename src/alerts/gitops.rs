//! Alerts on what applies the files from Git: the objects of Flux and of Argo CD, as kube-state-metrics reads them.

use super::{Alert, Case, Owned, Page, Severity, Subject};
use crate::model::{GitOpsController, Platform, Region};

pub(super) const SUBJECT: Subject = Subject { name: "gitops", title: "GitOps", alerts: ALERTS, replaces: &[] };

fn by(platform: &Platform, controller: GitOpsController) -> bool {
    platform.gitops.as_ref().is_some_and(|gitops| gitops.controller == controller)
}

fn flux(platform: &Platform, _: &Region) -> bool {
    by(platform, GitOpsController::Flux)
}

fn argocd(platform: &Platform, _: &Region) -> bool {
    by(platform, GitOpsController::ArgoCd)
}

const ROOT: (&str, &str) = (r#"platgen:gitops:root{name="shop",platform="shop"}"#, "1x900");
const KUBE_STATE: (&str, &str) = (r#"up{job="kube-state-metrics",endpoint="http",instance="10.0.0.1:8080"}"#, "1x900");
const READY: (&str, &str) = (
    r#"kube_customresource_condition{customresource_kind="Kustomization",namespace="flux-system",name="shop",platform="shop",type="Ready"}"#,
    "1x900",
);
const STAGE: &[(&str, &str)] = &[("namespace", "flux-system"), ("name", "shop-apps"), ("customresource_kind", "Kustomization")];
const APPLICATION: &[(&str, &str)] = &[("namespace", "argocd"), ("name", "shop-production-eu")];
const LOOK: &[&str] = &[
    "@@ --namespace flux-system get gitrepositories,kustomizations.kustomize.toolkit.fluxcd.io,helmreleases",
    "@@ --namespace flux-system get events --sort-by .lastTimestamp",
    "@@ --namespace flux-system get pods",
];
const APPLICATIONS: &[&str] = &["@ get applications.argoproj.io", "@ describe applications.argoproj.io \"$name\""];

const ALERTS: &[Alert] = &[
    Alert {
        name: "FluxNotReady",
        // A stage may take half an hour, in which it is not ready.
        expr: r#"min by (namespace, name, customresource_kind) (
              kube_customresource_condition{customresource_kind=~"GitRepository|HelmRelease|Kustomization",type="Ready"}
              * on (platform) group_left () platgen:gitops:root) == 0"#,
        wait: "1h",
        severity: Severity::Warning,
        owned: Owned::Platform,
        applies: flux,
        summary: "the {{ $labels.customresource_kind }} {{ $labels.name }} is not ready",
        description: "The {{ $labels.customresource_kind }} {{ $labels.name }} in {{ $labels.namespace }} has not been ready for an hour.",
        page: Page {
            meaning: "What runs goes on. The newest commit is not applied, or not whole: later stages wait for this one.",
            look: LOOK,
            mend: "The message of the object says why: an object that the API server refuses, a workload that does not become ready (see its own alerts), or a repository that does not answer.",
        },
        fires: Case::fires(
            60,
            &[
                ROOT,
                READY,
                (
                    r#"kube_customresource_condition{customresource_kind="Kustomization",namespace="flux-system",name="shop-apps",platform="shop",type="Ready"}"#,
                    "0x900",
                ),
            ],
            STAGE,
        ),
        silent: Case::silent(
            200,
            &[
                ROOT,
                READY,
                (
                    r#"kube_customresource_condition{customresource_kind="Kustomization",namespace="flux-system",name="shop-apps",platform="shop",type="Ready"}"#,
                    "0x58 1x900",
                ),
                (
                    r#"kube_customresource_condition{customresource_kind="Kustomization",namespace="flux-system",name="shop-apps",platform="shop",type="Reconciling"}"#,
                    "0x900",
                ),
                (
                    r#"kube_customresource_condition{customresource_kind="Kustomization",namespace="flux-system",name="other",platform="other",type="Ready"}"#,
                    "0x900",
                ),
            ],
        ),
    },
    Alert {
        name: "FluxMissing",
        expr: r#"(platgen:gitops:root unless on (platform, name)
              kube_customresource_condition{customresource_kind="Kustomization",type="Ready"})
            and on () platgen:kube_state_metrics:up > 0"#,
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Platform,
        applies: flux,
        summary: "Flux does not apply the files of this region",
        description: "The cluster has no Kustomization {{ $labels.name }} that has ever run, for 15 minutes.",
        page: Page {
            meaning: "What runs goes on. No commit is applied, and alerts on Flux stay silent.",
            look: LOOK,
            mend: "`gitops/ENVIRONMENT/README.md` has the steps that install Flux and start it. With the Kustomization there, kube-state-metrics lacks the rights to read it: install the monitoring again with the values file of the region.",
        },
        fires: Case::fires(15, &[ROOT, KUBE_STATE], &[("name", "shop"), ("platform", "shop")]),
        silent: Case::silent(30, &[ROOT, KUBE_STATE, READY]),
    },
    Alert {
        name: "FluxSuspended",
        expr: r#"max by (namespace, name, customresource_kind) (
              kube_customresource_suspended * on (platform) group_left () platgen:gitops:root) == 1"#,
        wait: "12h",
        severity: Severity::Warning,
        owned: Owned::Platform,
        applies: flux,
        summary: "the {{ $labels.customresource_kind }} {{ $labels.name }} is suspended",
        description: "The {{ $labels.customresource_kind }} {{ $labels.name }} in {{ $labels.namespace }} has been suspended for 12 hours.",
        page: Page {
            meaning: "No commit is applied, whatever people merge. It stays ready all the while.",
            look: LOOK,
            mend: "Ask who suspended it, and resume it with `flux resume` when nothing speaks against it.",
        },
        fires: Case::fires(
            720,
            &[
                ROOT,
                (
                    r#"kube_customresource_suspended{customresource_kind="Kustomization",namespace="flux-system",name="shop-apps",platform="shop"}"#,
                    "1x900",
                ),
            ],
            STAGE,
        ),
        silent: Case::silent(
            800,
            &[
                ROOT,
                (
                    r#"kube_customresource_suspended{customresource_kind="Kustomization",namespace="flux-system",name="shop-apps",platform="shop"}"#,
                    "1x700 0x200",
                ),
            ],
        ),
    },
    Alert {
        name: "ApplicationUnhealthy",
        // Of all environments whose Applications are in this cluster.
        expr: r#"max by (namespace, name, health) (
              kube_customresource_application_info{health=~"Degraded|Missing|Unknown"}
              * on (platform) group_left () platgen:gitops:root) == 1"#,
        wait: "30m",
        severity: Severity::Warning,
        owned: Owned::Platform,
        applies: argocd,
        summary: "the Application {{ $labels.name }} is {{ $labels.health }}",
        description: "Argo CD has called the Application {{ $labels.name }} {{ $labels.health }} for 30 minutes.",
        page: Page {
            meaning: "Degraded: something that it applied does not work. Missing: something is not in the cluster. Unknown: Argo CD can't tell, often because it does not reach the cluster or the repository. An Argo CD outside of the platform's clusters is seen by no alert.",
            look: APPLICATIONS,
            mend: "The status of the Application names the objects. Their own alerts say more.",
        },
        fires: Case::fires(
            30,
            &[
                ROOT,
                (
                    r#"kube_customresource_application_info{namespace="argocd",name="shop-production-eu",platform="shop",health="Degraded",sync="Synced"}"#,
                    "1x900",
                ),
            ],
            &[("namespace", "argocd"), ("name", "shop-production-eu"), ("health", "Degraded")],
        ),
        silent: Case::silent(
            50,
            &[
                ROOT,
                (
                    r#"kube_customresource_application_info{namespace="argocd",name="shop-production-eu",platform="shop",health="Progressing",sync="OutOfSync"}"#,
                    "1x900",
                ),
                (
                    r#"kube_customresource_application_info{namespace="argocd",name="blog",platform="blog",health="Degraded",sync="OutOfSync"}"#,
                    "1x900",
                ),
            ],
        ),
    },
    Alert {
        name: "ApplicationNotSynced",
        // People start the sync of a protected environment: a merge may wait for a day's work.
        expr: r#"max by (namespace, name) (
              kube_customresource_application_info{sync!="Synced"} * on (platform) group_left () platgen:gitops:root) == 1"#,
        wait: "12h",
        severity: Severity::Warning,
        owned: Owned::Platform,
        applies: argocd,
        summary: "the Application {{ $labels.name }} is not what Git has",
        description: "For 12 hours the cluster has not been what Git has for the Application {{ $labels.name }}.",
        page: Page {
            meaning: "A merge is not applied, somebody changed the cluster by hand, or a sync fails.",
            look: APPLICATIONS,
            mend: "In a protected environment, a person starts the sync: the README.md of the region has the commands. A sync that fails has its reason in the status.",
        },
        fires: Case::fires(
            720,
            &[
                ROOT,
                (
                    r#"kube_customresource_application_info{namespace="argocd",name="shop-production-eu",platform="shop",health="Healthy",sync="OutOfSync"}"#,
                    "1x900",
                ),
            ],
            APPLICATION,
        ),
        silent: Case::silent(
            800,
            &[
                ROOT,
                (
                    r#"kube_customresource_application_info{namespace="argocd",name="shop-production-eu",platform="shop",health="Healthy",sync="OutOfSync"}"#,
                    "1x300 _x600",
                ),
                (
                    r#"kube_customresource_application_info{namespace="argocd",name="shop-production-eu",platform="shop",health="Healthy",sync="Synced"}"#,
                    "_x300 1x600",
                ),
                (
                    r#"kube_customresource_application_info{namespace="argocd",name="blog",platform="blog",health="Healthy",sync="OutOfSync"}"#,
                    "1x900",
                ),
            ],
        ),
    },
];
