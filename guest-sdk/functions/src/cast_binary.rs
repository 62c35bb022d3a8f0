//! CAST to and from binaries, UUIDs and TIMESTAMP WITH TIME ZONE.

use crate::datetime::DAY_US;
use crate::zone::{local_to_utc, zone};
use crate::{Arena, Error, Kernel, text_forms};

/// Bytes that one binary may have; beyond that the pipeline stops instead of filling its memory.
const BYTES_MAX: usize = 16 << 20;

/// A length that an `i32` argument stands for, at most [`BYTES_MAX`].
fn length(n: i32) -> Result<usize, Error> {
    let n = usize::try_from(n).unwrap_or(0);
    if n > BYTES_MAX { Err(Error::new(format!("the binary would be longer than {BYTES_MAX} bytes"))) } else { Ok(n) }
}

/// A UUID from text: 32 hexadecimal digits, perhaps in braces, hyphens only between complete groups of four.
pub fn parse_uuid(text: &str) -> Option<u128> {
    let inner = match text.strip_prefix('{') {
        Some(rest) => rest.strip_suffix('}')?,
        None => text,
    };
    let (mut value, mut digits, mut hyphen) = (0u128, 0, false);
    for b in inner.bytes() {
        if b == b'-' {
            if hyphen || digits == 0 || digits == 32 || digits % 4 != 0 {
                return None;
            }
            hyphen = true;
            continue;
        }
        let digit = char::from(b).to_digit(16)?;
        if digits == 32 {
            return None;
        }
        value = value << 4 | u128::from(digit);
        digits += 1;
        hyphen = false;
    }
    (digits == 32 && !hyphen).then_some(value)
}

/// An instant from text: date, time and zone, with single blanks between them. The zone is IANA's name or an offset.
fn parse_instant(text: &str) -> Option<i64> {
    let (local, name) = text.trim().rsplit_once(' ')?;
    if name.is_empty() || local.ends_with(' ') || !local.contains(':') {
        return None;
    }
    let zone = zone(name)?;
    local_to_utc(&zone, crate::parse_timestamp(local, &[' '])?)
}

/// Pads with zeros, or cuts, on the left.
fn fit_left<'a>(arena: &'a Arena, b: &'a [u8], n: usize) -> &'a [u8] {
    if b.len() >= n {
        return &b[b.len() - n..];
    }
    let to = arena.alloc_slice_fill_copy(n, 0);
    to[n - b.len()..].copy_from_slice(b);
    to
}

macro_rules! to_bytes {
    ($($kind:ident)*) => { pastey::paste! {
        $( kernels! { [<$kind:upper _TO_BYTES>]:
            /// The two's complement of a whole number, the highest byte first.
            fn [<cast_ $kind:lower _to_bytes>][arena](x: $kind) -> Bytes = { arena.alloc_slice_copy(&x.to_be_bytes()) }
        } )*
        const INTEGERS: &[&[Kernel]] = &[$([<$kind:upper _TO_BYTES>]),*];
    } };
}

to_bytes! { I8 I16 I32 I64 U8 U16 U32 U64 }

kernels! { BINARY_CASTS:
    /// A text's UTF-8.
    fn cast_text_to_bytes(s: Text) -> Bytes = { s.as_bytes() }
    /// Bytes in lower-case hexadecimal.
    fn cast_bytes_to_text[arena](b: Bytes) -> Text = { arena.alloc_str(&text_forms::hex(b)) }
    /// Bytes cut or padded with zeros on the right: `(bytes, length)`.
    fn bytes_fit[arena](b: Bytes, n: I32) -> Bytes[!] = {
        let n = length(n)?;
        if b.len() >= n {
            return Ok(&b[..n]);
        }
        let to = arena.alloc_slice_fill_copy(n, 0);
        to[..b.len()].copy_from_slice(b);
        Ok(to)
    }
    /// Bytes cut on the right: `(bytes, length)`.
    fn bytes_cut(b: Bytes, n: I32) -> Bytes = { &b[..b.len().min(usize::try_from(n).unwrap_or(0))] }
    /// Bytes cut or padded with zeros on the left: `(bytes, length)`.
    fn bytes_fit_left[arena](b: Bytes, n: I32) -> Bytes[!] = { length(n).map(|n| fit_left(arena, b, n)) }
    /// Bytes cut on the left: `(bytes, length)`.
    fn bytes_cut_left(b: Bytes, n: I32) -> Bytes = { &b[b.len().saturating_sub(usize::try_from(n).unwrap_or(0))..] }
    /// A UUID as text.
    fn cast_uuid_to_text[arena](u: Uuid) -> Text = { arena.alloc_str(&text_forms::uuid(u)) }
    /// A UUID from text.
    fn cast_text_to_uuid(s: Text) -> Uuid[!] = { parse_uuid(s).ok_or_else(|| Error::parse(s, "UUID")) }
    /// A UUID from text; NULL if it is none.
    fn safe_cast_text_to_uuid(s: Text) -> Uuid[?] = { parse_uuid(s) }
    /// A UUID's 16 bytes.
    fn cast_uuid_to_bytes[arena](u: Uuid) -> Bytes = { arena.alloc_slice_copy(&u.to_be_bytes()) }
    /// A UUID from 16 bytes.
    fn cast_bytes_to_uuid(b: Bytes) -> Uuid[!] = {
        let wrong = || Error::new(format!("a UUID has 16 bytes, not {}", b.len()));
        b.try_into().map(u128::from_be_bytes).map_err(|_| wrong())
    }
    /// A UUID from 16 bytes; NULL of another length.
    fn safe_cast_bytes_to_uuid(b: Bytes) -> Uuid[?] = { b.try_into().ok().map(u128::from_be_bytes) }
    /// An instant as text, in UTC.
    fn cast_tz_to_text[arena](t: Tz) -> Text = { arena.alloc_str(&text_forms::instant(t)) }
    /// An instant from text with a zone.
    fn cast_text_to_tz(s: Text) -> Tz[!] = {
        parse_instant(s).ok_or_else(|| Error::parse(s, "TIMESTAMP WITH TIME ZONE"))
    }
    /// An instant from text with a zone; NULL if it is none.
    fn safe_cast_text_to_tz(s: Text) -> Tz[?] = { parse_instant(s) }
    /// What clocks in UTC show at an instant.
    fn cast_tz_to_ts(t: Tz) -> Ts = { t }
    /// The instant at which clocks in UTC show something.
    fn cast_ts_to_tz(t: Ts) -> Tz = { t }
    /// The day of an instant in UTC.
    fn cast_tz_to_date(t: Tz) -> Date = { t.div_euclid(DAY_US) as i32 }
}

pub(crate) const KERNELS: &[&[Kernel]] = &[
    INTEGERS[0],
    INTEGERS[1],
    INTEGERS[2],
    INTEGERS[3],
    INTEGERS[4],
    INTEGERS[5],
    INTEGERS[6],
    INTEGERS[7],
    BINARY_CASTS,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids() {
        let n = 0x550e8400_e29b_41d4_a716_446655440000u128;
        let shown = text_forms::uuid(n);
        assert_eq!(shown, "550e8400-e29b-41d4-a716-446655440000");
        for same in [
            &shown,
            "550E8400E29B41D4A716446655440000",
            "{550e8400-e29b-41d4-a716-446655440000}",
            "550e-8400-e29b-41d4-a716-4466-5544-0000",
        ] {
            assert_eq!(parse_uuid(same), Some(n), "{same}");
        }
        for bad in [
            "",
            "550e8400",
            " 550e8400-e29b-41d4-a716-446655440000",
            "550e840-0e29b-41d4-a716-446655440000",
            "{550e8400-e29b-41d4-a716-446655440000",
            "-550e8400e29b41d4a716446655440000",
            "550e8400--e29b-41d4-a716-446655440000",
            "550e8400-e29b-41d4-a716-446655440000-",
        ] {
            assert_eq!(parse_uuid(bad), None, "{bad}");
        }
    }

    #[test]
    fn instants() {
        let arena = Arena::new();
        let shown = |s: &str| parse_instant(s).map(|t| cast_tz_to_text(&arena, t).to_owned());
        assert_eq!(shown("2026-08-07 07:05:00 Europe/Oslo").as_deref(), Some("2026-08-07 05:05:00 +00:00"));
        assert_eq!(shown("2026-08-07 07:05:00.5 +02:00").as_deref(), Some("2026-08-07 05:05:00.500000 +00:00"));
        for bad in [
            "2026-08-07 07:05:00",
            "2026-08-07 07:05:00  UTC",
            "2026-08-07 UTC",
            "2026-03-29 02:30:00 Europe/Oslo",
            "x",
        ] {
            assert_eq!(shown(bad), None, "{bad}");
        }
    }

    #[test]
    fn lengths() {
        let arena = Arena::new();
        assert_eq!(bytes_fit_left(&arena, cast_i32_to_bytes(&arena, 258), 2), Ok(&[1u8, 2][..]));
        assert_eq!(bytes_fit_left(&arena, &[1], 3), Ok(&[0u8, 0, 1][..]));
        assert_eq!(bytes_fit(&arena, b"ab", 4), Ok(&b"ab\0\0"[..]));
        assert_eq!(bytes_fit(&arena, b"abc", 2), Ok(&b"ab"[..]));
        assert_eq!(bytes_cut(b"abc", 9), b"abc");
        assert!(bytes_fit(&arena, b"", i32::MAX).is_err());
    }
}
