//! Changes as Parquet files, each a piece.

use crate::arrow::{BATCH_ROWS, BatchBuilder, arrow_schema};
use crate::encode::{Piece, View};
use crate::format::{FormatError, Options};
use crate::{DeltaCursor, WriteError, check_weights};
use arrow::array::{Array, ArrayData, ArrayRef, Int64Builder, RecordBatch, make_array};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use serde::Serialize;
use std::sync::Arc;
use weir_circuit::Column;
use weir_row::{Block, ColumnType, SortLayout};

/// Rows of a file, if the configuration does not say.
const BUFFER_ROWS: usize = 100_000;
/// The most that a configuration may say: a file is in memory as a whole.
const BUFFER_ROWS_MAX: u64 = 10_000_000;
/// Words of a batch's rows, about, so that no column's texts are more than Arrow's offsets reach.
const BATCH_WORDS: usize = 8 << 20;
/// Bytes of a row group, about.
const ROW_GROUP_BYTES: usize = 64 << 20;
/// The column of weights.
const WEIGHT: &str = "__weight";

/// How Parquet is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ParquetOutputConfig {
    /// Rows of a file, at most.
    pub buffer_size_records: usize,
    /// Whether a last column `__weight` says how often a row was added, or, negative, taken away. Without it rows are repeated, and none may
    /// be taken away.
    pub weights: bool,
}

impl Default for ParquetOutputConfig {
    fn default() -> ParquetOutputConfig {
        ParquetOutputConfig { buffer_size_records: BUFFER_ROWS, weights: true }
    }
}

impl ParquetOutputConfig {
    pub(crate) fn parse(mut options: Options<'_>) -> Result<ParquetOutputConfig, FormatError> {
        let config = ParquetOutputConfig {
            buffer_size_records: options.number("buffer_size_records", 1, BUFFER_ROWS_MAX)?.unwrap_or(BUFFER_ROWS),
            weights: options.flag("weights", true)?,
        };
        options.end()?;
        Ok(config)
    }

    pub(crate) fn check(&self, columns: &[Column]) -> Result<(), FormatError> {
        if self.weights && columns.iter().any(|c| c.name == WEIGHT) {
            let message = format!("the view has a column '{WEIGHT}', as format 'parquet' calls that of weights");
            return Err(FormatError::columns(Some("weights"), message));
        }
        if let Some(c) = columns.iter().find(|c| {
            matches!(arrow_schema(&[(*c).clone()]).field(0).data_type(), DataType::Interval(_) | DataType::Duration(_))
        }) {
            return Err(FormatError::columns(None, format!("column '{}' is {}, which Parquet has not", c.name, c.ty)));
        }
        Ok(())
    }
}

/// A writer of Parquet.
#[derive(Debug)]
pub(crate) struct ParquetEncoder {
    view: View,
    config: ParquetOutputConfig,
    batch: BatchBuilder,
    /// The types that the builder makes, and those that are written.
    built: SchemaRef,
    written: SchemaRef,
    delta: Arc<Vec<Block>>,
    cursor: DeltaCursor,
}

impl ParquetEncoder {
    pub(crate) fn new(view: View, config: ParquetOutputConfig) -> ParquetEncoder {
        let all: Vec<usize> = (0..view.columns.len()).collect();
        let batch = BatchBuilder::new(&view.columns, &all);
        let built = arrow_schema(&view.columns);
        let mut fields: Vec<FieldRef> = built.fields().iter().map(written_field).collect();
        if config.weights {
            fields.push(Arc::new(Field::new(WEIGHT, DataType::Int64, false)));
        }
        let written = Arc::new(Schema::new(fields));
        let (delta, cursor) = (Arc::default(), DeltaCursor::default());
        ParquetEncoder { view, config, batch, built, written, delta, cursor }
    }

    pub(crate) fn begin(&mut self, delta: Arc<Vec<Block>>) -> Result<(), WriteError> {
        self.delta = Arc::default();
        self.cursor = DeltaCursor::default();
        if !self.config.weights {
            check_weights(&delta)?;
            if delta.iter().flat_map(|b| &b.weights).any(|w| *w < 0) {
                return Err(WriteError::Deletion);
            }
        }
        self.delta = delta;
        Ok(())
    }

    pub(crate) fn counts_copies(&self) -> bool {
        !self.config.weights
    }

    pub(crate) fn is_at_end(&self) -> bool {
        let mut ahead = self.cursor;
        if self.config.weights {
            ahead.next_row(&self.delta).is_none()
        } else {
            ahead.next_event(&self.delta).is_none()
        }
    }

    /// A file with the next rows. After an error it goes on behind the row that it is about, without those before it in the file.
    pub(crate) fn next(&mut self) -> Result<Option<Piece>, WriteError> {
        if self.is_at_end() {
            return Ok(None);
        }
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let broken = |e: ParquetError| WriteError::Encoding(e.to_string());
        let mut writer =
            ArrowWriter::try_new(Vec::new(), Arc::clone(&self.written), Some(properties)).map_err(broken)?;
        let mut rows = 0;
        while rows < self.config.buffer_size_records {
            let batch = self.next_batch(self.config.buffer_size_records - rows)?;
            if batch.num_rows() == 0 {
                break;
            }
            rows += batch.num_rows();
            writer.write(&batch).map_err(broken)?;
            if writer.in_progress_size() >= ROW_GROUP_BYTES {
                writer.flush().map_err(broken)?;
            }
        }
        let value = writer.into_inner().map_err(broken)?;
        Ok(Some(Piece { key: None, value: Some(value), records: rows }))
    }

    fn next_batch(&mut self, rows_max: usize) -> Result<RecordBatch, WriteError> {
        let delta = Arc::clone(&self.delta);
        let ascending = self.ascending();
        let mut weights = Int64Builder::new();
        let (mut rows, mut words_left) = (0, BATCH_WORDS);
        self.batch.begin();
        while rows < rows_max.min(BATCH_ROWS) && words_left > 0 {
            let next = if self.config.weights {
                self.cursor.next_row(&delta)
            } else {
                self.cursor.next_event(&delta).map(|e| (e.row, 1))
            };
            let Some((row, weight)) = next else { break };
            let again;
            let row = match &ascending {
                None => row,
                Some(ascending) => {
                    let bad = |e: weir_row::RowError| WriteError::Row(e.to_string());
                    let mut words = Vec::new();
                    ascending.encode(&self.view.layout.decode(row).map_err(bad)?, &mut words).map_err(bad)?;
                    again = words;
                    &again
                }
            };
            let bad = |column: usize| WriteError::Row(format!("column '{}'", self.view.columns[column].name));
            self.batch.push(row, 1).map_err(bad)?;
            weights.append_value(weight);
            words_left = words_left.saturating_sub(row.len());
            rows += 1;
        }
        self.finish_batch(weights).map_err(|e| WriteError::Encoding(e.to_string()))
    }

    fn finish_batch(&mut self, mut weights: Int64Builder) -> Result<RecordBatch, ArrowError> {
        let arrays = self.batch.finish(&self.built)?.into_iter().zip(self.written.fields());
        let mut arrays: Vec<ArrayRef> = arrays.map(|(a, f)| retyped(a, f.data_type())).collect::<Result<_, _>>()?;
        let weights = weights.finish();
        let rows = weights.len();
        if self.config.weights {
            arrays.push(Arc::new(weights));
        }
        let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(&self.written), arrays, &options)
    }

    /// The layout that the builder reads, if the view has another one.
    fn ascending(&self) -> Option<SortLayout> {
        let types: Vec<ColumnType> = self.view.columns.iter().map(|c| c.ty.clone()).collect();
        let ascending = SortLayout::ascending(&types);
        (ascending != self.view.layout).then_some(ascending)
    }
}

/// A field as it is written: times are numbers, nanoseconds since midnight, for readers to whom a TIME has no nanoseconds.
fn written_field(field: &FieldRef) -> FieldRef {
    Arc::new(field.as_ref().clone().with_data_type(written_type(field.data_type())))
}

fn written_type(of: &DataType) -> DataType {
    match of {
        DataType::Time64(TimeUnit::Nanosecond) => DataType::UInt64,
        DataType::List(element) => DataType::List(written_field(element)),
        DataType::Map(entries, sorted) => DataType::Map(written_field(entries), *sorted),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(written_field).collect()),
        of => of.clone(),
    }
}

/// An array as one of a type that lies in memory alike.
fn retyped(array: ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    fn data(of: ArrayData, to: &DataType) -> Result<ArrayData, ArrowError> {
        if of.data_type() == to {
            return Ok(of);
        }
        let parts: Vec<DataType> = match to {
            DataType::List(field) | DataType::Map(field, _) => vec![field.data_type().clone()],
            DataType::Struct(fields) => fields.iter().map(|f| f.data_type().clone()).collect(),
            _ => Vec::new(),
        };
        let children = of.child_data().iter().zip(&parts).map(|(child, to)| data(child.clone(), to));
        let children = children.collect::<Result<_, _>>()?;
        of.into_builder().data_type(to.clone()).child_data(children).build()
    }
    if array.data_type() == to { Ok(array) } else { Ok(make_array(data(array.to_data(), to)?)) }
}
