//! Frames of windows: which rows around a row, and what is made of them.

use crate::check::{expression, require, same_layout};
use crate::{Aggregate, AggregateFunction, Expr, Node};
use serde::{Deserialize, Serialize};
use weir_row::{ColumnType, SqlType};

/// Farthest bound of a frame, in rows or groups.
pub const FRAME_OFFSET_MAX: i64 = 1 << 40;

/// Some rows around each row of a key, and what is made of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// What the bounds count.
    pub unit: FrameUnit,
    /// The first row.
    pub start: FrameBound,
    /// The last row.
    pub end: FrameBound,
    /// What is made of the rows.
    pub functions: Vec<FrameFunction>,
}

/// What the bounds of a frame count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FrameUnit {
    /// Rows.
    Rows,
    /// Groups of peers.
    Groups,
    /// Values of what rows are ordered by.
    Range,
}

/// Where a frame begins or ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FrameBound {
    /// With the key's rows.
    Unbounded,
    /// So many rows or groups after the current one, before it if negative. Of ranges 0 only: the current row's peers.
    Offset(i64),
    /// At a value; of ranges only.
    Value {
        /// The columns that rows are ordered by as they are at the bound of a row's frame.
        of_row: Vec<Expr>,
        /// As they are of the farthest row in whose frame a row lies, or beyond it.
        back: Vec<Expr>,
    },
}

/// What is made of the rows of a frame. Columns are value columns of the input, by their number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FrameFunction {
    /// One of the sums.
    Sum(usize),
    /// The row with the greatest (least) of some columns, which are nullable, among those whose first one is not NULL: its last one.
    Extreme {
        /// The first column.
        column: usize,
        /// How many they are: 1 or 2.
        count: usize,
        /// Whether it is the greatest.
        greatest: bool,
    },
    /// The most frequent value of a nullable column that is not NULL; the least of several.
    Mode {
        /// The column.
        column: usize,
    },
    /// A nullable column of one row.
    Nth {
        /// The column.
        column: usize,
        /// Which row, from 1.
        nth: u64,
        /// Whether it is counted from the last.
        last: bool,
        /// Whether rows where the column is NULL are not counted.
        ignore_nulls: bool,
    },
    /// What goes through all rows, or those where a column is not NULL.
    Fold {
        /// A fold.
        aggregate: Box<Aggregate>,
        /// The column.
        present: Option<usize>,
    },
}

impl FrameFunction {
    /// The result's type, over an input with these value columns.
    pub fn ty(&self, sums: &[Aggregate], value: &[ColumnType]) -> Option<ColumnType> {
        let nullable = |column: usize| Some(ColumnType::nullable(value.get(column)?.sql.clone()));
        match self {
            FrameFunction::Sum(i) => sums.get(*i).map(|a| a.ty.clone()),
            FrameFunction::Extreme { column, count, .. } => nullable(column.checked_add(count.checked_sub(1)?)?),
            FrameFunction::Mode { column } | FrameFunction::Nth { column, .. } => nullable(*column),
            FrameFunction::Fold { aggregate, .. } => Some(ColumnType::nullable(aggregate.ty.sql.clone())),
        }
    }

    /// The end of the value columns that it reads itself.
    pub fn columns_end(&self) -> usize {
        match self {
            FrameFunction::Sum(_) => 0,
            FrameFunction::Extreme { column, count, .. } => column.saturating_add(*count),
            FrameFunction::Mode { column } | FrameFunction::Nth { column, .. } => column.saturating_add(1),
            FrameFunction::Fold { present, .. } => present.map_or(0, |p| p.saturating_add(1)),
        }
    }
}

impl Frame {
    /// Whether sums are among its results.
    pub fn has_sums(&self) -> bool {
        self.functions.iter().any(|f| matches!(f, FrameFunction::Sum(_)))
    }

    /// Its bounds at values: columns of its row, and back.
    pub fn values(&self) -> impl Iterator<Item = (&[Expr], &[Expr])> {
        [&self.start, &self.end].into_iter().filter_map(|bound| match bound {
            FrameBound::Value { of_row, back } => Some((of_row.as_slice(), back.as_slice())),
            _ => None,
        })
    }
}

/// Checks the sums and frames of a window over an index; gives the types of its functions' results.
pub(crate) fn check(
    input: &Node,
    order: usize,
    sums: &[Aggregate],
    frames: &[Frame],
    user: &dyn Fn(usize) -> bool,
) -> Result<Vec<ColumnType>, String> {
    let columns = input.columns();
    require(order <= input.value.len(), "an order by columns that are not there")?;
    for (i, a) in sums.iter().enumerate() {
        let counts = a.function == AggregateFunction::CountRows;
        require(counts || i > 0, "the first sum must count rows")?;
        let linear = matches!(a.function, AggregateFunction::Count(_)) || a.is_sum() || a.is_xor();
        require(counts || linear, "a sum that is none")?;
        a.reads().try_for_each(|e| expression(e, &columns, 0))?;
    }
    let mut types = vec![];
    for frame in frames {
        for bound in [&frame.start, &frame.end] {
            match bound {
                FrameBound::Unbounded => {}
                FrameBound::Offset(n) => {
                    require(n.unsigned_abs() <= FRAME_OFFSET_MAX.unsigned_abs(), "a bound that is too far")?;
                    require(frame.unit != FrameUnit::Range || *n == 0, "a range that counts rows")?;
                }
                FrameBound::Value { of_row, back } => {
                    require(frame.unit == FrameUnit::Range, "rows or groups up to a value")?;
                    for exprs in [of_row, back] {
                        let wanted: Vec<ColumnType> = exprs.iter().map(|e| e.ty.clone()).collect();
                        same_layout(&wanted, &input.value[..order])?;
                        exprs.iter().try_for_each(|e| expression(e, &columns, 0))?;
                    }
                }
            }
        }
        require(!frame.functions.is_empty(), "a frame of which nothing is made")?;
        for function in &frame.functions {
            require(function.columns_end() <= input.value.len(), "a column that is not there")?;
            let nullable = |from: usize, n: usize| {
                require(input.value[from..from + n].iter().all(|c| c.nullable), "a column that is not nullable")
            };
            match function {
                FrameFunction::Sum(_) => {}
                FrameFunction::Extreme { column, count, .. } => {
                    require(matches!(count, 1 | 2), "an extreme of no or many columns")?;
                    nullable(*column, *count)?;
                }
                FrameFunction::Mode { column } => nullable(*column, 1)?,
                FrameFunction::Nth { column, nth, .. } => {
                    require(*nth > 0, "row 0 of a frame")?;
                    nullable(*column, 1)?;
                }
                FrameFunction::Fold { aggregate, present } => {
                    present.map_or(Ok(()), |p| nullable(p, 1))?;
                    fold(aggregate, user)?;
                    aggregate.reads().try_for_each(|e| expression(e, &columns, 0))?;
                }
            }
            types.push(function.ty(sums, &input.value).ok_or("a sum that is not there")?);
        }
    }
    Ok(types)
}

/// Checks that an aggregate goes through all rows of a frame.
fn fold(a: &Aggregate, user: &dyn Fn(usize) -> bool) -> Result<(), String> {
    match &a.function {
        AggregateFunction::Sum(_) | AggregateFunction::Avg(_) => Ok(()),
        AggregateFunction::Reduce { argument, .. } => {
            require(argument.ty.sql.kind() == a.ty.sql.kind(), "a result of another kind")
        }
        AggregateFunction::User { function, .. } => require(user(*function), "an unknown aggregate"),
        AggregateFunction::Collect { values, .. } => {
            let wanted = match a.ty.sql {
                SqlType::Array(_) => 1,
                SqlType::Map(..) => 2,
                _ => 0,
            };
            require(values.len() == wanted && wanted > 0, "neither an array nor a map")
        }
        _ => Err("a fold that is none".to_owned()),
    }
}
