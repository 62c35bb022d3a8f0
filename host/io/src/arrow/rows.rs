//! Batches of Arrow as rows of a table.

use super::item::ItemColumn;
use super::schema::arrow_type;
use crate::{Changes, RowInserter, TableColumns};
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{
    Date32Type, Decimal128Type, DurationMicrosecondType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, IntervalYearMonthType, Time64NanosecondType, TimestampMicrosecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use weir_row::{Kind, SqlType, ValueRef};

/// Adds the rows of a batch, whose columns are those of the table in order.
///
/// # Errors
/// What does not fit the table, for people.
pub fn append_batch(batch: &RecordBatch, table: &TableColumns, changes: &mut Changes) -> Result<(), String> {
    let columns = table.columns();
    if batch.num_columns() != columns.len() {
        return Err(format!("{} columns for a table of {}", batch.num_columns(), columns.len()));
    }
    let mut inserter = RowInserter::new(table);
    let mut values = Vec::with_capacity(columns.len());
    for (array, column) in batch.columns().iter().zip(columns) {
        let sql = &column.ty.sql;
        if !array.data_type().equals_datatype(&arrow_type(sql)) {
            return Err(format!("column '{}' of type {sql} cannot take {}", column.name, array.data_type()));
        }
        values.push(Values::new(array, sql).map_err(|e| format!("column '{}' of type {sql}: {e}", column.name))?);
    }
    for row in 0..batch.num_rows() {
        inserter.insert(values.iter().map(|v| v.get(row)), changes)?;
    }
    Ok(())
}

/// The values of a column, row by row.
pub(crate) struct Values<'a> {
    array: &'a dyn Array,
    sql: &'a SqlType,
    /// Those with parts, and VARIANTs.
    items: Option<ItemColumn>,
}

impl<'a> Values<'a> {
    /// Those of an array of the Arrow type of a SQL type.
    ///
    /// # Errors
    /// A value that the type does not have, in words.
    pub(crate) fn new(array: &'a dyn Array, sql: &'a SqlType) -> Result<Values<'a>, String> {
        let items = (sql.kind() == Some(Kind::Item)).then(|| ItemColumn::new(array, sql)).transpose()?;
        Ok(Values { array, sql, items })
    }

    /// A row's value.
    ///
    /// # Errors
    /// A text that is none.
    pub(crate) fn get(&self, row: usize) -> Result<ValueRef<'_>, String> {
        match &self.items {
            Some(items) => Ok(items.value(row)),
            None => value(self.array, self.sql, row),
        }
    }
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
