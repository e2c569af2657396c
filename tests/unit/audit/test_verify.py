"""Control 20: whatever is done to a log, the verifier names the first entry that is not as it was written."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from recolake.audit.checkpoint import Checkpoint, Statement, sign
from recolake.audit.entry import GENESIS, chained
from recolake.audit.verify import verify
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.signatures import SigningKey, public_key

SHOP = Tenant("shop")
ENTRIES, SIGNED = 12, (3, 4, 10)
Make = Callable[..., list[Any]]


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(home=tmp_path_factory.mktemp("audit"))


@pytest.fixture(scope="module")
def log(a_log: Make) -> list[dict[str, Any]]:
    return a_log(ENTRIES)


@pytest.fixture(scope="module")
def checkpoints(machine: Settings, log: list[dict[str, Any]], signed_after: Make) -> list[Checkpoint]:
    return signed_after(machine, log, SIGNED)


def _rechained(log: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same bodies with a chain that holds again, and sequences without a gap: what a forger does."""
    made, previous = [], GENESIS
    for sequence, entry in enumerate(log, start=1):
        content = {k: v for k, v in entry.items() if k not in ("previous", "hash")} | {"sequence": sequence}
        made.append(chained(previous, content))
        previous = made[-1]["hash"]
    return made


def _edit(log: list[dict[str, Any]], at: int, field: str) -> None:
    entry = log[at]
    value = entry[field]
    entry[field] = (
        {**value, "more": 1}
        if isinstance(value, dict)
        else value + 1
        if isinstance(value, int)
        else f"{value}x"
    )


FIELDS = ("version", "recorded_at", "act_id", "at", "actor", "action", "target", "outcome", "details")


def test_a_log_that_nobody_touched_is_good(
    machine: Settings, log: list[dict[str, Any]], checkpoints: list[Checkpoint]
) -> None:
    verdict = verify("shop", log, checkpoints, public_key(machine, SHOP, SigningKey.AUDIT))
    assert (verdict.fault, verdict.entries, verdict.first, verdict.last) == (None, ENTRIES, 1, ENTRIES)
    assert (verdict.head, verdict.signed) == (log[-1]["hash"], SIGNED[-1])
    assert verify("shop", [], []).fault is None


@pytest.mark.control(20)
@given(at=st.integers(0, ENTRIES - 1), field=st.sampled_from((*FIELDS, "hash", "previous", "tenant_id")))
def test_an_edited_entry_is_named(
    log: list[dict[str, Any]], checkpoints: list[Checkpoint], at: int, field: str
) -> None:
    changed = copy.deepcopy(log)
    _edit(changed, at, field)
    fault = verify("shop", changed, checkpoints).fault
    assert fault is not None
    assert fault.sequence == at + 1


@pytest.mark.control(20)
@given(at=st.integers(0, SIGNED[-1] - 1), field=st.sampled_from(FIELDS))
def test_an_edit_with_a_chain_made_anew_is_named_where_a_checkpoint_vouches(
    log: list[dict[str, Any]], checkpoints: list[Checkpoint], at: int, field: str
) -> None:
    changed = copy.deepcopy(log)
    _edit(changed, at, field)
    fault = verify("shop", _rechained(changed), checkpoints).fault
    assert fault is not None
    assert fault.sequence == at + 1


@pytest.mark.control(20)
@given(at=st.integers(0, ENTRIES - 2), count=st.integers(1, 3), anew=st.booleans())
def test_a_deleted_entry_is_named(
    log: list[dict[str, Any]], checkpoints: list[Checkpoint], at: int, count: int, anew: bool
) -> None:
    left = copy.deepcopy(log)
    del left[at : at + count]
    verdict = verify("shop", _rechained(left) if anew else left, checkpoints)
    if anew and at >= SIGNED[-1]:
        return  # Nothing vouches for it yet: the next checkpoint is what keeps this short.
    if at + count >= ENTRIES and at >= SIGNED[-1]:
        assert verdict.last == at
        return
    assert verdict.fault is not None
    assert verdict.fault.sequence == at + 1


@pytest.mark.control(20)
@given(st.permutations(range(ENTRIES)), st.booleans())
def test_of_entries_in_another_order_the_first_is_named(
    log: list[dict[str, Any]], checkpoints: list[Checkpoint], order: list[int], anew: bool
) -> None:
    moved = [copy.deepcopy(log[place]) for place in order]
    first = next((at for at, place in enumerate(order) if at != place), None)
    verdict = verify("shop", _rechained(moved) if anew else moved, checkpoints)
    if first is None or (anew and first >= SIGNED[-1]):
        assert verdict.fault is None
    else:
        assert verdict.fault is not None
        assert verdict.fault.sequence == first + 1


@pytest.mark.control(20)
@given(st.integers(0, SIGNED[-1] - 1))
def test_of_a_cut_tail_the_first_missing_entry_is_named(
    log: list[dict[str, Any]], checkpoints: list[Checkpoint], kept: int
) -> None:
    verdict = verify("shop", log[:kept], checkpoints)
    assert verdict.fault is not None
    assert (verdict.fault.sequence, verdict.entries) == (kept + 1, kept)


@pytest.mark.control(20)
def test_a_log_written_anew_from_the_first_entry_on_is_named(
    log: list[dict[str, Any]], checkpoints: list[Checkpoint]
) -> None:
    other = _rechained([entry | {"act_id": f"act_other_{entry['sequence']}"} for entry in log])
    assert verify("shop", other).fault is None, "a bare chain does not tell"
    fault = verify("shop", other, checkpoints).fault
    assert fault is not None
    assert fault.sequence == 1


@given(st.integers(0, len(SIGNED) - 2))
def test_a_checkpoint_that_is_missing_is_said(
    log: list[dict[str, Any]], checkpoints: list[Checkpoint], at: int
) -> None:
    fault = verify("shop", log, [c for place, c in enumerate(checkpoints) if place != at]).fault
    assert fault is not None
    assert "checkpoint" in str(fault)


def test_nobody_else_signs_checkpoints(
    machine: Settings,
    log: list[dict[str, Any]],
    checkpoints: list[Checkpoint],
    signed_after: Make,
    tmp_path: Path,
) -> None:
    forged = signed_after(Settings(home=tmp_path), log, SIGNED)
    assert verify("shop", log, forged).fault is None, "who does not know the key cannot tell"
    known = public_key(machine, SHOP, SigningKey.AUDIT)
    for mixed in (forged, [*checkpoints[:2], forged[2]]):
        fault = verify("shop", log, mixed, known).fault
        assert fault is not None
        assert "another key" in str(fault)
    statement = checkpoints[0].statement
    changed = checkpoints[0].model_copy(
        update={"statement": statement.model_copy(update={"at": f"{statement.at}x"})}
    )
    fault = verify("shop", log, [changed, *checkpoints[1:]]).fault
    assert fault is not None
    assert "not what was signed" in str(fault)


def test_another_tenants_log_does_not_pass(a_log: Make) -> None:
    fault = verify("shop", a_log(2, tenant=Tenant("rival"))).fault
    assert fault is not None
    assert fault.sequence == 1


@pytest.fixture(scope="module")
def cut(machine: Settings, log: list[dict[str, Any]]) -> list[Checkpoint]:
    """What is left of the checkpoints once the first five entries may go."""
    said = Statement(
        tenant_id=SHOP.name,
        number=4,
        at="x",
        first=6,
        hashes=tuple(entry["hash"] for entry in log[5:]),
        cut=5,
        cut_hash=log[4]["hash"],
    )
    return [sign(machine, SHOP, said)]


def test_a_log_cut_behind_a_signed_checkpoint_is_good_before_and_after(
    log: list[dict[str, Any]], cut: list[Checkpoint]
) -> None:
    before, after = verify("shop", log, cut), verify("shop", log[5:], cut)
    assert (before.fault, before.first) == (None, 1)
    assert (after.fault, after.first, after.last) == (None, 6, ENTRIES)


@given(st.integers(1, ENTRIES - 1).filter(lambda at: at != 5))
@hypothesis_settings(suppress_health_check=[HealthCheck.filter_too_much])
def test_a_log_cut_anywhere_else_is_not(log: list[dict[str, Any]], cut: list[Checkpoint], at: int) -> None:
    fault = verify("shop", log[at:], cut).fault
    assert fault is not None
    assert fault.sequence == (1 if at < 5 else 6)
