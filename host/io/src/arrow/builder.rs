//! Columns of a batch in the making: from the words of rows, and, within values with parts, from items.

use arrow::array::{
    ArrayRef, BinaryBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, DurationMicrosecondBuilder,
    Float32Builder, Float64Builder, Int8Builder, Int16Builder, Int32Builder, Int64Builder, IntervalYearMonthBuilder,
    ListArray, MapArray, NullArray, NullBufferBuilder, StringBuilder, StructArray, Time64NanosecondBuilder,
    TimestampMicrosecondBuilder, UInt8Builder, UInt16Builder, UInt32Builder, UInt64Builder,
};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use std::sync::Arc;
use weir_functions::forms;
use weir_row::{Field, Item, Kind, SqlType, ValueRef, View, dec, text};

/// A value with parts, or a VARIANT, as an array of one element, of the Arrow type of its SQL type. `None`: it is of another type.
pub fn array_of_item(sql: &SqlType, item: Item<'_>) -> Option<ArrayRef> {
    let mut one = Builder::new(sql);
    one.push_item(sql, item)?;
    one.finish(&super::schema::arrow_type(sql)).ok()
}

/// A column of a batch in the making.
#[derive(Debug)]
pub(crate) enum Builder {
    Null(usize),
    Bool(BooleanBuilder),
    I8(Int8Builder),
    I16(Int16Builder),
    I32(Int32Builder),
    I64(Int64Builder),
    U8(UInt8Builder),
    U16(UInt16Builder),
    U32(UInt32Builder),
    U64(UInt64Builder),
    Dec(Decimal128Builder),
    F32(Float32Builder),
    F64(Float64Builder),
    Text(StringBuilder),
    Date(Date32Builder),
    Time(Time64NanosecondBuilder),
    Ts(TimestampMicrosecondBuilder),
    Months(IntervalYearMonthBuilder),
    Micros(DurationMicrosecondBuilder),
    Bytes(BinaryBuilder),
    /// UUIDs as text.
    Uuid(StringBuilder),
    /// VARIANTs as JSON.
    Variant(StringBuilder),
    /// Arrays and maps: their parts lie one behind the other, and `ends` says where each value's end.
    List {
        ends: Vec<i32>,
        valid: NullBufferBuilder,
        parts: Vec<Part>,
    },
    /// Rows.
    Row {
        valid: NullBufferBuilder,
        parts: Vec<Part>,
    },
}

/// The elements of arrays, the keys or values of maps, or one field of rows.
#[derive(Debug)]
pub(crate) struct Part {
    sql: SqlType,
    builder: Builder,
}

impl Part {
    fn new(sql: &SqlType) -> Part {
        Part { sql: sql.clone(), builder: Builder::new(sql) }
    }
}

impl Builder {
    pub(crate) fn new(sql: &SqlType) -> Builder {
        let list = |parts: Vec<Part>| Builder::List { ends: vec![0], valid: NullBufferBuilder::new(0), parts };
        match sql {
            SqlType::Null => Builder::Null(0),
            SqlType::Boolean => Builder::Bool(BooleanBuilder::new()),
            SqlType::TinyInt => Builder::I8(Int8Builder::new()),
            SqlType::SmallInt => Builder::I16(Int16Builder::new()),
            SqlType::Integer => Builder::I32(Int32Builder::new()),
            SqlType::BigInt => Builder::I64(Int64Builder::new()),
            SqlType::UTinyInt => Builder::U8(UInt8Builder::new()),
            SqlType::USmallInt => Builder::U16(UInt16Builder::new()),
            SqlType::UInteger => Builder::U32(UInt32Builder::new()),
            SqlType::UBigInt => Builder::U64(UInt64Builder::new()),
            SqlType::Decimal { .. } => {
                Builder::Dec(Decimal128Builder::new().with_data_type(super::schema::arrow_type(sql)))
            }
            SqlType::Real => Builder::F32(Float32Builder::new()),
            SqlType::Double => Builder::F64(Float64Builder::new()),
            SqlType::Char(_) | SqlType::Varchar(_) => Builder::Text(StringBuilder::new()),
            SqlType::Date => Builder::Date(Date32Builder::new()),
            SqlType::Time => Builder::Time(Time64NanosecondBuilder::new()),
            SqlType::Timestamp => Builder::Ts(TimestampMicrosecondBuilder::new()),
            SqlType::TimestampTz => {
                Builder::Ts(TimestampMicrosecondBuilder::new().with_data_type(super::schema::arrow_type(sql)))
            }
            SqlType::Binary(_) | SqlType::Varbinary(_) => Builder::Bytes(BinaryBuilder::new()),
            SqlType::Uuid => Builder::Uuid(StringBuilder::new()),
            SqlType::Variant => Builder::Variant(StringBuilder::new()),
            SqlType::Array(of) => list(vec![Part::new(of)]),
            SqlType::Map(key, value) => list(vec![Part::new(key), Part::new(value)]),
            SqlType::Row(row) => Builder::Row {
                valid: NullBufferBuilder::new(0),
                parts: row.fields.iter().map(|(_, ty)| Part::new(&ty.sql)).collect(),
            },
            SqlType::IntervalMonths(_) => Builder::Months(IntervalYearMonthBuilder::new()),
            SqlType::IntervalMicros(_) => Builder::Micros(DurationMicrosecondBuilder::new()),
        }
    }

    /// Appends the value of these words, of which there are as many as the field has. `None`: they are no value.
    pub(crate) fn push(&mut self, sql: &SqlType, field: &Field, words: &[u64], scratch: &mut Vec<u8>) -> Option<()> {
        if let Builder::Text(b) = self {
            if words[0] == 0 {
                b.append_null();
                return Some(());
            }
            let (count, bytes) = text::measure(words)?;
            scratch.resize(text::room(count), 0);
            text::read(&words[..count], scratch);
            b.append_value(std::str::from_utf8(&scratch[..bytes]).ok()?);
            return Some(());
        }
        if field.kind.is_variable() {
            let Some(bytes) = text::to_bytes(words) else { return (words[0] == 0).then(|| self.push_null()) };
            return match field.kind {
                Kind::Uuid => self.push_value(ValueRef::Uuid(u128::from_be_bytes(bytes.try_into().ok()?))),
                Kind::Bytes => self.push_value(ValueRef::Bytes(&bytes)),
                _ => self.push_item(sql, Item::new(&bytes)),
            };
        }
        let null = field.nullable && words.iter().all(|w| *w == 0);
        // Behind the slot of a nullable wide column that is 1 is the word itself.
        let w = *words.last()?;
        macro_rules! put {
            ($builder:ident, $value:expr) => {
                if null { $builder.append_null() } else { $builder.append_value($value) }
            };
        }
        match self {
            Builder::Null(rows) => *rows += 1,
            Builder::Text(_) | Builder::Bytes(_) | Builder::Uuid(_) | Builder::Variant(_) => return None,
            Builder::List { .. } | Builder::Row { .. } => return None,
            Builder::Bool(b) => put!(b, dec::bool(w)),
            Builder::I8(b) => put!(b, dec::i8(w)),
            Builder::I16(b) => put!(b, dec::i16(w)),
            Builder::I32(b) => put!(b, dec::i32(w)),
            Builder::I64(b) => put!(b, dec::i64(w)),
            Builder::U8(b) => put!(b, dec::u8(w)),
            Builder::U16(b) => put!(b, dec::u16(w)),
            Builder::U32(b) => put!(b, dec::u32(w)),
            Builder::U64(b) => put!(b, dec::u64(w)),
            Builder::Dec(b) => put!(b, if field.words == 2 { dec::dec2(words[0], w) } else { dec::dec(w) }),
            Builder::F32(b) => put!(b, dec::f32(w)),
            Builder::F64(b) => put!(b, dec::f64(w)),
            Builder::Date(b) => put!(b, dec::date(w)),
            Builder::Time(b) => put!(b, dec::time(w)),
            Builder::Ts(b) => put!(b, dec::ts(w)),
            Builder::Months(b) => put!(b, dec::months(w)),
            Builder::Micros(b) => put!(b, dec::micros(w)),
        }
        Some(())
    }

    /// Appends an item of a type. `None`: it is of another type.
    pub(crate) fn push_item(&mut self, sql: &SqlType, item: Item<'_>) -> Option<()> {
        if item.is_null() {
            self.push_null();
            return Some(());
        }
        match (self, sql) {
            (Builder::Variant(b), SqlType::Variant) => b.append_value(forms::json(item)),
            (Builder::List { ends, valid, parts }, SqlType::Array(_) | SqlType::Map(..)) => {
                if !matches!((item.view(), parts.len()), (View::Array(_), 1) | (View::Map(_), 2)) {
                    return None;
                }
                let mut count = 0i32;
                for (number, part) in item.items().enumerate() {
                    let which = number % parts.len();
                    let Part { sql, builder } = &mut parts[which];
                    builder.push_item(sql, part)?;
                    count = count.checked_add(i32::from(which == 0))?;
                }
                let end = ends.last().copied().unwrap_or(0).checked_add(count)?;
                ends.push(end);
                valid.append_non_null();
            }
            (Builder::Row { valid, parts }, SqlType::Row(_)) => {
                let View::Row(mut fields) = item.view() else { return None };
                for Part { sql, builder } in parts {
                    builder.push_item(sql, fields.next()?)?;
                }
                valid.append_non_null();
            }
            (builder, sql) => builder.push_value(item.view().scalar(sql.scale())?)?,
        }
        Some(())
    }

    /// Appends a scalar. `None`: it is of another type.
    fn push_value(&mut self, value: ValueRef<'_>) -> Option<()> {
        match (self, value) {
            (builder, ValueRef::Null) => builder.push_null(),
            (Builder::Bool(b), ValueRef::Bool(v)) => b.append_value(v),
            (Builder::I8(b), ValueRef::I8(v)) => b.append_value(v),
            (Builder::I16(b), ValueRef::I16(v)) => b.append_value(v),
            (Builder::I32(b), ValueRef::I32(v)) => b.append_value(v),
            (Builder::I64(b), ValueRef::I64(v)) => b.append_value(v),
            (Builder::U8(b), ValueRef::U8(v)) => b.append_value(v),
            (Builder::U16(b), ValueRef::U16(v)) => b.append_value(v),
            (Builder::U32(b), ValueRef::U32(v)) => b.append_value(v),
            (Builder::U64(b), ValueRef::U64(v)) => b.append_value(v),
            (Builder::Dec(b), ValueRef::Dec(v)) => b.append_value(v),
            (Builder::F32(b), ValueRef::F32(v)) => b.append_value(v),
            (Builder::F64(b), ValueRef::F64(v)) => b.append_value(v),
            (Builder::Text(b), ValueRef::Text(v)) => b.append_value(v),
            (Builder::Date(b), ValueRef::Date(v)) => b.append_value(v),
            (Builder::Time(b), ValueRef::Time(v)) => b.append_value(v),
            (Builder::Ts(b), ValueRef::Ts(v) | ValueRef::Tz(v)) => b.append_value(v),
            (Builder::Months(b), ValueRef::Months(v)) => b.append_value(v),
            (Builder::Micros(b), ValueRef::Micros(v)) => b.append_value(v),
            (Builder::Bytes(b), ValueRef::Bytes(v)) => b.append_value(v),
            (Builder::Uuid(b), ValueRef::Uuid(v)) => b.append_value(forms::uuid(v)),
            _ => return None,
        }
        Some(())
    }

    fn push_null(&mut self) {
        match self {
            Builder::Null(rows) => *rows += 1,
            Builder::Bool(b) => b.append_null(),
            Builder::I8(b) => b.append_null(),
            Builder::I16(b) => b.append_null(),
            Builder::I32(b) => b.append_null(),
            Builder::I64(b) => b.append_null(),
            Builder::U8(b) => b.append_null(),
            Builder::U16(b) => b.append_null(),
            Builder::U32(b) => b.append_null(),
            Builder::U64(b) => b.append_null(),
            Builder::Dec(b) => b.append_null(),
            Builder::F32(b) => b.append_null(),
            Builder::F64(b) => b.append_null(),
            Builder::Text(b) | Builder::Uuid(b) | Builder::Variant(b) => b.append_null(),
            Builder::Date(b) => b.append_null(),
            Builder::Time(b) => b.append_null(),
            Builder::Ts(b) => b.append_null(),
            Builder::Months(b) => b.append_null(),
            Builder::Micros(b) => b.append_null(),
            Builder::Bytes(b) => b.append_null(),
            Builder::List { ends, valid, .. } => {
                ends.push(ends.last().copied().unwrap_or(0));
                valid.append_null();
            }
            Builder::Row { valid, parts } => {
                // Fields are NULL where the row is, also those that are NOT NULL.
                parts.iter_mut().for_each(|p| p.builder.push_null());
                valid.append_null();
            }
        }
    }

    /// The column, of the Arrow type of its SQL type.
    ///
    /// # Errors
    /// NULL in a field that is NOT NULL, or as a key of a map.
    pub(crate) fn finish(self, of: &DataType) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            Builder::Null(rows) => Arc::new(NullArray::new(rows)),
            Builder::Bool(mut b) => Arc::new(b.finish()),
            Builder::I8(mut b) => Arc::new(b.finish()),
            Builder::I16(mut b) => Arc::new(b.finish()),
            Builder::I32(mut b) => Arc::new(b.finish()),
            Builder::I64(mut b) => Arc::new(b.finish()),
            Builder::U8(mut b) => Arc::new(b.finish()),
            Builder::U16(mut b) => Arc::new(b.finish()),
            Builder::U32(mut b) => Arc::new(b.finish()),
            Builder::U64(mut b) => Arc::new(b.finish()),
            Builder::Dec(mut b) => Arc::new(b.finish()),
            Builder::F32(mut b) => Arc::new(b.finish()),
            Builder::F64(mut b) => Arc::new(b.finish()),
            Builder::Text(mut b) | Builder::Uuid(mut b) | Builder::Variant(mut b) => Arc::new(b.finish()),
            Builder::Date(mut b) => Arc::new(b.finish()),
            Builder::Time(mut b) => Arc::new(b.finish()),
            Builder::Ts(mut b) => Arc::new(b.finish()),
            Builder::Months(mut b) => Arc::new(b.finish()),
            Builder::Micros(mut b) => Arc::new(b.finish()),
            Builder::Bytes(mut b) => Arc::new(b.finish()),
            Builder::List { ends, mut valid, parts } => {
                let ends = OffsetBuffer::new(ScalarBuffer::from(ends));
                let mut parts = parts.into_iter();
                match (of, parts.next()) {
                    (DataType::List(field), Some(part)) => {
                        let elements = part.builder.finish(field.data_type())?;
                        Arc::new(ListArray::try_new(Arc::clone(field), ends, elements, valid.finish())?)
                    }
                    (DataType::Map(field, sorted), Some(key)) => {
                        let entries = rows(field.data_type(), std::iter::once(key).chain(parts), None)?;
                        Arc::new(MapArray::try_new(Arc::clone(field), ends, entries, valid.finish(), *sorted)?)
                    }
                    _ => return Err(mismatch(of)),
                }
            }
            Builder::Row { mut valid, parts } => Arc::new(rows(of, parts.into_iter(), Some(&mut valid))?),
        })
    }
}

/// Parts as the fields of a struct.
fn rows(
    of: &DataType,
    parts: impl Iterator<Item = Part>,
    valid: Option<&mut NullBufferBuilder>,
) -> Result<StructArray, ArrowError> {
    let DataType::Struct(fields) = of else { return Err(mismatch(of)) };
    let columns = parts.zip(fields).map(|(part, field)| part.builder.finish(field.data_type()));
    StructArray::try_new(fields.clone(), columns.collect::<Result<_, _>>()?, valid.and_then(|v| v.finish()))
}

/// Builders and types are made of the same SQL types, so this is a mistake of ours.
fn mismatch(of: &DataType) -> ArrowError {
    ArrowError::SchemaError(format!("a column was built for another type than {of}"))
}
