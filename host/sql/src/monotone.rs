//! Expressions that never decrease while what they read increases.

use weir_circuit::{Expr, ExprOp};

/// Calls that never decrease with their first argument, if the others are constants. A kind may stand behind the name.
const ADVANCING: [&str; 21] = [
    "add_ts_micros",
    "sub_ts_micros",
    "add_ts_months",
    "sub_ts_months",
    "add_date_micros",
    "sub_date_micros",
    "add_date_months",
    "sub_date_months",
    "cast_ts_to_date",
    "cast_date_to_ts",
    "cast_ts_to_tz",
    "cast_tz_to_ts",
    "cast_tz_to_date",
    "cast_ts_to_i64",
    "cast_i64_to_ts",
    "year_ts",
    "year_date",
    "epoch_ts",
    "epoch_date",
    "floor_ts_micros",
    "ceil_ts_micros",
];

/// The column that an expression reads, if it is just one, once.
pub(crate) fn variable(e: &Expr) -> Option<usize> {
    let (mut columns, mut last) = (0, None);
    e.visit_columns(&mut |i| (columns, last) = (columns + 1, Some(i)));
    last.filter(|_| columns == 1)
}

/// Whether an expression, which reads one column, never decreases while that increases. (Of what is NULL nothing is said.)
pub(crate) fn advances(e: &Expr) -> bool {
    let ExprOp::Call { kernel, args } = &e.op else { return matches!(e.op, ExprOp::Column(_)) };
    let Some((first, rest)) = args.split_first() else { return false };
    let constant = |e: &Expr| matches!(e.op, ExprOp::Literal(_));
    let of_first = rest.iter().all(constant) && advances(first);
    if ADVANCING.contains(&kernel.as_str()) {
        return of_first;
    }
    let Some((name, kind)) = kernel.split_once('_') else { return false };
    match name {
        "add" if is_integer(kind) => of_first || constant(first) && rest.iter().all(advances),
        "sub" if is_integer(kind) => of_first,
        "cast" => kind.split_once("_to_").is_some_and(|(from, to)| is_integer(from) && is_integer(to)) && of_first,
        // To a unit of the calendar: floor_month_ts.
        "floor" | "ceil" => (kind.ends_with("_ts") || kind.ends_with("_date")) && of_first,
        _ => false,
    }
}

/// Whether it is the name of a kind of whole numbers.
fn is_integer(kind: &str) -> bool {
    matches!(kind, "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64")
}
