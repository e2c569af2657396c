"""Names of the kinds, as routes, scenarios and usage rows have them."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """Where the candidates of a list come from. A name never changes its meaning; new ones may be added."""

    FOR_USER = "for-user"
    SIMILAR_ITEMS = "similar-items"
    BOUGHT_TOGETHER = "bought-together"
    SESSION = "session"
    POPULAR = "popular"
    TRENDING = "trending"
    RECENTLY_VIEWED = "recently-viewed"
    RERANK = "rerank"
    USERS = "users"
