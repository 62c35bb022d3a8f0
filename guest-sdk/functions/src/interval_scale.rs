//! Intervals times and by decimals, exactly; and division that is NULL where it fails.

use crate::decimal::power;
use crate::{Error, Kernel, div_micros_f64, div_micros_i64, div_months_f64, div_months_i64};
use ethnum::I256;

#[cold]
fn out_of_range(what: &str) -> Error {
    Error::new(format!("interval overflow in {what}"))
}

/// `i * a / 10^scale`, cut toward zero.
fn multiplied(i: i64, a: i128, scale: i32) -> Result<i64, Error> {
    let wide = I256::new(i128::from(i)) * I256::new(a) / I256::new(power(scale));
    i64::try_from(wide).map_err(|_| out_of_range("multiplication"))
}

/// `i / (a / 10^scale)`, cut toward zero.
fn divided(i: i64, a: i128, scale: i32) -> Result<i64, Error> {
    if a == 0 {
        return Err(Error::new("interval divided by zero"));
    }
    let wide = I256::new(i128::from(i)) * I256::new(power(scale)) / I256::new(a);
    i64::try_from(wide).map_err(|_| out_of_range("division"))
}

kernels! { SCALED:
    /// Year-month interval times a decimal, cut to whole months: `(interval, number, scale)`.
    fn mul_months_dec(i: Months, a: Dec, scale: I32) -> Months[!] = {
        multiplied(i64::from(i), a, scale).and_then(|m| i32::try_from(m).map_err(|_| out_of_range("multiplication")))
    }
    /// Year-month interval by a decimal, cut to whole months: `(interval, number, scale)`.
    fn div_months_dec(i: Months, a: Dec, scale: I32) -> Months[!] = {
        divided(i64::from(i), a, scale).and_then(|m| i32::try_from(m).map_err(|_| out_of_range("division")))
    }
    /// Day-time interval times a decimal, cut to whole microseconds: `(interval, number, scale)`.
    fn mul_micros_dec(i: Micros, a: Dec, scale: I32) -> Micros[!] = { multiplied(i, a, scale) }
    /// Day-time interval by a decimal, cut to whole microseconds: `(interval, number, scale)`.
    fn div_micros_dec(i: Micros, a: Dec, scale: I32) -> Micros[!] = { divided(i, a, scale) }
    /// As the division, but NULL where it fails.
    fn div_null_months_i64(i: Months, n: I64) -> Months[?] = { div_months_i64(i, n).ok() }
    /// As the division, but NULL where it fails.
    fn div_null_months_f64(i: Months, x: F64) -> Months[?] = { div_months_f64(i, x).ok() }
    /// As the division, but NULL where it fails: `(interval, number, scale)`.
    fn div_null_months_dec(i: Months, a: Dec, scale: I32) -> Months[?] = { div_months_dec(i, a, scale).ok() }
    /// As the division, but NULL where it fails.
    fn div_null_micros_i64(i: Micros, n: I64) -> Micros[?] = { div_micros_i64(i, n).ok() }
    /// As the division, but NULL where it fails.
    fn div_null_micros_f64(i: Micros, x: F64) -> Micros[?] = { div_micros_f64(i, x).ok() }
    /// As the division, but NULL where it fails: `(interval, number, scale)`.
    fn div_null_micros_dec(i: Micros, a: Dec, scale: I32) -> Micros[?] = { div_micros_dec(i, a, scale).ok() }
}

pub(crate) const KERNELS: &[&[Kernel]] = &[SCALED];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_and_cut() {
        // A tenth of the longest interval is exact, unlike in floating point.
        assert_eq!(mul_micros_dec(i64::MAX, 1, 1), Ok(i64::MAX / 10));
        assert_eq!(mul_months_dec(-7, 15, 1), Ok(-10));
        assert_eq!(div_months_dec(-7, 15, 1), Ok(-4));
        assert_eq!(div_micros_dec(10, 4, 0), Ok(2));
        assert!(div_micros_dec(10, 0, 2).is_err() && mul_months_dec(i32::MAX, 20, 1).is_err());
        assert!(div_micros_dec(i64::MAX, 1, 1).is_err());
        assert_eq!(
            (div_null_micros_i64(5, 0), div_null_micros_dec(5, 0, 1), div_null_months_f64(5, 0.0)),
            (None, None, None)
        );
        assert_eq!((div_null_micros_i64(i64::MIN, -1), div_null_months_i64(7, 2)), (None, Some(3)));
    }
}
