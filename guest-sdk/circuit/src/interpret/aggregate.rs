//! Aggregates that choose a row of a group, and those that go through its bits: each as its definition reads, on a list with every row as
//! often as its weight says.

use super::{Result, error, value, whole};
use crate::{AggregateFunction, Expr, Position};
use std::collections::BTreeMap;
use weir_functions::Arena;
use weir_row::{ItemWriter, SqlType, Value};

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

/// An array of a value of each row, or a map of a key and a value of each. Rows are in the order of their columns.
pub(super) fn collected(
    exprs: &[Expr],
    once: bool,
    rows: &[(&Vec<Value>, i64)],
    arena: &Arena,
    at: Position,
) -> Result<Value> {
    if rows.iter().any(|(_, weight)| *weight < 0) {
        return Err(error("a negative weight", at));
    }
    let mut out = ItemWriter::new();
    let mut put = |e: &Expr, v: &Value| {
        let scale = if let SqlType::Decimal { scale, .. } = e.ty.sql { scale } else { 0 };
        out.value(v.into(), scale);
    };
    let mut all: Vec<Vec<Value>> = vec![];
    for (row, weight) in rows {
        for _ in 0..if once { 1 } else { *weight } {
            all.push(exprs.iter().map(|e| value(e, row, arena)).collect::<Result<_>>()?);
        }
    }
    let mut written = ItemWriter::new();
    match exprs {
        [e] => {
            all.iter().for_each(|v| put(e, &v[0]));
            written.begin_array();
        }
        _ => {
            let entries: BTreeMap<Value, Value> = all.into_iter().map(|v| (v[0].clone(), v[1].clone())).collect();
            if entries.keys().any(Value::is_null) {
                return Err(error("a key of a map cannot be NULL", at));
            }
            for (k, v) in &entries {
                put(&exprs[0], k);
                put(&exprs[1], v);
            }
            written.begin_map();
        }
    }
    let mut bytes = written.finish();
    bytes.extend(out.finish());
    bytes.push(0);
    Ok(Value::Item(bytes.into()))
}

fn both(operation: &str, a: &Value, b: &Value) -> Option<Value> {
    if let (Value::Bytes(a), Value::Bytes(b)) = (a, b) {
        let byte = |(x, y): (&u8, &u8)| match operation {
            "bit_and_bytes" => x & y,
            "bit_or_bytes" => x | y,
            _ => x ^ y,
        };
        return (a.len() == b.len()).then(|| Value::Bytes(a.iter().zip(b.iter()).map(byte).collect()));
    }
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
