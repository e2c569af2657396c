"""Answers for people who are erased are not given again."""

from __future__ import annotations

import orjson

from recolake.privacy.receipts import refuse_erased
from recolake.settings import Settings
from recolake.tenancy.context import Tenant


def refuse_erased_answer(settings: Settings, tenant: Tenant, body: bytes) -> None:
    """Raise where a kept answer holds a recommendation for somebody who was erased since.

    Raises:
        ErasedError: it does.
        ServiceUnavailableError: nobody can tell now.
    """
    said = orjson.loads(body)
    if isinstance(said, dict) and (recommendation_id := said.get("recommendation_id")):
        refuse_erased(settings, tenant, str(recommendation_id))
