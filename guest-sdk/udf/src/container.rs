//! Arrays and maps, shared: a clone costs nothing, `Arc::make_mut` gives one to change.

use crate::{Error, Part, value::Value};
use std::collections::BTreeMap;
use std::sync::Arc;
use weir_functions::{Arena, item_in};
use weir_row::{Item, ItemWriter, item::tag};

/// T ARRAY: elements may be NULL, so in functions it is `Array<Option<T>>`. Made by `Arc::new(vec![..])` or `vec![..].into()`.
pub type Array<T> = Arc<Vec<T>>;

/// MAP<K, V>: values may be NULL, so in functions it is `Map<K, Option<V>>`.
pub type Map<K, V> = Arc<BTreeMap<K, V>>;

/// An item in the arena.
pub(crate) fn item<'a>(value: &impl Value, arena: &'a Arena) -> Result<Item<'a>, Error> {
    let mut out = ItemWriter::new();
    value.write(&mut out)?;
    Ok(item_in(arena, out))
}

pub(crate) fn wrong() -> Error {
    Error::from("an argument of another type than the function's parameter")
}

impl<T: Part> Value for Arc<Vec<T>> {
    type Words<'a> = Item<'a>;

    fn get(words: Item<'_>) -> Result<Self, Error> {
        if words.tag() != tag::ARRAY {
            return Err(wrong());
        }
        Ok(Arc::new(words.items().map(T::read_part).collect::<Result<_, _>>()?))
    }

    fn put(self, arena: &Arena) -> Result<Item<'_>, Error> {
        item(&self, arena)
    }

    fn read(item: Item<'_>) -> Option<Self> {
        Self::get(item).ok()
    }

    fn write(&self, out: &mut ItemWriter) -> Result<(), Error> {
        out.begin_array();
        self.iter().try_for_each(|part| part.write_part(out))?;
        out.end();
        Ok(())
    }
}

impl<K: Value + Ord, V: Part> Value for Arc<BTreeMap<K, V>> {
    type Words<'a> = Item<'a>;

    fn get(words: Item<'_>) -> Result<Self, Error> {
        if words.tag() != tag::MAP {
            return Err(wrong());
        }
        let mut map = BTreeMap::new();
        let mut items = words.items();
        while let (Some(key), Some(value)) = (items.next(), items.next()) {
            map.insert(K::read_part(key)?, V::read_part(value)?);
        }
        Ok(Arc::new(map))
    }

    fn put(self, arena: &Arena) -> Result<Item<'_>, Error> {
        item(&self, arena)
    }

    fn read(item: Item<'_>) -> Option<Self> {
        Self::get(item).ok()
    }

    fn write(&self, out: &mut ItemWriter) -> Result<(), Error> {
        // Keys' order is SQL's, but for numbers of variants; the draft puts right what differs.
        let mut map = weir_row::MapDraft::begin(out);
        for (key, value) in self.iter() {
            map.key(out);
            key.write(out)?;
            map.value(out);
            value.write_part(out)?;
        }
        map.end(out);
        Ok(())
    }
}
