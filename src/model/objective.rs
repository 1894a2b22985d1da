//! Service level objectives: what share of an app's requests is good over [`WINDOW`].

use crate::value::Duration;

/// The days over which objectives hold.
pub const WINDOW: u64 = 30;

/// An objective of an app in a region, measured at the proxies of its Gateways.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Objective {
    /// `availability`, or the percentile of the latency, such as `p99`.
    pub name: &'static str,
    /// The share of requests that are good, in millionths, less than all.
    pub target: u32,
    /// The time within which a good request is answered. `None`: a good request is one that the server does not fail.
    pub threshold: Option<Duration>,
}

/// The upper bounds of the histogram of latencies in the proxies of Gateways, in milliseconds: the defaults of Envoy
/// (`source/common/stats/histogram_impl.cc`) from the first whole one on. Requests are counted up to these bounds alone. Envoy has two more, of half an hour
/// and of an hour, which Prometheus 3 writes with an exponent (`1.8e+06`): no request of a Gateway lasts so long.
pub const LATENCY_BOUNDS: [u64; 16] = [1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 600_000];
