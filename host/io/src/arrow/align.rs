//! Arrays as other programs write them, as the Arrow types of SQL types: numbers of other widths, texts and lists of other encodings, times of
//! other units, fields in another order.

use super::schema::arrow_type;
use arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, StringArray, StructArray, new_null_array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{
    DataType, Field, FieldRef, Fields, Int64Type, Time64NanosecondType, TimeUnit, TimestampMicrosecondType,
};
use arrow::error::ArrowError;
use std::sync::Arc;
use weir_functions::forms;
use weir_row::{RowType, SqlType};

/// What a value does not fit in becomes NULL, which is noticed.
const SAFE: CastOptions<'static> = CastOptions { safe: true, format_options: super::SHOWN };

/// Whether values of an Arrow type can be read as those of a SQL type.
///
/// # Errors
/// What cannot, in words.
pub(crate) fn fits(from: &DataType, sql: &SqlType) -> Result<(), String> {
    use DataType as D;
    let from = unpacked(from);
    let fits = match sql {
        SqlType::Null => from.is_null(),
        SqlType::Boolean => *from == D::Boolean,
        SqlType::TinyInt
        | SqlType::SmallInt
        | SqlType::Integer
        | SqlType::BigInt
        | SqlType::UTinyInt
        | SqlType::USmallInt
        | SqlType::UInteger
        | SqlType::UBigInt => from.is_integer(),
        SqlType::Decimal { .. } => from.is_integer() || from.is_decimal(),
        SqlType::Real | SqlType::Double => from.is_integer() || from.is_floating(),
        SqlType::Char(_) | SqlType::Varchar(_) | SqlType::Variant => from.is_string(),
        SqlType::Date => matches!(from, D::Date32 | D::Date64),
        SqlType::Time => matches!(from, D::Time32(_) | D::Time64(_) | D::UInt64 | D::Int64),
        SqlType::Timestamp | SqlType::TimestampTz => matches!(from, D::Timestamp(..)),
        SqlType::Binary(_) | SqlType::Varbinary(_) => from.is_binary(),
        SqlType::Uuid => from.is_string() || matches!(from, D::FixedSizeBinary(16)),
        SqlType::Array(of) => match elements(from) {
            Some(element) => return fits(element.data_type(), of).map_err(|e| format!("its elements: {e}")),
            None => false,
        },
        SqlType::Map(key, value) => match map_fields(from) {
            Some([of_key, of_value]) => {
                fits(of_key.data_type(), key).map_err(|e| format!("its keys: {e}"))?;
                return fits(of_value.data_type(), value).map_err(|e| format!("its values: {e}"));
            }
            None => false,
        },
        SqlType::Row(row) => match from {
            D::Struct(fields) => return fields_fit(fields, row),
            _ => false,
        },
        SqlType::IntervalMonths(_) | SqlType::IntervalMicros(_) => false,
    };
    // Of what has only NULLs some programs do not know the type.
    if fits || from.is_null() { Ok(()) } else { Err(format!("{sql} cannot be read from {from}")) }
}

fn fields_fit(fields: &Fields, row: &RowType) -> Result<(), String> {
    for (name, ty) in &row.fields {
        match find(fields, name) {
            Some(i) => fits(fields[i].data_type(), &ty.sql).map_err(|e| format!("its field '{name}': {e}"))?,
            None if ty.nullable => {}
            None => return Err(format!("its field '{name}' is missing, and it is NOT NULL")),
        }
    }
    Ok(())
}

/// The field of a name: exactly, or whatever the case if the name has no capitals (as names have that were not quoted).
fn find(fields: &Fields, name: &str) -> Option<usize> {
    let exactly = fields.iter().position(|f| f.name() == name);
    exactly.or_else(|| fields.iter().position(|f| f.name().to_lowercase() == name))
}

/// The type of values that may be kept once each and referred to.
fn unpacked(of: &DataType) -> &DataType {
    match of {
        DataType::Dictionary(_, value) => unpacked(value),
        DataType::RunEndEncoded(_, value) => unpacked(value.data_type()),
        of => of,
    }
}

fn elements(of: &DataType) -> Option<&FieldRef> {
    match of {
        DataType::List(f)
        | DataType::LargeList(f)
        | DataType::FixedSizeList(f, _)
        | DataType::ListView(f)
        | DataType::LargeListView(f) => Some(f),
        _ => None,
    }
}

fn map_fields(of: &DataType) -> Option<[&FieldRef; 2]> {
    let DataType::Map(entries, _) = of else { return None };
    let DataType::Struct(fields) = entries.data_type() else { return None };
    match &fields[..] {
        [key, value] => Some([key, value]),
        _ => None,
    }
}

/// An array of a type that [`fits`], as the Arrow type of the SQL type, and how many values within were lost since they do not fit it. Fields
/// of rows may be NULL where they are NOT NULL: who reads them looks.
///
/// # Errors
/// What Arrow does not convert.
pub(crate) fn align(array: &ArrayRef, sql: &SqlType) -> Result<(ArrayRef, usize), ArrowError> {
    let of = unpacked(array.data_type());
    let array = if of == array.data_type() { Arc::clone(array) } else { cast_with_options(array, of, &SAFE)? };
    if array.data_type().is_null() {
        return Ok((new_null_array(&arrow_type(sql), array.len()), 0));
    }
    match sql {
        SqlType::Array(of) => {
            let Some(element) = elements(array.data_type()) else { return Err(mismatch(sql)) };
            let list = cast_with_options(&array, &DataType::List(Arc::clone(element)), &SAFE)?;
            let list = list.as_list::<i32>();
            let (offsets, from, to) = rebased(list.offsets());
            let (values, lost) = align(&list.values().slice(from, to - from), of)?;
            let field = Arc::new(Field::new("item", values.data_type().clone(), true));
            Ok((Arc::new(ListArray::try_new(field, offsets, values, list.nulls().cloned())?), lost))
        }
        SqlType::Map(key, value) => {
            let map = array.as_map();
            let (offsets, from, to) = rebased(map.offsets());
            let (keys, lost_keys) = align(&map.keys().slice(from, to - from), key)?;
            let (values, lost_values) = align(&map.values().slice(from, to - from), value)?;
            // A key that was lost must not be NULL in Arrow; it is reported, whatever it is here.
            let fields: Fields = vec![
                Field::new("key", keys.data_type().clone(), lost_keys > 0),
                Field::new("value", values.data_type().clone(), true),
            ]
            .into();
            let entries = StructArray::try_new(fields.clone(), vec![keys, values], None)?;
            let field = Arc::new(Field::new("entries", DataType::Struct(fields), false));
            let map = MapArray::try_new(field, offsets, entries, map.nulls().cloned(), false)?;
            Ok((Arc::new(map), lost_keys + lost_values))
        }
        SqlType::Row(row) => {
            let from = array.as_struct();
            let (mut fields, mut columns, mut lost) = (Vec::new(), Vec::new(), 0);
            for (name, ty) in &row.fields {
                let column = match find(from.fields(), name) {
                    Some(i) => {
                        let (column, lost_here) = align(from.column(i), &ty.sql)?;
                        lost += lost_here;
                        column
                    }
                    None => new_null_array(&arrow_type(&ty.sql), array.len()),
                };
                fields.push(Field::new(name, column.data_type().clone(), true));
                columns.push(column);
            }
            Ok((Arc::new(StructArray::try_new(fields.into(), columns, from.nulls().cloned())?), lost))
        }
        sql => {
            let scalar = scalar(&array, sql)?;
            let lost = scalar.logical_null_count().saturating_sub(array.logical_null_count());
            Ok((scalar, lost))
        }
    }
}

/// Offsets from 0 on, and which elements they are about.
fn rebased(offsets: &OffsetBuffer<i32>) -> (OffsetBuffer<i32>, usize, usize) {
    let first = offsets.first().copied().unwrap_or(0);
    let last = offsets.last().copied().unwrap_or(first);
    let offsets = OffsetBuffer::new(offsets.iter().map(|o| o - first).collect());
    // Offsets of arrays are not negative.
    (offsets, first as usize, last as usize)
}

fn scalar(array: &ArrayRef, sql: &SqlType) -> Result<ArrayRef, ArrowError> {
    let to = arrow_type(sql);
    let cast = |array: &dyn Array, to: &DataType| cast_with_options(array, to, &SAFE);
    Ok(match (sql, array.data_type()) {
        (SqlType::Uuid, DataType::FixedSizeBinary(16)) => {
            let text = |bytes: &[u8]| Some(forms::uuid(u128::from_be_bytes(bytes.try_into().ok()?)));
            Arc::new(array.as_fixed_size_binary().iter().map(|b| b.and_then(text)).collect::<StringArray>())
        }
        // Nanoseconds of the day, as a number.
        (SqlType::Time, DataType::UInt64 | DataType::Int64) => {
            let numbers = cast(array, &DataType::Int64)?;
            Arc::new(numbers.as_primitive::<Int64Type>().reinterpret_cast::<Time64NanosecondType>())
        }
        // An instant stays what it is, and is told in UTC; without a zone it is in UTC.
        (SqlType::Timestamp | SqlType::TimestampTz, DataType::Timestamp(_, zone)) => {
            let micros = cast(array, &DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))?;
            let utc = (*sql == SqlType::TimestampTz).then(|| Arc::from("+00:00"));
            Arc::new(micros.as_primitive::<TimestampMicrosecondType>().clone().with_timezone_opt::<Arc<str>>(utc))
        }
        _ => cast(array, &to)?,
    })
}

/// It was seen that the types fit, so this is a mistake of ours.
fn mismatch(sql: &SqlType) -> ArrowError {
    ArrowError::CastError(format!("{sql} cannot be read from this"))
}
