//! Interval literals: `INTERVAL '1 2:03' DAY TO MINUTE`, `INTERVAL 5 MINUTES`, `INTERVAL (e) HOUR`.

use super::temporal::Unit;
use super::{Binder, Bound, position};
use crate::Span;
use crate::expr::{bigint, call, int};
use crate::parse::span;
use sqlparser::ast::{self, Spanned};
use weir_circuit::Expr;
use weir_row::{ColumnType, SqlType, Value};

impl Binder<'_> {
    /// An interval literal.
    pub(super) fn interval(&mut self, interval: &ast::Interval, cx: &mut super::expr::Cx<'_>) -> Bound<Expr> {
        let at = span(interval.value.span());
        let Some(first) = &interval.leading_field else {
            return Err(self.error_hint(at, "an interval needs a unit", "for example INTERVAL '5' MINUTE"));
        };
        let first = self.interval_unit(first, at)?;
        if let ast::Expr::BinaryOp { left, op: ast::BinaryOperator::Minus, right } = interval.value.as_ref() {
            let (a, b) = (self.expr(left, cx), self.expr(right, cx));
            return self.difference_in_unit(a?, b?, first.months().is_some(), at);
        }
        let last = match &interval.last_field {
            Some(field) => Some(self.interval_unit(field, at)?),
            None => None,
        };
        let (negated, value) = match interval.value.as_ref() {
            ast::Expr::UnaryOp { op: ast::UnaryOperator::Minus, expr } => (true, expr.as_ref()),
            other => (false, other),
        };
        if let ast::Expr::Value(ast::ValueWithSpan { value: ast::Value::SingleQuotedString(text), .. }) = value {
            return match parse_interval(text, first, last) {
                Some((months, amount)) => {
                    let amount = if negated { -amount } else { amount };
                    Ok(self.interval_literal(months, amount, at))
                }
                None => {
                    let hint = "for example INTERVAL '3 4:05' DAY TO MINUTE, INTERVAL '6.5' SECOND";
                    Err(self.error_hint(at, format!("'{text}' is not an interval of these units"), hint))
                }
            };
        }
        if last.is_some() {
            return Err(self.error(at, "an interval of several units is written as a string"));
        }
        let n = self.expr(value, cx)?;
        let n = self.coerce(n, &SqlType::BigInt, at)?;
        let place = position(at);
        let e = match first.months() {
            Some(months) => call("months_from_unit", vec![n, int(months)], SqlType::IntervalMonths, place),
            None => call("micros_from_unit", vec![n, bigint(first.micros())], SqlType::IntervalMicros, place),
        };
        Ok(if negated { super::arithmetic::negated(e, place) } else { e })
    }

    fn interval_literal(&mut self, months: bool, amount: i64, at: Span) -> Expr {
        let (value, sql) = match i32::try_from(amount) {
            Ok(m) if months => (Value::Months(m), SqlType::IntervalMonths),
            _ => (Value::Micros(amount), SqlType::IntervalMicros),
        };
        Expr { at: position(at), ..Expr::literal(value, ColumnType::not_null(sql)) }
    }

    fn interval_unit(&mut self, field: &ast::DateTimeField, at: Span) -> Bound<Unit> {
        match Unit::of(&field.to_string()).filter(|u| u.months().is_some() || u.micros() > 0) {
            Some(unit) => Ok(unit),
            None => Err(self.error(at, format!("{field} is no unit of intervals"))),
        }
    }
}

/// Reads the text of an interval from a unit to another: whether it is in months, and how many months or microseconds.
fn parse_interval(text: &str, first: Unit, last: Option<Unit>) -> Option<(bool, i64)> {
    let (negative, text) = match text.trim().strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.trim().strip_prefix('+').unwrap_or(text.trim())),
    };
    let chain: &[Unit] = if first.months().is_some() {
        &[Unit::Year, Unit::Month]
    } else {
        &[Unit::Day, Unit::Hour, Unit::Minute, Unit::Second]
    };
    let units: Vec<Unit> = match last {
        None => vec![first],
        Some(last) => {
            let (from, to) = (chain.iter().position(|u| *u == first)?, chain.iter().position(|u| *u == last)?);
            if from > to {
                return None;
            }
            chain[from..=to].to_vec()
        }
    };
    let mut rest = text;
    let mut total: i64 = 0;
    for (i, unit) in units.iter().enumerate() {
        if i > 0 {
            let separator = match (units[i - 1], unit) {
                (Unit::Year, _) => '-',
                (Unit::Day, _) => ' ',
                _ => ':',
            };
            rest = rest.strip_prefix(separator)?;
        }
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let n: i64 = rest.get(..digits).filter(|d| !d.is_empty())?.parse().ok()?;
        rest = &rest[digits..];
        let bound = match unit {
            _ if i == 0 => i64::MAX,
            Unit::Month => 11,
            Unit::Hour => 23,
            _ => 59,
        };
        if n > bound {
            return None;
        }
        let scale = unit.months().map_or_else(|| unit.micros(), i64::from);
        total = total.checked_add(n.checked_mul(scale)?)?;
        if *unit == Unit::Second
            && let Some(fraction) = rest.strip_prefix('.')
        {
            if fraction.is_empty() || fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            let micros: i64 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
            total = total.checked_add(micros)?;
            rest = "";
        }
    }
    if !rest.is_empty() || first.months().is_some() && i32::try_from(total).is_err() {
        return None;
    }
    Some((first.months().is_some(), if negative { -total } else { total }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_texts() {
        const HOUR: i64 = 3_600_000_000;
        for (text, first, last, expected) in [
            ("7-05", Unit::Year, Some(Unit::Month), Some((true, 89))),
            ("-3", Unit::Month, None, Some((true, -3))),
            ("3 4:05", Unit::Day, Some(Unit::Minute), Some((false, 76 * HOUR + HOUR / 12))),
            ("6.5", Unit::Second, None, Some((false, 6_500_000))),
            ("100", Unit::Hour, None, Some((false, 100 * HOUR))),
            ("3 24", Unit::Day, Some(Unit::Hour), None),
            ("3", Unit::Day, Some(Unit::Hour), None),
            ("x", Unit::Day, None, None),
            ("", Unit::Day, None, None),
            ("99999999999999999999", Unit::Day, None, None),
        ] {
            assert_eq!(parse_interval(text, first, last), expected, "{text}");
        }
    }
}
