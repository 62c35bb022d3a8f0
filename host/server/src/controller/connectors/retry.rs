//! How often, and how long, a connector tries what failed.

use std::time::Duration;
use tokio::time::Instant;

/// The first wait; each one after it is twice as long.
const FIRST: Duration = Duration::from_millis(100);
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(30);
/// A peer that was away for so long will not come back by itself: the connector gives up, and says so.
const GIVE_UP: Duration = Duration::from_secs(600);

/// Attempts since something last worked.
#[derive(Debug, Default)]
pub(super) struct Retry {
    since: Option<Instant>,
    attempts: u32,
}

impl Retry {
    /// Something worked.
    pub(super) fn worked(&mut self) {
        *self = Retry::default();
    }

    /// Something failed now: how long to wait before it is tried again; `None`: not at all.
    pub(super) fn failed(&mut self, now: Instant) -> Option<Duration> {
        let since = *self.since.get_or_insert(now);
        if now.duration_since(since) >= GIVE_UP {
            return None;
        }
        let wait = FIRST.saturating_mul(1 << self.attempts.min(16)).min(LONGEST);
        self.attempts += 1;
        Some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end() {
        let (mut retry, mut now, mut waits) = (Retry::default(), Instant::now(), Vec::new());
        while let Some(wait) = retry.failed(now) {
            waits.push(wait);
            now += wait;
        }
        assert_eq!(waits[..3], [FIRST, FIRST * 2, FIRST * 4]);
        assert_eq!(waits.last(), Some(&LONGEST));
        let sum: Duration = waits.iter().sum();
        assert!(sum >= GIVE_UP && sum < GIVE_UP + 2 * LONGEST, "{sum:?}");
        retry.worked();
        assert_eq!(retry.failed(now), Some(FIRST));
    }
}
