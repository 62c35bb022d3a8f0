//! A text of ten megabytes through every format, in pieces as connections bring them.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

use serde_json::{Value as Json, json};
use std::sync::Arc;
use weir_circuit::{Column, Table};
use weir_io::*;
use weir_row::{Block, ColumnType, Layout, SortLayout, SqlType, Value};

const BYTES: usize = 10 << 20;
/// What connections bring at once, about.
const PIECE_BYTES: usize = 60_001;

#[test]
fn ten_megabytes() {
    let sql = SqlType::Varchar(None);
    let columns = [Column { name: "s".into(), case_sensitive: false, ty: ColumnType::nullable(sql), default: None }];
    let table = Table {
        name: "t".into(),
        case_sensitive: false,
        columns: columns.to_vec(),
        primary_key: None,
        materialized: false,
        append_only: false,
    };
    let described = Arc::new(TableColumns::new(&table));
    let types = [columns[0].ty.clone()];
    let layout = SortLayout::ascending(&types);
    // With everything that some format writes otherwise.
    let text: String = "a\"b,\\\né€😀"
        .chars()
        .cycle()
        .scan(0, |n, c| {
            *n += c.len_utf8();
            (*n <= BYTES).then_some(c)
        })
        .collect();
    let small = Value::text("small");
    let mut block = Block::new(0);
    for value in [&small, &Value::text(&text), &small] {
        let mut words = Vec::new();
        layout.encode(std::slice::from_ref(value), &mut words).unwrap();
        block.push(&words, 1);
    }
    let delta = Arc::new(vec![block]);
    let registry = json!({"registry_urls": "http://x"});
    for (name, config) in [
        ("json", json!({})),
        ("json", json!({"array": true})),
        ("csv", json!({})),
        ("parquet", json!({})),
        ("avro", registry),
        ("raw", Json::Null),
    ] {
        let mut reader = InputFormat::parse(name, &config).unwrap().reader(described.clone(), 0, false).unwrap();
        let messages = match OutputFormat::parse(name, &config) {
            Err(_) => vec![b"small".to_vec(), text.as_bytes().to_vec(), b"small".to_vec()],
            Ok(format) => {
                let mut encoder = format.encoder(columns.to_vec().into(), layout.clone(), None).unwrap();
                encoder.registered(None, Some(1));
                if let Some(schema) = encoder.schemas("t").pop() {
                    reader.provide(1, &schema.schema, &[]).unwrap();
                }
                encoder.begin(Arc::clone(&delta)).unwrap();
                std::iter::from_fn(|| encoder.next().unwrap()).map(|piece| piece.value.unwrap()).collect()
            }
        };
        let (mut changes, mut errors) = (Changes::new(&described, 1), Vec::new());
        for message in messages {
            message.chunks(PIECE_BYTES).for_each(|piece| reader.push(piece, &mut changes, &mut errors));
            reader.finish(&mut changes, &mut errors);
        }
        assert_eq!(errors, [], "{name}");
        let storage = Layout::new(&types);
        let blocks = changes.take().concat();
        let rows: Vec<Value> =
            blocks.iter().flat_map(Block::iter).map(|(row, _)| storage.decode(row).unwrap().remove(0)).collect();
        assert!(rows == [small.clone(), Value::text(&text), small.clone()], "{name}: {} rows", rows.len());
    }
}
