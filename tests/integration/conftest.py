"""What tests of several parts together share: an engine that takes a handful of rows for what they are."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

import pytest
import requests
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis.strategies import booleans, one_of

from recolake.lake.engine import connect
from recolake.settings import Settings

# What would tell how the platform is made inside.
_TOLD_TO_NOBODY = ("traceback", "sqlalchemy", "psycopg", "select ", "insert into", ".py")
_REQUESTS = hypothesis_settings(
    max_examples=200 if os.environ.get("RECOLAKE_SOAK") else 8,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

# Compiling plans, cutting rows into partitions and planning anew after each stage are half of what a build
# of a hundred rows costs; what these tests prove is the SQL. The end-to-end test and the one of Online Retail
# run as the platform does.
_SMALL = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.files.minPartitionNum": "1",
    "spark.sql.leafNodeDefaultParallelism": "1",
    "spark.databricks.delta.snapshotPartitions": "1",
}


def _take_as_small(settings: Settings) -> None:
    conf = connect(settings).conf
    for name, value in _SMALL.items():
        conf.set(name, value)


@pytest.fixture(scope="session")
def _as_set_up(platform: Settings) -> dict[str, str]:
    """What the platform tells its engine of how much data there is."""
    said = connect(platform).conf.getAll
    return {name: said[name] for name in _SMALL if name in said}


@pytest.fixture(scope="session")
def platform(platform: Settings, _as_set_up: dict[str, str]) -> Settings:
    """The platform, whose engine takes a handful of rows for what they are before any fixture builds."""
    _take_as_small(platform)
    return platform


@pytest.fixture(scope="module", autouse=True)
def _small_data(request: pytest.FixtureRequest) -> Iterator[None]:
    """The same in each module, since the engine may be another by now, unless it is marked as `much_data`."""
    module = request.node
    items = [item for item in request.session.items if item.getparent(pytest.Module) is module]
    if not any("platform" in getattr(item, "fixturenames", ()) for item in items):
        yield
        return
    settings: Settings = request.getfixturevalue("platform")
    _take_as_small(settings)
    if not module.get_closest_marker("much_data"):
        yield
        return
    conf = connect(settings).conf
    # Unset, what the platform gave its engine would be what Spark has for it.
    as_set_up: dict[str, str] = request.getfixturevalue("_as_set_up")
    for name in _SMALL:
        if name in as_set_up:
            conf.set(name, as_set_up[name])
        else:
            conf.unset(name)
    yield
    _take_as_small(settings)


@pytest.fixture
def ask_anything(subtests: pytest.Subtests) -> Callable[..., None]:
    """Sends what the description of an application allows and what it forbids, to each operation some.

    The requests are the same ones in each run. A subtest an operation fails where an answer is not as the
    description says, is a 5xx, or is an error without a problem document. `known` names parameters of paths
    and things that there are, after which half of the requests ask. `under` is where the paths begin.
    """
    import schemathesis

    # Pieces of files are bytes, whatever they are called.
    schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")

    judge = _judge()

    def ask_anything(
        client: TestClient,
        headers: dict[str, str],
        known: Mapping[str, str] = MappingProxyType({}),
        under: str = "/",
    ) -> None:
        app: Any = client.app
        schema = schemathesis.openapi.from_dict(app.openapi())
        for found in schema.get_all_operations():
            operation = found.ok()
            if not operation.path.startswith(under):
                continue
            made = one_of(operation.as_strategy(generation_mode=mode) for mode in schemathesis.GenerationMode)

            @_REQUESTS
            @given(made, booleans())
            def ask(case: Any, of_known: bool) -> None:
                if of_known:
                    case.path_parameters |= {k: v for k, v in known.items() if k in case.path_parameters}
                judge(case, _send(case, client, headers))

            with subtests.test(operation=operation.label):
                ask()

    return ask_anything


def _send(case: Any, client: TestClient, headers: dict[str, str]) -> Any:
    """The request as it goes over the wire, whatever of it a client would not say so."""
    wire = requests.Request(**case.as_transport_kwargs(base_url=str(client.base_url), headers=headers))
    sent = wire.prepare()
    return client.request(
        sent.method, sent.url, content=sent.body, headers=dict(sent.headers), follow_redirects=False
    )


def _judge() -> Callable[[Any, Any], None]:
    from schemathesis import checks

    from recolake.web.described import Problem

    checks.load_all_checks()
    judged = [
        checks.not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_headers_conformance,
        checks.response_schema_conformance,
    ]

    def judge(case: Any, answer: Any) -> None:
        case.validate_response(answer, checks=judged)
        if answer.status_code < HTTPStatus.BAD_REQUEST or case.method == "HEAD":
            return
        if answer.headers["content-type"].startswith("text/html"):
            return  # pages of the login, which are for people
        problem = Problem.model_validate(answer.json())
        assert problem.status == answer.status_code
        assert problem.type == f"urn:recolake:error:{problem.code}"
        assert problem.request_id == answer.headers["x-request-id"]
        assert not [word for word in _TOLD_TO_NOBODY if word in answer.text.lower()], answer.text

    return judge
