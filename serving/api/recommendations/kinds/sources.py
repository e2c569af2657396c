"""The source of each kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from recolake.kinds.kinds import Kind
from serving.api.recommendations.kinds.beside import bought_together, similar_items
from serving.api.recommendations.kinds.catalogue import popular, trending
from serving.api.recommendations.kinds.lately import recently_viewed, session
from serving.api.recommendations.kinds.personal import for_user, rerank
from serving.api.recommendations.kinds.situation import Found, Situation

PERSONAL = frozenset({Kind.FOR_USER, Kind.RERANK, Kind.RECENTLY_VIEWED})
"""Those whose lists are made from what is known of the person."""

# Of each the second argument is the kind's own request.
SOURCES: Mapping[Kind, Callable[[Situation, Any], Found]] = MappingProxyType(
    {
        Kind.FOR_USER: for_user,
        Kind.SIMILAR_ITEMS: similar_items,
        Kind.BOUGHT_TOGETHER: bought_together,
        Kind.SESSION: session,
        Kind.POPULAR: popular,
        Kind.TRENDING: trending,
        Kind.RECENTLY_VIEWED: recently_viewed,
        Kind.RERANK: rerank,
    }
)
