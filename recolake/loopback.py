"""Calls to this machine's own services go there directly, whatever proxy the environment names."""

from __future__ import annotations

from collections.abc import MutableMapping

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
