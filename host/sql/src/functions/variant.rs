//! VARIANT and JSON.

use super::{Entry, call, syntax};
use crate::bind::{Binder, Bound, Call, position};
use crate::expr::{call as kernel, coalesce, text};
use weir_circuit::Expr;
use weir_functions::catalog::{Family, Function};
use weir_row::SqlType;

const JSON: &[Family] = &[Family::Json];

/// All arguments as VARIANTs.
fn variants(b: &mut Binder<'_>, call: &Call) -> Bound<Vec<Expr>> {
    call.args.iter().map(|a| b.coerce(a.expr.clone(), &SqlType::Variant, a.span)).collect()
}

/// A strict call of the kernel that is named as the function.
fn strict(b: &mut Binder<'_>, call: &Call, result: SqlType) -> Bound<Expr> {
    let args = variants(b, call)?;
    Ok(kernel(&call.name, args, result, position(call.span)))
}

fn to_json(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    strict(b, call, SqlType::Varchar(None))
}

fn merged(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    strict(b, call, SqlType::Variant)
}

fn keys(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    strict(b, call, SqlType::Array(Box::new(SqlType::Varchar(None))))
}

fn each(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    let of = match call.name.as_str() {
        "json_each_bigint" => SqlType::BigInt,
        "json_each_boolean" => SqlType::Boolean,
        "json_each_date" => SqlType::Date,
        "json_each_time" => SqlType::Time,
        "json_each_timestamp" => SqlType::Timestamp,
        _ => SqlType::Varchar(None),
    };
    strict(b, call, SqlType::Map(Box::new(SqlType::Varchar(None)), Box::new(of)))
}

fn parse(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    let source = b.coerce(call.args[0].expr.clone(), &SqlType::Varchar(None), call.args[0].span)?;
    Ok(kernel("parse_json", vec![source], SqlType::Variant, position(call.span)))
}

fn type_of(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    let args = variants(b, call)?;
    let at = position(call.span);
    Ok(coalesce(vec![kernel("typeof_item", args, SqlType::Varchar(None), at), text("NULL")], at))
}

fn null(_: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    Ok(kernel("variantnull", vec![], SqlType::Variant, position(call.span)))
}

pub(super) const ENTRIES: &[Entry] = &[
    call(
        Function::written(JSON, &["parse_json"], &["PARSE_JSON(s) → VARIANT"],
            "The value that a JSON text is: whole numbers BIGINT UNSIGNED, or BIGINT if negative, other numbers DECIMAL, null the variant null, objects maps; of equal keys the \
             last counts. NULL if the text is no JSON.")
        .gives(&[("CAST(PARSE_JSON('{\"a\":[5]}')['a'][1] AS INT)", "5"), ("PARSE_JSON('{')", "NULL"), ("TYPEOF(PARSE_JSON('-1'))", "BIGINT"),
            ("TYPEOF(PARSE_JSON('1'))", "BIGINT UNSIGNED"), ("TYPEOF(PARSE_JSON('1.5'))", "DECIMAL"), ("TYPEOF(PARSE_JSON('null'))", "VARIANT"), ("PARSE_JSON(NULL)", "NULL")]),
        1, 1, parse,
    ),
    call(
        Function::written(JSON, &["to_json"], &["TO_JSON(v) → VARCHAR"],
            "The value as JSON, without blanks, keys sorted; dates and the like as strings. NULL if a key is not text.")
        .gives(&[("TO_JSON(PARSE_JSON('{\"b\":1, \"a\":2.50}'))", "{\"a\":2.5,\"b\":1}"), ("TO_JSON(VARIANTNULL())", "null"), ("TO_JSON(CAST(MAP[1, 2] AS VARIANT))", "NULL"),
            ("TO_JSON(CAST(ARRAY[TRUE, NULL] AS VARIANT))", "[true,null]"), ("TO_JSON(CAST(DATE '2026-08-07' AS VARIANT))", "\"2026-08-07\""), ("TO_JSON(NULL)", "NULL")]),
        1, 1, to_json,
    ),
    call(
        Function::written(JSON, &["typeof"], &["TYPEOF(v) → VARCHAR"], "The name of the type of a VARIANT's value: NULL of NULL, VARIANT of the variant null.")
        .gives(&[("TYPEOF(CAST(1 AS VARIANT))", "INTEGER"), ("TYPEOF(NULL)", "NULL"), ("TYPEOF(VARIANTNULL())", "VARIANT"), ("TYPEOF(CAST(ARRAY[1] AS VARIANT))", "ARRAY"),
            ("TYPEOF(CAST('a' AS VARIANT))", "VARCHAR")]),
        1, 1, type_of,
    ),
    call(
        Function::written(JSON, &["variantnull"], &["VARIANTNULL() → VARIANT"], "The variant null: JSON's null, a value that is not NULL and equals itself.")
        .gives(&[("VARIANTNULL() = VARIANTNULL()", "TRUE"), ("VARIANTNULL() IS NULL", "FALSE"), ("CAST(VARIANTNULL() AS INT)", "NULL")]),
        0, 0, null,
    ),
    call(
        Function::written(JSON, &["json_object_keys", "json_keys"], &["JSON_OBJECT_KEYS(v) → VARCHAR ARRAY", "JSON_KEYS(v) → VARCHAR ARRAY"],
            "The names of an object's fields, sorted; the other function gives dotted paths of the fields of nested objects as well, names that are no words in quotation \
             marks. Of anything but an object an empty array.")
        .gives(&[("JSON_OBJECT_KEYS(PARSE_JSON('{\"b\":1,\"a\":2}'))", "[a,b]"), ("JSON_KEYS(PARSE_JSON('{\"a\":{\"b c\":1}}'))", "[a,a.\"b c\"]"),
            ("JSON_OBJECT_KEYS(PARSE_JSON('[1]'))", "[]"), ("JSON_KEYS(PARSE_JSON('{\"a\":[{\"b\":1}]}'))", "[a]"), ("JSON_KEYS(NULL)", "NULL")]),
        1, 1, keys,
    ),
    call(
        Function::written(JSON, &["json_each_bigint", "json_each_string", "json_each_boolean", "json_each_date", "json_each_time", "json_each_timestamp"],
            &["JSON_EACH_BIGINT(v) → MAP<VARCHAR, BIGINT>", "JSON_EACH_…(v) → MAP<VARCHAR, …>"],
            "The fields of an object that have the type, as a map: of BIGINT any whole number that fits, of dates, times and timestamps also strings that are some. \
             Of anything but an object an empty map.")
        .gives(&[("JSON_EACH_BIGINT(PARSE_JSON('{\"a\":1,\"b\":\"2\"}'))", "{a:1}"), ("JSON_EACH_STRING(PARSE_JSON('{\"a\":1,\"b\":\"2\"}'))", "{b:2}"),
            ("JSON_EACH_DATE(PARSE_JSON('{\"a\":\"2026-08-07\",\"b\":null}'))", "{a:2026-08-07}"), ("JSON_EACH_BOOLEAN(PARSE_JSON('[true]'))", "{}"),
            ("JSON_EACH_TIME(PARSE_JSON('{\"a\":\"07:05:00\"}'))", "{a:07:05:00}"), ("JSON_EACH_TIMESTAMP(NULL)", "NULL")]),
        1, 1, each,
    ),
    call(
        Function::written(JSON, &["variant_merge"], &["VARIANT_MERGE(v, w) → VARIANT"], "Two objects as one, field by field, and fields that are objects in both likewise; of anything else the second.")
        .gives(&[("TO_JSON(VARIANT_MERGE(PARSE_JSON('{\"a\":1,\"b\":1}'), PARSE_JSON('{\"b\":null}')))", "{\"a\":1,\"b\":null}"),
            ("TO_JSON(VARIANT_MERGE(PARSE_JSON('{\"a\":{\"x\":1}}'), PARSE_JSON('{\"a\":{\"y\":2}}')))", "{\"a\":{\"x\":1,\"y\":2}}"),
            ("TO_JSON(VARIANT_MERGE(PARSE_JSON('[1]'), PARSE_JSON('2')))", "2"), ("VARIANT_MERGE(NULL, VARIANTNULL())", "NULL")]),
        2, 2, merged,
    ),
    syntax(
        Function::written(JSON, &["variant"], &["CAST(e AS VARIANT) → VARIANT", "CAST(v AS T) → T", "v[i], v[key], v.field → VARIANT"],
            "A value of any type, with its type. Two are equal if type and value are. A cast to another type gives NULL where the value does not convert; of arrays and maps all \
             elements must. An array's elements are read by number from 1, an object's by key.")
        .gives(&[("CAST(CAST('12' AS VARIANT) AS INT)", "12"), ("CAST(CAST(300 AS VARIANT) AS TINYINT)", "NULL"), ("CAST(CAST(1 AS VARIANT) AS BIGINT)", "1"),
            ("CAST(1 AS VARIANT) = CAST(CAST(1 AS BIGINT) AS VARIANT)", "FALSE"), ("CAST(PARSE_JSON('[1,null,\"2\"]') AS INT ARRAY)", "[1,NULL,2]"),
            ("CAST(PARSE_JSON('[1,\"x\"]') AS INT ARRAY)", "NULL"), ("CAST(PARSE_JSON('{\"a\":1}') AS MAP<VARCHAR, INT>)", "{a:1}"),
            ("CAST(PARSE_JSON('{\"a\":1}').a AS INT)", "1"), ("CAST(CAST(2.7 AS VARIANT) AS INT)", "2"), ("CAST(CAST(TRUE AS VARIANT) AS VARCHAR)", "true")]),
    ),
];
