//! Reading one field from text, for formats whose fields are text.

use weir_functions::forms;
use weir_row::{SqlType, ValueRef};

/// A field's text as a value of a type: numbers, dates and the like trimmed, text as it is. `Err` says what was expected.
pub(crate) fn from_text<'a>(sql: &SqlType, text: &'a str) -> Result<ValueRef<'a>, &'static str> {
    let t = text.trim();
    Ok(match sql {
        SqlType::Null => ValueRef::Null,
        SqlType::Boolean => match () {
            () if t.eq_ignore_ascii_case("true") => ValueRef::Bool(true),
            () if t.eq_ignore_ascii_case("false") => ValueRef::Bool(false),
            () => return Err("a boolean: true or false"),
        },
        SqlType::TinyInt => ValueRef::I8(t.parse().map_err(|_| "a whole number of 8 bits")?),
        SqlType::SmallInt => ValueRef::I16(t.parse().map_err(|_| "a whole number of 16 bits")?),
        SqlType::Integer => ValueRef::I32(t.parse().map_err(|_| "a whole number of 32 bits")?),
        SqlType::BigInt => ValueRef::I64(t.parse().map_err(|_| "a whole number of 64 bits")?),
        SqlType::UTinyInt => ValueRef::U8(t.parse().map_err(|_| "a whole number from 0 to 255")?),
        SqlType::USmallInt => ValueRef::U16(t.parse().map_err(|_| "a whole number from 0 to 65535")?),
        SqlType::UInteger => ValueRef::U32(t.parse().map_err(|_| "a whole number of 32 bits, not negative")?),
        SqlType::UBigInt => ValueRef::U64(t.parse().map_err(|_| "a whole number of 64 bits, not negative")?),
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
        SqlType::IntervalMonths(_) | SqlType::IntervalMicros(_) => {
            return Err("no value: intervals have no text form here");
        }
        SqlType::TimestampTz | SqlType::Binary(_) | SqlType::Varbinary(_) | SqlType::Uuid => {
            return Err("no value: the type cannot be read yet");
        }
        SqlType::Array(_) | SqlType::Map(..) | SqlType::Row(_) | SqlType::Variant => {
            return Err("no value: the type cannot be read yet");
        }
    })
}

/// A timestamp with a blank or a `T`, and perhaps a zone, which is applied: RFC 3339 becomes UTC.
pub(crate) fn timestamp(text: &str) -> Option<i64> {
    /// Bytes of `YYYY-MM-DD`, behind which a sign is a zone's.
    const DATE_BYTES: usize = 8;
    let tail = text.get(DATE_BYTES..)?;
    let (local, offset_s) = if let Some(local) = text.strip_suffix(['Z', 'z']) {
        (local, 0)
    } else if let Some(at) = tail.find(['+', '-']).filter(|at| tail[..*at].contains(':')) {
        let (local, zone) = text.split_at(DATE_BYTES + at);
        let digits = zone[1..].replace(':', "");
        if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let (hours, minutes): (i64, i64) = (digits[..2].parse().ok()?, digits[2..].parse().ok()?);
        let seconds = hours * 3600 + minutes * 60;
        (local, if zone.starts_with('-') { -seconds } else { seconds })
    } else {
        (text, 0)
    };
    let us = forms::parse_timestamp(local.trim_end(), &[' ', 'T', 't'])?;
    us.checked_sub(offset_s * 1_000_000)
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
        for bad in ["", "2024", "2024-02-25 12:12", "2024-02-25T12:12:33+1", "x"] {
            assert_eq!(timestamp(bad), None, "{bad}");
        }
    }
}
