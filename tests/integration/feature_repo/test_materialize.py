"""Redis follows the gold tables: all of it, only what changed, and from any half-way state."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from feature_repo import materialize as module
from feature_repo.materialize import materialize
from recolake.errors import NotFoundError, ServiceUnavailableError
from recolake.features.names import View
from recolake.features.online import features_mark, vectors_mark, watermark_key
from recolake.lake.tables import GOLD_USER_FEATURES
from recolake.tenancy.context import Tenant


def rows(report: Any) -> dict[str, int]:
    return {view.value: count for view, count in report.rows.items() if count}


def test_the_first_run_brings_the_latest_state_of_everybody_and_the_second_nothing(lake: Any) -> None:
    lake.users(("ada", 0, ["a"]), ("ada", 3, ["b", "a"]), ("ben", 1, ["c"]))
    lake.users(("ada", 9, ["theirs"]), tenant="other")
    lake.items(("a", 0, 1.0), ("a", 3, 2.5), ("b", 3, 2.0))
    first = materialize(lake.settings, lake.tenant)
    assert first.full
    assert rows(first) == {"user_profile": 2, "item_attributes": 2, "item_popularity": 2}
    assert (lake.history("ada"), lake.history("ben"), lake.history("eve")) == (["b", "a"], ["c"], [])
    assert lake.online("ada", tenant="other")["history_items"] is None
    assert lake.trend("a") == 2.5
    second = materialize(lake.settings, lake.tenant)
    assert not second.changed
    assert rows(second) == {}


def test_a_new_day_writes_only_those_whom_it_touches(lake: Any, cache: redis.Redis) -> None:
    lake.users(*((f"u{n}", 0, ["a"]) for n in range(20)))
    lake.items(("a", 0, 1.0))
    materialize(lake.settings, lake.tenant)
    before = cache.get(features_mark(lake.tenant))
    lake.users(("u3", 1, ["b", "a"]), ("new", 1, ["b"]))
    report = materialize(lake.settings, lake.tenant)
    assert (report.full, rows(report)) == (False, {"user_profile": 2})
    assert (lake.history("u3"), lake.history("new"), lake.history("u4")) == (["b", "a"], ["b"], ["a"])
    assert cache.get(features_mark(lake.tenant)) != before, "serving is told"


def test_late_events_change_the_state_though_its_date_stays(lake: Any) -> None:
    """The latest day is computed anew with the same date: a store that goes by dates would not notice."""
    lake.users(("ada", 0, ["a"]), ("ada", 5, ["b", "a"]))
    lake.items(("a", 0, 1.0))
    materialize(lake.settings, lake.tenant)
    lake.delete(GOLD_USER_FEATURES, "user_id = 'ada' AND event_date > DATE'2026-01-01'")
    lake.users(("ada", 2, ["late", "a"]), ("ada", 5, ["b", "late", "a"]))
    assert rows(materialize(lake.settings, lake.tenant)) == {"user_profile": 1}
    assert lake.history("ada") == ["b", "late", "a"]


def test_days_and_people_that_vanish_from_the_lake_vanish_online(lake: Any) -> None:
    lake.users(("ada", 0, ["a"]), ("ada", 5, ["b", "a"]), ("ben", 5, ["c"]))
    lake.items(("a", 0, 1.0))
    materialize(lake.settings, lake.tenant)
    lake.delete(GOLD_USER_FEATURES, "event_date > DATE'2026-01-01'")
    report = materialize(lake.settings, lake.tenant)
    assert (rows(report), report.removed) == ({"user_profile": 1}, 1)
    assert (lake.history("ada"), lake.history("ben")) == (["a"], [])


def test_a_table_made_anew_is_read_whole_and_leaves_nothing_of_the_old(lake: Any) -> None:
    lake.users(("ada", 0, ["a"]), ("ben", 0, ["b"]))
    lake.items(("a", 0, 1.0))
    materialize(lake.settings, lake.tenant)
    lake.create()
    lake.users(("ada", 1, ["z"]))
    lake.items(("a", 1, 3.0))
    materialize(lake.settings, lake.tenant)
    assert (lake.history("ada"), lake.history("ben"), lake.trend("a")) == (["z"], [], 3.0)


def test_a_redis_that_lost_everything_is_rebuilt_from_delta_with_the_served_vectors(
    lake: Any, cache: redis.Redis
) -> None:
    lake.users(("ada", 0, ["a"]))
    lake.items(("a", 0, 1.0))
    lake.vectors("v1", {"ada": [1.0, 2.0]})
    lake.vectors("v2", {"ada": [3.0, 4.0]})
    lake.serve("v2")
    materialize(lake.settings, lake.tenant)
    before = (lake.online("ada", "v2"), lake.item_vector("b", "v2"), lake.trend("a"))
    assert (before[0]["vector"], before[1]) == ([3.0, 4.0], [2.0, 2.0])
    for key in cache.scan_iter(match=b"*" + lake.tenant.name.encode() + b"*"):
        cache.delete(key)
    assert lake.online("ada", "v2")["vector"] is None
    report = materialize(lake.settings, lake.tenant)
    assert report.full
    assert (lake.online("ada", "v2"), lake.item_vector("b", "v2"), lake.trend("a")) == before
    assert lake.online("ada", "v1")["vector"] is None, "vectors answer to their own version alone"
    assert lake.item_vector("b", "v1") is None


def test_a_newly_served_version_s_vectors_are_brought_and_very_old_ones_removed(
    lake: Any, cache: redis.Redis
) -> None:
    lake.users(("ada", 0, ["a"]))
    lake.items(("a", 0, 1.0))
    for number in range(1, 6):
        lake.vectors(f"v{number}", {"ada": [float(number)]})
        lake.serve(f"v{number}")
        found = rows(materialize(lake.settings, lake.tenant))
        assert (found["user_vector"], found["item_vector"]) == (1, 2)
    vectors = [lake.online("ada", f"v{number}")["vector"] for number in range(1, 6)]
    assert vectors == [None, None, [3.0], [4.0], [5.0]]
    assert [lake.item_vector("a", f"v{n}") for n in range(1, 6)] == [None, None, [1.0], [1.0], [1.0]]
    assert not cache.exists(vectors_mark(lake.tenant, "v1"))


@pytest.mark.parametrize("step", ["write_rows", "drop_views", "write_watermark"])
def test_a_run_that_dies_half_way_is_completed_by_the_next(
    lake: Any, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.users(("ada", 0, ["a"]), ("ben", 0, ["b"]))
    lake.items(("a", 0, 1.0))
    materialize(lake.settings, lake.tenant)
    lake.users(("ada", 1, ["c", "a"]))
    lake.delete(GOLD_USER_FEATURES, "user_id = 'ben'")

    class Killed(BaseException):
        """As good as SIGKILL: nothing in the code handles it."""

    def die(*_: Any, **__: Any) -> None:
        raise Killed

    owner = "feature_repo.watermark" if step == "write_watermark" else module.__name__
    with monkeypatch.context() as patched:
        patched.setattr(f"{owner}.{step}", die)
        with pytest.raises(Killed):
            materialize(lake.settings, lake.tenant)
    materialize(lake.settings, lake.tenant)
    assert (lake.history("ada"), lake.history("ben")) == (["c", "a"], [])


def test_an_unreadable_watermark_means_everything_is_written(lake: Any, cache: redis.Redis) -> None:
    lake.users(("ada", 0, ["a"]))
    lake.items(("a", 0, 1.0))
    materialize(lake.settings, lake.tenant)
    cache.set(watermark_key(lake.tenant), b"{not json")
    assert materialize(lake.settings, lake.tenant).full


def test_asking_for_everything_writes_everything(lake: Any) -> None:
    lake.users(("ada", 0, ["a"]))
    lake.items(("a", 0, 1.0))
    lake.vectors("v1", {"ada": [1.0]})
    lake.serve("v1")
    materialize(lake.settings, lake.tenant)
    again = materialize(lake.settings, lake.tenant, full=True)
    # What people did just now is pushed, not materialized.
    assert {View(view) for view in rows(again)} == set(View) - {View.USER_RECENT}


def test_before_the_first_build_the_run_says_what_to_do(lake: Any) -> None:
    bare = lake.settings.model_copy(update={"lake_url": lake.settings.lake_root + "-elsewhere"})
    with pytest.raises(NotFoundError) as caught:
        materialize(bare, Tenant("nobody"))
    assert "recolake build" in caught.value.hint


def test_without_redis_the_run_says_so_and_the_next_completes_it(lake: Any) -> None:
    lake.users(("ada", 0, ["a"]))
    lake.items(("a", 0, 1.0))
    down = lake.settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"})
    with pytest.raises(ServiceUnavailableError):
        materialize(down, lake.tenant)
    materialize(lake.settings, lake.tenant)
    assert lake.history("ada") == ["a"]
