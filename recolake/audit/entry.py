"""One entry of the audit log: who did what to what. Its hash covers all of it and the one before."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from recolake.tenancy.signatures import canonical

GENESIS = "0" * 64
"""What stands for the hash of the entry before the first."""
VERSION = 1

Detail = str | int | bool | None | list[str]
"""No floats: their text differs between languages, and with it the hash."""
Text = Annotated[str, Field(min_length=1, max_length=200)]


class Action(StrEnum):
    """What the platform records. A verifier takes any; logs outlive the list."""

    TENANT_CREATED = "tenant.created"
    TENANT_ACTIVATED = "tenant.activated"
    TENANT_SUSPENDED = "tenant.suspended"
    TENANT_RESUMED = "tenant.resumed"
    TENANT_CLOSING = "tenant.closing"
    TENANT_REOPENED = "tenant.reopened"
    TENANT_ERASING = "tenant.erasing"
    TENANT_CLOSED = "tenant.closed"
    ORGANISATION_RENAMED = "organisation.renamed"
    MEMBER_INVITED = "member.invited"
    MEMBER_JOINED = "member.joined"
    MEMBER_CHANGED = "member.changed"
    MEMBER_LOGGED_IN = "member.logged_in"
    MEMBER_CONNECTED = "member.connected"
    MEMBER_DISCONNECTED = "member.disconnected"
    INVITATION_REVOKED = "invitation.revoked"
    PLAN_ASSIGNED = "plan.assigned"
    KEY_CREATED = "key.created"
    KEY_REVOKED = "key.revoked"
    KEY_ROTATED = "key.rotated"
    UPLOAD_RELEASED = "upload.released"
    UPLOAD_REJECTED = "upload.rejected"
    UPLOAD_REVERTED = "upload.reverted"
    UPLOAD_REPLAYED = "upload.replayed"
    THRESHOLDS_CHANGED = "quality.thresholds_changed"
    EXPERIMENT_STARTED = "experiment.started"
    EXPERIMENT_STOPPED = "experiment.stopped"
    MODEL_PROMOTED = "model.promoted"
    MODEL_ROLLED_BACK = "model.rolled_back"
    ERASURE_ASKED = "privacy.erasure_asked"
    ERASURE_DONE = "privacy.erasure_done"
    EXPORT_ASKED = "privacy.export_asked"
    EXPORT_DONE = "privacy.export_done"
    OPTED_OUT = "privacy.opted_out"
    OPTED_IN = "privacy.opted_in"
    WEBHOOK_CREATED = "webhook.created"
    WEBHOOK_CHANGED = "webhook.changed"
    WEBHOOK_ROTATED = "webhook.secret_rotated"
    WEBHOOK_DELETED = "webhook.deleted"
    WEBHOOK_DISABLED = "webhook.disabled"
    WEBHOOK_REDELIVERED = "webhook.redelivered"
    AUDIT_EXPORTED = "audit.exported"
    AUDIT_CUT = "audit.cut"


class Outcome(StrEnum):
    """How an act ended. `unknown`: whoever did it was killed on the way."""

    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Actor(BaseModel):
    """Who acted. A person is named by the id of their account, never by name or address."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["key", "person", "command_line", "system"] = Field(
        description="key: an API key; person: an account; command_line: a user of the platform's machine; "
        "system: the platform itself"
    )
    id: Text = Field(description="Id of the key or account, name of the machine's user, or what part acted")


@dataclass(frozen=True, slots=True)
class Act:
    """What happened, before it has a place in the log.

    Attributes:
        act_id: makes the act one, however often it is told.
        target: id of what it was done to; never a person's id or pseudonym, nor words that somebody typed.
    """

    act_id: str
    at: datetime
    actor: Actor
    action: str
    target: str
    outcome: Outcome = Outcome.DONE
    details: Mapping[str, Detail] = field(default_factory=dict)


def body(tenant: str, sequence: int, recorded_at: datetime, act: Act) -> dict[str, Any]:
    """An entry but for the two hashes, as plain JSON.

    Args:
        sequence: from 1 on, without a gap.
        recorded_at: when it got its place.
    """
    return {
        "version": VERSION,
        "tenant_id": tenant,
        "sequence": sequence,
        "recorded_at": moment(recorded_at),
        "act_id": act.act_id,
        "at": moment(act.at),
        "actor": act.actor.model_dump(),
        "action": str(act.action),
        "target": act.target,
        "outcome": str(act.outcome),
        "details": {name: _plain(value) for name, value in act.details.items()},
    }


def chained(previous: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """The whole entry: its body, the hash of the entry before, and its own."""
    return {**content, "previous": previous, "hash": entry_hash(previous, content)}


def entry_hash(previous: str, content: Mapping[str, Any]) -> str:
    """Hex SHA-256 over the previous hash (64 ASCII digits) followed by the canonical JSON of the body."""
    return hashlib.sha256(previous.encode() + canonical(dict(content))).hexdigest()


def moment(at: datetime) -> str:
    """UTC with microseconds and a `Z`: one moment has one text."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _plain(value: Detail) -> Detail:
    """What PostgreSQL can keep as it is: text without NUL."""
    if isinstance(value, str):
        return value.replace("\0", "")
    return [each.replace("\0", "") for each in value] if isinstance(value, list) else value
