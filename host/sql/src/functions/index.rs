//! The index of the language: every function, operator and word that it has, page by page. What the registry has of it is found there;
//! what it has not got is not built yet, and said to be so.

use super::registry;
use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;
use weir_functions::catalog::Family;

/// What aggregates are called.
pub(super) const AGGREGATE: &str = "aggregate";
const FUNCTION: &str = "function";
const WORD: &str = "construct";

/// Entries of a page that are of one sort.
pub(super) struct Page {
    pub(super) family: Family,
    /// What each of them is, for messages.
    pub(super) sort: &'static str,
    /// What those that are missing wait for.
    pub(super) waits_for: &'static str,
    pub(super) names: &'static [&'static str],
}

const fn page(family: Family, sort: &'static str, waits_for: &'static str, names: &'static [&'static str]) -> Page {
    Page { family, sort, waits_for, names }
}

/// Number of entries of the index. An entry may be on several pages; ARRAY and MAP of a query are others than those of values.
#[cfg(test)]
const ENTRIES: usize = 287;

/// The index.
#[rustfmt::skip]
pub(super) const INDEX: &[Page] = &[
    page(Family::Aggregates, AGGREGATE, "its accumulator", &[
        "ARG_MAX", "ARG_MIN", "ARRAY_AGG", "AVG", "BIT_AND", "BIT_OR", "BIT_XOR", "BOOL_AND", "BOOL_OR", "COUNT", "COUNTIF", "COVAR_POP",
        "COVAR_SAMP", "EVERY", "LOGICAL_AND", "LOGICAL_OR", "MAX", "MIN", "MODE", "REGR_COUNT", "REGR_SXX", "REGR_SYY", "SOME", "STDDEV",
        "STDDEV_POP", "STDDEV_SAMP", "SUM", "VARIANCE", "VAR_POP", "VAR_SAMP",
    ]),
    page(Family::Aggregates, "window function", "window functions", &[
        "DENSE_RANK", "FIRST_VALUE", "LAG", "LAST_VALUE", "LEAD", "RANK", "ROW_NUMBER",
    ]),
    page(Family::Aggregates, WORD, "its place in queries", &["ARRAY", "FILTER", "MAP", "PIVOT"]),
    page(Family::Operators, WORD, "its rule", &[
        "%", "*", "+", "-", "/", "<=>", "BETWEEN", "IS FALSE", "IS NOT FALSE", "IS NOT NULL", "IS NOT TRUE", "IS NOT UNKNOWN", "IS NULL",
        "IS TRUE", "IS UNKNOWN",
    ]),
    page(Family::Boolean, WORD, "its rule", &["AND", "NOT", "OR"]),
    page(Family::Comparisons, WORD, "its rule", &[
        "<", "<=", "<=>", "<>", "=", ">", ">=", "BETWEEN", "BETWEEN SYMMETRIC", "CASE", "COALESCE", "EXISTS", "GREATEST",
        "GREATEST_IGNORE_NULLS", "IF", "IFNULL", "IN", "IS DISTINCT FROM", "IS NOT DISTINCT FROM", "IS NOT NULL", "IS NULL", "LEAST",
        "LEAST_IGNORE_NULLS", "NOT BETWEEN", "NOT BETWEEN SYMMETRIC", "NOT IN", "NULLIF",
    ]),
    page(Family::Casts, WORD, "its rule", &["::", "CAST", "SAFE_CAST"]),
    page(Family::Integer, FUNCTION, "ARRAY", &["ABS", "DIV_NULL", "MOD", "SEQUENCE"]),
    page(Family::Decimal, FUNCTION, "its kernel", &[
        "ABS", "BROUND", "CEIL", "DIV_NULL", "FLOOR", "ROUND", "SIGN", "TRUNC", "TRUNCATE",
    ]),
    page(Family::Float, FUNCTION, "its kernel", &[
        "ABS", "ACOS", "ACOSH", "ASIN", "ASINH", "ATAN", "ATAN2", "ATANH", "CBRT", "CEIL", "COS", "COSH", "COT", "COTH", "CSC", "CSCH",
        "DEGREES", "DIV_NULL", "EXP", "FINITE_OR_NULL", "FLOOR", "IS_INF", "IS_NAN", "LN", "LOG", "LOG10", "PI", "POWER", "RADIANS", "ROUND",
        "SEC", "SECH", "SIN", "SINH", "SQRT", "TAN", "TANH", "TRUNC", "TRUNCATE",
    ]),
    page(Family::String, FUNCTION, "its kernel", &[
        "ASCII", "CHAR_LENGTH", "CHR", "CONCAT", "CONCAT_WS", "ESCAPE", "ILIKE", "INITCAP", "INITCAP_SPACES", "LEFT", "LEN", "LENGTH",
        "LIKE", "LOWER", "MD5", "NOT ILIKE", "NOT LIKE", "NOT RLIKE", "OVERLAY", "POSITION", "REGEXP_REPLACE", "REPEAT", "REPLACE",
        "REVERSE", "RIGHT", "RLIKE", "SPLIT", "SPLIT_PART", "SUBSTR", "SUBSTRING", "TRIM", "UPPER", "XXHASH", "||",
    ]),
    page(Family::Binary, FUNCTION, "BINARY", &[
        "BIN2UTF8", "GUNZIP", "LEFT", "MD5", "OCTET_LENGTH", "OVERLAY", "POSITION", "RIGHT", "SUBSTRING", "TO_HEX", "TO_INT", "XXHASH", "||",
    ]),
    page(Family::Datetime, FUNCTION, "its kernel", &[
        "+", "-", "ABS", "CEIL", "CONTAINS", "CONVERT_TIMEZONE", "DATE", "DATEDIFF", "DATE_ADD", "DATE_PART", "DATE_SUB", "DATE_TRUNC",
        "DAYOFMONTH", "DOW", "DOY", "EQUALS", "EXTRACT", "FLOOR", "FORMAT_DATE", "FORMAT_TIME", "FORMAT_TIMESTAMP", "HOUR",
        "IMMEDIATELY PRECEDES", "IMMEDIATELY SUCCEEDS", "INTERVAL", "MAKE_DATE", "MAKE_TIME", "MAKE_TIMESTAMP", "MINUTE", "MONTH", "NOW",
        "OVERLAPS", "PARSE_DATE", "PARSE_TIME", "PARSE_TIMESTAMP", "PRECEDES", "QUARTER", "SECOND", "SUCCEEDS", "TIME", "TIMESTAMP",
        "TIMESTAMPADD", "TIMESTAMPDIFF", "TIMESTAMP_TRUNC", "TIME_TRUNC", "WEEK", "YEAR",
    ]),
    page(Family::Array, FUNCTION, "ARRAY", &[
        "ARRAY", "ARRAYS_OVERLAP", "ARRAY_APPEND", "ARRAY_COMPACT", "ARRAY_CONCAT", "ARRAY_CONTAINS", "ARRAY_DISTINCT", "ARRAY_EXCEPT",
        "ARRAY_EXISTS", "ARRAY_INSERT", "ARRAY_INTERSECT", "ARRAY_JOIN", "ARRAY_LENGTH", "ARRAY_MAX", "ARRAY_MIN", "ARRAY_POSITION",
        "ARRAY_PREPEND", "ARRAY_REMOVE", "ARRAY_REPEAT", "ARRAY_REVERSE", "ARRAY_SIZE", "ARRAY_TO_STRING", "ARRAY_UNION", "CARDINALITY",
        "ELEMENT", "SAFE_OFFSET", "SORT_ARRAY", "TRANSFORM", "UNNEST",
    ]),
    page(Family::Map, FUNCTION, "MAP", &[
        "CARDINALITY", "MAP", "MAP_CONCAT", "MAP_CONTAINS_KEY", "MAP_KEYS", "MAP_VALUES", "UNNEST",
    ]),
    page(Family::Json, FUNCTION, "VARIANT", &[
        "JSON_EACH_BIGINT", "JSON_EACH_BOOLEAN", "JSON_EACH_DATE", "JSON_EACH_STRING", "JSON_EACH_TIME", "JSON_EACH_TIMESTAMP", "JSON_KEYS",
        "JSON_OBJECT_KEYS", "PARSE_JSON", "TO_JSON", "TYPEOF", "VARIANTNULL", "VARIANT_DEEP_FILTER", "VARIANT_DEEP_MAP", "VARIANT_FILTER",
        "VARIANT_MAP", "VARIANT_MERGE",
    ]),
    page(Family::Table, FUNCTION, "its operator", &["HOP", "SESSION", "TABLE", "TUMBLE"]),
    page(Family::Grammar, WORD, "its place in queries", &[
        ".", "AS", "CONNECTOR_METADATA", "CUBE", "DEFAULT", "DESC", "EXCEPT", "EXCEPT ALL", "GROUPING", "GROUPING SETS", "GROUPING_ID",
        "IGNORE NULLS", "INTERSECT", "LATERAL", "NULLS FIRST", "NULLS LAST", "OVER", "RESPECT NULLS", "ROLLUP", "TABLE", "UNION",
        "UNION ALL", "VALUES",
    ]),
    page(Family::Types, WORD, "composite values", &["ROW"]),
];

/// Each entry of the index with its pages.
pub(super) fn entries() -> impl Iterator<Item = (&'static str, Vec<&'static Page>)> {
    let mut entries: BTreeMap<(&str, bool), Vec<&Page>> = BTreeMap::new();
    for page in INDEX {
        for name in page.names {
            let of_query = page.family == Family::Aggregates && matches!(*name, "ARRAY" | "MAP");
            entries.entry((name, of_query)).or_default().push(page);
        }
    }
    entries.into_iter().map(|((name, _), pages)| (name, pages))
}

/// What a name (in lower case) is in the language, if nothing of that name is in the registry.
pub(super) fn missing(name: &str) -> Option<&'static str> {
    static BUILT: LazyLock<HashSet<&'static str>> =
        LazyLock::new(|| registry().flat_map(|f| f.names.iter().copied()).collect());
    let page = INDEX.iter().find(|p| p.names.iter().any(|n| n.eq_ignore_ascii_case(name)))?;
    (!BUILT.contains(name)).then_some(page.sort)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_is_whole() {
        assert_eq!(entries().count(), ENTRIES);
        let mut all: Vec<_> = INDEX.iter().flat_map(|p| p.names.iter().map(|n| (p.family, *n))).collect();
        let places = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), places);
    }

    #[test]
    fn missing_is_what_the_registry_has_not_got() {
        assert_eq!(missing("upper"), None);
        assert_eq!(missing("no_such_name"), None);
    }
}
