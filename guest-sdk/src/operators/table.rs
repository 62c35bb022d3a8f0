//! The input of a table without a primary key: a multiset.

use super::{Sink, layout};
use crate::checkpoint::{Loader, Saver};
use crate::circuit::{Ingest, Relation};
use crate::{BlockRef, Context, Operator, Rows};
use weir_row::{BLOCK_ROWS, BLOCK_WORDS, Block, Layout, RowWriter};

/// The changes of a table to which rows are added with their weights.
///
/// ```
/// use weir_sdk::prelude::*;
/// let mut cx = weir_sdk::local::solo();
/// let mut table = Table::new(0, 0, "i32");
/// let mut block = Block::new(1);
/// block.push(&[enc::i32(7)], 1);
/// let (_, ingest) = Operator::table(&mut table).unwrap();
/// ingest.ingest(block).unwrap();
/// assert_eq!(table.step(&mut cx).len(), 1);
/// assert_eq!(table.step(&mut cx).len(), 0);
/// ```
pub struct Table {
    node: u32,
    table: usize,
    columns: Layout,
    queue: Rows,
    sink: Sink,
}

impl Table {
    /// The input of table `table`, whose columns have the layout `columns`.
    pub fn new(node: u32, table: usize, columns: &str) -> Table {
        let columns = layout(columns);
        let order: Vec<_> = (0..columns.len()).collect();
        let sink = Sink::new(columns.clone(), layout(""), &order, false);
        Table { node, table, queue: Rows::new(columns.stride()), columns, sink }
    }

    /// The contents are kept, to be read as a snapshot.
    pub fn materialized(mut self) -> Table {
        self.sink.materialize();
        self
    }

    /// What was taken in since the last step.
    pub fn step(&mut self, cx: &mut Context) -> Rows {
        let empty = Rows::new(self.columns.stride());
        let rows = std::mem::replace(&mut self.queue, empty);
        self.sink.step(&rows);
        cx.count(self.node, rows.len(), rows.len());
        rows
    }
}

impl Ingest for Table {
    fn ingest(&mut self, block: Block) -> Result<(), String> {
        block.check().map_err(|e| e.to_string())?;
        if block.stride != self.columns.stride() {
            return Err("rows have not the length of the table's".to_owned());
        }
        self.columns.validate_block(&block).map_err(|e| e.to_string())?;
        queue(&mut self.queue, block);
        Ok(())
    }
}

/// Adds a block from the host, cut to blocks of bounded size.
pub(super) fn queue(to: &mut Rows, block: Block) {
    if block.len() <= BLOCK_ROWS && block.words.len() <= BLOCK_WORDS {
        to.push_block(BlockRef::new(block));
        return;
    }
    let mut out = RowWriter::new(block.stride);
    for (row, weight) in &block {
        out.push(row, weight);
    }
    to.append(&Rows::from(out));
}

impl Operator for Table {
    fn node(&self) -> u32 {
        self.node
    }
    fn save(&self, to: &mut Saver<'_>) {
        to.rows(&self.queue);
        self.sink.save(to);
    }
    fn load(&mut self, from: &mut Loader<'_>) -> Result<(), String> {
        self.queue = from.rows(self.queue.stride())?;
        self.sink.load(from)
    }
    fn size(&self) -> (usize, usize) {
        self.sink.size()
    }
    fn table(&mut self) -> Option<(usize, &mut dyn Ingest)> {
        Some((self.table, self))
    }
    fn relation(&mut self) -> Option<(Relation, &mut Sink)> {
        Some((Relation::Table(self.table), &mut self.sink))
    }
}
