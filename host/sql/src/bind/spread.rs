//! Variances and covariances: expressions over COUNT and sums of values and of their products, so that they are kept up to date as those are.

use super::aggregate::{Inputs, is_small_integer, paired};
use super::arithmetic::Arithmetic;
use super::cast::cast;
use super::common::{as_decimal, is_integer};
use super::group::Aggregates;
use super::{Binder, Bound};
use crate::Span;
use crate::expr::{bigint, call, case, int, null};
use crate::plan::AggregateKind;
use weir_circuit::{Expr, Position};
use weir_row::{ColumnType, DECIMAL_PRECISION_MAX, SqlType};

/// What a sum of squared distances is divided by.
#[derive(Clone, Copy, PartialEq)]
enum Divisor {
    /// The number of values.
    Population,
    /// One less; NULL if there is one value only.
    Sample,
    /// 1
    One,
}

/// How the sums are computed.
#[derive(Clone, Copy, PartialEq)]
enum Numbers {
    Whole,
    Decimal,
    Float,
}

/// Two columns of the inputs, and what is to become of them.
struct Spread {
    x: usize,
    y: usize,
    divisor: Divisor,
    /// Whether the square root is wanted.
    root: bool,
    result: SqlType,
    numbers: Numbers,
}

/// Sums of products, of either column, and the number of pairs.
struct Sums {
    xy: Expr,
    x: Expr,
    y: Expr,
    n: Expr,
    /// Scales of the products, and of a column's values times the other's.
    scale: i32,
    full: i32,
}

fn decimal(precision: u8, scale: u8) -> SqlType {
    SqlType::Decimal { precision, scale }
}

fn scale(ty: &SqlType) -> u8 {
    as_decimal(ty).map_or(0, |(_, s)| s)
}

impl Binder<'_> {
    /// A variance, a deviation, a covariance, or what REGR_SXX and REGR_SYY are. Arguments of two-argument forms are (y, x).
    pub(super) fn spread(&mut self, name: &str, inputs: &Inputs, at: Span, aggregates: &mut Aggregates) -> Bound<Expr> {
        let (y, x, divisor) = match name {
            "var_pop" | "stddev_pop" => (0, 0, Divisor::Population),
            "covar_pop" => (0, 1, Divisor::Population),
            "covar_samp" => (0, 1, Divisor::Sample),
            "regr_sxx" => (1, 1, Divisor::One),
            "regr_syy" => (0, 0, Divisor::One),
            _ => (0, 0, Divisor::Sample),
        };
        let types = [x, y].map(|i| &inputs.exprs[i].ty.sql);
        let numbers = match types {
            t if t.iter().any(|t| matches!(t, SqlType::Real | SqlType::Double)) => Numbers::Float,
            t if t.iter().all(|t| is_integer(t)) => Numbers::Whole,
            _ => Numbers::Decimal,
        };
        let result = inputs.exprs[y].ty.sql.clone();
        let spread = Spread { x, y, divisor, root: name.starts_with("stddev"), result, numbers };
        let sums = self.sums(&spread, inputs, at, aggregates)?;
        let e = finished(&spread, &sums, inputs.at);
        let e = self.coerce(e, &spread.result, at)?;
        if divisor != Divisor::Sample {
            return Ok(e);
        }
        let several = call("gt_i64", vec![sums.n, bigint(1)], SqlType::Boolean, inputs.at);
        Ok(case(vec![(several, e)], null(spread.result), inputs.at))
    }

    /// Adds the sums to the aggregates.
    fn sums(&mut self, spread: &Spread, inputs: &Inputs, at: Span, aggregates: &mut Aggregates) -> Bound<Sums> {
        // Only rows that have all inputs count.
        let whole = |i: usize| match inputs.exprs.len() {
            2 => paired(inputs.column(i), &inputs.column(1 - i)),
            _ => inputs.column(i),
        };
        let (x, y) = (whole(spread.x), whole(spread.y));
        // A product of two is NULL where one of them is; a square says nothing of the other input.
        let factors =
            if spread.x == spread.y { [x.clone(), y.clone()] } else { [spread.x, spread.y].map(|i| inputs.column(i)) };
        let (sx, sy) = (scale(&x.ty.sql), scale(&y.ty.sql));
        let full = i32::from(sx) + i32::from(sy);
        let n = aggregates.add(inputs.count());
        let mut sum =
            |e: Expr, ty: SqlType| aggregates.add(inputs.call(AggregateKind::Sum, e, ColumnType::nullable(ty)));
        if spread.numbers == Numbers::Float {
            let mut double = |e: Expr| self.coerce(e, &SqlType::Double, at);
            let [a, b] = factors;
            let xy = call("mul_f64", vec![double(a)?, double(b)?], SqlType::Double, inputs.at);
            let [xy, x, y] = [xy, double(x)?, double(y)?].map(|e| sum(e, SqlType::Double));
            return Ok(Sums { xy, x, y, n, scale: 0, full });
        }
        let small = factors.iter().all(|e| is_small_integer(&e.ty.sql));
        let [a, b] = factors;
        let xy = if small {
            let (a, b) = (self.coerce(a, &SqlType::BigInt, at)?, self.coerce(b, &SqlType::BigInt, at)?);
            call("mul_i64", vec![a, b], SqlType::BigInt, inputs.at)
        } else {
            let exact = |e: Expr| {
                let (p, s) = as_decimal(&e.ty.sql).unwrap_or((DECIMAL_PRECISION_MAX, 0));
                cast(e, &decimal(p, s), inputs.at).unwrap_or_else(|| null(decimal(p, s)))
            };
            self.arithmetic(Arithmetic::Mul, exact(a), exact(b), at)?
        };
        let product = scale(&xy.ty.sql);
        let xy = sum(xy, decimal(DECIMAL_PRECISION_MAX, product));
        let (x, y) = (sum(x, decimal(DECIMAL_PRECISION_MAX, sx)), sum(y, decimal(DECIMAL_PRECISION_MAX, sy)));
        Ok(Sums { xy, x, y, n, scale: i32::from(product), full })
    }
}

/// The value, of a type that is converted to the result's.
fn finished(spread: &Spread, sums: &Sums, at: Position) -> Expr {
    let divisor = match spread.divisor {
        Divisor::Population => sums.n.clone(),
        Divisor::Sample => call("sub_i64", vec![sums.n.clone(), bigint(1)], SqlType::BigInt, at),
        Divisor::One => bigint(1),
    };
    let mut args = vec![sums.xy.clone(), sums.x.clone(), sums.y.clone(), sums.n.clone(), divisor];
    let e = match spread.numbers {
        Numbers::Float => call("spread_f64", args, SqlType::Double, at),
        Numbers::Whole => call("spread_whole", args, decimal(DECIMAL_PRECISION_MAX, 0), at),
        Numbers::Decimal if spread.root => {
            args.extend([int(sums.scale), int(sums.full)]);
            call("spread_dec_f64", args, SqlType::Double, at)
        }
        Numbers::Decimal => {
            let (p, s) = match spread.result {
                SqlType::Decimal { precision, scale } => (precision, scale),
                _ => (DECIMAL_PRECISION_MAX, 0),
            };
            args.extend([int(sums.scale), int(sums.full), int(i32::from(p)), int(i32::from(s))]);
            call("spread_dec", args, decimal(p, s), at)
        }
    };
    if !spread.root {
        return e;
    }
    let e = cast(e, &SqlType::Double, at).unwrap_or_else(|| null(SqlType::Double));
    call("deviation", vec![e], SqlType::Double, at)
}
