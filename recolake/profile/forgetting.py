"""Forgetting what people did just now, where a list says that nothing is to be kept of them."""

from __future__ import annotations

from collections.abc import Iterable

import redis

from recolake.errors import RecolakeError
from recolake.features.keys import drop_views, row_key
from recolake.features.names import COLUMNS, TENANT_KEY, USER_KEY
from recolake.features.online import redis_client
from recolake.profile.stream import forget
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

_SECONDS = 2.0


def forget_profiles(settings: Settings, tenant: Tenant, people: Iterable[str]) -> bool:
    """Remove the profiles of these pseudonyms at once; False where Redis cannot be asked.

    Then they stay until they expire, and are not read: servers look at the same list.
    """
    names = list(people)
    try:
        client = redis_client(settings, _SECONDS)
        forget(client, tenant, names)
        keys = [row_key({TENANT_KEY: tenant.name, USER_KEY: person}) for person in names]
        drop_views(client, keys, COLUMNS)
    except (redis.RedisError, RecolakeError):
        return False
    return True
