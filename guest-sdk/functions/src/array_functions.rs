//! Functions on arrays and maps. Elements are compared as bytes of items, whatever their type; a single element comes in a sequence of one.

use crate::array::{ITEM_BYTES_MAX, element, map, pairs, too_long};
use crate::{Arena, Error, Kernel, item_in};
use std::collections::{BTreeSet, HashSet};
use weir_row::{Item, ItemWriter, View, item::tag};

/// An array of these items.
fn array<'a, 'i>(arena: &'a Arena, items: impl Iterator<Item = Item<'i>>) -> Item<'a> {
    let mut out = ItemWriter::new();
    out.begin_array();
    items.for_each(|i| out.item(i));
    out.end();
    item_in(arena, out)
}

/// An array of these items, unless it would be too long.
fn bounded<'a, 'i>(arena: &'a Arena, items: impl Iterator<Item = Item<'i>>) -> Result<Item<'a>, Error> {
    let mut out = ItemWriter::new();
    out.begin_array();
    for item in items {
        if out.bytes().len() + item.bytes().len() > ITEM_BYTES_MAX {
            return Err(too_long());
        }
        out.item(item);
    }
    out.end();
    Ok(item_in(arena, out))
}

fn count(of: Item<'_>) -> i32 {
    i32::try_from(of.items().count()).unwrap_or(i32::MAX)
}

/// The text of a text item.
fn text_of(item: Item<'_>) -> Option<std::borrow::Cow<'_, str>> {
    if let View::Text(s) = item.view() { Some(s) } else { None }
}

/// Appends texts with a separator between them; those that are NULL are left out, or `null` stands for them.
fn join(a: Item<'_>, separator: &str, null: Option<&str>) -> Result<String, Error> {
    let mut out = String::new();
    let mut first = true;
    for item in a.items() {
        let text = text_of(item);
        let Some(text) = text.as_deref().or(null) else { continue };
        if !std::mem::take(&mut first) {
            out.push_str(separator);
        }
        out.push_str(text);
        if out.len() > ITEM_BYTES_MAX {
            return Err(too_long());
        }
    }
    Ok(out)
}

/// Farthest position that ARRAY_INSERT takes.
const POSITION_MAX: u32 = i32::MAX as u32 - 15;

/// `a` with `x` before the element at `position`, which counts from 1, or from behind if it is negative.
fn insert<'a>(arena: &'a Arena, a: Item<'_>, position: i32, x: Item<'_>) -> Result<Item<'a>, Error> {
    let far = position.unsigned_abs() as usize;
    if position == 0 || position.unsigned_abs() > POSITION_MAX {
        return Err(Error::new(format!(
            "ARRAY_INSERT at position {position}: it must be between 1 and {POSITION_MAX}, or negative"
        )));
    }
    let items: Vec<Item<'_>> = a.items().collect();
    let nulls = |n: usize| std::iter::repeat_n(Item::NULL, n);
    let one = std::iter::once(x);
    if position > 0 {
        let (before, after) = items.split_at((far - 1).min(items.len()));
        let padding = nulls((far - 1).saturating_sub(items.len()));
        return bounded(arena, before.iter().copied().chain(padding).chain(one).chain(after.iter().copied()));
    }
    match (items.len() + 1).checked_sub(far) {
        Some(at) => bounded(arena, items[..at].iter().copied().chain(one).chain(items[at..].iter().copied())),
        None => bounded(arena, one.chain(nulls(far - items.len() - 1)).chain(items.iter().copied())),
    }
}

kernels! { ARRAYS:
    /// Both arrays, one after the other.
    fn array_concat[arena](a: Item, b: Item) -> Item[!] = { bounded(arena, a.items().chain(b.items())) }
    /// An array without its NULLs.
    fn array_compact[arena](a: Item) -> Item = { array(arena, a.items().filter(|i| !i.is_null())) }
    /// Whether an element is there: `(array, [element])`.
    fn array_contains(a: Item, x: Item) -> Bool = { let x = element(x); a.items().any(|i| i == x) }
    /// The first of equal elements each.
    fn array_distinct[arena](a: Item) -> Item = {
        let mut seen = HashSet::new();
        array(arena, a.items().filter(|i| seen.insert(*i)))
    }
    /// The elements of the first array that are not in the second, in order, once each.
    fn array_except[arena](a: Item, b: Item) -> Item = {
        let without: HashSet<Item<'_>> = b.items().collect();
        let kept: BTreeSet<Item<'_>> = a.items().filter(|i| !without.contains(i)).collect();
        array(arena, kept.into_iter())
    }
    /// The elements of both arrays, in order, once each.
    fn array_intersect[arena](a: Item, b: Item) -> Item = {
        let with: HashSet<Item<'_>> = b.items().collect();
        let kept: BTreeSet<Item<'_>> = a.items().filter(|i| with.contains(i)).collect();
        array(arena, kept.into_iter())
    }
    /// The elements of either array, in order, once each.
    fn array_union[arena](a: Item, b: Item) -> Item[!] = {
        let all: BTreeSet<Item<'_>> = a.items().chain(b.items()).collect();
        bounded(arena, all.into_iter())
    }
    /// With an element before the one at a position: `(array, position, [element])`.
    fn array_insert[arena](a: Item, position: I32, x: Item) -> Item[!] = { insert(arena, a, position, element(x)) }
    /// Texts with a separator between them, NULLs left out.
    fn array_join[arena](a: Item, separator: Text) -> Text[!] = { join(a, separator, None).map(|s| &*arena.alloc_str(&s)) }
    /// Texts with a separator between them, another text for NULLs.
    fn array_join_null[arena](a: Item, separator: Text, null: Text) -> Text[!] = {
        join(a, separator, Some(null)).map(|s| &*arena.alloc_str(&s))
    }
    /// The number of elements.
    fn array_length(a: Item) -> I32 = { count(a) }
    /// The number of a map's entries.
    fn map_length(m: Item) -> I32 = { count(m) / 2 }
    /// The greatest element that is not NULL.
    fn array_max(a: Item) -> Item[?] = { a.items().filter(|i| !i.is_null()).max() }
    /// The least element that is not NULL.
    fn array_min(a: Item) -> Item[?] = { a.items().filter(|i| !i.is_null()).min() }
    /// Whether some element is in both arrays.
    fn arrays_overlap(a: Item, b: Item) -> Bool = {
        let known: HashSet<Item<'_>> = a.items().collect();
        b.items().any(|i| known.contains(&i))
    }
    /// The number of the first element equal to one, from 1; 0 if there is none: `(array, [element])`.
    fn array_position(a: Item, x: Item) -> I64 = {
        let x = element(x);
        a.items().position(|i| i == x).map_or(0, |n| n as i64 + 1)
    }
    /// Without the elements equal to one: `(array, [element])`.
    fn array_remove[arena](a: Item, x: Item) -> Item = { let x = element(x); array(arena, a.items().filter(|i| *i != x)) }
    /// One element so many times: `([element], n)`.
    fn array_repeat[arena](x: Item, n: I32) -> Item[!] = {
        bounded(arena, std::iter::repeat_n(element(x), usize::try_from(n).unwrap_or(0)))
    }
    /// In reverse order.
    fn array_reverse[arena](a: Item) -> Item = {
        let items: Vec<Item<'_>> = a.items().collect();
        array(arena, items.into_iter().rev())
    }
    /// The only element of an array; NULL if it is empty.
    fn array_element(a: Item) -> Item[!?] = {
        let mut items = a.items();
        match (items.next(), items.next()) {
            (_, Some(_)) => Err(Error::new("ELEMENT of an array with more than one element")),
            (first, None) => Ok(first.and_then(Item::present)),
        }
    }
    /// In order, ascending or descending.
    fn sort_array[arena](a: Item, ascending: Bool) -> Item = {
        let mut items: Vec<Item<'_>> = a.items().collect();
        items.sort_unstable();
        if !ascending {
            items.reverse();
        }
        array(arena, items.into_iter())
    }
    /// The whole numbers from one to another.
    fn sequence[arena](from: I32, to: I32) -> Item[!] = {
        let mut out = ItemWriter::new();
        out.begin_array();
        for n in from..=to {
            if out.bytes().len() > ITEM_BYTES_MAX {
                return Err(too_long());
            }
            out.i32(n);
        }
        out.end();
        Ok(item_in(arena, out))
    }
    /// The pieces of a text between separators: `(text, separator)`.
    fn split[arena](s: Text, separator: Text) -> Item[!] = {
        let mut out = ItemWriter::new();
        out.begin_array();
        if separator.is_empty() {
            out.text(s);
        } else if !s.is_empty() {
            for piece in s.split(separator) {
                if out.bytes().len() > ITEM_BYTES_MAX {
                    return Err(too_long());
                }
                out.text(piece);
            }
        }
        out.end();
        Ok(item_in(arena, out))
    }
    /// The entries of both maps; of equal keys that of the second.
    fn map_concat[arena](m: Item, n: Item) -> Item[!] = {
        if m.bytes().len() + n.bytes().len() > ITEM_BYTES_MAX {
            return Err(too_long());
        }
        map(arena, pairs(m).chain(pairs(n)))
    }
    /// Whether a map has a key: `(map, [key])`.
    fn map_contains_key(m: Item, key: Item) -> Bool = { let key = element(key); pairs(m).any(|(k, _)| k == key) }
    /// The keys, ascending.
    fn map_keys[arena](m: Item) -> Item = { array(arena, pairs(m).map(|(k, _)| k)) }
    /// The values, in order of their keys.
    fn map_values[arena](m: Item) -> Item = { array(arena, pairs(m).map(|(_, v)| v)) }
    /// The entries of a map as rows, those of an array as they are: what UNNEST goes through.
    fn unnested[arena](of: Item) -> Item = {
        if of.tag() != tag::MAP {
            return of;
        }
        let mut out = ItemWriter::new();
        out.begin_array();
        for (key, value) in pairs(of) {
            out.begin_row();
            out.item(key);
            out.item(value);
            out.end();
        }
        out.end();
        item_in(arena, out)
    }
}

pub(crate) const KERNELS: &[&[Kernel]] = &[ARRAYS];
