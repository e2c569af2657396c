"""What a build has to look at follows from how far each table got and from what was ingested since."""

from __future__ import annotations

import json

from recolake.lake.tables import DBT_TABLES, GOLD_INTERACTIONS, GOLD_POPULARITY
from recolake.transform.marks import CHECKS, Reached
from recolake.transform.news import News, compare, for_dbt, watermarks

EVERYWHERE: dict[str, Reached] = {table.qualified: {"shop": 10} for table in DBT_TABLES}


def test_where_nothing_was_built_everything_is_built_and_tested() -> None:
    known = watermarks({}, {"shop": 10})
    news = compare(known, {"shop": 10}, {})
    assert set(news) == {*(table.qualified for table in DBT_TABLES), CHECKS}
    assert all(entries == [News("shop", None, 10)] for entries in news.values())


def test_where_nothing_is_new_there_is_nothing_to_do() -> None:
    highs = {"shop": 10}
    news = compare(watermarks(EVERYWHERE | {CHECKS: {"shop": 10}}, highs), highs, {})
    assert not any(news.values())


def test_days_are_those_of_the_ingests_that_a_table_does_not_know() -> None:
    highs = {"shop": 30}
    reached = EVERYWHERE | {CHECKS: {"shop": 10}, GOLD_POPULARITY.qualified: {"shop": 20}}
    days = {"shop": {20: ["2026-01-02", "2026-01-01"], 30: ["2026-01-03"], 40: ["2026-01-04"]}}
    news = compare(watermarks(reached, highs), highs, days)
    first_two = ("2026-01-01", "2026-01-02", "2026-01-03")
    assert news[GOLD_INTERACTIONS.qualified] == [News("shop", 10, 30, first_two)]
    assert news[GOLD_POPULARITY.qualified] == [News("shop", 20, 30, ("2026-01-03",))]
    assert news[CHECKS] == [News("shop", 10, 30, first_two)]


def test_an_ingest_that_accepted_nothing_is_tested_and_nothing_is_built_from_it() -> None:
    highs = {"shop": 20}
    news = compare(watermarks(EVERYWHERE | {CHECKS: {"shop": 10}}, highs), highs, {})
    assert news.pop(CHECKS) == [News("shop", 10, 20)]
    assert not any(news.values())


def test_what_was_never_tested_is_tested_though_every_table_is_up_to_date() -> None:
    highs = {"shop": 10}
    assert compare(watermarks(EVERYWHERE, highs), highs, {})[CHECKS] == [News("shop", None, 10)]


def test_a_table_that_begins_anew_is_tested_from_the_beginning() -> None:
    highs = {"shop": 10}
    reached = {name: at for name, at in EVERYWHERE.items() if name != GOLD_POPULARITY.qualified}
    known = watermarks(reached | {CHECKS: {"shop": 10}}, highs)
    assert known[GOLD_POPULARITY.qualified]["shop"] is None
    assert known[CHECKS]["shop"] is None


def test_tenants_do_not_see_each_others_news() -> None:
    highs = {"shop": 10, "new": 5}
    news = compare(watermarks(EVERYWHERE | {CHECKS: {"shop": 10}}, highs), highs, {})
    assert all([n.tenant for n in entries] == ["new"] for entries in news.values())


def test_dbt_gets_the_news_under_its_models_names() -> None:
    handed = json.loads(
        for_dbt({GOLD_POPULARITY.qualified: [News("shop", 1, 2, ("2026-01-01",))], CHECKS: []})
    )
    assert handed == {
        "gold_popularity": [{"tenant": "shop", "watermark": 1, "high": 2, "days": ["2026-01-01"]}],
        "checks": [],
    }
