//! VARIANT: its values converted to other types, and what is known of it. Whatever does not convert is NULL.

use crate::array::{element, map, pairs};
use crate::item::{bytes_in, rescale, text_in};
use crate::{Error, Kernel, item_in};
use std::collections::BTreeSet;
use std::fmt::Write;
use weir_row::{Item, ItemWriter, View, item, item::tag};

/// A number of any type.
enum Number {
    Whole(i128),
    Decimal(i128, u8),
    Float(f64),
}

fn number(of: Item<'_>) -> Option<Number> {
    Some(match of.view() {
        View::Dec(units, scale) => Number::Decimal(units, scale),
        View::F32(x) => Number::Float(x.into()),
        View::F64(x) => Number::Float(x),
        _ => Number::Whole(crate::array::whole(of)?),
    })
}

/// The whole part of a number.
fn whole(of: Item<'_>) -> Option<i128> {
    match number(of)? {
        Number::Whole(n) => Some(n),
        Number::Decimal(units, scale) => rescale(units, scale, 0),
        // Beyond 2^127 the cast gives the nearest number, which is out of every type's range.
        Number::Float(x) => x.is_finite().then_some(x.trunc() as i128),
    }
}

fn float(of: Item<'_>) -> Option<f64> {
    match number(of)? {
        Number::Whole(n) => Some(n as f64),
        Number::Decimal(units, scale) => crate::forms::decimal(units, scale.into()).parse().ok(),
        Number::Float(x) => Some(x),
    }
}

/// A decimal of so many digits, surplus digits of the fraction cut.
fn decimal(of: Item<'_>, precision: i32, scale: i32) -> Option<i128> {
    let units = match number(of)? {
        Number::Whole(n) => rescale(n, 0, scale)?,
        Number::Decimal(units, from) => rescale(units, from, scale)?,
        Number::Float(x) => return crate::safe_cast_f64_to_dec(x, precision, scale),
    };
    (units.unsigned_abs() < 10u128.checked_pow(precision.unsigned_abs())?).then_some(units)
}

/// The name of an item's type; `None` of SQL NULL.
fn type_name(of: Item<'_>) -> &'static str {
    match of.tag() {
        tag::VARIANT_NULL => "VARIANT",
        tag::BOOL => "BOOLEAN",
        tag::I8 => "TINYINT",
        tag::I16 => "SMALLINT",
        tag::I32 => "INTEGER",
        tag::I64 => "BIGINT",
        tag::U8 => "TINYINT UNSIGNED",
        tag::U16 => "SMALLINT UNSIGNED",
        tag::U32 => "INTEGER UNSIGNED",
        tag::U64 => "BIGINT UNSIGNED",
        tag::F32 => "REAL",
        tag::F64 => "DOUBLE",
        tag::DEC => "DECIMAL",
        tag::TEXT => "VARCHAR",
        tag::DATE => "DATE",
        tag::TIME => "TIME",
        tag::TS => "TIMESTAMP",
        tag::MICROS => "SHORTINTERVAL",
        tag::MONTHS => "LONGINTERVAL",
        tag::BYTES => "BINARY",
        tag::UUID => "UUID",
        tag::ARRAY => "ARRAY",
        tag::MAP => "MAP",
        tag::TZ => "TIMESTAMP WITH TIME ZONE",
        tag::ROW => "ROW",
        _ => "NULL",
    }
}

/// Whether TO_JSON has a form for it: keys must be texts.
fn has_json(of: Item<'_>, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    match of.tag() {
        tag::MAP => pairs(of).all(|(k, v)| k.tag() == tag::TEXT && has_json(v, depth)),
        tag::ARRAY | tag::ROW => of.items().all(|i| has_json(i, depth)),
        _ => true,
    }
}

/// Appends a field's name to a path; names that are no plain words are put in quotation marks.
fn push_name(path: &mut String, name: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && name.bytes().next().is_some_and(|b| !b.is_ascii_digit());
    if plain {
        return path.push_str(name);
    }
    path.push('"');
    for c in name.chars() {
        if matches!(c, '"' | '\\') {
            path.push('\\');
        }
        let _ = path.write_char(c);
    }
    path.push('"');
}

/// The paths of all fields of an object and of those inside it.
fn paths(of: Item<'_>, prefix: &str, depth: usize, out: &mut BTreeSet<String>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    if of.tag() != tag::MAP {
        return;
    }
    for (key, value) in pairs(of) {
        if let View::Text(name) = key.view() {
            let mut path = prefix.to_owned();
            push_name(&mut path, &name);
            paths(value, &path, depth, out);
            out.insert(path);
        }
    }
}

/// Bytes that the paths of JSON_KEYS may have in all: each repeats those of the objects around it.
const PATHS_BYTES_MAX: usize = 16 << 20;

/// The fields of an object whose values pass, as a map.
fn each<'a>(
    arena: &'a crate::Arena,
    of: Item<'_>,
    mut put: impl FnMut(&mut ItemWriter, Item<'_>) -> Option<()>,
) -> Item<'a> {
    let mut out = ItemWriter::new();
    out.begin_map();
    let entries = (of.tag() == tag::MAP).then(|| pairs(of)).into_iter().flatten();
    for (key, value) in entries.filter(|(k, _)| k.tag() == tag::TEXT) {
        let before = out.bytes().len();
        out.item(key);
        if put(&mut out, value).is_none() {
            out.truncate(before);
        }
    }
    out.end();
    item_in(arena, out)
}

/// Two VARIANTs as one: objects field by field, of anything else the second.
fn merge(v: Item<'_>, w: Item<'_>, out: &mut ItemWriter, depth: usize) {
    let depth = depth.checked_sub(1);
    let (Some(depth), tag::MAP, tag::MAP) = (depth, v.tag(), w.tag()) else { return out.item(w) };
    out.begin_map();
    let (mut a, mut b) = (pairs(v).peekable(), pairs(w).peekable());
    loop {
        let order = match (a.peek(), b.peek()) {
            (Some((x, _)), Some((y, _))) => x.cmp(y),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (None, None) => break,
        };
        let (mut left, mut right) = (None, None);
        if order.is_le() {
            left = a.next();
        }
        if order.is_ge() {
            right = b.next();
        }
        match (left, right) {
            (Some((key, x)), Some((_, y))) => {
                out.item(key);
                merge(x, y, out, depth);
            }
            (Some((key, value)), None) | (None, Some((key, value))) => {
                out.item(key);
                out.item(value);
            }
            (None, None) => break,
        }
    }
    out.end();
}

macro_rules! to_integers {
    ($($kind:ident)*) => { pastey::paste! {
        $( kernels! { [<TO_ $kind:upper>]:
            /// The number in a VARIANT, or that its text is.
            fn [<variant_to_ $kind:lower>](v: Item) -> $kind[?] = {
                match v.view() {
                    View::Text(s) => crate::[<safe_cast_text_to_ $kind:lower>](&s),
                    _ => whole(v)?.try_into().ok(),
                }
            }
        } )*
        const INTEGERS: &[&[Kernel]] = &[$([<TO_ $kind:upper>]),*];
    } };
}

to_integers! { I8 I16 I32 I64 U8 U16 U32 U64 }

kernels! { VARIANTS:
    /// The number in a VARIANT: `(variant, precision, scale)`.
    fn variant_to_dec(v: Item, precision: I32, scale: I32) -> Dec[?] = {
        match v.view() {
            View::Text(s) => crate::safe_cast_text_to_dec(&s, precision, scale),
            _ => decimal(v, precision, scale),
        }
    }
    /// The number in a VARIANT.
    fn variant_to_f32(v: Item) -> F32[?] = {
        match v.view() {
            View::Text(s) => crate::safe_cast_text_to_f32(&s),
            View::F32(x) => Some(x),
            _ => float(v).map(|x| x as f32),
        }
    }
    /// The number in a VARIANT.
    fn variant_to_f64(v: Item) -> F64[?] = {
        match v.view() {
            View::Text(s) => crate::safe_cast_text_to_f64(&s),
            _ => float(v),
        }
    }
    /// The BOOLEAN in a VARIANT.
    fn variant_to_bool(v: Item) -> Bool[?] = {
        match v.view() {
            View::Bool(b) => Some(b),
            View::Text(s) => crate::safe_cast_text_to_bool(&s),
            _ => None,
        }
    }
    /// The scalar in a VARIANT as text.
    fn variant_to_text[arena](v: Item) -> Text[?] = {
        match v.view() {
            View::Text(s) => Some(text_in(arena, s)),
            _ => crate::forms::item_text(v).map(|s| &*arena.alloc_str(&s)),
        }
    }
    /// The date in a VARIANT.
    fn variant_to_date(v: Item) -> Date[?] = {
        match v.view() {
            View::Date(d) => Some(d),
            View::Text(s) => crate::safe_cast_text_to_date(&s),
            _ => None,
        }
    }
    /// The time in a VARIANT.
    fn variant_to_time(v: Item) -> Time[?] = {
        match v.view() {
            View::Time(t) => Some(t),
            View::Text(s) => crate::safe_cast_text_to_time(&s),
            _ => None,
        }
    }
    /// The timestamp in a VARIANT.
    fn variant_to_ts(v: Item) -> Ts[?] = {
        match v.view() {
            View::Ts(t) => Some(t),
            View::Text(s) => crate::safe_cast_text_to_ts(&s),
            _ => None,
        }
    }
    /// The instant in a VARIANT.
    fn variant_to_tz(v: Item) -> Tz[?] = {
        match v.view() {
            View::Tz(t) => Some(t),
            View::Text(s) => crate::safe_cast_text_to_tz(&s),
            _ => None,
        }
    }
    /// The UUID in a VARIANT.
    fn variant_to_uuid(v: Item) -> Uuid[?] = {
        match v.view() {
            View::Uuid(u) => Some(u),
            View::Text(s) => crate::safe_cast_text_to_uuid(&s),
            _ => None,
        }
    }
    /// The binary in a VARIANT.
    fn variant_to_bytes[arena](v: Item) -> Bytes[?] = { if let View::Bytes(b) = v.view() { Some(bytes_in(arena, b)) } else { None } }
    /// The year-month interval in a VARIANT: `(variant, first field, last field)`.
    fn variant_to_months(v: Item, first: I32, last: I32) -> Months[?] = {
        match v.view() {
            View::Months(x) => Some(x),
            View::Text(s) => crate::safe_cast_text_to_months(&s, first, last),
            _ => None,
        }
    }
    /// The day-time interval in a VARIANT: `(variant, first field, last field)`.
    fn variant_to_micros(v: Item, first: I32, last: I32) -> Micros[?] = {
        match v.view() {
            View::Micros(x) => Some(x),
            View::Text(s) => crate::safe_cast_text_to_micros(&s, first, last),
            _ => None,
        }
    }
    /// The array in a VARIANT.
    fn variant_array(v: Item) -> Item[?] = { (v.tag() == tag::ARRAY).then_some(v) }
    /// The map in a VARIANT.
    fn variant_map_of(v: Item) -> Item[?] = { (v.tag() == tag::MAP).then_some(v) }
    /// An array of sequences of two each, a value and the conversion of it: the conversions, NULL if one is NULL where the value is neither
    /// NULL nor variant null.
    fn all_converted[arena](pairs_of: Item) -> Item[?] = {
        let mut out = ItemWriter::new();
        out.begin_array();
        for pair in pairs_of.items() {
            let (from, to) = pairs(pair).next()?;
            if to.is_null() && !matches!(from.tag(), tag::NULL | tag::VARIANT_NULL) {
                return None;
            }
            out.item(to);
        }
        out.end();
        Some(item_in(arena, out))
    }
    /// The variant null.
    fn variantnull() -> Item = { Item::VARIANT_NULL }
    /// The name of the type of a VARIANT's value, which is not NULL.
    fn typeof_item(v: Item) -> Text = { type_name(v) }
    /// A VARIANT as JSON; NULL if a key is not text.
    fn to_json[arena](v: Item) -> Text[?] = {
        has_json(v, item::DEPTH_MAX).then(|| &*arena.alloc_str(&crate::forms::json(v)))
    }
    /// The names of an object's fields.
    fn json_object_keys[arena](v: Item) -> Item = {
        let mut out = ItemWriter::new();
        out.begin_array();
        let keys = (v.tag() == tag::MAP).then(|| pairs(v)).into_iter().flatten().map(|(key, _)| key);
        keys.filter(|key| key.tag() == tag::TEXT).for_each(|key| out.item(key));
        out.end();
        item_in(arena, out)
    }
    /// The paths of an object's fields and of those inside them.
    fn json_keys[arena](v: Item) -> Item[!] = {
        let mut found = BTreeSet::new();
        paths(v, "", item::DEPTH_MAX, &mut found);
        if found.iter().map(String::len).sum::<usize>() > PATHS_BYTES_MAX {
            return Err(Error::new(format!("the paths of JSON_KEYS have more than {PATHS_BYTES_MAX} bytes")));
        }
        let mut out = ItemWriter::new();
        out.begin_array();
        found.iter().for_each(|path| out.text(path));
        out.end();
        Ok(item_in(arena, out))
    }
    /// Two VARIANTs as one.
    fn variant_merge[arena](v: Item, w: Item) -> Item = {
        let mut out = ItemWriter::new();
        merge(v, w, &mut out, item::DEPTH_MAX);
        item_in(arena, out)
    }
    /// An object's fields that are whole numbers.
    fn json_each_bigint[arena](v: Item) -> Item = {
        each(arena, v, |out, value| {
            let n = match number(value)? {
                Number::Whole(n) => n,
                Number::Decimal(n, 0) => n,
                _ => return None,
            };
            out.i64(n.try_into().ok()?);
            Some(())
        })
    }
    /// An object's fields that are texts.
    fn json_each_string[arena](v: Item) -> Item = {
        each(arena, v, |out, value| (value.tag() == tag::TEXT).then(|| out.item(value)))
    }
    /// An object's fields that are BOOLEANs.
    fn json_each_boolean[arena](v: Item) -> Item = {
        each(arena, v, |out, value| (value.tag() == tag::BOOL).then(|| out.item(value)))
    }
    /// An object's fields that are dates, or texts of dates.
    fn json_each_date[arena](v: Item) -> Item = { each(arena, v, |out, value| variant_to_date(value).map(|d| out.date(d))) }
    /// An object's fields that are times, or texts of times.
    fn json_each_time[arena](v: Item) -> Item = { each(arena, v, |out, value| variant_to_time(value).map(|t| out.time(t))) }
    /// An object's fields that are timestamps, or texts of timestamps.
    fn json_each_timestamp[arena](v: Item) -> Item = { each(arena, v, |out, value| variant_to_ts(value).map(|t| out.ts(t))) }
    /// A value out of a sequence of one as VARIANT's field of that name; NULL if there is none: `(variant, [name])`.
    fn variant_field(v: Item, name: Item) -> Item[?] = {
        let name = element(name);
        if v.tag() != tag::MAP {
            return None;
        }
        pairs(v).find(|(key, _)| *key == name).and_then(|(_, value)| value.present())
    }
    /// A map of an array of keys and one of values; NULL if a key is NULL.
    fn map_zip[arena](keys: Item, values: Item) -> Item[?] = { map(arena, keys.items().zip(values.items())).ok() }
    /// The value that a JSON text is; NULL if it is none.
    fn parse_json[arena](s: Text) -> Item[?] = {
        let mut out = ItemWriter::new();
        crate::forms::read_json(s, item::DEPTH_MAX, &mut out).ok()?;
        Some(item_in(arena, out))
    }
}

pub(crate) const KERNELS: &[&[Kernel]] =
    &[INTEGERS[0], INTEGERS[1], INTEGERS[2], INTEGERS[3], INTEGERS[4], INTEGERS[5], INTEGERS[6], INTEGERS[7], VARIANTS];
