//! `nexmark`: the events of Nexmark's auction house. The sources of its three tables number the same events, each making its own table's, so that they
//! belong together.
//!
//! With a rate, event `n` is due `n / rate` seconds after the source was opened, whatever happened in between. So sources of one rate that were opened together
//! are at the same event, but for what one of them could not give yet; one that was kept waiting comes back to the others at twice the rate.

use crate::pace::Pace;
use crate::{Chunk, ConfigError, Grants, Position, Source, Table, TransportError, transports};
use async_trait::async_trait;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::Write;
use tokio::time::Instant;
use weir_io::Nexmark;

/// Events looked at for a chunk.
const CHUNK_EVENTS: u64 = 2_000;
/// Events, unless the connector says how many.
const EVENTS: u64 = 100_000_000;
/// Events in a second of their own time.
const RATE: u64 = 10_000;
/// How many times as fast as its rate a source may be that was kept waiting.
const CATCH_UP: u64 = 2;
const TABLES: [&str; 3] = ["person", "auction", "bid"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The table whose rows are wanted; the connector's own, if it has such a name.
    table: Option<String>,
    events: Option<u64>,
    /// Events a second on the clock; as fast as they are taken, if it is not said.
    rate: Option<u64>,
    #[serde(default)]
    seed: u64,
    /// Events a second of the events' own time.
    first_event_rate: Option<u64>,
    // How upstream divides its work.
    #[serde(default, rename = "threads")]
    _threads: Option<u64>,
    #[serde(default, rename = "batch_size_per_thread")]
    _batch_size_per_thread: Option<u64>,
    #[serde(default, rename = "max_step_size_per_thread")]
    _max_step_size_per_thread: Option<u64>,
    #[serde(default, rename = "synchronize_threads")]
    _synchronize_threads: Option<bool>,
}

pub(crate) fn source(config: &str, table: &Table) -> Result<Box<dyn Source>, ConfigError> {
    let config: Config = transports::parse(config)?;
    let wanted = config.table.as_deref().unwrap_or(&table.name).to_lowercase();
    let Some(wanted) = TABLES.into_iter().find(|t| *t == wanted) else {
        let hint = format!("'table' is one of {}", TABLES.join(", "));
        return Err(ConfigError::new(format!("Nexmark has no table '{wanted}'")).with_hint(hint));
    };
    if config.rate == Some(0) || config.first_event_rate == Some(0) {
        return Err(ConfigError::new("at a rate of 0 there never is an event"));
    }
    let rate = config.first_event_rate.unwrap_or(RATE);
    Ok(Box::new(Events {
        table: wanted,
        stream: Nexmark::new(config.seed, rate),
        events: config.events.unwrap_or(EVENTS),
        rate: config.rate,
        next: 0,
        paces: None,
        rows: Vec::new(),
        bytes: 0,
    }))
}

struct Events {
    table: &'static str,
    stream: Nexmark,
    events: u64,
    rate: Option<u64>,
    /// The number of the next event.
    next: u64,
    /// What is due since it was opened, and what may be given at once.
    paces: Option<[Pace; 2]>,
    /// The rows of the last chunk: each one's event, and where it ends without what lies between rows, some of which may be unread.
    rows: Vec<(u64, usize)>,
    /// Its bytes.
    bytes: usize,
}

#[async_trait]
impl Source for Events {
    async fn open(&mut self, at: Option<&Position>, _grants: &Grants) -> Result<(), TransportError> {
        let next = at.map(|at| at.at.get("event").and_then(Value::as_u64).ok_or_else(|| at.at.to_string())).transpose();
        let next = next.map_err(|at| TransportError::Fatal(format!("{at} is no position among Nexmark's events")))?;
        self.next = next.unwrap_or(0);
        let now = Instant::now();
        let paces = |rate: u64| [Pace::new(rate, u64::MAX, now), Pace::new(rate.saturating_mul(CATCH_UP), rate, now)];
        (self.paces, self.bytes) = (self.rate.map(paces), 0);
        self.rows.clear();
        Ok(())
    }

    async fn next(&mut self) -> Result<Chunk, TransportError> {
        self.rows.clear();
        self.bytes = 0;
        if self.next >= self.events {
            return Ok(Chunk::End);
        }
        let mut events = CHUNK_EVENTS.min(self.events - self.next);
        if let Some([scheduled, allowed]) = &mut self.paces {
            let due = loop {
                let now = Instant::now();
                let due = scheduled.due(now).min(allowed.due(now));
                if due > 0 {
                    break due;
                }
                tokio::time::sleep_until(scheduled.next().max(allowed.next())).await;
            };
            events = events.min(due);
            scheduled.gave(events);
            allowed.gave(events);
        }
        let mut out = Vec::new();
        for n in (self.next..self.next + events).filter(|n| Nexmark::table_of(*n) == self.table) {
            // Writing to a vector does not fail.
            let _ = write!(out, "{}", self.stream.event(n).json());
            self.rows.push((n, out.len()));
            out.push(b'\n');
        }
        self.next += events;
        self.bytes = out.len();
        Ok(Chunk::Bytes(Bytes::from(out)))
    }

    fn position(&self, unread_bytes: u64) -> Option<Position> {
        let read = self.bytes.saturating_sub(usize::try_from(unread_bytes).unwrap_or(usize::MAX));
        let unread = self.rows.partition_point(|(_, end)| *end <= read);
        let event = self.rows.get(unread).map_or(self.next, |(event, _)| *event);
        Some(Position { at: json!({ "event": event }), within: false, header: None })
    }
}
