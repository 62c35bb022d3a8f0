//! Windows as they are defined: for each row of a key, on a list with every row as often as its weight says, the rows of the frame are
//! looked for, and then something is made of them.

use super::{Result, ZSet, call, collect, groups, value};
use crate::{Aggregate, AggregateFunction, Expr, Frame, FrameBound, FrameFunction, FrameUnit};
use std::ops::Range;
use weir_functions::Arena;
use weir_row::Value;

/// The rows of a key in order, and which groups of peers they are in.
struct Rows<'a> {
    all: Vec<&'a Vec<Value>>,
    groups: Vec<i64>,
    key: usize,
    order: usize,
}

/// Each row with the results of all frames.
pub(super) fn results(input: &ZSet, key: usize, order: usize, sums: &[Aggregate], frames: &[Frame]) -> Result<ZSet> {
    let mut out = vec![];
    for of_key in groups(input, key).values() {
        let mut rows = Rows { all: vec![], groups: vec![], key, order };
        for (row, weight) in of_key {
            rows.all.extend((0..*weight).map(|_| *row));
        }
        rows.all.sort();
        for i in 0..rows.all.len() {
            let new = i == 0 || rows.ordered_by(i) != rows.ordered_by(i - 1);
            rows.groups.push(rows.groups.last().map_or(0, |g| g + i64::from(new)));
        }
        for i in 0..rows.all.len() {
            let mut row = rows.all[i].clone();
            for frame in frames {
                let within = rows.frame(frame, i)?;
                for function in &frame.functions {
                    row.push(made(function, sums, &rows.all[within.clone()], key)?);
                }
            }
            out.push(Ok((row, 1)));
        }
    }
    collect(out)
}

impl Rows<'_> {
    fn ordered_by(&self, i: usize) -> &[Value] {
        &self.all[i][self.key..self.key + self.order]
    }

    /// The rows of the frame of row `i`.
    fn frame(&self, frame: &Frame, i: usize) -> Result<Range<usize>> {
        let arena = Arena::new();
        let moved = |exprs: &[Expr]| exprs.iter().map(|e| value(e, self.all[i], &arena)).collect::<Result<Vec<_>>>();
        let distance = |j: usize| match frame.unit {
            FrameUnit::Rows => j as i64 - i as i64,
            FrameUnit::Groups | FrameUnit::Range => self.groups[j] - self.groups[i],
        };
        let start = match &frame.start {
            FrameBound::Value { of_row, .. } => Some(moved(of_row)?),
            _ => None,
        };
        let end = match &frame.end {
            FrameBound::Value { of_row, .. } => Some(moved(of_row)?),
            _ => None,
        };
        let from = (0..self.all.len()).position(|j| match &frame.start {
            FrameBound::Unbounded => true,
            FrameBound::Offset(n) => distance(j) >= *n,
            FrameBound::Value { .. } => start.as_ref().is_some_and(|s| self.ordered_by(j) >= s.as_slice()),
        });
        let to = (0..self.all.len()).rposition(|j| match &frame.end {
            FrameBound::Unbounded => true,
            FrameBound::Offset(n) => distance(j) <= *n,
            FrameBound::Value { .. } => end.as_ref().is_some_and(|e| self.ordered_by(j) <= e.as_slice()),
        });
        Ok(match (from, to) {
            (Some(from), Some(to)) if from <= to => from..to + 1,
            _ => 0..0,
        })
    }
}

/// What a function makes of the rows of a frame.
fn made(function: &FrameFunction, sums: &[Aggregate], rows: &[&Vec<Value>], key: usize) -> Result<Value> {
    let aggregate = |a: &Aggregate, rows: &[&Vec<Value>]| {
        let once: Vec<(&Vec<Value>, i64)> = rows.iter().map(|row| (*row, 1)).collect();
        call(&a.function, &once, key, &a.ty.sql, a.at)
    };
    match function {
        FrameFunction::Sum(i) => aggregate(&sums[*i], rows),
        FrameFunction::Extreme { column, count, greatest } => {
            let columns = rows.iter().map(|row| &row[key + column..key + column + count]);
            let present = columns.filter(|c| !c[0].is_null());
            let found = if *greatest { present.max() } else { present.min() };
            Ok(found.and_then(|c| c.last()).cloned().unwrap_or(Value::Null))
        }
        FrameFunction::Mode { column } => {
            let columns: Vec<Vec<Value>> = rows.iter().map(|row| vec![row[key + column].clone()]).collect();
            let once: Vec<(&Vec<Value>, i64)> = columns.iter().map(|c| (c, 1)).collect();
            Ok(super::aggregate::chosen(&AggregateFunction::Mode, &once, 0))
        }
        FrameFunction::Nth { column, nth, last, ignore_nulls } => {
            let mut values: Vec<&Value> =
                rows.iter().map(|row| &row[key + column]).filter(|v| !ignore_nulls || !v.is_null()).collect();
            if *last {
                values.reverse();
            }
            Ok(values.get(*nth as usize - 1).copied().cloned().unwrap_or(Value::Null))
        }
        FrameFunction::Fold { aggregate: of, present } => {
            let there = |row: &&&Vec<Value>| present.is_none_or(|p| !row[key + p].is_null());
            let rows: Vec<&Vec<Value>> = rows.iter().filter(there).copied().collect();
            aggregate(of, &rows)
        }
    }
}
