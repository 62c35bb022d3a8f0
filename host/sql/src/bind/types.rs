//! SQL types as they are written.

use super::{Binder, Bound};
use crate::Span;
use crate::diagnostic::warning;
use crate::parse::data_type::NULLABLE;
use crate::parse::{CreateType, fold};
use sqlparser::ast::{
    ArrayElemTypeDef, BinaryLength, CharacterLength, DataType, ExactNumberInfo, IntervalFields, ObjectName,
    ObjectNamePart, SqlOption, StructField, TimezoneInfo,
};
use weir_row::IntervalField::{self, Day, Hour, Minute, Month, Second, Year};
use weir_row::{ColumnType, DECIMAL_PRECISION_MAX, RowType, SqlType};

/// Most characters of a CHAR(n) or VARCHAR(n).
const LENGTH_MAX: u64 = 1 << 30;

fn interval(first: IntervalField, last: IntervalField) -> SqlType {
    super::common::interval_type(weir_row::IntervalFields { first, last })
}

impl Binder<'_> {
    /// The type that is written at `at`.
    pub(super) fn sql_type(&mut self, ty: &DataType, at: Span) -> Bound<SqlType> {
        Ok(match ty {
            DataType::Bool | DataType::Boolean => SqlType::Boolean,
            DataType::TinyInt(None) => SqlType::TinyInt,
            DataType::SmallInt(None) | DataType::Int2(None) => SqlType::SmallInt,
            DataType::Int(None) | DataType::Integer(None) | DataType::Int4(None) | DataType::Signed => SqlType::Integer,
            DataType::BigInt(None) | DataType::Int8(None) | DataType::Int64 => SqlType::BigInt,
            DataType::TinyIntUnsigned(None) => SqlType::UTinyInt,
            DataType::SmallIntUnsigned(None) | DataType::Int2Unsigned(None) => SqlType::USmallInt,
            DataType::IntUnsigned(None)
            | DataType::IntegerUnsigned(None)
            | DataType::Int4Unsigned(None)
            | DataType::Unsigned => SqlType::UInteger,
            DataType::BigIntUnsigned(None) | DataType::Int8Unsigned(None) => SqlType::UBigInt,
            DataType::Decimal(info) | DataType::Numeric(info) | DataType::Dec(info) => self.decimal(info, at)?,
            DataType::Real | DataType::Float4 | DataType::Float32 => SqlType::Real,
            DataType::Double(ExactNumberInfo::None)
            | DataType::DoublePrecision
            | DataType::Float8
            | DataType::Float64 => SqlType::Double,
            DataType::Float(_) => {
                let hint = "write REAL for 32 bits or DOUBLE for 64";
                return Err(self.error_hint(at, "there is no type FLOAT: dialects disagree on its width", hint));
            }
            DataType::Char(n) | DataType::Character(n) => SqlType::Char(self.length(n.as_ref(), at)?.unwrap_or(1)),
            DataType::Varchar(n) | DataType::CharacterVarying(n) | DataType::CharVarying(n) => {
                SqlType::Varchar(self.length(n.as_ref(), at)?)
            }
            DataType::Text | DataType::String(None) => SqlType::Varchar(None),
            DataType::Date => SqlType::Date,
            DataType::Time(precision, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => {
                if precision.is_some_and(|p| p != 9) {
                    self.warning(at, warning::PRECISION, "the precision of TIME is always 9 (nanoseconds)");
                }
                SqlType::Time
            }
            DataType::Timestamp(precision, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone)
            | DataType::Datetime(precision) => {
                if precision.is_some_and(|p| p != 6) {
                    self.warning(at, warning::PRECISION, "the precision of TIMESTAMP is always 6 (microseconds)");
                }
                SqlType::Timestamp
            }
            DataType::Interval { fields: Some(fields), precision: _ } => match fields {
                // As written; both ends of one class, the longer first.
                IntervalFields::Year => interval(Year, Year),
                IntervalFields::YearToMonth => interval(Year, Month),
                IntervalFields::Month => interval(Month, Month),
                IntervalFields::Day => interval(Day, Day),
                IntervalFields::DayToHour => interval(Day, Hour),
                IntervalFields::DayToMinute => interval(Day, Minute),
                IntervalFields::DayToSecond => interval(Day, Second),
                IntervalFields::Hour => interval(Hour, Hour),
                IntervalFields::HourToMinute => interval(Hour, Minute),
                IntervalFields::HourToSecond => interval(Hour, Second),
                IntervalFields::Minute => interval(Minute, Minute),
                IntervalFields::MinuteToSecond => interval(Minute, Second),
                IntervalFields::Second => interval(Second, Second),
            },
            DataType::Custom(name, args) => match name.to_string().to_uppercase().as_str() {
                "NUMBER" => {
                    let info = match args.iter().map(|a| a.parse::<u64>()).collect::<Result<Vec<_>, _>>().as_deref() {
                        Ok([]) => ExactNumberInfo::None,
                        Ok([p]) => ExactNumberInfo::Precision(*p),
                        Ok([p, s]) => ExactNumberInfo::PrecisionAndScale(*p, i64::try_from(*s).unwrap_or(i64::MAX)),
                        _ => return Err(self.error(at, format!("type {ty} is malformed"))),
                    };
                    self.decimal(&info, at)?
                }
                "VARIANT" if args.is_empty() => SqlType::Variant,
                "GEOMETRY" => return Err(self.unsupported(at, format!("type {ty}"))),
                _ => return self.user_type(name, at),
            },
            DataType::Timestamp(precision, TimezoneInfo::WithTimeZone | TimezoneInfo::Tz) => {
                if precision.is_some_and(|p| p != 6) {
                    self.warning(at, warning::PRECISION, "the precision of TIMESTAMP is always 6 (microseconds)");
                }
                SqlType::TimestampTz
            }
            DataType::Uuid => SqlType::Uuid,
            DataType::Binary(n) => SqlType::Binary(self.bytes(n.unwrap_or(1), at)?),
            DataType::Bytea | DataType::Varbinary(None) => SqlType::Varbinary(None),
            DataType::Varbinary(Some(BinaryLength::IntegerLength { length })) => {
                SqlType::Varbinary(Some(self.bytes(*length, at)?))
            }
            DataType::Array(ArrayElemTypeDef::AngleBracket(element) | ArrayElemTypeDef::Qualified(element, None)) => {
                SqlType::Array(Box::new(self.sql_type(element, at)?))
            }
            DataType::Map(key, value, _) => {
                let (key, value) = (self.sql_type(key, at)?, self.sql_type(value, at)?);
                self.key_type(&key, at)?;
                SqlType::Map(Box::new(key), Box::new(value))
            }
            DataType::Struct(fields, _) => SqlType::Row(self.fields(fields, at)?),
            DataType::Interval { .. } => return Err(self.unsupported(at, format!("type {ty}"))),
            _ => return Err(self.error(at, format!("there is no type {ty}"))),
        })
    }

    /// Declares a user-defined type.
    pub(super) fn create_type(&mut self, created: &CreateType) {
        let name = fold(&created.name);
        if self.types.contains_key(&name) {
            self.error(crate::parse::span(created.name.span), format!("type '{name}' is declared twice"));
            return;
        }
        if self.functions.contains_key(&name) {
            self.error(crate::parse::span(created.name.span), format!("'{name}' is a function already"));
            return;
        }
        let ty = match created.row {
            Some(at) => {
                let hint = "leave ROW out: CREATE TYPE name AS (field type, ..)";
                Err(self.error_hint(at, "user-defined types cannot be defined to be ROW types", hint))
            }
            None => self.sql_type(&created.ty, created.span),
        };
        let ty = ty.ok().map(|ty| match ty {
            SqlType::Row(row) if row.name.is_none() => SqlType::Row(RowType { name: Some(name.clone()), ..row }),
            other => other,
        });
        self.types.insert(name, ty);
    }

    /// The user-defined type of that name.
    fn user_type(&mut self, name: &ObjectName, at: Span) -> Bound<SqlType> {
        let folded = match name.0.as_slice() {
            [ObjectNamePart::Identifier(ident)] => fold(ident),
            _ => name.to_string(),
        };
        match self.types.get(&folded) {
            Some(Some(ty)) => Ok(ty.clone()),
            Some(None) => Err(super::Reported),
            None => {
                let hint = super::names::closest(&folded, self.types.keys().map(String::as_str))
                    .map(|c| format!("did you mean '{c}'?"));
                Err(self.error_maybe_hint(at, format!("there is no type '{folded}'"), hint))
            }
        }
    }

    /// The fields of a row type: NOT NULL unless it says NULL.
    fn fields(&mut self, fields: &[StructField], at: Span) -> Bound<RowType> {
        let mut row = RowType { name: None, fields: vec![] };
        for field in fields {
            let name = field.field_name.as_ref().map_or_else(String::new, fold);
            if row.fields.iter().any(|(n, _)| *n == name) {
                return Err(self.error(at, format!("field '{name}' is declared twice")));
            }
            let sql = self.sql_type(&field.field_type, at)?;
            let nullable = matches!(field.options.as_deref(), Some([SqlOption::Ident(i)]) if i.value == NULLABLE);
            row.fields.push((name, ColumnType { sql, nullable }));
        }
        Ok(row)
    }

    /// The length of a binary type.
    fn bytes(&mut self, n: u64, at: Span) -> Bound<u32> {
        match u32::try_from(n) {
            Ok(n) if (1..=LENGTH_MAX).contains(&u64::from(n)) => Ok(n),
            _ => Err(self.error(at, format!("the length of a binary type must be between 1 and {LENGTH_MAX}"))),
        }
    }

    fn decimal(&mut self, info: &ExactNumberInfo, at: Span) -> Bound<SqlType> {
        let (precision, scale) = match info {
            ExactNumberInfo::None => (u64::from(DECIMAL_PRECISION_MAX), 0),
            ExactNumberInfo::Precision(p) => (*p, 0),
            ExactNumberInfo::PrecisionAndScale(p, s) => (*p, *s),
        };
        if !(1..=u64::from(DECIMAL_PRECISION_MAX)).contains(&precision) {
            let message = format!("the precision of a DECIMAL must be between 1 and {DECIMAL_PRECISION_MAX}");
            return Err(self.error(at, message));
        }
        if scale < 0 || scale.unsigned_abs() > precision {
            return Err(self.error(at, "the scale of a DECIMAL must be between 0 and its precision"));
        }
        // Both are at most 38.
        Ok(SqlType::Decimal { precision: precision as u8, scale: scale as u8 })
    }

    fn length(&mut self, n: Option<&CharacterLength>, at: Span) -> Bound<Option<u32>> {
        match n {
            None => Ok(None),
            Some(CharacterLength::IntegerLength { length, .. }) if (1..=LENGTH_MAX).contains(length) => {
                Ok(u32::try_from(*length).ok())
            }
            Some(_) => Err(self.error(at, format!("the length of a string type must be between 1 and {LENGTH_MAX}"))),
        }
    }
}
