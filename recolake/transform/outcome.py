"""What a dbt run did, in our words: a report, or an error that names the model or test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from recolake.errors import RecolakeError

_FAILED = ("error", "fail", "runtime error")


class BuildError(RecolakeError):
    """A model could not be built, or a test of the tables failed."""

    code = "build_failed"


@dataclass(frozen=True, slots=True)
class NodeOutcome:
    """One model, seed or test: `status` is dbt's (success, pass, warn, error, fail, skipped)."""

    name: str
    kind: str
    status: str
    seconds: float
    message: str

    @property
    def failed(self) -> bool:
        """Whether it must not be passed over."""
        return self.status in _FAILED


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What was built and tested.

    Attributes:
        tenants: names of those whose rows may have changed: more than were asked for where the weights of
            event types are new.
        full_refresh: everything of theirs was recomputed.
    """

    models: tuple[NodeOutcome, ...]
    tests: tuple[NodeOutcome, ...]
    tenants: tuple[str, ...]
    full_refresh: bool
    seconds: float


def read_outcome(result: Any) -> list[NodeOutcome]:
    """Outcomes of all nodes of a dbtRunnerResult.

    Raises:
        BuildError: dbt could not start.
    """
    if result.result is None:
        raise BuildError(f"dbt could not run: {_short(str(result.exception))}", hint=_HINT)
    return [
        NodeOutcome(r.node.name, str(r.node.resource_type), str(r.status), r.execution_time, r.message or "")
        for r in result.result.results
    ]


def require_success(result: Any, nodes: Sequence[NodeOutcome]) -> None:
    """Refuse a run that did not go well.

    Raises:
        BuildError: some node failed, or dbt did.
    """
    failed = [node for node in nodes if node.failed]
    if failed:
        first = failed[0]
        others = f" ({len(failed) - 1} more failed)" if len(failed) > 1 else ""
        what = f"The {first.kind} '{first.name}' failed"
        raise BuildError(f"{what}: {_short(first.message)}{others}", hint=_HINT)
    if not result.success:
        raise BuildError(f"dbt failed: {_short(str(result.exception))}", hint=_HINT)


_HINT = "The whole story is in <home>/dbt/logs/dbt.log; run `recolake build` again once the cause is gone."


def _short(message: str) -> str:
    """The message without the engine's stack trace and the statement, on one line."""
    text = message.split("JVM stacktrace")[0].split("== SQL")[0]
    return " ".join(text.split())[:600]
