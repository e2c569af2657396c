"""One delivery (control 16): to the address that was checked, for so long, with an answer of so much."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from control_plane.webhooks.send import Answer, Message, send

MESSAGE = Message("msg_1", "webhook.test", datetime(2026, 3, 1, tzinfo=UTC), {"ä": 1})
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.mark.control(16)
def test_the_connection_goes_to_the_address_that_was_checked(receiver: Any) -> None:
    port = int(receiver.url.split(":")[2].split("/")[0])
    asked: list[str] = []

    def lookup(host: str, _: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    url = f"http://shop.example:{port}/hook"
    answer = send(url, MESSAGE, [SECRET], datetime.now(UTC), loopback=True, lookup=lookup)
    assert (answer, asked) == (Answer(204), ["shop.example"])
    assert receiver.got[0][1]["host"] == f"shop.example:{port}"


@pytest.mark.control(16)
def test_a_name_that_changes_its_address_reaches_nothing_inside(receiver: Any) -> None:
    answers: Iterator[str] = iter(["8.8.8.8", "127.0.0.1"])
    url = receiver.url.replace("http://127.0.0.1", "https://shop.example")
    lookup: Callable[[str, int], list[str]] = lambda *_: [next(answers)]  # noqa: E731
    next(answers)  # what was checked when the endpoint was made
    answer = send(url, MESSAGE, [SECRET], datetime.now(UTC), lookup=lookup)
    assert answer.status is None
    assert "public internet" in str(answer.error)
    assert receiver.got == []


@pytest.mark.control(16)
def test_a_redirect_is_an_answer_and_leads_nowhere(receiver: Any) -> None:
    inside = receiver.url.replace("/hook", "/inside").encode()
    for status in (b"301 Moved", b"302 Found", b"307 Temporary", b"308 Permanent"):
        receiver.answers = [b"HTTP/1.1 " + status + b"\r\nlocation: " + inside + b"\r\n\r\n"]
        answer = send(receiver.url, MESSAGE, [SECRET], datetime.now(UTC), loopback=True)
        assert (answer.status, answer.delivered) == (int(status[:3]), False)
    assert {path for path, *_ in receiver.got} == {"/hook"}


def test_an_endless_answer_and_one_that_never_comes_are_cut_off(receiver: Any) -> None:
    post = partial(send, receiver.url, MESSAGE, [SECRET], datetime.now(UTC), loopback=True)
    receiver.answers = [
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (1 << 20),
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * (1 << 20),
    ]
    assert post().error == "The answer is too long."
    assert post().status is None
    receiver.held = threading.Event()
    assert post(seconds=0.2).error == "The receiver did not answer in time."


def test_an_environment_proxy_is_not_asked(receiver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    assert send(receiver.url, MESSAGE, [SECRET], datetime.now(UTC), loopback=True) == Answer(204)
