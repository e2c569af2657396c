"""Telling of runs. Whatever goes wrong here is logged and nothing more: lineage never makes a step fail."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import wraps
from typing import ParamSpec

from recolake.lake.tables import ALL_TABLES, Table
from recolake.lineage.events import DataState, Parent, RunFacts, State, airflow_parent, run_event
from recolake.lineage.names import table as table_node
from recolake.lineage.store import append_events
from recolake.settings import Settings, load_settings
from recolake.tenancy.context import Tenant

_P = ParamSpec("_P")
_log = logging.getLogger(__name__)


def harmless(tell: Callable[_P, None]) -> Callable[_P, None]:
    """Let a function that only tells of work never break the work."""

    @wraps(tell)
    def told(*args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            tell(*args, **kwargs)
        except Exception:
            _log.warning("lineage: %s was not told", tell.__name__, exc_info=True)

    return told


def table_at(table: Table, version: int, settings: Settings, rows: int | None = None) -> DataState:
    """A Delta table at a version, with the columns that the registry knows."""
    fields = [(column.name, column.type, column.comment) for column in table.columns]
    return DataState(table_node(table.qualified, version), rows, fields, table.location(settings))


def tables_at(versions: Mapping[str, int], settings: Settings) -> list[DataState]:
    """Tables by qualified name, each at its version."""
    known = {table.qualified: table for table in ALL_TABLES}
    return [table_at(known[name], version, settings) for name, version in versions.items() if name in known]


@dataclass
class LineageRun:
    """A run under way, which learns what it reads and writes."""

    settings: Settings
    tenant: Tenant
    job: str
    parent: Parent | None = None
    integration: str = "PYTHON"
    run_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    inputs: list[DataState] = field(default_factory=list)
    outputs: list[DataState] = field(default_factory=list)

    def reads(self, *datasets: DataState) -> None:
        """It read these."""
        self.inputs += datasets

    def wrote(self, *datasets: DataState) -> None:
        """It wrote these; counted only if the run completes."""
        self.outputs += datasets

    @property
    def as_parent(self) -> Parent:
        return Parent(self.run_id, self.job)

    def event(self, state: State, at: datetime, error: BaseException | None = None) -> str:
        """The event that says so, as a line of JSON; a failed run has written nothing."""
        outputs = [] if state is State.FAIL else self.outputs
        facts = RunFacts(
            self.tenant, self.job, self.run_id, self.inputs, outputs, self.parent, self.integration
        )
        return run_event(facts, state, at, error)

    @harmless
    def tell(self, state: State, error: BaseException | None = None) -> None:
        """Write the event into the lake."""
        now = datetime.now(UTC)
        append_events(self.settings, self.tenant, now, [self.event(state, now, error)])


@contextmanager
def lineage_run(
    settings: Settings,
    tenant: Tenant,
    job: str,
    *inputs: DataState,
    parent: Parent | None = None,
    integration: str = "PYTHON",
    run_id: str | None = None,
) -> Iterator[LineageRun]:
    """Tell of a run: START on entry, COMPLETE or FAIL on exit; what is raised inside goes on.

    Args:
        job: name of the job within the tenant's namespace.
        parent: run that it is a part of; default: the Airflow task that this process works for, if any.
        run_id: a UUID; default: a new one.
    """
    found = parent or airflow_parent(tenant)
    if found is not None and found.run_id == run_id:
        found = None
    run = LineageRun(
        settings, tenant, job, found, integration, run_id or str(uuid.uuid4()), inputs=list(inputs)
    )
    run.tell(State.START)
    try:
        yield run
    except BaseException as error:
        run.tell(State.FAIL, error)
        raise
    run.tell(State.COMPLETE)


@contextmanager
def task_lineage(tenant: str) -> Iterator[None]:
    """Tell of the Airflow task that this is done in, as a run for the tenant; outside of Airflow, of nothing.

    Runs inside name it as their parent.
    """
    task = airflow_parent(Tenant(tenant))
    if task is None:
        yield
        return
    with lineage_run(load_settings(), Tenant(tenant), task.job, run_id=task.run_id, integration="AIRFLOW"):
        yield
