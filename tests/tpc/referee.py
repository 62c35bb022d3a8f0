"""DuckDB as referee: its generators' data and queries, and its answers, beside what Weir's engine makes of the same rows coming in steps."""

import datetime
import decimal
import functools
import importlib
import json
import os
import pathlib
import random
import re
import subprocess

import duckdb

ROOT = pathlib.Path(__file__).parents[2]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))

EPOCH = datetime.date(1970, 1, 1)


def connect(benchmark, scale):
    """A database with a benchmark's data."""
    connection = duckdb.connect()
    module = importlib.import_module(f"duckdb_extension_{benchmark}")
    extension = next(pathlib.Path(module.__path__[0]).glob("extensions/*/*.duckdb_extension"))
    connection.execute(f"LOAD '{extension}'")
    generator = {"tpch": "dbgen", "tpcds": "dsdgen"}[benchmark]
    connection.execute(f"CALL {generator}(sf={scale})")
    return connection


def queries(connection, benchmark):
    """The benchmark's queries by number. What cuts off an order that has ties is left out: there is more than one right answer."""
    rows = connection.execute(f"SELECT query_nr, query FROM {benchmark}_queries()").fetchall()
    cut = re.compile(r"\bLIMIT\s+\d+\s*;?\s*$", re.IGNORECASE)
    return {number: cut.sub("", text.strip().rstrip(";")).strip() for number, text in rows}


def declarations(connection):
    """The tables, as Weir declares them."""
    return "\n".join(sql for (sql,) in connection.execute("SELECT sql FROM duckdb_tables() ORDER BY table_name").fetchall())


def sent(value, kind):
    """A value as the request has it."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, decimal.Decimal):
        return str(int(value.scaleb(kind)))
    if isinstance(value, datetime.date):
        return (value - EPOCH).days
    if isinstance(value, datetime.time):
        return ((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000_000
    raise TypeError(f"{value!r}")


@functools.cache
def _scales(kinds):
    return [int(re.search(r",\s*(\d+)\)", k).group(1)) if k.startswith("DECIMAL") else 0 for k in kinds]


def contents(connection):
    """All rows of all tables, as requests have them."""
    out = {}
    for (table,) in connection.execute("SELECT table_name FROM duckdb_tables() ORDER BY table_name").fetchall():
        result = connection.execute(f"SELECT * FROM {table}")
        scales = _scales(tuple(str(d[1]) for d in result.description))
        out[table] = [[sent(v, s) for v, s in zip(row, scales)] for row in result.fetchall()]
    return out


def script(tables, steps, seed):
    """The rows in steps, in random order. What comes again with each step and is taken away with the next is a tenth of it."""
    chance = random.Random(seed)
    out = [{} for _ in range(steps + 1)]
    for table, rows in tables.items():
        rows = rows[:]
        chance.shuffle(rows)
        # Small tables come at once, so that joins with them see the others change.
        parts = steps if len(rows) > 1_000 else 1
        for step in range(parts):
            part = rows[step::parts]
            extra = chance.sample(part, len(part) // 10)
            out[step].setdefault(table, {"insert": [], "delete": []})["insert"] += part + extra
            out[step + 1].setdefault(table, {"insert": [], "delete": []})["delete"] += extra
    return out


class Weir:
    """The engine, run natively."""

    def __init__(self):
        command = [TARGET / "debug" / "examples" / "replay"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, program, steps, workers):
        request = {"program": program, "steps": steps, "workers": workers}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the engine crashed"
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def number(text):
    try:
        return decimal.Decimal(text)
    except (decimal.InvalidOperation, TypeError, ValueError):
        return None


def told(value):
    """A value of DuckDB's answer, as Weir shows it."""
    if isinstance(value, (datetime.date, datetime.datetime)):
        return str(value)
    return value


def alike(ours, theirs):
    """Whether values are equal, but for the digits that Weir's DECIMALs do not have and DuckDB's doubles lose."""
    if ours is None or theirs is None or isinstance(theirs, (bool, str)):
        return ours == theirs or isinstance(theirs, str) and str(ours).rstrip() == theirs.rstrip()
    a, b = number(ours if isinstance(ours, str) else repr(ours)), decimal.Decimal(str(theirs))
    if a is None:
        return False
    # Zeros at the end are not shown; no column has fewer digits than two. Sums of quotients lose a last digit each.
    digits = decimal.Decimal(4).scaleb(min(a.as_tuple().exponent, -2)) if isinstance(ours, str) else 0
    if isinstance(ours, int) and isinstance(theirs, float):
        # AVG of whole numbers is a whole number.
        digits = 1
    return abs(a - b) <= max(digits, abs(b) * decimal.Decimal("1e-6"))


def ordered(rows):
    """Rows in an order that does not depend on the last digits of numbers."""
    def key(value):
        if value is None:
            return (0, "")
        if isinstance(value, (bool, int)):
            return (1, str(value))
        n = number(value)
        return (2, f"{float(n) + 0.0:+.2e}") if n is not None else (3, str(value))

    return sorted(rows, key=lambda row: [key(v) for v in row])


def difference(ours, theirs):
    """What differs between two answers, if something does."""
    theirs = [[told(v) for v in row] for row in theirs]
    if len(ours) != len(theirs):
        return f"{len(ours)} rows, not {len(theirs)}"
    for mine, other in zip(ordered(ours), ordered(theirs)):
        if len(mine) != len(other) or not all(alike(a, b) for a, b in zip(mine, other)):
            return f"{mine}, not {other}"
    return None
