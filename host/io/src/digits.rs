//! Dates, times and decimals as digits, straight to where they are written.

use weir_functions::forms;

fn two(n: i64, out: &mut Vec<u8>) {
    // It is less than 100.
    out.extend_from_slice(&[b'0' + (n / 10 % 10) as u8, b'0' + (n % 10) as u8]);
}

/// Appends `YYYY-MM-DD`.
pub(crate) fn date(days: i32, out: &mut Vec<u8>) {
    let (year, month, day) = forms::civil(days);
    if !(0..10_000).contains(&year) {
        return out.extend_from_slice(forms::date(days).as_bytes());
    }
    two(i64::from(year / 100), out);
    two(i64::from(year % 100), out);
    out.push(b'-');
    two(month.into(), out);
    out.push(b'-');
    two(day.into(), out);
}

fn clock(seconds: i64, out: &mut Vec<u8>) {
    two(seconds / 3600, out);
    out.push(b':');
    two(seconds / 60 % 60, out);
    out.push(b':');
    two(seconds % 60, out);
}

/// Appends a fraction of a second in units of which a second has 10^`digits`: three digits, or as many times three as it needs; of 0 nothing.
fn fraction(mut units: i64, mut digits: usize, out: &mut Vec<u8>) {
    if units == 0 {
        return;
    }
    while units % 1_000 == 0 {
        (units, digits) = (units / 1_000, digits - 3);
    }
    out.push(b'.');
    let from = out.len();
    out.resize(from + digits, b'0');
    for byte in out[from..].iter_mut().rev() {
        *byte = b'0' + (units % 10) as u8;
        units /= 10;
    }
}

/// Appends a time of day, of nanoseconds.
pub(crate) fn time(ns: i64, out: &mut Vec<u8>) {
    clock(ns.div_euclid(1_000_000_000), out);
    fraction(ns.rem_euclid(1_000_000_000), 9, out);
}

/// Appends a timestamp, of microseconds since 1970, with that between date and time.
pub(crate) fn timestamp(us: i64, separator: u8, out: &mut Vec<u8>) {
    // Years have four digits, so days 32 bits.
    date(us.div_euclid(86_400_000_000) as i32, out);
    out.push(separator);
    clock(us.rem_euclid(86_400_000_000) / 1_000_000, out);
    fraction(us.rem_euclid(1_000_000), 6, out);
}

/// Appends units of a decimal with all digits behind its point.
pub(crate) fn decimal(units: i128, scale: u8, out: &mut Vec<u8>) {
    let scale = usize::from(scale);
    if units < 0 {
        out.push(b'-');
    }
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(units.unsigned_abs()).as_bytes();
    let whole = digits.len().saturating_sub(scale);
    out.extend_from_slice(if whole == 0 { b"0" } else { &digits[..whole] });
    if scale > 0 {
        out.push(b'.');
        out.extend(std::iter::repeat_n(b'0', scale.saturating_sub(digits.len())));
        out.extend_from_slice(&digits[whole..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn fractions() {
        for (ns, expected) in [
            (0, "00:00:00"),
            (1, "00:00:00.000000001"),
            (1_500_000_000, "00:00:01.500"),
            (86_399_000_001_000, "23:59:59.000001"),
        ] {
            assert_eq!(text(|out| time(ns, out)), expected);
        }
        assert_eq!(text(|out| timestamp(-1, b'T', out)), "1969-12-31T23:59:59.999999");
    }

    proptest! {
        /// They are those of SQL, but for zeros at the end of a fraction.
        #[test]
        fn as_sql_has_them(
            days in -719_162i32..=2_932_896,
            ns in 0..86_400_000_000_000i64,
            units in prop_oneof![any::<i128>().prop_map(|u| u % 10i128.pow(38)), -200..200i128],
            scale in 0u8..=38,
        ) {
            prop_assert_eq!(text(|out| date(days, out)), forms::date(days));
            prop_assert_eq!(text(|out| decimal(units, scale, out)), forms::decimal_all(units, scale.into()));
            let whole = forms::time(ns);
            prop_assert!(whole.starts_with(&text(|out| time(ns, out))));
            let us = i64::from(days) * 86_400_000_000 + ns / 1_000;
            let short = text(|out| timestamp(us, b' ', out));
            prop_assert!(forms::timestamp(us).starts_with(&short));
            prop_assert_eq!(forms::parse_timestamp(&short, &[' ']), Some(us));
        }
    }
}
