"""What the DAG files share. They alone import this module: nothing else in the kernel needs Airflow."""

from __future__ import annotations

import dataclasses
import math
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import Any, NoReturn, cast

from airflow.sdk import Asset, get_current_context
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowSkipException,
    AirflowTaskTimeout,
)

from recolake.errors import NotFoundError, RecolakeError
from recolake.lineage.emit import task_lineage
from recolake.orchestration.airflow import announce
from recolake.orchestration.chain import CHAIN, TENANTS, extra_for, tenants_named
from recolake.settings import load_settings
from recolake.tenancy.directory import known_tenants

OWNER = "recolake"
TASK_DEFAULTS: dict[str, Any] = {
    "owner": OWNER,
    "retries": 2,
    "retry_delay": timedelta(seconds=10),
    "execution_timeout": timedelta(hours=1),
}
DAG_DEFAULTS: dict[str, Any] = {"catchup": False, "max_active_runs": 1, "default_args": TASK_DEFAULTS}
XCOM_RETURN_KEY = "return_value"
# What a failed attempt leaves for the next, in Airflow's store of task state: XComs do not outlive a try.
_KEPT = "attempts_so_far"
ASSETS = {name: Asset(name) for step in CHAIN for name in (step.reads, step.writes)}


@dataclass(slots=True)
class _Attempt:
    """What one attempt of a task came to, by tenant; who is in neither of the dicts was not reached."""

    reports: dict[str, Any] = field(default_factory=dict)
    touched: list[str] = field(default_factory=list)
    failed: dict[str, BaseException] = field(default_factory=dict)


def run_for_tenants(
    outlet: str,
    step: Callable[[str], Any],
    *,
    changed: Callable[[Any, bool], bool] = lambda report, announced: True,
    due: Callable[[str], bool] = lambda tenant: False,
    context: Mapping[str, Any] | None = None,
    send_on: Callable[[str, Mapping[str, Any]], Any] | None = None,
) -> dict[str, Any]:
    """Do a step for each tenant of this run, then hand those that changed to the next DAG.

    Tenants with whom an earlier attempt was done are not worked on again: their event is out already.

    Args:
        outlet: asset that the calling task has as its outlet.
        step: takes a tenant's name, gives its report (dataclass, pydantic model, or a list of them).
        changed: whether a report means work for the next DAG; told too whether an event started this run.
        due: whether the next DAG has work for a tenant all the same, as after an attempt that was killed
            between its work and its event; asked after the step, of those without a change, and of those
            for whom it failed, who may have got some of their news through.
        context: Airflow's context of the task; default: that of the running one.
        send_on: posts an asset event by other means than success, and gives None where nobody heard it;
            default: over Airflow's REST API.

    Returns:
        Reports as JSON by tenant, for XCom.

    Raises:
        AirflowSkipException: nothing changed, so nothing downstream may run.
        AirflowFailException: an error that trying again cannot mend.
    """
    context = context or cast(Mapping[str, Any], get_current_context())
    kept = context["task_state_store"].get(_KEPT) or {"reports": {}, "failed": []}
    announced = bool(context["triggering_asset_events"])
    left = [tenant for tenant in _tenants_of(context) if tenant not in kept["reports"]]
    # Who failed before comes last: a tenant that takes all of the time must not keep it from the others.
    left.sort(key=lambda tenant: tenant in kept["failed"])
    attempt = _work(left, step, lambda report: changed(report, announced), due)
    reports: dict[str, Any] = {**kept["reports"], **attempt.reports}
    if attempt.failed:
        # A failed task emits no event, and its retries take a while: the others are handed on now.
        post = partial(announce, load_settings()) if send_on is None else send_on
        if not attempt.touched or post(outlet, extra_for(attempt.touched)) is not None:
            context["task_state_store"].set(_KEPT, {"reports": reports, "failed": sorted(attempt.failed)})
        _fail(attempt.failed)
    # Whoever clears the task later means all of its tenants.
    context["task_state_store"].delete(_KEPT)
    if not attempt.touched:
        context["ti"].xcom_push(key=XCOM_RETURN_KEY, value=reports)
        raise AirflowSkipException("Nothing new: the next step is not started.")
    context["outlet_events"][ASSETS[outlet]].extra = extra_for(attempt.touched)
    return reports


def _work(
    tenants: Iterable[str],
    step: Callable[[str], Any],
    changed: Callable[[Any], bool],
    due: Callable[[str], bool],
) -> _Attempt:
    """The step for one tenant after the other; what is wrong with one does not keep the others waiting."""
    done = _Attempt()
    for tenant in tenants:
        try:
            with task_lineage(tenant):
                report = step(tenant)
            touched = changed(report) or due(tenant)
        except (Exception, AirflowTaskTimeout) as error:
            # The task's log ends with a sentence for people, whatever the traceback looks like.
            traceback.print_exception(error)
            print(f"{tenant}: {_said(error)}", file=sys.stderr)
            done.failed[tenant] = error
            if isinstance(error, AirflowTaskTimeout):
                # The time was that of the whole attempt; the next one has as much again.
                break
            with suppress(Exception):
                done.touched += [tenant] if due(tenant) else []
        else:
            done.reports[tenant] = as_json(report)
            done.touched += [tenant] if touched else []
    return done


def as_json(report: Any) -> Any:
    """A report as plain JSON values; what JSON has no form for becomes its text."""
    if hasattr(report, "model_dump"):
        return report.model_dump(mode="json")
    if dataclasses.is_dataclass(report) and not isinstance(report, type):
        # Not dataclasses.asdict: it makes nonsense of a Counter, and leaves out sums that are properties.
        names = [field.name for field in dataclasses.fields(report)]
        names += [name for name, member in vars(type(report)).items() if isinstance(member, property)]
        return {name: as_json(getattr(report, name)) for name in names}
    if isinstance(report, Mapping):
        return {str(key): as_json(value) for key, value in report.items()}
    if isinstance(report, (list, tuple, set, frozenset)):
        return [as_json(part) for part in report]
    if isinstance(report, float):
        return float(report) if math.isfinite(report) else None
    return report if report is None or isinstance(report, (bool, int)) else str(report)


def _tenants_of(context: Mapping[str, Any]) -> list[str]:
    known = [tenant.name for tenant in known_tenants(load_settings())]
    by_hand = (context["dag_run"].conf or {}).get(TENANTS)
    if by_hand:
        return tenants_named([{TENANTS: by_hand}], known)
    triggers: Mapping[Any, Sequence[Any]] = context["triggering_asset_events"]
    return tenants_named([event.extra for events in triggers.values() for event in events], known)


def _fail(failed: Mapping[str, BaseException]) -> NoReturn:
    text = "; ".join(f"{tenant}: {_said(error)}" for tenant, error in failed.items())
    hopeless = all(map(_is_hopeless, failed.values()))
    first = next(iter(failed.values()))
    raise (AirflowFailException if hopeless else AirflowException)(text) from first


def _is_hopeless(error: BaseException) -> bool:
    """Trying again cannot mend what a tenant sent, nor move the gate. What is not there may yet come: the
    catalogue of an engine that was started again fills while tasks already ask it."""
    return (
        isinstance(error, RecolakeError)
        and error.status < HTTPStatus.INTERNAL_SERVER_ERROR
        and not isinstance(error, NotFoundError)
    )


def _said(error: BaseException) -> str:
    if isinstance(error, AirflowTaskTimeout):
        return "the time of the task was up."
    return f"{error.message} {error.hint}".rstrip() if isinstance(error, RecolakeError) else repr(error)
