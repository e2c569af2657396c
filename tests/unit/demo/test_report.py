"""The report has the documented keys, adds up, and reads on any console."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from rich.console import Console

from recolake.demo.board import Board
from recolake.demo.render import render
from recolake.demo.report import DemoReport, PersonAnswer, RecommendedItem, Rows, Stage
from recolake.lake.read import TableState

count = st.integers(0, 10**9)


def a_report() -> DemoReport:
    return DemoReport(
        rows=Rows.model_validate(
            {
                "in": 10,
                "accepted": 6,
                "repeats": 1,
                "quarantined": 3,
                "reasons": {"missing_user": 2, "bad_price": 2},
            }
        ),
        tables={"bronze.events": TableState(rows=6, version=3)},
        metrics={
            "champion": {"new_items": {"ndcg@10": 0.2}, "all_items": {"ndcg@10": 0.4}},
            "popularity": {"new_items": {"ndcg@10": 0.1}, "all_items": {"ndcg@10": 0.2}},
        },
        stages=[Stage(name="upload", seconds=1.0, peak_mib=10.0, note="3 files")],
        startup_seconds=5.0,
        total_seconds=60.0,
        recommendations=[
            PersonAnswer(
                user_id="17850",
                history=["RED [bold]LAMP"],
                items=[RecommendedItem(item_id="1", title="A [/b] title", score=0.5, reason="similar taste")],
            )
        ],
        urls={"api": "http://127.0.0.1:8000/docs"},
    )


def test_the_json_has_exactly_the_documented_keys() -> None:
    found = json.loads(a_report().to_json())
    assert set(found) == {
        "rows", "tables", "metrics", "stages", "startup_seconds", "total_seconds", "recommendations", "urls",
    }  # fmt: skip
    assert set(found["rows"]) == {"in", "accepted", "repeats", "quarantined", "reasons"}
    assert set(found["tables"]["bronze.events"]) == {"rows", "version"}
    assert set(found["stages"][0]) == {"name", "seconds", "peak_mib"}
    assert set(found["recommendations"][0]) == {"user_id", "history", "items"}


@given(accepted=count, repeats=count, quarantined=count, off_by=st.integers(1, 5))
def test_an_accounting_that_loses_rows_is_refused(
    accepted: int, repeats: int, quarantined: int, off_by: int
) -> None:
    total = accepted + repeats + quarantined
    parts = {"accepted": accepted, "repeats": repeats, "quarantined": quarantined, "reasons": {}}
    assert Rows.model_validate({"in": total, **parts}).rows_in == total
    with pytest.raises(ValidationError, match="must equal"):
        Rows.model_validate({"in": total + off_by, **parts})


def test_titles_with_brackets_are_shown_as_they_are() -> None:
    out = io.StringIO()
    render(Console(file=out, width=160), a_report())
    text = out.getvalue()
    assert "RED [bold]LAMP" in text
    assert "A [/b] title" in text
    assert "champion" in text
    assert "bronze.events" in text


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_tells_of_every_stage_with_and_without_a_terminal(terminal: bool) -> None:
    out = io.StringIO()
    with Board(Console(file=out, width=120, force_terminal=terminal)) as board:
        board.begin("upload", "3 files")
        board.note("upload", "2 of 3 files", 2, 3)
        board.finish("upload")
        board.skip("train", "no newer data")
    text = out.getvalue()
    assert "Upload" in text
    assert "no newer data" in text
    assert terminal or "\x1b" not in text
