//! Deltas of views as pieces of output.

mod keyed;

pub(crate) use keyed::{Change, Changed};

use crate::WriteError;
use crate::avro::{AvroEncoder, AvroSchema};
use crate::csv::CsvEncoder;
use crate::json::JsonEncoder;
use crate::parquet::ParquetEncoder;
use std::sync::Arc;
use weir_circuit::Column;
use weir_row::{Block, SortLayout, ValueRef};

/// Records in one piece of a text format, if its configuration does not say.
pub(crate) const BUFFER_RECORDS: usize = 10_000;
/// The most that a configuration may say: a piece is in memory as a whole.
pub(crate) const BUFFER_RECORDS_MAX: usize = 10_000_000;

/// A piece of output. The transport decides what it is: a part of a file, a message, a chunk of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The key of a message.
    pub key: Option<Vec<u8>>,
    /// What is written; `None`: a tombstone, the key's row is gone.
    pub value: Option<Vec<u8>>,
    /// Records in it.
    pub records: usize,
}

/// What encoders know of their view.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) columns: Arc<[Column]>,
    pub(crate) layout: SortLayout,
    /// The columns of the index, whose rows are told apart by it.
    pub(crate) key: Option<Vec<usize>>,
}

impl View {
    /// Some columns of a row as JSON, for errors.
    pub(crate) fn key_text(&self, key: &[usize], row: &[u64]) -> String {
        let Ok(values) = self.layout.decode(row) else { return String::new() };
        let mut out = vec![b'{'];
        for (n, i) in key.iter().enumerate() {
            if n > 0 {
                out.push(b',');
            }
            let column = &self.columns[*i];
            crate::json::print::string(&column.name, &mut out);
            out.push(b':');
            crate::json::print::value(&column.ty.sql, Default::default(), ValueRef::from(&values[*i]), &mut out);
        }
        out.push(b'}');
        String::from_utf8_lossy(&out).into_owned()
    }
}

/// Writes deltas of one view, one after the other, as pieces.
#[derive(Debug)]
pub struct Encoder(pub(crate) Inner);

#[derive(Debug)]
pub(crate) enum Inner {
    Json(Box<JsonEncoder>),
    Csv(CsvEncoder),
    Parquet(Box<ParquetEncoder>),
    Avro(Box<AvroEncoder>),
}

impl Encoder {
    /// Begins with a consolidated delta; what is left of the one before is forgotten.
    ///
    /// # Errors
    /// A row of too large a weight to be so many records: nothing of the delta is written.
    pub fn begin(&mut self, delta: Arc<Vec<Block>>) -> Result<(), WriteError> {
        match &mut self.0 {
            Inner::Json(e) => e.begin(delta),
            Inner::Csv(e) => e.begin(delta),
            Inner::Parquet(e) => e.begin(delta),
            Inner::Avro(e) => e.begin(delta),
        }
    }

    /// The next piece; `None` after the last one.
    ///
    /// # Errors
    /// A row that cannot be written, which is passed over: the pieces after an error are those without it.
    #[expect(clippy::should_implement_trait, reason = "it is no iterator: another delta may begin behind the end")]
    pub fn next(&mut self) -> Result<Option<Piece>, WriteError> {
        match &mut self.0 {
            Inner::Json(e) => e.next(),
            Inner::Csv(e) => e.next(),
            Inner::Parquet(e) => e.next(),
            Inner::Avro(e) => e.next(),
        }
    }

    /// Whether [`Encoder::next`] would give no piece.
    pub fn is_at_end(&self) -> bool {
        match &self.0 {
            Inner::Json(e) => e.is_at_end(),
            Inner::Csv(e) => e.is_at_end(),
            Inner::Parquet(e) => e.is_at_end(),
            Inner::Avro(e) => e.is_at_end(),
        }
    }

    /// Whether a row of weight 2 is two records; else each row is one, and its weight is written.
    pub fn counts_copies(&self) -> bool {
        match &self.0 {
            Inner::Json(e) => e.counts_copies(),
            Inner::Csv(_) => false,
            Inner::Parquet(e) => e.counts_copies(),
            Inner::Avro(_) => true,
        }
    }

    /// Has pieces end before they are longer than this, but for those of one record. Formats whose pieces are files pay no heed.
    pub fn limit_bytes(&mut self, bytes_max: usize) {
        match &mut self.0 {
            Inner::Json(e) => e.bytes_max = bytes_max,
            Inner::Csv(e) => e.bytes_max = bytes_max,
            Inner::Parquet(_) | Inner::Avro(_) => {}
        }
    }

    /// Avro with a registry: the schemas that are to be registered, for a topic, before the first delta is written. Else none.
    pub fn schemas(&self, topic: &str) -> Vec<AvroSchema> {
        match &self.0 {
            Inner::Avro(e) => e.schemas(topic),
            Inner::Json(_) | Inner::Csv(_) | Inner::Parquet(_) => Vec::new(),
        }
    }

    /// Takes the numbers under which the schemas of keys and values are registered.
    pub fn registered(&mut self, key_id: Option<u32>, value_id: Option<u32>) {
        if let Inner::Avro(e) = &mut self.0 {
            key_id.into_iter().for_each(|id| e.registered(true, id));
            value_id.into_iter().for_each(|id| e.registered(false, id));
        }
    }

    /// Whether each piece is a file of its own, which is none any more with another one behind it.
    pub fn pieces_are_files(&self) -> bool {
        matches!(self.0, Inner::Parquet(_))
    }
}
