//! `nexmark`: the events of Nexmark's auction house. The sources of its three tables make the same events, each taking its own table's, so that they
//! belong together.

use crate::{Chunk, ConfigError, Grants, Position, Source, Table, TransportError, transports};
use async_trait::async_trait;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;
use weir_io::Nexmark;

/// Events looked at for a chunk.
const CHUNK_EVENTS: u64 = 2_000;
/// Events, unless the connector says how many.
const EVENTS: u64 = 100_000_000;
/// Events in a second of their own time.
const RATE: u64 = 10_000;
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
        since: Instant::now(),
        first: 0,
    }))
}

struct Events {
    table: &'static str,
    stream: Nexmark,
    events: u64,
    rate: Option<u64>,
    /// The number of the next event.
    next: u64,
    /// When it was opened, and with which event.
    since: Instant,
    first: u64,
}

#[async_trait]
impl Source for Events {
    async fn open(&mut self, at: Option<&Position>, _grants: &Grants) -> Result<(), TransportError> {
        let next = at.map(|at| at.at.get("event").and_then(Value::as_u64).ok_or_else(|| at.at.to_string())).transpose();
        let next = next.map_err(|at| TransportError::Fatal(format!("{at} is no position among Nexmark's events")))?;
        self.next = next.unwrap_or(0);
        (self.since, self.first) = (Instant::now(), self.next);
        Ok(())
    }

    async fn next(&mut self) -> Result<Chunk, TransportError> {
        if self.next >= self.events {
            return Ok(Chunk::End);
        }
        let mut end = self.events.min(self.next + CHUNK_EVENTS);
        if let Some(rate) = self.rate {
            let due = |n: u64| self.since + Duration::from_secs_f64((n - self.first) as f64 / rate as f64);
            tokio::time::sleep_until(due(self.next + 1)).await;
            let happened = self.first + (self.since.elapsed().as_secs_f64() * rate as f64) as u64;
            end = end.min(happened.max(self.next + 1));
        }
        let mut out = Vec::new();
        for n in self.next..end {
            let event = self.stream.event(n);
            if event.table() == self.table {
                out.extend_from_slice(event.json().to_string().as_bytes());
                out.push(b'\n');
            }
        }
        self.next = end;
        Ok(Chunk::Bytes(Bytes::from(out)))
    }

    fn position(&self, _unread_bytes: u64) -> Option<Position> {
        Some(Position { at: json!({ "event": self.next }), within: false, header: None })
    }
}
