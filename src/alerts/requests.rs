//! What the proxies of Gateways count of requests -> recorded series: rates by workload, and the shares of bad requests that objectives judge. Longer windows
//! are averages of the rates of five minutes.

use super::{any, one_line};
use crate::model::{Objective, Region, Workload};

/// A fact of an objective: name, further labels and value.
type Told = (&'static str, Vec<(&'static str, String)>, String);

/// The windows of error ratios beside the five minutes of the rates.
const WINDOWS: [&str; 7] = ["30m", "1h", "2h", "6h", "1d", "3d", "30d"];

/// The facts of the objectives of a workload.
pub(super) fn facts(workload: &Workload) -> Vec<Told> {
    let mut facts = Vec::new();
    for Objective { name, target, threshold } in &workload.objectives {
        let slo = || ("slo", (*name).to_owned());
        facts.push(("platgen:slo:target", vec![slo()], share(*target)));
        facts.extend(threshold.map(|time| ("platgen:slo:threshold", vec![slo(), ("le", time.millis().to_string())], "1".to_owned())));
    }
    facts
}

/// Millionths as a decimal fraction.
fn share(millionths: u32) -> String {
    format!("0.{millionths:06}").trim_end_matches('0').to_owned()
}

/// Name and expression of each series that a region records for requests and objectives, each after those that it needs.
pub fn recordings(region: &Region) -> Vec<(String, String)> {
    let mut series = every_recording();
    if !any(region, |workload| !workload.objectives.is_empty()) {
        series.truncate(usize::from(region.counts_requests()));
    }
    series
}

/// Name and expression of each series that a region with objectives records: first the requests, then what objectives alone need.
pub fn every_recording() -> Vec<(String, String)> {
    let mut series = vec![
        ("platgen:gateway:requests:rate5m".to_owned(), one_line(REQUESTS)),
        ("platgen:gateway:latency:rate5m".to_owned(), one_line(LATENCY)),
        ("platgen:slo:total:rate5m".to_owned(), one_line(TOTAL)),
        ("platgen:slo:bad:rate5m".to_owned(), one_line(BAD)),
        ("platgen:slo:error_ratio:rate5m".to_owned(), "platgen:slo:bad:rate5m / platgen:slo:total:rate5m".to_owned()),
    ];
    series.extend(WINDOWS.map(|window| {
        let ratio = format!("avg_over_time(platgen:slo:bad:rate5m[{window}]) / avg_over_time(platgen:slo:total:rate5m[{window}])");
        (format!("platgen:slo:error_ratio:rate{window}"), ratio)
    }));
    series
}

/// Requests by workload and class of the answer, without the class 1, which comes before the answer. The proxies name a backend as [`super::STAT_NAME`] says.
const REQUESTS: &str = r#"sum by (namespace, workload, code_class) (
    label_replace(label_replace(label_replace(
      rate(envoy_cluster_upstream_rq_xx{envoy_cluster_name=~"(http|grpc)route/.+",envoy_response_code_class=~"[2-5]"}[5m]),
      "namespace", "$1", "envoy_cluster_name", "[a-z]+/([^/]+)/.+"),
      "workload", "$1", "envoy_cluster_name", "[a-z]+/[^/]+/(.+)"),
      "code_class", "$1", "envoy_response_code_class", "(.+)"))"#;

/// Requests by workload and upper bound of the time. Prometheus 3 writes whole bounds with a decimal, Prometheus 2 does not.
const LATENCY: &str = r#"sum by (namespace, workload, le) (
    label_replace(label_replace(label_replace(
      rate(envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name=~"(http|grpc)route/.+",le=~"[0-9]+(\\.0)?|\\+Inf"}[5m]),
      "namespace", "$1", "envoy_cluster_name", "[a-z]+/([^/]+)/.+"),
      "workload", "$1", "envoy_cluster_name", "[a-z]+/[^/]+/(.+)"),
      "le", "$1", "le", "([0-9]+)\\.0"))"#;

const TOTAL: &str = r#"sum by (namespace, workload) (platgen:gateway:requests:rate5m)
      * on (namespace, workload) group_right () (platgen:slo:target{slo="availability"} > bool 0)
    or sum by (namespace, workload) (platgen:gateway:latency:rate5m{le="+Inf"})
      * on (namespace, workload) group_right () (platgen:slo:target{slo!="availability"} > bool 0)"#;

const BAD: &str = r#"(sum by (namespace, workload) (platgen:gateway:requests:rate5m{code_class="5"})
        or sum by (namespace, workload) (platgen:gateway:requests:rate5m) * 0)
      * on (namespace, workload) group_right () (platgen:slo:target{slo="availability"} > bool 0)
    or platgen:slo:total:rate5m{slo!="availability"}
      - on (namespace, workload, slo) (platgen:gateway:latency:rate5m * on (namespace, workload, le) group_right () platgen:slo:threshold)"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::LATENCY_BOUNDS;
    use regex::Regex;

    /// The shortest text of a number as Prometheus 3 writes it: a decimal, from a million on with an exponent.
    fn normal(bound: u64) -> String {
        if bound < 1_000_000 {
            return format!("{bound}.0");
        }
        format!("{:e}", f64::from(u32::try_from(bound).expect("a bound"))).replace('e', "e+0")
    }

    /// The text between two others, as PromQL reads it.
    fn pattern(text: &str, before: &str, after: &str) -> String {
        let (_, rest) = text.split_once(before).expect("its start");
        rest.split_once(after).expect("its end").0.replace("\\\\", "\\")
    }

    #[test]
    fn every_bound_is_counted() {
        let whole = |pattern: String| Regex::new(&format!("^(?:{pattern})$")).expect("a pattern");
        let taken = whole(pattern(LATENCY, "le=~\"", "\"}"));
        let short = whole(pattern(LATENCY, "\"le\", \"$1\", \"le\", \"", "\")"));
        for bound in LATENCY_BOUNDS {
            for text in [bound.to_string(), normal(bound)] {
                assert!(taken.is_match(&text), "{text} is dropped");
                assert_eq!(short.replace(&text, "$1"), bound.to_string());
            }
        }
        assert!(taken.is_match("+Inf") && !taken.is_match("0.5"));
        assert_eq!((normal(250), normal(1_800_000)), ("250.0".into(), "1.8e+06".into()));
    }

    #[test]
    fn shares_are_written_as_promql_reads_them() {
        assert_eq!(
            (share(999_000), share(999_500), share(500_000), share(5)),
            ("0.999".into(), "0.9995".into(), "0.5".into(), "0.000005".into())
        );
    }
}
