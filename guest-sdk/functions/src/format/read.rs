//! Reading by a format. Text that does not match, or names no day or time that there is, gives nothing; a format that is wrong, gives
//! too few fields, or gives contradictory ones, is an error.

use super::items::{Item, Name, Number, Zone, check, items};
use super::write::{number_of, weekday};
use super::{DAYS, MONTHS, Moment, SHORT, bad_format};
use crate::Error;
use crate::datetime::{DAY_NS, DAY_US, make_date, timestamp_in_range};
use crate::text_forms::civil;

/// Why there is no value.
enum Refusal {
    /// The text does not match, or is out of range: NULL.
    NoMatch,
    /// Two fields that do not go together.
    Contradiction,
    /// The format lacks fields.
    TooFew,
}

type Read<T> = Result<T, Refusal>;

/// A date: days since 1970.
pub(super) fn date(format: &str, text: &str) -> Result<Option<i32>, Error> {
    outcome(format, "DATE", text, |fields| {
        let days = fields.date()?;
        fields.verify(&DATE_NUMBERS, Moment { date: Some(days), time: None })?;
        Ok(days)
    })
}

/// A time: nanoseconds of the day.
pub(super) fn time(format: &str, text: &str) -> Result<Option<i64>, Error> {
    outcome(format, "TIME", text, |fields| {
        let ns = fields.time()?;
        fields.verify(&TIME_NUMBERS, Moment { date: None, time: Some(ns) })?;
        let ns = ns + fields.leap();
        if ns < DAY_NS { Ok(ns) } else { Err(Refusal::NoMatch) }
    })
}

/// A timestamp: microseconds since 1970.
pub(super) fn timestamp(format: &str, text: &str) -> Result<Option<i64>, Error> {
    outcome(format, "TIMESTAMP", text, |fields| {
        let (days, ns) = match (fields.date(), fields.time(), fields.get(Number::Epoch)) {
            (Err(Refusal::TooFew), _, Some(epoch)) | (_, Err(Refusal::TooFew), Some(epoch)) => {
                let day = i32::try_from(epoch.div_euclid(86_400)).map_err(|_| Refusal::NoMatch)?;
                let nanos = fields.get(Number::Nanosecond).unwrap_or(0);
                (day, epoch.rem_euclid(86_400) * 1_000_000_000 + nanos)
            }
            (date, time, _) => (date?, time?),
        };
        let us = i64::from(days) * DAY_US + (ns + fields.leap()) / 1_000;
        let us = timestamp_in_range(Some(us)).map_err(|_| Refusal::NoMatch)?;
        let moment = Moment { date: Some(days), time: Some(ns) };
        fields.verify(&DATE_NUMBERS, moment)?;
        fields.verify(&TIME_NUMBERS, moment)?;
        fields.verify(&[Number::Epoch], moment)?;
        Ok(us)
    })
}

fn outcome<T>(
    format: &str,
    sql_type: &str,
    text: &str,
    resolve: impl FnOnce(&Fields) -> Read<T>,
) -> Result<Option<T>, Error> {
    check(format)?;
    match scan(format, text).and_then(|fields| resolve(&fields)) {
        Ok(value) => Ok(Some(value)),
        Err(Refusal::NoMatch) => Ok(None),
        Err(Refusal::Contradiction) => {
            Err(bad_format(format, format_args!("reads fields from '{text:.100}' that contradict each other")))
        }
        Err(Refusal::TooFew) => Err(bad_format(format, format_args!("has too few fields for a {sql_type}"))),
    }
}

const NUMBERS: usize = Number::Epoch as usize + 1;

const DATE_NUMBERS: [Number; 13] = [
    Number::Year,
    Number::Century,
    Number::YearOfCentury,
    Number::IsoYear,
    Number::IsoYearOfCentury,
    Number::Month,
    Number::Day,
    Number::DayOfYear,
    Number::WeekdayFromSunday,
    Number::WeekdayFromMonday,
    Number::WeekFromSunday,
    Number::WeekFromMonday,
    Number::IsoWeek,
];

const TIME_NUMBERS: [Number; 4] = [Number::Hour, Number::Hour12, Number::Minute, Number::Nanosecond];

/// What was read.
#[derive(Default)]
struct Fields {
    numbers: [Option<i64>; NUMBERS],
    afternoon: Option<bool>,
}

impl Fields {
    fn get(&self, number: Number) -> Option<i64> {
        self.numbers[number as usize]
    }

    fn set(&mut self, number: Number, value: i64) -> Read<()> {
        let range = match number {
            Number::Year | Number::IsoYear => 0..=9_999,
            Number::Century | Number::YearOfCentury | Number::IsoYearOfCentury => 0..=99,
            Number::Month | Number::Hour12 => 1..=12,
            Number::Day => 1..=31,
            Number::DayOfYear => 1..=366,
            Number::WeekdayFromSunday => 0..=6,
            Number::WeekdayFromMonday => 1..=7,
            Number::WeekFromSunday | Number::WeekFromMonday => 0..=53,
            Number::IsoWeek => 1..=53,
            Number::Hour => 0..=23,
            Number::Minute => 0..=59,
            Number::Second => 0..=60,
            Number::Nanosecond => 0..=999_999_999,
            Number::Epoch => i64::MIN..=i64::MAX,
        };
        if !range.contains(&value) {
            return Err(Refusal::NoMatch);
        }
        match self.numbers[number as usize].replace(value) {
            Some(before) if before != value => Err(Refusal::Contradiction),
            _ => Ok(()),
        }
    }

    /// Whether these numbers, where they were read, are the moment's.
    fn verify(&self, numbers: &[Number], moment: Moment) -> Read<()> {
        let differs = |n: &Number| self.get(*n).is_some_and(|v| number_of(*n, moment).is_none_or(|(own, _)| own != v));
        let afternoon = moment.time.is_some_and(|t| t >= DAY_NS / 2);
        let wrong_half = moment.time.is_some() && self.afternoon.is_some_and(|read| read != afternoon);
        if wrong_half || numbers.iter().any(differs) { Err(Refusal::Contradiction) } else { Ok(()) }
    }

    /// The nanoseconds that a second 60 adds to second 59.
    fn leap(&self) -> i64 {
        if self.get(Number::Second) == Some(60) { 1_000_000_000 } else { 0 }
    }

    fn time(&self) -> Read<i64> {
        let hour = match (self.get(Number::Hour), self.get(Number::Hour12), self.afternoon) {
            (Some(hour), ..) => hour,
            (None, Some(hour), Some(afternoon)) => hour % 12 + if afternoon { 12 } else { 0 },
            _ => return Err(Refusal::TooFew),
        };
        let minute = self.get(Number::Minute).ok_or(Refusal::TooFew)?;
        let (second, nanos) = match (self.get(Number::Second), self.get(Number::Nanosecond)) {
            (Some(second), nanos) => (second.min(59), nanos.unwrap_or(0)),
            (None, None) => (0, 0),
            (None, Some(_)) => return Err(Refusal::TooFew),
        };
        Ok((hour * 3_600 + minute * 60 + second) * 1_000_000_000 + nanos)
    }

    fn year(&self) -> Option<i64> {
        match (self.get(Number::Year), self.get(Number::Century), self.get(Number::YearOfCentury)) {
            (Some(year), ..) => Some(year),
            (None, Some(century), Some(year)) => Some(century * 100 + year),
            (None, None, Some(year)) => Some(with_century(year)),
            _ => None,
        }
    }

    fn date(&self) -> Read<i32> {
        let weekday =
            self.get(Number::WeekdayFromSunday).or_else(|| self.get(Number::WeekdayFromMonday).map(|w| w % 7));
        if let Some(year) = self.year() {
            let days = |of_year: i64| day_of_year(year, of_year);
            if let (Some(month), Some(day)) = (self.get(Number::Month), self.get(Number::Day)) {
                return make_date(year, month, day).ok_or(Refusal::NoMatch);
            }
            if let Some(of_year) = self.get(Number::DayOfYear) {
                return days(of_year - 1);
            }
            if let (Some(week), Some(weekday)) = (self.get(Number::WeekFromSunday), weekday) {
                let sunday = (-new_years_weekday(year)?).rem_euclid(7);
                return days(sunday + 7 * (week - 1) + weekday);
            }
            if let (Some(week), Some(weekday)) = (self.get(Number::WeekFromMonday), weekday) {
                let monday = (1 - new_years_weekday(year)?).rem_euclid(7);
                return days(monday + 7 * (week - 1) + (weekday + 6) % 7);
            }
        }
        let iso_year = match (self.get(Number::IsoYear), self.get(Number::IsoYearOfCentury)) {
            (Some(year), _) => Some(year),
            (None, short) => short.map(with_century),
        };
        match (iso_year, self.get(Number::IsoWeek), weekday) {
            (Some(year), Some(week), Some(weekday)) => {
                // Week 1 has January 4th in it.
                let fourth = i64::from(make_date(year, 1, 4).ok_or(Refusal::NoMatch)?);
                let monday = fourth - (i64::from(self::weekday(fourth as i32)) + 6) % 7;
                let days = (monday + 7 * (week - 1) + (weekday + 6) % 7) as i32;
                let real = number_of(Number::IsoWeek, Moment { date: Some(days), time: None });
                let in_range = crate::datetime::date_in_range(i64::from(days)).is_ok();
                if in_range && real.is_some_and(|(own, _)| own == week) { Ok(days) } else { Err(Refusal::NoMatch) }
            }
            _ => Err(Refusal::TooFew),
        }
    }
}

/// A year of two digits: 70 to 99 are in the 20th century.
fn with_century(year: i64) -> i64 {
    if year < 70 { 2_000 + year } else { 1_900 + year }
}

/// The weekday of January 1st, Sunday = 0.
fn new_years_weekday(year: i64) -> Read<i64> {
    make_date(year, 1, 1).map(|first| i64::from(weekday(first))).ok_or(Refusal::NoMatch)
}

/// A day of a year, from 0.
fn day_of_year(year: i64, n: i64) -> Read<i32> {
    let first = i64::from(make_date(year, 1, 1).ok_or(Refusal::NoMatch)?);
    let days = first + n;
    let within = i32::try_from(days).is_ok_and(|d| i64::from(civil(d).0) == year);
    if within { Ok(days as i32) } else { Err(Refusal::NoMatch) }
}

/// Goes through the text along the format.
fn scan(format: &str, text: &str) -> Read<Fields> {
    let mut fields = Fields::default();
    let mut s = text;
    // The format was checked.
    for item in items(format).map_while(Result::ok) {
        s = match item {
            Item::Literal(c) => s.strip_prefix(c).ok_or(Refusal::NoMatch)?,
            Item::Space(_) => s.trim_start(),
            Item::Number(number, _) => {
                let (value, rest) = read_number(s.trim_start(), number)?;
                fields.set(number, value)?;
                rest
            }
            Item::Name(Name::Month) => {
                let (month, rest) = read_name(s, &MONTHS, true)?;
                fields.set(Number::Month, month + 1)?;
                rest
            }
            Item::Name(Name::MonthShort) => {
                let (month, rest) = read_name(s, &MONTHS, false)?;
                fields.set(Number::Month, month + 1)?;
                rest
            }
            Item::Name(Name::Day | Name::DayShort) => {
                let (day, rest) = read_name(s, &DAYS, item == Item::Name(Name::Day))?;
                fields.set(Number::WeekdayFromSunday, day)?;
                rest
            }
            Item::Name(Name::HalfLower | Name::HalfUpper) => {
                let half = s.get(..2).ok_or(Refusal::NoMatch)?;
                let afternoon = half.eq_ignore_ascii_case("pm");
                if !afternoon && !half.eq_ignore_ascii_case("am") {
                    return Err(Refusal::NoMatch);
                }
                if fields.afternoon.replace(afternoon).is_some_and(|before| before != afternoon) {
                    return Err(Refusal::Contradiction);
                }
                &s[2..]
            }
            Item::Digits(n) => {
                let (value, rest) = digits(s, n)?;
                if s.len() - rest.len() != n {
                    return Err(Refusal::NoMatch);
                }
                fields.set(Number::Nanosecond, value * 10i64.pow(9 - n as u32))?;
                rest
            }
            Item::Point(_) => match s.strip_prefix('.') {
                Some(fraction) => {
                    let (value, rest) = digits(fraction, 9)?;
                    let n = fraction.len() - rest.len();
                    fields.set(Number::Nanosecond, value * 10i64.pow(9 - n as u32))?;
                    // Digits below a nanosecond are cut.
                    rest.trim_start_matches(|c: char| c.is_ascii_digit())
                }
                None => s,
            },
            // There is no use for it.
            Item::Zone(Zone::Name) => s.trim_start_matches(|c: char| !c.is_whitespace()),
            Item::Zone(Zone::Offset) => offset(s.trim_start())?,
        };
    }
    if s.is_empty() { Ok(fields) } else { Err(Refusal::NoMatch) }
}

/// A number at the start of `s`, and what follows.
fn read_number(s: &str, number: Number) -> Read<(i64, &str)> {
    let width = match number {
        Number::Year | Number::IsoYear => 4,
        Number::DayOfYear => 3,
        Number::WeekdayFromSunday | Number::WeekdayFromMonday => 1,
        Number::Nanosecond => 9,
        Number::Epoch => usize::MAX,
        _ => 2,
    };
    if matches!(number, Number::Year | Number::IsoYear | Number::Epoch) {
        // With a sign there may be more digits.
        if let Some(rest) = s.strip_prefix('+') {
            return digits(rest, usize::MAX);
        }
        if let Some(rest) = s.strip_prefix('-') {
            let (value, rest) = digits(rest, usize::MAX)?;
            return Ok((-value, rest));
        }
    }
    digits(s, width)
}

/// At least one digit and at most so many, as a number, and what follows.
fn digits(s: &str, max: usize) -> Read<(i64, &str)> {
    let n = s.bytes().take(max).take_while(u8::is_ascii_digit).count();
    let value = s[..n].parse().map_err(|_| Refusal::NoMatch)?;
    Ok((value, &s[n..]))
}

/// The number, from 0, of the name at the start of `s`, and what follows. Of a long name the short one is enough.
fn read_name<'s>(s: &'s str, names: &[&str], long: bool) -> Read<(i64, &'s str)> {
    let starts = |s: &str, with: &str| s.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
    let i = names.iter().position(|name| starts(s, &name[..SHORT])).ok_or(Refusal::NoMatch)?;
    let used = if long && starts(s, names[i]) { names[i].len() } else { SHORT };
    Ok((i as i64, &s[used..]))
}

/// What follows an offset from UTC: `Z`, or `±HH[[:]MM]`.
fn offset(s: &str) -> Read<&str> {
    if let Some(rest) = s.strip_prefix(['Z', 'z']) {
        return Ok(rest);
    }
    let two = |s: &'_ str| s.len() >= 2 && s.as_bytes()[..2].iter().all(u8::is_ascii_digit);
    let hours = s.strip_prefix(['+', '-']).filter(|s| two(s)).ok_or(Refusal::NoMatch)?;
    let minutes = hours[2..].strip_prefix(':').unwrap_or(&hours[2..]);
    Ok(if two(minutes) { &minutes[2..] } else { &hours[2..] })
}
