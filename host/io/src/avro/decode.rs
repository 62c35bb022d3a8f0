//! Values from Avro's bytes, by their schema and the SQL type that they become, without anything in between.

use super::schema::{Avro, Meaning, find, kind};
use crate::field::{self, Scratch, Unread};
use weir_row::{ItemWriter, MapDraft, RowType, SqlType, ValueRef, item};

/// Bytes that are read from the front.
pub(crate) struct Bytes<'b> {
    rest: &'b [u8],
    /// Elements that may still come: those of no bytes could be any number.
    elements_left: usize,
}

/// Elements of a message that take no bytes, at most.
const ELEMENTS_OF_NOTHING_MAX: usize = 1 << 16;
const SHORT: &str = "the message ends within a value";

impl<'b> Bytes<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Bytes<'b> {
        Bytes { rest: bytes, elements_left: bytes.len() + ELEMENTS_OF_NOTHING_MAX }
    }

    /// Bytes that were not read.
    pub(crate) fn left(&self) -> usize {
        self.rest.len()
    }

    fn take(&mut self, count: usize) -> Result<&'b [u8], String> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(SHORT)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn long(&mut self) -> Result<i64, String> {
        let mut n = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            n |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok((n >> 1) as i64 ^ -((n & 1) as i64));
            }
        }
        Err("a number of more than 64 bits".into())
    }

    fn int(&mut self) -> Result<i64, String> {
        let n = self.long()?;
        i32::try_from(n).map(i64::from).map_err(|_| "a number of more than 32 bits".into())
    }

    fn bytes(&mut self) -> Result<&'b [u8], String> {
        let count = usize::try_from(self.long()?).map_err(|_| "a negative length")?;
        self.take(count)
    }

    fn text(&mut self) -> Result<&'b str, String> {
        std::str::from_utf8(self.bytes()?).map_err(|e| e.to_string())
    }

    /// The member of a union that comes.
    pub(crate) fn variant<'a>(&mut self, of: &'a [Avro]) -> Result<&'a Avro, String> {
        let number = self.long()?;
        let found = usize::try_from(number).ok().and_then(|n| of.get(n));
        found.ok_or_else(|| format!("a union of {} has no member {number}", of.len()))
    }

    /// The elements of the next block of an array or a map; 0 at the end.
    fn block(&mut self) -> Result<usize, String> {
        let mut count = self.long()?;
        if count < 0 {
            // Its bytes, for readers that leap over it.
            self.long()?;
            count = count.checked_neg().ok_or("a block of too many elements")?;
        }
        let count = usize::try_from(count).map_err(|_| "a block of too many elements")?;
        self.elements_left = self.elements_left.checked_sub(count).ok_or("too many elements")?;
        Ok(count)
    }

    /// Reads a value that nobody wants.
    pub(crate) fn skip(&mut self, of: &Avro) -> Result<(), String> {
        match of {
            Avro::Null => {}
            Avro::Boolean => drop(self.take(1)?),
            Avro::Int(_) | Avro::Long(_) | Avro::Enum(_) => drop(self.long()?),
            Avro::Float => drop(self.take(4)?),
            Avro::Double => drop(self.take(8)?),
            Avro::Bytes(_) | Avro::String(_) => drop(self.bytes()?),
            Avro::Fixed(size, _) => drop(self.take(*size)?),
            Avro::Union(of) => {
                let of = self.variant(of)?;
                self.skip(of)?;
            }
            Avro::Record(fields) => fields.iter().try_for_each(|(_, of)| self.skip(of))?,
            Avro::Array(part) | Avro::Map(part) => loop {
                let count = self.block()?;
                for _ in 0..count {
                    if matches!(of, Avro::Map(_)) {
                        self.bytes()?;
                    }
                    self.skip(part)?;
                }
                if count == 0 {
                    break;
                }
            },
        }
        Ok(())
    }

    /// Reads a value that is no array, map or row.
    pub(crate) fn scalar<'s>(
        &mut self,
        of: &'s Avro,
        sql: &SqlType,
        scratch: &'s mut Scratch,
    ) -> Result<ValueRef<'s>, String>
    where
        'b: 's,
    {
        let wrong = || format!("{sql} cannot be read from Avro's {}", kind(of));
        Ok(match of {
            Avro::Null => ValueRef::Null,
            Avro::Union(variants) => {
                let of = self.variant(variants)?;
                return self.scalar(of, sql, scratch);
            }
            Avro::Boolean => match (self.take(1)?[0], sql) {
                (b @ (0 | 1), SqlType::Boolean) => ValueRef::Bool(b == 1),
                (0 | 1, _) => return Err(wrong()),
                _ => return Err("a boolean that is neither 0 nor 1".into()),
            },
            Avro::Int(meaning) => whole(self.int()?, *meaning, false, sql).ok_or_else(wrong)?,
            Avro::Long(meaning) => whole(self.long()?, *meaning, true, sql).ok_or_else(wrong)?,
            Avro::Float => {
                let bytes = self.take(4)?.try_into().map_err(|_| SHORT)?;
                float(f64::from(f32::from_le_bytes(bytes)), sql).ok_or_else(wrong)?
            }
            Avro::Double => {
                let bytes = self.take(8)?.try_into().map_err(|_| SHORT)?;
                float(f64::from_le_bytes(bytes), sql).ok_or_else(wrong)?
            }
            Avro::Bytes(meaning) | Avro::Fixed(_, meaning) => {
                let bytes = if let Avro::Fixed(size, _) = of { self.take(*size)? } else { self.bytes()? };
                match (meaning, sql) {
                    (Meaning::Decimal(scale), sql) => {
                        let units = from_big_endian(bytes).ok_or("a decimal of more than 128 bits")?;
                        decimal(units, *scale, sql).ok_or_else(|| format!("{units}e-{scale} does not fit {sql}"))?
                    }
                    (_, SqlType::Uuid) => {
                        let bytes = bytes.try_into().map_err(|_| "a UUID has 16 bytes")?;
                        ValueRef::Uuid(u128::from_be_bytes(bytes))
                    }
                    (_, SqlType::Binary(_) | SqlType::Varbinary(_)) => ValueRef::Bytes(bytes),
                    (_, SqlType::Char(_) | SqlType::Varchar(_)) => {
                        ValueRef::Text(std::str::from_utf8(bytes).map_err(|e| e.to_string())?)
                    }
                    _ => return Err(wrong()),
                }
            }
            Avro::String(_) => {
                let text = self.text()?;
                match sql {
                    SqlType::Binary(_) | SqlType::Varbinary(_) => ValueRef::Bytes(text.as_bytes()),
                    SqlType::Char(_)
                    | SqlType::Varchar(_)
                    | SqlType::Uuid
                    | SqlType::Decimal { .. }
                    | SqlType::Date
                    | SqlType::Time
                    | SqlType::Timestamp
                    | SqlType::TimestampTz
                    | SqlType::Variant => {
                        field::from_text(sql, text, item::DEPTH_MAX, scratch).map_err(|e| match e {
                            Unread::Expected(expected) => format!("invalid value: {text:?}, expected {expected}"),
                            Unread::Part { steps, why } => format!("{}{why}", crate::json::path(&steps)),
                        })?
                    }
                    _ => return Err(wrong()),
                }
            }
            Avro::Enum(symbols) => {
                let number = self.int()?;
                let symbol = usize::try_from(number).ok().and_then(|n| symbols.get(n));
                let symbol = symbol.ok_or_else(|| format!("an enum of {} has no symbol {number}", symbols.len()))?;
                match sql {
                    SqlType::Char(_) | SqlType::Varchar(_) => ValueRef::Text(symbol),
                    _ => return Err(wrong()),
                }
            }
            Avro::Array(_) | Avro::Map(_) | Avro::Record(_) => return Err(wrong()),
        })
    }

    /// Appends a value of any type; NULL only where it may be.
    pub(crate) fn item(
        &mut self,
        of: &Avro,
        sql: &SqlType,
        nullable: bool,
        depth: usize,
        out: &mut ItemWriter,
    ) -> Result<(), String> {
        let deeper =
            || depth.checked_sub(1).ok_or_else(|| format!("values in each other, deeper than {}", item::DEPTH_MAX));
        match (of, sql) {
            (Avro::Union(variants), _) => {
                let of = self.variant(variants)?;
                self.item(of, sql, nullable, depth, out)?;
            }
            (Avro::Null, _) if nullable => out.null(),
            (Avro::Null, _) => return Err("NULL where there can be none".into()),
            (Avro::Array(of), SqlType::Array(element)) => {
                let depth = deeper()?;
                out.begin_array();
                loop {
                    let count = self.block()?;
                    for _ in 0..count {
                        self.item(of, element, true, depth, out)?;
                    }
                    if count == 0 {
                        break;
                    }
                }
                out.end();
            }
            (Avro::Map(of), SqlType::Map(key, value)) => {
                let depth = deeper()?;
                let mut map = MapDraft::begin(out);
                loop {
                    let count = self.block()?;
                    for _ in 0..count {
                        map.key(out);
                        crate::json::key_item(key, self.text()?, depth, out)?;
                        map.value(out);
                        self.item(of, value, true, depth, out)?;
                    }
                    if count == 0 {
                        break;
                    }
                }
                map.end(out);
            }
            (Avro::Record(fields), SqlType::Row(row)) => self.row(fields, row, deeper()?, out)?,
            _ => {
                let mut scratch = Scratch::default();
                let value = self.scalar(of, sql, &mut scratch)?;
                match value {
                    ValueRef::Item(value) => out.item(value),
                    value if !value.in_range() => return Err("a date or time that the type does not have".into()),
                    value => out.value(value, sql.scale()),
                }
            }
        }
        Ok(())
    }

    /// A record's fields come in its order, and go into that of the row.
    fn row(
        &mut self,
        fields: &[(String, Avro)],
        row: &RowType,
        depth: usize,
        out: &mut ItemWriter,
    ) -> Result<(), String> {
        let homes: Vec<Option<usize>> = row.fields.iter().map(|(name, _)| find(fields, name)).collect();
        let mut parts: Vec<Option<Vec<u8>>> = vec![None; row.fields.len()];
        for (i, (name, of)) in fields.iter().enumerate() {
            let Some(home) = homes.iter().position(|h| *h == Some(i)) else {
                self.skip(of)?;
                continue;
            };
            let ty = &row.fields[home].1;
            let mut part = ItemWriter::new();
            self.item(of, &ty.sql, ty.nullable, depth, &mut part).map_err(|e| format!("its field '{name}': {e}"))?;
            parts[home] = Some(part.finish());
        }
        out.begin_row();
        for ((name, ty), part) in row.fields.iter().zip(&parts) {
            match part {
                Some(part) => out.item(weir_row::Item::new(part)),
                None if ty.nullable => out.null(),
                None => return Err(format!("its field '{name}' is missing, and it is NOT NULL")),
            }
        }
        out.end();
        Ok(())
    }
}

/// A whole number as what it means. `None`: it is none of the type.
fn whole(n: i64, meaning: Meaning, wide: bool, sql: &SqlType) -> Option<ValueRef<'static>> {
    Some(match (sql, meaning) {
        (SqlType::Date, Meaning::Date | Meaning::Plain) if !wide => ValueRef::Date(n.try_into().ok()?),
        (SqlType::Time, Meaning::Time(ns)) => ValueRef::Time(n.checked_mul(ns)?),
        // As Avro has them where it does not say: milliseconds in 32 bits, microseconds in 64.
        (SqlType::Time, Meaning::Plain) => ValueRef::Time(n.checked_mul(if wide { 1_000 } else { 1_000_000 })?),
        (SqlType::Timestamp, _) => ValueRef::Ts(micros(n, meaning, wide)?),
        (SqlType::TimestampTz, _) => ValueRef::Tz(micros(n, meaning, wide)?),
        (_, Meaning::Plain) => number(i128::from(n), sql)?,
        _ => return None,
    })
}

fn micros(n: i64, meaning: Meaning, wide: bool) -> Option<i64> {
    match meaning {
        Meaning::Timestamp(1_000_000_000) => Some(n.div_euclid(1_000)),
        Meaning::Timestamp(1_000) => n.checked_mul(1_000),
        Meaning::Timestamp(_) => Some(n),
        Meaning::Plain if wide => Some(n),
        _ => None,
    }
}

/// A whole number of any numeric type.
fn number(n: i128, sql: &SqlType) -> Option<ValueRef<'static>> {
    Some(match sql {
        SqlType::TinyInt => ValueRef::I8(n.try_into().ok()?),
        SqlType::SmallInt => ValueRef::I16(n.try_into().ok()?),
        SqlType::Integer => ValueRef::I32(n.try_into().ok()?),
        SqlType::BigInt => ValueRef::I64(n.try_into().ok()?),
        SqlType::UTinyInt => ValueRef::U8(n.try_into().ok()?),
        SqlType::USmallInt => ValueRef::U16(n.try_into().ok()?),
        SqlType::UInteger => ValueRef::U32(n.try_into().ok()?),
        SqlType::UBigInt => ValueRef::U64(n.try_into().ok()?),
        SqlType::Real => ValueRef::F32(n as f32),
        SqlType::Double => ValueRef::F64(n as f64),
        SqlType::Decimal { .. } => return decimal(n, 0, sql),
        _ => return None,
    })
}

fn float(x: f64, sql: &SqlType) -> Option<ValueRef<'static>> {
    match sql {
        SqlType::Real => Some(ValueRef::F32(x as f32)),
        SqlType::Double => Some(ValueRef::F64(x)),
        _ => None,
    }
}

/// Units of some scale as a decimal, half to even if the type has fewer digits behind the point, or as a whole number, if it is one.
fn decimal(units: i128, scale: u32, sql: &SqlType) -> Option<ValueRef<'static>> {
    let SqlType::Decimal { precision, scale: to } = sql else {
        return number(rescale(units, scale, 0, true)?, sql);
    };
    let units = rescale(units, scale, u32::from(*to), false)?;
    (units.unsigned_abs() < 10u128.pow(u32::from(*precision))).then_some(ValueRef::Dec(units))
}

/// Units of one scale as those of another. `None`: there are too many digits, or, if it is to be `exact`, it would not be.
pub(crate) fn rescale(units: i128, from: u32, to: u32, exact: bool) -> Option<i128> {
    if to >= from {
        return units.checked_mul(10i128.checked_pow(to - from)?);
    }
    // What 128 bits hold has fewer digits than that, so that nothing is left of it.
    let Some(power) = 10i128.checked_pow(from - to) else { return (units == 0 || !exact).then_some(0) };
    let (whole, rest) = (units.div_euclid(power), units.rem_euclid(power));
    if exact {
        return (rest == 0).then_some(whole);
    }
    let up = rest > power - rest || rest == power - rest && whole % 2 != 0;
    Some(whole + i128::from(up))
}

/// A number of any length, the first byte with the sign. `None`: it has more than 128 bits.
fn from_big_endian(bytes: &[u8]) -> Option<i128> {
    let fill = if bytes.first().is_some_and(|b| *b >= 0x80) { 0xff } else { 0 };
    let long = bytes.len().saturating_sub(16);
    let (front, rest) = bytes.split_at(long);
    let mut all = [fill; 16];
    all[16 - rest.len()..].copy_from_slice(rest);
    let n = i128::from_be_bytes(all);
    (front.iter().all(|b| *b == fill) && (n < 0) == (fill == 0xff)).then_some(n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (n, bytes) in [(0i64, &[0u8][..]), (-1, &[1]), (1, &[2]), (-64, &[127]), (64, &[128, 1])] {
            assert_eq!(Bytes::new(bytes).long(), Ok(n));
        }
        let most = [0xff; 9].into_iter().chain([1]).collect::<Vec<u8>>();
        assert_eq!(Bytes::new(&most).long(), Ok(i64::MIN));
        assert!(Bytes::new(&[0x80; 11]).long().is_err() && Bytes::new(&[0x80]).long().is_err());
        assert_eq!(from_big_endian(&[]), Some(0));
        assert_eq!(from_big_endian(&[0xff]), Some(-1));
        assert_eq!(from_big_endian(&[0, 0xff]), Some(255));
        assert_eq!(from_big_endian(&[&[0xff; 4][..], &i128::MIN.to_be_bytes()].concat()), Some(i128::MIN));
        assert_eq!(from_big_endian(&[&[0; 1][..], &i128::MIN.to_be_bytes()].concat()), None);
        assert_eq!(from_big_endian(&[1; 17]), None);
    }

    #[test]
    fn scales() {
        assert_eq!(rescale(125, 2, 1, false), Some(12));
        assert_eq!(rescale(135, 2, 1, false), Some(14));
        assert_eq!(rescale(-125, 2, 1, false), Some(-12));
        assert_eq!(rescale(-126, 2, 1, false), Some(-13));
        assert_eq!((rescale(120, 2, 1, true), rescale(125, 2, 1, true)), (Some(12), None));
        assert_eq!(rescale(i128::MAX, 0, 1, false), None);
        assert_eq!((rescale(7, 100, 0, false), rescale(7, 100, 0, true)), (Some(0), None));
    }
}
