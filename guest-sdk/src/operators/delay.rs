//! Delay: what came in the step before.

use crate::checkpoint::{Loader, Saver};
use crate::{Context, Operator, Rows};

/// The stream one step later: DBSP's `z^-1`.
///
/// ```
/// use weir_sdk::prelude::*;
/// let mut cx = weir_sdk::local::solo();
/// let mut delay = Delay::new(0, 1);
/// assert!(delay.step(&mut cx, Rows::from_pairs(1, &[(&[5], 1)])).is_empty());
/// assert_eq!(delay.step(&mut cx, Rows::new(1)).len(), 1);
/// ```
pub struct Delay {
    node: u32,
    held: Rows,
}

impl Delay {
    /// A delay of rows of `stride` words.
    pub fn new(node: u32, stride: u32) -> Delay {
        Delay { node, held: Rows::new(stride) }
    }

    /// Takes in this step's rows and gives those of the step before.
    pub fn step(&mut self, cx: &mut Context, input: Rows) -> Rows {
        assert_eq!(input.stride(), self.held.stride(), "rows of another stride");
        cx.count(self.node, input.len(), self.held.len());
        std::mem::replace(&mut self.held, input)
    }
}

impl Operator for Delay {
    fn node(&self) -> u32 {
        self.node
    }
    fn save(&self, to: &mut Saver<'_>) {
        to.rows(&self.held);
    }
    fn load(&mut self, from: &mut Loader<'_>) -> Result<(), String> {
        self.held = from.rows(self.held.stride())?;
        Ok(())
    }
    fn size(&self) -> (usize, usize) {
        (self.held.len(), self.held.memory_bytes())
    }
}
