"""A failed build says what failed, in one line, and nothing of the engine's inner life."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from recolake.transform.outcome import BuildError, read_outcome, require_success


@dataclass
class Node:
    name: str
    resource_type: str = "model"


@dataclass
class Result:
    node: Node
    status: str
    message: str | None = None
    execution_time: float = 0.5


@dataclass
class Results:
    results: list[Result]


@dataclass
class Invocation:
    """The fields of a dbtRunnerResult."""

    success: bool
    result: Any = None
    exception: BaseException | None = None


def test_every_node_is_reported() -> None:
    results = Results([Result(Node("gold_popularity"), "success"), Result(Node("keys", "test"), "pass")])
    outcome = read_outcome(Invocation(True, results))
    assert [(n.name, n.kind, n.status, n.seconds) for n in outcome] == [
        ("gold_popularity", "model", "success", 0.5),
        ("keys", "test", "pass", 0.5),
    ]


@pytest.mark.parametrize("status", ["error", "fail"])
def test_a_failure_names_the_node_and_the_reason_without_stack_trace(status: str) -> None:
    message = "Runtime Error\n  [DIVIDE_BY_ZERO] Division by zero.\n\nJVM stacktrace:\norg.apache.spark.Foo"
    results = Results([Result(Node("gold_popularity"), status, message), Result(Node("b"), "skipped")])
    invocation = Invocation(False, results)
    with pytest.raises(BuildError) as caught:
        require_success(invocation, read_outcome(invocation))
    assert "gold_popularity" in caught.value.message
    assert "Division by zero" in caught.value.message
    assert "stacktrace" not in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.code == "build_failed"


def test_several_failures_are_counted() -> None:
    results = Results([Result(Node(name), "error", "boom") for name in "abc"])
    invocation = Invocation(False, results)
    with pytest.raises(BuildError, match="2 more failed"):
        require_success(invocation, read_outcome(invocation))


def test_a_dbt_that_could_not_start_is_a_build_error() -> None:
    with pytest.raises(BuildError, match="no such profile"):
        read_outcome(Invocation(False, None, RuntimeError("no such profile")))


def test_warnings_fail_nothing() -> None:
    warned = Results([Result(Node("t", "test"), "warn", "3 types")])
    invocation = Invocation(True, warned)
    nodes = read_outcome(invocation)
    require_success(invocation, nodes)
    assert nodes[0].status == "warn"
