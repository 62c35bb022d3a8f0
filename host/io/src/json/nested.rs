//! Reading values with parts, and VARIANTs, from JSON into items: each part by its type, straight from the text.

use super::JsonFlavor;
use super::row::Key;
use super::value::{ItemTarget, ScalarSeed, expected, unquoted};
use crate::field::{self, Scratch, Unread};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt::{self, Write};
use weir_functions::forms;
use weir_row::{ColumnType, Item, ItemWriter, MapDraft, RowType, SqlType, item};

/// Where in a value something is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// An element of an array, from 1.
    Element(usize),
    /// A value, or the key itself, of a map.
    Key(String),
    /// A field of a row.
    Field(String),
}

/// A path as errors show it, `[3].x`, of steps from the inside out.
pub(crate) fn path(steps: &[Step]) -> String {
    /// Characters of a key that are shown: what is wrong is shown with the record.
    const KEY_CHARS_MAX: usize = 64;
    steps.iter().rev().fold(String::new(), |mut out, step| {
        let _ = match step {
            Step::Element(number) => write!(out, "[{number}]"),
            Step::Key(key) => write!(out, "['{}']", key.chars().take(KEY_CHARS_MAX).collect::<String>()),
            Step::Field(name) => write!(out, ".{name}"),
        };
        out
    })
}

/// What the reading of one value needs to know, and where an error was.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) flavor: JsonFlavor,
    /// After an error: the steps to it, from the inside out.
    pub(crate) steps: Vec<Step>,
}

impl Context {
    /// Notes where an error was.
    fn at<T, E>(&mut self, step: impl FnOnce() -> Step, result: Result<T, E>) -> Result<T, E> {
        if result.is_err() {
            self.steps.push(step());
        }
        result
    }
}

/// Appends the one value that a text is, which is not SQL NULL.
pub(crate) fn read_item(
    sql: &SqlType,
    text: &str,
    flavor: JsonFlavor,
    depth: usize,
    out: &mut ItemWriter,
) -> Result<(), Unread> {
    let mut context = Context { flavor, steps: Vec::new() };
    let mut json = serde_json::Deserializer::from_str(text);
    ItemSeed { sql, nullable: false, depth, context: &mut context, out }
        .deserialize(&mut json)
        .and_then(|()| json.end())
        .map_err(|e| Unread::Part { steps: context.steps, why: e.to_string() })
}

/// Appends one value to the writer, as SQL NULL if it is that.
pub(crate) struct ItemSeed<'s> {
    pub(crate) sql: &'s SqlType,
    pub(crate) nullable: bool,
    /// Containers that may be in each other here.
    pub(crate) depth: usize,
    pub(crate) context: &'s mut Context,
    pub(crate) out: &'s mut ItemWriter,
}

impl<'de> DeserializeSeed<'de> for ItemSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        match self.sql {
            SqlType::Variant => {
                let raw = <&RawValue as serde::Deserialize>::deserialize(d)?.get();
                self.variant(raw)
            }
            SqlType::Array(_) | SqlType::Map(..) | SqlType::Row(_) if self.depth == 0 => {
                Err(D::Error::custom(format!("values in each other, deeper than {}", item::DEPTH_MAX)))
            }
            SqlType::Array(_) | SqlType::Map(..) | SqlType::Row(_) => d.deserialize_any(self),
            sql => {
                let target = ItemTarget { out: self.out, scale: sql.scale() };
                ScalarSeed { sql, nullable: self.nullable, flavor: self.context.flavor, target }.deserialize(d)
            }
        }
    }
}

impl ItemSeed<'_> {
    /// A VARIANT: SQL NULL if there may be one, else JSON, in most flavors within a string.
    fn variant<E: Error>(self, raw: &str) -> Result<(), E> {
        if raw == "null" && self.nullable {
            self.out.null();
            return Ok(());
        }
        let read = if self.context.flavor.variant_text() {
            if !raw.starts_with('"') {
                return Err(E::custom(format_args!(
                    "invalid type, expected {}",
                    expected(self.sql, self.context.flavor)
                )));
            }
            forms::read_json(&unquoted::<E>(raw)?, self.depth, self.out)
        } else {
            forms::read_json(raw, self.depth, self.out)
        };
        read.map_err(|e| E::custom(format_args!("invalid value: {e}, expected a JSON value that a VARIANT holds")))
    }
}

impl<'de> Visitor<'de> for ItemSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(expected(self.sql, self.context.flavor))
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        if !self.nullable {
            return Err(E::invalid_type(serde::de::Unexpected::Unit, &self));
        }
        self.out.null();
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let SqlType::Array(element) = self.sql else {
            return Err(A::Error::invalid_type(serde::de::Unexpected::Seq, &self));
        };
        let ItemSeed { context, out, .. } = self;
        let depth = self.depth - 1;
        out.begin_array();
        for number in 1.. {
            let seed = ItemSeed { sql: element, nullable: true, depth, context, out };
            let read = seq.next_element_seed(seed);
            if context.at(|| Step::Element(number), read)?.is_none() {
                break;
            }
        }
        out.end();
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let ItemSeed { context, out, .. } = self;
        let depth = self.depth - 1;
        match self.sql {
            SqlType::Map(key, value) => entries(key, value, depth, context, out, map),
            SqlType::Row(row) => fields(row, depth, context, out, map),
            sql => Err(A::Error::invalid_type(serde::de::Unexpected::Map, &expected(sql, context.flavor))),
        }
    }
}

/// The entries of a map, keys in any order; of equal keys the last counts.
fn entries<'de, A: MapAccess<'de>>(
    key_type: &SqlType,
    value_type: &SqlType,
    depth: usize,
    context: &mut Context,
    out: &mut ItemWriter,
    mut map: A,
) -> Result<(), A::Error> {
    let mut draft = MapDraft::begin(out);
    while let Some(key) = map.next_key_seed(Key)? {
        draft.key(out);
        let step = || Step::Key(key.clone().into_owned());
        let read = key_item(key_type, &key, depth, out).map_err(A::Error::custom);
        context.at(step, read)?;
        draft.value(out);
        let read = map.next_value_seed(ItemSeed { sql: value_type, nullable: true, depth, context, out });
        context.at(step, read)?;
    }
    draft.end(out);
    Ok(())
}

/// Appends a map's key from its text. `Err`: what is wrong with it.
pub(crate) fn key_item(sql: &SqlType, key: &str, depth: usize, out: &mut ItemWriter) -> Result<(), String> {
    // The text is the value, as everywhere where a VARIANT is made of an object.
    if *sql == SqlType::Variant {
        out.text(key);
        return Ok(());
    }
    let mut scratch = Scratch::default();
    let value = match field::from_text(sql, key, depth, &mut scratch) {
        Ok(value) => value,
        Err(Unread::Expected(expected)) => return Err(format!("invalid key: {key:?}, expected {expected}")),
        Err(Unread::Part { why, .. }) => return Err(format!("invalid key: {key:?}: {why}")),
    };
    if !value.in_range() {
        return Err(format!("invalid key: {key:?}, a date or time that the type does not have"));
    }
    out.value(value, sql.scale());
    Ok(())
}

/// The fields of a row by name, in any order; of equal names the last counts, and unknown ones are passed over.
fn fields<'de, A: MapAccess<'de>>(
    row: &RowType,
    depth: usize,
    context: &mut Context,
    out: &mut ItemWriter,
    mut map: A,
) -> Result<(), A::Error> {
    out.begin_row();
    let from = out.bytes().len();
    let mut found: Vec<Option<(usize, usize)>> = vec![None; row.fields.len()];
    let mut guess = 0;
    // Whether fields came in order so far, each once.
    let mut in_order = true;
    while let Some(key) = map.next_key_seed(Key)? {
        let Some(number) = find(row, &key, guess) else {
            map.next_value::<IgnoredAny>()?;
            continue;
        };
        in_order &= number == guess;
        guess = number + 1;
        let (name, ColumnType { sql, nullable }) = &row.fields[number];
        let begin = out.bytes().len();
        let read = map.next_value_seed(ItemSeed { sql, nullable: *nullable, depth, context, out });
        context.at(|| Step::Field(name.clone()), read)?;
        found[number] = Some((begin, out.bytes().len()));
    }
    for ((name, ty), found) in row.fields.iter().zip(&found) {
        if found.is_none() && !ty.nullable {
            let missing = Err(A::Error::custom("the field is missing, and it is NOT NULL"));
            return context.at(|| Step::Field(name.clone()), missing);
        }
    }
    if !(in_order && guess == row.fields.len()) {
        let old = out.bytes()[from..].to_vec();
        out.truncate(from);
        for found in &found {
            match found {
                Some((begin, end)) => out.item(Item::new(&old[begin - from..end - from])),
                None => out.null(),
            }
        }
    }
    out.end();
    Ok(())
}

/// The field that a name means: exactly, or, if the field's name has no capitals (as names have that were not quoted), whatever the case.
fn find(row: &RowType, name: &str, guess: usize) -> Option<usize> {
    if row.fields.get(guess).is_some_and(|(n, _)| n == name) {
        return Some(guess);
    }
    let exactly = |name: &str| row.fields.iter().position(|(n, _)| n == name);
    exactly(name).or_else(|| exactly(&name.to_lowercase()))
}
