//! What brings rows.

use crate::{Grants, TransportError};
use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use weir_io::{Metadata, TableColumns};

/// The table that a source feeds.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns.
    pub columns: Arc<TableColumns>,
}

/// Where a source stands: what was given out before is not given out again by a source that is opened there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// The place, in a form of the transport's own.
    pub at: Value,
    /// Whether it lies within a stream, not at the beginning of one.
    pub within: bool,
    /// What the beginning of that stream said of the rest, for formats that have such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<Vec<String>>,
}

/// A message, and what is told of it.
#[derive(Debug)]
pub struct Message {
    /// What it says.
    pub bytes: Bytes,
    /// What columns may be made of; none if no column is.
    pub metadata: Option<Box<Metadata>>,
}

impl From<Bytes> for Message {
    fn from(bytes: Bytes) -> Message {
        Message { bytes, metadata: None }
    }
}

/// What a source brings at once. A chunk is bounded: some hundred kilobytes, unless a single message is larger.
#[derive(Debug)]
pub enum Chunk {
    /// Bytes of a stream, cut anywhere.
    Bytes(Bytes),
    /// The end of a stream; what comes next begins another one.
    EndOfStream,
    /// Whole messages: each is records of its own.
    Messages(Vec<Message>),
    /// Nothing more will come.
    End,
}

/// A source of rows: made from its configuration without touching the world, then opened, asked for chunks, and dropped. After an error it is
/// opened again.
#[async_trait]
pub trait Source: Send {
    /// Connects, to go on at a position that it gave out, or from its beginning.
    ///
    /// # Errors
    /// Why it cannot.
    async fn open(&mut self, at: Option<&Position>, grants: &Grants) -> Result<(), TransportError>;

    /// The next chunk. Whoever drops the future before it is ready drops the source.
    ///
    /// # Errors
    /// Why there is none. What was given out before stays valid.
    async fn next(&mut self) -> Result<Chunk, TransportError>;

    /// Where it stands after the last chunk, less so many bytes at its end, which were read for nothing since their record is not complete.
    /// `None`: it cannot go on anywhere but at its beginning.
    fn position(&self, unread_bytes: u64) -> Option<Position>;

    /// Called instead of [`Source::next`] while nothing may be taken from it; may be dropped at any time. What must be kept alive is.
    async fn idle(&mut self) {
        std::future::pending().await
    }

    /// Who wants to be told up to which position the pipeline worked on what it got. It must not block.
    fn taken(&self) -> Option<Taken> {
        None
    }
}

/// Is told up to where a pipeline worked on what a source brought.
pub type Taken = Box<dyn Fn(&Position) + Send + Sync>;
