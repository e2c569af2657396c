"""Steps, and what a tenant's standing is by them. Nothing here asks anybody anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from recolake.tenancy.standing import Standing

LOOK_AT = 8
"""A step that came to nothing so often needs a person; it is tried on all the same."""
LAST_WORDS = timedelta(minutes=1)
"""What servers acknowledged before they heard of the closing is on its way for less than this."""
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=5), timedelta(hours=1)
_DOUBLED_AT_MOST = 20


class Step(StrEnum):
    """One thing that is made for a tenant, or taken away; doing it again changes nothing."""

    PSEUDONYM_KEY = "pseudonym_key"
    LANDING = "landing"
    SCENARIO = "default_scenario"
    PLAN = "plan"
    FIRST_KEY = "first_key"
    REDIS = "redis"
    MLFLOW = "mlflow"

    REVOKE = "revoke_access"
    BILLS = "last_bills"
    ERASE_LANDING = "erase_landing"
    ERASE_LAKE = "erase_lake"
    ERASE_ARTEFACTS = "erase_artefacts"
    ERASE_ONLINE = "erase_online"
    ERASE_REPLAYS = "erase_replays"
    ERASE_FILES = "erase_files"
    DESTROY_KEYS = "destroy_keys"
    CERTIFICATE = "certificate"


BEGINNING = tuple(Step)[: tuple(Step).index(Step.REVOKE)]
"""In any order: one that fails holds up none of the others."""
END = tuple(Step)[len(BEGINNING) :]
"""One after the other: the key for pseudonyms goes when all else is gone, and the certificate knows it."""
STORES = {
    Step.ERASE_LANDING: "landing",
    Step.ERASE_LAKE: "lake",
    Step.ERASE_ARTEFACTS: "artefacts",
    Step.ERASE_ONLINE: "online",
    Step.ERASE_REPLAYS: "replays",
    Step.ERASE_FILES: "files",
}
"""The store (`recolake.privacy.stores`) that each of these empties."""


@dataclass(frozen=True, slots=True)
class StepState:
    """How far one step came."""

    step: Step
    done: bool
    attempts: int
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Moments:
    """What happened to a tenant, and when."""

    suspended_at: datetime | None = None
    closing_at: datetime | None = None
    grace_until: datetime | None = None
    erasing_since: datetime | None = None
    closed_at: datetime | None = None


def standing_of(moments: Moments, steps: Sequence[StepState]) -> Standing:
    """The standing that follows from what happened."""
    if moments.closed_at is not None:
        return Standing.CLOSED
    if moments.closing_at is not None:
        return Standing.CLOSING
    if moments.suspended_at is not None:
        return Standing.SUSPENDED
    beginning = [each for each in steps if each.step in BEGINNING]
    if all(each.done for each in beginning):
        return Standing.ACTIVE
    if any(not each.done and each.attempts >= LOOK_AT for each in beginning):
        return Standing.FAILED
    begun = any(each.done or each.attempts for each in beginning)
    return Standing.PROVISIONING if begun else Standing.REQUESTED


def may_erase(moments: Moments, now: datetime) -> bool:
    """Whether a closing tenant's grace is over, and what was on its way has arrived."""
    if moments.closing_at is None or moments.grace_until is None:
        return False
    return now >= max(moments.grace_until, moments.closing_at + LAST_WORDS)


def next_steps(
    steps: Sequence[StepState], among: Sequence[Step], now: datetime, *, early: bool
) -> list[Step]:
    """Of these steps those that can be tried now.

    Args:
        early: try also what is not due yet, as where a person asks for it.
    """
    by_name = {each.step: each for each in steps}
    left = [by_name[step] for step in among if step in by_name and not by_name[step].done]
    # Of the end each needs the one before.
    if among == END:
        left = left[:1]
    return [each.step for each in left if early or each.due_at <= now]


def pause_after(attempts: int) -> timedelta:
    """How long to wait once a step came to nothing so often: doubled each time, an hour at most."""
    times: int = 2 ** min(max(attempts, 1) - 1, _DOUBLED_AT_MOST)
    return min(_FIRST_PAUSE * times, _LONGEST_PAUSE)
