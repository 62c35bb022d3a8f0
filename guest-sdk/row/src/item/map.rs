//! Maps whose entries come in any order, as formats bring them.

use crate::{Item, ItemWriter};

/// A map in the making: its entries are written to the writer in the order in which they come, and put in order of keys at the end.
///
/// ```
/// use weir_row::{Item, ItemWriter, MapDraft, View};
/// let mut out = ItemWriter::new();
/// let mut map = MapDraft::begin(&mut out);
/// for (key, value) in [("b", 1), ("a", 2), ("b", 3)] {
///     map.key(&out);
///     out.text(key);
///     map.value(&out);
///     out.i32(value);
/// }
/// map.end(&mut out);
/// let values: Vec<View<'_>> = Item::new(out.bytes()).items().map(|i| i.view()).collect();
/// assert_eq!(values, [View::Text("a".into()), View::I32(2), View::Text("b".into()), View::I32(3)]);
/// ```
#[derive(Debug)]
#[must_use = "a map without an end is no item"]
pub struct MapDraft {
    from: usize,
    /// Where each entry's key and value begin.
    entries: Vec<(usize, usize)>,
}

impl MapDraft {
    /// Begins a map at the writer's end.
    pub fn begin(out: &mut ItemWriter) -> MapDraft {
        out.begin_map();
        MapDraft { from: out.bytes().len(), entries: Vec::new() }
    }

    /// An entry begins: its key is written next, one item that is not NULL.
    pub fn key(&mut self, out: &ItemWriter) {
        let at = out.bytes().len();
        self.entries.push((at, at));
    }

    /// The key is written; its value is next, one item.
    pub fn value(&mut self, out: &ItemWriter) {
        if let Some((_, value)) = self.entries.last_mut() {
            *value = out.bytes().len();
        }
    }

    /// Ends the map: entries in order of their keys, of equal keys the one that came last.
    pub fn end(self, out: &mut ItemWriter) {
        let MapDraft { from, entries } = self;
        let key = |(key, value): &(usize, usize)| &out.bytes()[*key..*value];
        if !entries.windows(2).all(|pair| key(&pair[0]) < key(&pair[1])) {
            let old = out.bytes()[from..].to_vec();
            let end = |i: usize| entries.get(i + 1).map_or(old.len(), |next| next.0 - from);
            let key = |i: usize| &old[entries[i].0 - from..entries[i].1 - from];
            let mut order: Vec<usize> = (0..entries.len()).collect();
            // Stable: of equal keys the last that came stays the last.
            order.sort_by(|a, b| key(*a).cmp(key(*b)));
            out.truncate(from);
            for (n, i) in order.iter().enumerate() {
                if order.get(n + 1).is_some_and(|next| key(*next) == key(*i)) {
                    continue;
                }
                out.item(Item::new(&old[entries[*i].0 - from..end(*i)]));
            }
        }
        out.end();
    }
}
