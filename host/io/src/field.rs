//! Values as text, for formats whose fields are text and for keys of JSON objects.

use crate::json::{self, JsonFlavor, Step};
use crate::{bytes, digits};
use weir_functions::forms;
use weir_row::{Item, ItemWriter, SqlType, ValueRef, item};

/// Room for values that do not lie in the text that they are read from.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    items: ItemWriter,
    bytes: Vec<u8>,
}

/// Why a text is no value.
#[derive(Debug)]
pub(crate) enum Unread {
    /// It is not what was expected.
    Expected(&'static str),
    /// Something within a value with parts.
    Part {
        /// Where, from the inside out.
        steps: Vec<Step>,
        /// What is wrong.
        why: String,
    },
}

impl From<&'static str> for Unread {
    fn from(expected: &'static str) -> Unread {
        Unread::Expected(expected)
    }
}

/// A whole number in digits, or in hexadecimal ones behind `0x`.
macro_rules! whole {
    ($variant:ident, $type:ty, $text:expr, $expected:expr) => {{
        let read = match $text.strip_prefix("0x").or_else(|| $text.strip_prefix("0X")) {
            // The library takes a sign.
            Some(digits) if !digits.starts_with(['+', '-']) => <$type>::from_str_radix(digits, 16),
            _ => $text.parse(),
        };
        ValueRef::$variant(read.map_err(|_| $expected)?)
    }};
}

/// A field's text as a value of a type: numbers, dates and the like trimmed, text as it is, values with parts and VARIANTs as JSON in the
/// default flavor, binaries in hexadecimal. `depth` bounds the containers in each other.
pub(crate) fn from_text<'a>(
    sql: &SqlType,
    text: &'a str,
    depth: usize,
    scratch: &'a mut Scratch,
) -> Result<ValueRef<'a>, Unread> {
    let t = text.trim();
    Ok(match sql {
        SqlType::Null => ValueRef::Null,
        SqlType::Boolean => match () {
            () if t.eq_ignore_ascii_case("true") => ValueRef::Bool(true),
            () if t.eq_ignore_ascii_case("false") => ValueRef::Bool(false),
            () => return Err("a boolean: true or false".into()),
        },
        SqlType::TinyInt => whole!(I8, i8, t, "a whole number of 8 bits"),
        SqlType::SmallInt => whole!(I16, i16, t, "a whole number of 16 bits"),
        SqlType::Integer => whole!(I32, i32, t, "a whole number of 32 bits"),
        SqlType::BigInt => whole!(I64, i64, t, "a whole number of 64 bits"),
        SqlType::UTinyInt => whole!(U8, u8, t, "a whole number from 0 to 255"),
        SqlType::USmallInt => whole!(U16, u16, t, "a whole number from 0 to 65535"),
        SqlType::UInteger => whole!(U32, u32, t, "a whole number of 32 bits, not negative"),
        SqlType::UBigInt => whole!(U64, u64, t, "a whole number of 64 bits, not negative"),
        SqlType::Decimal { precision, scale } => {
            let units = weir_functions::parse_decimal(t, i32::from(*precision), i32::from(*scale));
            ValueRef::Dec(units.ok_or("a decimal number that fits the column")?)
        }
        SqlType::Real => ValueRef::F32(t.parse().map_err(|_| "a number")?),
        SqlType::Double => ValueRef::F64(t.parse().map_err(|_| "a number")?),
        SqlType::Char(_) | SqlType::Varchar(_) => ValueRef::Text(text),
        SqlType::Date => ValueRef::Date(forms::parse_date(t).ok_or("a date YYYY-MM-DD")?),
        SqlType::Time => ValueRef::Time(forms::parse_time(t).ok_or("a time HH:MM:SS[.fffffffff]")?),
        SqlType::Timestamp => ValueRef::Ts(timestamp(t).ok_or("a timestamp YYYY-MM-DD HH:MM:SS[.ffffff]")?),
        SqlType::TimestampTz => {
            ValueRef::Tz(instant(t).ok_or("a timestamp with its zone YYYY-MM-DD HH:MM:SS[.ffffff]+HH:MM")?)
        }
        SqlType::Uuid => ValueRef::Uuid(weir_functions::parse_uuid(t).ok_or("a UUID")?),
        SqlType::Binary(_) | SqlType::Varbinary(_) => {
            scratch.bytes = bytes::from_hex(t).ok_or("bytes in hexadecimal")?;
            ValueRef::Bytes(&scratch.bytes)
        }
        SqlType::Array(_) | SqlType::Map(..) | SqlType::Row(_) | SqlType::Variant => {
            scratch.items.truncate(0);
            json::read_item(sql, t, JsonFlavor::Default, depth, &mut scratch.items)?;
            ValueRef::Item(Item::new(scratch.items.bytes()))
        }
        SqlType::IntervalMonths(_) | SqlType::IntervalMicros(_) => {
            return Err("no value: intervals have no text form here".into());
        }
    })
}

/// A value as text, the other way: of a container JSON, of NULL nothing.
pub(crate) fn to_text(sql: &SqlType, value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => String::new(),
        ValueRef::Bool(b) => b.to_string(),
        ValueRef::I8(n) => n.to_string(),
        ValueRef::I16(n) => n.to_string(),
        ValueRef::I32(n) | ValueRef::Months(n) => n.to_string(),
        ValueRef::I64(n) | ValueRef::Micros(n) => n.to_string(),
        ValueRef::U8(n) => n.to_string(),
        ValueRef::U16(n) => n.to_string(),
        ValueRef::U32(n) => n.to_string(),
        ValueRef::U64(n) => n.to_string(),
        ValueRef::Dec(units) => written(|out| digits::decimal(units, sql.scale(), out)),
        ValueRef::F32(x) => forms::real(x),
        ValueRef::F64(x) => forms::double(x),
        ValueRef::Text(s) => s.to_owned(),
        ValueRef::Date(d) => written(|out| digits::date(d, out)),
        ValueRef::Time(t) => written(|out| digits::time(t, out)),
        ValueRef::Ts(t) => written(|out| digits::timestamp(t, b' ', out)),
        ValueRef::Tz(t) => written(|out| digits::timestamp(t, b' ', out)) + "+00:00",
        ValueRef::Uuid(u) => forms::uuid(u),
        // No digits at all would be NULL.
        ValueRef::Bytes([]) => "0x".to_owned(),
        ValueRef::Bytes(b) => forms::hex(b),
        ValueRef::Item(i) => written(|out| json::print::item(sql, JsonFlavor::Default, i, item::DEPTH_MAX, out)),
    }
}

/// What is written, which is made of digits and of texts that were strings.
fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8(out).unwrap_or_default()
}

/// A timestamp with a blank or a `T`, and perhaps a zone, which is applied: RFC 3339 becomes UTC.
pub(crate) fn timestamp(text: &str) -> Option<i64> {
    zoned(text).map(|(us, _)| us)
}

/// A timestamp with its zone, in UTC.
pub(crate) fn instant(text: &str) -> Option<i64> {
    zoned(text).and_then(|(us, zone)| zone.then_some(us))
}

/// A timestamp, and whether it has a zone.
fn zoned(text: &str) -> Option<(i64, bool)> {
    /// Bytes of `Y-M-D` at least, behind which a sign is a zone's.
    const DATE_BYTES: usize = 8;
    let tail = text.get(DATE_BYTES..)?;
    let (local, offset_s) = if let Some(local) = text.strip_suffix(['Z', 'z']) {
        (local, Some(0))
    } else if let Some(at) = tail.find(['+', '-']).filter(|at| tail[..*at].contains(':')) {
        let (local, zone) = text.split_at(DATE_BYTES + at);
        let digits = zone[1..].replace(':', "");
        if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let (hours, minutes): (i64, i64) = (digits[..2].parse().ok()?, digits[2..].parse().ok()?);
        if hours > 23 || minutes > 59 {
            return None;
        }
        let seconds = hours * 3600 + minutes * 60;
        (local, Some(if zone.starts_with('-') { -seconds } else { seconds }))
    } else {
        (text, None)
    };
    let us = forms::parse_timestamp(local.trim_end(), &[' ', 'T', 't'])?;
    Some((us.checked_sub(offset_s.unwrap_or(0) * 1_000_000)?, offset_s.is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps() {
        let plain = timestamp("2024-02-25 12:12:33").unwrap();
        for same in
            ["2024-02-25T12:12:33", "2024-02-25T12:12:33Z", "2024-02-25T13:12:33+01:00", "2024-02-25 11:12:33-0100"]
        {
            assert_eq!(timestamp(same), Some(plain), "{same}");
        }
        assert!(timestamp("2024-02-25").is_some());
        assert_eq!(instant("2024-02-25 13:12:33+01:00"), Some(plain));
        assert_eq!(instant("2024-02-25T12:12:33Z"), Some(plain));
        for without in ["2024-02-25 12:12:33", "2024-02-25"] {
            assert_eq!(instant(without), None, "{without}");
        }
        for bad in ["", "2024", "2024-02-25 12:12", "2024-02-25T12:12:33+1", "2024-02-25T12:12:33+24:00", "x"] {
            assert_eq!(timestamp(bad), None, "{bad}");
        }
    }
}
