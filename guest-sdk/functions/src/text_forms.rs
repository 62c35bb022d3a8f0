//! How values look as text (`functions.md` section 1): what CAST to VARCHAR gives, and what the formats build on.

use std::fmt::Write;

/// Digits of a whole number with a decimal point put in `scale` places from the right, trailing zeros dropped.
pub fn point(digits: &str, scale: i32) -> String {
    let scaled = point_all(digits, scale);
    if !scaled.contains('.') {
        return scaled;
    }
    scaled.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// As [`point`], with all `scale` digits after the point.
pub fn point_all(digits: &str, scale: i32) -> String {
    let scale = scale.max(0) as usize;
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |d| ("-", d));
    if scale == 0 {
        return format!("{sign}{digits}");
    }
    let padded = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = padded.split_at(padded.len() - scale);
    format!("{sign}{whole}.{fraction}")
}

/// A decimal as SQL text: trailing zeros dropped, no point for whole numbers.
pub fn decimal(units: i128, scale: i32) -> String {
    point(&units.to_string(), scale)
}

/// A decimal with all digits of its scale.
pub fn decimal_all(units: i128, scale: i32) -> String {
    point_all(&units.to_string(), scale)
}

/// A float as SQL text: the shortest digits that read back; plain if its decimal exponent is
/// within `plain`, else with an exponent.
fn float(shortest: &str, plain: std::ops::Range<i32>) -> String {
    // `shortest` is ryu's: digits with a point, or an exponent `e16`.
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |m| ("-", m));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: String = format!("{whole}{fraction}");
    // value = 0.digits * 10^point
    let mut point = whole.len() as i32 + exponent;
    let stripped = digits.trim_start_matches('0');
    point -= (digits.len() - stripped.len()) as i32;
    let digits = stripped.trim_end_matches('0');
    if digits.is_empty() {
        return format!("{sign}0.0");
    }
    let mut out = String::from(sign);
    if plain.contains(&(point - 1)) {
        if point <= 0 {
            out.push_str("0.");
            out.extend(std::iter::repeat_n('0', (-point) as usize));
            out.push_str(digits);
        } else if digits.len() as i32 <= point {
            out.push_str(digits);
            out.extend(std::iter::repeat_n('0', point as usize - digits.len()));
            out.push_str(".0");
        } else {
            out.push_str(&digits[..point as usize]);
            out.push('.');
            out.push_str(&digits[point as usize..]);
        }
    } else {
        out.push_str(&digits[..1]);
        if digits.len() > 1 {
            out.push('.');
            out.push_str(&digits[1..]);
        }
        let _ = write!(out, "e{}", point - 1);
    }
    out
}

/// Bytes in lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut out, b| {
        let _ = write!(out, "{b:02x}");
        out
    })
}

/// An instant in UTC.
pub fn instant(us: i64) -> String {
    format!("{} +00:00", timestamp(us))
}

/// A UUID in lower case with hyphens.
pub fn uuid(v: u128) -> String {
    let digits = format!("{v:032x}");
    let (a, b, c, d, e) = (&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]);
    format!("{a}-{b}-{c}-{d}-{e}")
}

/// The name of a float that is not finite.
fn not_finite(nan: bool, negative: bool) -> String {
    String::from(if nan {
        "NaN"
    } else if negative {
        "-inf"
    } else {
        "inf"
    })
}

/// A DOUBLE as SQL text.
pub fn double(x: f64) -> String {
    if !x.is_finite() {
        return not_finite(x.is_nan(), x < 0.0);
    }
    if x == 0.0 {
        return "0.0".into();
    }
    float(ryu::Buffer::new().format_finite(x), -5..16)
}

/// A REAL as SQL text.
pub fn real(x: f32) -> String {
    if !x.is_finite() {
        return not_finite(x.is_nan(), x < 0.0);
    }
    if x == 0.0 {
        return "0.0".into();
    }
    float(ryu::Buffer::new().format_finite(x), -6..13)
}

/// Days before 1970-01-01 of the era that civil dates are computed in: 0000-03-01.
const DAYS_TO_EPOCH: i64 = 719_468;

/// Year, month (1-12) and day (1-31) of a day counted from 1970-01-01, proleptic Gregorian.
/// After "chrono-Compatible Low-Level Date Algorithms" (Howard Hinnant).
#[inline]
pub fn civil(days: i32) -> (i32, u32, u32) {
    let z = i64::from(days) + DAYS_TO_EPOCH;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = (doy - (153 * mp + 2) / 5 + 1) as u32;
    let month = if mp < 10 { mp + 3 } else { mp - 9 } as u32;
    ((yoe + era * 400) as i32 + i32::from(month <= 2), month, day)
}

/// The day, from 1970-01-01, of a year, month (1-12) and day of month; the reverse of [`civil`]. The parts are not checked.
#[inline]
pub fn days_from_civil(year: i32, month: u32, day: u32) -> i32 {
    let y = i64::from(year) - i64::from(month <= 2);
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let mp = i64::from(if month > 2 { month - 3 } else { month + 9 });
    let doy = (153 * mp + 2) / 5 + i64::from(day) - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    (era * 146_097 + doe - DAYS_TO_EPOCH) as i32
}

/// `YYYY-MM-DD`.
pub fn date(days: i32) -> String {
    let (y, m, d) = civil(days);
    format!("{y:04}-{m:02}-{d:02}")
}

/// `HH:MM:SS` and, if it is not 0, a fraction of 9 digits.
pub fn time(ns: i64) -> String {
    let (seconds, fraction) = (ns.div_euclid(1_000_000_000), ns.rem_euclid(1_000_000_000));
    let clock = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if fraction == 0 { clock } else { format!("{clock}.{fraction:09}") }
}

/// `YYYY-MM-DD HH:MM:SS` and, if it is not 0, a fraction of 6 digits.
pub fn timestamp(us: i64) -> String {
    let (day, of_day) = (us.div_euclid(86_400_000_000), us.rem_euclid(86_400_000_000));
    let (seconds, fraction) = (of_day / 1_000_000, of_day % 1_000_000);
    let text = format!("{} {:02}:{:02}:{:02}", date(day as i32), seconds / 3600, seconds / 60 % 60, seconds % 60);
    if fraction == 0 { text } else { format!("{text}.{fraction:06}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats() {
        for (x, text) in [
            (3.0, "3.0"),
            (1e16, "1e16"),
            (2.5e-7, "2.5e-7"),
            (0.1, "0.1"),
            (-1234.5, "-1234.5"),
            (1e15, "1000000000000000.0"),
            (1e-5, "0.00001"),
            (9.9e-6, "9.9e-6"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-inf"),
            (-0.0, "0.0"),
            (123_456_789_012_345_680.0, "1.2345678901234568e17"),
        ] {
            assert_eq!(double(x), text);
        }
        assert_eq!(real(1e13), "1e13");
        assert_eq!(real(0.000_001), "0.000001");
    }

    #[test]
    fn decimals() {
        assert_eq!(decimal(123_450, 2), "1234.5");
        assert_eq!(decimal(700, 2), "7");
        assert_eq!(decimal(-5, 2), "-0.05");
        assert_eq!(decimal_all(500, 2), "5.00");
        assert_eq!(decimal(100, 0), "100");
    }

    #[test]
    fn dates_there_and_back() {
        for days in (-719_162..=2_932_896).step_by(37) {
            let (y, m, d) = civil(days);
            assert_eq!(days_from_civil(y, m, d), days);
        }
        assert_eq!(date(-719_162), "0001-01-01");
        assert_eq!(date(2_932_896), "9999-12-31");
        assert_eq!(timestamp(-1), "1969-12-31 23:59:59.999999");
        assert_eq!(time(25_500_250_000_000), "07:05:00.250000000");
    }
}
