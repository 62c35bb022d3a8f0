//! A worker: a program, its surroundings, and what the host does with them. The functions are those of the world in
//! `wit/pipeline.wit`, whose documentation holds for each.

use crate::checkpoint;
use crate::circuit::Relation;
use crate::host::Host;
use crate::{BlockRef, Circuit, Context, Sink};
use std::collections::BTreeSet;
use std::fmt::Write;
use weir_row::{BLOCK_WORDS, Block, Merge, RowWriter};

/// Words of a page of a delta or snapshot, about: 1 MiB.
const PAGE_WORDS: usize = 4 * BLOCK_WORDS;
/// Rows of a page, at most, however few words they have.
const PAGE_ROWS: usize = 4 * BLOCK_WORDS;
/// Snapshots open at once, at most.
const SNAPSHOTS_MAX: usize = 64;

/// A part of a delta or a snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Rows, ascending.
    pub blocks: Vec<Block>,
    /// Whether there are more pages.
    pub more: bool,
}

/// A snapshot that is being read.
struct Snapshot {
    handle: u32,
    stride: u32,
    rows: Merge<BlockRef>,
}

/// A worker of a pipeline.
pub struct Pipeline {
    circuit: Box<dyn Circuit>,
    cx: Context,
    /// The operator that takes in each table.
    tables: Vec<Option<usize>>,
    /// The operator that puts out each relation: views first, then tables.
    relations: Vec<Option<usize>>,
    snapshots: Vec<Snapshot>,
    /// The handle of the next snapshot.
    next_handle: u32,
    /// Blocks that the last checkpoint names.
    stored: BTreeSet<u64>,
}

impl Pipeline {
    /// Begins.
    ///
    /// # Errors
    /// Why the checkpoint is not one of this program.
    pub fn open(
        mut circuit: Box<dyn Circuit>,
        host: Box<dyn Host>,
        worker: usize,
        workers: usize,
        from: Option<&[u8]>,
    ) -> Result<Pipeline, String> {
        if worker >= workers {
            return Err(format!("worker {worker} of {workers} workers"));
        }
        let cx = Context::new(host, worker, workers);
        let (mut tables, mut views, mut table_sinks) = (Vec::new(), Vec::new(), Vec::new());
        for (i, operator) in circuit.operators().into_iter().enumerate() {
            if let Some((table, _)) = operator.table() {
                place(&mut tables, table, i);
            }
            match operator.relation() {
                Some((Relation::View(view), _)) => place(&mut views, view, i),
                Some((Relation::Table(table), _)) => place(&mut table_sinks, table, i),
                None => {}
            }
        }
        let mut relations = views;
        relations.extend(table_sinks);
        let mut stored = BTreeSet::new();
        if let Some(manifest) = from {
            stored = checkpoint::load(circuit.operators(), cx.host(), manifest)?;
        }
        Ok(Pipeline { circuit, cx, tables, relations, snapshots: Vec::new(), next_handle: 0, stored })
    }

    /// The plan as JSON.
    pub fn describe(&self) -> &str {
        self.circuit.describe()
    }

    /// Takes in changes of a table.
    pub fn ingest(&mut self, table: u32, blocks: Vec<Block>) {
        let operator = self.tables.get(table as usize).copied().flatten();
        let result = operator.ok_or_else(|| "there is no such table".to_owned()).and_then(|i| {
            let mut operators = self.circuit.operators();
            let Some((_, input)) = operators[i].table() else { return Err("there is no such table".to_owned()) };
            blocks.into_iter().try_for_each(|block| input.ingest(block))
        });
        if let Err(problem) = result {
            self.cx.fail(&format!("input of table {table}: {problem}"), 0, 0);
        }
    }

    /// Works on everything taken in since the last step.
    pub fn step(&mut self, now: i64) {
        self.cx.set_now(now);
        self.circuit.step(&mut self.cx);
        for operator in self.circuit.operators() {
            operator.commit();
            self.cx.host().committed(operator.node());
        }
    }

    /// Whether to keep the deltas of a relation.
    pub fn keep_delta(&mut self, relation: u32, keep: bool) {
        let done = self.with_sink(relation, |sink| sink.keep(keep));
        if done.is_none() {
            self.no_relation(relation);
        }
    }

    /// A page of a relation's delta in the last step.
    pub fn delta(&mut self, relation: u32, page: u32) -> Page {
        let found = self.with_sink(relation, |sink| {
            let blocks = sink.delta().blocks();
            let mut pages = Pages::new(blocks);
            let (from, to) = pages.nth(page as usize).unwrap_or((blocks.len(), blocks.len()));
            Page { blocks: blocks[from..to].iter().map(|b| Block::clone(b)).collect(), more: to < blocks.len() }
        });
        found.unwrap_or_else(|| self.no_relation(relation))
    }

    /// Begins to read the contents of a relation.
    ///
    /// # Errors
    /// Why there is nothing to read.
    pub fn snapshot_open(&mut self, relation: u32) -> Result<u32, String> {
        if self.snapshots.len() >= SNAPSHOTS_MAX {
            return Err(format!("{SNAPSHOTS_MAX} snapshots are open already"));
        }
        let found = self.with_sink(relation, |sink| {
            let contents = sink.contents()?;
            let runs = contents.batches().map(|b| b.blocks().to_vec()).collect();
            Some((contents.stride(), Merge::new(runs)))
        });
        let (stride, rows) = match found {
            None => return Err(format!("there is no relation {relation}")),
            Some(None) => return Err(format!("relation {relation} is not materialized")),
            Some(Some(found)) => found,
        };
        let handle = self.next_handle;
        self.next_handle = handle.wrapping_add(1);
        self.snapshots.push(Snapshot { handle, stride, rows });
        Ok(handle)
    }

    /// The next page of a snapshot.
    pub fn snapshot_next(&mut self, handle: u32) -> Page {
        let Some(snapshot) = self.snapshots.iter_mut().find(|s| s.handle == handle) else {
            self.cx.fail(&format!("there is no snapshot {handle}"), 0, 0);
        };
        let mut out = RowWriter::new(snapshot.stride);
        let (mut words, mut rows) = (0, 0);
        let mut more = true;
        while words < PAGE_WORDS && rows < PAGE_ROWS {
            let Some((row, weight)) = snapshot.rows.next_row() else {
                more = false;
                break;
            };
            words += row.len();
            rows += 1;
            out.push(row, weight);
        }
        Page { blocks: out.finish(), more }
    }

    /// Done with a snapshot.
    pub fn snapshot_close(&mut self, handle: u32) {
        self.snapshots.retain(|s| s.handle != handle);
    }

    /// Stores all state and returns what [`open`](Pipeline::open) needs to find it.
    pub fn checkpoint(&mut self) -> Vec<u8> {
        checkpoint::save(&self.circuit.operators(), self.cx.host(), &mut self.stored)
    }

    /// What the operators hold, as JSON.
    pub fn profile(&mut self) -> String {
        let mut json = String::from("[");
        for operator in self.circuit.operators() {
            let (node, (rows, bytes)) = (operator.node(), operator.size());
            let comma = if json.len() == 1 { "" } else { "," };
            let _ = write!(json, "{comma}{{\"node\":{node},\"state_rows\":{rows},\"state_bytes\":{bytes}}}");
        }
        json.push(']');
        json
    }

    /// The worker's surroundings.
    pub fn context(&self) -> &Context {
        &self.cx
    }

    fn with_sink<T>(&mut self, relation: u32, f: impl FnOnce(&mut Sink) -> T) -> Option<T> {
        let operator = self.relations.get(relation as usize).copied().flatten()?;
        let mut operators = self.circuit.operators();
        operators[operator].relation().map(|(_, sink)| f(sink))
    }

    fn no_relation(&self, relation: u32) -> ! {
        self.cx.fail(&format!("there is no relation {relation}"), 0, 0)
    }
}

/// Notes which operator is the one of number `at`.
fn place(list: &mut Vec<Option<usize>>, at: usize, operator: usize) {
    if list.len() <= at {
        list.resize(at + 1, None);
    }
    list[at] = Some(operator);
}

/// Ranges of blocks that make a page each.
struct Pages<'a> {
    blocks: &'a [BlockRef],
    at: usize,
}

impl<'a> Pages<'a> {
    fn new(blocks: &'a [BlockRef]) -> Pages<'a> {
        Pages { blocks, at: 0 }
    }
}

impl Iterator for Pages<'_> {
    type Item = (usize, usize);

    fn next(&mut self) -> Option<(usize, usize)> {
        let from = self.at;
        let (mut words, mut rows) = (0, 0);
        while self.at < self.blocks.len() && words < PAGE_WORDS && rows < PAGE_ROWS {
            words += self.blocks[self.at].words.len();
            rows += self.blocks[self.at].len();
            self.at += 1;
        }
        (from < self.at).then_some((from, self.at))
    }
}
