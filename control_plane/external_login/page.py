"""Pages between the other provider and the client, as plain as the login page."""

from __future__ import annotations

from html import escape

from fastapi.responses import HTMLResponse

from control_plane.external_login.schemas import Connect, Identity, Welcome
from control_plane.oauth.page import EXTERNAL, form, page, password_field
from control_plane.oauth.schemas import AuthorizationRequest
from recolake.errors import RecolakeError
from recolake.settings import Settings


def connect_page(
    settings: Settings, asked: AuthorizationRequest, wanted: Connect, problem: str = "", status: int = 200
) -> HTMLResponse:
    """Asks for the password of the account that has the person's address, this once."""
    address, name = escape(wanted.identity.email), escape(settings.oidc_name)
    body = (
        f"<p>An account of {address} exists here. Give its password this once, and from then on "
        f"{name} lets you in to it.</p>"
    )
    body += form(asked, EXTERNAL, password_field(), "Connect", ticket=wanted.ticket)
    return page("Is this account yours?", body, goes_to=asked.redirect_uri, problem=problem, status=status)


def welcome_page(
    settings: Settings, asked: AuthorizationRequest, wanted: Welcome, problem: str = "", status: int = 200
) -> HTMLResponse:
    """Asks for an invitation, or, where sign-up is open, for an organisation to begin."""
    name = _field("Your name", "name", wanted.identity.name, "100")
    invited = name + _field("Invitation (inv_…)", "invitation", "", "100")
    body = f"<p>{_who(wanted.identity)} is in no organisation here yet.</p>"
    body += form(asked, EXTERNAL, invited, "Accept the invitation", ticket=wanted.ticket)
    if settings.sign_up == "open":
        begun = name + _field(
            "Organisation: 2 to 39 lower-case letters, digits, hyphens", "new_organisation", "", "39"
        )
        body += form(asked, EXTERNAL, begun, "Begin an organisation", ticket=wanted.ticket)
    return page("Welcome", body, goes_to=asked.redirect_uri, problem=problem, status=status)


def over_page(error: RecolakeError) -> HTMLResponse:
    """What is told to a browser of which nobody knows what it was to log in to."""
    problem = f"{error.message} {error.hint}"
    return page("This login is over", "", goes_to=None, problem=problem, status=error.status)


def _who(identity: Identity) -> str:
    return escape(identity.email or identity.name)


def _field(label: str, name: str, value: str, most: str) -> str:
    return f'<label>{label}<input name="{name}" maxlength="{most}" required value="{escape(value)}"></label>'
