//! What takes changes away.

use crate::{Grants, TransportError};
use async_trait::async_trait;
use std::sync::Arc;
use weir_circuit::Column;
use weir_io::Piece;

/// The relation whose changes a sink takes.
#[derive(Clone, Debug)]
pub struct View {
    /// Its name.
    pub name: String,
    /// Its columns.
    pub columns: Arc<[Column]>,
    /// The columns of the index that the connector names.
    pub key: Option<Vec<usize>>,
    /// The name of the format, if there is one.
    pub format: Option<String>,
}

/// A sink of changes: made from its configuration without touching the world, then opened, given pieces, and dropped. After an error it is opened
/// again, and gets anew all pieces since it was flushed last.
#[async_trait]
pub trait Sink: Send {
    /// Connects.
    ///
    /// # Errors
    /// Why it cannot.
    async fn open(&mut self, grants: &Grants) -> Result<(), TransportError>;

    /// Sends a piece, or keeps it to be sent: as much as is bounded.
    ///
    /// # Errors
    /// Why it cannot.
    async fn write(&mut self, piece: Piece) -> Result<(), TransportError>;

    /// Returns when all that was written is with the peer: a step is complete.
    ///
    /// # Errors
    /// Why it cannot be.
    async fn flush(&mut self) -> Result<(), TransportError>;

    /// Bytes that a piece of several records may have; the peer refuses more.
    fn piece_bytes_max(&self) -> Option<usize> {
        None
    }

    /// The topic that pieces go to, if there are such: registries keep schemas by topics.
    fn topic(&self) -> Option<&str> {
        None
    }
}
