"""What the DAG files share. They alone import this module: nothing else in the kernel needs Airflow."""

from __future__ import annotations

import dataclasses
import math
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, NoReturn, cast

from airflow.sdk import Asset, get_current_context
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from recolake.errors import InvalidInputError, RecolakeError, UnknownTenantError
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
# Trying again cannot mend what a tenant sent.
_HOPELESS = (InvalidInputError, UnknownTenantError)
ASSETS = {name: Asset(name) for step in CHAIN for name in (step.reads, step.writes)}


def run_for_tenants(
    outlet: str,
    step: Callable[[str], Any],
    *,
    changed: Callable[[Any, bool], bool] = lambda report, announced: True,
    context: Mapping[str, Any] | None = None,
    send_on: Callable[[str, Mapping[str, Any]], Any] | None = None,
) -> dict[str, Any]:
    """Do a step for each tenant of this run, then hand those that changed to the next DAG.

    Args:
        outlet: asset that the calling task has as its outlet.
        step: takes a tenant's name, gives its report (dataclass, pydantic model, or a list of them).
        changed: whether a report means work for the next DAG; told too whether an event started this run.
        context: Airflow's context of the task; default: that of the running one.
        send_on: posts an asset event by other means than success; default: over Airflow's REST API.

    Returns:
        Reports as JSON by tenant, for XCom.

    Raises:
        AirflowSkipException: nothing changed, so nothing downstream may run.
        AirflowFailException: an error that trying again cannot mend.
    """
    context = context or cast(Mapping[str, Any], get_current_context())
    tenants = _tenants_of(context)
    done: dict[str, Any] = {}
    failed: dict[str, Exception] = {}
    for tenant in tenants:
        try:
            done[tenant] = step(tenant)
        except Exception as error:
            # Whatever is wrong with one tenant's data must not keep the others waiting. The task's log ends
            # with a sentence for people, whatever the traceback looks like.
            traceback.print_exception(error)
            print(f"{tenant}: {_said(error)}", file=sys.stderr)
            failed[tenant] = error
    # An earlier attempt may have been killed between its work and its event: a retry speaks for both.
    retried = context["ti"].try_number > 1
    announced = bool(context["triggering_asset_events"])
    touched = [tenant for tenant, report in done.items() if retried or changed(report, announced)]
    if failed:
        hopeless = all(isinstance(error, _HOPELESS) for error in failed.values())
        if touched and (hopeless or context["ti"].try_number > context["ti"].max_tries):
            # A failed task emits no event: without this the other tenants would wait for the one that fails.
            (send_on or partial(announce, load_settings()))(outlet, extra_for(touched))
        _fail(failed, hopeless)
    reports = {tenant: as_json(report) for tenant, report in done.items()}
    if not touched:
        context["ti"].xcom_push(key=XCOM_RETURN_KEY, value=reports)
        raise AirflowSkipException("Nothing new: the next step is not started.")
    context["outlet_events"][ASSETS[outlet]].extra = extra_for(touched)
    return reports


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


def _fail(failed: Mapping[str, Exception], hopeless: bool) -> NoReturn:
    text = "; ".join(f"{tenant}: {_said(error)}" for tenant, error in failed.items())
    first = next(iter(failed.values()))
    raise (AirflowFailException if hopeless else AirflowException)(text) from first


def _said(error: Exception) -> str:
    return f"{error.message} {error.hint}".rstrip() if isinstance(error, RecolakeError) else repr(error)
