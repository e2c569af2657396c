"""The control plane's application. `uvicorn --factory control_plane.app:create_app` serves it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import structlog
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel
from sqlalchemy import text

from control_plane.api_keys.endpoints import router as api_keys
from control_plane.api_keys.uses import keep_storing
from control_plane.audit.endpoints import router as audit
from control_plane.auth import PUBLIC, CurrentSettings, declared_permissions
from control_plane.database import open_database
from control_plane.described import usual_problems
from control_plane.experiments.endpoints import router as experiments
from control_plane.external_login.endpoints import router as external_login
from control_plane.files.endpoints import router as files
from control_plane.files.middleware import TusMiddleware
from control_plane.graphql.endpoints import router as graphql
from control_plane.invitations.endpoints import router as invitations
from control_plane.lifecycle.endpoints import router as lifecycle
from control_plane.lifecycle.loop import keep_advancing
from control_plane.oauth.endpoints import router as oauth
from control_plane.oauth.problems import install_oauth_errors
from control_plane.organisations.endpoints import router as organisations
from control_plane.people.endpoints import router as people
from control_plane.privacy.endpoints import router as privacy
from control_plane.scenarios.endpoints import router as scenarios
from control_plane.sessions.endpoints import router as sessions
from control_plane.snapshots import publish
from control_plane.tenants.endpoints import router as tenants
from control_plane.uploads.endpoints import router as uploads
from control_plane.usage.endpoints import router as usage
from control_plane.webhooks import deliver
from control_plane.webhooks.endpoints import router as webhooks
from recolake.errors import RecolakeError
from recolake.settings import Settings, load_settings
from recolake.telemetry import configure_logging
from recolake.tenancy.api_keys import KeySnapshot
from recolake.web.body_limit import BodyLimitMiddleware
from recolake.web.described import describe_problems
from recolake.web.idempotency import IdempotencyMiddleware
from recolake.web.problems import install
from recolake.web.replays import Replays
from recolake.web.tidying import keep_tidy

MOST_BODY_BYTES = 1 << 20
"""Of a request; uploads have `RECOLAKE_UPLOAD_MAX_BYTES`."""

_log = structlog.get_logger(__name__)


def _clear(folder: Path) -> None:
    """Remove what requests of a killed process left behind."""
    for leftover in folder.glob("upload-*"):
        shutil.rmtree(leftover, ignore_errors=True)


def _most_bytes(path: str) -> int | None:
    """Bytes that a request to a path may have; uploads and pieces of files keep limits of their own."""
    landed = path == uploads.prefix or path.startswith(f"{files.prefix}/")
    return None if landed else MOST_BODY_BYTES


class Alive(BaseModel):
    """The process answers, or, for /ready, so does what it needs."""

    status: Literal["ok"] = "ok"


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application for these settings, or for those of the environment (it then configures logging)."""
    if settings is None:
        configure_logging("control")
    chosen = settings or load_settings()

    replays = Replays(chosen.replay_root / "control")

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        _clear(chosen.temporary_root)
        database = open_database(chosen)
        try:
            await run_in_threadpool(publish, chosen, database)
        except RecolakeError as error:
            # Uploads need no PostgreSQL; account calls answer 503 until it is back, and migrate then.
            _log.warning("accounts_unavailable_at_start", detail=error.message)
        storing = asyncio.create_task(keep_storing(chosen))
        tidying = asyncio.create_task(keep_tidy(replays))
        advancing = asyncio.create_task(keep_advancing(chosen))
        end = deliver.start(chosen, database)
        yield
        end()
        storing.cancel()
        tidying.cancel()
        advancing.cancel()
        replays.close()
        database.close()

    app = FastAPI(title="Recolake control plane", version=version("recolake"), lifespan=lifespan)
    app.state.settings = chosen
    app.state.keys = KeySnapshot(chosen)
    # Files in pieces have a protocol of their own, whose answers are headers.
    app.add_middleware(
        IdempotencyMiddleware,
        replays=replays,
        keys=app.state.keys,
        handles=lambda path: path.startswith("/v1/") and not path.startswith(files.prefix),
    )
    app.add_middleware(BodyLimitMiddleware, most=_most_bytes)
    app.add_middleware(TusMiddleware, path=files.prefix)
    install(app)
    install_oauth_errors(app)
    for router in (
        files,
        uploads,
        api_keys,
        tenants,
        experiments,
        scenarios,
        privacy,
        usage,
        audit,
        webhooks,
    ):
        app.include_router(router)
    for router in (people, oauth, external_login, sessions, organisations, lifecycle, invitations, graphql):
        app.include_router(router)

    @app.get("/health", operation_id="health", tags=["operations"], dependencies=[PUBLIC])
    def health() -> Alive:
        """The process is alive."""
        return Alive()

    @app.get("/ready", operation_id="ready", tags=["operations"], dependencies=[PUBLIC])
    def ready(current: CurrentSettings) -> Alive:
        """PostgreSQL answers too; otherwise 503."""
        with open_database(current).platform() as session:
            session.execute(text("SELECT 1"))
        return Alive()

    describe_problems(app, usual_problems)
    declared_permissions(app)
    return app
