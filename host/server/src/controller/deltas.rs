//! Those who listen to a relation's changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc;
use weir_io::RECORDS_PER_CHUNK;
use weir_row::Block;

/// Steps that a listener may lag behind. Then it is waited for, or it misses some.
const LAG_STEPS_MAX: usize = 100;

/// The changes of a relation in one step, rows in order, each once.
pub type Delta = Arc<Vec<Block>>;

/// One who listens.
#[derive(Debug)]
pub struct Listener {
    receiver: mpsc::Receiver<(u64, Delta)>,
}

impl Listener {
    /// The next delta with the number of its first chunk. `None`: the pipeline has ended.
    pub async fn next(&mut self) -> Option<(u64, Delta)> {
        self.receiver.recv().await
    }
}

/// The pipeline's end of a listener.
#[derive(Clone, Debug)]
pub(super) struct Speaker {
    sender: mpsc::Sender<(u64, Delta)>,
    /// Chunks so far, those that were missed among them: a gap in the numbers is what tells of them.
    chunks: Arc<AtomicU64>,
    backpressure: bool,
}

/// A listener and the pipeline's end of it. With `backpressure` the pipeline waits for a slow one. `chunks` counts the chunks
/// that the listener's stream has; who writes it adds its own.
pub(super) fn listen(backpressure: bool, chunks: Arc<AtomicU64>) -> (Speaker, Listener) {
    let (sender, receiver) = mpsc::channel(LAG_STEPS_MAX);
    (Speaker { sender, chunks, backpressure }, Listener { receiver })
}

impl Speaker {
    pub(super) fn is_gone(&self) -> bool {
        self.sender.is_closed()
    }

    /// Hands on a delta; returns whether anybody still listens.
    pub(super) async fn tell(&self, delta: &Delta) -> bool {
        // An upper bound of the records is enough: numbers need to grow, and to show gaps.
        let records: u64 = delta.iter().flat_map(|b| &b.weights).map(|w| w.unsigned_abs()).sum();
        let chunks = records.div_ceil(RECORDS_PER_CHUNK as u64);
        let number = self.chunks.fetch_add(chunks, Ordering::Relaxed);
        let item = (number, Arc::clone(delta));
        if self.backpressure {
            return self.sender.send(item).await.is_ok();
        }
        !matches!(self.sender.try_send(item), Err(mpsc::error::TrySendError::Closed(_)))
    }
}
