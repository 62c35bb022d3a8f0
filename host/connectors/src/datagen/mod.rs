//! `datagen`: rows made up, by a plan for each column.
//!
//! A value is a function of the seed, the plan, the row's number and the column alone, so that rows are the same however they are cut into chunks, and a source
//! that is opened at a position goes on as if it had never stopped. Rows are made as JSON, which the format's reader takes like any other: so every type that can be read can
//! be made.

mod config;
mod make;
mod random;
mod text;

use crate::{Chunk, ConfigError, Grants, Position, Source, Table, TransportError, transports};
use async_trait::async_trait;
use bytes::Bytes;
use config::{Config, Plan};
use make::Maker;
use random::Random;
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

/// Rows made at once, unless a plan names a smaller number.
const CHUNK_ROWS: u64 = 1_000;
/// Bytes of a chunk beyond which no row is begun.
const CHUNK_BYTES: usize = 256 << 10;
/// Plans of one source.
const PLANS_MAX: usize = 1_000;

pub(crate) fn source(config: &str, table: &Table) -> Result<Box<dyn Source>, ConfigError> {
    let config: Config = transports::parse(config)?;
    let plans = if config.plan.is_empty() { vec![Plan::default()] } else { config.plan };
    if plans.len() > PLANS_MAX {
        return Err(ConfigError::new(format!("{} plans, and {PLANS_MAX} are allowed", plans.len())));
    }
    let compile = |plan: Plan| {
        if plan.rate == Some(0) {
            return Err(ConfigError::new("a 'rate' of 0 rows a second never makes any"));
        }
        Ok(Compiled {
            limit: plan.limit,
            rate: plan.rate,
            chunk: plan.worker_chunk_size.unwrap_or(CHUNK_ROWS).clamp(1, CHUNK_ROWS),
            columns: make::columns(&plan.fields, table)?,
        })
    };
    let plans = plans.into_iter().map(compile).collect::<Result<Vec<_>, _>>()?;
    Ok(Box::new(Datagen { plans, seed: config.seed, plan: 0, row: 0, since: Instant::now(), made: 0 }))
}

/// A plan, checked against its table.
struct Compiled {
    limit: Option<u64>,
    /// Rows a second.
    rate: Option<u64>,
    chunk: u64,
    columns: Vec<(String, Maker)>,
}

struct Datagen {
    plans: Vec<Compiled>,
    seed: u64,
    /// The plan in hand, and its next row.
    plan: usize,
    row: u64,
    /// Since when, and how many rows, of this plan, for its rate.
    since: Instant,
    made: u64,
}

#[async_trait]
impl Source for Datagen {
    async fn open(&mut self, at: Option<&Position>, _grants: &Grants) -> Result<(), TransportError> {
        (self.plan, self.row) = (0, 0);
        if let Some(at) = at {
            let number = |key: &str| at.at.get(key).and_then(serde_json::Value::as_u64);
            let (Some(plan), Some(row)) = (number("plan"), number("row")) else {
                return Err(TransportError::Fatal(format!("{} is no position of datagen", at.at)));
            };
            (self.plan, self.row) = (usize::try_from(plan).unwrap_or(usize::MAX), row);
        }
        (self.since, self.made) = (Instant::now(), 0);
        Ok(())
    }

    async fn next(&mut self) -> Result<Chunk, TransportError> {
        loop {
            let Some(plan) = self.plans.get(self.plan) else { return Ok(Chunk::End) };
            let left = plan.limit.map_or(u64::MAX, |limit| limit.saturating_sub(self.row));
            if left == 0 {
                (self.plan, self.row, self.since, self.made) = (self.plan + 1, 0, Instant::now(), 0);
                continue;
            }
            let mut rows = left.min(plan.chunk);
            if let Some(rate) = plan.rate {
                let due = (self.since.elapsed().as_secs_f64() * rate as f64) as u64;
                let behind = due.saturating_sub(self.made);
                if behind == 0 {
                    tokio::time::sleep_until(
                        self.since + Duration::from_secs_f64((self.made + 1) as f64 / rate as f64),
                    )
                    .await;
                    continue;
                }
                rows = rows.min(behind);
            }
            let mut out = Vec::new();
            let mut made = 0;
            while made < rows && out.len() < CHUNK_BYTES {
                let row = self.row + made;
                out.push(b'{');
                for (i, (name, maker)) in plan.columns.iter().enumerate() {
                    out.extend_from_slice(if i == 0 { b"" } else { b"," });
                    out.extend_from_slice(name.as_bytes());
                    out.push(b':');
                    maker.make(row, &mut Random::of(&[self.seed, self.plan as u64, row, i as u64]), &mut out);
                }
                out.extend_from_slice(b"}\n");
                made += 1;
            }
            self.row += made;
            self.made += made;
            return Ok(Chunk::Bytes(Bytes::from(out)));
        }
    }

    fn position(&self, _unread_bytes: u64) -> Option<Position> {
        // A chunk ends with a row.
        Some(Position { at: json!({ "plan": self.plan, "row": self.row }), within: false, header: None })
    }
}
