//! Integrate and differentiate: between deltas and whole contents.

use crate::checkpoint::{Loader, Saver};
use crate::operators::{negate, union};
use crate::{Batch, Context, Operator, Rows, Spine};

/// The sum of all deltas so far, in each step: DBSP's `I`. Its result is as large as the contents; operators that can do with a
/// trace use [`Index`](super::Index).
///
/// ```
/// use weir_sdk::prelude::*;
/// let mut cx = weir_sdk::local::solo();
/// let mut integrate = Integrate::new(0, 1);
/// let mut differentiate = Differentiate::new(1, 1);
/// for (row, contents) in [(5, 1), (6, 2)] {
///     let delta = Rows::from_pairs(1, &[(&[row], 1)]);
///     let sum = integrate.step(&mut cx, &delta);
///     assert_eq!(sum.len(), contents);
///     let again = differentiate.step(&mut cx, sum);
///     assert_eq!(again.iter().collect::<Vec<_>>(), delta.iter().collect::<Vec<_>>());
/// }
/// ```
pub struct Integrate {
    node: u32,
    trace: Spine,
}

impl Integrate {
    /// An integral of rows of `stride` words.
    pub fn new(node: u32, stride: u32) -> Integrate {
        Integrate { node, trace: Spine::new(stride) }
    }

    /// Adds a delta; the sum, this step's included.
    pub fn step(&mut self, cx: &mut Context, input: &Rows) -> Batch {
        self.trace.insert(Batch::sort(input.clone()));
        let parts = self.trace.batches().cloned().collect();
        let sum = Batch::merge_all(self.trace.stride(), parts);
        cx.count(self.node, input.len(), sum.len());
        sum
    }
}

impl Operator for Integrate {
    fn node(&self) -> u32 {
        self.node
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

/// The difference between contents and those of the step before: DBSP's `D`, the inverse of [`Integrate`].
pub struct Differentiate {
    node: u32,
    before: Rows,
}

impl Differentiate {
    /// A derivative of rows of `stride` words.
    pub fn new(node: u32, stride: u32) -> Differentiate {
        Differentiate { node, before: Rows::new(stride) }
    }

    /// What changed since the step before.
    pub fn step(&mut self, cx: &mut Context, input: Batch) -> Batch {
        let rows = input.into_rows();
        let before = std::mem::replace(&mut self.before, rows.clone());
        let before = negate(cx, self.node, before);
        Batch::sort(union(cx, self.node, &[&rows, &before]))
    }
}

impl Operator for Differentiate {
    fn node(&self) -> u32 {
        self.node
    }
    fn save(&self, to: &mut Saver<'_>) {
        to.rows(&self.before);
    }
    fn load(&mut self, from: &mut Loader<'_>) -> Result<(), String> {
        self.before = from.rows(self.before.stride())?;
        Ok(())
    }
    fn size(&self) -> (usize, usize) {
        (self.before.len(), self.before.memory_bytes())
    }
}
