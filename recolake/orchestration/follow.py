"""Watch one landing travel through the chain of DAGs, to the published model or to where nothing was new."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote

from recolake.errors import NotFoundError, RecolakeError, ServiceUnavailableError
from recolake.orchestration.airflow import AirflowClient
from recolake.orchestration.chain import CHAIN, LANDING, Step

State = Literal["waiting", "queued", "running", "retrying", "success", "skipped"]
_POLL_SECONDS = 0.5
_STATES: dict[str | None, State] = {
    "running": "running",
    "up_for_retry": "retrying",
    "restarting": "retrying",
    "success": "success",
    "skipped": "skipped",
}


class StepFailedError(RecolakeError):
    """A step failed and will not be tried again; the message ends with the last lines of its log."""

    code = "step_failed"


@dataclass(frozen=True, slots=True)
class StepState:
    """Where a step of the chain is. `report` is what it returned, by tenant, once it ended well."""

    dag_id: str
    state: State
    run_id: str | None = None
    attempt: int = 0
    started_at: datetime | None = None
    ended_at: datetime | None = None
    report: dict[str, Any] | None = None


def follow_landing(
    airflow: AirflowClient,
    event_id: int,
    *,
    asset: str = LANDING,
    until: str = CHAIN[-1].dag_id,
    timeout_seconds: float = 3600,
    clock: Callable[[], float] = time.monotonic,
    wait: Callable[[float], None] = time.sleep,
) -> Iterator[StepState]:
    """Yield each change of state, step by step, from an announced landing up to and with the DAG `until`.

    `asset` is another one of the chain where that, and no landing, was announced.

    Ends early after a `skipped` step: it found nothing new, and no later step runs. Where Airflow folds
    several events into one run, that run is followed.

    Raises:
        StepFailedError: a step failed for good.
        ServiceUnavailableError: Airflow stopped answering, a DAG is paused, or the time is up.
    """
    deadline = clock() + timeout_seconds

    def pause(step: Step) -> None:
        if clock() >= deadline:
            raise ServiceUnavailableError(
                f"The DAG '{step.dag_id}' did not end within {timeout_seconds:.0f} s.",
                hint="Look at it in Airflow, and at `recolake logs airflow`.",
            )
        wait(_POLL_SECONDS)

    source: dict[str, Any] = {"name_pattern": asset, "order_by": "-timestamp", "limit": 100}
    wanted: int | None = event_id
    for step in _from(asset):
        _refuse_paused(airflow, step)
        yield StepState(step.dag_id, "waiting")
        while (run_id := _run_started_by(airflow, step, source, wanted)) is None:
            pause(step)
        last = None
        while True:
            state = _state_of(airflow, step, run_id)
            if state != last:
                yield state
                last = state
            if state.state in ("success", "skipped"):
                break
            pause(step)
        if state.state == "skipped" or step.dag_id == until:
            return
        source, wanted = {"source_dag_id": step.dag_id, "source_run_id": run_id}, None


def _from(asset: str) -> tuple[Step, ...]:
    """The steps of the chain from the one that reads this asset."""
    first = next(index for index, step in enumerate(CHAIN) if step.reads == asset)
    return CHAIN[first:]


def _refuse_paused(airflow: AirflowClient, step: Step) -> None:
    if airflow.get(f"/dags/{step.dag_id}")["is_paused"]:
        raise ServiceUnavailableError(
            f"The DAG '{step.dag_id}' is paused, so nothing starts it.", hint="Switch it on in Airflow."
        )


def _run_started_by(
    airflow: AirflowClient, step: Step, source: dict[str, Any], event_id: int | None
) -> str | None:
    """Id of the step's run that an asset event started; None as long as the scheduler has not made it."""
    for event in airflow.get("/assets/events", **source)["asset_events"]:
        if event_id in (None, event["id"]):
            for run in event["created_dagruns"]:
                if run["dag_id"] == step.dag_id:
                    return str(run["run_id"])
    return None


def _state_of(airflow: AirflowClient, step: Step, run_id: str) -> StepState:
    place = f"/dags/{step.dag_id}/dagRuns/{quote(run_id, safe='')}/taskInstances/{step.dag_id}"
    task = airflow.get(place)
    if task["state"] in ("failed", "upstream_failed", "removed"):
        tail = airflow.log_tail(step.dag_id, run_id, step.dag_id, task["try_number"])
        attempts = f"{task['try_number']} attempt{'s' if task['try_number'] != 1 else ''}"
        raise StepFailedError(
            f"The step '{step.dag_id}' failed after {attempts}. Its log ends:\n{tail}",
            hint=f"The whole log is in Airflow, run {run_id}.",
        )
    state = _STATES.get(task["state"], "queued")
    return StepState(
        step.dag_id,
        state,
        run_id,
        int(task["try_number"]),
        _moment(task["start_date"]),
        _moment(task["end_date"]),
        _report(airflow, place) if state in ("success", "skipped") else None,
    )


def _report(airflow: AirflowClient, place: str) -> dict[str, Any] | None:
    try:
        entry = airflow.get(f"{place}/xcomEntries/return_value", deserialize=True)
    except NotFoundError:
        return None
    value: dict[str, Any] | None = entry["value"]
    return value


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
