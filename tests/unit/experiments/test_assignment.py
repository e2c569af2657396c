"""Assignment is stable, uniform, as large as asked for, and each experiment's own."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from recolake.experiments.assignment import position, variant_of
from recolake.experiments.document import Variant

salts = st.binary(min_size=16, max_size=16)
# Of 4,000 draws: about one test in a billion is further off by chance (a normal bound at 6 deviations).
PEOPLE, DEVIATIONS = 4_000, 6.0


def close(share: float, expected: float, n: int = PEOPLE) -> bool:
    return abs(share - expected) < DEVIATIONS * math.sqrt(max(expected * (1 - expected), 1 / n) / n)


@given(salts, st.uuids().map(str))
def test_a_person_always_stands_at_the_same_place(salt: bytes, subject: str) -> None:
    place = position(salt, subject)
    assert 0 <= place < 1
    assert position(salt, subject) == place


@settings(max_examples=20)
@given(salts, st.floats(0.001, 0.999))
def test_each_share_of_the_line_has_that_share_of_the_people(salt: bytes, share: float) -> None:
    below = sum(position(salt, f"{number:032x}") < share for number in range(PEOPLE))
    assert close(below / PEOPLE, share)


@settings(max_examples=10)
@given(salts, salts)
def test_two_experiments_split_people_independently(first: bytes, second: bytes) -> None:
    if first == second:
        return
    people = [f"{number:032x}" for number in range(PEOPLE)]
    both = sum(position(first, p) < 0.5 and position(second, p) < 0.5 for p in people)
    assert close(both / PEOPLE, 0.25)


def test_more_people_get_the_challenger_when_the_share_grows_and_nobody_leaves_it(experiment: Any) -> None:
    def inside(share: float) -> set[int]:
        trial = experiment(share=share)
        return {n for n in range(500) if variant_of(trial, str(n)) is Variant.CHALLENGER}

    assert inside(0.1) < inside(0.3) < inside(0.9)


def test_who_cannot_be_told_again_is_in_no_experiment(experiment: Any) -> None:
    assert variant_of(experiment(share=0.99), None) is Variant.DEFAULT
