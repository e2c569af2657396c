"""Validation data is cut from train alone, by the rule that cut the test set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recolake.errors import InvalidInputError
from training.benchmark.load import Loaded, load_files, load_sequences
from training.benchmark.log import Clock, Log
from training.benchmark.problem import Target
from training.benchmark.validation import Rule, validation
from training.files.events import EvaluationFileError

DAY = 86_400


def _csv(path: Path, rows: np.ndarray) -> Path:
    header = ["user", "item", "timestamp"][: rows.shape[1]]
    lines = [",".join(header), *(",".join(str(cell) for cell in row) for row in rows.tolist())]
    path.write_text("\n".join(lines))
    return path


def _loaded(train: np.ndarray, test: np.ndarray, folder: Path, target: Target = Target.NEW) -> Loaded:
    return load_files(_csv(folder / "train", train), _csv(folder / "test", test), None, None, target)


def _events(log: Log) -> set[tuple[int, int, float]]:
    return set(zip(log.user.tolist(), log.item.tolist(), log.time.tolist(), strict=True))


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(0)


def test_with_times_before_the_test_the_last_days_of_train_are_cut(
    random: np.random.Generator, tmp_path: Path
) -> None:
    moment = random.integers(0, 200 * DAY, 3_000)
    rows = np.stack([random.integers(30, size=3_000), random.integers(40, size=3_000), moment], axis=1)
    later = moment >= 170 * DAY
    found = validation(_loaded(rows[~later], rows[later], tmp_path, Target.ALL), seed=0)
    assert found is not None
    assert found.rule is Rule.WINDOW
    assert found.problem.log.time.max() < (170 - 31) * DAY
    assert found.problem.log.clock is Clock.TIMES


def test_with_times_amid_train_it_is_no_window(random: np.random.Generator, tmp_path: Path) -> None:
    rows = np.stack([random.integers(n, size=900) for n in (30, 400, 90 * DAY)], axis=1)
    found = validation(_loaded(rows[::2], rows[1::2], tmp_path), seed=0)
    assert found is not None
    assert found.rule is Rule.SHARE
    held = found.problem.truth.lengths.sum()
    assert 0 < held < 0.3 * len(found.problem.log)


def test_where_each_user_has_as_many_test_events_as_many_are_cut(
    random: np.random.Generator, tmp_path: Path
) -> None:
    items = np.stack([random.permutation(60)[:12] for _ in range(20)])
    user = np.arange(20)[:, None].repeat(12, axis=1)
    train = np.stack([user[:, 3:], items[:, 3:]], axis=-1).reshape(-1, 2)
    test = np.stack([user[:, :3], items[:, :3]], axis=-1).reshape(-1, 2)
    found = validation(_loaded(train, test, tmp_path), seed=0)
    assert found is not None
    assert found.rule is Rule.SOME_OF_EACH
    assert set(np.diff(found.problem.had.indptr).tolist()) == {6}


def test_the_last_of_a_sequence_is_held_out_and_the_one_before_is_for_validation(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1 10 11 12 13 14\n2 12 10 11 13\n3 10 14\n4 13 11 10 12\n")
    loaded = load_sequences(tmp_path / "a", Target.NEW)
    items = loaded.problem.catalogue.items
    assert items[loaded.held.item].tolist() == [14, 13, 12]
    assert loaded.problem.catalogue.users[loaded.problem.asked].tolist() == [1, 2, 4]
    found = validation(loaded, seed=0)
    assert found is not None
    assert found.rule is Rule.LAST_OF_EACH
    assert items[found.problem.truth.rows].tolist() == [13, 11, 10]


def test_given_validation_rows_leave_train_while_tuning_and_come_back(tmp_path: Path) -> None:
    train = np.array([[1, 1], [1, 2], [1, 3], [2, 1], [2, 3], [2, 4]])
    paths = [
        _csv(tmp_path / name, rows)
        for name, rows in (
            ("train", train),
            ("test", np.array([[1, 4], [2, 2]])),
            ("valid", np.array([[1, 3]])),
        )
    ]
    loaded = load_files(*paths, None, Target.NEW)
    found = validation(loaded, seed=0)
    assert found is not None
    assert found.rule is None
    assert _events(loaded.problem.log) - _events(found.problem.log) == {(0, 2, 0.0)}
    assert len(loaded.problem.log) == len(train)


def test_nothing_of_the_test_set_is_learnt_from_or_validated_on(
    random: np.random.Generator, tmp_path: Path
) -> None:
    pairs = np.unique(random.integers(40, size=(700, 2)), axis=0)
    test = random.random(len(pairs)) < 0.2
    loaded = _loaded(pairs[~test], pairs[test], tmp_path)
    found = validation(loaded, seed=0)
    assert found is not None
    known = _events(loaded.problem.log)
    assert not known & _events(loaded.held)
    truth = found.problem.truth
    assert {(u, i, 0.0) for u, i in zip(truth.owners.tolist(), truth.rows.tolist(), strict=True)} <= known
    assert _events(found.problem.log) < known


def test_the_seed_decides_what_is_cut(random: np.random.Generator, tmp_path: Path) -> None:
    pairs = np.unique(random.integers(40, size=(700, 2)), axis=0)
    loaded = _loaded(pairs[::2], pairs[1::2], tmp_path)
    logs = [found.problem.log for seed in (1, 1, 2) if (found := validation(loaded, seed))]
    assert _events(logs[0]) == _events(logs[1]) != _events(logs[2])


def test_negatives_decide_who_is_measured_and_validation_draws_as_many(
    random: np.random.Generator, tmp_path: Path
) -> None:
    items = np.stack([random.permutation(200) for _ in range(12)])
    user = np.arange(12)
    train = _csv(tmp_path / "train", np.stack([np.repeat(user, 8), items[:, 1:9].ravel()], axis=1))
    test = _csv(tmp_path / "test", np.stack([user, items[:, 0]], axis=1))
    negatives = items[:, 9:19].copy()
    negatives[4, 3] = items[4, 0]
    lines = [f"({u},{items[u, 0]})\t" + "\t".join(map(str, negatives[u])) for u in user[:-1]]
    (tmp_path / "negatives").write_text("\n".join(lines))
    loaded = load_files(train, test, None, tmp_path / "negatives", Target.NEW)
    assert loaded.problem.measured.tolist() == [u for u in range(11) if u != 4]
    assert loaded.problem.asked.tolist() == user.tolist()
    assert loaded.problem.left_out["negatives hold the positive"] == 1
    assert loaded.problem.left_out["no negatives"] == 1
    found = validation(loaded, seed=0)
    assert found is not None
    candidates = found.problem.candidates
    assert candidates is not None
    asked = candidates.take(found.problem.measured)
    assert set(asked.lengths.tolist()) == {11}
    drawn = {(u, i) for u, i in zip(asked.owners.tolist(), asked.rows.tolist(), strict=True)}
    had = loaded.problem.had[found.problem.measured].nonzero()
    assert len(drawn & set(zip(had[0].tolist(), had[1].tolist(), strict=True))) == len(asked)


@pytest.mark.parametrize(
    ("test", "said"),
    [
        (np.array([[7, 1]]), "No user of test is in train"),
        (np.array([[1, 9]]), "No item of test is in train"),
    ],
)
def test_files_that_share_nothing_are_refused(test: np.ndarray, said: str, tmp_path: Path) -> None:
    with pytest.raises(EvaluationFileError, match=said):
        _loaded(np.array([[1, 1], [2, 1], [2, 2]]), test, tmp_path)


def test_where_all_is_bought_again_nobody_can_be_measured_on_new_items(tmp_path: Path) -> None:
    rows = np.array([[1, 1], [2, 1], [2, 2]])
    with pytest.raises(InvalidInputError, match="2 users: nothing new"):
        _loaded(rows, rows[[0, 2]], tmp_path)
    assert len(_loaded(rows, rows[[0, 2]], tmp_path, Target.ALL).problem.measured) == 2


def test_ids_are_texts_in_all_files_where_one_has_texts(tmp_path: Path) -> None:
    (tmp_path / "train").write_text("user,item\n1,5\n1,6\n2,5\n2,7\n")
    (tmp_path / "test").write_text("user,item\n1,7\n2,6\nann,5\n")
    problem = load_files(tmp_path / "train", tmp_path / "test", None, None, Target.NEW).problem
    assert problem.catalogue.users.tolist() == ["1", "2", "ann"]
    assert problem.catalogue.items.tolist() == [5, 6, 7]
