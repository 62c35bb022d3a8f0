//! Arrays and maps. What is compared with elements is brought to their common type first; kernels then compare items.

use super::{ANY, Entry, call, syntax};
use crate::bind::composite::{boxed, unpack};
use crate::bind::{Argument, Binder, Bound, Call, common_type, position};
use crate::expr::{boolean, call as kernel, text};
use weir_circuit::Expr;
use weir_functions::catalog::{Family, Function};
use weir_row::SqlType;

const ARRAY: &[Family] = &[Family::Array];
const MAP: &[Family] = &[Family::Map];
const BOTH: &[Family] = &[Family::Array, Family::Map];

/// The type of an array's elements.
fn element(b: &mut Binder<'_>, call: &Call, at: usize) -> Bound<SqlType> {
    let arg = &call.args[at];
    match &arg.expr.ty.sql {
        SqlType::Array(element) => Ok((**element).clone()),
        SqlType::Null => Ok(SqlType::Null),
        other => {
            let message = format!("{} needs an array here, but this is {other}", call.name.to_uppercase());
            Err(b.error(arg.span, message))
        }
    }
}

/// The types of a map's keys and values.
fn entry(b: &mut Binder<'_>, call: &Call, at: usize) -> Bound<(SqlType, SqlType)> {
    let arg = &call.args[at];
    match &arg.expr.ty.sql {
        SqlType::Map(key, value) => Ok(((**key).clone(), (**value).clone())),
        SqlType::Null => Ok((SqlType::Null, SqlType::Null)),
        other => {
            let message = format!("{} needs a map here, but this is {other}", call.name.to_uppercase());
            Err(b.error(arg.span, message))
        }
    }
}

fn array_of(element: SqlType) -> SqlType {
    SqlType::Array(Box::new(element))
}

/// The array at one place and the element at another, at their common type.
fn with_element(b: &mut Binder<'_>, call: &Call, array: usize, x: usize) -> Bound<(Expr, Expr, SqlType)> {
    let of = element(b, call, array)?;
    let arg = &call.args[x];
    let Some(common) = common_type(&of, &arg.expr.ty.sql) else {
        let message = format!("an array of {of} has no elements of type {}", arg.expr.ty.sql);
        return Err(b.error(arg.span, message));
    };
    let array = b.coerce(call.args[array].expr.clone(), &array_of(common.clone()), call.args[array].span)?;
    let x = b.coerce(arg.expr.clone(), &common, arg.span)?;
    Ok((array, boxed(x), common))
}

/// All arguments, which are arrays, at their common type.
fn arrays(b: &mut Binder<'_>, call: &Call) -> Bound<(Vec<Expr>, SqlType)> {
    let mut common = SqlType::Null;
    for i in 0..call.args.len() {
        let of = element(b, call, i)?;
        common = match common_type(&common, &of) {
            Some(ty) => ty,
            None => {
                let message = format!("arrays of {common} and of {of} have no common type");
                return Err(b.error(call.args[i].span, message));
            }
        };
    }
    let ty = array_of(common.clone());
    let all = call.args.iter().map(|a| b.coerce(a.expr.clone(), &ty, a.span)).collect::<Bound<Vec<_>>>()?;
    Ok((all, common))
}

/// An argument converted.
fn at_type(b: &mut Binder<'_>, arg: &Argument, ty: &SqlType) -> Bound<Expr> {
    b.coerce(arg.expr.clone(), ty, arg.span)
}

/// A strict call of the kernel that is named as the function, on one array, which gives an array of the same type.
fn same(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    let of = element(b, call, 0)?;
    Ok(kernel(&call.name, vec![call.args[0].expr.clone()], array_of(of), position(call.span)))
}

/// ARRAY_MAX, ARRAY_MIN, ELEMENT: an element of the array.
fn one_of(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    let of = element(b, call, 0)?;
    let at = position(call.span);
    let name = if call.name == "element" { "array_element" } else { &call.name };
    Ok(unpack(kernel(name, vec![call.args[0].expr.clone()], SqlType::Variant, at), &of, at))
}

/// Two arrays, or more: `kernel` of each with the next.
fn folded(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    let (all, of) = arrays(b, call)?;
    let at = position(call.span);
    let joined = all.into_iter().reduce(|x, y| kernel(&call.name, vec![x, y], array_of(of.clone()), at));
    // There is an argument at least.
    joined.ok_or(crate::bind::Reported)
}

fn overlap(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    let (x, y) = (element(b, call, 0)?, element(b, call, 1)?);
    if x != y && x != SqlType::Null && y != SqlType::Null {
        let message = format!("ARRAYS_OVERLAP needs arrays of one type, but these are of {x} and of {y}");
        return Err(b.error(call.span, message));
    }
    let args = call.args.iter().map(|a| a.expr.clone()).collect();
    Ok(kernel("arrays_overlap", args, SqlType::Boolean, position(call.span)))
}

fn append(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    let (array, x, of) = with_element(b, call, 0, 1)?;
    let args = if call.name == "array_append" { vec![array, x] } else { vec![x, array] };
    Ok(kernel("array_concat", args, array_of(of), position(call.span)))
}

fn contains(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    let (array, x, _) = with_element(b, call, 0, 1)?;
    Ok(kernel("array_contains", vec![array, x], SqlType::Boolean, position(call.span)))
}

fn find(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    let (array, x, _) = with_element(b, call, 0, 1)?;
    Ok(kernel("array_position", vec![array, x], SqlType::BigInt, position(call.span)))
}

fn remove(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    let (array, x, of) = with_element(b, call, 0, 1)?;
    Ok(kernel("array_remove", vec![array, x], array_of(of), position(call.span)))
}

fn insert(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    let (array, x, of) = with_element(b, call, 0, 2)?;
    let n = at_type(b, &call.args[1], &SqlType::Integer)?;
    Ok(kernel("array_insert", vec![array, n, x], array_of(of), position(call.span)))
}

fn join(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    element(b, call, 0)?;
    let varchar = SqlType::Varchar(None);
    let mut args = vec![at_type(b, &call.args[0], &array_of(varchar.clone()))?];
    for arg in &call.args[1..] {
        args.push(at_type(b, arg, &varchar)?);
    }
    let name = if args.len() == 3 { "array_join_null" } else { "array_join" };
    Ok(kernel(name, args, varchar, position(call.span)))
}

fn length(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    let arg = call.args[0].expr.clone();
    let name = match arg.ty.sql {
        SqlType::Map(..) if call.name == "cardinality" => "map_length",
        _ => {
            element(b, call, 0)?;
            "array_length"
        }
    };
    Ok(kernel(name, vec![arg], SqlType::Integer, position(call.span)))
}

fn repeat(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    let x = call.args[0].expr.clone();
    let of = x.ty.sql.clone();
    let n = at_type(b, &call.args[1], &SqlType::Integer)?;
    Ok(kernel("array_repeat", vec![boxed(x), n], array_of(of), position(call.span)))
}

fn sort(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    let of = element(b, call, 0)?;
    let ascending = match call.args.get(1) {
        Some(arg) => at_type(b, arg, &SqlType::Boolean)?,
        None => boolean(true),
    };
    let args = vec![call.args[0].expr.clone(), ascending];
    Ok(kernel("sort_array", args, array_of(of), position(call.span)))
}

fn sequence(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    let args = call.args.iter().map(|a| at_type(b, a, &SqlType::Integer)).collect::<Bound<Vec<_>>>()?;
    Ok(kernel("sequence", args, array_of(SqlType::Integer), position(call.span)))
}

fn split(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    let varchar = SqlType::Varchar(None);
    let mut args = call.args.iter().map(|a| at_type(b, a, &varchar)).collect::<Bound<Vec<_>>>()?;
    if args.len() == 1 {
        args.push(text(","));
    }
    Ok(kernel("split", args, array_of(varchar), position(call.span)))
}

fn map_concat(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    let args = call.args.iter().map(|a| (a.expr.clone(), a.span)).collect();
    for i in 0..call.args.len() {
        entry(b, call, i)?;
    }
    let maps = b.unify(args, "the maps")?;
    let at = position(call.span);
    let joined = maps.into_iter().reduce(|x, y| {
        let ty = x.ty.sql.clone();
        kernel("map_concat", vec![x, y], ty, at)
    });
    joined.ok_or(crate::bind::Reported)
}

fn map_contains_key(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    let (key, _) = entry(b, call, 0)?;
    let key = at_type(b, &call.args[1], &key)?;
    let nullable = key.ty.nullable;
    let args = vec![call.args[0].expr.clone(), boxed(key.clone())];
    let found = kernel("map_contains_key", args, SqlType::Boolean, position(call.span));
    if !nullable {
        return Ok(found);
    }
    // Strict in the key as well, which is in a sequence of one.
    let null = crate::expr::null(SqlType::Boolean);
    Ok(crate::expr::case(vec![(crate::expr::is_null(key), null)], found, position(call.span)))
}

fn map_part(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    let (key, value) = entry(b, call, 0)?;
    let of = if call.name == "map_keys" { key } else { value };
    Ok(kernel(&call.name, vec![call.args[0].expr.clone()], array_of(of), position(call.span)))
}

pub(super) const ENTRIES: &[Entry] = &[
    call(
        Function::written(ARRAY, &["array_append", "array_prepend"], &["ARRAY_APPEND(array, x) → array", "ARRAY_PREPEND(array, x) → array"],
            "The array with an element behind, or before, all others; the element may be NULL.")
        .gives(&[("ARRAY_APPEND(ARRAY[1], 2)", "[1,2]"), ("ARRAY_PREPEND(ARRAY[2], 1)", "[1,2]"), ("ARRAY_APPEND(ARRAY[1], NULL)", "[1,NULL]"),
            ("ARRAY_APPEND(CAST(NULL AS INT ARRAY), 1)", "NULL")])
        .refuses(&[("ARRAY_APPEND(1, 2)", "needs an array")]),
        2, 2, append,
    ),
    call(
        Function::written(ARRAY, &["array_concat"], &["ARRAY_CONCAT(array, …) → array"], "All arrays, one after the other; NULL if one is NULL.")
        .gives(&[("ARRAY_CONCAT(ARRAY[1], ARRAY[1])", "[1,1]"), ("ARRAY_CONCAT(ARRAY[1], ARRAY[2.5], ARRAY[NULL])", "[1,2.5,NULL]"),
            ("ARRAY_CONCAT(ARRAY[1], CAST(NULL AS INT ARRAY))", "NULL")]),
        1, ANY, folded,
    ),
    call(
        Function::written(ARRAY, &["array_compact"], &["ARRAY_COMPACT(array) → array"], "The array without its NULLs.")
        .gives(&[("ARRAY_COMPACT(ARRAY[1, NULL])", "[1]"), ("ARRAY_COMPACT(ARRAY[NULL])", "[]"), ("ARRAY_COMPACT(CAST(NULL AS INT ARRAY))", "NULL")]),
        1, 1, same,
    ),
    call(
        Function::written(ARRAY, &["array_contains"], &["ARRAY_CONTAINS(array, x) → BOOLEAN"], "Whether the element is in the array; NULL finds NULL.")
        .gives(&[("ARRAY_CONTAINS(ARRAY[1, NULL], 2)", "FALSE"), ("ARRAY_CONTAINS(ARRAY[1, NULL], NULL)", "TRUE"), ("ARRAY_CONTAINS(ARRAY[1], 1.0)", "TRUE"),
            ("ARRAY_CONTAINS(CAST(NULL AS INT ARRAY), 1)", "NULL")]),
        2, 2, contains,
    ),
    call(
        Function::written(ARRAY, &["array_distinct"], &["ARRAY_DISTINCT(array) → array"], "Of equal elements the first, order kept.")
        .gives(&[("ARRAY_DISTINCT(ARRAY[2, 1, 2])", "[2,1]"), ("ARRAY_DISTINCT(ARRAY[NULL, NULL])", "[NULL]"), ("ARRAY_DISTINCT(CAST(NULL AS INT ARRAY))", "NULL")]),
        1, 1, same,
    ),
    call(
        Function::written(ARRAY, &["array_except", "array_intersect", "array_union"],
            &["ARRAY_EXCEPT(a, b) → array", "ARRAY_INTERSECT(a, b) → array", "ARRAY_UNION(a, b) → array"],
            "The elements of the first array only, of both, of either, as a set: sorted, NULL first, without repetitions.")
        .gives(&[("ARRAY_UNION(ARRAY[3, 1], ARRAY[NULL])", "[NULL,1,3]"), ("ARRAY_EXCEPT(ARRAY[3, 1, 3], ARRAY[1])", "[3]"),
            ("ARRAY_INTERSECT(ARRAY[3, 1, NULL], ARRAY[NULL, 3])", "[NULL,3]"), ("ARRAY_UNION(ARRAY[1], CAST(NULL AS INT ARRAY))", "NULL")]),
        2, 2, folded,
    ),
    call(
        Function::written(ARRAY, &["array_insert"], &["ARRAY_INSERT(array, position INTEGER, x) → array"],
            "The array with an element at a position from 1, or from behind if it is negative, where -1 is after the last. A position beyond an end is \
             reached with NULLs.")
        .gives(&[("ARRAY_INSERT(ARRAY[1], 3, 9)", "[1,NULL,9]"), ("ARRAY_INSERT(ARRAY[1, 2], 1, 9)", "[9,1,2]"), ("ARRAY_INSERT(ARRAY[1, 2], -1, 9)", "[1,2,9]"),
            ("ARRAY_INSERT(ARRAY[1, 2], -2, 9)", "[1,9,2]"), ("ARRAY_INSERT(ARRAY[1], -4, 9)", "[9,NULL,NULL,1]"), ("ARRAY_INSERT(ARRAY[1], NULL, 9)", "NULL")])
        .fails(&[("ARRAY_INSERT(ARRAY[1], 0, 9)", "position 0")]),
        3, 3, insert,
    ),
    call(
        Function::written(ARRAY, &["array_join", "array_to_string"], &["ARRAY_JOIN(array, separator [, null]) → VARCHAR"],
            "The elements as text with a separator between them; NULLs are left out, or a text stands for them.")
        .gives(&[("ARRAY_JOIN(ARRAY[1, NULL, 2], '-', '?')", "1-?-2"), ("ARRAY_TO_STRING(ARRAY['a', NULL, 'b'], ',')", "a,b"), ("ARRAY_JOIN(ARRAY[1], NULL)", "NULL")]),
        2, 3, join,
    ),
    call(
        Function::written(BOTH, &["cardinality", "array_length", "array_size"], &["CARDINALITY(array or map) → INTEGER", "ARRAY_LENGTH(array) → INTEGER"],
            "The number of elements, or of entries.")
        .gives(&[("CARDINALITY(ARRAY())", "0"), ("ARRAY_LENGTH(ARRAY[1, NULL])", "2"), ("CARDINALITY(MAP['a', 1])", "1"), ("ARRAY_SIZE(CAST(NULL AS INT ARRAY))", "NULL")]),
        1, 1, length,
    ),
    call(
        Function::written(ARRAY, &["array_max", "array_min"], &["ARRAY_MAX(array) → element", "ARRAY_MIN(array) → element"], "The greatest or least element; NULLs are skipped.")
        .gives(&[("ARRAY_MIN(ARRAY[3, NULL])", "3"), ("ARRAY_MAX(ARRAY[3, 10, NULL])", "10"), ("ARRAY_MAX(ARRAY[CAST(NULL AS INT)])", "NULL")]),
        1, 1, one_of,
    ),
    call(
        Function::written(ARRAY, &["arrays_overlap"], &["ARRAYS_OVERLAP(a, b) → BOOLEAN"], "Whether an element is in both arrays, which have one type; NULL equals NULL.")
        .gives(&[("ARRAYS_OVERLAP(ARRAY[1], ARRAY[2])", "FALSE"), ("ARRAYS_OVERLAP(ARRAY[1, NULL], ARRAY[2, NULL])", "TRUE"), ("ARRAYS_OVERLAP(ARRAY[1], CAST(NULL AS INT ARRAY))", "NULL")])
        .refuses(&[("ARRAYS_OVERLAP(ARRAY[1], ARRAY['a'])", "arrays of one type")]),
        2, 2, overlap,
    ),
    call(
        Function::written(ARRAY, &["array_position"], &["ARRAY_POSITION(array, x) → BIGINT"], "The number of the first equal element, from 1; 0 if there is none.")
        .gives(&[("ARRAY_POSITION(ARRAY[4, 5], 5)", "2"), ("ARRAY_POSITION(ARRAY[4, 5], 6)", "0"), ("ARRAY_POSITION(ARRAY[4, NULL], NULL)", "2")]),
        2, 2, find,
    ),
    call(
        Function::written(ARRAY, &["array_remove"], &["ARRAY_REMOVE(array, x) → array"], "Without the elements equal to one; NULL removes NULLs.")
        .gives(&[("ARRAY_REMOVE(ARRAY[1, 2, 1], 1)", "[2]"), ("ARRAY_REMOVE(ARRAY[1, NULL], NULL)", "[1]"), ("ARRAY_REMOVE(CAST(NULL AS INT ARRAY), 1)", "NULL")]),
        2, 2, remove,
    ),
    call(
        Function::written(ARRAY, &["array_repeat"], &["ARRAY_REPEAT(x, n INTEGER) → array"], "One element so many times; none if the number is negative.")
        .gives(&[("ARRAY_REPEAT('a', 2)", "[a,a]"), ("ARRAY_REPEAT(1, -1)", "[]"), ("ARRAY_REPEAT(1, NULL)", "NULL")])
        .fails(&[("ARRAY_REPEAT(1, 2000000000)", "longer than")]),
        2, 2, repeat,
    ),
    call(
        Function::written(ARRAY, &["array_reverse"], &["ARRAY_REVERSE(array) → array"], "The elements in reverse order.")
        .gives(&[("ARRAY_REVERSE(ARRAY[1, 2])", "[2,1]"), ("ARRAY_REVERSE(ARRAY())", "[]"), ("ARRAY_REVERSE(CAST(NULL AS INT ARRAY))", "NULL")]),
        1, 1, same,
    ),
    call(
        Function::written(ARRAY, &["element"], &["ELEMENT(array) → element"], "The only element; NULL if there is none. Of more than one it stops the pipeline.")
        .gives(&[("ELEMENT(ARRAY[4])", "4"), ("ELEMENT(CAST(ARRAY() AS INT ARRAY))", "NULL"), ("ELEMENT(CAST(NULL AS INT ARRAY))", "NULL")])
        .fails(&[("ELEMENT(ARRAY[1, 2])", "more than one element")]),
        1, 1, one_of,
    ),
    call(
        Function::written(ARRAY, &["sort_array"], &["SORT_ARRAY(array [, ascending BOOLEAN]) → array"], "The elements in order, NULL smallest.")
        .gives(&[("SORT_ARRAY(ARRAY[2, NULL, 1], FALSE)", "[2,1,NULL]"), ("SORT_ARRAY(ARRAY[2, NULL, 1])", "[NULL,1,2]"), ("SORT_ARRAY(CAST(NULL AS INT ARRAY))", "NULL")]),
        1, 2, sort,
    ),
    call(
        Function::written(&[Family::Integer], &["sequence"], &["SEQUENCE(a INTEGER, b INTEGER) → INTEGER ARRAY"], "The whole numbers from the first to the second.")
        .gives(&[("SEQUENCE(3, 5)", "[3,4,5]"), ("SEQUENCE(5, 3)", "[]"), ("SEQUENCE(1, NULL)", "NULL")])
        .fails(&[("SEQUENCE(1, 2000000000)", "longer than")]),
        2, 2, sequence,
    ),
    call(
        Function::written(&[Family::String], &["split"], &["SPLIT(s [, separator]) → VARCHAR ARRAY"],
            "The pieces between separators, which are commas unless given; empty pieces are kept, an empty string has none.")
        .gives(&[("SPLIT('a,,b')", "[a,,b]"), ("SPLIT('a-b', '-')", "[a,b]"), ("SPLIT('ab', '')", "[ab]"), ("SPLIT('', ',')", "[]"), ("SPLIT(NULL, ',')", "NULL")]),
        1, 2, split,
    ),
    call(
        Function::written(MAP, &["map_concat"], &["MAP_CONCAT(map, …) → map"], "The entries of all maps; of equal keys the last. NULL if one is NULL.")
        .gives(&[("MAP_CONCAT(MAP[1, 2], MAP[1, 3])", "{1:3}"), ("MAP_CONCAT(MAP['b', 1], MAP['a', 2])", "{a:2,b:1}"), ("MAP_CONCAT(MAP[1, 2], CAST(NULL AS MAP<INT, INT>))", "NULL")]),
        1, ANY, map_concat,
    ),
    call(
        Function::written(MAP, &["map_contains_key"], &["MAP_CONTAINS_KEY(map, key) → BOOLEAN"], "Whether the map has the key.")
        .gives(&[("MAP_CONTAINS_KEY(MAP[1, 2], 2)", "FALSE"), ("MAP_CONTAINS_KEY(MAP[1, NULL], 1)", "TRUE"), ("MAP_CONTAINS_KEY(CAST(NULL AS MAP<INT, INT>), 1)", "NULL")]),
        2, 2, map_contains_key,
    ),
    call(
        Function::written(MAP, &["map_keys", "map_values"], &["MAP_KEYS(map) → array", "MAP_VALUES(map) → array"], "The keys, or the values, in order of the keys.")
        .gives(&[("MAP_KEYS(MAP['b', 1, 'a', 2])", "[a,b]"), ("MAP_VALUES(MAP['b', 1, 'a', NULL])", "[NULL,1]"), ("MAP_KEYS(CAST(NULL AS MAP<INT, INT>))", "NULL")]),
        1, 1, map_part,
    ),
    syntax(
        Function::written(ARRAY, &["array"], &["ARRAY[x, …] → array", "ARRAY(x, …) → array", "array[i] → element"],
            "An array of values of one type. An element is read by its number from 1; a number without element gives NULL.")
        .gives(&[("ARRAY[1, 2.5]", "[1,2.5]"), ("ARRAY()", "[]"), ("ARRAY[7][2]", "NULL"), ("ARRAY[7, 8][2]", "8"), ("ARRAY[7][NULL]", "NULL"), ("ARRAY[1] < ARRAY[1, 0]", "TRUE")]),
    ),
    syntax(
        Function::written(
            BOTH,
            &["unnest"],
            &[
                "FROM t, UNNEST(array) [WITH ORDINALITY] AS u(x, …)",
                "FROM t [LEFT] JOIN UNNEST(array) [WITH ORDINALITY] AS u(x, …) ON TRUE",
            ],
            "A row for each element of an array, or for each entry of a map, beside the row that it is of; elements that are rows spread into \
             their fields. The ordinality counts from 1. An array that is NULL or empty gives no row, or with LEFT JOIN one of NULLs.",
        )
        .gives(&[
            ("(SELECT SUM(x * n) FROM UNNEST(ARRAY[5, 7]) WITH ORDINALITY AS u(x, n))", "19"),
            ("(SELECT COUNT(*) FROM UNNEST(CAST(NULL AS INT ARRAY)) AS u(x))", "0"),
            ("(SELECT MAX(k) FROM UNNEST(MAP['a', 1, 'b', 2]) AS u(k, v))", "b"),
        ]),
    ),
    syntax(
        Function::written(ARRAY, &["safe_offset"], &["array[SAFE_OFFSET(i)] → element"], "The element by its number from 0; a number without element gives NULL.")
        .gives(&[("ARRAY[7, 8][SAFE_OFFSET(1)]", "8"), ("ARRAY[7][SAFE_OFFSET(-1)]", "NULL"), ("ARRAY[7][SAFE_OFFSET(1)]", "NULL")]),
    ),
    syntax(
        Function::written(MAP, &["map"], &["MAP[key, value, …] → map", "map[key] → value"], "A map; of equal keys the last counts. A key that is not there gives NULL.")
        .gives(&[("MAP['a', 1]['a']", "1"), ("MAP['a', 1]['b']", "NULL"), ("MAP['a', 1, 'a', 2]", "{a:2}")])
        .fails(&[("MAP[CAST(NULL AS INT), 1]", "cannot be NULL")]),
    ),
    syntax(
        Function::written(&[Family::Types], &["row"], &["ROW(x, …) → row", "(x, …) → row", "ROW(*), ROW(t.* EXCLUDE (column, …), …) → row", "row.field"], "A row as a value. Rows are ordered field by field, NULL smallest.")
        .gives(&[("ROW(1, 2) < ROW(1, 3)", "TRUE"), ("ROW(NULL) IS NULL", "FALSE"), ("(SELECT MAX(ROW(t.* EXCLUDE (b), 7)) FROM (VALUES (1, 2), (3, 4)) AS t(a, b))", "(3,7)"), ("ROW(1, 'a') IS NOT DISTINCT FROM ROW(1, 'a')", "TRUE")])
        .refuses(&[("ROW(1) = ROW(1)", "rows cannot be compared")]),
    ),
];
