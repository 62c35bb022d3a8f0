//! What the server counts for itself: requests, connections, compilations.

use super::histogram::{COMPILE_SECONDS, Histogram};
use super::text::Exposition;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// A number of things that are there now.
#[derive(Clone, Debug, Default)]
pub struct Gauge(Arc<AtomicU64>);

/// Counted as long as it lives.
#[derive(Debug)]
pub struct Present(Arc<AtomicU64>);

impl Gauge {
    /// Counts one until what is returned is dropped.
    pub fn enter(&self) -> Present {
        self.0.fetch_add(1, Relaxed);
        Present(Arc::clone(&self.0))
    }

    /// How many there are.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// A route's requests: method, route as declared, first digit of the status.
type RequestKey = (String, String, u16);

/// The server's own metrics.
#[derive(Debug)]
pub struct HostMetrics {
    /// Open connections.
    pub connections: Gauge,
    /// Compilations of Rust that run.
    pub compilations_running: Gauge,
    /// Time of the SQL front end.
    pub sql_seconds: Histogram,
    /// Time from SQL to native code, what is found in the cache included.
    pub compile_seconds: Histogram,
    /// Programs found in the cache.
    pub cache_hits: AtomicU64,
    /// Programs that were compiled.
    pub cache_misses: AtomicU64,
    /// Routes are declared, so there is a bounded number of them.
    requests: Mutex<BTreeMap<RequestKey, Arc<AtomicU64>>>,
}

impl Default for HostMetrics {
    fn default() -> Self {
        HostMetrics {
            connections: Gauge::default(),
            compilations_running: Gauge::default(),
            sql_seconds: Histogram::new(COMPILE_SECONDS),
            compile_seconds: Histogram::new(COMPILE_SECONDS),
            cache_hits: AtomicU64::new(0),
            cache_misses: AtomicU64::new(0),
            requests: Mutex::default(),
        }
    }
}

impl HostMetrics {
    /// Counts a compilation that went well.
    pub fn compiled(&self, took: Duration, cache_hit: bool) {
        self.compile_seconds.observe(took);
        let counter = if cache_hit { &self.cache_hits } else { &self.cache_misses };
        counter.fetch_add(1, Relaxed);
    }

    /// Counts a request that was answered. `method` and `route` must come from bounded sets.
    pub fn answered(&self, method: &str, route: &str, status: u16) {
        let key = (method.to_owned(), route.to_owned(), status / 100);
        let counter = Arc::clone(self.requests.lock().entry(key).or_default());
        counter.fetch_add(1, Relaxed);
    }

    /// Writes all of them, and how many compilations wait for a core.
    pub fn write(&self, out: &mut Exposition, compilations_waiting: u64) {
        out.gauge("weir_info", "The server's version.", &[("version", crate::PLATFORM_VERSION)], 1);
        out.gauge("weir_http_connections", "Open connections.", &[], self.connections.get());
        for ((method, route, class), count) in &*self.requests.lock() {
            let class = format!("{class}xx");
            let labels = [("method", method.as_str()), ("route", route.as_str()), ("status", class.as_str())];
            let help = "Answered requests by route and class of status.";
            out.counter("weir_http_requests_total", help, &labels, count.load(Relaxed));
        }
        let help = "Compilations that wait for a core.";
        out.gauge("weir_compilation_queue_length", help, &[], compilations_waiting);
        out.gauge("weir_compilations_running", "Compilations under way.", &[], self.compilations_running.get());
        let help = "Time from SQL text to circuit.";
        out.histogram("weir_compile_sql_seconds", help, &[], &self.sql_seconds.observed());
        let help = "Time from circuit to native code, programs found in the cache included.";
        out.histogram("weir_compile_seconds", help, &[], &self.compile_seconds.observed());
        let help = "Programs looked up in the cache of compiled programs.";
        for (result, count) in [("hit", &self.cache_hits), ("miss", &self.cache_misses)] {
            out.counter("weir_compile_cache_total", help, &[("result", result)], count.load(Relaxed));
        }
    }
}
