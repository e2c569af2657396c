"""What an upload counts for, and who may turn it into what (docs/adr/0023).

An upload is accepted unless a decision says otherwise; the latest decision about it counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from recolake.errors import RecolakeError


class State(StrEnum):
    """`LANDED`: not in bronze yet. All others are of ingested uploads."""

    LANDED = "landed"
    ACCEPTED = "accepted"
    HELD = "held"
    RELEASED = "released"
    REJECTED = "rejected"
    REVERTED = "reverted"

    @property
    def counts(self) -> bool:
        """Whether the next build has the upload's rows in silver."""
        return self in (State.ACCEPTED, State.RELEASED)


class Action(StrEnum):
    """What a person may do with an upload."""

    RELEASE = "release"
    REJECT = "reject"
    REVERT = "revert"


OUTCOME: Mapping[Action, State] = {
    Action.RELEASE: State.RELEASED,
    Action.REJECT: State.REJECTED,
    Action.REVERT: State.REVERTED,
}
_ALLOWED: Mapping[Action, tuple[State, ...]] = {
    Action.RELEASE: (State.HELD, State.REJECTED, State.REVERTED),
    Action.REJECT: (State.HELD,),
    Action.REVERT: (State.ACCEPTED, State.RELEASED),
}


class UploadStateError(RecolakeError):
    """The upload is in no state for that; nothing was changed."""

    code = "wrong_upload_state"
    status = 409


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision; `place` is its stamp among those of the tenant's ingests, microseconds since 1970."""

    upload_id: str
    state: State
    decided_by: str
    decided_at: datetime
    reason: str
    place: int


def latest(decisions: Iterable[Decision]) -> dict[str, Decision]:
    """By upload the decision that counts."""
    return {decision.upload_id: decision for decision in sorted(decisions, key=lambda d: d.place)}


def outcome(action: Action, state: State, upload_id: str) -> State:
    """What an upload becomes.

    Raises:
        UploadStateError: the action is not for uploads in this state.
    """
    if state not in _ALLOWED[action]:
        possible = [other for other, states in _ALLOWED.items() if state in states]
        todo = f"What can be done with it: {', '.join(possible)}." if possible else "Ingest it first."
        raise UploadStateError(
            f"Upload {upload_id} is {state}: there is nothing to {action}.", hint=todo, field="upload_id"
        )
    return OUTCOME[action]


def withdrawals(decisions: Iterable[Decision]) -> list[Decision]:
    """Decisions that took away rows which counted: what was built from them has to be built anew."""
    return [decision for decision in decisions if decision.state is State.REVERTED]
