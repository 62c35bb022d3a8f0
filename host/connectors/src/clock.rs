//! `clock`: a row with the time, again and again.

use crate::{Chunk, ConfigError, Grants, Position, Source, Table, TransportError, transports};
use async_trait::async_trait;
use bytes::Bytes;
use chrono::Utc;
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;
use tokio::time::{Interval, MissedTickBehavior, interval};
use weir_row::SqlType;

/// The time between two rows, if nothing is said.
const RESOLUTION_US: u64 = 1_000_000;
/// The shortest time between two rows.
const RESOLUTION_US_MIN: u64 = 1_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    clock_resolution_usecs: Option<u64>,
}

pub(crate) fn source(config: &str, table: &Table) -> Result<Box<dyn Source>, ConfigError> {
    let config: Config = transports::parse(config)?;
    let resolution = config.clock_resolution_usecs.unwrap_or(RESOLUTION_US);
    if resolution < RESOLUTION_US_MIN {
        return Err(ConfigError::new(format!("'clock_resolution_usecs' is {RESOLUTION_US_MIN} at least")));
    }
    let times = |sql: &SqlType| matches!(sql, SqlType::Timestamp | SqlType::TimestampTz);
    let columns: Vec<_> = table.columns.columns().iter().filter(|c| times(&c.ty.sql)).collect();
    let [column] = columns[..] else {
        let message =
            format!("the clock sets the one column of type TIMESTAMP, and '{}' has {}", table.name, columns.len());
        return Err(ConfigError::new(message));
    };
    let mut others = table.columns.columns().iter().filter(|c| c.name != column.name);
    if let Some(other) = others.find(|c| !c.ty.nullable && c.default.is_none()) {
        let message = format!("the clock sets '{}' alone, and '{}' is NOT NULL", column.name, other.name);
        return Err(ConfigError::new(message)
            .with_hint(format!("leave '{}' out, let it be NULL, or give it a DEFAULT", other.name)));
    }
    let form =
        if column.ty.sql == SqlType::TimestampTz { "%Y-%m-%d %H:%M:%S%.6f+00:00" } else { "%Y-%m-%d %H:%M:%S%.6f" };
    Ok(Box::new(Clock {
        column: column.name.clone(),
        form,
        resolution: Duration::from_micros(resolution),
        ticks: None,
    }))
}

struct Clock {
    column: String,
    /// How the time is written.
    form: &'static str,
    resolution: Duration,
    ticks: Option<Interval>,
}

#[async_trait]
impl Source for Clock {
    async fn open(&mut self, _at: Option<&Position>, _grants: &Grants) -> Result<(), TransportError> {
        let mut ticks = interval(self.resolution);
        // Times that passed while nothing was taken are not told afterwards.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        self.ticks = Some(ticks);
        Ok(())
    }

    async fn next(&mut self) -> Result<Chunk, TransportError> {
        let Some(ticks) = &mut self.ticks else { return Err(TransportError::Fatal("the clock is not open".into())) };
        ticks.tick().await;
        let row = json!({ self.column.as_str(): Utc::now().naive_utc().format(self.form).to_string() });
        Ok(Chunk::Messages(vec![Bytes::from(row.to_string()).into()]))
    }

    fn position(&self, _unread_bytes: u64) -> Option<Position> {
        None
    }
}
