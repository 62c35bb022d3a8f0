//! Arrays and maps that aggregates make of a group's rows.

use crate::array::{ITEM_BYTES_MAX, too_long};
use crate::{Arena, Error, Kernel, item_in};
use weir_row::{Item, ItemWriter, item::tag};

/// An array or a map in the making: the rows of the group come in order, those of a map by key.
///
/// ```
/// use weir_functions::Collected;
/// let mut map = Collected::map();
/// for (key, value) in [(1, 10), (1, 20), (2, 5)] {
///     let at = map.entry().unwrap();
///     map.items.i32(key);
///     map.key(at).unwrap();
///     map.items.i32(value);
/// }
/// // Of equal keys the last value stays.
/// assert_eq!(map.items.bytes().len(), 1 + 4 * 5);
/// ```
#[derive(Debug)]
pub struct Collected {
    /// What was written so far; elements, keys and values are written here.
    pub items: ItemWriter,
    /// Where the last key begins and ends.
    key: (usize, usize),
}

impl Collected {
    /// An array without elements.
    pub fn array() -> Collected {
        let mut items = ItemWriter::new();
        items.begin_array();
        Collected { items, key: (0, 0) }
    }

    /// A map without entries.
    pub fn map() -> Collected {
        let mut items = ItemWriter::new();
        items.begin_map();
        Collected { items, key: (0, 0) }
    }

    /// How often a row of that weight is an element; `once`: at most once.
    ///
    /// # Errors
    ///
    /// If the weight is negative.
    pub fn times(&self, weight: i64, once: bool) -> Result<i64, Error> {
        if weight < 0 {
            return Err(Error::new("a row was deleted that was never there: it cannot be collected"));
        }
        Ok(if once { weight.min(1) } else { weight })
    }

    /// Where the next element or key will begin.
    ///
    /// # Errors
    ///
    /// If there is too much already.
    pub fn entry(&self) -> Result<usize, Error> {
        let at = self.items.bytes().len();
        if at > ITEM_BYTES_MAX { Err(too_long()) } else { Ok(at) }
    }

    /// A key was written from `at` on: if it is the last one again, its value will be the one that is written next.
    ///
    /// # Errors
    ///
    /// If it is NULL.
    pub fn key(&mut self, at: usize) -> Result<(), Error> {
        let bytes = self.items.bytes();
        if bytes[at..] == [tag::NULL] {
            return Err(Error::new("a key of a map cannot be NULL"));
        }
        let (from, to) = self.key;
        if to > from && bytes[at..] == bytes[from..to] {
            self.items.truncate(to);
        } else {
            self.key = (at, bytes.len());
        }
        Ok(())
    }

    /// The array or map.
    pub fn finish(mut self, arena: &Arena) -> Item<'_> {
        self.items.end();
        item_in(arena, self.items)
    }
}

kernels! { ORDERS:
    /// Bytes whose order is the opposite of that of items: no item's bytes are a prefix of another's.
    fn opposite_item[arena](x: Item) -> Bytes = {
        let to = arena.alloc_slice_copy(x.bytes());
        to.iter_mut().for_each(|b| *b = !*b);
        to
    }
}

pub(crate) const KERNELS: &[Kernel] = ORDERS;
