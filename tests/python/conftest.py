"""A server of its own for the tests: the real binary, a free port, a temporary data folder."""

import contextlib
import os
import pathlib
import subprocess
import uuid

import pytest
from feldera import FelderaClient, PipelineBuilder
from feldera.enums import CompilationProfile
from feldera.rest.errors import FelderaAPIError
from feldera.runtime_config import Resources, RuntimeConfig

ROOT = pathlib.Path(__file__).resolve().parents[2]


def binary():
    """The binary under test: `WEIR`, or what `cargo build` made."""
    target = os.environ.get("CARGO_TARGET_DIR", ROOT / "target")
    return os.environ.get("WEIR", str(pathlib.Path(target) / "debug" / "weir"))


@contextlib.contextmanager
def serving(data, *options):
    """A server on a data folder; gives its URL."""
    with open(data / "server.log", "w") as log:
        server = subprocess.Popen(
            [binary(), "serve", "--bind", "127.0.0.1:0", "--data-dir", str(data), *options],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        line = server.stdout.readline()
        assert "http://127.0.0.1:" in line, (line, (data / "server.log").read_text())
        try:
            yield line.split()[-1]
        finally:
            server.terminate()
            assert server.wait(timeout=30) == 0


@pytest.fixture(scope="session")
def url(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("data")) as url:
        yield url


@pytest.fixture
def client(url):
    # As the client's own users make it; the key is ignored without authentication.
    return FelderaClient(url, api_key="unused", timeout=30)


@pytest.fixture
def pipeline(client):
    """Makes pipelines from SQL, and removes them after the test."""
    made = []

    def make(sql, **options):
        name = f"py-{uuid.uuid4()}"
        options.setdefault("compilation_profile", CompilationProfile.UNOPTIMIZED)
        options.setdefault("runtime_config", RuntimeConfig(workers=2, resources=Resources()))
        p = PipelineBuilder(client, name, sql=sql, **options).create_or_replace()
        made.append(p)
        return p

    yield make
    for p in made:
        try:
            p.shutdown()
            p.delete()
        except FelderaAPIError as e:
            assert e.status_code == 404, e
