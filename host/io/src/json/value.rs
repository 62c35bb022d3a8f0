//! Reading one scalar from JSON by its type, into a column or into an item.

use super::JsonFlavor;
use super::flavor::{BytesForm, TimestampForm};
use crate::changes::TableDraft;
use crate::{bytes, field};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use weir_functions::forms;
use weir_row::{ItemWriter, RowError, SqlType, ValueRef};

/// Where a value goes.
pub(crate) trait Target {
    /// Takes the value. `Err`: why it cannot.
    fn put(self, value: ValueRef<'_>) -> Result<(), &'static str>;
}

/// A column of a row in the making.
pub(crate) struct ColumnTarget<'s, 'a> {
    pub(crate) draft: &'s mut TableDraft<'a>,
    pub(crate) column: usize,
}

impl Target for ColumnTarget<'_, '_> {
    fn put(self, value: ValueRef<'_>) -> Result<(), &'static str> {
        self.draft.set(self.column, value).map_err(|e| match e {
            RowError::Column { problem, .. } => problem,
            RowError::Length(_) => "a row of another length than its table's",
        })
    }
}

/// The end of a writer of items; of a decimal the scale is needed.
pub(crate) struct ItemTarget<'s> {
    pub(crate) out: &'s mut ItemWriter,
    pub(crate) scale: u8,
}

impl Target for ItemTarget<'_> {
    fn put(self, value: ValueRef<'_>) -> Result<(), &'static str> {
        if !value.in_range() {
            return Err("a date or time that the type does not have");
        }
        self.out.value(value, self.scale);
        Ok(())
    }
}

/// Reads one value of a type that is no container and no VARIANT.
pub(crate) struct ScalarSeed<'t, T> {
    pub(crate) sql: &'t SqlType,
    pub(crate) nullable: bool,
    pub(crate) flavor: JsonFlavor,
    pub(crate) target: T,
}

impl<'de, T: Target> DeserializeSeed<'de> for ScalarSeed<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        // A decimal's digits must not go through a float, and serde_json's own floats may be wrong in the last digit.
        if matches!(self.sql, SqlType::Decimal { .. } | SqlType::Real | SqlType::Double) {
            let raw = <&RawValue as serde::Deserialize>::deserialize(d)?.get();
            return self.number(raw);
        }
        d.deserialize_any(self)
    }
}

/// What readers say they expected.
pub(crate) fn expected(sql: &SqlType, flavor: JsonFlavor) -> &'static str {
    match sql {
        SqlType::Null => "null",
        SqlType::Boolean => "a boolean",
        SqlType::TinyInt => "i8",
        SqlType::SmallInt => "i16",
        SqlType::Integer => "i32",
        SqlType::BigInt => "i64",
        SqlType::UTinyInt => "u8",
        SqlType::USmallInt => "u16",
        SqlType::UInteger => "u32",
        SqlType::UBigInt => "u64",
        SqlType::Decimal { .. } => "a decimal number",
        SqlType::Real => "f32",
        SqlType::Double => "f64",
        SqlType::Char(_) | SqlType::Varchar(_) => "a string",
        SqlType::Date if flavor.days() => "a number of days since 1970-01-01",
        SqlType::Date => "a date \"YYYY-MM-DD\"",
        SqlType::Time => match flavor.time_unit_ns() {
            Some(1_000) => "a number of microseconds since midnight",
            Some(_) => "a number of milliseconds since midnight",
            None => "a time \"HH:MM:SS[.fffffffff]\"",
        },
        SqlType::Timestamp | SqlType::TimestampTz if flavor.timestamp() == TimestampForm::Millis => {
            "a number of milliseconds since 1970"
        }
        SqlType::Timestamp => "a timestamp \"YYYY-MM-DD HH:MM:SS[.ffffff]\"",
        SqlType::TimestampTz => "a timestamp with its zone \"YYYY-MM-DDTHH:MM:SS[.ffffff]+HH:MM\"",
        SqlType::Uuid => "a UUID, as text or as its 16 bytes",
        SqlType::Binary(_) | SqlType::Varbinary(_) => match flavor.bytes() {
            BytesForm::Array => "an array of bytes",
            BytesForm::Base58 => "bytes in base58",
            BytesForm::Hex => "bytes in hexadecimal",
        },
        SqlType::Array(_) => "an array",
        SqlType::Map(..) | SqlType::Row(_) => "an object",
        SqlType::Variant if flavor.variant_text() => "a string that holds JSON",
        SqlType::Variant => "any JSON value",
        SqlType::IntervalMonths(_) | SqlType::IntervalMicros(_) => "nothing: intervals have no JSON form",
    }
}

/// The text of a string as it stands in JSON, its quotation marks included.
pub(crate) fn unquoted<E: Error>(raw: &str) -> Result<Cow<'_, str>, E> {
    match raw.strip_prefix('"').and_then(|s| s.strip_suffix('"')) {
        Some(plain) if !plain.contains('\\') => Ok(Cow::Borrowed(plain)),
        _ => serde_json::from_str(raw).map(Cow::Owned).map_err(|_| E::custom("a malformed string")),
    }
}

impl<T: Target> ScalarSeed<'_, T> {
    fn put<E: Error>(self, value: ValueRef<'_>) -> Result<(), E> {
        self.target.put(value).map_err(E::custom)
    }

    fn wrong<E: Error>(&self, unexpected: Unexpected<'_>) -> E {
        E::invalid_type(unexpected, &expected(self.sql, self.flavor))
    }

    fn out_of_range<E: Error>(&self, unexpected: Unexpected<'_>) -> E {
        E::invalid_value(unexpected, &expected(self.sql, self.flavor))
    }

    /// A decimal or a float from its JSON.
    fn number<E: Error>(self, raw: &str) -> Result<(), E> {
        match raw.as_bytes().first() {
            Some(b'-' | b'0'..=b'9') => match self.sql {
                SqlType::Decimal { precision, scale } => self.decimal(raw, raw, *precision, *scale),
                SqlType::Real => match raw.parse::<f32>() {
                    Ok(x) if x.is_finite() => self.put(ValueRef::F32(x)),
                    _ => Err(self.out_of_range(Unexpected::Other(raw))),
                },
                _ => match raw.parse::<f64>() {
                    Ok(x) if x.is_finite() => self.put(ValueRef::F64(x)),
                    _ => Err(self.out_of_range(Unexpected::Other(raw))),
                },
            },
            Some(b'"') => {
                let text = unquoted(raw)?;
                match self.sql {
                    SqlType::Decimal { precision, scale } => self.decimal(text.trim(), raw, *precision, *scale),
                    _ => Err(self.wrong(Unexpected::Str(&text))),
                }
            }
            Some(b'n') => self.visit_unit(),
            Some(b'[') => Err(self.wrong(Unexpected::Seq)),
            Some(b'{') => Err(self.wrong(Unexpected::Map)),
            _ => Err(self.wrong(Unexpected::Bool(raw == "true"))),
        }
    }

    fn decimal<E: Error>(self, text: &str, raw: &str, precision: u8, scale: u8) -> Result<(), E> {
        match weir_functions::parse_decimal(text, i32::from(precision), i32::from(scale)) {
            Some(units) => self.put(ValueRef::Dec(units)),
            None => Err(E::custom(format!(
                "invalid value: {raw}, expected a number that fits DECIMAL({precision}, {scale})"
            ))),
        }
    }

    /// A whole number, whatever its type.
    fn whole<E: Error>(self, n: i128, unexpected: Unexpected<'_>) -> Result<(), E> {
        macro_rules! narrow {
            ($variant:ident) => {
                match n.try_into() {
                    Ok(n) => self.put(ValueRef::$variant(n)),
                    Err(_) => Err(self.out_of_range(unexpected)),
                }
            };
        }
        match self.sql {
            SqlType::TinyInt => narrow!(I8),
            SqlType::SmallInt => narrow!(I16),
            SqlType::Integer => narrow!(I32),
            SqlType::BigInt => narrow!(I64),
            SqlType::UTinyInt => narrow!(U8),
            SqlType::USmallInt => narrow!(U16),
            SqlType::UInteger => narrow!(U32),
            SqlType::UBigInt => narrow!(U64),
            SqlType::Date if self.flavor.days() => narrow!(Date),
            SqlType::Time => match self.flavor.time_unit_ns() {
                Some(unit) => match i64::try_from(n).ok().and_then(|n| n.checked_mul(unit)) {
                    Some(ns) => self.put(ValueRef::Time(ns)),
                    None => Err(self.out_of_range(unexpected)),
                },
                None => Err(self.wrong(unexpected)),
            },
            SqlType::Timestamp | SqlType::TimestampTz if self.flavor.timestamp() == TimestampForm::Millis => {
                match i64::try_from(n).ok().and_then(|n| n.checked_mul(1_000)) {
                    Some(us) if *self.sql == SqlType::Timestamp => self.put(ValueRef::Ts(us)),
                    Some(us) => self.put(ValueRef::Tz(us)),
                    None => Err(self.out_of_range(unexpected)),
                }
            }
            _ => Err(self.wrong(unexpected)),
        }
    }
}

impl<'de, T: Target> Visitor<'de> for ScalarSeed<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(expected(self.sql, self.flavor))
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        if self.nullable {
            return self.put(ValueRef::Null);
        }
        Err(self.wrong(Unexpected::Unit))
    }

    fn visit_bool<E: Error>(self, b: bool) -> Result<(), E> {
        match self.sql {
            SqlType::Boolean => self.put(ValueRef::Bool(b)),
            _ => Err(self.wrong(Unexpected::Bool(b))),
        }
    }

    fn visit_i64<E: Error>(self, n: i64) -> Result<(), E> {
        self.whole(i128::from(n), Unexpected::Signed(n))
    }

    fn visit_u64<E: Error>(self, n: u64) -> Result<(), E> {
        self.whole(i128::from(n), Unexpected::Unsigned(n))
    }

    fn visit_f64<E: Error>(self, x: f64) -> Result<(), E> {
        Err(self.wrong(Unexpected::Float(x)))
    }

    fn visit_str<E: Error>(self, s: &str) -> Result<(), E> {
        let trimmed = s.trim();
        let binary: Vec<u8>;
        let value = match self.sql {
            SqlType::Char(_) | SqlType::Varchar(_) => Some(ValueRef::Text(s)),
            SqlType::Date if !self.flavor.days() => forms::parse_date(trimmed).map(ValueRef::Date),
            SqlType::Time if self.flavor.time_unit_ns().is_none() => forms::parse_time(trimmed).map(ValueRef::Time),
            SqlType::Timestamp if self.flavor.timestamp() != TimestampForm::Millis => {
                field::timestamp(trimmed).map(ValueRef::Ts)
            }
            SqlType::TimestampTz if self.flavor.timestamp() != TimestampForm::Millis => {
                field::instant(trimmed).map(ValueRef::Tz)
            }
            SqlType::Uuid => weir_functions::parse_uuid(trimmed).map(ValueRef::Uuid),
            SqlType::Binary(_) | SqlType::Varbinary(_) => {
                let read = match self.flavor.bytes() {
                    BytesForm::Array => return Err(self.wrong(Unexpected::Str(s))),
                    BytesForm::Base58 => bytes::from_base58(trimmed),
                    BytesForm::Hex => bytes::from_hex(trimmed),
                };
                match read {
                    Some(read) => {
                        binary = read;
                        Some(ValueRef::Bytes(&binary))
                    }
                    None => None,
                }
            }
            _ => return Err(self.wrong(Unexpected::Str(s))),
        };
        match value {
            Some(value) => self.put(value),
            None => Err(self.out_of_range(Unexpected::Str(s))),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let binary = matches!(self.sql, SqlType::Binary(_) | SqlType::Varbinary(_));
        if !(binary && self.flavor.bytes() == BytesForm::Array || *self.sql == SqlType::Uuid) {
            return Err(self.wrong(Unexpected::Seq));
        }
        let mut bytes = Vec::new();
        while let Some(byte) = seq.next_element::<u8>()? {
            bytes.push(byte);
        }
        if binary {
            return self.put(ValueRef::Bytes(&bytes));
        }
        match bytes.try_into() {
            Ok(bytes) => self.put(ValueRef::Uuid(u128::from_be_bytes(bytes))),
            Err(_) => Err(self.out_of_range(Unexpected::Seq)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(self.wrong(Unexpected::Map))
    }
}
