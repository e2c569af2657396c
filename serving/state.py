"""What the application's handlers share, owned by its lifespan."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from recolake.settings import Settings
from recolake.tenancy.api_keys import KeySnapshot
from serving.api.recommendations.receipts import Receipts
from serving.api.recommendations.service import Recommender
from serving.intake.desk import Desk
from serving.limits.limiter import Limiter
from serving.metrics import Metrics
from serving.people import OnlineFeatures
from serving.shelf import Shelf
from serving.trials import Trials


@dataclass(frozen=True)
class State:
    """Clients and models of one process."""

    settings: Settings
    keys: KeySnapshot
    metrics: Metrics
    shelf: Shelf
    trials: Trials
    features: OnlineFeatures
    recommender: Recommender
    receipts: Receipts
    # Feature reads block; so many may wait for Redis at once without holding up the event loop.
    threads: ThreadPoolExecutor
    desk: Desk
    # Writes wait for the disk; so many may share one flush of it.
    intake_threads: ThreadPoolExecutor
    limiter: Limiter


async def _state(request: Request) -> State:
    state: State = request.app.state.serving
    return state


CurrentState = Annotated[State, Depends(_state)]
