"""TPC-H: all 22 queries, kept up to date while rows come and go, equal DuckDB's answers. WEIR_TPC_SCALE is the scale factor."""

import os

import pytest

import referee

SCALE = float(os.environ.get("WEIR_TPC_SCALE", "0.01"))


@pytest.mark.parametrize("workers", [1, 3])
def test_all_queries(workers):
    database = referee.connect("tpch", SCALE)
    queries = referee.queries(database, "tpch")
    assert len(queries) == 22
    views = [f"CREATE VIEW q{n} AS {text};" for n, text in queries.items()]
    program = referee.declarations(database) + "\n" + "\n".join(views)
    steps = referee.script(referee.contents(database), 4, seed=workers)
    weir = referee.Weir()
    answer = weir.run(program, steps, workers)
    weir.close()
    assert "views" in answer, answer
    wrong = {}
    for n, text in queries.items():
        theirs = database.execute(text).fetchall()
        found = referee.difference(answer["views"][f"q{n}"], theirs)
        if found:
            wrong[n] = found
    assert not wrong, wrong
