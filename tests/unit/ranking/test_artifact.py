"""What `load_artifact` lets through may be served, so everything else must stop there."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pytest

from recolake.errors import ArtifactError
from recolake.files import sha256_file
from recolake.ranking.artifact import (
    INDEX_FILE,
    ITEMS_FILE,
    TOTALS_FILE,
    TREND_FILE,
    USERS_FILE,
    VECTORS_FILE,
    load_artifact,
    load_user_vectors,
)
from recolake.ranking.artifact_writer import place_artifact
from recolake.ranking.index.figures import Kind
from recolake.ranking.manifest import MANIFEST_FILE, read_manifest
from recolake.ranking.ragged import Ragged
from recolake.ranking.ranker import rank
from recolake.ranking.users import UserBatch
from recolake.tenancy.context import Tenant


def _edit(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    manifest = json.loads((folder / MANIFEST_FILE).read_text())
    change(manifest)
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest))


def _sign(folder: Path, name: str) -> None:
    """Make the manifest agree with a file that was changed: what a careful attacker would do."""
    path = folder / name
    entry = {"sha256": sha256_file(path), "bytes": path.stat().st_size}
    _edit(folder, lambda manifest: manifest["files"].update({name: entry}))


def _write_index(folder: Path, vectors: np.ndarray, metric: Any = faiss.IndexFlatIP) -> None:
    index = metric(vectors.shape[1])
    index.add(vectors)
    (folder / INDEX_FILE).write_bytes(faiss.serialize_index(index).tobytes())
    _sign(folder, INDEX_FILE)


def test_a_sound_artefact_loads_with_everything_that_was_written(
    artifact_folder: Path, tenant: Tenant
) -> None:
    artifact = load_artifact(artifact_folder, tenant)
    users = load_user_vectors(artifact_folder)
    assert (len(artifact.items), artifact.vectors.shape, artifact.index.ntotal) == (60, (60, 8), 60)
    assert artifact.items.ids[artifact.items.row_of["item-007"]] == "item-007"
    assert artifact.items.rows(["item-059", "unknown"]).tolist() == [59, -1]
    assert (artifact.manifest.count, artifact.manifest.users, artifact.model_version) == (60, 12, "v1")
    assert artifact.checksum == sha256_file(artifact_folder / INDEX_FILE)
    assert users.vectors.shape == (12, 8)
    assert users.ids[3] == "user-3"


@pytest.mark.fault(12)
@pytest.mark.parametrize("name", [INDEX_FILE, ITEMS_FILE, TREND_FILE, USERS_FILE])
def test_a_single_flipped_bit_anywhere_is_refused(artifact_folder: Path, tenant: Tenant, name: str) -> None:
    path = artifact_folder / name
    content = bytearray(path.read_bytes())
    random = np.random.default_rng(3)
    for place in random.integers(0, len(content), 20):
        flipped = bytearray(content)
        flipped[place] ^= 1 << int(random.integers(8))
        path.write_bytes(flipped)
        with pytest.raises(ArtifactError):
            load_artifact(artifact_folder, tenant)


@pytest.mark.fault(12)
@pytest.mark.parametrize("name", [INDEX_FILE, ITEMS_FILE, TREND_FILE, USERS_FILE, MANIFEST_FILE])
def test_a_missing_or_cut_file_is_refused(artifact_folder: Path, tenant: Tenant, name: str) -> None:
    path = artifact_folder / name
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(ArtifactError):
        load_artifact(artifact_folder, tenant)
    path.unlink()
    with pytest.raises(ArtifactError):
        load_artifact(artifact_folder, tenant)


@pytest.mark.fault(11)
def test_another_tenants_artefact_is_refused(artifact_folder: Path) -> None:
    with pytest.raises(ArtifactError, match="another tenant"):
        load_artifact(artifact_folder, Tenant("rival"))


@pytest.mark.fault(11)
@pytest.mark.parametrize(
    "poison",
    [
        lambda vectors: np.where(np.arange(8) == 3, np.float32("nan"), vectors),
        lambda vectors: np.where(np.arange(8) == 3, np.float32("inf"), vectors),
        lambda vectors: vectors[:6],
        lambda vectors: vectors[:, :4].copy(),
        lambda vectors: vectors * np.float32(1.01),
        lambda vectors: vectors[::-1].copy(),
    ],
    ids=["NaN", "infinite", "ten times smaller", "another dimension", "other numbers", "another order"],
)
def test_a_poisoned_index_is_refused_even_with_its_checksum_in_the_manifest(
    artifact_folder: Path, tenant: Tenant, poison: Callable[[np.ndarray], np.ndarray]
) -> None:
    vectors = load_artifact(artifact_folder, tenant).vectors
    _write_index(artifact_folder, np.ascontiguousarray(poison(vectors), dtype=np.float32))
    with pytest.raises(ArtifactError):
        load_artifact(artifact_folder, tenant)


def test_an_index_of_another_metric_is_refused(artifact_folder: Path, tenant: Tenant) -> None:
    _write_index(artifact_folder, load_artifact(artifact_folder, tenant).vectors, faiss.IndexFlatL2)
    with pytest.raises(ArtifactError, match="inner product"):
        load_artifact(artifact_folder, tenant)


@pytest.mark.fault(11)
@pytest.mark.parametrize("name", [TREND_FILE, USERS_FILE])
def test_a_pickle_is_never_unpickled(artifact_folder: Path, tenant: Tenant, name: str) -> None:
    np.save(artifact_folder / "poison.npy", np.array([{"run": "me"}], dtype=object), allow_pickle=True)
    shutil.move(artifact_folder / "poison.npy", artifact_folder / name)
    _sign(artifact_folder, name)
    with pytest.raises(ArtifactError):
        load_artifact(artifact_folder, tenant) if name == TREND_FILE else load_user_vectors(artifact_folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.update(count=6),
        lambda m: m.update(dimension=4),
        lambda m: m.update(canaries=[]),
        lambda m: m.update(schema_version=2),
        lambda m: m.update(unknown=1),
        lambda m: m["files"].update({"../other": {"sha256": "", "bytes": 0}}),
        lambda m: m["files"].pop(TREND_FILE),
        lambda m: m["canaries"][0]["scores"].reverse(),
        lambda m: m["canaries"][0]["vector"].pop(),
        lambda m: m["ranking"]["new_items"].update(vector=-1),
    ],
)
def test_a_manifest_that_lies_or_is_of_another_form_is_refused(
    artifact_folder: Path, tenant: Tenant, change: Callable[[dict[str, Any]], None]
) -> None:
    _edit(artifact_folder, change)
    with pytest.raises(ArtifactError):
        load_artifact(artifact_folder, tenant)


def test_beside_an_index_that_is_not_exact_lie_the_exact_vectors(
    approximate_folder: Path, tenant: Tenant
) -> None:
    artifact = load_artifact(approximate_folder, tenant)
    figures = artifact.manifest.index
    assert figures is not None
    assert (figures.kind, figures.queries, figures.depth) == (Kind.IVF_SQ8, 12, 10)
    assert figures.recall_at_10 >= 0.98
    placed = approximate_folder.parent / "v9"
    place_artifact(approximate_folder, placed, tenant, "v9", "run")
    again = load_artifact(placed, tenant)
    assert again.vectors.dtype == np.float32
    np.testing.assert_array_equal(again.vectors, artifact.vectors)
    people = load_user_vectors(placed).vectors
    batch = UserBatch(
        people,
        np.ones(12, np.bool_),
        Ragged(np.zeros(13, np.int64), np.empty(0, np.int64)),
        np.empty(0, np.float32),
    )
    found = rank(again, batch, 60, include_seen=False).rows
    assert (np.sort(found, axis=1) == np.arange(60)).all()


@pytest.mark.parametrize(
    "poison",
    [
        lambda vectors: np.where(np.arange(8) == 3, np.float32("nan"), vectors),
        lambda vectors: vectors * np.float32(1.01),
        lambda vectors: vectors[::-1].copy(),
        lambda vectors: vectors[:6],
        lambda vectors: vectors.astype(np.float64),
    ],
    ids=["NaN", "other numbers", "another order", "ten times smaller", "another type"],
)
def test_exact_vectors_that_are_not_those_of_the_index_are_refused(
    approximate_folder: Path, tenant: Tenant, poison: Callable[[np.ndarray], np.ndarray]
) -> None:
    path = approximate_folder / VECTORS_FILE
    np.save(path, poison(np.load(path)))
    _sign(approximate_folder, VECTORS_FILE)
    with pytest.raises(ArtifactError):
        load_artifact(approximate_folder, tenant)


def test_an_index_of_another_kind_than_the_manifest_says_is_refused(
    approximate_folder: Path, tenant: Tenant
) -> None:
    _write_index(approximate_folder, load_artifact(approximate_folder, tenant).vectors)
    with pytest.raises(ArtifactError, match="another kind"):
        load_artifact(approximate_folder, tenant)


def test_an_artefact_from_before_indexes_were_measured_still_loads(
    artifact_folder: Path, tenant: Tenant
) -> None:
    def age(manifest: dict[str, Any]) -> None:
        del manifest["index"]
        for canary in manifest["canaries"]:
            del canary["exact"]

    _edit(artifact_folder, age)
    artifact = load_artifact(artifact_folder, tenant)
    assert artifact.manifest.index is None
    assert artifact.vectors.shape == (60, 8)


def test_placing_gives_the_version_and_keeps_every_byte(artifact_folder: Path, tenant: Tenant) -> None:
    placed = artifact_folder.parent / "v9"
    place_artifact(artifact_folder, placed, tenant, "v9", "run-9")
    before, after = read_manifest(artifact_folder), read_manifest(placed)
    assert (after.model_version, after.mlflow_run_id) == ("v9", "run-9")
    assert after.files == before.files
    assert load_artifact(placed, tenant).checksum == load_artifact(artifact_folder, tenant).checksum


def test_an_artefact_has_its_name_only_once_all_of_it_is_on_the_disk(
    artifact_folder: Path, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed, sync = artifact_folder.parent / "v9", os.fsync
    before: set[str] = set()
    after: set[str] = set()

    def noting(handle: int) -> None:
        name = Path(f"/proc/self/fd/{handle}").resolve().name
        (after if placed.exists() else before).add(name)
        sync(handle)

    monkeypatch.setattr(os, "fsync", noting)
    place_artifact(artifact_folder, placed, tenant, "v9", "run")
    files = {path.name for path in placed.iterdir()}
    assert files < before, "the files, and the folder that lists them"
    assert any(name.startswith(".building-") for name in before)
    assert after == {artifact_folder.parent.name}, "then the folder in which the name is"


def test_users_checksum_is_that_of_the_file(artifact_folder: Path, tenant: Tenant) -> None:
    assert load_artifact(artifact_folder, tenant).users_checksum == sha256_file(artifact_folder / USERS_FILE)


def test_placing_a_bad_artefact_leaves_nothing_behind(artifact_folder: Path, tenant: Tenant) -> None:
    (artifact_folder / INDEX_FILE).write_bytes(b"torn")
    with pytest.raises(ArtifactError):
        place_artifact(artifact_folder, artifact_folder.parent / "v9", tenant, "v9", "run")
    assert [path.name for path in artifact_folder.parent.iterdir()] == ["v1"]


def test_an_artefact_is_never_overwritten(artifact_folder: Path, tenant: Tenant) -> None:
    other = artifact_folder.parent / "v2"
    place_artifact(artifact_folder, other, tenant, "v2", "run")
    with pytest.raises(ArtifactError, match="never changed"):
        place_artifact(artifact_folder, other, tenant, "v2", "run")


@pytest.mark.parametrize(
    ("totals", "sound"),
    [
        (np.arange(60.0), True),
        (np.arange(59.0), False),
        (np.arange(60.0) - 1, False),
        (np.full(60, np.nan), False),
    ],
)
def test_popularity_over_all_time_may_be_there_and_must_fit_then(
    artifact_folder: Path, tenant: Tenant, totals: np.ndarray, sound: bool
) -> None:
    assert load_artifact(artifact_folder, tenant).totals is None
    np.save(artifact_folder / TOTALS_FILE, totals)
    _sign(artifact_folder, TOTALS_FILE)
    if not sound:
        with pytest.raises(ArtifactError, match="all time"):
            load_artifact(artifact_folder, tenant)
        return
    found = load_artifact(artifact_folder, tenant).totals
    assert found is not None
    assert found.tolist() == totals.tolist()
