//! Functions of rows around each row that are no aggregates.

use super::arithmetic::Arithmetic;
use super::expr::Cx;
use super::subquery::counted;
use super::window::{Arguments, Spec, WHOLE};
use super::{Binder, Bound, Reported, position};
use crate::Span;
use crate::expr::{bigint, call, case, coalesce};
use crate::plan::{AggregateCall, AggregateKind};
use weir_circuit::{Expr, FRAME_OFFSET_MAX, FrameBound, FrameUnit};
use weir_row::{ColumnType, SqlType, Value};

impl Binder<'_> {
    /// LAG and LEAD.
    pub(super) fn neighbour(
        &mut self,
        back: bool,
        arguments: Arguments,
        spec: Spec,
        at: Span,
        cx: &mut Cx<'_>,
    ) -> Bound<Expr> {
        let Arguments { mut values, ignore_nulls } = arguments;
        let default = (values.len() > 2).then(|| values.pop()).flatten();
        let offset = match (values.len() > 1).then(|| values.pop()).flatten() {
            Some((e, at)) => self.constant_count(&e, at, -FRAME_OFFSET_MAX)?,
            None => 1,
        };
        let offset = if back { -offset } else { offset };
        if let Some(default) = default {
            values.push(default);
            let unified =
                self.unify(values.iter().map(|(e, at)| (e.clone(), *at)).collect(), "the values of LAG and LEAD")?;
            values = unified.into_iter().zip(values).map(|(e, (_, at))| (e, at)).collect();
        }
        let mut values = values.into_iter().map(|(e, _)| e);
        let (Some(e), default) = (values.next(), values.next()) else { return Err(Reported) };
        if e.ty.sql == SqlType::Null {
            return Ok(e);
        }
        let always = !ignore_nulls && !e.ty.nullable;
        let place = position(at);
        let ty = ColumnType::nullable(e.ty.sql.clone());
        let nth = |nth, last| {
            let kind = AggregateKind::Nth { nth, last, ignore_nulls };
            AggregateCall::new(kind, vec![e.clone()], ty.clone(), place)
        };
        let rows = |start: FrameBound, end: FrameBound| (FrameUnit::Rows, start, end);
        let one = rows(FrameBound::Offset(offset), FrameBound::Offset(offset));
        let (bounds, value) = match offset {
            _ if !ignore_nulls || offset == 0 => (one.clone(), nth(1, false)),
            ..0 => (rows(FrameBound::Unbounded, FrameBound::Offset(-1)), nth(offset.unsigned_abs(), true)),
            _ => (rows(FrameBound::Offset(1), FrameBound::Unbounded), nth(offset.unsigned_abs(), false)),
        };
        let Some(default) = default else {
            let mut results = self.over(spec, vec![(bounds, value)], at, cx)?;
            return results.pop().ok_or(Reported);
        };
        if ignore_nulls || always {
            // A NULL says that there is no such row.
            let mut results = self.over(spec, vec![(bounds, value)], at, cx)?;
            let value = results.pop().ok_or(Reported)?;
            return Ok(coalesce(vec![value, default], place));
        }
        let there = counted(AggregateKind::CountRows, None);
        let results = self.over(spec, vec![(one.clone(), value), (one, there)], at, cx)?;
        let [value, there] = <[Expr; 2]>::try_from(results).map_err(|_| Reported)?;
        let there = call("gt_i64", vec![there, bigint(0)], SqlType::Boolean, place);
        Ok(case(vec![(there, value)], default, place))
    }

    /// FIRST_VALUE, LAST_VALUE and NTH_VALUE.
    pub(super) fn value_of_frame(
        &mut self,
        name: &str,
        arguments: Arguments,
        mut spec: Spec,
        at: Span,
        cx: &mut Cx<'_>,
    ) -> Bound<Expr> {
        let Arguments { mut values, ignore_nulls } = arguments;
        let nth = match (values.len() > 1).then(|| values.pop()).flatten() {
            Some((e, at)) => self.constant_count(&e, at, 1)?.unsigned_abs(),
            None => 1,
        };
        let bounds = self.frame(&mut spec)?;
        let (e, _) = values.pop().ok_or(Reported)?;
        if e.ty.sql == SqlType::Null {
            return Ok(e);
        }
        let kind = AggregateKind::Nth { nth, last: name == "last_value", ignore_nulls };
        let ty = ColumnType::nullable(e.ty.sql.clone());
        let value = AggregateCall::new(kind, vec![e], ty, position(at));
        self.over(spec, vec![(bounds, value)], at, cx)?.pop().ok_or(Reported)
    }

    /// NTILE: the first of `count % tiles` tiles have a row more than the others.
    pub(super) fn ntile(&mut self, arguments: Arguments, spec: Spec, at: Span, cx: &mut Cx<'_>) -> Bound<Expr> {
        let (tiles, tiles_at) = arguments.values.into_iter().next().ok_or(Reported)?;
        let tiles = self.constant_count(&tiles, tiles_at, 1)?;
        let Ok(_) = i32::try_from(tiles) else {
            return Err(self.error(tiles_at, "that many tiles have no number"));
        };
        let number = (FrameUnit::Rows, FrameBound::Unbounded, FrameBound::Offset(0));
        let rows = counted(AggregateKind::CountRows, None);
        let counts = self.over(spec, vec![(number, rows.clone()), (WHOLE, rows)], at, cx)?;
        let [number, count] = <[Expr; 2]>::try_from(counts).map_err(|_| Reported)?;
        let place = position(at);
        let of = |name: &str, a: &Expr, b: &Expr| {
            call(&format!("{name}_i64"), vec![a.clone(), b.clone()], SqlType::BigInt, place)
        };
        let (tiles, one) = (bigint(tiles), bigint(1));
        let before = of("sub", &number, &one);
        let (size, larger) = (of("div", &count, &tiles), of("rem", &count, &tiles));
        let size_of_larger = of("add", &size, &one);
        let rows_of_larger = of("mul", &larger, &size_of_larger);
        let in_larger = call("lt_i64", vec![before.clone(), rows_of_larger.clone()], SqlType::Boolean, place);
        let early = of("div", &before, &size_of_larger);
        let late = of("add", &larger, &of("div", &of("sub", &before, &rows_of_larger), &size));
        let tile = case(vec![(in_larger, early)], late, place);
        self.coerce(of("add", &tile, &one), &SqlType::Integer, at)
    }

    /// PERCENT_RANK and CUME_DIST: which share of the rows comes before; peers with it, if `with_peers`.
    pub(super) fn share(&mut self, with_peers: bool, spec: Spec, at: Span, cx: &mut Cx<'_>) -> Bound<Expr> {
        let last = FrameBound::Offset(if with_peers { 0 } else { -1 });
        let before = (FrameUnit::Groups, FrameBound::Unbounded, last);
        let rows = counted(AggregateKind::CountRows, None);
        let counts = self.over(spec, vec![(before, rows.clone()), (WHOLE, rows)], at, cx)?;
        let [before, count] = <[Expr; 2]>::try_from(counts).map_err(|_| Reported)?;
        let place = position(at);
        let count = if with_peers { count } else { call("sub_i64", vec![count, bigint(1)], SqlType::BigInt, place) };
        let several = call("gt_i64", vec![count.clone(), bigint(0)], SqlType::Boolean, place);
        let (before, count) = (self.coerce(before, &SqlType::Double, at)?, self.coerce(count, &SqlType::Double, at)?);
        let zero = Expr::literal(Value::F64(0.0), ColumnType::not_null(SqlType::Double));
        let share = self.arithmetic(Arithmetic::Div, before, count, at)?;
        Ok(case(vec![(several, share)], zero, place))
    }

    /// A constant whole number that is at least `min`.
    pub(super) fn constant_count(&mut self, e: &Expr, at: Span, min: i64) -> Bound<i64> {
        let constant = match crate::expr::columns_end(e) {
            0 => self.coerce(e.clone(), &SqlType::BigInt, at).map(|e| crate::optimise::evaluate(&e))?,
            _ => None,
        };
        match constant {
            Some(Ok(Value::I64(n))) if (min..=FRAME_OFFSET_MAX).contains(&n) => Ok(n),
            Some(Ok(Value::I64(n))) if n < min => Err(self.error(at, format!("this must be at least {min}"))),
            Some(Ok(Value::I64(_))) => Err(self.error(at, format!("this must be at most {FRAME_OFFSET_MAX}"))),
            _ => Err(self.error_hint(
                at,
                "expected a constant number",
                "window functions count rows by a number that all rows share",
            )),
        }
    }
}
