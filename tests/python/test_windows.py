"""Window functions against DuckDB and SQLite: each function over random partitions, orders and frames.

Orders end with the row's number wherever a frame counts rows, since rows that are equal in the order come in any order elsewhere.
"""

import os
import random

from referees.engines import Failed
from referees.values import BIGINT, DATE, DEC, DOUBLE, INT, TEXT, TS
from test_referees import SEED, Judge, binary, same  # noqa: F401

# Random calls.
CALLS = int(os.environ.get("WEIR_WINDOWS", "1200"))

# What is called, what comes of it, whether SQLite has it, whether it takes a frame. SUM and AVG of small numbers, so that they fit INTEGER.
FUNCTIONS = [
    ("COUNT(*)", BIGINT, True, True),
    ("COUNT({x})", BIGINT, True, True),
    ("SUM(n)", INT, True, True),
    ("SUM(CAST(d AS DECIMAL(38, 2)))", DEC, False, True),
    ("MIN({x})", "x", True, True),
    ("MAX({x})", "x", True, True),
    ("FIRST_VALUE({x})", "x", True, True),
    ("LAST_VALUE({x})", "x", True, True),
    ("NTH_VALUE({x}, 2)", "x", True, True),
    ("FIRST_VALUE({x} IGNORE NULLS)", "x", False, True),
    ("LAST_VALUE({x} IGNORE NULLS)", "x", False, True),
    ("NTH_VALUE({x}, 3 IGNORE NULLS)", "x", False, True),
    ("LAG({x})", "x", True, False),
    ("LEAD({x}, 2)", "x", True, False),
    ("LAG({x}, 3, {x})", "x", True, False),
    ("LEAD({x} IGNORE NULLS)", "x", False, False),
    ("LAG({x}, 2 IGNORE NULLS)", "x", False, False),
    ("NTILE(4)", INT, True, False),
    ("ROW_NUMBER()", BIGINT, True, False),
    ("RANK()", BIGINT, True, False),
    ("DENSE_RANK()", BIGINT, True, False),
    ("PERCENT_RANK()", DOUBLE, True, False),
    ("CUME_DIST()", DOUBLE, True, False),
    ("COUNT(*) FILTER (WHERE n > 0)", BIGINT, True, True),
    ("BOOL_AND(p)", "BOOLEAN", False, True),
    ("ARRAY_AGG(n)", "INTEGER ARRAY", False, True),
]
VALUES = {"i": INT, "b": BIGINT, "d": DEC, "x": DOUBLE, "s": TEXT, "dt": DATE, "ts": TS}
# Distances of RANGE, by the type of what is ordered by.
DISTANCES = {
    "n": ["1", "2", "4"], "d": ["0.01", "1", "50.5"], "g": ["1"],
    "dt": ["INTERVAL '1' DAY", "INTERVAL '90' DAY(2)", "INTERVAL '1' MONTH", "INTERVAL '1' YEAR"],
    "ts": ["INTERVAL '1' SECOND", "INTERVAL '12' HOUR", "INTERVAL '3' MONTH"],
}


def bound(rng, distances, start):
    """A bound with its place in the order of bounds."""
    kinds = ["UNBOUNDED PRECEDING" if start else "UNBOUNDED FOLLOWING", "CURRENT ROW"]
    if distances:
        kinds += ["PRECEDING", "FOLLOWING"] * 2
    kind = rng.choice(kinds)
    place = {"UNBOUNDED PRECEDING": 0, "PRECEDING": 1, "CURRENT ROW": 2, "FOLLOWING": 3, "UNBOUNDED FOLLOWING": 4}[kind]
    return (f"{rng.choice(distances)} {kind}" if kind in ("PRECEDING", "FOLLOWING") else kind), place


def window(rng, framed, ordered):
    """The text of OVER, and whether SQLite understands it."""
    partition = rng.choice(["", "PARTITION BY g ", "PARTITION BY p ", "PARTITION BY g, q "])
    column = rng.choice(list(DISTANCES))
    direction = rng.choice(["", " DESC", " NULLS LAST", " DESC NULLS FIRST"])
    unit = rng.choice(["", "ROWS", "GROUPS", "RANGE"]) if framed else ""
    distances = {"": [], "RANGE": DISTANCES[column]}.get(unit, ["0", "1", "2", "7"])
    order = f"{column}{direction}" if unit == "RANGE" else rng.choice([f"{column}{direction}, id", f"i{direction}, id DESC", "id"])
    frame = ""
    if unit:
        first, last = sorted([bound(rng, distances, True), bound(rng, distances, False)], key=lambda b: b[1])
        if first[1] == 4 or last[1] == 0 or (first[1] == 3 and last[1] == 2):
            return window(rng, framed, ordered)
        frame = f" {unit} BETWEEN {first[0]} AND {last[0]}"
    if not ordered and not unit and rng.random() < 0.2:
        return f"{partition}", True
    # SQLite's dates are texts, and its decimals no numbers.
    lite = column not in ("dt", "ts", "d") or unit in ("ROWS", "")
    return f"{partition}ORDER BY {order}{frame}", lite and column != "d"


def test_windows(binary):  # noqa: F811
    judge = Judge(binary)
    judge.referees["duckdb"].db.execute("SET default_null_order = 'sqlite'")
    rng = random.Random(SEED)
    wrong, compared = [], {"duckdb": 0, "sqlite": 0}
    for _ in range(CALLS):
        template, out, lite, framed = rng.choice(FUNCTIONS)
        column = rng.choice(list(VALUES))
        ty = VALUES[column] if out == "x" else out
        over, lite_over = window(rng, framed, not framed or "VALUE" in template or "AGG" in template)
        if "ARRAY_AGG" in template or "VALUE" in template:
            # What comes first among peers is not said.
            if "RANGE" in over or "GROUPS" in over:
                continue
        query = f"SELECT id, {template.format(x=column)} OVER ({over}) AS v FROM t"
        ours = judge.weir.groups(query, ty)
        for name in compared:
            # NaN is NULL in SQLite.
            if name == "sqlite" and not (lite and lite_over and ty in (INT, BIGINT, DOUBLE, TEXT) and column in "ibs"):
                continue
            try:
                theirs = judge.referees[name].groups(query.replace("DAY(2)", "DAY"), ty)
            except Exception as e:
                theirs = Failed(e)
            if isinstance(ours, Failed) or isinstance(theirs, Failed):
                if not (isinstance(ours, Failed) and isinstance(theirs, Failed)):
                    wrong.append((name, query, str(ours)[:300] if isinstance(ours, Failed) else str(theirs)[:300]))
                continue
            compared[name] += 1
            if "ARRAY" in ty:
                # An array of no rows is empty here.
                theirs = {row: [] if v is None else v for row, v in theirs.items()}
            differ = [(row, ours.get(row), theirs[row]) for row in theirs if not same(ours.get(row), theirs[row], ty)]
            if differ or len(ours) != len(theirs):
                wrong.append((name, query, differ[:3]))
    judge.weir.close()
    assert not wrong, f"{len(wrong)} differ\n" + "\n".join(f"{n}: {q}\n    {d}" for n, q, d in wrong[:20])
    print(compared)
    assert compared["duckdb"] > CALLS // 2 and compared["sqlite"] > CALLS // 10, compared
