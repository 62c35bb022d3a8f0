//! Formats taken apart.

use super::bad_format;
use crate::Error;

/// A part of a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item<'f> {
    /// A character that stands for itself.
    Literal(char),
    /// White space: when reading, any run of it.
    Space(&'f str),
    /// A number, and how it is padded when written.
    Number(Number, Pad),
    /// A name.
    Name(Name),
    /// So many digits of the second's fraction, without the point.
    Digits(usize),
    /// The point and so many digits of the second's fraction; `None`: as many groups of three as needed.
    Point(Option<usize>),
    /// Something of a time zone, which no type here has: an offset, or a name.
    Zone(Zone),
}

/// Numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    Year,
    Century,
    YearOfCentury,
    IsoYear,
    IsoYearOfCentury,
    Month,
    Day,
    DayOfYear,
    /// Sunday = 0.
    WeekdayFromSunday,
    /// Monday = 1.
    WeekdayFromMonday,
    WeekFromSunday,
    WeekFromMonday,
    IsoWeek,
    Hour,
    Hour12,
    Minute,
    Second,
    Nanosecond,
    /// Seconds since 1970.
    Epoch,
}

/// Names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    MonthShort,
    Month,
    DayShort,
    Day,
    /// `am`, `pm`
    HalfLower,
    /// `AM`, `PM`
    HalfUpper,
}

/// Parts of a time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Zone {
    Name,
    Offset,
}

/// What stands before a number that is shorter than usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pad {
    Zero,
    Blank,
    None,
}

/// The items of a format, one after the other; an error where it is wrong.
pub(super) struct Items<'f> {
    /// What of a combined specifier (`%F`) is left.
    combined: &'static str,
    rest: &'f str,
    whole: &'f str,
}

/// Goes through a format.
pub(super) fn items(format: &str) -> Items<'_> {
    Items { combined: "", rest: format, whole: format }
}

/// Whether the whole format is right.
pub(super) fn check(format: &str) -> Result<(), Error> {
    items(format).try_for_each(|item| item.map(|_| ()))
}

impl<'f> Iterator for Items<'f> {
    type Item = Result<Item<'f>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let within = !self.combined.is_empty();
        let text: &'f str = if within { self.combined } else { self.rest };
        let first = text.chars().next()?;
        let (item, used) = if first == '%' {
            match specifier(&text[1..]) {
                Some((Meaning::One(item), used)) => (item, used + 1),
                Some((Meaning::Several(formats), used)) => {
                    // Combined specifiers are not made of combined ones.
                    self.rest = &self.rest[used + 1..];
                    self.combined = formats;
                    return self.next();
                }
                None => {
                    let shown: String = text.chars().take(2).collect();
                    self.rest = "";
                    return Some(Err(bad_format(self.whole, format_args!("has a specifier that is none: {shown}"))));
                }
            }
        } else if first.is_whitespace() {
            let end = text.find(|c: char| !c.is_whitespace()).unwrap_or(text.len());
            (Item::Space(&text[..end]), end)
        } else {
            (Item::Literal(first), first.len_utf8())
        };
        if within {
            self.combined = &self.combined[used..];
        } else {
            self.rest = &self.rest[used..];
        }
        Some(Ok(item))
    }
}

enum Meaning {
    One(Item<'static>),
    Several(&'static str),
}

/// What follows a `%`, and how many bytes it takes.
fn specifier(text: &str) -> Option<(Meaning, usize)> {
    use Meaning::{One, Several};
    let pad = match text.as_bytes().first()? {
        b'-' => Some(Pad::None),
        b'_' => Some(Pad::Blank),
        b'0' => Some(Pad::Zero),
        _ => None,
    };
    if let Some(pad) = pad {
        // Only numbers are padded.
        let (Item::Number(number, _), used) = single(&text[1..])? else { return None };
        return Some((One(Item::Number(number, pad)), used + 1));
    }
    let several = match text.as_bytes()[0] {
        b'F' => "%Y-%m-%d",
        b'D' => "%m/%d/%y",
        b'v' => "%e-%b-%Y",
        b'T' => "%H:%M:%S",
        b'R' => "%H:%M",
        b'+' => "%Y-%m-%dT%H:%M:%S%.f%:z",
        _ => return single(text).map(|(item, used)| (One(item), used)),
    };
    Some((Several(several), 1))
}

/// A specifier that is one item, without padding.
fn single(text: &str) -> Option<(Item<'static>, usize)> {
    use Number as N;
    let zero = |number| Item::Number(number, Pad::Zero);
    let blank = |number| Item::Number(number, Pad::Blank);
    // Longer ones first: the letter alone means something else.
    for (spelling, item) in [
        (".f", Item::Point(None)),
        (".3f", Item::Point(Some(3))),
        (".6f", Item::Point(Some(6))),
        (".9f", Item::Point(Some(9))),
        ("3f", Item::Digits(3)),
        ("6f", Item::Digits(6)),
        ("9f", Item::Digits(9)),
        (":z", Item::Zone(Zone::Offset)),
        ("::z", Item::Zone(Zone::Offset)),
        (":::z", Item::Zone(Zone::Offset)),
        ("#z", Item::Zone(Zone::Offset)),
    ] {
        if text.starts_with(spelling) {
            return Some((item, spelling.len()));
        }
    }
    let item = match text.as_bytes().first()? {
        b'Y' => zero(N::Year),
        b'C' => zero(N::Century),
        b'y' => zero(N::YearOfCentury),
        b'G' => zero(N::IsoYear),
        b'g' => zero(N::IsoYearOfCentury),
        b'm' => zero(N::Month),
        b'd' => zero(N::Day),
        b'e' => blank(N::Day),
        b'j' => zero(N::DayOfYear),
        b'w' => zero(N::WeekdayFromSunday),
        b'u' => zero(N::WeekdayFromMonday),
        b'U' => zero(N::WeekFromSunday),
        b'W' => zero(N::WeekFromMonday),
        b'V' => zero(N::IsoWeek),
        b'H' => zero(N::Hour),
        b'k' => blank(N::Hour),
        b'I' => zero(N::Hour12),
        b'l' => blank(N::Hour12),
        b'M' => zero(N::Minute),
        b'S' => zero(N::Second),
        b'f' => zero(N::Nanosecond),
        b's' => Item::Number(N::Epoch, Pad::None),
        b'b' | b'h' => Item::Name(Name::MonthShort),
        b'B' => Item::Name(Name::Month),
        b'a' => Item::Name(Name::DayShort),
        b'A' => Item::Name(Name::Day),
        b'P' => Item::Name(Name::HalfLower),
        b'p' => Item::Name(Name::HalfUpper),
        b'Z' => Item::Zone(Zone::Name),
        b'z' => Item::Zone(Zone::Offset),
        b't' => Item::Space("\t"),
        b'n' => Item::Space("\n"),
        b'%' => Item::Literal('%'),
        _ => return None,
    };
    Some((item, 1))
}
