//! Values with parts, VARIANTs, UUIDs and binaries in queries: how they look, and what DataFusion does with them.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

use crate::format::Format;
use crate::tests::{Memory, answer, blocks};
use std::sync::Arc;
use weir_circuit::{Column, ColumnDefault};
use weir_io::{Changes, JsonConfig, JsonFlavor, JsonReader, Reader, TableColumns, UpdateFormat, write_json_row};
use weir_row::{ColumnType, Layout, RowType, SortLayout, SqlType, Value};

fn column(name: &str, sql: SqlType) -> Column {
    Column { name: name.into(), case_sensitive: false, ty: ColumnType::nullable(sql), default: None }
}

/// `a INT ARRAY, m MAP<INT, ROW(x BIGINT, n DECIMAL(4, 1) NULL)>, v VARIANT, u UUID, b VARBINARY, z TIMESTAMP WITH TIME ZONE`.
fn columns() -> Vec<Column> {
    let fields = vec![
        ("x".to_owned(), ColumnType::not_null(SqlType::BigInt)),
        ("n".to_owned(), ColumnType::nullable(SqlType::Decimal { precision: 4, scale: 1 })),
    ];
    let row = SqlType::Row(RowType { name: None, fields });
    vec![
        column("a", SqlType::Array(Box::new(SqlType::Integer))),
        column("m", SqlType::Map(Box::new(SqlType::Integer), Box::new(row))),
        column("v", SqlType::Variant),
        column("u", SqlType::Uuid),
        column("b", SqlType::Varbinary(None)),
        column("z", SqlType::TimestampTz),
    ]
}

const ROWS: &str = r#"{"a":[3,null,1],"m":{"7":{"x":1,"n":2.5},"-7":null},"v":{"k":[1,"x"]},"u":"01020304-0506-0708-090a-0b0c0d0e0f10","b":[1,255],"z":"2024-02-25T13:12:33.5+01:00"}
{"a":[],"m":{},"v":null,"u":null,"b":[],"z":null}
{"a":null,"m":null,"v":"text","u":null,"b":null,"z":null}"#;

fn rows() -> Vec<Vec<Value>> {
    let columns = columns();
    let table = Arc::new(TableColumns::new(&crate::tests::table(&columns, None)));
    let config = JsonConfig { update_format: UpdateFormat::Raw, ..JsonConfig::default() };
    let mut reader = Reader::Json(JsonReader::new(Arc::clone(&table), config, 0));
    let (mut changes, mut errors) = (Changes::new(&table, 1), Vec::new());
    reader.push(ROWS.as_bytes(), &mut changes, &mut errors);
    reader.finish(&mut changes, &mut errors);
    assert_eq!(errors, []);
    decoded(changes.take().concat())
}

fn decoded(blocks: Vec<weir_row::Block>) -> Vec<Vec<Value>> {
    let types: Vec<ColumnType> = columns().iter().map(|c| c.ty.clone()).collect();
    blocks.iter().flat_map(|b| b.iter()).map(|(row, _)| Layout::new(&types).decode(row).unwrap()).collect()
}

/// A query's answer as text.
fn ask(sql: &str, format: Format) -> String {
    let columns = columns();
    let rows: Vec<(Vec<Value>, i64)> = rows().into_iter().map(|row| (row, 1)).collect();
    let source = Arc::new(Memory { blocks: vec![blocks(&columns, &rows)], ..Memory::default() });
    String::from_utf8(answer(sql, format, &columns, &source).unwrap()).unwrap()
}

#[test]
fn json_and_text() {
    assert_eq!(
        ask("SELECT * FROM t", Format::Json),
        concat!(
            r#"{"a":[3,null,1],"m":{"-7":null,"7":{"x":1,"n":2.5}},"v":"{\"k\":[1,\"x\"]}","u":"01020304-0506-0708-090a-0b0c0d0e0f10","b":"01ff","z":"2024-02-25T12:12:33.500Z"}"#,
            "\n",
            r#"{"a":[],"m":{},"v":null,"u":null,"b":"","z":null}"#,
            "\n",
            r#"{"a":null,"m":null,"v":"\"text\"","u":null,"b":null,"z":null}"#,
            "\n"
        )
    );
    let text = ask("SELECT a, m, u FROM t LIMIT 1", Format::Text);
    assert!(text.contains("| [3, , 1] | {-7: , 7: {x: 1, n: 2.5}} | 01020304-0506-"), "{text}");
}

#[test]
fn functions_on_parts() {
    for (sql, lines) in [
        ("SELECT unnest(a) AS x FROM t ORDER BY x NULLS FIRST", "{\"x\":null}\n{\"x\":1}\n{\"x\":3}\n"),
        (
            "SELECT a[1] AS x, array_length(a) AS n FROM t WHERE a IS NOT NULL AND cardinality(a) > 0",
            "{\"x\":3,\"n\":3}\n",
        ),
        (
            "SELECT m[7]['n'] AS n, m[CAST(8 AS SMALLINT)] AS none FROM t WHERE u IS NOT NULL",
            "{\"n\":2.5,\"none\":null}\n",
        ),
        ("SELECT COUNT(*) AS n FROM t WHERE u = '01020304-0506-0708-090a-0b0c0d0e0f10' AND b = X'01ff'", "{\"n\":1}\n"),
        ("SELECT COUNT(*) AS n FROM t WHERE z = TIMESTAMP '2024-02-25T12:12:33.5Z'", "{\"n\":1}\n"),
    ] {
        assert_eq!(ask(sql, Format::Json), lines, "{sql}");
    }
}

/// What INSERT brings, as a view would write it.
fn inserted(sql: &str, columns: &[Column]) -> Result<Vec<String>, String> {
    let source = Arc::new(Memory { blocks: vec![Vec::new()], ..Memory::default() });
    answer(sql, Format::Json, columns, &source).map_err(|e| e.to_string()).and_then(|answer| {
        // An error while it runs is told in the answer.
        let text = String::from_utf8(answer).unwrap();
        if text.contains("error") { Err(text) } else { Ok(()) }
    })?;
    let types: Vec<ColumnType> = columns.iter().map(|c| c.ty.clone()).collect();
    let layout = SortLayout::ascending(&types);
    let lines = decoded(std::mem::take(&mut *source.inserted.lock())).into_iter().map(|row| {
        let (mut words, mut line) = (Vec::new(), Vec::new());
        layout.encode(&row, &mut words).unwrap();
        write_json_row(columns, &layout, JsonFlavor::Default, &words, &mut line).unwrap();
        String::from_utf8(line).unwrap()
    });
    Ok(lines.collect())
}

#[test]
fn inserts() {
    let columns = columns();
    let values = "[1, NULL, 3], MAP {7: {x: 1, n: 2.5}, -7: NULL}, '{\"b\":1,\"a\":null}', '01020304-0506-0708-090A-0b0c0d0e0f10', X'01ff', TIMESTAMP '2024-02-25T12:12:33'";
    let line = r#"{"a":[1,null,3],"m":{"-7":null,"7":{"x":1,"n":2.5}},"v":{"a":null,"b":1},"u":"01020304-0506-0708-090a-0b0c0d0e0f10","b":[1,255],"z":"2024-02-25 12:12:33+00:00"}"#;
    assert_eq!(inserted(&format!("INSERT INTO t VALUES ({values})"), &columns), Ok(vec![line.to_owned()]));
    assert_eq!(
        inserted("INSERT INTO t (v) VALUES ('[]'), (NULL)", &columns).unwrap(),
        ["[]", "null"].map(|v| format!(r#"{{"a":null,"m":null,"v":{v},"u":null,"b":null,"z":null}}"#))
    );
    for (wrong, message) in [
        (
            "(v) VALUES ('{')",
            "column 'v' of type VARIANT: a VARIANT is inserted as the text of its JSON: a key is missing",
        ),
        ("(u) VALUES ('1')", "column 'u' of type UUID: '1' is no UUID"),
        ("(m) VALUES (MAP {1: {x: NULL, n: 1}})", "non-nullable StructArray field \"x\""),
    ] {
        let error = inserted(&format!("INSERT INTO t {wrong}"), &columns).unwrap_err();
        assert!(error.contains(message), "{wrong}: {error}");
    }
}

#[test]
fn defaults() {
    let mut columns = columns();
    let row = &rows()[0];
    for (column, value) in columns.iter_mut().zip(row) {
        column.default = Some(ColumnDefault::Constant(value.clone()));
    }
    let line = r#"{"a":[],"m":{"-7":null,"7":{"x":1,"n":2.5}},"v":{"k":[1,"x"]},"u":"01020304-0506-0708-090a-0b0c0d0e0f10","b":[1,255],"z":"2024-02-25 12:12:33.500+00:00"}"#;
    assert_eq!(inserted("INSERT INTO t (a) VALUES ([])", &columns), Ok(vec![line.to_owned()]));
}
