"""Answers that are too old go, while the service that keeps them runs."""

from __future__ import annotations

import asyncio

import structlog
from fastapi.concurrency import run_in_threadpool

from recolake.web.replays import Replays

_LOOK_SECONDS = 60.0
_log = structlog.get_logger(__name__)


async def keep_tidy(replays: Replays) -> None:
    """Have kept answers looked through, until cancelled."""
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        try:
            await run_in_threadpool(replays.tend)
        except Exception as error:
            # A task that ended would be missed by nobody.
            _log.error("replays_not_tidied", error=type(error).__name__)
