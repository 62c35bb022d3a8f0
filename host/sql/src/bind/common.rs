//! Which type two expressions have in common: the rules of implicit conversion.

use weir_row::{ColumnType, DECIMAL_PRECISION_MAX, IntervalFields, Kind, RowType, SqlType};

/// Bits and signedness of an integer type.
pub(crate) fn integer(ty: &SqlType) -> Option<(u8, bool)> {
    Some(match ty {
        SqlType::TinyInt => (8, true),
        SqlType::SmallInt => (16, true),
        SqlType::Integer => (32, true),
        SqlType::BigInt => (64, true),
        SqlType::UTinyInt => (8, false),
        SqlType::USmallInt => (16, false),
        SqlType::UInteger => (32, false),
        SqlType::UBigInt => (64, false),
        _ => return None,
    })
}

/// Whether it is an integer type.
pub(crate) fn is_integer(ty: &SqlType) -> bool {
    integer(ty).is_some()
}

/// Whether arithmetic is done on it.
pub(crate) fn is_number(ty: &SqlType) -> bool {
    integer(ty).is_some() || matches!(ty, SqlType::Decimal { .. } | SqlType::Real | SqlType::Double)
}

/// Whether it is BINARY or VARBINARY.
pub(crate) fn is_binary(ty: &SqlType) -> bool {
    matches!(ty, SqlType::Binary(_) | SqlType::Varbinary(_))
}

/// Whether it is CHAR or VARCHAR.
pub(crate) fn is_text(ty: &SqlType) -> bool {
    matches!(ty, SqlType::Char(_) | SqlType::Varchar(_))
}

/// The decimal that an exact number counts as, as (precision, scale).
pub(crate) fn as_decimal(ty: &SqlType) -> Option<(u8, u8)> {
    Some(match (integer(ty), ty) {
        (_, SqlType::Decimal { precision, scale }) => (*precision, *scale),
        (Some((8, _)), _) => (3, 0),
        (Some((16, _)), _) => (5, 0),
        (Some((32, _)), _) => (10, 0),
        (Some((64, true)), _) => (19, 0),
        (Some((64, false)), _) => (20, 0),
        _ => return None,
    })
}

/// The wider of two integer types; of one width and mixed signs the unsigned one.
pub(crate) fn wider_integer(a: &SqlType, b: &SqlType) -> Option<SqlType> {
    let ((wa, _), (wb, sb)) = (integer(a)?, integer(b)?);
    Some(if wa > wb || wa == wb && sb { a.clone() } else { b.clone() })
}

/// A decimal with room for the whole digits of both and for the longer fraction, the fraction cut to fit 38 digits.
fn common_decimal((pa, sa): (u8, u8), (pb, sb): (u8, u8)) -> SqlType {
    let whole = (pa - sa).max(pb - sb);
    let scale = sa.max(sb).min(DECIMAL_PRECISION_MAX - whole);
    SqlType::Decimal { precision: (whole + scale).max(1), scale }
}

/// The type of two numbers together.
pub(crate) fn common_number(a: &SqlType, b: &SqlType) -> Option<SqlType> {
    if let Some(wider) = wider_integer(a, b) {
        return Some(wider);
    }
    match (a, b) {
        (SqlType::Double, other) | (other, SqlType::Double) if is_number(other) => Some(SqlType::Double),
        (SqlType::Real, SqlType::Decimal { .. }) | (SqlType::Decimal { .. }, SqlType::Real) => Some(SqlType::Double),
        (SqlType::Real, other) | (other, SqlType::Real) if is_number(other) => Some(SqlType::Real),
        _ => Some(common_decimal(as_decimal(a)?, as_decimal(b)?)),
    }
}

/// The type in which branches of CASE, arguments of COALESCE, rows of UNION and VALUES meet.
pub(crate) fn common_type(a: &SqlType, b: &SqlType) -> Option<SqlType> {
    if a == b {
        return Some(a.clone());
    }
    match (a, b) {
        (SqlType::Null, other) | (other, SqlType::Null) => Some(other.clone()),
        (SqlType::Char(m), SqlType::Char(n)) => Some(SqlType::Varchar(Some(*m.max(n)))),
        (a, b) if is_text(a) && is_text(b) => Some(SqlType::Varchar(match (length(a), length(b)) {
            (Some(m), Some(n)) => Some(m.max(n)),
            _ => None,
        })),
        (text, other) | (other, text) if is_text(text) && !is_interval(other) && other.kind() != Some(Kind::Item) => {
            Some(SqlType::Varchar(None))
        }
        (SqlType::Date, SqlType::Timestamp) | (SqlType::Timestamp, SqlType::Date) => Some(SqlType::Timestamp),
        _ => common_interval(a, b).or_else(|| common_parts(a, b)).or_else(|| common_number(a, b)),
    }
}

/// The type of two intervals of one class together: it has the fields of both.
pub(crate) fn common_interval(a: &SqlType, b: &SqlType) -> Option<SqlType> {
    match (a, b) {
        (SqlType::IntervalMonths(a), SqlType::IntervalMonths(b)) => Some(SqlType::IntervalMonths(a.with(*b))),
        (SqlType::IntervalMicros(a), SqlType::IntervalMicros(b)) => Some(SqlType::IntervalMicros(a.with(*b))),
        _ => None,
    }
}

/// The type of an interval of these fields.
pub(crate) fn interval_type(fields: IntervalFields) -> SqlType {
    if fields.first.is_months() { SqlType::IntervalMonths(fields) } else { SqlType::IntervalMicros(fields) }
}

/// The common type of two types with parts, or of two binaries.
fn common_parts(a: &SqlType, b: &SqlType) -> Option<SqlType> {
    Some(match (a, b) {
        (SqlType::Binary(m), SqlType::Binary(n)) => SqlType::Varbinary(Some(*m.max(n))),
        (SqlType::Binary(_) | SqlType::Varbinary(_), SqlType::Binary(_) | SqlType::Varbinary(_)) => {
            SqlType::Varbinary(None)
        }
        (SqlType::Array(a), SqlType::Array(b)) => SqlType::Array(Box::new(common_type(a, b)?)),
        (SqlType::Map(k, v), SqlType::Map(l, w)) => {
            SqlType::Map(Box::new(common_type(k, l)?), Box::new(common_type(v, w)?))
        }
        (SqlType::Row(a), SqlType::Row(b)) if a.fields.len() == b.fields.len() => {
            let fields = a.fields.iter().zip(&b.fields).map(|((name, x), (_, y))| {
                let nullable = x.nullable || y.nullable;
                Some((name.clone(), ColumnType { sql: common_type(&x.sql, &y.sql)?, nullable }))
            });
            SqlType::Row(RowType { name: None, fields: fields.collect::<Option<_>>()? })
        }
        _ => return None,
    })
}

/// Whether it is an interval.
pub(crate) fn is_interval(ty: &SqlType) -> bool {
    matches!(ty, SqlType::IntervalMonths(_) | SqlType::IntervalMicros(_))
}

fn length(ty: &SqlType) -> Option<u32> {
    match ty {
        SqlType::Char(n) => Some(*n),
        SqlType::Varchar(n) => *n,
        _ => None,
    }
}

/// The type in which two expressions are compared. (BOOLEAN with a number is not here: it depends on the expression.)
pub(crate) fn comparison_type(a: &SqlType, b: &SqlType) -> Option<SqlType> {
    if a == b {
        return Some(a.clone());
    }
    match (a, b) {
        (SqlType::Null, other) | (other, SqlType::Null) => Some(other.clone()),
        (a, b) if is_text(a) && is_text(b) => Some(SqlType::Varchar(None)),
        (text, other) | (other, text) if is_text(text) => match other {
            SqlType::Decimal { .. } => Some(SqlType::Decimal { precision: 38, scale: 19 }),
            other if is_interval(other) || other.kind() == Some(Kind::Item) => None,
            SqlType::Binary(_) | SqlType::Varbinary(_) => None,
            other => Some(other.clone()),
        },
        (SqlType::Date, SqlType::Timestamp) | (SqlType::Timestamp, SqlType::Date) => Some(SqlType::Timestamp),
        (SqlType::Binary(_), SqlType::Uuid) | (SqlType::Uuid, SqlType::Binary(_)) => Some(SqlType::Uuid),
        _ => common_interval(a, b).or_else(|| common_parts(a, b)).or_else(|| common_number(a, b)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(precision: u8, scale: u8) -> SqlType {
        SqlType::Decimal { precision, scale }
    }

    #[test]
    fn meets() {
        for (a, b, expected) in [
            (SqlType::Integer, SqlType::BigInt, Some(SqlType::BigInt)),
            (SqlType::Integer, SqlType::UInteger, Some(SqlType::UInteger)),
            (SqlType::UTinyInt, SqlType::SmallInt, Some(SqlType::SmallInt)),
            (SqlType::Integer, decimal(4, 2), Some(decimal(12, 2))),
            (decimal(38, 0), decimal(38, 38), Some(decimal(38, 0))),
            (SqlType::Real, SqlType::Integer, Some(SqlType::Real)),
            (SqlType::Real, decimal(3, 1), Some(SqlType::Double)),
            (SqlType::Date, SqlType::Timestamp, Some(SqlType::Timestamp)),
            (SqlType::Varchar(None), SqlType::Integer, Some(SqlType::Varchar(None))),
            (SqlType::Boolean, SqlType::Integer, None),
            (SqlType::Null, SqlType::Date, Some(SqlType::Date)),
        ] {
            assert_eq!(common_type(&a, &b), expected, "{a} {b}");
            assert_eq!(common_type(&b, &a), expected, "{b} {a}");
        }
        assert_eq!(comparison_type(&SqlType::Varchar(None), &SqlType::Integer), Some(SqlType::Integer));
    }
}
