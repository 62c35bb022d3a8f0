//! Driving a source: asking it for chunks when there is room for them, reading these, queueing the rows.

use super::super::endpoint::InputEndpoint;
use super::super::run::{Controller, Phase};
use super::Log;
use super::retry::Retry;
use super::{PROBLEMS_LOGGED, PROBLEMS_LOGGED_EACH};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use tokio::sync::watch;
use tokio::time::Instant;
use weir_connectors::{Chunk, Grants, Position, Source, TransportError};
use weir_io::{Changes, InputFormat, ParseError, Reader};

/// Bytes whose reading would keep others waiting.
const BYTES_AT_ONCE: usize = 32 << 10;
/// Bytes read at once if a connector limits how many records a step takes in.
const SLICE_BYTES: usize = 4 << 10;

/// A source and what it feeds.
pub(super) struct Feeder {
    pub(super) controller: Arc<Controller>,
    pub(super) endpoint: Arc<InputEndpoint>,
    pub(super) source: Box<dyn Source>,
    pub(super) format: Option<InputFormat>,
    pub(super) grants: Arc<Grants>,
    pub(super) log: Log,
}

/// Why a source is no longer asked.
enum Stop {
    Transport(TransportError),
    /// The pipeline has ended.
    Ended,
}

impl From<TransportError> for Stop {
    fn from(e: TransportError) -> Stop {
        Stop::Transport(e)
    }
}

/// Reads so many bytes, without keeping others waiting for long.
fn aside(bytes: usize, read: impl FnOnce()) {
    if bytes > BYTES_AT_ONCE { tokio::task::block_in_place(read) } else { read() }
}

impl Feeder {
    /// Feeds the pipeline, once all of `after` have ended, until nothing more comes. Tells `ended` then.
    pub(super) async fn run(mut self, after: Vec<Arc<InputEndpoint>>, ended: Arc<watch::Sender<()>>) {
        let mut told = ended.subscribe();
        while !after.iter().all(|e| e.counters.end_of_input.load(Relaxed)) {
            if told.changed().await.is_err() {
                return;
            }
        }
        let (mut retry, mut at) = (Retry::default(), None);
        loop {
            let stop = match self.feed(&mut retry, &mut at).await {
                Ok(()) => {
                    self.endpoint.counters.end_of_input.store(true, Relaxed);
                    self.controller.progress.moved();
                    (self.log)(&format!("INFO connector '{}' has reached its end", self.endpoint.name));
                    // The senders' own receivers are all that there may be.
                    let _ = ended.send(());
                    return;
                }
                Err(stop) => stop,
            };
            let e = match stop {
                Stop::Ended => return,
                Stop::Transport(e) => e,
            };
            self.endpoint.counters.num_transport_errors.fetch_add(1, Relaxed);
            let wait = if matches!(e, TransportError::Transient(_)) { retry.failed(Instant::now()) } else { None };
            let name = &self.endpoint.name;
            let Some(wait) = wait else {
                (self.log)(&format!("ERROR connector '{name}' gives up: {e}"));
                *self.endpoint.fatal_error.lock() = Some(e.to_string());
                return;
            };
            (self.log)(&format!("WARN connector '{name}' tries again in {wait:?}: {e}"));
            tokio::time::sleep(wait).await;
        }
    }

    /// Opens the source where it was left, and takes what it has to its end.
    async fn feed(&mut self, retry: &mut Retry, at: &mut Option<Position>) -> Result<(), Stop> {
        self.permitted().await?;
        self.source.open(at.as_ref(), &self.grants).await?;
        let columns = Arc::clone(&self.controller.program().tables[self.endpoint.table]);
        let mut changes = Changes::new(&columns, self.controller.workers());
        if self.endpoint.config.connector.soft_delete {
            changes.set_soft_delete(&columns).map_err(TransportError::Fatal)?;
        }
        let events = self.endpoint.events.load(Relaxed);
        let within = at.as_ref().filter(|at| at.within);
        let reader = self.format.as_ref().map(|f| f.reader(Arc::clone(&columns), events, within.is_some())).transpose();
        let mut reader = reader.map_err(|e| TransportError::Fatal(e.to_string()))?;
        if let (Some(reader), Some(header)) = (&mut reader, within.and_then(|at| at.header.as_ref())) {
            reader.resume(header);
        }
        loop {
            self.permitted().await?;
            let chunk = self.source.next().await?;
            // It may have been paused meanwhile.
            self.permitted().await?;
            retry.worked();
            match (chunk, &mut reader) {
                (Chunk::End, _) => return Ok(()),
                (Chunk::Bytes(bytes), Some(reader)) => self.stream(&bytes, reader, &mut changes, at).await?,
                (Chunk::EndOfStream, Some(reader)) => {
                    self.read(reader, |reader, problems| reader.finish(&mut changes, problems));
                    self.queue(&mut changes, 0, None, at).await?;
                }
                (Chunk::Messages(messages), Some(reader)) => {
                    let bytes: usize = messages.iter().map(|m| m.bytes.len()).sum();
                    self.endpoint.counters.total_bytes.fetch_add(bytes as u64, Relaxed);
                    let read = || {
                        for message in messages {
                            if let Some(metadata) = message.metadata
                                && let Err(problem) = changes.describe(&columns, *metadata)
                            {
                                self.problem(&problem);
                                continue;
                            }
                            self.read(reader, |reader, problems| {
                                reader.push(&message.bytes, &mut changes, problems);
                                reader.finish(&mut changes, problems);
                            });
                        }
                    };
                    aside(bytes, read);
                    self.queue(&mut changes, 0, None, at).await?;
                }
                (_, None) => return Err(TransportError::Fatal("bytes came, and there is no format".into()).into()),
            }
        }
    }

    /// Reads bytes of a stream and queues the rows, in portions if the connector's records are limited.
    async fn stream(
        &mut self,
        bytes: &[u8],
        reader: &mut Reader,
        changes: &mut Changes,
        at: &mut Option<Position>,
    ) -> Result<(), Stop> {
        self.endpoint.counters.total_bytes.fetch_add(bytes.len() as u64, Relaxed);
        let limit = self.endpoint.config.connector.batch_limit(self.controller.workers());
        let slice = if limit.is_none() { bytes.len().max(1) } else { SLICE_BYTES };
        let mut rest = bytes.len();
        for slice in bytes.chunks(slice) {
            rest -= slice.len();
            let read = || self.read(reader, |reader, problems| reader.push(slice, changes, problems));
            aside(slice.len(), read);
            if rest == 0 || limit.is_some_and(|limit| changes.rows() as u64 >= limit) {
                let header = reader.header().map(<[String]>::to_vec);
                self.queue(changes, (reader.pending_bytes() + rest) as u64, header, at).await?;
            }
        }
        Ok(())
    }

    /// Has the reader read; counts events and errors.
    fn read(&self, reader: &mut Reader, with: impl FnOnce(&mut Reader, &mut Vec<ParseError>)) {
        let (before, mut problems) = (reader.event_number(), Vec::new());
        with(reader, &mut problems);
        self.endpoint.events.fetch_add(reader.event_number() - before, Relaxed);
        problems.iter().for_each(|problem| self.problem(problem));
    }

    /// Counts what could not be read, and tells of the first ones.
    fn problem(&self, problem: &dyn std::fmt::Display) {
        let number = self.endpoint.counters.num_parse_errors.fetch_add(1, Relaxed) + 1;
        if number <= PROBLEMS_LOGGED || number.is_multiple_of(PROBLEMS_LOGGED_EACH) {
            let name = &self.endpoint.name;
            (self.log)(&format!("WARN connector '{name}': {problem}"));
        }
    }

    /// Queues what was read. The source would go on, if it broke, before the bytes that were not read to the end of a record.
    async fn queue(
        &mut self,
        changes: &mut Changes,
        unread: u64,
        header: Option<Vec<String>>,
        at: &mut Option<Position>,
    ) -> Result<(), Stop> {
        let position = self.source.position(unread).map(|position| Position { header, ..position });
        if changes.rows() > 0 {
            let queued = self.controller.enqueue_up_to(&self.endpoint, changes.take(), false, position.clone()).await;
            queued.map_err(|_| Stop::Ended)?;
        }
        *at = position;
        Ok(())
    }

    /// Waits until the source may bring something: the pipeline runs, the connector is not paused, and has room.
    async fn permitted(&mut self) -> Result<(), Stop> {
        let (mut phase, mut paused) = (self.controller.phase(), self.endpoint.paused());
        let config = &self.endpoint.config.connector;
        let (limit, limit_bytes) = (config.max_queued_records, config.max_queued_bytes.unwrap_or(u64::MAX));
        loop {
            let runs = match &*phase.borrow_and_update() {
                Phase::Running => true,
                Phase::Paused => false,
                Phase::Failed(_) | Phase::Ended => return Err(Stop::Ended),
            };
            let counters = &self.endpoint.counters;
            let has_room =
                counters.buffered_records.load(Relaxed) < limit && counters.buffered_bytes.load(Relaxed) < limit_bytes;
            if runs && has_room && !*paused.borrow_and_update() {
                return Ok(());
            }
            tokio::select! {
                changed = phase.changed() => changed.map_err(|_| Stop::Ended)?,
                changed = paused.changed() => changed.map_err(|_| Stop::Ended)?,
                () = self.endpoint.room.notified() => {}
                () = self.source.idle() => {}
            }
        }
    }
}
