//! Functions that take a lambda.

use super::{Entry, Rule};
use crate::Span;
use crate::bind::composite::{lambda, pack, parameter, unpack};
use crate::bind::{Binder, Bound, Cx, position};
use crate::parse::{fold, span};
use sqlparser::ast::{self, OneOrManyWithParens, Spanned};
use weir_circuit::Expr;
use weir_functions::catalog::{Family, Function};
use weir_row::{ColumnType, SqlType};

const ARRAY: &[Family] = &[Family::Array];
const JSON: &[Family] = &[Family::Json];

const fn written(function: Function) -> Entry {
    Entry { function, rule: Rule::Written(bind) }
}

/// The parameters' names and the body.
fn parts<'e>(
    b: &mut Binder<'_>,
    name: &str,
    e: &'e ast::Expr,
    wanted: usize,
) -> Bound<(Vec<&'e ast::Ident>, &'e ast::Expr)> {
    let at = span(e.span());
    let shape = if wanted == 1 { "x -> .." } else { "(k, x) -> .." };
    let ast::Expr::Lambda(l) = e else {
        return Err(b.error_hint(at, format!("{} takes a lambda here", name.to_uppercase()), format!("as in {shape}")));
    };
    let names: Vec<&ast::Ident> = match &l.params {
        OneOrManyWithParens::One(p) => vec![&p.name],
        OneOrManyWithParens::Many(many) => many.iter().map(|p| &p.name).collect(),
    };
    if names.len() != wanted {
        let message = format!(
            "the lambda of {} has {wanted} parameter{}, not {}",
            name.to_uppercase(),
            if wanted == 1 { "" } else { "s" },
            names.len()
        );
        return Err(b.error_hint(at, message, format!("as in {shape}")));
    }
    Ok((names, &l.body))
}

/// Binds a call: what it goes over, and the lambda's body, which sees its parameters and nothing else.
fn bind(b: &mut Binder<'_>, name: &str, args: &[&ast::Expr], at: Span, cx: &mut Cx<'_>) -> Bound<Expr> {
    let [over, function] = args else {
        let message = format!("{} takes 2 arguments, but here are {}", name.to_uppercase(), args.len());
        return Err(b.error(at, message));
    };
    let over_at = span(over.span());
    let over = b.expr(over, cx)?;
    let place = position(at);
    let nullable = over.ty.nullable;
    let of_array = matches!(name, "transform" | "array_exists");
    let element = match &over.ty.sql {
        SqlType::Array(element) if of_array => (**element).clone(),
        SqlType::Null if of_array => SqlType::Null,
        other if of_array => {
            let message = format!("{} needs an array here, but this is {other}", name.to_uppercase());
            return Err(b.error(over_at, message));
        }
        _ => SqlType::Variant,
    };
    let over = if of_array { over } else { b.coerce(over, &SqlType::Variant, over_at)? };
    let (names, body) = parts(b, name, function, if of_array { 1 } else { 2 })?;
    // Paths are text; a field's key is what it is.
    let first = match name {
        "transform" | "array_exists" => element,
        "variant_deep_filter" | "variant_deep_map" => SqlType::Varchar(None),
        _ => SqlType::Variant,
    };
    let values = [first, SqlType::Variant].into_iter().enumerate().map(|(i, ty)| unpack(parameter(i), &ty, place));
    let parameters = names.iter().map(|n| (fold(n), n.quote_style.is_some())).zip(values);
    let body_at = span(body.span());
    let body = b.lambda_body(parameters.map(|((n, q), e)| (n, q, e)).collect(), body)?;
    Ok(match name {
        "transform" => {
            let result = SqlType::Array(Box::new(body.ty.sql.clone()));
            let e = lambda(name, over, pack(body), result, place);
            Expr { ty: ColumnType { nullable, ..e.ty }, ..e }
        }
        "array_exists" => {
            let body = b.coerce(body, &SqlType::Boolean, body_at)?;
            unpack(lambda(name, over, pack(body), SqlType::Variant, place), &SqlType::Boolean, place)
        }
        "variant_filter" | "variant_deep_filter" => {
            let body = b.coerce(body, &SqlType::Boolean, body_at)?;
            lambda(name, over, pack(body), SqlType::Variant, place)
        }
        _ => {
            let body = b.coerce(body, &SqlType::Variant, body_at)?;
            lambda(name, over, body, SqlType::Variant, place)
        }
    })
}

pub(super) const ENTRIES: &[Entry] = &[
    written(
        Function::written(ARRAY, &["transform"], &["TRANSFORM(array, x -> e) → array"], "The array of the lambda's values for each element. A lambda sees its parameters and no columns.")
        .gives(&[("TRANSFORM(ARRAY[1, 2], x -> x * x)", "[1,4]"), ("TRANSFORM(ARRAY[1, NULL], x -> COALESCE(x, 0) + 1.5)", "[2.5,1.5]"),
            ("TRANSFORM(ARRAY[ARRAY[1, 2], ARRAY[3]], a -> TRANSFORM(a, x -> x + 1))", "[[2,3],[4]]"), ("TRANSFORM(CAST(NULL AS INT ARRAY), x -> x)", "NULL")])
        .fails(&[("TRANSFORM(ARRAY[1, 0], x -> 1 / x)", "1 / 0")])
        .refuses(&[("TRANSFORM(ARRAY[1], x -> y)", "column 'y' not found"), ("TRANSFORM(ARRAY[1], 1)", "takes a lambda")]),
    ),
    written(
        Function::written(ARRAY, &["array_exists"], &["ARRAY_EXISTS(array, x -> p) → BOOLEAN"], "TRUE if the lambda is TRUE of an element; else NULL if it is NULL of one; else FALSE.")
        .gives(&[("ARRAY_EXISTS(ARRAY[1, 5], x -> x > 4)", "TRUE"), ("ARRAY_EXISTS(ARRAY[1, NULL], x -> x > 4)", "NULL"), ("ARRAY_EXISTS(ARRAY[1], x -> x > 4)", "FALSE"),
            ("ARRAY_EXISTS(CAST(ARRAY() AS INT ARRAY), x -> x > 4)", "FALSE")]),
    ),
    written(
        Function::written(JSON, &["variant_filter", "variant_deep_filter"], &["VARIANT_FILTER(v, (k, x) -> p) → VARIANT", "VARIANT_DEEP_FILTER(v, (path, x) -> p) → VARIANT"],
            "The fields of an object of which the lambda is TRUE; anything else if it is TRUE of that, with NULL for the key, and NULL if not. The deep form looks at \
             every item at any depth, by its path (`a.b`, `e[1].f`); what it drops is dropped with all that is inside.")
        .gives(&[("TO_JSON(VARIANT_FILTER(PARSE_JSON('{\"a\":1,\"b\":2}'), (k, x) -> CAST(k AS VARCHAR) = 'b'))", "{\"b\":2}"),
            ("TO_JSON(VARIANT_DEEP_FILTER(PARSE_JSON('[5,6]'), (p, x) -> p <> '[1]'))", "[6]"),
            ("TO_JSON(VARIANT_DEEP_FILTER(PARSE_JSON('{\"a\":{\"b\":1,\"c\":2}}'), (p, x) -> p <> 'a.b'))", "{\"a\":{\"c\":2}}"),
            ("VARIANT_FILTER(CAST(NULL AS VARIANT), (k, x) -> TRUE)", "NULL")]),
    ),
    written(
        Function::written(JSON, &["variant_map", "variant_deep_map"], &["VARIANT_MAP(v, (k, x) -> e) → VARIANT", "VARIANT_DEEP_MAP(v, (path, x) -> e) → VARIANT"],
            "An object with the lambda's values in the place of its fields' values; of anything else the lambda's value, with NULL for the key. NULL becomes variant null. \
             The deep form replaces whatever has no parts, at any depth.")
        .gives(&[("TO_JSON(VARIANT_MAP(PARSE_JSON('{\"a\":1}'), (k, x) -> k))", "{\"a\":\"a\"}"),
            ("TO_JSON(VARIANT_DEEP_MAP(PARSE_JSON('{\"a\":[1]}'), (p, x) -> p))", "{\"a\":[\"a[1]\"]}"),
            ("TO_JSON(VARIANT_MAP(PARSE_JSON('{\"a\":1}'), (k, x) -> NULL))", "{\"a\":null}"),
            ("VARIANT_DEEP_MAP(CAST(NULL AS VARIANT), (p, x) -> p)", "NULL")]),
    ),
];
