//! What all writers of views share: the order of events, and the bound on repetition.

use weir_row::Block;

/// Records in one chunk of an output stream.
pub const RECORDS_PER_CHUNK: usize = 10_000;
/// A weight beyond this is an error: it would be as many records.
pub const WEIGHT_MAX: i64 = 1_000_000;

/// A row that was added or taken away, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// The row, in the view's sort layout.
    pub row: &'a [u64],
    /// Whether it was added; else it was taken away.
    pub insert: bool,
}

/// A view whose delta cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// A row with too large a weight.
    #[error("a row has weight {weight}, and more than {WEIGHT_MAX} copies of a row are not written")]
    Weight {
        /// The weight.
        weight: i64,
    },
    /// A row that does not have the view's layout.
    #[error("a row does not have the layout of its view: {0}")]
    Row(String),
    /// A row taken away, in a format that cannot say so.
    #[error("a row was taken away, and the format as it is configured only adds rows")]
    Deletion,
    /// What the format's library says.
    #[error("{0}")]
    Encoding(String),
    /// More than one row of a key, of a view whose index is to have one of each.
    #[error("the index is not unique: of the key {key} {copies} rows were {}", if *.inserted { "added" } else { "taken away" })]
    NotUnique {
        /// The key, as JSON.
        key: String,
        /// How many rows.
        copies: u64,
        /// Whether they were added.
        inserted: bool,
    },
}

/// The events of a consolidated delta: first the rows taken away, then those added, each in order, as often as their weight says.
///
/// # Errors
/// A weight beyond [`WEIGHT_MAX`].
pub fn events(delta: &[Block]) -> Result<impl Iterator<Item = Event<'_>>, WriteError> {
    let rows = || delta.iter().flat_map(|b| b.iter());
    if let Some((_, weight)) = rows().find(|(_, w)| w.unsigned_abs() > WEIGHT_MAX as u64) {
        return Err(WriteError::Weight { weight });
    }
    let repeat = |insert: bool| {
        move |(row, weight): (_, i64)| {
            let copies = if (weight > 0) == insert { weight.unsigned_abs() as usize } else { 0 };
            std::iter::repeat_n(Event { row, insert }, copies)
        }
    };
    Ok(rows().flat_map(repeat(false)).chain(rows().flat_map(repeat(true))))
}
