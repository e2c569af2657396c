"""Whoever reads a figure from MLflow gets it under the name that reports use."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from recolake.quality import CHAMPION, by_who, logged_name

_NAME = st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True).filter(lambda name: "_at_" not in f"{name}_")
_METRIC = st.tuples(_NAME, st.integers(1, 100)).map(lambda pair: f"{pair[0]}@{pair[1]}") | _NAME


@given(st.dictionaries(st.tuples(_NAME, _NAME, _METRIC), st.floats(0, 1), max_size=8))
def test_what_is_logged_comes_back_as_it_was(figures: dict[tuple[str, str, str], float]) -> None:
    found = by_who({logged_name(*names): value for names, value in figures.items()})
    again = {
        (who, target, metric): value
        for who, targets in found.items()
        for target, metrics in targets.items()
        for metric, value in metrics.items()
    }
    assert again == figures


def test_the_champion_comes_first_and_what_is_no_figure_of_quality_is_left_out() -> None:
    logged = {
        "system/cpu_utilization": 0.5,
        logged_name("als", "new_items", "ndcg@10"): 0.1,
        logged_name(CHAMPION, "new_items", "ndcg@10"): 0.2,
        "loss": 3.0,
    }
    assert list(logged)[1] == "als/new_items/ndcg_at_10"
    assert by_who(logged) == {
        CHAMPION: {"new_items": {"ndcg@10": 0.2}},
        "als": {"new_items": {"ndcg@10": 0.1}},
    }
    assert next(iter(by_who(logged))) == CHAMPION
