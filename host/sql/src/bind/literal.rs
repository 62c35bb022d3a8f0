//! Constants.

use super::{Binder, Bound, position};
use crate::Span;
use crate::expr::null;
use sqlparser::ast;
use weir_circuit::Expr;
use weir_functions::forms;
use weir_row::{ColumnType, DECIMAL_PRECISION_MAX, SqlType, Value};

impl Binder<'_> {
    /// A number, string, boolean or NULL.
    pub(super) fn literal(&mut self, value: &ast::Value, at: Span) -> Bound<Expr> {
        let (value, sql) = match value {
            ast::Value::Number(digits, _) => self.number(digits, at)?,
            ast::Value::SingleQuotedString(s) | ast::Value::UnicodeStringLiteral(s) => {
                // The type of 'abc' is CHAR(3); its length would only be in the way of conversions.
                (Value::text(s), SqlType::Varchar(None))
            }
            ast::Value::Boolean(b) => (Value::Bool(*b), SqlType::Boolean),
            ast::Value::Null => return Ok(null(SqlType::Null)),
            ast::Value::HexStringLiteral(digits) => match unhex(digits) {
                Some(bytes) => (Value::Bytes(bytes.into()), SqlType::Varbinary(None)),
                None => {
                    let message = format!("x'{digits}' is not a binary literal");
                    return Err(self.error_hint(at, message, "it takes an even number of hexadecimal digits"));
                }
            },
            other => return Err(self.error(at, format!("{other} is no literal of this language"))),
        };
        let mut e = Expr::literal(value, ColumnType::not_null(sql));
        e.at = position(at);
        Ok(e)
    }

    /// `12` is an INTEGER, else a BIGINT, else a DECIMAL; `1.50` a DECIMAL of the digits written; an exponent makes a DOUBLE.
    fn number(&mut self, digits: &str, at: Span) -> Bound<(Value, SqlType)> {
        if digits.contains(['e', 'E']) {
            return match digits.parse::<f64>() {
                Ok(x) => Ok((Value::F64(x), SqlType::Double)),
                Err(_) => Err(self.error(at, format!("'{digits}' is not a number"))),
            };
        }
        if let Ok(x) = digits.parse::<i32>() {
            return Ok((Value::I32(x), SqlType::Integer));
        }
        if let Ok(x) = digits.parse::<i64>() {
            return Ok((Value::I64(x), SqlType::BigInt));
        }
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let whole = whole.trim_start_matches('0');
        let precision = (whole.len() + fraction.len()).max(1);
        let units = format!("{whole}{fraction}");
        let units = if units.is_empty() { Ok(0) } else { units.parse::<i128>() };
        match units {
            Ok(units) if precision <= usize::from(DECIMAL_PRECISION_MAX) => {
                // `precision` is at most 38, and `fraction` is a part of it.
                let ty = SqlType::Decimal { precision: precision as u8, scale: fraction.len() as u8 };
                Ok((Value::Dec(units), ty))
            }
            _ => Err(self.error(at, format!("'{digits}' has more than {DECIMAL_PRECISION_MAX} digits"))),
        }
    }

    /// `DATE '2026-08-07'` and its like.
    pub(super) fn typed_literal(&mut self, ty: &ast::DataType, value: &ast::ValueWithSpan) -> Bound<Expr> {
        let at = crate::parse::span(value.span);
        let text = match &value.value {
            ast::Value::SingleQuotedString(s) => s.as_str(),
            _ => return Err(self.error(at, "expected a string in quotes")),
        };
        let sql = self.sql_type(ty, at)?;
        // Literals are stricter than casts: no blanks around them, all digits there.
        let strict = |shape: &str| shape_of(text).starts_with(shape);
        let value = match sql {
            SqlType::Date => forms::parse_date(text).filter(|_| shape_of(text) == "dddd-dd-dd").map(Value::Date),
            SqlType::Time => forms::parse_time(text).filter(|_| strict("dd:dd:dd")).map(Value::Time),
            SqlType::Timestamp => {
                forms::parse_timestamp(text, &[' ']).filter(|_| strict("dddd-dd-dd dd:dd:dd")).map(Value::Ts)
            }
            SqlType::Real
            | SqlType::Double
            | SqlType::Decimal { .. }
            | SqlType::Boolean
            | SqlType::Uuid
            | SqlType::TimestampTz => {
                let text = Expr::literal(Value::text(text), ColumnType::not_null(SqlType::Varchar(None)));
                let e = self.coerce(text, &sql, at)?;
                return match crate::optimise::evaluate(&e) {
                    Some(Ok(value)) => Ok(Expr { at: position(at), ..Expr::literal(value, ColumnType::not_null(sql)) }),
                    _ => Err(self.error(at, format!("this is not a {sql}"))),
                };
            }
            _ => return Err(self.error(at, format!("there are no literals of type {sql} in this form"))),
        };
        match value {
            Some(value) => Ok(Expr { at: position(at), ..Expr::literal(value, ColumnType::not_null(sql)) }),
            None => {
                let hint = match sql {
                    SqlType::Date => "a date is written DATE '2026-08-07'",
                    SqlType::Time => "a time is written TIME '07:05:00.25'",
                    _ => "a timestamp is written TIMESTAMP '2026-08-07 07:05:00'",
                };
                Err(self.error_hint(at, format!("'{text}' is not a {sql}"), hint))
            }
        }
    }
}

/// The bytes of hexadecimal digits.
fn unhex(digits: &str) -> Option<Vec<u8>> {
    let digits = digits.as_bytes();
    let nibble = |b: u8| char::from(b).to_digit(16).map(|d| d as u8);
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    digits.chunks_exact(2).map(|pair| Some(nibble(pair[0])? << 4 | nibble(pair[1])?)).collect()
}

/// The text with every digit as `d`.
fn shape_of(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_digit() { 'd' } else { c }).collect()
}
