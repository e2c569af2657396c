"""What a person may say about an experiment, as values."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError

from recolake.errors import InvalidInputError
from recolake.experiments.document import Guardrails, Metric


def share_of(share: float) -> float:
    """The share of people who get the challenger.

    Raises:
        InvalidInputError: it leaves nobody on one side.
    """
    if not 0 < share < 1:
        raise InvalidInputError(
            f"A share of {share:g} leaves nobody to compare with.",
            hint="Give more than 0 and less than 1, such as 0.1.",
            field="share",
        )
    return share


def guardrails(alpha: float, margins: Sequence[str]) -> Guardrails:
    """Guardrails from `METRIC=SHARE` texts.

    Raises:
        InvalidInputError: a metric or a number is none.
    """
    given: dict[str, str] = {}
    for text in margins:
        name, _, value = text.partition("=")
        if name not in set(Metric):
            raise InvalidInputError(
                f"'{name}' is no guardrail.", hint=f"They are {', '.join(Metric)}.", field="margin"
            )
        given[name] = value
    try:
        return Guardrails.model_validate({"alpha": alpha, "margins": given})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InvalidInputError(
            f"{place}: {first['msg']}.",
            hint="A margin is a share such as 0.05; alpha is more than 0 and less than 0.5.",
            field=str(first["loc"][0]),
        ) from error
