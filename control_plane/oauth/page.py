"""The login page: one HTML document without scripts, pictures or anything from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode, urlsplit

from fastapi.responses import HTMLResponse

from control_plane.oauth.clients import Client
from control_plane.oauth.schemas import AuthorizationRequest
from control_plane.people.schemas import Membership
from recolake.settings import Settings

EXTERNAL = "/oauth/external"
"""Where the way to the other provider begins."""

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:22rem;margin:10vh auto;padding:0 1rem}"
    "label{display:block;margin:1rem 0 0}"
    "input,select,button,[role=button]{font:inherit;width:100%;box-sizing:border-box;padding:.5rem;"
    "margin-top:.25rem}button{margin-top:1.5rem}[role=alert]{color:#a00000}"
    "[role=button]{display:block;border:1px solid;text-align:center;color:inherit;text-decoration:none}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()


@dataclass(frozen=True, slots=True)
class Ways:
    """How people may log in.

    Attributes:
        provider: what the other provider is called; None where there is none.
    """

    password: bool = True
    provider: str | None = None


def ways_of(settings: Settings) -> Ways:
    """How people may log in to this platform."""
    return Ways(settings.password_login, settings.oidc_name if settings.oidc_issuer else None)


def login_page(
    client: Client,
    asked: AuthorizationRequest,
    ways: Ways,
    *,
    problem: str = "",
    email: str = "",
    status: int = 200,
) -> HTMLResponse:
    """Asks for address and password, or sends to the other provider, or has one choose."""
    body = ""
    if ways.provider is not None:
        # A link, and no form: what browsers hold forms to would have to name the provider's address.
        url = f"{EXTERNAL}?{urlencode(_wish(asked))}"
        body += f'<p><a role="button" href="{escape(url)}">Continue with {escape(ways.provider)}</a></p>'
    if ways.password:
        fields = (
            '<label>E-mail<input name="email" type="email" autocomplete="username" maxlength="254" required'
            f' value="{escape(email)}"></label>'
            f"{password_field()}"
        )
        body += form(asked, "/oauth/authorize", fields, "Log in")
    return page(f"Log in to {client.name}", body, goes_to=asked.redirect_uri, problem=problem, status=status)


def password_field() -> str:
    """As browsers' own stores of passwords know it."""
    return (
        '<label>Password<input name="password" type="password" autocomplete="current-password"'
        ' maxlength="256" required></label>'
    )


def choice_page(
    client: Client, asked: AuthorizationRequest, ticket: str, organisations: Sequence[Membership]
) -> HTMLResponse:
    """Asks in which organisation, of those that let the person in."""
    options = "".join(
        f'<option value="{escape(o.tenant_id)}">{escape(o.display_name or o.tenant_id)} ({o.role})</option>'
        for o in organisations
    )
    fields = f'<label>Organisation<select name="organisation">{options}</select></label>'
    unchosen = asked.model_copy(update={"organisation": ""})
    chosen = form(unchosen, "/oauth/authorize", fields, "Log in", ticket=ticket)
    return page(f"Log in to {client.name}", chosen, goes_to=asked.redirect_uri)


def form(asked: AuthorizationRequest, action: str, fields: str, button: str, *, ticket: str = "") -> str:
    """A form that carries the client's wish along.

    Args:
        fields: HTML.
    """
    carried = _wish(asked) | ({"ticket": ticket} if ticket else {})
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in carried.items()
    )
    return f'<form method="post" action="{action}">{fields}{hidden}<button>{escape(button)}</button></form>'


def page(title: str, body: str, *, goes_to: str | None, problem: str = "", status: int = 200) -> HTMLResponse:
    """A whole document.

    Args:
        body: HTML.
        goes_to: the address that its forms lead to in the end; None where it has none.
    """
    alert = f'<p role="alert">{escape(problem)}</p>' if problem else ""
    html = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>'
        f"<main><h1>{escape(title)}</h1>{alert}{body}</main></body></html>"
    )
    policy = (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action {_targets(goes_to)}"
    )
    headers = {
        "Content-Security-Policy": policy,
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return HTMLResponse(html, status_code=status, headers=headers)


def _wish(asked: AuthorizationRequest) -> dict[str, str]:
    wish = {name: str(getattr(asked, name)) for name in AuthorizationRequest.model_fields}
    return {name: value for name, value in wish.items() if value}


def _targets(goes_to: str | None) -> str:
    """Browsers hold redirects after a form to the policy too, so the client's own address is in it."""
    if goes_to is None:
        return "'none'"
    target = urlsplit(goes_to)
    return f"'self' {target.scheme}://{target.netloc}"
