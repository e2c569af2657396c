"""Evidence is found by person, and only what fits its artefact is let through."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from recolake.errors import ArtifactError
from recolake.ranking.artifact import UserVectors, load_artifact
from recolake.ranking.artifact_writer import Origin, place_artifact, write_artifact
from recolake.ranking.evidence import EVIDENCE_FILE, Evidence
from recolake.ranking.items import Items
from recolake.ranking.manifest import BlendWeights, RankingConfig
from recolake.tenancy.context import Tenant

SHOP = Tenant("shop")


def _evidence(**other: Any) -> Evidence:
    """Ada has items 0 and 2, Ben none, Cid item 1."""
    parts: dict[str, Any] = {
        "ids": ["ada", "ben", "cid"],
        "offsets": np.array([0, 2, 2, 3]),
        "items": np.array([0, 2, 1]),
        "confidence": np.array([1.5, 0.25, 3.0]),
        "regularization": 0.1,
    }
    return Evidence.of(**(parts | other))


def _write(path: Path, evidence: Evidence) -> Path:
    path.write_bytes(evidence.to_bytes())
    return path


def test_each_person_s_items_come_back_as_they_were_written(tmp_path: Path) -> None:
    found = Evidence.open(_write(tmp_path / EVIDENCE_FILE, _evidence()), users=3, items=3)
    assert found.regularization == 0.1
    for person, items, confidence in (("ada", [0, 2], [1.5, 0.25]), ("ben", [], []), ("cid", [1], [3.0])):
        own = found.of_person(person)
        assert own is not None
        assert (own[0].tolist(), own[1].tolist()) == (items, confidence)
    assert [found.of_person(nobody) for nobody in ("", "b", "zoe", "Ada")] == [None] * 4


def test_a_sum_has_weights_and_no_regularization(tmp_path: Path) -> None:
    path = _write(tmp_path / EVIDENCE_FILE, _evidence(regularization=None))
    found = Evidence.open(path, users=3, items=3)
    assert found.regularization is None
    own = found.of_person("ada")
    assert own is not None
    assert own[1].tolist() == [1.5, 0.25]


def test_it_outlives_the_folder_that_it_was_opened_in(tmp_path: Path) -> None:
    path = _write(tmp_path / EVIDENCE_FILE, _evidence())
    found = Evidence.open(path, users=3, items=3)
    path.unlink()
    own = found.of_person("cid")
    assert own is not None
    assert own[0].tolist() == [1]


@pytest.mark.parametrize(
    "other",
    [
        {"ids": ["ben", "ada", "cid"]},
        {"ids": ["ada", "ada", "cid"]},
        {"items": np.array([0, 3, 1])},
        {"items": np.array([0, -1, 1])},
        {"confidence": np.array([1.5, np.nan, 3.0])},
        {"confidence": np.array([1.5, -0.1, 3.0])},
        {"regularization": 0.0},
        {"regularization": float("nan")},
        {"ids": ["ada", "ben"], "offsets": np.array([0, 2, 3])},
        {"offsets": np.array([0, 2, 1, 3])},
        {"offsets": np.array([0, 2, 2, 9])},
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, other: dict[str, object]) -> None:
    try:
        path = _write(tmp_path / EVIDENCE_FILE, _evidence(**other))
    except (pa.ArrowException, ValueError):
        return  # Not even writable.
    with pytest.raises(ArtifactError):
        Evidence.open(path, users=3, items=3)


@pytest.mark.parametrize("damage", [lambda c: c[:40], lambda c: b"", lambda c: b"ARROW1" + c[:-9]])
def test_a_torn_file_is_refused(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    path = tmp_path / EVIDENCE_FILE
    path.write_bytes(damage(_evidence().to_bytes()))
    with pytest.raises(ArtifactError):
        Evidence.open(path, users=3, items=3)


def test_it_is_a_part_of_its_artefact_and_checked_with_it(tmp_path: Path) -> None:
    even = BlendWeights(vector=1, popularity=1, own=1)
    write_artifact(
        tmp_path / "v1",
        Origin(SHOP, "model", "v1", "run", "commit", {}, 0, {}, []),
        RankingConfig(new_items=even, all_items=even),
        Items(("a", "b", "c"), ("A", "B", "C"), ({}, {}, {})),
        np.eye(3, dtype=np.float32),
        np.zeros(3),
        UserVectors(("ada", "ben", "cid"), np.ones((3, 3), np.float32)),
        _evidence(),
    )
    place_artifact(tmp_path / "v1", tmp_path / "v2", SHOP, "v2", "run")
    evidence = load_artifact(tmp_path / "v2", SHOP).evidence
    assert evidence is not None
    assert len(evidence.ids) == 3
    (tmp_path / "v2" / EVIDENCE_FILE).write_bytes(b"torn")
    with pytest.raises(ArtifactError):
        load_artifact(tmp_path / "v2", SHOP)
