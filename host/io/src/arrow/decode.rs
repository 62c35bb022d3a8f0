//! Rows of a snapshot to Arrow batches, column by column of those that a query reads.

use super::builder::Builder;
use super::schema::arrow_schema;
use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use std::collections::VecDeque;
use std::sync::Arc;
use weir_circuit::Column;
use weir_row::{Block, ColumnType, Field, Layout, Place, SqlType, text};

/// Rows of a batch, at most.
pub const BATCH_ROWS: usize = 8_192;
/// Words of a batch's rows, about: 64 MiB, so that no column's texts are more than Arrow's offsets reach.
const BATCH_WORDS: usize = 8 << 20;
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
    batch: BatchBuilder,
    schema: SchemaRef,
    /// Rows that wait, from row `row` of the first block on, of which `repeated` copies are out.
    blocks: VecDeque<Block>,
    row: usize,
    repeated: u64,
}

impl Decoder {
    /// A decoder of some of a relation's columns, or, without a list, of all.
    pub fn new(relation: &str, columns: &[Column], projection: Option<&[usize]>) -> Decoder {
        let all: Vec<usize> = (0..columns.len()).collect();
        let picked: Vec<usize> = projection.unwrap_or(&all).to_vec();
        let chosen: Vec<Column> = picked.iter().map(|i| columns[*i].clone()).collect();
        Decoder {
            relation: relation.to_owned(),
            names: columns.iter().map(|c| c.name.clone()).collect(),
            batch: BatchBuilder::new(columns, &picked),
            schema: arrow_schema(&chosen),
            blocks: VecDeque::new(),
            row: 0,
            repeated: 0,
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
        let bare = self.batch.is_bare();
        let rows_max = if bare { BATCH_ROWS_BARE } else { BATCH_ROWS };
        self.batch.begin();
        let mut rows = 0;
        let mut words_left = BATCH_WORDS;
        while rows < rows_max && words_left > 0 {
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
            let mut copies = left.min((rows_max - rows) as u64) as usize;
            if !bare {
                let words = block.row(self.row);
                copies = copies.min(words_left / words.len().max(1) + 1);
                words_left = words_left.saturating_sub(copies * words.len());
                self.batch.push(words, copies).map_err(|column| DecodeError::Row {
                    relation: self.relation.clone(),
                    column: self.names.get(column).cloned().unwrap_or_default(),
                })?;
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
        let arrow =
            |message: ArrowError| DecodeError::Arrow { relation: self.relation.clone(), message: message.to_string() };
        let arrays = self.batch.finish(&self.schema).map_err(arrow)?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options).map(Some).map_err(arrow)
    }
}

/// Arrays in the making of some columns of rows in the sort layout, all ascending.
#[derive(Debug)]
pub(crate) struct BatchBuilder {
    fields: Vec<Field>,
    /// The columns that are wanted, in the order of the batch, with their types.
    wanted: Vec<(usize, SqlType)>,
    builders: Vec<Builder>,
    /// Where each column's words are in the row at hand.
    spans: Vec<(usize, usize)>,
    scratch: Vec<u8>,
}

impl BatchBuilder {
    pub(crate) fn new(columns: &[Column], wanted: &[usize]) -> BatchBuilder {
        let types: Vec<ColumnType> = columns.iter().map(|c| c.ty.clone()).collect();
        BatchBuilder {
            fields: Layout::new(&types).fields,
            wanted: wanted.iter().map(|i| (*i, types[*i].sql.clone())).collect(),
            builders: Vec::new(),
            spans: vec![(0, 0); columns.len()],
            scratch: Vec::new(),
        }
    }

    /// Whether no column is wanted, so that a row is nothing but counted.
    fn is_bare(&self) -> bool {
        self.wanted.is_empty()
    }

    /// Begins with no rows.
    pub(crate) fn begin(&mut self) {
        self.builders = self.wanted.iter().map(|(_, sql)| Builder::new(sql)).collect();
    }

    /// Appends a row so many times. `Err`: the column that is none; the arrays are of no use then.
    pub(crate) fn push(&mut self, words: &[u64], copies: usize) -> Result<(), usize> {
        find(&self.fields, words, &mut self.spans)?;
        for _ in 0..copies {
            for (builder, (column, sql)) in self.builders.iter_mut().zip(&self.wanted) {
                let (from, to) = self.spans[*column];
                builder.push(sql, &self.fields[*column], &words[from..to], &mut self.scratch).ok_or(*column)?;
            }
        }
        Ok(())
    }

    /// The arrays, of the types in a schema.
    pub(crate) fn finish(&mut self, schema: &Schema) -> Result<Vec<ArrayRef>, ArrowError> {
        let columns = std::mem::take(&mut self.builders).into_iter().zip(schema.fields());
        columns.map(|(b, field)| b.finish(field.data_type())).collect()
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
