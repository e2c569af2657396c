"""The control plane: keys, uploads, scenarios, usage. `send(accounts_calls.…)` sends what is not here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Unpack

from recolake_client.generated import accounts as t
from recolake_client.generated import accounts_calls as calls
from recolake_client.senders import Sender


class Accounts(Sender):
    """An organisation's account, with an API key or a person's access token (or neither, to sign up).

    Only with an API key does the API keep answers for a retry. With a token, what creates something is sent
    again only where it surely did not arrive.
    """

    def sign_up(self, **person: Unpack[t.SignUp]) -> t.SignedUp:
        """A new person, with an organisation of their own."""
        return self.send(calls.sign_up(person))

    def me(self) -> t.Oneself:
        """Who the token's person is, and what they may do."""
        return self.send(calls.read_oneself())

    def refresh(self, refresh_token: str, client_id: str = "recolake-cli") -> t.TokenAnswer:
        """New tokens; the refresh token is good once, so this is never sent twice."""
        form: t.TokenForm = {
            "grant_type": "refresh_token",
            "client_id": client_id,
            "refresh_token": refresh_token,
        }
        return self.send(calls.issue_tokens(form))

    def keys(self) -> list[t.ApiKeyRead]:
        """All API keys, without their secrets."""
        return self.send(calls.list_keys())

    def create_key(self, **key: Unpack[t.ApiKeyCreate]) -> t.ApiKeyCreated:
        """A new API key; its `secret` is shown this once."""
        return self.send(calls.create_key(key))

    def rotate_key(self, key_id: str, **how: Unpack[t.ApiKeyRotate]) -> t.ApiKeyCreated:
        """A new secret in a key's place."""
        return self.send(calls.rotate_key(key_id, how))

    def revoke_key(self, key_id: str) -> None:
        """The key is good no more."""
        self.send(calls.revoke_key(key_id))

    def upload(self, upload_id: str) -> t.UploadRead:
        """What became of an upload."""
        return self.send(calls.read_upload(upload_id))

    def scenarios(self) -> t.ScenarioList:
        """All scenarios, as they are live."""
        return self.send(calls.list_scenarios())

    def put_scenario(self, name: str, **scenario: Unpack[t.ScenarioPut]) -> t.ScenarioRead:
        """A scenario's next version; refused where it would not work."""
        return self.send(calls.put_scenario(name, scenario))

    def limits(self) -> t.LimitsRead:
        """The plan's limits and quotas, and what is used of them."""
        return self.send(calls.read_limits())

    def usage(self, first: dt.date, last: dt.date) -> Iterator[t.UsageLine]:
        """What was used from the first day to the last (UTC), line by line, page after page."""
        cursor: str | None = None
        while True:
            page = self.send(
                calls.read_usage(from_=first.isoformat(), to=last.isoformat(), cursor=cursor, limit=1_000)
            )
            yield from page["lines"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def invoice(self, month: str) -> t.InvoiceRead:
        """What a month (`2026-02`) costs, line by line."""
        return self.send(calls.read_invoice(month))

    def create_webhook(self, **webhook: Unpack[t.WebhookCreate]) -> t.WebhookWithSecret:
        """Have a program of yours told; the `secret` to check signatures with is shown this once."""
        return self.send(calls.create_webhook(webhook))
