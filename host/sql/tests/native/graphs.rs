//! Random graphs for recursive views: few nodes, so that there are cycles, and about as many deletions as insertions, most of edges that are there.

use super::{Change, Table};
use proptest::prelude::*;
use weir_row::{Kind, Value};

/// A node of a graph, as a value of a type.
fn node(kind: Option<Kind>, nullable: bool) -> BoxedStrategy<Value> {
    let some = match kind {
        Some(Kind::I32) => (-2i32..4).prop_map(Value::I32).boxed(),
        Some(Kind::I64) => (0i64..7).prop_map(Value::I64).boxed(),
        Some(Kind::Text) => prop_oneof![Just("a"), Just("b"), Just("c"), Just("a node with a longer name")]
            .prop_map(Value::text)
            .boxed(),
        _ => any::<bool>().prop_map(Value::Bool).boxed(),
    };
    if nullable { prop_oneof![1 => Just(Value::Null), 15 => some].boxed() } else { some }
}

fn change(tables: &[Table], deleted: f64) -> BoxedStrategy<Change> {
    let of_table = tables.iter().enumerate().filter_map(|(t, table)| {
        // (Of tables with arrays there are random changes elsewhere.)
        let row: Option<Vec<_>> = table
            .columns
            .iter()
            .map(|c| c.ty.sql.kind().filter(|k| *k != Kind::Item).map(|k| node(Some(k), c.ty.nullable)))
            .collect();
        let row = row?;
        // An edge that is deleted may be there more than once.
        Some((row, prop::bool::weighted(deleted)).prop_map(move |(row, deleted)| (t, row, deleted)).boxed())
    });
    prop::strategy::Union::new(of_table.collect::<Vec<_>>()).boxed()
}

/// A graph, then steps that change a little of it.
pub(super) fn steps(tables: &[Table]) -> BoxedStrategy<Vec<Vec<Change>>> {
    let begin = prop::collection::vec(change(tables, 0.0), 10..60);
    let later = prop::collection::vec(prop::collection::vec(change(tables, 0.6), 1..8), 2..8);
    (begin, later)
        .prop_map(|(begin, mut steps)| {
            steps.insert(0, begin);
            steps
        })
        .boxed()
}
