"""The rules of a request, for one person and the items of one model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from recolake.expressions.bind import Surroundings
from recolake.features.names import USER_ATTRIBUTES
from recolake.kinds.specs import ListSpec
from recolake.ranking.rules.prepare import prepare, reads_person, require_attributes
from recolake.ranking.rules.rules import Rules
from serving.api.recommendations.kinds.situation import Reader
from serving.shelf import Model

_NOTHING_KNOWN: Mapping[str, str | float | None] = dict.fromkeys(USER_ATTRIBUTES)


def rules_of(
    request: ListSpec, shown: Sequence[str], model: Model, reader: Reader, now: datetime
) -> Rules | None:
    """The rules, None where none are asked for.

    A person's attributes are read only where a condition asks for one. What is out of reach counts as
    missing.

    Args:
        shown: before, and not again, beside those that the request excludes.

    Raises:
        ExpressionError: a condition cannot be understood, or an attribute is asked for that no item has.
    """
    items = model.artifact.items
    require_attributes(request.fields, items, "fields")
    spec = request.model_copy(update={"exclude": [*request.exclude, *shown]}) if shown else request
    if not spec.asks:
        return None
    known = (reader.attributes() if reads_person(spec) else None) or _NOTHING_KNOWN
    said = {name: tuple(value) if isinstance(value, list) else value for name, value in spec.context.items()}
    return prepare(spec, items, Surroundings(user=known, context={"now": now, **said}))
