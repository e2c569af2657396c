"""Recommendations, events and accounts of a Recolake platform.

    with Recolake("http://127.0.0.1:8000", key) as shop:
        shop.send_event(type="view", item_id="85123A", user_id="17850", time="2026-02-01T10:00:00Z")
        answer = shop.recommend(user_id="17850", k=5)

Answers are plain dictionaries, with types for a checker. Errors are in `recolake_client.errors`.
"""

from recolake_client.accounts import Accounts
from recolake_client.accounts_async import AsyncAccounts
from recolake_client.calls import Call
from recolake_client.errors import ApiError, NoAnswerError, RecolakeClientError
from recolake_client.recommendations import Recolake
from recolake_client.recommendations_async import AsyncRecolake
from recolake_client.retries import Retries

__all__ = [
    "Accounts",
    "ApiError",
    "AsyncAccounts",
    "AsyncRecolake",
    "Call",
    "NoAnswerError",
    "Recolake",
    "RecolakeClientError",
    "Retries",
]
