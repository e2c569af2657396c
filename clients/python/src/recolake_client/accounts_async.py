"""The control plane, for asyncio: as `accounts`, method by method."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from typing import Unpack

from recolake_client.generated import accounts as t
from recolake_client.generated import accounts_calls as calls
from recolake_client.senders import AsyncSender


class AsyncAccounts(AsyncSender):
    """As `Accounts`, for asyncio. `usage` is gone through with `async for`."""

    async def sign_up(self, **person: Unpack[t.SignUp]) -> t.SignedUp:
        """A new person, with an organisation of their own."""
        return await self.send(calls.sign_up(person))

    async def me(self) -> t.Oneself:
        """Who the token's person is, and what they may do."""
        return await self.send(calls.read_oneself())

    async def refresh(self, refresh_token: str, client_id: str = "recolake-cli") -> t.TokenAnswer:
        """New tokens; the refresh token is good once, so this is never sent twice."""
        form: t.TokenForm = {
            "grant_type": "refresh_token",
            "client_id": client_id,
            "refresh_token": refresh_token,
        }
        return await self.send(calls.issue_tokens(form))

    async def keys(self) -> list[t.ApiKeyRead]:
        """All API keys, without their secrets."""
        return await self.send(calls.list_keys())

    async def create_key(self, **key: Unpack[t.ApiKeyCreate]) -> t.ApiKeyCreated:
        """A new API key; its `secret` is shown this once."""
        return await self.send(calls.create_key(key))

    async def rotate_key(self, key_id: str, **how: Unpack[t.ApiKeyRotate]) -> t.ApiKeyCreated:
        """A new secret in a key's place."""
        return await self.send(calls.rotate_key(key_id, how))

    async def revoke_key(self, key_id: str) -> None:
        """The key is good no more."""
        await self.send(calls.revoke_key(key_id))

    async def upload(self, upload_id: str) -> t.UploadRead:
        """What became of an upload."""
        return await self.send(calls.read_upload(upload_id))

    async def scenarios(self) -> t.ScenarioList:
        """All scenarios, as they are live."""
        return await self.send(calls.list_scenarios())

    async def put_scenario(self, name: str, **scenario: Unpack[t.ScenarioPut]) -> t.ScenarioRead:
        """A scenario's next version; refused where it would not work."""
        return await self.send(calls.put_scenario(name, scenario))

    async def limits(self) -> t.LimitsRead:
        """The plan's limits and quotas, and what is used of them."""
        return await self.send(calls.read_limits())

    async def usage(self, first: dt.date, last: dt.date) -> AsyncIterator[t.UsageLine]:
        """What was used from the first day to the last (UTC), line by line, page after page."""
        cursor: str | None = None
        while True:
            page = await self.send(
                calls.read_usage(from_=first.isoformat(), to=last.isoformat(), cursor=cursor, limit=1_000)
            )
            for line in page["lines"]:
                yield line
            cursor = page["next_cursor"]
            if cursor is None:
                return

    async def invoice(self, month: str) -> t.InvoiceRead:
        """What a month (`2026-02`) costs, line by line."""
        return await self.send(calls.read_invoice(month))

    async def create_webhook(self, **webhook: Unpack[t.WebhookCreate]) -> t.WebhookWithSecret:
        """Have a program of yours told; the `secret` to check signatures with is shown this once."""
        return await self.send(calls.create_webhook(webhook))
