//! How fast readers and writers are, on one core: `cargo test -p weir-io --release --test speed -- --ignored --nocapture`; `WEIR_SPEED=json` for one
//! format, ten times over, to be looked at with a profiler.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

use serde_json::{Value as Json, json};
use std::sync::Arc;
use weir_circuit::{Column, Table};
use weir_io::*;
use weir_row::{Block, ColumnType, Layout, SortLayout, SqlType, Value};

const ROWS: usize = 200_000;

fn column(name: &str, sql: SqlType) -> Column {
    Column { name: name.into(), case_sensitive: false, ty: ColumnType::nullable(sql), default: None }
}

fn columns() -> Vec<Column> {
    vec![
        column("auction", SqlType::BigInt),
        column("bidder", SqlType::BigInt),
        column("price", SqlType::Decimal { precision: 12, scale: 2 }),
        column("rate", SqlType::Double),
        column("channel", SqlType::Varchar(None)),
        column("url", SqlType::Varchar(None)),
        column("date_time", SqlType::Timestamp),
        column("ok", SqlType::Boolean),
    ]
}

fn row(n: i64) -> Vec<Value> {
    vec![
        Value::I64(n),
        Value::I64(n.wrapping_mul(7_919) % 100_000),
        Value::Dec((n * 137 % 1_000_000).into()),
        Value::F64(n as f64 / 8.0),
        Value::text(["Google", "Facebook", "Baidu", "Apple"][n as usize % 4]),
        Value::text(&format!("https://www.example.com/item/{n}?from=mail")),
        Value::Ts(1_708_863_153_000_000 + n * 1_000),
        Value::Bool(n % 3 == 0),
    ]
}

/// Seconds of CPU time of this thread.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    stat.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}

#[test]
#[ignore = "it measures"]
fn rates() {
    let columns = columns();
    let types: Vec<ColumnType> = columns.iter().map(|c| c.ty.clone()).collect();
    let layout = SortLayout::ascending(&types);
    let mut delta = vec![];
    let mut block = Block::new(0);
    for n in 0..ROWS as i64 {
        let mut words = Vec::new();
        layout.encode(&row(n), &mut words).unwrap();
        if block.len() >= 8_000 {
            delta.push(std::mem::replace(&mut block, Block::new(0)));
        }
        block.push(&words, 1);
    }
    delta.push(block);
    let delta = Arc::new(delta);
    let table = Table {
        name: "t".into(),
        case_sensitive: false,
        columns: columns.clone(),
        primary_key: None,
        materialized: false,
        append_only: false,
    };
    let described = Arc::new(TableColumns::new(&table));
    let chosen = std::env::var("WEIR_SPEED").ok();
    let times = if chosen.is_some() { 10 } else { 1 };
    let formats = [
        ("json", json!({}), json!({})),
        ("json", json!({"array": true}), json!({"array": true})),
        ("json", json!({}), json!({"lines": "single"})),
        ("csv", json!({}), json!({})),
        ("parquet", json!({}), json!({})),
        ("avro", json!({"registry_urls": "http://x"}), json!({"registry_urls": "http://x"})),
    ];
    let mut formats = formats.to_vec();
    formats.retain(|(name, ..)| chosen.as_deref().is_none_or(|chosen| chosen == *name));
    for (name, output, input) in formats.into_iter().flat_map(|f| std::iter::repeat_n(f, times)) {
        let mut encoder =
            OutputFormat::parse(name, &output).unwrap().encoder(columns.clone().into(), layout.clone(), None).unwrap();
        encoder.registered(Some(1), Some(1));
        let begun = cpu_seconds();
        encoder.begin(Arc::clone(&delta)).unwrap();
        let pieces: Vec<Vec<u8>> =
            std::iter::from_fn(|| encoder.next().unwrap()).map(|piece| piece.value.unwrap()).collect();
        let wrote = cpu_seconds() - begun;
        let bytes: usize = pieces.iter().map(Vec::len).sum();
        let mut reader = InputFormat::parse(name, &input).unwrap().reader(described.clone(), 0, false).unwrap();
        if let Some(schema) = encoder.schemas("t").pop() {
            reader.provide(1, &schema.schema, &[]).unwrap();
        }
        let whole = matches!(name, "parquet" | "avro");
        let (mut changes, mut errors) = (Changes::new(&described, 1), Vec::new());
        let begun = cpu_seconds();
        for piece in &pieces {
            for part in piece.chunks(64 << 10) {
                reader.push(part, &mut changes, &mut errors);
            }
            if whole {
                reader.finish(&mut changes, &mut errors);
            }
        }
        reader.finish(&mut changes, &mut errors);
        let read = cpu_seconds() - begun;
        assert_eq!((changes.rows(), errors.len()), (ROWS, 0));
        let storage = Layout::new(&types);
        let first = changes.take().concat()[0].row(0).to_vec();
        assert_eq!(storage.decode(&first).unwrap(), row(0));
        let rate = |s: f64| format!("{:.2} M rows/s, {:.0} MB/s", ROWS as f64 / s / 1e6, bytes as f64 / s / 1e6);
        let config: Json = input;
        println!("{name} {config}: written {}; read {}", rate(wrote), rate(read));
    }
}
