"""Beginnings that are not complete are gone on with inside the control plane, every few seconds.

Ends are not: they need the engine and the libraries of every store, and are Airflow's (`tend_tenants`).
"""

from __future__ import annotations

import asyncio
from functools import partial

import structlog
from fastapi.concurrency import run_in_threadpool

from control_plane.lifecycle.advance import resume_all
from recolake.errors import RecolakeError
from recolake.settings import Settings

_EVERY_SECONDS = 5.0

_log = structlog.get_logger(__name__)


async def keep_advancing(settings: Settings) -> None:
    """Go on with beginnings until cancelled."""
    while True:
        await asyncio.sleep(_EVERY_SECONDS)
        try:
            await run_in_threadpool(partial(resume_all, settings, end=False))
        except RecolakeError as error:
            _log.warning("beginnings_wait", code=error.code)
        except Exception as error:
            # A task that ended would be missed by nobody.
            _log.error("beginnings_crashed", exc_info=error)
