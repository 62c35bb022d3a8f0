//! `null_output`: a sink that drops what it gets, for measurements.

use crate::{ConfigError, Grants, Sink, TransportError, View, transports};
use async_trait::async_trait;
use serde::Deserialize;
use weir_io::Piece;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {}

pub(crate) fn sink(config: &str, _view: &View) -> Result<Box<dyn Sink>, ConfigError> {
    let Config {} = transports::parse(config)?;
    Ok(Box::new(Null))
}

struct Null;

#[async_trait]
impl Sink for Null {
    async fn open(&mut self, _grants: &Grants) -> Result<(), TransportError> {
        Ok(())
    }

    async fn write(&mut self, _piece: Piece) -> Result<(), TransportError> {
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), TransportError> {
        Ok(())
    }
}
