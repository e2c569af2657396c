"""Why an item is in an answer: a stable code, and a sentence for people."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Codes never change their meaning; new ones may be added."""

    BOUGHT_BEFORE = "bought_before"
    SIMILAR_TASTE = "similar_taste"
    POPULAR_NOW = "popular_now"
    NEW_ITEM = "new_item"
    SIMILAR_ITEM = "similar_item"
    BOUGHT_TOGETHER = "bought_together"
    TRENDING_NOW = "trending_now"
    RECENT = "recent"

    @property
    def sentence(self) -> str:
        return _SENTENCES[self]


_SENTENCES = {
    Reason.BOUGHT_BEFORE: "You bought this before.",
    Reason.SIMILAR_TASTE: "People with a taste like yours choose this.",
    Reason.POPULAR_NOW: "Popular right now.",
    Reason.NEW_ITEM: "New here: recommended for what it is.",
    Reason.SIMILAR_ITEM: "Chosen by the same people.",
    Reason.BOUGHT_TOGETHER: "Often taken together.",
    Reason.TRENDING_NOW: "More popular now than it used to be.",
    Reason.RECENT: "You were here lately.",
}

# A ranking stores positions in this tuple.
REASONS: tuple[Reason, ...] = (
    Reason.BOUGHT_BEFORE,
    Reason.SIMILAR_TASTE,
    Reason.POPULAR_NOW,
    Reason.NEW_ITEM,
    Reason.SIMILAR_ITEM,
    Reason.BOUGHT_TOGETHER,
    Reason.TRENDING_NOW,
    Reason.RECENT,
)
