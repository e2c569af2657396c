"""From the lake to a decision: bring the outcomes up to date, ask the guardrails, stop what does harm."""

from __future__ import annotations

from recolake.experiments.analysis import Analysis
from recolake.experiments.document import Experiment
from recolake.experiments.lifecycle import check
from recolake.experiments.outcomes import read_outcomes
from recolake.lake.engine import connect, engine_errors
from recolake.lake.tables import GOLD_EXPERIMENT_OUTCOMES
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
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
