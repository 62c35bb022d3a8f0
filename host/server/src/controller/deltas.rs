//! Those who listen to a relation's changes.

use super::endpoint::OutputEndpoint;
use super::progress::Progress;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, mpsc};
use weir_io::RECORDS_PER_CHUNK;
use weir_row::Block;

/// Steps that a listener may lag behind. Then it is waited for, or it misses some.
const LAG_STEPS_MAX: usize = 100;
/// Bytes of changes that it may lag behind, unless a single step has more.
const LAG_BYTES_MAX: usize = 64 << 20;
/// Bytes that one permit stands for (a semaphore counts in 32 bits).
const PERMIT_BYTES: usize = 1 << 10;

/// The changes of a relation in one step, rows in order, each once.
pub type Delta = Arc<Vec<Block>>;

/// What a format makes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counting {
    /// A record, with its weight.
    Rows,
    /// As many records as its weight says.
    Copies,
}

impl Counting {
    /// The records that a delta is written as.
    fn records(self, delta: &[Block]) -> u64 {
        match self {
            Counting::Rows => delta.iter().map(|b| b.len() as u64).sum(),
            // Weights beyond what can be written are refused, not counted.
            Counting::Copies => {
                delta.iter().flat_map(|b| &b.weights).fold(0, |n, w| n.saturating_add(w.unsigned_abs()))
            }
        }
    }
}

/// The changes of one step on their way to a listener.
#[derive(Debug)]
pub struct Delivery {
    /// The number of its first chunk.
    pub first_chunk: u64,
    /// The changes.
    pub delta: Delta,
    /// What settles it.
    pub receipt: Receipt,
}

/// Says that a delivery has arrived: until then the pipeline is not complete.
#[derive(Debug)]
pub struct Receipt {
    endpoint: Arc<OutputEndpoint>,
    progress: Arc<Progress>,
    records: u64,
    /// Records that the pipeline had taken in after the step.
    processed: u64,
    /// What the changes take of what may wait.
    _room: OwnedSemaphorePermit,
}

impl Receipt {
    /// All of it was sent.
    pub fn sign(self) {
        let counters = &self.endpoint.counters;
        counters.total_processed_input_records.fetch_max(self.processed, Relaxed);
        counters.queued_records.fetch_sub(self.records, Relaxed);
        self.progress.moved();
        counters.queued_batches.fetch_sub(1, Relaxed);
    }
}

/// One who listens.
#[derive(Debug)]
pub struct Listener {
    receiver: mpsc::Receiver<Delivery>,
    /// It, as `/stats` tells of it.
    pub endpoint: Arc<OutputEndpoint>,
}

impl Listener {
    /// The next delivery. `None`: the pipeline has ended.
    pub async fn next(&mut self) -> Option<Delivery> {
        self.receiver.recv().await
    }
}

/// The pipeline's end of a listener.
#[derive(Clone, Debug)]
pub(super) struct Speaker {
    sender: mpsc::Sender<Delivery>,
    pub(super) endpoint: Arc<OutputEndpoint>,
    backpressure: bool,
    counting: Counting,
    is_connector: bool,
    /// What may wait: bytes, and records if the endpoint says how many.
    bytes: Arc<Semaphore>,
    records: u64,
}

/// A listener and the pipeline's end of it. With `backpressure` the pipeline waits for a slow one.
pub(super) fn listen(
    backpressure: bool,
    counting: Counting,
    endpoint: Arc<OutputEndpoint>,
    is_connector: bool,
) -> (Speaker, Listener) {
    let (sender, receiver) = mpsc::channel(LAG_STEPS_MAX);
    let bytes = Arc::new(Semaphore::new(LAG_BYTES_MAX / PERMIT_BYTES));
    let records = endpoint.config.connector.max_queued_records;
    let speaker =
        Speaker { sender, endpoint: Arc::clone(&endpoint), backpressure, counting, is_connector, bytes, records };
    (speaker, Listener { receiver, endpoint })
}

impl Speaker {
    pub(super) fn is_gone(&self) -> bool {
        self.sender.is_closed()
    }

    /// Whether everything that was told has arrived.
    pub(super) fn has_caught_up(&self) -> bool {
        self.endpoint.counters.queued_batches.load(Relaxed) == 0
    }

    /// Whether it is a connector's.
    pub(super) fn is_connector(&self) -> bool {
        self.is_connector
    }

    /// Hands on a delta of a step after which the pipeline had taken in `processed` records; returns whether anybody still listens.
    pub(super) async fn tell(&self, delta: &Delta, processed: u64, progress: &Arc<Progress>) -> bool {
        // Exactly what is written: a gap in the numbers tells of chunks that were missed.
        let records = self.counting.records(delta);
        let chunks = records.div_ceil(RECORDS_PER_CHUNK as u64);
        let first_chunk = self.endpoint.chunks.fetch_add(chunks, Relaxed);
        let room = match self.room(delta).await {
            Ok(Some(room)) => room,
            // It is missed, so nobody waits for it.
            Ok(None) => return true,
            Err(Gone) => return false,
        };
        let (endpoint, progress) = (Arc::clone(&self.endpoint), Arc::clone(progress));
        let receipt = Receipt { endpoint, progress, records, processed, _room: room };
        let delivery = Delivery { first_chunk, delta: Arc::clone(delta), receipt };
        let counters = &self.endpoint.counters;
        counters.queued_batches.fetch_add(1, Relaxed);
        counters.queued_records.fetch_add(records, Relaxed);
        if self.backpressure {
            return self.sender.send(delivery).await.is_ok();
        }
        match self.sender.try_send(delivery) {
            Ok(()) => true,
            Err(mpsc::error::TrySendError::Closed(_)) => false,
            Err(mpsc::error::TrySendError::Full(_)) => {
                counters.queued_batches.fetch_sub(1, Relaxed);
                counters.queued_records.fetch_sub(records, Relaxed);
                true
            }
        }
    }

    /// Room for a delta among what waits; without `backpressure` only what there is now.
    async fn room(&self, delta: &Delta) -> Result<Option<OwnedSemaphorePermit>, Gone> {
        // As many as its records or its bytes are of what may wait, whichever is more. One large delta passes alone.
        let all = (LAG_BYTES_MAX / PERMIT_BYTES) as u64;
        let bytes = delta.iter().map(|b| b.memory_bytes() as u64).sum::<u64>() / PERMIT_BYTES as u64;
        let records = delta.iter().map(|b| b.len() as u64).sum::<u64>();
        let share = u128::from(records) * u128::from(all) / u128::from(self.records.max(1));
        let permits = bytes.max(u64::try_from(share).unwrap_or(all)).clamp(1, all) as u32;
        let semaphore = Arc::clone(&self.bytes);
        if self.backpressure {
            return tokio::select! {
                room = semaphore.acquire_many_owned(permits) => room.map(Some).map_err(|_| Gone),
                () = self.sender.closed() => Err(Gone),
            };
        }
        match semaphore.try_acquire_many_owned(permits) {
            Ok(room) => Ok(Some(room)),
            Err(TryAcquireError::NoPermits) => Ok(None),
            Err(TryAcquireError::Closed) => Err(Gone),
        }
    }
}

/// Nobody listens any more.
struct Gone;
