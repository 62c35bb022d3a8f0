//! Arithmetic, comparisons and casts: operators, which the binder knows (`bind/arithmetic.rs`, `bind/compare.rs`, `bind/cast.rs`).

use super::{Entry, syntax};
use weir_functions::catalog::{Family, Function};

pub(super) const ENTRIES: &[Entry] = &[
    syntax(
        Function::written(
            &[Family::Operators, Family::Datetime],
            &["+"],
            &["number + number", "date, time or timestamp + interval", "date + days", "interval + interval", "+ number"],
            "Sum. Integers and decimals that overflow stop the pipeline; floats become infinite. A date is moved by whole days, a time of \
             day goes around midnight, months are cut to the last day of the month.",
        )
        .gives(&[
            ("2 + 1.5", "3.5"),
            ("'1' + 2", "3"),
            ("1 + NULL", "NULL"),
            ("1e308 + 1e308", "inf"),
            ("DATE '2024-01-31' + INTERVAL 1 MONTH", "2024-02-29"),
            ("DATE '2024-02-27' + 3", "2024-03-01"),
            ("TIME '23:30:00' + INTERVAL 1 HOUR", "00:30:00"),
        ])
        .fails(&[("2147483647 + 1", "overflow"), ("DATE '9999-12-31' + INTERVAL 1 DAY", "")])
        .refuses(&[("TRUE + 1", "does not apply to BOOLEAN and INTEGER"), ("'a' + 'b'", "does not apply")]),
    ),
    syntax(
        Function::written(
            &[Family::Operators, Family::Datetime],
            &["-"],
            &[
                "number - number",
                "date, time or timestamp - interval",
                "date - days",
                "interval - interval",
                "(a - b) unit → interval",
                "- number",
                "- interval",
            ],
            "Difference, or negation. Two points in time have one only in a unit. Unsigned numbers have no negation.",
        )
        .gives(&[
            ("5 - 7", "-2"),
            ("1.5 - NULL", "NULL"),
            ("-(-2.5)", "2.5"),
            ("DATE '2026-08-07' - INTERVAL '36' HOUR", "2026-08-06"),
            ("DATE '2026-08-07' - 7", "2026-07-31"),
            ("(DATE '2026-03-01' - DATE '2026-02-01') DAY > INTERVAL '27' DAY", "TRUE"),
        ])
        .fails(&[("-CAST(-128 AS TINYINT)", "overflow")])
        .refuses(&[
            ("-CAST(1 AS INT UNSIGNED)", "unary minus does not apply"),
            ("DATE '2026-08-07' - DATE '2026-08-01'", "needs a unit"),
        ]),
    ),
    syntax(
        Function::written(
            &[Family::Operators],
            &["*"],
            &["number * number", "interval * number", "number * interval"],
            "Product. Integers and decimals that overflow stop the pipeline.",
        )
        .gives(&[
            ("6 * 7", "42"),
            ("1.5 * 1.5", "2.25"),
            ("NULL * 2", "NULL"),
            ("INTERVAL 1 DAY * 3 = INTERVAL 3 DAYS", "TRUE"),
        ])
        .fails(&[("CAST(20 AS TINYINT) * CAST(20 AS TINYINT)", "overflow")]),
    ),
    syntax(
        Function::written(
            &[Family::Operators],
            &["/"],
            &["number / number", "interval / number"],
            "Quotient: of integers cut toward zero, of decimals with at least 6 digits after the point. Division by zero stops the \
             pipeline, but of floats gives an infinity or NaN.",
        )
        .gives(&[("7 / -2", "-3"), ("1.0 / 3.0", "0.333333"), ("1e0 / 0", "inf"), ("1 / NULL", "NULL")])
        .fails(&[("1 / 0", "divide by zero"), ("1.0 / 0", "")]),
    ),
    syntax(
        Function::written(
            &[Family::Operators],
            &["%"],
            &["number % number"],
            "Remainder with the sign of the dividend. By zero it stops the pipeline; of floats it is NaN.",
        )
        .gives(&[("-7 % 3", "-1"), ("7.5 % -2.0", "1.5"), ("-5 % -1", "0"), ("5e0 % 0", "NaN"), ("NULL % 3", "NULL")])
        .fails(&[("1 % 0", "")]),
    ),
    syntax(
        Function::written(
            &[Family::Comparisons],
            &["="],
            &["a = b → BOOLEAN"],
            "Equality of values of one type, or of their common type; a string beside another type becomes that type. NaN equals NaN.",
        )
        .gives(&[
            ("1 = 1.0", "TRUE"),
            ("'10' = 10", "TRUE"),
            ("DOUBLE 'NaN' = DOUBLE 'NaN'", "TRUE"),
            ("NULL = NULL", "NULL"),
            ("TRUE = 1", "TRUE"),
        ])
        .fails(&[("'x' = 1", "")])
        .refuses(&[("1 = DATE '2026-08-07'", "cannot be compared")]),
    ),
    syntax(
        Function::written(&[Family::Comparisons], &["<>", "!="], &["a <> b → BOOLEAN"], "The opposite of `=`.").gives(&[
            ("1 <> 2", "TRUE"),
            ("'a' != 'a'", "FALSE"),
            ("NULL <> 1", "NULL"),
        ]),
    ),
    syntax(
        Function::written(
            &[Family::Comparisons],
            &["<"],
            &["a < b → BOOLEAN"],
            "Order: numbers by value with NaN greatest, strings by code points, FALSE before TRUE.",
        )
        .gives(&[("'B' < 'a'", "TRUE"), ("FALSE < TRUE", "TRUE"), ("1 < NULL", "NULL"), ("1e300 < DOUBLE 'NaN'", "TRUE")]),
    ),
    syntax(
        Function::written(&[Family::Comparisons], &["<="], &["a <= b → BOOLEAN"], "Less or equal.").gives(&[
            ("1 <= 1.0", "TRUE"),
            ("2 <= 1", "FALSE"),
            ("NULL <= 1", "NULL"),
        ]),
    ),
    syntax(
        Function::written(&[Family::Comparisons], &[">"], &["a > b → BOOLEAN"], "Greater.").gives(&[
            ("DATE '2026-08-07' > '2026-08-06'", "TRUE"),
            ("0e0 > -0e0", "FALSE"),
            ("1 > NULL", "NULL"),
        ]),
    ),
    syntax(
        Function::written(&[Family::Comparisons], &[">="], &["a >= b → BOOLEAN"], "Greater or equal.").gives(&[
            ("'b' >= 'a'", "TRUE"),
            ("1 >= 2", "FALSE"),
            ("NULL >= NULL", "NULL"),
        ]),
    ),
    syntax(
        Function::written(
            &[Family::Operators, Family::Comparisons],
            &["<=>"],
            &["a <=> b → BOOLEAN NOT NULL"],
            "Equality in which NULL equals NULL; the same as IS NOT DISTINCT FROM.",
        )
        .gives(&[("NULL <=> NULL", "TRUE"), ("1 <=> NULL", "FALSE"), ("1 <=> 1.0", "TRUE")]),
    ),
    syntax(
        Function::written(
            &[Family::Comparisons],
            &["is not distinct from"],
            &["a IS NOT DISTINCT FROM b → BOOLEAN NOT NULL"],
            "Equality in which NULL equals NULL.",
        )
        .gives(&[("NULL IS NOT DISTINCT FROM NULL", "TRUE"), ("1 IS NOT DISTINCT FROM NULL", "FALSE")]),
    ),
    syntax(
        Function::written(
            &[Family::Comparisons],
            &["is distinct from"],
            &["a IS DISTINCT FROM b → BOOLEAN NOT NULL"],
            "The opposite of IS NOT DISTINCT FROM.",
        )
        .gives(&[("1 IS DISTINCT FROM NULL", "TRUE"), ("1 IS DISTINCT FROM 1", "FALSE")]),
    ),
    syntax(
        Function::written(
            &[Family::Casts],
            &["cast", "::"],
            &["CAST(e AS T) → T", "e::T → T"],
            "Conversion. What cannot be converted stops the pipeline; numbers are cut toward zero. `::` binds tighter than unary minus.",
        )
        .gives(&[
            ("CAST(-7.6 AS INT)", "-7"),
            ("-'12'::INT", "-12"),
            ("CAST('abcdef' AS VARCHAR(3))", "abc"),
            ("CAST(NULL AS DATE)", "NULL"),
            ("CAST(' tRue ' AS BOOLEAN)", "TRUE"),
        ])
        .fails(&[("CAST('x' AS INT)", "x"), ("CAST(300 AS TINYINT)", "")])
        .refuses(&[("CAST(TRUE AS INT)", "cannot be cast")]),
    ),
    syntax(
        Function::written(
            &[Family::Casts],
            &["safe_cast"],
            &["SAFE_CAST(e AS T) → T"],
            "CAST that is NULL where CAST stops the pipeline.",
        )
        .gives(&[("SAFE_CAST('x' AS INT)", "NULL"), ("SAFE_CAST('12' AS INT)", "12"), ("SAFE_CAST(NULL AS INT)", "NULL")]),
    ),
];
