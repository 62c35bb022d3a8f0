//! Reading a row from a JSON object or array straight into a draft, field by field, by the column's type.

use super::JsonFlavor;
use super::nested::{Context, ItemSeed, Step, path};
use super::value::{ColumnTarget, ScalarSeed, Target};
use crate::changes::TableDraft;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use weir_row::{Item, Kind, ValueRef, item};

/// Reads the one row that a text is into a draft. On an error `field` tells which field it was.
pub(crate) fn read_row(
    text: &str,
    flavor: JsonFlavor,
    draft: &mut TableDraft<'_>,
    field: &mut Option<String>,
) -> Result<(), serde_json::Error> {
    let mut json = serde_json::Deserializer::from_str(text);
    RowSeed { draft, flavor, field }.deserialize(&mut json).and_then(|()| json.end())
}

/// Reads a row into a draft. On an error `field` tells which field it was.
pub(crate) struct RowSeed<'s, 'a> {
    pub(crate) draft: &'s mut TableDraft<'a>,
    pub(crate) flavor: JsonFlavor,
    pub(crate) field: &'s mut Option<String>,
}

impl<'de> DeserializeSeed<'de> for RowSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_any(self)
    }
}

impl RowSeed<'_, '_> {
    fn wrap<E: Error>(&mut self, column: usize, steps: &[Step], result: Result<(), E>) -> Result<(), E> {
        result.map_err(|e| {
            let name = self.draft.table.columns[column].name.clone();
            let wrapped = E::custom(format!("error parsing field '{name}'{}: {e}", path(steps)));
            *self.field = Some(name);
            wrapped
        })
    }
}

impl<'de> Visitor<'de> for RowSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row: an object, or an array of all columns in order")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let mut guess = 0;
        while let Some(key) = map.next_key_seed(Key)? {
            let Some(column) = self.draft.table.find(&key, guess) else {
                map.next_value::<serde::de::IgnoredAny>()?;
                continue;
            };
            guess = column + 1;
            let mut steps = Vec::new();
            let seed = FieldSeed { draft: self.draft, column, flavor: self.flavor, steps: &mut steps };
            let result = map.next_value_seed(seed);
            self.wrap(column, &steps, result)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        let columns = self.draft.table.columns.len();
        for column in 0..columns {
            let mut steps = Vec::new();
            let seed = FieldSeed { draft: self.draft, column, flavor: self.flavor, steps: &mut steps };
            match seq.next_element_seed(seed) {
                Ok(Some(())) => {}
                Ok(None) => {
                    return Err(A::Error::custom(format!(
                        "the array has {column} fields, but the table has {columns} columns"
                    )));
                }
                Err(e) => self.wrap(column, &steps, Err(e))?,
            }
        }
        if seq.next_element::<serde::de::IgnoredAny>()?.is_some() {
            return Err(A::Error::custom(format!("the array has more fields than the table's {columns} columns")));
        }
        Ok(())
    }
}

/// A field's name, borrowed unless it has escapes.
pub(crate) struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Self::Value, D::Error> {
        d.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field name")
    }

    fn visit_borrowed_str<E>(self, s: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(s))
    }

    fn visit_str<E>(self, s: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(s.to_owned()))
    }
}

/// One field of a row.
struct FieldSeed<'s, 'a> {
    draft: &'s mut TableDraft<'a>,
    column: usize,
    flavor: JsonFlavor,
    /// After an error: where in the value it was, from the inside out.
    steps: &'s mut Vec<Step>,
}

impl<'de> DeserializeSeed<'de> for FieldSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        let FieldSeed { draft, column, flavor, steps } = self;
        let table = draft.table;
        let ty = &table.columns[column].ty;
        if ty.sql.kind() != Some(Kind::Item) {
            let target = ColumnTarget { draft, column };
            return ScalarSeed { sql: &ty.sql, nullable: ty.nullable, flavor, target }.deserialize(d);
        }
        // The draft keeps the buffer from field to field.
        let mut out = std::mem::take(&mut draft.items);
        out.truncate(0);
        let mut context = Context { flavor, steps: Vec::new() };
        let seed = ItemSeed {
            sql: &ty.sql,
            nullable: ty.nullable,
            depth: item::DEPTH_MAX,
            context: &mut context,
            out: &mut out,
        };
        let read = seed.deserialize(d).and_then(|()| {
            let value = Item::new(out.bytes()).present().map_or(ValueRef::Null, ValueRef::Item);
            ColumnTarget { draft, column }.put(value).map_err(D::Error::custom)
        });
        draft.items = out;
        *steps = context.steps;
        read
    }
}
