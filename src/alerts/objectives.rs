//! Alerts on service level objectives: how fast the error budget goes.
//!
//! Requests are counted at the proxies of Gateways, so that those which no pod answered count. Windows and factors are those of "Alerting on SLOs" in
//! Google's SRE Workbook: a page for 2 % of the budget in an hour or 5 % in six, a ticket for 10 % in a day or in three. A long window says that it
//! matters, a short one that it still goes on.
//!
//! The factors are made for objectives near 100 %. Of an objective of 90 % or of a median, a multiple of the budget is more than all requests, and no share
//! would ever be above it: at 95 % of bad requests, each of these alerts fires. The last one has no factor, and a budget is less than all requests.

use super::{Alert, Case, Owned, Page, Severity, Subject, any};
use crate::model::{Platform, Region};

pub(super) const SUBJECT: Subject = Subject { name: "objectives", title: "Objectives", alerts: ALERTS, replaces: &[] };

/// Whether a region has objectives.
fn objectives(_: &Platform, region: &Region) -> bool {
    any(region, |workload| !workload.objectives.is_empty())
}

const INFO: (&str, &str) = (r#"platgen:workload:info{namespace="shop",workload="cart",owner="carts",role="served"}"#, "1x2000");
/// An app whose bad hour is over, and one whose bad minutes have only begun.
const OVER: (&str, &str) = (r#"platgen:workload:info{namespace="shop",workload="over",owner="carts",role="served"}"#, "1x2000");
const OVER_TARGET: (&str, &str) = (r#"platgen:slo:target{namespace="shop",workload="over",slo="availability"}"#, "0.999x2000");
const SPIKE: (&str, &str) = (r#"platgen:workload:info{namespace="shop",workload="spike",owner="carts",role="served"}"#, "1x2000");
const SPIKE_TARGET: (&str, &str) = (r#"platgen:slo:target{namespace="shop",workload="spike",slo="availability"}"#, "0.999x2000");
/// The app from the minute 70 on, when rates and averages of what came before are steady.
const LATER: (&str, &str) = (r#"platgen:workload:info{namespace="shop",workload="cart",owner="carts",role="served"}"#, "_x70 1x2000");
const TARGET: (&str, &str) = (r#"platgen:slo:target{namespace="shop",workload="cart",slo="availability"}"#, "0.999x2000");
const NIGHT: (&str, &str) = (r#"platgen:workload:info{namespace="shop",workload="night",owner="carts",role="served"}"#, "1x2000");
const NIGHT_TARGET: (&str, &str) = (r#"platgen:slo:target{namespace="shop",workload="night",slo="availability"}"#, "0.999x2000");
const CART: &[(&str, &str)] = &[("namespace", "shop"), ("workload", "cart"), ("slo", "availability"), ("owner", "carts")];
/// What the proxies count: of each app the failed answers and the others; answers within the time of `p99` and of `p50`, and all of them.
const CART_ALL: &str = r#"envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name="httproute/shop/cart",le="+Inf",pod="envoy-1"}"#;
const CART_BAD: &str =
    r#"envoy_cluster_upstream_rq_xx{envoy_cluster_name="httproute/shop/cart",envoy_response_code_class="5",pod="envoy-1"}"#;
const CART_FAST: &str = r#"envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name="httproute/shop/cart",le="50.0",pod="envoy-1"}"#;
const CART_GOOD: &str =
    r#"envoy_cluster_upstream_rq_xx{envoy_cluster_name="httproute/shop/cart",envoy_response_code_class="2",pod="envoy-1"}"#;
const CART_IN_TIME: &str = r#"envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name="httproute/shop/cart",le="250.0",pod="envoy-1"}"#;
const NIGHT_ALL: &str = r#"envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name="httproute/shop/night",le="+Inf",pod="envoy-1"}"#;
const NIGHT_BAD: &str =
    r#"envoy_cluster_upstream_rq_xx{envoy_cluster_name="httproute/shop/night",envoy_response_code_class="5",pod="envoy-1"}"#;
const NIGHT_GOOD: &str =
    r#"envoy_cluster_upstream_rq_xx{envoy_cluster_name="httproute/shop/night",envoy_response_code_class="2",pod="envoy-1"}"#;
const NIGHT_IN_TIME: &str = r#"envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name="httproute/shop/night",le="250.0",pod="envoy-1"}"#;
const OVER_ALL: &str = r#"envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name="httproute/shop/over",le="+Inf",pod="envoy-1"}"#;
const OVER_BAD: &str =
    r#"envoy_cluster_upstream_rq_xx{envoy_cluster_name="httproute/shop/over",envoy_response_code_class="5",pod="envoy-1"}"#;
const OVER_FAST: &str = r#"envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name="httproute/shop/over",le="50.0",pod="envoy-1"}"#;
const OVER_GOOD: &str =
    r#"envoy_cluster_upstream_rq_xx{envoy_cluster_name="httproute/shop/over",envoy_response_code_class="2",pod="envoy-1"}"#;
const SPIKE_ALL: &str = r#"envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name="httproute/shop/spike",le="+Inf",pod="envoy-1"}"#;
const SPIKE_BAD: &str =
    r#"envoy_cluster_upstream_rq_xx{envoy_cluster_name="httproute/shop/spike",envoy_response_code_class="5",pod="envoy-1"}"#;
const SPIKE_FAST: &str = r#"envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name="httproute/shop/spike",le="50.0",pod="envoy-1"}"#;
const SPIKE_GOOD: &str =
    r#"envoy_cluster_upstream_rq_xx{envoy_cluster_name="httproute/shop/spike",envoy_response_code_class="2",pod="envoy-1"}"#;
const CART_MEDIAN: (&str, &str) = (r#"platgen:slo:target{namespace="shop",workload="cart",slo="p50"}"#, "0.5x2000");
const CART_BOUND: (&str, &str) = (r#"platgen:slo:threshold{namespace="shop",workload="cart",slo="p50",le="50"}"#, "1x2000");
const OVER_MEDIAN: (&str, &str) = (r#"platgen:slo:target{namespace="shop",workload="over",slo="p50"}"#, "0.5x2000");
const OVER_BOUND: (&str, &str) = (r#"platgen:slo:threshold{namespace="shop",workload="over",slo="p50",le="50"}"#, "1x2000");
const SPIKE_MEDIAN: (&str, &str) = (r#"platgen:slo:target{namespace="shop",workload="spike",slo="p50"}"#, "0.5x2000");
const SPIKE_BOUND: (&str, &str) = (r#"platgen:slo:threshold{namespace="shop",workload="spike",slo="p50",le="50"}"#, "1x2000");
/// An objective of a low percentile: 14.4 times the budget of a half is more than all requests.
const SLOW: Case = Case::fires(
    72,
    &[LATER, CART_MEDIAN, CART_BOUND, (CART_FAST, "0+0.125x200"), (CART_ALL, "0+12.5x200")],
    &[("namespace", "shop"), ("workload", "cart"), ("slo", "p50"), ("owner", "carts")],
)
.with("99%");
const SLOW_FOR_LONG: Case = Case { at: 85, ..SLOW };
const LOOK: &[&str] = &[
    "@ get pods --selector platgen.io/workload=\"$workload\"",
    "@ logs --selector platgen.io/workload=\"$workload\" --tail 100 --prefix",
    "@ get httproutes.gateway.networking.k8s.io",
];
const MEND: &str = "Since a rollout: roll back (RUNBOOK.md). Slow or failing calls to something else: its alerts, or an answer without it. Load: see AutoscalerAtLimit.";

const ALERTS: &[Alert] = &[
    Alert {
        name: "ErrorBudgetGoneIn2Days",
        // Ten bad requests at the least: a few errors at night are a large share of few requests.
        expr: r"(platgen:slo:error_ratio:rate1h > on (namespace, workload, slo) group_left () clamp_max(14.4 * (1 - platgen:slo:target), 0.95)
              and platgen:slo:error_ratio:rate5m > on (namespace, workload, slo) group_left () clamp_max(14.4 * (1 - platgen:slo:target), 0.95)
              and avg_over_time(platgen:slo:bad:rate5m[1h]) * 3600 > 10)
            * on (namespace, workload) group_left (owner) platgen:workload:info",
        wait: "2m",
        severity: Severity::Critical,
        owned: Owned::Joined,
        applies: objectives,
        summary: "{{ $labels.workload }} in {{ $labels.namespace }} breaks its {{ $labels.slo }} objective fast",
        description: "{{ $value | humanizePercentage }} of the requests to {{ $labels.workload }} in {{ $labels.namespace }} were bad in the last hour. At this rate the error budget of 30 days is gone within two days, or nearly every request is bad.",
        page: Page {
            meaning: "People see errors, or wait, now. `availability` counts answers with 5xx; `p99` and its likes count answers that take longer than the spec says. While an app has no pod at all, the proxies count nothing for it: that is AppDown.",
            look: LOOK,
            mend: MEND,
        },
        fires: Case::fires(72, &[LATER, TARGET, (CART_BAD, "0+0.25x200"), (CART_GOOD, "0+12.25x200")], CART).with("2%").and(&SLOW),
        silent: Case::silent(
            60,
            &[
                INFO,
                TARGET,
                (CART_BAD, "0+7x60"),
                (CART_GOOD, "0+493x60"),
                // A few errors at night are a large share of few requests.
                NIGHT,
                NIGHT_TARGET,
                (NIGHT_BAD, "0+0.125x200"),
                (NIGHT_GOOD, "0+0.125x200"),
                OVER,
                OVER_TARGET,
                (OVER_BAD, "0+5x40 201+1x30"),
                (OVER_GOOD, "0+95x40 3899+99x30"),
                SPIKE,
                SPIKE_TARGET,
                (SPIKE_BAD, "0+1x50 52+2x15"),
                (SPIKE_GOOD, "0+99x50 5048+98x15"),
                // Nearly all of the requests slow, before and now, where a half may be.
                OVER_MEDIAN,
                OVER_BOUND,
                (OVER_FAST, "0x40 10+10x30"),
                (OVER_ALL, "0+100x100"),
                SPIKE_MEDIAN,
                SPIKE_BOUND,
                (SPIKE_FAST, "0+10x50 500x30"),
                (SPIKE_ALL, "0+100x100"),
            ],
        ),
    },
    Alert {
        name: "ErrorBudgetGoneIn5Days",
        expr: r"(platgen:slo:error_ratio:rate6h > on (namespace, workload, slo) group_left () clamp_max(6 * (1 - platgen:slo:target), 0.95)
              and platgen:slo:error_ratio:rate30m > on (namespace, workload, slo) group_left () clamp_max(6 * (1 - platgen:slo:target), 0.95)
              and avg_over_time(platgen:slo:bad:rate5m[6h]) * 21600 > 10)
            * on (namespace, workload) group_left (owner) platgen:workload:info",
        wait: "2m",
        severity: Severity::Critical,
        owned: Owned::Joined,
        applies: objectives,
        summary: "{{ $labels.workload }} in {{ $labels.namespace }} breaks its {{ $labels.slo }} objective",
        description: "{{ $value | humanizePercentage }} of the requests to {{ $labels.workload }} in {{ $labels.namespace }} were bad in the last six hours. At this rate the error budget of 30 days is gone within five days, or nearly every request is bad.",
        page: Page { meaning: "Some people see errors, or wait, for hours.", look: LOOK, mend: MEND },
        fires: Case::fires(72, &[LATER, TARGET, (CART_BAD, "0+0.04x200"), (CART_GOOD, "0+3.96x200")], CART).with("1%").and(&SLOW),
        silent: Case::silent(
            60,
            &[
                INFO,
                TARGET,
                (CART_BAD, "0+5x60"),
                (CART_GOOD, "0+995x60"),
                NIGHT,
                NIGHT_TARGET,
                (NIGHT_BAD, "0+0.02x200"),
                (NIGHT_GOOD, "0+0.02x200"),
                OVER,
                OVER_TARGET,
                (OVER_BAD, "0+5x20 100.5+0.5x50"),
                (OVER_GOOD, "0+95x20 1999.5+99.5x50"),
                SPIKE,
                SPIKE_TARGET,
                (SPIKE_BAD, "0+0.2x30 6.8+0.8x40"),
                (SPIKE_GOOD, "0+99.8x30 3093.2+99.2x40"),
                // Nearly all of the requests slow, before and now, where a half may be.
                OVER_MEDIAN,
                OVER_BOUND,
                (OVER_FAST, "0x30 8+8x40"),
                (OVER_ALL, "0+100x100"),
                SPIKE_MEDIAN,
                SPIKE_BOUND,
                (SPIKE_FAST, "0+15x30 450x40"),
                (SPIKE_ALL, "0+100x100"),
            ],
        ),
    },
    Alert {
        name: "ErrorBudgetGoneIn10Days",
        expr: r"(platgen:slo:error_ratio:rate1d > on (namespace, workload, slo) group_left () clamp_max(3 * (1 - platgen:slo:target), 0.95)
              and platgen:slo:error_ratio:rate2h > on (namespace, workload, slo) group_left () clamp_max(3 * (1 - platgen:slo:target), 0.95)
              and avg_over_time(platgen:slo:bad:rate5m[1d]) * 86400 > 10)
            * on (namespace, workload) group_left (owner) platgen:workload:info",
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: objectives,
        summary: "{{ $labels.workload }} in {{ $labels.namespace }} breaks its {{ $labels.slo }} objective slowly",
        description: "{{ $value | humanizePercentage }} of the requests to {{ $labels.workload }} in {{ $labels.namespace }} were bad in the last day. At this rate the error budget of 30 days is gone within ten days, or nearly every request is bad.",
        page: Page { meaning: "More requests are bad than the objective allows.", look: LOOK, mend: MEND },
        fires: Case::fires(
            85,
            &[
                LATER,
                (r#"platgen:slo:target{namespace="shop",workload="cart",slo="p99"}"#, "0.99x200"),
                (r#"platgen:slo:threshold{namespace="shop",workload="cart",slo="p99",le="250"}"#, "1x200"),
                (CART_IN_TIME, "0+0.24x200"),
                (CART_ALL, "0+0.25x200"),
            ],
            &[("namespace", "shop"), ("workload", "cart"), ("slo", "p99"), ("owner", "carts")],
        )
        .with("4%")
        .and(&SLOW_FOR_LONG),
        silent: Case::silent(
            240,
            &[
                INFO,
                (r#"platgen:slo:target{namespace="shop",workload="cart",slo="p99"}"#, "0.99x300"),
                (r#"platgen:slo:threshold{namespace="shop",workload="cart",slo="p99",le="250"}"#, "1x300"),
                (CART_IN_TIME, "0+98x300"),
                (CART_ALL, "0+100x300"),
                NIGHT,
                (r#"platgen:slo:target{namespace="shop",workload="night",slo="p99"}"#, "0.99x300"),
                (r#"platgen:slo:threshold{namespace="shop",workload="night",slo="p99",le="250"}"#, "1x300"),
                (NIGHT_IN_TIME, "0+0.005x300"),
                (NIGHT_ALL, "0+0.01x300"),
                OVER,
                (r#"platgen:slo:target{namespace="shop",workload="over",slo="availability"}"#, "0.99x300"),
                (OVER_BAD, "0+10x60 602+2x200"),
                (OVER_GOOD, "0+90x60 5498+98x200"),
                SPIKE,
                (r#"platgen:slo:target{namespace="shop",workload="spike",slo="availability"}"#, "0.99x300"),
                (SPIKE_BAD, "0+1x120 124+4x200"),
                (SPIKE_GOOD, "0+99x120 11976+96x200"),
                // Nearly all of the requests slow, before and now, where a half may be.
                OVER_MEDIAN,
                OVER_BOUND,
                (OVER_FAST, "0x120 8+8x200"),
                (OVER_ALL, "0+100x300"),
                SPIKE_MEDIAN,
                SPIKE_BOUND,
                (SPIKE_FAST, "0+15x120 1800x200"),
                (SPIKE_ALL, "0+100x300"),
            ],
        ),
    },
    Alert {
        name: "ErrorBudgetGoneIn30Days",
        expr: r"(platgen:slo:error_ratio:rate3d > on (namespace, workload, slo) group_left () (1 - platgen:slo:target)
              and platgen:slo:error_ratio:rate6h > on (namespace, workload, slo) group_left () (1 - platgen:slo:target)
              and avg_over_time(platgen:slo:bad:rate5m[3d]) * 259200 > 10)
            * on (namespace, workload) group_left (owner) platgen:workload:info",
        wait: "1h",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: objectives,
        summary: "{{ $labels.workload }} in {{ $labels.namespace }} does not keep its {{ $labels.slo }} objective",
        description: "{{ $value | humanizePercentage }} of the requests to {{ $labels.workload }} in {{ $labels.namespace }} were bad in the last three days, more than the objective allows.",
        page: Page { meaning: "If nothing changes, the objective is missed.", look: LOOK, mend: MEND },
        fires: Case::fires(130, &[LATER, TARGET, (CART_BAD, "0+0.003x200"), (CART_GOOD, "0+1.497x200")], CART).with("0.2%"),
        silent: Case::silent(
            90,
            &[
                INFO,
                TARGET,
                (CART_BAD, "0+1.6x120"),
                (CART_GOOD, "0+1999x120"),
                NIGHT,
                NIGHT_TARGET,
                (NIGHT_BAD, "0+0.0015x200"),
                (NIGHT_GOOD, "0+0.0015x200"),
            ],
        ),
    },
    Alert {
        name: "ErrorBudgetAlmostGone",
        expr: r"((1 - platgen:slo:error_ratio:rate30d / on (namespace, workload, slo) (1 - platgen:slo:target)) < 0.1
              and on (namespace, workload, slo) avg_over_time(platgen:slo:bad:rate5m[30d]) * 2592000 > 10)
            * on (namespace, workload) group_left (owner) platgen:workload:info",
        wait: "1h",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: objectives,
        summary: "{{ $labels.workload }} in {{ $labels.namespace }} has used up its error budget for {{ $labels.slo }}",
        description: "{{ $value | humanizePercentage }} of the error budget of {{ $labels.workload }} in {{ $labels.namespace }} for {{ $labels.slo }} are left of the last 30 days.",
        page: Page {
            meaning: "The objective is missed, or will be with the next fault.",
            look: LOOK,
            mend: "Change less and mend more, until the budget is back: bad hours leave the window after 30 days.",
        },
        fires: Case::fires(130, &[LATER, TARGET, (CART_BAD, "0+0.0003x200"), (CART_GOOD, "0+0.32228065x200")], CART).with("7%"),
        silent: Case::silent(
            90,
            &[
                INFO,
                TARGET,
                (CART_BAD, "0+85x120"),
                (CART_GOOD, "0+99915x120"),
                NIGHT,
                NIGHT_TARGET,
                (NIGHT_BAD, "0+0.00015x200"),
                (NIGHT_GOOD, "0+0.00015x200"),
            ],
        ),
    },
];
