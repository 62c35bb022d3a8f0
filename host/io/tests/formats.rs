//! Formats against the specification's examples, and their behaviour under any cut of the stream.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

use proptest::prelude::*;
use std::sync::Arc;
use weir_circuit::{Column, Table};
use weir_io::*;
use weir_row::{ColumnType, Layout, SortLayout, SqlType, Value};

fn column(name: &str, sql: SqlType, nullable: bool) -> Column {
    Column { name: name.into(), case_sensitive: false, ty: ColumnType { sql, nullable }, default: None }
}

/// `t1(c1 BIGINT NOT NULL, c2 BOOLEAN, c3 VARCHAR)`.
fn table(primary_key: Option<Vec<usize>>) -> Table {
    Table {
        name: "t1".into(),
        case_sensitive: false,
        columns: vec![
            column("c1", SqlType::BigInt, false),
            column("c2", SqlType::Boolean, true),
            column("c3", SqlType::Varchar(None), true),
        ],
        primary_key,
        materialized: false,
        append_only: false,
    }
}

type Rows = Vec<(Vec<Value>, i64)>;

fn decoded(table: &Table, changes: &mut Changes) -> Rows {
    let types: Vec<ColumnType> = table.columns.iter().map(|c| c.ty.clone()).collect();
    let layout = Layout::new(&types);
    let blocks = changes.take().into_iter().flatten().collect::<Vec<_>>();
    blocks.iter().flat_map(|b| b.iter()).map(|(row, w)| (layout.decode(row).unwrap(), w)).collect()
}

fn json(table: &Table, config: JsonConfig, pieces: &[&[u8]]) -> (Rows, Vec<ParseError>) {
    let mut reader = Reader::Json(JsonReader::new(Arc::new(TableColumns::new(table)), config, 0));
    read(table, &mut reader, pieces)
}

fn csv(table: &Table, pieces: &[&[u8]]) -> (Rows, Vec<ParseError>) {
    let mut reader = Reader::Csv(Box::new(CsvReader::new(Arc::new(TableColumns::new(table)), 0)));
    read(table, &mut reader, pieces)
}

fn read(table: &Table, reader: &mut Reader, pieces: &[&[u8]]) -> (Rows, Vec<ParseError>) {
    let (mut changes, mut errors) = (Changes::new(&TableColumns::new(table), 1), Vec::new());
    for piece in pieces {
        reader.push(piece, &mut changes, &mut errors);
    }
    reader.finish(&mut changes, &mut errors);
    (decoded(table, &mut changes), errors)
}

const RAW: JsonConfig = JsonConfig {
    update_format: UpdateFormat::Raw,
    json_flavor: JsonFlavor::Default,
    array: false,
    lines: LineFormat::Multiple,
};

#[test]
fn the_error_of_the_specification() {
    let (rows, errors) = json(&table(None), RAW, &[b"[10, true, \"foo\"]\n[40, \"foo\", \"buzz\"]\n{\"c1\": 5}"]);
    assert_eq!(rows.len(), 2);
    assert_eq!(
        parse_errors_message(&errors, errors.len()),
        "Errors parsing input data (1 errors):\n    Parse error (event #2): failed to deserialize JSON record: error parsing field 'c2': \
         invalid type: string \"foo\", expected a boolean at line 1 column 10\nInvalid fragment: '[40, \"foo\", \"buzz\"]'"
    );
    assert_eq!(errors[0].field.as_deref(), Some("c2"));
}

#[test]
fn insert_delete_events() {
    let insert_delete = JsonConfig::default();
    let (rows, errors) = json(
        &table(None),
        insert_delete,
        &[br#"{"insert":{"C1":1,"c3":"x"}} {"delete":{"c1":2,"c2":null,"other":[1,{}]}}{"insert":{"c2":true}}{"foo":1}"#],
    );
    assert_eq!(
        rows,
        [(vec![Value::I64(1), Value::Null, Value::text("x")], 1), (vec![Value::I64(2), Value::Null, Value::Null], -1)]
    );
    assert_eq!(errors.iter().map(|e| e.event_number.unwrap()).collect::<Vec<_>>(), [3, 4]);
    assert!(errors[0].description.contains("'c1'"), "{errors:?}");
}

#[test]
fn append_only_tables_take_no_deletions() {
    let table = Table { append_only: true, ..table(None) };
    let text = br#"{"insert":{"c1":1}} {"delete":{"c1":1}} {"insert":{"c1":2},"delete":{"c1":1}} {"insert":{"c1":3}}"#;
    let (rows, errors) = json(&table, JsonConfig::default(), &[text]);
    assert_eq!(
        rows.iter().map(|(row, w)| (row[0].clone(), *w)).collect::<Vec<_>>(),
        [(Value::I64(1), 1), (Value::I64(3), 1)]
    );
    assert_eq!(errors.iter().map(|e| e.event_number.unwrap()).collect::<Vec<_>>(), [2, 3]);
    assert!(errors[0].description.contains("append-only"), "{errors:?}");
}

#[test]
fn half_of_an_event_is_not_taken() {
    let (rows, errors) = json(&table(None), JsonConfig::default(), &[br#"{"delete":{"c1":1},"insert":{"c1":"two"}}"#]);
    assert_eq!((rows.len(), errors.len()), (0, 1));
    let debezium = JsonConfig { update_format: UpdateFormat::Debezium, ..RAW };
    let text = br#"{"payload":{"op":"u","before":{"c1":1},"after":{"c1":2,"c2":true}}} {"payload":{"op":"u","before":{"c1":1},"after":{}}}"#;
    let (rows, errors) = json(&table(None), debezium, &[text]);
    assert_eq!(rows.iter().map(|(_, w)| *w).collect::<Vec<_>>(), [-1, 1]);
    assert_eq!(errors.len(), 1);
}

#[test]
fn arrays_are_taken_or_refused_whole() {
    let config = JsonConfig { array: true, ..RAW };
    let (rows, errors) =
        json(&table(None), config, &[br#"[[1,true,"a"],[2,false,"b"]] [[3,true,"c"],[4,5,6]] [[7,null,null]]"#]);
    assert_eq!(
        rows.iter().map(|(r, _)| r[0].clone()).collect::<Vec<_>>(),
        [Value::I64(1), Value::I64(2), Value::I64(7)]
    );
    assert_eq!(errors.len(), 1);
}

#[test]
fn keyed_tables() {
    let table = table(Some(vec![0]));
    let columns = Arc::new(TableColumns::new(&table));
    let mut reader = JsonReader::new(columns, JsonConfig::default(), 0);
    let _ = &mut reader;
    let mut reader = Reader::Json(reader);
    let (mut changes, mut errors) = (Changes::new(&TableColumns::new(&table), 3), Vec::new());
    reader.push(
        br#"{"insert":{"c1":1,"c2":true}}{"delete":{"c1":1}}{"update":{"c1":1,"c3":null}}{"delete":{"c2":true}}"#,
        &mut changes,
        &mut errors,
    );
    assert_eq!(changes.rows(), 3);
    assert_eq!(errors.len(), 1);
    let by_worker = changes.take();
    assert_eq!(by_worker.iter().filter(|w| !w.is_empty()).count(), 1, "one key goes to one worker");
    let weights: Vec<i64> = by_worker.iter().flatten().flat_map(|b| b.iter().map(|(_, w)| w)).collect();
    assert_eq!(weights, [1, -1, 2]);
    let lengths: Vec<usize> = by_worker.iter().flatten().flat_map(|b| b.iter().map(|(r, _)| r.len())).collect();
    assert_eq!(lengths, [3, 1, 4]);
}

#[test]
fn csv_records() {
    let (rows, errors) = csv(&table(None), &[b"1,true,\"a,\"\"b\"\"\"\r\n2,,NULL\n,true,x\n3,maybe,\n4,false,,extra"]);
    assert_eq!(
        rows,
        [
            (vec![Value::I64(1), Value::Bool(true), Value::text("a,\"b\"")], 1),
            (vec![Value::I64(2), Value::Null, Value::Null], 1),
            (vec![Value::I64(4), Value::Bool(false), Value::text("")], 1),
        ]
    );
    assert_eq!(errors.iter().map(|e| e.event_number.unwrap()).collect::<Vec<_>>(), [3, 4]);
}

#[test]
fn what_is_written() {
    let columns = vec![
        column("d", SqlType::Decimal { precision: 5, scale: 2 }, true),
        column("t", SqlType::Timestamp, true),
        column("s", SqlType::Varchar(None), true),
        column("f", SqlType::Double, true),
    ];
    let types: Vec<ColumnType> = columns.iter().map(|c| c.ty.clone()).collect();
    let layout = SortLayout::ascending(&types);
    let mut words = Vec::new();
    layout
        .encode(
            &[Value::Dec(500), Value::Ts(1_708_863_153_000_000), Value::text("a\"\n"), Value::F64(f64::NAN)],
            &mut words,
        )
        .unwrap();
    let mut block = weir_row::Block::new(0);
    block.push(&words, 2);
    let mut out = Vec::new();
    write_json(&columns, &layout, JsonFlavor::Default, events(std::slice::from_ref(&block)).unwrap(), &mut out)
        .unwrap();
    let one = r#"{"insert":{"d":5.00,"t":"2024-02-25 12:12:33","s":"a\"\n","f":null}}"#;
    assert_eq!(String::from_utf8(out).unwrap(), format!("{one},{one}"));
    let mut out = Vec::new();
    write_json_weighted(&columns, &layout, JsonFlavor::Default, block.iter(), &mut out).unwrap();
    let row = r#"{"d":5.00,"t":"2024-02-25 12:12:33","s":"a\"\n","f":null}"#;
    assert_eq!(String::from_utf8(out).unwrap(), format!(r#"{{"weight":2,"data":{row}}}"#));
    let (mut out, mut stream) = (Vec::new(), SnowflakeStream { id: 4, next: 7 });
    block.weights[0] = -1;
    let gone = events(std::slice::from_ref(&block)).unwrap();
    write_json_snowflake(&columns, &layout, JsonFlavor::Snowflake, gone, &mut stream, &mut out).unwrap();
    let row = r#"{"d":"5.00","t":"2024-02-25T12:12:33+00:00","s":"a\"\n","f":null"#;
    let expected = format!(r#"{row},"__action":"delete","__stream_id":4,"__seq_number":7}}"#);
    assert_eq!((String::from_utf8(out).unwrap(), stream.next), (expected, 8));
    block.weights[0] = 2;
    let mut out = Vec::new();
    write_csv(&columns, &layout, block.iter(), &mut out).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "5.00,2024-02-25 12:12:33,\"a\"\"\n\",NaN,2\n");
}

proptest! {
    /// Any bytes, cut anywhere: no panic, and the same rows and errors as uncut.
    #[test]
    fn cuts_do_not_matter(
        text in "([0-9]{1,2},(true|false|)?,[a-z\",]{0,3}\r?\n|[\\[{\"]insert\":|\\[[0-9],(true|null),\"[a-z]\"\\]|[}\\] \n]){0,12}",
        cuts in prop::collection::vec(0usize..100, 0..5),
    ) {
        let bytes = text.as_bytes();
        let mut at: Vec<usize> = cuts.iter().map(|c| (*c).min(bytes.len())).collect();
        at.extend([0, bytes.len()]);
        at.sort_unstable();
        let pieces: Vec<&[u8]> = at.windows(2).map(|w| &bytes[w[0]..w[1]]).collect();
        let t = table(None);
        prop_assert_eq!(csv(&t, &pieces), csv(&t, &[bytes]));
        for config in [RAW, JsonConfig::default(), JsonConfig { array: true, ..RAW }] {
            prop_assert_eq!(json(&t, config, &pieces), json(&t, config, &[bytes]));
        }
    }

    #[test]
    fn hostile_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let t = table(Some(vec![0]));
        let columns = Arc::new(TableColumns::new(&t));
        for mut reader in [
            Reader::Csv(Box::new(CsvReader::new(Arc::clone(&columns), 0))),
            Reader::Json(JsonReader::new(Arc::clone(&columns), JsonConfig::default(), 0)),
        ] {
            let (mut changes, mut errors) = (Changes::new(&columns, 2), Vec::new());
            reader.push(&bytes, &mut changes, &mut errors);
            reader.finish(&mut changes, &mut errors);
            prop_assert!(changes.rows() as u64 + errors.len() as u64 <= reader.event_number() * 3);
        }
    }
}
