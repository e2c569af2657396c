"""The rules of a request, for one person and the items of one model."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from recolake.expressions.bind import Surroundings
from recolake.features.names import USER_ATTRIBUTES
from recolake.ranking.rules.prepare import prepare, reads_person, require_attributes
from recolake.ranking.rules.rules import Rules
from recolake.tenancy.context import Tenant
from serving.api.recommendations.schemas import RecommendationRequest
from serving.people import FeaturesUnavailableError, OnlineFeatures
from serving.shelf import Model

_NOTHING_KNOWN: Mapping[str, str | float | None] = dict.fromkeys(USER_ATTRIBUTES)


def rules_of(
    request: RecommendationRequest,
    model: Model,
    features: OnlineFeatures,
    tenant: Tenant,
    subject: str | None,
    now: datetime,
) -> tuple[Rules | None, bool]:
    """The rules, None where none are asked for; and whether the person's attributes were out of reach.

    These are read only where a condition asks for one. What is out of reach counts as missing.

    Args:
        subject: the person by pseudonym; None for nobody, and while the online store is down.

    Raises:
        ExpressionError: a condition cannot be understood, or an attribute is asked for that no item has.
    """
    items = model.artifact.items
    require_attributes(request.fields, items, "fields")
    if not request.asks:
        return None, False
    known, missed = _NOTHING_KNOWN, False
    if reads_person(request) and subject is not None:
        try:
            known = features.attributes(tenant, subject)
        except FeaturesUnavailableError:
            missed = True
    said = {
        name: tuple(value) if isinstance(value, list) else value for name, value in request.context.items()
    }
    around = Surroundings(user=known, context={"now": now, **said})
    return prepare(request, items, around), missed
