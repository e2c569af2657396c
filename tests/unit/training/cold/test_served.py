"""Items and people without history, from what is known of them to a list."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recolake.errors import ArtifactError
from recolake.ranking.artifact import Artifact, load_artifact, load_user_vectors
from recolake.ranking.artifact_writer import Origin
from recolake.ranking.content import CONTENT_FILE
from recolake.ranking.extend import extended
from recolake.ranking.fold_in import of_items, solved
from recolake.ranking.index.figures import Kind
from recolake.ranking.index.kinds import build
from recolake.ranking.manifest import SecondStageConfig
from recolake.ranking.placement import PLACEMENT_FILE
from recolake.ranking.ranker import rank
from recolake.ranking.reasons import Reason
from recolake.ranking.rules.rules import Rules
from recolake.ranking.users import UserBatch
from recolake.tenancy.context import Tenant
from training.artifact import write_model
from training.candidate import Candidate
from training.cold.served import ColdPlan, served_candidate
from training.cold.told import told_of_cold
from training.config import MF, START, Algorithm, ModelConfig
from training.datasets.dataset import Dataset
from training.datasets.split import temporal_split
from training.experiment import Experiment
from training.models.matrix_factorization.config import Config

SHOP = Tenant("shop")
CONFIG = ModelConfig(
    algorithm=Algorithm(name=MF, settings=Config(factors=8, regularization=2.0)), ranking=START
)


def _served(dataset: Dataset, config: ModelConfig = CONFIG) -> tuple[Candidate, ColdPlan]:
    experiment = Experiment(config, temporal_split(dataset.interactions), {})
    return served_candidate(dataset, experiment, 0, lambda _: None)


def _written(folder: Path, dataset: Dataset, candidate: Candidate) -> Artifact:
    origin = Origin(SHOP, "shop", "v1", "run", "code", {}, 0, {}, [])
    write_model(folder, origin, dataset, CONFIG, candidate)
    return load_artifact(folder, SHOP)


@pytest.fixture(scope="module")
def made(described: Dataset) -> tuple[Candidate, ColdPlan]:
    return _served(described)


@pytest.fixture(scope="module")
def artifact(
    described: Dataset, made: tuple[Candidate, ColdPlan], tmp_path_factory: pytest.TempPathFactory
) -> Artifact:
    return _written(tmp_path_factory.mktemp("index") / "v1", described, made[0])


def test_hidden_items_are_placed_by_content_better_than_by_popularity(
    made: tuple[Candidate, ColdPlan],
) -> None:
    found = made[1].estimates
    assert found["items.gain_over_popularity.ndcg@10"].low > 0
    assert found["lists.gain.ndcg@10"].value >= 0


def test_an_item_that_nobody_met_comes_last_in_the_index_and_first_for_its_group(artifact: Artifact) -> None:
    assert artifact.items.ids[artifact.warm :] == ("new-g0", "new-g1", "new-g2", "new-g3")
    assert artifact.manifest.cold_items == 4
    people = load_user_vectors(artifact.folder)
    for group in range(4):
        vector = people.vectors[people.ids.index(f"p{group}-00")]
        fits = artifact.vectors[artifact.warm :] @ vector
        assert int(np.argmax(fits)) == group


def test_it_is_said_to_be_new_and_what_of_it_speaks_for_it(artifact: Artifact) -> None:
    people = load_user_vectors(artifact.folder)
    vector = people.vectors[people.ids.index("p2-00")]
    found = rank(artifact, UserBatch.one(artifact.items, 8, vector), len(artifact.items), include_seen=False)
    place = found.rows[0].tolist().index(artifact.items.row_of["new-g2"])
    assert found.reason(0, place) is Reason.NEW_ITEM
    content = artifact.content
    assert content is not None
    said, part = content.most(2, vector, 1)[0]
    assert (said, part > 0) == ("category=g2", True)


def test_what_an_old_item_is_to_a_person_and_why_is_as_if_nothing_were_new(
    described: Dataset, made: tuple[Candidate, ColdPlan], artifact: Artifact, tmp_path: Path
) -> None:
    without = _written(tmp_path / "v1", described, replace(made[0], newcomers=None))
    assert np.array_equal(without.vectors, artifact.vectors[: artifact.warm])
    assert np.array_equal(without.gram, artifact.gram)


def test_it_tells_what_goes_together_and_what_was_popular_over_all_time(
    described: Dataset, artifact: Artifact
) -> None:
    companions, totals, ids = artifact.companions, artifact.totals, artifact.items.ids
    assert companions is not None
    assert totals is not None
    assert len(companions) == len(totals) == len(ids)
    assert companions.offsets[artifact.warm] == companions.offsets[-1]
    owners = np.repeat(np.arange(len(ids)), np.diff(companions.offsets))
    alike = [ids[a][:2] == ids[b][:2] for a, b in zip(owners, companions.items, strict=True)]
    assert np.mean(alike) > 0.8
    met = described.interactions
    weights = np.bincount(met.item, weights=met.weight, minlength=len(met.item_ids))
    assert totals[: artifact.warm] == pytest.approx(weights)


def test_whoever_took_the_same_items_has_the_same_vector(artifact: Artifact) -> None:
    people, evidence = load_user_vectors(artifact.folder), artifact.evidence
    assert evidence is not None
    own = evidence.of_person("p1-03")
    assert own is not None
    folded = solved(artifact, of_items(artifact, own[0], own[1] / np.float32(evidence.typical)))
    vector = people.vectors[people.ids.index("p1-03")]
    assert folded == pytest.approx(vector, abs=1e-2 * float(np.abs(vector).max()))


def test_people_without_history_get_vectors_where_what_they_are_beats_popularity(
    made: tuple[Candidate, ColdPlan], artifact: Artifact
) -> None:
    candidate, plan = made
    assert plan.hidden[1] == 10
    # Ten hidden people are too few to tell.
    assert not plan.with_people
    assert artifact.manifest.cold_users == 0
    assert "p0-new" not in load_user_vectors(artifact.folder).ids
    assert candidate.newcomers is not None


def test_where_nothing_is_said_of_items_the_index_is_the_model_alone(world: Dataset, tmp_path: Path) -> None:
    candidate, plan = _served(world)
    assert plan == ColdPlan()
    artifact = _written(tmp_path / "v1", world, candidate)
    bare = _written(tmp_path / "v2", world, replace(candidate, newcomers=None))
    assert artifact.checksum == bare.checksum
    assert (artifact.content, artifact.manifest.cold_items) == (None, 0)
    assert CONTENT_FILE not in artifact.manifest.files


def test_a_second_stage_leaves_what_nobody_met_in_its_place(described: Dataset, tmp_path: Path) -> None:
    staged = CONFIG.ranking.model_copy(
        update={"second_stage": SecondStageConfig(new_items=True, all_items=True, depth=40)}
    )
    candidate, _ = _served(described, CONFIG.model_copy(update={"ranking": staged}))
    artifact = _written(tmp_path / "v1", described, candidate)
    assert artifact.second_stage is not None
    people = candidate.people().take(np.arange(8))
    with_it = rank(artifact, people, 40, include_seen=False)
    blend = rank(replace(artifact, second_stage=None), people, 40, include_seen=False)
    assert not np.array_equal(with_it.rows, blend.rows)
    for user in range(8):
        for place, row in enumerate(blend.rows[user].tolist()):
            if row >= artifact.warm:
                assert with_it.rows[user, place] == row


def test_what_is_in_the_artefact_places_a_later_item_where_training_placed_one_like_it(
    described: Dataset, artifact: Artifact, tmp_path: Path
) -> None:
    placement = artifact.placement
    assert placement is not None
    for row, item in enumerate(artifact.items.ids[artifact.warm :], artifact.warm):
        said = {**described.attributes[item], "title": described.titles[item]}
        found = placement.vector(said)
        assert found is not None
        np.testing.assert_allclose(found, artifact.vectors[row], atol=1e-5)
    later = extended(artifact, {"later": {"category": "g1", "available": "true", "title": "Thing new-g1"}})
    assert (later.items.ids[-1], len(later.vectors)) == ("later", len(artifact.vectors) + 1)
    same = artifact.items.ids.index("new-g1")
    np.testing.assert_allclose(later.vectors[-1], artifact.vectors[same], atol=1e-5)
    assert extended(artifact, {"new-g1": {"category": "g1"}, "dark": {"colour": "black"}}) is artifact
    path = tmp_path / PLACEMENT_FILE
    path.write_bytes(replace(placement, features=placement.features[::-1]).to_bytes())
    with pytest.raises(ArtifactError, match="does not fit"):
        type(placement).open(path, len(placement.base))


def test_lists_with_a_later_item_are_those_of_an_index_that_holds_it(
    described: Dataset, artifact: Artifact, made: tuple[Candidate, ColdPlan]
) -> None:
    later = extended(artifact, {f"later-{n}": {"category": f"g{n}"} for n in range(3)})
    held = replace(later, index=build(Kind.FLAT, later.vectors))
    people = made[0].people().take(np.arange(12))
    for include_seen in (False, True):
        beside, within = (rank(each, people, 60, include_seen=include_seen) for each in (later, held))
        np.testing.assert_array_equal(np.sort(beside.rows), np.sort(within.rows))
    only = np.zeros(len(later.items), dtype=np.bool_)
    only[-3:] = True
    ruled = rank(later, people, 5, include_seen=False, rules=Rules(eligible=only))
    assert {*ruled.rows.ravel().tolist()} == {-1, *range(len(only) - 3, len(only))}


def test_content_that_gives_other_vectors_is_refused(artifact: Artifact, tmp_path: Path) -> None:
    content = artifact.content
    assert content is not None
    path = tmp_path / CONTENT_FILE
    path.write_bytes(replace(content, base=content.base + 1).to_bytes())
    vectors = artifact.vectors[artifact.warm :]
    with pytest.raises(ArtifactError, match="does not give the vectors"):
        type(content).open(path, vectors)
    path.write_bytes(content.to_bytes()[:-40])
    with pytest.raises(ArtifactError, match="cannot be read"):
        type(content).open(path, vectors)


def test_what_was_measured_is_told_in_sentences(made: tuple[Candidate, ColdPlan]) -> None:
    figures = {
        f"{name}{suffix}": value
        for name, estimate in made[1].estimates.items()
        for suffix, value in (("", estimate.value), ("_low", estimate.low), ("_high", estimate.high))
    }
    told = list(told_of_cold({**figures, "items.hidden": 8.0, "items.served": 4.0}))
    assert told[0].startswith("items without history: of 8 hidden ones ndcg@10 by content")
    assert "items without history: 4 have vectors" in told
    assert list(told_of_cold({})) == []
