//! Alerts on certificates, from what cert-manager says of them. Its monitor keeps the namespace that its metrics name: that of the certificate.

use super::{Alert, Case, Owned, Page, Severity, Subject};
use crate::model::{AddonChart, Platform, Region};

pub(super) const SUBJECT: Subject = Subject { name: "certificates", title: "Certificates", alerts: ALERTS, replaces: &[] };

fn certified(_: &Platform, region: &Region) -> bool {
    region.chart(AddonChart::CertManager).is_some()
}

fn issued(platform: &Platform, region: &Region) -> bool {
    certified(platform, region) && region.cluster.issuer.is_some()
}

const PUBLIC: &[(&str, &str)] = &[("namespace", "envoy-gateway-system"), ("name", "public")];
const WANTED: (&str, &str) = (r#"platgen:certificate:info{namespace="envoy-gateway-system",name="public"}"#, "1x200");
const UP: (&str, &str) = (r#"up{job="monitoring/cert-manager",instance="10.0.0.4:9402"}"#, "1x200");
const LOOK: &[&str] = &[
    "@ describe certificates.cert-manager.io \"$name\"",
    "@ get certificaterequests.cert-manager.io,orders.acme.cert-manager.io,challenges.acme.cert-manager.io",
    "@@ --namespace cert-manager logs deployment/cert-manager --tail 100",
];
const MEND: &str = "The order and its challenges say what the authority refused: a record of DNS that it does not find, its limit of requests (wait, and change nothing), or rights in the cloud that are gone. `kubectl get clusterissuers` says whether the account works. For a certificate of an operator, its own issuer does.";

const ALERTS: &[Alert] = &[
    Alert {
        name: "CertificateNotReady",
        expr: r#"max by (namespace, name) (certmanager_certificate_ready_status{condition="True"}) == 0"#,
        wait: "30m",
        severity: Severity::Warning,
        owned: Owned::Platform,
        applies: certified,
        summary: "the certificate {{ $labels.name }} in {{ $labels.namespace }} is not ready",
        description: "The certificate {{ $labels.name }} in {{ $labels.namespace }} is absent, expired, or not for the hosts that it should be for, for 30 minutes.",
        page: Page {
            meaning: "A new host is not reached over TLS; hosts that have a certificate go on until it expires.",
            look: LOOK,
            mend: MEND,
        },
        fires: Case::fires(
            30,
            &[
                (r#"certmanager_certificate_ready_status{namespace="envoy-gateway-system",name="public",condition="True",pod="cert-manager-1"}"#, "0x60"),
                (r#"certmanager_certificate_ready_status{namespace="envoy-gateway-system",name="public",condition="False",pod="cert-manager-1"}"#, "1x60"),
            ],
            PUBLIC,
        ),
        silent: Case::silent(
            50,
            &[
                (r#"certmanager_certificate_ready_status{namespace="envoy-gateway-system",name="public",condition="True",pod="cert-manager-1"}"#, "1x60"),
                (r#"certmanager_certificate_ready_status{namespace="envoy-gateway-system",name="public",condition="False",pod="cert-manager-1"}"#, "0x60"),
            ],
        ),
    },
    Alert {
        name: "CertificateRenewalLate",
        // A certificate that was never made has no time, which is 0.
        expr: r#"time() - (max by (namespace, name) (certmanager_certificate_renewal_timestamp_seconds) > 0) > THRESHOLD"#,
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Platform,
        applies: certified,
        summary: "the certificate {{ $labels.name }} in {{ $labels.namespace }} is not renewed",
        description: "The certificate {{ $labels.name }} in {{ $labels.namespace }} should have been renewed {{ $value | humanizeDuration }} ago.",
        page: Page {
            meaning: "It holds for now. cert-manager renews it when a third of its life is left, and tries again after each failure.",
            look: LOOK,
            mend: MEND,
        },
        fires: Case::fires(
            1456,
            &[(r#"certmanager_certificate_renewal_timestamp_seconds{namespace="envoy-gateway-system",name="public",pod="cert-manager-1"}"#, "1x3000")],
            PUBLIC,
        )
        .with("1d 0h 15m 59s"),
        silent: Case::silent(
            2000,
            &[
                (r#"certmanager_certificate_renewal_timestamp_seconds{namespace="envoy-gateway-system",name="public",pod="cert-manager-1"}"#, "50000x3000"),
                (r#"certmanager_certificate_renewal_timestamp_seconds{namespace="envoy-gateway-system",name="new",pod="cert-manager-1"}"#, "0x3000"),
            ],
        ),
    },
    Alert {
        name: "CertificateExpires",
        // Certificates with a short life are never far from their end: only those whose renewal is late.
        expr: r#"(max by (namespace, name) (certmanager_certificate_expiration_timestamp_seconds) > 0) - time() < THRESHOLD
            and on (namespace, name) time() - max by (namespace, name) (certmanager_certificate_renewal_timestamp_seconds) > 3600"#,
        wait: "15m",
        severity: Severity::Critical,
        owned: Owned::Platform,
        applies: certified,
        summary: "the certificate {{ $labels.name }} in {{ $labels.namespace }} expires",
        description: "The certificate {{ $labels.name }} in {{ $labels.namespace }} expires in {{ $value | humanizeDuration }}, and cert-manager does not renew it.",
        page: Page {
            meaning: "From then on, clients refuse every connection to its hosts. A time below zero: they do now.",
            look: LOOK,
            mend: MEND,
        },
        fires: Case::fires(
            116,
            &[
                (r#"certmanager_certificate_expiration_timestamp_seconds{namespace="envoy-gateway-system",name="public",pod="cert-manager-1"}"#, "265201x300"),
                (r#"certmanager_certificate_renewal_timestamp_seconds{namespace="envoy-gateway-system",name="public",pod="cert-manager-1"}"#, "1x300"),
            ],
            PUBLIC,
        )
        .with("2d 23h 44m 1s")
        .and(&LATE),
        silent: Case::silent(
            200,
            &[
                (r#"certmanager_certificate_expiration_timestamp_seconds{namespace="envoy-gateway-system",name="public",pod="cert-manager-1"}"#, "300000x300"),
                (r#"certmanager_certificate_renewal_timestamp_seconds{namespace="envoy-gateway-system",name="public",pod="cert-manager-1"}"#, "1x300"),
                (r#"certmanager_certificate_expiration_timestamp_seconds{namespace="shop",name="short",pod="cert-manager-1"}"#, "90000x300"),
                (r#"certmanager_certificate_renewal_timestamp_seconds{namespace="shop",name="short",pod="cert-manager-1"}"#, "80000x300"),
                (r#"certmanager_certificate_expiration_timestamp_seconds{namespace="shop",name="new",pod="cert-manager-1"}"#, "0x300"),
                (r#"certmanager_certificate_renewal_timestamp_seconds{namespace="shop",name="new",pod="cert-manager-1"}"#, "0x300"),
            ],
        ),
    },
    Alert {
        name: "CertificateMissing",
        expr: r#"(platgen:certificate:info unless on (namespace, name) certmanager_certificate_ready_status)
            and on () max(up{job="monitoring/cert-manager"}) == 1"#,
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Platform,
        applies: issued,
        summary: "the certificate {{ $labels.name }} in {{ $labels.namespace }} is not there",
        description: "cert-manager knows no certificate {{ $labels.name }} in {{ $labels.namespace }} for 15 minutes.",
        page: Page {
            meaning: "Nobody renews what the Gateway has: its hosts go on until that expires, or have no TLS.",
            look: &["@ get certificates.cert-manager.io", "@@ get clusterissuers.cert-manager.io"],
            mend: "Apply the files of the region.",
        },
        fires: Case::fires(
            15,
            &[WANTED, UP, (r#"certmanager_certificate_ready_status{namespace="envoy-gateway-system",name="internal",condition="True",pod="cert-manager-1"}"#, "1x200")],
            PUBLIC,
        ),
        silent: Case::silent(
            30,
            &[WANTED, UP, (r#"certmanager_certificate_ready_status{namespace="envoy-gateway-system",name="public",condition="True",pod="cert-manager-1"}"#, "1x200")],
        )
        .and(&UNREAD),
    },
];

/// A certificate that has expired, as soon as its renewal is late.
const LATE: Case = Case::fires(
    76,
    &[
        (
            r#"certmanager_certificate_expiration_timestamp_seconds{namespace="envoy-gateway-system",name="public",pod="cert-manager-1"}"#,
            "1x300",
        ),
        (
            r#"certmanager_certificate_renewal_timestamp_seconds{namespace="envoy-gateway-system",name="public",pod="cert-manager-1"}"#,
            "1x300",
        ),
    ],
    PUBLIC,
)
.with("-1h 15m 59s");

/// Metrics that nobody reads say nothing of certificates.
const UNREAD: Case = Case::silent(30, &[WANTED, (r#"up{job="monitoring/cert-manager",instance="10.0.0.4:9402"}"#, "0x200")]);
