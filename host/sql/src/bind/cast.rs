//! CAST, written or implied.

use super::common::{integer, is_number, is_text};
use super::{Binder, Bound};
use crate::Span;
use crate::expr::{call, int, null};
use weir_circuit::{Expr, ExprOp, Position};
use weir_row::{Kind, SqlType, Value};

/// `e` at a type of the same representation.
fn retype(mut e: Expr, sql: &SqlType) -> Expr {
    e.ty.sql = sql.clone();
    e
}

/// The expression as a value of another type, if there is such a conversion. Errors of the conversion are the run time's.
pub(crate) fn cast(e: Expr, to: &SqlType, at: Position) -> Option<Expr> {
    let from = e.ty.sql.clone();
    if from == *to {
        return Some(e);
    }
    if from == SqlType::Null || matches!(e.op, ExprOp::Literal(Value::Null)) {
        return Some(null(to.clone()));
    }
    let (from_kind, to_kind) = (from.kind()?, to.kind()?);
    let name = format!("cast_{}_to_{}", from_kind.name(), to_kind.name());
    let temporal = matches!(from, SqlType::Date | SqlType::Time | SqlType::Timestamp);
    Some(match (&from, to) {
        (SqlType::Decimal { precision: p1, scale: s1 }, SqlType::Decimal { precision: p2, scale: s2 }) => {
            if s1 == s2 && p2 >= p1 {
                retype(e, to)
            } else {
                let args = vec![e, int(i32::from(*s1)), int(i32::from(*s2)), int(i32::from(*p2))];
                call("dec_rescale", args, to.clone(), at)
            }
        }
        (SqlType::Decimal { scale, .. }, to)
            if integer(to).is_some() || matches!(to, SqlType::Real | SqlType::Double) =>
        {
            call(&name, vec![e, int(i32::from(*scale))], to.clone(), at)
        }
        (SqlType::Decimal { scale, .. }, text) if is_text(text) => {
            let text = call(&name, vec![e, int(i32::from(*scale))], SqlType::Varchar(None), at);
            return cast(text, to, at);
        }
        (SqlType::Boolean, to) if is_number(to) && !matches!(to, SqlType::Decimal { .. }) => {
            call(&name, vec![e], to.clone(), at)
        }
        (from, SqlType::Decimal { precision, scale })
            if is_number(from) || is_text(from) || *from == SqlType::Boolean =>
        {
            call(&name, vec![e, int(i32::from(*precision)), int(i32::from(*scale))], to.clone(), at)
        }
        (from, to) if is_number(from) && (is_number(to) || *to == SqlType::Boolean) => {
            call(&name, vec![e], to.clone(), at)
        }
        (from, text) if is_text(from) && is_text(text) => match (from, text) {
            (_, SqlType::Char(n)) => call("text_pad", vec![e, int(*n as i32)], to.clone(), at),
            (SqlType::Char(m) | SqlType::Varchar(Some(m)), SqlType::Varchar(Some(n))) if m <= n => retype(e, to),
            (_, SqlType::Varchar(Some(n))) => call("text_cut", vec![e, int(*n as i32)], to.clone(), at),
            _ => retype(e, to),
        },
        (from, text) if is_text(text) && (is_number(from) || temporal || *from == SqlType::Boolean) => {
            let text = call(&name, vec![e], SqlType::Varchar(None), at);
            return cast(text, to, at);
        }
        (from, to)
            if is_text(from)
                && (is_number(to)
                    || matches!(to, SqlType::Boolean | SqlType::Date | SqlType::Time | SqlType::Timestamp)) =>
        {
            call(&name, vec![e], to.clone(), at)
        }
        (SqlType::Date, SqlType::Timestamp)
        | (SqlType::Timestamp, SqlType::Date | SqlType::Time)
        | (SqlType::Time, SqlType::Timestamp) => call(&name, vec![e], to.clone(), at),
        (SqlType::Timestamp, to) if integer(to).is_some() => {
            let millis = call("cast_ts_to_i64", vec![e], SqlType::BigInt, at);
            return cast(millis, to, at);
        }
        (from, SqlType::Timestamp) if is_number(from) => {
            let millis = cast(e, &SqlType::BigInt, at)?;
            call("cast_i64_to_ts", vec![millis], SqlType::Timestamp, at)
        }
        _ => return super::cast_binary::cast(e, to, at),
    })
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

    /// A conversion that is written out.
    pub(super) fn explicit_cast(&mut self, e: Expr, to: &SqlType, at: Span) -> Bound<Expr> {
        let from = e.ty.sql.clone();
        if from == SqlType::Boolean && is_number(to) {
            let hint = "use CASE WHEN .. THEN 1 ELSE 0 END";
            return Err(self.error_hint(at, format!("BOOLEAN cannot be cast to {to}"), hint));
        }
        let intervals = [&from, to].iter().any(|t| matches!(t.kind(), Some(Kind::Months | Kind::Micros)));
        match cast(e, to, super::position(at)) {
            Some(e) => Ok(e),
            None if intervals && from.kind() != to.kind() => {
                Err(self.unsupported(at, format!("a cast from {from} to {to}")))
            }
            None => Err(self.error(at, format!("{from} cannot be cast to {to}"))),
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
