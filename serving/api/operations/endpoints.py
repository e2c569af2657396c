"""`/health`, `/ready` and `/metrics`, for supervisors, load balancers and Prometheus."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from serving.api.operations.schemas import Alive, Readiness
from serving.auth import PUBLIC
from serving.state import CurrentState

router = APIRouter(tags=["operations"], dependencies=[PUBLIC])


@router.get("/health", operation_id="health")
async def health() -> Alive:
    """The process is alive."""
    return Alive()


@router.get("/ready", operation_id="ready", responses={503: {"model": Readiness}})
async def ready(state: CurrentState, response: Response) -> Readiness:
    """At least one tenant's model is in service; 503 otherwise. Without the online store this stays 200."""
    counts = state.shelf.counts()
    experiments = state.trials.counts()
    online = state.features.ready
    if not counts["serving"]:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return Readiness(
        status="not_ready" if not counts["serving"] else "ready" if online else "degraded",
        online_features=online,
        models_serving=counts["serving"],
        models_refused=counts["refused"],
        models_waiting=counts["waiting"],
        models_unreadable=counts["unreadable"],
        experiments_live=experiments["live"],
        experiments_champion_only=experiments["champion_only"],
        experiments_unreadable=experiments["unreadable"],
    )


@router.get("/metrics", operation_id="metrics", response_class=Response)
async def metrics(state: CurrentState) -> Response:
    """Metrics in Prometheus' text format."""
    return Response(state.metrics.render(), media_type=CONTENT_TYPE_LATEST)
