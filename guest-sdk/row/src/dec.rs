//! Words to values, the inverse of [`enc`](crate::enc). Words that no value has give some value, never a panic: rows from
//! outside are checked by [`Layout::validate`](crate::Layout::validate) before.

/// The sign bit of a word.
const SIGN: u64 = 1 << 63;

/// Defines the decoder of a type that always fits one word, and that of its nullable form.
macro_rules! one_word {
    ($(#[$doc:meta])* $name:ident, $null:ident, $t:ty, |$w:ident| $value:expr) => {
        $(#[$doc])*
        #[inline(always)]
        pub const fn $name($w: u64) -> $t {
            $value
        }

        #[doc = concat!("[`", stringify!($name), "()`] or NULL.")]
        #[inline(always)]
        pub const fn $null(w: u64) -> Option<$t> {
            if w == 0 { None } else { Some($name(w)) }
        }
    };
}

one_word!(/** BOOLEAN */ bool, bool_null, bool, |w| w >= 2);
one_word!(/** TINYINT */ i8, i8_null, i8, |w| (w.wrapping_sub(1) as i8).wrapping_add(i8::MIN));
one_word!(/** SMALLINT */ i16, i16_null, i16, |w| (w.wrapping_sub(1) as i16).wrapping_add(i16::MIN));
one_word!(/** INTEGER */ i32, i32_null, i32, |w| (w.wrapping_sub(1) as i32).wrapping_add(i32::MIN));
one_word!(/** TINYINT UNSIGNED */ u8, u8_null, u8, |w| w.wrapping_sub(1) as u8);
one_word!(/** SMALLINT UNSIGNED */ u16, u16_null, u16, |w| w.wrapping_sub(1) as u16);
one_word!(/** INTEGER UNSIGNED */ u32, u32_null, u32, |w| w.wrapping_sub(1) as u32);
one_word!(/** DATE, in days since 1970 */ date, date_null, i32, |w| i32(w));
one_word!(/** Year-month interval, in months */ months, months_null, i32, |w| i32(w));
one_word!(/** TIME, in nanoseconds of the day */ time, time_null, i64, |w| w.wrapping_sub(1) as i64);
one_word!(/** TIMESTAMP, in microseconds since 1970 */ ts, ts_null, i64, |w| (w ^ SIGN) as i64);
one_word!(/** TIMESTAMP WITH TIME ZONE, in microseconds since 1970 UTC */ tz, tz_null, i64, |w| ts(w));
one_word!(/** DECIMAL of at most 18 digits, in units */ dec, dec_null, i128, |w| (w ^ SIGN) as i64 as i128);
one_word!(/** REAL */ f32, f32_null, f32, |w| {
    let w = w as u32;
    f32::from_bits(if w >> 31 == 1 { w & !(1 << 31) } else { !w })
});
one_word!(/** DOUBLE */ f64, f64_null, f64, |w| f64::from_bits(if w & SIGN != 0 { w & !SIGN } else { !w }));

/// DECIMAL of more than 18 digits, in units, of its two words.
#[inline(always)]
pub const fn dec2(high: u64, low: u64) -> i128 {
    (((high as u128) << 64 | low as u128) ^ 1 << 127) as i128
}

/// [`dec2`] or NULL.
#[inline(always)]
pub const fn dec2_null(high: u64, low: u64) -> Option<i128> {
    if high == 0 && low == 0 { None } else { Some(dec2(high, low)) }
}

/// BIGINT NOT NULL.
#[inline(always)]
pub const fn i64(w: u64) -> i64 {
    (w ^ SIGN) as i64
}

/// BIGINT UNSIGNED NOT NULL.
#[inline(always)]
pub const fn u64(w: u64) -> u64 {
    w
}

/// Day-time interval NOT NULL, in microseconds.
#[inline(always)]
pub const fn micros(w: u64) -> i64 {
    i64(w)
}
