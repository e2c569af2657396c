"""The served second stage: the future reaches no feature of its lessons, and what it learns helps."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recolake.quality import CHAMPION, ONE_STAGE
from recolake.ranking.manifest import SecondStageConfig
from recolake.ranking.ranker import candidate_terms, rank
from recolake.ranking.rerank import blend
from recolake.ranking.second_stage.features import FEATURES, Measured
from recolake.ranking.second_stage.shortlist import Shortlist
from training.candidate import Candidate, fit
from training.config import MF, START, Algorithm, ModelConfig
from training.datasets.dataset import Dataset, ItemDays
from training.datasets.histories import habits, histories
from training.datasets.interactions import Interactions
from training.datasets.split import Split, temporal_split
from training.evaluation.protocol import Target
from training.experiment import measure_champion, run_experiment
from training.models.matrix_factorization.config import Config
from training.second_stage.catalogue import catalogue
from training.second_stage.lessons import lessons, windows
from training.second_stage.teach import fit_served

USERS, ITEMS, DAYS, FIRST = 40, 24, 50, 15_000
ALGORITHM = Algorithm(name=MF, settings=Config(factors=4, iterations=2))
BOTH = SecondStageConfig(new_items=True, all_items=True)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """The problems are so small that threads would only wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def _dataset(user: np.ndarray, item: np.ndarray, day: np.ndarray) -> Dataset:
    users, items = (np.array([f"{n:03}" for n in column]) for column in (user, item))
    weight = np.ones(len(user), dtype=np.float32)
    return Dataset(
        Interactions.of(users, items, day, weight), ItemDays.of(items, day, weight), {}, {}, {}, ()
    )


def _events(seed: int = 0, count: int = 1_200) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    user, item = random.integers(USERS, size=count), random.integers(ITEMS, size=count)
    item = np.where(random.random(count) < 0.5, user % ITEMS, item)
    return user, item, FIRST + random.integers(DAYS, size=count)


def _features(dataset: Dataset, split: Split) -> np.ndarray:
    """[U, D, F] of everybody before a window."""
    candidate = fit(dataset, split.train, split.as_of, ALGORITHM, 0)
    model, people = candidate.rankable(START), candidate.people()
    found = candidate_terms(model, people, 10, include_seen=True)
    listed = Shortlist.of(found, blend(found, START.all_items), 10)
    known = catalogue(split.train, split.as_of)
    return Measured.of(known, people, found, listed).table(known)


@settings(max_examples=6, deadline=None)
@given(
    future=st.lists(
        st.tuples(st.integers(0, USERS + 5), st.integers(0, ITEMS + 5), st.integers(0, 9)), max_size=60
    )
)
def test_what_happens_in_a_window_or_after_it_reaches_no_feature_of_it(
    future: list[tuple[int, int, int]],
) -> None:
    user, item, day = _events()
    before = day < FIRST + DAYS - 10
    # Something always happens on the last day, so that the windows are cut at the same days.
    later = np.array([*future, (0, 0, 9)], dtype=np.int64)
    other = _dataset(
        np.concatenate([user[before], later[:, 0]]),
        np.concatenate([item[before], later[:, 1]]),
        np.concatenate([day[before], FIRST + DAYS - 10 + later[:, 2]]),
    )
    same = _dataset(
        *(np.append(*pair) for pair in zip((user, item, day), (0, 0, FIRST + DAYS - 1), strict=True))
    )
    ours, theirs = ((found, next(windows(found.interactions, 1))) for found in (same, other))
    assert ours[1].as_of == theirs[1].as_of == FIRST + DAYS - 11
    np.testing.assert_array_equal(_features(*ours), _features(*theirs))


def test_windows_follow_each_other_backwards_and_leave_as_much_before_them() -> None:
    interactions = _dataset(*_events()).interactions
    found = list(windows(interactions, 3))
    assert [split.last_day - split.first_day + 1 for split in found] == [10, 8, 6]
    for later, earlier in pairwise(found):
        assert earlier.last_day == later.as_of
    for split in found:
        assert split.train.last_day <= split.as_of
    assert not list(windows(interactions.between(last=FIRST), 3))


def test_lessons_are_the_lists_of_who_took_something_and_what_they_took_in_the_window() -> None:
    dataset = _dataset(*_events())
    split = next(windows(dataset.interactions, 1))
    candidate = fit(dataset, split.train, split.as_of, ALGORITHM, 0)
    known = catalogue(split.train, split.as_of)
    own = FEATURES.index("own days")
    for target in Target:
        found = lessons(split, candidate, known, START, target, ITEMS, np.random.default_rng(0))
        taken = sum(int(part.taken.sum()) for part in found)
        assert taken == len(target.truth(split).rows), "every item is a candidate, so none is missed"
        had = np.concatenate([part.features[:, own] for part in found])
        assert (had > 0).any() == target.include_seen


def test_days_of_a_habit_agree_with_their_plain_definition() -> None:
    interactions = _dataset(*_events()).interactions
    rows, _ = histories(interactions, interactions.last_day)
    found = habits(interactions, rows)
    for number, (user, item) in enumerate(zip(rows.owners, rows.rows, strict=True)):
        days = interactions.day[(interactions.user == user) & (interactions.item == item)]
        assert (found.days[number], found.first[number], found.last[number]) == (
            len(days),
            days.min(),
            days.max(),
        )


def _given_up() -> Dataset:
    """All change from one half of their items to the other, some earlier: counting sees both halves alike."""
    random = np.random.default_rng(3)
    own = np.argsort(random.random((USERS, ITEMS)), axis=1)[:, :8]
    user = np.repeat(np.arange(USERS), DAYS * 2)
    day = np.tile(np.repeat(np.arange(DAYS), 2), USERS)
    half = (day >= np.where(user % 2 == 0, 10, 28)).astype(int)
    item = own[user, half * 4 + random.integers(4, size=len(user))]
    return _dataset(user, item, FIRST + day)


def _champion(second_stage: SecondStageConfig | None) -> ModelConfig:
    return ModelConfig(algorithm=ALGORITHM, ranking=START.model_copy(update={"second_stage": second_stage}))


def test_the_report_shows_the_champion_with_its_second_stage_and_without_it() -> None:
    dataset = _given_up()
    found = run_experiment(dataset, 0, lambda _: None, _champion(BOTH)).results
    split = temporal_split(dataset.interactions)
    assert split is not None
    for target, scores in measure_champion(dataset, split, _champion(None), 0).items():
        np.testing.assert_array_equal(found[ONE_STAGE][target].ndcg, scores.ndcg)
    ours, theirs = (found[who][Target.ALL_ITEMS].metrics["ndcg@10"].value for who in (CHAMPION, ONE_STAGE))
    assert ours > theirs, "what was given up is not bought again"


def test_the_same_seed_teaches_the_same(world: Dataset) -> None:
    one, two = (_taught(world, _champion(BOTH)) for _ in range(2))
    people = one.people()
    assert one.second_stage is not None
    for include_seen in (False, True):
        first, second = (c.rankable(START.model_copy(update={"second_stage": BOTH})) for c in (one, two))
        found = [rank(model, people, 10, include_seen=include_seen).scores for model in (first, second)]
        np.testing.assert_array_equal(*found)


def _taught(dataset: Dataset, config: ModelConfig) -> Candidate:
    return fit_served(dataset, dataset.interactions, dataset.interactions.last_day, config, 0)


def test_where_the_past_is_too_short_there_is_no_second_stage() -> None:
    user, item, day = _events()
    dataset = _dataset(user, item, np.full(len(day), FIRST))
    assert _taught(dataset, _champion(BOTH)).second_stage is None
    only_new = SecondStageConfig(new_items=True, all_items=False)
    stage = _taught(_dataset(user, item, day), _champion(only_new)).second_stage
    assert stage is not None
    assert stage.config == only_new


def test_a_catalogue_knows_the_nearest_of_every_item() -> None:
    interactions = _dataset(*_events()).interactions
    found = catalogue(interactions, interactions.last_day)
    assert found.fits(interactions.shape[1])
    for item in range(interactions.shape[1]):
        near = found.neighbours[item][found.neighbours[item] >= 0]
        assert item not in near
        assert len(near) == len(set(near.tolist())) > 0
    assert (found.nearness[found.neighbours < 0] == 0).all()
