//! Reading a row from a JSON object or array straight into a draft, field by field, by the column's type.

use super::JsonFlavor;
use crate::changes::TableDraft;
use crate::field;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use weir_functions::forms;
use weir_row::{SqlType, ValueRef};

/// Reads a row into a draft. On an error `field` tells which field it was.
pub(crate) struct RowSeed<'s, 'a> {
    pub(crate) draft: &'s mut TableDraft<'a>,
    pub(crate) flavor: JsonFlavor,
    pub(crate) field: &'s mut Option<String>,
}

impl<'de> DeserializeSeed<'de> for RowSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_any(self)
    }
}

impl RowSeed<'_, '_> {
    fn wrap<E: Error>(&mut self, column: usize, result: Result<(), E>) -> Result<(), E> {
        result.map_err(|e| {
            let name = self.draft.table.columns[column].name.clone();
            let wrapped = E::custom(format!("error parsing field '{name}': {e}"));
            *self.field = Some(name);
            wrapped
        })
    }
}

impl<'de> Visitor<'de> for RowSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row: an object, or an array of all columns in order")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let mut guess = 0;
        while let Some(key) = map.next_key_seed(Key)? {
            let Some(column) = self.draft.table.find(&key, guess) else {
                map.next_value::<serde::de::IgnoredAny>()?;
                continue;
            };
            guess = column + 1;
            let result = map.next_value_seed(FieldSeed { draft: self.draft, column, flavor: self.flavor });
            self.wrap(column, result)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        let columns = self.draft.table.columns.len();
        for column in 0..columns {
            let result = seq.next_element_seed(FieldSeed { draft: self.draft, column, flavor: self.flavor });
            match result {
                Ok(Some(())) => {}
                Ok(None) => {
                    return Err(A::Error::custom(format!(
                        "the array has {column} fields, but the table has {columns} columns"
                    )));
                }
                Err(e) => self.wrap(column, Err(e))?,
            }
        }
        if seq.next_element::<serde::de::IgnoredAny>()?.is_some() {
            return Err(A::Error::custom(format!("the array has more fields than the table's {columns} columns")));
        }
        Ok(())
    }
}

/// A field's name, borrowed unless it has escapes.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Self::Value, D::Error> {
        d.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field name")
    }

    fn visit_borrowed_str<E>(self, s: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(s))
    }

    fn visit_str<E>(self, s: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(s.to_owned()))
    }
}

/// One field of a row.
struct FieldSeed<'s, 'a> {
    draft: &'s mut TableDraft<'a>,
    column: usize,
    flavor: JsonFlavor,
}

impl<'de> DeserializeSeed<'de> for FieldSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        // A decimal's digits must not go through a float.
        if matches!(self.sql(), SqlType::Decimal { .. }) {
            let raw = <&RawValue as serde::Deserialize>::deserialize(d)?.get();
            return self.decimal(raw);
        }
        d.deserialize_any(self)
    }
}

/// What readers say they expected.
fn expected(sql: &SqlType, flavor: JsonFlavor) -> &'static str {
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
        SqlType::Date if days(flavor) => "a number of days since 1970-01-01",
        SqlType::Date => "a date \"YYYY-MM-DD\"",
        SqlType::Time => match time_unit_ns(flavor) {
            Some(1_000) => "a number of microseconds since midnight",
            Some(_) => "a number of milliseconds since midnight",
            None => "a time \"HH:MM:SS[.fffffffff]\"",
        },
        SqlType::Timestamp if timestamp_ms(flavor) => "a number of milliseconds since 1970",
        SqlType::Timestamp => "a timestamp \"YYYY-MM-DD HH:MM:SS[.ffffff]\"",
        SqlType::IntervalMonths(_) | SqlType::IntervalMicros(_) => "nothing: intervals have no JSON form",
        _ => "nothing: the type cannot be read yet",
    }
}

/// Whether the flavor writes dates as days.
fn days(flavor: JsonFlavor) -> bool {
    use JsonFlavor::{DebeziumMysql, DebeziumPostgres, KafkaConnectJsonConverter};
    matches!(flavor, DebeziumMysql | DebeziumPostgres | KafkaConnectJsonConverter)
}

/// Nanoseconds of the unit in which the flavor writes times, if they are numbers.
fn time_unit_ns(flavor: JsonFlavor) -> Option<i64> {
    match flavor {
        JsonFlavor::DebeziumMysql | JsonFlavor::DebeziumPostgres => Some(1_000),
        JsonFlavor::KafkaConnectJsonConverter => Some(1_000_000),
        _ => None,
    }
}

/// Whether the flavor writes timestamps as milliseconds.
fn timestamp_ms(flavor: JsonFlavor) -> bool {
    use JsonFlavor::{DebeziumPostgres, KafkaConnectJsonConverter, Pandas};
    matches!(flavor, DebeziumPostgres | KafkaConnectJsonConverter | Pandas)
}

impl FieldSeed<'_, '_> {
    fn sql(&self) -> &SqlType {
        &self.draft.table.columns[self.column].ty.sql
    }

    fn put<E: Error>(self, value: ValueRef<'_>) -> Result<(), E> {
        self.draft.set(self.column, value).map_err(E::custom)
    }

    fn wrong<E: Error>(&self, unexpected: Unexpected<'_>) -> E {
        E::invalid_type(unexpected, &expected(self.sql(), self.flavor))
    }

    fn out_of_range<E: Error>(&self, unexpected: Unexpected<'_>) -> E {
        E::invalid_value(unexpected, &expected(self.sql(), self.flavor))
    }

    fn decimal<E: Error>(self, raw: &str) -> Result<(), E> {
        let SqlType::Decimal { precision, scale } = *self.sql() else {
            return Err(self.wrong(Unexpected::Other("a value")));
        };
        if raw == "null" {
            return self.visit_unit();
        }
        let text = raw.strip_prefix('"').and_then(|s| s.strip_suffix('"')).unwrap_or(raw);
        match weir_functions::parse_decimal(text.trim(), i32::from(precision), i32::from(scale)) {
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
        match self.sql() {
            SqlType::TinyInt => narrow!(I8),
            SqlType::SmallInt => narrow!(I16),
            SqlType::Integer => narrow!(I32),
            SqlType::BigInt => narrow!(I64),
            SqlType::UTinyInt => narrow!(U8),
            SqlType::USmallInt => narrow!(U16),
            SqlType::UInteger => narrow!(U32),
            SqlType::UBigInt => narrow!(U64),
            SqlType::Real => self.put(ValueRef::F32(n as f32)),
            SqlType::Double => self.put(ValueRef::F64(n as f64)),
            SqlType::Date if days(self.flavor) => narrow!(Date),
            SqlType::Time => match time_unit_ns(self.flavor) {
                Some(unit) => match i64::try_from(n).ok().and_then(|n| n.checked_mul(unit)) {
                    Some(ns) => self.put(ValueRef::Time(ns)),
                    None => Err(self.out_of_range(unexpected)),
                },
                None => Err(self.wrong(unexpected)),
            },
            SqlType::Timestamp if timestamp_ms(self.flavor) => {
                match i64::try_from(n).ok().and_then(|n| n.checked_mul(1_000)) {
                    Some(us) => self.put(ValueRef::Ts(us)),
                    None => Err(self.out_of_range(unexpected)),
                }
            }
            _ => Err(self.wrong(unexpected)),
        }
    }
}

impl<'de> Visitor<'de> for FieldSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(expected(self.sql(), self.flavor))
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        if self.draft.table.columns[self.column].ty.nullable {
            return self.put(ValueRef::Null);
        }
        Err(self.wrong(Unexpected::Unit))
    }

    fn visit_bool<E: Error>(self, b: bool) -> Result<(), E> {
        match self.sql() {
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
        match self.sql() {
            SqlType::Real => self.put(ValueRef::F32(x as f32)),
            SqlType::Double => self.put(ValueRef::F64(x)),
            _ => Err(self.wrong(Unexpected::Float(x))),
        }
    }

    fn visit_str<E: Error>(self, s: &str) -> Result<(), E> {
        let trimmed = s.trim();
        let value = match self.sql() {
            SqlType::Char(_) | SqlType::Varchar(_) => Some(ValueRef::Text(s)),
            SqlType::Date if !days(self.flavor) => forms::parse_date(trimmed).map(ValueRef::Date),
            SqlType::Time if time_unit_ns(self.flavor).is_none() => forms::parse_time(trimmed).map(ValueRef::Time),
            SqlType::Timestamp if !timestamp_ms(self.flavor) => field::timestamp(trimmed).map(ValueRef::Ts),
            _ => return Err(self.wrong(Unexpected::Str(s))),
        };
        match value {
            Some(value) => self.put(value),
            None => Err(self.out_of_range(Unexpected::Str(s))),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(self.wrong(Unexpected::Seq))
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(self.wrong(Unexpected::Map))
    }
}
