//! Constant: rows that are there from the first step on.

use crate::checkpoint::{Loader, Saver};
use crate::{Context, Operator, Rows};
use weir_row::RowWriter;

/// Rows that are put out once, by worker 0.
///
/// ```
/// use weir_sdk::prelude::*;
/// let mut cx = weir_sdk::local::solo();
/// let mut constant = Constant::new(0, 1);
/// let rows = |out: &mut RowWriter| out.push(&[5], 1);
/// assert_eq!(constant.step(&mut cx, &rows).len(), 1);
/// assert_eq!(constant.step(&mut cx, &rows).len(), 0);
/// ```
pub struct Constant {
    node: u32,
    stride: u32,
    done: bool,
}

impl Constant {
    /// Rows of `stride` words.
    pub fn new(node: u32, stride: u32) -> Constant {
        Constant { node, stride, done: false }
    }

    /// The rows that `f` writes in the first step, none afterwards.
    pub fn step(&mut self, cx: &mut Context, f: &dyn Fn(&mut RowWriter)) -> Rows {
        let mut out = RowWriter::new(self.stride);
        if !std::mem::replace(&mut self.done, true) && cx.worker() == 0 {
            f(&mut out);
        }
        let rows = Rows::from(out);
        cx.count(self.node, 0, rows.len());
        rows
    }
}

impl Operator for Constant {
    fn node(&self) -> u32 {
        self.node
    }
    fn save(&self, to: &mut Saver<'_>) {
        to.number(u64::from(self.done));
    }
    fn load(&mut self, from: &mut Loader<'_>) -> Result<(), String> {
        self.done = from.number()? != 0;
        Ok(())
    }
    fn size(&self) -> (usize, usize) {
        (0, 0)
    }
}
