"""This machine's own services: calls go there directly, and need no encryption."""

from __future__ import annotations

from collections.abc import MutableMapping
from urllib.parse import urlsplit

HOSTS = ("127.0.0.1", "localhost")
# Clients differ in which of the two they read: gRPC knows the lower-case one alone, others prefer either.
_NAMES = ("no_proxy", "NO_PROXY")


def bypass_proxies(environment: MutableMapping[str, str]) -> None:
    """Exempt loopback from proxies in an environment, for every client that is started or made in it.

    What either variable exempts already stays so, and then holds for both; a `*` exempts everything.
    """
    named = [host.strip() for name in _NAMES for host in environment.get(name, "").split(",")]
    exempt = "*" if "*" in named else ",".join(dict.fromkeys(filter(None, [*named, *HOSTS])))
    environment.update(dict.fromkeys(_NAMES, exempt))


def is_secure_url(url: str) -> bool:
    """Whether nobody on the way can read or write what a URL answers: https, or http that stays here.

    A user, a password or a fragment has no place in it.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and not set(url) & set(' \\#@"<>')
    here = parts.scheme == "http" and host in (*HOSTS, "::1")
    return plain and bool(host) and (here or parts.scheme == "https")
