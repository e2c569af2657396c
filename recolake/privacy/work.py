"""Carry out what was asked and is not done: requests over the API, and what a killed command left."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from recolake.audit.actors import SYSTEM
from recolake.audit.entry import Action, Actor
from recolake.audit.record import recorded
from recolake.errors import InvalidInputError, RecolakeError
from recolake.notices.tell import NoticeType, tell
from recolake.privacy.erasure import erase
from recolake.privacy.export import export
from recolake.privacy.lists import opted_out, privacy_folder
from recolake.privacy.people import People, Purpose
from recolake.privacy.requests import Kind, Request, closed, export_file, keep, new_request, open_requests
from recolake.profile.forgetting import forget_profiles
from recolake.records.schema import MOST_ID_CHARACTERS
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import tenant_key

Progress = Callable[[str], None]
KEPT_SECONDS = 7 * 86_400
"""An export that was asked for over the API is there for so long."""


def named(settings: Settings, tenant: Tenant, *users: str) -> People:
    """People by the tenant's own ids.

    Raises:
        InvalidInputError: an id is blank, or too long to be one.
        PseudonymKeyError: the tenant's key is not there.
    """
    ids = [user.strip() for user in users]
    if not ids or not all(0 < len(user) <= MOST_ID_CHARACTERS for user in ids):
        raise InvalidInputError(
            "That is nobody's id.", hint="Give the id that you send as `user_id`.", field="user_id"
        )
    return People.named(tenant_key(settings, tenant), ids)


def ask(
    settings: Settings, tenant: Tenant, kind: Kind, people: People, *, by: Actor | None = None
) -> Request:
    """Write down what is asked; it is carried out by `resume`."""
    return new_request(settings, tenant, kind, people, by=by)


def set_opt_out(
    settings: Settings, tenant: Tenant, people: People, *, out: bool, by: Actor | None = None
) -> bool:
    """Leave people out of training from the next run on and out of real time at once, or take them in again;
    whether that changed anything."""
    listed = opted_out(settings, tenant)
    action = Action.OPTED_OUT if out else Action.OPTED_IN
    hashes = people.hashes(Purpose.OPT_OUT)
    with recorded(settings, tenant, action, "opt_outs", by=by, details={"people": hashes}) as more:
        if out:
            changed = bool(listed.add(people.key, people.pseudonyms, datetime.now(UTC)))
            forget_profiles(settings, tenant, people.pseudonyms)
        else:
            changed = bool(listed.remove(people.key, people.pseudonyms))
        more["changed"] = changed
    return changed


def resume(settings: Settings, tenant: Tenant, *, progress: Progress | None = None) -> list[Request]:
    """Carry out every request that is not over; one that fails holds up none of the others.

    Raises:
        RecolakeError: the first failure, once all were tried.
    """
    say = progress or (lambda _: None)
    done: list[Request] = []
    failures: list[RecolakeError] = []
    forget_exports(settings, tenant)
    for request in open_requests(settings, tenant):
        try:
            _carry_out(settings, tenant, request, say)
            done.append(request)
        except RecolakeError as error:
            say(f"{request.request_id}: {error.message}")
            failures.append(error)
    if failures:
        raise failures[0]
    return done


def resume_all(
    settings: Settings, tenants: Iterable[Tenant], *, progress: Progress | None = None
) -> dict[str, list[str]]:
    """The same for several tenants, none of whom holds up another; ids of what was carried out, by tenant.

    Raises:
        RecolakeError: the first failure, once everybody's were tried.
    """
    done: dict[str, list[str]] = {}
    failures: list[RecolakeError] = []
    for tenant in tenants:
        try:
            done[tenant.name] = [each.request_id for each in resume(settings, tenant, progress=progress)]
        except RecolakeError as error:
            failures.append(error)
    if failures:
        raise failures[0]
    return done


def _carry_out(settings: Settings, tenant: Tenant, request: Request, say: Progress) -> None:
    say(f"{request.request_id}: {request.kind} of {len(request.people)}")
    if request.kind is Kind.ERASURE:
        erase(settings, tenant, request, progress=say)
        return
    key = tenant_key(settings, tenant)
    people = People(key, frozenset(request.people))
    name = request.request_id
    with recorded(settings, tenant, Action.EXPORT_DONE, name, by=SYSTEM):
        export(settings, tenant, people, export_file(settings, tenant, name), progress=say)
    tell(settings, tenant, NoticeType.EXPORT_READY, name, {"request_id": name})
    keep(settings, tenant, closed(request, key, datetime.now(UTC)))


def forget_exports(settings: Settings, tenant: Tenant, now: float | None = None) -> int:
    """Remove exports that lay here long enough to be fetched; returns how many."""
    least = (now or time.time()) - KEPT_SECONDS
    old: list[Path] = [
        path
        for path in (privacy_folder(settings, tenant) / "exports").glob("*.zip")
        if path.stat().st_mtime < least
    ]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
