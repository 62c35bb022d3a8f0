//! The types of random programs.

/// A type, as coarse as expressions need it: DECIMALs of any precision are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Ty {
    Bool,
    Tiny,
    Small,
    Int,
    Big,
    Unsigned,
    Dec,
    Real,
    Double,
    Text,
    Char,
    Date,
    Time,
    Ts,
    Tz,
    Uuid,
    Bytes,
    Ints,
    Texts,
    Map,
    Row,
    Variant,
}

/// The types that other databases have with the same meaning.
pub const COMMON: [Ty; 8] = [Ty::Bool, Ty::Int, Ty::Big, Ty::Dec, Ty::Double, Ty::Text, Ty::Date, Ty::Ts];

/// All types, those that much can be done with more than once.
pub const TYPES: [Ty; 32] = [
    Ty::Bool,
    Ty::Bool,
    Ty::Int,
    Ty::Int,
    Ty::Int,
    Ty::Big,
    Ty::Big,
    Ty::Dec,
    Ty::Dec,
    Ty::Double,
    Ty::Text,
    Ty::Text,
    Ty::Text,
    Ty::Date,
    Ty::Date,
    Ty::Ts,
    Ty::Ts,
    Ty::Ints,
    Ty::Ints,
    Ty::Tiny,
    Ty::Small,
    Ty::Unsigned,
    Ty::Real,
    Ty::Char,
    Ty::Time,
    Ty::Tz,
    Ty::Uuid,
    Ty::Bytes,
    Ty::Texts,
    Ty::Map,
    Ty::Row,
    Ty::Variant,
];

impl Ty {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Ty::Bool => "BOOLEAN",
            Ty::Tiny => "TINYINT",
            Ty::Small => "SMALLINT",
            Ty::Int => "INT",
            Ty::Big => "BIGINT",
            Ty::Unsigned => "INT UNSIGNED",
            Ty::Dec => "DECIMAL(12, 2)",
            Ty::Real => "REAL",
            Ty::Double => "DOUBLE",
            Ty::Text => "VARCHAR",
            Ty::Char => "CHAR(3)",
            Ty::Date => "DATE",
            Ty::Time => "TIME",
            Ty::Ts => "TIMESTAMP",
            Ty::Tz => "TIMESTAMP WITH TIME ZONE",
            Ty::Uuid => "UUID",
            Ty::Bytes => "VARBINARY",
            Ty::Ints => "INT ARRAY",
            Ty::Texts => "VARCHAR ARRAY",
            Ty::Map => "MAP<VARCHAR, INT>",
            Ty::Row => "ROW(f INT NULL, g VARCHAR NULL)",
            Ty::Variant => "VARIANT",
        }
    }

    /// The shortest expression of it.
    pub fn simplest(self) -> &'static str {
        match self {
            Ty::Bool => "TRUE",
            Ty::Int => "0",
            Ty::Text => "''",
            Ty::Double => "0e0",
            Ty::Date => "DATE '2024-10-05'",
            Ty::Ts => "TIMESTAMP '2024-10-05 00:00:00'",
            Ty::Time => "TIME '00:00:01'",
            Ty::Ints => "ARRAY[0]",
            Ty::Texts => "ARRAY['']",
            Ty::Tiny => "CAST(0 AS TINYINT)",
            Ty::Small => "CAST(0 AS SMALLINT)",
            Ty::Big => "CAST(0 AS BIGINT)",
            Ty::Unsigned => "CAST(0 AS INT UNSIGNED)",
            Ty::Dec => "CAST(0 AS DECIMAL(12, 2))",
            Ty::Real => "CAST(0 AS REAL)",
            Ty::Char => "CAST('x' AS CHAR(3))",
            Ty::Tz => "CAST('2024-10-05 00:00:00 UTC' AS TIMESTAMP WITH TIME ZONE)",
            Ty::Uuid => "CAST('00000000-0000-0000-0000-000000000001' AS UUID)",
            Ty::Bytes => "X'00'",
            Ty::Map => "MAP['f', 0]",
            Ty::Row => "CAST(ROW(0, '') AS ROW(f INT NULL, g VARCHAR NULL))",
            Ty::Variant => "CAST(0 AS VARIANT)",
        }
    }

    /// Some other expressions of it without columns.
    pub fn literals(self) -> &'static [&'static str] {
        match self {
            Ty::Bool => &["TRUE", "FALSE"],
            Ty::Int => &["0", "1", "2", "3", "-1"],
            Ty::Text => &["'x'", "'xyz'", "''", "'Ünï'"],
            Ty::Double => &["0.25e0", "-0.5e0", "1e0"],
            Ty::Dec => &["2.50", "0.01", "-1.5", "100.00"],
            Ty::Big => &["CAST(1 AS BIGINT)", "CAST(3 AS BIGINT)"],
            Ty::Date => &["DATE '2024-10-04'", "DATE '2024-10-06'"],
            Ty::Ts => &["TIMESTAMP '2024-10-04 01:00:00'", "TIMESTAMP '2024-10-04 02:30:00'"],
            Ty::Time => &["TIME '00:00:02'"],
            Ty::Ints => &["ARRAY[1, 2]", "ARRAY[1, NULL, 1]"],
            Ty::Texts => &["ARRAY['x', 'y']"],
            Ty::Map => &["MAP['f', 1, 'g', 2]"],
            Ty::Variant => &["PARSE_JSON('{\"f\": 1}')", "CAST('x' AS VARIANT)"],
            _ => &[],
        }
    }

    /// Whether ORDER BY, MIN and comparisons take it in any way that matters here.
    pub fn is_plain(self) -> bool {
        !matches!(self, Ty::Ints | Ty::Texts | Ty::Map | Ty::Row | Ty::Variant)
    }
}
