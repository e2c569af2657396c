"""Control 14: no route of the control plane takes a body without an end, whoever asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from control_plane.app import MOST_BODY_BYTES

LARGE = b"x" * (MOST_BODY_BYTES + 1)


# None of these asks who it is before it has read what came.
READ = {
    "/v1/keys": "application/json",
    "/v1/people": "application/json",
    "/v1/uploads/abc/release": "application/json",
    "/oauth/token": "application/x-www-form-urlencoded",
    "/oauth/authorize": "multipart/form-data; boundary=x",
}


@pytest.mark.control(14)
def test_a_body_beyond_the_limit_is_refused_by_every_route_that_reads_one(
    plane_at: Callable[[str], Any],
) -> None:
    client = plane_at("").client
    for path, media_type in READ.items():
        answer = client.post(path, content=LARGE, headers={"Content-Type": media_type})
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large"), path
