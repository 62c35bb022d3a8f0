//! Interval literals: `INTERVAL '1 2:03' DAY TO MINUTE`, `INTERVAL 5 MINUTES`, `INTERVAL (e) HOUR`.

use super::common::interval_type;
use super::temporal::Unit;
use super::{Binder, Bound, position};
use crate::Span;
use crate::expr::{bigint, call, int};
use crate::parse::span;
use sqlparser::ast::{self, Spanned};
use weir_circuit::Expr;
use weir_functions::{LITERAL_FRACTION_DIGITS, parse_interval};
use weir_row::{ColumnType, IntervalField, IntervalFields, Value};

/// Digits of an interval's first field, unless its type says otherwise.
const LEADING_DIGITS: u64 = 2;
/// Most digits that its type can say.
const LEADING_DIGITS_MAX: u64 = 10;

impl Binder<'_> {
    /// An interval literal.
    pub(super) fn interval(&mut self, interval: &ast::Interval, cx: &mut super::expr::Cx<'_>) -> Bound<Expr> {
        let at = span(interval.value.span());
        let Some(first) = &interval.leading_field else {
            return Err(self.error_hint(at, "an interval needs a unit", "for example INTERVAL '5' MINUTE"));
        };
        let (first, field) = self.interval_unit(first, at)?;
        if let ast::Expr::BinaryOp { left, op: ast::BinaryOperator::Minus, right } = interval.value.as_ref() {
            let (a, b) = (self.expr(left, cx), self.expr(right, cx));
            return self.difference_in_unit(a?, b?, field, at);
        }
        let last = match &interval.last_field {
            Some(last) => self.interval_unit(last, at)?.1,
            None => field,
        };
        let fields = IntervalFields { first: field, last };
        if last < field || last.is_months() != field.is_months() {
            return Err(self.error(at, format!("there is no interval of {fields}")));
        }
        let (negated, value) = match interval.value.as_ref() {
            ast::Expr::UnaryOp { op: ast::UnaryOperator::Minus, expr } => (true, expr.as_ref()),
            other => (false, other),
        };
        if let ast::Expr::Value(ast::ValueWithSpan { value: ast::Value::SingleQuotedString(text), .. }) = value {
            let Some(amount) = parse_literal(text, first, fields) else {
                let hint = "for example INTERVAL '3 4:05' DAY TO MINUTE, INTERVAL '6.5' SECOND";
                return Err(self.error_hint(at, format!("'{text}' is not an interval of {fields}"), hint));
            };
            self.check_leading(amount, first, interval.leading_precision, at)?;
            return Ok(literal(if negated { -amount } else { amount }, fields, at));
        }
        if last != field {
            return Err(self.error(at, "an interval of several units is written as a string"));
        }
        let n = self.expr(value, cx)?;
        let n = self.coerce(n, &weir_row::SqlType::BigInt, at)?;
        let e = units(n, first, field, at);
        Ok(if negated { super::arithmetic::negated(e, position(at)) } else { e })
    }

    /// Refuses a literal whose first field has more digits than its type.
    fn check_leading(&mut self, amount: i64, first: Unit, digits: Option<u64>, at: Span) -> Bound<()> {
        let digits = digits.unwrap_or(LEADING_DIGITS);
        if !(1..=LEADING_DIGITS_MAX).contains(&digits) {
            return Err(self.error(at, format!("the first field of an interval has 1 to {LEADING_DIGITS_MAX} digits")));
        }
        let leading = amount.unsigned_abs() / first.months().map_or_else(|| first.micros(), i64::from).max(1) as u64;
        // At most 10^10.
        if leading >= 10u64.pow(digits as u32) {
            let message = format!("{leading} has more than {digits} digits");
            let unit = first.name().to_uppercase();
            return Err(self.error_hint(at, message, format!("write {unit}({})", leading.to_string().len())));
        }
        Ok(())
    }

    fn interval_unit(&mut self, field: &ast::DateTimeField, at: Span) -> Bound<(Unit, IntervalField)> {
        match Unit::of(&field.to_string()).and_then(|u| Some((u, u.field()?))) {
            Some(unit) => Ok(unit),
            None => Err(self.error(at, format!("{field} is no unit of intervals"))),
        }
    }
}

/// `n` units as an interval.
pub(super) fn units(n: Expr, unit: Unit, field: IntervalField, at: Span) -> Expr {
    let ty = interval_type(IntervalFields::one(field));
    match unit.months() {
        Some(months) => call("months_from_unit", vec![n, int(months)], ty, position(at)),
        None => call("micros_from_unit", vec![n, bigint(unit.micros())], ty, position(at)),
    }
}

fn literal(amount: i64, fields: IntervalFields, at: Span) -> Expr {
    let value = match i32::try_from(amount) {
        Ok(months) if fields.first.is_months() => Value::Months(months),
        _ => Value::Micros(amount),
    };
    Expr { at: position(at), ..Expr::literal(value, ColumnType::not_null(interval_type(fields))) }
}

/// Months or microseconds of a literal's text.
fn parse_literal(text: &str, first: Unit, fields: IntervalFields) -> Option<i64> {
    let size = first.months().map_or_else(|| first.micros(), i64::from);
    if size == fields.first.size() {
        return parse_interval(text, fields.first, fields.last, LITERAL_FRACTION_DIGITS);
    }
    // WEEK is seven DAYs, QUARTER three MONTHs: a whole number of them.
    let amount = text.trim().parse::<i64>().ok()?.checked_mul(size)?;
    let fits = fields.first == fields.last && (!fields.first.is_months() || i32::try_from(amount).is_ok());
    fits.then_some(amount)
}
