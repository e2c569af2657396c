"""What is written down of an answer before it leaves."""

from __future__ import annotations

from collections.abc import Sequence

from serving.api.recommendations.requests import Asked
from serving.api.recommendations.schemas import AppliedRules, RecommendedItem

# The person is a column of its own, by pseudonym; rules are, too, and of the context the names alone are
# kept.
_ELSEWHERE = {"user_id", "scenario", "filter", "exclude", "boosts", "promotions", "diversity", "context"}


def asked(request: Asked) -> dict[str, object]:
    """What was asked, but for the person, the rules, and what has its default."""
    found: dict[str, object] = request.model_dump(mode="json", exclude=_ELSEWHERE, exclude_defaults=True)
    return found


def applied(request: Asked, items: Sequence[RecommendedItem]) -> AppliedRules | None:
    """The rules of an answer; None where there were none."""
    if not request.asks:
        return None
    return AppliedRules(
        filter=request.filter,
        exclude=request.exclude,
        boosts=request.boosts,
        promotions=request.promotions,
        diversity=request.diversity,
        context=sorted(request.context),
        acted={item.item_id: item.rules for item in items if item.rules},
    )
