//! SQL types as both sides of the sandbox know them.

use crate::IntervalFields;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Digits of the widest decimal.
pub const DECIMAL_PRECISION_MAX: u8 = 38;
/// Digits up to which a decimal fits one word: 10^18 < 2^63.
pub const DECIMAL_PRECISION_ONE_WORD: u8 = 18;

/// A SQL type without its nullability.
///
/// Types whose values are represented alike share a [`Kind`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SqlType {
    /// The type of a bare `NULL`; it has no values.
    Null,
    /// `BOOLEAN`, `FALSE < TRUE`.
    Boolean,
    /// `TINYINT`, 8 bits, signed.
    TinyInt,
    /// `SMALLINT`, 16 bits, signed.
    SmallInt,
    /// `INTEGER`, 32 bits, signed.
    Integer,
    /// `BIGINT`, 64 bits, signed.
    BigInt,
    /// `TINYINT UNSIGNED`, 8 bits.
    UTinyInt,
    /// `SMALLINT UNSIGNED`, 16 bits.
    USmallInt,
    /// `INTEGER UNSIGNED`, 32 bits.
    UInteger,
    /// `BIGINT UNSIGNED`, 64 bits.
    UBigInt,
    /// `DECIMAL(precision, scale)`: a whole number of units of 10^-scale.
    Decimal {
        /// Digits in all, 1 to 38.
        precision: u8,
        /// Digits after the point, at most `precision`.
        scale: u8,
    },
    /// `REAL`, IEEE 754 binary32; one zero, one NaN, NaN greatest.
    Real,
    /// `DOUBLE`, IEEE 754 binary64; one zero, one NaN, NaN greatest.
    Double,
    /// `CHAR(n)`: exactly `n` characters, padded with blanks.
    Char(u32),
    /// `VARCHAR` (`None`) or `VARCHAR(n)`: UTF-8, compared by code point; `n` counts characters.
    Varchar(Option<u32>),
    /// `DATE`: days since 1970-01-01, from 0001-01-01 to 9999-12-31.
    Date,
    /// `TIME`: nanoseconds since midnight.
    Time,
    /// `TIMESTAMP`: microseconds since 1970-01-01 00:00:00, without a zone.
    Timestamp,
    /// `TIMESTAMP WITH TIME ZONE`: an instant, in microseconds since 1970-01-01 00:00:00 UTC.
    TimestampTz,
    /// `BINARY(n)`: exactly `n` bytes.
    Binary(u32),
    /// `VARBINARY` (`None`) or `VARBINARY(n)`: at most `n` bytes.
    Varbinary(Option<u32>),
    /// `UUID`: 128 bits, ordered by its bytes.
    Uuid,
    /// `T ARRAY`: elements of one type, each of which may be NULL.
    Array(Box<SqlType>),
    /// `MAP<K, V>`: keys are never NULL, values may be.
    Map(Box<SqlType>, Box<SqlType>),
    /// `ROW(...)` or a user-defined type with fields.
    Row(RowType),
    /// `VARIANT`: a value of any type, with its type.
    Variant,
    /// A year-month interval: months. Not allowed in tables and in views that are put out.
    IntervalMonths(IntervalFields),
    /// A day-time interval: microseconds. Not allowed in tables and in views that are put out.
    IntervalMicros(IntervalFields),
}

/// How a value of a type is represented in memory, in generated code and in kernels' names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// `bool`
    Bool,
    /// `i8`
    I8,
    /// `i16`
    I16,
    /// `i32`
    I32,
    /// `i64`
    I64,
    /// `u8`
    U8,
    /// `u16`
    U16,
    /// `u32`
    U32,
    /// `u64`
    U64,
    /// `i128`, a decimal's units
    Dec,
    /// `f32`
    F32,
    /// `f64`
    F64,
    /// `&str`
    Text,
    /// `i32` days
    Date,
    /// `i64` nanoseconds of the day
    Time,
    /// `i64` microseconds since 1970
    Ts,
    /// `i32` months
    Months,
    /// `i64` microseconds
    Micros,
    /// `i64` microseconds since 1970 UTC
    Tz,
    /// `u128`
    Uuid,
    /// `&[u8]`
    Bytes,
    /// [`Item`](crate::Item): an array, a map, a row or a VARIANT
    Item,
}

impl Kind {
    /// Every kind, in declaration order.
    pub const ALL: [Kind; 22] = [
        Kind::Bool,
        Kind::I8,
        Kind::I16,
        Kind::I32,
        Kind::I64,
        Kind::U8,
        Kind::U16,
        Kind::U32,
        Kind::U64,
        Kind::Dec,
        Kind::F32,
        Kind::F64,
        Kind::Text,
        Kind::Date,
        Kind::Time,
        Kind::Ts,
        Kind::Months,
        Kind::Micros,
        Kind::Tz,
        Kind::Uuid,
        Kind::Bytes,
        Kind::Item,
    ];

    /// Whether values have no fixed number of words: they are stored like texts, as bytes.
    pub const fn is_variable(self) -> bool {
        matches!(self, Kind::Text | Kind::Uuid | Kind::Bytes | Kind::Item)
    }

    /// The name used in kernels' names (`add_i32`) and in the circuit's text.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Bool => "bool",
            Kind::I8 => "i8",
            Kind::I16 => "i16",
            Kind::I32 => "i32",
            Kind::I64 => "i64",
            Kind::U8 => "u8",
            Kind::U16 => "u16",
            Kind::U32 => "u32",
            Kind::U64 => "u64",
            Kind::Dec => "dec",
            Kind::F32 => "f32",
            Kind::F64 => "f64",
            Kind::Text => "text",
            Kind::Date => "date",
            Kind::Time => "time",
            Kind::Ts => "ts",
            Kind::Months => "months",
            Kind::Micros => "micros",
            Kind::Tz => "tz",
            Kind::Uuid => "uuid",
            Kind::Bytes => "bytes",
            Kind::Item => "item",
        }
    }

    /// The Rust type of a value that is not NULL, as generated code spells it.
    pub const fn rust(self) -> &'static str {
        match self {
            Kind::Bool => "bool",
            Kind::I8 => "i8",
            Kind::I16 => "i16",
            Kind::I32 | Kind::Date | Kind::Months => "i32",
            Kind::I64 | Kind::Time | Kind::Ts | Kind::Micros | Kind::Tz => "i64",
            Kind::U8 => "u8",
            Kind::U16 => "u16",
            Kind::U32 => "u32",
            Kind::U64 => "u64",
            Kind::Dec => "i128",
            Kind::F32 => "f32",
            Kind::F64 => "f64",
            Kind::Text => "&str",
            Kind::Uuid => "u128",
            Kind::Bytes => "&[u8]",
            Kind::Item => "Item<'_>",
        }
    }
}

impl SqlType {
    /// Digits after the point of a decimal; 0 of other types.
    pub const fn scale(&self) -> u8 {
        if let SqlType::Decimal { scale, .. } = self { *scale } else { 0 }
    }

    /// The representation of the type's values; `None` for the type of a bare `NULL`.
    pub const fn kind(&self) -> Option<Kind> {
        Some(match self {
            SqlType::Null => return None,
            SqlType::Boolean => Kind::Bool,
            SqlType::TinyInt => Kind::I8,
            SqlType::SmallInt => Kind::I16,
            SqlType::Integer => Kind::I32,
            SqlType::BigInt => Kind::I64,
            SqlType::UTinyInt => Kind::U8,
            SqlType::USmallInt => Kind::U16,
            SqlType::UInteger => Kind::U32,
            SqlType::UBigInt => Kind::U64,
            SqlType::Decimal { .. } => Kind::Dec,
            SqlType::Real => Kind::F32,
            SqlType::Double => Kind::F64,
            SqlType::Char(_) | SqlType::Varchar(_) => Kind::Text,
            SqlType::Date => Kind::Date,
            SqlType::Time => Kind::Time,
            SqlType::Timestamp => Kind::Ts,
            SqlType::IntervalMonths(_) => Kind::Months,
            SqlType::IntervalMicros(_) => Kind::Micros,
            SqlType::TimestampTz => Kind::Tz,
            SqlType::Uuid => Kind::Uuid,
            SqlType::Binary(_) | SqlType::Varbinary(_) => Kind::Bytes,
            SqlType::Array(_) | SqlType::Map(..) | SqlType::Row(_) | SqlType::Variant => Kind::Item,
        })
    }
}

impl fmt::Display for SqlType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SqlType::Null => f.write_str("NULL"),
            SqlType::Boolean => f.write_str("BOOLEAN"),
            SqlType::TinyInt => f.write_str("TINYINT"),
            SqlType::SmallInt => f.write_str("SMALLINT"),
            SqlType::Integer => f.write_str("INTEGER"),
            SqlType::BigInt => f.write_str("BIGINT"),
            SqlType::UTinyInt => f.write_str("TINYINT UNSIGNED"),
            SqlType::USmallInt => f.write_str("SMALLINT UNSIGNED"),
            SqlType::UInteger => f.write_str("INTEGER UNSIGNED"),
            SqlType::UBigInt => f.write_str("BIGINT UNSIGNED"),
            SqlType::Decimal { precision, scale } => write!(f, "DECIMAL({precision}, {scale})"),
            SqlType::Real => f.write_str("REAL"),
            SqlType::Double => f.write_str("DOUBLE"),
            SqlType::Char(n) => write!(f, "CHAR({n})"),
            SqlType::Varchar(None) => f.write_str("VARCHAR"),
            SqlType::Varchar(Some(n)) => write!(f, "VARCHAR({n})"),
            SqlType::Date => f.write_str("DATE"),
            SqlType::Time => f.write_str("TIME"),
            SqlType::Timestamp => f.write_str("TIMESTAMP"),
            SqlType::TimestampTz => f.write_str("TIMESTAMP WITH TIME ZONE"),
            SqlType::Binary(n) => write!(f, "BINARY({n})"),
            SqlType::Varbinary(None) => f.write_str("VARBINARY"),
            SqlType::Varbinary(Some(n)) => write!(f, "VARBINARY({n})"),
            SqlType::Uuid => f.write_str("UUID"),
            SqlType::Array(element) => write!(f, "{element} ARRAY"),
            SqlType::Map(key, value) => write!(f, "MAP<{key}, {value}>"),
            SqlType::Row(row) => row.fmt(f),
            SqlType::Variant => f.write_str("VARIANT"),
            SqlType::IntervalMonths(fields) | SqlType::IntervalMicros(fields) => write!(f, "INTERVAL {fields}"),
        }
    }
}

/// The type of rows as values: `ROW(...)`, or a user-defined type with fields.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RowType {
    /// The name of a user-defined type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Names and types of the fields, in order.
    pub fields: Vec<(String, ColumnType)>,
}

impl fmt::Display for RowType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.name {
            return f.write_str(name);
        }
        f.write_str("ROW(")?;
        for (i, (name, ty)) in self.fields.iter().enumerate() {
            write!(f, "{}{name} {ty}", if i == 0 { "" } else { ", " })?;
        }
        f.write_str(")")
    }
}

/// The type of a column or an expression: a SQL type and whether NULL may occur.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ColumnType {
    /// The SQL type.
    pub sql: SqlType,
    /// Whether NULL may occur.
    pub nullable: bool,
}

impl ColumnType {
    /// A type whose values are never NULL.
    pub const fn not_null(sql: SqlType) -> Self {
        ColumnType { sql, nullable: false }
    }

    /// A type whose values may be NULL.
    pub const fn nullable(sql: SqlType) -> Self {
        ColumnType { sql, nullable: true }
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.sql, if self.nullable { "" } else { " NOT NULL" })
    }
}
