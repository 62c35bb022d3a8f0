//! Rows of a snapshot to Arrow batches, column by column of those that a query reads.

use crate::schema::arrow_schema;
use arrow::array::{
    ArrayRef, BinaryBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, DurationMicrosecondBuilder,
    Float32Builder, Float64Builder, Int8Builder, Int16Builder, Int32Builder, Int64Builder, IntervalYearMonthBuilder,
    NullArray, RecordBatch, RecordBatchOptions, StringBuilder, Time64NanosecondBuilder, TimestampMicrosecondBuilder,
    UInt8Builder, UInt16Builder, UInt32Builder, UInt64Builder,
};
use arrow::datatypes::SchemaRef;
use std::collections::VecDeque;
use std::sync::Arc;
use weir_circuit::Column;
use weir_functions::forms;
use weir_row::{Block, ColumnType, Field, Item, Kind, Layout, Place, SqlType, dec, text};

/// Rows of a batch, at most.
pub const BATCH_ROWS: usize = 8_192;
/// Rows of a batch without columns, at most: it is but a number.
const BATCH_ROWS_BARE: usize = 1 << 20;

/// A snapshot's rows that cannot be shown. Each is an error of the engine, or of a component that lies.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// A row that is there less than no times.
    #[error("'{relation}' holds a row with the negative weight {weight}: more was deleted than inserted")]
    NegativeWeight {
        /// The relation.
        relation: String,
        /// The weight.
        weight: i64,
    },
    /// Words that are no row.
    #[error("a row of '{relation}' does not have its layout: column '{column}'")]
    Row {
        /// The relation.
        relation: String,
        /// The column.
        column: String,
    },
    /// Arrow refused.
    #[error("'{relation}': {message}")]
    Arrow {
        /// The relation.
        relation: String,
        /// What it said.
        message: String,
    },
}

/// Makes batches of a relation's rows, which are in the sort layout, all columns ascending.
#[derive(Debug)]
pub struct Decoder {
    relation: String,
    names: Vec<String>,
    fields: Vec<Field>,
    /// The columns that are wanted, in the order of the batch, with their types.
    wanted: Vec<(usize, SqlType)>,
    schema: SchemaRef,
    /// Rows that wait, from row `row` of the first block on, of which `repeated` copies are out.
    blocks: VecDeque<Block>,
    row: usize,
    repeated: u64,
    /// Where each wanted column's words are in the row at hand.
    spans: Vec<(usize, usize)>,
    scratch: Vec<u8>,
}

impl Decoder {
    /// A decoder of some of a relation's columns, or, without a list, of all.
    pub fn new(relation: &str, columns: &[Column], projection: Option<&[usize]>) -> Decoder {
        let types: Vec<ColumnType> = columns.iter().map(|c| c.ty.clone()).collect();
        let all: Vec<usize> = (0..columns.len()).collect();
        let picked: Vec<usize> = projection.unwrap_or(&all).to_vec();
        let chosen: Vec<Column> = picked.iter().map(|i| columns[*i].clone()).collect();
        Decoder {
            relation: relation.to_owned(),
            names: columns.iter().map(|c| c.name.clone()).collect(),
            fields: Layout::new(&types).fields,
            wanted: picked.into_iter().map(|i| (i, types[i].sql.clone())).collect(),
            schema: arrow_schema(&chosen),
            blocks: VecDeque::new(),
            row: 0,
            repeated: 0,
            spans: vec![(0, 0); columns.len()],
            scratch: Vec::new(),
        }
    }

    /// The schema of the batches.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Takes in rows.
    pub fn push(&mut self, page: Vec<Block>) {
        self.blocks.extend(page);
    }

    /// The next batch of the rows taken in; `None`: there are no more.
    ///
    /// # Errors
    /// A row with a negative weight, or one that is none.
    pub fn next_batch(&mut self) -> Result<Option<RecordBatch>, DecodeError> {
        let rows_max = if self.wanted.is_empty() { BATCH_ROWS_BARE } else { BATCH_ROWS };
        let mut builders: Vec<Builder> = self.wanted.iter().map(|(_, sql)| Builder::new(sql)).collect();
        let mut rows = 0;
        while rows < rows_max {
            let Some(block) = self.blocks.front() else { break };
            if self.row >= block.len() {
                self.blocks.pop_front();
                self.row = 0;
                continue;
            }
            let weight = block.weights[self.row];
            if weight < 0 {
                return Err(DecodeError::NegativeWeight { relation: self.relation.clone(), weight });
            }
            let left = weight.unsigned_abs() - self.repeated;
            let copies = left.min((rows_max - rows) as u64) as usize;
            if !builders.is_empty() {
                let words = block.row(self.row);
                let bad = |column: usize| DecodeError::Row {
                    relation: self.relation.clone(),
                    column: self.names.get(column).cloned().unwrap_or_default(),
                };
                find(&self.fields, words, &mut self.spans).map_err(bad)?;
                for _ in 0..copies {
                    for (builder, (column, _)) in builders.iter_mut().zip(&self.wanted) {
                        let (from, to) = self.spans[*column];
                        builder
                            .push(&self.fields[*column], &words[from..to], &mut self.scratch)
                            .ok_or_else(|| bad(*column))?;
                    }
                }
            }
            rows += copies;
            if copies as u64 == left {
                self.row += 1;
                self.repeated = 0;
            } else {
                self.repeated += copies as u64;
            }
        }
        if rows == 0 {
            return Ok(None);
        }
        let arrays: Vec<ArrayRef> =
            builders.into_iter().zip(&self.wanted).map(|(b, (_, sql))| b.finish(sql, rows)).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)
            .map(Some)
            .map_err(|e| DecodeError::Arrow { relation: self.relation.clone(), message: e.to_string() })
    }
}

/// Finds each column's words in a row. `Err`: the column whose words are not there.
fn find(fields: &[Field], row: &[u64], spans: &mut [(usize, usize)]) -> Result<(), usize> {
    let mut at = 0;
    for (column, field) in fields.iter().enumerate() {
        let rest = row.get(at..).unwrap_or(&[]);
        let words = match field.place {
            Place::Text(_) => text::measure(rest).ok_or(column)?.0,
            Place::Wide(_) if rest.first() == Some(&1) => 2,
            _ => field.words,
        };
        if words > rest.len() {
            return Err(column);
        }
        spans[column] = (at, at + words);
        at += words;
    }
    if at == row.len() { Ok(()) } else { Err(fields.len().saturating_sub(1)) }
}

/// A column of a batch in the making.
enum Builder {
    Null,
    Bool(BooleanBuilder),
    I8(Int8Builder),
    I16(Int16Builder),
    I32(Int32Builder),
    I64(Int64Builder),
    U8(UInt8Builder),
    U16(UInt16Builder),
    U32(UInt32Builder),
    U64(UInt64Builder),
    Dec(Decimal128Builder),
    F32(Float32Builder),
    F64(Float64Builder),
    Text(StringBuilder),
    Date(Date32Builder),
    Time(Time64NanosecondBuilder),
    Ts(TimestampMicrosecondBuilder),
    Months(IntervalYearMonthBuilder),
    Micros(DurationMicrosecondBuilder),
    Bytes(BinaryBuilder),
    /// Text that is made of a UUID or an item.
    Shown(StringBuilder),
}

impl Builder {
    fn new(sql: &SqlType) -> Builder {
        match sql {
            SqlType::Null => Builder::Null,
            SqlType::Boolean => Builder::Bool(BooleanBuilder::new()),
            SqlType::TinyInt => Builder::I8(Int8Builder::new()),
            SqlType::SmallInt => Builder::I16(Int16Builder::new()),
            SqlType::Integer => Builder::I32(Int32Builder::new()),
            SqlType::BigInt => Builder::I64(Int64Builder::new()),
            SqlType::UTinyInt => Builder::U8(UInt8Builder::new()),
            SqlType::USmallInt => Builder::U16(UInt16Builder::new()),
            SqlType::UInteger => Builder::U32(UInt32Builder::new()),
            SqlType::UBigInt => Builder::U64(UInt64Builder::new()),
            SqlType::Decimal { .. } => {
                Builder::Dec(Decimal128Builder::new().with_data_type(crate::schema::arrow_type(sql)))
            }
            SqlType::Real => Builder::F32(Float32Builder::new()),
            SqlType::Double => Builder::F64(Float64Builder::new()),
            SqlType::Char(_) | SqlType::Varchar(_) => Builder::Text(StringBuilder::new()),
            SqlType::Date => Builder::Date(Date32Builder::new()),
            SqlType::Time => Builder::Time(Time64NanosecondBuilder::new()),
            SqlType::Timestamp => Builder::Ts(TimestampMicrosecondBuilder::new()),
            SqlType::TimestampTz => {
                Builder::Ts(TimestampMicrosecondBuilder::new().with_data_type(crate::schema::arrow_type(sql)))
            }
            SqlType::Binary(_) | SqlType::Varbinary(_) => Builder::Bytes(BinaryBuilder::new()),
            SqlType::Uuid | SqlType::Array(_) | SqlType::Map(..) | SqlType::Row(_) | SqlType::Variant => {
                Builder::Shown(StringBuilder::new())
            }
            SqlType::IntervalMonths(_) => Builder::Months(IntervalYearMonthBuilder::new()),
            SqlType::IntervalMicros(_) => Builder::Micros(DurationMicrosecondBuilder::new()),
        }
    }

    /// Appends the value of these words, of which there are as many as the field has. `None`: they are no value.
    fn push(&mut self, field: &Field, words: &[u64], scratch: &mut Vec<u8>) -> Option<()> {
        if let Builder::Text(b) = self {
            if words[0] == 0 {
                b.append_null();
                return Some(());
            }
            let (count, bytes) = text::measure(words)?;
            scratch.resize(text::room(count), 0);
            text::read(&words[..count], scratch);
            b.append_value(std::str::from_utf8(&scratch[..bytes]).ok()?);
            return Some(());
        }
        if field.kind.is_variable() {
            let bytes = text::to_bytes(words);
            match (self, bytes) {
                (Builder::Bytes(b), bytes) => b.append_option(bytes),
                (Builder::Shown(b), bytes) => b.append_option(bytes.map(|bytes| match field.kind {
                    Kind::Uuid => forms::uuid(bytes.try_into().map_or(0, u128::from_be_bytes)),
                    _ => forms::json(Item::new(&bytes)),
                })),
                _ => return None,
            }
            return Some(());
        }
        let null = field.nullable && words.iter().all(|w| *w == 0);
        // Behind the slot of a nullable wide column that is 1 is the word itself.
        let w = *words.last()?;
        macro_rules! put {
            ($builder:ident, $value:expr) => {
                if null { $builder.append_null() } else { $builder.append_value($value) }
            };
        }
        match self {
            Builder::Null | Builder::Text(_) | Builder::Bytes(_) | Builder::Shown(_) => {}
            Builder::Bool(b) => put!(b, dec::bool(w)),
            Builder::I8(b) => put!(b, dec::i8(w)),
            Builder::I16(b) => put!(b, dec::i16(w)),
            Builder::I32(b) => put!(b, dec::i32(w)),
            Builder::I64(b) => put!(b, dec::i64(w)),
            Builder::U8(b) => put!(b, dec::u8(w)),
            Builder::U16(b) => put!(b, dec::u16(w)),
            Builder::U32(b) => put!(b, dec::u32(w)),
            Builder::U64(b) => put!(b, dec::u64(w)),
            Builder::Dec(b) => put!(b, if field.words == 2 { dec::dec2(words[0], w) } else { dec::dec(w) }),
            Builder::F32(b) => put!(b, dec::f32(w)),
            Builder::F64(b) => put!(b, dec::f64(w)),
            Builder::Date(b) => put!(b, dec::date(w)),
            Builder::Time(b) => put!(b, dec::time(w)),
            Builder::Ts(b) => put!(b, dec::ts(w)),
            Builder::Months(b) => put!(b, dec::months(w)),
            Builder::Micros(b) => put!(b, dec::micros(w)),
        }
        Some(())
    }

    fn finish(self, sql: &SqlType, rows: usize) -> ArrayRef {
        debug_assert!(!matches!(self, Builder::Null) || *sql == SqlType::Null);
        match self {
            Builder::Null => Arc::new(NullArray::new(rows)),
            Builder::Bool(mut b) => Arc::new(b.finish()),
            Builder::I8(mut b) => Arc::new(b.finish()),
            Builder::I16(mut b) => Arc::new(b.finish()),
            Builder::I32(mut b) => Arc::new(b.finish()),
            Builder::I64(mut b) => Arc::new(b.finish()),
            Builder::U8(mut b) => Arc::new(b.finish()),
            Builder::U16(mut b) => Arc::new(b.finish()),
            Builder::U32(mut b) => Arc::new(b.finish()),
            Builder::U64(mut b) => Arc::new(b.finish()),
            Builder::Dec(mut b) => Arc::new(b.finish()),
            Builder::F32(mut b) => Arc::new(b.finish()),
            Builder::F64(mut b) => Arc::new(b.finish()),
            Builder::Text(mut b) => Arc::new(b.finish()),
            Builder::Date(mut b) => Arc::new(b.finish()),
            Builder::Time(mut b) => Arc::new(b.finish()),
            Builder::Ts(mut b) => Arc::new(b.finish()),
            Builder::Months(mut b) => Arc::new(b.finish()),
            Builder::Micros(mut b) => Arc::new(b.finish()),
            Builder::Bytes(mut b) => Arc::new(b.finish()),
            Builder::Shown(mut b) => Arc::new(b.finish()),
        }
    }
}
