"""The only cookie of the platform: it ties a login at the provider to the browser that began it.

One a login, so that two tabs do not disturb each other. It lets nobody in by itself, and lives for minutes.
"""

from __future__ import annotations

from fastapi import Request, Response

from control_plane.external_login.service import LIFETIME, SentOff
from control_plane.tokens.issuer import issuer_of
from recolake.settings import Settings
from recolake.tenancy.api_keys import hash_key


def keep(settings: Settings, answer: Response, sent: SentOff) -> None:
    """Have the browser keep its secret until it comes back."""
    _set(settings, answer, sent.state, sent.browser, int(LIFETIME.total_seconds()))


def forget(settings: Settings, answer: Response, state: str) -> None:
    """Have it forgotten."""
    _set(settings, answer, state, "", 0)


def cookie_of(settings: Settings, request: Request, state: str) -> str | None:
    """The secret that the browser kept for this login."""
    return request.cookies.get(_name(settings, state))


def _set(settings: Settings, answer: Response, state: str, value: str, seconds: int) -> None:
    # Lax: it comes along when the provider sends the browser back, and with nothing that another page sends.
    answer.set_cookie(
        _name(settings, state),
        value,
        max_age=seconds,
        path="/",
        secure=_encrypted(settings),
        httponly=True,
        samesite="lax",
    )


def _name(settings: Settings, state: str) -> str:
    """With a prefix by which browsers let nobody else, on another host or without TLS, set it."""
    return f"{'__Host-' if _encrypted(settings) else ''}recolake_login_{hash_key(state)[:16]}"


def _encrypted(settings: Settings) -> bool:
    return issuer_of(settings).startswith("https:")
