"""What is sent again, when, and under which key. A transport of ours stands for the network."""

from __future__ import annotations

import asyncio
import datetime as dt
import inspect
import pickle
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recolake_client import Accounts, AsyncAccounts, AsyncRecolake, Recolake, Retries, errors
from recolake_client.batches import chunks
from recolake_client.calls import segment
from recolake_client.retries import seconds_of

KEY, TOKEN = "rk_test_0", "a.person.token"
ANSWER = {"recommendation_id": "r", "items": []}
FAST = Retries(first_wait=0.0, patience=1.0)
Step = httpx.Response | Exception


def problem(status: int, code: str, **headers: str) -> httpx.Response:
    return httpx.Response(status, json={"status": status, "code": code, "detail": "d"}, headers=headers)


class Network:
    """Gives one step after the other, and keeps what was sent."""

    def __init__(self, *steps: Step) -> None:
        self.steps = list(steps)
        self.sent: list[httpx.Request] = []
        self.transport = httpx.MockTransport(self.answer)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        step = self.steps.pop(0)
        if isinstance(step, Exception):
            raise step
        return step

    def idempotency_keys(self) -> list[str | None]:
        return [request.headers.get("Idempotency-Key") for request in self.sent]


def popular(network: Network, credential: str = KEY, retries: Retries = FAST) -> Any:
    with Recolake("http://x", credential, retries=retries, transport=network.transport) as shop:
        return shop.popular(k=3)


def popular_async(network: Network, credential: str = KEY, retries: Retries = FAST) -> Any:
    async def ask() -> Any:
        transport = network.transport
        async with AsyncRecolake("http://x", credential, retries=retries, transport=transport) as shop:
            return await shop.popular(k=3)

    return asyncio.run(ask())


both = pytest.mark.parametrize("ask", [popular, popular_async], ids=["sync", "async"])


@both
def test_what_passes_is_sent_again_under_the_same_key(ask: Callable[..., Any]) -> None:
    network = Network(
        httpx.ReadTimeout("slow"),
        httpx.ConnectError("away"),
        problem(503, "service_unavailable"),
        httpx.Response(200, json=ANSWER),
    )
    assert ask(network) == ANSWER
    assert len(set(network.idempotency_keys())) == 1
    assert None not in network.idempotency_keys()
    assert len({request.content for request in network.sent}) == 1


@both
def test_two_calls_have_two_keys_and_without_retries_none(ask: Callable[..., Any]) -> None:
    network = Network(*(httpx.Response(200, json=ANSWER) for _ in range(3)))
    ask(network)
    ask(network)
    ask(network, retries=Retries(attempts=1))
    first, second, third = network.idempotency_keys()
    assert first is not None
    assert first != second
    assert third is None


@both
def test_a_first_try_that_is_still_being_worked_on_is_waited_for(ask: Callable[..., Any]) -> None:
    network = Network(
        httpx.ReadError("lost"), problem(409, "idempotency_key_in_use"), httpx.Response(200, json=ANSWER)
    )
    assert ask(network) == ANSWER


@both
def test_a_wait_beyond_patience_is_the_callers(ask: Callable[..., Any]) -> None:
    network = Network(problem(429, "quota_exceeded", **{"Retry-After": "86400"}))
    with pytest.raises(errors.QuotaExceededError) as caught:
        ask(network)
    assert caught.value.retry_after == 86_400


@both
def test_what_is_refused_is_told_by_code_and_not_sent_again(ask: Callable[..., Any]) -> None:
    network = Network(problem(422, "invalid_expression"))
    with pytest.raises(errors.InvalidExpressionError) as caught:
        ask(network)
    assert isinstance(caught.value, errors.UnusableInputError)
    assert (caught.value.status, caught.value.detail) == (422, "d")
    assert pickle.loads(pickle.dumps(caught.value)).code == "invalid_expression"  # noqa: S301


@both
def test_no_answer_after_all_tries_is_an_error_that_counts_them(ask: Callable[..., Any]) -> None:
    with pytest.raises(errors.NoAnswerError, match="4 tries"):
        ask(Network(*(httpx.ConnectError("away") for _ in range(4))))


@both
def test_an_address_that_is_none_is_not_asked_again(ask: Callable[..., Any]) -> None:
    with pytest.raises(errors.NoAnswerError, match="1 try"):
        ask(Network(httpx.UnsupportedProtocol("no scheme")))


def test_a_code_that_is_new_has_the_error_of_its_status() -> None:
    for status, kind in ((404, errors.MissingError), (418, errors.ApiError), (500, errors.ServerError)):
        with pytest.raises(kind) as caught:
            popular(Network(problem(status, "brand_new")))
        assert caught.value.code == "brand_new"


def test_what_is_no_problem_document_is_told_all_the_same() -> None:
    with pytest.raises(errors.ServerError, match="Bad Gateway"):
        popular(Network(httpx.Response(502, text="Bad Gateway")), retries=Retries(attempts=1))
    with pytest.raises(errors.UnreadableAnswerError):
        popular(Network(httpx.Response(200, text="<html>")))


@pytest.mark.parametrize("lost", [httpx.ReadTimeout("slow"), problem(503, "service_unavailable")])
def test_without_a_key_that_the_api_keeps_what_may_be_done_is_not_sent_again(lost: Step) -> None:
    network = Network(lost)
    with (
        Accounts("http://x", TOKEN, retries=FAST, transport=network.transport) as accounts,
        pytest.raises(errors.RecolakeClientError),
    ):
        accounts.create_key(name="shop", scopes=["events:write"])
    assert network.idempotency_keys() == [None]


def test_what_surely_was_not_done_is_sent_again_without_a_key_too() -> None:
    network = Network(
        httpx.ConnectError("away"), problem(429, "rate_limited"), httpx.Response(201, json={"secret": "s"})
    )
    with Accounts("http://x", TOKEN, retries=FAST, transport=network.transport) as accounts:
        assert accounts.create_key(name="shop", scopes=["events:write"])["secret"] == "s"


def test_pages_end_with_the_empty_one_and_name_the_one_before() -> None:
    pages = [{"recommendation_id": f"r{n}", "items": [{}] * (2 - n)} for n in range(3)]
    network = Network(*(httpx.Response(200, json=page) for page in pages))
    with Recolake("http://x", KEY, transport=network.transport) as shop:
        assert list(shop.pages(shop.popular, k=2)) == pages[:2]
    assert [b"next_of" in request.content for request in network.sent] == [False, True, True]


def test_a_list_of_which_nothing_is_kept_does_not_end_the_others() -> None:
    bad = {"status": 422, "code": "unknown_type", "detail": "d"}
    none = httpx.Response(422, json=bad | {"results": [bad]})
    some = httpx.Response(202, json={"accepted": 1, "rejected": 0, "results": [{"status": 202}]})
    network = Network(none, some)
    with Recolake("http://x", KEY, transport=network.transport) as shop:
        event: Any = {"type": "view", "item_id": "i", "time": "2026-02-01T10:00:00Z"}
        told = shop.send_events([event, event], size=1)
    assert (told["accepted"], told["rejected"]) == (1, 1)
    assert [result["status"] for result in told["results"]] == [422, 202]


def test_asyncio_has_the_same_methods_with_the_same_parameters() -> None:
    for plain, other in ((Recolake, AsyncRecolake), (Accounts, AsyncAccounts)):
        names = {name for name in vars(plain) if not name.startswith("_")}
        assert names == {name for name in vars(other) if not name.startswith("_")}
        for name in names:
            one, two = inspect.signature(getattr(plain, name)), inspect.signature(getattr(other, name))
            assert list(one.parameters) == list(two.parameters), name


@given(st.integers(1, 2_000), st.floats(0, 30), st.floats(0, 1))
def test_no_wait_is_shorter_than_retry_after_nor_endless(
    attempt: int, retry_after: float, chance: float
) -> None:
    wait = Retries(attempts=3_000).wait(attempt, retry_after, chance)
    assert wait is not None
    assert retry_after <= wait <= retry_after + 8.0
    assert Retries(attempts=attempt).wait(attempt, retry_after, chance) is None


def test_retry_after_is_seconds_or_a_date() -> None:
    now = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
    assert seconds_of("7", now) == 7
    assert seconds_of("Sun, 01 Feb 2026 00:01:00 GMT", now) == 60
    assert seconds_of("Sat, 31 Jan 2026 00:00:00 GMT", now) == 0
    assert seconds_of("Sun, 01 Feb 2026 00:01:00 -0000", now) == 60
    assert seconds_of("soon", now) is None
    assert seconds_of("nan", now) is None


@given(st.lists(st.text(max_size=30)), st.integers(1, 5), st.integers(10, 100))
def test_lists_hold_everything_in_order_and_no_more_than_the_api_takes(
    texts: list[str], most: int, most_bytes: int
) -> None:
    entries = [{"text": text} for text in texts]
    lists = list(chunks(entries, most, most_bytes))
    assert [entry for found in lists for entry in found] == entries
    for found in lists:
        size = len(httpx.Request("POST", "http://x", json=found).content)
        assert 1 <= len(found) <= most
        assert len(found) == 1 or size <= most_bytes


@pytest.mark.parametrize("text", ["", ".", ".."])
def test_an_id_that_no_url_can_hold_is_refused_here(text: str) -> None:
    with pytest.raises(ValueError, match="URL"):
        segment(text)
    assert segment("a/b ä") == "a%2Fb%20%C3%A4"
