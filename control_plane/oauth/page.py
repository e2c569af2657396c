"""The login page: one HTML document without scripts, pictures or anything from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from html import escape
from urllib.parse import urlsplit

from fastapi.responses import HTMLResponse

from control_plane.oauth.clients import Client
from control_plane.oauth.schemas import AuthorizationRequest
from control_plane.people.schemas import Membership

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:22rem;margin:10vh auto;padding:0 1rem}"
    "label{display:block;margin:1rem 0 0}"
    "input,select,button{font:inherit;width:100%;box-sizing:border-box;padding:.5rem;margin-top:.25rem}"
    "button{margin-top:1.5rem}[role=alert]{color:#a00000}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()


def login_page(
    client: Client, asked: AuthorizationRequest, *, problem: str = "", email: str = "", status: int = 200
) -> HTMLResponse:
    """Asks for address and password."""
    fields = (
        '<label>E-mail<input name="email" type="email" autocomplete="username" maxlength="254" required'
        f' value="{escape(email)}"></label>'
        '<label>Password<input name="password" type="password" autocomplete="current-password"'
        ' maxlength="256" required></label>'
    )
    return _page(asked, f"Log in to {client.name}", problem, fields + _hidden(asked), status)


def choice_page(
    client: Client, asked: AuthorizationRequest, ticket: str, organisations: Sequence[Membership]
) -> HTMLResponse:
    """Asks in which organisation, of those that let the person in."""
    options = "".join(
        f'<option value="{escape(o.tenant_id)}">{escape(o.display_name or o.tenant_id)} ({o.role})</option>'
        for o in organisations
    )
    fields = f'<label>Organisation<select name="organisation">{options}</select></label>'
    hidden = _hidden(asked.model_copy(update={"organisation": ""}))
    ticketed = f'<input type="hidden" name="ticket" value="{escape(ticket)}">'
    return _page(asked, f"Log in to {client.name}", "", fields + hidden + ticketed, 200)


def _hidden(asked: AuthorizationRequest) -> str:
    wish = {name: str(getattr(asked, name)) for name in AuthorizationRequest.model_fields}
    return "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">'
        for name, value in wish.items()
        if value
    )


def _page(asked: AuthorizationRequest, title: str, problem: str, fields: str, status: int) -> HTMLResponse:
    alert = f'<p role="alert">{escape(problem)}</p>' if problem else ""
    html = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>'
        f'<main><h1>{escape(title)}</h1>{alert}<form method="post" action="/oauth/authorize">{fields}'
        "<button>Log in</button></form></main></body></html>"
    )
    # Browsers hold redirects after a form to this policy too, so the client's own address is in it.
    target = urlsplit(asked.redirect_uri)
    policy = (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self' {target.scheme}://{target.netloc}"
    )
    headers = {
        "Content-Security-Policy": policy,
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return HTMLResponse(html, status_code=status, headers=headers)
