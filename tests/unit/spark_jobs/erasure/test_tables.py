"""Every table of the registry is said to hold people, or why it holds none."""

from __future__ import annotations

from recolake.lake.tables import ALL_TABLES, BUILD_MARKS, EVENT_WEIGHTS
from spark_jobs.erasure.tables import IMPERSONAL, PERSONAL


def test_a_table_that_is_not_listed_fails() -> None:
    assert not PERSONAL.keys() & IMPERSONAL.keys()
    assert PERSONAL.keys() | IMPERSONAL.keys() == {*ALL_TABLES, EVENT_WEIGHTS, BUILD_MARKS}


def test_a_table_with_a_person_in_it_is_personal() -> None:
    named = {table for table in ALL_TABLES if {"user_id", "session_id"} & {c.name for c in table.columns}}
    assert named <= PERSONAL.keys()


def test_people_carry_no_statistics() -> None:
    for table in PERSONAL:
        stats = table.properties["delta.dataSkippingStatsColumns"].split(",")
        assert not {"user_id", "session_id", "raw_record"} & set(stats), table.qualified
