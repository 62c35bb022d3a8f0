//! Values of every type through JSON of every flavor and through CSV: what is written is read as the same words, what is wrong is told with its
//! place, and no bytes make a reader panic.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

mod values;

use proptest::collection::vec;
use proptest::prelude::*;
use std::sync::Arc;
use values::{any_type, array, map, row_type, typed_value, value_of};
use weir_circuit::{Column, Table};
use weir_io::*;
use weir_row::{Block, ColumnType, Item, ItemWriter, Layout, SortLayout, SqlType, Value};

fn column(name: &str, ty: ColumnType) -> Column {
    Column { name: name.into(), case_sensitive: false, ty, default: None }
}

fn table(columns: Vec<Column>) -> Table {
    Table {
        name: "t".into(),
        case_sensitive: false,
        columns,
        primary_key: None,
        materialized: false,
        append_only: false,
    }
}

type Rows = Vec<(Vec<Value>, i64)>;

fn read(table: &Table, mut reader: Reader, text: &[u8]) -> (Rows, Vec<ParseError>) {
    let (mut changes, mut errors) = (Changes::new(&TableColumns::new(table), 1), Vec::new());
    reader.push(text, &mut changes, &mut errors);
    reader.finish(&mut changes, &mut errors);
    let types: Vec<ColumnType> = table.columns.iter().map(|c| c.ty.clone()).collect();
    let layout = Layout::new(&types);
    let blocks = changes.take().concat();
    let rows = blocks.iter().flat_map(Block::iter).map(|(row, w)| (layout.decode(row).unwrap(), w)).collect();
    (rows, errors)
}

fn from_json(table: &Table, json_flavor: JsonFlavor, text: &[u8]) -> (Rows, Vec<ParseError>) {
    let config = JsonConfig { update_format: UpdateFormat::Raw, json_flavor, ..JsonConfig::default() };
    read(table, Reader::Json(JsonReader::new(Arc::new(TableColumns::new(table)), config, 0)), text)
}

fn from_csv(table: &Table, text: &[u8]) -> (Rows, Vec<ParseError>) {
    read(table, Reader::Csv(Box::new(CsvReader::new(Arc::new(TableColumns::new(table)), 0))), text)
}

/// A row as words, as views put it out.
fn words(columns: &[Column], values: &[Value]) -> (SortLayout, Vec<u64>) {
    let types: Vec<ColumnType> = columns.iter().map(|c| c.ty.clone()).collect();
    let layout = SortLayout::ascending(&types);
    let mut words = Vec::new();
    layout.encode(values, &mut words).unwrap();
    (layout, words)
}

fn to_json(columns: &[Column], flavor: JsonFlavor, values: &[Value]) -> String {
    let (layout, words) = words(columns, values);
    let mut out = Vec::new();
    write_json_row(columns, &layout, flavor, &words, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn to_csv(columns: &[Column], values: &[Value]) -> String {
    let (layout, words) = words(columns, values);
    let mut out = Vec::new();
    write_csv(columns, &layout, [(&words[..], 1)].into_iter(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn from_parquet(table: &Table, file: &[u8]) -> (Rows, Vec<ParseError>) {
    let format = InputFormat::parse("parquet", &serde_json::Value::Null).unwrap();
    read(table, format.reader(Arc::new(TableColumns::new(table)), 0, false).unwrap(), file)
}

/// A file of rows with their weights; nothing, if there are none.
fn to_parquet(columns: &[Column], rows: &[(Vec<Value>, i64)], weights: bool) -> Vec<u8> {
    let mut block = Block::new(0);
    let types: Vec<ColumnType> = columns.iter().map(|c| c.ty.clone()).collect();
    for (row, weight) in rows {
        block.push(&words(columns, row).1, *weight);
    }
    let format = OutputFormat::parse("parquet", &serde_json::json!({ "weights": weights })).unwrap();
    let mut encoder = format.encoder(columns.into(), SortLayout::ascending(&types), None).unwrap();
    encoder.begin(Arc::new(vec![block])).unwrap();
    let file = encoder.next().unwrap().map_or(vec![], |piece| piece.value.unwrap());
    assert_eq!(encoder.next(), Ok(None));
    file
}

const FLAVORS: [JsonFlavor; 9] = [
    JsonFlavor::Default,
    JsonFlavor::DebeziumMysql,
    JsonFlavor::DebeziumPostgres,
    JsonFlavor::Snowflake,
    JsonFlavor::KafkaConnectJsonConverter,
    JsonFlavor::Pandas,
    JsonFlavor::Datagen,
    JsonFlavor::Blockchain,
    JsonFlavor::CHex,
];

/// Whether JSON has no form for a part of the value: a float that is not finite.
fn has_no_json(value: &Value) -> bool {
    match value {
        Value::F32(x) => !x.is_finite(),
        Value::F64(x) => !x.is_finite(),
        Value::Item(bytes) => has_no_finite(Item::new(bytes)),
        _ => false,
    }
}

fn has_no_finite(item: Item<'_>) -> bool {
    match item.view() {
        weir_row::View::F32(x) => !x.is_finite(),
        weir_row::View::F64(x) => !x.is_finite(),
        _ => item.items().any(has_no_finite),
    }
}

/// Whether CSV reads NULL for a value, or has no form of a NULL that it tells from a text.
fn is_no_csv(ty: &ColumnType, value: &Value) -> bool {
    match value {
        Value::Null => matches!(ty.sql, SqlType::Char(_) | SqlType::Varchar(_)),
        Value::Text(s) => ty.nullable && matches!(&**s, "NULL" | "null"),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn json_there_and_back((ty, value) in typed_value()) {
        prop_assume!(!has_no_json(&value));
        let columns = vec![column("the column", ty)];
        for flavor in FLAVORS {
            let text = to_json(&columns, flavor, std::slice::from_ref(&value));
            let (rows, errors) = from_json(&table(columns.clone()), flavor, text.as_bytes());
            prop_assert!(errors.is_empty(), "{:?} {}: {}", flavor, text, errors[0].description);
            prop_assert_eq!(&rows, &[(vec![value.clone()], 1)], "{:?} {}", flavor, text);
        }
    }

    #[test]
    fn csv_there_and_back((ty, value) in typed_value()) {
        prop_assume!(!is_no_csv(&ty, &value));
        prop_assume!(!matches!(&value, Value::Item(bytes) if has_no_finite(Item::new(bytes))));
        // Texts in front and behind, so that commas and quotation marks would be seen.
        let text = |name: &str| column(name, ColumnType::not_null(SqlType::Varchar(None)));
        let columns = vec![text("x"), column("the column", ty), text("y")];
        let values = [Value::text("a,\"b"), value, Value::text("")];
        let line = to_csv(&columns, &values);
        let (rows, errors) = from_csv(&table(columns), line.as_bytes());
        prop_assert!(errors.is_empty(), "{}: {}", line, errors[0].description);
        prop_assert_eq!(&rows, &[(values.to_vec(), 1)], "{}", line);
    }

    #[test]
    fn parquet_there_and_back(rows in (any_type(), any::<bool>()).prop_flat_map(|(sql, nullable)| {
        let ty = ColumnType { sql, nullable };
        vec((value_of(&ty), 1i64..4), 0..6).prop_map(move |rows| (ty.clone(), rows))
    })) {
        let (ty, rows) = rows;
        let columns = vec![column("n", ColumnType::not_null(SqlType::Integer)), column("the column", ty)];
        let rows: Vec<(Vec<Value>, i64)> =
            rows.into_iter().enumerate().map(|(i, (value, w))| (vec![Value::I32(i as i32), value], w)).collect();
        for weights in [true, false] {
            let file = to_parquet(&columns, &rows, weights);
            let (again, errors) = from_parquet(&table(columns.clone()), &file);
            prop_assert!(errors.is_empty(), "{}", errors[0].description);
            let copies = |w: i64| if weights { 1 } else { w as usize };
            let expected: Rows = rows.iter().flat_map(|(row, w)| std::iter::repeat_n((row.clone(), 1), copies(*w))).collect();
            prop_assert_eq!(again, expected);
        }
    }

    /// Whatever comes for whatever type: rows or errors.
    #[test]
    fn any_bytes(
        sql in any_type(),
        nullable in any::<bool>(),
        text in prop_oneof![
            vec(any::<u8>(), 0..60),
            "\\{\"c\":(\\[|\\{\"[a-c1]\":|-?[0-9]{1,4}(\\.[0-9]{1,2})?(e-?[0-9])?|null|true|,|\"[a-c1]\":|\\]|\\}|\"[a-f0-9x]{0,4}\"){0,12}\\}?"
                .prop_map(String::into_bytes),
            "(\\[|\\{\"\"[a-c1]\"\":|-?[0-9]{1,4}|null|true|,|:|\"|\\]|\\}|\"\"x\"\"|\n){0,12}".prop_map(String::into_bytes),
        ],
    ) {
        let table = table(vec![column("c", ColumnType { sql, nullable })]);
        for flavor in FLAVORS {
            from_json(&table, flavor, &text);
        }
        from_csv(&table, &text);
    }

    /// A value of one type where another is expected: a value of that other type or an error, never a panic.
    #[test]
    fn other_types((ty, value) in typed_value(), other in any_type()) {
        let columns = vec![column("c", ty)];
        let table = table(vec![column("c", ColumnType::not_null(other))]);
        for flavor in [JsonFlavor::Default, JsonFlavor::KafkaConnectJsonConverter, JsonFlavor::CHex] {
            from_json(&table, flavor, to_json(&columns, flavor, std::slice::from_ref(&value)).as_bytes());
        }
        from_parquet(&table, &to_parquet(&columns, &[(vec![value.clone()], 1)], true));
        from_csv(&table, to_csv(&columns, &[value]).as_bytes());
    }
}

/// One value as JSON of each flavor.
#[test]
fn flavors() {
    let columns: Vec<Column> = [
        ("t", SqlType::Time),
        ("d", SqlType::Date),
        ("ts", SqlType::Timestamp),
        ("tz", SqlType::TimestampTz),
        ("n", SqlType::Decimal { precision: 5, scale: 2 }),
        ("v", SqlType::Variant),
        ("b", SqlType::Varbinary(None)),
    ]
    .map(|(name, sql)| column(name, ColumnType::not_null(sql)))
    .into();
    let us = 1_708_863_153_250_000;
    let mut variant = ItemWriter::new();
    variant.begin_array();
    variant.text("x");
    variant.end();
    let values = [
        Value::Time(25_500_250_000_000),
        Value::Date(19_778),
        Value::Ts(us),
        Value::Tz(us),
        Value::Dec(500),
        Value::Item(variant.finish().into()),
        Value::Bytes([1, 255].into()),
    ];
    let text = r#""t":"07:05:00.250","d":"2024-02-25","#;
    let blank = r#""ts":"2024-02-25 12:12:33.250","tz":"2024-02-25 12:12:33.250+00:00","n":5.00"#;
    let zoned = |zone: &str| format!(r#""ts":"2024-02-25T12:12:33.250{zone}","tz":"2024-02-25T12:12:33.250{zone}""#);
    let millis = r#""ts":1708863153250,"tz":1708863153250,"n":"5.00""#;
    let string = r#""v":"[\"x\"]""#;
    for (flavor, json) in [
        (JsonFlavor::Default, format!(r#"{{{text}{blank},"v":["x"],"b":[1,255]}}"#)),
        (
            JsonFlavor::DebeziumMysql,
            format!(r#"{{"t":25500250000,"d":19778,{},"n":"5.00",{string},"b":[1,255]}}"#, zoned("Z")),
        ),
        (JsonFlavor::DebeziumPostgres, format!(r#"{{"t":25500250000,"d":19778,{millis},{string},"b":[1,255]}}"#)),
        (JsonFlavor::KafkaConnectJsonConverter, format!(r#"{{"t":25500250,"d":19778,{millis},{string},"b":[1,255]}}"#)),
        (JsonFlavor::Snowflake, format!(r#"{{{text}{},"n":"5.00",{string},"b":[1,255]}}"#, zoned("+00:00"))),
        (JsonFlavor::Pandas, format!(r#"{{{text}{millis},{string},"b":[1,255]}}"#)),
        (JsonFlavor::Blockchain, format!(r#"{{{text}{blank},{string},"b":"9p"}}"#)),
        (JsonFlavor::CHex, format!(r#"{{{text}{blank},{string},"b":"0x01ff"}}"#)),
    ] {
        assert_eq!(to_json(&columns, flavor, &values), json, "{flavor:?}");
    }
    let line =
        "07:05:00.250,2024-02-25,2024-02-25 12:12:33.250,2024-02-25 12:12:33.250+00:00,5.00,\"[\"\"x\"\"]\",01ff,1\n";
    assert_eq!(to_csv(&columns, &values), line);
}

/// `a ROW(x INT, "Y" VARCHAR NULL, z DECIMAL(4, 1) NULL) ARRAY, m MAP<INT, DATE>, u UUID, v VARIANT, b VARBINARY`, all nullable.
fn nested() -> Table {
    let decimal = SqlType::Decimal { precision: 4, scale: 1 };
    let row = row_type(&[("x", SqlType::Integer, false), ("Y", SqlType::Varchar(None), true), ("z", decimal, true)]);
    let columns = [
        ("a", array(row)),
        ("m", map(SqlType::Integer, SqlType::Date)),
        ("u", SqlType::Uuid),
        ("v", SqlType::Variant),
        ("b", SqlType::Varbinary(None)),
    ];
    table(columns.map(|(name, sql)| column(name, ColumnType::nullable(sql))).into())
}

/// What is read of a record, written again.
fn again(text: &str) -> String {
    let table = nested();
    let (rows, errors) = from_json(&table, JsonFlavor::Default, text.as_bytes());
    assert_eq!(errors, [], "{text}");
    to_json(&table.columns, JsonFlavor::Default, &rows[0].0)
}

#[test]
fn what_is_taken() {
    // Fields by name whatever their order and case, unless they were quoted; unknown ones are nothing; of equal names and keys the last counts.
    assert_eq!(
        again(
            r#"{"a":[{"Y":"y","X":1,"y":"no","q":[{}]},{"Z":"1.25","x":2,"x":3},null],"m":{"7":null,"-7":"2024-1-2","7":"2024-02-25"}}"#
        ),
        r#"{"a":[{"x":1,"Y":"y","z":null},{"x":3,"Y":null,"z":1.2},null],"m":{"-7":"2024-01-02","7":"2024-02-25"},"u":null,"v":null,"b":null}"#
    );
    assert_eq!(
        again(
            r#"{"u":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16],"v":{"b":123456789012345678901234567890.5,"a":null},"b":[]}"#
        ),
        r#"{"a":null,"m":null,"u":"01020304-0506-0708-090a-0b0c0d0e0f10","v":{"a":null,"b":123456789012345678901234567890.5},"b":[]}"#
    );
    let table = nested();
    let hex = from_json(&table, JsonFlavor::CHex, br#"{"b":"0XaF","v":"{\"x\":1}"} {"b":"af"}"#);
    assert_eq!(hex.1, []);
    assert_eq!(hex.0[0].0[4], Value::Bytes([0xaf].into()));
    assert_eq!(hex.0[1].0[4], Value::Bytes([0xaf].into()));
    let csv =
        "\"[{\"\"x\"\":1}, null]\",{},{01020304-0506-0708-090a-0b0c0d0e0f10},\"[1,\"\"a\"\"]\",0xAf\nNULL,null,,,\n";
    let (rows, errors) = from_csv(&table, csv.as_bytes());
    assert_eq!(errors, []);
    assert_eq!(
        to_csv(&table.columns, &rows[0].0),
        "\"[{\"\"x\"\":1,\"\"Y\"\":null,\"\"z\"\":null},null]\",{},01020304-0506-0708-090a-0b0c0d0e0f10,\"[1,\"\"a\"\"]\",af,1\n"
    );
    assert_eq!(rows[1].0, vec![Value::Null; 5]);
    let ints = [SqlType::Integer, SqlType::UBigInt, SqlType::Double, SqlType::Real];
    let table = super_table(&ints);
    let (rows, errors) = from_csv(&table, b"0x1f,0xffffffffffffffff,-inf,1e99\n 7 ,0,NAN,\n");
    assert_eq!(errors, []);
    let expected = [Value::I32(31), Value::U64(u64::MAX), Value::F64(f64::NEG_INFINITY), Value::F32(f32::INFINITY)];
    assert_eq!(rows[0].0, expected);
    assert_eq!(rows[1].0, [Value::I32(7), Value::U64(0), Value::F64(f64::NAN), Value::Null]);
}

fn super_table(types: &[SqlType]) -> Table {
    table(types.iter().map(|sql| column("c", ColumnType::nullable(sql.clone()))).collect())
}

#[test]
fn what_is_refused_and_where() {
    let table = nested();
    for (text, message) in [
        (
            r#"{"a":[{"x":1},{"x":"1"}]}"#,
            r#"field 'a'[2].x: invalid type: string "1", expected i32 at line 1 column 22"#,
        ),
        (r#"{"a":[{"x":1},{"y":"1"}]}"#, "field 'a'[2].x: the field is missing, and it is NOT NULL"),
        (r#"{"a":[{"x":null}]}"#, "field 'a'[1].x: invalid type: null, expected i32"),
        (
            r#"{"a":[{"x":1,"z":12345}]}"#,
            "field 'a'[1].z: invalid value: 12345, expected a number that fits DECIMAL(4, 1)",
        ),
        (r#"{"a":[7]}"#, "field 'a'[1]: invalid type: integer `7`, expected an object"),
        (r#"{"a":{"x":1}}"#, "field 'a': invalid type: map, expected an array"),
        (
            r#"{"m":{"1":"2024-02-25","x":null}}"#,
            "field 'm'['x']: invalid key: \"x\", expected a whole number of 32 bits",
        ),
        (r#"{"m":{"1":"2024-02-30"}}"#, "field 'm'['1']: invalid value: string \"2024-02-30\", expected a date"),
        (r#"{"u":"0102"}"#, "field 'u': invalid value: string \"0102\", expected a UUID"),
        (r#"{"u":[1,2]}"#, "field 'u': invalid value: sequence, expected a UUID"),
        (r#"{"b":[1,256]}"#, "field 'b': invalid value: integer `256`, expected u8"),
        (r#"{"b":"ff"}"#, "field 'b': invalid type: string \"ff\", expected an array of bytes"),
        (r#"{"v":1e40}"#, "field 'v': invalid value: a number of more than 38 digits at byte 1"),
        (r#"{"v":["\ud800"]}"#, "field 'v': invalid value: half of a surrogate pair"),
    ] {
        let (rows, errors) = from_json(&table, JsonFlavor::Default, text.as_bytes());
        assert_eq!((rows.len(), errors.len()), (0, 1), "{text}");
        assert!(errors[0].description.contains(message), "{text}: {}", errors[0].description);
        assert_eq!(errors[0].field.as_deref(), text.get(2..3), "{text}");
    }
    let deep = format!(r#"{{"v":{}{}}}"#, "[".repeat(101), "]".repeat(101));
    let (rows, errors) = from_json(&table, JsonFlavor::Default, deep.as_bytes());
    assert_eq!((rows.len(), errors.len()), (0, 1));
    assert!(errors[0].description.contains("too deep"), "{}", errors[0].description);
    let (_, errors) = from_json(&table, JsonFlavor::Pandas, br#"{"v":[1]}"#);
    assert!(errors[0].description.contains("expected a string that holds JSON"), "{}", errors[0].description);
    let (_, errors) = from_csv(&table, b"\"[{\"\"x\"\":1},{\"\"x\"\":true}]\",,,,\n,,1,,\n,,,,0xf\n");
    let expected = [
        "field 'a'[2].x: invalid type: boolean `true`, expected i32",
        "field 'u': invalid value: \"1\", expected a UUID",
        "field 'b': invalid value: \"0xf\", expected bytes in hexadecimal",
    ];
    assert_eq!(errors.len(), expected.len());
    for (error, message) in errors.iter().zip(expected) {
        assert!(error.description.contains(message), "{}", error.description);
    }
    let zones = super_table(&[SqlType::TimestampTz]);
    let (rows, errors) =
        from_csv(&zones, b"2024-02-25 12:12:33\n2024-02-25T13:12:33+01:00\n0001-01-01 00:00:00+01:00\n");
    assert_eq!(rows, [(vec![Value::Tz(1_708_863_153_000_000)], 1)]);
    assert_eq!(errors.iter().map(|e| e.event_number.unwrap()).collect::<Vec<_>>(), [1, 3]);
}
