//! Rates: how many of something are due by the clock.

use std::time::Duration;
use tokio::time::Instant;

/// So many a second. What was not asked for when it was due is due afterwards, up to a bound, so that the clock stands while nobody asks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    rate: u64,
    /// The most that may be due at once.
    burst: u64,
    since: Instant,
    /// Given since then, or forgone.
    given: u64,
}

impl Pace {
    /// Begins at a time. `rate` and `burst` are not 0.
    pub(crate) fn new(rate: u64, burst: u64, since: Instant) -> Pace {
        Pace { rate, burst, since, given: 0 }
    }

    /// How many are due now.
    pub(crate) fn due(&mut self, now: Instant) -> u64 {
        let happened = (now.saturating_duration_since(self.since).as_secs_f64() * self.rate as f64) as u64;
        let behind = happened.saturating_sub(self.given);
        if behind > self.burst {
            self.given = happened - self.burst;
        }
        behind.min(self.burst)
    }

    /// When the next one is due, if none is now.
    pub(crate) fn next(&self) -> Instant {
        self.since + Duration::from_secs_f64((self.given + 1) as f64 / self.rate as f64)
    }

    /// So many were given.
    pub(crate) fn gave(&mut self, n: u64) {
        self.given += n;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_stands_while_nobody_asks() {
        let mut now = Instant::now();
        let mut pace = Pace::new(10, 10, now);
        assert_eq!(pace.due(now), 0);
        now = pace.next();
        assert_eq!(pace.due(now), 1);
        pace.gave(1);
        now += Duration::from_millis(500);
        assert_eq!(pace.due(now), 5);
        pace.gave(2);
        assert_eq!(pace.due(now), 3);
        now += Duration::from_secs(3_600);
        assert_eq!(pace.due(now), 10, "one second's worth, not an hour's");
        pace.gave(10);
        assert_eq!(pace.due(now), 0);
        now = pace.next();
        assert_eq!(pace.due(now), 1, "and then by the clock again");
        now += Duration::from_millis(910);
        assert_eq!(pace.due(now), 10);
    }

    #[test]
    fn rates_of_any_size() {
        for rate in [1, 3, 1_000_000, u64::MAX] {
            let begin = Instant::now();
            let mut pace = Pace::new(rate, u64::MAX, begin);
            // The time of the next one is a time at which it is due, or nearly so.
            assert!(pace.next() >= begin && pace.due(pace.next() + Duration::from_nanos(1)) >= 1, "{rate}");
            let due = pace.due(begin + Duration::from_secs(1));
            assert!(due >= rate - rate / 1_000, "{rate}: {due}");
        }
    }
}
