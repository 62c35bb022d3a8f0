//! Index: rows arranged by a key, on the worker that owns it, in order, and, if wanted, remembered.

use super::{MapFn, exchange, layout, map, scalar_of};
use crate::checkpoint::{Loader, Saver};
use crate::{Batch, Context, Floor, Keyed, Operator, Rows, Spine};
use weir_row::{Layout, RowWriter};

/// An arrangement that any number of operators share.
///
/// ```
/// use weir_sdk::prelude::*;
/// let mut cx = weir_sdk::local::solo();
/// let mut index = Index::new(0, "i32", "i32").trace();
/// let input = Rows::from_pairs(2, &[(&[1, 20], 1), (&[2, 10], 1)]);
/// // By the second column.
/// index.step(&mut cx, &input, &|_, rows, out| {
///     for (r, w) in rows {
///         out.put([r[1], r[0]]);
///         out.end(w);
///     }
/// });
/// assert_eq!(index.delta().iter().collect::<Vec<_>>(), [(&[10, 2][..], 1), (&[20, 1][..], 1)]);
/// assert!(Keyed::trace(&index).is_some_and(Spine::is_empty));
/// Operator::commit(&mut index);
/// assert_eq!(Keyed::trace(&index).map(Spine::len), Some(2));
/// ```
pub struct Index {
    node: u32,
    key: Layout,
    value: Layout,
    exchange: bool,
    delta: Batch,
    trace: Option<Spine>,
}

impl Index {
    /// An index of rows of the layout `key`, then of the layout `value`. (Its row function may as well write each value column as a layout of
    /// its own, so that the rows of a key are in SQL order, if those who read them know it.)
    pub fn new(node: u32, key: &str, value: &str) -> Index {
        let (key, value) = (layout(key), layout(value));
        let stride = key.stride_with(&value);
        Index { node, key, value, exchange: false, delta: Batch::new(stride), trace: None }
    }

    /// Rows go to the worker that owns their key.
    pub fn exchange(mut self) -> Index {
        self.exchange = true;
        self
    }

    /// The sum of all deltas is kept.
    pub fn trace(mut self) -> Index {
        self.trace = Some(Spine::new(self.delta.stride()));
        self
    }

    /// Rows whose column is less than a scalar may be forgotten; `scalar` is its delta.
    pub fn retain(&mut self, column: usize, scalar: &Rows) {
        if let (Some(trace), Some(word)) = (&mut self.trace, scalar_of(scalar))
            && let Some(floor) = Floor::of(&self.key, &self.value, column, word)
        {
            trace.forget_below(floor);
        }
    }

    /// Takes in this step's rows; `f` writes each as key and value.
    pub fn step(&mut self, cx: &mut Context, input: &Rows, f: MapFn<'_>) {
        let mut out = RowWriter::new(self.delta.stride());
        map::run(cx, input, f, &mut out);
        let mut rows = Rows::from(out);
        if self.exchange {
            rows = exchange(cx, self.node, &self.key, rows);
        }
        self.delta = Batch::sort(rows);
        cx.count(self.node, input.len(), self.delta.len());
    }
}

impl Keyed for Index {
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
        self.trace.as_ref()
    }
}

impl Operator for Index {
    fn node(&self) -> u32 {
        self.node
    }

    fn commit(&mut self) {
        let empty = Batch::new(self.delta.stride());
        let delta = std::mem::replace(&mut self.delta, empty);
        if let Some(trace) = &mut self.trace {
            trace.insert(delta);
        }
    }

    fn save(&self, to: &mut Saver<'_>) {
        if let Some(trace) = &self.trace {
            to.spine(trace);
        }
    }

    fn load(&mut self, from: &mut Loader<'_>) -> Result<(), String> {
        if self.trace.is_some() {
            self.trace = Some(from.spine(self.delta.stride())?);
        }
        Ok(())
    }

    fn size(&self) -> (usize, usize) {
        self.trace.as_ref().map_or((0, 0), |t| (t.len(), t.memory_bytes()))
    }
}
