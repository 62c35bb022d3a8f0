//! Driving a source: asking it for chunks when there is room for them, reading these, queueing the rows.

use super::super::endpoint::InputEndpoint;
use super::super::run::{Controller, Phase};
use super::Log;
use super::portions::Portions;
use super::retry::Retry;
use super::schemas::Schemas;
use super::{PROBLEMS_LOGGED, PROBLEMS_LOGGED_EACH};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use tokio::sync::watch;
use tokio::time::Instant;
use weir_connectors::{Chunk, Grants, Hidden, Message, Position, Source, TransportError};
use weir_io::{Changes, Datum, InputFormat, ParseError, Reader, TableColumns};

/// Bytes whose reading would keep others waiting.
const BYTES_AT_ONCE: usize = 32 << 10;

/// A source and what it feeds.
pub(super) struct Feeder {
    pub(super) controller: Arc<Controller>,
    pub(super) endpoint: Arc<InputEndpoint>,
    pub(super) source: Box<dyn Source>,
    pub(super) format: Option<InputFormat>,
    pub(super) schemas: Option<Schemas>,
    pub(super) grants: Arc<Grants>,
    pub(super) hidden: Arc<Hidden>,
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
                Stop::Transport(e) => self.hidden.error(e),
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
            match (chunk, &mut reader) {
                (Chunk::End, _) => return Ok(()),
                (Chunk::Bytes(bytes), Some(reader)) => self.stream(&bytes, reader, &mut changes, at).await?,
                (Chunk::EndOfStream, Some(reader)) => {
                    self.provide(reader.wanted(), reader).await?;
                    self.read(reader, |reader, problems| reader.finish(&mut changes, problems));
                    self.queue(&mut changes, 0, None, at).await?;
                }
                (Chunk::Messages(messages), Some(reader)) => {
                    let bytes: usize = messages.iter().map(|m| m.bytes.len()).sum();
                    self.endpoint.counters.total_bytes.fetch_add(bytes as u64, Relaxed);
                    let mut rest = messages.into_iter();
                    while let [first, others @ ..] = rest.as_slice() {
                        // It alone may be of a schema that is not known.
                        self.provide(reader.wants(&first.bytes), reader).await?;
                        let known = 1 + others.iter().take_while(|m| reader.wants(&m.bytes).is_none()).count();
                        let bytes = rest.as_slice()[..known].iter().map(|m| m.bytes.len()).sum();
                        let run = rest.by_ref().take(known);
                        aside(bytes, || self.messages(run, reader, &columns, &mut changes));
                    }
                    self.queue(&mut changes, 0, None, at).await?;
                }
                (_, None) => return Err(TransportError::Fatal("bytes came, and there is no format".into()).into()),
            }
            // Only now: a registry that is away is asked less and less, though the source brings the same chunk each time.
            retry.worked();
        }
    }

    /// Has the reader know the schema that it wants.
    async fn provide(&mut self, wanted: Option<u32>, reader: &mut Reader) -> Result<(), TransportError> {
        match (wanted, &mut self.schemas) {
            (Some(id), Some(schemas)) => schemas.provide(reader, id, &self.grants).await,
            _ => Ok(()),
        }
    }

    /// Reads whole messages.
    fn messages(
        &self,
        messages: impl Iterator<Item = Message>,
        reader: &mut Reader,
        columns: &TableColumns,
        changes: &mut Changes,
    ) {
        for message in messages {
            if let Some(mut metadata) = message.metadata {
                if let Some(id) = reader.schema_id(&message.bytes) {
                    metadata.set("avro_schema_id", Datum::Int(id as i32));
                }
                if let Err(problem) = changes.describe(columns, *metadata) {
                    self.problem(&problem);
                    continue;
                }
            }
            self.read(reader, |reader, problems| {
                reader.push(&message.bytes, changes, problems);
                reader.finish(changes, problems);
            });
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
        let mut portions = Portions::new(bytes, self.endpoint.config.connector.batch_limit(self.controller.workers()));
        loop {
            let read = |slice: &[u8], reader: &mut Reader, changes: &mut Changes| {
                aside(slice.len(), || self.read(reader, |reader, problems| reader.push(slice, changes, problems)));
            };
            let Some(unread) = portions.next(reader, changes, read) else { return Ok(()) };
            let header = reader.header().map(<[String]>::to_vec);
            self.queue(changes, unread as u64, header, at).await?;
        }
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
