"""The demo from the first file to recommendations on the screen: every stage, measured, then the report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from recolake.contracts.mapping import load_mapping
from recolake.demo.answers import RecommendationClient
from recolake.demo.board import Board
from recolake.demo.chain import AirflowChain, CommandChain
from recolake.demo.facts import row_accounting, table_states
from recolake.demo.inputs import DemoInput, given_input, simulated_input
from recolake.demo.metrics import champion_metrics
from recolake.demo.outstanding import asset_to_announce
from recolake.demo.people import newest_files, people_with_history, recent_users
from recolake.demo.report import DemoReport, PersonAnswer
from recolake.demo.sampling import MemorySampler
from recolake.demo.stages import Timeline
from recolake.demo.startup import ensure_tenant, start_services
from recolake.demo.urls import where_to_look
from recolake.errors import RecolakeError
from recolake.lake.engine import connect
from recolake.landing.store import land
from recolake.orchestration.chain import CHAIN
from recolake.ranking.pointer import current_version
from recolake.settings import Settings


@dataclass(frozen=True, slots=True)
class DemoRequest:
    """What the user asked for; without `uploads` a shop is simulated, `days` long if given."""

    uploads: Path | None = None
    mapping: Path | None = None
    tenant: str | None = None
    days: int | None = None
    with_airflow: bool = True


def run_demo(settings: Settings, request: DemoRequest, console: Console) -> DemoReport:
    """Do what is left to do of the main job, and report on all of it. Running it again changes nothing.

    Raises:
        RecolakeError: what went wrong, in a sentence; running the demo again goes on from there.
    """
    given = _input(settings, request)
    mapping = load_mapping(given.mapping)
    timeline = Timeline()
    with MemorySampler(settings) as sampler, Board(console) as board:
        with timeline.stage("startup"):
            board.begin("startup")
            start_services(settings, board, with_airflow=request.with_airflow)
            client = RecommendationClient(settings, ensure_tenant(settings, given.tenant))
            spark = connect(settings)
        board.finish("startup")
        _upload(settings, given, board, timeline)
        users = recent_users(spark, mapping, newest_files(settings, given.tenant, mapping))
        asset = asset_to_announce(spark, settings, given.tenant)
        if asset:
            chain = AirflowChain if request.with_airflow else CommandChain
            chain(settings, board, timeline).run(given.tenant, asset)
        for step in CHAIN:
            timeline.skip(step.dag_id, "nothing new")
        version = current_version(settings, given.tenant)
        if version is None:
            raise RecolakeError(
                f"No model of tenant '{given.tenant}' is published.",
                hint="The latest run in MLflow, and the DAG runs in Airflow, say what happened.",
            )
        with timeline.stage("first_answer"):
            board.begin("first_answer", f"waiting for {version}")
            client.wait_for(users[0] if users else "nobody", version)
        board.finish("first_answer", f"given by {version}")
        people = people_with_history(spark, settings, given.tenant, users)
        return DemoReport(
            rows=row_accounting(spark, settings, given.tenant),
            tables=table_states(spark, given.tenant),
            metrics=champion_metrics(settings, given.tenant, version),
            stages=timeline.report(sampler),
            startup_seconds=round(timeline.seconds("startup"), 3),
            total_seconds=round(timeline.between("upload", "first_answer"), 3),
            recommendations=[
                PersonAnswer(user_id=p.user_id, history=list(p.history), items=client.recommend(p.user_id)[1])
                for p in people
            ],
            urls=where_to_look(settings, given.tenant),
        )


def _input(settings: Settings, request: DemoRequest) -> DemoInput:
    if request.uploads is not None:
        return given_input(request.uploads, request.mapping, request.tenant)
    return simulated_input(settings, request.mapping, request.tenant, days=request.days)


def _upload(settings: Settings, given: DemoInput, board: Board, timeline: Timeline) -> None:
    board.begin("upload", given.description)
    with timeline.stage("upload"):
        landed = land(settings, given.tenant, given.files, given.mapping)
    new, known = len(landed.upload.files) if landed.upload else 0, len(landed.known)
    board.finish("upload", f"{new:,} new files, {known:,} known")
