"""Experiments of a tenant, by the same functions as `recolake experiment`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from control_plane.errors import ExperimentUnreadableError
from control_plane.experiments.schemas import EndingRead, ExperimentCreate, ExperimentPage, ExperimentRead
from recolake.audit.entry import Actor
from recolake.errors import InvalidInputError
from recolake.experiments import lifecycle
from recolake.experiments.document import Experiment, Stopper
from recolake.experiments.screen import trouble
from recolake.experiments.starting import starter
from recolake.experiments.store import ExperimentDocumentError, all_experiments
from recolake.settings import Settings
from recolake.tenancy.context import Tenant


def start(
    settings: Settings, tenant: Tenant, asked: ExperimentCreate, *, by: Actor | None = None
) -> ExperimentRead:
    """Bring the challenger's vectors online, then let serving split the people.

    Raises:
        ExperimentRunsError: one runs already.
        RecolakeError: whatever `training.rollout.start_experiment` raises.
    """
    with _readable():
        # Said at once, without waiting for whoever publishes.
        lifecycle.refuse_if_running(settings, tenant)
        begun = starter()(
            settings, tenant, asked.challenger, asked.share, asked.guardrails, force=asked.force, by=by
        )
        return _read(settings, begun)


def page(settings: Settings, tenant: Tenant, limit: int, cursor: str | None) -> ExperimentPage:
    """At most so many experiments, newest first, after the one that the cursor names.

    Raises:
        InvalidInputError: the cursor is of no page of this tenant.
    """
    with _readable():
        known = all_experiments(settings, tenant)[::-1]
    start_at = 0
    if cursor is not None:
        ids = [each.experiment_id for each in known]
        if cursor not in ids:
            raise InvalidInputError(
                "This cursor is of no page.", hint="Begin without a cursor.", field="cursor"
            )
        start_at = ids.index(cursor) + 1
    shown = known[start_at : start_at + limit]
    more = start_at + limit < len(known)
    return ExperimentPage(
        experiments=[_read(settings, each) for each in shown],
        next_cursor=shown[-1].experiment_id if more else None,
    )


def read(settings: Settings, tenant: Tenant, experiment_id: str) -> ExperimentRead:
    """One experiment of the tenant.

    Raises:
        NotFoundError: there is none of that id, or it is another tenant's.
    """
    with _readable():
        return _read(settings, lifecycle.find(settings, tenant, experiment_id))


def stop(
    settings: Settings, tenant: Tenant, experiment_id: str, reason: str, *, by: Actor | None = None
) -> ExperimentRead:
    """Give everybody the champion again; what is over already stays as it ended.

    Raises:
        NotFoundError: there is none of that id, or it is another tenant's.
    """
    with _readable():
        ended = lifecycle.stop_one(settings, tenant, experiment_id, Stopper.PERSON, reason, actor=by)
        return _read(settings, ended)


@contextmanager
def _readable() -> Iterator[None]:
    """A damaged document is reported without the path that it lies at."""
    try:
        yield
    except ExperimentDocumentError as error:
        raise ExperimentUnreadableError(
            "The document of an experiment is damaged; everybody gets the champion meanwhile.",
            hint="The operator finds it in the log of the recommendation API, and removes it.",
        ) from error


def _read(settings: Settings, experiment: Experiment) -> ExperimentRead:
    why = trouble(settings, experiment) if experiment.running else None
    return ExperimentRead(
        experiment_id=experiment.experiment_id,
        champion=experiment.champion,
        challenger=experiment.challenger,
        share=experiment.share,
        started_at=experiment.started_at,
        guardrails=experiment.guardrails,
        state="over" if not experiment.running else "running" if why is None else "champion_only",
        # Behind the colon stand paths of this machine.
        trouble=why and why.partition(":")[0],
        ending=EndingRead.model_validate(experiment.ending) if experiment.ending else None,
    )
