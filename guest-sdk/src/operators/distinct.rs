//! Distinct: a Z-set made a set, or a multiset.

use crate::checkpoint::{Loader, Saver};
use crate::circuit::trace;
use crate::spine::Reader;
use crate::{Batch, Context, Keyed, Operator, Rows, Spine};
use weir_row::{Layout, RowWriter};

/// Each row of an index that has a positive weight, once.
///
/// ```
/// use weir_sdk::prelude::*;
/// let mut cx = weir_sdk::local::solo();
/// let mut index = Index::new(0, "i32", "").trace();
/// let mut distinct = Distinct::new(1);
/// let copy: &dyn Fn(&Context, Chunk<'_>, &mut RowWriter) = &|_, rows, out| rows.for_each(|(r, w)| out.push(r, w));
/// for (weight, expected) in [(2, vec![(&[7][..], 1)]), (-1, vec![]), (-1, vec![(&[7][..], -1)])] {
///     index.step(&mut cx, &Rows::from_pairs(1, &[(&[7], weight)]), copy);
///     distinct.step(&mut cx, &index);
///     assert_eq!(distinct.delta().iter().collect::<Vec<_>>(), expected);
///     Operator::commit(&mut index);
///     Operator::commit(&mut distinct);
/// }
/// ```
pub struct Distinct {
    node: u32,
    key: Layout,
    value: Layout,
    all: bool,
    delta: Batch,
}

impl Distinct {
    /// A distinct; its layout is its input's.
    pub fn new(node: u32) -> Distinct {
        let empty = super::layout("");
        Distinct { node, key: empty.clone(), value: empty, all: false, delta: Batch::new(0) }
    }

    /// Rows keep their weight, if it is positive: with the right side's weights negated, `EXCEPT ALL`.
    pub fn all(self) -> Distinct {
        Distinct { all: true, ..self }
    }

    /// How often a row is put out.
    fn weight(&self, weight: i64) -> i64 {
        if self.all { weight.max(0) } else { i64::from(weight > 0) }
    }

    /// Works on this step's delta of the input, which keeps a trace.
    pub fn step(&mut self, cx: &mut Context, input: &dyn Keyed) {
        if self.key.is_empty() && self.value.is_empty() {
            (self.key, self.value) = (input.key().clone(), input.value().clone());
        }
        let delta = input.delta();
        let mut reader = Reader::new(trace(input).batches());
        let mut out = RowWriter::new(delta.stride());
        for (row, weight) in delta.iter() {
            let before = reader.weight(row);
            let after = before.wrapping_add(weight);
            let change = self.weight(after).wrapping_sub(self.weight(before));
            if change != 0 {
                out.push(row, change);
            }
        }
        self.delta = Batch::from_sorted(Rows::from(out));
        cx.count(self.node, delta.len(), self.delta.len());
    }
}

impl Keyed for Distinct {
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
        None
    }
}

impl Operator for Distinct {
    fn node(&self) -> u32 {
        self.node
    }
    fn commit(&mut self) {
        self.delta = Batch::new(self.delta.stride());
    }
    fn save(&self, _: &mut Saver<'_>) {}
    fn load(&mut self, _: &mut Loader<'_>) -> Result<(), String> {
        Ok(())
    }
    fn size(&self) -> (usize, usize) {
        (0, 0)
    }
}
