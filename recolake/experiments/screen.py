"""Experiments as lines for people."""

from __future__ import annotations

from collections.abc import Iterator

from recolake.errors import ArtifactError, NotFoundError
from recolake.experiments.analysis import Analysis
from recolake.experiments.document import Experiment
from recolake.experiments.intervals import Difference
from recolake.experiments.sample_ratio import FLAGGED_BELOW
from recolake.ranking.artifact import load_artifact
from recolake.ranking.pointer import current_version, version_folder
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

_NAMES = {
    "ctr": "clicks an answer",
    "conversion": "share of people who bought",
    "revenue": "revenue a person",
    "failures": "failed answers a person",
    "slow": "slow answers a person",
}


def trouble(settings: Settings, experiment: Experiment) -> str | None:
    """Why everybody gets the champion though the experiment runs; None if nothing on this machine says so."""
    tenant = Tenant(experiment.tenant_id)
    served = current_version(settings, tenant)
    if served != experiment.champion:
        return f"{served} is served, not {experiment.champion}"
    try:
        artifact = load_artifact(version_folder(settings, tenant, experiment.challenger), tenant)
    except (ArtifactError, NotFoundError) as error:
        return f"the challenger is damaged or missing: {error.message}"
    if artifact.users_checksum != experiment.challenger_checksum:
        return f"{experiment.challenger} is another model than when the experiment started"
    return None


def state_lines(settings: Settings, experiment: Experiment) -> Iterator[str]:
    """What an experiment is, and whether it runs."""
    yield (
        f"{experiment.experiment_id}: {experiment.share:.1%} of the people get {experiment.challenger}, "
        f"the others {experiment.champion}; since {experiment.started_at:%Y-%m-%d %H:%M}Z"
    )
    ending = experiment.ending
    if ending is not None:
        yield f"over since {ending.at:%Y-%m-%d %H:%M}Z, ended by {ending.by}: {ending.reason}"
    elif (why := trouble(settings, experiment)) is not None:
        yield f"runs, but everybody gets the champion: {why}"
    else:
        yield "runs"


def analysis_lines(found: Analysis) -> Iterator[str]:
    """What came of an experiment."""
    experiment, outcomes = found.experiment, found.outcomes
    yield (
        f"{experiment.experiment_id}: {outcomes.champion.users:,} people with {experiment.champion}, "
        f"{outcomes.challenger.users:,} with {experiment.challenger}"
    )
    for name, figure in found.figures.items():
        yield f"{_NAMES[name]:>28}: {_difference(figure)}"
    word = "MISMATCH, believe nothing below or above" if found.mismatch else "as it should be"
    yield f"{'split of people':>28}: {word} (p {found.sample_ratio_p:.2g}, flagged below {FLAGGED_BELOW})"
    for verdict in found.verdicts:
        yield f"{'guardrail':>28}: {verdict.sentence}{'; HARM' if verdict.harmful else ''}"
    if experiment.ending is not None:
        yield f"over, ended by {experiment.ending.by}: {experiment.ending.reason}"


def _difference(figure: Difference) -> str:
    both = f"{figure.champion:.4g} champion, {figure.challenger:.4g} challenger"
    if figure.low is None or figure.high is None:
        return f"{both}; too few people for an interval"
    return f"{both}; difference {figure.value:+.4g} (95 % {figure.low:+.4g} to {figure.high:+.4g})"
