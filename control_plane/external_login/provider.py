"""The other provider: what it says of itself, its keys, and what it answers to a code."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus

import structlog
from pydantic import BaseModel, Field, ValidationError

from control_plane.bounded import Deadline
from control_plane.external_login.errors import ExternalLoginRefusedError, LoginProviderError
from control_plane.external_login.fetch import ask
from control_plane.external_login.id_token import Expected, IdTokenError, Key, UnknownKeyError, verify
from control_plane.external_login.key_set import FRESH_SECONDS, KeySet
from recolake.errors import NotFoundError
from recolake.loopback import is_secure_url
from recolake.secrets.provider import secrets_of
from recolake.settings import Settings

CLIENT_SECRET = "oidc.client_secret"  # noqa: S105  # a secret's name
_OK = 200
_CLIENT_ERRORS = range(400, 500)

_log = structlog.get_logger(__name__)


class Metadata(BaseModel):
    """The provider's description of itself (OpenID Connect Discovery 1.0), as far as it is needed."""

    issuer: str
    authorization_endpoint: str = Field(max_length=2000)
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    token_endpoint_auth_methods_supported: list[str] = ["client_secret_basic"]
    authorization_response_iss_parameter_supported: bool = False


class Tokens(BaseModel):
    """What a code is exchanged for."""

    id_token: str = Field(max_length=100_000)
    access_token: str = Field(max_length=100_000)


class Provider:
    """Its description of itself is read anew after an hour.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        if settings.oidc_issuer is None or settings.oidc_client_id is None:
            raise NotFoundError("People log in to this platform with a password alone.")
        self.issuer, self.client_id, self.name = (
            settings.oidc_issuer,
            settings.oidc_client_id,
            settings.oidc_name,
        )
        self._settings = settings
        self._clock = clock
        self._metadata: tuple[float, Metadata] | None = None
        self._keys = KeySet(self._read_keys, lambda: self._clock())

    def deadline(self) -> Deadline:
        """The time that all questions of one step of a login have together."""
        return Deadline(self._settings.oidc_deadline_seconds)

    def metadata(self, deadline: Deadline) -> Metadata:
        """What the provider says of itself.

        Raises:
            LoginProviderError: it says nothing, nothing usable, or that it is somebody else.
        """
        known = self._metadata
        if known is None or self._clock() - known[0] > FRESH_SECONDS:
            known = self._clock(), self._discover(deadline)
            self._metadata = known
        return known[1]

    def check(self, deadline: Deadline) -> Metadata:
        """What can be found out without a person: description, keys, and how we prove who we are.

        Raises:
            LoginProviderError: somebody could not log in.
        """
        told = self.metadata(deadline)
        self._read_keys(deadline)
        self._proof(told)
        return told

    def exchange(self, code: str, verifier: str, redirect_uri: str, deadline: Deadline) -> Tokens:
        """Tokens for a code, which we prove to have asked for.

        Raises:
            ExternalLoginRefusedError: the code is worth nothing, or nothing any more.
            LoginProviderError: the provider does not know us, or answers nothing usable.
        """
        told = self.metadata(deadline)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
            "client_id": self.client_id,
        }
        headers, own = self._proof(told)
        answer = ask(self.name, told.token_endpoint, deadline, headers=headers, form=form | own)
        error = answer.body.get("error")
        if answer.status in _CLIENT_ERRORS and error == "invalid_grant":
            raise ExternalLoginRefusedError(
                f"What {self.name} sent you back with is worth nothing, or nothing any more.",
                hint="Log in once more.",
            )
        if answer.status != _OK:
            raise self._failed(f"refuses the platform's question ({error or answer.status})")
        try:
            return Tokens.model_validate(answer.body)
        except ValidationError as invalid:
            raise self._failed("answers without an ID token") from invalid

    def claims(self, tokens: Tokens, nonce: str, now: datetime, deadline: Deadline) -> dict[str, Any]:
        """What the ID token says of the person, once all of it is right.

        Raises:
            ExternalLoginRefusedError: it proves nothing; the log says why.
            LoginProviderError: the provider's keys cannot be had.
        """
        expected = Expected(self.issuer, self.client_id, nonce, tokens.access_token)
        try:
            try:
                return verify(tokens.id_token, self._keys.known(deadline), expected, now)
            except UnknownKeyError:
                return verify(tokens.id_token, self._keys.newer(deadline), expected, now)
        except IdTokenError as error:
            _log.warning("id_token_refused", reason=str(error))
            raise ExternalLoginRefusedError(
                f"What {self.name} says of you cannot be believed.",
                hint="Log in once more; if it stays so, whoever runs this platform looks at its log.",
            ) from error

    def userinfo(self, tokens: Tokens, subject: str, deadline: Deadline) -> Mapping[str, Any]:
        """More about the person of an ID token, for those providers that keep it apart; {} if there is none.

        Raises:
            LoginProviderError: it is about somebody else, or no answer came.
        """
        url = self.metadata(deadline).userinfo_endpoint
        if url is None:
            return {}
        headers = {"authorization": f"Bearer {tokens.access_token}"}
        answer = ask(self.name, url, deadline, headers=headers)
        if answer.status != _OK or answer.body.get("sub") != subject:
            raise self._failed("does not tell who you are")
        return answer.body

    def _discover(self, deadline: Deadline) -> Metadata:
        url = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
        answer = ask(self.name, url, deadline)
        try:
            found = Metadata.model_validate(answer.body)
        except ValidationError as error:
            raise self._failed("does not describe itself as OpenID Connect has it") from error
        if found.issuer != self.issuer:
            raise self._failed(f"calls itself {found.issuer[:200]!r}, and RECOLAKE_OIDC_ISSUER another name")
        used = (found.authorization_endpoint, found.token_endpoint, found.jwks_uri)
        if not all(is_secure_url(url) for url in used):
            raise self._failed("names an address that is neither https nor on this machine")
        return found

    def _proof(self, told: Metadata) -> tuple[dict[str, str], dict[str, str]]:
        """Headers and fields of a form that show who we are."""
        found = secrets_of(self._settings).get(CLIENT_SECRET)
        if found is None:
            raise LoginProviderError(
                f"This platform has no client secret for {self.name}.",
                hint=f"Whoever runs it puts it into {secrets_of(self._settings).where(CLIENT_SECRET)}.",
            )
        methods = told.token_endpoint_auth_methods_supported
        if "client_secret_basic" in methods:
            pair = f"{quote_plus(self.client_id)}:{quote_plus(found.text())}"
            return {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}, {}
        if "client_secret_post" in methods:
            return {}, {"client_secret": found.text()}
        raise self._failed("takes no client secret, neither in a header nor in a form")

    def _read_keys(self, deadline: Deadline) -> Sequence[Key]:
        answer = ask(self.name, self.metadata(deadline).jwks_uri, deadline)
        keys = answer.body.get("keys")
        if answer.status != _OK or not isinstance(keys, list):
            raise self._failed("does not publish its keys")
        return [key for key in keys if isinstance(key, dict)]

    def _failed(self, what: str) -> LoginProviderError:
        _log.warning("login_provider_failed", reason=what)
        return LoginProviderError(
            f"{self.name} {what}.", hint="Whoever runs this platform looks at its settings and its log."
        )


@lru_cache(maxsize=8)
def open_provider(settings: Settings) -> Provider:
    """The process's provider for these settings.

    Raises:
        NotFoundError: the settings name none.
    """
    return Provider(settings)
