"""Requests of people, each a file: what was asked, how far it came, and where its result lies.

A request under way has to name the people, by pseudonym; once it is done, keyed hashes stand in their place.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from recolake.audit.entry import Action, Actor
from recolake.audit.record import recorded
from recolake.errors import NotFoundError
from recolake.files import private_folder, write_atomically
from recolake.privacy.certificate import Looked
from recolake.privacy.lists import privacy_folder
from recolake.privacy.people import People, Purpose
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

_ID = re.compile(r"(?:era|exp)-[0-9a-f]{16}", re.ASCII)


class Kind(StrEnum):
    ERASURE = "erasure"
    EXPORT = "export"


class State(StrEnum):
    """How far a request came. `incomplete`: a file still named one of the people; it is done again."""

    QUEUED = "queued"
    RUNNING = "running"
    INCOMPLETE = "incomplete"
    DONE = "done"

    @property
    def over(self) -> bool:
        return self is State.DONE


class Request(BaseModel):
    """What was asked, and what came of it so far.

    Attributes:
        people: pseudonyms; keyed hashes once it is over.
        erased_at: up to when what they did is erased: when it was asked for.
        looked: what stores found in runs so far, a killed one's included.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    request_id: str
    kind: Kind
    reason: Literal["request", "retention"]
    people: tuple[str, ...]
    asked_at: datetime
    state: State = State.QUEUED
    completed_at: datetime | None = None
    looked: tuple[Looked, ...] = ()
    retired: tuple[str, ...] = ()
    failure: str = ""


def new_request(
    settings: Settings,
    tenant: Tenant,
    kind: Kind,
    people: People,
    at: datetime | None = None,
    reason: Literal["request", "retention"] = "request",
    by: Actor | None = None,
) -> Request:
    """Write down what is asked; the same erasure that is not over is that very request again."""
    wanted = tuple(sorted(people.pseudonyms))
    if kind is Kind.ERASURE:
        for known in open_requests(settings, tenant):
            if known.kind is kind and known.people == wanted:
                return known
    made = Request(
        request_id=f"{kind.value[:3]}-{secrets.token_hex(8)}",
        kind=kind,
        reason=reason,
        people=wanted,
        asked_at=at or datetime.now(UTC),
    )
    action = Action.ERASURE_ASKED if kind is Kind.ERASURE else Action.EXPORT_ASKED
    details = {"people": len(wanted), "reason": reason}
    with recorded(settings, tenant, action, made.request_id, by=by, details=details):
        return keep(settings, tenant, made)


def keep(settings: Settings, tenant: Tenant, request: Request) -> Request:
    """Write a request down as it is now."""
    path = _file(settings, tenant, request.request_id)
    private_folder(path.parent)
    write_atomically(path, request.model_dump_json(indent=1).encode(), mode=0o600)
    return request


def closed(request: Request, key: bytes, at: datetime) -> Request:
    """The request once it is done: nobody can tell from it whom it was about."""
    people = People(key, frozenset(request.people))
    return request.model_copy(
        update={
            "state": State.DONE,
            "completed_at": at,
            "people": tuple(people.hashes(Purpose.CERTIFICATE)),
            "failure": "",
        }
    )


def read_request(settings: Settings, tenant: Tenant, request_id: str) -> Request:
    """A request of the tenant.

    Raises:
        NotFoundError: there is none of that id, or it is another tenant's.
    """
    found = None
    if _ID.fullmatch(request_id):
        found = _read(_file(settings, tenant, request_id))
    if found is None:
        raise NotFoundError("There is no privacy request of this id.", field="request_id")
    return found


def open_requests(settings: Settings, tenant: Tenant) -> list[Request]:
    """What is not over, oldest first."""
    folder = privacy_folder(settings, tenant) / "requests"
    found: Iterable[Request | None] = (_read(path) for path in sorted(folder.glob("*.json")))
    waiting = [each for each in found if each is not None and not each.state.over]
    return sorted(waiting, key=lambda each: (each.asked_at, each.request_id))


def certificate_file(settings: Settings, tenant: Tenant, request_id: str) -> Path:
    """Where the certificate of an erasure lies, once there is one."""
    return privacy_folder(settings, tenant) / "certificates" / f"{request_id}.json"


def export_file(settings: Settings, tenant: Tenant, request_id: str) -> Path:
    """Where an export that was asked for over the API lies until it expires."""
    return privacy_folder(settings, tenant) / "exports" / f"{request_id}.zip"


def _file(settings: Settings, tenant: Tenant, request_id: str) -> Path:
    return privacy_folder(settings, tenant) / "requests" / f"{request_id}.json"


def _read(path: Path) -> Request | None:
    try:
        return Request.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
