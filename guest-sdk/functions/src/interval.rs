//! Intervals: months, or microseconds; the two never mix. Results that do not fit are errors.

use crate::{Error, Kernel};

/// Cuts a product or quotient computed in floating point back to whole units.
fn whole(x: f64, what: &str) -> Result<i64, Error> {
    if x.is_finite() && x.abs() < 9.223_372_036_854_775e18 { Ok(x.trunc() as i64) } else { Err(out_of_range(what)) }
}

#[cold]
fn out_of_range(what: &str) -> Error {
    Error::new(format!("interval overflow in {what}"))
}

fn months(wide: i64, what: &str) -> Result<i32, Error> {
    i32::try_from(wide).map_err(|_| out_of_range(what))
}

kernels! { INTERVALS:
    /// Sum of two year-month intervals.
    fn add_months(a: Months, b: Months) -> Months[!] = { a.checked_add(b).ok_or_else(|| out_of_range("addition")) }
    /// Difference of two year-month intervals.
    fn sub_months(a: Months, b: Months) -> Months[!] = { a.checked_sub(b).ok_or_else(|| out_of_range("subtraction")) }
    /// Negated year-month interval.
    fn neg_months(a: Months) -> Months[!] = { a.checked_neg().ok_or_else(|| out_of_range("negation")) }
    /// Absolute year-month interval.
    fn abs_months(a: Months) -> Months[!] = { a.checked_abs().ok_or_else(|| out_of_range("ABS")) }
    /// Year-month interval times a whole number.
    fn mul_months_i64(a: Months, n: I64) -> Months[!] = {
        i64::from(a).checked_mul(n).map_or_else(|| Err(out_of_range("multiplication")), |m| months(m, "multiplication"))
    }
    /// Year-month interval times a number, cut to whole months.
    fn mul_months_f64(a: Months, x: F64) -> Months[!] = { months(whole(f64::from(a) * x, "multiplication")?, "multiplication") }
    /// Year-month interval divided by a whole number, cut to whole months.
    fn div_months_i64(a: Months, n: I64) -> Months[!] = {
        i64::from(a).checked_div(n).map_or_else(|| Err(Error::new("interval divided by zero")), |m| months(m, "division"))
    }
    /// Year-month interval divided by a number, cut to whole months.
    fn div_months_f64(a: Months, x: F64) -> Months[!] = {
        if x == 0.0 { Err(Error::new("interval divided by zero")) } else { months(whole(f64::from(a) / x, "division")?, "division") }
    }
    /// Sum of two day-time intervals.
    fn add_micros(a: Micros, b: Micros) -> Micros[!] = { a.checked_add(b).ok_or_else(|| out_of_range("addition")) }
    /// Difference of two day-time intervals.
    fn sub_micros(a: Micros, b: Micros) -> Micros[!] = { a.checked_sub(b).ok_or_else(|| out_of_range("subtraction")) }
    /// Negated day-time interval.
    fn neg_micros(a: Micros) -> Micros[!] = { a.checked_neg().ok_or_else(|| out_of_range("negation")) }
    /// Absolute day-time interval.
    fn abs_micros(a: Micros) -> Micros[!] = { a.checked_abs().ok_or_else(|| out_of_range("ABS")) }
    /// Day-time interval times a whole number.
    fn mul_micros_i64(a: Micros, n: I64) -> Micros[!] = { a.checked_mul(n).ok_or_else(|| out_of_range("multiplication")) }
    /// Day-time interval times a number, cut to whole microseconds.
    fn mul_micros_f64(a: Micros, x: F64) -> Micros[!] = { whole(a as f64 * x, "multiplication") }
    /// Day-time interval divided by a whole number, cut to whole microseconds.
    fn div_micros_i64(a: Micros, n: I64) -> Micros[!] = {
        if n == 0 { Err(Error::new("interval divided by zero")) } else { a.checked_div(n).ok_or_else(|| out_of_range("division")) }
    }
    /// Day-time interval divided by a number, cut to whole microseconds.
    fn div_micros_f64(a: Micros, x: F64) -> Micros[!] = {
        if x == 0.0 { Err(Error::new("interval divided by zero")) } else { whole(a as f64 / x, "division") }
    }
    /// Months as a number of units of so many months, cut toward zero: `(interval, months per unit)`.
    fn months_in_unit(a: Months, unit: I32) -> I64 = { i64::from(a / unit.max(1)) }
    /// Microseconds as a number of units, cut toward zero: `(interval, microseconds per unit)`.
    fn micros_in_unit(a: Micros, unit: I64) -> I64 = { a / unit.max(1) }
    /// So many units of so many months: `(n, months per unit)`.
    fn months_from_unit(n: I64, unit: I32) -> Months[!] = {
        n.checked_mul(i64::from(unit)).map_or_else(|| Err(out_of_range("CAST")), |m| months(m, "CAST"))
    }
    /// So many units of so many microseconds: `(n, microseconds per unit)`.
    fn micros_from_unit(n: I64, unit: I64) -> Micros[!] = { n.checked_mul(unit).ok_or_else(|| out_of_range("CAST")) }
}

pub(crate) const KERNELS: &[&[Kernel]] = &[INTERVALS];
