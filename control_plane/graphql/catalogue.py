"""Catalogue: scenarios that are served, experiments on models, and uploads."""

from __future__ import annotations

from datetime import datetime

import strawberry
from strawberry.scalars import JSON

from control_plane.experiments.endpoints import list_experiments, read_experiment
from control_plane.experiments.schemas import ExperimentPage, ExperimentRead
from control_plane.graphql.context import Info, read
from control_plane.graphql.scalars import Long
from control_plane.scenarios.endpoints import list_scenarios, list_versions, read_scenario
from control_plane.scenarios.schemas import ScenarioRead
from control_plane.uploads.endpoints import read_upload
from control_plane.uploads.schemas import UploadRead


@strawberry.type(description="A version of a scenario")
class Scenario:
    name: str
    version: int
    live: bool
    kind: str
    description: str
    defaults: JSON
    created_at: datetime


@strawberry.type(description="When an experiment stops by itself")
class Guardrails:
    alpha: float
    margins: JSON


@strawberry.type(description="How an experiment ended")
class Ending:
    at: datetime
    by: str
    reason: str


@strawberry.type(description="An experiment and how it stands")
class Experiment:
    experiment_id: str
    champion: str
    challenger: str
    share: float
    started_at: datetime
    guardrails: Guardrails
    state: str
    trouble: str | None
    ending: Ending | None


@strawberry.type(description="Some experiments, newest first")
class Experiments:
    experiments: list[Experiment]
    next_cursor: str | None


@strawberry.type(description="A file of an upload")
class LandedFile:
    name: str
    sha256: str
    bytes: Long


@strawberry.type(description="What became of one file's rows: rowsIn = accepted + quarantined + repeats")
class FileAccount:
    file: str
    rows_in: Long
    accepted: Long
    quarantined: Long
    repeats: Long
    reasons: JSON


@strawberry.type(description="What somebody decided about an upload")
class Decision:
    state: str
    decided_by: str
    decided_at: datetime
    reason: str


@strawberry.type(description="An upload and how far it came")
class Upload:
    upload_id: str
    landed_at: datetime
    files: list[LandedFile]
    state: str
    accounting: list[FileAccount]
    score: float | None
    failures: JSON
    decisions: list[Decision]


@strawberry.type
class Catalogue:
    """Fields of a query about what is served and what it is made of."""

    @read(list[Scenario], "The live version of each, by name")
    async def scenarios(self, info: Info) -> list[ScenarioRead]:
        return (await info.context.ask(list_scenarios)).scenarios

    @read(Scenario, "A scenario, or any version of it")
    async def scenario(self, info: Info, name: str, version: int | None = None) -> ScenarioRead:
        return await info.context.ask(read_scenario, name=name, version=version)

    @read(list[Scenario], "Every version, newest first")
    async def scenario_versions(self, info: Info, name: str) -> list[ScenarioRead]:
        return (await info.context.ask(list_versions, name=name)).scenarios

    @read(Experiments, "All experiments, newest first")
    async def experiments(self, info: Info, limit: int = 20, cursor: str | None = None) -> ExperimentPage:
        return await info.context.ask(list_experiments, limit=limit, cursor=cursor)

    @read(Experiment, "One experiment")
    async def experiment(self, info: Info, experiment_id: str) -> ExperimentRead:
        return await info.context.ask(read_experiment, experiment_id=experiment_id)

    @read(Upload, "One upload")
    async def upload(self, info: Info, upload_id: str) -> UploadRead:
        return await info.context.ask(read_upload, upload_id=upload_id)
