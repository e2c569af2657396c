"""Connections: what the clients for recommendations and for accounts have in common."""

from __future__ import annotations

import asyncio
import time
from types import TracebackType
from typing import Self, TypeVar, cast

import httpx

from recolake_client.calls import Call
from recolake_client.exchange import TIMEOUT, Exchange, headers_of, keeps_keys
from recolake_client.retries import Retries

T = TypeVar("T")


class Sender:
    """Sends calls over connections that it keeps; threads may share it.

    credential: an API key or an access token. timeout: seconds for each try, to connect and then between
    bytes. transport: another way to the API than the network, for tests.
    """

    def __init__(
        self,
        url: str,
        credential: str | None = None,
        *,
        timeout: float | httpx.Timeout = TIMEOUT,
        retries: Retries | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._retries = retries or Retries()
        self._with_keys = keeps_keys(credential)
        self._http = httpx.Client(
            base_url=url, headers=headers_of(credential), timeout=timeout, transport=transport
        )

    def send(self, call: Call[T], *, idempotency_key: str | None = None) -> T:
        """The answer to a call, after as many tries as it needs.

        idempotency_key: one of your own, for retries that outlive this process.
        """
        exchange = Exchange(call, self._retries, self._with_keys, idempotency_key)
        while True:
            try:
                response = self._http.request(**exchange.request())
            except httpx.TransportError as error:
                time.sleep(exchange.failed(error))
                continue
            answer, wait = exchange.answer(response)
            if wait is None:
                return cast(T, answer)
            time.sleep(wait)

    def close(self) -> None:
        """End the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncSender:
    """As `Sender`, for asyncio."""

    def __init__(
        self,
        url: str,
        credential: str | None = None,
        *,
        timeout: float | httpx.Timeout = TIMEOUT,
        retries: Retries | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._retries = retries or Retries()
        self._with_keys = keeps_keys(credential)
        self._http = httpx.AsyncClient(
            base_url=url, headers=headers_of(credential), timeout=timeout, transport=transport
        )

    async def send(self, call: Call[T], *, idempotency_key: str | None = None) -> T:
        """The answer to a call, after as many tries as it needs."""
        exchange = Exchange(call, self._retries, self._with_keys, idempotency_key)
        while True:
            try:
                response = await self._http.request(**exchange.request())
            except httpx.TransportError as error:
                await asyncio.sleep(exchange.failed(error))
                continue
            answer, wait = exchange.answer(response)
            if wait is None:
                return cast(T, answer)
            await asyncio.sleep(wait)

    async def close(self) -> None:
        """End the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
