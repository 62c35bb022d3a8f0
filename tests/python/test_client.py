"""The unchanged client of this generation against the real binary: what its users do, and what goes wrong for them."""

import json
import subprocess
import threading
import time
from decimal import Decimal

import pandas as pd
import pytest
from conftest import binary, serving
from feldera import FelderaClient, PipelineBuilder
from feldera.enums import PipelineStatus, ProgramStatus
from feldera.rest.errors import FelderaAPIError

SALES = """
CREATE TABLE items (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR NOT NULL) WITH ('materialized' = 'true');
CREATE TABLE sales (item BIGINT NOT NULL, amount DECIMAL(10, 2), at TIMESTAMP) WITH ('materialized' = 'true');
CREATE MATERIALIZED VIEW totals AS
    SELECT name, COUNT(*) AS n, SUM(amount) AS total FROM items JOIN sales ON items.id = sales.item GROUP BY name;
"""
ITEMS = pd.DataFrame({"id": [1, 2], "name": ["pen", "cup"]})
SOLD = pd.DataFrame({
    "item": [1, 1, 2],
    "amount": ["1.50", "2.25", "9.00"],
    "at": pd.to_datetime(["2024-01-01 10:00:00", "2024-01-02 11:30:15", "2024-02-29 00:00:00"]),
})


def rows(frame):
    """A frame's rows, in order, whatever its index."""
    return sorted(frame.to_dict(orient="records"), key=str)


def test_pandas_in_and_out(pipeline):
    p = pipeline(SALES)
    totals = p.listen("totals")
    p.start()
    p.input_pandas("items", ITEMS)
    p.input_pandas("sales", SOLD)
    p.wait_for_completion(True)
    sums = {}
    for row in totals.to_dict():
        key = (row["name"], row["n"], row["total"])
        sums[key] = sums.get(key, 0) + row["insert_delete"]
    assert {k: n for k, n in sums.items() if n} == {
        ("pen", 2, Decimal("3.75")): 1,
        ("cup", 1, Decimal("9.00")): 1,
    }
    assert p.status() == PipelineStatus.SHUTDOWN


def test_json_in_and_queries_out(pipeline, tmp_path):
    p = pipeline(SALES)
    p.start()
    p.input_json("items", [{"id": 1, "name": "pen"}, {"id": 2, "name": "cup"}])
    p.input_json("sales", {"insert": {"item": 2, "amount": 4, "at": None}}, update_format="insert_delete")
    # What was taken in is what a query sees, at once.
    assert list(p.query("SELECT id, name FROM items ORDER BY id")) == [{"id": 1, "name": "pen"}, {"id": 2, "name": "cup"}]
    assert list(p.query("SELECT * FROM totals")) == [{"name": "cup", "n": 1, "total": Decimal("4.00")}]
    assert list(p.query("SELECT * FROM sales WHERE item = 7")) == []
    lines = list(p.query_tabular("SELECT name FROM items ORDER BY name"))
    assert lines == ["+------+", "| name |", "+------+", "| cup  |", "| pen  |", "+------+"]
    p.query_parquet("SELECT * FROM items ORDER BY id", str(tmp_path / "items"))
    assert rows(pd.read_parquet(tmp_path / "items.parquet")) == rows(ITEMS)
    p.execute("INSERT INTO items VALUES (3, 'hat')")
    assert [r["id"] for r in p.query("SELECT id FROM items ORDER BY id")] == [1, 2, 3]
    p.input_json("items", {"delete": {"id": 3}}, update_format="insert_delete")
    assert [r["count(*)"] for r in p.query("SELECT COUNT(*) FROM items")] == [2]


def test_a_callback_sees_every_chunk(pipeline):
    p = pipeline("CREATE TABLE t (n BIGINT); CREATE VIEW v AS SELECT n * 2 AS m FROM t;")
    seen, numbers = [], []
    p.foreach_chunk("v", lambda frame, number: (seen.append(frame), numbers.append(number)))
    p.start()
    for i in range(5):
        p.input_json("t", [{"n": i}, {"n": i + 100}])
    p.wait_for_completion(True)
    got = pd.concat(seen)
    assert sorted(got["m"]) == sorted(2 * (i + d) for i in range(5) for d in (0, 100))
    assert numbers == sorted(numbers)


def test_pause_and_resume(pipeline):
    p = pipeline("CREATE TABLE t (n BIGINT) WITH ('materialized' = 'true'); CREATE VIEW v AS SELECT * FROM t;")
    p.start()
    p.pause()
    assert p.status() == PipelineStatus.PAUSED
    with pytest.raises(RuntimeError, match="paused"):
        p.input_json("t", {"n": 1})
    p.input_json("t", {"n": 2}, force=True)
    assert list(p.query("SELECT * FROM t")) == [{"n": 2}]
    p.resume()
    assert p.status() == PipelineStatus.RUNNING
    p.input_json("t", {"n": 3})
    assert sorted(r["n"] for r in p.query("SELECT * FROM t")) == [2, 3]
    p.wait_for_idle(idle_interval_s=1.0, timeout_s=30.0)
    p.restart()
    assert list(p.query("SELECT * FROM t")) == []


def test_a_paused_pipeline_makes_requests_wait(client, pipeline):
    p = pipeline("CREATE TABLE t (n BIGINT) WITH ('materialized' = 'true'); CREATE VIEW v AS SELECT * FROM t;")
    p.start()
    p.pause()
    waiting = threading.Thread(target=client.push_to_pipeline, args=(p.name, "t", "json", {"n": 1}))
    waiting.start()
    time.sleep(0.5)
    assert waiting.is_alive()
    assert list(p.query("SELECT * FROM t")) == []
    p.resume()
    waiting.join(timeout=10)
    assert not waiting.is_alive()
    assert list(p.query("SELECT * FROM t")) == [{"n": 1}]


def test_what_a_pipeline_tells_of_itself(pipeline):
    p = pipeline(SALES, description="sales by item")
    assert p.description() == "sales by item"
    assert p.program_status() == ProgramStatus.Success
    assert [t.name for t in p.tables()] == ["items", "sales"]
    assert "totals" in [v.name for v in p.views()]
    assert (p.version(), p.program_version()) == (1, 1)
    assert p.runtime_config()["workers"] == 2
    assert p.created_at() <= p.program_status_since()
    assert p.deployment_desired_status() == PipelineStatus.SHUTDOWN


def test_replacing_a_program(client, pipeline):
    p = pipeline("CREATE TABLE t (n BIGINT); CREATE MATERIALIZED VIEW v AS SELECT n + 1 AS m FROM t;")
    p.start()
    again = PipelineBuilder(
        client, p.name, sql="CREATE TABLE t (n BIGINT); CREATE MATERIALIZED VIEW v AS SELECT n + 2 AS m FROM t;"
    ).create_or_replace()
    again.start()
    again.input_json("t", {"n": 1})
    assert list(again.query("SELECT * FROM v")) == [{"m": 3}]
    assert again.program_version() == 2


def test_sql_errors_say_where(pipeline):
    with pytest.raises(RuntimeError) as e:
        pipeline("CREATE TABLE t (n BIGINT);\nCREATE VIEW v AS SELECT missing FROM t;")
    assert "missing" in str(e.value)
    assert "CREATE VIEW v AS SELECT missing" in str(e.value)


def test_records_that_cannot_be_read(pipeline):
    p = pipeline("CREATE TABLE t (n BIGINT) WITH ('materialized' = 'true'); CREATE VIEW v AS SELECT * FROM t;")
    p.start()
    with pytest.raises(FelderaAPIError) as e:
        p.input_json("t", {"n": "a text"})
    assert e.value.status_code == 400
    assert e.value.error_code == "ParseErrors"
    assert e.value.details["num_errors"] == 1
    with pytest.raises(ValueError, match="does not exist"):
        p.input_pandas("absent", pd.DataFrame({"n": [1]}))
    with pytest.raises(FelderaAPIError) as e:
        list(p.query("SELECT * FROM nowhere"))
    assert e.value.status_code == 400


def test_a_pipeline_that_fails(pipeline):
    p = pipeline("CREATE TABLE t (n INT); CREATE MATERIALIZED VIEW v AS SELECT 10 / n AS q FROM t;")
    p.start()
    p.input_json("t", {"n": 0})
    deadline = time.monotonic() + 30
    while p.status() != PipelineStatus.FAILED:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert "divide by zero" in p.deployment_error()["message"].lower()
    with pytest.raises(RuntimeError, match="FAILED"):
        p.start()
    p.shutdown()
    p.start()
    p.input_json("t", {"n": 5})
    assert list(p.query("SELECT * FROM v")) == [{"q": 2}]


def test_names_that_are_unknown(client):
    with pytest.raises(FelderaAPIError) as e:
        client.get_pipeline("nobody")
    assert (e.value.status_code, e.value.error_code) == (404, "UnknownPipelineName")
    with pytest.raises(FelderaAPIError) as e:
        client.delete_pipeline("nobody")
    assert e.value.status_code == 404


def test_a_pipeline_is_deleted_only_when_shut_down(client, pipeline):
    p = pipeline("CREATE TABLE t (n BIGINT); CREATE VIEW v AS SELECT * FROM t;")
    p.start()
    with pytest.raises(FelderaAPIError) as e:
        p.delete()
    assert e.value.error_code == "CannotDeleteNonShutdownPipeline"
    p.shutdown()
    p.delete()
    assert p.name not in [q.name for q in client.pipelines()]


def test_connectors_that_are_unknown(pipeline):
    p = pipeline("CREATE TABLE t (n BIGINT); CREATE VIEW v AS SELECT * FROM t;")
    p.start()
    with pytest.raises(FelderaAPIError) as e:
        p.pause_connector("t", "absent")
    assert e.value.status_code == 404


def test_many_rows(pipeline):
    p = pipeline("CREATE TABLE t (n BIGINT NOT NULL, s VARCHAR) WITH ('materialized' = 'true');"
                 " CREATE MATERIALIZED VIEW v AS SELECT COUNT(*) AS c, SUM(n) AS total FROM t;")
    p.start()
    n = 20_000
    p.input_pandas("t", pd.DataFrame({"n": range(n), "s": [f"row {i}" for i in range(n)]}))
    assert list(p.query("SELECT * FROM v")) == [{"c": n, "total": n * (n - 1) // 2}]
    assert sum(1 for _ in p.query("SELECT n FROM t")) == n


def test_tenants_have_keys(tmp_path):
    with serving(tmp_path, "--auth", "api-key") as url:

        def tenant(name):
            made = subprocess.check_output(
                [binary(), "tenant", "create", name, "--data-dir", str(tmp_path), "--json"], text=True
            )
            return FelderaClient(url, api_key=json.loads(made)["api_key"], timeout=30)

        mine, theirs = tenant("mine"), tenant("theirs")
        p = PipelineBuilder(mine, "p", sql="CREATE TABLE t (n BIGINT) WITH ('materialized' = 'true');").create_or_replace()
        p.start()
        p.input_json("t", {"n": 1})
        assert list(p.query("SELECT * FROM t")) == [{"n": 1}]
        assert theirs.pipelines() == []
        with pytest.raises(FelderaAPIError) as e:
            theirs.get_pipeline("p")
        assert e.value.error_code == "UnknownPipelineName"
        for key in [None, "apikey:wrong"]:
            with pytest.raises(FelderaAPIError) as e:
                FelderaClient(url, api_key=key, timeout=30).pipelines()
            assert e.value.status_code == 401
        p.shutdown()
        p.delete()
