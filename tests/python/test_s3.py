"""`s3_input`, against a server that speaks S3 (moto) on this machine."""

import json
import time

import boto3
import pytest
from conftest import serving
from feldera import FelderaClient, PipelineBuilder
from feldera.enums import CompilationProfile
from feldera.runtime_config import Resources, RuntimeConfig
from moto.server import ThreadedMotoServer

ROWS = 20_000


@pytest.fixture(scope="module")
def bucket():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    keys = {"aws_access_key_id": "who", "aws_secret_access_key": "knows"}
    s3 = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **keys)
    s3.create_bucket(Bucket="rows")
    for part in range(4):
        rows = range(part * ROWS // 4, (part + 1) * ROWS // 4)
        body = "a;b\n" + "".join(f"{i};text {i}\n" for i in rows)
        s3.put_object(Bucket="rows", Key=f"data/part-{part} é.csv", Body=body.encode())
    s3.put_object(Bucket="rows", Key="data/other.csv", Body=b"a;b\n-1;no\n")
    s3.put_object(Bucket="rows", Key="one.json", Body=b'{"insert": {"a": 1, "b": "x"}}')
    yield {"bucket_name": "rows", "endpoint_url": endpoint, "region": "us-east-1", **keys}
    server.stop()


def read(url, name, transport, form):
    """The statistics of a connector, when it has come to its end or given up, and what the table holds."""
    client = FelderaClient(url, api_key="unused", timeout=30)
    connector = {"name": "c", "transport": {"name": "s3_input", "config": transport}, "format": form}
    text = json.dumps([connector]).replace("'", "''")
    sql = f"CREATE TABLE t(a BIGINT, b VARCHAR) WITH ('materialized' = 'true', 'connectors' = '{text}');"
    pipeline = PipelineBuilder(
        client,
        name,
        sql=sql,
        compilation_profile=CompilationProfile.DEV,
        runtime_config=RuntimeConfig(workers=2, resources=Resources()),
    ).create_or_replace()
    pipeline.start()
    try:
        for _ in range(600):
            status = client.get_pipeline_stats(name)["inputs"][0]
            if status["metrics"]["end_of_input"] or status["fatal_error"]:
                break
            time.sleep(0.1)
        time.sleep(0.2)
        rows = list(pipeline.query("SELECT COUNT(*) AS n, COUNT(DISTINCT a) AS d, SUM(a) AS s FROM t"))
        return status, rows[0]
    finally:
        pipeline.shutdown()
        pipeline.delete()


def test_objects_below_a_prefix_and_one_alone(bucket, tmp_path):
    with serving(tmp_path, "--connect-private") as url:
        csv = {"name": "csv", "config": {"headers": True, "delimiter": ";"}}
        status, rows = read(url, "prefix", {**bucket, "prefix": "data/part"}, csv)
        assert status["fatal_error"] is None and status["metrics"]["num_parse_errors"] == 0, status
        assert rows == {"n": ROWS, "d": ROWS, "s": ROWS * (ROWS - 1) // 2}
        status, rows = read(url, "key", {**bucket, "key": "one.json"}, {"name": "json"})
        assert status["fatal_error"] is None and rows == {"n": 1, "d": 1, "s": 1}, status


def test_what_is_not_there_or_not_granted(bucket, tmp_path):
    with serving(tmp_path, "--connect-private") as url:
        status, rows = read(url, "gone", {**bucket, "key": "nothing"}, {"name": "json"})
        assert "not found" in status["fatal_error"].lower() and rows["n"] == 0, status
    other = tmp_path / "other"
    other.mkdir()
    with serving(other) as url:
        status, rows = read(url, "private", {**bucket, "prefix": "data/"}, {"name": "json"})
        assert "may not reach" in status["fatal_error"] and rows["n"] == 0, status
