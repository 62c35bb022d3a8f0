//! `empty_input`: a source that has ended.

use crate::{Chunk, ConfigError, Grants, Position, Source, Table, TransportError, transports};
use async_trait::async_trait;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {}

pub(crate) fn source(config: &str, _table: &Table) -> Result<Box<dyn Source>, ConfigError> {
    let Config {} = transports::parse(config)?;
    Ok(Box::new(Empty))
}

struct Empty;

#[async_trait]
impl Source for Empty {
    async fn open(&mut self, _at: Option<&Position>, _grants: &Grants) -> Result<(), TransportError> {
        Ok(())
    }

    async fn next(&mut self) -> Result<Chunk, TransportError> {
        Ok(Chunk::End)
    }

    fn position(&self, _unread_bytes: u64) -> Option<Position> {
        None
    }
}
