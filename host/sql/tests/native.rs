//! Generated programs, compiled natively, and the engine with the same circuits, run on random changes: after every step the sum of
//! what they put out is what the naive interpreter makes of the tables' contents; for one worker and for three.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use support::changes::{Change, follow, time, told};
use weir_circuit::interpret::{ZSet, evaluate_at};
use weir_circuit::{Circuit, Table};
use weir_row::{ColumnType, Item, ItemWriter, Kind, SqlType, Value};

/// Cases for each program and number of workers.
const CASES: u32 = 60;

#[path = "native/graphs.rs"]
mod graphs;
mod support;

#[rustfmt::skip]
#[allow(clippy::all)]
#[path = "generated/aggregates.rs"]
mod aggregates;
#[rustfmt::skip]
#[allow(clippy::all)]
#[path = "generated/append_only.rs"]
mod append_only;
#[rustfmt::skip]
#[allow(clippy::all)]
#[path = "generated/basics.rs"]
mod basics;
#[rustfmt::skip]
#[allow(clippy::all)]
#[path = "generated/collections.rs"]
mod collections;
#[rustfmt::skip]
#[allow(clippy::all)]
#[path = "generated/composites.rs"]
mod composites;
#[rustfmt::skip]
#[allow(clippy::all)]
#[path = "generated/correlated.rs"]
mod correlated;
#[rustfmt::skip]
#[allow(clippy::all)]
#[path = "generated/firsts.rs"]
mod firsts;
#[rustfmt::skip]
#[allow(clippy::all)]
#[path = "generated/framed.rs"]
mod framed;
#[rustfmt::skip]
#[allow(clippy::all)]
#[path = "generated/grouping.rs"]
mod grouping;
#[rustfmt::skip]
#[allow(clippy::all)]
#[path = "generated/groups.rs"]
mod groups;
#[rustfmt::skip]
#[allow(clippy::all)]
#[path = "generated/lists.rs"]
mod lists;
#[rustfmt::skip]
#[allow(clippy::all)]
#[path = "generated/order.rs"]
mod order;
#[rustfmt::skip]
#[allow(clippy::all)]
#[path = "generated/order_failing.rs"]
mod order_failing;
#[rustfmt::skip]
#[allow(clippy::all)]
#[path = "generated/pivots.rs"]
mod pivots;
#[rustfmt::skip]
#[allow(clippy::all)]
#[path = "generated/recursion.rs"]
mod recursion;
#[rustfmt::skip]
#[allow(clippy::all)]
#[path = "generated/recursion_warnings.rs"]
mod recursion_warnings;
#[rustfmt::skip]
#[allow(clippy::all)]
#[path = "generated/settings.rs"]
mod settings;
#[rustfmt::skip]
#[allow(clippy::all)]
#[path = "generated/sets.rs"]
mod sets;
#[rustfmt::skip]
#[allow(clippy::all)]
#[path = "generated/statements.rs"]
mod statements;
#[rustfmt::skip]
#[allow(clippy::all)]
#[path = "generated/time.rs"]
mod time;
#[rustfmt::skip]
#[allow(clippy::all)]
#[path = "generated/unnest.rs"]
mod unnest;
#[rustfmt::skip]
#[allow(clippy::all)]
#[path = "generated/quantified.rs"]
mod quantified;
#[rustfmt::skip]
#[allow(clippy::all)]
#[path = "generated/ranks.rs"]
mod ranks;
#[rustfmt::skip]
#[allow(clippy::all)]
#[path = "generated/windows.rs"]
mod windows;
#[rustfmt::skip]
#[allow(clippy::all)]
#[path = "generated/nested.rs"]
mod nested;
#[rustfmt::skip]
#[allow(clippy::all)]
#[path = "generated/joins.rs"]
mod joins;
#[rustfmt::skip]
#[allow(clippy::all)]
#[path = "generated/within.rs"]
mod within;

/// A few values of a type, so that rows meet.
fn value(ty: &ColumnType) -> BoxedStrategy<Value> {
    let small = -3i8..6;
    let some: BoxedStrategy<Value> = match ty.sql.kind().unwrap() {
        Kind::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Kind::I8 => small.prop_map(Value::I8).boxed(),
        Kind::I16 => small.prop_map(|x| Value::I16(x.into())).boxed(),
        Kind::I32 => small.prop_map(|x| Value::I32(x.into())).boxed(),
        Kind::I64 => prop_oneof![8 => small.prop_map(i64::from), 1 => Just(i64::MIN), 1 => Just(i64::MIN + 1)]
            .prop_map(Value::I64)
            .boxed(),
        Kind::U8 => (0u8..5).prop_map(Value::U8).boxed(),
        Kind::U16 => (0u16..5).prop_map(Value::U16).boxed(),
        Kind::U32 => (0u32..5).prop_map(Value::U32).boxed(),
        Kind::U64 => (0u64..5).prop_map(Value::U64).boxed(),
        Kind::Dec => (-300i32..50000).prop_map(|x| Value::Dec(x.into())).boxed(),
        Kind::F32 => small.prop_map(|x| Value::F32(f32::from(x) / 4.0)).boxed(),
        // Sums of such floats are exact, so that their order does not matter.
        Kind::F64 => small.prop_map(|x| Value::F64(f64::from(x) / 4.0)).boxed(),
        Kind::Text => prop_oneof![Just(""), Just("x"), Just("xyz"), Just("a longer text, of many words"), Just("Ünï")]
            .prop_map(Value::text)
            .boxed(),
        Kind::Date => (20_000i32..20_010).prop_map(Value::Date).boxed(),
        Kind::Time => (0i64..3).prop_map(|x| Value::Time(x * 1_000_000_000)).boxed(),
        Kind::Ts => (0i64..5).prop_map(|x| Value::Ts(x * 40_000_000_000)).boxed(),
        Kind::Months => (0i32..5).prop_map(Value::Months).boxed(),
        Kind::Micros => (0i64..5).prop_map(Value::Micros).boxed(),
        Kind::Tz => (0i64..5).prop_map(|x| Value::Tz(x * 40_000_000_000)).boxed(),
        Kind::Uuid => (0u128..5).prop_map(|x| Value::Uuid(x << 120 | x)).boxed(),
        Kind::Bytes => proptest::collection::vec(0u8..3, 0..12).prop_map(|b| Value::Bytes(b.into())).boxed(),
        Kind::Item => item(&ty.sql),
    };
    if ty.nullable { prop_oneof![1 => Just(Value::Null), 4 => some].boxed() } else { some }
}

/// The bytes of an item.
fn bytes(value: &Value, sql: &SqlType) -> Vec<u8> {
    let mut out = ItemWriter::new();
    out.value(value.into(), if let SqlType::Decimal { scale, .. } = sql { *scale } else { 0 });
    out.finish()
}

/// A container of items.
fn container(begin: impl Fn(&mut ItemWriter), items: &[Vec<u8>]) -> Value {
    let mut out = ItemWriter::new();
    begin(&mut out);
    items.iter().for_each(|i| out.item(Item::new(i)));
    out.end();
    Value::Item(out.finish().into())
}

/// A value of a type with parts.
fn item(sql: &SqlType) -> BoxedStrategy<Value> {
    let part = |sql: &SqlType, nullable| {
        let of = sql.clone();
        value(&ColumnType { sql: sql.clone(), nullable }).prop_map(move |v| bytes(&v, &of)).boxed()
    };
    match sql {
        SqlType::Array(element) => prop::collection::vec(part(element, true), 0..4)
            .prop_map(|items| container(ItemWriter::begin_array, &items))
            .boxed(),
        SqlType::Map(_, of) => prop::collection::btree_map("[f-k]", part(of, true), 0..4)
            .prop_map(|entries| {
                let key = |k: &String| bytes(&Value::text(k), &SqlType::Varchar(None));
                let items: Vec<_> = entries.into_iter().flat_map(|(k, v)| [key(&k), v]).collect();
                container(ItemWriter::begin_map, &items)
            })
            .boxed(),
        SqlType::Row(row) => row
            .fields
            .iter()
            .map(|(_, ty)| part(&ty.sql, ty.nullable))
            .collect::<Vec<_>>()
            .prop_map(|items| container(ItemWriter::begin_row, &items))
            .boxed(),
        _ => {
            let text = SqlType::Varchar(None);
            let map = |of| SqlType::Map(Box::new(SqlType::Varchar(None)), Box::new(of));
            prop_oneof![
                Just(Value::Item(Item::VARIANT_NULL.bytes().into())),
                part(&SqlType::Integer, false).prop_map(|b| Value::Item(b.into())),
                part(&text, false).prop_map(|b| Value::Item(b.into())),
                item(&SqlType::Array(Box::new(text))),
                item(&map(map(SqlType::Boolean))),
            ]
            .boxed()
        }
    }
}

fn change(tables: &[Table]) -> BoxedStrategy<Change> {
    let of_table = tables.iter().enumerate().map(|(t, table)| {
        let row: Vec<_> = table.columns.iter().map(|c| value(&c.ty)).collect();
        (row, prop::bool::weighted(0.3)).prop_map(move |(row, deleted)| (t, row, deleted)).boxed()
    });
    prop::strategy::Union::new(of_table.collect::<Vec<_>>()).boxed()
}

/// Steps of changes; a deletion from a multiset takes a row that is there.
fn steps(tables: &[Table]) -> BoxedStrategy<Vec<Vec<Change>>> {
    prop::collection::vec(prop::collection::vec(change(tables), 0..12), 1..6).boxed()
}

/// Runs one case.
fn check(
    circuit: &Circuit,
    program: &(impl Fn() -> Box<dyn weir_sdk::Circuit> + Sync),
    steps: &[Vec<Change>],
    workers: usize,
) -> Result<(), TestCaseError> {
    let mut contents: Vec<ZSet> = vec![ZSet::new(); circuit.tables.len()];
    // What each worker takes in at each step, and what the views must be after it.
    let (mut inputs, mut expected) = (vec![], vec![]);
    for step in steps {
        inputs.push(told(circuit, &mut contents, step, workers));
        expected.push(evaluate_at(circuit, &contents, time(expected.len())));
    }
    // A run-time error ends a pipeline; such cases are for another test.
    let Ok(expected) = expected.into_iter().collect::<Result<Vec<_>, _>>() else { return Ok(()) };
    let views = follow(circuit, program, &inputs, time, workers);
    for (step, (views, expected)) in views.iter().zip(&expected).enumerate() {
        for (view, (got, want)) in views.iter().zip(expected).enumerate() {
            prop_assert_eq!(got, want, "view {} after step {}, {} workers", &circuit.views[view].name, step, workers);
        }
    }
    Ok(())
}

fn run(name: &str, program: impl Fn() -> Box<dyn weir_sdk::Circuit> + Sync) {
    run_on(name, program, steps);
}

/// Steps of changes of some tables.
type Steps = BoxedStrategy<Vec<Vec<Change>>>;

fn run_on(name: &str, program: impl Fn() -> Box<dyn weir_sdk::Circuit> + Sync, steps: fn(&[Table]) -> Steps) {
    let circuit: Circuit = serde_json::from_str(program().describe()).unwrap();
    circuit.check().unwrap();
    for workers in [1, 3] {
        let mut runner = TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() });
        let result = runner.run(&steps(&circuit.tables), |steps| check(&circuit, &program, &steps, workers));
        result.unwrap_or_else(|e| panic!("{name}: {e}"));
    }
}

macro_rules! programs {
    ($($name:ident)*) => { $(
        #[test]
        fn $name() {
            run(stringify!($name), || Box::new(crate::$name::Program::new()));
        }
    )* };
}

mod incremental_is_from_scratch {
    use super::run;
    programs! { aggregates append_only basics collections composites correlated firsts framed grouping groups joins lists nested order order_failing pivots quantified ranks recursion recursion_warnings sets settings statements time unnest windows within }
}

/// The same circuits in the engine.
mod engine_is_from_scratch {
    use super::run;

    fn engine(name: &str, compiled: &dyn weir_sdk::Circuit) {
        let circuit = compiled.describe();
        run(name, || Box::new(weir_engine::Program::new(circuit).unwrap()));
    }

    macro_rules! circuits {
        ($($name:ident)*) => { $(
            #[test]
            fn $name() {
                engine(stringify!($name), &crate::$name::Program::new());
            }
        )* };
    }

    circuits! { aggregates append_only basics collections composites correlated firsts framed grouping groups joins lists nested order order_failing pivots quantified ranks recursion recursion_warnings sets settings statements time unnest windows within }
}

/// Recursive views of graphs of which edges come and go.
mod graphs_are_from_scratch {
    use super::{graphs, recursion, run_on};
    use weir_sdk::Circuit;

    #[test]
    fn generated() {
        run_on("recursion", || Box::new(recursion::Program::new()), graphs::steps);
    }

    #[test]
    fn engine() {
        let compiled = recursion::Program::new();
        let circuit = compiled.describe();
        run_on("recursion", || Box::new(weir_engine::Program::new(circuit).unwrap()), graphs::steps);
    }
}
