//! Functions that are not strict, and functions of strings that take anything.

use crate::bind::{Binder, Bound, Call, is_text};
use crate::expr::{self, case, coalesce as first_not_null, null, text};
use crate::{Span, bind};
use weir_circuit::Expr;
use weir_row::SqlType;

fn arguments(call: &Call) -> Vec<(Expr, Span)> {
    call.args.iter().map(|a| (a.expr.clone(), a.span)).collect()
}

/// COALESCE, IFNULL
pub(super) fn coalesce(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    let args = b.unify(arguments(call), "arguments")?;
    Ok(first_not_null(args, bind::position(call.span)))
}

/// NULLIF
pub(super) fn nullif(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    let first = call.args[0].expr.clone();
    let equal = b.equals(first.clone(), call.args[1].expr.clone(), call.span)?;
    let ty = first.ty.sql.clone();
    Ok(case(vec![(equal, null(ty))], first, bind::position(call.span)))
}

/// IF: branches have one type already.
pub(super) fn if_then_else(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
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
pub(super) fn greatest(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    b.extreme("max", arguments(call), call.span)
}

/// LEAST
pub(super) fn least(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    b.extreme("min", arguments(call), call.span)
}

/// GREATEST_IGNORE_NULLS
pub(super) fn greatest_ignore_nulls(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    ignore_nulls(b, call, "max")
}

/// LEAST_IGNORE_NULLS
pub(super) fn least_ignore_nulls(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
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

/// `||`
pub(super) fn concat_operator(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    if !call.args.iter().any(|a| is_text(&a.expr.ty.sql) || a.expr.ty.sql == SqlType::Null) {
        let message = format!("|| does not apply to {} and {}", call.args[0].expr.ty.sql, call.args[1].expr.ty.sql);
        return Err(b.error_hint(call.span, message, "CONCAT converts its arguments"));
    }
    concat(b, call)
}

/// CONCAT: other types are converted; NULL if an argument is.
pub(super) fn concat(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    let at = bind::position(call.span);
    let mut texts = Vec::with_capacity(call.args.len());
    for a in &call.args {
        texts.push(b.coerce(a.expr.clone(), &SqlType::Varchar(None), a.span)?);
    }
    let joined = texts.into_iter().reduce(|x, y| expr::call("concat", vec![x, y], SqlType::Varchar(None), at));
    Ok(joined.unwrap_or_else(|| text("")))
}

/// CONCAT_WS: NULLs are left out with their separators; NULL only if the separator is.
pub(super) fn concat_ws(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    let at = bind::position(call.span);
    let mut texts = Vec::with_capacity(call.args.len());
    for a in &call.args {
        texts.push(b.coerce(a.expr.clone(), &SqlType::Varchar(None), a.span)?);
    }
    let separator = texts.remove(0);
    // Each piece with the separator before it, all joined; then the first separator is cut off.
    let pieces: Vec<Expr> = texts
        .into_iter()
        .map(|t| {
            let piece = expr::call("concat", vec![separator.clone(), t], SqlType::Varchar(None), at);
            if piece.ty.nullable { first_not_null(vec![piece, text("")], at) } else { piece }
        })
        .collect();
    let joined = pieces
        .into_iter()
        .reduce(|x, y| expr::call("concat", vec![x, y], SqlType::Varchar(None), at))
        .unwrap_or_else(|| text(""));
    let length = expr::call("char_length", vec![separator.clone()], SqlType::Integer, at);
    let start = expr::call("add_i32", vec![length, expr::int(1)], SqlType::Integer, at);
    Ok(expr::call("substring", vec![joined, start], SqlType::Varchar(None), at))
}

/// TRIM(BOTH ..)
pub(super) fn trim_both(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    trim(b, call, "trim_both")
}

/// TRIM(LEADING ..)
pub(super) fn trim_leading(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    trim(b, call, "trim_leading")
}

/// TRIM(TRAILING ..)
pub(super) fn trim_trailing(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    trim(b, call, "trim_trailing")
}

fn trim(b: &mut Binder<'_>, call: &Call, kernel: &str) -> Bound<Expr> {
    let mut args = vec![];
    for a in &call.args {
        if !is_text(&a.expr.ty.sql) && a.expr.ty.sql != SqlType::Null {
            return Err(b.error(a.span, format!("TRIM takes strings, but this is {}", a.expr.ty.sql)));
        }
        args.push(b.coerce(a.expr.clone(), &SqlType::Varchar(None), a.span)?);
    }
    if args.len() == 1 {
        args.push(text(" "));
    }
    Ok(expr::call(kernel, args, SqlType::Varchar(None), bind::position(call.span)))
}
