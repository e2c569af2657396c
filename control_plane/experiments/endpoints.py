"""Routes of experiments: a tenant tries a model on a share of its people."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, status

from control_plane.auth import CurrentSettings, ExperimentReader, ExperimentWriter
from control_plane.experiments import service
from control_plane.experiments.schemas import (
    ExperimentCreate,
    ExperimentPage,
    ExperimentRead,
    ExperimentStop,
)
from recolake.web.described import problems

router = APIRouter(prefix="/v1/experiments", tags=["experiments"])

ExperimentId = Annotated[str, Path(max_length=64)]


@router.post(
    "", operation_id="start_experiment", status_code=status.HTTP_201_CREATED, responses=problems(404)
)
def start_experiment(
    body: ExperimentCreate, holder: ExperimentWriter, settings: CurrentSettings
) -> ExperimentRead:
    """Let a share of the people have another model than the served one.

    The answer comes when the challenger's vectors are online, which takes as long as a publication; serving
    splits the people within about a second from then on. 404: there is no such version, or nothing is
    served. 409: an experiment runs already, the version is served already, or its gate turned it down.
    503: a service that this needs does not answer; nothing has begun.
    """
    return service.start(settings, holder.tenant, body, by=holder.as_actor)


@router.get("", operation_id="list_experiments")
def list_experiments(
    holder: ExperimentReader,
    settings: CurrentSettings,
    limit: Annotated[int, Query(ge=1, le=100, description="How many at most")] = 20,
    cursor: Annotated[
        str | None, Query(max_length=64, description="`next_cursor` of the page before")
    ] = None,
) -> ExperimentPage:
    """All experiments of the tenant, newest first."""
    return service.page(settings, holder.tenant, limit, cursor)


@router.get("/{experiment_id}", operation_id="read_experiment")
def read_experiment(
    experiment_id: ExperimentId, holder: ExperimentReader, settings: CurrentSettings
) -> ExperimentRead:
    """Whether it runs, whether its variants can answer, and how it ended."""
    return service.read(settings, holder.tenant, experiment_id)


@router.post("/{experiment_id}/stop", operation_id="stop_experiment")
def stop_experiment(
    experiment_id: ExperimentId,
    holder: ExperimentWriter,
    settings: CurrentSettings,
    body: ExperimentStop | None = None,
) -> ExperimentRead:
    """Give everybody the champion again, within about a second. One that is over stays as it ended."""
    reason = (body or ExperimentStop()).reason
    return service.stop(settings, holder.tenant, experiment_id, reason, by=holder.as_actor)
