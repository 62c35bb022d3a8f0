//! The input of a table with a primary key: inserts or replaces, deletes by key, updates of some columns.

use super::table::queue;
use super::upsert::{DELETE, UPSERT, update, validate};
use super::{Sink, layout, scalar_of};
use crate::checkpoint::{Loader, Saver};
use crate::circuit::{Ingest, Relation};
use crate::spine::Reader;
use crate::{Batch, Context, Floor, Keyed, Operator, Rows, Spine};
use weir_row::{Block, Layout, RowWriter};

/// A table with a primary key. Its rows are the key's layout, then that of the other columns; its delta is keyed, and its contents are a trace that
/// joins may use as an index by the primary key.
///
/// Changes are as `ingest` in `wit/pipeline.wit` says; those of one key apply in the order in which they came. An update or delete of a key
/// that has no row does nothing.
///
/// ```
/// use weir_sdk::prelude::*;
/// let mut cx = weir_sdk::local::solo();
/// let mut table = KeyedTable::new(0, 0, "i32", "i32", &[0]);
/// for (row, weight, expected) in [
///     (vec![1, 10], 1, vec![(&[1, 10][..], 1)]),
///     (vec![1, 20], 1, vec![(&[1, 10][..], -1), (&[1, 20][..], 1)]),
///     (vec![1], -1, vec![(&[1, 20][..], -1)]),
/// ] {
///     let mut block = Block::new(0);
///     block.push(&row, weight);
///     Operator::table(&mut table).unwrap().1.ingest(block).unwrap();
///     table.step(&mut cx);
///     assert_eq!(table.delta().iter().collect::<Vec<_>>(), expected);
///     Operator::commit(&mut table);
/// }
/// ```
pub struct KeyedTable {
    node: u32,
    table: usize,
    key: Layout,
    value: Layout,
    /// Changes since the last step, in order; rows of different lengths.
    queue: Rows,
    delta: Batch,
    contents: Spine,
    sink: Sink,
    /// Whether what a step takes in is settled by `settle`.
    judged: bool,
}

impl KeyedTable {
    /// The input of table `table` with the layouts `key` of the primary key's columns, in the key's order, and `value` of the others.
    /// `primary_key` are the indexes of the key's columns among the table's.
    pub fn new(node: u32, table: usize, key: &str, value: &str, primary_key: &[usize]) -> KeyedTable {
        let (key, value) = (layout(key), layout(value));
        assert_eq!(key.len(), primary_key.len(), "a primary key of other columns than its layout");
        // The table's columns in order of declaration, as indexes into key and value.
        let mut rest = key.len()..;
        let order: Vec<_> = (0..key.len() + value.len())
            .map(|c| primary_key.iter().position(|k| *k == c).or_else(|| rest.next()).unwrap_or(0))
            .collect();
        let stride = key.stride_with(&value);
        let sink = Sink::new(key.clone(), value.clone(), &order, false);
        let (delta, contents) = (Batch::new(stride), Spine::new(stride));
        KeyedTable { node, table, key, value, queue: Rows::new(0), delta, contents, sink, judged: false }
    }

    /// The contents are kept in the relation's order too, to be read as a snapshot.
    pub fn materialized(mut self) -> KeyedTable {
        self.sink.materialize();
        self
    }

    /// Each step waits for `settle`.
    pub fn judged(mut self) -> KeyedTable {
        self.judged = true;
        self
    }

    /// What a step takes in after all: its delta without the changes of some keys.
    pub(super) fn settle(&mut self, delta: Rows) {
        self.delta = Batch::from_sorted(delta);
        self.sink.step(&self.delta);
    }

    /// Works on what was taken in since the last step.
    pub fn step(&mut self, cx: &mut Context) {
        let queue = std::mem::replace(&mut self.queue, Rows::new(0));
        let changes = self.sorted(&queue);
        let mut out = RowWriter::new(self.delta.stride());
        let mut contents = Reader::new(self.contents.batches());
        let mut now = Vec::new();
        let mut rest = changes.as_slice();
        while let Some(first) = rest.first() {
            let key = first.key;
            let same = |c: &&Change<'_>| c.prefix == first.prefix && (key.len() == 1 || c.key == key);
            let count = rest.iter().take_while(same).count();
            let (group, others) = rest.split_at(count);
            rest = others;
            contents.seek(key);
            let old = contents.next_row().map(|(row, _)| row);
            let mut row = old;
            for change in group {
                match change.weight {
                    UPSERT => row = Some(change.row),
                    DELETE => row = None,
                    _ => {
                        if let Some(r) = row {
                            now.clear();
                            now.extend_from_slice(key);
                            update(&self.value, &r[key.len()..], &change.row[key.len()..], &mut now);
                            row = Some(cx.arena().alloc_slice_copy(&now));
                        }
                    }
                }
            }
            if row != old {
                let mut both = [(old, -1), (row, 1)];
                both.sort_unstable_by_key(|(r, _)| *r);
                for (row, weight) in both {
                    if let Some(row) = row {
                        out.push(row, weight);
                    }
                }
            }
        }
        self.delta = Batch::from_sorted(Rows::from(out));
        if !self.judged {
            self.sink.step(&self.delta);
        }
        cx.recycle();
        cx.count(self.node, queue.len(), self.delta.len());
    }

    /// The changes by key, those of one key in the order in which they came.
    fn sorted<'a>(&self, queue: &'a Rows) -> Vec<Change<'a>> {
        let mut changes: Vec<_> = queue
            .iter()
            .map(|(row, weight)| {
                let key = &row[..self.key.end(row)];
                Change { prefix: key.first().copied().unwrap_or(0), key, row, weight }
            })
            .collect();
        // Stable, so that order of arrival decides among equal keys.
        changes.sort_by(|a, b| a.prefix.cmp(&b.prefix).then_with(|| a.key.cmp(b.key)));
        changes
    }
}

/// A change of a row.
struct Change<'a> {
    prefix: u64,
    key: &'a [u64],
    row: &'a [u64],
    weight: i64,
}

impl Ingest for KeyedTable {
    fn ingest(&mut self, mut block: Block) -> Result<(), String> {
        block.check().map_err(|e| e.to_string())?;
        for (row, weight) in &block {
            validate(&self.key, &self.value, row, weight)?;
        }
        if block.stride != 0 {
            // Changes have different lengths, so the queue's blocks have row ends.
            block.ends = (1..=block.len() as u32).map(|i| i * block.stride).collect();
            block.stride = 0;
        }
        queue(&mut self.queue, block);
        Ok(())
    }
}

impl KeyedTable {
    /// Rows whose column is less than a scalar may be forgotten; `scalar` is its delta.
    pub fn retain(&mut self, column: usize, scalar: &Rows) {
        if let Some(word) = scalar_of(scalar)
            && let Some(floor) = Floor::of(&self.key, &self.value, column, word)
        {
            self.contents.forget_below(floor);
        }
    }
}

impl Keyed for KeyedTable {
    fn key(&self) -> &Layout {
        &self.key
    }
    fn value(&self) -> &Layout {
        &self.value
    }
    fn delta(&self) -> &Batch {
        &self.delta
    }
    fn trace(&self) -> Option<&Spine> {
        Some(&self.contents)
    }
}

impl Operator for KeyedTable {
    fn node(&self) -> u32 {
        self.node
    }
    fn commit(&mut self) {
        let empty = Batch::new(self.delta.stride());
        self.contents.insert(std::mem::replace(&mut self.delta, empty));
    }
    fn save(&self, to: &mut Saver<'_>) {
        to.rows(&self.queue);
        to.spine(&self.contents);
        self.sink.save(to);
    }
    fn load(&mut self, from: &mut Loader<'_>) -> Result<(), String> {
        self.queue = from.rows(0)?;
        self.contents = from.spine(self.delta.stride())?;
        self.sink.load(from)
    }
    fn size(&self) -> (usize, usize) {
        let (rows, bytes) = self.sink.size();
        (rows + self.contents.len(), bytes + self.contents.memory_bytes())
    }
    fn table(&mut self) -> Option<(usize, &mut dyn Ingest)> {
        Some((self.table, self))
    }
    fn relation(&mut self) -> Option<(Relation, &mut Sink)> {
        Some((Relation::Table(self.table), &mut self.sink))
    }
}
