//! Functions of waterlines never fail, even where functions of rows do: no row may ever be where the waterline is.

use crate::expr::{call, case};
use crate::optimise::{evaluate, may_fail};
use weir_circuit::Expr;
use weir_row::{ColumnType, SqlType, Value};

/// The first and the last day that there are, since 1970.
const DAYS: (i128, i128) = (-719_162, 2_932_896);
const DAY_MICROS: i128 = 86_400_000_000;

/// The least and the greatest value of a type, as numbers.
fn range(sql: &SqlType) -> Option<(i128, i128)> {
    Some(match sql {
        SqlType::TinyInt => (i8::MIN.into(), i8::MAX.into()),
        SqlType::SmallInt => (i16::MIN.into(), i16::MAX.into()),
        SqlType::Integer => (i32::MIN.into(), i32::MAX.into()),
        SqlType::BigInt => (i64::MIN.into(), i64::MAX.into()),
        SqlType::UTinyInt => (0, u8::MAX.into()),
        SqlType::USmallInt => (0, u16::MAX.into()),
        SqlType::UInteger => (0, u32::MAX.into()),
        SqlType::UBigInt => (0, u64::MAX.into()),
        SqlType::Date => DAYS,
        SqlType::Timestamp | SqlType::TimestampTz => (DAYS.0 * DAY_MICROS, (DAYS.1 + 1) * DAY_MICROS - 1),
        _ => return None,
    })
}

/// A number as a value of a type.
fn value(sql: &SqlType, n: i128) -> Option<Expr> {
    let value = match sql {
        SqlType::TinyInt => Value::I8(n.try_into().ok()?),
        SqlType::SmallInt => Value::I16(n.try_into().ok()?),
        SqlType::Integer => Value::I32(n.try_into().ok()?),
        SqlType::BigInt => Value::I64(n.try_into().ok()?),
        SqlType::UTinyInt => Value::U8(n.try_into().ok()?),
        SqlType::USmallInt => Value::U16(n.try_into().ok()?),
        SqlType::UInteger => Value::U32(n.try_into().ok()?),
        SqlType::UBigInt => Value::U64(n.try_into().ok()?),
        SqlType::Date => Value::Date(n.try_into().ok()?),
        SqlType::Timestamp => Value::Ts(n.try_into().ok()?),
        SqlType::TimestampTz => Value::Tz(n.try_into().ok()?),
        _ => return None,
    };
    Some(Expr::literal(value, ColumnType::not_null(sql.clone())))
}

/// The function's value at a number, if it has one.
fn at(e: &Expr, sql: &SqlType, n: i128) -> Option<Expr> {
    let x = value(sql, n)?;
    match evaluate(&crate::expr::substitute(e, &|_| x.clone())) {
        Some(Ok(found)) if !found.is_null() => Some(Expr::literal(found, e.ty.clone())),
        _ => None,
    }
}

/// A function of one column that never decreases, for all values of that column: below those for which it has a value it is the least of its
/// type, above them what it is at the last of them.
pub(super) fn guarded(e: Expr, column: &ColumnType) -> Option<Expr> {
    if !may_fail(&e) {
        return Some(e);
    }
    let sql = &column.sql;
    let (least, greatest) = range(sql)?;
    let pivot = [0, least, greatest].into_iter().find(|n| at(&e, sql, *n).is_some())?;
    // What has values is in one piece: overflow is at the ends.
    let mut edge = [pivot, pivot];
    for (edge, end) in edge.iter_mut().zip([least, greatest]) {
        let mut beyond = end + (end - pivot).signum();
        while (beyond - *edge).abs() > 1 {
            let middle = (*edge + beyond) / 2;
            *(if at(&e, sql, middle).is_some() { &mut *edge } else { &mut beyond }) = middle;
        }
    }
    let kind = sql.kind()?.name();
    let mut branches = vec![];
    if edge[0] > least {
        let args = vec![Expr::column(0, column.clone()), value(sql, edge[0])?];
        let lowest = value(&e.ty.sql, range(&e.ty.sql)?.0)?;
        branches.push((call(&format!("lt_{kind}"), args, SqlType::Boolean, e.at), lowest));
    }
    if edge[1] < greatest {
        let args = vec![Expr::column(0, column.clone()), value(sql, edge[1])?];
        branches.push((call(&format!("gt_{kind}"), args, SqlType::Boolean, e.at), at(&e, sql, edge[1])?));
    }
    let at = e.at;
    Some(if branches.is_empty() { e } else { case(branches, e, at) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_circuit::Position;

    /// Where a sum overflows it is what it is at the last value, or the least there is.
    #[test]
    fn functions_hold_still_beyond_their_ends() {
        let column = ColumnType::not_null(SqlType::TinyInt);
        let of = |name: &str, by: i8| {
            let args = vec![Expr::column(0, column.clone()), Expr::literal(Value::I8(by), column.clone())];
            guarded(call(name, args, SqlType::TinyInt, Position::NONE), &column)
        };
        let (more, less) = (of("add_i8", 100), of("sub_i8", 100));
        for n in i8::MIN..=i8::MAX {
            let is = |e: &Option<Expr>| e.as_ref().and_then(|e| at(e, &SqlType::TinyInt, n.into())).map(|e| e.op);
            let literal = |n: i8| Some(Expr::literal(Value::I8(n), column.clone()).op);
            assert_eq!(is(&more), literal(n.saturating_add(100)));
            assert_eq!(is(&less), literal(n.saturating_sub(100)));
        }
    }
}
