"""Where Weir differs from a referee by its specification: data. The reason names the rule; `when` says of which arguments (or values) it speaks, so
that other differences of the same function are found.
"""

import math
from dataclasses import dataclass
from typing import Callable

from .engines import Failed
from .values import DOUBLE


@dataclass(frozen=True)
class Difference:
    """`when(arguments, ours, theirs)` holds where the difference is meant to be."""

    referees: str
    functions: str
    when: Callable
    reason: str
    # Types of the first argument; none: all.
    types: tuple = ()

    def of(self, referee, function, ty):
        """Whether it speaks of that function, called on something of that type first."""
        named = function in self.functions.split(", ") or self.functions == "*"
        return named and referee in self.referees.split() and (not self.types or ty in self.types)


def fails(part):
    """Weir stops with a message that contains this; the referee has a value, or NULL."""
    return lambda a, ours, theirs: isinstance(ours, Failed) and part in ours and not isinstance(theirs, Failed)


def refuses(part):
    """The referee stops with a message that contains this; Weir has a value."""
    return lambda a, ours, theirs: isinstance(theirs, Failed) and part in theirs and not isinstance(ours, Failed)


def empty(a, ours, theirs):
    return ours == "" and theirs != ""


def null_inside(a, ours, theirs):
    """An argument is an array with a NULL, or a NULL element is looked for."""
    return any(x is None or (isinstance(x, list) and None in x) for x in a)


EXCEPTIONS = [
    # Numbers.
    Difference("sqlite datafusion", "+, -, *, negate, ABS", fails("overflow"), "3.1: overflow stops the pipeline; SQLite has wider numbers, DataFusion wraps"),
    Difference("duckdb", "%, MOD", refuses("Overflow in division"), "4: x % -1 is 0"),
    Difference("duckdb", "*", refuses("Overflow in multiplication of DECIMAL"), "2: DECIMAL of up to 38 digits"),
    Difference("sqlite", "/, %, MOD", fails("zero"), "3.1: a division by zero stops the pipeline; SQLite has NULL"),
    Difference("sqlite", "/", fails("overflow"), "3.1: MIN / -1 stops the pipeline"),
    Difference("sqlite", "DIV_NULL", lambda a, o, t: o is None and a[1] == -1, "5: NULL where / overflows"),
    Difference("sqlite", "*, +, -, / of DOUBLE, ACOS, ASIN, COS, SIN, TAN, SQRT, POWER, ACOSH, ATANH, LN, LOG10", lambda a, o, t: t is None and not isinstance(o, Failed) and not math.isfinite(o), "SQLite has NULL for NaN, and for x / 0"),
    Difference("sqlite duckdb datafusion", "ACOSH, ATANH, LN, LOG10, LOG", fails("is not defined"), "5: outside of its domain stops the pipeline"),
    Difference("sqlite", "LOG", lambda a, o, t: t is None and (a[1] <= 1 or a[0] == 0 or not math.isfinite(o)), "5: any base but 0; SQLite's is above 1, and it has no NaN"),
    Difference("duckdb datafusion", "LOG", lambda a, o, t: a[1] == 0 and o == 0, "5: base 0 gives 0"),
    Difference(
        "datafusion",
        "=, <>, <, <=, >, >=, <=>, IS DISTINCT FROM, IS NOT DISTINCT FROM, BETWEEN, NOT BETWEEN, BETWEEN SYMMETRIC, IN, NOT IN, simple CASE, NULLIF, "
        "GREATEST, LEAST, GREATEST_IGNORE_NULLS, LEAST_IGNORE_NULLS",
        lambda a, o, t: any(x != x for x in a if x is not None) or a.count(0.0) > 1,
        "1: one NaN and one zero; DataFusion tells them apart by their sign",
        (DOUBLE,),
    ),
    Difference("duckdb", "SIGN", lambda a, o, t: math.isnan(a[0]), "5: the sign of NaN is NaN"),
    Difference("datafusion", "SQRT", refuses("negative number"), "5: the root of a negative is NaN"),
    Difference("duckdb datafusion", "POWER", lambda a, o, t: a[0] == 1 and math.isnan(a[1]), "5: an exponent of NaN gives NaN"),
    Difference("datafusion", "POWER", refuses("zero raised to a negative power"), "IEEE: infinite"),
    Difference("duckdb datafusion", "ROUND of DECIMAL, ROUND to 1, ROUND to -1, BROUND", fails("Cannot represent"), "5: the type stays, so it must fit"),
    Difference("datafusion", "FLOOR of DECIMAL, CEIL of DECIMAL", refuses("Decimal overflow"), "5: FLOOR of DECIMAL(p, s) is DECIMAL(p, 0)"),
    # Arrays.
    Difference("duckdb", "<, <=, >, >=", null_inside, "4: NULL is the smallest inside of arrays; DuckDB's is the greatest", ("INTEGER ARRAY", "VARCHAR ARRAY")),
    Difference("duckdb", "ARRAY_DISTINCT, ARRAY_EXCEPT, ARRAY_INTERSECT, ARRAY_UNION, ARRAYS_OVERLAP", null_inside, "9: NULL is an element like others, and a NULL array gives NULL"),
    Difference("duckdb datafusion", "ARRAY_CONTAINS, ARRAY_POSITION", null_inside, "9: NULL x finds a NULL element"),
    Difference("datafusion", "ARRAY_REMOVE", lambda a, o, t: a[1] is None, "9: NULL x removes NULLs"),
    # Strings.
    Difference("sqlite", "UPPER, LOWER, INITCAP", lambda a, o, t: not a[0].isascii(), "6: full Unicode mapping; SQLite's is ASCII's"),
    Difference("duckdb", "UPPER", lambda a, o, t: "ß" in a[0], "6: full Unicode mapping: SS"),
    Difference("sqlite", "REPLACE", lambda a, o, t: a[1] == "" and a[2] is None, "strict: NULL"),
    Difference("duckdb datafusion", "LEFT, RIGHT", lambda a, o, t: a[1] < 0, "6: n <= 0 gives ''"),
    Difference("sqlite duckdb datafusion", "SUBSTR, SUBSTR of 3", lambda a, o, t: a[1] <= 0 or a[2] < 0, "6: p = 0 is as 1, p < 0 counts from the end (whole if too far), n < 0 gives ''"),
    Difference("sqlite duckdb datafusion", "SUBSTRING, SUBSTRING FOR", lambda a, o, t: a[1] < 1 or a[2] < 0, "6: positions before the first take their part of n; n <= 0 gives ''"),
    Difference("duckdb", "SPLIT", lambda a, o, t: a[1] == "" or a[0] == "", "6: d '' gives [s], s '' gives []"),
    Difference("duckdb", "SPLIT_PART", lambda a, o, t: a[1] == "", "6: as of SPLIT, d '' gives one piece"),
    Difference("duckdb datafusion", "SPLIT", lambda a, o, t: a[1] is None or o == [""], "strict: NULL; 6: d '' gives [s]"),
    Difference("datafusion", "SPLIT_PART", refuses("field position must not be zero"), "6: 0 gives ''"),
    Difference("datafusion", "OVERLAY", refuses("start position must be at least 1"), "6: p <= 0 gives s"),
    Difference("datafusion", "OVERLAY", lambda a, o, t: a[3] < 0, "6: a negative length is 0"),
    Difference("duckdb", "LIKE ESCAPE", fails("must stand before"), "6: a misplaced escape stops the pipeline"),
    # Casts.
    Difference("duckdb", "SAFE_CAST of text to INTEGER, SAFE_CAST of text to SMALLINT, SAFE_CAST of text to TINYINT, SAFE_CAST of text to BIGINT", lambda a, o, t: o is None and "." in a[0], "3: a whole number is a sign and digits only"),
    Difference("datafusion", "SAFE_CAST of text to TIME", lambda a, o, t: o is None and a[0].lstrip("-").isdigit(), "8.5: H:M:S"),
    Difference("duckdb datafusion", "SAFE_CAST of text to BOOLEAN", lambda a, o, t: o is None and a[0] in "01tfyn", "3: true or false"),
    Difference("duckdb", "SAFE_CAST of text to TIME", lambda a, o, t: o is None and ":" not in a[0], "8.5: H:M:S"),
    # Dates.
    Difference("sqlite duckdb datafusion", "*", fails("out of range: it must be within"), "1: the years 1 to 9999"),
    Difference("duckdb", "DATE_TRUNC CENTURY, DATE_TRUNC MILLENNIUM", lambda a, o, t: o[2:] == "01-01-01", "8.4: centuries begin in the year ..01"),
    Difference("duckdb", "DATEDIFF MONTH, DATEDIFF QUARTER, DATEDIFF YEAR, TIMESTAMPDIFF MONTH, TIMESTAMPDIFF QUARTER, TIMESTAMPDIFF YEAR", lambda a, o, t: abs(o) == abs(t) - 1, "8.4: a month counts when its day is reached; DuckDB takes the last days of months for the same day"),
    Difference("datafusion", "*", refuses("exceeds the representable i64 range"), "DataFusion truncates dates as nanoseconds"),
    Difference("datafusion", "*", refuses("Execution error: Timestamp"), "DataFusion truncates timestamps as nanoseconds"),
    Difference("datafusion", "CAST of text from TIMESTAMP", refuses("to Nanosecond"), "DataFusion reads timestamps as nanoseconds"),
]

AGGREGATE_EXCEPTIONS = [
    Difference("duckdb", "COUNTIF", lambda a, o, t: a == [None], "11: of no rows 0"),
    Difference("duckdb datafusion", "ARRAY_AGG ORDER BY, ARRAY_AGG IGNORE NULLS, ARRAY_AGG DISTINCT", lambda a, o, t: o[0] == [] and t[0] is None, "18.14: of no rows empty"),
    Difference("sqlite datafusion", "MAX of x", lambda a, o, t: any(x != x for x in o.values() if x is not None), "3.3: NaN is the greatest; SQLite has none, DataFusion leaves it out"),
    Difference("datafusion", "MIN of x", lambda a, o, t: True, "3.3: NaN is the greatest; DataFusion forgets what came before one"),
]
