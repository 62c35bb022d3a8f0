//! Rows made up: of every type, the same whatever the chunks, going on where they were left, within what was asked for.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use weir_circuit::{Column, Table as TableOfCircuit};
use weir_connectors::{Chunk, Grants, Position, Source, Table, own_format, source};
use weir_io::{Changes, InputFormat, TableColumns};
use weir_row::{ColumnType, RowType, SqlType};

fn types() -> Vec<SqlType> {
    let row = RowType {
        name: Some("pair".into()),
        fields: vec![
            ("a".into(), ColumnType::nullable(SqlType::Integer)),
            ("b".into(), ColumnType::nullable(SqlType::Varchar(None))),
        ],
    };
    vec![
        SqlType::Boolean,
        SqlType::TinyInt,
        SqlType::SmallInt,
        SqlType::Integer,
        SqlType::BigInt,
        SqlType::UTinyInt,
        SqlType::UBigInt,
        SqlType::Decimal { precision: 9, scale: 2 },
        SqlType::Decimal { precision: 38, scale: 0 },
        SqlType::Real,
        SqlType::Double,
        SqlType::Char(3),
        SqlType::Varchar(None),
        SqlType::Varchar(Some(5)),
        SqlType::Date,
        SqlType::Time,
        SqlType::Timestamp,
        SqlType::TimestampTz,
        SqlType::Binary(4),
        SqlType::Varbinary(None),
        SqlType::Uuid,
        SqlType::Variant,
        SqlType::Array(Box::new(SqlType::Integer)),
        SqlType::Map(Box::new(SqlType::Integer), Box::new(SqlType::Varchar(None))),
        SqlType::Row(row),
    ]
}

fn table_of(columns: Vec<(String, SqlType)>) -> Table {
    let column = |(name, sql)| Column { name, case_sensitive: false, ty: ColumnType::nullable(sql), default: None };
    let circuit = TableOfCircuit {
        name: "t".into(),
        case_sensitive: false,
        columns: columns.into_iter().map(column).collect(),
        primary_key: None,
        materialized: false,
        append_only: false,
    };
    Table { name: "t".into(), columns: Arc::new(TableColumns::new(&circuit)) }
}

fn table() -> Table {
    table_of(types().into_iter().enumerate().map(|(i, sql)| (format!("c{i}"), sql)).collect())
}

fn made(config: &Value, table: &Table) -> Box<dyn Source> {
    source("datagen", &config.to_string(), table).unwrap_or_else(|e| panic!("{config}: {e}"))
}

/// The text that comes from a position to the end, and the positions behind its chunks with the bytes before them.
async fn all(source: &mut dyn Source, at: Option<&Position>) -> (String, Vec<(usize, Position)>) {
    source.open(at, &Grants::default()).await.unwrap();
    let (mut text, mut positions) = (String::new(), Vec::new());
    loop {
        match source.next().await.unwrap() {
            Chunk::Bytes(bytes) => text.push_str(std::str::from_utf8(&bytes).unwrap()),
            Chunk::End => return (text, positions),
            other => panic!("{other:?}"),
        }
        positions.push((text.len(), source.position(0).unwrap()));
    }
}

/// Every record is a row of the table.
fn check(text: &str, table: &Table) -> usize {
    let format = own_format("datagen").unwrap();
    let format = InputFormat::parse(&format.name, &format.config).unwrap();
    let mut reader = format.reader(Arc::clone(&table.columns), 0, false).unwrap();
    let (mut changes, mut errors) = (Changes::new(&table.columns, 1), Vec::new());
    reader.push(text.as_bytes(), &mut changes, &mut errors);
    reader.finish(&mut changes, &mut errors);
    assert!(errors.is_empty(), "{}", errors[0]);
    changes.rows()
}

#[tokio::test]
async fn every_type_by_every_strategy() {
    let table = table();
    for strategy in ["increment", "uniform", "zipf"] {
        let fields: serde_json::Map<String, Value> = types()
            .iter()
            .enumerate()
            .filter(|(_, sql)| strategy != "zipf" || !matches!(sql, SqlType::Real | SqlType::Double))
            .map(|(i, _)| (format!("C{i}"), json!({ "strategy": strategy, "null_percentage": 10 })))
            .collect();
        let config = json!({ "plan": [{ "limit": 2_500, "fields": fields }, { "limit": 3 }], "seed": 7 });
        let (text, positions) = all(&mut *made(&config, &table), None).await;
        assert_eq!(check(&text, &table), 2_503);
        let lines: BTreeSet<&str> = text.lines().collect();
        assert!(lines.len() > 2_400, "{strategy}: {} distinct", lines.len());
        // It goes on from each of its positions as if it had not stopped; chunks change nothing.
        for (offset, position) in &positions {
            assert_eq!(all(&mut *made(&config, &table), Some(position)).await.0, text[*offset..]);
        }
        let small = json!({ "plan": [{ "limit": 2_500, "fields": fields, "worker_chunk_size": 7 }, { "limit": 3 }], "seed": 7 });
        assert_eq!(all(&mut *made(&small, &table), None).await.0, text);
        let other = json!({ "plan": [{ "limit": 2_500, "fields": fields }, { "limit": 3 }], "seed": 8 });
        assert_ne!(all(&mut *made(&other, &table), None).await.0, text);
    }
}

#[tokio::test]
async fn what_is_asked_for_is_made() {
    let table = table_of(vec![
        ("n".into(), SqlType::Integer),
        ("d".into(), SqlType::Decimal { precision: 6, scale: 2 }),
        ("at".into(), SqlType::Timestamp),
        ("day".into(), SqlType::Date),
        ("who".into(), SqlType::Varchar(Some(12))),
        ("s".into(), SqlType::Varchar(None)),
        ("v".into(), SqlType::Varchar(None)),
        ("z".into(), SqlType::BigInt),
        ("a".into(), SqlType::Array(Box::new(SqlType::Integer))),
    ]);
    let config = json!({ "plan": [{ "limit": 5_000, "fields": {
        "n": { "range": [10, 14], "scale": 2 },
        "d": { "strategy": "uniform", "range": [-1.5, 2] },
        "at": { "range": ["2026-01-01T00:00:00Z", "2026-01-01 00:00:03"], "scale": 1000 },
        "day": { "strategy": "uniform", "range": ["2026-02-27", "2026-03-02"] },
        "who": { "strategy": "name" },
        "s": { "strategy": "uniform", "range": [2, 4] },
        "v": { "values": ["x", "y"], "strategy": "uniform", "null_percentage": 50 },
        "z": { "strategy": "zipf", "range": [1, 1001], "e": 1.2 },
        "a": { "range": [0, 3], "value": { "range": [5, 6] } },
    } }] });
    let (text, _) = all(&mut *made(&config, &table), None).await;
    assert_eq!(check(&text, &table), 5_000);
    let rows: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let distinct = |key: &str| rows.iter().map(|r| r[key].to_string()).collect::<BTreeSet<_>>();
    assert_eq!(distinct("n").into_iter().collect::<Vec<_>>(), ["10", "12"]);
    assert!(rows.iter().all(|r| (-1.5..2.0).contains(&r["d"].as_f64().unwrap())) && distinct("d").len() > 300);
    assert_eq!(distinct("at").len(), 3);
    assert_eq!(distinct("day").len(), 3);
    assert!(distinct("day").contains("\"2026-02-28\"") && distinct("who").len() > 1_000);
    assert!(
        rows.iter().all(
            |r| r["who"].as_str().unwrap().chars().count() <= 12 && matches!(r["s"].as_str().unwrap().len(), 2 | 3)
        )
    );
    let nulls = rows.iter().filter(|r| r["v"].is_null()).count();
    assert!((2_200..2_800).contains(&nulls) && distinct("v").len() == 3, "{nulls}");
    let ones = rows.iter().filter(|r| r["z"] == 1).count();
    assert!((700..2_500).contains(&ones) && distinct("z").len() > 200, "{ones}");
    assert!(rows.iter().all(|r| r["a"].as_array().unwrap().iter().all(|x| x == 5)) && distinct("a").len() == 3);
}

#[tokio::test]
async fn rates_hold() {
    let table = table_of(vec![("n".into(), SqlType::Integer)]);
    let begin = Instant::now();
    let (text, _) = all(&mut *made(&json!({ "plan": [{ "limit": 60, "rate": 200 }] }), &table), None).await;
    assert_eq!(check(&text, &table), 60);
    assert!(begin.elapsed() >= Duration::from_millis(290), "{:?}", begin.elapsed());
}

#[test]
fn what_is_wrong_is_said() {
    let table = table_of(vec![
        ("n".into(), SqlType::Integer),
        ("s".into(), SqlType::Varchar(None)),
        ("x".into(), SqlType::Double),
    ]);
    for (config, said) in [
        (json!({ "plan": [{ "fields": { "m": {} } }] }), "has no 'm'"),
        (json!({ "plan": [{ "fields": { "n": { "strategy": "name" } } }] }), "makes texts"),
        (json!({ "plan": [{ "fields": { "n": { "strategy": "nome" } } }] }), "a strategy is"),
        (json!({ "plan": [{ "fields": { "n": { "range": [5, 5] } } }] }), "less than"),
        (json!({ "plan": [{ "fields": { "n": { "range": [0, 3_000_000_000_u32] } } }] }), "leaves what is possible"),
        (json!({ "plan": [{ "fields": { "n": { "range": ["a", "b"] } } }] }), "is not a value of type INTEGER"),
        (json!({ "plan": [{ "fields": { "n": { "null_percentage": 101 } } }] }), "from 0 to 100"),
        (json!({ "plan": [{ "fields": { "n": { "values": [] } } }] }), "one value at least"),
        (json!({ "plan": [{ "fields": { "x": { "strategy": "zipf" } } }] }), "zipf"),
        (json!({ "plan": [{ "fields": { "n": { "scale": 0 } } }] }), "'scale'"),
        (json!({ "plan": [{ "rate": 0 }] }), "rate"),
        (json!({ "plans": [] }), "unknown field `plans`"),
    ] {
        let Err(e) = source("datagen", &config.to_string(), &table) else { panic!("{config} is taken") };
        assert!(e.message.contains(said), "{config}: {e}");
    }
    // What nests is bounded as a whole.
    let arrays = |sql| SqlType::Array(Box::new(sql));
    let table = table_of(vec![("a".into(), arrays(arrays(arrays(SqlType::Integer))))]);
    let long = |value: Value| json!({ "range": [9_999, 10_000], "value": value });
    let config = json!({ "plan": [{ "fields": { "a": long(long(long(json!({})))) } }] });
    let Err(e) = source("datagen", &config.to_string(), &table) else { panic!("{config} is taken") };
    assert!(e.message.contains("are allowed"), "{e}");
}
