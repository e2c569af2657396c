"""What a query costs is known before it runs, by the formula of the documentation."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import parse
from hypothesis import given
from hypothesis import strategies as st

from control_plane.graphql.limits import (
    Measure,
    QueryTooCostlyError,
    QueryTooDeepError,
    measure,
)
from control_plane.graphql.schema import schema_of
from recolake.settings import PROJECT_ROOT

SCHEMA = schema_of(2_500, 8)
USAGE = 'usage(from: "2028-02-01", to: "2028-02-29"'


def cost(query: str, operation: str | None = None, **variables: Any) -> Measure:
    return measure(SCHEMA._schema, parse(query), operation, variables)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("{ tenant { tenantId } }", Measure(11, 2)),
        ("{ tenant { tenantId displayName createdAt } }", Measure(11, 2)),
        ("{ keys { keyId } }", Measure(30, 2)),
        (f"{{ {USAGE}, limit: 100) {{ lines {{ day }} }} }}", Measure(111, 3)),
        (f"{{ {USAGE}) {{ lines {{ key {{ name }} }} }} }}", Measure(10 + 1 + 100 * 2, 4)),
        ("{ recommendations(k: 5) { items { itemId } } }", Measure(50 + 1 + 5, 3)),
        ("{ recommendations { items { itemId } } }", Measure(50 + 1 + 20, 3)),
        ('{ receipt(recommendationId: "r") }', Measure(50, 1)),
        ("{ a: tenant { tenantId } b: tenant { tenantId } }", Measure(22, 2)),
        ("{ ...F } fragment F on Query { tenant { ... on Tenant { tenantId } } }", Measure(11, 2)),
        ("{ __typename __schema { types { name } } }", Measure(0, 0)),
    ],
)
def test_the_cost_is_that_of_the_formula(query: str, found: Measure) -> None:
    assert cost(query) == found


def test_sizes_come_from_variables_too() -> None:
    query = "query Q($n: Int!) { audit(limit: $n) { entries { hash } } } query R { tenant { tenantId } }"
    assert cost(query, "Q", n=7) == Measure(10 + 1 + 7, 3)
    assert cost(query, "R") == Measure(11, 2)


@given(st.integers(1, 1_000), st.integers(1, 20))
def test_no_part_is_free_because_it_is_asked_for_twice(limit: int, times: int) -> None:
    one = f"audit(limit: {limit}) {{ entries {{ hash }} }}"
    many = " ".join(f"a{n}: {one}" for n in range(times))
    assert cost(f"{{ {many} }}").cost == times * cost(f"{{ {one} }}").cost


def test_fragments_within_fragments_are_measured_in_a_moment() -> None:
    """Written out, this has 2^200 fields."""
    doubling = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(200))
    measured = cost(f"{{ ...F0 }} {doubling} fragment F200 on Query {{ tenant {{ tenantId }} }}")
    assert measured == Measure(11 * 2**200, 2)


def test_what_is_beyond_a_limit_is_refused() -> None:
    Measure(10, 3).require(10, 3)
    with pytest.raises(QueryTooCostlyError, match="costs 11, and 10"):
        Measure(11, 3).require(10, 3)
    with pytest.raises(QueryTooDeepError, match="4 fields deep, and 3"):
        Measure(1, 4).require(10, 3)


def test_the_committed_schema_is_the_codes() -> None:
    """Changed on purpose? `python -m control_plane.graphql.schema > docs/reference/schema.graphql`."""
    committed = (PROJECT_ROOT / "docs" / "reference" / "schema.graphql").read_text()
    assert committed == SCHEMA.as_str() + "\n"
