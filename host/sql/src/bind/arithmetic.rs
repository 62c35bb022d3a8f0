//! `+ - * / %` and unary minus: result types and conversions of operands.

use super::common::{as_decimal, common_interval, common_number, integer, interval_type, is_number, is_text};
use super::interval::units;
use super::temporal::Unit;
use super::{Binder, Bound, position};
use crate::Span;
use crate::expr::{call, int, null};
use weir_circuit::{Expr, Position};
use weir_row::{DECIMAL_PRECISION_MAX, IntervalField, IntervalFields, Kind, SqlType};

/// An arithmetic operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    /// DIV_NULL: division that is NULL where `/` fails.
    DivNull,
}

impl Arithmetic {
    fn kernel(self) -> &'static str {
        match self {
            Arithmetic::Add => "add",
            Arithmetic::Sub => "sub",
            Arithmetic::Mul => "mul",
            Arithmetic::Div => "div",
            Arithmetic::Rem => "rem",
            Arithmetic::DivNull => "div_null",
        }
    }

    fn sign(self) -> &'static str {
        match self {
            Arithmetic::Add => "+",
            Arithmetic::Sub => "-",
            Arithmetic::Mul => "*",
            Arithmetic::Div => "/",
            Arithmetic::Rem => "%",
            Arithmetic::DivNull => "DIV_NULL",
        }
    }
}

/// The type of a decimal operation's result.
fn decimal_result(op: Arithmetic, (p1, s1): (u8, u8), (p2, s2): (u8, u8)) -> (u8, u8) {
    let max = u32::from(DECIMAL_PRECISION_MAX);
    let (p1, s1, p2, s2) = (u32::from(p1), u32::from(s1), u32::from(p2), u32::from(s2));
    let (p, s) = match op {
        Arithmetic::Add | Arithmetic::Sub => {
            let s = s1.max(s2);
            ((p1 - s1).max(p2 - s2) + s + 1, s)
        }
        Arithmetic::Mul => (p1 + p2, s1 + s2),
        Arithmetic::Div | Arithmetic::DivNull => {
            let d = p1 - s1 + s2;
            let s = max.min((s1 + p2 + 1).max(6));
            let p = d + s;
            if p <= 32 { (p, s.min(max.saturating_sub(d))) } else { (p, s.min(6)) }
        }
        Arithmetic::Rem if s1 == 0 && s2 == 0 => (p2, s2),
        Arithmetic::Rem => {
            let s = s1.max(s2);
            ((p1 - s1).min(p2 - s2) + s, s)
        }
    };
    let p = p.clamp(1, max);
    // Both are at most 38 now.
    (p as u8, s.min(p) as u8)
}

/// `- e` for a number or an interval.
pub(super) fn negated(e: Expr, at: Position) -> Expr {
    let ty = e.ty.sql.clone();
    let kind = ty.kind().map_or("i32", Kind::name);
    call(&format!("neg_{kind}"), vec![e], ty, at)
}

impl Binder<'_> {
    /// `a op b`.
    pub(crate) fn arithmetic(&mut self, op: Arithmetic, a: Expr, b: Expr, at: Span) -> Bound<Expr> {
        let (ta, tb) = (a.ty.sql.clone(), b.ty.sql.clone());
        match (&ta, &tb) {
            (SqlType::Null, SqlType::Null) => return Ok(null(SqlType::Null)),
            (SqlType::Null, t) if is_number(t) => return Ok(null(t.clone())),
            (t, SqlType::Null) if is_number(t) => return Ok(null(t.clone())),
            _ => {}
        }
        if let Some(e) = self.temporal_arithmetic(op, &a, &b, at)? {
            return Ok(e);
        }
        let (a, b) = if is_text(&ta) && is_number(&tb) {
            (self.coerce(a, &text_operand(&tb), at)?, b)
        } else if is_number(&ta) && is_text(&tb) {
            let b = self.coerce(b, &text_operand(&ta), at)?;
            (a, b)
        } else {
            (a, b)
        };
        let (ta, tb) = (a.ty.sql.clone(), b.ty.sql.clone());
        let Some(common) = common_number(&ta, &tb) else {
            let message = format!("operator {} does not apply to {ta} and {tb}", op.sign());
            return Err(if is_text(&ta) && is_text(&tb) && op == Arithmetic::Add {
                self.error_hint(at, message, "strings are concatenated by ||")
            } else {
                self.error(at, message)
            });
        };
        let place = position(at);
        match &common {
            SqlType::Decimal { .. } => self.decimal_arithmetic(op, a, b, at),
            _ => {
                let kind = common.kind().map_or("i32", Kind::name);
                let (a, b) = (self.coerce(a, &common, at)?, self.coerce(b, &common, at)?);
                let e = call(&format!("{}_{kind}", op.kernel()), vec![a, b], common, place);
                // A remainder of integers has the type of the right operand, and fits it: it is smaller than that.
                if op == Arithmetic::Rem && integer(&e.ty.sql).is_some() { self.coerce(e, &tb, at) } else { Ok(e) }
            }
        }
    }

    fn decimal_arithmetic(&mut self, op: Arithmetic, a: Expr, b: Expr, at: Span) -> Bound<Expr> {
        let operand = |binder: &mut Self, e: Expr| -> Bound<(Expr, u8, u8)> {
            // Every exact number counts as a decimal.
            let (p, s) = as_decimal(&e.ty.sql).unwrap_or((DECIMAL_PRECISION_MAX, 0));
            let e = binder.coerce(e, &SqlType::Decimal { precision: p, scale: s }, at)?;
            Ok((e, p, s))
        };
        let (a, p1, s1) = operand(self, a)?;
        let (b, p2, s2) = operand(self, b)?;
        let (precision, scale) = decimal_result(op, (p1, s1), (p2, s2));
        let args = vec![a, b, int(i32::from(s1)), int(i32::from(s2)), int(i32::from(precision)), int(i32::from(scale))];
        Ok(call(&format!("{}_dec", op.kernel()), args, SqlType::Decimal { precision, scale }, position(at)))
    }

    /// Dates, times and intervals; `None` if neither operand is one.
    fn temporal_arithmetic(&mut self, op: Arithmetic, a: &Expr, b: &Expr, at: Span) -> Bound<Option<Expr>> {
        use Kind::{Date, Micros, Months, Time, Ts, Tz};
        let (Some(ka), Some(kb)) = (a.ty.sql.kind(), b.ty.sql.kind()) else { return Ok(None) };
        let place = position(at);
        let instant = |k| matches!(k, Date | Time | Ts | Tz);
        let interval = |k| matches!(k, Months | Micros);
        Ok(Some(match (op, ka, kb) {
            (Arithmetic::Add, _, _) if instant(ka) && interval(kb) => {
                self.add_interval("add", a.clone(), b.clone(), at)?
            }
            (Arithmetic::Add, _, _) if interval(ka) && instant(kb) => {
                self.add_interval("add", b.clone(), a.clone(), at)?
            }
            (Arithmetic::Sub, _, _) if instant(ka) && interval(kb) => {
                self.add_interval("sub", a.clone(), b.clone(), at)?
            }
            // As in PostgreSQL, a number is one of days.
            (Arithmetic::Add | Arithmetic::Sub, Date, _) if integer(&b.ty.sql).is_some() => {
                let days = self.days(b, at)?;
                self.add_interval(op.kernel(), a.clone(), days, at)?
            }
            (Arithmetic::Add, _, Date) if integer(&a.ty.sql).is_some() => {
                let days = self.days(a, at)?;
                self.add_interval("add", b.clone(), days, at)?
            }
            (Arithmetic::Sub, _, _) if instant(ka) && instant(kb) => {
                let hint = "write (a - b) DAY, or TIMESTAMPDIFF(DAY, b, a)";
                return Err(self.error_hint(at, "the difference of two points in time needs a unit", hint));
            }
            (Arithmetic::Add | Arithmetic::Sub, _, _) if interval(ka) && ka == kb => {
                let kernel = format!("{}_{}", op.kernel(), ka.name());
                let ty = common_interval(&a.ty.sql, &b.ty.sql).unwrap_or_else(|| a.ty.sql.clone());
                call(&kernel, vec![a.clone(), b.clone()], ty, place)
            }
            (Arithmetic::Mul, _, _) if interval(ka) && is_number(&b.ty.sql) => self.scale_interval("mul", a, b, at)?,
            (Arithmetic::Mul, _, _) if is_number(&a.ty.sql) && interval(kb) => self.scale_interval("mul", b, a, at)?,
            (Arithmetic::Div, _, _) if interval(ka) && is_number(&b.ty.sql) => self.scale_interval("div", a, b, at)?,
            (Arithmetic::DivNull, _, _) if interval(ka) && is_number(&b.ty.sql) => {
                self.scale_interval("div_null", a, b, at)?
            }
            _ if instant(ka) || instant(kb) || interval(ka) || interval(kb) => {
                let message = format!("operator {} does not apply to {} and {}", op.sign(), a.ty.sql, b.ty.sql);
                return Err(self.error(at, message));
            }
            _ => return Ok(None),
        }))
    }

    /// A number of days.
    fn days(&mut self, n: &Expr, at: Span) -> Bound<Expr> {
        let n = self.coerce(n.clone(), &SqlType::BigInt, at)?;
        Ok(units(n, Unit::Day, IntervalField::Day, at))
    }

    fn scale_interval(&mut self, name: &str, interval: &Expr, factor: &Expr, at: Span) -> Bound<Expr> {
        let ty = interval.ty.sql.clone();
        let number = match &factor.ty.sql {
            SqlType::UBigInt => SqlType::Decimal { precision: 20, scale: 0 },
            whole if integer(whole).is_some() => SqlType::BigInt,
            decimal @ SqlType::Decimal { .. } => decimal.clone(),
            _ => SqlType::Double,
        };
        let factor = self.coerce(factor.clone(), &number, at)?;
        let kinds = [&ty, &number].map(|t| t.kind().map_or("", Kind::name));
        let mut args = vec![interval.clone(), factor];
        if let SqlType::Decimal { scale, .. } = number {
            args.push(int(i32::from(scale)));
        }
        Ok(call(&format!("{name}_{}_{}", kinds[0], kinds[1]), args, ty, position(at)))
    }

    /// A point in time moved by an interval: `name` is `add` or `sub`.
    pub(crate) fn add_interval(&mut self, name: &str, e: Expr, interval: Expr, at: Span) -> Bound<Expr> {
        let e = if is_text(&e.ty.sql) { self.coerce(e, &SqlType::Timestamp, at)? } else { e };
        let ty = e.ty.sql.clone();
        match (ty.kind(), interval.ty.sql.kind()) {
            (Some(Kind::Tz), Some(Kind::Micros)) => {
                let at_utc = call("cast_tz_to_ts", vec![e], SqlType::Timestamp, position(at));
                let moved =
                    call(&format!("{name}_ts_micros"), vec![at_utc, interval], SqlType::Timestamp, position(at));
                Ok(call("cast_ts_to_tz", vec![moved], ty, position(at)))
            }
            // A time of day moved by months is where it was.
            (Some(Kind::Time), Some(Kind::Months)) => Ok(e),
            (Some(k @ (Kind::Date | Kind::Time | Kind::Ts)), Some(i @ (Kind::Months | Kind::Micros))) => {
                Ok(call(&format!("{name}_{}_{}", k.name(), i.name()), vec![e, interval], ty, position(at)))
            }
            _ => Err(self.error(at, format!("{} cannot be moved by {}", e.ty.sql, interval.ty.sql))),
        }
    }

    /// `(a - b) unit`: the difference of two points in time as an interval.
    pub(super) fn difference_in_unit(&mut self, a: Expr, b: Expr, field: IntervalField, at: Span) -> Bound<Expr> {
        let months = field.is_months();
        let common = match (&a.ty.sql, &b.ty.sql) {
            (SqlType::Date, SqlType::Date) => SqlType::Date,
            (SqlType::Time, SqlType::Time) if !months => SqlType::Time,
            (SqlType::Date | SqlType::Timestamp, SqlType::Date | SqlType::Timestamp) => SqlType::Timestamp,
            (ta, tb) => {
                let message = format!("{ta} and {tb} have no difference in this unit");
                return Err(self.error(at, message));
            }
        };
        let (a, b) = (self.coerce(a, &common, at)?, self.coerce(b, &common, at)?);
        let kind = common.kind().map_or("", Kind::name);
        let name = if months { "months" } else { "micros" };
        Ok(call(&format!("diff_{kind}_{name}"), vec![a, b], interval_type(IntervalFields::one(field)), position(at)))
    }

    /// `- e`.
    pub(super) fn negate(&mut self, e: Expr, at: Span) -> Bound<Expr> {
        match (&e.ty.sql, integer(&e.ty.sql)) {
            (SqlType::Null, _) => Ok(e),
            (ty, Some((_, false))) => {
                let message = format!("unary minus does not apply to {ty}");
                Err(self.error_hint(at, message, "CAST it to a signed type first"))
            }
            (ty, _) if is_number(ty) || matches!(ty.kind(), Some(Kind::Months | Kind::Micros)) => {
                Ok(negated(e, position(at)))
            }
            (ty, _) => Err(self.error(at, format!("unary minus does not apply to {ty}"))),
        }
    }
}

/// The type that a string becomes beside a number.
fn text_operand(number: &SqlType) -> SqlType {
    match number {
        SqlType::Decimal { .. } => SqlType::Decimal { precision: 38, scale: 19 },
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_results() {
        for (op, a, b, expected) in [
            (Arithmetic::Add, (3, 2), (4, 3), (5, 3)),
            (Arithmetic::Mul, (20, 5), (20, 6), (38, 11)),
            (Arithmetic::Div, (2, 1), (2, 1), (8, 6)),
            (Arithmetic::Div, (10, 2), (5, 2), (18, 8)),
            (Arithmetic::Rem, (5, 0), (3, 0), (3, 0)),
            (Arithmetic::Rem, (5, 2), (3, 1), (4, 2)),
        ] {
            assert_eq!(decimal_result(op, a, b), expected, "{op:?} {a:?} {b:?}");
        }
    }
}
