//! Unnest: a row for each element of an array that a row has.

use crate::{Context, Rows};
use weir_row::{Item, RowWriter, enc, text};

/// For each row of the input, whose last column is an array (layout `item` or `item?`), a row for each of its elements: the other columns, then the
/// element (`item?`, NULL for an element that is NULL) and its number from 1 (`i32`). A row whose array is NULL or empty yields none. `layout` is
/// the input's.
///
/// ```
/// use weir_sdk::prelude::*;
/// use weir_row::{ItemWriter, Layout, Value};
/// let mut array = ItemWriter::new();
/// array.begin_array();
/// array.i32(7);
/// array.null();
/// array.end();
/// let mut row = Vec::new();
/// Layout::parse("bool item?").unwrap().encode(&[Value::Bool(true), Value::Item(array.finish().into())], &mut row).unwrap();
/// let mut cx = weir_sdk::local::solo();
/// let output = unnest(&mut cx, 0, "bool item?", &Rows::from_pairs(0, &[(&row, 2)]));
/// let rows: Vec<_> = output.iter().map(|(r, w)| (Layout::parse("bool item? i32").unwrap().decode(r).unwrap(), w)).collect();
/// assert_eq!(rows[1], (vec![Value::Bool(true), Value::Null, Value::I32(2)], 2));
/// ```
pub fn unnest(cx: &mut Context, node: u32, layout: &str, input: &Rows) -> Rows {
    let layout = super::layout(layout);
    let mut out = RowWriter::new(0);
    for (row, weight) in input.iter() {
        let texts = layout.first_text(row);
        let mut array = texts;
        for _ in 1..layout.texts {
            array = text::skip(row, array);
        }
        for (i, element) in Item::new(cx.bytes_null(row, array).unwrap_or(&[])).items().enumerate() {
            // Slots, the number's among them, then escapes and texts.
            out.copy(&row[..layout.fixed_words]);
            out.put([enc::i32(i32::try_from(i).map_or(i32::MAX, |i| i.saturating_add(1)))]);
            out.copy(&row[layout.fixed_words..array]);
            out.put_item_null(element.present());
            out.end(weight);
        }
        cx.recycle();
    }
    let rows = Rows::from(out);
    cx.count(node, input.len(), rows.len());
    rows
}
