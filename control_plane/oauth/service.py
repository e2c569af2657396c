"""The provider: from a client's wish through a password to a code, and from the code to tokens."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from control_plane.audit import record as audited
from control_plane.database import open_database
from control_plane.models import AuthorizationCodeRow
from control_plane.oauth import repository
from control_plane.oauth.clients import Client, find_client
from control_plane.oauth.errors import OAuthError, UntrustedClientError
from control_plane.oauth.pkce import CHALLENGE, proves
from control_plane.oauth.schemas import AuthorizationRequest, LoginForm, TokenForm
from control_plane.people import repository as people
from control_plane.people.schemas import Membership
from control_plane.people.service import recognise, require_passwords
from control_plane.sessions import repository as session_rows
from control_plane.sessions import service as sessions
from control_plane.sessions.schemas import TokenAnswer, Way
from control_plane.tokens import access
from control_plane.tokens.issuer import issuer_of
from control_plane.tokens.keys import signing_key, verifying_keys
from recolake.audit.entry import Action, Actor
from recolake.errors import ForbiddenError
from recolake.settings import Settings
from recolake.tenancy.api_keys import hash_key
from recolake.tenancy.context import Tenant

CODE_LIFETIME = timedelta(minutes=1)
_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Choice:
    """Somebody proved who they are and belongs to several organisations: in which do they log in?"""

    ticket: str
    organisations: Sequence[Membership]


def trusted_client(settings: Settings, asked: AuthorizationRequest) -> Client:
    """The client of a wish.

    Raises:
        UntrustedClientError: nobody knows it, or it would have the code sent elsewhere than agreed.
    """
    client = find_client(settings, asked.client_id)
    if client is None:
        raise UntrustedClientError("Nobody knows this client.", field="client_id")
    if not client.may_redirect(asked.redirect_uri):
        raise UntrustedClientError(
            "This client's codes do not go to this redirect URI.",
            hint="It must be one that the client has, letter by letter (RECOLAKE_DASHBOARD_REDIRECTS).",
            field="redirect_uri",
        )
    return client


def check_wish(asked: AuthorizationRequest) -> None:
    """Turn down what is no wish for a code with state and PKCE; the client, which is trusted, is told.

    Raises:
        OAuthError: something is missing, or of another kind than is spoken here.
    """
    if asked.response_type != "code":
        raise OAuthError("unsupported_response_type", "response_type must be code.")
    if not asked.state:
        raise OAuthError("invalid_request", "state is missing.")
    if asked.code_challenge_method != "S256" or not CHALLENGE.fullmatch(asked.code_challenge):
        raise OAuthError("invalid_request", "A code_challenge with code_challenge_method=S256 is needed.")


def log_in(settings: Settings, form: LoginForm, address: str, *, now: datetime | None = None) -> str | Choice:
    """A code for the person's organisation, or a choice where they have several and named none.

    Raises:
        PasswordLoginOffError: people log in at another provider.
        WrongPasswordError, TooManyAttemptsError: it is not them, or nobody looks at the moment.
        UnauthenticatedError: the ticket is not of this login, or over.
        ForbiddenError: the named organisation does not let them in, or none does.
    """
    moment = now or datetime.now(UTC)
    if form.ticket:
        keys, issuer = verifying_keys(settings), issuer_of(settings)
        ticket = access.verify_ticket(form.ticket, form.code_challenge, keys, issuer, moment)
        return let_in(settings, form, str(ticket["sub"]), ticket["way"], moment)
    require_passwords(settings)
    person = recognise(settings, form.email.lower(), form.password.get_secret_value(), address, now=now)
    return let_in(settings, form, person.person_id, "password", moment)


def let_in(
    settings: Settings, form: AuthorizationRequest, person_id: str, way: Way, now: datetime
) -> str | Choice:
    """A code for somebody who proved who they are, or a choice where they have several organisations.

    Raises:
        ForbiddenError: the named organisation does not let them in, or none does.
    """
    with open_database(settings).platform() as session:
        found = [Membership.model_validate(row) for row in people.memberships(session, person_id)]
        if form.organisation:
            found = [membership for membership in found if membership.tenant_id == form.organisation]
        if not found:
            raise ForbiddenError("No such organisation lets you in.")
        if len(found) > 1:
            key, issuer = signing_key(settings), issuer_of(settings)
            own = {"way": way}
            ticket = access.issue_ticket(person_id, form.code_challenge, key, issuer, now, own=own)
            return Choice(ticket, found)
        code = secrets.token_urlsafe(32)
        repository.forget_before(session, now - _KEPT)
        repository.add(
            session,
            AuthorizationCodeRow(
                tenant_id=found[0].tenant_id,
                sha256=hash_key(code),
                person_id=person_id,
                client_id=form.client_id,
                redirect_uri=form.redirect_uri,
                challenge=form.code_challenge,
                created_at=now,
                expires_at=now + CODE_LIFETIME,
                way=way,
            ),
        )
    return code


def redirect_to(settings: Settings, asked: AuthorizationRequest, **told: str) -> str:
    """The client's address with an answer, its state, and who answers (RFC 9207)."""
    answer = told | {"state": asked.state, "iss": issuer_of(settings)}
    separator = "&" if "?" in asked.redirect_uri else "?"
    return f"{asked.redirect_uri}{separator}{urlencode({k: v for k, v in answer.items() if v})}"


def tokens(settings: Settings, form: TokenForm, *, now: datetime | None = None) -> TokenAnswer:
    """Tokens for a code or for a refresh token.

    Raises:
        OAuthError: the grant is none that is spoken here, or worth nothing.
    """
    if find_client(settings, form.client_id) is None:
        raise OAuthError("invalid_client", "Nobody knows this client.")
    moment = now or datetime.now(UTC)
    if form.grant_type == "authorization_code":
        answer = _for_code(settings, form, moment)
    elif form.grant_type == "refresh_token":
        answer = sessions.refresh(settings, form.refresh_token, form.client_id, now=moment)
    else:
        raise OAuthError(
            "unsupported_grant_type", "Only authorization_code and refresh_token are spoken here."
        )
    if answer is None:
        raise OAuthError("invalid_grant", "This grant is worth nothing, or nothing any more.")
    return answer


def _for_code(settings: Settings, form: TokenForm, now: datetime) -> TokenAnswer | None:
    """A code is used up by the first who shows it, right or wrong; shown again, its session ends."""
    with open_database(settings).platform() as session:
        code, fresh = repository.take(session, hash_key(form.code), now)
        if code is None:
            return None
        tenant = Tenant(code.tenant_id)
        if not fresh:
            if code.session_id:
                session_rows.end(session, tenant, code.session_id, "reuse")
            return None
        proved = proves(form.code_verifier, code.challenge)
        same = (form.client_id, form.redirect_uri) == (code.client_id, code.redirect_uri)
        if not (proved and same and now < code.expires_at):
            return None
        row = sessions.begin(session, tenant, code.person_id, code.client_id, code.way, now)
        code.session_id = row.session_id
        answer = sessions.tokens_for(settings, session, row, now)
        if answer is not None:
            by, details = Actor(kind="person", id=row.person_id), {"way": row.way, "client": row.client_id}
            audited.record(session, tenant, Action.MEMBER_LOGGED_IN, row.session_id, by=by, details=details)
        return answer
