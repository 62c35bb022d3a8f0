//! Values to words; see the [crate's documentation](crate) for the encodings. Functions that end in `_null` take NULL as
//! `None`. Those of wide types give the slot; the escape that may follow is [`escape`]'s.

/// The sign bit of a word.
const SIGN: u64 = 1 << 63;

/// Defines the encoder of a type that always fits one word, and that of its nullable form.
macro_rules! one_word {
    ($(#[$doc:meta])* $name:ident, $null:ident, $t:ty, |$v:ident| $word:expr) => {
        $(#[$doc])*
        #[inline(always)]
        pub const fn $name($v: $t) -> u64 {
            $word
        }

        #[doc = concat!("[`", stringify!($name), "()`] or NULL.")]
        #[inline(always)]
        pub const fn $null(v: Option<$t>) -> u64 {
            match v {
                Some(v) => $name(v),
                None => 0,
            }
        }
    };
}

one_word!(/** BOOLEAN */ bool, bool_null, bool, |v| v as u64 + 1);
one_word!(/** TINYINT */ i8, i8_null, i8, |v| (v as i64 - i8::MIN as i64) as u64 + 1);
one_word!(/** SMALLINT */ i16, i16_null, i16, |v| (v as i64 - i16::MIN as i64) as u64 + 1);
one_word!(/** INTEGER */ i32, i32_null, i32, |v| (v as i64 - i32::MIN as i64) as u64 + 1);
one_word!(/** TINYINT UNSIGNED */ u8, u8_null, u8, |v| v as u64 + 1);
one_word!(/** SMALLINT UNSIGNED */ u16, u16_null, u16, |v| v as u64 + 1);
one_word!(/** INTEGER UNSIGNED */ u32, u32_null, u32, |v| v as u64 + 1);
one_word!(/** DATE, in days since 1970 */ date, date_null, i32, |v| i32(v));
one_word!(/** Year-month interval, in months */ months, months_null, i32, |v| i32(v));
one_word!(/** TIME, in nanoseconds of the day */ time, time_null, i64, |v| (v as u64).wrapping_add(1));
one_word!(/** TIMESTAMP, in microseconds since 1970 */ ts, ts_null, i64, |v| v as u64 ^ SIGN);
one_word!(/** TIMESTAMP WITH TIME ZONE, in microseconds since 1970 UTC */ tz, tz_null, i64, |v| ts(v));
one_word!(/** DECIMAL of at most 18 digits, in units */ dec, dec_null, i128, |v| v as u64 ^ SIGN);
one_word!(/** REAL */ f32, f32_null, f32, |v| {
    let bits = if v == 0.0 { 0 } else if v.is_nan() { 0x7fc0_0000 } else { v.to_bits() };
    (if bits >> 31 == 1 { !bits } else { bits | 1 << 31 }) as u64
});
one_word!(/** DOUBLE */ f64, f64_null, f64, |v| {
    let bits = if v == 0.0 { 0 } else if v.is_nan() { 0x7ff8 << 48 } else { v.to_bits() };
    if bits >> 63 == 1 { !bits } else { bits | SIGN }
});

/// DECIMAL of more than 18 digits, in units: its two words.
#[inline(always)]
pub const fn dec2(v: i128) -> [u64; 2] {
    let b = v as u128 ^ 1 << 127;
    [(b >> 64) as u64, b as u64]
}

/// [`dec2`] or NULL.
#[inline(always)]
pub const fn dec2_null(v: Option<i128>) -> [u64; 2] {
    match v {
        Some(v) => dec2(v),
        None => [0, 0],
    }
}

/// BIGINT NOT NULL.
#[inline(always)]
pub const fn i64(v: i64) -> u64 {
    v as u64 ^ SIGN
}

/// BIGINT UNSIGNED NOT NULL.
#[inline(always)]
pub const fn u64(v: u64) -> u64 {
    v
}

/// Day-time interval NOT NULL, in microseconds.
#[inline(always)]
pub const fn micros(v: i64) -> u64 {
    i64(v)
}

/// The slot of the biased word `b` in a nullable wide column.
#[inline(always)]
pub const fn slot(b: u64) -> u64 {
    if b < 2 { 1 } else { b }
}

/// The slot of a nullable BIGINT.
#[inline(always)]
pub const fn i64_null(v: Option<i64>) -> u64 {
    match v {
        Some(v) => slot(i64(v)),
        None => 0,
    }
}

/// The slot of a nullable BIGINT UNSIGNED.
#[inline(always)]
pub const fn u64_null(v: Option<u64>) -> u64 {
    match v {
        Some(v) => slot(v),
        None => 0,
    }
}

/// The slot of a nullable day-time interval.
#[inline(always)]
pub const fn micros_null(v: Option<i64>) -> u64 {
    i64_null(v)
}

/// The escape of the biased word `b` in a nullable wide column, if it has one.
#[inline(always)]
pub const fn escape(b: u64) -> Option<u64> {
    if b < 2 { Some(b) } else { None }
}
