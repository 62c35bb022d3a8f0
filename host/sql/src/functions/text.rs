//! Strings put together from anything, and TRIM.

use super::{ANY, Entry, call, syntax};
use crate::bind::{self, Binder, Bound, Call, is_binary, is_text};
use crate::expr::{self, coalesce as first_not_null, text};
use weir_circuit::Expr;
use weir_functions::catalog::{Family, Function};
use weir_row::SqlType;

const STRING: &[Family] = &[Family::String];

pub(super) const ENTRIES: &[Entry] = &[
    call(
        Function::written(
            &[Family::String, Family::Binary],
            &["||"],
            &["a || b → VARCHAR"],
            "Both, one after the other; one of them must be a string, the other is converted. The blanks of a CHAR are kept.",
        )
        .gives(&[("'a' || 'b'", "ab"), ("'a' || NULL", "NULL"), ("CAST('a' AS CHAR(3)) || '|'", "a  |"), ("'a' || 1", "a1"), ("x'01' || x'ff'", "01ff")])
        .refuses(&[("1 || 2", "|| does not apply"), ("'a' || x'01'", "does not join a binary")]),
        2,
        2,
        concat_operator,
    ),
    call(
        Function::written(
            STRING,
            &["concat"],
            &["CONCAT(a, …) → VARCHAR"],
            "All, one after the other, converted to text; NULL if one is NULL.",
        )
        .gives(&[("CONCAT('a', 1)", "a1"), ("CONCAT('a', NULL)", "NULL"), ("CONCAT(TRUE)", "TRUE")]),
        1,
        ANY,
        concat,
    ),
    call(
        Function::written(
            STRING,
            &["concat_ws"],
            &["CONCAT_WS(separator, a, …) → VARCHAR"],
            "All but the NULLs, converted to text, with the separator between them; NULL only if the separator is.",
        )
        .gives(&[
            ("CONCAT_WS('-', 'a', NULL, 'b')", "a-b"),
            ("CONCAT_WS('-', NULL, 1)", "1"),
            ("CONCAT_WS('-', NULL, NULL)", ""),
            ("CONCAT_WS(NULL, 'a', 'b')", "NULL"),
        ]),
        2,
        ANY,
        concat_ws,
    ),
    call(
        Function::written(
            STRING,
            &["trim", "trim leading", "trim trailing"],
            &["TRIM(s) → VARCHAR", "TRIM([LEADING | TRAILING | BOTH] characters FROM s) → VARCHAR"],
            "Without the leading and trailing characters of a set, which is the blank unless given.",
        )
        .gives(&[
            ("TRIM('  a ')", "a"),
            ("TRIM(BOTH 'xy' FROM 'xyaxb')", "axb"),
            ("TRIM(LEADING 'x' FROM 'xax')", "ax"),
            ("TRIM(TRAILING ' ' FROM ' a ')", " a"),
            ("TRIM(NULL)", "NULL"),
        ])
        .refuses(&[("TRIM(1)", "TRIM takes strings")]),
        1,
        2,
        trim,
    ),
    syntax(
        Function::written(
            STRING,
            &["not like"],
            &["s NOT LIKE p [ESCAPE c] → BOOLEAN"],
            "The opposite of LIKE.",
        )
        .gives(&[("'abc' NOT LIKE '_b_'", "FALSE"), ("'' NOT LIKE '_'", "TRUE"), ("NULL NOT LIKE '%'", "NULL")]),
    ),
    syntax(
        Function::written(STRING, &["not rlike"], &["s NOT RLIKE re → BOOLEAN"], "The opposite of RLIKE.").gives(&[
            ("'abc' NOT RLIKE 'b.'", "FALSE"),
            ("'abc' NOT RLIKE '^b'", "TRUE"),
            ("'abc' NOT RLIKE NULL", "NULL"),
        ]),
    ),
    syntax(
        Function::written(STRING, &["not ilike"], &["s NOT ILIKE p → BOOLEAN"], "The opposite of ILIKE.").gives(&[
            ("'abc' NOT ILIKE 'B%'", "TRUE"),
            ("'abc' NOT ILIKE 'A%'", "FALSE"),
            ("'a' NOT ILIKE NULL", "NULL"),
        ]),
    ),
    syntax(
        Function::written(
            STRING,
            &["escape"],
            &["s LIKE p ESCAPE c → BOOLEAN"],
            "Names the one character that makes a `_` or `%` after it literal in a LIKE pattern.",
        )
        .gives(&[("'a%' LIKE 'a#%' ESCAPE '#'", "TRUE"), ("'ab' LIKE 'a#%' ESCAPE '#'", "FALSE")])
        .fails(&[("'a' LIKE 'a' ESCAPE 'xy'", "must be one character")]),
    ),
];

/// `||`
fn concat_operator(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    let binary = |e: &Expr| is_binary(&e.ty.sql) || e.ty.sql == SqlType::Null;
    if call.args.iter().all(|a| binary(&a.expr)) && call.args.iter().any(|a| is_binary(&a.expr.ty.sql)) {
        let bytes = SqlType::Varbinary(None);
        let args = call.args.iter().map(|a| b.coerce(a.expr.clone(), &bytes, a.span)).collect::<Bound<Vec<_>>>()?;
        return Ok(expr::call("bytes_concat", args, bytes, bind::position(call.span)));
    }
    if let Some(bytes) = call.args.iter().find(|a| is_binary(&a.expr.ty.sql)) {
        return Err(b.error_hint(bytes.span, "|| does not join a binary with anything else", "CAST one of them"));
    }
    if !call.args.iter().any(|a| is_text(&a.expr.ty.sql) || a.expr.ty.sql == SqlType::Null) {
        let message = format!("|| does not apply to {} and {}", call.args[0].expr.ty.sql, call.args[1].expr.ty.sql);
        return Err(b.error_hint(call.span, message, "CONCAT converts its arguments"));
    }
    concat(b, call)
}

/// CONCAT: other types are converted; NULL if an argument is.
fn concat(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    let at = bind::position(call.span);
    let mut texts = Vec::with_capacity(call.args.len());
    for a in &call.args {
        texts.push(b.coerce(a.expr.clone(), &SqlType::Varchar(None), a.span)?);
    }
    let joined = texts.into_iter().reduce(|x, y| expr::call("concat", vec![x, y], SqlType::Varchar(None), at));
    Ok(joined.unwrap_or_else(|| text("")))
}

/// CONCAT_WS: NULLs are left out with their separators; NULL only if the separator is.
fn concat_ws(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
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

/// TRIM; the parser names the side.
fn trim(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    let kernel = match call.name.as_str() {
        "trim leading" => "trim_leading",
        "trim trailing" => "trim_trailing",
        _ => "trim_both",
    };
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
