"""A model goes on without some of its people: everything else of it is what it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recolake.privacy.scan import Needles, scan
from recolake.ranking.artifact import UserVectors, load_artifact, load_user_vectors
from recolake.ranking.artifact_writer import Origin, write_artifact
from recolake.ranking.evidence import Evidence
from recolake.ranking.items import Items
from recolake.ranking.manifest import BlendWeights, RankingConfig
from recolake.tenancy.context import Tenant
from training.erasure.mask import masked, people_in, without, write_masked
from training.evaluation.protocol import Target
from training.tracking.paired import Paired

SHOP = Tenant("shop")
IDS = tuple(f"{number:032x}" for number in range(1, 7))
ITEMS = 30


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    random = np.random.default_rng(1)
    weights = BlendWeights(vector=1, popularity=0.5, own=1)
    names = tuple(f"item-{number:03}" for number in range(ITEMS))
    place = tmp_path / "v1"
    write_artifact(
        place,
        Origin(SHOP, "shop-recommender", "v1", "run", "commit", {}, 7, {}, []),
        RankingConfig(new_items=weights, all_items=weights),
        Items(names, names, tuple({} for _ in names)),
        random.standard_normal((ITEMS, 4)).astype(np.float32),
        random.standard_normal(ITEMS),
        UserVectors(IDS, random.standard_normal((len(IDS), 4)).astype(np.float32)),
        _evidence(),
    )
    return place


def _evidence() -> Evidence:
    lengths = np.arange(len(IDS))
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    items = np.concatenate([np.arange(length) for length in lengths])
    return Evidence.of(IDS, offsets, items, items + 0.5, 0.1)


@pytest.mark.parametrize("gone", [{IDS[0]}, {IDS[2], IDS[5]}, set(IDS)])
def test_the_others_keep_their_vectors_and_evidence(folder: Path, gone: set[str]) -> None:
    before, users = load_artifact(folder, SHOP), load_user_vectors(folder)
    fresh = masked(folder, SHOP, gone)
    assert fresh is not None
    write_masked(folder, fresh)
    after, left = load_artifact(folder, SHOP), load_user_vectors(folder)
    assert left.ids == tuple(person for person in IDS if person not in gone)
    rows = [IDS.index(person) for person in left.ids]
    np.testing.assert_array_equal(left.vectors, users.vectors[rows])
    assert before.evidence is not None
    assert after.evidence is not None
    for person in left.ids:
        for one, other in zip(
            before.evidence.of_person(person) or (), after.evidence.of_person(person) or (), strict=True
        ):
            np.testing.assert_array_equal(one, other)
    assert after.checksum == before.checksum, "the index of items is the same"
    assert after.users_checksum != before.users_checksum, "who holds vectors of it must bring them anew"
    assert scan([folder], Needles(gone)).hits == []
    assert people_in(folder, set(IDS)) == set(IDS) - gone


def test_a_model_without_them_is_left_alone(folder: Path) -> None:
    assert masked(folder, SHOP, {"f" * 32}) is None


def test_evidence_of_one_person_goes_with_all_its_entries() -> None:
    left = without(_evidence(), {IDS[3]})
    assert left.of_person(IDS[3]) is None
    assert len(left.items) == len(_evidence().items) - 3


def test_measurements_of_the_others_stay() -> None:
    paired = Paired((1, 2), {t: np.array(IDS) for t in Target}, {t: np.arange(6.0) for t in Target})
    left = paired.without({IDS[1]})
    for target in Target:
        assert left.people[target].tolist() == [p for p in IDS if p != IDS[1]]
        assert left.ndcg[target].tolist() == [0, 2, 3, 4, 5]
    assert paired.without({"f" * 32}) is paired
