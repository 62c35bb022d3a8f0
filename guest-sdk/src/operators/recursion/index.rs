//! The index of a scope: rows arranged by a key, remembered with their iterations.

use crate::checkpoint::{Loader, Saver};
use crate::operators::{MapFn, exchange, layout, map};
use crate::{Batch, Context, Operator, Rows, Spine};
use weir_row::{Layout, RowWriter};

/// An arrangement of a stream of a scope. Always keeps a trace.
///
/// ```
/// use weir_sdk::prelude::*;
/// let mut cx = weir_sdk::local::solo();
/// let mut index = ScopeIndex::new(0, "i32", "i32");
/// let copy: &dyn Fn(&Context, Chunk<'_>, &mut RowWriter) = &|_, rows, out| rows.for_each(|(r, w)| out.push(r, w));
/// index.step(&mut cx, 0, &Rows::from_pairs(2, &[(&[1, 10], 1)]), copy);
/// index.step(&mut cx, 4, &Rows::from_pairs(2, &[(&[1, 20], 1)]), copy);
/// assert_eq!(index.delta().iter().collect::<Vec<_>>(), [(&[1, 20][..], 1)]);
/// Operator::commit(&mut index);
/// assert_eq!(Operator::size(&index).0, 2);
/// ```
pub struct ScopeIndex {
    node: u32,
    key: Layout,
    value: Layout,
    exchange: bool,
    /// The iteration of `delta`.
    at: u64,
    delta: Batch,
    /// The sum of this step's earlier changes.
    earlier: Spine,
    /// The same with iterations.
    stamped: Vec<Batch>,
    /// The changes of earlier steps: key, iteration, value.
    trace: Spine,
}

impl ScopeIndex {
    /// An index of rows of the layout `key`, then of the layout `value`.
    pub fn new(node: u32, key: &str, value: &str) -> ScopeIndex {
        let (key, value) = (layout(key), layout(value));
        let stride = key.stride_with(&value);
        ScopeIndex {
            node,
            key,
            value,
            exchange: false,
            at: 0,
            delta: Batch::new(stride),
            earlier: Spine::new(stride),
            stamped: Vec::new(),
            trace: Spine::new(stamped_stride(stride)),
        }
    }

    /// Rows go to the worker that owns their key.
    pub fn exchange(mut self) -> ScopeIndex {
        self.exchange = true;
        self
    }

    /// Takes in the rows of an iteration; `f` writes each as key and value.
    pub fn step(&mut self, cx: &mut Context, at: u64, input: &Rows, f: MapFn<'_>) {
        self.retire();
        let mut out = RowWriter::new(self.delta.stride());
        map::run(cx, input, f, &mut out);
        let mut rows = Rows::from(out);
        if self.exchange {
            rows = exchange(cx, self.node, &self.key, rows);
        }
        (self.at, self.delta) = (at, Batch::sort(rows));
        cx.count(self.node, input.len(), self.delta.len());
    }

    /// The changes of this iteration.
    pub fn delta(&self) -> &Batch {
        &self.delta
    }

    pub(super) fn key(&self) -> &Layout {
        &self.key
    }

    pub(super) fn value(&self) -> &Layout {
        &self.value
    }

    pub(super) fn earlier(&self) -> &Spine {
        &self.earlier
    }

    pub(super) fn trace(&self) -> &Spine {
        &self.trace
    }

    /// The iteration's changes become earlier ones.
    fn retire(&mut self) {
        if self.delta.is_empty() {
            return;
        }
        let stride = self.delta.stride();
        let delta = std::mem::replace(&mut self.delta, Batch::new(stride));
        let mut out = RowWriter::new(stamped_stride(stride));
        for (row, weight) in delta.iter() {
            let (key, value) = row.split_at(self.key.end(row));
            out.copy(key);
            out.put([self.at]);
            out.copy(value);
            out.end(weight);
        }
        self.stamped.push(Batch::from_sorted(Rows::from(out)));
        self.earlier.insert(delta);
    }
}

/// The stride of rows with an iteration.
fn stamped_stride(stride: u32) -> u32 {
    if stride == 0 { 0 } else { stride + 1 }
}

impl Operator for ScopeIndex {
    fn node(&self) -> u32 {
        self.node
    }

    fn commit(&mut self) {
        self.retire();
        let stamped = std::mem::take(&mut self.stamped);
        self.trace.insert(Batch::merge_all(self.trace.stride(), stamped));
        self.earlier = Spine::new(self.delta.stride());
    }

    fn save(&self, to: &mut Saver<'_>) {
        to.spine(&self.trace);
    }

    fn load(&mut self, from: &mut Loader<'_>) -> Result<(), String> {
        self.trace = from.spine(self.trace.stride())?;
        Ok(())
    }

    fn size(&self) -> (usize, usize) {
        (self.trace.len(), self.trace.memory_bytes())
    }
}
