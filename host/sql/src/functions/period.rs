//! Predicates on periods, `(a, b) OVERLAPS (c, d)`, and BETWEEN SYMMETRIC. The parser makes calls of them (`parse/infix.rs`); an operand
//! is a pair of points in time, or of one and an interval, which the binder is given as a written tuple.

use super::{Entry, Rule};
use crate::Span;
use crate::bind::{self, Binder, Bound, Cx, is_interval};
use crate::expr::{all, any, call};
use crate::parse::span;
use sqlparser::ast::{self, Spanned};
use weir_circuit::Expr;
use weir_functions::catalog::{Family, Function};
use weir_row::Kind;

const PERIODS: &[Family] = &[Family::Datetime];

const fn predicate(function: Function) -> Entry {
    Entry { function, rule: Rule::Written(periods) }
}

pub(super) const ENTRIES: &[Entry] = &[
    predicate(
        Function::written(
            PERIODS,
            &["overlaps"],
            &["(s, e) OVERLAPS (s, e) → BOOLEAN"],
            "Whether two periods have a moment in common. Here and in the other predicates on periods a period is a pair of points in \
             time, in any order, or a point and an interval; both ends belong to it.",
        )
        .gives(&[
            ("(DATE '2026-01-01', DATE '2026-01-03') OVERLAPS (DATE '2026-01-03', DATE '2026-01-05')", "TRUE"),
            ("(DATE '2026-01-01', INTERVAL 1 DAY) OVERLAPS (DATE '2026-01-05', DATE '2026-01-03')", "FALSE"),
            ("(DATE '2026-01-01', NULL) OVERLAPS (DATE '2026-01-03', DATE '2026-01-05')", "NULL"),
        ])
        .refuses(&[("(DATE '2026-01-01', DATE '2026-01-03') OVERLAPS (1, 2)", "cannot be compared")]),
    ),
    predicate(
        Function::written(
            PERIODS,
            &["contains"],
            &["(s, e) CONTAINS (s, e) → BOOLEAN", "(s, e) CONTAINS x → BOOLEAN"],
            "Whether a period holds another one, or a point in time.",
        )
        .gives(&[
            ("(DATE '2026-01-01', DATE '2026-01-03') CONTAINS DATE '2026-01-03'", "TRUE"),
            ("(TIME '07:00:00', TIME '09:00:00') CONTAINS (TIME '08:00:00', TIME '10:00:00')", "FALSE"),
            ("(DATE '2026-01-01', DATE '2026-01-03') CONTAINS CAST(NULL AS DATE)", "NULL"),
        ]),
    ),
    predicate(
        Function::written(PERIODS, &["equals"], &["(s, e) EQUALS (s, e) → BOOLEAN"], "Whether two periods have the same ends.").gives(&[
            ("(DATE '2026-01-01', DATE '2026-01-03') EQUALS (DATE '2026-01-03', DATE '2026-01-01')", "TRUE"),
            ("(DATE '2026-01-01', DATE '2026-01-03') EQUALS (DATE '2026-01-01', INTERVAL 1 DAY)", "FALSE"),
            ("(DATE '2026-01-01', DATE '2026-01-03') EQUALS (DATE '2026-01-01', NULL)", "NULL"),
        ]),
    ),
    predicate(
        Function::written(PERIODS, &["precedes"], &["(s, e) PRECEDES (s, e) → BOOLEAN"], "Whether the first period ends no later than the second begins.").gives(&[
            ("(DATE '2026-01-01', DATE '2026-01-03') PRECEDES (DATE '2026-01-03', DATE '2026-01-05')", "TRUE"),
            ("(DATE '2026-01-01', DATE '2026-01-04') PRECEDES (DATE '2026-01-03', DATE '2026-01-05')", "FALSE"),
            ("(DATE '2026-01-01', DATE '2026-01-03') PRECEDES (NULL, DATE '2026-01-05')", "NULL"),
        ]),
    ),
    predicate(
        Function::written(PERIODS, &["succeeds"], &["(s, e) SUCCEEDS (s, e) → BOOLEAN"], "Whether the first period begins no earlier than the second ends.").gives(&[
            ("(DATE '2026-01-03', DATE '2026-01-05') SUCCEEDS (DATE '2026-01-01', DATE '2026-01-03')", "TRUE"),
            ("(DATE '2026-01-02', DATE '2026-01-05') SUCCEEDS (DATE '2026-01-01', DATE '2026-01-03')", "FALSE"),
            ("(NULL, DATE '2026-01-05') SUCCEEDS (DATE '2026-01-01', DATE '2026-01-03')", "NULL"),
        ]),
    ),
    predicate(
        Function::written(PERIODS, &["immediately precedes"], &["(s, e) IMMEDIATELY PRECEDES (s, e) → BOOLEAN"], "Whether the first period ends when the second begins.").gives(&[
            ("(DATE '2026-01-01', DATE '2026-01-03') IMMEDIATELY PRECEDES (DATE '2026-01-03', DATE '2026-01-05')", "TRUE"),
            ("(DATE '2026-01-01', DATE '2026-01-02') IMMEDIATELY PRECEDES (DATE '2026-01-03', DATE '2026-01-05')", "FALSE"),
            ("(DATE '2026-01-01', NULL) IMMEDIATELY PRECEDES (DATE '2026-01-03', DATE '2026-01-05')", "NULL"),
        ]),
    ),
    predicate(
        Function::written(PERIODS, &["immediately succeeds"], &["(s, e) IMMEDIATELY SUCCEEDS (s, e) → BOOLEAN"], "Whether the first period begins when the second ends.").gives(&[
            ("(DATE '2026-01-03', DATE '2026-01-05') IMMEDIATELY SUCCEEDS (DATE '2026-01-01', DATE '2026-01-03')", "TRUE"),
            ("(DATE '2026-01-04', DATE '2026-01-05') IMMEDIATELY SUCCEEDS (DATE '2026-01-01', DATE '2026-01-03')", "FALSE"),
            ("(DATE '2026-01-03', NULL) IMMEDIATELY SUCCEEDS (DATE '2026-01-01', DATE '2026-01-03')", "NULL"),
        ]),
    ),
    Entry {
        function: Function::written(
            &[Family::Comparisons],
            &["between symmetric"],
            &["x [NOT] BETWEEN SYMMETRIC a AND b → BOOLEAN"],
            "BETWEEN with the bounds in either order.",
        )
        .gives(&[
            ("5 BETWEEN SYMMETRIC 9 AND 1", "TRUE"),
            ("5 BETWEEN SYMMETRIC 9 AND 6", "FALSE"),
            ("5 NOT BETWEEN SYMMETRIC 9 AND 1", "FALSE"),
            ("5 BETWEEN SYMMETRIC NULL AND 1", "NULL"),
        ]),
        rule: Rule::Written(between_symmetric),
    },
];

/// `x BETWEEN SYMMETRIC a AND b`: it is between them one way or the other.
fn between_symmetric(b: &mut Binder<'_>, _: &str, args: &[&ast::Expr], at: Span, cx: &mut Cx<'_>) -> Bound<Expr> {
    let bound = b.many(args.iter().copied(), cx)?;
    let [(x, _), (low, _), (high, _)] = bound.as_slice() else {
        return Err(b.error(at, "BETWEEN SYMMETRIC takes three operands"));
    };
    let one = b.between(x.clone(), low.clone(), high.clone(), at)?;
    let other = b.between(x.clone(), high.clone(), low.clone(), at)?;
    Ok(any(vec![one, other]))
}

/// A predicate on two periods, or a period and a point.
fn periods(b: &mut Binder<'_>, name: &str, args: &[&ast::Expr], at: Span, cx: &mut Cx<'_>) -> Bound<Expr> {
    let [left, right] = args else {
        return Err(b.error(at, format!("{} takes two periods", name.to_uppercase())));
    };
    let (l, r) = (period(b, left, false, cx), period(b, right, name == "contains", cx));
    let ([s0, e0], [s1, e1]) = (l?, r?);
    // All four at one type.
    let (s0, s1) = b.comparable(s0, s1, at)?;
    let (e0, e1) = b.comparable(e0, e1, at)?;
    let (s0, e0) = b.comparable(s0, e0, at)?;
    let (s1, e1) = b.comparable(s1, e1, at)?;
    let (s0, s1) = b.comparable(s0, s1, at)?;
    let (e0, e1) = b.comparable(e0, e1, at)?;
    let place = bind::position(at);
    let kind = match s0.ty.sql.kind() {
        Some(kind @ (Kind::Date | Kind::Time | Kind::Ts | Kind::Tz)) => kind,
        None => return Ok(crate::expr::null(weir_row::SqlType::Boolean)),
        Some(_) => return Err(b.error(at, format!("{} is no point in time", s0.ty.sql))),
    };
    // Whichever end comes first.
    let ordered = |x: Expr, y: Expr| {
        let ty = x.ty.sql.clone();
        let end = |name: &str| call(&format!("{name}_{}", kind.name()), vec![x.clone(), y.clone()], ty.clone(), place);
        (end("min"), end("max"))
    };
    let ((s0, e0), (s1, e1)) = (ordered(s0, e0), ordered(s1, e1));
    let test = |name: &str, x: &Expr, y: &Expr| {
        call(&format!("{name}_{}", kind.name()), vec![x.clone(), y.clone()], weir_row::SqlType::Boolean, place)
    };
    Ok(match name {
        "overlaps" => all(vec![test("le", &s0, &e1), test("ge", &e0, &s1)]),
        "contains" => all(vec![test("le", &s0, &s1), test("ge", &e0, &e1)]),
        "equals" => all(vec![test("eq", &s0, &s1), test("eq", &e0, &e1)]),
        "precedes" => test("le", &e0, &s1),
        "succeeds" => test("ge", &s0, &e1),
        "immediately precedes" => test("eq", &e0, &s1),
        _ => test("eq", &s0, &e1),
    })
}

/// The ends of a written period; of a point, where one is taken, twice the point.
fn period(b: &mut Binder<'_>, e: &ast::Expr, point: bool, cx: &mut Cx<'_>) -> Bound<[Expr; 2]> {
    let at = span(e.span());
    let ast::Expr::Tuple(ends) = e else {
        if !point {
            return Err(b.error_hint(at, "this is no period", "write (start, end), or (start, interval)"));
        }
        let (bound, _) = b.many([e], cx)?.remove(0);
        return Ok([bound.clone(), bound]);
    };
    let [start, end] = ends.as_slice() else {
        return Err(b.error(at, format!("a period has a start and an end, but here are {}", ends.len())));
    };
    let bound = b.many([start, end], cx)?;
    let [(start, _), (end, _)] = bound.as_slice() else { return Err(b.error(at, "a period has two ends")) };
    let end =
        if is_interval(&end.ty.sql) { b.add_interval("add", start.clone(), end.clone(), at)? } else { end.clone() };
    Ok([start.clone(), end])
}
