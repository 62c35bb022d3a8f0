"""TPC-DS: all 99 queries, kept up to date while rows come and go, equal DuckDB's answers. WEIR_TPC_SCALE is the scale factor."""

import os
import re

import pytest

import referee

SCALE = float(os.environ.get("WEIR_TPC_SCALE", "0.01"))
GROUP = 11

@pytest.fixture(scope="module")
def database():
    return referee.connect("tpcds", SCALE)


@pytest.fixture(scope="module")
def tables(database):
    return referee.contents(database)


@pytest.mark.parametrize("first", range(1, 100, GROUP))
def test_queries(database, tables, first):
    queries = referee.queries(database, "tpcds")
    assert len(queries) == 99
    group = range(first, first + GROUP)
    # SUM has the type of what it adds up, so that is declared wide enough for the sum.
    declarations = re.sub(r"DECIMAL\(\d+,\s*2\)", "DECIMAL(15,2)", referee.declarations(database))
    program = declarations + "\n".join(f"CREATE VIEW q{n} AS {queries[n]};" for n in group)
    words = set(re.findall(r"\w+", " ".join(queries[n] for n in group)))
    read = {name: rows for name, rows in tables.items() if name in words}
    weir = referee.Weir()
    answer = weir.run(program, referee.script(read, 3, seed=first), 1 + first % 3)
    weir.close()
    assert "views" in answer, answer
    wrong = {}
    for n in group:
        theirs = database.execute(queries[n]).fetchall()
        found = referee.difference(answer["views"][f"q{n}"], theirs)
        if found:
            wrong[n] = found
    assert not wrong, wrong
