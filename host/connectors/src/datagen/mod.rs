//! `datagen`: rows made up, by a plan for each column.
//!
//! A value is a function of the seed, the plan, the row's number and the column alone, so that rows are the same however they are cut into chunks, and a source
//! that is opened at a position goes on as if it had never stopped, wherever a chunk is cut. Rows are made as JSON, which the format's reader takes like any other: so every type that can be read can
//! be made.

mod compile;
mod config;
mod make;
mod random;
mod range;
mod show;
mod text;
mod values;

use crate::pace::Pace;
use crate::{Chunk, ConfigError, Grants, Position, Source, Table, TransportError};
use async_trait::async_trait;
use bytes::Bytes;
use config::{Config, Plan, Written};
use make::Maker;
use random::Random;
use serde_json::json;
use tokio::time::Instant;

/// Rows made at once, unless a plan names a smaller number.
const CHUNK_ROWS: u64 = 1_000;
/// Bytes of a chunk beyond which no row is begun.
const CHUNK_BYTES: usize = 256 << 10;
/// Plans of one source.
const PLANS_MAX: usize = 1_000;

pub(crate) fn source(text: &str, table: &Table) -> Result<Box<dyn Source>, ConfigError> {
    let config: Config<'_> = serde_json::from_str(text).map_err(|e| ConfigError::json(text, &e))?;
    let plans = if config.plan.is_empty() { vec![Plan::default()] } else { config.plan };
    if plans.len() > PLANS_MAX {
        return Err(ConfigError::new(format!("{} plans, and {PLANS_MAX} are allowed", plans.len())));
    }
    let compile = |plan: Plan<'_>| {
        if plan.rate == Some(0) {
            return Err(ConfigError::new("a 'rate' of 0 rows a second never makes any"));
        }
        if plan.worker_chunk_size == Some(0) {
            return Err(ConfigError::new("a 'worker_chunk_size' of 0 rows never makes any"));
        }
        Ok(Compiled {
            limit: plan.limit,
            rate: plan.rate,
            chunk: plan.worker_chunk_size.unwrap_or(CHUNK_ROWS).min(CHUNK_ROWS),
            columns: compile::columns(plan.fields, table, Written(text))?,
        })
    };
    let plans = plans.into_iter().map(compile).collect::<Result<Vec<_>, _>>()?;
    Ok(Box::new(Datagen { plans, seed: config.seed, plan: 0, row: 0, pace: None, ends: Vec::new(), bytes: 0 }))
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
    /// The plan's rate, once a row was asked for.
    pace: Option<Pace>,
    /// Where the rows of the last chunk end, without what lies between them: some of it may be unread. A chunk's rows are of one plan.
    ends: Vec<usize>,
    /// Its bytes.
    bytes: usize,
}

impl Datagen {
    /// Makes rows of a plan.
    fn make(&mut self, rows: u64) -> Chunk {
        let (plan, mut out) = (&self.plans[self.plan], Vec::new());
        while (self.ends.len() as u64) < rows && out.len() < CHUNK_BYTES {
            out.push(b'{');
            for (i, (name, maker)) in plan.columns.iter().enumerate() {
                out.extend_from_slice(if i == 0 { b"" } else { b"," });
                out.extend_from_slice(name.as_bytes());
                out.push(b':');
                maker.make(self.row, &mut Random::of(&[self.seed, self.plan as u64, self.row, i as u64]), &mut out);
            }
            out.push(b'}');
            self.ends.push(out.len());
            out.push(b'\n');
            self.row += 1;
        }
        self.bytes = out.len();
        Chunk::Bytes(Bytes::from(out))
    }
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
        (self.pace, self.bytes) = (None, 0);
        self.ends.clear();
        Ok(())
    }

    async fn next(&mut self) -> Result<Chunk, TransportError> {
        self.ends.clear();
        self.bytes = 0;
        loop {
            let Some(plan) = self.plans.get(self.plan) else { return Ok(Chunk::End) };
            let left = plan.limit.map_or(u64::MAX, |limit| limit.saturating_sub(self.row));
            if left == 0 {
                (self.plan, self.row, self.pace) = (self.plan + 1, 0, None);
                continue;
            }
            let mut rows = left.min(plan.chunk);
            if let Some(rate) = plan.rate {
                let now = Instant::now();
                let pace = self.pace.get_or_insert_with(|| Pace::new(rate, rate, now));
                let due = pace.due(now);
                if due == 0 {
                    tokio::time::sleep_until(pace.next()).await;
                    continue;
                }
                rows = rows.min(due);
            }
            let chunk = self.make(rows);
            if let Some(pace) = &mut self.pace {
                pace.gave(self.ends.len() as u64);
            }
            return Ok(chunk);
        }
    }

    fn position(&self, unread_bytes: u64) -> Option<Position> {
        let read = self.bytes.saturating_sub(usize::try_from(unread_bytes).unwrap_or(usize::MAX));
        let unread_rows = self.ends.len() - self.ends.partition_point(|end| *end <= read);
        let row = self.row - unread_rows as u64;
        Some(Position { at: json!({ "plan": self.plan, "row": row }), within: false, header: None })
    }
}
