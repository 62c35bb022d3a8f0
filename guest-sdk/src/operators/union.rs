//! Union and negation: sums and differences of Z-sets.

use crate::{BlockRef, Context, Rows};

/// All rows of all inputs, their weights added. No row is copied.
///
/// ```
/// use weir_sdk::prelude::*;
/// let mut cx = weir_sdk::local::solo();
/// let a = Rows::from_pairs(1, &[(&[1], 1), (&[2], 1)]);
/// let b = Rows::from_pairs(1, &[(&[2], 1)]);
/// let minus_b = negate(&mut cx, 1, b);
/// let difference = Batch::sort(union(&mut cx, 2, &[&a, &minus_b]));
/// assert_eq!(difference.iter().collect::<Vec<_>>(), [(&[1][..], 1)]);
/// ```
///
/// # Panics
/// If there is no input, or their rows have different strides.
pub fn union(cx: &mut Context, node: u32, inputs: &[&Rows]) -> Rows {
    let mut rows = inputs[0].clone();
    for input in &inputs[1..] {
        rows.append(input);
    }
    cx.count(node, rows.len(), rows.len());
    rows
}

/// The rows with their weights negated.
pub fn negate(cx: &mut Context, node: u32, input: Rows) -> Rows {
    cx.count(node, input.len(), input.len());
    let stride = input.stride();
    let blocks = input.into_blocks().into_iter().map(|block| {
        let mut block = block.into_block();
        block.weights.iter_mut().for_each(|w| *w = w.wrapping_neg());
        BlockRef::new(block)
    });
    Rows::from_blocks(stride, blocks)
}
