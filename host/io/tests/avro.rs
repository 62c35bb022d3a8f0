//! Avro messages: of every type there and back, as the library reads and writes them, of other schemas than ours, and such as are none.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

#[allow(dead_code, reason = "others use the rest")]
mod values;

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value as Avro;
use apache_avro::writer::datum::GenericDatumWriter;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use std::sync::Arc;
use values::{any_type, value_of};
use weir_circuit::{Column, ColumnDefault, Table};
use weir_io::*;
use weir_row::{Block, ColumnType, Layout, RowType, SortLayout, SqlType, Value};

fn column(name: &str, sql: SqlType, nullable: bool) -> Column {
    Column { name: name.into(), case_sensitive: false, ty: ColumnType { sql, nullable }, default: None }
}

fn table(columns: &[Column]) -> Table {
    Table {
        name: "t".into(),
        case_sensitive: false,
        columns: columns.to_vec(),
        primary_key: None,
        materialized: false,
        append_only: false,
    }
}

fn reader(columns: &[Column], config: &Json) -> Result<Reader, FormatError> {
    let columns = Arc::new(TableColumns::new(&table(columns)));
    InputFormat::parse("avro", config)?.reader(columns, 0, false)
}

/// Rows with weights as JSON, and errors.
fn read(columns: &[Column], reader: &mut Reader, messages: &[Vec<u8>]) -> (Vec<String>, Vec<ParseError>) {
    let (rows, errors) = read_values(columns, reader, messages);
    let types: Vec<ColumnType> = columns.iter().map(|c| c.ty.clone()).collect();
    let layout = SortLayout::ascending(&types);
    let rows = rows.iter().map(|(row, weight)| {
        let (mut words, mut out) = (Vec::new(), Vec::new());
        layout.encode(row, &mut words).unwrap();
        write_json_row(columns, &layout, JsonFlavor::Default, &words, &mut out).unwrap();
        format!("{weight} {}", String::from_utf8(out).unwrap())
    });
    (rows.collect(), errors)
}

type Rows = Vec<(Vec<Value>, i64)>;

fn read_values(columns: &[Column], reader: &mut Reader, messages: &[Vec<u8>]) -> (Rows, Vec<ParseError>) {
    let (mut changes, mut errors) = (Changes::new(&TableColumns::new(&table(columns)), 1), Vec::new());
    for message in messages {
        // Cut anywhere.
        let (a, b) = message.split_at(message.len() / 2);
        reader.push(a, &mut changes, &mut errors);
        reader.push(b, &mut changes, &mut errors);
        assert_eq!(reader.pending_bytes() == 0, message.is_empty());
        reader.finish(&mut changes, &mut errors);
    }
    let types: Vec<ColumnType> = columns.iter().map(|c| c.ty.clone()).collect();
    let blocks = changes.take().concat();
    let decode = |(row, weight): (&[u64], i64)| (Layout::new(&types).decode(row).unwrap(), weight);
    (blocks.iter().flat_map(Block::iter).map(decode).collect(), errors)
}

fn encoder(columns: &[Column], config: &Json, key: Option<Vec<usize>>) -> Result<Encoder, FormatError> {
    let types: Vec<ColumnType> = columns.iter().map(|c| c.ty.clone()).collect();
    OutputFormat::parse("avro", config)?.encoder(columns.into(), SortLayout::ascending(&types), key)
}

fn begin(columns: &[Column], encoder: &mut Encoder, rows: &[(Vec<Value>, i64)]) {
    let types: Vec<ColumnType> = columns.iter().map(|c| c.ty.clone()).collect();
    let mut block = Block::new(0);
    for (row, weight) in rows {
        let mut words = Vec::new();
        SortLayout::ascending(&types).encode(row, &mut words).unwrap();
        block.push(&words, *weight);
    }
    encoder.begin(Arc::new(vec![block])).unwrap();
}

/// The same type, its fields with names that Avro has.
fn renamed(sql: SqlType) -> SqlType {
    match sql {
        SqlType::Array(of) => SqlType::Array(Box::new(renamed(*of))),
        SqlType::Map(key, of) => SqlType::Map(key, Box::new(renamed(*of))),
        SqlType::Row(row) => {
            let names = ["a", "Bb", "c_1"];
            let fields =
                row.fields.into_iter().zip(names).map(|((_, ty), name)| {
                    (name.to_owned(), ColumnType { sql: renamed(ty.sql), nullable: ty.nullable })
                });
            SqlType::Row(RowType { name: None, fields: fields.collect() })
        }
        sql => sql,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn there_and_back(of in (any_type().prop_map(renamed), any::<bool>()).prop_flat_map(|(sql, nullable)| {
        let ty = ColumnType { sql, nullable };
        vec(value_of(&ty), 1..4).prop_map(move |values| (ty.clone(), values))
    })) {
        let (ty, values) = of;
        let columns = [column("n", SqlType::UBigInt, false), Column { ty, ..column("x", SqlType::Date, true) }];
        let config = json!({"registry_urls": "http://localhost"});
        let mut encoder = encoder(&columns, &config, None).unwrap();
        let schemas = encoder.schemas("topic");
        prop_assert_eq!(schemas.len(), 1);
        prop_assert_eq!(&*schemas[0].subject, "topic-value");
        let rows: Rows = values.into_iter().enumerate().map(|(i, v)| (vec![Value::U64(u64::MAX - i as u64), v], 1)).collect();
        begin(&columns, &mut encoder, &rows);
        prop_assert!(encoder.next().unwrap_err().to_string().contains("not registered"));
        encoder.registered(None, Some(258));
        begin(&columns, &mut encoder, &rows);
        let messages: Vec<Vec<u8>> = std::iter::from_fn(|| encoder.next().unwrap()).map(|p| p.value.unwrap()).collect();
        // The library reads it, to its end.
        let schema = Schema::parse_str(&schemas[0].schema).unwrap();
        for message in &messages {
            prop_assert_eq!(&message[..5], &[0, 0, 0, 1, 2]);
            let mut rest = &message[5..];
            let value = GenericDatumReader::builder(&schema).build().unwrap().read_value(&mut rest);
            prop_assert!(value.is_ok() && rest.is_empty(), "{:?} {:?}", value, rest);
        }
        let mut reader = reader(&columns, &config).unwrap();
        prop_assert_eq!(reader.wants(&messages[0]), Some(258));
        reader.provide(258, &schemas[0].schema, &[]).unwrap();
        prop_assert_eq!(reader.wants(&messages[0]), None);
        let (again, errors) = read_values(&columns, &mut reader, &messages);
        prop_assert!(errors.is_empty(), "{}", errors[0].description);
        prop_assert_eq!(again, rows);
    }

    /// Bytes that are no message, of a schema with everything in it: rows or errors, no panic, and nothing that takes for ever.
    #[test]
    fn hostile(bytes in vec(any::<u8>(), 0..80), cut in any::<prop::sample::Index>()) {
        let columns = [column("x", SqlType::Array(Box::new(SqlType::Date)), true), column("s", SqlType::Varchar(None), true)];
        let schema = json!({"type": "record", "name": "r", "fields": [
            {"name": "y", "type": {"type": "array", "items": "null"}},
            {"name": "z", "type": {"type": "map", "values": ["null", "long", {"type": "enum", "name": "e", "symbols": ["A"]}]}},
            {"name": "x", "type": ["null", {"type": "array", "items": {"type": "int", "logicalType": "date"}}]},
            {"name": "s", "type": ["e", "string", "bytes"]},
        ]});
        let mut reader = reader(&columns, &json!({"schema": schema, "skip_schema_id": true})).unwrap();
        read(&columns, &mut reader, &[bytes.clone(), bytes[..cut.index(bytes.len() + 1)].to_vec()]);
        // What the library writes, with a byte changed.
        let schema = Schema::parse(&schema).unwrap();
        let mut message = GenericDatumWriter::builder(&schema).build().unwrap().write_value_to_vec(Avro::Record(vec![
            ("y".into(), Avro::Array(vec![Avro::Null; 3])),
            ("z".into(), Avro::Map([("k".to_owned(), Avro::Union(1, Box::new(Avro::Long(5))))].into())),
            ("x".into(), Avro::Union(1, Box::new(Avro::Array(vec![Avro::Date(7)])))),
            ("s".into(), Avro::Union(1, Box::new(Avro::String("text".into())))),
        ])).unwrap();
        prop_assert_eq!(read(&columns, &mut reader, std::slice::from_ref(&message)).0, ["1 {\"x\":[\"1970-01-08\"],\"s\":\"text\"}"]);
        if let Some(byte) = bytes.first() {
            let at = cut.index(message.len());
            message[at] = *byte;
            read(&columns, &mut reader, &[message]);
        }
    }
}

/// What the library writes of a schema.
fn written(schema: &Json, fields: Vec<(&str, Avro)>) -> Vec<u8> {
    let schema = Schema::parse(schema).unwrap();
    let record = Avro::Record(fields.into_iter().map(|(n, v)| (n.to_owned(), v)).collect());
    GenericDatumWriter::builder(&schema).build().unwrap().write_value_to_vec(record).unwrap()
}

#[test]
fn schemas_of_others() {
    let row = RowType {
        name: None,
        fields: vec![
            ("x".into(), ColumnType::not_null(SqlType::BigInt)),
            ("z".into(), ColumnType::nullable(SqlType::Date)),
        ],
    };
    let mut columns = vec![
        column("id", SqlType::BigInt, false),
        column("small", SqlType::TinyInt, true),
        column("dec", SqlType::Decimal { precision: 6, scale: 2 }, true),
        column("money", SqlType::Decimal { precision: 6, scale: 2 }, true),
        column("real", SqlType::Double, true),
        column("e", SqlType::Varchar(None), true),
        column("ts", SqlType::Timestamp, true),
        column("tz", SqlType::TimestampTz, true),
        column("t", SqlType::Time, true),
        column("u", SqlType::Uuid, true),
        column("v", SqlType::Variant, true),
        column("b", SqlType::Varbinary(None), true),
        column("r", SqlType::Row(row), true),
        column("m", SqlType::Map(Box::new(SqlType::Integer), Box::new(SqlType::Double)), true),
        column("def", SqlType::Integer, false),
    ];
    columns.last_mut().unwrap().default = Some(ColumnDefault::Constant(Value::I32(7)));
    let schema = json!({"type": "record", "name": "r", "namespace": "a.b", "fields": [
        {"name": "skipped", "type": {"type": "record", "name": "inner", "fields": [{"name": "x", "type": "int"}, {"name": "q", "type": "string"}]}},
        {"name": "ID", "type": "int"},
        {"name": "small", "type": ["long", "null"]},
        {"name": "dec", "type": {"type": "fixed", "size": 4, "name": "f4", "logicalType": "decimal", "precision": 9, "scale": 3}},
        {"name": "money", "type": "string"},
        {"name": "real", "type": "float"},
        {"name": "e", "type": {"type": "enum", "name": "e", "symbols": ["A", "B"]}},
        {"name": "ts", "type": {"type": "long", "connect.name": "io.debezium.time.Timestamp"}},
        {"name": "tz", "type": "string"},
        {"name": "t", "type": {"type": "int", "logicalType": "time-millis"}},
        {"name": "u", "type": {"type": "fixed", "size": 16, "name": "f16", "logicalType": "uuid"}},
        {"name": "v", "type": "string"},
        {"name": "b", "type": "a.b.f4"},
        {"name": "r", "type": ["null", "inner"]},
        {"name": "m", "type": {"type": "map", "values": "double"}},
    ]});
    let inner = || Avro::Record(vec![("x".into(), Avro::Int(1)), ("q".into(), Avro::String("q".into()))]);
    let message = |small: Option<i64>| {
        written(
            &schema,
            vec![
                ("skipped", inner()),
                ("ID", Avro::Int(5)),
                (
                    "small",
                    small.map_or(Avro::Union(1, Box::new(Avro::Null)), |n| Avro::Union(0, Box::new(Avro::Long(n)))),
                ),
                ("dec", Avro::Decimal(apache_avro::Decimal::from((-1235i32).to_be_bytes().to_vec()))),
                ("money", Avro::String(" 1.50".into())),
                ("real", Avro::Float(0.5)),
                ("e", Avro::Enum(1, "B".into())),
                ("ts", Avro::Long(1_708_863_153_250)),
                ("tz", Avro::String("2024-02-25T13:12:33.25+01:00".into())),
                ("t", Avro::TimeMillis(25_500_250)),
                ("u", Avro::Uuid(apache_avro::Uuid::from_u128(0x0102))),
                ("v", Avro::String("{\"k\":[1]}".into())),
                ("b", Avro::Decimal(apache_avro::Decimal::from(vec![0, 1, 2, 255]))),
                ("r", Avro::Union(1, Box::new(inner()))),
                ("m", Avro::Map([("-7".to_owned(), Avro::Double(1.5))].into())),
            ],
        )
    };
    let config = json!({"schema": schema, "skip_schema_id": true, "workers": 4});
    // The field of a decimal that is bytes of another kind does not go.
    let error = reader(&columns, &config).unwrap_err();
    assert_eq!(error.key.as_deref(), Some("schema"));
    assert!(error.message.contains("column 'b': VARBINARY does not go with Avro's decimal"), "{error}");
    columns.retain(|c| c.name != "b");
    let mut reader = reader(&columns, &config).unwrap();
    let (rows, errors) = read(&columns, &mut reader, &[message(Some(-128)), message(Some(128)), message(None)]);
    let row = |small: &str| {
        format!(
            r#"1 {{"id":5,"small":{small},"dec":-1.24,"money":1.50,"real":0.5,"e":"B","ts":"2024-02-25 12:12:33.250","tz":"2024-02-25 12:12:33.250+00:00","t":"07:05:00.250","u":"00000000-0000-0000-0000-000000000102","v":{{"k":[1]}},"r":{{"x":1,"z":null}},"m":{{"-7":1.5}},"def":7}}"#
        )
    };
    assert_eq!(rows, [row("-128"), row("null")]);
    assert_eq!((errors.len(), errors[0].event_number, errors[0].field.as_deref()), (1, Some(2), Some("small")));
    assert!(errors[0].description.contains("TINYINT cannot be read from Avro's long"), "{errors:?}");
    assert!(errors[0].invalid_bytes.is_some() || errors[0].invalid_text.is_some());
}

#[test]
fn messages_that_are_none() {
    let columns = [column("id", SqlType::Integer, false), column("s", SqlType::Varchar(None), true)];
    let schema = json!({"type": "record", "name": "r", "fields": [{"name": "id", "type": ["null", "int"]}, {"name": "s", "type": ["null", "string"]}]});
    let good = written(
        &schema,
        vec![("id", Avro::Union(1, Box::new(Avro::Int(1)))), ("s", Avro::Union(0, Box::new(Avro::Null)))],
    );
    let with = |message: &[u8]| [&[0, 0, 0, 0, 0][..], message].concat();
    let config = json!({"schema": schema});
    let mut reader = reader(&columns, &config).unwrap();
    let long = vec![0; RECORD_BYTES_MAX + 1];
    let messages = [
        with(&good),
        good.clone(),
        with(&good[..1]),
        with(&[&good[..], &[9]].concat()),
        with(&[0, 0]),
        with(&[4, 0]),
        with(&[2, 2, 2, 2, 0xff]),
        b"Obj\x01 and so on".to_vec(),
        long,
        vec![],
        with(&good),
    ];
    let (rows, errors) = read(&columns, &mut reader, &messages);
    assert_eq!(rows.len(), 2);
    let told: Vec<_> = errors.iter().map(|e| (e.event_number.unwrap(), e.description.as_str())).collect();
    let expected = [
        (2, "does not begin with the number of its schema"),
        (3, "the message ends within a value"),
        (4, "1 bytes are left behind it"),
        (5, "error reading field 'id': NULL, and the column is NOT NULL"),
        (6, "error reading field 'id': a union of 2 has no member 2"),
        (7, "error reading field 's': invalid utf-8"),
        (8, "it is a file of Avro's"),
        (9, "the message is longer than 33554432 bytes"),
    ];
    assert_eq!(told.len(), expected.len(), "{told:?}");
    for (told, (number, why)) in told.iter().zip(expected) {
        assert_eq!(told.0, number, "{}", told.1);
        assert!(told.1.contains(why), "{}", told.1);
    }
}

#[test]
fn configurations() {
    let columns = [column("id", SqlType::Integer, false), column("a b", SqlType::Varchar(None), true)];
    let input = |config: Json| InputFormat::parse("avro", &config).unwrap_err();
    let output = |config: Json| OutputFormat::parse("avro", &config).unwrap_err();
    let schema = |of: Json| json!({"schema": {"type": "record", "name": "r", "fields": [{"name": "id", "type": of}]}});
    let deep = (0..70).fold(json!("int"), |of, _| json!({"type": "array", "items": of}));
    for (error, key, message) in [
        (input(json!({})), None, "needs a 'schema', or 'registry_urls'"),
        (input(json!({"schema": "{"})), Some("schema"), "EOF while parsing"),
        (input(schema(json!("r"))), Some("schema"), "the type 'r' contains itself"),
        (input(schema(json!("q"))), Some("schema"), "there is no type 'q'"),
        (input(schema(deep)), Some("schema"), "deeper than 64"),
        (input(json!({"registry_urls": ["ftp://x"]})), Some("registry_urls"), "http or https"),
        (
            input(json!({"schema": "\"int\"", "registry_password": "x"})),
            Some("registry_password"),
            "there are no 'registry_urls'",
        ),
        (
            input(json!({"registry_urls": ["http://x"], "registry_password": "x"})),
            Some("registry_username"),
            "belong together",
        ),
        (
            input(json!({"registry_urls": ["http://x"], "skip_schema_id": true})),
            Some("skip_schema_id"),
            "do not say which schema",
        ),
        (
            input(json!({"registry_urls": ["http://x"], "update_format": "confluent_jdbc"})),
            Some("update_format"),
            "none for input",
        ),
        (input(json!({"registry_urls": ["http://x"], "key_mode": "none"})), Some("key_mode"), "has no 'key_mode'"),
        (output(json!({"update_format": "debezium"})), Some("update_format"), "none for output"),
        (output(json!({"namespace": "a..b"})), Some("namespace"), "with dots in between"),
        (output(json!({"update_format": "confluent_jdbc", "cdc_field": "op"})), Some("cdc_field"), "'raw'"),
        (output(json!({"update_format": "confluent_jdbc", "key_mode": "none"})), Some("key_mode"), "cannot be 'none'"),
        (output(json!({"subject_name_strategy": "topic"})), Some("subject_name_strategy"), "one of"),
        (encoder(&columns, &json!({}), None).unwrap_err(), None, "column 'a b' has a name that Avro does not have"),
        (encoder(&columns[..1], &json!({"key_mode": "key_fields"}), None).unwrap_err(), Some("key_mode"), "no 'index'"),
        (
            encoder(&columns[..1], &schema(json!("string")), None).unwrap_err(),
            Some("schema"),
            "INTEGER does not go with Avro's string",
        ),
        (
            reader(&columns[..1], &json!({"schema": {"type": "record", "name": "r", "fields": []}})).unwrap_err(),
            Some("schema"),
            "no field for column 'id'",
        ),
        (reader(&columns[..1], &json!({"schema": "\"int\""})).unwrap_err(), Some("schema"), "no record"),
    ] {
        assert_eq!(error.key.as_deref(), key, "{error}");
        assert!(error.message.contains(message), "{error}");
    }
    let config = json!({"registry_urls": ["http://x"], "registry_username": "u", "registry_password": "p"});
    let format = InputFormat::parse("avro", &config).unwrap();
    assert_eq!(InputFormat::parse("avro", &format.shown()), Ok(format.clone()));
    assert_eq!(format.registry().unwrap().registry_urls, ["http://x"]);
}

#[test]
fn what_a_registry_tells() {
    let columns = [column("id", SqlType::BigInt, false), column("name", SqlType::Varchar(None), true)];
    let old = json!({"type": "record", "name": "r", "fields": [{"name": "id", "type": "int"}, {"name": "title", "type": "string"}]});
    let new = json!({"type": "record", "name": "r", "fields": [
        {"name": "id", "type": "long"},
        {"name": "name", "type": "string", "aliases": ["title"]},
        {"name": "more", "type": "int", "default": 8}
    ]});
    let old_message = written(&old, vec![("id", Avro::Int(1)), ("title", Avro::String("a".into()))]);
    let new_message =
        written(&new, vec![("id", Avro::Long(2)), ("name", Avro::String("b".into())), ("more", Avro::Int(9))]);
    let with = |id: u8, message: &[u8]| [&[0, 0, 0, 0, id][..], message].concat();
    let messages = [with(1, &old_message), with(2, &new_message), with(3, &new_message)];
    // By themselves: what the table has no column for is nothing.
    let mut plain = reader(&columns, &json!({"registry_urls": "http://x"})).unwrap();
    let wanted: Vec<_> = messages.iter().map(|m| plain.wants(m)).collect();
    assert_eq!(wanted, [Some(1), Some(2), Some(3)]);
    plain.provide(1, &old.to_string(), &[]).unwrap();
    plain.provide(2, &new.to_string(), &[]).unwrap();
    let error = plain.provide(3, r#"{"type": "record", "name": "r", "fields": []}"#, &[]).unwrap_err();
    assert!(error.message.contains("schema 3 of the registry: the schema has no field for column 'id'"), "{error}");
    let (rows, errors) = read(&columns, &mut plain, &messages);
    assert_eq!(rows, [r#"1 {"id":1,"name":null}"#, r#"1 {"id":2,"name":"b"}"#]);
    assert_eq!((errors.len(), errors[0].event_number), (1, Some(3)));
    assert!(errors[0].description.contains("its schema 3: the schema has no field for column 'id'"), "{errors:?}");
    // One that the registry does not have may come to be there; one that is refused is not asked for again.
    assert_eq!((plain.wants(&with(4, &new_message)), plain.wants(&messages[2])), (Some(4), None));
    let (_, errors) = read(&columns, &mut plain, &[with(4, &new_message)]);
    assert!(errors[0].description.contains("its schema 4 is not known to the registry"), "{errors:?}");
    plain.refuse(4, "it is of another kind");
    assert_eq!(plain.wants(&with(4, &new_message)), None);
    let (_, errors) = read(&columns, &mut plain, &[with(4, &new_message)]);
    assert!(errors[0].description.contains("its schema 4: it is of another kind"), "{errors:?}");
    // A file is one message, which comes in pieces.
    let (mut changes, mut errors) = (Changes::new(&TableColumns::new(&table(&columns)), 1), Vec::new());
    assert_eq!(plain.wanted(), None);
    plain.push(&with(5, &new_message), &mut changes, &mut errors);
    assert_eq!(plain.wanted(), Some(5));
    plain.provide(5, &new.to_string(), &[]).unwrap();
    plain.finish(&mut changes, &mut errors);
    assert_eq!((plain.wanted(), changes.rows(), errors.len()), (None, 1, 0));
    // A schema may name types of others, which may do so, too.
    let id = json!({"type": "fixed", "name": "common.Id", "size": 4}).to_string();
    let name = json!({"type": "record", "name": "Name", "namespace": "common", "fields": [
        {"name": "by", "type": "Id"}, {"name": "text", "type": "string"}]});
    let whole = json!({"type": "record", "name": "r", "fields": [{"name": "id", "type": "long"}, {"name": "who", "type": "common.Name"}]});
    let missing = plain.provide(6, &whole.to_string(), &[]).unwrap_err();
    assert!(missing.message.contains("no type 'common.Name'"), "{missing}");
    let wrong = plain.provide(6, &whole.to_string(), &[name.to_string()]).unwrap_err();
    assert!(wrong.message.contains("a schema that it refers to"), "{wrong}");
    plain.provide(6, &whole.to_string(), &[id, name.to_string()]).unwrap();
    let (rows, errors) = read(&columns, &mut plain, &[with(6, b"\x0eabcd\x02x")]);
    assert_eq!((rows, errors), (vec![r#"1 {"id":7,"name":null}"#.to_owned()], vec![]));
    // Resolved to a schema, by Avro's rules: aliases, defaults, and what it does not have is passed over.
    let mut columns = columns.to_vec();
    columns.push(column("more", SqlType::Integer, false));
    let mut resolved = reader(&columns, &json!({"registry_urls": "http://x", "schema": new})).unwrap();
    resolved.provide(1, &old.to_string(), &[]).unwrap();
    resolved.provide(2, &new.to_string(), &[]).unwrap();
    let (rows, errors) = read(&columns, &mut resolved, &messages[..2]);
    assert_eq!(errors, []);
    assert_eq!(rows, [r#"1 {"id":1,"name":"a","more":8}"#, r#"1 {"id":2,"name":"b","more":9}"#]);
    let error = resolved.provide(4, r#"{"type": "record", "name": "r", "fields": []}"#, &[]).unwrap_err();
    assert!(error.message.contains("no field 'id', for which 'schema' has no default"), "{error}");
}

#[test]
fn debezium() {
    let columns = [column("id", SqlType::Integer, false), column("s", SqlType::Varchar(None), true)];
    let schema = json!({"type": "record", "name": "Envelope", "namespace": "db.t", "fields": [
        {"name": "before", "type": ["null", {"type": "record", "name": "Value", "fields": [
            {"name": "id", "type": "int"}, {"name": "s", "type": ["null", "string"]}
        ]}], "default": null},
        {"name": "after", "type": ["null", "Value"], "default": null},
        {"name": "op", "type": "string"}
    ]});
    let row = |id: Option<i32>| match id {
        None => Avro::Union(0, Box::new(Avro::Null)),
        Some(id) => {
            let row = vec![("id".to_owned(), Avro::Int(id)), ("s".to_owned(), Avro::Union(0, Box::new(Avro::Null)))];
            Avro::Union(1, Box::new(Avro::Record(row)))
        }
    };
    let event = |before, after| {
        written(&schema, vec![("before", row(before)), ("after", row(after)), ("op", Avro::String("?".into()))])
    };
    let config = json!({"schema": schema, "skip_schema_id": true, "update_format": "debezium"});
    let mut reader = reader(&columns, &config).unwrap();
    let mut half = event(Some(1), Some(2));
    half.truncate(half.len() - 4);
    let (rows, errors) = read(
        &columns,
        &mut reader,
        &[event(None, Some(1)), event(Some(1), Some(2)), half, event(Some(2), None), vec![]],
    );
    assert_eq!(
        rows,
        [r#"1 {"id":1,"s":null}"#, r#"-1 {"id":1,"s":null}"#, r#"1 {"id":2,"s":null}"#, r#"-1 {"id":2,"s":null}"#]
    );
    assert_eq!((errors.len(), errors[0].event_number), (1, Some(3)), "half of an event is not taken");
}

#[test]
fn what_is_written() {
    let columns = [column("id", SqlType::Integer, false), column("s", SqlType::Varchar(None), true)];
    let row = |id: i32, s: &str| vec![Value::I32(id), Value::text(s)];
    let rows = [(row(1, "a"), -1), (row(1, "b"), 1), (row(2, "c"), 1), (row(3, "d"), -1)];
    let messages = |config: Json, key: Option<Vec<usize>>| -> Vec<Result<Piece, String>> {
        let mut encoder = encoder(&columns, &config, key).unwrap();
        begin(&columns, &mut encoder, &rows);
        std::iter::from_fn(|| encoder.next().map_err(|e| e.to_string()).transpose()).collect()
    };
    let value = |id: u8, s: u8| vec![2 * id, 2, 2, s];
    let some = |key: Option<Vec<u8>>, value: Option<Vec<u8>>| Ok(Piece { key, value, records: 1 });
    // Rows that go cannot be told.
    let plain = messages(json!({"skip_schema_id": true}), None);
    assert!(plain[0].is_err() && plain[1].is_err());
    assert_eq!(plain[2..], [some(None, Some(value(1, b'b'))), some(None, Some(value(2, b'c')))]);
    let cdc = messages(json!({"skip_schema_id": true, "cdc_field": "op"}), None);
    let with = |id: u8, s: u8, op: u8| Some([&value(id, s)[..], &[2, op]].concat());
    let expected = [(1, b'a', b'D'), (3, b'd', b'D'), (1, b'b', b'I'), (2, b'c', b'I')];
    assert_eq!(cdc, expected.map(|(id, s, op)| some(None, with(id, s, op))));
    let cdc = messages(json!({"skip_schema_id": true, "cdc_field": "op", "key_mode": "none"}), Some(vec![0]));
    assert_eq!(cdc, [(1, b'b', b'U'), (2, b'c', b'I'), (3, b'd', b'D')].map(|(id, s, op)| some(None, with(id, s, op))));
    let jdbc = messages(json!({"update_format": "confluent_jdbc"}), Some(vec![0]));
    let head = |bytes: &[u8]| Some([&[0, 0, 0, 0, 0][..], bytes].concat());
    assert_eq!(
        jdbc,
        [some(head(&[2]), head(&value(1, b'b'))), some(head(&[4]), head(&value(2, b'c'))), some(head(&[6]), None)]
    );
    let whole = messages(json!({"update_format": "confluent_jdbc", "skip_schema_id": true}), None);
    assert_eq!(whole[0], some(Some(value(1, b'a')), None));
    // Schemas, by the ways in which they are called.
    let subjects = |strategy: &str| -> Vec<String> {
        let config = json!({"registry_urls": "http://x", "namespace": "n.s", "subject_name_strategy": strategy});
        let schemas = encoder(&columns, &config, Some(vec![0])).unwrap().schemas("t");
        assert_eq!(schemas.iter().map(|s| s.is_key).collect::<Vec<_>>(), [true, false]);
        let key =
            json!({"type": "record", "name": "key", "namespace": "n.s", "fields": [{"name": "id", "type": "int"}]});
        assert_eq!(serde_json::from_str::<Json>(&schemas[0].schema).unwrap(), key);
        schemas.into_iter().map(|s| s.subject).collect()
    };
    assert_eq!(subjects("topic_name"), ["t-key", "t-value"]);
    assert_eq!(subjects("record_name"), ["n.s.key", "n.s.value"]);
    assert_eq!(subjects("topic_record_name"), ["t-n.s.key", "t-n.s.value"]);
    // A schema of one's own: other widths, other members first, fields that stay NULL.
    let own = json!({"schema": {"type": "record", "name": "r", "fields": [
        {"name": "S", "type": ["null", "bytes"]}, {"name": "more", "type": ["string", "null"]}, {"name": "ID", "type": "long"}
    ]}, "skip_schema_id": true});
    assert_eq!(messages(own, None)[2], some(None, Some(vec![2, 2, b'b', 2, 2])));
    // What comes back.
    let config = json!({"skip_schema_id": true, "cdc_field": "op", "schema": {"type": "record", "name": "r", "fields": [
        {"name": "id", "type": "int"}, {"name": "s", "type": ["null", "string"]}, {"name": "op", "type": "string"}
    ]}});
    let mut reader = reader(&columns, &config).unwrap();
    let written: Vec<Vec<u8>> = messages(config, None).into_iter().map(|p| p.unwrap().value.unwrap()).collect();
    let weights: Vec<i64> = read_values(&columns, &mut reader, &written).0.iter().map(|(_, w)| *w).collect();
    assert_eq!(weights, [-1, -1, 1, 1]);
}
