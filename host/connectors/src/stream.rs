//! Positions in streams of bytes.

use crate::{Position, TransportError};
use serde_json::{Value, json};

/// The position so many bytes behind the beginning.
pub(crate) fn at(offset: u64) -> Position {
    Position { at: json!({ "offset": offset }), within: offset > 0, header: None }
}

/// The bytes before a position.
pub(crate) fn offset(position: Option<&Position>) -> Result<u64, TransportError> {
    let Some(position) = position else { return Ok(0) };
    let offset = position.at.get("offset").and_then(Value::as_u64);
    offset.ok_or_else(|| TransportError::Fatal(format!("{} is no position in a stream", position.at)))
}
