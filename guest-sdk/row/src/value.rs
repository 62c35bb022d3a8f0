//! One SQL value with its representation known at run time: for constants, for tests and for the edges of the
//! system. Generated code never sees it.

use crate::Kind;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// A SQL value. `PartialEq`, `Eq` and `Ord` are SQL's total order: NULL smallest, one zero, one NaN, NaN greatest;
/// values of different kinds are ordered by kind (which no SQL expression can observe).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// SQL NULL, of any type.
    Null,
    /// BOOLEAN
    Bool(bool),
    /// TINYINT
    I8(i8),
    /// SMALLINT
    I16(i16),
    /// INTEGER
    I32(i32),
    /// BIGINT
    I64(i64),
    /// TINYINT UNSIGNED
    U8(u8),
    /// SMALLINT UNSIGNED
    U16(u16),
    /// INTEGER UNSIGNED
    U32(u32),
    /// BIGINT UNSIGNED
    U64(u64),
    /// DECIMAL: units of 10^-scale; the scale is the type's.
    #[serde(with = "decimal_text")]
    Dec(i128),
    /// REAL
    #[serde(with = "float32_bits")]
    F32(f32),
    /// DOUBLE
    #[serde(with = "float64_bits")]
    F64(f64),
    /// CHAR, VARCHAR
    Text(Box<str>),
    /// DATE: days since 1970-01-01
    Date(i32),
    /// TIME: nanoseconds of the day
    Time(i64),
    /// TIMESTAMP: microseconds since 1970-01-01
    Ts(i64),
    /// Year-month interval
    Months(i32),
    /// Day-time interval
    Micros(i64),
    /// TIMESTAMP WITH TIME ZONE: microseconds since 1970-01-01 UTC
    Tz(i64),
    /// UUID
    #[serde(with = "uuid_text")]
    Uuid(u128),
    /// BINARY, VARBINARY
    Bytes(Box<[u8]>),
    /// ARRAY, MAP, ROW, VARIANT: the bytes of an [`Item`](crate::Item)
    Item(Box<[u8]>),
}

impl Value {
    /// The value's representation; `None` for NULL.
    pub fn kind(&self) -> Option<Kind> {
        Some(match self {
            Value::Null => return None,
            Value::Bool(_) => Kind::Bool,
            Value::I8(_) => Kind::I8,
            Value::I16(_) => Kind::I16,
            Value::I32(_) => Kind::I32,
            Value::I64(_) => Kind::I64,
            Value::U8(_) => Kind::U8,
            Value::U16(_) => Kind::U16,
            Value::U32(_) => Kind::U32,
            Value::U64(_) => Kind::U64,
            Value::Dec(_) => Kind::Dec,
            Value::F32(_) => Kind::F32,
            Value::F64(_) => Kind::F64,
            Value::Text(_) => Kind::Text,
            Value::Date(_) => Kind::Date,
            Value::Time(_) => Kind::Time,
            Value::Ts(_) => Kind::Ts,
            Value::Months(_) => Kind::Months,
            Value::Micros(_) => Kind::Micros,
            Value::Tz(_) => Kind::Tz,
            Value::Uuid(_) => Kind::Uuid,
            Value::Bytes(_) => Kind::Bytes,
            Value::Item(_) => Kind::Item,
        })
    }

    /// A text value.
    pub fn text(s: &str) -> Value {
        Value::Text(s.into())
    }

    /// Whether this is SQL NULL.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }
}

/// SQL's order of doubles: one zero, one NaN, NaN greatest.
pub fn cmp_f64(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Value {}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
            (Value::I8(a), Value::I8(b)) => a.cmp(b),
            (Value::I16(a), Value::I16(b)) => a.cmp(b),
            (Value::I32(a), Value::I32(b)) => a.cmp(b),
            (Value::I64(a), Value::I64(b)) => a.cmp(b),
            (Value::U8(a), Value::U8(b)) => a.cmp(b),
            (Value::U16(a), Value::U16(b)) => a.cmp(b),
            (Value::U32(a), Value::U32(b)) => a.cmp(b),
            (Value::U64(a), Value::U64(b)) => a.cmp(b),
            (Value::Dec(a), Value::Dec(b)) => a.cmp(b),
            (Value::F32(a), Value::F32(b)) => cmp_f64(f64::from(*a), f64::from(*b)),
            (Value::F64(a), Value::F64(b)) => cmp_f64(*a, *b),
            (Value::Text(a), Value::Text(b)) => a.cmp(b),
            (Value::Date(a), Value::Date(b)) => a.cmp(b),
            (Value::Time(a), Value::Time(b)) => a.cmp(b),
            (Value::Ts(a), Value::Ts(b)) => a.cmp(b),
            (Value::Months(a), Value::Months(b)) => a.cmp(b),
            (Value::Micros(a), Value::Micros(b)) | (Value::Tz(a), Value::Tz(b)) => a.cmp(b),
            (Value::Uuid(a), Value::Uuid(b)) => a.cmp(b),
            (Value::Bytes(a), Value::Bytes(b)) | (Value::Item(a), Value::Item(b)) => a.cmp(b),
            (a, b) => a.kind().cmp(&b.kind()),
        }
    }
}

/// JSON numbers do not hold 128 bits everywhere, so decimals travel as text.
mod decimal_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(v: &i128, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(v)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<i128, D::Error> {
        String::deserialize(d)?.parse().map_err(D::Error::custom)
    }
}

/// JSON numbers do not hold 128 bits everywhere, so UUIDs travel as hexadecimal text.
mod uuid_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(v: &u128, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(&format_args!("{v:032x}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<u128, D::Error> {
        u128::from_str_radix(&String::deserialize(d)?, 16).map_err(D::Error::custom)
    }
}

/// JSON has no NaN and no infinity, so floats travel as their bits.
mod float32_bits {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(v: &f32, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_u32(v.to_bits())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<f32, D::Error> {
        u32::deserialize(d).map(f32::from_bits)
    }
}

/// See [`float32_bits`].
mod float64_bits {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(v: &f64, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_u64(v.to_bits())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<f64, D::Error> {
        u64::deserialize(d).map(f64::from_bits)
    }
}
