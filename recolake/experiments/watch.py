"""From the lake to a decision: bring the outcomes up to date, ask the guardrails, stop what does harm."""

from __future__ import annotations

from collections.abc import Callable

from recolake.errors import RecolakeError
from recolake.experiments.analysis import Analysis
from recolake.experiments.document import Experiment
from recolake.experiments.lifecycle import check, end_if_overtaken
from recolake.experiments.outcomes import read_outcomes
from recolake.experiments.store import running_experiment
from recolake.lake.engine import connect, engine_errors
from recolake.lake.tables import GOLD_EXPERIMENT_OUTCOMES
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.directory import known_tenants
from recolake.transform import build as transform


def check_experiment(
    settings: Settings, tenant: Tenant, experiment: Experiment, *, build: bool = True
) -> Analysis:
    """Judge an experiment by what the lake knows; it is stopped if its challenger does harm.

    Args:
        build: bring `gold.experiment_outcomes` up to date first, and what it is built from.

    Raises:
        BuildError: the table could not be built; nothing was decided.
        ServiceUnavailableError: the engine does not answer; nothing was decided.
    """
    if build:
        transform.build(settings, tenant, select=[GOLD_EXPERIMENT_OUTCOMES.qualified])
    with engine_errors("outcomes were read", f"recolake experiment check --tenant {tenant}"):
        outcomes = read_outcomes(connect(settings), settings, tenant, experiment)
    return check(settings, experiment, outcomes)


class GuardError(RecolakeError):
    """The guardrails of some tenant could not be asked; the others were."""

    code = "guard_failed"


def guard_all(settings: Settings, ship: Callable[[], object], say: Callable[[str], None]) -> dict[str, str]:
    """Ask the guardrails of every running experiment; by tenant, what became of it.

    Args:
        ship: brings the usage journal to the lake; not called where no experiment runs.

    Raises:
        GuardError: some could not be asked, after all others were.
    """
    running: dict[Tenant, Experiment] = {}
    failed: dict[str, str] = {}
    for tenant in known_tenants(settings):
        try:
            end_if_overtaken(settings, tenant)
            experiment = running_experiment(settings, tenant)
        except RecolakeError as error:
            failed[tenant.name] = error.message
        else:
            running |= {tenant: experiment} if experiment else {}
    if running:
        ship()
    states: dict[str, str] = {}
    for tenant, experiment in running.items():
        try:
            found = check_experiment(settings, tenant, experiment)
        except RecolakeError as error:
            failed[tenant.name] = error.message
            continue
        ending = found.experiment.ending
        mismatch = "people are split as they should not be; " if found.mismatch else ""
        states[tenant.name] = mismatch + (f"over: {ending.reason}" if ending else "runs")
        say(f"{tenant}: {experiment.experiment_id}: {states[tenant.name]}")
    if failed:
        raise GuardError("; ".join(f"{tenant}: {message}" for tenant, message in failed.items()))
    return states
