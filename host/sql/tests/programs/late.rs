//! What LATENESS drops, said again in a naive way: a step's changes are as late as the greatest value of the steps before makes them.

use crate::support::changes::{Change, add, told};
use std::collections::BTreeSet;
use weir_circuit::Circuit;
use weir_circuit::interpret::ZSet;
use weir_row::Value;

/// A lateness as random programs have them.
pub const LATENESSES: [(&str, i64); 3] = [("INTERVAL '1' HOUR", 3_600_000_000), ("INTERVAL '2' DAY", 2), ("3", 3)];

/// A column of a table that has a lateness.
struct Bound {
    column: usize,
    /// In the unit of the column's values.
    lateness: i64,
    waterline: i64,
}

/// A value as a number, in the unit of latenesses.
fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Ts(x) | Value::I64(x) => Some(*x),
        Value::Date(x) | Value::I32(x) => Some(i64::from(*x)),
        _ => None,
    }
}

/// The tables of a program, and what there is of them behind their latenesses.
pub struct Tables<'c> {
    circuit: &'c Circuit,
    bounds: Vec<Vec<Bound>>,
    /// What was sent; of tables with a key what of it was not late, since they take in nothing else.
    raw: Vec<ZSet>,
    /// What was not late.
    pub kept: Vec<ZSet>,
    /// How many rows were late. Of tables with a lateness of their key nobody can say: an old row that is deleted may have been let go.
    pub dropped: Option<i64>,
}

/// The columns of a table with a lateness, and that, in the text of a program.
pub fn latenesses(source: &str, table: &weir_circuit::Table) -> Vec<(usize, i64)> {
    let Some((_, from)) = source.split_once(&format!("CREATE TABLE {} (", table.name)) else { return vec![] };
    let definitions: Vec<&str> = from.split(";\n").next().unwrap_or("").split(", ").collect();
    let of = |(i, column): (usize, &weir_circuit::Column)| {
        let own = |d: &&&str| d.split(' ').next() == Some(&column.name);
        let (_, lateness) = definitions.iter().find(own)?.split_once("LATENESS ")?;
        Some((i, LATENESSES.iter().find(|l| lateness.starts_with(l.0))?.1))
    };
    table.columns.iter().enumerate().filter_map(of).collect()
}

impl<'c> Tables<'c> {
    pub fn new(source: &str, circuit: &'c Circuit) -> Tables<'c> {
        let bound = |(column, lateness)| Bound { column, lateness, waterline: i64::MIN };
        let bounds: Vec<Vec<Bound>> =
            circuit.tables.iter().map(|t| latenesses(source, t).into_iter().map(bound).collect()).collect();
        let empty = vec![ZSet::new(); circuit.tables.len()];
        let of_key = |(b, t): (&Vec<Bound>, &weir_circuit::Table)| {
            b.iter().any(|b| t.primary_key.as_ref().is_some_and(|key| key.contains(&b.column)))
        };
        let told = !bounds.iter().zip(&circuit.tables).any(of_key);
        Tables { circuit, bounds, raw: empty.clone(), kept: empty, dropped: told.then_some(0) }
    }

    /// Takes a step.
    pub fn step(&mut self, step: &[Change]) {
        let before = self.raw.clone();
        let mut changes: Vec<Vec<(Vec<Value>, i64)>> = vec![vec![]; before.len()];
        for change in step {
            let (table, row, deleted) = change;
            // (A deletion of what is not there is none.)
            if !told(self.circuit, &mut self.raw, std::slice::from_ref(change), 1).is_empty() {
                changes[*table].push((row.clone(), if *deleted { -1 } else { 1 }));
            }
        }
        for (t, changes) in changes.iter_mut().enumerate() {
            let late =
                |row: &[Value]| self.bounds[t].iter().any(|b| number(&row[b.column]).is_some_and(|x| x < b.waterline));
            let key = self.circuit.tables[t].primary_key.as_deref();
            let mut dropped = 0;
            let kept: Vec<_> = if let Some(key) = key {
                // Of a key what counts is what comes of it.
                let gone = before[t].iter().map(|(row, w)| (row.clone(), -w));
                let mut net: ZSet = ZSet::new();
                gone.chain(self.raw[t].clone()).for_each(|(row, w)| add(&mut net, row, w));
                // Both rows are judged, and one is told.
                let of = |row: &[Value]| key.iter().map(|c| row[*c].clone()).collect::<Vec<_>>();
                let keys: BTreeSet<Vec<Value>> = net.keys().filter(|row| late(row)).map(|row| of(row)).collect();
                dropped += keys.len() as i64;
                net.into_iter().filter(|(row, _)| !keys.contains(&of(row))).collect()
            } else {
                let (gone, kept): (Vec<_>, Vec<_>) = changes.drain(..).partition(|(row, _)| late(row));
                dropped += gone.iter().map(|(_, w)| w.abs()).sum::<i64>();
                kept
            };
            self.dropped = self.dropped.map(|n| n + dropped);
            for bound in &mut self.bounds[t] {
                for x in kept.iter().filter_map(|(row, _)| number(&row[bound.column])) {
                    bound.waterline = bound.waterline.max(x.saturating_sub(bound.lateness));
                }
            }
            kept.into_iter().for_each(|(row, w)| add(&mut self.kept[t], row, w));
            if key.is_some() {
                self.raw[t] = self.kept[t].clone();
            }
        }
    }
}
