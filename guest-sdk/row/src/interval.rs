//! The units of an interval's type, from the longest field to the shortest: they say what its text looks like.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A field of intervals: years and months, or days and what is shorter. The two classes never mix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(i32)]
pub enum IntervalField {
    /// Twelve months.
    Year,
    /// A month.
    Month,
    /// Twenty-four hours.
    Day,
    /// Sixty minutes.
    Hour,
    /// Sixty seconds.
    Minute,
    /// A second and its fraction.
    Second,
}

impl IntervalField {
    /// All, the longest first; a field's number is its place.
    pub const ALL: [IntervalField; 6] = [
        IntervalField::Year,
        IntervalField::Month,
        IntervalField::Day,
        IntervalField::Hour,
        IntervalField::Minute,
        IntervalField::Second,
    ];

    /// Months, or microseconds, in one.
    pub const fn size(self) -> i64 {
        match self {
            IntervalField::Year => 12,
            IntervalField::Month => 1,
            IntervalField::Day => 86_400_000_000,
            IntervalField::Hour => 3_600_000_000,
            IntervalField::Minute => 60_000_000,
            IntervalField::Second => 1_000_000,
        }
    }

    /// Whether it is counted in months.
    pub const fn is_months(self) -> bool {
        matches!(self, IntervalField::Year | IntervalField::Month)
    }
}

impl fmt::Display for IntervalField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(["YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"][*self as usize])
    }
}

/// The fields of an interval's type, all of one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct IntervalFields {
    /// The longest.
    pub first: IntervalField,
    /// The shortest.
    pub last: IntervalField,
}

impl IntervalFields {
    /// YEAR TO MONTH
    pub const YEAR_TO_MONTH: IntervalFields = IntervalFields { first: IntervalField::Year, last: IntervalField::Month };
    /// DAY TO SECOND
    pub const DAY_TO_SECOND: IntervalFields = IntervalFields { first: IntervalField::Day, last: IntervalField::Second };

    /// One field.
    pub const fn one(field: IntervalField) -> IntervalFields {
        IntervalFields { first: field, last: field }
    }

    /// The field, if there is one only.
    pub fn single(self) -> Option<IntervalField> {
        (self.first == self.last).then_some(self.first)
    }

    /// The fewest fields that have all of both.
    pub fn with(self, other: IntervalFields) -> IntervalFields {
        IntervalFields { first: self.first.min(other.first), last: self.last.max(other.last) }
    }
}

impl fmt::Display for IntervalFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.single() {
            Some(field) => field.fmt(f),
            None => write!(f, "{} TO {}", self.first, self.last),
        }
    }
}
