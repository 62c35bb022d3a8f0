//! CAST of the scalar types that are not numbers, texts, dates or times: binaries, UUIDs, instants.

use super::cast::Conversion;
use super::common::{integer, is_binary, is_number, is_text};
use crate::expr::int;
use weir_circuit::Expr;
use weir_row::SqlType;

/// The expression as a value of another type, if there is such a conversion.
pub(super) fn cast(by: Conversion, e: Expr, to: &SqlType) -> Option<Expr> {
    let from = e.ty.sql.clone();
    let one = |name: String, e: Expr, to: &SqlType| by.call(&name, vec![e], to.clone());
    let name = |from: &SqlType, to: &SqlType| Some(format!("cast_{}_to_{}", from.kind()?.name(), to.kind()?.name()));
    Some(match (&from, to) {
        // Numbers keep their last bytes, everything else its first.
        (from, to) if integer(from).is_some() && is_binary(to) => {
            let bytes = one(name(from, to)?, e, &SqlType::Varbinary(None));
            fit(by, "bytes_fit_left", "bytes_cut_left", bytes, to)
        }
        (from, to) if is_text(from) && is_binary(to) => {
            let bytes = one(name(from, to)?, e, &SqlType::Varbinary(None));
            fit(by, "bytes_fit", "bytes_cut", bytes, to)
        }
        (SqlType::Uuid, to) if is_binary(to) => {
            let bytes = one(name(&from, to)?, e, &SqlType::Varbinary(None));
            fit(by, "bytes_fit", "bytes_cut", bytes, to)
        }
        (SqlType::Binary(m) | SqlType::Varbinary(Some(m)), SqlType::Varbinary(Some(n))) if m <= n => retyped(e, to),
        (from, to) if is_binary(from) && is_binary(to) => fit(by, "bytes_fit", "bytes_cut", e, to),
        (from, to) if (is_binary(from) || *from == SqlType::Uuid) && is_text(to) => {
            return by.convert(one(name(from, to)?, e, &SqlType::Varchar(None)), to);
        }
        (from, SqlType::Uuid) if is_binary(from) || is_text(from) => one(name(from, to)?, e, to),
        (SqlType::TimestampTz, to) if is_text(to) => {
            return by.convert(one(name(&from, to)?, e, &SqlType::Varchar(None)), to);
        }
        (from, SqlType::TimestampTz) if is_text(from) => one(name(from, to)?, e, to),
        (SqlType::Timestamp, SqlType::TimestampTz) | (SqlType::TimestampTz, SqlType::Timestamp) => {
            one(name(&from, to)?, e, to)
        }
        (SqlType::TimestampTz, to) if is_number(to) || matches!(to, SqlType::Date | SqlType::Time) => {
            return by.convert(one("cast_tz_to_ts".to_owned(), e, &SqlType::Timestamp), to);
        }
        (from, SqlType::TimestampTz) if is_number(from) || matches!(from, SqlType::Date | SqlType::Time) => {
            one("cast_ts_to_tz".to_owned(), by.convert(e, &SqlType::Timestamp)?, to)
        }
        _ => return None,
    })
}

fn retyped(mut e: Expr, to: &SqlType) -> Expr {
    e.ty.sql = to.clone();
    e
}

/// Bytes at the length of a type: padded and cut by one kernel, or only cut by another.
fn fit(by: Conversion, pad: &str, cut: &str, e: Expr, to: &SqlType) -> Expr {
    let length = |n: u32| int(n.cast_signed());
    match to {
        SqlType::Binary(n) => by.call(pad, vec![e, length(*n)], to.clone()),
        SqlType::Varbinary(Some(n)) => by.call(cut, vec![e, length(*n)], to.clone()),
        _ => retyped(e, to),
    }
}
