//! All targets for a few seconds: seeds from the tree, then mutations of them. `WEIR_FUZZ_SECONDS` says how long each, `WEIR_SEED` which.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::panic::catch_unwind;
use std::path::Path;
use std::time::{Duration, Instant};
use weir_fuzz::{Mutator, TARGETS, Unit};
use weir_row::{ColumnType, ItemWriter, Layout, SqlType, Value};

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(usual)
}

fn files(folder: &str, extension: &str) -> Vec<String> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    let mut paths: Vec<_> = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    paths.retain(|p| p.extension().is_some_and(|e| e == extension));
    paths.sort();
    paths.iter().map(|p| std::fs::read_to_string(p).unwrap()).collect()
}

fn bytes(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|t| t.as_bytes().to_vec()).collect()
}

/// Programs: those of the front end's tests cut into statements, and the registry's examples.
fn programs() -> Vec<Vec<u8>> {
    let mut out: Vec<Vec<u8>> = files("host/sql/tests/corpus", "sql").iter().map(|s| s.as_bytes().to_vec()).collect();
    out.extend(weir_sql::examples().map(|e| format!("CREATE VIEW v AS SELECT {} AS x;", e.sql).into_bytes()));
    for file in files("tests/slt", "slt") {
        out.extend(
            file.split("\n\n")
                .filter(|b| b.len() < 1000)
                .map(|b| b.split_once('\n').map_or(b, |(_, b)| b).as_bytes().to_vec()),
        );
    }
    out
}

fn circuits() -> Vec<Vec<u8>> {
    let source = "CREATE TABLE t (a INT, s VARCHAR, ia INT ARRAY); CREATE VIEW v AS SELECT a, COUNT(*) AS n, MAX(s) AS m FROM t WHERE s LIKE 'a%' GROUP BY a;
        CREATE VIEW w AS SELECT DISTINCT CASE WHEN a > 1 THEN TRANSFORM(ia, x -> x + 1)[1] ELSE COALESCE(a, 3) END AS x FROM t;";
    let circuit = serde_json::to_string(&weir_sql::compile(source).unwrap().circuit).unwrap();
    vec![circuit.into_bytes()]
}

/// What programs say of connectors: all transports with all their options.
fn connectors() -> Vec<Vec<u8>> {
    let kafka = r#""bootstrap.servers": "a:9092,b", "group_join_timeout_secs": 3, "log_level": "debug", "sasl.mechanism": "PLAIN", "fetch.wait.max.ms": 5"#;
    bytes(&[
        "\0[{\"name\": \"a\", \"transport\": {\"name\": \"file_input\", \"config\": {\"path\": \"x/y.csv\", \"follow\": true}}, \"format\": {\"name\": \"csv\", \"config\": {\"headers\": true, \"delimiter\": \";\"}}, \"labels\": [\"l\"], \"max_batch_size\": 7, \"soft_delete\": true, \"max_queued_bytes\": 9}]",
        "\x02[{\"transport\": {\"name\": \"url_input\", \"config\": {\"path\": \"https://[::1]:8/x?y#z\"}}, \"format\": {\"name\": \"json\", \"config\": {\"update_format\": \"raw\", \"array\": true, \"json_flavor\": \"pandas\"}}, \"start_after\": [\"a\", \"b\"], \"paused\": true}]",
        "\0[{\"transport\": {\"name\": \"datagen\", \"config\": {\"seed\": 3, \"plan\": [{\"limit\": 9, \"rate\": 2.5, \"fields\": {\"a\": {\"strategy\": \"zipf\", \"e\": 2, \"range\": [-5, 70]}, \"b\": {\"strategy\": \"name\", \"null_percentage\": 10}, \"at\": {\"values\": [\"2026-01-01 00:00:00\"]}}}]}}}]",
        "\0[{\"transport\": {\"name\": \"s3_input\", \"config\": {\"bucket_name\": \"b\", \"prefix\": \"p/\", \"no_sign_request\": true, \"endpoint_url\": \"http://127.0.0.1:9\"}}, \"format\": {\"name\": \"parquet\"}}]",
        &format!(
            "\0[{{\"transport\": {{\"name\": \"kafka_input\", \"config\": {{\"topic\": \"t\", {kafka}, \"start_from\": {{\"offsets\": [1, 2]}}, \"partitions\": [0, 3]}}}}, \"format\": {{\"name\": \"avro\", \"config\": {{\"schema\": \"\\\"string\\\"\", \"skip_schema_id\": true}}}}}}]"
        ),
        &format!(
            "\x01[{{\"index\": \"by_a\", \"transport\": {{\"name\": \"kafka_output\", \"config\": {{\"topic\": \"t\", {kafka}, \"headers\": [{{\"key\": \"k\", \"value\": [1, 2]}}]}}}}, \"format\": {{\"name\": \"json\", \"config\": {{\"update_format\": \"debezium\"}}}}, \"enable_output_buffer\": true, \"max_output_buffer_time_millis\": 5}}]"
        ),
        "\x01[{\"transport\": {\"name\": \"file_output\", \"config\": {\"path\": \"o\"}}, \"format\": {\"name\": \"csv\"}, \"send_snapshot\": true}, {\"transport\": {\"name\": \"null_output\"}}]",
    ])
}

/// Circuits whose tables are made of metadata.
fn defaults() -> Vec<Vec<u8>> {
    let source = "CREATE TABLE t (a VARIANT DEFAULT CONNECTOR_METADATA(), b BIGINT DEFAULT CAST(CONNECTOR_METADATA()['kafka_offset'] AS BIGINT) * 2 + 1,
        c VARCHAR DEFAULT UPPER(SUBSTRING(CAST(CONNECTOR_METADATA()['kafka_topic'] AS VARCHAR) FROM 1 FOR 3)) || 'x',
        d TIMESTAMP DEFAULT TIMESTAMP_TRUNC(CAST(CONNECTOR_METADATA()['kafka_timestamp'] AS TIMESTAMP), DAY), e INT DEFAULT 7); CREATE VIEW v AS SELECT a FROM t;";
    vec![serde_json::to_vec(&weir_sql::compile(source).unwrap().circuit).unwrap()]
}

/// Arguments of functions: formats, patterns and texts.
fn arguments() -> Vec<Vec<u8>> {
    bytes(&[
        "%Y-%m-%d %H:%M:%S%.f\x002026-08-07 07:05:00.25",
        "%a %A %b %B %j %U %W %V %G %g %u %w %C %y %e\0Fri Friday",
        "%-d/%_m/%0e %I:%M %p %s %.3f %6f %Z %:z %+ %D %v %R %T%%\x007/8/2026",
        "(a|b)*[^c-e]+?\\d{2,5}(?i)x$\0aab12x",
        "(?P<n>.)\\b\0$1 ${n} $$",
        "a#%_%b\0a%xxb",
        "Europe/Oslo\0+02:00",
        "2026-08-07 07:05:00 Europe/Oslo\0-3 04:05:06.5",
        "{\"a\": [1, 2.5e3, null, {\"b c\": \"\\u00e9\"}], \"d\": -9223372036854775809}\0{}",
        " -1234567890.0987654321e-5 \0inf",
        "123e4567-e89b-12d3-a456-426614174000\0 TRUE ",
    ])
}

/// A row with every type.
const ROW: &str = "{\"b\": true, \"i1\": -128, \"i8\": 9223372036854775807, \"u8\": 18446744073709551615, \"d\": \"1.25\", \"d38\": 1e3, \"r\": 1.5, \"x\": -1e300, \
        \"s\": \"\\u00e9\", \"c\": \"ab\", \"bin\": [1, 255], \"b4\": \"0x01020304\", \"dt\": \"2026-08-07\", \"tm\": \"07:05:00.25\", \"ts\": \"2026-08-07 07:05:00\", \
        \"tz\": \"2026-08-07T07:05:00+02:00\", \"u\": \"123e4567-e89b-12d3-a456-426614174000\", \"ia\": [1, null], \"m\": {\"a\": 1.5}, \
        \"p\": {\"a\": 1, \"b\": \"x\"}, \"ps\": [{\"a\": null, \"b\": \"\"}], \"v\": {\"a\": [1, {\"b\": null}]}}";

fn records() -> Vec<Vec<u8>> {
    let row = ROW;
    let mut out = vec![];
    for (how, text) in [
        (0u8, row.to_string()),
        (2, format!("{{\"insert\": {row}}}\n{{\"delete\": {row}}}")),
        (4, format!("{{\"weight\": -2, \"data\": {row}}}")),
        (6, format!("{{\"payload\": {{\"op\": \"u\", \"before\": {row}, \"after\": {row}}}}}")),
        (0x42, format!("[{{\"insert\": {row}}}]")),
        (0x83, "{\"insert\": {\"id\": 1, \"s\": null}}\n{\"update\": {\"id\": 1, \"v\": \"{\\\"a\\\": 1}\"}}\n{\"delete\": {\"id\": 1}}".to_string()),
    ] {
        for flavor in 0..9 {
            out.push([&[how, flavor, 40], text.as_bytes()].concat());
        }
    }
    out
}

fn lines() -> Vec<Vec<u8>> {
    let row = "true,-128,,NULL,9223372036854775807,255,18446744073709551615,1.25,1e3,1.5,-inf,\"a\"\"b\",ab,0x01,,2026-08-07,07:05:00.25,\
        2026-08-07 07:05:00,2026-08-07T07:05:00+02:00,123e4567-e89b-12d3-a456-426614174000,\"[1,null]\",\"{\"\"a\"\": 1.5}\",,,\"{\"\"a\"\": [1]}\"\r\n";
    vec![
        format!("\0\x09{row}").into_bytes(),
        format!("\0\x50{row}{row}").into_bytes(),
        b"\x01\x031,\"x\ny\",\"{}\"\n2,,\n".to_vec(),
        b"\xbb\x09 v ; id \n#x\n{};7\n\\a;8\n".to_vec(),
        b"\x43\x14s,id\n\"x,1\n".to_vec(),
    ]
}

/// The row as one flavor takes it.
fn row() -> String {
    ROW.replace("\"0x01020304\"", "[1, 2, 3, 4]").replace("\"a\": null", "\"a\": 3")
}

/// Files with rows of every type.
fn parquet() -> Vec<Vec<u8>> {
    let none = serde_json::json!({"weights": false});
    [row(), format!("{0} {{}} {0}", row())].iter().flat_map(|rows| weir_fuzz::written("parquet", &none, rows)).collect()
}

/// Messages, and schemas.
fn avro() -> Vec<Vec<u8>> {
    let config = serde_json::json!({"skip_schema_id": true});
    let messages = weir_fuzz::written("avro", &config, &format!("{} {{}}", row()));
    let schema = br#"{"type":"record","name":"r","fields":[{"name":"s","type":["null","string"],"aliases":["t"],"default":null},
        {"name":"ia","type":{"type":"array","items":{"type":"record","name":"q","namespace":"n","fields":[]}}},{"name":"i4","type":["n.q","int"]}]}"#;
    let message = |m: Vec<u8>| [&[0][..], &m].concat();
    messages.into_iter().map(message).chain([[&[1][..], schema].concat()]).collect()
}

/// Rows of two layouts, after the bytes that choose their types.
fn words() -> Vec<Vec<u8>> {
    let all: [(u8, SqlType, Value); 6] = [
        (4, SqlType::BigInt, Value::I64(i64::MIN)),
        (9, SqlType::Decimal { precision: 9, scale: 2 }, Value::Dec(125)),
        (10, SqlType::Decimal { precision: 38, scale: 10 }, Value::Dec(-1)),
        (12, SqlType::Double, Value::F64(2.5)),
        (13, SqlType::Varchar(None), Value::text("a longer text, é")),
        (22, SqlType::Variant, Value::Item(array().into())),
    ];
    let mut out = vec![];
    for pair in all.windows(3) {
        let columns: Vec<_> = pair.iter().map(|(_, sql, _)| ColumnType::nullable(sql.clone())).collect();
        let values: Vec<_> = pair.iter().map(|(_, _, v)| v.clone()).collect();
        let mut words = vec![];
        Layout::new(&columns).encode(&values, &mut words).unwrap();
        let mut data = vec![3];
        // A multiple of the number of types, and the bit that says that the column is nullable.
        data.extend(pair.iter().map(|(t, _, _)| t + 150));
        data.extend(words.iter().flat_map(|w| w.to_le_bytes()));
        out.push(data);
    }
    out
}

fn array() -> Vec<u8> {
    let mut out = ItemWriter::new();
    out.begin_array();
    out.i32(-7);
    out.text("a\0b");
    out.begin_map();
    out.text("k");
    out.dec(-1250, 3);
    out.end();
    out.begin_row();
    out.null();
    out.binary(&[0, 255]);
    out.end();
    out.end();
    out.finish()
}

#[test]
fn targets_hold() {
    let time = Duration::from_millis(1000 * setting("WEIR_FUZZ_SECONDS", 2));
    let seed = setting("WEIR_SEED", 1);
    let mut wrong = vec![];
    for (name, target) in TARGETS {
        let (seeds, unit) = match name {
            "sql" => (programs(), Unit::Token),
            "circuit" => (circuits(), Unit::Token),
            "calls" => (arguments(), Unit::Token),
            "rows" => (words(), Unit::Byte),
            "items" => (vec![array()], Unit::Byte),
            "json" => (records(), Unit::Token),
            "csv" => (lines(), Unit::Token),
            "raw" => (bytes(&["\x02\x05a\nlines\r\n\n", "\x01\x02blob"]), Unit::Byte),
            "parquet" => (parquet(), Unit::Byte),
            "avro" => (avro(), Unit::Byte),
            "connectors" => (connectors(), Unit::Token),
            "defaults" => (defaults(), Unit::Token),
            other => panic!("no seeds for {other}"),
        };
        let begun = Instant::now();
        let mut count = 0;
        for input in seeds.clone().into_iter().chain(Mutator::new(seeds, unit, seed)) {
            count += 1;
            if catch_unwind(|| target(&input)).is_err() {
                wrong.push(format!("{name}: {:?}", String::from_utf8_lossy(&input)));
            }
            if begun.elapsed() > time || wrong.len() > 20 {
                break;
            }
        }
        println!("{name}: {count} inputs in {:?}", begun.elapsed());
    }
    wrong.sort_by_key(String::len);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
