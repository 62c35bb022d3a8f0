//! Parquet files to insertions. What a file holds is written at its end, so that it is gathered before it is read.

use crate::arrow::{BATCH_ROWS, SHOWN, Values, align, fits};
use crate::changes::{BadRow, TableDraft};
use crate::format::FormatError;
use crate::{Changes, ERRORS_REPORTED_MAX, ParseError, TableColumns};
use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::datatypes::{FieldRef, Schema};
use arrow::util::display::ArrayFormatter;
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use weir_circuit::Column;
use weir_row::{SqlType, ValueRef};

/// Bytes of a file, at most: it is in memory as a whole.
pub const PARQUET_BYTES_MAX: usize = 256 << 20;
/// Bytes of the rows of one file as arrays, at most: a file of few bytes may tell of very many rows.
const ROW_BYTES_MAX: usize = 2 << 30;

/// A reader of Parquet files.
#[derive(Debug)]
pub struct ParquetReader {
    table: Arc<TableColumns>,
    /// The file as far as it came.
    file: Vec<u8>,
    /// Bytes of a file that is too long, which were passed over.
    skipped: usize,
    event_number: u64,
}

/// Whether a table's rows can be read from Parquet.
pub(crate) fn check(table: &TableColumns) -> Result<(), FormatError> {
    let interval = |c: &&Column| matches!(c.ty.sql, SqlType::IntervalMonths(_) | SqlType::IntervalMicros(_));
    match table.columns.iter().find(interval) {
        Some(c) => Err(FormatError::columns(None, format!("column '{}' is {}, which Parquet has not", c.name, c.ty))),
        None => Ok(()),
    }
}

impl ParquetReader {
    pub(crate) fn new(table: Arc<TableColumns>, event_number: u64) -> ParquetReader {
        ParquetReader { table, file: Vec::new(), skipped: 0, event_number }
    }

    pub(crate) fn event_number(&self) -> u64 {
        self.event_number
    }

    pub(crate) fn pending_bytes(&self) -> usize {
        self.file.len() + self.skipped
    }

    pub(crate) fn push(&mut self, bytes: &[u8], errors: &mut Vec<ParseError>) {
        if self.skipped > 0 {
            self.skipped += bytes.len();
        } else if self.file.len() + bytes.len() > PARQUET_BYTES_MAX {
            let most = PARQUET_BYTES_MAX >> 20;
            let why = format!("the file is longer than {most} MiB, and it is read as a whole");
            errors.push(self.file_error(why, None).with_suggestion("Write the rows into several files."));
            self.skipped = self.file.len() + bytes.len();
            self.file = Vec::new();
        } else {
            self.file.extend_from_slice(bytes);
        }
    }

    pub(crate) fn finish(&mut self, changes: &mut Changes, errors: &mut Vec<ParseError>) {
        let file = std::mem::take(&mut self.file);
        if std::mem::take(&mut self.skipped) == 0
            && !file.is_empty()
            && let Err(e) = self.read(file.into(), changes, errors)
        {
            errors.push(*e);
        }
    }

    /// An error about a file as a whole.
    fn file_error(&self, why: impl std::fmt::Display, field: Option<String>) -> ParseError {
        let description = format!("failed to read a Parquet file: {why}");
        ParseError { event_number: None, invalid_text: None, ..ParseError::new(description, 0, field, b"") }
    }

    fn read(
        &mut self,
        file: Bytes,
        changes: &mut Changes,
        errors: &mut Vec<ParseError>,
    ) -> Result<(), Box<ParseError>> {
        let failed = |e: &dyn std::fmt::Display| Box::new(self.file_error(e, None));
        // Types are those of Parquet: what programs note about their own is of no use here.
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let builder = sound(|| ParquetRecordBatchReaderBuilder::try_new_with_options(file, options))
            .map_err(|e| failed(&e))?
            .map_err(|e| failed(&e))?;
        let columns = self.columns_of(builder.schema(), errors)?;
        let wanted = ProjectionMask::roots(builder.parquet_schema(), columns.iter().map(|(i, _)| *i));
        let builder = builder.with_projection(wanted).with_batch_size(BATCH_ROWS);
        let mut reader = sound(|| builder.build()).map_err(|e| failed(&e))?.map_err(|e| failed(&e))?;
        let table = Arc::clone(&self.table);
        let mut draft = TableDraft::new(&table);
        let homes: Vec<usize> = columns.iter().map(|(_, column)| *column).collect();
        let mut bytes = 0usize;
        while let Some(batch) = sound(|| reader.next()).transpose() {
            let failed = |e: &dyn std::fmt::Display| Box::new(self.file_error(e, None));
            let batch = batch.map_err(|e| failed(&e))?.map_err(|e| failed(&e))?;
            bytes = bytes.saturating_add(batch.get_array_memory_size());
            if bytes > ROW_BYTES_MAX {
                let most = ROW_BYTES_MAX >> 30;
                let why = format!("its rows take more than {most} GiB; those behind are not taken");
                return Err(Box::new(self.file_error(why, None).with_suggestion("Write the rows into several files.")));
            }
            self.read_batch(&batch, &homes, &mut draft, changes, errors)?;
        }
        Ok(())
    }

    /// The file's fields that the table has columns for, in order. Whatever is wrong with any of them is told at once.
    fn columns_of(
        &self,
        schema: &Schema,
        errors: &mut Vec<ParseError>,
    ) -> Result<Vec<(usize, usize)>, Box<ParseError>> {
        let mut columns: Vec<(usize, usize)> = Vec::new();
        let mut wrong: Vec<ParseError> = Vec::new();
        for (i, field) in schema.fields().iter().enumerate() {
            let Some(at) = self.table.find(field.name(), i) else { continue };
            let column = &self.table.columns[at];
            let bad = |why: String| self.file_error(why, Some(column.name.clone()));
            if columns.iter().any(|(_, other)| *other == at) {
                wrong.push(bad(format!("it has column '{}' more than once", column.name)));
            } else if let Err(why) = fits(field.data_type(), &column.ty.sql) {
                wrong.push(bad(format!("column '{}': {why}", column.name)));
            }
            columns.push((i, at));
        }
        for (at, column) in self.table.columns.iter().enumerate() {
            if !column.ty.nullable && column.default.is_none() && !columns.iter().any(|(_, other)| *other == at) {
                let why = format!("it has no column '{}', which is NOT NULL and has no DEFAULT", column.name);
                let names: Vec<&str> = schema.fields().iter().map(|f: &FieldRef| f.name().as_str()).collect();
                let has = format!("It has the columns {}.", crate::format::listed(&names));
                wrong.push(self.file_error(why, Some(column.name.clone())).with_suggestion(has));
            }
        }
        match wrong.pop() {
            None => Ok(columns),
            Some(last) => {
                errors.append(&mut wrong);
                Err(Box::new(last))
            }
        }
    }

    fn read_batch(
        &mut self,
        batch: &RecordBatch,
        homes: &[usize],
        draft: &mut TableDraft<'_>,
        changes: &mut Changes,
        errors: &mut Vec<ParseError>,
    ) -> Result<(), Box<ParseError>> {
        let table = Arc::clone(&self.table);
        let sqls = homes.iter().map(|at| &table.columns[*at].ty.sql);
        let arrays: Vec<Aligned<'_>> =
            batch.columns().iter().zip(sqls.clone()).map(|(array, sql)| Aligned::new(array, sql)).collect();
        let values: Vec<Option<Values<'_>>> = arrays.iter().map(Aligned::values).collect();
        for row in 0..batch.num_rows() {
            self.event_number += 1;
            draft.clear();
            let mut set = |draft: &mut TableDraft<'_>| {
                for ((values, aligned), at) in values.iter().zip(&arrays).zip(homes) {
                    let column = &table.columns[*at];
                    let wrong = |why: String| BadRow {
                        description: format!("error reading field '{}': {why}", column.name),
                        field: Some(column.name.clone()),
                    };
                    let mut put = |value: Result<ValueRef<'_>, String>| {
                        let value = value.map_err(&wrong)?;
                        if matches!(value, ValueRef::Null) && !column.ty.nullable {
                            return Err(wrong("NULL, and the column is NOT NULL".into()));
                        }
                        draft.set(*at, value).map_err(|e| wrong(crate::changes::problem(&e)))
                    };
                    match values {
                        Some(values) => put(values.get(row))?,
                        None => aligned.alone(row, put)?,
                    }
                }
                draft.insert(1, changes)
            };
            if let Err(BadRow { description, field }) = set(draft) {
                // Of very many errors only the first are shown.
                let text = if errors.len() < ERRORS_REPORTED_MAX { shown(batch, row) } else { String::new() };
                let description = format!("failed to take a Parquet row: {description}");
                errors.push(ParseError::new(description, self.event_number, field, text.as_bytes()));
            }
        }
        Ok(())
    }
}

/// Calls into the library, which panics at some files that are damaged. It is given up then with all that it held.
fn sound<R>(call: impl FnOnce() -> R) -> Result<R, &'static str> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|_| "it is damaged")
}

/// A column of a batch in the Arrow type of the table's column.
struct Aligned<'a> {
    /// As it came.
    raw: &'a ArrayRef,
    sql: &'a SqlType,
    /// `None`: some row does not fit, so that each is looked at by itself.
    whole: Option<ArrayRef>,
}

impl<'a> Aligned<'a> {
    fn new(raw: &'a ArrayRef, sql: &'a SqlType) -> Aligned<'a> {
        let whole = align(raw, sql).ok().filter(|(_, lost)| *lost == 0).map(|(array, _)| array);
        Aligned { raw, sql, whole }
    }

    fn values(&self) -> Option<Values<'_>> {
        Values::new(&**self.whole.as_ref()?, self.sql).ok()
    }

    /// Calls `put` with the value of one row.
    fn alone<R>(&self, row: usize, put: impl FnOnce(Result<ValueRef<'_>, String>) -> R) -> R {
        let one = match align(&self.raw.slice(row, 1), self.sql) {
            Ok((one, 0)) => one,
            Ok(_) => return put(Err(format!("the value does not fit {}", self.sql))),
            Err(e) => return put(Err(e.to_string())),
        };
        match Values::new(&one, self.sql) {
            Ok(values) => put(values.get(0)),
            Err(why) => put(Err(why)),
        }
    }
}

/// A row for people.
fn shown(batch: &RecordBatch, row: usize) -> String {
    let mut out = String::from("{");
    for (field, array) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        let separator = if out.len() > 1 { ", " } else { "" };
        let _ = write!(out, "{separator}{}: ", field.name());
        let _ = match ArrayFormatter::try_new(array.as_ref(), &SHOWN) {
            _ if array.is_null(row) => write!(out, "NULL"),
            Ok(f) => write!(out, "{}", f.value(row)),
            Err(_) => write!(out, "?"),
        };
    }
    out.push('}');
    out
}
