//! Exact decimals: a value is a whole number of units of 10^-scale, and the scale is the type's, so kernels take scales and
//! precisions as constants. Results are cut toward zero to the result's scale; what does not fit its precision is an error.

use crate::{Error, Kernel};
use ethnum::I256;

/// 10^n for 0 <= n <= 38.
pub const POWERS_OF_TEN: [i128; 39] = {
    let mut powers = [1i128; 39];
    let mut i = 1;
    while i < 39 {
        powers[i] = powers[i - 1] * 10;
        i += 1;
    }
    powers
};

/// 10^n; scales come from types, so n is within 0..=38 (clamped, since kernels must not panic).
#[inline]
pub(crate) fn power(n: i32) -> i128 {
    POWERS_OF_TEN[n.clamp(0, 38) as usize]
}

#[cold]
fn unrepresentable(units: impl std::fmt::Display, scale: i32, p: i32, s: i32) -> Error {
    let digits = units.to_string();
    Error::new(format!("Cannot represent {} as DECIMAL({p}, {s})", crate::text_forms::point(&digits, scale)))
}

/// `units` if it has at most `p` digits.
#[inline]
pub(crate) fn fit(units: i128, p: i32, s: i32) -> Result<i128, Error> {
    if units.unsigned_abs() < power(p) as u128 { Ok(units) } else { Err(unrepresentable(units, s, p, s)) }
}

/// `units` of 10^-from in units of 10^-to, cut toward zero, if it has at most `p` digits.
#[inline]
pub(crate) fn rescale(units: i128, from: i32, to: i32, p: i32) -> Result<i128, Error> {
    if from == to {
        return fit(units, p, to).map_err(|_| unrepresentable(units, from, p, to));
    }
    let scaled = if to > from { units.checked_mul(power(to - from)) } else { Some(units / power(from - to)) };
    scaled.filter(|u| u.unsigned_abs() < power(p) as u128).ok_or_else(|| unrepresentable(units, from, p, to))
}

/// A 256-bit number of units of 10^-from, cut to a decimal.
#[cold]
fn narrow(wide: I256, from: i32, p: i32, s: i32) -> Result<i128, Error> {
    let cut = wide / I256::new(10).pow((from - s).max(0) as u32);
    i128::try_from(cut)
        .ok()
        .filter(|u| u.unsigned_abs() < power(p) as u128)
        .ok_or_else(|| unrepresentable(cut, s, p, s))
}

/// `a` units of 10^-sa in units of 10^-(s), widened.
fn widen(units: i128, from: i32, to: i32) -> I256 {
    I256::new(units) * I256::new(10).pow((to - from).max(0) as u32)
}

kernels! { EXACT:
    /// Change of scale: `(value, scale, new scale, new precision)`; surplus digits are cut.
    fn dec_rescale(a: Dec, from: I32, to: I32, p: I32) -> Dec[!] = { rescale(a, from, to, p) }
    /// Sum: `(a, b, scale of a, scale of b, precision, scale)`.
    fn add_dec(a: Dec, b: Dec, sa: I32, sb: I32, p: I32, s: I32) -> Dec[!] = {
        let aligned = a.checked_mul(power(s - sa)).zip(b.checked_mul(power(s - sb)));
        match aligned.and_then(|(a, b)| a.checked_add(b)) {
            Some(units) => fit(units, p, s),
            None => narrow(widen(a, sa, s) + widen(b, sb, s), s, p, s),
        }
    }
    /// Difference: `(a, b, scale of a, scale of b, precision, scale)`.
    fn sub_dec(a: Dec, b: Dec, sa: I32, sb: I32, p: I32, s: I32) -> Dec[!] = {
        let aligned = a.checked_mul(power(s - sa)).zip(b.checked_mul(power(s - sb)));
        match aligned.and_then(|(a, b)| a.checked_sub(b)) {
            Some(units) => fit(units, p, s),
            None => narrow(widen(a, sa, s) - widen(b, sb, s), s, p, s),
        }
    }
    /// Product: `(a, b, scale of a, scale of b, precision, scale)`.
    fn mul_dec(a: Dec, b: Dec, sa: I32, sb: I32, p: I32, s: I32) -> Dec[!] = {
        match a.checked_mul(b) {
            Some(units) => rescale(units, sa + sb, s, p),
            None => narrow(I256::new(a) * I256::new(b), sa + sb, p, s),
        }
    }
    /// Quotient: `(a, b, scale of a, scale of b, precision, scale)`.
    fn div_dec(a: Dec, b: Dec, sa: I32, sb: I32, p: I32, s: I32) -> Dec[!] = {
        if b == 0 {
            let shown = crate::text_forms::point(&a.to_string(), sa);
            return Err(Error::new(format!("attempt to divide by zero: '{shown} / 0' causes overflow for type DECIMAL({p}, {s})")));
        }
        // a/10^sa / (b/10^sb) = (a * 10^(s - sa + sb) / b) units of 10^-s
        let shift = s - sa + sb;
        if shift >= 0 {
            match (shift <= 38).then(|| a.checked_mul(power(shift))).flatten() {
                Some(dividend) => fit(dividend / b, p, s),
                None => narrow(widen(a, 0, shift) / I256::new(b), s, p, s),
            }
        } else {
            match b.checked_mul(power(-shift)) {
                Some(divisor) => fit(a / divisor, p, s),
                None => Ok(0),
            }
        }
    }
    /// Quotient; NULL by zero, or if it does not fit: `(a, b, scale of a, scale of b, precision, scale)`.
    fn div_null_dec(a: Dec, b: Dec, sa: I32, sb: I32, p: I32, s: I32) -> Dec[?] = { div_dec(a, b, sa, sb, p, s).ok() }
    /// Remainder with the dividend's sign: `(a, b, scale of a, scale of b, precision, scale)`.
    fn rem_dec(a: Dec, b: Dec, sa: I32, sb: I32, p: I32, s: I32) -> Dec[!] = {
        if b == 0 {
            return Err(Error::new("attempt to calculate the remainder with a divisor of zero"));
        }
        let common = sa.max(sb);
        narrow_rem(widen(a, sa, common) % widen(b, sb, common), common, p, s)
    }
    /// Negation.
    fn neg_dec(a: Dec) -> Dec = { -a }
    /// Absolute value.
    fn abs_dec(a: Dec) -> Dec = { a.abs() }
    /// -1, 0 or 1: `(a, scale)`.
    fn sign_dec(a: Dec, s: I32) -> Dec = { a.signum() * power(s) }
    /// The greatest whole number not above: `(a, scale, precision)`, of scale 0.
    fn floor_dec(a: Dec, s: I32, p: I32) -> Dec[!] = { fit(a.div_euclid(power(s)), p, 0) }
    /// The least whole number not below: `(a, scale, precision)`, of scale 0.
    fn ceil_dec(a: Dec, s: I32, p: I32) -> Dec[!] = { fit(-(-a).div_euclid(power(s)), p, 0) }
    /// Rounded half away from zero to `n` places: `(a, n, precision, scale)`; the scale stays.
    fn round_dec(a: Dec, n: I32, p: I32, s: I32) -> Dec[!] = {
        if n >= s {
            return Ok(a);
        }
        if s.saturating_sub(n) > 38 {
            return Ok(0);
        }
        let unit = power(s - n);
        let (quotient, rest) = (a / unit, a % unit);
        let away = if rest.unsigned_abs() >= unit.unsigned_abs().div_ceil(2) { a.signum() } else { 0 };
        (quotient + away).checked_mul(unit).map_or_else(|| Err(unrepresentable(a, s, p, s)), |u| fit(u, p, s))
    }
    /// Rounded half to even to `n` places: `(a, n, precision, scale)`; the scale stays.
    fn bround_dec(a: Dec, n: I32, p: I32, s: I32) -> Dec[!] = {
        if n >= s {
            return Ok(a);
        }
        if s.saturating_sub(n) > 38 {
            return Ok(0);
        }
        let unit = power(s - n);
        let (quotient, rest) = (a / unit, a % unit);
        let away = match (rest.unsigned_abs() * 2).cmp(&unit.unsigned_abs()) {
            std::cmp::Ordering::Less => 0,
            std::cmp::Ordering::Equal => (quotient % 2).signum(),
            std::cmp::Ordering::Greater => a.signum(),
        };
        (quotient + away).checked_mul(unit).map_or_else(|| Err(unrepresentable(a, s, p, s)), |u| fit(u, p, s))
    }
    /// Cut toward zero to `n` places: `(a, n, scale)`; the scale stays.
    fn trunc_dec(a: Dec, n: I32, s: I32) -> Dec = {
        if n >= s {
            a
        } else if s.saturating_sub(n) > 38 {
            0
        } else {
            a - a % power(s - n)
        }
    }
}

/// A remainder is smaller than its operands, so it fits unless the result's type was cut.
fn narrow_rem(wide: I256, from: i32, p: i32, s: i32) -> Result<i128, Error> {
    match i128::try_from(wide) {
        Ok(units) => rescale(units, from, s, p),
        Err(_) => narrow(wide, from, p, s),
    }
}

pub(crate) const KERNELS: &[&[Kernel]] = &[EXACT];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn division_cuts_to_its_scale() {
        // 1.0 / 3.0: DECIMAL(2,1) / DECIMAL(2,1) is DECIMAL(8,6)
        assert_eq!(div_dec(10, 30, 1, 1, 8, 6), Ok(333_333));
        assert_eq!(div_dec(-10, 30, 1, 1, 8, 6), Ok(-333_333));
        let by_zero = div_dec(10, 0, 1, 1, 8, 6).unwrap_err();
        assert!(by_zero.message().contains("'1 / 0' causes overflow"), "{by_zero}");
    }

    #[test]
    fn products_beyond_128_bits() {
        let nines = POWERS_OF_TEN[38] - 1;
        assert!(mul_dec(nines, nines, 0, 0, 38, 0).is_err());
        // 0.99..9 (38 digits) squared, cut to 38 places
        assert_eq!(mul_dec(nines, nines, 38, 38, 38, 38), Ok(nines - 1));
    }

    #[test]
    fn rounding() {
        assert_eq!(round_dec(-125, 1, 3, 2), Ok(-130));
        assert_eq!(round_dec(1550, -1, 4, 1), Ok(1600));
        assert_eq!(bround_dec(25, 0, 2, 1), Ok(20));
        assert_eq!(bround_dec(35, 0, 2, 1), Ok(40));
        assert_eq!(trunc_dec(-129, 1, 2), -120);
        assert_eq!(floor_dec(-12, 1, 2), Ok(-2));
        assert_eq!(ceil_dec(-12, 1, 2), Ok(-1));
        assert!(round_dec(99, 0, 2, 1).is_err());
    }

    #[test]
    fn unrepresentable_says_what() {
        let error = dec_rescale(12_341_234, 4, 3, 6).unwrap_err();
        assert_eq!(error.message(), "Cannot represent 1234.1234 as DECIMAL(6, 3)");
    }
}
