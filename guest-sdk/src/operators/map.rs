//! Map: rows one by one, filtered and projected by a row function.

use super::MapFn;
use crate::{Context, Rows};
use weir_row::RowWriter;

/// The rows that `f` makes of the input's, of `stride` words each (0 if they differ). It may write none, one or many for a row.
///
/// ```
/// use weir_sdk::prelude::*;
/// let mut cx = weir_sdk::local::solo();
/// let input = Rows::from_pairs(1, &[(&[1], 1), (&[2], 1), (&[3], -1)]);
/// let output = map(&mut cx, 0, 1, &input, &|_, rows, out| {
///     for (r, w) in rows {
///         if r[0] != 2 {
///             out.put([r[0] * 10]);
///             out.end(w);
///         }
///     }
/// });
/// assert_eq!(output.iter().collect::<Vec<_>>(), [(&[10][..], 1), (&[30][..], -1)]);
/// ```
pub fn map(cx: &mut Context, node: u32, stride: u32, input: &Rows, f: MapFn<'_>) -> Rows {
    let mut out = RowWriter::new(stride);
    run(cx, input, f, &mut out);
    let rows = Rows::from(out);
    cx.count(node, input.len(), rows.len());
    rows
}

/// Calls `f` with each block of the input.
pub(super) fn run(cx: &mut Context, input: &Rows, f: MapFn<'_>, out: &mut RowWriter) {
    for block in input.blocks() {
        f(cx, block.iter(), out);
        cx.recycle();
    }
}
