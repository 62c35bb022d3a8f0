//! Choices: COALESCE, CASE and their like.

use super::{ANY, Entry, call, syntax};
use crate::bind::{Binder, Bound, Call, is_text};
use crate::expr::{self, case, coalesce as first_not_null, null};
use crate::{Span, bind};
use weir_circuit::Expr;
use weir_functions::catalog::{Family, Function};
use weir_row::SqlType;

const COMPARISONS: &[Family] = &[Family::Comparisons];

pub(super) const ENTRIES: &[Entry] = &[
    syntax(
        Function::written(
            COMPARISONS,
            &["case"],
            &["CASE WHEN condition THEN a … ELSE z END", "CASE e WHEN value THEN a … ELSE z END"],
            "The first branch whose condition is TRUE; without ELSE NULL. Branches have a common type, and those that are not taken are not \
             evaluated.",
        )
        .gives(&[
            ("CASE 2 WHEN 1 THEN 'a' END", "NULL"),
            ("CASE WHEN NULL THEN 1 ELSE 2 END", "2"),
            ("CASE WHEN 1 = 1 THEN 1 ELSE 1 / 0 END", "1"),
        ])
        .refuses(&[("CASE WHEN TRUE THEN 1 ELSE TRUE END", "must have one type")]),
    ),
    call(
        Function::written(
            COMPARISONS,
            &["coalesce"],
            &["COALESCE(a, …) → common type"],
            "The first argument that is not NULL; NULL if all are.",
        )
        .gives(&[("COALESCE(NULL, 3)", "3"), ("COALESCE(1, 1 / 0)", "1"), ("COALESCE(NULL, NULL)", "NULL")])
        .refuses(&[("COALESCE(1, TRUE)", "must have one type")]),
        1,
        ANY,
        coalesce,
    ),
    call(
        Function::written(COMPARISONS, &["ifnull"], &["IFNULL(a, b) → common type"], "COALESCE of two.").gives(&[
            ("IFNULL(NULL, 1)", "1"),
            ("IFNULL(1, 2)", "1"),
            ("IFNULL(NULL, NULL)", "NULL"),
        ]),
        2,
        2,
        coalesce,
    ),
    call(
        Function::written(COMPARISONS, &["nullif"], &["NULLIF(a, b) → type of a"], "NULL if a = b, else a.").gives(&[
            ("NULLIF(2, 2)", "NULL"),
            ("NULLIF(2, 3)", "2"),
            ("NULLIF(NULL, 3)", "NULL"),
            ("NULLIF(2, NULL)", "2"),
        ]),
        2,
        2,
        nullif,
    ),
    call(
        Function::written(
            COMPARISONS,
            &["if"],
            &["IF(condition, a, b) → type of a and b"],
            "a if the condition is TRUE, else b. Both must have one type already.",
        )
        .gives(&[("IF(TRUE, 1, 2)", "1"), ("IF(NULL, 1, 2)", "2"), ("IF(TRUE, 1, 1 / 0)", "1")])
        .refuses(&[("IF(TRUE, 1, 2.5)", "the branches of IF"), ("IF(1, 1, 2)", "IF needs a BOOLEAN")]),
        3,
        3,
        if_then_else,
    ),
    call(
        Function::written(
            COMPARISONS,
            &["greatest"],
            &["GREATEST(a, …) → common type"],
            "The greatest; NULL if one is NULL. NaN is the greatest of numbers.",
        )
        .gives(&[
            ("GREATEST(1, 3, 2)", "3"),
            ("GREATEST(1, NULL)", "NULL"),
            ("GREATEST(DOUBLE 'NaN', DOUBLE 'inf')", "NaN"),
            ("GREATEST('a')", "a"),
        ]),
        1,
        ANY,
        greatest,
    ),
    call(
        Function::written(COMPARISONS, &["least"], &["LEAST(a, …) → common type"], "The least; NULL if one is NULL.")
            .gives(&[("LEAST('b', 'a')", "a"), ("LEAST(1, NULL)", "NULL"), ("LEAST(1, 0.5)", "0.5")]),
        1,
        ANY,
        least,
    ),
    call(
        Function::written(
            COMPARISONS,
            &["greatest_ignore_nulls"],
            &["GREATEST_IGNORE_NULLS(a, …) → common type"],
            "The greatest of those that are not NULL; NULL if all are.",
        )
        .gives(&[("GREATEST_IGNORE_NULLS(4, NULL, 3)", "4"), ("GREATEST_IGNORE_NULLS(NULL, 1)", "1")]),
        1,
        ANY,
        greatest_ignore_nulls,
    ),
    call(
        Function::written(
            COMPARISONS,
            &["least_ignore_nulls"],
            &["LEAST_IGNORE_NULLS(a, …) → common type"],
            "The least of those that are not NULL; NULL if all are.",
        )
        .gives(&[("LEAST_IGNORE_NULLS(4, NULL, 3)", "3"), ("LEAST_IGNORE_NULLS(NULL, NULL)", "NULL")]),
        1,
        ANY,
        least_ignore_nulls,
    ),
];

fn arguments(call: &Call) -> Vec<(Expr, Span)> {
    call.args.iter().map(|a| (a.expr.clone(), a.span)).collect()
}

/// COALESCE, IFNULL
fn coalesce(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    let args = b.unify(arguments(call), "arguments")?;
    Ok(first_not_null(args, bind::position(call.span)))
}

/// NULLIF
fn nullif(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    let first = call.args[0].expr.clone();
    let equal = b.equals(first.clone(), call.args[1].expr.clone(), call.span)?;
    let ty = first.ty.sql.clone();
    Ok(case(vec![(equal, null(ty))], first, bind::position(call.span)))
}

/// IF: branches have one type already.
fn if_then_else(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    let condition = &call.args[0];
    if !matches!(condition.expr.ty.sql, SqlType::Boolean | SqlType::Null) {
        let message = format!("IF needs a BOOLEAN first, but this is {}", condition.expr.ty.sql);
        return Err(b.error(condition.span, message));
    }
    let condition = b.coerce(condition.expr.clone(), &SqlType::Boolean, call.span)?;
    let (ta, tb) = (&call.args[1].expr.ty.sql, &call.args[2].expr.ty.sql);
    if ta != tb && *ta != SqlType::Null && *tb != SqlType::Null && !(is_text(ta) && is_text(tb)) {
        let message = format!("the branches of IF must have one type, but are {ta} and {tb}");
        return Err(b.error_hint(call.args[2].span, message, "CAST one of them, or use CASE"));
    }
    let mut branches = b.unify(arguments(call).split_off(1), "the branches of IF")?;
    // There are two.
    let otherwise = branches.pop().unwrap_or_else(|| null(SqlType::Null));
    let then = branches.pop().unwrap_or_else(|| null(SqlType::Null));
    Ok(case(vec![(condition, then)], otherwise, bind::position(call.span)))
}

/// GREATEST
fn greatest(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    b.extreme("max", arguments(call), call.span)
}

/// LEAST
fn least(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    b.extreme("min", arguments(call), call.span)
}

/// GREATEST_IGNORE_NULLS
fn greatest_ignore_nulls(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    ignore_nulls(b, call, "max")
}

/// LEAST_IGNORE_NULLS
fn least_ignore_nulls(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    ignore_nulls(b, call, "min")
}

/// The extreme of two is either of them where the other is NULL.
fn ignore_nulls(b: &mut Binder<'_>, call: &Call, kernel: &str) -> Bound<Expr> {
    let at = bind::position(call.span);
    let args = b.unify(arguments(call), "arguments")?;
    let Some(kind) = args[0].ty.sql.kind() else { return Ok(args[0].clone()) };
    let name = format!("{kernel}_{}", kind.name());
    let extreme = args.into_iter().reduce(|x, y| {
        let ty = x.ty.sql.clone();
        let both = expr::call(&name, vec![x.clone(), y.clone()], ty, at);
        first_not_null(vec![both, x, y], at)
    });
    Ok(extreme.unwrap_or_else(|| null(SqlType::Null)))
}
