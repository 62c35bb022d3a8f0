//! Values as JSON, by their types.

use super::JsonFlavor;
use super::flavor::{BytesForm, TimestampForm};
use crate::field::to_text;
use crate::{bytes, digits};
use weir_functions::forms;
use weir_row::{Item, Items, SqlType, ValueRef, View, item as items};

/// Appends a JSON string.
pub(crate) fn string(s: &str, out: &mut Vec<u8>) {
    // Writing to a vector does not fail, and a string is always JSON.
    let _ = serde_json::to_writer(out, s);
}

/// Appends a text that needs no escapes as a string.
fn quoted(s: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(s.as_bytes());
    out.push(b'"');
}

/// Appends something that needs no escapes as a string.
fn within(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'"');
    write(out);
    out.push(b'"');
}

fn whole(n: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(n).as_bytes());
}

/// Appends a value of a type.
pub(crate) fn value(sql: &SqlType, flavor: JsonFlavor, value: ValueRef<'_>, out: &mut Vec<u8>) {
    match value {
        ValueRef::Null => out.extend_from_slice(b"null"),
        ValueRef::Bool(b) => out.extend_from_slice(if b { b"true" } else { b"false" }),
        ValueRef::I8(n) => whole(n, out),
        ValueRef::I16(n) => whole(n, out),
        ValueRef::I32(n) | ValueRef::Months(n) => whole(n, out),
        ValueRef::I64(n) | ValueRef::Micros(n) => whole(n, out),
        ValueRef::U8(n) => whole(n, out),
        ValueRef::U16(n) => whole(n, out),
        ValueRef::U32(n) => whole(n, out),
        ValueRef::U64(n) => whole(n, out),
        ValueRef::Dec(units) => {
            if flavor.decimal_text() {
                within(out, |out| digits::decimal(units, sql.scale(), out));
            } else {
                digits::decimal(units, sql.scale(), out);
            }
        }
        // JSON has no NaN and no infinity: they are null.
        ValueRef::F32(x) => {
            let _ = serde_json::to_writer(out, &x);
        }
        ValueRef::F64(x) => {
            let _ = serde_json::to_writer(out, &x);
        }
        ValueRef::Text(s) => string(s, out),
        ValueRef::Date(d) if flavor.days() => whole(d, out),
        ValueRef::Date(d) => within(out, |out| digits::date(d, out)),
        ValueRef::Time(t) => match flavor.time_unit_ns() {
            Some(unit) => whole(t / unit, out),
            None => within(out, |out| digits::time(t, out)),
        },
        ValueRef::Ts(t) => timestamp(flavor, t, "", out),
        ValueRef::Tz(t) => timestamp(flavor, t, "+00:00", out),
        ValueRef::Uuid(u) => quoted(&forms::uuid(u), out),
        ValueRef::Bytes(b) => binary(flavor, b, out),
        ValueRef::Item(i) => item(sql, flavor, i, items::DEPTH_MAX, out),
    }
}

/// `zone` is what stands behind the text where the flavor says nothing else.
fn timestamp(flavor: JsonFlavor, us: i64, zone: &str, out: &mut Vec<u8>) {
    match flavor.timestamp() {
        TimestampForm::Blank => within(out, |out| {
            digits::timestamp(us, b' ', out);
            out.extend_from_slice(zone.as_bytes());
        }),
        TimestampForm::Rfc3339(zone) => within(out, |out| {
            digits::timestamp(us, b'T', out);
            out.extend_from_slice(zone.as_bytes());
        }),
        TimestampForm::Millis => whole(us.div_euclid(1_000), out),
    }
}

fn binary(flavor: JsonFlavor, bytes: &[u8], out: &mut Vec<u8>) {
    let text = match flavor.bytes() {
        BytesForm::Array => None,
        BytesForm::Base58 => bytes::base58(bytes),
        BytesForm::Hex => Some(format!("0x{}", forms::hex(bytes))),
    };
    match text {
        Some(text) => quoted(&text, out),
        // What is too long for base58, too.
        None => {
            let _ = serde_json::to_writer(out, bytes);
        }
    }
}

/// Appends an item of a type. Containers in more than `depth` others are written as `null`: no reader makes them.
pub(crate) fn item(sql: &SqlType, flavor: JsonFlavor, of: Item<'_>, depth: usize, out: &mut Vec<u8>) {
    let view = of.view();
    if *sql == SqlType::Variant && view != View::Null {
        let json = forms::json(of);
        return if flavor.variant_text() { string(&json, out) } else { out.extend_from_slice(json.as_bytes()) };
    }
    if depth == 0 && matches!(view, View::Array(_) | View::Map(_) | View::Row(_)) {
        return out.extend_from_slice(b"null");
    }
    match (sql, view) {
        (SqlType::Array(element), View::Array(items)) => {
            list(b'[', items.map(|i| (None, element.as_ref(), i)), flavor, depth, b']', out);
        }
        (SqlType::Map(key, of), View::Map(items)) => {
            let entries = pairs(items).map(|(k, v)| (Some(key_text(key, k)), of.as_ref(), v));
            list(b'{', entries, flavor, depth, b'}', out);
        }
        (SqlType::Row(row), View::Row(items)) => {
            let fields = row.fields.iter().zip(items).map(|((name, ty), i)| (Some(name.clone()), &ty.sql, i));
            list(b'{', fields, flavor, depth, b'}', out);
        }
        (_, View::Array(_) | View::Map(_) | View::Row(_)) => out.extend_from_slice(forms::json(of).as_bytes()),
        (_, view) => match view.scalar(sql.scale()) {
            Some(v) => value(sql, flavor, v, out),
            None => out.extend_from_slice(forms::json(of).as_bytes()),
        },
    }
}

/// The parts of a container, those of an object with their names.
fn list<'i>(
    begin: u8,
    parts: impl Iterator<Item = (Option<String>, &'i SqlType, Item<'i>)>,
    flavor: JsonFlavor,
    depth: usize,
    end: u8,
    out: &mut Vec<u8>,
) {
    out.push(begin);
    for (number, (name, sql, part)) in parts.enumerate() {
        if number > 0 {
            out.push(b',');
        }
        if let Some(name) = name {
            string(&name, out);
            out.push(b':');
        }
        item(sql, flavor, part, depth - 1, out);
    }
    out.push(end);
}

/// Keys and values of a map.
pub(crate) fn pairs<'i>(mut items: Items<'i>) -> impl Iterator<Item = (Item<'i>, Item<'i>)> {
    std::iter::from_fn(move || Some((items.next()?, items.next()?)))
}

/// A map's key as text. A VARIANT's is the text of its value.
pub(crate) fn key_text(sql: &SqlType, key: Item<'_>) -> String {
    if *sql == SqlType::Variant {
        return forms::item_text(key).unwrap_or_else(|| forms::json(key));
    }
    let view = key.view();
    match view.scalar(sql.scale()) {
        Some(v) => to_text(sql, v),
        None => to_text(sql, ValueRef::Item(key)),
    }
}
