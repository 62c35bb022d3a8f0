//! Rows of tables as blocks.
#![allow(unreachable_pub, reason = "tests of two crates use it")]

use weir_circuit::Circuit;
use weir_row::{Block, ColumnType, Layout, Value};

fn types(circuit: &Circuit, table: usize, columns: &[usize]) -> Vec<ColumnType> {
    columns.iter().map(|c| circuit.tables[table].columns[*c].ty.clone()).collect()
}

/// Rows, in the order of the table's columns, to be inserted.
pub fn block(circuit: &Circuit, t: usize, rows: &[Vec<Value>]) -> Block {
    let table = &circuit.tables[t];
    let all: Vec<usize> = (0..table.columns.len()).collect();
    let (first, rest) = match &table.primary_key {
        Some(key) => (key.clone(), table.value_columns()),
        None => (all, vec![]),
    };
    let layouts = [&first, &rest].map(|columns| Layout::new(&types(circuit, t, columns)));
    let stride = if table.primary_key.is_none() { layouts[0].stride() } else { 0 };
    let mut block = Block::new(stride);
    for row in rows {
        let mut words = vec![];
        let pick = |columns: &[usize]| columns.iter().map(|c| row[*c].clone()).collect::<Vec<_>>();
        layouts[0].encode(&pick(&first), &mut words).unwrap();
        if table.primary_key.is_some() {
            layouts[1].encode(&pick(&rest), &mut words).unwrap();
        }
        block.push(&words, 1);
    }
    block
}
