//! Figures for Prometheus. They count requests, never records.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Upper ends of the histogram of seconds: the targets of 50 and 150 ms are among them.
const SECONDS: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 5.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
    method: String,
    status: u16,
}

/// Figures of a server.
pub(super) struct Metrics {
    registry: Registry,
    requests: Family<Route, Counter>,
    seconds: Histogram,
    in_flight: Gauge,
    generation: Gauge<u64, AtomicU64>,
    swaps: Counter,
    failed_swaps: Counter,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("duijie");
        let (requests, in_flight) = (Family::default(), Gauge::default());
        let seconds = Histogram::new(SECONDS);
        let generation = Gauge::default();
        let (swaps, failed_swaps) = (Counter::default(), Counter::default());
        registry.register("http_requests", "Requests answered", requests.clone());
        registry.register("http_request_seconds", "Time to answer", seconds.clone());
        registry.register("http_requests_in_flight", "Requests worked on now", in_flight.clone());
        registry.register("generation", "Generation that is served", generation.clone());
        registry.register("snapshot_swaps", "Published nights taken up", swaps.clone());
        registry.register(
            "snapshot_swaps_failed",
            "Published nights that could not be opened",
            failed_swaps.clone(),
        );
        Self { registry, requests, seconds, in_flight, generation, swaps, failed_swaps }
    }

    pub(super) fn began(&self) {
        self.in_flight.inc();
    }

    pub(super) fn ended(&self, route: &str, method: &str, status: u16, took: Duration) {
        self.in_flight.dec();
        self.seconds.observe(took.as_secs_f64());
        let route = Route { route: route.to_owned(), method: method.to_owned(), status };
        self.requests.get_or_create(&route).inc();
    }

    pub(super) fn swapped(&self, generation: u64) {
        self.generation.set(generation);
        self.swaps.inc();
    }

    pub(super) fn swap_failed(&self) {
        self.failed_swaps.inc();
    }

    /// All figures in the text format.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        encode(&mut text, &self.registry).ok();
        text
    }
}
