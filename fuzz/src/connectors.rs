//! What programs say of their connectors, and what is made of the metadata of records.

use std::sync::{Arc, LazyLock};
use weir_circuit::{Circuit, Table as TableOfCircuit};
use weir_connectors::{Table, View, declared_input, declared_output};
use weir_io::{Changes, Datum, Metadata, TableColumns};

const PROGRAM: &str = "CREATE TABLE t (a INT, b VARCHAR, at TIMESTAMP, v VARIANT DEFAULT CONNECTOR_METADATA());
CREATE TABLE k (id BIGINT NOT NULL PRIMARY KEY, x DOUBLE);
CREATE VIEW v AS SELECT a, b FROM t;";

static CIRCUIT: LazyLock<Circuit> = LazyLock::new(|| {
    let compiled = weir_sql::compile(PROGRAM);
    compiled.unwrap_or_else(|d| panic!("{}", weir_sql::render(PROGRAM, "connectors", &d))).circuit
});

fn columns(table: &TableOfCircuit) -> Arc<TableColumns> {
    Arc::new(TableColumns::new(table))
}

/// A choice, then the text of `connectors`: every problem has its place within the text.
pub fn connectors(data: &[u8]) {
    let [how, text @ ..] = data else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let found = if how & 1 == 0 {
        let table = &CIRCUIT.tables[usize::from(how >> 1 & 1)];
        declared_input(text, &Table { name: table.name.clone(), columns: columns(table) })
    } else {
        let view = &CIRCUIT.views[0];
        let view = View { name: view.name.clone(), columns: view.columns.clone().into(), key: None, format: None };
        declared_output(text, &view, &|name| (name == "by_a").then(|| vec![0]))
    };
    let Err(problems) = found else { return };
    assert!(!problems.is_empty());
    for p in problems {
        assert!(text.is_char_boundary(p.offset) && p.offset + p.length <= text.len() + 1, "{p:?}");
        assert!(!p.message.is_empty());
    }
}

/// The JSON of a circuit: what its tables make of metadata is a value or an error, if it is sound at all.
pub fn defaults(data: &[u8]) {
    let Ok(circuit) = serde_json::from_slice::<Circuit>(data) else { return };
    if circuit.check().is_err() {
        return;
    }
    let mut metadata = Metadata::default();
    metadata.set("kafka_topic", Datum::Text("t".into()));
    metadata.set("kafka_offset", Datum::BigInt(7));
    metadata.set("kafka_timestamp", Datum::Timestamp(1_700_000_000_000_000));
    metadata.set("kafka_headers", Datum::Headers(vec![("a".into(), Some(vec![1])), ("a".into(), None)]));
    for table in &circuit.tables {
        let columns = columns(table);
        let mut changes = Changes::new(&columns, 1);
        let _ = changes.describe(&columns, metadata.clone());
        let _ = changes.set_soft_delete(&columns);
    }
}
