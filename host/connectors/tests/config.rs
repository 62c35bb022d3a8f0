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
  {"transport": {"name": "url_input", "config": {"path": "https://${env:HOST}/"}},
   "format": {"name": "csv", "config": {"delimiter": "${secret:kubernetes:a/b}"}}},
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
    assert_eq!(input(&ascii), Ok(4));
    assert_eq!(output(OUTPUT), Ok(2));
    let names: Vec<_> = declared_input(&ascii, &table()).unwrap().into_iter().map(|c| c.name).collect();
    assert_eq!((names[0].as_str(), names[3].len()), ("a-1", weir_connectors::UNNAMED_DIGITS));
    assert_eq!(declared_input(&ascii, &table()).unwrap()[3].name, names[3], "the same whenever it is compiled");
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

/// What is said, where, and what would mend it.
fn said(text: &str, read: fn(&str) -> Result<usize, Vec<Problem>>) -> Vec<(String, String, String)> {
    let problems = read(text).unwrap_err();
    let told = |p: Problem| (text[p.offset..p.offset + p.length].to_owned(), p.message, p.hint.unwrap_or_default());
    problems.into_iter().map(told).collect()
}

#[test]
fn references_to_secrets() {
    let written = r#"[{"name": "c", "transport": {"name": "url_input", "config": {"path": "${env:URL}"}}, "format": {"name": "avro", "config": {
        "registry_urls": ["${env:REGISTRY}"], "registry_username": "me", "registry_password": "${secret:kubernetes:registry/password}"}}}]"#;
    let connector = declared_input(written, &table()).unwrap().remove(0).config;
    // Nothing but the references is kept, and the defaults beside them.
    assert_eq!(connector.transport.config["path"], "${env:URL}");
    let format = connector.format.unwrap().config;
    assert_eq!(format["registry_urls"][0], "${env:REGISTRY}");
    assert_eq!(format["registry_password"], "${secret:kubernetes:registry/password}");
    assert_eq!(format["update_format"], "raw");
    // What is wrong with the rest is said all the same.
    for (config, place, message) in [
        (r#"{"path": "${env:}"}"#, "${env:}", "no reference"),
        (r#"{"path": "é${env:A"}"#, "${env:A", "does not end"),
        (r#"{"path": "\u0024{env:A"}"#, r#""\u0024{env:A""#, "does not end"),
        (r#"{"path": "x", "pause_timeout": {"a": [1, "${secret:vault:a/b}"]}}"#, "${secret:vault:a/b}", "no reference"),
        (r#"{"path": "ftp://${env:HOST}/"}"#, r#"{"path": "ftp://${env:HOST}/"}"#, ""),
        (r#"{"path": "${env:HOST}", "more": 1}"#, r#"""#, "unknown field"),
    ] {
        let text =
            format!(r#"[{{"transport": {{"name": "url_input", "config": {config}}}, "format": {{"name": "json"}}}}]"#);
        let said = said(&text, input);
        assert!(said.len() == 1 && said[0].0 == place && said[0].1.contains(message), "{said:?}");
    }
    let format = |config: &str| {
        format!(r#"[{{"transport": {{"name": "null_output"}}, "format": {{"name": "csv", "config": {config}}}}}]"#)
    };
    assert_eq!(output(&format(r#"{"delimiter": "${env:D}"}"#)), Ok(1));
    let said = said(&format(r#"{"delimiter": "${env:D}", "quote": "ab"}"#), output);
    assert!(!said.is_empty(), "{said:?}");
}

#[test]
fn registries_and_plug_ins() {
    let avro = |url: &str| {
        format!(
            r#"[{{"transport": {{"name": "null_output"}}, "format": {{"name": "avro", "config": {{"update_format": "confluent_jdbc", "registry_urls": "{url}"}}}}}}]"#
        )
    };
    assert_eq!(output(&avro("https://registry.example.org:8081/api")), Ok(1));
    for url in ["https://", "https://a b/", "https://a/?b", "ftp://a/"] {
        let said = said(&avro(url), output);
        assert!(said[0].0 == format!("\"{url}\"") && said[0].1.contains("registry_urls"), "{said:?}");
    }
    let file = r#"[{"transport": {"name": "file_output", "config": {"path": "a"}}, "format": {"name": "avro", "config": {"update_format": "confluent_jdbc"}}}]"#;
    assert!(said(file, output)[0].1.contains("nothing that tells them apart"));
    for key in ["preprocessor", "postprocessor"] {
        let text = format!(r#"[{{"transport": {{"name": "empty_input"}}, "{key}": [{{"name": "x"}}]}}]"#);
        let said = said(&text, input);
        assert_eq!(said[0].0, r#"[{"name": "x"}]"#);
        assert!(said[0].1.contains(key) && said[0].2.contains("docs/udf.md"), "{said:?}");
    }
}
