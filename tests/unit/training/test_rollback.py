"""A rollback needs the state folder alone: not Spark, not MLflow, not Redis."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from recolake.errors import ServiceUnavailableError, UnknownTenantError
from recolake.files import write_atomically
from recolake.ranking.artifact import INDEX_FILE, UserVectors
from recolake.ranking.artifact_writer import Origin, write_artifact
from recolake.ranking.history import History, read_history, write_history
from recolake.ranking.items import Items
from recolake.ranking.manifest import BlendWeights, RankingConfig
from recolake.ranking.pointer import activate, current_version, version_folder
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.directory import tenants_snapshot
from training.rollback import NothingToRollBackError, rollback
from training.versions.commands import models

SHOP = Tenant("shop")
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Versions v1 to v3 were served one after the other; no service answers."""
    settings = Settings(
        home=tmp_path,
        redis_url="redis://127.0.0.1:9/0",
        mlflow_url="http://127.0.0.1:9",
        spark_url="sc://127.0.0.1:9",
    )
    even = BlendWeights(vector=1, popularity=1, own=1)
    for version in ("v1", "v2", "v3"):
        write_artifact(
            version_folder(settings, SHOP, version),
            Origin(SHOP, "model", version, f"run-{version}", "commit", {}, 0, {}, []),
            RankingConfig(new_items=even, all_items=even),
            Items(("a", "b"), ("A", "B"), ({}, {})),
            np.eye(2, dtype=np.float32),
            np.zeros(2),
            UserVectors(("ada",), np.ones((1, 2), np.float32)),
        )
        history = read_history(settings, SHOP)
        activate(settings, SHOP, version)
        write_history(settings, SHOP, history.moved_on(version, NOW))
    return settings


def test_with_every_service_down_the_version_before_is_served_and_what_is_left_to_do_is_said(
    settings: Settings,
) -> None:
    said: list[str] = []
    report = rollback(settings, SHOP, progress=said.append)
    assert (report.model_version, report.previous, report.changed) == ("v2", "v3", True)
    assert (report.users, report.items, report.online) == (1, 2, False)
    assert current_version(settings, SHOP) == "v2"
    assert any("materialize" in line for line in said)
    assert any("publish" in line for line in said)
    assert read_history(settings, SHOP).held


def test_a_second_rollback_goes_further_back_until_there_is_nothing_before(settings: Settings) -> None:
    assert [rollback(settings, SHOP).model_version for _ in range(2)] == ["v2", "v1"]
    with pytest.raises(NothingToRollBackError) as caught:
        rollback(settings, SHOP)
    assert caught.value.code == "nothing_to_roll_back"
    assert "promote" in caught.value.hint
    assert current_version(settings, SHOP) == "v1"


def test_where_nothing_is_served_nothing_can_be_rolled_back(tmp_path: Path) -> None:
    with pytest.raises(NothingToRollBackError, match="nothing is served"):
        rollback(Settings(home=tmp_path), SHOP)


@pytest.mark.parametrize("gone", [False, True])
def test_a_version_that_is_damaged_or_gone_is_never_served(settings: Settings, gone: bool) -> None:
    folder = version_folder(settings, SHOP, "v2")
    if gone:
        shutil.rmtree(folder)
    else:
        (folder / INDEX_FILE).write_bytes(b"torn")
    before = read_history(settings, SHOP)
    with pytest.raises(ServiceUnavailableError, match="MLflow"):
        rollback(settings, SHOP)
    assert current_version(settings, SHOP) == "v3"
    assert read_history(settings, SHOP) == before


def test_a_history_of_its_own_belongs_to_each_tenant(settings: Settings) -> None:
    assert read_history(settings, Tenant("rival")) == History()


def test_by_command_a_program_reads_json_and_nothing_else(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_atomically(tenants_snapshot(settings), b'["shop"]')
    monkeypatch.setattr("recolake.settings.load_settings", lambda: settings)
    done = CliRunner().invoke(models, ["rollback", "--tenant", "shop", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert (found["model_version"], found["previous"], found["changed"]) == ("v2", "v3", True)
    assert "v2 is served" in done.stderr


def test_by_command_an_unknown_tenant_is_called_so(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recolake.settings.load_settings", lambda: settings)
    for words in (["list"], ["compare", "v1", "v2"], ["promote", "v1"], ["rollback"]):
        done = CliRunner().invoke(models, [*words, "--tenant", "nobody"])
        assert isinstance(done.exception, UnknownTenantError), words
    assert current_version(settings, SHOP) == "v3"
