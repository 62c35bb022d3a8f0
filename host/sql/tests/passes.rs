//! The optimiser keeps the meaning: with any of its passes on or off, the interpreter gives the same views for the same tables.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use weir_circuit::Circuit;
use weir_circuit::interpret::{ZSet, evaluate_at};
use weir_row::{ColumnType, Item, ItemWriter, Kind, Value};
use weir_sql::{Passes, compile_with};

const PROGRAMS: [&str; 17] = [
    include_str!("corpus/basics.sql"),
    include_str!("corpus/firsts.sql"),
    include_str!("corpus/grouping.sql"),
    include_str!("corpus/groups.sql"),
    include_str!("corpus/joins.sql"),
    include_str!("corpus/lists.sql"),
    include_str!("corpus/nested.sql"),
    include_str!("corpus/correlated.sql"),
    include_str!("corpus/order.sql"),
    include_str!("corpus/order_failing.sql"),
    include_str!("corpus/pivots.sql"),
    include_str!("corpus/quantified.sql"),
    include_str!("corpus/recursion.sql"),
    include_str!("corpus/sets.sql"),
    include_str!("corpus/statements.sql"),
    include_str!("corpus/time.sql"),
    include_str!("corpus/windows.sql"),
];

/// The time, in microseconds since 1970.
const NOW: i64 = 90_000_000_000;

const WAYS: [Passes; 5] = [
    Passes::NONE,
    Passes { fold: true, ..Passes::NONE },
    Passes { push: true, ..Passes::NONE },
    Passes { order: true, ..Passes::NONE },
    Passes { prune: true, ..Passes::NONE },
];

fn value(ty: &ColumnType) -> BoxedStrategy<Value> {
    let small = -2i8..4;
    let some: BoxedStrategy<Value> = match ty.sql.kind().unwrap() {
        Kind::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Kind::I32 => small.prop_map(|x| Value::I32(x.into())).boxed(),
        Kind::I64 => small.prop_map(|x| Value::I64(x.into())).boxed(),
        Kind::Dec => (-300i32..50000).prop_map(|x| Value::Dec(x.into())).boxed(),
        Kind::F64 => small.prop_map(|x| Value::F64(f64::from(x) / 4.0)).boxed(),
        Kind::Text => prop_oneof![Just("x"), Just("xyz"), Just("0")].prop_map(Value::text).boxed(),
        Kind::Date => (20_000i32..20_010).prop_map(Value::Date).boxed(),
        Kind::Tz => (0i64..5).prop_map(|x| Value::Tz(x * 40_000_000_000)).boxed(),
        Kind::Ts => (0i64..5).prop_map(|x| Value::Ts(x * 40_000_000_000)).boxed(),
        // An array of numbers.
        Kind::Item => {
            prop::collection::vec(small, 0..3).prop_map(|numbers| Value::Item(array(&numbers).into())).boxed()
        }
        other => panic!("no values of {other:?} in the programs"),
    };
    if ty.nullable { prop_oneof![1 => Just(Value::Null), 4 => some].boxed() } else { some }
}

/// The bytes of an array.
fn array(numbers: &[i8]) -> Vec<u8> {
    let bytes = |value: &Value| {
        let mut out = ItemWriter::new();
        out.value(value.into(), 0);
        out.finish()
    };
    let mut out = ItemWriter::new();
    out.begin_array();
    numbers.iter().for_each(|n| out.item(Item::new(&bytes(&Value::I32((*n).into())))));
    out.end();
    out.finish()
}

fn contents(circuit: &Circuit) -> BoxedStrategy<Vec<ZSet>> {
    let tables: Vec<_> = circuit
        .tables
        .iter()
        .map(|t| {
            let row: Vec<_> = t.columns.iter().map(|c| value(&c.ty)).collect();
            let key = t.primary_key.clone();
            prop::collection::vec((row, 1i64..3), 0..8).prop_map(move |rows| {
                let mut table = ZSet::new();
                for (row, weight) in rows {
                    if let Some(key) = &key {
                        table.retain(|r, _| key.iter().any(|c| r[*c] != row[*c]));
                    }
                    table.insert(row, if key.is_some() { 1 } else { weight });
                }
                table
            })
        })
        .collect();
    tables.boxed()
}

#[test]
fn passes_keep_the_meaning() {
    for source in PROGRAMS {
        let best = compile_with(source, Passes::ALL).unwrap().circuit;
        best.check().unwrap();
        let others: Vec<Circuit> = WAYS.iter().map(|w| compile_with(source, *w).unwrap().circuit).collect();
        others.iter().for_each(|c| c.check().unwrap());
        let mut runner = TestRunner::new(Config { cases: 60, failure_persistence: None, ..Config::default() });
        let result = runner.run(&contents(&best), |tables| {
            let expected = evaluate_at(&best, &tables, NOW);
            for (way, circuit) in WAYS.iter().zip(&others) {
                let got = evaluate_at(circuit, &tables, NOW);
                // The optimiser may spare a program an error, and meet its errors in another order.
                if let (Ok(expected), Ok(got)) = (&expected, &got) {
                    for (view, (e, g)) in best.views.iter().zip(expected.iter().zip(got)) {
                        prop_assert_eq!(e, g, "view {} with {:?}", &view.name, way);
                    }
                }
                prop_assert!(expected.is_ok() || got.is_err(), "an error that {way:?} does not have: {expected:?}");
            }
            Ok(())
        });
        result.unwrap_or_else(|e| panic!("{e}"));
    }
}
