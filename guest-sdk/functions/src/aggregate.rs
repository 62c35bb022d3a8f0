//! What aggregates are made of beyond sums and counts: how they are finished, and what puts two values together.

use crate::decimal::fit;
use crate::{Error, Kernel};
use ethnum::I256;

/// No group is empty where these are called, and no divisor 0; but kernels must not panic whoever calls them.
fn positive(n: i64, d: i64) -> Result<(I256, I256), Error> {
    if n > 0 && d > 0 { Ok((I256::from(n), I256::from(d))) } else { Err(Error::new("a spread of no values")) }
}

#[cold]
fn too_large() -> Error {
    Error::new("the result of the aggregate is out of range")
}

kernels! { SPREADS:
    /// `(sum of x*y - sum of x * sum of y / n) / d` in whole numbers, every quotient cut toward zero: `(sum of x*y, of x, of y, n, d)`.
    fn spread_whole(xy: Dec, x: Dec, y: Dec, n: I64, d: I64) -> Dec[!] = {
        let (n, d) = positive(n, d)?;
        let spread = (I256::new(xy) - I256::new(x) * I256::new(y) / n) / d;
        i128::try_from(spread).map_err(|_| too_large()).and_then(|units| fit(units, 38, 0).map_err(|_| too_large()))
    }
    /// The same of decimals, computed exactly and cut at the end: `(sum of x*y, of x, of y, n, d, scale of x*y, scale of x + scale of y,
    /// precision, scale)`.
    fn spread_dec(xy: Dec, x: Dec, y: Dec, n: I64, d: I64, from: I32, full: I32, p: I32, s: I32) -> Dec[!] = {
        let (n, d) = positive(n, d)?;
        let power = |e: i32| I256::new(10).pow(e.clamp(0, 76) as u32);
        // In units of 10^-full, times n.
        let first = I256::new(xy).checked_mul(n).and_then(|v| v.checked_mul(power(full - from)));
        let spread = first.and_then(|v| v.checked_sub(I256::new(x) * I256::new(y))).ok_or_else(too_large)? / (n * d);
        let units = (spread / power(full - s)).checked_mul(power(s - full)).ok_or_else(too_large)?;
        fit(i128::try_from(units).map_err(|_| too_large())?, p, s)
    }
    /// The same of decimals as a float: `(sum of x*y, of x, of y, n, d, scale of x*y, scale of x + scale of y)`.
    fn spread_dec_f64(xy: Dec, x: Dec, y: Dec, n: I64, d: I64, from: I32, full: I32) -> F64[!] = {
        let (wide_n, wide_d) = positive(n, d)?;
        let up = I256::new(10).pow((full - from).clamp(0, 76) as u32);
        let first = I256::new(xy).checked_mul(wide_n).and_then(|v| v.checked_mul(up));
        let spread = first.and_then(|v| v.checked_sub(I256::new(x) * I256::new(y))).ok_or_else(too_large)?;
        Ok(spread.as_f64() / (wide_n * wide_d).as_f64() / 10f64.powi(full))
    }
    /// The same of floats: `(sum of x*y, of x, of y, n, d)`.
    fn spread_f64(xy: F64, x: F64, y: F64, n: I64, d: I64) -> F64 = { (xy - x * y / n as f64) / d as f64 }
    /// The square root; of what is below 0, which rounding may have made of 0, it is 0.
    fn deviation(variance: F64) -> F64 = { if variance < 0.0 { 0.0 } else { variance.sqrt() } }
    /// TRUE if all values that WITHIN DISTINCT makes one of are one.
    fn one_value(same: Bool) -> Bool[!] = {
        if same { Ok(true) } else { Err(Error::new("WITHIN DISTINCT: more than one value for one key")) }
    }
}

/// Binary strings of one length, byte by byte.
fn by_bytes<'a>(arena: &'a crate::Arena, a: &[u8], b: &[u8], f: impl Fn(u8, u8) -> u8) -> Result<&'a [u8], Error> {
    if a.len() != b.len() {
        return Err(Error::new(format!("binary strings of unequal length: {} and {} bytes", a.len(), b.len())));
    }
    Ok(arena.alloc_slice_fill_iter(a.iter().zip(b).map(|(a, b)| f(*a, *b))))
}

kernels! { BYTES_BITS:
    /// The bits that both have; of unequal length an error.
    fn bit_and_bytes[arena](a: Bytes, b: Bytes) -> Bytes[!] = { by_bytes(arena, a, b, |a, b| a & b) }
    /// The bits that either has; of unequal length an error.
    fn bit_or_bytes[arena](a: Bytes, b: Bytes) -> Bytes[!] = { by_bytes(arena, a, b, |a, b| a | b) }
    /// The bits that one of them has; of unequal length an error.
    fn bit_xor_bytes[arena](a: Bytes, b: Bytes) -> Bytes[!] = { by_bytes(arena, a, b, |a, b| a ^ b) }
}

macro_rules! bits {
    ($($kind:ident)*) => { pastey::paste! {
        $( kernels! { [<$kind:upper _BITS>]:
            /// The bits that both have.
            fn [<bit_and_ $kind:lower>](a: $kind, b: $kind) -> $kind = { a & b }
            /// The bits that either has.
            fn [<bit_or_ $kind:lower>](a: $kind, b: $kind) -> $kind = { a | b }
            /// The bits that one of them has.
            fn [<bit_xor_ $kind:lower>](a: $kind, b: $kind) -> $kind = { a ^ b }
        } )*
        pub(crate) const KERNELS: &[&[Kernel]] = &[SPREADS, crate::collect::KERNELS, BYTES_BITS, $([<$kind:upper _BITS>]),*];
    } };
}

bits! { I8 I16 I32 I64 U8 U16 U32 U64 }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_spreads_divide_as_integers() {
        // {1, 4}: 17 - 25/2 = 5, by 2.
        assert_eq!(spread_whole(17, 5, 5, 2, 2), Ok(2));
        assert_eq!(spread_whole(17, 5, 5, 2, 1), Ok(5));
        // Squares of sums need more than 128 bits.
        let big = i64::MAX as i128;
        assert_eq!(spread_whole(big * big, big * 2, big * 2, 4, 1), Ok(0));
        assert!(spread_whole(0, 0, 0, 0, 1).is_err() && spread_whole(0, 0, 0, 1, 0).is_err());
    }

    #[test]
    fn decimal_spreads_are_cut_once() {
        // {0.1, 0.2}: variance of the population 0.0025.
        assert_eq!(spread_dec(5, 3, 3, 2, 2, 2, 2, 38, 2), Ok(0));
        assert_eq!(spread_dec(5, 3, 3, 2, 2, 2, 2, 38, 1), Ok(0));
        // {1.00, 3.00}: 1.00, also with products that lost digits.
        assert_eq!(spread_dec(100_000, 400, 400, 2, 2, 4, 4, 38, 2), Ok(100));
        assert_eq!(spread_dec(1000, 400, 400, 2, 2, 2, 4, 38, 2), Ok(100));
        assert_eq!(spread_dec_f64(5, 3, 3, 2, 2, 2, 2), Ok(0.0025));
        assert!(spread_dec(10i128.pow(37), 1, 1, 2, 1, 0, 76, 38, 38).is_err());
        assert!(spread_dec(10i128.pow(37), 1, 1, 2, 1, 0, 0, 10, 0).is_err());
    }

    #[test]
    fn deviations_have_no_noise_below_zero() {
        assert_eq!(deviation(-1e-18), 0.0);
        assert_eq!(deviation(4.0), 2.0);
        assert!(deviation(f64::NAN).is_nan());
    }
}
