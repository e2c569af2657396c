"""What people ask, as the command line has it; carried out by `recolake privacy resume`, which Airflow
runs."""

from __future__ import annotations

from pathlib import Path

from control_plane.privacy.schemas import OptOutAsked, OptOutRead, PersonNamed, RequestRead
from recolake.audit.entry import Actor
from recolake.errors import NotFoundError
from recolake.privacy.certificate import Certificate, read_certificate
from recolake.privacy.requests import Kind, Request, certificate_file, export_file, read_request
from recolake.privacy.work import ask as write_down
from recolake.privacy.work import named, set_opt_out
from recolake.settings import Settings
from recolake.tenancy.context import Tenant


def ask(
    settings: Settings, tenant: Tenant, kind: Kind, person: PersonNamed, *, by: Actor | None = None
) -> RequestRead:
    """Write a request down; an erasure that was asked for and is not done is that very one again."""
    return _shown(write_down(settings, tenant, kind, named(settings, tenant, person.user_id), by=by))


def read(settings: Settings, tenant: Tenant, kind: Kind, request_id: str) -> RequestRead:
    """A request of the tenant.

    Raises:
        NotFoundError: there is none of that id and kind, or it is another tenant's.
    """
    return _shown(_of_kind(settings, tenant, kind, request_id))


def certificate(settings: Settings, tenant: Tenant, request_id: str) -> Certificate:
    """The signed certificate of an erasure.

    Raises:
        NotFoundError: there is no such erasure, or it is not that far.
    """
    _of_kind(settings, tenant, Kind.ERASURE, request_id)
    path = certificate_file(settings, tenant, request_id)
    if not path.exists():
        raise NotFoundError("There is no certificate yet.", hint="Ask again once the erasure is done.")
    return read_certificate(path)


def export_of(settings: Settings, tenant: Tenant, request_id: str) -> Path:
    """The zip of an export.

    Raises:
        NotFoundError: there is no such export, it is not that far, or it has expired.
    """
    _of_kind(settings, tenant, Kind.EXPORT, request_id)
    path = export_file(settings, tenant, request_id)
    if not path.exists():
        raise NotFoundError(
            "There is no file of this export.", hint="It is being made, or a week is over: ask for another."
        )
    return path


def opt_out(settings: Settings, tenant: Tenant, asked: OptOutAsked, *, by: Actor | None = None) -> OptOutRead:
    """Leave a person out of training, or take them in again."""
    people = named(settings, tenant, asked.user_id)
    changed = set_opt_out(settings, tenant, people, out=asked.opted_out, by=by)
    return OptOutRead(opted_out=asked.opted_out, changed=changed)


def _of_kind(settings: Settings, tenant: Tenant, kind: Kind, request_id: str) -> Request:
    request = read_request(settings, tenant, request_id)
    if request.kind is not kind:
        raise NotFoundError("There is no privacy request of this id.", field="request_id")
    return request


def _shown(request: Request) -> RequestRead:
    shown = request.model_dump(mode="json", include=set(RequestRead.model_fields))
    return RequestRead.model_validate(shown)
