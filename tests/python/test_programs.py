"""Random programs in what DuckDB and Weir have in common: the views after the last step are what DuckDB makes of the tables' contents."""

import datetime
import decimal
import json
import os
import pathlib
import subprocess
import sys

import duckdb

ROOT = pathlib.Path(__file__).parents[2]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / "examples"
sys.path.append(str(ROOT / "tests" / "tpc"))

from referee import EPOCH, difference  # noqa: E402

SEED = int(os.environ.get("WEIR_SEED", "1"))
PROGRAMS = int(os.environ.get("WEIR_PROGRAMS", "300"))


def value(sent, kind):
    """A value of a request, for DuckDB."""
    if sent is None:
        return None
    if kind.startswith("DECIMAL"):
        return decimal.Decimal(sent).scaleb(-2)
    if kind == "DOUBLE":
        return float(sent)
    if kind == "DATE":
        return EPOCH + datetime.timedelta(days=sent)
    if kind == "TIMESTAMP":
        return datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=sent)
    return sent


def answer(request):
    """The contents of DuckDB's views."""
    connection = duckdb.connect()
    # As in Weir, NULLs are smallest.
    connection.execute("SET default_null_order = 'sqlite'")
    statements = [s for s in request["program"].split(";\n") if s.strip()]
    names = []
    for statement in (s for s in statements if s.startswith("CREATE TABLE")):
        connection.execute(statement)
    for table, rows in request["contents"].items():
        kinds = [str(d[1]) for d in connection.execute(f"SELECT * FROM {table}").description]
        for row in rows:
            marks = ", ".join("?" for _ in row)
            connection.execute(f"INSERT INTO {table} VALUES ({marks})", [value(v, k) for v, k in zip(row, kinds)])
    for statement in (s for s in statements if s.startswith("CREATE VIEW")):
        # Tables, so that views of views are not planned again and again.
        connection.execute(statement.replace("CREATE VIEW", "CREATE TABLE", 1) if " (" not in statement.split(" AS ")[0] else statement)
        names.append(statement.split()[2])
    return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in names}


def test_programs():
    made = subprocess.run([TARGET / "programs", str(SEED * 100_000), str(PROGRAMS)], capture_output=True, text=True, check=True)
    requests = [json.loads(line) for line in made.stdout.splitlines()]
    replay = subprocess.Popen([TARGET / "replay"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    wrong, refused, failed, rows = [], [], 0, 0
    for request in requests:
        replay.stdin.write(json.dumps(request) + "\n")
        replay.stdin.flush()
        ours = json.loads(replay.stdout.readline())
        try:
            theirs = answer(request)
        except duckdb.Error as e:
            refused.append((request["seed"], str(e)[:200]))
            continue
        if "error" in ours:
            # SUM keeps the type of what it adds up, so that it overflows sooner.
            failed += 1
            continue
        if "views" not in ours:
            wrong.append((request["seed"], request["program"], str(ours)[:500]))
            continue
        for name, found in theirs.items():
            rows += len(found)
            differs = difference(ours["views"][name], found)
            if differs:
                wrong.append((request["seed"], request["program"], f"{name}: {differs}"))
                break
    replay.stdin.close()
    replay.wait()
    print(f"{len(requests)} programs, {len(refused)} of them not for DuckDB, {failed} stop with an error, {rows} rows")
    for seed, why in refused[:10]:
        print(seed, why)
    assert not wrong, f"{len(wrong)} differ\n" + "\n".join(f"-- {s}\n{p}\n   {d}" for s, p, d in wrong[:8])
    assert len(requests) - len(refused) - failed > PROGRAMS * 0.7 and rows > PROGRAMS
