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
            .map(|(i, sql)| {
                let refused = match sql {
                    SqlType::Real | SqlType::Double | SqlType::Uuid => strategy == "zipf",
                    SqlType::Binary(_) => strategy != "uniform",
                    SqlType::Row(_) => true,
                    _ => false,
                };
                let mut field = json!({ "null_percentage": 10 });
                if !refused {
                    field["strategy"] = strategy.into();
                }
                (format!("C{i}"), field)
            })
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
        (json!({ "plan": [{ "fields": { "n": { "scale": 1.5 } } }] }), "'scale'"),
        (json!({ "plan": [{ "fields": { "x": { "scale": -1 } } }] }), "'scale'"),
        (json!({ "plan": [{ "fields": { "n": {}, "N": {} } }] }), "'n' is said twice"),
        (json!({ "plan": [{ "fields": { "s": { "strategy": "uniform", "range": [0, 10_002] } } }] }), "10000 at most"),
        (json!({ "plan": [{ "rate": 0 }] }), "rate"),
        (json!({ "plan": [{ "worker_chunk_size": 0 }] }), "worker_chunk_size"),
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

/// The error of a configuration, with the text at its place.
fn wrong(config: &str, table: &Table) -> (String, String, String) {
    let Err(e) = source("datagen", config, table) else { panic!("{config} is taken") };
    let offset = e.offset.unwrap_or_else(|| panic!("{e} has no place"));
    (e.message, config[offset..].chars().take(12).collect(), e.hint.unwrap_or_default())
}

#[test]
fn given_values_are_of_the_columns_type() {
    let table = table();
    let field = |i: usize, field: &str| format!(r#"{{"plan": [{{"fields": {{"c{i}": {field}}}}}]}}"#);
    let types = types();
    let of = |sql: &SqlType| types.iter().position(|t| t == sql).unwrap();
    let (integer, small, date) = (of(&SqlType::Integer), of(&SqlType::TinyInt), of(&SqlType::Date));
    let array = of(&SqlType::Array(Box::new(SqlType::Integer)));
    for (column, said, at) in [
        (integer, r#"{"values": [1, "two", 3]}"#, r#""two""#),
        (integer, r#"{"values": [1, 2.5]}"#, "2.5"),
        (small, r#"{"values": [127, 128]}"#, "128"),
        (date, r#"{"values": ["2024-02-29", "2023-02-29"]}"#, r#""2023-02-29""#),
        (array, r#"{"values": [[1, 2], [1, "x"]]}"#, r#"[1, "x"]"#),
        (array, r#"{"value": {"values": [5, {}]}}"#, "{}"),
        (of(&SqlType::Binary(4)), r#"{"values": [[1, 2, 3, 256]]}"#, "[1, 2, 3"),
    ] {
        let (message, place, hint) = wrong(&field(column, said), &table);
        assert!(message.contains("is no value of type") && !hint.is_empty(), "{said}: {message}; {hint}");
        assert!(place.starts_with(&at[..at.len().min(8)]), "{said}: {place}");
    }
    // A column that is NOT NULL has no NULL; keys of maps neither.
    let mut not_null = table_of(vec![("n".into(), SqlType::Integer)]).columns.columns().to_vec();
    not_null[0].ty.nullable = false;
    let circuit = TableOfCircuit {
        name: "t".into(),
        case_sensitive: false,
        columns: not_null,
        primary_key: None,
        materialized: false,
        append_only: false,
    };
    let not_null = Table { name: "t".into(), columns: Arc::new(TableColumns::new(&circuit)) };
    let (message, place, _) = wrong(r#"{"plan": [{"fields": {"n": {"values": [1, null]}}}]}"#, &not_null);
    assert!(message.contains("null is no value of type INTEGER NOT NULL") && place.starts_with("null"), "{message}");
}

#[test]
fn what_says_nothing_is_refused() {
    let table = table();
    let types = types();
    for (column, field, option) in [
        (SqlType::Integer, r#"{"e": 1.5}"#, "1.5"),
        (SqlType::Integer, r#"{"strategy": "zipf", "value": {}}"#, "{}"),
        (SqlType::Integer, r#"{"values": [1], "scale": 2}"#, "2}"),
        (SqlType::Integer, r#"{"values": [1], "range": [1, 2]}"#, "[1, 2]"),
        (SqlType::Boolean, r#"{"range": [0, 1]}"#, "[0, 1]"),
        (SqlType::Double, r#"{"strategy": "uniform", "scale": 2}"#, "2}"),
        (SqlType::Uuid, r#"{"strategy": "zipf"}"#, r#""zipf""#),
        (SqlType::Uuid, r#"{"range": [1, 2]}"#, "[1, 2]"),
        (SqlType::Binary(4), r#"{"range": [1, 2]}"#, "[1, 2]"),
        (SqlType::Binary(4), r#"{"strategy": "increment"}"#, r#""increment""#),
        (SqlType::Varchar(None), r#"{"strategy": "name", "range": [1, 2]}"#, "[1, 2]"),
        (SqlType::Varchar(None), r#"{"strategy": "name", "e": 2}"#, "2}"),
        (SqlType::Varchar(None), r#"{"strategy": "uniform", "range": [1, 2], "scale": 1}"#, "1}"),
        (SqlType::Varchar(Some(5)), r#"{"strategy": "uniform", "range": [1, 7]}"#, "7]"),
        (SqlType::Array(Box::new(SqlType::Integer)), r#"{"key": {}}"#, "{}"),
        (SqlType::Array(Box::new(SqlType::Integer)), r#"{"scale": 2}"#, "2}"),
        (SqlType::Date, r#"{"fields": {}}"#, "{}"),
    ] {
        let i = types.iter().position(|t| *t == column).unwrap();
        let (message, place, hint) = wrong(&format!(r#"{{"plan": [{{"fields": {{"c{i}": {field}}}}}]}}"#), &table);
        assert!(message.contains(&format!("'c{i}'")) && !hint.is_empty(), "{field}: {message}; {hint}");
        assert!(place.starts_with(option), "{field}: {message} at {place}");
    }
    let row = types.len() - 1;
    let (message, ..) =
        wrong(&format!(r#"{{"plan": [{{"fields": {{"c{row}": {{"strategy": "uniform"}}}}}}]}}"#), &table);
    assert!(message.contains("'strategy' says nothing of rows"), "{message}");
}

#[test]
fn the_nearest_column_is_named() {
    let table = table_of(vec![("customer".into(), SqlType::Integer), ("amount".into(), SqlType::Integer)]);
    let (message, place, hint) = wrong(r#"{"plan": [{"fields": {"custom": {"range": [1, 2]}}}]}"#, &table);
    assert_eq!((message.as_str(), hint.as_str()), ("table 't' has no 'custom'", "did you mean 'customer'?"));
    assert!(place.starts_with("{\"range"), "{place}");
    let (_, _, hint) = wrong(r#"{"plan": [{"fields": {"zzz": {}}}]}"#, &table);
    assert_eq!(hint, "it has customer, amount");
}

#[test]
fn what_upstream_knows_is_taken() {
    let table = table_of(vec![("n".into(), SqlType::Integer)]);
    made(&json!({ "workers": 4, "transaction_size": 100, "plan": [{ "limit": 1 }] }), &table);
}

#[tokio::test]
async fn decimals_are_exact() {
    let decimal = |precision, scale| SqlType::Decimal { precision, scale };
    let table = table_of(vec![
        ("deep".into(), decimal(38, 38)),
        ("thirty".into(), decimal(38, 30)),
        ("wide".into(), decimal(38, 0)),
        ("tenths".into(), decimal(20, 1)),
        ("all".into(), decimal(38, 0)),
    ]);
    let config = r#"{"plan": [{"limit": 2000, "fields": {
        "wide": {"range": [99999999999999999999999999999999999997, 99999999999999999999999999999999999999]},
        "tenths": {"range": ["9007199254740993.1", "9007199254740993.4"], "scale": 0.1},
        "all": {"strategy": "uniform"}}}]}"#;
    let mut source = source("datagen", config, &table).unwrap_or_else(|e| panic!("{e}"));
    let (text, _) = all(&mut *source, None).await;
    assert_eq!(check(&text, &table), 2_000);
    let first: Vec<&str> = text.lines().take(4).collect();
    assert!(first[1].contains(r#""deep":0.00000000000000000000000000000000000001,"#), "{}", first[1]);
    assert!(first[3].contains(r#""thirty":3.000000000000000000000000000000,"#), "{}", first[3]);
    assert!(first[1].contains(r#""wide":99999999999999999999999999999999999998,"#), "{}", first[1]);
    assert!(first[2].contains(r#""tenths":9007199254740993.3,"#), "{}", first[2]);
    // By chance all over the type: about half of them lie in the outer halves of either side.
    let outer = text.lines().filter(|l| {
        let digits = l.rsplit_once("\"all\":").unwrap().1.trim_end_matches('}').trim_start_matches('-');
        digits.len() == 38 && digits.as_bytes()[0] >= b'5'
    });
    let outer = outer.count();
    assert!((900..1_100).contains(&outer), "{outer}");
    let (message, place, _) = wrong(r#"{"plan": [{"fields": {"tenths": {"range": [0.05, 1]}}}]}"#, &table);
    assert!(message.contains("0.05 is not a value of type DECIMAL(20, 1)") && place.starts_with("0.05"), "{message}");
}

#[tokio::test]
async fn maps_have_keys_of_any_type() {
    for key in types().into_iter().filter(|t| !matches!(t, SqlType::Variant)) {
        let inner = SqlType::Map(Box::new(key.clone()), Box::new(SqlType::Integer));
        let nested = SqlType::Map(Box::new(SqlType::Array(Box::new(inner.clone()))), Box::new(inner.clone()));
        let table = table_of(vec![("m".into(), inner), ("n".into(), nested)]);
        let short = json!({ "range": [1, 3] });
        let config = json!({ "plan": [{ "limit": 50, "fields": { "m": short, "n": short } }] });
        let (text, _) = all(&mut *made(&config, &table), None).await;
        assert_eq!(check(&text, &table), 50, "{key}");
        assert!(!text.contains("\"m\":{}"), "{key}: a map is empty: {text}");
    }
    // Given ones, too.
    let table =
        table_of(vec![("m".into(), SqlType::Map(Box::new(SqlType::Varbinary(None)), Box::new(SqlType::Integer)))]);
    let config =
        json!({ "plan": [{ "limit": 1, "fields": { "m": { "range": [1, 2], "key": { "values": [[1, 255]] } } } }] });
    let (text, _) = all(&mut *made(&config, &table), None).await;
    assert_eq!(text, "{\"m\":{\"0x01ff\":0}}\n");
    check(&text, &table);
}

#[tokio::test]
async fn lengths_follow_the_strategy() {
    let table = table_of(vec![
        ("a".into(), SqlType::Array(Box::new(SqlType::Integer))),
        ("b".into(), SqlType::Varbinary(Some(3))),
    ]);
    let config = json!({ "plan": [{ "limit": 6, "fields": { "a": { "strategy": "increment", "range": [1, 4] } } }] });
    let (text, _) = all(&mut *made(&config, &table), None).await;
    let rows: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let lengths: Vec<usize> = rows.iter().map(|r| r["a"].as_array().unwrap().len()).collect();
    assert_eq!(lengths, [1, 2, 3, 1, 2, 3]);
    assert!(rows.iter().all(|r| r["b"].as_array().unwrap().len() <= 3));
}

/// The rows that a reader has of a text that was cut, and how many bytes it has not read.
fn read_up_to(bytes: &[u8], cut: usize, table: &Table) -> (usize, usize) {
    let format = own_format("datagen").unwrap();
    let format = InputFormat::parse(&format.name, &format.config).unwrap();
    let mut reader = format.reader(Arc::clone(&table.columns), 0, false).unwrap();
    let (mut changes, mut errors) = (Changes::new(&table.columns, 1), Vec::new());
    reader.push(&bytes[..cut], &mut changes, &mut errors);
    assert!(errors.is_empty(), "{}", errors[0]);
    (changes.rows(), reader.pending_bytes() + bytes.len() - cut)
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(40))]

    /// Wherever a reader stops within chunks, and however often: what it has and what comes from the position there is all of it, once.
    #[test]
    fn any_cut_is_a_position(
        seed: u64,
        limits in proptest::collection::vec(0_u64..60, 1..4),
        chunk in 1_u64..30,
        rate in proptest::option::of(20_000_u64..1_000_000),
        cuts in proptest::collection::vec(0.0_f64..1.0, 1..12),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let table = table_of(vec![
            ("n".into(), SqlType::Integer),
            ("s".into(), SqlType::Varchar(None)),
            ("m".into(), SqlType::Map(Box::new(SqlType::Varchar(None)), Box::new(SqlType::Integer))),
        ]);
        let plan = |limit: &u64| {
            let mut plan = json!({ "limit": limit, "worker_chunk_size": chunk, "fields": {
                "s": { "values": ["}\n{", "é", "\\\"", null, "x"], "strategy": "uniform" },
                "m": { "key": { "strategy": "sentence" }, "range": [0, 3] } } });
            if let Some(rate) = rate {
                plan["rate"] = rate.into();
            }
            plan
        };
        let config = json!({ "seed": seed, "plan": limits.iter().map(plan).collect::<Vec<_>>() });
        runtime.block_on(async {
            let (whole, _) = all(&mut *made(&config, &table), None).await;
            let whole: Vec<&str> = whole.lines().collect();
            let (mut rows, mut at) = (0, None::<Position>);
            for cut in cuts {
                let mut source = made(&config, &table);
                source.open(at.as_ref(), &Grants::default()).await.unwrap();
                let Chunk::Bytes(bytes) = source.next().await.unwrap() else { break };
                let (read, unread) = read_up_to(&bytes, (bytes.len() as f64 * cut) as usize, &table);
                rows += read;
                at = source.position(unread as u64);
                let (rest, _) = all(&mut *made(&config, &table), at.as_ref()).await;
                assert_eq!(rest.lines().collect::<Vec<_>>(), whole[rows..], "{config} at {at:?}");
            }
        });
    }
}

#[tokio::test]
async fn a_pause_is_not_caught_up() {
    let table = table_of(vec![("n".into(), SqlType::Integer)]);
    let mut source = made(&json!({ "plan": [{ "rate": 100 }] }), &table);
    source.open(None, &Grants::default()).await.unwrap();
    let rows = |chunk: Chunk| match chunk {
        Chunk::Bytes(bytes) => bytes.iter().filter(|b| **b == b'\n').count(),
        other => panic!("{other:?}"),
    };
    rows(source.next().await.unwrap());
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    let begin = Instant::now();
    let mut made = 0;
    while begin.elapsed() < Duration::from_millis(200) {
        made += rows(source.next().await.unwrap());
    }
    let most = 100 + begin.elapsed().as_millis() as usize / 10 + 1;
    assert!((100..=most).contains(&made), "{made} rows after the pause, {most} at most");
}
