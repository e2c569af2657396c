"""What a list is told as, and what is written down of it before it leaves."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from recolake.scenarios.document import Scenario
from recolake.tenancy.api_keys import KeyRecord
from recolake.usage.record import UsageRecord
from serving.api.recommendations.lists import Ask, Attempt
from serving.api.recommendations.made import items_of
from serving.api.recommendations.pages import as_asked
from serving.api.recommendations.record import applied, asked
from serving.api.recommendations.requests import Asked
from serving.api.recommendations.schemas import RecommendationAnswer
from serving.shelf import Model


@dataclass(frozen=True)
class Opened:
    """What holds for all of a request, for however many people it is.

    Attributes:
        whole: the request with its scenario's defaults in it.
        champion: the tenant's model in service.
    """

    caller: KeyRecord
    whole: Asked
    scenario: Scenario | None
    champion: Model = field(repr=False)
    now: datetime

    @cached_property
    def asked(self) -> dict[str, object]:
        """What is kept of it."""
        return asked(self.whole)


class Told(NamedTuple):
    """What of an answer is counted."""

    strategy: str
    fallback: str
    degraded: bool
    variant: str

    @classmethod
    def of(cls, answer: RecommendationAnswer) -> Told:
        return cls(answer.strategy, answer.fallback or "", answer.degraded, answer.variant)


def answered(opened: Opened, ask: Ask, attempt: Attempt) -> dict[str, Any]:
    """The fields of an answer."""
    made, name = attempt
    scenario = opened.scenario
    return {
        "recommendation_id": name,
        "model_version": made.model.version,
        "variant": ask.choice.variant.value,
        "kind": opened.whole.kind,
        "scenario": scenario.name if scenario else None,
        "scenario_version": scenario.version if scenario else None,
        "strategy": made.found.strategy,
        "fallback": made.fallback,
        "degraded": made.degraded,
        "explained": made.explained,
        "unknown_items": list(made.found.unknown) or None,
        "items": items_of(made, opened.whole.fields),
    }


def recorded(opened: Opened, ask: Ask, answer: RecommendationAnswer, seconds: float) -> UsageRecord:
    """Its usage record."""
    rules = applied(ask.request, answer.items)
    chances = [item.propensity for item in answer.items if item.propensity is not None]
    return UsageRecord(
        tenant_id=ask.tenant.name,
        recommendation_id=answer.recommendation_id,
        served_at=ask.now,
        key_id=opened.caller.key_id,
        user_id=ask.subject,
        model_version=answer.model_version,
        strategy=answer.strategy,
        item_ids=tuple(item.item_id for item in answer.items),
        fallback=answer.fallback,
        variant=answer.variant,
        experiment_id=ask.choice.experiment_id,
        milliseconds=round(seconds * 1_000, 3),
        rules=rules.model_dump_json(exclude_defaults=True) if rules is not None else None,
        kind=answer.kind.value,
        scenario=answer.scenario,
        scenario_version=answer.scenario_version,
        request=as_asked(opened.asked, ask.shown),
        scores=tuple(item.score for item in answer.items),
        reasons=tuple(item.reason for item in answer.items),
        propensities=tuple(chances) if ask.request.explores else None,
    )
