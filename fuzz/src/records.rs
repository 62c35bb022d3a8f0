//! Readers of data.

use std::sync::{Arc, LazyLock};
use weir_circuit::Table;
use weir_io::{
    Changes, CsvConfig, CsvTrim, Encoder, InputFormat, JsonConfig, JsonFlavor, JsonReader, LineFormat, OutputFormat,
    ParseError, RawConfig, RawMode, Reader, TableColumns, UpdateFormat,
};
use weir_row::{Block, Layout, SortLayout};

const PROGRAM: &str = "CREATE TYPE pair AS (a INT, b VARCHAR NOT NULL);
CREATE TABLE t (b BOOLEAN, i1 TINYINT, i2 SMALLINT, i4 INT, i8 BIGINT, u1 TINYINT UNSIGNED, u8 BIGINT UNSIGNED, d DECIMAL(9, 2), d38 DECIMAL(38, 10),
r REAL, x DOUBLE, s VARCHAR, c CHAR(3), bin VARBINARY, b4 BINARY(4), dt DATE, tm TIME, ts TIMESTAMP, tz TIMESTAMP WITH TIME ZONE, u UUID,
ia INT ARRAY, m MAP<VARCHAR, DECIMAL(9, 2)>, p pair, ps pair ARRAY, v VARIANT);
CREATE TABLE k (id BIGINT NOT NULL PRIMARY KEY, s VARCHAR, v VARIANT);
CREATE VIEW v AS SELECT t.s AS s FROM t, k;";

static TABLES: LazyLock<Vec<Table>> = LazyLock::new(|| {
    let compiled = weir_sql::compile(PROGRAM);
    compiled.unwrap_or_else(|d| panic!("{}", weir_sql::render(PROGRAM, "records", &d))).circuit.tables
});

/// Reads a stream in two pieces; what is read is rows of the table.
fn read(
    mut reader: Reader,
    table: &Table,
    columns: &TableColumns,
    cut: u8,
    data: &[u8],
) -> (Vec<Vec<Block>>, Vec<ParseError>) {
    let mut changes = Changes::new(columns, 2);
    let mut errors = vec![];
    let (a, b) = data.split_at(usize::from(cut).min(data.len()));
    reader.push(a, &mut changes, &mut errors);
    reader.push(b, &mut changes, &mut errors);
    reader.finish(&mut changes, &mut errors);
    let types: Vec<_> = table.columns.iter().map(|c| c.ty.clone()).collect();
    let blocks = changes.take();
    if table.primary_key.is_none() {
        let layout = Layout::new(&types);
        for block in blocks.iter().flatten() {
            assert_eq!(block.check(), Ok(()));
            assert_eq!(layout.validate_block(block), Ok(()));
        }
    }
    (blocks, errors)
}

fn table(chosen: u8) -> (&'static Table, Arc<TableColumns>) {
    let table = &TABLES[usize::from(chosen & 1)];
    (table, Arc::new(TableColumns::new(table)))
}

/// Three bytes of choices, then a stream of JSON.
pub fn json(data: &[u8]) {
    let [how, flavor, cut, stream @ ..] = data else { return };
    let flavors = [
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
    let formats = [UpdateFormat::Raw, UpdateFormat::InsertDelete, UpdateFormat::Weighted, UpdateFormat::Debezium];
    let config = JsonConfig {
        update_format: formats[usize::from(how >> 1) % formats.len()],
        json_flavor: flavors[usize::from(*flavor) % flavors.len()],
        array: how & 0x40 != 0,
        lines: if how & 0x80 != 0 { LineFormat::Single } else { LineFormat::Multiple },
    };
    let (table, columns) = table(*how);
    read(Reader::Json(JsonReader::new(columns.clone(), config, 0)), table, &columns, *cut, stream);
}

/// Two bytes of choices, then a stream of CSV: in one piece it is what it is in two.
pub fn csv(data: &[u8]) {
    let [how, cut, stream @ ..] = data else { return };
    let (table, columns) = table(*how);
    let bit = |n: u8| how & 1 << n != 0;
    let config = CsvConfig {
        delimiter: if bit(7) { b';' } else { b',' },
        headers: bit(1),
        escape: bit(5).then_some(b'\\'),
        quoting: !bit(6),
        comment: bit(4).then_some(b'#'),
        flexible: !bit(2),
        trim: if bit(3) { CsvTrim::All } else { CsvTrim::None },
        ..CsvConfig::default()
    };
    let reader = || InputFormat::Csv(config).reader(columns.clone(), 0, false).unwrap_or_else(|e| panic!("{e}"));
    let parts = read(reader(), table, &columns, *cut, stream);
    assert_eq!(parts, read(reader(), table, &columns, 0, stream));
}

/// A choice and a cut, then lines or a message that are taken as they are.
pub fn raw(data: &[u8]) {
    let [how, cut, stream @ ..] = data else { return };
    let columns = Arc::new(TableColumns::new(&TABLES[0]));
    let column = if how & 1 == 0 { "s" } else { "bin" };
    let mode = if how & 2 == 0 { RawMode::Blob } else { RawMode::Lines };
    let config = RawConfig { mode, column_name: Some(column.into()) };
    let format = InputFormat::Raw(config);
    let reader = || format.reader(columns.clone(), 0, false).unwrap_or_else(|e| panic!("{e}"));
    let parts = read(reader(), &TABLES[0], &columns, *cut, stream);
    assert_eq!(parts, read(reader(), &TABLES[0], &columns, 0, stream));
}

/// A file of Parquet.
pub fn parquet(data: &[u8]) {
    let columns = Arc::new(TableColumns::new(&TABLES[0]));
    let reader = InputFormat::Parquet.reader(columns.clone(), 0, false).unwrap_or_else(|e| panic!("{e}"));
    read(reader, &TABLES[0], &columns, 0, data);
}

/// The schema of the first table's rows, as Avro.
static AVRO: LazyLock<String> = LazyLock::new(|| {
    let config = serde_json::json!({"registry_urls": "http://localhost"});
    let encoder = encoder("avro", &config);
    encoder.schemas("t").pop().map(|s| s.schema).unwrap_or_default()
});

/// A choice, then a message of Avro's with the schema of the first table; or its schema.
pub fn avro(data: &[u8]) {
    let [how, message @ ..] = data else { return };
    let text = if how & 1 == 0 { AVRO.clone() } else { String::from_utf8_lossy(message).into_owned() };
    let config = serde_json::json!({"schema": text, "skip_schema_id": true});
    let columns = Arc::new(TableColumns::new(&TABLES[0]));
    let reader = InputFormat::parse("avro", &config).and_then(|f| f.reader(columns.clone(), 0, false));
    if let Ok(reader) = reader {
        read(reader, &TABLES[0], &columns, 0, message);
    }
}

fn encoder(name: &str, config: &serde_json::Value) -> Encoder {
    let columns = TABLES[0].columns.clone();
    let types: Vec<_> = columns.iter().map(|c| c.ty.clone()).collect();
    let made =
        OutputFormat::parse(name, config).and_then(|f| f.encoder(columns.into(), SortLayout::ascending(&types), None));
    made.unwrap_or_else(|e| panic!("{e}"))
}

/// Rows of the first table, read from JSON, in another format: a piece each.
pub fn written(name: &str, config: &serde_json::Value, rows: &str) -> Vec<Vec<u8>> {
    let columns = Arc::new(TableColumns::new(&TABLES[0]));
    let config_in = JsonConfig { update_format: UpdateFormat::Raw, ..JsonConfig::default() };
    let mut reader = Reader::Json(JsonReader::new(columns.clone(), config_in, 0));
    let (mut changes, mut errors) = (Changes::new(&columns, 1), vec![]);
    reader.push(rows.as_bytes(), &mut changes, &mut errors);
    reader.finish(&mut changes, &mut errors);
    assert_eq!(errors, []);
    let types: Vec<_> = TABLES[0].columns.iter().map(|c| c.ty.clone()).collect();
    let (layout, sort) = (Layout::new(&types), SortLayout::ascending(&types));
    let mut block = Block::new(0);
    for (row, weight) in changes.take().concat().iter().flat_map(Block::iter) {
        let mut words = vec![];
        let values = layout.decode(row).unwrap_or_else(|e| panic!("{e}"));
        sort.encode(&values, &mut words).unwrap_or_else(|e| panic!("{e}"));
        block.push(&words, weight);
    }
    let mut encoder = encoder(name, config);
    encoder.begin(Arc::new(vec![block])).unwrap_or_else(|e| panic!("{e}"));
    std::iter::from_fn(|| encoder.next().unwrap_or_else(|e| panic!("{e}"))).filter_map(|piece| piece.value).collect()
}
