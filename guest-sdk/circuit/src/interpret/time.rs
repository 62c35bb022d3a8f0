//! Bounds in time, and sessions.

use super::{Result, ZSet, error, groups};
use crate::{Edge, Position};
use weir_row::Value;

/// The rows whose first column is within the bounds, without that column. A scalar without a row bounds nothing.
pub(super) fn within(nodes: &[ZSet], input: usize, lower: Option<&Edge>, upper: Option<&Edge>) -> ZSet {
    let value = |edge: Option<&Edge>| edge.and_then(|e| Some((nodes[e.scalar].keys().next()?[0].clone(), e.inclusive)));
    let (lower, upper) = (value(lower), value(upper));
    let mut out = ZSet::new();
    for (row, weight) in &nodes[input] {
        let above = lower.as_ref().is_none_or(|(v, inclusive)| row[0] > *v || *inclusive && row[0] == *v);
        let below = upper.as_ref().is_none_or(|(v, inclusive)| row[0] < *v || *inclusive && row[0] == *v);
        if above && below {
            *out.entry(row[1..].to_vec()).or_default() += weight;
        }
    }
    out.retain(|_, w| *w != 0);
    out
}

/// A time as a number, in the unit of gaps.
fn number(time: &Value) -> i64 {
    match time {
        Value::Ts(x) | Value::Tz(x) | Value::I64(x) => *x,
        Value::Date(x) | Value::I32(x) => i64::from(*x),
        Value::I16(x) => i64::from(*x),
        Value::I8(x) => i64::from(*x),
        _ => 0,
    }
}

/// The last day of year 9999, since 1970.
const DATE_MAX: i64 = 2_932_896;
const DAY_MICROS: i64 = 86_400_000_000;

/// A number as a time like another, if there is one.
fn like(time: &Value, number: i64) -> Option<Value> {
    Some(match time {
        Value::Ts(_) => Value::Ts(Some(number).filter(|n| *n < (DATE_MAX + 1) * DAY_MICROS)?),
        Value::Tz(_) => Value::Tz(Some(number).filter(|n| *n < (DATE_MAX + 1) * DAY_MICROS)?),
        Value::Date(_) => Value::Date(i32::try_from(number).ok().filter(|n| i64::from(*n) <= DATE_MAX)?),
        Value::I32(_) => Value::I32(i32::try_from(number).ok()?),
        Value::I16(_) => Value::I16(i16::try_from(number).ok()?),
        Value::I8(_) => Value::I8(i8::try_from(number).ok()?),
        _ => Value::I64(number),
    })
}

/// Each row (key, time, others) with the beginning and end of its session.
pub(super) fn sessions(input: &ZSet, key: usize, gap: i64) -> Result<Vec<(Vec<Value>, i64)>> {
    let mut out = vec![];
    for rows in groups(input, key).values() {
        let there: Vec<_> = rows.iter().filter(|(_, w)| *w > 0).collect();
        let mut from = 0;
        while from < there.len() {
            let time = |i: usize| number(&there[i].0[key]);
            let mut to = from;
            while to + 1 < there.len() && i128::from(time(to + 1)) < i128::from(time(to)) + i128::from(gap) {
                to += 1;
            }
            let bound = |number: Option<i64>| {
                let bound = number.and_then(|n| like(&there[from].0[key], n));
                bound.ok_or_else(|| error("the end of a session is out of range", Position::NONE))
            };
            let (start, end) = (bound(Some(time(from)))?, bound(time(to).checked_add(gap))?);
            for (row, weight) in &there[from..=to] {
                let mut session = row.to_vec();
                session.extend([start.clone(), end.clone()]);
                out.push((session, *weight));
            }
            from = to + 1;
        }
    }
    Ok(out)
}
