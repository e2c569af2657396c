"""Items and users that are held out whole, and a second model to compare with."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from recolake.cli.app import build_app
from training.benchmark.load import Loaded, Split, load_split
from training.benchmark.problem import Target
from training.benchmark.ranking import ranked
from training.benchmark.validation import Rule, validation
from training.files.events import EvaluationFileError

ITEMS, USERS = 60, 50


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """People of two kinds take things of two kinds; what kind, files say."""
    path, random = tmp_path_factory.mktemp("cold"), np.random.default_rng(0)
    rows = ["user,item"]
    for user in range(USERS):
        own = random.permutation(ITEMS // 2)[:14] * 2 + user % 2
        rows += [f"{user},{item}" for item in own]
    (path / "data.csv").write_text("\n".join(rows))
    for side, count in (("item", ITEMS), ("user", USERS)):
        kinds = "\n".join(f"{n},{'odd' if n % 2 else 'even'}" for n in range(count))
        (path / f"{side}s.csv").write_text(f"{side},kind\n{kinds}")
    return path


def _loaded(folder: Path, split: Split, seed: int = 0) -> Loaded:
    return load_split(folder / "data.csv", split, Target.NEW, seed)


def test_a_fifth_of_the_items_leaves_train_whole_and_is_ranked_alone(folder: Path) -> None:
    problem = _loaded(folder, Split.COLD_ITEMS).problem
    held = np.unique(problem.truth.rows)
    assert len(held) == ITEMS // 5
    assert not np.isin(problem.log.item, held).any()
    assert problem.ranked is not None
    assert np.flatnonzero(problem.ranked).tolist() == held.tolist()
    rows = ranked(problem, lambda users: np.zeros((len(users), ITEMS), np.float32), problem.measured, 20)
    assert np.isin(rows[rows >= 0], held).all()


def test_validation_holds_out_items_of_train_in_the_same_way(folder: Path) -> None:
    loaded = _loaded(folder, Split.COLD_ITEMS)
    cut = validation(loaded, seed=0)
    assert cut is not None
    assert cut.rule is Rule.COLD_ITEMS
    held = np.unique(cut.problem.truth.rows)
    assert len(held) == int(0.2 * (ITEMS - ITEMS // 5))
    assert not np.isin(cut.problem.log.item, held).any()
    assert not np.isin(held, loaded.held.item).any()


def test_equal_new_items_are_not_ordered_by_their_ids(folder: Path) -> None:
    problem = _loaded(folder, Split.COLD_ITEMS).problem
    rows = ranked(problem, lambda users: np.zeros((len(users), ITEMS), np.float32), problem.measured[:1], 12)
    assert rows[0].tolist() != sorted(rows[0].tolist())


def test_users_held_out_whole_are_asked_for_all_known_items(folder: Path) -> None:
    loaded = _loaded(folder, Split.COLD_USERS)
    users = np.unique(loaded.held.user)
    assert len(users) == USERS // 5
    assert not np.isin(loaded.problem.log.user, users).any()
    assert loaded.problem.measured.tolist() == users.tolist()
    cut = validation(loaded, seed=0)
    assert cut is not None
    assert cut.rule is Rule.COLD_USERS
    assert not np.isin(cut.problem.measured, users).any()
    assert not np.isin(cut.problem.log.user, cut.problem.measured).any()


def test_the_seed_draws_what_is_held_out(folder: Path) -> None:
    first, again, other = (_loaded(folder, Split.COLD_ITEMS, seed).held.item for seed in (1, 1, 2))
    assert set(first) == set(again) != set(other)


def test_too_little_to_hold_anything_out_is_refused(tmp_path: Path) -> None:
    (tmp_path / "few").write_text("user,item\na,1\nb,2\n")
    with pytest.raises(EvaluationFileError, match="too small for --split cold-items"):
        load_split(tmp_path / "few", Split.COLD_ITEMS, Target.NEW)


def _evaluated(folder: Path, *arguments: str) -> tuple[dict, str]:
    report = folder / "report.json"
    files = ["--data", folder / "data.csv", "--items", folder / "items.csv", "--users", folder / "users.csv"]
    options = ["--k", "5", "--report", report, *arguments]
    result = CliRunner().invoke(build_app(), ["evaluate", *map(str, files + options)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(report.read_text()), result.stdout


@pytest.mark.parametrize(
    ("split", "against"), [("cold-items", "content-popularity"), ("cold-users", "popularity")]
)
def test_features_foresee_who_takes_what_nobody_met_and_what_newcomers_take(
    folder: Path, split: str, against: str
) -> None:
    arguments = ("--split", split, "--model", "two-tower", "--against", against, "--budget", "2")
    found, out = _evaluated(folder, *arguments)
    ours, theirs = found["metrics"]["ndcg@5"], found["against"]["metrics"]["ndcg@5"]
    assert theirs["gain"] == pytest.approx(ours["value"] - theirs["value"], abs=1e-6)
    assert theirs["low"] > 0
    assert found["against"]["model"] == against
    assert f"of {against}" in out


def test_without_a_second_model_the_report_compares_with_nothing(folder: Path) -> None:
    found, out = _evaluated(folder, "--split", "cold-items", "--model", "content-popularity")
    assert found["against"] is None
    assert "more than" not in out
