"""The last uses of keys, brought into PostgreSQL in batches."""

from __future__ import annotations

import asyncio
from datetime import datetime

import structlog
from fastapi.concurrency import run_in_threadpool

from control_plane.api_keys import repository
from control_plane.database import open_database
from recolake.errors import RecolakeError
from recolake.settings import Settings
from recolake.tenancy.key_uses import KeyName, collect, forget_the_dead, newer

_EVERY_SECONDS = 30.0

_log = structlog.get_logger(__name__)


def store_uses(settings: Settings, known: dict[KeyName, datetime]) -> dict[KeyName, datetime]:
    """Write down what is later than what is known; give what is known then.

    Raises:
        ServiceUnavailableError: PostgreSQL does not answer; the next call brings everything.
    """
    uses = collect(settings)
    if fresh := newer(uses, known):
        with open_database(settings).platform() as session:
            repository.note_uses(session, fresh)
    forget_the_dead(settings)
    return known | uses


async def keep_storing(settings: Settings) -> None:
    """Store every half minute until cancelled."""
    known: dict[KeyName, datetime] = {}
    while True:
        await asyncio.sleep(_EVERY_SECONDS)
        try:
            known = await run_in_threadpool(store_uses, settings, known)
        except RecolakeError as error:
            _log.warning("key_uses_not_stored", detail=error.message)
        except Exception as error:
            # A task that ended would be missed by nobody.
            _log.error("key_uses_crashed", exc_info=error)
