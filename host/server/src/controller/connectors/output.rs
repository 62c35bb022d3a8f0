//! Driving a sink: writing it what steps changed, one delivery after the other, each until it has arrived.

use super::super::deltas::{Delivery, Delta, Listener};
use super::super::endpoint::OutputEndpoint;
use super::Log;
use super::retry::Retry;
use super::schemas::Schemas;
use super::{PROBLEMS_LOGGED, PROBLEMS_LOGGED_EACH};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::time::Instant;
use weir_connectors::{Grants, Hidden, Sink, TransportError};
use weir_io::{Encoder, WriteError};
use weir_row::{Block, RowWriter, sort_consolidate};

/// Rows whose writing would keep others waiting.
const ROWS_AT_ONCE: usize = 200;
/// Bytes that an output buffer may have: less than what may wait in all, so that the pipeline is never kept waiting by it.
const BUFFER_BYTES_MAX: usize = 32 << 20;

/// A sink and what it gets.
pub(super) struct Drain {
    pub(super) endpoint: Arc<OutputEndpoint>,
    pub(super) sink: Box<dyn Sink>,
    pub(super) encoder: Option<Encoder>,
    pub(super) schemas: Option<Schemas>,
    pub(super) listener: Listener,
    pub(super) grants: Arc<Grants>,
    pub(super) hidden: Arc<Hidden>,
    pub(super) log: Log,
}

impl Drain {
    /// Hands on all changes until the pipeline ends, or the sink fails for good.
    pub(super) async fn run(mut self) {
        let mut is_open = false;
        while let Some(deliveries) = self.gather().await {
            let delta = together(&deliveries);
            if !self.deliver(&delta, &mut is_open).await {
                return;
            }
            self.endpoint.counters.buffered_records.store(0, Relaxed);
            self.endpoint.counters.buffered_batches.store(0, Relaxed);
            deliveries.into_iter().for_each(|d| d.receipt.sign());
        }
    }

    /// The next delivery; with an output buffer, as many as it holds. `None`: the pipeline has ended.
    async fn gather(&mut self) -> Option<Vec<Delivery>> {
        let mut gathered = vec![self.listener.next().await?];
        let config = &self.endpoint.config.connector;
        if !config.enable_output_buffer {
            return Some(gathered);
        }
        let time = Duration::from_millis(config.max_output_buffer_time_millis);
        // Beyond some decades there is no such time.
        let full_at = Instant::now().checked_add(time);
        loop {
            let records: u64 = gathered.iter().flat_map(|d| d.delta.iter()).map(|b| b.len() as u64).sum();
            let bytes: usize = gathered.iter().flat_map(|d| d.delta.iter()).map(Block::memory_bytes).sum();
            let counters = &self.endpoint.counters;
            counters.buffered_records.store(records, Relaxed);
            counters.buffered_batches.store(gathered.len() as u64, Relaxed);
            if records >= config.max_output_buffer_size_records || bytes >= BUFFER_BYTES_MAX {
                return Some(gathered);
            }
            let full = async {
                match full_at {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                next = self.listener.next() => match next {
                    Some(delivery) => gathered.push(delivery),
                    None => return Some(gathered),
                },
                () = full => return Some(gathered),
            }
        }
    }

    /// Writes a delta until it has arrived; `false`: it never will.
    async fn deliver(&mut self, delta: &Delta, is_open: &mut bool) -> bool {
        let mut retry = Retry::default();
        loop {
            let e = match self.attempt(delta, is_open).await {
                Ok(()) => return true,
                Err(e) => self.hidden.error(e),
            };
            *is_open = false;
            let name = &self.endpoint.name;
            let wait = if matches!(e, TransportError::Transient(_)) { retry.failed(Instant::now()) } else { None };
            let Some(wait) = wait else {
                (self.log)(&format!("ERROR connector '{name}' gives up: {e}"));
                *self.endpoint.fatal_error.lock() = Some(e.to_string());
                return false;
            };
            (self.log)(&format!("WARN connector '{name}' tries again in {wait:?}: {e}"));
            tokio::time::sleep(wait).await;
        }
    }

    async fn attempt(&mut self, delta: &Delta, is_open: &mut bool) -> Result<(), TransportError> {
        let (counters, name, log) = (&self.endpoint.counters, &self.endpoint.name, &self.log);
        let failed = |e| {
            counters.num_transport_errors.fetch_add(1, Relaxed);
            e
        };
        let wrong = |e: WriteError| {
            counters.num_encode_errors.fetch_add(1, Relaxed);
            TransportError::Fatal(e.to_string())
        };
        if !*is_open {
            self.sink.open(&self.grants).await.map_err(failed)?;
            if let (Some(schemas), Some(encoder)) = (&mut self.schemas, &mut self.encoder) {
                let topic = self.sink.topic().unwrap_or(&self.endpoint.config.stream);
                schemas.register(encoder, topic, &self.grants).await.map_err(failed)?;
            }
            *is_open = true;
        }
        let (mut records, mut bytes) = (0, 0);
        if let Some(encoder) = &mut self.encoder {
            let is_large = delta.iter().map(Block::len).sum::<usize>() > ROWS_AT_ONCE;
            encoder.begin(Arc::clone(delta)).map_err(wrong)?;
            loop {
                let piece = if is_large { tokio::task::block_in_place(|| encoder.next()) } else { encoder.next() };
                let piece = match piece {
                    Ok(Some(piece)) => piece,
                    Ok(None) => break,
                    Err(e @ WriteError::Weight { .. }) => return Err(wrong(e)),
                    // A row that the format cannot say is told, and the others go on.
                    Err(e) => {
                        let number = counters.num_encode_errors.fetch_add(1, Relaxed) + 1;
                        if number <= PROBLEMS_LOGGED || number.is_multiple_of(PROBLEMS_LOGGED_EACH) {
                            log(&format!("WARN connector '{name}': {e}"));
                        }
                        continue;
                    }
                };
                records += piece.records as u64;
                bytes += (piece.key.as_ref().map_or(0, Vec::len) + piece.value.as_ref().map_or(0, Vec::len)) as u64;
                self.sink.write(piece).await.map_err(failed)?;
            }
        } else {
            records = delta.iter().map(|b| b.len() as u64).sum();
        }
        self.sink.flush().await.map_err(failed)?;
        self.endpoint.sent(records, bytes);
        Ok(())
    }
}

/// The changes of several steps as those of one: what they undo of each other is gone.
fn together(deliveries: &[Delivery]) -> Delta {
    if let [one] = deliveries {
        return Arc::clone(&one.delta);
    }
    let blocks: Vec<Block> = deliveries.iter().flat_map(|d| d.delta.iter().cloned()).collect();
    let stride = blocks.first().map_or(0, |b| b.stride);
    let mut out = RowWriter::new(stride);
    sort_consolidate(&blocks, &mut out);
    Arc::new(out.finish())
}
