//! What is told of records beside them, for columns whose DEFAULT is made of CONNECTOR_METADATA().

use crate::TableColumns;
use std::panic::{AssertUnwindSafe, catch_unwind};
use weir_circuit::{ColumnDefault, interpret};
use weir_functions::Arena;
use weir_row::{ItemWriter, MapDraft, Value, ValueRef};

/// Bytes that a default may have which is made of metadata.
const DEFAULT_BYTES_MAX: usize = 1 << 20;

/// Names and values that a connector tells of a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    entries: Vec<(String, Datum)>,
}

/// A value of [`Metadata`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Datum {
    /// BOOLEAN
    Bool(bool),
    /// INTEGER
    Int(i32),
    /// BIGINT
    BigInt(i64),
    /// TIMESTAMP, in microseconds since 1970-01-01
    Timestamp(i64),
    /// VARCHAR
    Text(String),
    /// MAP of VARCHAR to VARBINARY, of which some are NULL. Of equal names the last one stays.
    Headers(Vec<(String, Option<Vec<u8>>)>),
}

impl Metadata {
    /// Adds a value. Of equal names the last one stays.
    pub fn set(&mut self, name: impl Into<String>, datum: Datum) {
        self.entries.push((name.into(), datum));
    }

    /// The names of the values.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(name, _)| name.as_str())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The VARIANT that CONNECTOR_METADATA() is; NULL if there are none.
    pub fn variant(&self) -> Value {
        if self.is_empty() {
            return Value::Null;
        }
        let mut out = ItemWriter::new();
        let mut map = MapDraft::begin(&mut out);
        for (name, datum) in &self.entries {
            map.key(&out);
            out.text(name);
            map.value(&out);
            datum.write(&mut out);
        }
        map.end(&mut out);
        Value::Item(out.finish().into())
    }
}

impl Datum {
    fn write(&self, out: &mut ItemWriter) {
        let value = match self {
            Datum::Bool(v) => ValueRef::Bool(*v),
            Datum::Int(v) => ValueRef::I32(*v),
            Datum::BigInt(v) => ValueRef::I64(*v),
            Datum::Timestamp(v) => ValueRef::Ts(*v),
            Datum::Text(v) => ValueRef::Text(v),
            Datum::Headers(headers) => {
                let mut map = MapDraft::begin(out);
                for (name, value) in headers {
                    map.key(out);
                    out.text(name);
                    map.value(out);
                    match value {
                        Some(bytes) => out.binary(bytes),
                        None => out.variant_null(),
                    }
                }
                return map.end(out);
            }
        };
        out.value(value, 0);
    }
}

/// The defaults of columns for records of certain metadata.
pub(crate) type Defaults = Vec<(usize, Value)>;

/// What the columns that are made of metadata get.
pub(crate) fn defaults(table: &TableColumns, metadata: &Metadata) -> Result<Defaults, String> {
    let row = [metadata.variant()];
    let made = table.columns.iter().enumerate().filter_map(|(i, column)| match &column.default {
        Some(ColumnDefault::OfMetadata { expr, .. }) => Some((i, column, expr)),
        _ => None,
    });
    let value = |(i, column, expr): (usize, &weir_circuit::Column, _)| {
        // The expression comes with the component: it was checked, but nothing that it does may harm others.
        let value = catch_unwind(AssertUnwindSafe(|| interpret::value(expr, &row, &Arena::new())));
        let value = match value {
            Ok(Ok(value)) => value,
            Ok(Err(e)) => return Err(format!("the default of column '{}': {}", column.name, e.message)),
            Err(_) => return Err(format!("the default of column '{}' cannot be computed", column.name)),
        };
        if bytes(&value) > DEFAULT_BYTES_MAX {
            return Err(format!("the default of column '{}' is of more than {DEFAULT_BYTES_MAX} bytes", column.name));
        }
        Ok((i, value))
    };
    made.map(value).collect()
}

fn bytes(value: &Value) -> usize {
    match value {
        Value::Text(v) => v.len(),
        Value::Bytes(v) | Value::Item(v) => v.len(),
        _ => 0,
    }
}
