//! Values to Avro's bytes, by their SQL type and the schema.

use super::decode::rescale;
use super::schema::{Avro, Meaning, fits, kind};
use crate::field;
use crate::json::print;
use weir_functions::forms;
use weir_row::{Item, SqlType, ValueRef, View};

/// Appends a whole number, in as few bytes as Avro does.
pub(crate) fn long(n: i64, out: &mut Vec<u8>) {
    let mut n = (n << 1) as u64 ^ (n >> 63) as u64;
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn bytes(of: &[u8], out: &mut Vec<u8>) {
    // A slice has at most `isize::MAX` bytes.
    long(of.len() as i64, out);
    out.extend_from_slice(of);
}

/// Appends the number of a union's member, and gives it: the first that fits, or `null`.
fn variant<'a>(of: &'a [Avro], null: bool, sql: &SqlType, out: &mut Vec<u8>) -> Result<&'a Avro, String> {
    let number = of.iter().position(|v| if null { *v == Avro::Null } else { *v != Avro::Null && fits(v, sql).is_ok() });
    let number =
        number.ok_or(if null { "NULL, and the schema has no null there" } else { "no member of the union fits" })?;
    long(number as i64, out);
    Ok(&of[number])
}

/// Appends a value. `Err`: why the schema cannot have it.
pub(crate) fn value(of: &Avro, sql: &SqlType, value: ValueRef<'_>, out: &mut Vec<u8>) -> Result<(), String> {
    if let ValueRef::Item(value) = value {
        return item(of, sql, value, out);
    }
    if let Avro::Union(variants) = of {
        let of = variant(variants, matches!(value, ValueRef::Null), sql, out)?;
        return self::value(of, sql, value, out);
    }
    let wrong = || format!("the value does not fit Avro's {}", kind(of));
    let whole = |n: i128| -> Result<i64, String> {
        let n = i64::try_from(n).map_err(|_| wrong())?;
        if matches!(of, Avro::Int(_)) && i32::try_from(n).is_err() { Err(wrong()) } else { Ok(n) }
    };
    match (of, value) {
        (Avro::Null, ValueRef::Null) => {}
        (_, ValueRef::Null) => return Err("NULL, and the schema has no null there".into()),
        (Avro::Boolean, ValueRef::Bool(b)) => out.push(b.into()),
        (Avro::Int(meaning) | Avro::Long(meaning), v) => {
            let wide = matches!(of, Avro::Long(_));
            let n = match (v, meaning) {
                (ValueRef::Date(days), Meaning::Date | Meaning::Plain) => days.into(),
                (ValueRef::Time(ns), Meaning::Time(unit)) => i128::from(ns / unit),
                (ValueRef::Time(ns), Meaning::Plain) => i128::from(ns / if wide { 1_000 } else { 1_000_000 }),
                (ValueRef::Ts(us) | ValueRef::Tz(us), Meaning::Timestamp(1_000)) => us.div_euclid(1_000).into(),
                (ValueRef::Ts(us) | ValueRef::Tz(us), Meaning::Timestamp(1_000_000_000)) => i128::from(us) * 1_000,
                (ValueRef::Ts(us) | ValueRef::Tz(us), Meaning::Timestamp(_) | Meaning::Plain) => us.into(),
                (v, Meaning::Plain) => number(v, sql).ok_or_else(wrong)?,
                _ => return Err(wrong()),
            };
            long(whole(n)?, out);
        }
        (Avro::Float, ValueRef::F32(x)) => out.extend_from_slice(&x.to_le_bytes()),
        (Avro::Float, ValueRef::F64(x)) => out.extend_from_slice(&(x as f32).to_le_bytes()),
        (Avro::Double, ValueRef::F32(x)) => out.extend_from_slice(&f64::from(x).to_le_bytes()),
        (Avro::Double, ValueRef::F64(x)) => out.extend_from_slice(&x.to_le_bytes()),
        (Avro::Bytes(Meaning::Decimal(scale)) | Avro::Fixed(_, Meaning::Decimal(scale)), v) => {
            let units = match v {
                ValueRef::Dec(units) => rescale(units, sql.scale().into(), *scale, true),
                v => number(v, sql).and_then(|n| rescale(n, 0, *scale, true)),
            };
            decimal(of, units.ok_or_else(wrong)?, out).ok_or_else(wrong)?;
        }
        (Avro::Bytes(_) | Avro::Fixed(..), v) => {
            let uuid;
            let raw = match v {
                ValueRef::Bytes(b) => b,
                ValueRef::Text(s) => s.as_bytes(),
                ValueRef::Uuid(u) => {
                    uuid = u.to_be_bytes();
                    &uuid
                }
                _ => return Err(wrong()),
            };
            match of {
                Avro::Fixed(size, _) if *size == raw.len() => out.extend_from_slice(raw),
                Avro::Fixed(..) => return Err(wrong()),
                _ => bytes(raw, out),
            }
        }
        (Avro::String(_), ValueRef::Text(s)) => bytes(s.as_bytes(), out),
        (Avro::String(_), ValueRef::Bytes(b)) => bytes(std::str::from_utf8(b).map_err(|_| wrong())?.as_bytes(), out),
        (Avro::String(_), v) => bytes(field::to_text(sql, v).as_bytes(), out),
        (Avro::Enum(symbols), ValueRef::Text(s)) => {
            long(symbols.iter().position(|symbol| symbol == s).ok_or_else(wrong)? as i64, out);
        }
        _ => return Err(wrong()),
    }
    Ok(())
}

/// A whole number, or a decimal that is one.
fn number(value: ValueRef<'_>, sql: &SqlType) -> Option<i128> {
    Some(match value {
        ValueRef::I8(n) => n.into(),
        ValueRef::I16(n) => n.into(),
        ValueRef::I32(n) => n.into(),
        ValueRef::I64(n) => n.into(),
        ValueRef::U8(n) => n.into(),
        ValueRef::U16(n) => n.into(),
        ValueRef::U32(n) => n.into(),
        ValueRef::U64(n) => n.into(),
        ValueRef::Dec(units) => return rescale(units, sql.scale().into(), 0, true),
        _ => return None,
    })
}

/// Units, the first byte with the sign: in as few bytes as they need, or in those that there are.
fn decimal(of: &Avro, units: i128, out: &mut Vec<u8>) -> Option<()> {
    let all = units.to_be_bytes();
    let fill = if units < 0 { 0xff } else { 0 };
    let spare = all.windows(2).take_while(|w| w[0] == fill && (w[1] >= 0x80) == (units < 0)).count();
    match of {
        Avro::Fixed(size, _) => {
            let needed = &all[spare..];
            out.extend(std::iter::repeat_n(fill, size.checked_sub(needed.len())?));
            out.extend_from_slice(needed);
        }
        _ => bytes(&all[spare..], out),
    }
    Some(())
}

/// Appends a value with parts, or any within one.
pub(crate) fn item(of: &Avro, sql: &SqlType, from: Item<'_>, out: &mut Vec<u8>) -> Result<(), String> {
    if from.is_null() {
        return value(of, sql, ValueRef::Null, out);
    }
    if let Avro::Union(variants) = of {
        let of = variant(variants, false, sql, out)?;
        return item(of, sql, from, out);
    }
    let wrong = || format!("the value does not fit Avro's {}", kind(of));
    if *sql == SqlType::Variant {
        if !matches!(of, Avro::String(_)) {
            return Err(wrong());
        }
        bytes(forms::json(from).as_bytes(), out);
        return Ok(());
    }
    match (of, sql, from.view()) {
        (Avro::Array(of), SqlType::Array(element), View::Array(items)) => {
            let count = items.clone().count();
            if count > 0 {
                long(count as i64, out);
                items.into_iter().try_for_each(|i| item(of, element, i, out))?;
            }
            long(0, out);
        }
        (Avro::Map(of), SqlType::Map(key, of_value), View::Map(items)) => {
            let count = items.clone().count() / 2;
            if count > 0 {
                long(count as i64, out);
                for (k, v) in print::pairs(items) {
                    bytes(print::key_text(key, k).as_bytes(), out);
                    item(of, of_value, v, out)?;
                }
            }
            long(0, out);
        }
        (Avro::Record(fields), SqlType::Row(row), View::Row(items)) => {
            let parts: Vec<Item<'_>> = items.collect();
            for (name, of) in fields {
                let home = row.fields.iter().position(|(n, _)| n == name);
                let home = home.or_else(|| row.fields.iter().position(|(n, _)| *n == name.to_lowercase()));
                match home.and_then(|i| Some((&row.fields[i].1.sql, *parts.get(i)?))) {
                    Some((sql, part)) => item(of, sql, part, out)?,
                    None => value(of, &SqlType::Null, ValueRef::Null, out)?,
                }
            }
        }
        (_, sql, view) => value(of, sql, view.scalar(sql.scale()).ok_or_else(wrong)?, out)?,
    }
    Ok(())
}
