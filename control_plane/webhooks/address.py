"""Where the platform is willing to send to. It sits inside a network that its tenants must not reach
through it (OWASP SSRF prevention): so addresses are judged, not names, and the one that was judged is the
one that is connected to.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from control_plane.webhooks.errors import WebhookAddressError

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Iterable[str]]

_LONGEST_URL = 2_000
_PRIVILEGED = 1_024
_HTTPS = 443
# Public by their registration, but answered by the host's cloud: Azure's wire server.
_METADATA = frozenset({ip_address("168.63.129.16")})
# IPv6 networks whose last 32 bits are an IPv4 address: translated by the network (RFC 6052), or of old.
_EMBEDDING = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))
_NEVER = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "100.64.0.0/10",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "240.0.0.0/4",
        "64:ff9b:1::/48",
        "100::/64",
        "fec0::/10",
    )
)


def resolve(host: str, port: int) -> list[str]:
    """All addresses of a host, as the machine knows them.

    Raises:
        OSError: it has none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[4][0]) for address in found]


def check_url(url: str, *, loopback: bool) -> SplitResult:
    """A URL that may be sent to, as far as its text tells.

    Args:
        loopback: whether http is fine, which `checked_addresses` then keeps to this machine.

    Raises:
        WebhookAddressError: it may not.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _refused("is not a URL") from error
    plain = url.isascii() and url.isprintable() and " " not in url and "\\" not in url
    if not plain or len(url) > _LONGEST_URL or not parts.hostname:
        raise _refused("is not a URL of plain ASCII")
    if parts.scheme not in (("https", "http") if loopback else ("https",)):
        raise _refused("is not of https")
    if parts.username is not None or parts.password is not None or "#" in url:
        raise _refused("has a user, a password or a fragment in it")
    if port is not None and port != _HTTPS and port < _PRIVILEGED:
        raise _refused(f"has port {port}; 443 and those from 1024 on are possible")
    return parts


def checked_addresses(
    host: str, port: int, *, http: bool, loopback: bool, lookup: Resolve = resolve
) -> Sequence[str]:
    """The addresses of a host, every one of which may be connected to.

    Args:
        http: the connection is not encrypted, so it must stay on this machine.
        loopback: whether it may be this machine at all.

    Raises:
        WebhookAddressError: the host is unknown, or one of its addresses is out of bounds.
    """
    try:
        found = list(dict.fromkeys(lookup(host, port)))
    except (OSError, UnicodeError) as error:
        raise _refused("has a host that nobody knows") from error
    if not found:
        raise _refused("has a host without an address")
    for text in found:
        # A scope (`fe80::1%eth0`) only ever belongs to addresses of this network.
        address = ip_address(text.partition("%")[0])
        own = is_loopback(address)
        if (own and not loopback) or (not own and (http or not is_public(address))):
            raise _refused("leads to an address that is not on the public internet")
    return found


def is_public(address: Address) -> bool:
    """Whether an address is somebody's on the public internet, however it is written."""
    inner = _embedded(address)
    if inner is not None:
        return is_public(inner)
    out = address.is_multicast or address.is_reserved or address.is_unspecified or address.is_link_local
    if out or not address.is_global or address in _METADATA:
        return False
    return not any(address.version == network.version and address in network for network in _NEVER)


def is_loopback(address: Address) -> bool:
    """Whether an address is this machine, also where IPv6 wraps it."""
    inner = _embedded(address)
    return address.is_loopback if inner is None else inner.is_loopback


def _embedded(address: Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 one stands for."""
    if isinstance(address, IPv4Address) or address.is_loopback or address.is_unspecified:
        return None
    known = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
    if known is None and any(address in network for network in _EMBEDDING):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return known


def _refused(why: str) -> WebhookAddressError:
    return WebhookAddressError(
        f"The webhook's URL {why}.", hint="Give the https address of a public host.", field="url"
    )
