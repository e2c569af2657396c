"""Which items of a person, or of a request, speak for those of an answer."""

from __future__ import annotations

from recolake.ranking.explain import Contributions
from recolake.ranking.items import Items
from recolake.ranking.popularity import FloatArray
from serving.api.recommendations.kinds.situation import Found
from serving.api.recommendations.schemas import ContentPart, Explained, Explanation, OwnItem
from serving.shelf import Model

DIGITS = 6
"""Of every number in an answer."""
_MOST_OWN_ITEMS = 3
_MOST_OF_CONTENT = 3


def explain(model: Model, found: Found) -> tuple[Explained, list[Explanation]]:
    """One for each item of an answer, in order; or none, and why."""
    rows = found.ranking.listed(0)
    explained, parts = found.because(rows)
    if parts is None:
        return explained, []
    return explained, [_one(parts, position, model.artifact.items) for position in range(len(rows))]


def of_content(model: Model, vector: FloatArray | None, row: int) -> list[ContentPart] | None:
    """What of an item's description speaks for it; None for items whose vectors were learnt otherwise."""
    content, warm = model.artifact.content, model.artifact.warm
    # What came since the training is not among what is told of.
    if content is None or vector is None or not 0 <= row - warm < len(content):
        return None
    found = []
    for name, part in content.most(row - warm, vector, _MOST_OF_CONTENT):
        attribute, _, value = name.partition("=")
        found.append(ContentPart(attribute=attribute, value=value, contribution=round(part, DIGITS)))
    return found


def _one(parts: Contributions, position: int, items: Items) -> Explanation:
    affinity, most = float(parts.affinity[position]), parts.most(position, _MOST_OWN_ITEMS)
    return Explanation(
        affinity=round(affinity, DIGITS),
        items=[
            OwnItem(
                item_id=items.ids[row],
                title=items.titles[row] or None,
                contribution=round(part, DIGITS),
            )
            for row, part in most
        ],
        others=round(affinity - sum(part for _, part in most), DIGITS),
    )
