//! Formats: what they write and read.

use super::*;
use crate::forms::{self, parse_timestamp};

fn us(text: &str) -> i64 {
    parse_timestamp(text, &[' ']).unwrap()
}

fn written(format: &str, t: &str) -> Result<String, Error> {
    let arena = crate::Arena::new();
    format_ts(&arena, format, us(t)).map(str::to_owned)
}

#[test]
fn writes_every_specifier() {
    let t = "2026-08-07 19:05:09.25";
    for (format, expected) in [
        ("%Y %C %y %G %g", "2026 20 26 2026 26"),
        ("%m %b %h %B", "08 Aug Aug August"),
        ("%d %e %j", "07  7 219"),
        ("%a %A %w %u", "Fri Friday 5 5"),
        ("%U %W %V", "31 31 32"),
        ("%H %k %I %l %P %p", "19 19 07  7 pm PM"),
        ("%M %S %s", "05 09 1786129509"),
        ("%f|%.f|%.3f|%.6f|%.9f", "250000000|.250|.250|.250000|.250000000"),
        ("%3f|%6f|%9f", "250|250000|250000000"),
        ("%F %D %v %T %R", "2026-08-07 08/07/26  7-Aug-2026 19:05:09 19:05"),
        ("%-d %_d %0e %-m %_j %-j %_H %-I", "7  7 07 8 219 219 19 7"),
        ("%t%n%%", "\t\n%"),
        ("à % x", "REFUSED"),
        ("", ""),
    ] {
        let got = written(format, t).unwrap_or_else(|_| "REFUSED".into());
        assert_eq!(got, expected, "{format}");
    }
    assert_eq!(written("%U %W %V %G %w %u", "2023-01-01 00:00:00"), Ok("01 00 52 2022 0 7".into()));
    assert_eq!(written("%I %P %.f|%s", "1969-12-31 00:00:00"), Ok("12 am |-86400".into()));
    assert_eq!(written("%.f %.f", "2026-01-01 00:00:00.000001"), Ok(".000001 .000001".into()));
    assert_eq!(written("%Y %y %C %j", "0007-01-01 00:00:00"), Ok("0007 07 00 001".into()));
}

#[test]
fn wrong_formats_are_errors() {
    let arena = &crate::Arena::new();
    for format in ["%", "%Q", "%-B", "%-F", "%.4f", "%:", "%c", "%x", "%X", "%r", "%E", "%é", "%-", "%_%"] {
        assert!(format_ts(arena, format, 0).is_err(), "{format}");
        assert!(parse_ts_format(format, "x").is_err(), "{format}");
    }
    for format in ["%Z", "%z", "%:z", "%::z", "%:::z", "%#z", "%+"] {
        assert!(format_ts(arena, format, 0).is_err(), "{format}");
    }
    for format in ["%H", "%s", "%p", "%.f", "%f", "%T"] {
        assert!(format_date(arena, format, 0).is_err(), "{format}");
    }
    for format in ["%Y", "%s", "%a", "%B", "%j", "%V"] {
        assert!(format_time(arena, format, 0).is_err(), "{format}");
    }
    assert!(format_date(arena, &"%A".repeat(3 << 20), 0).is_err());
}

#[test]
fn reads_dates() {
    for (format, text, expected) in [
        ("%d/%m/%Y", "7/8/2026", Some("2026-08-07")),
        ("%d/%m/%Y", " 7/ 8/2026", Some("2026-08-07")),
        ("%d/%m/%Y", "7/8/2026 ", None),
        ("%Y", "x", None),
        ("%F", "2026-02-29", None),
        ("%F", "0000-01-01", None),
        ("%Y%m%d", "20260807", Some("2026-08-07")),
        ("%y%m%d", "690101", Some("2069-01-01")),
        ("%y%m%d", "700101", Some("1970-01-01")),
        ("%C%y-%j", "2026-219", Some("2026-08-07")),
        ("%Y-%j", "2025-366", None),
        ("%e %b %Y", "7 AUG 2026", Some("2026-08-07")),
        ("%B %e, %Y", "august 7, 2026", Some("2026-08-07")),
        ("%B %e, %Y", "aug 7, 2026", Some("2026-08-07")),
        ("%b %e, %Y", "august 7, 2026", None),
        ("%A %F", "Friday 2026-08-07", Some("2026-08-07")),
        ("%G-W%V-%u", "2026-W32-5", Some("2026-08-07")),
        ("%G-W%V-%u", "2025-W53-1", None),
        ("%Y %U %w", "2026 31 5", Some("2026-08-07")),
        ("%Y %W %a", "2026 31 fri", Some("2026-08-07")),
        ("%Y %U %w", "2023 0 1", None),
        ("%Y %W %u", "2023 0 7", Some("2023-01-01")),
        ("%Y-%m-%d %H:%M", "2026-08-07 25:00", None),
        ("%Y-%m-%d %H:%M", "2026-08-07 23:00", Some("2026-08-07")),
        ("a %Y\t%m%n%d", "a 2026 \n 8 7", Some("2026-08-07")),
        ("%F", "+2026-08-07", Some("2026-08-07")),
        ("%F", "-2026-08-07", None),
        ("%F", "99999999999999999999-01-01", None),
        ("%Fé", "2026-08-07é", Some("2026-08-07")),
        ("%F%p", "2026-08-07é", None),
    ] {
        let got = parse_date_format(format, text).unwrap_or_else(|e| panic!("{format} {text}: {e}"));
        assert_eq!(got.map(forms::date).as_deref(), expected, "{format} {text}");
    }
    for (format, text) in [
        ("%Y", "2026"),
        ("%m-%d", "08-07"),
        ("%C-%m-%d", "20-08-07"),
        ("%F %Y", "2026-08-07 2025"),
        ("%A %F", "Monday 2026-08-07"),
        ("%F %j", "2026-08-07 001"),
        ("%F %y", "2026-08-07 27"),
        ("%s", "0"),
        ("%T", "07:05:00"),
    ] {
        assert!(parse_date_format(format, text).is_err(), "{format} {text}");
    }
}

#[test]
fn reads_times() {
    for (format, text, expected) in [
        ("%H:%M", "7:5", Some("07:05:00")),
        ("%T%.f", "07:05:01.25", Some("07:05:01.250000000")),
        ("%T%.f", "07:05:01", Some("07:05:01")),
        ("%T%.3f", "07:05:01.1234567891", Some("07:05:01.123456789")),
        ("%H%M%S%3f", "070501250", Some("07:05:01.250000000")),
        ("%H%M%S%3f", "07050125", None),
        ("%T %f", "07:05:01 000000250", Some("07:05:01.000000250")),
        ("%I:%M %p", "12:30 AM", Some("00:30:00")),
        ("%I:%M%P", "12:30pm", Some("12:30:00")),
        ("%I:%M%P", "13:30pm", None),
        ("%H:%M %p", "19:30 PM", Some("19:30:00")),
        ("%T", "23:59:60", None),
        ("%T", "22:59:60", Some("23:00:00")),
        ("%T", "23:59:61", None),
        ("%R%%", "07:05%", Some("07:05:00")),
        ("%R%z", "07:05+02:00", Some("07:05:00")),
        ("%R %Z", "07:05 CEST", Some("07:05:00")),
    ] {
        let got = parse_time_format(format, text).unwrap_or_else(|e| panic!("{format} {text}: {e}"));
        assert_eq!(got.map(forms::time).as_deref(), expected, "{format} {text}");
    }
    for (format, text) in
        [("%H", "7"), ("%I:%M", "7:05"), ("%H:%M%.f", "07:05.5"), ("%H:%M %p", "19:30 am"), ("%F", "2026-08-07")]
    {
        assert!(parse_time_format(format, text).is_err(), "{format} {text}");
    }
}

#[test]
fn reads_timestamps() {
    for (format, text, expected) in [
        ("%F %T%.f", "2026-08-07 07:05:01.1234567", Some("2026-08-07 07:05:01.123456")),
        ("%s", "1786129509", Some("2026-08-07 19:05:09")),
        ("%s%.f", "-1.5", Some("1969-12-31 23:59:59.500000")),
        ("%s", "999999999999999999", None),
        ("%s", "9999999999999999999999", None),
        ("%+", "2026-08-07T07:05:01.5Z", Some("2026-08-07 07:05:01.500000")),
        ("%+", "2026-08-07T07:05:01-01:30", Some("2026-08-07 07:05:01")),
        ("%F %T", "9999-12-31 23:59:60", None),
        ("%F %T", "2026-12-31 23:59:60", Some("2027-01-01 00:00:00")),
    ] {
        let got = parse_ts_format(format, text).unwrap_or_else(|e| panic!("{format} {text}: {e}"));
        assert_eq!(got.map(forms::timestamp).as_deref(), expected, "{format} {text}");
    }
    for (format, text) in [("%F", "2026-08-07"), ("%F %T %s", "2026-08-07 07:05:01 5")] {
        assert!(parse_ts_format(format, text).is_err(), "{format} {text}");
    }
}

#[test]
fn reads_what_it_writes() {
    let arena = &crate::Arena::new();
    for t in (crate::TIMESTAMP_MIN..crate::TIMESTAMP_MAX).step_by(7_919_000_111_222_333) {
        for format in
            ["%F %T%.f", "%G-%V-%u %l:%M:%S %p.%9f", "%A, %-d %B %Y %k:%-M:%S%.6f", "%Y %U %a %T%.f", "%s%.f %C%y"]
        {
            let text = format_ts(arena, format, t).unwrap();
            // The fraction belongs to the second below, so a negative epoch with a fraction reads back as well.
            assert_eq!(parse_ts_format(format, text), Ok(Some(t)), "{format} {text}");
        }
    }
}
