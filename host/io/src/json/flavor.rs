//! What the flavors of JSON differ in (`sql.md` section 5).

use super::JsonFlavor;

/// How a timestamp looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimestampForm {
    /// Text with a blank between date and time; with `+00:00` if it is an instant.
    Blank,
    /// Text with a `T` between them and this zone behind.
    Rfc3339(&'static str),
    /// Milliseconds since 1970, a number.
    Millis,
}

/// How bytes look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BytesForm {
    /// An array of numbers.
    Array,
    /// Text in Bitcoin's base58.
    Base58,
    /// `0x` and hexadecimal digits.
    Hex,
}

impl JsonFlavor {
    /// Whether dates are days since 1970, numbers.
    pub(crate) fn days(self) -> bool {
        use JsonFlavor::{DebeziumMysql, DebeziumPostgres, KafkaConnectJsonConverter};
        matches!(self, DebeziumMysql | DebeziumPostgres | KafkaConnectJsonConverter)
    }

    /// Nanoseconds of the unit in which times are written, if they are numbers.
    pub(crate) fn time_unit_ns(self) -> Option<i64> {
        match self {
            JsonFlavor::DebeziumMysql | JsonFlavor::DebeziumPostgres => Some(1_000),
            JsonFlavor::KafkaConnectJsonConverter => Some(1_000_000),
            _ => None,
        }
    }

    /// How timestamps look, with a zone or without.
    pub(crate) fn timestamp(self) -> TimestampForm {
        match self {
            JsonFlavor::Default | JsonFlavor::Blockchain | JsonFlavor::CHex => TimestampForm::Blank,
            JsonFlavor::DebeziumMysql => TimestampForm::Rfc3339("Z"),
            JsonFlavor::Snowflake | JsonFlavor::Datagen => TimestampForm::Rfc3339("+00:00"),
            JsonFlavor::DebeziumPostgres | JsonFlavor::KafkaConnectJsonConverter | JsonFlavor::Pandas => {
                TimestampForm::Millis
            }
        }
    }

    /// Whether decimals are written as texts. They are read as numbers and as texts in every flavor.
    pub(crate) fn decimal_text(self) -> bool {
        use JsonFlavor::{Blockchain, CHex, Datagen, Default};
        !matches!(self, Default | Blockchain | CHex | Datagen)
    }

    /// Whether a VARIANT is a string that holds JSON, instead of JSON.
    pub(crate) fn variant_text(self) -> bool {
        self != JsonFlavor::Default
    }

    /// How bytes look.
    pub(crate) fn bytes(self) -> BytesForm {
        match self {
            JsonFlavor::Blockchain => BytesForm::Base58,
            JsonFlavor::CHex => BytesForm::Hex,
            _ => BytesForm::Array,
        }
    }
}
