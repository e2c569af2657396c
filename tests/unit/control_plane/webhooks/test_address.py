"""Control 16: nothing but the public internet is reached by a webhook, however its address is written."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control_plane.webhooks.address import check_url, checked_addresses, is_public
from control_plane.webhooks.errors import WebhookAddressError

INSIDE = [
    "0.0.0.0",  # noqa: S104
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.168.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
]
OUTSIDE = ["93.184.215.14", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.control(16)
@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_refused_also_beside_a_public_one(address: str) -> None:
    for found in ([address], ["8.8.8.8", address]):
        with pytest.raises(WebhookAddressError):
            checked_addresses("shop.example", 443, http=False, loopback=False, lookup=lambda *_, f=found: f)


@pytest.mark.parametrize("address", OUTSIDE)
def test_a_public_address_is_fine_by_https_alone(address: str) -> None:
    found = checked_addresses("shop.example", 443, http=False, loopback=False, lookup=lambda *_: [address])
    assert found == [address]
    with pytest.raises(WebhookAddressError):
        checked_addresses("shop.example", 80, http=True, loopback=True, lookup=lambda *_: [address])


@pytest.mark.control(16)
@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_in_every_ipv6_dress(address: IPv4Address) -> None:
    number = int(address)
    dresses = (
        IPv6Address(0xFFFF << 32 | number),
        IPv6Address((0x64FF9B << 96) | number),
        IPv6Address((0x2002 << 112) | (number << 80) | 1),
    )
    assert {is_public(dress) for dress in dresses} == {is_public(address)}


@pytest.mark.control(16)
@given(st.ip_addresses())
def test_what_python_calls_private_is_never_public(address: IPv4Address | IPv6Address) -> None:
    if address.is_private or address.is_loopback or address.is_link_local or address.is_multicast:
        assert not is_public(ip_address(str(address)))


@pytest.mark.control(16)
@pytest.mark.parametrize("host", ["127.1", "0x7f000001", "2130706433", "localhost", "0177.0.0.1", "[::1]"])
def test_this_machine_by_any_name_is_refused(host: str) -> None:
    parts = check_url(f"https://{host}/hook", loopback=False)
    with pytest.raises(WebhookAddressError):
        checked_addresses(parts.hostname or "", 443, http=False, loopback=False)


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/",
        "ftp://shop.example/",
        "file:///etc/passwd",
        "gopher://shop.example/",
        "https://",
        "https:///hook",
        "https://user@shop.example/",
        "https://user:secret@shop.example/",
        "https://shop.example/#x",
        "https://shop.example:22/",
        "https://shop.example:99999/",
        "https://shop.example:port/",
        "https://shöp.example/",
        "https://shop.example/a b",
        "https://shop.example\\@10.0.0.1/",
        "https://shop.example/\r\nX: y",
        "https://" + "a" * 2_000,
        "//shop.example/",
        "shop.example",
        "https://[::1",
    ],
)
def test_a_url_of_another_form_is_refused(url: str) -> None:
    with pytest.raises(WebhookAddressError):
        check_url(url, loopback=False)


def test_a_host_that_nobody_knows_is_refused() -> None:
    def unknown(*_: object) -> list[str]:
        raise OSError

    for lookup in (unknown, lambda *_: []):
        with pytest.raises(WebhookAddressError):
            checked_addresses("shop.example", 443, http=False, loopback=True, lookup=lookup)
