//! Formats by name and configuration: what is refused and how, what the options do, what encoders make of deltas.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use std::sync::Arc;
use weir_circuit::{Column, ColumnDefault, Table};
use weir_io::*;
use weir_row::{Block, ColumnType, Layout, SortLayout, SqlType, Value};

fn column(name: &str, sql: SqlType, nullable: bool) -> Column {
    Column { name: name.into(), case_sensitive: false, ty: ColumnType { sql, nullable }, default: None }
}

/// `t(id BIGINT NOT NULL, name VARCHAR, price DECIMAL(5, 2) DEFAULT 1.00)`.
fn table() -> Table {
    let mut price = column("price", SqlType::Decimal { precision: 5, scale: 2 }, true);
    price.default = Some(ColumnDefault::Constant(Value::Dec(100)));
    Table {
        name: "t".into(),
        case_sensitive: false,
        columns: vec![column("id", SqlType::BigInt, false), column("name", SqlType::Varchar(None), true), price],
        primary_key: None,
        materialized: false,
        append_only: false,
    }
}

type Rows = Vec<Vec<Value>>;

fn taken(changes: &mut Changes) -> Rows {
    let types: Vec<ColumnType> = table().columns.iter().map(|c| c.ty.clone()).collect();
    let layout = Layout::new(&types);
    changes.take().concat().iter().flat_map(Block::iter).map(|(row, _)| layout.decode(row).unwrap()).collect()
}

fn read(name: &str, config: &Json, streams: &[&str]) -> (Rows, Vec<String>) {
    let columns = Arc::new(TableColumns::new(&table()));
    let mut reader = InputFormat::parse(name, config).unwrap().reader(columns.clone(), 0, false).unwrap();
    let (mut changes, mut errors) = (Changes::new(&columns, 1), Vec::new());
    for stream in streams {
        reader.push(stream.as_bytes(), &mut changes, &mut errors);
        reader.finish(&mut changes, &mut errors);
        assert_eq!(reader.pending_bytes(), 0);
    }
    (taken(&mut changes), errors.into_iter().map(|e| e.description).collect())
}

fn row(id: i64, name: Option<&str>, price: i128) -> Vec<Value> {
    vec![Value::I64(id), name.map_or(Value::Null, Value::text), Value::Dec(price)]
}

#[test]
fn what_is_refused() {
    let input = |name, config: Json| InputFormat::parse(name, &config).unwrap_err();
    let output = |name, config: Json| OutputFormat::parse(name, &config).unwrap_err();
    for (error, kind, key, message, hint) in [
        (input("jsn", json!(null)), FormatErrorKind::Unknown, None, "there is no input format 'jsn'", Some("'json'")),
        (output("xml", json!({})), FormatErrorKind::Unknown, None, "there is no output format 'xml'", None),
        (input("json", json!([])), FormatErrorKind::Config, None, "is an object, not []", None),
        (
            input("csv", json!({"delimitr": ";"})),
            FormatErrorKind::Config,
            Some("delimitr"),
            "format 'csv' has no 'delimitr'; it has 'delimiter', 'headers'",
            Some("'delimiter'"),
        ),
        (
            input("csv", json!({"delimiter": "||"})),
            FormatErrorKind::Config,
            Some("delimiter"),
            "must be one ASCII character, not \"||\"",
            None,
        ),
        (
            input("csv", json!({"delimiter": "\""})),
            FormatErrorKind::Config,
            Some("quote"),
            "'delimiter' and 'quote' are both '\"'",
            None,
        ),
        (
            input("csv", json!({"trim": "al"})),
            FormatErrorKind::Config,
            Some("trim"),
            "one of 'none', 'headers', 'fields', 'all', not \"al\"",
            Some("'all'"),
        ),
        (input("csv", json!({"headers": 1})), FormatErrorKind::Config, Some("headers"), "must be true or false", None),
        (
            input("json", json!({"update_format": "snowflake"})),
            FormatErrorKind::Direction,
            Some("update_format"),
            "no update format for input; there are 'insert_delete', 'raw', 'debezium', 'weighted'",
            None,
        ),
        (
            output("json", json!({"update_format": "raw"})),
            FormatErrorKind::Direction,
            Some("update_format"),
            "no update format for output",
            None,
        ),
        (
            input("json", json!({"json_flavor": "debezium-mysql"})),
            FormatErrorKind::Config,
            Some("json_flavor"),
            "one of 'default', 'debezium_mysql'",
            Some("'debezium_mysql'"),
        ),
        (
            output("json", json!({"buffer_size_records": 0})),
            FormatErrorKind::Config,
            Some("buffer_size_records"),
            "a whole number from 1",
            None,
        ),
        (
            output("json", json!({"key_fields": ["a"]})),
            FormatErrorKind::Config,
            Some("key_fields"),
            "as those of 'debezium'",
            None,
        ),
        (
            output("json", json!({"update_format": "debezium", "array": true})),
            FormatErrorKind::Config,
            Some("array"),
            "is one event",
            None,
        ),
        (output("csv", json!({"headers": true})), FormatErrorKind::Config, Some("headers"), "has no 'headers'", None),
        (
            OutputFormat::parse("json", &json!({"update_format": "debezium", "key_fields": ["i"]}))
                .unwrap()
                .check(&table().columns, None)
                .unwrap_err(),
            FormatErrorKind::Columns,
            Some("key_fields"),
            "names 'i', which is no column",
            Some("'id'"),
        ),
    ] {
        assert_eq!((error.kind, error.key.as_deref()), (kind, key), "{error}");
        assert!(error.message.contains(message), "{error}");
        assert_eq!(error.hint.is_some(), hint.is_some(), "{error}: {:?}", error.hint);
        assert!(error.hint.as_deref().unwrap_or("").contains(hint.unwrap_or("")), "{:?}", error.hint);
    }
}

#[test]
fn what_is_shown() {
    let csv = InputFormat::parse("csv", &json!({"delimiter": "\t", "headers": "true"})).unwrap();
    assert_eq!(
        (csv.name(), csv.shown()),
        (
            "csv",
            json!({"delimiter": "\t", "headers": true, "quote": "\"", "escape": null, "double_quote": true, "quoting": true,
            "comment": null, "flexible": true, "trim": "none"})
        )
    );
    let json = InputFormat::parse("json", &Json::Null).unwrap();
    let shown =
        json!({"update_format": "insert_delete", "json_flavor": "default", "array": false, "lines": "multiple"});
    assert_eq!((json.name(), json.shown()), ("json", shown));
    let json = OutputFormat::parse("json", &json!({"update_format": "debezium", "key_fields": ["id"]})).unwrap();
    let shown = json!({"update_format": "debezium", "json_flavor": "kafka_connect_json_converter", "array": false,
        "buffer_size_records": 1, "key_fields": ["id"]});
    assert_eq!((json.name(), json.shown()), ("json", shown));
    let csv = OutputFormat::parse("csv", &Json::Null).unwrap();
    assert_eq!((csv.name(), csv.shown()), ("csv", json!({"delimiter": ",", "buffer_size_records": 10_000})));
    // What is shown is a configuration again.
    for (name, config) in [("csv", json!({})), ("json", json!({"lines": "single"}))] {
        let format = InputFormat::parse(name, &config).unwrap();
        assert_eq!(InputFormat::parse(name, &format.shown()).unwrap(), format);
    }
}

/// The page for users has every option, with its default where that is a word.
#[test]
fn the_page_has_all_options() {
    let page = include_str!("../../../docs/formats.md");
    let avro = json!({"schema": {"type": "record", "name": "r", "fields": []}});
    let section = |name: &str| page.split("\n## ").find(|s| s.starts_with(&format!("{name}\n"))).unwrap();
    for name in ["json", "csv", "parquet", "avro", "raw"] {
        let config = if name == "avro" { &avro } else { &Json::Null };
        let mut shown = vec![InputFormat::parse(name, config).unwrap().shown()];
        shown.extend(OutputFormat::parse(name, &Json::Null).map(|f| f.shown()));
        for (key, value) in shown.iter().flat_map(|s| s.as_object().unwrap()) {
            let line = section(name).lines().find(|l| l.starts_with(&format!("| `{key}`")));
            let line = line.unwrap_or_else(|| panic!("format '{name}' has '{key}', and the page does not tell"));
            let default = match value {
                Json::Bool(b) => format!("| `{b}` |"),
                Json::String(s) if name != "avro" || key != "schema" => format!("| `{s}` |"),
                _ => continue,
            };
            assert!(line.contains(&default), "{line} {default}");
        }
    }
}

#[test]
fn parameters_of_requests() {
    let parameters = [("delimiter", ";"), ("headers", "true"), ("array", "1"), ("other", "x")];
    let parameters = parameters.map(|(k, v)| (k.to_owned(), v.to_owned()));
    let of = |name| InputFormat::of_request(name, parameters.iter().map(|(k, v)| (k, v)));
    let csv = CsvConfig { delimiter: b';', headers: true, ..CsvConfig::default() };
    assert_eq!(of("csv"), Ok(InputFormat::Csv(csv)));
    let error = of("json").unwrap_err();
    assert_eq!((error.kind, error.key.as_deref()), (FormatErrorKind::Config, Some("array")));
}

#[test]
fn options_of_csv() {
    let one = |config: Json, text: &str| {
        let (rows, errors) = read("csv", &config, &[text]);
        assert_eq!(errors, Vec::<String>::new(), "{config} {text}");
        rows
    };
    let expected = [row(1, Some("a"), 250)];
    for (config, text) in [
        (json!({}), "1,a,2.50\n"),
        (json!({}), "\u{feff}1,a,2.50"),
        (json!({"delimiter": "|"}), "1|a|2.5\r\n"),
        (json!({"delimiter": "\t"}), "1\ta\t2.5\n"),
        (json!({"headers": true}), "PRICE,other,Id,name\n2.5,x,1,a\n"),
        (json!({"headers": true, "trim": "headers"}), " price , id ,  name\n2.5,1,a"),
        (json!({"headers": true, "trim": "all"}), " price , id ,  name\n2.5,1, a \n"),
        (json!({"quote": "'"}), "'1','a',2.5"),
        (json!({"trim": "fields"}), "1, a ,2.5"),
        (json!({"comment": "#"}), "# a, b\n1,a,2.5\n#end"),
        (json!({"flexible": false}), "1,a,2.5"),
    ] {
        assert_eq!(one(config, text), expected);
    }
    assert_eq!(one(json!({"escape": "\\"}), r#"1,"a\"b",2"#), [row(1, Some("a\"b"), 200)]);
    assert_eq!(one(json!({"escape": "\\", "double_quote": false}), r#"1,"a\"b",2"#), [row(1, Some("a\"b"), 200)]);
    assert_eq!(one(json!({"quoting": false}), "1,\"a\",2"), [row(1, Some("\"a\""), 200)]);
    assert_eq!(one(json!({}), "1,\"a\"\"b\",2"), [row(1, Some("a\"b"), 200)]);
    // What is not there has its default or is NULL; what is there and empty is an empty text, or NULL.
    assert_eq!(
        one(json!({}), "1\n2,\n3,,\n"),
        [row(1, None, 100), row(2, Some(""), 100), {
            let mut row = row(3, Some(""), 0);
            row[2] = Value::Null;
            row
        }]
    );
    assert_eq!(one(json!({"headers": true}), "id\n7\n"), [row(7, None, 100)]);
    // Each file has its header.
    let (rows, errors) = read("csv", &json!({"headers": true}), &["id,name\n1,a", "name,id\nb,2", "id\n3"]);
    assert_eq!((rows, errors.len()), (vec![row(1, Some("a"), 100), row(2, Some("b"), 100), row(3, None, 100)], 0));
}

#[test]
fn what_csv_refuses() {
    let (rows, errors) = read("csv", &json!({"flexible": false}), &["1,a\n2,b,2,3\n3,c,3\n"]);
    assert_eq!(rows, [row(3, Some("c"), 300)]);
    assert_eq!(
        errors,
        [
            "failed to deserialize CSV record: the record has 2 fields, but the table has 3 columns",
            "failed to deserialize CSV record: the record has 4 fields, but the table has 3 columns"
        ]
    );
    let (rows, errors) = read("csv", &json!({"headers": true}), &["a,b\n1,2\n3,4\n", "id\n5\n"]);
    assert_eq!((rows.len(), errors.len()), (1, 1), "{errors:?}");
    assert!(errors[0].contains("names none of the table's columns"), "{errors:?}");
    let (rows, errors) = read("csv", &json!({"headers": true}), &["name\na\n"]);
    assert_eq!((rows.len(), errors.len()), (0, 1));
    assert!(errors[0].contains("'id'"), "{errors:?}");
    let columns = Arc::new(TableColumns::new(&table()));
    let format = InputFormat::parse("csv", &json!({"headers": true})).unwrap();
    let mut reader = format.reader(columns.clone(), 5, true).unwrap();
    let (mut changes, mut errors) = (Changes::new(&columns, 1), Vec::new());
    reader.push(b"a,1\n", &mut changes, &mut errors);
    assert!(errors[0].description.contains("which nobody remembers"), "{errors:?}");
    assert_eq!(errors[0].event_number, Some(6));
}

/// The values of a raw column.
fn raw(config: Json, sql: SqlType, pieces: &[&[u8]], finish_each: bool) -> (Vec<Value>, Vec<ParseError>) {
    let mut table = Table { columns: vec![column("x", sql, false), column("n", SqlType::Integer, true)], ..table() };
    table.columns[1].default = Some(ColumnDefault::Constant(Value::I32(7)));
    let columns = Arc::new(TableColumns::new(&table));
    let mut reader = InputFormat::parse("raw", &config).unwrap().reader(columns.clone(), 0, false).unwrap();
    let (mut changes, mut errors) = (Changes::new(&columns, 1), Vec::new());
    for piece in pieces {
        reader.push(piece, &mut changes, &mut errors);
        if finish_each {
            reader.finish(&mut changes, &mut errors);
        }
    }
    reader.finish(&mut changes, &mut errors);
    let types: Vec<ColumnType> = table.columns.iter().map(|c| c.ty.clone()).collect();
    let layout = Layout::new(&types);
    let blocks = changes.take().concat();
    let rows = blocks.iter().flat_map(Block::iter).map(|(row, _)| layout.decode(row).unwrap());
    (
        rows.map(|row| {
            assert_eq!(row[1], Value::I32(7));
            row[0].clone()
        })
        .collect(),
        errors,
    )
}

#[test]
fn raw_data() {
    let text = SqlType::Varchar(None);
    let blob = json!({"column_name": "X"});
    let lines = json!({"column_name": "x", "mode": "lines"});
    let one = |config: &Json, pieces: &[&[u8]], each| {
        let (values, errors) = raw(config.clone(), SqlType::Varchar(None), pieces, each);
        assert_eq!(errors, []);
        values
    };
    assert_eq!(one(&blob, &[b"a\r\n", b"b"], false), [Value::text("a\r\nb")]);
    assert_eq!(one(&blob, &[b"a", b"", b"b"], true), [Value::text("a"), Value::text(""), Value::text("b")]);
    assert_eq!(one(&blob, &[], false), []);
    let expected = ["ab", "", "c", "d"].map(Value::text);
    assert_eq!(one(&lines, &[b"a", b"b\r", b"\n\n", b"c\nd"], false), expected);
    assert_eq!(one(&lines, &[b"ab\n\r\nc\nd\n"], false), expected);
    assert_eq!(one(&lines, &[b"a", b"b\n"], true), ["a", "b"].map(Value::text));
    let (values, errors) = raw(lines.clone(), text.clone(), &[b"a\n\xff\nb\n"], false);
    assert_eq!(values, ["a", "b"].map(Value::text));
    assert_eq!((errors[0].event_number, errors[0].field.as_deref()), (Some(2), Some("x")));
    assert_eq!(errors[0].invalid_bytes.as_deref(), Some(&b"\xff"[..]));
    let (values, _) = raw(blob, SqlType::Varbinary(None), &[b"\xff", b"\0"], false);
    assert_eq!(values, [Value::Bytes([255, 0].into())]);
    // What is too long is passed over, up to its end.
    let long = vec![b'x'; RECORD_BYTES_MAX / 2 + 1];
    let (values, errors) = raw(lines, text, &[b"a\n", &long, &long, &long, b"\nb\n"], false);
    assert_eq!(values, ["a", "b"].map(Value::text));
    assert_eq!(errors.len(), 1);
    assert!(errors[0].description.contains("longer than"), "{errors:?}");
}

#[test]
fn raw_columns() {
    let check = |config: Json| {
        let format = InputFormat::parse("raw", &config).unwrap();
        format.check(&TableColumns::new(&table())).unwrap_err()
    };
    assert!(check(json!({})).message.contains("has 3 columns"));
    let error = check(json!({"column_name": "nme"}));
    assert_eq!((error.key.as_deref(), error.hint.as_deref()), (Some("column_name"), Some("did you mean 'name'?")));
    assert!(check(json!({"column_name": "id"})).message.contains("is BIGINT NOT NULL"));
    assert!(check(json!({"column_name": "name"})).message.contains("column 'id' is NOT NULL without a DEFAULT"));
}

/// A delta of rows `(id, name, price)`.
fn delta(rows: &[(Vec<Value>, i64)]) -> (Arc<[Column]>, SortLayout, Arc<Vec<Block>>) {
    let columns: Arc<[Column]> = table().columns.into();
    let types: Vec<ColumnType> = columns.iter().map(|c| c.ty.clone()).collect();
    let layout = SortLayout::ascending(&types);
    let mut block = Block::new(0);
    for (row, weight) in rows {
        let mut words = Vec::new();
        layout.encode(row, &mut words).unwrap();
        block.push(&words, *weight);
    }
    (columns, layout, Arc::new(vec![block]))
}

/// Key, value and records of each piece, or an error.
type Pieces = Vec<Result<(Option<String>, String, usize), String>>;

/// The pieces of a delta.
fn pieces(
    name: &str,
    config: Json,
    key: Option<Vec<usize>>,
    rows: &[(Vec<Value>, i64)],
    bytes_max: Option<usize>,
) -> Pieces {
    let (columns, layout, delta) = delta(rows);
    let mut encoder = OutputFormat::parse(name, &config).unwrap().encoder(columns, layout, key).unwrap();
    if let Some(max) = bytes_max {
        encoder.limit_bytes(max);
    }
    let mut out = Vec::new();
    // The second time as the first.
    for again in [false, true] {
        encoder.begin(Arc::clone(&delta)).unwrap();
        let mut these = Vec::new();
        loop {
            let at_end = encoder.is_at_end();
            match encoder.next() {
                Ok(None) => {
                    assert!(at_end);
                    break;
                }
                Ok(Some(Piece { key, value, records })) => {
                    assert!(!at_end);
                    let text = |b: Vec<u8>| String::from_utf8(b).unwrap();
                    these.push(Ok((key.map(text), text(value.unwrap()), records)));
                }
                Err(e) => these.push(Err(e.to_string())),
            }
        }
        if again && config["update_format"] != "snowflake" {
            assert_eq!(these, out);
        }
        out = these;
    }
    out
}

fn values(of: Pieces) -> Vec<String> {
    of.into_iter().map(|piece| piece.unwrap().1).collect()
}

#[test]
fn pieces_of_json() {
    let rows = [(row(1, Some("a"), 250), -1), (row(1, Some("b"), 300), 1), (row(2, None, 0), 2)];
    let gone = r#"{"delete":{"id":1,"name":"a","price":2.50}}"#;
    let come = r#"{"insert":{"id":1,"name":"b","price":3.00}}"#;
    let two = r#"{"insert":{"id":2,"name":null,"price":0.00}}"#;
    let json = |config: Json| pieces("json", config, None, &rows, None);
    assert_eq!(json(json!({})), [Ok((None, format!("{gone}\n{come}\n{two}\n{two}\n"), 4))]);
    assert_eq!(json(json!({"array": true})), [Ok((None, format!("[{gone},{come},{two},{two}]\n"), 4))]);
    assert_eq!(
        json(json!({"array": true, "buffer_size_records": 3})),
        [Ok((None, format!("[{gone},{come},{two}]\n"), 3)), Ok((None, format!("[{two}]\n"), 1))]
    );
    // Pieces end before they are too long, but for one record.
    for array in [true, false] {
        for max in 0..300 {
            let parts = pieces("json", json!({"array": array}), None, &rows, Some(max));
            let parts: Vec<_> = parts.into_iter().map(Result::unwrap).collect();
            assert!(parts.iter().all(|(_, text, records)| text.len() <= max + 3 || *records == 1), "{max}");
            assert_eq!(parts.iter().map(|(.., records)| records).sum::<usize>(), 4);
        }
    }
    assert_eq!(
        values(json(json!({"update_format": "weighted"}))),
        [concat!(
            r#"{"weight":-1,"data":{"id":1,"name":"a","price":2.50}}"#,
            "\n",
            r#"{"weight":1,"data":{"id":1,"name":"b","price":3.00}}"#,
            "\n",
            r#"{"weight":2,"data":{"id":2,"name":null,"price":0.00}}"#,
            "\n"
        )]
    );
    let flakes = values(json(json!({"update_format": "snowflake", "array": true, "buffer_size_records": 2})));
    let events: Vec<Json> = flakes.iter().flat_map(|f| serde_json::from_str::<Vec<Json>>(f).unwrap()).collect();
    let numbers: Vec<u64> = events.iter().map(|e| e["__seq_number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [4, 5, 6, 7], "the second delta goes on behind the first");
    assert_eq!(
        (&events[0]["__action"], &events[0]["price"], &events[3]["__action"]),
        (&json!("delete"), &json!("2.50"), &json!("insert"))
    );
}

#[test]
fn pieces_of_an_index() {
    let rows = [
        (row(1, Some("a"), 250), -1),
        (row(1, Some("b"), 300), 1),
        (row(2, None, 0), 1),
        (row(3, None, 0), -1),
        (row(4, Some("x"), 1), 1),
        (row(4, Some("y"), 1), 1),
        (row(5, None, 0), 2),
        (row(6, None, 0), 1),
    ];
    let json = |config: Json| pieces("json", config, Some(vec![0]), &rows, None);
    let lines = json(json!({}));
    assert_eq!(lines.len(), 4);
    assert_eq!(
        lines[0].as_ref().unwrap().1,
        concat!(
            r#"{"update":{"id":1,"name":"b","price":3.00}}"#,
            "\n",
            r#"{"insert":{"id":2,"name":null,"price":0.00}}"#,
            "\n",
            r#"{"delete":{"id":3,"name":null,"price":0.00}}"#,
            "\n"
        )
    );
    assert_eq!(
        (&lines[1], &lines[2]),
        (
            &Err(r#"the index is not unique: of the key {"id":4} 2 rows were added"#.into()),
            &Err(r#"the index is not unique: of the key {"id":5} 2 rows were added"#.into())
        )
    );
    assert!(lines[3].as_ref().unwrap().1.contains("\"id\":6"));
    let flakes = json(json!({"update_format": "snowflake"}));
    assert_eq!(flakes[0].as_ref().unwrap().2, 4);
    assert_eq!(flakes[0].as_ref().unwrap().1.lines().count(), 4);
}

#[test]
fn debezium_both_ways() {
    let rows = [(row(1, Some("a"), 250), -1), (row(1, Some("b"), 300), 1), (row(2, None, 0), 1), (row(3, None, 0), -1)];
    let ops = |key: Option<Vec<usize>>, config: Json| -> Vec<(Json, Json)> {
        let parse = |text: &str| serde_json::from_str::<Json>(text).unwrap();
        let pieces = pieces("json", config, key, &rows, None);
        pieces
            .into_iter()
            .map(|piece| {
                let (key, value, records) = piece.unwrap();
                assert_eq!(records, 1);
                (key.map_or(Json::Null, |k| parse(&k)), parse(&value))
            })
            .collect()
    };
    let of = |list: &[(Json, Json)]| -> Vec<String> {
        list.iter().map(|(k, v)| format!("{} {}", k["payload"], v["payload"]["op"].as_str().unwrap())).collect()
    };
    let config = json!({"update_format": "debezium"});
    assert_eq!(of(&ops(None, config.clone())), ["null d", "null d", "null c", "null c"]);
    let keyed = json!({"update_format": "debezium", "key_fields": ["ID", "name"]});
    assert_eq!(
        of(&ops(None, keyed.clone())),
        [
            r#"{"id":1,"name":"a"} d"#,
            r#"{"id":3,"name":null} d"#,
            r#"{"id":1,"name":"b"} c"#,
            r#"{"id":2,"name":null} c"#
        ]
    );
    let indexed = ops(Some(vec![0]), config);
    assert_eq!(of(&indexed), [r#"{"id":1} u"#, r#"{"id":2} c"#, r#"{"id":3} d"#]);
    let fields = json!([
        {"field": "id", "type": "int64", "optional": false},
        {"field": "name", "type": "string", "optional": true},
        {"field": "price", "type": "string", "optional": true}
    ]);
    let (key, value) = &indexed[0];
    assert_eq!(key["schema"], json!({"type": "struct", "optional": false, "fields": [fields[0]]}));
    assert_eq!(
        value,
        &json!({
            "schema": {"type": "struct", "optional": false, "fields": [
                {"field": "before", "type": "struct", "optional": true, "fields": fields},
                {"field": "after", "type": "struct", "optional": true, "fields": fields},
                {"field": "op", "type": "string", "optional": false}
            ]},
            "payload": {"before": {"id": 1, "name": "a", "price": "2.50"}, "after": {"id": 1, "name": "b", "price": "3.00"}, "op": "u"}
        })
    );
    let text: String = indexed.iter().map(|(_, value)| format!("{value}\n")).collect();
    let config = json!({"update_format": "debezium", "json_flavor": "kafka_connect_json_converter"});
    let (again, errors) = read("json", &config, &[&text]);
    assert_eq!((again.len(), errors.len()), (4, 0));
}

#[test]
fn pieces_of_csv() {
    let rows = [(row(1, Some("a;b"), 250), -1), (row(2, None, 0), 1_000_000), (row(3, None, 0), 1_000_001)];
    let csv = |config: Json, max| pieces("csv", config, None, &rows, max);
    let expected = [
        Ok((None, "1;\"a;b\";2.50;-1\n2;;0.00;1000000\n".into(), 2)),
        Err("a row has weight 1000001, and more than 1000000 copies of a row are not written".into()),
    ];
    assert_eq!(csv(json!({"delimiter": ";"}), None), expected);
    assert_eq!(values(csv(json!({}), Some(20))[..2].to_vec()), ["1,a;b,2.50,-1\n", "2,,0.00,1000000\n"]);
}

proptest! {
    /// A stream that is read on by another reader from where the first says is as the whole.
    #[test]
    fn resumed_anywhere(
        text in "(id,name\n)?([0-9]{1,2}(,\"?[a-z\n]{0,3}\"?){0,2}\r?\n|#x\n|\n|\\{\"insert\":\\{\"id\":[0-9],\"name\":\"[a-z\n\\[\\]]{0,3}\"\\}\\}|[\\[{}\\] \n]){0,12}",
        cut in 0usize..100,
        headers in any::<bool>(),
    ) {
        let bytes = text.as_bytes();
        let cut = cut.min(bytes.len());
        for (name, config) in [
            ("csv", json!({"headers": headers, "comment": "#"})),
            ("csv", json!({"headers": headers, "flexible": false})),
            ("json", json!({})),
            ("json", json!({"lines": "single", "array": headers})),
            ("raw", json!({"mode": if headers { "lines" } else { "blob" }, "column_name": "name"})),
        ] {
            let mut table = table();
            if name == "raw" {
                table.columns[0].default = Some(ColumnDefault::Constant(Value::I64(1)));
            }
            let columns = Arc::new(TableColumns::new(&table));
            let format = InputFormat::parse(name, &config).unwrap();
            let reader = |number, resumed| format.reader(columns.clone(), number, resumed).unwrap();
            let (mut changes, mut errors) = (Changes::new(&columns, 1), Vec::new());
            let mut whole = reader(0, false);
            whole.push(bytes, &mut changes, &mut errors);
            whole.finish(&mut changes, &mut errors);
            let expected = (taken(&mut changes), errors, whole.event_number());
            let (mut changes, mut errors) = (Changes::new(&columns, 1), Vec::new());
            let mut first = reader(0, false);
            first.push(&bytes[..cut], &mut changes, &mut errors);
            let from = cut - first.pending_bytes();
            let header = first.header().map(<[String]>::to_vec);
            let mut second = reader(first.event_number(), from > 0);
            if let Some(header) = header {
                second.resume(&header);
            }
            second.push(&bytes[from..], &mut changes, &mut errors);
            second.finish(&mut changes, &mut errors);
            prop_assert_eq!((taken(&mut changes), errors, second.event_number()), expected, "{} {}", name, config);
        }
    }
}
