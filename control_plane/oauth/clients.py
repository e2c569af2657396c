"""The programs that people log in with. They are public (they can keep no secret), hence PKCE."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from recolake.settings import Settings

CLI = "recolake-cli"
DASHBOARD = "recolake-dashboard"
_LOOPBACK = ("127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Client:
    """A program, and where codes for it may be sent.

    Args:
        loopback: redirect URIs are this machine's, at any port (RFC 8252, section 7.3: a command line listens
            wherever it may); all else of them matches exactly.
    """

    client_id: str
    name: str
    redirect_uris: tuple[str, ...]
    loopback: bool = False

    def may_redirect(self, uri: str) -> bool:
        """Whether codes may go there: compared as text, no part of it is a pattern."""
        return (_without_port(uri) if self.loopback else uri) in self.redirect_uris


def find_client(settings: Settings, client_id: str) -> Client | None:
    """The client of an id."""
    clients = (
        Client(CLI, "Recolake command line", tuple(f"http://{_host(h)}/callback" for h in _LOOPBACK), True),
        Client(DASHBOARD, "Recolake dashboard", tuple(settings.dashboard_redirects.split())),
    )
    return next((client for client in clients if client.client_id == client_id), None)


def _without_port(uri: str) -> str:
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return ""
    if parts.hostname not in _LOOPBACK or port is None:
        return ""
    # By text again, so that whatever else stands in the authority is no match.
    return uri.replace(f"//{_host(parts.hostname)}:{port}/", f"//{_host(parts.hostname)}/", 1)


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address
