//! What add-ons say: certificates, secrets, new nodes, and what kube-state-metrics reads of Gateways and routes.

use super::play::{Moment, Outage, Series, metric};

const DAY: f64 = 86_400.0;

/// The metrics of an add-on, by the last part of the name of its monitor.
pub fn of_addon(name: &str, moment: &Moment) -> Series {
    match name {
        "cert-manager" => certificates(moment),
        "external-secrets" => secrets(moment),
        "cluster-autoscaler" => nodes(moment),
        _ => Vec::new(),
    }
}

/// A certificate of three months, which is renewed a month before its end.
fn certificates(moment: &Moment) -> Series {
    let of = [("namespace", "envoy-gateway-system"), ("name", "public")];
    let (left, renewal) = if moment.has(Outage::Certificate) { (2.0 * DAY, -28.0 * DAY) } else { (60.0 * DAY, 30.0 * DAY) };
    let ready = |condition, value| (metric("certmanager_certificate_ready_status", &[of[0], of[1], ("condition", condition)]), value);
    vec![
        ready("True", 1.0),
        ready("False", 0.0),
        (metric("certmanager_certificate_expiration_timestamp_seconds", &of), moment.now + left),
        (metric("certmanager_certificate_renewal_timestamp_seconds", &of), moment.now + renewal),
    ]
}

fn secrets(moment: &Moment) -> Series {
    let mut all = Vec::new();
    for (namespace, name) in [("monitoring", "alert-receivers"), ("shop", "orders-app"), ("shop", "events-app")] {
        let of = [("namespace", namespace), ("name", name)];
        for (status, value) in [("True", 1.0), ("False", 0.0)] {
            all.push((
                metric("externalsecret_status_condition", &[&of[..], &[("condition", "Ready"), ("status", status)]].concat()),
                value,
            ));
        }
        all.push((metric("externalsecret_sync_calls_total", &of), moment.elapsed / 3600.0));
    }
    all
}

fn nodes(moment: &Moment) -> Series {
    vec![
        ("cluster_autoscaler_cluster_safe_to_autoscale".to_owned(), 1.0),
        (metric("cluster_autoscaler_failed_scale_ups_total", &[("reason", "timeout")]), 0.0),
        (metric("cluster_autoscaler_last_activity", &[("activity", "main")]), moment.now),
        (metric("cluster_autoscaler_unschedulable_pods_count", &[("type", "unschedulable")]), 0.0),
    ]
}

/// kube-state-metrics: what Envoy Gateway says of Gateways and of the routes of apps.
pub fn objects(gateways: &[String]) -> Series {
    let mut all = Vec::new();
    for name in gateways {
        let of = [("customresource_kind", "Gateway"), ("namespace", "envoy-gateway-system"), ("name", name), ("platform", "market")];
        all.extend(
            ["Accepted", "Programmed"].map(|kind| (metric("kube_customresource_condition", &[&of[..], &[("type", kind)]].concat()), 1.0)),
        );
        for app in ["web", "api"] {
            let of = [("customresource_kind", "HTTPRoute"), ("namespace", "shop"), ("name", app), ("gateway", name), ("listener", "https")];
            let kinds = ["Accepted", "ResolvedRefs"];
            all.extend(kinds.map(|kind| (metric("kube_customresource_parent_condition", &[&of[..], &[("type", kind)]].concat()), 1.0)));
        }
    }
    all
}
