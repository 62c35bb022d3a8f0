//! What operators do, counted by the host: rows as the component tells them, time by the host's own clock. The component learns
//! nothing of it, so its steps stay functions of their inputs.
//!
//! Cost: a call into the host, and, if times are wanted, a look at the clock, per operator and step.

use std::time::{Duration, Instant};

/// Operators of a circuit, at most: what a component may make the host remember.
pub const OPERATORS_MAX: u32 = 1 << 16;

/// What an operator has done so far on one worker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OperatorStats {
    /// Steps that it took part in.
    pub calls: u64,
    /// Rows in.
    pub rows_in: u64,
    /// Rows out.
    pub rows_out: u64,
    /// Time of its part of steps, waiting left out. Zero if the pipeline keeps no times; so for the other two.
    pub busy: Duration,
    /// Time spent waiting for other workers.
    pub waiting: Duration,
    /// Time spent taking rows into its state.
    pub committing: Duration,
}

/// The operators of one worker.
#[derive(Debug, Default)]
pub(crate) struct Profile {
    pub(crate) operators: Vec<OperatorStats>,
    /// When the last call ended, and how long was waited until then; `None`: times are not wanted.
    mark: Option<(Instant, Duration)>,
}

/// An operator that no circuit has.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("there is no operator {0}: at most {OPERATORS_MAX} are counted")]
pub(crate) struct NoOperator(u32);

impl Profile {
    /// A step begins; nothing was waited for yet.
    pub(crate) fn begin(&mut self, times: bool) {
        self.mark = times.then(|| (Instant::now(), Duration::ZERO));
    }

    pub(crate) fn operated(
        &mut self,
        node: u32,
        rows_in: u64,
        rows_out: u64,
        waited: Duration,
    ) -> Result<(), NoOperator> {
        let (elapsed, waiting) = self.lap(waited);
        let operator = self.operator(node)?;
        operator.calls += 1;
        operator.rows_in = operator.rows_in.saturating_add(rows_in);
        operator.rows_out = operator.rows_out.saturating_add(rows_out);
        operator.busy += elapsed.saturating_sub(waiting);
        operator.waiting += waiting;
        Ok(())
    }

    pub(crate) fn committed(&mut self, node: u32, waited: Duration) -> Result<(), NoOperator> {
        let (elapsed, _) = self.lap(waited);
        self.operator(node)?.committing += elapsed;
        Ok(())
    }

    fn operator(&mut self, node: u32) -> Result<&mut OperatorStats, NoOperator> {
        if node >= OPERATORS_MAX {
            return Err(NoOperator(node));
        }
        let node = node as usize;
        if self.operators.len() <= node {
            self.operators.resize(node + 1, OperatorStats::default());
        }
        Ok(&mut self.operators[node])
    }

    /// Time, and time waited, since the last call; `waited` is all that was waited in the step.
    fn lap(&mut self, waited: Duration) -> (Duration, Duration) {
        let Some((mark, before)) = &mut self.mark else { return (Duration::ZERO, Duration::ZERO) };
        let now = Instant::now();
        let lap = (now - *mark, waited.saturating_sub(*before));
        (*mark, *before) = (now, waited);
        lap
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_go_to_who_took_them() {
        let mut profile = Profile::default();
        profile.begin(true);
        std::thread::sleep(Duration::from_millis(5));
        profile.operated(2, 10, 4, Duration::from_millis(3)).unwrap();
        profile.operated(0, 4, 4, Duration::from_millis(3)).unwrap();
        std::thread::sleep(Duration::from_millis(2));
        profile.committed(2, Duration::from_millis(3)).unwrap();
        let [first, none, third] = profile.operators[..] else { panic!("three operators") };
        assert_eq!(none, OperatorStats::default());
        assert_eq!((third.calls, third.rows_in, third.rows_out), (1, 10, 4));
        assert_eq!(third.waiting, Duration::from_millis(3));
        assert!(third.busy >= Duration::from_millis(2) && third.committing >= Duration::from_millis(2), "{third:?}");
        assert!(first.busy < third.committing && first.waiting.is_zero(), "{first:?}");
        profile.begin(false);
        profile.operated(0, 1, 1, Duration::from_millis(9)).unwrap();
        assert_eq!(profile.operators[0], OperatorStats { calls: 2, rows_in: 5, rows_out: 5, ..first });
        assert!(profile.operated(OPERATORS_MAX, 0, 0, Duration::ZERO).is_err());
    }
}
