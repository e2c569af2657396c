"""From raw files to served recommendations through the real platform, against a shop whose truth is known."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import nbformat
import numpy as np
import psycopg
import pytest
from nbclient import NotebookClient
from psycopg import sql

from recolake.endpoints import postgres_database, resolve
from recolake.features.online import features_mark, redis_client
from recolake.kinds.kinds import Kind as ListKind
from recolake.landing.store import land
from recolake.landing.upload import list_uploads
from recolake.lineage.graph import Direction
from recolake.lineage.known import lineage_of
from recolake.lineage.names import Kind, upload_files
from recolake.lineage.queries import find_upload
from recolake.orchestration.airflow import AirflowClient, announce_landing
from recolake.orchestration.follow import follow_landing
from recolake.privacy.scan import Needles, scan
from recolake.ranking.pointer import current_version
from recolake.settings import PROJECT_ROOT, Settings
from recolake.simulator.config import ShopConfig
from recolake.simulator.shop import UPLOADS_FOLDER, Shop, write_shop
from recolake.simulator.truth import AFFINITY_FILE, Truth
from recolake.tenancy.context import Tenant
from recolake.tenancy.local_key import read_local_key
from serving.client import ask
from training.exit_package.write import export

TENANT = Tenant("end-to-end")
CONFIG = ShopConfig(seed=11, days=60)
MAPPING = PROJECT_ROOT / "mappings" / "simulator.yaml"
# What the rules say of each kind of dirt; all other kinds are accepted.
REASON = {
    "bad_price": "invalid_number",
    "bad_time": "invalid_time",
    "negative_price": "price_not_positive",
    "negative_quantity": "quantity_not_positive",
    "ragged": "malformed_record",
    "unattributed": "missing_user",
    "zero_price": "price_not_positive",
}


@dataclass(frozen=True)
class World:
    """The running platform, a shop's files, and the report of the first demo over them."""

    settings: Settings
    shop: Shop
    report: dict[str, Any]


def demo(settings: Settings, uploads: Path, report: Path) -> dict[str, Any]:
    """Run the demo as a person would; gives its report."""
    command = [sys.executable, "-m", "recolake.cli.app", "demo", "--tenant", TENANT.name]
    command += ["--uploads", str(uploads), "--mapping", str(MAPPING), "--report", str(report)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    found: dict[str, Any] = json.loads(report.read_text())
    return found


@pytest.fixture(scope="module")
def world(full_platform: Settings, tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("shop")
    shop = write_shop(folder, CONFIG)
    return World(full_platform, shop, demo(full_platform, folder / UPLOADS_FOLDER, folder / "report.json"))


@pytest.fixture(scope="module")
def second_report(world: World) -> dict[str, Any]:
    folder = world.shop.folder
    return demo(world.settings, folder / UPLOADS_FOLDER, folder / "second.json")


def expected_rows(truth: Truth) -> dict[str, Any]:
    reasons: dict[str, int] = {}
    for kind, count in truth.dirt.items():
        if kind in REASON:
            reasons[REASON[kind]] = reasons.get(REASON[kind], 0) + count
    quarantined = sum(reasons.values())
    return {
        "in": truth.rows,
        "accepted": truth.rows - truth.repeats - quarantined,
        "repeats": truth.repeats,
        "quarantined": quarantined,
        "reasons": reasons,
    }


def test_every_row_is_accounted_for_as_the_simulator_knows_it(world: World) -> None:
    assert world.report["rows"] == expected_rows(world.shop.truth)
    tables = world.report["tables"]
    assert (
        tables["bronze.events"]["rows"] == world.report["rows"]["accepted"] == tables["silver.events"]["rows"]
    )
    assert tables["bronze.quarantine"]["rows"] == world.report["rows"]["quarantined"]
    assert tables["bronze.repeats"]["rows"] == world.report["rows"]["repeats"]


def test_the_report_has_every_key_and_every_stage_took_its_time(world: World) -> None:
    assert set(world.report) == {
        "rows", "tables", "metrics", "stages", "startup_seconds", "total_seconds", "recommendations", "urls",
    }  # fmt: skip
    stages = {stage["name"]: stage for stage in world.report["stages"]}
    assert list(stages) == [
        "startup", "upload", "ingest", "build", "materialize", "train", "publish", "first_answer",
    ]  # fmt: skip
    assert all(stage["seconds"] > 0 and stage["peak_mib"] > 100 for stage in stages.values())
    worked = sum(stage["seconds"] for name, stage in stages.items() if name != "startup")
    assert worked == pytest.approx(world.report["total_seconds"], rel=0.2)


def test_the_champion_beats_popularity_on_both_targets(world: World) -> None:
    metrics = world.report["metrics"]
    for target in ("new_items", "all_items"):
        assert metrics["champion"][target]["ndcg@10"] > metrics["popularity"][target]["ndcg@10"]
        assert {"ndcg@10", "recall@20"} <= metrics["champion"][target].keys()


def test_people_are_recommended_what_they_truly_like(world: World) -> None:
    truth = np.load(world.shop.folder / AFFINITY_FILE)
    user = {name: row for row, name in enumerate(truth["user_ids"].tolist())}
    item = {name: row for row, name in enumerate(truth["item_ids"].tolist())}
    people = world.report["recommendations"]
    assert len(people) == 3
    for person in people:
        assert person["history"]
        assert len(person["items"]) == 10
        affinity = truth["affinity"][user[person["user_id"]]]
        shown = np.mean([affinity[item[shown["item_id"]]] for shown in person["items"]])
        assert shown > affinity.mean() + affinity.std()


def test_an_answer_can_be_traced_to_the_uploaded_files(world: World) -> None:
    key = read_local_key(world.settings, TENANT)
    headers = {"Authorization": f"Bearer {key}"}
    person = world.report["recommendations"][0]["user_id"]
    with httpx.Client(base_url=resolve(world.settings, "api"), headers=headers) as api:
        answer = api.post("/v1/recommendations", json={"user_id": person, "k": 5}).raise_for_status().json()
        receipt = (
            api.get(f"/v1/recommendations/{answer['recommendation_id']}/receipt").raise_for_status().json()
        )
    assert answer["strategy"] == "personal"
    assert len(answer["items"]) == 5
    assert receipt["model"]["version"] == answer["model_version"]
    assert "gold.training_set" in json.dumps(receipt)


def test_each_upload_leads_to_the_model_by_the_events_of_the_steps_alone(world: World) -> None:
    known = lineage_of(world.settings, TENANT)
    version = current_version(world.settings, TENANT)
    uploads = list_uploads(world.settings, TENANT)
    assert uploads
    for upload in uploads:
        below = known.reach(find_upload(known, upload.upload_id), Direction.DOWN)
        assert version in {node.short_name for node in below if node.kind is Kind.MODEL}
        (jobs,) = {
            tuple(sorted(set(known.graph.next_to(file, Direction.DOWN).values())))
            for file in upload_files(upload)
        }
        assert jobs == ("ingest",), "no upload's way to the model had to be guessed from its manifest"


def test_a_second_run_changes_nothing_and_says_the_same(world: World, second_report: dict[str, Any]) -> None:
    for key in ("rows", "metrics"):
        assert second_report[key] == world.report[key]
    for name, state in world.report["tables"].items():
        if name != "bronze.recommendations":
            assert second_report["tables"][name] == state
    seconds = {stage["name"]: stage["seconds"] for stage in second_report["stages"]}
    assert {name for name, took in seconds.items() if took == 0} == {
        "ingest", "build", "materialize", "train", "publish",
    }  # fmt: skip
    assert [p["user_id"] for p in second_report["recommendations"]] == [
        p["user_id"] for p in world.report["recommendations"]
    ]


def test_off_the_platform_the_exported_model_recommends_the_same(world: World, tmp_path: Path) -> None:
    """A process that knows nothing of the platform answers as the API does; the checksums are right."""
    package = tmp_path / "package"
    done = export(world.settings, TENANT, package, with_pseudonym_key=True)
    assert done.tables["silver.events"].rows == world.report["tables"]["silver.events"]["rows"]
    subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=package, check=True)
    elsewhere = {name: value for name, value in os.environ.items() if not name.startswith("RECOLAKE_")}
    elsewhere["RECOLAKE_HOME"] = str(tmp_path / "nothing")
    key = read_local_key(world.settings, TENANT)
    for person in world.report["recommendations"]:
        command = [sys.executable, "-m", "training.exit_package", str(package), "--user", person["user_id"]]
        said = subprocess.run(command, capture_output=True, text=True, check=True, env=elsewhere).stdout
        found = [line.split("\t")[0] for line in said.splitlines()]
        answer = ask(world.settings, key, ListKind.FOR_USER, {"user_id": person["user_id"], "k": 10})
        assert found == [item["item_id"] for item in answer["items"]]


@pytest.mark.usefixtures("second_report")
def test_one_more_day_refreshes_the_features(world: World, tmp_path: Path) -> None:
    longer = write_shop(tmp_path, replace(CONFIG, days=CONFIG.days + 1))
    day = longer.files[-1]
    mark = features_mark(TENANT)
    redis = redis_client(world.settings)
    before = datetime.fromisoformat(redis.get(mark).decode())
    landed = land(world.settings, TENANT, [day], MAPPING)
    assert landed.upload is not None
    event = announce_landing(world.settings, TENANT, landed.upload.upload_id)
    assert event is not None
    with AirflowClient(world.settings) as airflow:
        states = list(follow_landing(airflow, event, until="materialize", timeout_seconds=300))
    assert [s.dag_id for s in states if s.state == "success"] == ["ingest", "build", "materialize"]
    assert datetime.fromisoformat(redis.get(mark).decode()) > before


@pytest.mark.control(18)
def test_neither_a_log_nor_anything_of_mlflow_names_a_person(world: World) -> None:
    """After a whole way from raw files to answers; the raw ids are those of the shop's files."""
    settings, shop = world.settings, world.shop
    people = Needles(np.load(shop.folder / AFFINITY_FILE)["user_ids"].tolist())
    assert scan([shop.folder / UPLOADS_FOLDER], people).hits
    found = scan([settings.log_root, settings.home / "mlflow"], people)
    assert found.files > 20
    assert not found.hits
    with psycopg.connect(postgres_database(settings, "mlflow")) as database:
        tables = [
            name
            for (name,) in database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        ]
        for table in tables:
            rows = database.execute(sql.SQL("SELECT t::text FROM {} AS t").format(sql.Identifier(table)))
            assert not people.within("\n".join(text for (text,) in rows).encode()), table
    assert {"runs", "params", "model_versions"} <= set(tables)


@pytest.mark.parametrize("name", ["analyst/shop_overview", "research/embedding"])
def test_notebooks_run_against_the_platform(world: World, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECOLAKE_TENANT", TENANT.name)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    path = PROJECT_ROOT / "notebooks" / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    assert os.environ["RECOLAKE_HOME"] == str(world.settings.home)
    NotebookClient(notebook, timeout=240, resources={"metadata": {"path": str(path.parent)}}).execute()
