//! Parts of arrays, maps and VARIANTs. Elements that are looked for come in a sequence of one, so that NULL is a value like others.

use crate::{Arena, Error, Kernel, item_in};
use std::collections::BTreeMap;
use weir_row::{Item, ItemWriter, View, item::tag};

/// The element that a sequence of one holds, be it NULL.
pub(crate) fn element(boxed: Item<'_>) -> Item<'_> {
    boxed.items().next().unwrap_or(Item::NULL)
}

/// Bytes that an array or a map may have; beyond that the pipeline stops instead of filling its memory.
pub(crate) const ITEM_BYTES_MAX: usize = 16 << 20;

/// The error of a value that is too long.
#[cold]
pub(crate) fn too_long() -> Error {
    Error::new(format!("the array or map would be longer than {ITEM_BYTES_MAX} bytes"))
}

/// A map of pairs, in order of keys; of equal keys the last pair counts.
///
/// # Errors
/// A key that is NULL.
pub(crate) fn map<'a, 'p>(
    arena: &'a Arena,
    pairs: impl Iterator<Item = (Item<'p>, Item<'p>)>,
) -> Result<Item<'a>, Error> {
    let mut sorted = BTreeMap::new();
    for (key, value) in pairs {
        if key.is_null() {
            return Err(Error::new("a key of a map cannot be NULL"));
        }
        sorted.insert(key, value);
    }
    let mut out = ItemWriter::new();
    out.begin_map();
    for (key, value) in sorted {
        out.item(key);
        out.item(value);
    }
    out.end();
    Ok(item_in(arena, out))
}

/// The items of a list two by two.
pub(crate) fn pairs<'p>(of: Item<'p>) -> impl Iterator<Item = (Item<'p>, Item<'p>)> {
    let mut items = of.items();
    std::iter::from_fn(move || Some((items.next()?, items.next()?)))
}

/// The value of a key; NULL if it is not there.
fn get<'a>(map: Item<'a>, key: Item<'_>) -> Option<Item<'a>> {
    // Keys ascend.
    pairs(map).take_while(|(k, _)| *k <= key).find(|(k, _)| *k == key).and_then(|(_, value)| value.present())
}

/// A whole number in an item of any integer type.
pub(crate) fn whole(of: Item<'_>) -> Option<i128> {
    Some(match of.view() {
        View::I8(x) => x.into(),
        View::I16(x) => x.into(),
        View::I32(x) => x.into(),
        View::I64(x) => x.into(),
        View::U8(x) => x.into(),
        View::U16(x) => x.into(),
        View::U32(x) => x.into(),
        View::U64(x) => x.into(),
        _ => return None,
    })
}

kernels! { PARTS:
    /// The element of an array at an index, from 1; NULL if there is none.
    fn array_at(a: Item, index: I64) -> Item[?] = {
        usize::try_from(index).ok()?.checked_sub(1).and_then(|n| a.items().nth(n)).and_then(Item::present)
    }
    /// The element of an array at an index, from 0; NULL if there is none.
    fn array_offset(a: Item, index: I64) -> Item[?] = {
        usize::try_from(index).ok().and_then(|n| a.items().nth(n)).and_then(Item::present)
    }
    /// The value of a map's key: `(map, [key])`; NULL if it is not there.
    fn map_get(m: Item, key: Item) -> Item[?] = { get(m, element(key)) }
    /// The part of a VARIANT: an array's by number from 1, a map's by key: `(variant, [key])`; NULL if there is none.
    fn variant_at(v: Item, key: Item) -> Item[?] = {
        let key = element(key);
        match v.tag() {
            tag::ARRAY => {
                let n = usize::try_from(whole(key)?).ok()?.checked_sub(1)?;
                v.items().nth(n).and_then(Item::present)
            }
            tag::MAP => get(v, key),
            _ => None,
        }
    }
    /// A map of keys and values that follow each other in a list.
    fn map_of_pairs[arena](list: Item) -> Item[!] = { map(arena, pairs(list)) }
}

pub(crate) const KERNELS: &[&[Kernel]] = &[PARTS];
