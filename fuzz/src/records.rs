//! Readers of data.

use std::sync::{Arc, LazyLock};
use weir_circuit::Table;
use weir_io::{Changes, CsvReader, JsonConfig, JsonFlavor, JsonReader, LineFormat, Reader, TableColumns, UpdateFormat};
use weir_row::Layout;

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
fn read(mut reader: Reader, table: &Table, columns: &TableColumns, cut: u8, data: &[u8]) {
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

/// Two bytes of choices, then a stream of CSV.
pub fn csv(data: &[u8]) {
    let [how, cut, stream @ ..] = data else { return };
    let (table, columns) = table(*how);
    read(Reader::Csv(Box::new(CsvReader::new(columns.clone(), 0))), table, &columns, *cut, stream);
}
