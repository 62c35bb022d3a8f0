//! Parquet files as other programs write them, files that are none, and what is written.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

use ::arrow::array::*;
use ::arrow::datatypes::{DataType, Field, Fields, Int32Type, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use parquet::file::properties::WriterProperties;
use proptest::prelude::*;
use serde_json::json;
use std::sync::Arc;
use weir_circuit::{Column, ColumnDefault, Table};
use weir_io::*;
use weir_row::{Block, ColumnType, RowType, SortLayout, SqlType, Value};

fn column(name: &str, sql: SqlType, nullable: bool) -> Column {
    Column { name: name.into(), case_sensitive: false, ty: ColumnType { sql, nullable }, default: None }
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

fn file(columns: Vec<(&str, ArrayRef)>, compression: Compression) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap();
    let properties =
        WriterProperties::builder().set_compression(compression).set_max_row_group_row_count(Some(2)).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

/// Rows as JSON, and errors as texts with numbers and fields.
fn read(columns: &[Column], pieces: &[&[u8]]) -> (Vec<String>, Vec<ParseError>) {
    let table = table(columns.to_vec());
    let described = Arc::new(TableColumns::new(&table));
    let format = InputFormat::parse("parquet", &json!({})).unwrap();
    let mut reader = format.reader(described.clone(), 0, false).unwrap();
    let (mut changes, mut errors) = (Changes::new(&described, 1), Vec::new());
    for piece in pieces {
        reader.push(piece, &mut changes, &mut errors);
    }
    assert_eq!(reader.pending_bytes(), pieces.iter().map(|p| p.len()).sum::<usize>());
    reader.finish(&mut changes, &mut errors);
    assert_eq!(reader.pending_bytes(), 0);
    let types: Vec<ColumnType> = columns.iter().map(|c| c.ty.clone()).collect();
    let (storage, layout) = (weir_row::Layout::new(&types), SortLayout::ascending(&types));
    let blocks = changes.take().concat();
    let rows = blocks.iter().flat_map(Block::iter).map(|(row, weight)| {
        assert_eq!(weight, 1);
        let (mut words, mut out) = (Vec::new(), Vec::new());
        layout.encode(&storage.decode(row).unwrap(), &mut words).unwrap();
        write_json_row(columns, &layout, JsonFlavor::Default, &words, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    });
    (rows.collect(), errors)
}

#[test]
fn as_other_programs_write() {
    let row = RowType {
        name: None,
        fields: vec![
            ("x".into(), ColumnType::not_null(SqlType::BigInt)),
            ("y".into(), ColumnType::nullable(SqlType::Varchar(None))),
            ("z".into(), ColumnType::nullable(SqlType::Date)),
        ],
    };
    let mut columns = vec![
        column("big", SqlType::BigInt, false),
        column("small", SqlType::UTinyInt, true),
        column("dec", SqlType::Decimal { precision: 6, scale: 2 }, true),
        column("real", SqlType::Double, true),
        column("s", SqlType::Varchar(None), true),
        column("ts", SqlType::Timestamp, true),
        column("tz", SqlType::TimestampTz, true),
        column("d", SqlType::Date, true),
        column("t", SqlType::Time, true),
        column("u", SqlType::Uuid, true),
        column("v", SqlType::Variant, true),
        column("b", SqlType::Varbinary(None), true),
        column("a", SqlType::Array(Box::new(SqlType::Row(row))), true),
        column("m", SqlType::Map(Box::new(SqlType::Varchar(None)), Box::new(SqlType::Integer)), true),
        column("missing", SqlType::Integer, true),
        column("nothing", SqlType::Array(Box::new(SqlType::Integer)), true),
        column("def", SqlType::Integer, false),
    ];
    columns.last_mut().unwrap().default = Some(ColumnDefault::Constant(Value::I32(7)));
    let fields: Fields = vec![
        Field::new("Y", DataType::LargeUtf8, true),
        Field::new("other", DataType::Boolean, true),
        Field::new("X", DataType::Int32, true),
    ]
    .into();
    let structs = StructArray::new(
        fields.clone(),
        vec![
            Arc::new(LargeStringArray::from(vec!["p", "q", "r"])),
            Arc::new(BooleanArray::from(vec![true; 3])),
            Arc::new(Int32Array::from(vec![1, 2, 3])),
        ],
        None,
    );
    let lists = LargeListArray::new(
        Arc::new(Field::new("element", DataType::Struct(fields), true)),
        ::arrow::buffer::OffsetBuffer::from_lengths([1, 0, 2]),
        Arc::new(structs),
        Some(vec![true, false, true].into()),
    );
    let mut map = MapBuilder::new(None, StringBuilder::new(), Int64Builder::new());
    for entry in [Some("k"), None, Some("l")] {
        if let Some(key) = entry {
            map.keys().append_value(key);
            map.values().append_value(5);
        }
        map.append(true).unwrap();
    }
    let uuids = [[0u8; 16], [1; 16], [255; 16]];
    let arrays = |compression| {
        file(
            vec![
                ("BIG", Arc::new(Int32Array::from(vec![1, -2, 3])) as ArrayRef),
                ("Small", Arc::new(Int64Array::from(vec![Some(0), None, Some(255)]))),
                (
                    "dec",
                    Arc::new(Decimal128Array::from(vec![1_234_567, 0, -5]).with_precision_and_scale(20, 3).unwrap()),
                ),
                ("real", Arc::new(Float32Array::from(vec![Some(0.5), Some(f32::NAN), None]))),
                ("s", Arc::new(DictionaryArray::<Int32Type>::from_iter([Some("x"), None, Some("x")]))),
                (
                    "ts",
                    Arc::new(TimestampMillisecondArray::from(vec![1_708_863_153_250i64; 3]).with_timezone("+01:00")),
                ),
                ("tz", Arc::new(TimestampNanosecondArray::from(vec![1_708_863_153_250_000_999i64; 3]))),
                ("d", Arc::new(Date32Array::from(vec![19_778; 3]))),
                ("t", Arc::new(Time32MillisecondArray::from(vec![25_500_250; 3]))),
                ("u", Arc::new(FixedSizeBinaryArray::try_from_iter(uuids.iter()).unwrap())),
                ("v", Arc::new(StringViewArray::from(vec![r#"{"k":[1]}"#, "null", "1.50"]))),
                ("b", Arc::new(LargeBinaryArray::from(vec![&b"\x01\xff"[..], b"", b"x"]))),
                ("a", Arc::new(lists.clone())),
                ("m", Arc::new(map.finish_cloned())),
                ("extra", Arc::new(Int32Array::from(vec![1, 2, 3]))),
                ("nothing", Arc::new(NullArray::new(3))),
            ],
            compression,
        )
    };
    for compression in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::ZSTD(ZstdLevel::default()),
        Compression::LZ4_RAW,
    ] {
        let bytes = arrays(compression);
        let (rows, errors) = read(&columns, &[&bytes]);
        assert_eq!(errors, [], "{compression:?}");
        let common = |front: &str, u: &str, back: &str| {
            format!(
                r#"{{{front},"ts":"2024-02-25 12:12:33.250","tz":"2024-02-25 12:12:33.250+00:00","d":"2024-02-25","t":"07:05:00.250","u":"{u}",{back},"missing":null,"nothing":null,"def":7}}"#
            )
        };
        let expected = [
            common(
                r#""big":1,"small":0,"dec":1234.57,"real":0.5,"s":"x""#,
                "00000000-0000-0000-0000-000000000000",
                r#""v":{"k":[1]},"b":[1,255],"a":[{"x":1,"y":"p","z":null}],"m":{"k":5}"#,
            ),
            common(
                r#""big":-2,"small":null,"dec":0.00,"real":null,"s":null"#,
                "01010101-0101-0101-0101-010101010101",
                r#""v":null,"b":[],"a":null,"m":{}"#,
            ),
            common(
                r#""big":3,"small":255,"dec":-0.01,"real":null,"s":"x""#,
                "ffffffff-ffff-ffff-ffff-ffffffffffff",
                r#""v":1.5,"b":[120],"a":[{"x":2,"y":"q","z":null},{"x":3,"y":"r","z":null}],"m":{"l":5}"#,
            ),
        ];
        assert_eq!(rows, expected);
        let (a, b) = bytes.split_at(bytes.len() / 3);
        assert_eq!(read(&columns, &[a, b, b""]).0, rows);
    }
}

#[test]
fn bad_rows_among_good_ones() {
    let element = SqlType::Array(Box::new(SqlType::TinyInt));
    let columns = [
        column("id", SqlType::SmallInt, false),
        column("u", SqlType::Uuid, true),
        column("v", SqlType::Variant, true),
        column("d", SqlType::Date, true),
        column("a", element, true),
    ];
    let uuid = "00000000-0000-0000-0000-000000000000";
    let lists = ListArray::from_iter_primitive::<Int32Type, _, _>([
        Some(vec![Some(1), None]),
        Some(vec![]),
        Some(vec![Some(128)]),
        None,
        Some(vec![Some(2)]),
        None,
        Some(vec![Some(-128)]),
    ]);
    let bytes = file(
        vec![
            (
                "id",
                Arc::new(Int32Array::from(vec![Some(1), Some(40_000), Some(3), None, Some(5), Some(6), Some(7)]))
                    as ArrayRef,
            ),
            ("u", Arc::new(StringArray::from(vec![uuid, uuid, uuid, uuid, "x", uuid, uuid]))),
            ("v", Arc::new(StringArray::from(vec!["1", "1", "1", "1", "1", "{", "1"]))),
            ("d", Arc::new(Date32Array::from(vec![0, 0, 0, 0, 0, 0, 10_000_000]))),
            ("a", Arc::new(lists)),
        ],
        Compression::SNAPPY,
    );
    let (rows, errors) = read(&columns, &[&bytes]);
    assert_eq!(rows, [format!(r#"{{"id":1,"u":"{uuid}","v":1,"d":"1970-01-01","a":[1,null]}}"#)]);
    let told: Vec<_> =
        errors.iter().map(|e| (e.event_number.unwrap(), e.field.as_deref().unwrap(), &e.description)).collect();
    let expected = [
        (2, "id", "the value does not fit SMALLINT"),
        (3, "a", "the value does not fit TINYINT ARRAY"),
        (4, "id", "NULL, and the column is NOT NULL"),
        (5, "u", "'x' is no UUID"),
        (6, "v", "a VARIANT is inserted as the text of its JSON: a key is missing"),
        (7, "d", ""),
    ];
    assert_eq!(told.len(), expected.len(), "{told:?}");
    for (told, (number, field, why)) in told.iter().zip(expected) {
        assert_eq!((told.0, told.1), (number, field));
        assert!(told.2.contains(why), "{}", told.2);
    }
    let shown = errors[2].invalid_text.as_deref().unwrap();
    assert_eq!(shown, format!("{{id: NULL, u: {uuid}, v: 1, d: 1970-01-01, a: NULL}}"));
}

#[test]
fn files_that_do_not_fit() {
    let columns = [
        column("id", SqlType::Integer, false),
        column("s", SqlType::Varchar(None), false),
        column(
            "r",
            SqlType::Row(RowType { name: None, fields: vec![("x".into(), ColumnType::not_null(SqlType::Date))] }),
            true,
        ),
    ];
    let wrong = StructArray::from(vec![(
        Arc::new(Field::new("x", DataType::Utf8, true)),
        Arc::new(StringArray::from(vec!["x"])) as ArrayRef,
    )]);
    let bytes =
        file(vec![("id", Arc::new(Float64Array::from(vec![1.0]))), ("r", Arc::new(wrong))], Compression::SNAPPY);
    let (rows, errors) = read(&columns, &[&bytes]);
    let errors: Vec<_> =
        errors.iter().map(|e| (e.event_number, e.description.as_str(), e.suggestion.as_deref())).collect();
    assert_eq!(rows.len(), 0);
    assert_eq!(
        errors,
        [
            (None, "failed to read a Parquet file: column 'id': INTEGER cannot be read from Float64", None),
            (None, "failed to read a Parquet file: column 'r': its field 'x': DATE cannot be read from Utf8", None),
            (
                None,
                "failed to read a Parquet file: it has no column 's', which is NOT NULL and has no DEFAULT",
                Some("It has the columns 'id', 'r'.")
            ),
        ]
    );
    for junk in [&b"PAR1"[..], b"PAR1PAR1", b"{\"id\":1}", &[0xff; 100], &bytes[..bytes.len() - 1]] {
        let (rows, errors) = read(&columns, &[junk]);
        assert_eq!((rows.len(), errors.len()), (0, 1));
        assert!(errors[0].description.starts_with("failed to read a Parquet file: "), "{errors:?}");
    }
    assert_eq!(read(&columns, &[]), (vec![], vec![]));
    let big = vec![0; PARQUET_BYTES_MAX / 2 + 1];
    let (_, errors) = read(&columns, &[&big, &big, &big]);
    assert_eq!(errors.len(), 1);
    assert!(errors[0].description.contains("longer than 256 MiB"), "{errors:?}");
}

fn encoder(config: serde_json::Value, rows: &[(Vec<Value>, i64)]) -> (Encoder, Result<(), WriteError>) {
    let columns = [column("t", SqlType::Time, false), column("l", SqlType::Array(Box::new(SqlType::Time)), true)];
    let types: Vec<ColumnType> = columns.iter().map(|c| c.ty.clone()).collect();
    let layout = SortLayout::ascending(&types);
    let mut block = Block::new(0);
    for (row, weight) in rows {
        let mut words = Vec::new();
        layout.encode(row, &mut words).unwrap();
        block.push(&words, *weight);
    }
    let format = OutputFormat::parse("parquet", &config).unwrap();
    let mut encoder = format.encoder(columns.to_vec().into(), layout, None).unwrap();
    let begun = encoder.begin(Arc::new(vec![block]));
    (encoder, begun)
}

/// Whatever Arrow reads of it.
fn batches(file: Vec<u8>) -> Vec<RecordBatch> {
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(file));
    reader.unwrap().build().unwrap().map(Result::unwrap).collect()
}

#[test]
fn what_is_written() {
    let row = |ns: i64| vec![Value::Time(ns), Value::Null];
    let rows = [(row(1), -2), (row(2), 1), (row(3), 3)];
    let (mut with, _) = encoder(json!({"buffer_size_records": 2}), &rows);
    assert!(with.pieces_are_files() && !with.counts_copies());
    let first = with.next().unwrap().unwrap();
    let second = with.next().unwrap().unwrap();
    assert_eq!((first.records, second.records, with.next()), (2, 1, Ok(None)));
    let batch = &batches(first.value.unwrap())[0];
    let schema = Schema::new(vec![
        Field::new("t", DataType::UInt64, false),
        Field::new("l", DataType::new_list(DataType::UInt64, true), true),
        Field::new("__weight", DataType::Int64, false),
    ]);
    assert_eq!(batch.schema().fields(), schema.fields());
    assert_eq!(batch.column(0).as_primitive::<::arrow::datatypes::UInt64Type>().values(), &[1, 2]);
    assert_eq!(batch.column(2).as_primitive::<::arrow::datatypes::Int64Type>().values(), &[-2, 1]);
    let (_, begun) = encoder(json!({"weights": false}), &rows);
    assert_eq!(begun, Err(WriteError::Deletion));
    let (mut without, _) = encoder(json!({"weights": false, "buffer_size_records": 3}), &rows[1..]);
    assert!(without.counts_copies());
    let sizes: Vec<usize> =
        std::iter::from_fn(|| without.next().unwrap()).map(|p| batches(p.value.unwrap())[0].num_rows()).collect();
    assert_eq!(sizes, [3, 1]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// A file with bytes changed: rows or errors, no panic.
    #[test]
    fn damaged(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), cut in any::<prop::sample::Index>()) {
        let lists = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1), None]), None, Some(vec![])]);
        let mut bytes = file(
            vec![
                ("id", Arc::new(Int32Array::from(vec![1, 2, 3])) as ArrayRef),
                ("s", Arc::new(DictionaryArray::<Int32Type>::from_iter(["x", "y", "x"]))),
                ("l", Arc::new(lists)),
            ],
            Compression::SNAPPY,
        );
        for (at, to) in changes {
            let at = at.index(bytes.len());
            bytes[at] = to;
        }
        let columns = [
            column("id", SqlType::Integer, false),
            column("s", SqlType::Varchar(None), true),
            column("l", SqlType::Array(Box::new(SqlType::Integer)), true),
        ];
        let (rows, errors) = read(&columns, &[&bytes]);
        prop_assert!(rows.len() <= 3 || !errors.is_empty());
        read(&columns, &[&bytes[..cut.index(bytes.len())]]);
    }
}
