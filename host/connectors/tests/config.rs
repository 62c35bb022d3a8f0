//! Whatever text a program has for its connectors: no panic, and every problem has its place within the text.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

use std::sync::Arc;
use weir_circuit::{Column, Table as TableOfCircuit};
use weir_connectors::{Problem, Table, View, declared_input, declared_output};
use weir_io::TableColumns;
use weir_row::{ColumnType, SqlType};

const INPUT: &str = r#"[
  {"name": "á-1", "transport": {"name": "file_input", "config": {"path": "dir/ü.csv", "follow": true, "buffer_size_bytes": 4096}},
   "format": {"name": "csv", "config": {"headers": true, "delimiter": ";"}}, "paused": false, "labels": ["a", "b"], "max_batch_size": 7},
  {"name": "x", "transport": {"name": "url_input", "config": {"path": "https://example.org/\u00e9"}},
   "format": {"name": "json", "config": {"update_format": "raw", "array": true}}, "start_after": "a", "max_queued_records": 10},
  {"transport": {"name": "empty_input"}}]"#;
const OUTPUT: &str = r#"[
  {"name": "o", "transport": {"name": "file_output", "config": {"path": "out"}}, "format": {"name": "json"}, "index": "by_a",
   "enable_output_buffer": true, "max_output_buffer_time_millis": 10, "max_output_buffer_size_records": 5, "send_snapshot": true},
  {"transport": {"name": "null_output", "config": null}, "max_queued_records": 10}]"#;

fn columns() -> Vec<Column> {
    let column = |name: &str, sql| Column {
        name: name.into(),
        case_sensitive: false,
        ty: ColumnType::nullable(sql),
        default: None,
    };
    vec![column("a", SqlType::Integer), column("b", SqlType::Varchar(None))]
}

fn table() -> Table {
    let circuit = TableOfCircuit {
        name: "t".into(),
        case_sensitive: false,
        columns: columns(),
        primary_key: None,
        materialized: false,
        append_only: false,
    };
    Table { name: "t".into(), columns: Arc::new(TableColumns::new(&circuit)) }
}

fn input(text: &str) -> Result<usize, Vec<Problem>> {
    declared_input(text, &table()).map(|found| found.len())
}

fn output(text: &str) -> Result<usize, Vec<Problem>> {
    let view = View { name: "v".into(), columns: columns().into(), key: None, format: None };
    declared_output(text, &view, &|name| (name == "by_a").then(|| vec![0])).map(|found| found.len())
}

#[test]
fn what_is_right_is_taken() {
    let ascii = INPUT.replace('á', "a");
    assert_eq!(input(&ascii), Ok(3));
    assert_eq!(output(OUTPUT), Ok(2));
    let names: Vec<_> = declared_input(&ascii, &table()).unwrap().into_iter().map(|c| c.name).collect();
    assert_eq!((names[0].as_str(), names[2].len()), ("a-1", weir_connectors::UNNAMED_DIGITS));
    assert_eq!(declared_input(&ascii, &table()).unwrap()[2].name, names[2], "the same whenever it is compiled");
}

#[test]
fn every_problem_has_a_place() {
    let check = |text: &str, result: Result<usize, Vec<Problem>>| {
        let Err(problems) = result else { return };
        assert!(!problems.is_empty(), "{text}");
        for p in problems {
            let end = p.offset + p.length;
            assert!(text.is_char_boundary(p.offset) && end <= text.len() + 1, "{p:?} in {text}");
            assert!(!p.message.is_empty());
        }
    };
    for (text, read) in [(INPUT, input as fn(&str) -> _), (OUTPUT, output)] {
        check(text, read(text));
        for (at, c) in text.char_indices() {
            check(&text[..at], read(&text[..at]));
            for other in ["", "\"", "{", "]", "9", "é", "null", ","] {
                let mutated = format!("{}{other}{}", &text[..at], &text[at + c.len_utf8()..]);
                check(&mutated, read(&mutated));
            }
        }
    }
}
