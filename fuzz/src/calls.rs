//! Functions that read languages of their own: formats, patterns, numbers, dates, JSON.

use std::sync::LazyLock;
use weir_circuit::Circuit;
use weir_circuit::interpret::{ZSet, evaluate};
use weir_row::Value;

const TABLE: &str = "CREATE TABLE t (f VARCHAR NOT NULL, s VARCHAR NOT NULL, n INT NOT NULL, ts TIMESTAMP NOT NULL, bin VARBINARY NOT NULL);";

/// Each is evaluated alone, since errors are none of the trouble that is looked for.
const EXPRESSIONS: [&str; 46] = [
    "FORMAT_TIMESTAMP(f, ts)",
    "FORMAT_DATE(f, CAST(ts AS DATE))",
    "FORMAT_TIME(f, CAST(ts AS TIME))",
    "PARSE_TIMESTAMP(f, s)",
    "PARSE_DATE(f, s)",
    "PARSE_TIME(f, s)",
    "s RLIKE f",
    "REGEXP_REPLACE(s, f, s)",
    "REGEXP_REPLACE(s, 'a', f)",
    "s LIKE f",
    "s LIKE f ESCAPE '#'",
    "s ILIKE f",
    "TO_JSON(PARSE_JSON(s))",
    "JSON_KEYS(PARSE_JSON(s))",
    "CONVERT_TIMEZONE(f, s, ts)",
    "CAST(s AS TIMESTAMP WITH TIME ZONE)",
    "CAST(s AS TIMESTAMP)",
    "CAST(s AS DATE)",
    "CAST(s AS TIME)",
    "CAST(s AS DECIMAL(20, 5))",
    "CAST(s AS DECIMAL(38, 38))",
    "CAST(s AS DOUBLE)",
    "CAST(s AS REAL)",
    "CAST(s AS BIGINT)",
    "CAST(s AS UUID)",
    "CAST(s AS BOOLEAN)",
    "CAST(CAST(s AS INTERVAL DAY TO SECOND) AS VARCHAR)",
    "CAST(CAST(s AS INTERVAL YEAR TO MONTH) AS VARCHAR)",
    "CAST(s AS CHAR(7))",
    "SPLIT(s, f)",
    "SPLIT_PART(s, f, n)",
    "OVERLAY(s PLACING f FROM n FOR n)",
    "SUBSTRING(s FROM n FOR n)",
    "SUBSTR(s, n, n)",
    "LEFT(s, n) || RIGHT(s, n)",
    "TRIM(BOTH f FROM s)",
    "REPLACE(s, f, 'x')",
    "INITCAP(s) || INITCAP_SPACES(s)",
    "GUNZIP(bin)",
    "BIN2UTF8(bin)",
    "TO_INT(bin)",
    "OVERLAY(bin PLACING bin FROM n FOR n)",
    "XXHASH(bin, n)",
    "TIMESTAMPADD(MONTH, n, ts)",
    "ts + n * INTERVAL '1' HOUR",
    "CHR(n)",
];

static CIRCUITS: LazyLock<Vec<Circuit>> = LazyLock::new(|| {
    let circuit = |e: &&str| {
        let source = format!("{TABLE}\nCREATE VIEW v AS SELECT {e} AS x FROM t;");
        weir_sql::compile(&source).unwrap_or_else(|d| panic!("{}", weir_sql::render(&source, "calls", &d))).circuit
    };
    EXPRESSIONS.iter().map(circuit).collect()
});

/// Two texts with a zero byte between them, each an argument of every function; numbers are made of the first bytes.
pub fn calls(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (f, s) = text.split_once('\0').unwrap_or((&text, &text));
    let number = |at: usize| data.iter().skip(at).take(8).fold(0i64, |n, b| n << 8 | i64::from(*b));
    // A TIMESTAMP is within the years 1 and 9999.
    let ts = number(1).rem_euclid(253_402_300_799_999_999 + 62_135_596_800_000_000) - 62_135_596_800_000_000;
    let n = number(0) as i32 >> (data.len() % 32);
    let row = vec![Value::text(f), Value::text(s), Value::I32(n), Value::Ts(ts), Value::Bytes(data.into())];
    let table = [ZSet::from([(row, 1)])];
    for circuit in CIRCUITS.iter() {
        let _ = evaluate(circuit, &table);
    }
}
