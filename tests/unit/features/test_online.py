"""The address of Redis is followed, and not read from its file for every answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from recolake.endpoints import write_endpoint
from recolake.errors import ServiceUnavailableError
from recolake.features.online import PublishedRedis
from recolake.settings import Settings


def test_a_new_address_counts_within_a_second_and_the_client_of_one_is_kept(tmp_path: Path) -> None:
    settings, moments = Settings(home=tmp_path), iter([0.0, 0.0, 0.9, 1.0, 2.5, 4.0])
    published = PublishedRedis(settings, 1.0, clock=lambda: next(moments))
    with pytest.raises(ServiceUnavailableError):
        published.client()
    write_endpoint(settings, "redis", "redis://127.0.0.1:1/0")
    first = published.client()
    write_endpoint(settings, "redis", "redis://127.0.0.1:2/0")
    assert published.client() is first
    second = published.client()
    assert second.get_connection_kwargs()["port"] == 2
    assert published.client() is second
    write_endpoint(settings, "redis", None)
    with pytest.raises(ServiceUnavailableError):
        published.client()
