//! The sample program, run natively: its views against answers computed from the tables by hand, for one worker and for three.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeMap;
use weir_row::{ColumnType, Layout, SortLayout, SqlType, Value, shard_of};
use weir_sdk::local::Hub;
use weir_sdk::{Page, Pipeline};

#[allow(clippy::all, reason = "in the shape of generated code")]
#[path = "sample/src/lib.rs"]
mod sample;

/// Rows with weights.
type Zset = BTreeMap<Vec<Value>, i64>;

/// A change of a table.
#[derive(Clone, Debug)]
enum Change {
    Upsert(i32, Option<String>, String),
    Delete(i32),
    /// New values for name, country, or both.
    Update(i32, Option<Option<String>>, Option<String>),
    Order([Value; 4], i64),
}

fn name() -> impl Strategy<Value = Option<String>> {
    prop::option::of(prop_oneof![Just(String::new()), Just("Ann".to_owned()), Just("Rosalind Franklin".to_owned())])
}

fn country() -> impl Strategy<Value = String> {
    prop_oneof![Just("SE".to_owned()), Just("the United Kingdom".to_owned())]
}

fn cents() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => Just(Value::Null),
        1 => Just(Value::I64(i64::MIN / 4)),
        6 => (-3000i64..3000).prop_map(Value::I64)
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let item = prop_oneof![Just("bolt"), Just("a nut that is longer"), Just("")];
    prop_oneof![
        2 => (0..5, name(), country()).prop_map(|(id, n, c)| Change::Upsert(id, n, c)),
        1 => (0..5).prop_map(Change::Delete),
        1 => (0..5, prop::option::of(name()), prop::option::of(country())).prop_map(|(id, n, c)| Change::Update(id, n, c)),
        4 => (0i64..4, 0..5, item, cents(), prop_oneof![3 => Just(1i64), 1 => Just(-1)])
            .prop_map(|(id, customer, item, cents, w)| {
                Change::Order([Value::I64(id), Value::I32(customer), Value::text(item), cents], w)
            }),
    ]
}

fn encode(layout: &str, values: &[Value]) -> Vec<u64> {
    let mut row = Vec::new();
    Layout::parse(layout).unwrap().encode(values, &mut row).unwrap();
    row
}

fn text(s: &Option<String>) -> Value {
    s.as_deref().map_or(Value::Null, Value::text)
}

/// Gives a change to the pipeline of the worker that it is for.
fn ingest(pipeline: &mut Pipeline, worker: usize, workers: usize, at: usize, change: &Change) {
    let mut block = weir_row::Block::new(0);
    let keyed = |id: &i32| encode("i32", &[Value::I32(*id)]);
    let (table, owner) = match change {
        Change::Upsert(id, name, country) => {
            let mut row = keyed(id);
            row.extend(encode("text? text", &[text(name), Value::text(country)]));
            block.push(&row, 1);
            (0, shard_of(&keyed(id), workers))
        }
        Change::Delete(id) => {
            block.push(&keyed(id), -1);
            (0, shard_of(&keyed(id), workers))
        }
        Change::Update(id, name, country) => {
            let mut row = keyed(id);
            row.push(u64::from(name.is_some()) | u64::from(country.is_some()) << 1);
            let value = |v: Option<Value>| v.unwrap_or(Value::Null);
            let country = country.as_deref().map(Value::text);
            row.extend(encode("text? text?", &[value(name.as_ref().map(text)), value(country)]));
            block.push(&row, 2);
            (0, shard_of(&keyed(id), workers))
        }
        Change::Order(values, weight) => {
            block.push(&encode("i64 i32 text i64?", values), *weight);
            (1, at % workers)
        }
    };
    if owner == worker {
        pipeline.ingest(table, vec![block]);
    }
}

/// The tables' contents.
#[derive(Clone, Default)]
struct Tables {
    customers: BTreeMap<i32, (Option<String>, String)>,
    orders: Zset,
}

fn add(to: &mut Zset, row: Vec<Value>, weight: i64) {
    let w = to.entry(row.clone()).or_insert(0);
    *w += weight;
    if *w == 0 {
        to.remove(&row);
    }
}

impl Tables {
    fn apply(&mut self, change: &Change) {
        match change {
            Change::Upsert(id, name, country) => {
                self.customers.insert(*id, (name.clone(), country.clone()));
            }
            Change::Delete(id) => {
                self.customers.remove(id);
            }
            Change::Update(id, name, country) => {
                if let Some(row) = self.customers.get_mut(id) {
                    row.0 = name.clone().unwrap_or(row.0.clone());
                    row.1 = country.clone().unwrap_or(row.1.clone());
                }
            }
            Change::Order(row, weight) => add(&mut self.orders, row.to_vec(), *weight),
        }
    }

    /// The views, in order, and then the table of customers.
    fn views(&self) -> [Zset; 6] {
        let mut views = <[Zset; 6]>::default();
        let mut groups: BTreeMap<Value, Vec<(&[Value], i64)>> = BTreeMap::new();
        for (order, w) in &self.orders {
            let [id, customer, item, cents] = order.as_slice() else { unreachable!("an order has four columns") };
            if let Value::I64(c) = cents
                && *c > 1000
            {
                add(&mut views[0], vec![id.clone(), Value::I64(c * 2), item.clone()], *w);
            }
            let Value::I32(key) = customer else { unreachable!("a customer is an INTEGER") };
            let name = self.customers.get(key).map(|c| text(&c.0));
            if let Some(name) = &name {
                add(&mut views[1], vec![id.clone(), name.clone(), item.clone()], *w);
            }
            add(&mut views[3], vec![id.clone(), name.unwrap_or(Value::Null)], *w);
            groups.entry(customer.clone()).or_default().push((order, *w));
        }
        for (customer, orders) in groups {
            let count: i64 = orders.iter().map(|(_, w)| w).sum();
            let with: Vec<_> = orders
                .iter()
                .filter_map(|(o, w)| if let Value::I64(c) = o[3] { Some((c, *w)) } else { None })
                .collect();
            let sum = (with.iter().map(|(_, w)| w).sum::<i64>() != 0)
                .then(|| with.iter().map(|(c, w)| i128::from(*c) * i128::from(*w)).sum::<i128>());
            let mut items = Zset::new();
            orders.iter().for_each(|(o, w)| add(&mut items, vec![o[2].clone()], *w));
            let last = items.iter().filter(|(_, w)| **w > 0).map(|(i, _)| i[0].clone()).max();
            if count > 0 {
                let sum = sum.map_or(Value::Null, |s| Value::I64(s as i64));
                add(&mut views[2], vec![customer, sum, Value::I64(count), last.unwrap_or(Value::Null)], 1);
            }
        }
        let mut items = Zset::new();
        self.orders.iter().for_each(|(o, w)| add(&mut items, vec![o[2].clone()], *w));
        views[4] = items.into_iter().filter(|(_, w)| *w > 0).map(|(i, _)| (i, 1)).collect();
        for (id, (name, country)) in &self.customers {
            add(&mut views[5], vec![Value::I32(*id), text(name), Value::text(country)], 1);
        }
        views
    }
}

/// The sort layouts of the views and of the table of customers.
fn layouts() -> [SortLayout; 6] {
    use SqlType::{BigInt, Integer, Varchar};
    let (some, null) = (ColumnType::not_null, ColumnType::nullable);
    [
        SortLayout::ascending(&[some(BigInt), null(BigInt), some(Varchar(None))]),
        SortLayout::ascending(&[some(BigInt), null(Varchar(None)), some(Varchar(None))]),
        SortLayout::ascending(&[some(Integer), null(BigInt), some(BigInt), null(Varchar(None))]),
        SortLayout::ascending(&[some(BigInt), null(Varchar(None))]),
        SortLayout::ascending(&[some(Varchar(None))]),
        SortLayout::ascending(&[some(Integer), null(Varchar(None)), some(Varchar(None))]),
    ]
}

fn read(to: &mut Zset, layout: &SortLayout, page: &Page) {
    assert!(!page.more);
    for (row, weight) in page.blocks.iter().flat_map(|b| b.iter()) {
        add(to, layout.decode(row).unwrap(), weight);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn views_are_what_the_tables_say(steps in vec(vec(change(), 0..10), 1..6)) {
        for workers in [1, 3] {
            let circuit = || Box::new(sample::Program::new()) as Box<dyn weir_sdk::Circuit>;
            let results = Hub::new(workers).run(circuit, None, |worker, pipeline| {
                pipeline.keep_delta(5, true);
                let mut results = Vec::new();
                for changes in &steps {
                    changes.iter().enumerate().for_each(|(i, c)| ingest(pipeline, worker, workers, i, c));
                    pipeline.step(0);
                    let deltas = [0, 1, 2, 3, 4, 5].map(|relation| pipeline.delta(relation, 0));
                    let contents = [1, 3, 5].map(|relation| {
                        let handle = pipeline.snapshot_open(relation).unwrap();
                        let page = pipeline.snapshot_next(handle);
                        pipeline.snapshot_close(handle);
                        page
                    });
                    results.push((deltas, contents));
                }
                results
            });
            let layouts = layouts();
            let mut tables = Tables::default();
            let mut sums = <[Zset; 6]>::default();
            for (step, changes) in steps.iter().enumerate() {
                changes.iter().for_each(|c| tables.apply(c));
                let answers = tables.views();
                for (relation, answer) in answers.iter().enumerate() {
                    results.iter().for_each(|w| read(&mut sums[relation], &layouts[relation], &w[step].0[relation]));
                    prop_assert_eq!(&sums[relation], answer, "relation {}, {} workers", relation, workers);
                }
                for (i, relation) in [1, 3, 5].into_iter().enumerate() {
                    let mut contents = Zset::new();
                    results.iter().for_each(|w| read(&mut contents, &layouts[relation], &w[step].1[i]));
                    prop_assert_eq!(&contents, &answers[relation]);
                }
            }
        }
    }
}

#[test]
fn an_overflow_ends_the_pipeline_with_its_place() {
    let hub = Hub::new(1);
    let mut pipeline = Pipeline::open(Box::new(sample::Program::new()), hub.host(0), 0, 1, None).unwrap();
    let order = Change::Order([Value::I64(1), Value::I32(1), Value::text("x"), Value::I64(i64::MAX)], 1);
    ingest(&mut pipeline, 0, 1, 0, &order);
    let payload = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| pipeline.step(0))).unwrap_err();
    let failure = payload.downcast_ref::<weir_sdk::host::Failure>().expect("a typed failure");
    assert_eq!((failure.message.as_str(), failure.line, failure.column), ("overflow of BIGINT", 3, 39));
}

#[test]
fn rows_that_are_not_the_tables_are_refused() {
    let order = encode("i64 i32 text i64?", &[Value::I64(1), Value::I32(1), Value::text("x"), Value::Null]);
    let customer = [encode("i32", &[Value::I32(1)]), encode("text? text", &[Value::Null, Value::text("x")])].concat();
    let cases: [(u32, Vec<u64>, i64); 7] = [
        (7, order.clone(), 1),
        (1, order[..2].to_vec(), 1),
        (1, [order.as_slice(), &[1]].concat(), 1),
        (0, customer.clone(), 3),
        (0, customer.clone(), -1),
        (0, customer.clone(), 2),
        (0, customer[..1].to_vec(), 1),
    ];
    for (table, row, weight) in cases {
        let hub = Hub::new(1);
        let mut pipeline = Pipeline::open(Box::new(sample::Program::new()), hub.host(0), 0, 1, None).unwrap();
        let mut block = weir_row::Block::new(0);
        block.push(&row, weight);
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| pipeline.ingest(table, vec![block])));
        let payload = result.expect_err("it is refused");
        assert!(payload.is::<weir_sdk::host::Failure>(), "{table} {row:?} {weight}");
    }
}
