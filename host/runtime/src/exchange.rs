//! All-to-all exchange among the workers of a pipeline: a rendezvous. Every worker puts one block for each, waits for the
//! others, takes what is for it. Blocks move; the only copy in the host is the one that read them from the sender's memory.
//!
//! Nobody waits for ever: a worker that dies, is killed, or ends its step while others wait poisons the rendezvous.

use parking_lot::{Condvar, Mutex};

use crate::block::WireBlock;

/// Why an exchange did not happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ExchangeError {
    /// This worker broke the contract.
    Protocol(String),
    /// The pipeline ended meanwhile, for a reason recorded elsewhere.
    Ended,
}

#[derive(Debug)]
pub(crate) struct Exchange {
    workers: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    ended: bool,
    /// Of the round under way; meaningful when somebody has arrived.
    channel: u32,
    arrived: usize,
    /// Workers that have taken their blocks of a complete round; a new round begins when all have.
    taken: usize,
    /// Workers whose step is over.
    finished: usize,
    /// The block from worker `f` to worker `t` is at `f * workers + t`.
    slots: Vec<Option<WireBlock>>,
}

impl State {
    /// All have arrived and not all have taken.
    fn is_complete(&self, workers: usize) -> bool {
        self.arrived == workers
    }
}

impl Exchange {
    pub(crate) fn new(workers: usize) -> Exchange {
        let slots = (0..workers * workers).map(|_| None).collect();
        let state = State { ended: false, channel: 0, arrived: 0, taken: 0, finished: 0, slots };
        Exchange { workers, state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Let nobody wait, now or later.
    pub(crate) fn end(&self) {
        let mut state = self.state.lock();
        state.ended = true;
        state.slots.iter_mut().for_each(|slot| *slot = None);
        self.changed.notify_all();
    }

    /// A step begins on all workers.
    pub(crate) fn begin_step(&self) {
        self.state.lock().finished = 0;
    }

    /// A worker's step is over. An error when others wait for it.
    pub(crate) fn finish_step(&self, worker: u32) -> Result<(), ExchangeError> {
        let mut state = self.state.lock();
        state.finished += 1;
        // In a complete round others still take their blocks: that is no waiting.
        if state.arrived > 0 && !state.is_complete(self.workers) {
            let channel = state.channel;
            let message = format!("worker {worker} ended its step while others exchange on channel {channel}");
            return Err(ExchangeError::Protocol(message));
        }
        Ok(())
    }

    /// Exchange; `outgoing[w]` goes to worker `w`.
    pub(crate) fn exchange(
        &self,
        worker: u32,
        channel: u32,
        outgoing: Vec<WireBlock>,
    ) -> Result<Vec<WireBlock>, ExchangeError> {
        if outgoing.len() != self.workers {
            let message = format!(
                "an exchange of {} workers was given {} blocks on channel {channel}",
                self.workers,
                outgoing.len()
            );
            return Err(ExchangeError::Protocol(message));
        }
        if self.workers == 1 {
            return if self.state.lock().ended { Err(ExchangeError::Ended) } else { Ok(outgoing) };
        }
        let me = worker as usize;
        let mut state = self.state.lock();
        // The round before this one is over when everybody has taken.
        while state.is_complete(self.workers) && !state.ended {
            self.changed.wait(&mut state);
        }
        if state.ended {
            return Err(ExchangeError::Ended);
        }
        if state.finished > 0 {
            let message = format!("worker {worker} exchanges on channel {channel} after others ended their step");
            return Err(ExchangeError::Protocol(message));
        }
        if state.arrived == 0 {
            state.channel = channel;
        } else if state.channel != channel {
            let other = state.channel;
            let message = format!("worker {worker} exchanges on channel {channel} while others do on channel {other}");
            return Err(ExchangeError::Protocol(message));
        }
        for (to, block) in outgoing.into_iter().enumerate() {
            state.slots[me * self.workers + to] = Some(block);
        }
        state.arrived += 1;
        if state.is_complete(self.workers) {
            state.taken = 0;
            self.changed.notify_all();
        }
        while !state.is_complete(self.workers) && !state.ended {
            self.changed.wait(&mut state);
        }
        if state.ended {
            return Err(ExchangeError::Ended);
        }
        let workers = self.workers;
        let mine = (0..workers).map(|from| {
            let block = state.slots[from * workers + me].take();
            // Every worker has arrived and so filled its row; only this worker takes from this column.
            block.expect("a complete round has a block in every slot")
        });
        let mine = mine.collect();
        state.taken += 1;
        if state.taken == workers {
            state.arrived = 0;
            self.changed.notify_all();
        }
        Ok(mine)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::thread;

    fn block(words: Vec<u64>) -> WireBlock {
        WireBlock { stride: 1, weights: vec![1; words.len()], words, ends: Vec::new() }
    }

    #[test]
    fn everyone_gets_everyones_block_in_order_round_after_round() {
        const WORKERS: u64 = 5;
        const ROUNDS: u64 = 2000;
        let exchange = Arc::new(Exchange::new(WORKERS as usize));
        let threads: Vec<_> = (0..WORKERS)
            .map(|me| {
                let exchange = exchange.clone();
                thread::spawn(move || {
                    for round in 0..ROUNDS {
                        let out = (0..WORKERS).map(|to| block(vec![me, to, round])).collect();
                        let got = exchange.exchange(me as u32, round as u32, out).unwrap();
                        let want: Vec<_> = (0..WORKERS).map(|from| block(vec![from, me, round])).collect();
                        assert_eq!(got, want);
                    }
                })
            })
            .collect();
        threads.into_iter().for_each(|t| t.join().unwrap());
    }

    /// Worker 0 waits on channel 7; what does the other do, and what is said?
    fn against(
        other: impl FnOnce(&Exchange) -> Result<(), ExchangeError>,
    ) -> (Result<(), ExchangeError>, ExchangeError) {
        let exchange = Arc::new(Exchange::new(2));
        let waiting = {
            let exchange = exchange.clone();
            thread::spawn(move || exchange.exchange(0, 7, vec![block(vec![]), block(vec![])]).unwrap_err())
        };
        while exchange.state.lock().arrived == 0 {
            thread::yield_now();
        }
        let said = other(&exchange);
        exchange.end();
        (said, waiting.join().unwrap())
    }

    #[test]
    fn whoever_waits_is_woken() {
        assert_eq!(against(|_| Ok(())), (Ok(()), ExchangeError::Ended));
    }

    #[test]
    fn broken_contracts_are_named() {
        let (said, _) = against(|e| e.exchange(1, 8, vec![block(vec![]), block(vec![])]).map(|_| ()));
        let message = "worker 1 exchanges on channel 8 while others do on channel 7";
        assert_eq!(said, Err(ExchangeError::Protocol(message.to_owned())));
        let (said, _) = against(|e| e.finish_step(1));
        let message = "worker 1 ended its step while others exchange on channel 7";
        assert_eq!(said, Err(ExchangeError::Protocol(message.to_owned())));
        let (said, _) = against(|e| e.exchange(1, 7, vec![block(vec![])]).map(|_| ()));
        let message = "an exchange of 2 workers was given 1 blocks on channel 7";
        assert_eq!(said, Err(ExchangeError::Protocol(message.to_owned())));
    }

    #[test]
    fn exchanging_after_the_others_are_done_is_refused() {
        let exchange = Exchange::new(2);
        exchange.begin_step();
        exchange.finish_step(1).unwrap();
        assert!(matches!(exchange.exchange(0, 1, vec![block(vec![]), block(vec![])]), Err(ExchangeError::Protocol(_))));
    }
}
