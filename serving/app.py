"""The data plane's application. `uvicorn --factory serving.app:create_app` serves it."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool

from recolake.limits.plans import PlanSnapshot
from recolake.profile.left_out import LeftOut
from recolake.settings import Settings, load_settings
from recolake.telemetry import configure_logging
from recolake.tenancy.api_keys import KeySnapshot
from recolake.tenancy.pseudonyms import TenantKeys
from recolake.usage.journal import UsageJournal
from recolake.usage.tally import ContextThreads
from recolake.web.body_limit import BodyLimitMiddleware
from recolake.web.described import describe_problems
from recolake.web.idempotency import IdempotencyMiddleware
from recolake.web.problems import install
from recolake.web.replays import Replays
from serving.api.batch.endpoints import router as batch
from serving.api.bodies import describe_bodies
from serving.api.events.endpoints import router as events
from serving.api.items.endpoints import router as items
from serving.api.operations.endpoints import router as operations
from serving.api.recommendations.endpoints import router as recommendations
from serving.api.recommendations.receipts import Receipts
from serving.api.recommendations.service import Recommender
from serving.api.users.endpoints import router as users
from serving.arrivals import Arrivals
from serving.auth import declared_scopes
from serving.erased import refuse_erased_answer
from serving.hidden import Hidden
from serving.ids import RecommendationIds
from serving.intake.broker import keeper_of
from serving.intake.desk import Desk
from serving.limits.limiter import Limiter
from serving.limits.middleware import LimitsMiddleware
from serving.limits.units import BATCH
from serving.marks import Marks
from serving.metrics import Metrics
from serving.middleware import AccessMiddleware, most_bytes
from serving.people import OnlineFeatures
from serving.popularity import PopularityRefresh
from serving.profiles import Noted, Profiles
from serving.scenarios import Scenarios
from serving.shelf import Shelf
from serving.state import State
from serving.trials import Trials
from serving.watcher import Watcher

_THREADS = 8
_ANSWERS = "/v1/recommendations"


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application for these settings, or for those of the environment (it then configures logging)."""
    if settings is None:
        configure_logging("api")
    chosen = settings or load_settings()
    metrics = Metrics()
    marks = Marks(chosen)
    shelf = Shelf(chosen, metrics, marks.vectors)
    trials = Trials(chosen, metrics, marks.vectors, shelf)
    scenarios = Scenarios(chosen)
    features = OnlineFeatures(chosen, metrics)
    journal = UsageJournal(chosen.journal_root, chosen.environment_name)
    limiter = Limiter(chosen, PlanSnapshot(chosen), metrics)
    keys, stopping = TenantKeys(chosen), threading.Event()
    left_out = LeftOut(chosen, keys)
    profiles = Profiles(chosen, left_out, shelf, metrics, stopping)
    keeper, replays = Noted(keeper_of(chosen, metrics), profiles), Replays(chosen.replay_root)
    threads = ContextThreads(_THREADS, thread_name_prefix="answer")
    intake_threads = ContextThreads(_THREADS, thread_name_prefix="intake")
    ids = RecommendationIds.of(chosen)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        parts = {
            "features": features.reopen,
            "models": shelf.look,
            "experiments": trials.look,
            "scenarios": scenarios.look,
            "popularity": PopularityRefresh(shelf, features, marks, metrics, stopping).look,
            "challengers": PopularityRefresh(trials.challengers, features, marks, metrics, stopping).look,
            "journal": journal.tend,
            "spool": keeper.tend,
            "replays": replays.tend,
            "arrivals": Arrivals(chosen, (shelf, trials.challengers)).look,
            "profiles": profiles.follow,
            "profile_rows": profiles.write,
        }
        watcher = Watcher(parts, stopping)
        await run_in_threadpool(watcher.start, "features", "models", "experiments", "scenarios")
        yield
        await run_in_threadpool(watcher.stop)
        threads.shutdown(wait=True)
        intake_threads.shutdown(wait=True)
        journal.close()
        keeper.close()
        replays.close()
        await limiter.close()
        profiles.close()

    app = FastAPI(
        title="Recolake recommendations",
        version=version("recolake"),
        description="What people did goes in, what they should see comes out, each answer with a receipt.",
        lifespan=lifespan,
    )
    valid = KeySnapshot(chosen)
    app.state.serving = State(
        settings=chosen,
        keys=valid,
        metrics=metrics,
        shelf=shelf,
        trials=trials,
        features=features,
        recommender=Recommender(
            chosen,
            shelf,
            trials,
            scenarios,
            features,
            journal,
            ids,
            keys,
            metrics,
            left_out,
            Hidden(chosen),
        ),
        receipts=Receipts(chosen, shelf, ids),
        threads=threads,
        desk=Desk(keeper, replays, keys, metrics, journal),
        intake_threads=intake_threads,
        limiter=limiter,
    )
    # What is sent to be kept has its own replays, which judge a body only once.
    app.add_middleware(
        IdempotencyMiddleware,
        replays=replays,
        keys=valid,
        # Who is named in an answer can be asked for again; no copy of it is kept that an erasure would miss.
        handles=lambda path: path.startswith(_ANSWERS) and path != f"{_ANSWERS}/users",
        keeps=lambda path: path != BATCH,
        judge=partial(refuse_erased_answer, chosen),
    )
    app.add_middleware(BodyLimitMiddleware, most=most_bytes)
    app.add_middleware(LimitsMiddleware, limiter=limiter)
    app.add_middleware(AccessMiddleware, metrics=metrics)
    install(app)
    for router in (recommendations, events, items, users, batch, operations):
        app.include_router(router)
    describe_bodies(app)
    declared_scopes(app)
    describe_problems(app)
    return app
