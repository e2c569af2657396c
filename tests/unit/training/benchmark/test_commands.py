"""`recolake evaluate` from the outside: files in, a report and lists out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from recolake.cli.app import build_app
from recolake.errors import InvalidInputError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty people of two groups, with ids that have spaces; each has two of its group's items in test."""
    path = tmp_path_factory.mktemp("files")
    random = np.random.default_rng(0)
    train, test = ["user,item"], ["user,item"]
    for person in range(40):
        items = random.permutation(15)[:9] * 2 + person % 2
        rows = [f"pérson {person},item {item}" for item in items]
        train += rows[2:]
        test += rows[:2]
    (path / "train.csv").write_text("\n".join(train), encoding="utf-8")
    (path / "test.csv").write_text("\n".join([*test, "stranger,item 3"]), encoding="utf-8")
    lines = [f"{n} {' '.join(map(str, random.permutation(12)[:6]))}" for n in range(30)]
    (path / "sequences.txt").write_text("\n".join(lines))
    return path


def _run(*arguments: object) -> tuple[str, str]:
    result = CliRunner().invoke(build_app(), ["evaluate", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout, result.stderr


def test_the_lists_hold_what_the_report_says_in_the_ids_of_the_input(folder: Path) -> None:
    report, lists = folder / "out.json", folder / "out.npz"
    files = ["--train", folder / "train.csv", "--test", folder / "test.csv"]
    _run(*files, "--model", "itemknn", "--k", "3,5", "--report", report, "--lists", lists)
    with np.load(lists, allow_pickle=False) as found:
        users, items = found["users"], found["items"]
    assert users.dtype.kind == items.dtype.kind == "U"
    assert items.shape == (41, 5)
    pairs = [line.split(",") for line in (folder / "test.csv").read_text().splitlines()[1:]]
    assert sorted(users) == sorted({user for user, _ in pairs})
    had = {tuple(line.split(",")) for line in (folder / "train.csv").read_text().splitlines()}
    recalls = []
    for user, row in zip(users.tolist(), items.tolist(), strict=True):
        assert len(set(row)) == 5
        assert not any((user, item) in had for item in row)
        held = {item for other, item in pairs if other == user}
        recalls.append(len(held & set(row)) / len(held))
    content = json.loads(report.read_text())
    assert content["metrics"]["recall@5"]["value"] == pytest.approx(np.mean(recalls))
    assert content["users"] == {"in_test": 41, "measured": 41, "left_out": {}}
    assert content["chosen"]["parts"][0]["config"].keys() == {"neighbours", "shrinkage"}
    assert content["peak_memory_mib"] > 0
    assert {"fit", "rank", "tuning", "total", "budget"} == content["seconds"].keys()


def test_auto_says_what_it_tries_and_how_long_it_has(folder: Path) -> None:
    out, err = _run("--train", folder / "train.csv", "--test", folder / "test.csv", "--budget", 100)
    assert "ndcg@10" in out
    assert "s left] popularity" in err
    assert "s left] ease regularization" in err


def test_sequences_are_split_by_their_last_item(folder: Path) -> None:
    report = folder / "sequences.json"
    data = ["--data", folder / "sequences.txt", "--split", "leave-last-out"]
    _run(*data, "--model", "popularity", "--k", "2", "--report", report, "--lists", folder / "s.npz")
    content = json.loads(report.read_text())
    assert content["users"]["measured"] == 30
    assert content["validation"]["rule"] == "the last event of each user"
    assert np.load(folder / "s.npz")["items"].dtype == np.int64


def test_the_same_seed_gives_the_same_report_and_lists(folder: Path) -> None:
    files = ["--train", folder / "train.csv", "--test", folder / "test.csv", "--model", "mf", "--seed", 4]
    contents = []
    for name in ("one", "two"):
        _run(*files, "--report", folder / name, "--lists", folder / f"{name}.npz")
        found = json.loads((folder / name).read_text())
        contents.append(
            (found["metrics"], found["chosen"], np.load(folder / f"{name}.npz")["items"].tolist())
        )
    assert contents[0] == contents[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model", "word2vec"], "no model word2vec"),
        (["--k", "ten"], "no list of whole numbers"),
        (["--k", "0"], "no list of whole numbers"),
        (["--target", "old"], "neither new nor all"),
        ([], "Give --train and --test"),
        (["--data", "x"], "--split leave-last-out, cold-items, cold-users"),
        (["--train", "x", "--test", "y", "--items", "nowhere"], "There is no file nowhere"),
        (["--data", "x", "--train", "y"], "--data goes with"),
        (["--train", "nowhere", "--test", "nowhere"], "There is no file nowhere"),
    ],
)
def test_wrong_arguments_are_refused_with_one_sentence(arguments: list[str], said: str) -> None:
    with pytest.raises(InvalidInputError) as raised:
        _run(*arguments)
    assert said in raised.value.message


def test_a_handful_of_events_is_served_popularity(tmp_path: Path) -> None:
    (tmp_path / "train").write_text("user,item\na,1\na,2\nb,1\n")
    (tmp_path / "test").write_text("user,item\nb,2\n")
    out, _ = _run("--train", tmp_path / "train", "--test", tmp_path / "test", "--report", tmp_path / "report")
    assert "hr@10: 1.0000" in out
    assert json.loads((tmp_path / "report").read_text())["chosen"]["model"] == "popularity"


def test_an_error_is_two_lines_and_exit_status_2(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "recolake.cli.app", "evaluate", "--model", "word2vec"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert result.returncode == 2
    assert result.stderr.splitlines()[0] == "Error (invalid_input): There is no model word2vec."
    assert "graph-filter" in result.stderr.splitlines()[1]
