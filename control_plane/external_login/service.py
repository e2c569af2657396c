"""A login at the other provider: the browser is sent there, comes back, and the provider is asked who it is.

What a browser is sent off with is a random secret in a cookie, of which nonce and PKCE verifier are made; the
database holds hashes alone. So an answer is worth something in the browser that asked, once, and for minutes.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import structlog
from pydantic import TypeAdapter, ValidationError

from control_plane.attempts import service as attempts
from control_plane.database import open_database
from control_plane.external_login import accounts, repository
from control_plane.external_login.errors import ExternalLoginOverError, ExternalLoginRefusedError
from control_plane.external_login.provider import Provider, open_provider
from control_plane.external_login.schemas import Connect, Identity, Return, Welcome
from control_plane.models import ExternalLoginRow
from control_plane.oauth.pkce import challenge_of
from control_plane.oauth.schemas import AuthorizationRequest
from control_plane.oauth.service import Choice
from control_plane.people.schemas import Email
from control_plane.tokens.issuer import issuer_of
from control_plane.tokens.keys import base64url
from recolake.settings import Settings
from recolake.tenancy.api_keys import hash_key

LIFETIME = timedelta(minutes=10)
CALLBACK = "/oauth/external/callback"
_email: TypeAdapter[str] = TypeAdapter(Email)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SentOff:
    """Where a browser goes, and what it keeps.

    Attributes:
        browser: the secret of its cookie.
    """

    url: str
    state: str
    browser: str


def send_off(
    settings: Settings, asked: AuthorizationRequest, address: str, *, now: datetime | None = None
) -> SentOff:
    """Send a browser to the provider with a client's wish, which was checked before.

    Raises:
        NotFoundError: the settings name no provider.
        TooManyAttemptsError: too many from that network address did not come back logged in.
        LoginProviderError: the provider does not say where to.
    """
    provider, database = open_provider(settings), open_database(settings)
    moment = now or datetime.now(UTC)
    attempts.begin_external(database, address, moment)
    endpoint = provider.metadata(provider.deadline()).authorization_endpoint
    state, browser = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    row = ExternalLoginRow(
        state_sha256=hash_key(state),
        browser_sha256=hash_key(browser),
        wish={name: getattr(asked, name) for name in AuthorizationRequest.model_fields},
        created_at=moment,
        expires_at=moment + LIFETIME,
    )
    with database.platform() as session:
        repository.send_off(session, row)
    wish = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": redirect_uri(settings),
        "scope": settings.oidc_scopes,
        "state": state,
        "nonce": _made_of(browser, "nonce"),
        "code_challenge": challenge_of(_made_of(browser, "verifier")),
        "code_challenge_method": "S256",
    }
    return SentOff(f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(wish)}", state, browser)


def redirect_uri(settings: Settings) -> str:
    """Where the provider sends browsers back to; it has to know it."""
    return f"{issuer_of(settings)}{CALLBACK}"


def take_back(
    settings: Settings, state: str, browser: str | None, *, now: datetime | None = None
) -> AuthorizationRequest:
    """The wish that a browser was sent off with; from here on it is over, whatever comes of it.

    Raises:
        ExternalLoginOverError: it was not sent off from here, or came back before, or too late.
    """
    moment = now or datetime.now(UTC)
    if state and browser:
        with open_database(settings).platform() as session:
            row = repository.take_back(session, hash_key(state), hash_key(browser), moment)
        if row is not None:
            return AuthorizationRequest.model_validate(row.wish)
    raise ExternalLoginOverError(
        "This login is over, or it was begun in another browser.",
        hint="Go back to where you wanted to log in, and begin anew.",
    )


def come_back(
    settings: Settings,
    asked: AuthorizationRequest,
    told: Return,
    browser: str,
    address: str,
    *,
    now: datetime | None = None,
) -> str | Choice | Connect | Welcome:
    """A code for our own client, once the provider said who it is; or what is still to be asked.

    Args:
        asked: the wish that `take_back` gave.
        browser: the secret of its cookie.

    Raises:
        ExternalLoginRefusedError: the provider let nobody in, or what it says proves nothing.
        LoginProviderError: it is away, too slow, answers nonsense, or does not know this platform.
        NotConnectedError: it tells no address, or that of an account which nothing shows to be theirs.
        ForbiddenError: the named organisation does not let them in.
    """
    provider, moment = open_provider(settings), now or datetime.now(UTC)
    deadline = provider.deadline()
    metadata = provider.metadata(deadline)
    vouched = told.iss or not metadata.authorization_response_iss_parameter_supported
    if not vouched or told.iss not in ("", provider.issuer):
        raise ExternalLoginRefusedError(f"It was not {provider.name} that sent you back.", hint="Begin anew.")
    if told.error or not told.code:
        _log.info("external_login_refused", error=told.error)
        raise ExternalLoginRefusedError(_why(provider, told.error), hint="Try again, or another way.")
    verifier = _made_of(browser, "verifier")
    tokens = provider.exchange(told.code, verifier, redirect_uri(settings), deadline)
    claims = provider.claims(tokens, _made_of(browser, "nonce"), moment, deadline)
    if not claims.get("email"):
        claims = {**provider.userinfo(tokens, claims["sub"], deadline), **claims}
    return accounts.enter(settings, asked, identity_of(provider.issuer, claims), address, moment)


def identity_of(issuer: str, claims: Mapping[str, Any]) -> Identity:
    """Somebody as the provider's claims have them; an address that is none is left out."""
    try:
        email = _email.validate_python(claims.get("email"), strict=True)
    except ValidationError:
        email = ""
    told = claims.get("email_verified")
    # Some providers have it as text.
    verified = bool(email) and (told is True or told == "true")
    name = str(claims.get("name") or email.partition("@")[0])
    plain = "".join(letter for letter in name if letter.isprintable())[:100]
    return Identity(issuer, str(claims["sub"]), email, verified, plain)


def _why(provider: Provider, error: str) -> str:
    if error == "access_denied":
        return f"{provider.name} did not let you in, or you turned back there."
    known = error if error.isascii() and error.replace("_", "").isalpha() else "an error"
    return f"{provider.name} sent you back with {known} instead of a code."


def _made_of(browser: str, what: str) -> str:
    """43 letters, digits, - and _ that only who has the cookie can make."""
    return base64url(hashlib.sha256(f"{what}:{browser}".encode()).digest())
