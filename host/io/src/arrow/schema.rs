//! How SQL types are Arrow types.

use arrow::datatypes::{DataType, Field, IntervalUnit, Schema, SchemaRef, TimeUnit};
use std::sync::Arc;
use weir_circuit::Column;
use weir_row::{ColumnType, SqlType};

/// The Arrow type that holds the values of a SQL type.
pub fn arrow_type(sql: &SqlType) -> DataType {
    match sql {
        SqlType::Null => DataType::Null,
        SqlType::Boolean => DataType::Boolean,
        SqlType::TinyInt => DataType::Int8,
        SqlType::SmallInt => DataType::Int16,
        SqlType::Integer => DataType::Int32,
        SqlType::BigInt => DataType::Int64,
        SqlType::UTinyInt => DataType::UInt8,
        SqlType::USmallInt => DataType::UInt16,
        SqlType::UInteger => DataType::UInt32,
        SqlType::UBigInt => DataType::UInt64,
        // Scales of ours are at most 38.
        SqlType::Decimal { precision, scale } => DataType::Decimal128(*precision, *scale as i8),
        SqlType::Real => DataType::Float32,
        SqlType::Double => DataType::Float64,
        SqlType::Char(_) | SqlType::Varchar(_) => DataType::Utf8,
        SqlType::Date => DataType::Date32,
        SqlType::Time => DataType::Time64(TimeUnit::Nanosecond),
        SqlType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        SqlType::TimestampTz => DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into())),
        SqlType::Binary(_) | SqlType::Varbinary(_) => DataType::Binary,
        // UUIDs as their text, VARIANTs as JSON.
        SqlType::Uuid | SqlType::Variant => DataType::Utf8,
        SqlType::Array(of) => DataType::List(Arc::new(Field::new("item", arrow_type(of), true))),
        SqlType::Map(key, value) => {
            let entry = [Field::new("key", arrow_type(key), false), Field::new("value", arrow_type(value), true)];
            DataType::Map(Arc::new(Field::new("entries", DataType::Struct(entry.into_iter().collect()), false)), false)
        }
        SqlType::Row(row) => {
            let field = |(name, ty): &(String, ColumnType)| Field::new(name, arrow_type(&ty.sql), nullable(ty));
            DataType::Struct(row.fields.iter().map(field).collect())
        }
        SqlType::IntervalMonths(_) => DataType::Interval(IntervalUnit::YearMonth),
        SqlType::IntervalMicros(_) => DataType::Duration(TimeUnit::Microsecond),
    }
}

fn nullable(ty: &ColumnType) -> bool {
    ty.nullable || ty.sql == SqlType::Null
}

/// The Arrow schema of a relation.
pub fn arrow_schema(columns: &[Column]) -> SchemaRef {
    let field = |c: &Column| Field::new(&c.name, arrow_type(&c.ty.sql), nullable(&c.ty));
    Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()))
}
