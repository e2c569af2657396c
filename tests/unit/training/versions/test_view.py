"""What `recolake models` says, to people and to programs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from training.evaluation.bootstrap import Estimate
from training.tracking.paired import Difference
from training.versions import view
from training.versions.catalogue import Version
from training.versions.compare import Compared, Comparison, changes

CHAMPION = {"new_items": {"ndcg@10": 0.1234, "ndcg@10_low": 0.11, "ndcg@10_high": 0.13}}


def _version(name: str, **more: Any) -> Version:
    known: dict[str, Any] = {
        "version": name,
        "alias": None,
        "served": False,
        "held": False,
        "withdrawn": False,
        "trained_at": datetime(2026, 3, 1, 8, tzinfo=UTC),
        "run_id": f"run-{name}",
        "algorithm": "matrix_factorization",
        "kind": "first",
        "metrics": {"champion": CHAMPION},
        "window": "2026-02-01/2026-02-28",
        "gate_passed": True,
        "gate_reasons": (),
        "gate_refusals": (),
    }
    return Version(**(known | more))


def _said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


def test_a_list_says_what_is_served_how_good_each_is_and_why_one_was_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    refused = _version("v2", gate_passed=False, gate_refusals=("new_items: worse [much]",), metrics={})
    view.show_versions([refused, _version("v1", served=True, alias="champion")])
    header, second, first, reason = _said(capsys).splitlines()
    assert "ndcg@10 new items" in header
    assert "served" in first
    assert "0.1234 (0.1100 to 0.1300)" in first
    assert "refused" in second
    assert reason == "v2 was refused: new_items: worse [much]"


def test_a_rollback_is_said_to_hold(capsys: pytest.CaptureFixture[str]) -> None:
    view.show_versions([_version("v2", withdrawn=True), _version("v1", served=True, held=True)])
    said = _said(capsys)
    assert "served, held" in said
    assert "withdrawn" in said
    assert "recolake models promote" in said


def test_a_comparison_shows_differences_of_the_same_people_and_what_was_changed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    row = Compared(
        "new_items",
        "ndcg@10",
        (0.1, 0.09, 0.11),
        (0.2, 0.1, 0.3),
        Difference(1234, Estimate(0.1, 0.05, 0.15)),
    )
    people = Compared("new_items, cold_users", "people", (12_345.0,) * 3, (6.0,) * 3, None)
    code = ("abc", "def+")
    found = Comparison(
        _version("v1"),
        _version("v2"),
        True,
        (row, people),
        code,
        changes({"seed": "0", "a": "1"}, {"seed": "0", "b": "2"}),
        changes({"gold.training_set": 3}, {"gold.training_set": 4}),
    )
    view.show_comparison(found)
    said = _said(capsys)
    assert "+0.1000 (+0.0500 to +0.1500) over 1,234 people" in said
    assert "12,345" in said
    for words in (["code", "abc", "def+"], ["a", "1", "-"], ["b", "-", "2"], ["gold.training_set", "3", "4"]):
        assert any(line.split() == words for line in said.splitlines()), words
    assert "seed" not in said


def test_figures_of_different_windows_stand_beside_each_other_without_a_difference(
    capsys: pytest.CaptureFixture[str],
) -> None:
    row = Compared("new_items", "ndcg@10", (0.1, 0.09, 0.11), None, None)
    view.show_comparison(Comparison(_version("v1"), _version("v2", window=None), False, (row,), None, {}, {}))
    said = _said(capsys)
    assert "Not the same window" in said
    assert "are the same" in said


def test_programs_get_everything_as_json() -> None:
    found = json.loads(view.as_json([_version("v1", tables={"gold.training_set": 3})]))
    assert found[0]["version"] == "v1"
    assert found[0]["trained_at"] == "2026-03-01T08:00:00+00:00"
    assert found[0]["metrics"]["champion"] == CHAMPION
    assert found[0]["tables"] == {"gold.training_set": 3}
