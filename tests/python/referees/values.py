"""Types that all know, their values in Python, and the values that functions are tried on: edges first, then random ones."""

import datetime
import decimal
import math
import random
import string

D = decimal.Decimal
decimal.getcontext().prec = 80

INT, BIGINT, DEC, DOUBLE, BOOL, TEXT = "INTEGER", "BIGINT", "DECIMAL(10, 2)", "DOUBLE", "BOOLEAN", "VARCHAR"
DATE, TS, TIME = "DATE", "TIMESTAMP", "TIME"
INTS, TEXTS = "INTEGER ARRAY", "VARCHAR ARRAY"

EPOCH = datetime.date(1970, 1, 1)
MIDNIGHT = datetime.datetime(1970, 1, 1)

# Rows of the table; each has values of all types.
ROWS = 64

EDGES = {
    INT: [0, 1, 2, 7, -7, 10, 100, 2147483647, -2147483648, -1, 65, 3],
    BIGINT: [0, 1, 5, -13, 1000, 9223372036854775807, -9223372036854775808, -1, 4294967296],
    DEC: [D("0.00"), D("1.00"), D("-1.00"), D("2.50"), D("-2.50"), D("0.01"), D("99999999.99"), D("-99999999.99"), D("1.25")],
    DOUBLE: [0.0, 0.0, 1.0, -1.0, 0.5, -0.5, 2.5, -2.5, 1e300, -1e300, 1e-300, 1.0, math.nan, math.copysign(math.nan, -1), math.inf, -math.inf, 100.0],
    BOOL: [True, False],
    TEXT: ["", "a", "ab", " ab ", "abcabc", "Ab Cd", "é", "日本語", "a-b-c", "%", "a_b", "12", "-3.5", "o'neil x", "ABC", "\t x", "ß", "t", "TRUE", "1", "04 05", "2024-02-29", "7:05:09"],
    DATE: [EPOCH, datetime.date(2024, 2, 29), datetime.date(2023, 12, 31), datetime.date(1, 1, 1), datetime.date(9999, 12, 31),
           datetime.date(1969, 12, 31), datetime.date(2000, 1, 1), datetime.date(2021, 1, 3)],
    TS: [MIDNIGHT, datetime.datetime(2024, 2, 29, 23, 59, 59, 999999), datetime.datetime(1969, 12, 31, 23, 59, 59, 500000),
         datetime.datetime(2000, 1, 1, 12, 30, 15, 250000), datetime.datetime(1900, 3, 1, 1, 2, 3), datetime.datetime(2026, 8, 7, 7, 5), datetime.datetime(9999, 12, 31), datetime.datetime(1, 1, 1)],
    TIME: [datetime.time(0, 0), datetime.time(23, 59, 59, 999999), datetime.time(7, 5, 9), datetime.time(12, 0, 0, 250000)],
    INTS: [[], [1], [2, 1, 2], [None], [3, None, 1], [1, 2, 3, 4, 5], [5, 4, None, 4]],
    TEXTS: [[], ["a"], ["b", "a", "b"], [None, "x"], ["", "é"]],
}


def drawn(ty, rng):
    """A random value of a type, which is not NULL."""
    if ty == INT:
        return rng.choice([rng.randint(-20, 20), rng.randint(-(10**6), 10**6)])
    if ty == BIGINT:
        return rng.choice([rng.randint(-20, 20), rng.randint(-(10**12), 10**12)])
    if ty == DEC:
        return D(rng.randint(-(10**6), 10**6)).scaleb(-2)
    if ty == DOUBLE:
        return rng.choice([rng.randint(-40, 40) / 4, rng.uniform(-10, 10), rng.uniform(-1, 1)])
    if ty == BOOL:
        return rng.random() < 0.5
    if ty == TEXT:
        return "".join(rng.choice("abcABC -xyéß%_1" + string.ascii_letters) for _ in range(rng.randint(0, 9)))
    if ty == DATE:
        return EPOCH + datetime.timedelta(days=rng.randint(-40000, 40000))
    if ty == TS:
        return MIDNIGHT + datetime.timedelta(seconds=rng.randint(-(2 * 10**9), 4 * 10**9), microseconds=rng.randint(0, 999999))
    if ty == TIME:
        return datetime.time(rng.randint(0, 23), rng.randint(0, 59), rng.randint(0, 59), rng.choice([0, rng.randint(0, 999999)]))
    element = INT if ty == INTS else TEXT
    return [None if rng.random() < 0.2 else drawn(element, rng) if element == INT else rng.choice("abcd") for _ in range(rng.randint(0, 5))]


def table(columns, seed):
    """Rows for columns `(name, type)`. In the first rows edges meet their neighbours: the nth column of a type is n places ahead. Then edges meet at
    random, then random values; one value in twelve is NULL."""
    rng = random.Random(seed)
    seen = {}

    def column(ty):
        if ty == "ID":
            return list(range(ROWS))
        at = seen[ty] = seen.get(ty, -1) + 1
        edges = EDGES[ty]
        meeting = edges[at:] + edges[:at]
        rest = edges * 2 + [drawn(ty, rng) for _ in range(ROWS)]
        rest = [None if rng.random() < 1 / 12 else v for v in rest[: ROWS - len(edges)]]
        rng.shuffle(rest)
        return meeting + rest

    return [list(row) for row in zip(*(column(ty) for _, ty in columns))]


def to_weir(value, ty):
    """A value as the evaluator reads it."""
    if value is None:
        return None
    if ty == DEC:
        return str(int(value.scaleb(2)))
    if ty == DOUBLE:
        return {"inf": "inf", "-inf": "-inf", "nan": "NaN"}.get(repr(value), repr(value))
    if ty == DATE:
        return (value - EPOCH).days
    if ty == TS:
        return (value - MIDNIGHT) // datetime.timedelta(microseconds=1)
    if ty == TIME:
        return ((value.hour * 60 + value.minute) * 60 + value.second) * 10**9 + value.microsecond * 1000
    return value


def from_weir(value, ty):
    """A value as the evaluator writes it."""
    if value is None:
        return None
    if ty == DEC:
        return D(value)
    if ty == DOUBLE:
        return float(value)
    if ty == INTS:
        return [None if v is None else int(v) for v in value]
    return value


def plain(value, ty):
    """A value of any database as values are compared: dates and times as the texts that Weir writes."""
    if value is None or (ty == DOUBLE and isinstance(value, float)):
        return value
    if ty in (INT, BIGINT):
        return int(value)
    if ty == BOOL:
        return bool(value)
    if ty == DEC:
        return D(str(value))
    if ty == DOUBLE:
        return float(value)
    if ty in (INTS, TEXTS):
        return [None if v is None else v for v in value]
    if ty == DATE:
        return value.isoformat()[:10] if hasattr(value, "isoformat") else str(value).removesuffix(" 00:00:00")
    if ty in (TS, TIME):
        text = (value.isoformat(sep=" ") if ty == TS else value.isoformat()) if hasattr(value, "isoformat") else str(value)
        return text.removesuffix("+00:00")
    return value


def same(ours, theirs, ty):
    """Whether values are equal; floats may differ in their last digits, since libraries of mathematics do."""
    if ours is None or theirs is None:
        return ours is theirs
    if ty == DOUBLE:
        if ours != ours or theirs != theirs:
            return ours != ours and theirs != theirs
        return ours == theirs or math.isfinite(ours) and abs(ours - theirs) <= 1e-12 * max(abs(ours), abs(theirs))
    if ty in (TS, TIME):
        return fraction(ours) == fraction(theirs)
    return ours == theirs


def fraction(text):
    """A point in time without zeros at the end of its fraction."""
    return text.rstrip("0").rstrip(".") if "." in text else text
