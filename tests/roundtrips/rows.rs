//! Rows of every type, in the texts of the formats, and what makes two texts the same row.

use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Rows of a table.
pub(crate) const ROWS: usize = 240;
/// Every so many there is a bad record among them.
const BAD_EVERY: usize = 40;
/// Bad records in all.
pub(crate) const BAD: usize = ROWS / BAD_EVERY;

/// A column: its name, its type, and values as JSON and as the text of CSV. Last of all comes NULL.
type Column = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// Columns behind `id INT NOT NULL`.
pub(crate) const COLUMNS: &[Column] = &[
    ("b", "BOOLEAN", &[("true", "true"), ("false", "false")]),
    ("i8", "TINYINT", &[("-128", "-128"), ("127", "127"), ("0", "0")]),
    ("u8", "TINYINT UNSIGNED", &[("255", "255"), ("0", "0")]),
    ("i16", "SMALLINT", &[("-32768", "-32768"), ("32767", "32767")]),
    ("u16", "SMALLINT UNSIGNED", &[("65535", "65535"), ("1", "1")]),
    ("i32", "INT", &[("-2147483648", "-2147483648"), ("2147483647", "2147483647")]),
    ("u32", "INTEGER UNSIGNED", &[("4294967295", "4294967295"), ("0", "0")]),
    (
        "i64",
        "BIGINT",
        &[
            ("-9223372036854775808", "-9223372036854775808"),
            ("-9223372036854775807", "-9223372036854775807"),
            ("9223372036854775807", "9223372036854775807"),
        ],
    ),
    ("u64", "BIGINT UNSIGNED", &[("18446744073709551615", "18446744073709551615"), ("0", "0")]),
    (
        "n",
        "DECIMAL(38, 10)",
        &[
            ("9999999999999999999999999999.9999999999", "9999999999999999999999999999.9999999999"),
            ("-9999999999999999999999999999.9999999999", "-9999999999999999999999999999.9999999999"),
            ("0.0000000001", "0.0000000001"),
            ("-0.5000000000", "-0.5000000000"),
        ],
    ),
    (
        "n0",
        "DECIMAL(38, 0)",
        &[("99999999999999999999999999999999999999", "99999999999999999999999999999999999999"), ("-1", "-1")],
    ),
    ("r", "REAL", &[("3.4028235e38", "3.4028235e38"), ("-1e-45", "-1e-45"), ("0.1", "0.1")]),
    (
        "f",
        "DOUBLE",
        &[
            ("1.7976931348623157e308", "1.7976931348623157e308"),
            ("5e-324", "5e-324"),
            ("-0.30000000000000004", "-0.30000000000000004"),
        ],
    ),
    ("c", "CHAR(3)", &[("\"abc\"", "abc"), ("\"äöü\"", "äöü")]),
    (
        "s",
        "VARCHAR",
        &[
            ("\"\"", ""),
            ("\" a,b;\\\"c\\\" \"", " a,b;\"c\" "),
            ("\"two\\nlines\\r\\n\\ttab \\\\ \"", "two\nlines\r\n\ttab \\ "),
            ("\"\u{1f30a} \u{0} \\u0001\"", "\u{1f30a} \u{0} \u{1}"),
            ("\"{}[]:null\"", "{}[]:null"),
        ],
    ),
    (
        "d",
        "DATE",
        &[("\"0001-01-01\"", "0001-01-01"), ("\"9999-12-31\"", "9999-12-31"), ("\"2024-02-29\"", "2024-02-29")],
    ),
    (
        "t",
        "TIME",
        &[
            ("\"00:00:00\"", "00:00:00"),
            ("\"23:59:59.999999999\"", "23:59:59.999999999"),
            ("\"07:05:00.250\"", "07:05:00.250"),
        ],
    ),
    (
        "ts",
        "TIMESTAMP",
        &[
            ("\"0001-01-01 00:00:00\"", "0001-01-01 00:00:00"),
            ("\"9999-12-31 23:59:59.999999\"", "9999-12-31 23:59:59.999999"),
            ("\"1969-12-31 23:59:59.5\"", "1969-12-31 23:59:59.5"),
        ],
    ),
    (
        "tz",
        "TIMESTAMP WITH TIME ZONE",
        &[
            ("\"0001-01-01 00:00:00+00:00\"", "0001-01-01 00:00:00+00:00"),
            ("\"9999-12-31 23:59:59.999999+00:00\"", "9999-12-31 23:59:59.999999+00:00"),
        ],
    ),
    (
        "u",
        "UUID",
        &[
            ("\"01020304-0506-0708-090a-0b0c0d0e0f10\"", "01020304-0506-0708-090a-0b0c0d0e0f10"),
            ("\"ffffffff-ffff-ffff-ffff-ffffffffffff\"", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
        ],
    ),
    ("b4", "BINARY(4)", &[("[0,1,2,255]", "000102ff"), ("[0,0,0,0]", "00000000")]),
    ("vb", "VARBINARY", &[("[]", "0x"), ("[222,173]", "dead")]),
    ("a", "INT ARRAY", &[("[]", "[]"), ("[3,null,-2147483648]", "[3,null,-2147483648]")]),
    (
        "aa",
        "VARCHAR ARRAY ARRAY",
        &[(r#"[["a",null],null,[]]"#, r#"[["a",null],null,[]]"#), (r#"[["\",\n",""]]"#, r#"[["\",\n",""]]"#)],
    ),
    (
        "m",
        "MAP<VARCHAR, DATE>",
        &[("{}", "{}"), (r#"{"":null,"a b":"2024-02-29"}"#, r#"{"":null,"a b":"2024-02-29"}"#)],
    ),
    (
        "mi",
        "MAP<INT, ROW(street VARCHAR NULL, number INT NULL, at ROW(x INT, y DECIMAL(9, 2)) NULL)>",
        &[
            (
                r#"{"-1":null,"7":{"street":"S","number":null,"at":{"x":9,"y":-0.50}}}"#,
                r#"{"-1":null,"7":{"street":"S","number":null,"at":{"x":9,"y":-0.50}}}"#,
            ),
            ("{}", "{}"),
        ],
    ),
    (
        "p",
        "ROW(street VARCHAR NULL, number INT NULL, at ROW(x INT, y DECIMAL(9, 2)) NULL)",
        &[
            (r#"{"street":null,"number":4,"at":null}"#, r#"{"street":null,"number":4,"at":null}"#),
            (
                r#"{"street":"T","number":4,"at":{"x":1,"y":1.25}}"#,
                r#"{"street":"T","number":4,"at":{"x":1,"y":1.25}}"#,
            ),
        ],
    ),
    (
        "v",
        "VARIANT",
        &[
            (r#"{"k":7,"l":[1.5,null,"z"]}"#, r#"{"k":7,"l":[1.5,null,"z"]}"#),
            ("true", "true"),
            ("\"text\"", "\"text\""),
        ],
    ),
];

/// The columns as SQL declares them.
pub(crate) fn declared() -> String {
    let columns = COLUMNS.iter().map(|(name, ty, _)| format!(", {name} {ty}"));
    format!("id INT NOT NULL{}", columns.collect::<String>())
}

/// The value of a column in a row; `None` is NULL. All of a column's values come, in ever other neighbourhoods.
fn value(row: usize, column: usize) -> Option<(&'static str, &'static str)> {
    let values = COLUMNS[column].2;
    values.get((row + row / 7 * column) % (values.len() + 1)).copied()
}

/// A row as JSON: every other one leaves out what is NULL.
pub(crate) fn json(row: usize) -> String {
    let members = (0..COLUMNS.len()).filter_map(|column| match value(row, column) {
        Some((json, _)) => Some(format!(",\"{}\":{json}", COLUMNS[column].0)),
        None if row.is_multiple_of(2) => Some(format!(",\"{}\":null", COLUMNS[column].0)),
        None => None,
    });
    format!("{{\"id\":{row}{}}}", members.collect::<String>()).replace('\0', "\\u0000")
}

/// A row that went through a format whose NULLs are empty texts.
pub(crate) fn with_empty_texts(row: usize) -> String {
    let mut row = json(row).replace("\"c\":null", "\"c\":\"\"").replace("\"s\":null", "\"s\":\"\"");
    for name in ["c", "s"] {
        if !row.contains(&format!("\"{name}\":\"")) {
            row.truncate(row.len() - 1);
            row.push_str(&format!(",\"{name}\":\"\"}}"));
        }
    }
    canonical(&row)
}

/// A row as a line of CSV.
fn csv(row: usize) -> String {
    let fields = (0..COLUMNS.len()).map(|column| match value(row, column) {
        Some((_, text)) => format!(",\"{}\"", text.replace('"', "\"\"")),
        None => ",NULL".to_owned(),
    });
    format!("{row}{}\n", fields.collect::<String>())
}

/// All rows as a text of a format, with bad records in between.
pub(crate) fn text(format: &str) -> String {
    let mut out = String::new();
    if format == "csv_headers" {
        // Columns that the table does not have count for nothing, and the order is the header's.
        let names: Vec<&str> = COLUMNS.iter().map(|(name, ..)| *name).collect();
        out.push_str(&format!("ID,{}\n", names.join(",")));
    }
    for row in 0..ROWS {
        let other = json(row + ROWS);
        let json = json(row);
        if row % BAD_EVERY == BAD_EVERY / 2 {
            out.push_str(match format {
                "insert_delete" => "{\"insert\":{\"id\":\"x\"}}\n",
                "raw" => "{\"b\":true}\n",
                "debezium" => "{\"payload\":{\"op\":\"c\",\"before\":null,\"after\":{\"id\":1.5}}}\n",
                "weighted" => "{\"weight\":1,\"data\":{\"id\":1,\"i8\":128}}\n",
                _ => "not a number,true\n",
            });
        }
        // Another row comes and goes, or more of it than stays.
        let twice = row % 5 == 0;
        out.push_str(&match format {
            "insert_delete" if twice => format!("{{\"insert\":{other}}}{{\"insert\":{json}}}\n{{\"delete\":{other}}} "),
            "insert_delete" => format!("{{\"insert\":{json}}}\n"),
            "raw" => format!("{json}\n"),
            "debezium" if twice => format!(
                "{{\"payload\":{{\"op\":\"c\",\"after\":{other}}}}}\n{{\"payload\":{{\"op\":\"u\",\"before\":{other},\"after\":{json}}}}}\n"
            ),
            "debezium" => format!("{{\"payload\":{{\"op\":\"r\",\"before\":null,\"after\":{json}}}}}\n"),
            "weighted" if twice => format!("{{\"weight\":3,\"data\":{json}}}{{\"weight\":-2,\"data\":{json}}}"),
            "weighted" => format!("{{\"weight\":1,\"data\":{json}}}\n"),
            _ => csv(row),
        });
    }
    out
}

/// Rows with their weights.
pub(crate) type Rows = BTreeMap<String, i64>;

/// What all of it comes to.
pub(crate) fn truth() -> Rows {
    (0..ROWS).map(|row| (canonical(&json(row)), 1)).collect()
}

/// A row as JSON in one form: no NULLs, floats by their bits, times without zeros at the end. Numbers keep all digits.
pub(crate) fn canonical(row: &str) -> String {
    let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(row).unwrap_or_else(|e| panic!("{e}: {row}"));
    let members = members.iter().filter(|(_, raw)| raw.get() != "null").map(|(name, raw)| {
        let raw = raw.get();
        let value = match name.as_str() {
            "r" => format!("{:x}", raw.parse::<f32>().unwrap().to_bits()),
            "f" => format!("{:x}", raw.parse::<f64>().unwrap().to_bits()),
            "t" | "ts" | "tz" => {
                let text = raw.trim_matches('"').trim_end_matches("+00:00");
                if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text.into() }
            }
            _ if raw.starts_with(['"', '[', '{']) => serde_json::from_str::<Value>(raw).unwrap().to_string(),
            _ => raw.to_owned(),
        };
        format!("{name}={value} ")
    });
    members.collect()
}

/// An event of a view's.
#[derive(serde::Deserialize)]
pub(crate) struct Event {
    insert: Option<Box<RawValue>>,
    delete: Option<Box<RawValue>>,
    weight: Option<i64>,
    data: Option<Box<RawValue>>,
}

impl Event {
    pub(crate) fn add_to(&self, rows: &mut Rows) {
        let weight = self.weight.unwrap_or(1);
        for (row, weight) in [(&self.insert, 1), (&self.delete, -1), (&self.data, weight)] {
            let Some(row) = row else { continue };
            let row = canonical(row.get());
            let sum = rows.entry(row.clone()).or_default();
            *sum += weight;
            if *sum == 0 {
                rows.remove(&row);
            }
        }
    }
}

/// What the events of a file come to; of what is being written the last line may be missing.
pub(crate) fn sum(file: &std::path::Path) -> Rows {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let mut rows = Rows::new();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().for_each(|line| {
        serde_json::from_str::<Event>(line).unwrap_or_else(|e| panic!("{e}: {line}")).add_to(&mut rows)
    });
    rows
}

/// The first of what is in one and not in the other.
pub(crate) fn difference(got: &Rows, expected: &Rows) -> Option<String> {
    let other =
        |a: &Rows, b: &Rows| a.iter().find(|(row, n)| b.get(*row) != Some(n)).map(|(row, n)| format!("{n} x {row}"));
    if got == expected {
        return None;
    }
    let cut = |text: Option<String>| text.map(|t| t.chars().take(2_000).collect::<String>());
    Some(format!(
        "{} rows, not {}\n   got: {:?}\nmissed: {:?}",
        got.len(),
        expected.len(),
        cut(other(got, expected)),
        cut(other(expected, got))
    ))
}
