"""Random requests, made from our own OpenAPI document: no answer may be a failure of the server, or differ from the document."""

import json
import urllib.request

import pytest
import schemathesis
from feldera import PipelineBuilder
from feldera.enums import CompilationProfile
from feldera.rest.errors import FelderaAPIError
from feldera.runtime_config import Resources, RuntimeConfig
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
# A fixed budget: so many requests per operation, the same in each run.
BUDGET = settings(
    max_examples=40,
    derandomize=True,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
# Streams without end, when they are asked of a pipeline that runs; and what would stop it.
NOT_OF_A_RUNNING_PIPELINE = ["http_output", "get_pipeline_logs", "post_pipeline_action"]


@pytest.fixture(scope="module")
def document(url):
    return json.load(urllib.request.urlopen(f"{url}/api-doc/openapi.json"))


@pytest.fixture
def api(url):
    return schemathesis.openapi.from_url(f"{url}/api-doc/openapi.json")


@pytest.fixture
def running(client):
    """A pipeline that random requests meet."""
    PipelineBuilder(
        client,
        "fuzzed",
        sql="CREATE TABLE t (n INT, s VARCHAR) WITH ('materialized' = 'true');"
        " CREATE MATERIALIZED VIEW v AS SELECT s, COUNT(*) AS c FROM t GROUP BY s;",
        compilation_profile=CompilationProfile.UNOPTIMIZED,
        runtime_config=RuntimeConfig(workers=1, resources=Resources()),
    ).create_or_replace().start()
    yield "fuzzed"
    client.shutdown_pipeline("fuzzed")
    try:
        client.delete_pipeline("fuzzed")
    except FelderaAPIError as e:
        assert e.status_code == 404


anything = schemathesis.pytest.from_fixture("api")
interaction = schemathesis.pytest.from_fixture("api").include(path_regex="pipeline_name")


@anything.parametrize()
@BUDGET
def test_of_names_that_are_random(case):
    case.call_and_validate(checks=CHECKS, timeout=30)


@interaction.exclude(operation_id=NOT_OF_A_RUNNING_PIPELINE).parametrize()
@BUDGET
def test_of_a_running_pipeline(case, running):
    case.path_parameters["pipeline_name"] = running
    if "table_name" in case.path_parameters:
        case.path_parameters["table_name"] = "t"
    case.call_and_validate(checks=CHECKS, timeout=30)
