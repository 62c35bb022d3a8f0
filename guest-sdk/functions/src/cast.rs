//! CAST between BOOLEAN, numbers and text. What the target cannot hold, and text that is not a value, are errors.

use crate::decimal::{fit, power, rescale};
use crate::{Error, Kernel, text_forms};
use ethnum::I256;
use weir_row::Kind;

/// The SQL name of a numeric kind, for messages.
fn sql_name(kind: Kind) -> &'static str {
    match kind {
        Kind::I8 => "TINYINT",
        Kind::I16 => "SMALLINT",
        Kind::I32 => "INTEGER",
        Kind::I64 => "BIGINT",
        Kind::U8 => "TINYINT UNSIGNED",
        Kind::U16 => "SMALLINT UNSIGNED",
        Kind::U32 => "INTEGER UNSIGNED",
        Kind::U64 => "BIGINT UNSIGNED",
        other => other.name(),
    }
}

macro_rules! between_integers {
    ($($from:ident => $($to:ident)*;)*) => { pastey::paste! {
        $( kernels! { [<$from:upper _TO_INTEGERS>]: $(
            /// A whole number of another width.
            fn [<cast_ $from:lower _to_ $to:lower>](a: $from) -> $to[!] = {
                <rust!($to)>::try_from(a).map_err(|_| Error::range(a, sql_name(Kind::$to)))
            }
            /// A whole number of another width; NULL if it does not fit.
            fn [<safe_cast_ $from:lower _to_ $to:lower>](a: $from) -> $to[?] = { <rust!($to)>::try_from(a).ok() }
        )* } )*
    } };
}

between_integers! {
    I8 => I16 I32 I64 U8 U16 U32 U64;
    I16 => I8 I32 I64 U8 U16 U32 U64;
    I32 => I8 I16 I64 U8 U16 U32 U64;
    I64 => I8 I16 I32 U8 U16 U32 U64;
    U8 => I8 I16 I32 I64 U16 U32 U64;
    U16 => I8 I16 I32 I64 U8 U32 U64;
    U32 => I8 I16 I32 I64 U8 U16 U64;
    U64 => I8 I16 I32 I64 U8 U16 U32;
}

/// Cuts a float toward zero and checks the range of an integer type. (`as i128` saturates, far beyond any of them.)
macro_rules! cut_float {
    ($to:ident, $x:expr) => {
        Some(f64::from($x))
            .filter(|x| !x.is_nan())
            .and_then(|x| <rust!($to)>::try_from(x as i128).ok())
            .ok_or_else(|| Error::range(text_forms::double(f64::from($x)), sql_name(Kind::$to)))
    };
}

macro_rules! integers_and_others {
    ($($kind:ident)*) => { pastey::paste! {
        $( kernels! { [<$kind:upper _AND_OTHERS>]:
            /// Whether a number is not 0.
            fn [<cast_ $kind:lower _to_bool>](a: $kind) -> Bool = { a != 0 }
            /// 1 or 0.
            fn [<cast_bool_to_ $kind:lower>](a: Bool) -> $kind = { <rust!($kind)>::from(a) }
            /// A whole number as a float.
            fn [<cast_ $kind:lower _to_f32>](a: $kind) -> F32 = { a as f32 }
            /// A whole number as a float.
            fn [<cast_ $kind:lower _to_f64>](a: $kind) -> F64 = { a as f64 }
            /// A float cut toward zero.
            fn [<cast_f32_to_ $kind:lower>](a: F32) -> $kind[!] = { cut_float!($kind, a) }
            /// A float cut toward zero.
            fn [<cast_f64_to_ $kind:lower>](a: F64) -> $kind[!] = { cut_float!($kind, a) }
            /// A whole number as a decimal: `(a, precision, scale)`.
            fn [<cast_ $kind:lower _to_dec>](a: $kind, p: I32, s: I32) -> Dec[!] = { rescale(i128::from(a), 0, s, p) }
            /// A decimal cut toward zero: `(a, scale)`.
            fn [<cast_dec_to_ $kind:lower>](a: Dec, s: I32) -> $kind[!] = {
                <rust!($kind)>::try_from(a / power(s)).map_err(|_| Error::range(text_forms::decimal(a, s), sql_name(Kind::$kind)))
            }
            /// A float cut toward zero; NULL if it does not fit.
            fn [<safe_cast_f32_to_ $kind:lower>](a: F32) -> $kind[?] = { cut_float!($kind, a).ok() }
            /// A float cut toward zero; NULL if it does not fit.
            fn [<safe_cast_f64_to_ $kind:lower>](a: F64) -> $kind[?] = { cut_float!($kind, a).ok() }
            /// A whole number as a decimal; NULL if it does not fit: `(a, precision, scale)`.
            fn [<safe_cast_ $kind:lower _to_dec>](a: $kind, p: I32, s: I32) -> Dec[?] = { rescale(i128::from(a), 0, s, p).ok() }
            /// A decimal cut toward zero; NULL if it does not fit: `(a, scale)`.
            fn [<safe_cast_dec_to_ $kind:lower>](a: Dec, s: I32) -> $kind[?] = { <rust!($kind)>::try_from(a / power(s)).ok() }
            /// A whole number from text; NULL if it is none.
            fn [<safe_cast_text_to_ $kind:lower>](a: Text) -> $kind[?] = { a.trim().parse().ok() }
            /// A whole number as text.
            fn [<cast_ $kind:lower _to_text>][arena](a: $kind) -> Text = {
                bumpalo::format!(in arena, "{}", a).into_bump_str()
            }
            /// A whole number from text: sign and digits only, blanks around them ignored.
            fn [<cast_text_to_ $kind:lower>](a: Text) -> $kind[!] = {
                a.trim().parse().map_err(|_| Error::parse(a, sql_name(Kind::$kind)))
            }
        } )*
        const INTEGERS: [&[Kernel]; 8] = [$([<$kind:upper _AND_OTHERS>]),*];
    } };
}

integers_and_others! { I8 I16 I32 I64 U8 U16 U32 U64 }

/// A finite float as a decimal, digits beyond the scale cut. Goes through the float's shortest text, so that 0.1 is 0.1.
fn float_to_decimal(shortest: &str, p: i32, s: i32) -> Result<i128, Error> {
    decimal_from_text(shortest, p, s, Rounding::Cut)
        .ok_or_else(|| Error::new(format!("Cannot represent {shortest} as DECIMAL({p}, {s})")))
}

/// What happens to digits beyond the scale.
#[derive(Clone, Copy, PartialEq)]
enum Rounding {
    Cut,
    HalfEven,
}

/// A decimal from `[sign]digits[.digits][e[sign]n]`; `None` if it is not one or has more than `p` digits.
fn decimal_from_text(text: &str, p: i32, s: i32, rounding: Rounding) -> Option<i128> {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (negative, mantissa) = match mantissa.as_bytes().first()? {
        b'-' => (true, &mantissa[1..]),
        b'+' => (false, &mantissa[1..]),
        _ => (false, mantissa),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    // The digit at index i stands for 10^(whole.len() + exponent - 1 - i); units are of 10^-s, so `kept` digits count.
    let kept = (whole.len() as i64).checked_add(i64::from(exponent))?.checked_add(i64::from(s))?;
    let mut units: i128 = 0;
    let (mut beyond, mut rest) = (0u8, false);
    let mut seen = 0i64;
    for digit in whole.bytes().chain(fraction.bytes()).map(|b| b - b'0') {
        if seen < kept {
            units = units.checked_mul(10)?.checked_add(i128::from(digit))?;
            if units >= power(38) {
                return None;
            }
        } else if seen == kept {
            beyond = digit;
        } else {
            rest |= digit != 0;
        }
        seen += 1;
    }
    // Zeros that the exponent puts behind the digits.
    if units != 0 && seen < kept {
        units = i32::try_from(kept - seen).ok().filter(|n| *n <= 38).and_then(|n| units.checked_mul(power(n)))?;
    }
    if rounding == Rounding::HalfEven && (beyond > 5 || beyond == 5 && (rest || units % 2 == 1)) {
        units += 1;
    }
    fit(if negative { -units } else { units }, p, s).ok()
}

/// A decimal from text, digits beyond the scale cut: what the formats read.
pub fn parse_decimal(text: &str, p: i32, s: i32) -> Option<i128> {
    decimal_from_text(text, p, s, Rounding::Cut)
}

/// A float from text: blanks around it ignored, `nan`, `inf` and `infinity` in any case.
fn float_from_text<F: std::str::FromStr>(text: &str) -> Option<F> {
    // Rust reads the specials in any case, and nothing that SQL would not.
    text.trim().parse().ok()
}

kernels! { OTHERS:
    /// A REAL widened.
    fn cast_f32_to_f64(a: F32) -> F64 = { f64::from(a) }
    /// A DOUBLE narrowed; out of range it is an infinity.
    fn cast_f64_to_f32(a: F64) -> F32 = { a as f32 }
    /// Whether it is not 0.
    fn cast_f32_to_bool(a: F32) -> Bool = { a != 0.0 }
    /// Whether it is not 0.
    fn cast_f64_to_bool(a: F64) -> Bool = { a != 0.0 }
    /// Whether it is not 0.
    fn cast_dec_to_bool(a: Dec) -> Bool = { a != 0 }
    /// 1 or 0.
    fn cast_bool_to_f32(a: Bool) -> F32 = { f32::from(u8::from(a)) }
    /// 1 or 0.
    fn cast_bool_to_f64(a: Bool) -> F64 = { f64::from(u8::from(a)) }
    /// 1 or 0: `(a, precision, scale)`.
    fn cast_bool_to_dec(a: Bool, p: I32, s: I32) -> Dec[!] = { rescale(i128::from(a), 0, s, p) }
    /// A decimal as a float: `(a, scale)`.
    fn cast_dec_to_f64(a: Dec, s: I32) -> F64 = {
        if a.unsigned_abs() < 1 << 53 && s <= 22 {
            return a as f64 / power(s) as f64;
        }
        // Beyond that the quotient of two rounded numbers may be off by one; the text is read right.
        text_forms::decimal(a, s).parse().unwrap_or(f64::NAN)
    }
    /// A decimal as a float: `(a, scale)`.
    fn cast_dec_to_f32(a: Dec, s: I32) -> F32 = { text_forms::decimal(a, s).parse().unwrap_or(f32::NAN) }
    /// A float as a decimal, cut: `(a, precision, scale)`.
    fn cast_f64_to_dec(a: F64, p: I32, s: I32) -> Dec[!] = { float_to_decimal(&a.to_string(), p, s) }
    /// A float as a decimal, cut: `(a, precision, scale)`.
    fn cast_f32_to_dec(a: F32, p: I32, s: I32) -> Dec[!] = { float_to_decimal(&a.to_string(), p, s) }
    /// A decimal as text: `(a, scale)`.
    fn cast_dec_to_text[arena](a: Dec, s: I32) -> Text = { arena.alloc_str(&text_forms::decimal(a, s)) }
    /// A decimal from text, rounded half to even: `(text, precision, scale)`.
    fn cast_text_to_dec(a: Text, p: I32, s: I32) -> Dec[!] = {
        decimal_from_text(a.trim(), p, s, Rounding::HalfEven).ok_or_else(|| Error::parse(a, format_args!("DECIMAL({p}, {s})")))
    }
    /// A REAL as text.
    fn cast_f32_to_text[arena](a: F32) -> Text = { arena.alloc_str(&text_forms::real(a)) }
    /// A DOUBLE as text.
    fn cast_f64_to_text[arena](a: F64) -> Text = { arena.alloc_str(&text_forms::double(a)) }
    /// A REAL from text.
    fn cast_text_to_f32(a: Text) -> F32[!] = { float_from_text(a).ok_or_else(|| Error::parse(a, "REAL")) }
    /// A DOUBLE from text.
    fn cast_text_to_f64(a: Text) -> F64[!] = { float_from_text(a).ok_or_else(|| Error::parse(a, "DOUBLE")) }
    /// `TRUE` or `FALSE`.
    fn cast_bool_to_text(a: Bool) -> Text = { if a { "TRUE" } else { "FALSE" } }
    /// `true` or `false` in any case, blanks around them ignored.
    fn cast_text_to_bool(a: Text) -> Bool[!] = {
        let word = a.trim();
        if word.eq_ignore_ascii_case("true") {
            Ok(true)
        } else if word.eq_ignore_ascii_case("false") {
            Ok(false)
        } else {
            Err(Error::parse(a, "BOOLEAN"))
        }
    }
    /// The decimal sum of a group, from 128 bits to the result's precision: `(units, precision, scale)`.
    fn check_dec(a: Dec, p: I32, s: I32) -> Dec[!] = { fit(a, p, s) }
    /// The product of a decimal's units with a power of ten, saturated; for comparisons of decimals of different scales.
    fn dec_align(a: Dec, from: I32, to: I32) -> Dec = {
        i128::try_from(I256::new(a) * I256::new(power(to - from))).unwrap_or(if a < 0 { i128::MIN } else { i128::MAX })
    }
}

kernels! { SAFE:
    /// A decimal from text; NULL if it is none or does not fit: `(text, precision, scale)`.
    fn safe_cast_text_to_dec(a: Text, p: I32, s: I32) -> Dec[?] = { decimal_from_text(a.trim(), p, s, Rounding::HalfEven) }
    /// A float as a decimal; NULL if it does not fit: `(a, precision, scale)`.
    fn safe_cast_f64_to_dec(a: F64, p: I32, s: I32) -> Dec[?] = { float_to_decimal(&a.to_string(), p, s).ok() }
    /// A float as a decimal; NULL if it does not fit: `(a, precision, scale)`.
    fn safe_cast_f32_to_dec(a: F32, p: I32, s: I32) -> Dec[?] = { float_to_decimal(&a.to_string(), p, s).ok() }
    /// Another scale and precision; NULL if the value does not fit: `(value, scale, new scale, new precision)`.
    fn safe_dec_rescale(a: Dec, from: I32, to: I32, p: I32) -> Dec[?] = { rescale(a, from, to, p).ok() }
    /// A REAL from text; NULL if it is none.
    fn safe_cast_text_to_f32(a: Text) -> F32[?] = { float_from_text(a) }
    /// A DOUBLE from text; NULL if it is none.
    fn safe_cast_text_to_f64(a: Text) -> F64[?] = { float_from_text(a) }
    /// `true` or `false` from text; NULL if it is neither.
    fn safe_cast_text_to_bool(a: Text) -> Bool[?] = { cast_text_to_bool(a).ok() }
}

pub(crate) const KERNELS: &[&[Kernel]] = &[
    OTHERS,
    SAFE,
    INTEGERS[0],
    INTEGERS[1],
    INTEGERS[2],
    INTEGERS[3],
    INTEGERS[4],
    INTEGERS[5],
    INTEGERS[6],
    INTEGERS[7],
    I8_TO_INTEGERS,
    I16_TO_INTEGERS,
    I32_TO_INTEGERS,
    I64_TO_INTEGERS,
    U8_TO_INTEGERS,
    U16_TO_INTEGERS,
    U32_TO_INTEGERS,
    U64_TO_INTEGERS,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_from_text() {
        for (text, p, s, units) in [
            ("2.5", 2, 0, Some(2)),
            ("3.5", 2, 0, Some(4)),
            ("-1.005e2", 5, 1, Some(-1005)),
            ("0.7", 1, 0, Some(1)),
            ("1e3", 4, 0, Some(1000)),
            ("1e3", 3, 0, None),
            ("", 3, 0, None),
            (".", 3, 0, None),
            ("+.5", 2, 1, Some(5)),
            ("1.2.3", 5, 2, None),
            ("nan", 5, 2, None),
            ("1e-50", 5, 2, Some(0)),
            ("1e999999999999", 5, 2, None),
            ("0e999", 5, 2, Some(0)),
            ("2.51", 2, 0, Some(3)),
            ("0.05", 3, 1, Some(0)),
            ("0.15", 3, 1, Some(2)),
        ] {
            assert_eq!(cast_text_to_dec(text, p, s).ok(), units, "{text}");
        }
    }

    #[test]
    fn floats_to_integers() {
        assert_eq!(cast_f64_to_i32(-7.6), Ok(-7));
        assert_eq!(cast_f64_to_i8(127.9), Ok(127));
        assert!(cast_f64_to_i8(128.0).is_err());
        assert_eq!(cast_f64_to_i8(-128.9), Ok(-128));
        assert!(cast_f64_to_i8(-129.0).is_err());
        assert!(cast_f64_to_i64(9_223_372_036_854_775_808.0).is_err());
        assert_eq!(cast_f64_to_i64(-9_223_372_036_854_775_808.0), Ok(i64::MIN));
        assert!(cast_f64_to_u64(-1.0).is_err());
        assert_eq!(cast_f64_to_u64(-0.5), Ok(0));
        assert_eq!(cast_f64_to_u32(4_294_967_295.5), Ok(u32::MAX));
        assert!(cast_f64_to_i32(f64::NAN).is_err());
    }

    #[test]
    fn texts() {
        assert!(cast_text_to_i32("1.5").is_err());
        assert_eq!(cast_text_to_i32(" +12 "), Ok(12));
        assert_eq!(cast_text_to_f64(" -INF "), Ok(f64::NEG_INFINITY));
        assert_eq!(cast_text_to_bool(" True "), Ok(true));
        assert_eq!(cast_f64_to_dec(0.1, 3, 2), Ok(10));
    }
}
