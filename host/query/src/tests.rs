//! Rows of every type through Arrow and back, and queries over a source in memory.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

use crate::format::Format;
use crate::memory::QueryMemory;
use crate::source::{Reader, Relation, Source};
use crate::tests_values::{columns, rows};
use crate::{Query, QueryError, start};
use arrow::array::RecordBatch;
use arrow::ipc::reader::StreamReader;
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use parking_lot::Mutex;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::prelude::*;
use std::sync::Arc;
use weir_circuit::{Column, Table};
use weir_io::arrow::{BATCH_ROWS, DecodeError, Decoder, append_batch};
use weir_io::{Changes, JsonFlavor, TableColumns, write_json_row};
use weir_row::{Block, ColumnType, Item, Layout, RowWriter, SortLayout, SqlType, Value};

/// Rows as a snapshot has them.
pub(crate) fn blocks(columns: &[Column], rows: &[(Vec<Value>, i64)]) -> Vec<Block> {
    let types: Vec<ColumnType> = columns.iter().map(|c| c.ty.clone()).collect();
    let layout = SortLayout::ascending(&types);
    let mut out = RowWriter::new(layout.stride());
    for (row, weight) in rows {
        let mut words = Vec::new();
        layout.encode(row, &mut words).unwrap();
        out.push(&words, *weight);
    }
    out.finish()
}

fn repeated(rows: &[(Vec<Value>, i64)]) -> Vec<Vec<Value>> {
    rows.iter().flat_map(|(row, weight)| std::iter::repeat_n(row.clone(), *weight as usize)).collect()
}

pub(crate) fn table(columns: &[Column], primary_key: Option<Vec<usize>>) -> Table {
    Table {
        name: "t".into(),
        case_sensitive: false,
        columns: columns.to_vec(),
        primary_key,
        materialized: true,
        append_only: false,
    }
}

/// A relation in memory, which notes what is inserted.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) blocks: Vec<Vec<Block>>,
    pub(crate) inserted: Mutex<Vec<Block>>,
}

#[derive(Debug)]
struct Pages(std::vec::IntoIter<Block>);

#[async_trait]
impl Source for Memory {
    async fn open(&self, relations: &[usize]) -> Result<Vec<Box<dyn Reader>>, String> {
        let pages = |r: &usize| Box::new(Pages(self.blocks[*r].clone().into_iter())) as Box<dyn Reader>;
        Ok(relations.iter().map(pages).collect())
    }

    fn workers(&self) -> usize {
        1
    }

    async fn insert(&self, _: usize, changes: Vec<Vec<Block>>) -> Result<(), String> {
        self.inserted.lock().extend(changes.into_iter().flatten());
        Ok(())
    }
}

#[async_trait]
impl Reader for Pages {
    async fn next(&mut self) -> Result<Option<Vec<Block>>, String> {
        Ok(self.0.next().map(|block| vec![block]))
    }
}

fn query(sql: &str, format: Format, columns: &[Column], source: &Arc<Memory>) -> Query {
    let relation = Relation {
        name: "t".into(),
        columns: columns.to_vec(),
        materialized: true,
        table: Some((0, Arc::new(TableColumns::new(&table(columns, None))))),
    };
    Query {
        sql: sql.into(),
        format,
        may_write: true,
        relations: vec![Arc::new(relation)],
        source: Arc::clone(source) as Arc<dyn Source>,
        memory: Arc::new(QueryMemory::new(|| u64::MAX)),
    }
}

pub(crate) fn answer(
    sql: &str,
    format: Format,
    columns: &[Column],
    source: &Arc<Memory>,
) -> Result<Vec<u8>, QueryError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let chunks: Vec<Bytes> = start(query(sql, format, columns, source)).await?.try_collect().await?;
        Ok(chunks.concat())
    })
}

/// Arrow's rows as values, by way of a table's changes.
fn values(columns: &[Column], batches: &[RecordBatch]) -> Vec<Vec<Value>> {
    let types: Vec<ColumnType> = columns.iter().map(|c| c.ty.clone()).collect();
    let table = TableColumns::new(&table(columns, None));
    let mut changes = Changes::new(&table, 1);
    for batch in batches {
        append_batch(batch, &table, &mut changes).unwrap();
    }
    let blocks = changes.take().concat();
    blocks.iter().flat_map(|b| b.iter()).map(|(row, _)| Layout::new(&types).decode(row).unwrap()).collect()
}

/// A line of JSON as a query writes it, from one as a view is written.
fn expected_line(columns: &[Column], row: &[Value]) -> serde_json::Value {
    let types: Vec<ColumnType> = columns.iter().map(|c| c.ty.clone()).collect();
    let layout = SortLayout::ascending(&types);
    let mut words = Vec::new();
    layout.encode(row, &mut words).unwrap();
    let mut line = Vec::new();
    write_json_row(columns, &layout, JsonFlavor::Default, &words, &mut line).unwrap();
    let mut line: serde_json::Value = serde_json::from_slice(&line).unwrap();
    for column in columns.iter().filter(|c| c.ty.sql == SqlType::Timestamp) {
        if let Some(text) = line[&column.name].as_str() {
            line[&column.name] = text.replacen(' ', "T", 1).into();
        }
    }
    for (column, value) in columns.iter().zip(row) {
        match (&column.ty.sql, value) {
            (SqlType::TimestampTz, Value::Tz(_)) => {
                let text = line[&column.name].as_str().unwrap();
                line[&column.name] = text.replacen(' ', "T", 1).replace("+00:00", "Z").into();
            }
            (SqlType::Varbinary(_), Value::Bytes(b)) => line[&column.name] = weir_functions::forms::hex(b).into(),
            (SqlType::Variant, Value::Item(b)) => {
                line[&column.name] = weir_functions::forms::json(Item::new(b)).into();
            }
            _ => {}
        }
    }
    line
}

/// Whether two JSON values are one value of a type: the digits of a float may differ beyond its precision.
fn same(sql: &SqlType, a: &serde_json::Value, b: &serde_json::Value) -> bool {
    let precision = match sql {
        SqlType::Array(of) => {
            let (Some(a), Some(b)) = (a.as_array(), b.as_array()) else { return a == b };
            return a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(of, a, b));
        }
        SqlType::Real => 1e-6,
        SqlType::Double => 1e-15,
        _ => return a == b,
    };
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => (a - b).abs() <= a.abs().max(b.abs()) * precision,
        _ => a == b,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Snapshot, Arrow, changes: each row as often as its weight says; the same through files of Parquet and Arrow; JSON as views
    /// are written, but for the T in timestamps.
    #[test]
    fn rows_of_every_type_survive(rows in rows()) {
        let columns = columns();
        let source = Arc::new(Memory { blocks: vec![blocks(&columns, &rows)], ..Memory::default() });
        let expected = repeated(&rows);

        let mut decoder = Decoder::new("t", &columns, None);
        decoder.push(blocks(&columns, &rows));
        let mut batches = Vec::new();
        while let Some(batch) = decoder.next_batch().unwrap() {
            batches.push(batch);
        }
        prop_assert_eq!(&values(&columns, &batches), &expected);

        let file = Bytes::from(answer("SELECT * FROM t", Format::Parquet, &columns, &source).unwrap());
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
        let batches: Vec<RecordBatch> = reader.collect::<Result<_, _>>().unwrap();
        prop_assert_eq!(&values(&columns, &batches), &expected);

        let stream = answer("SELECT * FROM t", Format::ArrowIpc, &columns, &source).unwrap();
        let batches: Vec<RecordBatch> = StreamReader::try_new(&*stream, None).unwrap().collect::<Result<_, _>>().unwrap();
        prop_assert_eq!(&values(&columns, &batches), &expected);

        let json = answer("SELECT * FROM t", Format::Json, &columns, &source).unwrap();
        let lines: Vec<serde_json::Value> =
            String::from_utf8(json).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        prop_assert_eq!(lines.len(), expected.len());
        for (line, row) in lines.iter().zip(&expected) {
            let expected_line = expected_line(&columns, row);
            for column in &columns {
                let (is, should) = (&line[&column.name], &expected_line[&column.name]);
                prop_assert!(same(&column.ty.sql, is, should), "{}: {is} for {should}", column.name);
            }
        }

        // And back into a table.
        answer("INSERT INTO t SELECT * FROM t", Format::Json, &columns, &source).unwrap();
        let types: Vec<ColumnType> = columns.iter().map(|c| c.ty.clone()).collect();
        let inserted = std::mem::take(&mut *source.inserted.lock());
        let back: Vec<_> = inserted.iter().flat_map(|b| b.iter()).map(|(row, _)| Layout::new(&types).decode(row).unwrap()).collect();
        prop_assert_eq!(&back, &expected);
    }

    /// Any choice of columns reads what reading all of them reads.
    #[test]
    fn projections_read_the_same(rows in rows(), chosen in prop::collection::vec(0..52usize, 0..6)) {
        let columns = columns();
        let mut all = Decoder::new("t", &columns, None);
        all.push(blocks(&columns, &rows));
        let mut some = Decoder::new("t", &columns, Some(&chosen));
        some.push(blocks(&columns, &rows));
        let (all, some) = (all.next_batch().unwrap(), some.next_batch().unwrap());
        prop_assert_eq!(all.map(|b| b.project(&chosen).unwrap()), some);
    }
}

#[test]
fn weights_repeat_rows_and_negative_ones_are_errors() {
    let columns = vec![columns()[0].clone()];
    let many = 3 * BATCH_ROWS as i64 + 5;
    let rows = [(vec![Value::Bool(true)], many), (vec![Value::Bool(false)], 2)];
    let mut decoder = Decoder::new("t", &columns, None);
    decoder.push(blocks(&columns, &rows));
    let mut sizes = Vec::new();
    while let Some(batch) = decoder.next_batch().unwrap() {
        sizes.push(batch.num_rows());
    }
    assert_eq!(sizes, [BATCH_ROWS, BATCH_ROWS, BATCH_ROWS, 7]);
    let source = Arc::new(Memory { blocks: vec![blocks(&columns, &rows)], ..Memory::default() });
    let count = answer("SELECT COUNT(*) FROM t", Format::Json, &columns, &source).unwrap();
    assert_eq!(String::from_utf8(count).unwrap(), format!("{{\"count(*)\":{}}}\n", many + 2));

    let rows = [(vec![Value::Bool(true)], -1)];
    let mut decoder = Decoder::new("t", &columns, None);
    decoder.push(blocks(&columns, &rows));
    assert_eq!(decoder.next_batch(), Err(DecodeError::NegativeWeight { relation: "t".into(), weight: -1 }));
}

/// Words that a component that lies may send: an error or some values, never a panic.
#[test]
fn words_that_are_no_row_are_refused() {
    let columns = columns();
    for words in [vec![], vec![0; 3], vec![u64::MAX; 60], (0..200).collect::<Vec<u64>>()] {
        let block = Block { stride: 0, ends: vec![words.len() as u32], words, weights: vec![1] };
        let mut decoder = Decoder::new("t", &columns, None);
        decoder.push(vec![block]);
        assert!(matches!(decoder.next_batch(), Err(DecodeError::Row { .. })));
    }
}

#[test]
fn who_may_not_write_may_not_insert() {
    let columns = vec![columns()[0].clone()];
    let source = Arc::new(Memory { blocks: vec![Vec::new()], ..Memory::default() });
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for sql in ["INSERT INTO t VALUES (true)", "INSERT INTO t SELECT * FROM t"] {
        let query = Query { may_write: false, ..query(sql, Format::Json, &columns, &source) };
        assert_eq!(runtime.block_on(start(query)).unwrap_err(), QueryError::WriteRefused);
    }
    assert!(source.inserted.lock().is_empty());
}

#[test]
fn text_is_a_table_of_wide_characters_too() {
    let columns = vec![columns()[29].clone()];
    let source = Arc::new(Memory { blocks: vec![Vec::new()], ..Memory::default() });
    let text = |sql| String::from_utf8(answer(sql, Format::Text, &columns, &source).unwrap()).unwrap();
    assert_eq!(
        text("SELECT '日本' AS a, NULL AS b"),
        "+------+---+\n| a    | b |\n+------+---+\n| 日本 |   |\n+------+---+"
    );
    assert_eq!(
        text("SELECT 'a\nlong' AS x, 1 AS y"),
        "+------+---+\n| x    | y |\n+------+---+\n| a    | 1 |\n| long |   |\n+------+---+"
    );
    assert_eq!(text("SELECT 1 AS \"Quoted\" WHERE 1 = 0"), "+--------+\n| Quoted |\n+--------+\n+--------+");
}

#[test]
fn dropping_the_result_ends_the_query() {
    let columns = vec![columns()[0].clone()];
    let source = Arc::new(Memory { blocks: vec![Vec::new()], ..Memory::default() });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let endless = "SELECT COUNT(*) FROM generate_series(1, 1000000000000) a CROSS JOIN t";
        for sql in [endless, "SELECT * FROM generate_series(1, 1000000000000)"] {
            let query = query(sql, Format::Json, &columns, &source);
            let memory = Arc::clone(&query.memory);
            let mut chunks = start(query).await.unwrap();
            let _ = tokio::time::timeout(std::time::Duration::from_millis(50), chunks.next()).await;
            drop(chunks);
            // The query's own handle goes with its task.
            let begin = std::time::Instant::now();
            while Arc::strong_count(&memory) > 1 {
                assert!(begin.elapsed() < std::time::Duration::from_secs(20), "the query goes on");
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
            assert_eq!(memory.used_bytes(), 0);
        }
    });
}
