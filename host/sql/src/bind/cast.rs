//! CAST, written or implied.

use super::common::{integer, is_interval, is_number, is_text};
use super::{Binder, Bound};
use crate::Span;
use crate::expr::{bigint, call, int, null};
use weir_circuit::{Expr, ExprOp, Position};
use weir_row::{ColumnType, Kind, SqlType, Value};

/// `e` at a type of the same representation.
fn retype(mut e: Expr, sql: &SqlType) -> Expr {
    e.ty.sql = sql.clone();
    e
}

/// A conversion of kernels that fail, or of their siblings that are NULL instead.
#[derive(Clone, Copy)]
pub(super) struct Conversion {
    safe: bool,
    pub(super) at: Position,
}

/// The expression as a value of another type, if there is such a conversion. Errors of the conversion are the run time's.
pub(crate) fn cast(e: Expr, to: &SqlType, at: Position) -> Option<Expr> {
    Conversion { safe: false, at }.convert(e, to)
}

/// As [`cast`], but NULL where that fails. What fails within the expression still does.
fn safe_cast(e: Expr, to: &SqlType, at: Position) -> Option<Expr> {
    let converted = Conversion { safe: true, at }.convert(e, to)?;
    Some(Expr { ty: ColumnType::nullable(converted.ty.sql.clone()), ..converted })
}

impl Conversion {
    pub(super) fn call(self, kernel: &str, args: Vec<Expr>, ty: SqlType) -> Expr {
        let sibling = format!("safe_{kernel}");
        let kernel = if self.safe && weir_functions::find(&sibling).is_some() { &sibling } else { kernel };
        call(kernel, args, ty, self.at)
    }

    /// The expression as a value of another type.
    pub(super) fn convert(self, e: Expr, to: &SqlType) -> Option<Expr> {
        let from = e.ty.sql.clone();
        if from == *to {
            return Some(e);
        }
        if from == SqlType::Null || matches!(e.op, ExprOp::Literal(Value::Null)) {
            return Some(null(to.clone()));
        }
        let parts = [&from, to].iter().any(|t| t.kind() == Some(Kind::Item));
        if parts {
            return super::composite::cast_parts(self, e, to);
        }
        if is_interval(&from) || is_interval(to) {
            return self.interval(e, to);
        }
        let name = format!("cast_{}_to_{}", from.kind()?.name(), to.kind()?.name());
        let temporal = matches!(from, SqlType::Date | SqlType::Time | SqlType::Timestamp);
        Some(match (&from, to) {
            (SqlType::Decimal { precision: p1, scale: s1 }, SqlType::Decimal { precision: p2, scale: s2 }) => {
                if s1 == s2 && p2 >= p1 {
                    retype(e, to)
                } else {
                    let args = vec![e, int(i32::from(*s1)), int(i32::from(*s2)), int(i32::from(*p2))];
                    self.call("dec_rescale", args, to.clone())
                }
            }
            (SqlType::Decimal { scale, .. }, to)
                if integer(to).is_some() || matches!(to, SqlType::Real | SqlType::Double) =>
            {
                self.call(&name, vec![e, int(i32::from(*scale))], to.clone())
            }
            (SqlType::Decimal { scale, .. }, text) if is_text(text) => {
                let text = self.call(&name, vec![e, int(i32::from(*scale))], SqlType::Varchar(None));
                return self.convert(text, to);
            }
            (SqlType::Boolean, to) if is_number(to) && !matches!(to, SqlType::Decimal { .. }) => {
                self.call(&name, vec![e], to.clone())
            }
            // Milliseconds since 1970, with their fraction.
            (from, SqlType::Decimal { precision, scale })
                if is_number(from) || is_text(from) || matches!(from, SqlType::Boolean | SqlType::Timestamp) =>
            {
                self.call(&name, vec![e, int(i32::from(*precision)), int(i32::from(*scale))], to.clone())
            }
            (from, to) if is_number(from) && (is_number(to) || *to == SqlType::Boolean) => {
                self.call(&name, vec![e], to.clone())
            }
            (from, text) if is_text(from) && is_text(text) => match (from, text) {
                (_, SqlType::Char(n)) => self.call("text_pad", vec![e, int(*n as i32)], to.clone()),
                (SqlType::Char(m) | SqlType::Varchar(Some(m)), SqlType::Varchar(Some(n))) if m <= n => retype(e, to),
                (_, SqlType::Varchar(Some(n))) => self.call("text_cut", vec![e, int(*n as i32)], to.clone()),
                _ => retype(e, to),
            },
            (from, text) if is_text(text) && (is_number(from) || temporal || *from == SqlType::Boolean) => {
                let text = self.call(&name, vec![e], SqlType::Varchar(None));
                return self.convert(text, to);
            }
            (from, to)
                if is_text(from)
                    && (is_number(to)
                        || matches!(to, SqlType::Boolean | SqlType::Date | SqlType::Time | SqlType::Timestamp)) =>
            {
                self.call(&name, vec![e], to.clone())
            }
            (SqlType::Date, SqlType::Timestamp)
            | (SqlType::Timestamp, SqlType::Date | SqlType::Time)
            | (SqlType::Time, SqlType::Timestamp) => self.call(&name, vec![e], to.clone()),
            (SqlType::Timestamp, to) if is_number(to) => {
                let millis = self.call("cast_ts_to_i64", vec![e], SqlType::BigInt);
                return self.convert(millis, to);
            }
            (from, SqlType::Timestamp) if is_number(from) => {
                let millis = self.convert(e, &SqlType::BigInt)?;
                self.call("cast_i64_to_ts", vec![millis], SqlType::Timestamp)
            }
            _ => return super::cast_binary::cast(self, e, to),
        })
    }

    /// From and to intervals. Numbers count units, so they go with intervals of one field only.
    fn interval(self, e: Expr, to: &SqlType) -> Option<Expr> {
        let from = e.ty.sql.clone();
        let (fields, months, source) = match (&from, to) {
            (SqlType::IntervalMonths(_), SqlType::IntervalMonths(_))
            | (SqlType::IntervalMicros(_), SqlType::IntervalMicros(_)) => return Some(retype(e, to)),
            (SqlType::IntervalMonths(fields), other) | (other, SqlType::IntervalMonths(fields)) => {
                (fields, true, other)
            }
            (SqlType::IntervalMicros(fields), other) | (other, SqlType::IntervalMicros(fields)) => {
                (fields, false, other)
            }
            _ => return None,
        };
        // The other side is `source`, whichever it is.
        let into = is_interval(to);
        let name = format!("cast_{}_to_{}", from.kind()?.name(), to.kind()?.name());
        if is_text(source) {
            let args = vec![e, int(fields.first as i32), int(fields.last as i32)];
            if into {
                return Some(self.call(&name, args, to.clone()));
            }
            let text = self.call(&name, args, SqlType::Varchar(None));
            return self.convert(text, to);
        }
        let size = fields.single()?.size();
        // Months take INTEGERs as units, microseconds BIGINTs.
        let unit = if months { int(size as i32) } else { bigint(size) };
        let class = if months { "months" } else { "micros" };
        match (source, into) {
            (SqlType::Decimal { scale, .. }, true) => {
                Some(self.call(&name, vec![e, int(i32::from(*scale)), unit], to.clone()))
            }
            (SqlType::Decimal { precision, scale }, false) => {
                let args = vec![e, unit, int(i32::from(*precision)), int(i32::from(*scale))];
                Some(self.call(&name, args, to.clone()))
            }
            (whole, true) if integer(whole).is_some() => {
                let n = self.convert(e, &SqlType::BigInt)?;
                Some(self.call(&format!("{class}_from_unit"), vec![n, unit], to.clone()))
            }
            (whole, false) if integer(whole).is_some() => {
                let n = self.call(&format!("{class}_in_unit"), vec![e, unit], SqlType::BigInt);
                self.convert(n, to)
            }
            _ => None,
        }
    }
}

impl Binder<'_> {
    /// A conversion that the language makes by itself.
    pub(crate) fn coerce(&mut self, e: Expr, to: &SqlType, at: Span) -> Bound<Expr> {
        let from = e.ty.sql.clone();
        let position = if e.at == Position::NONE { super::position(at) } else { e.at };
        match cast(e, to, position) {
            Some(e) => Ok(e),
            None => Err(self.error(at, format!("{from} cannot be converted to {to}"))),
        }
    }

    /// A conversion that is written out: CAST, or SAFE_CAST, which is NULL where the other fails.
    pub(super) fn explicit_cast(&mut self, e: Expr, to: &SqlType, safe: bool, at: Span) -> Bound<Expr> {
        let from = e.ty.sql.clone();
        if from == SqlType::Boolean && is_number(to) {
            let hint = "use CASE WHEN .. THEN 1 ELSE 0 END";
            return Err(self.error_hint(at, format!("BOOLEAN cannot be cast to {to}"), hint));
        }
        let place = super::position(at);
        let converted = if safe { safe_cast(e, to, place) } else { cast(e, to, place) };
        let message = format!("{from} cannot be cast to {to}");
        match converted {
            Some(e) => Ok(e),
            None if is_interval(&from) != is_interval(to) && (is_number(&from) || is_number(to)) => Err(
                self.error_hint(at, message, "exact numbers go with intervals of one unit, for example INTERVAL HOUR")
            ),
            None => Err(self.error(at, message)),
        }
    }

    /// All expressions at the one type that they have in common.
    pub(crate) fn unify(&mut self, exprs: Vec<(Expr, Span)>, what: &str) -> Bound<Vec<Expr>> {
        let mut common = SqlType::Null;
        for (e, at) in &exprs {
            common = match super::common_type(&common, &e.ty.sql) {
                Some(ty) => ty,
                None => {
                    let message = format!("{what} must have one type, but there are {common} and {}", e.ty.sql);
                    return Err(self.error_hint(*at, message, format!("CAST(.. AS {common}) may be what you want")));
                }
            };
        }
        exprs.into_iter().map(|(e, at)| self.coerce(e, &common, at)).collect()
    }
}
