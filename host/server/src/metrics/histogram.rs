//! Histograms of durations. To observe costs a search in a dozen numbers and five atomic operations; no lock, no allocation.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Upper bounds of the buckets of steps, in seconds: from what an empty step takes to what a full one does.
pub const STEP_SECONDS: &[f64] =
    &[1e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 1.0, 10.0];
/// Upper bounds of the buckets of compilations, in seconds: from what is found in the cache to what a large program takes.
pub const COMPILE_SECONDS: &[f64] = &[1e-3, 1e-2, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0, 120.0];

/// A histogram.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [f64],
    /// Observations in each bucket; the last one has no bound.
    buckets: Vec<AtomicU64>,
    sum_ns: AtomicU64,
    least_ns: AtomicU64,
    greatest_ns: AtomicU64,
    last_ns: AtomicU64,
}

/// A histogram at some moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// Upper bounds, in seconds.
    pub bounds: &'static [f64],
    /// Observations in each bucket; the last one has no bound.
    pub buckets: Vec<u64>,
    /// Sum of all observations, in seconds.
    pub sum: f64,
    /// The least one; 0 if there is none.
    pub least: f64,
    /// The greatest one.
    pub greatest: f64,
    /// The last one.
    pub last: f64,
}

impl Observed {
    /// Number of observations.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// Their mean, in seconds; 0 if there is none.
    pub fn mean(&self) -> f64 {
        if self.count() == 0 { 0.0 } else { self.sum / self.count() as f64 }
    }
}

impl Histogram {
    /// An empty histogram with these bounds, in seconds, ascending.
    pub fn new(bounds: &'static [f64]) -> Histogram {
        Histogram {
            bounds,
            buckets: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(),
            sum_ns: AtomicU64::new(0),
            least_ns: AtomicU64::new(u64::MAX),
            greatest_ns: AtomicU64::new(0),
            last_ns: AtomicU64::new(0),
        }
    }

    /// Counts an observation.
    pub fn observe(&self, duration: Duration) {
        let ns = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let bucket = self.bounds.partition_point(|bound| *bound < duration.as_secs_f64());
        self.sum_ns.fetch_add(ns, Relaxed);
        self.least_ns.fetch_min(ns, Relaxed);
        self.greatest_ns.fetch_max(ns, Relaxed);
        self.last_ns.store(ns, Relaxed);
        self.buckets[bucket].fetch_add(1, Relaxed);
    }

    /// What was observed so far.
    pub fn observed(&self) -> Observed {
        let seconds = |ns: u64| ns as f64 / 1e9;
        let least = self.least_ns.load(Relaxed);
        Observed {
            bounds: self.bounds,
            buckets: self.buckets.iter().map(|b| b.load(Relaxed)).collect(),
            sum: seconds(self.sum_ns.load(Relaxed)),
            least: if least == u64::MAX { 0.0 } else { seconds(least) },
            greatest: seconds(self.greatest_ns.load(Relaxed)),
            last: seconds(self.last_ns.load(Relaxed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_observation_is_in_the_bucket_that_it_does_not_exceed() {
        let histogram = Histogram::new(&[0.001, 0.5]);
        assert_eq!((histogram.observed().count(), histogram.observed().mean()), (0, 0.0));
        for ms in [1, 2, 500, 501] {
            histogram.observe(Duration::from_millis(ms));
        }
        let observed = histogram.observed();
        assert_eq!(observed.buckets, [1, 2, 1]);
        assert_eq!((observed.sum, observed.least, observed.greatest, observed.last), (1.004, 0.001, 0.501, 0.501));
        assert_eq!((observed.count(), observed.mean()), (4, 0.251));
    }
}
