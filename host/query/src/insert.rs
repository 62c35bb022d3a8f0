//! `INSERT INTO`: Arrow batches to changes of a table. All rows of a statement go to the pipeline at once, or none does.

use crate::insert_item::ItemColumn;
use crate::schema::arrow_type;
use crate::source::Source;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{
    Date32Type, Decimal128Type, DurationMicrosecondType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, IntervalYearMonthType, SchemaRef, Time64NanosecondType, TimestampMicrosecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use async_trait::async_trait;
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::sink::DataSink;
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::{DisplayAs, DisplayFormatType};
use futures_util::TryStreamExt;
use std::fmt;
use std::sync::Arc;
use weir_io::{Changes, RowInserter, TableColumns};
use weir_row::{Kind, SqlType, ValueRef};

/// Bytes of the rows of one statement, at most: what the queue of a pipeline holds.
pub const INSERT_BYTES_MAX: usize = 64 << 20;

/// The end of an INSERT's plan.
#[derive(Debug)]
pub(crate) struct Insert {
    name: String,
    table: usize,
    columns: Arc<TableColumns>,
    schema: SchemaRef,
    source: Arc<dyn Source>,
}

impl Insert {
    pub(crate) fn new(
        name: &str,
        table: usize,
        columns: Arc<TableColumns>,
        schema: &SchemaRef,
        source: Arc<dyn Source>,
    ) -> Insert {
        Insert { name: name.to_owned(), table, columns, schema: Arc::clone(schema), source }
    }
}

impl DisplayAs for Insert {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Insert(table={})", self.name)
    }
}

#[async_trait]
impl DataSink for Insert {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    async fn write_all(&self, mut data: SendableRecordBatchStream, context: &Arc<TaskContext>) -> Result<u64> {
        let reservation = MemoryConsumer::new(format!("Insert[{}]", self.name)).register(context.memory_pool());
        let mut changes = Changes::new(&self.columns, self.source.workers());
        let mut bytes = 0;
        while let Some(batch) = data.try_next().await? {
            // Rows as words take about what they take as arrays.
            let size = batch.get_array_memory_size();
            bytes += size;
            if bytes > INSERT_BYTES_MAX {
                let max = INSERT_BYTES_MAX >> 20;
                return Err(DataFusionError::Execution(format!("one INSERT brings at most {max} MiB of rows")));
            }
            reservation.try_grow(size)?;
            append(&batch, &self.columns, &mut changes).map_err(DataFusionError::Execution)?;
        }
        let rows = changes.rows() as u64;
        if rows > 0 {
            self.source.insert(self.table, changes.take()).await.map_err(DataFusionError::Execution)?;
        }
        Ok(rows)
    }
}

/// Adds the rows of a batch, whose columns are those of the table in order.
///
/// # Errors
/// What does not fit the table, for people.
pub(crate) fn append(batch: &RecordBatch, table: &TableColumns, changes: &mut Changes) -> Result<(), String> {
    let columns = table.columns();
    if batch.num_columns() != columns.len() {
        return Err(format!("{} columns for a table of {}", batch.num_columns(), columns.len()));
    }
    let mut inserter = RowInserter::new(table);
    let mut arrays = Vec::with_capacity(columns.len());
    for (array, column) in batch.columns().iter().zip(columns) {
        let sql = &column.ty.sql;
        if !array.data_type().equals_datatype(&arrow_type(sql)) {
            return Err(format!("column '{}' of type {sql} cannot take {}", column.name, array.data_type()));
        }
        let items = (sql.kind() == Some(Kind::Item)).then(|| ItemColumn::new(array, sql));
        let items = items.transpose().map_err(|e| format!("column '{}' of type {sql}: {e}", column.name))?;
        arrays.push((&**array, sql, items));
    }
    for row in 0..batch.num_rows() {
        let values = arrays.iter().map(|(array, sql, items)| match items {
            Some(items) => Ok(items.value(row)),
            None => value(*array, sql, row),
        });
        inserter.insert(values, changes)?;
    }
    Ok(())
}

/// A scalar of an array of the Arrow type of a SQL type.
///
/// # Errors
/// A text that is no UUID.
pub(crate) fn value<'a>(array: &'a dyn Array, sql: &SqlType, row: usize) -> Result<ValueRef<'a>, String> {
    if array.is_null(row) {
        return Ok(ValueRef::Null);
    }
    macro_rules! primitive {
        ($variant:ident, $arrow:ty) => {
            ValueRef::$variant(array.as_primitive::<$arrow>().value(row))
        };
    }
    Ok(match sql {
        SqlType::Null => ValueRef::Null,
        SqlType::Boolean => ValueRef::Bool(array.as_boolean().value(row)),
        SqlType::TinyInt => primitive!(I8, Int8Type),
        SqlType::SmallInt => primitive!(I16, Int16Type),
        SqlType::Integer => primitive!(I32, Int32Type),
        SqlType::BigInt => primitive!(I64, Int64Type),
        SqlType::UTinyInt => primitive!(U8, UInt8Type),
        SqlType::USmallInt => primitive!(U16, UInt16Type),
        SqlType::UInteger => primitive!(U32, UInt32Type),
        SqlType::UBigInt => primitive!(U64, UInt64Type),
        SqlType::Decimal { .. } => primitive!(Dec, Decimal128Type),
        SqlType::Real => primitive!(F32, Float32Type),
        SqlType::Double => primitive!(F64, Float64Type),
        SqlType::Char(_) | SqlType::Varchar(_) => ValueRef::Text(array.as_string::<i32>().value(row)),
        SqlType::Date => primitive!(Date, Date32Type),
        SqlType::Time => primitive!(Time, Time64NanosecondType),
        SqlType::Timestamp => primitive!(Ts, TimestampMicrosecondType),
        SqlType::TimestampTz => primitive!(Tz, TimestampMicrosecondType),
        SqlType::Binary(_) | SqlType::Varbinary(_) => ValueRef::Bytes(array.as_binary::<i32>().value(row)),
        SqlType::Uuid => {
            let text = array.as_string::<i32>().value(row);
            let uuid = weir_functions::parse_uuid(text.trim());
            ValueRef::Uuid(uuid.ok_or_else(|| format!("'{text}' is no UUID"))?)
        }
        // They go through items, see `ItemColumn`.
        SqlType::Array(_) | SqlType::Map(..) | SqlType::Row(_) | SqlType::Variant => ValueRef::Null,
        SqlType::IntervalMonths(_) => primitive!(Months, IntervalYearMonthType),
        SqlType::IntervalMicros(_) => primitive!(Micros, DurationMicrosecondType),
    })
}
