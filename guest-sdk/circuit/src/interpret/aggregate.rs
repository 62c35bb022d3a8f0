//! Aggregates that choose a row of a group, and those that go through its bits: each as its definition reads, on a list with every row as
//! often as its weight says.

use super::{Result, error, value, whole};
use crate::{AggregateFunction, Expr, Position};
use weir_functions::Arena;
use weir_row::Value;

/// The rows of a group, one by one.
fn each<'r>(rows: &'r [(&Vec<Value>, i64)]) -> impl Iterator<Item = &'r Vec<Value>> {
    rows.iter().flat_map(|(row, weight)| (0..*weight).map(move |_| *row))
}

/// MIN, MAX, ARG_MIN, ARG_MAX, MODE of a group; the key has `keys` columns.
pub(super) fn chosen(function: &AggregateFunction, rows: &[(&Vec<Value>, i64)], keys: usize) -> Value {
    let columns = each(rows).map(|row| &row[keys..]).filter(|columns| !columns[0].is_null());
    let mut columns: Vec<&[Value]> = columns.collect();
    columns.sort();
    let found = match function {
        AggregateFunction::Min | AggregateFunction::ArgMin => columns.first(),
        AggregateFunction::Max | AggregateFunction::ArgMax => columns.last(),
        _ => {
            let times = |c: &[Value]| columns.iter().filter(|other| **other == c).count();
            // `max_by_key` takes the last of several.
            columns.iter().rev().max_by_key(|c| times(c))
        }
    };
    found.and_then(|columns| columns.last()).cloned().unwrap_or(Value::Null)
}

/// The arguments of a group put together bit by bit.
pub(super) fn bits(
    operation: &str,
    argument: &Expr,
    rows: &[(&Vec<Value>, i64)],
    arena: &Arena,
    at: Position,
) -> Result<Value> {
    let mut total = Value::Null;
    for row in each(rows) {
        total = match (total, value(argument, row, arena)?) {
            (total, Value::Null) => total,
            (Value::Null, x) => x,
            (total, x) => both(operation, &total, &x).ok_or_else(|| error("not to be put together", at))?,
        };
    }
    Ok(total)
}

fn both(operation: &str, a: &Value, b: &Value) -> Option<Value> {
    let (x, y) = (whole(a)?, whole(b)?);
    let bits = match operation.rsplit_once('_')?.0 {
        "bit_and" => x & y,
        "bit_or" => x | y,
        "bit_xor" => x ^ y,
        _ => return None,
    };
    Some(match a {
        Value::I8(_) => Value::I8(bits as i8),
        Value::I16(_) => Value::I16(bits as i16),
        Value::I32(_) => Value::I32(bits as i32),
        Value::I64(_) => Value::I64(bits as i64),
        Value::U8(_) => Value::U8(bits as u8),
        Value::U16(_) => Value::U16(bits as u16),
        Value::U32(_) => Value::U32(bits as u32),
        Value::U64(_) => Value::U64(bits as u64),
        _ => return None,
    })
}
