"""A second stage comes back from an artefact as it was, or not at all."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recolake.errors import ArtifactError
from recolake.files import sha256_file
from recolake.ranking.artifact import UserVectors, load_artifact
from recolake.ranking.artifact_writer import Origin, place_artifact, write_artifact
from recolake.ranking.items import Items
from recolake.ranking.manifest import FileEntry, read_manifest
from recolake.ranking.ranker import rank
from recolake.ranking.second_stage.files import FACTS_FILE, NEIGHBOURS_FILE, STAGE_FILE, STAGE_FILES
from recolake.ranking.second_stage.stage import SecondStage
from recolake.tenancy.context import Tenant

SHOP = Tenant("shop")


def _write(folder: Path, world: Any, stage: SecondStage | None) -> None:
    items, dimension = world.model.vectors.shape
    ids = tuple(f"i{n}" for n in range(items))
    origin = Origin(SHOP, "shop-recommender", "v1", "run", "commit", {}, 7, {}, [])
    write_artifact(
        folder,
        origin,
        world.model.ranking,
        Items(ids, ids, ({},) * items),
        world.model.vectors,
        2000 + np.arange(items) / 7,
        UserVectors(("u",), np.ones((1, dimension), dtype=np.float32)),
        None,
        stage,
    )


def test_what_is_loaded_ranks_as_what_was_written(tmp_path: Path, world: Any) -> None:
    _write(tmp_path / "v1", world, world.stage)
    place_artifact(tmp_path / "v1", tmp_path / "v2", SHOP, "v2", "run")
    artifact = load_artifact(tmp_path / "v2", SHOP)
    assert artifact.manifest.files.keys() >= STAGE_FILES
    for include_seen in (False, True):
        found = rank(artifact, world.people, 10, include_seen=include_seen)
        model = replace(world.model, popularity=artifact.popularity)
        expected = rank(model, world.people, 10, include_seen=include_seen)
        np.testing.assert_array_equal(found.scores, expected.scores)
        np.testing.assert_array_equal(found.rows, expected.rows)


def test_what_concerns_items_is_mapped_and_not_read_into_memory(tmp_path: Path, world: Any) -> None:
    _write(tmp_path / "v1", world, world.stage)
    stage = load_artifact(tmp_path / "v1", SHOP).second_stage
    assert stage is not None
    for array in (stage.catalogue.facts, stage.catalogue.neighbours, stage.catalogue.nearness):
        assert isinstance(array.base, np.memmap)


def test_a_stage_for_one_question_is_one_for_that_question(tmp_path: Path, world: Any) -> None:
    stage = replace(world.stage, new_items=None)
    ranking = world.model.ranking.model_copy(update={"second_stage": stage.config})
    _write(tmp_path / "v1", replace(world, model=replace(world.model, ranking=ranking)), stage)
    loaded = load_artifact(tmp_path / "v1", SHOP).second_stage
    assert loaded is not None
    assert loaded.new_items is None
    assert loaded.config == stage.config


def test_a_stage_that_the_configuration_does_not_name_or_that_is_missing_is_not_written(
    tmp_path: Path, world: Any
) -> None:
    none = world.model.ranking.model_copy(update={"second_stage": None})
    unnamed = replace(world, model=replace(world.model, ranking=none))
    for number, (told, stage) in enumerate(
        [(world, None), (unnamed, world.stage), (world, replace(world.stage, depth=3))]
    ):
        with pytest.raises(ArtifactError):
            _write(tmp_path / str(number), told, stage)
        assert not (tmp_path / str(number)).exists()


def _array(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        np.save(path, change(np.load(path)))

    return damage


def _held(name: str, value: np.ndarray) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        with np.load(path) as found:
            arrays = {**dict(found.items()), name: value}
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)
        path.write_bytes(buffer.getvalue())

    return damage


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        (FACTS_FILE, _array(lambda facts: facts[1:])),
        (FACTS_FILE, _array(lambda facts: np.where(np.isnan(facts), np.inf, facts))),
        (NEIGHBOURS_FILE, _array(lambda rows: rows + len(rows))),
        (STAGE_FILE, lambda path: path.write_bytes(b"no archive")),
        (STAGE_FILE, _held("depth", np.array(0))),
        (STAGE_FILE, _held("features", np.array(["colour"]))),
        (STAGE_FILE, _held("all_items.bias.2", np.full((3, 1, 1), np.nan, dtype=np.float32))),
        (STAGE_FILE, _held("all_items.weight.1", np.zeros((3, 5, 6), dtype=np.float32))),
        (STAGE_FILE, _held("all_items.ends", np.array([1, 2]))),
    ],
)
def test_a_stage_that_is_damaged_or_of_another_form_is_refused_whatever_the_checksums_say(
    tmp_path: Path, world: Any, name: str, damage: Callable[[Path], None]
) -> None:
    folder = tmp_path / "v1"
    _write(folder, world, world.stage)
    damage(folder / name)
    manifest = read_manifest(folder)
    entry = FileEntry(sha256=sha256_file(folder / name), bytes=(folder / name).stat().st_size)
    manifest = manifest.model_copy(update={"files": {**manifest.files, name: entry}})
    (folder / "manifest.json").write_text(manifest.model_dump_json())
    with pytest.raises(ArtifactError):
        load_artifact(folder, SHOP)
