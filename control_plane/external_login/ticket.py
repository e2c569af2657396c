"""Whom the provider recognised, while they answer a page: signed by us, for this login, for five minutes."""

from __future__ import annotations

from datetime import UTC, datetime

from control_plane.external_login.schemas import FurtherAnswer, Identity
from control_plane.oauth.schemas import AuthorizationRequest
from control_plane.tokens import access
from control_plane.tokens.issuer import issuer_of
from control_plane.tokens.keys import signing_key, verifying_keys
from recolake.errors import UnauthenticatedError
from recolake.settings import Settings


def issue(settings: Settings, asked: AuthorizationRequest, identity: Identity, now: datetime) -> str:
    """A ticket for somebody within the login of a client's wish."""
    own = {
        "issuer": identity.issuer,
        "email": identity.email,
        "verified": identity.email_verified,
        "name": identity.name,
    }
    key, issuer, kind = signing_key(settings), issuer_of(settings), access.EXTERNAL_TICKET
    return access.issue_ticket(identity.subject, asked.code_challenge, key, issuer, now, kind=kind, own=own)


def read(settings: Settings, form: FurtherAnswer, now: datetime) -> Identity:
    """Whom the ticket of a form is about.

    Raises:
        UnauthenticatedError: it is no ticket of ours, of another login or kind, or over.
    """
    keys, issuer, kind = verifying_keys(settings), issuer_of(settings), access.EXTERNAL_TICKET
    held = access.verify_ticket(form.ticket, form.code_challenge, keys, issuer, now, kind=kind)
    return Identity(held["issuer"], held["sub"], held["email"], held["verified"], held["name"])


def still_good(settings: Settings, form: FurtherAnswer, *, now: datetime | None = None) -> Identity | None:
    """The same; None where it is good no longer."""
    try:
        return read(settings, form, now or datetime.now(UTC))
    except UnauthenticatedError:
        return None
