//! Recursive views on the engine: a small change costs a small part of computing everything anew, and stopped and restored is straight through.
#![allow(clippy::unwrap_used)]

mod support;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::{Duration, Instant};
use weir_circuit::Circuit;
use weir_circuit::interpret::{ZSet, evaluate};
use weir_row::{Block, SortLayout, Value};
use weir_sdk::bench_support::Random;
use weir_sdk::host::{Failure, Host, Level};
use weir_sdk::local::Hub;
use weir_sdk::{Page, Pipeline};
use weir_sql::{Passes, compile_with};

type Edge = (i64, i64);

/// The circuit of a program whose table 0 is one of edges.
fn circuit(source: &str) -> Circuit {
    compile_with(source, Passes::ALL).unwrap_or_else(|e| panic!("{e:?}")).circuit
}

fn engine(circuit: &Circuit) -> Box<dyn weir_sdk::Circuit> {
    Box::new(weir_engine::Program::new(&serde_json::to_string(circuit).unwrap()).unwrap())
}

/// Edges to be inserted or deleted, as a block.
fn block(circuit: &Circuit, edges: &[(Edge, i64)]) -> Block {
    let rows: Vec<_> = edges.iter().map(|((a, b), _)| vec![Value::I64(*a), Value::I64(*b)]).collect();
    let inserted = support::encode::block(circuit, 0, &rows);
    let mut block = Block::new(inserted.stride);
    inserted.iter().zip(edges).for_each(|((row, _), (_, weight))| block.push(row, *weight));
    block
}

/// Adds what a view puts out.
fn add(pipeline: &mut Pipeline, circuit: &Circuit, view: usize, to: &mut ZSet) {
    let types: Vec<_> = circuit.views[view].columns.iter().map(|c| c.ty.clone()).collect();
    let layout = SortLayout::ascending(&types);
    for page in 0.. {
        let Page { blocks, more } = pipeline.delta(view as u32, page);
        for (row, weight) in blocks.iter().flat_map(|b| b.iter()) {
            let row = layout.decode(row).unwrap();
            let sum = to.entry(row.clone()).or_default();
            *sum += weight;
            if *sum == 0 {
                to.remove(&row);
            }
        }
        if !more {
            return;
        }
    }
}

/// A host that counts the rows that operators take in and put out.
struct Counting {
    inner: Box<dyn Host>,
    rows: Rc<Cell<u64>>,
}

impl Host for Counting {
    fn exchange(&self, channel: u32, outgoing: Vec<Block>) -> Vec<Block> {
        self.inner.exchange(channel, outgoing)
    }
    fn state_write(&self, block: &Block) -> u64 {
        self.inner.state_write(block)
    }
    fn state_read(&self, id: u64) -> Block {
        self.inner.state_read(id)
    }
    fn state_drop(&self, id: u64) {
        self.inner.state_drop(id);
    }
    fn operated(&self, _: u32, rows_in: u64, rows_out: u64) {
        self.rows.set(self.rows.get() + rows_in + rows_out);
    }
    fn committed(&self, _: u32) {}
    fn log(&self, level: Level, message: &str) {
        self.inner.log(level, message);
    }
    fn fail(&self, failure: Failure) -> ! {
        self.inner.fail(failure)
    }
    fn cancelled(&self) -> bool {
        false
    }
}

/// What a step costs.
#[derive(Clone, Copy)]
struct Cost {
    rows: u64,
    time: Duration,
}

/// A pipeline whose costs are counted.
struct Measured {
    circuit: Circuit,
    pipeline: Pipeline,
    rows: Rc<Cell<u64>>,
    edges: BTreeSet<Edge>,
    views: Vec<ZSet>,
}

impl Measured {
    fn new(source: &str) -> Measured {
        let circuit = circuit(source);
        let rows = Rc::new(Cell::new(0));
        let host = Counting { inner: Hub::new(1).host(0), rows: rows.clone() };
        let pipeline = Pipeline::open(engine(&circuit), Box::new(host), 0, 1, None).unwrap();
        let views = vec![ZSet::new(); circuit.views.len()];
        Measured { circuit, pipeline, rows, edges: BTreeSet::new(), views }
    }

    /// Inserts the edges that are not there, and deletes those that are.
    fn toggle(&mut self, edges: &[Edge]) -> Cost {
        let changes: Vec<_> =
            edges.iter().map(|e| (*e, if self.edges.remove(e) || !self.edges.insert(*e) { -1 } else { 1 })).collect();
        self.pipeline.ingest(0, vec![block(&self.circuit, &changes)]);
        let before = self.rows.get();
        let start = Instant::now();
        self.pipeline.step(0);
        let cost = Cost { rows: self.rows.get() - before, time: start.elapsed() };
        for view in 0..self.views.len() {
            add(&mut self.pipeline, &self.circuit, view, &mut self.views[view]);
        }
        cost
    }

    /// Whether the views are those of the edges, as a new pipeline computes them; and what that costs.
    fn anew(&self, source: &str) -> Cost {
        let mut other = Measured::new(source);
        let edges: Vec<Edge> = self.edges.iter().copied().collect();
        let cost = other.toggle(&edges);
        assert!(self.views == other.views, "the views are not those of the edges");
        cost
    }
}

/// Says what changes cost on the average, beside everything anew, and that it is at most this part of it.
fn compare(what: &str, changes: &[Cost], anew: Cost, at_most: f64) {
    let rows = changes.iter().map(|c| c.rows).sum::<u64>() as f64 / changes.len() as f64;
    let time = changes.iter().map(|c| c.time).sum::<Duration>() / changes.len() as u32;
    let part = rows / anew.rows as f64;
    println!("{what}: {rows:.1} rows, {time:?}; anew {} rows, {:?}: {:.4} %", anew.rows, anew.time, part * 100.0);
    assert!(part <= at_most, "{what}: {part} of all anew, not {at_most}");
}

const TABLE: &str = "CREATE TABLE e (a BIGINT NOT NULL, b BIGINT NOT NULL);";

#[test]
fn end_of_a_chain() {
    let source = format!(
        "{TABLE} DECLARE RECURSIVE VIEW reached (x BIGINT NOT NULL);
         CREATE VIEW reached AS SELECT CAST(0 AS BIGINT) AS x UNION SELECT e.b FROM reached JOIN e ON reached.x = e.a;"
    );
    const LINKS: i64 = 2_000;
    let mut chain = Measured::new(&source);
    let all: Vec<Edge> = (0..LINKS).map(|a| (a, a + 1)).collect();
    chain.toggle(&all);
    let anew = chain.anew(&source);
    let cut = chain.toggle(&[(LINKS - 1, LINKS)]);
    let mended = chain.toggle(&[(LINKS - 1, LINKS)]);
    compare("chain, last link", &[cut, mended], anew, 0.005);
    // A short cut past what is there already changes when, but not what.
    let beside = chain.toggle(&[(0, LINKS / 2)]);
    chain.anew(&source);
    compare("chain, half of it earlier", &[beside], anew, 5.0);
    let cut = chain.toggle(&[(LINKS / 2, LINKS / 2 + 1)]);
    chain.anew(&source);
    compare("chain, cut in the middle", &[cut], anew, 1.0);
}

#[test]
fn edges_of_a_random_graph() {
    let source = format!(
        "{TABLE} DECLARE RECURSIVE VIEW near (x BIGINT NOT NULL, d BIGINT);
         CREATE VIEW near AS SELECT x, MIN(d) AS d FROM (SELECT CAST(0 AS BIGINT) AS x, CAST(0 AS BIGINT) AS d
         UNION ALL SELECT e.b, near.d + 1 FROM near JOIN e ON near.x = e.a) AS s GROUP BY x;"
    );
    let mut random = Random::new(7);
    let mut edge = || ((random.next_u64() % 1_000) as i64, (random.next_u64() % 1_000) as i64);
    let mut graph = Measured::new(&source);
    let all: BTreeSet<Edge> = (0..3_000).map(|_| edge()).collect();
    graph.toggle(&all.iter().copied().collect::<Vec<_>>());
    let anew = graph.anew(&source);
    let cut: Vec<Cost> = all.iter().step_by(100).map(|e| graph.toggle(&[*e])).collect();
    graph.anew(&source);
    compare("shortest paths, an edge deleted", &cut, anew, 0.02);
    let added: Vec<Cost> = (0..30).map(|_| graph.toggle(&[edge()])).collect();
    graph.anew(&source);
    compare("shortest paths, an edge inserted", &added, anew, 0.02);
}

#[test]
fn leaves_of_a_tree() {
    let source = format!(
        "{TABLE} DECLARE RECURSIVE VIEW under (a BIGINT NOT NULL, b BIGINT NOT NULL);
         CREATE VIEW under AS SELECT a, b FROM e UNION SELECT under.a, e.b FROM under JOIN e ON under.b = e.a;"
    );
    const NODES: i64 = 1_500;
    let mut random = Random::new(11);
    let mut parent = |of: i64| (random.next_u64() % of as u64) as i64;
    let mut tree = Measured::new(&source);
    let mut all: Vec<Edge> = (1..NODES).map(|i| (parent(i), i)).collect();
    tree.toggle(&all);
    let anew = tree.anew(&source);
    let moved: Vec<Cost> = (1..30)
        .map(|i| {
            // The youngest have no children.
            let (old, child) = all.remove(all.len() - i);
            let new = (parent(old + 1), child);
            all.push(new);
            if new == (old, child) { tree.toggle(&[]) } else { tree.toggle(&[(old, child), new]) }
        })
        .collect();
    tree.anew(&source);
    compare("closure of a tree, a node moved", &moved, anew, 0.02);
}

/// After every step the pipeline goes on in another one, from a checkpoint, with one worker and with three.
#[test]
fn restored_is_straight_through() {
    let circuit = circuit(
        "CREATE TABLE e (a BIGINT, b BIGINT);
         DECLARE RECURSIVE VIEW closure (a BIGINT, b BIGINT);
         CREATE VIEW closure AS SELECT a, b FROM e UNION SELECT x.a, y.b FROM closure AS x JOIN closure AS y ON x.b = y.a;
         DECLARE RECURSIVE VIEW near (x BIGINT, d BIGINT);
         CREATE VIEW near AS SELECT x, MIN(d) AS d FROM (SELECT CAST(0 AS BIGINT) AS x, CAST(0 AS BIGINT) AS d
         UNION ALL SELECT e.b, near.d + 1 FROM near JOIN e ON near.x = e.a) AS s GROUP BY x;
         DECLARE RECURSIVE VIEW win (x BIGINT);
         CREATE VIEW win AS SELECT a AS x FROM e WHERE b > a AND NOT EXISTS (SELECT * FROM win WHERE win.x = e.b);
         DECLARE RECURSIVE VIEW much (n BIGINT);
         CREATE VIEW much AS SELECT LEAST(COALESCE(MAX(n), 0) + 1, 9) AS n FROM (SELECT n FROM much UNION ALL SELECT a FROM e) AS s;
         DECLARE RECURSIVE VIEW first (x BIGINT);
         CREATE VIEW first AS SELECT x FROM (SELECT x FROM first UNION SELECT b FROM e UNION SELECT x - 1 FROM first WHERE x > 0) AS s
         ORDER BY x LIMIT 2;",
    );
    for workers in [1, 3] {
        let mut random = Random::new(5 + workers as u64);
        let hub = Hub::new(workers);
        let mut edges: BTreeSet<Edge> = BTreeSet::new();
        let mut views = vec![ZSet::new(); circuit.views.len()];
        let mut from: Option<Vec<Vec<u8>>> = None;
        for step in 0..25 {
            let mut inputs: Vec<Vec<(Edge, i64)>> = vec![vec![]; workers];
            for _ in 0..if step == 0 { 20 } else { random.next_u64() % 4 } {
                let edge = ((random.next_u64() % 8) as i64, (random.next_u64() % 8) as i64);
                let weight = if edges.remove(&edge) || !edges.insert(edge) { -1 } else { 1 };
                inputs[random.next_u64() as usize % workers].push((edge, weight));
            }
            let json = serde_json::to_string(&circuit).unwrap();
            let program = || -> Box<dyn weir_sdk::Circuit> { Box::new(weir_engine::Program::new(&json).unwrap()) };
            let done = hub.run(program, from.as_deref(), |worker, pipeline| {
                pipeline.ingest(0, vec![block(&circuit, &inputs[worker])]);
                pipeline.step(step);
                let mut out = vec![ZSet::new(); circuit.views.len()];
                (0..out.len()).for_each(|view| add(pipeline, &circuit, view, &mut out[view]));
                (pipeline.checkpoint(), out)
            });
            let table: ZSet = edges.iter().map(|(a, b)| (vec![Value::I64(*a), Value::I64(*b)], 1)).collect();
            let expected = evaluate(&circuit, &[table]).unwrap();
            for (_, out) in &done {
                for (to, rows) in views.iter_mut().zip(out) {
                    for (row, weight) in rows {
                        *to.entry(row.clone()).or_default() += weight;
                    }
                    to.retain(|_, w| *w != 0);
                }
            }
            assert_eq!(views, expected, "after step {step}, {workers} workers");
            from = Some(done.into_iter().map(|(checkpoint, _)| checkpoint).collect());
        }
    }
}
