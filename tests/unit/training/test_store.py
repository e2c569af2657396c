"""Models on this machine: sound ones are used as they are, and killed runs leave nothing for ever."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient

from recolake.errors import ArtifactError
from recolake.ranking.artifact import UserVectors
from recolake.ranking.artifact_writer import Origin, write_artifact
from recolake.ranking.items import Items
from recolake.ranking.manifest import BlendWeights, RankingConfig
from recolake.ranking.pointer import activate, version_folder
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from training.store import ensure_artifact, scratch
from training.tracking.registry import Registry

SHOP = Tenant("shop")
# Nothing listens there: whoever asks MLflow fails.
NOWHERE = Registry(MlflowClient("http://127.0.0.1:9", "http://127.0.0.1:9"), SHOP)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home with artefact `v1` of run `run-1`."""
    settings = Settings(home=tmp_path)
    even = BlendWeights(vector=1, popularity=1, own=1)
    write_artifact(
        version_folder(settings, SHOP, "v1"),
        Origin(SHOP, "model", "v1", "run-1", "commit", {}, 0, {}, []),
        RankingConfig(new_items=even, all_items=even),
        Items(("a", "b"), ("A", "B"), ({}, {})),
        np.eye(2, dtype=np.float32),
        np.zeros(2),
        UserVectors(("ada",), np.ones((1, 2), np.float32)),
    )
    return settings


def test_a_sound_artefact_is_used_without_asking_mlflow(settings: Settings) -> None:
    artifact, fetched = ensure_artifact(settings, NOWHERE, "v1", "run-1")
    assert (artifact.model_version, fetched) == ("v1", False)


def test_a_served_artefact_never_turns_into_another_model_of_the_same_name(settings: Settings) -> None:
    activate(settings, SHOP, "v1")
    with pytest.raises(ArtifactError, match="run-1") as caught:
        ensure_artifact(settings, NOWHERE, "v1", "run-of-a-registry-made-anew")
    assert "another version" in caught.value.hint
    assert ensure_artifact(settings, NOWHERE, "v1", "run-1")[0].model_version == "v1"


def test_what_killed_runs_left_is_swept_and_finished_artefacts_are_not(settings: Settings) -> None:
    root = settings.index_root / SHOP.name
    activate(settings, SHOP, "v1")
    for name in (".scratch-abc", ".building-v2-123"):
        (root / name).mkdir()
        (root / name / "index.faiss").write_bytes(b"half")
    with scratch(settings, SHOP) as folder:
        assert {path.name for path in root.iterdir()} == {"v1", "CURRENT", folder.name}
    assert {path.name for path in root.iterdir()} == {"v1", "CURRENT"}


def test_a_running_write_is_waited_for_and_never_swept(settings: Settings) -> None:
    waiting, seen = threading.Event(), list[bool]()

    def second() -> None:
        with scratch(settings, SHOP, lambda _: waiting.set()):
            seen.append(first.exists())

    thread = threading.Thread(target=second)
    with scratch(settings, SHOP) as first:
        (first / "index.faiss").write_bytes(b"half")
        thread.start()
        assert waiting.wait(60)
        assert (first / "index.faiss").exists()
    thread.join()
    assert seen == [False]
