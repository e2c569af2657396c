"""The steps after an upload: run by Airflow and watched, or run one after the other as commands."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any, Protocol

from recolake.demo.board import Board
from recolake.demo.outstanding import turned_down
from recolake.demo.stages import Timeline
from recolake.demo.verdict import refusal, refusal_in
from recolake.errors import RecolakeError
from recolake.orchestration.airflow import AirflowClient
from recolake.orchestration.chain import CHAIN, extra_for
from recolake.orchestration.follow import StepState, follow_landing
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

_NOTHING_NEW = "nothing new"


class Chain(Protocol):
    """Runs every step of the chain from the one that reads `asset`."""

    def run(self, tenant: Tenant, asset: str) -> None: ...


class AirflowChain:
    """Announces the asset to Airflow and watches the runs that follow."""

    def __init__(self, settings: Settings, board: Board, timeline: Timeline) -> None:
        self._settings = settings
        self._board = board
        self._timeline = timeline

    def run(self, tenant: Tenant, asset: str) -> None:
        """Raises StepFailedError with the end of a failed step's log."""
        with AirflowClient(self._settings) as airflow:
            # Right after a start Airflow may not have read the DAGs yet.
            airflow.wait_for_dags()
            event = airflow.announce(asset, extra_for([tenant.name]))
            due = time.time()
            for state in follow_landing(airflow, event, asset=asset):
                due = self._show(tenant, state, due)

    def _show(self, tenant: Tenant, state: StepState, due: float) -> float:
        """Tell of one change; gives the time at which the next step is due."""
        name, report = state.dag_id, (state.report or {}).get(tenant.name)
        if state.state == "success" and state.ended_at:
            ended = state.ended_at.timestamp()
            self._timeline.add(name, due, ended, refusal_in(report) or summary(report))
            self._board.finish(name, self._timeline.spans[name].note, ended - due)
            return ended
        if state.state == "skipped":
            why = refusal_in(report) or _NOTHING_NEW
            self._timeline.skip(name, why)
            self._board.finish(name, why)
        else:
            attempt = f", attempt {state.attempt}" if state.attempt > 1 else ""
            self._board.note(name, f"{state.state} in Airflow{attempt}")
        return due


class CommandChain:
    """Runs each step's command, for machines without Airflow."""

    def __init__(self, settings: Settings, board: Board, timeline: Timeline) -> None:
        self._settings = settings
        self._board = board
        self._timeline = timeline

    def run(self, tenant: Tenant, asset: str) -> None:
        """Raises RecolakeError with what the failed command said."""
        first = next(index for index, step in enumerate(CHAIN) if step.reads == asset)
        for step in CHAIN[first:]:
            refused = turned_down(self._settings, tenant) if step is CHAIN[-1] else None
            if refused:
                why = refusal(refused.name, refused.reasons)
                self._timeline.skip(step.dag_id, why)
                self._board.skip(step.dag_id, why)
                return
            self._board.begin(step.dag_id)
            with self._timeline.stage(step.dag_id):
                recolake(self._settings, step.dag_id, "--tenant", tenant.name)
            self._board.finish(step.dag_id)


def recolake(settings: Settings, *arguments: str) -> str:
    """Run one of our own commands in a process of its own; gives what it printed.

    Raises:
        RecolakeError: it failed; the message is what it said.
    """
    command = [sys.executable, "-m", "recolake.cli.app", *arguments]
    environment = os.environ | {"RECOLAKE_HOME": str(settings.home)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-12:]
        raise RecolakeError(f"`recolake {' '.join(arguments)}` failed: " + "\n".join(said))
    return done.stdout


def summary(report: Any) -> str:
    """The first few whole numbers of a step's report, summed over what they are given by."""
    parts = report if isinstance(report, list) else [report]
    totals: Counter[str] = Counter()
    for part in parts:
        for name, value in part.items() if isinstance(part, Mapping) else ():
            amounts = value.values() if isinstance(value, Mapping) else [value]
            totals[name] += sum(n for n in amounts if isinstance(n, int) and not isinstance(n, bool))
    told = [(name.replace("_", " "), value) for name, value in totals.items() if value]
    return ", ".join(f"{name} {value:,}" for name, value in told[:4])
