"""How long old files stay follows the oldest version that is still needed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from spark_jobs.maintenance.pins import oldest
from spark_jobs.maintenance.retention import USUAL, retention

NOW = datetime(2026, 6, 1, tzinfo=UTC)
VERSIONS = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.integers(0, 99))


@given(st.timedeltas(timedelta(0), timedelta(days=3_000)))
def test_a_pinned_version_is_kept_with_a_day_to_spare(age: timedelta) -> None:
    spans = retention(NOW - age, NOW)
    assert spans.files >= max(USUAL.files, age + timedelta(days=1))
    assert spans.log >= max(USUAL.log, spans.files)


@given(st.timedeltas(timedelta(0), timedelta(days=3_000)))
def test_spans_change_once_a_week_at_most(age: timedelta) -> None:
    days = [retention(NOW - age, NOW + timedelta(days=n)).properties for n in range(7)]
    assert len({str(sorted(each.items())) for each in days}) <= 2


def test_without_a_pin_the_usual_spans_hold() -> None:
    assert retention(None, NOW) == USUAL
    assert USUAL.properties == {
        "delta.deletedFileRetentionDuration": "interval 168 hours",
        "delta.logRetentionDuration": "interval 720 hours",
    }


@given(st.lists(VERSIONS))
def test_of_each_table_the_oldest_version_is_pinned(models: list[dict[str, int]]) -> None:
    found = oldest(models)
    assert set(found) == {name for versions in models for name in versions}
    assert all(found[name] <= version for versions in models for name, version in versions.items())
    assert all(any(versions.get(name) == version for versions in models) for name, version in found.items())
