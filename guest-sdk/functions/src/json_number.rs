//! JSON's numbers as decimals, exactly.

use weir_row::DECIMAL_PRECISION_MAX;

/// The number `whole`.`fraction` x 10^`exponent` as units and scale, digits behind the 38th cut; `None` if it has more before the point.
pub(crate) fn decimal(whole: &str, fraction: &str, exponent: i64) -> Option<(i128, u8)> {
    let digits_max = i64::from(DECIMAL_PRECISION_MAX);
    let digits = || whole.bytes().chain(fraction.bytes());
    let all = (whole.len() + fraction.len()) as i64;
    let zeros = digits().take_while(|b| *b == b'0').count() as i64;
    if zeros == all {
        return Some((0, 0));
    }
    // Digits before the point, without the zeros that come first; behind it there are zeros first if there are fewer than none.
    let before = whole.len() as i64 - zeros + exponent;
    if before > digits_max {
        return None;
    }
    let scale = (digits_max - before.max(0)).min((all - zeros - before).max(0));
    let mut units = 0i128;
    // The value is 0.digits x 10^before; digits up to place `scale` behind the point count, and zeros follow where there are none.
    let mut significant = digits().skip(zeros as usize);
    for _ in 0..(before + scale).max(0) {
        let digit = significant.next().map_or(0, |b| i128::from(b - b'0'));
        units = units * 10 + digit;
    }
    Some((units, scale as u8))
}
