"""The demo from the first file to recommendations on the screen: every stage, measured, then the report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from recolake.api_client import RecommendationClient
from recolake.contracts.mapping import load_mapping
from recolake.demo.answers import items_of, wait_until_served
from recolake.demo.board import Board
from recolake.demo.chain import AirflowChain, CommandChain
from recolake.demo.facts import row_accounting
from recolake.demo.inputs import DemoInput, given_input, simulated_input
from recolake.demo.metrics import champion_metrics
from recolake.demo.outstanding import asset_to_announce, turned_down
from recolake.demo.people import newest_files, people_with_history, recent_users
from recolake.demo.report import DemoReport, PersonAnswer
from recolake.demo.sampling import MemorySampler
from recolake.demo.stages import Timeline
from recolake.demo.startup import ensure_tenant, start_services
from recolake.demo.urls import where_to_look
from recolake.demo.verdict import nothing_published, refusal
from recolake.lake.engine import connect
from recolake.lake.read import table_states
from recolake.lake.tables import ALL_TABLES
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
    timeline = Timeline()
    with MemorySampler(settings) as sampler, Board(console) as board:
        given = _input(settings, request, board)
        mapping = load_mapping(given.mapping)
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
        refused = turned_down(settings, given.tenant)
        if refused:
            timeline.skip("train", refusal(refused.name, refused.reasons))
        for step in CHAIN:
            timeline.skip(step.dag_id, "nothing new")
        rows = row_accounting(spark, settings, given.tenant)
        version = current_version(settings, given.tenant)
        if version is None:
            raise nothing_published(given.tenant, rows, refused)
        with timeline.stage("first_answer"):
            board.begin("first_answer", f"waiting for {version}")
            wait_until_served(client, users[0] if users else "nobody", version)
        board.finish("first_answer", f"given by {version}")
        people = people_with_history(spark, settings, given.tenant, users)
        return DemoReport(
            rows=rows,
            tables=table_states(spark, ALL_TABLES, given.tenant, settings),
            metrics=champion_metrics(settings, given.tenant, version),
            stages=timeline.report(sampler),
            startup_seconds=round(timeline.seconds("startup"), 3),
            total_seconds=round(timeline.between("upload", "first_answer"), 3),
            recommendations=[
                PersonAnswer(
                    user_id=person.user_id,
                    history=list(person.history),
                    items=items_of(client.recommend(person.user_id)),
                )
                for person in people
            ],
            urls=where_to_look(settings, given.tenant),
        )


def _input(settings: Settings, request: DemoRequest, board: Board) -> DemoInput:
    if request.uploads is not None:
        return given_input(request.uploads, request.mapping, request.tenant)

    def tell(done: int, days: int) -> None:
        board.note("simulate", f"{days} days", done, days)

    found = simulated_input(settings, request.mapping, request.tenant, days=request.days, progress=tell)
    board.finish("simulate")
    return found


def _upload(settings: Settings, given: DemoInput, board: Board, timeline: Timeline) -> None:
    board.begin("upload", given.description)
    with timeline.stage("upload"):
        landed = land(settings, given.tenant, given.files, given.mapping)
    new, known = len(landed.upload.files) if landed.upload else 0, len(landed.known)
    board.finish("upload", f"{new:,} new files, {known:,} known")
