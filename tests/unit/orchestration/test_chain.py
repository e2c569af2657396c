"""Whom a run is about: the union of what its events name, and never a tenant that is not known."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from recolake.orchestration.chain import extra_for, tenants_named

names = st.lists(st.sampled_from(["shop", "demo", "other", "gone"]), unique=True)
KNOWN = ["demo", "other", "shop"]


@given(st.lists(names.filter(bool), min_size=1, max_size=5))
def test_a_run_is_about_every_known_tenant_that_any_of_its_events_names(events: list[list[str]]) -> None:
    union = {name for event in events for name in event}
    assert tenants_named([extra_for(event) for event in events], KNOWN) == sorted(union & set(KNOWN))


@given(st.lists(names.filter(bool), max_size=3))
def test_an_event_that_names_nobody_is_about_everybody(events: list[list[str]]) -> None:
    for empty in ({}, None, {"tenants": []}):
        assert tenants_named([*map(extra_for, events), empty], KNOWN) == KNOWN


def test_a_run_without_events_is_about_everybody() -> None:
    assert tenants_named([], KNOWN) == KNOWN


def test_the_upload_travels_with_the_landing_event() -> None:
    assert extra_for(["shop"], "ab12") == {"tenants": ["shop"], "upload_id": "ab12"}
    assert "upload_id" not in extra_for(["shop"])
