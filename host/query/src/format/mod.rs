//! Results as bytes, chunk by chunk.

mod ipc;
mod json;
mod parquet;
mod text;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::execution::memory_pool::MemoryReservation;
use serde::{Deserialize, Serialize};

/// How a result is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// A table for people. It is written when the whole result is known, because columns are as wide as their widest cell.
    #[default]
    Text,
    /// An object per line.
    Json,
    /// An Apache Parquet file, compressed with Snappy.
    Parquet,
    /// The streaming format of Apache Arrow.
    ArrowIpc,
}

impl Format {
    /// The media type of the result.
    pub fn content_type(self) -> &'static str {
        match self {
            Format::Text => "text/plain",
            Format::Json => "application/json",
            Format::Parquet => "application/octet-stream",
            Format::ArrowIpc => "application/vnd.apache.arrow.stream",
        }
    }

    /// What ends a result that failed after it began; `None`: the format cannot say so, and the stream breaks off.
    pub(crate) fn error(self, message: &str) -> Option<Vec<u8>> {
        match self {
            Format::Text => Some(format!("ERROR: {message}").into_bytes()),
            Format::Json => {
                let mut line = serde_json::json!({ "error": message }).to_string().into_bytes();
                line.push(b'\n');
                Some(line)
            }
            Format::Parquet | Format::ArrowIpc => None,
        }
    }

    /// A writer of results with this schema; what it holds back is booked in `reservation`.
    pub(crate) fn encoder(self, schema: &SchemaRef, reservation: MemoryReservation) -> Result<Box<dyn Encoder>> {
        Ok(match self {
            Format::Text => Box::new(text::TextEncoder::new(schema, reservation)),
            Format::Json => Box::new(json::JsonEncoder),
            Format::Parquet => Box::new(parquet::ParquetEncoder::new(schema, reservation)?),
            Format::ArrowIpc => Box::new(ipc::IpcEncoder::new(schema)?),
        })
    }
}

/// Writes batches in one format.
pub(crate) trait Encoder: Send {
    /// Takes a batch; returns what can be sent of it, perhaps nothing.
    fn push(&mut self, batch: &RecordBatch) -> Result<Vec<u8>>;

    /// After the last batch, until it returns `None`: what is left to send.
    fn finish(&mut self) -> Result<Option<Vec<u8>>>;
}
