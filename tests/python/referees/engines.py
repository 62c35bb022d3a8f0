"""Weir's engine and its referees, each with the same table: they are given expressions and give, for each, a value a row."""

import datetime
import json
import subprocess

import apsw
import datafusion
import duckdb
import pyarrow

from .values import BIGINT, BOOL, DATE, DEC, DOUBLE, INT, INTS, TEXT, TEXTS, TIME, TS, from_weir, plain, to_weir

ARROW = {
    "ID": pyarrow.int32(),
    INT: pyarrow.int32(),
    BIGINT: pyarrow.int64(),
    DEC: pyarrow.decimal128(10, 2),
    DOUBLE: pyarrow.float64(),
    BOOL: pyarrow.bool_(),
    TEXT: pyarrow.string(),
    DATE: pyarrow.date32(),
    TS: pyarrow.timestamp("us"),
    TIME: pyarrow.time64("us"),
    INTS: pyarrow.list_(pyarrow.int32()),
    TEXTS: pyarrow.list_(pyarrow.string()),
}
# Weir's own rendering of a query refused by the front end begins with this.
REFUSED = "refused: "


class Failed(str):
    """A run-time error in place of a value: its message."""


def arrow_table(columns, rows):
    arrays = [pyarrow.array(list(values), ARROW[ty]) for (_, ty), values in zip(columns, zip(*rows))]
    return pyarrow.Table.from_arrays(arrays, names=[name for name, _ in columns])


class Weir:
    """The engine, natively, driven by `host/sql/examples/evaluate.rs`."""

    def __init__(self, binary, columns, rows):
        self.process = subprocess.Popen([binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        types = [INT if ty == "ID" else ty for _, ty in columns]
        self.request = {
            "columns": [[name, ty] for (name, _), ty in zip(columns, types)],
            "rows": [[to_weir(v, ty) for v, ty in zip(row, types)] for row in rows],
        }
        self.rows = len(rows)

    def ask(self, queries, each):
        self.process.stdin.write(json.dumps({**self.request, "queries": queries, "each": each}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"the evaluator ended on one of {queries}"
        return json.loads(line)

    def values(self, expressions, types):
        """Values of expressions, by row."""
        out = []
        for answer, ty in zip(self.ask([f"SELECT id, {e} AS x FROM t" for e in expressions], True), types):
            if "refused" in answer:
                out.append([Failed(REFUSED + answer["refused"])] * self.rows)
                continue
            values = [None] * self.rows
            for row, value in answer["rows"]:
                values[row] = from_weir(value, ty)
            for failed in answer.get("failed", []):
                values[failed["row"]] = Failed(failed["error"])
            out.append(values)
        return out

    def groups(self, selects, ty):
        answer = self.ask([selects], False)[0]
        failure = answer.get("refused") or answer.get("error")
        return Failed(failure) if failure else {row[0]: from_weir(row[1], ty) for row in answer["rows"]}

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=30) == 0


class Referee:
    """A database that answers queries; if one fails, each row is asked for alone."""

    def __init__(self, rows):
        self.rows = rows
        # Expressions without a value in any row, and why: most are none in this database.
        self.refused = {}

    def values(self, expressions, types):
        try:
            answer = self.query(f"SELECT id, {', '.join(f'{e} AS x{i}' for i, e in enumerate(expressions))} FROM t ORDER BY id")
            return [[plain(row[i + 1], ty) for row in answer] for i, ty in enumerate(types)]
        except Exception as e:
            if len(expressions) == 1:
                return [self.each(expressions[0], types[0], str(e))]
            half = len(expressions) // 2
            return self.values(expressions[:half], types[:half]) + self.values(expressions[half:], types[half:])

    def each(self, expression, ty, message):
        """Rows alone; if not one of them has a value, the expression is no expression here."""
        out = []
        for row in range(self.rows):
            try:
                out.append(plain(self.query(f"SELECT {expression} AS x FROM t WHERE id = {row}")[0][0], ty))
            except Exception as e:
                out.append(Failed(e))
        if all(isinstance(v, Failed) for v in out):
            self.refused[expression] = message
        return out

    def groups(self, selects, ty):
        return {row[0]: plain(row[1], ty) for row in self.query(selects)}


class Sqlite(Referee):
    def __init__(self, columns, rows):
        super().__init__(len(rows))
        self.db = apsw.Connection(":memory:")
        self.db.execute("PRAGMA case_sensitive_like = ON")
        names = [name for name, _ in columns]
        self.db.execute(f"CREATE TABLE t ({', '.join(names)})")
        for row in rows:
            self.db.execute(f"INSERT INTO t VALUES ({', '.join('?' * len(names))})", [self.bound(v) for v in row])

    @staticmethod
    def bound(value):
        if value is None or isinstance(value, (int, float, str)):
            return value
        if isinstance(value, datetime.datetime):
            return value.isoformat(sep=" ")
        if isinstance(value, (datetime.date, datetime.time)):
            return value.isoformat()
        # It has no such type; no template uses the column.
        return None

    def query(self, sql):
        return list(self.db.execute(sql))


class DuckDb(Referee):
    def __init__(self, columns, rows):
        super().__init__(len(rows))
        self.db = duckdb.connect(config={"threads": 1})
        given = arrow_table(columns, rows)
        self.db.register("given", given)
        self.db.execute("CREATE TABLE t AS SELECT * FROM given")
        self.db.execute("SET default_null_order = 'NULLS_FIRST'")

    def query(self, sql):
        return self.db.execute(sql).fetchall()


class DataFusion(Referee):
    def __init__(self, columns, rows):
        super().__init__(len(rows))
        self.context = datafusion.SessionContext(datafusion.SessionConfig({"datafusion.execution.target_partitions": "1"}))
        self.context.register_record_batches("t", [arrow_table(columns, rows).to_batches()])

    def query(self, sql):
        batches = self.context.sql(sql).collect()
        return [tuple(row.values()) for batch in batches for row in batch.to_pylist()]


REFEREES = {"sqlite": Sqlite, "duckdb": DuckDb, "datafusion": DataFusion}
