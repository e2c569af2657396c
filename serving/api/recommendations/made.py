"""What one model gives for a request, and the items of the answer that comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recolake.ranking.rules.rules import Rules
from serving.api.recommendations.explanations import DIGITS, of_content
from serving.api.recommendations.kinds.situation import Found
from serving.api.recommendations.schemas import Explained, Explanation, Fallback, RecommendedItem
from serving.shelf import Model


@dataclass(frozen=True, slots=True)
class Made:
    """A list, all of it of one model.

    Attributes:
        propensities: one for each item; None where nothing was left to chance.
        explanations: one for each item, or none; `explained` says why.
    """

    model: Model
    found: Found
    fallback: Fallback | None
    degraded: bool
    rules: Rules | None
    propensities: tuple[float, ...] | None
    explained: Explained | None
    explanations: Sequence[Explanation]


def items_of(made: Made, fields: Sequence[str]) -> list[RecommendedItem]:
    """The answer's items, with these attributes."""
    items, ranking = made.model.artifact.items, made.found.ranking
    answer = []
    for position, row in enumerate(ranking.listed(0)):
        reason = ranking.reason(0, position)
        answer.append(
            RecommendedItem(
                item_id=items.ids[row],
                title=items.titles[row] or None,
                score=round(float(ranking.scores[0, position]), DIGITS),
                reason=reason.value,
                reason_text=reason.sentence,
                explanation=made.explanations[position] if made.explanations else None,
                content=of_content(made.model, made.found.vector, row) if made.explained else None,
                attributes={name: items.table.text(name, row) for name in fields} if fields else None,
                rules=_acted(made, position),
                propensity=_digits(made.propensities[position]) if made.propensities else None,
            )
        )
    return answer


def _digits(chance: float) -> float:
    """Rounded, but never to 0: what was shown had a chance."""
    return float(f"{chance:.{DIGITS}g}")


def _acted(made: Made, position: int) -> list[str] | None:
    """The rules that acted on an item of the answer; None where none did."""
    acted = made.found.ranking.acted
    if made.rules is None or acted is None:
        return None
    return made.rules.names(int(acted[0, position])) or None
