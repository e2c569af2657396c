"""A request and the scenario that it names, put together: what the request says itself counts more."""

from __future__ import annotations

from typing import TypeVar

from pydantic import ValidationError

from recolake.errors import InvalidInputError
from recolake.expressions.errors import ExpressionError
from recolake.scenarios.document import Scenario
from serving.api.recommendations.requests import Asked

R = TypeVar("R", bound=Asked)


class OtherKindError(InvalidInputError):
    """The scenario is of another kind than the route that was asked."""

    code = "other_kind"


def filled(request: R, scenario: Scenario) -> R:
    """The request with the scenario's defaults in it; of `context` each value for itself.

    Raises:
        OtherKindError: the scenario is of another kind.
        InvalidInputError: the two do not go together.
    """
    if scenario.kind is not request.kind:
        raise OtherKindError(
            f"The scenario '{scenario.name}' is of the kind {scenario.kind}, not {request.kind}.",
            hint=f"Send it to the route of {scenario.kind}.",
            field="scenario",
        )
    spec = scenario.spec
    given = {name: getattr(spec, name) for name in spec.model_fields_set}
    said = {name: getattr(request, name) for name in request.model_fields_set}
    merged = given | said
    if "context" in merged:
        merged["context"] = {**spec.context, **request.context}
    try:
        return type(request).model_validate(merged)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise InvalidInputError(
            f"With the scenario '{scenario.name}': {first['msg']}", field="scenario"
        ) from error


def blamed(error: ExpressionError, request: Asked) -> ExpressionError:
    """The error saying whose condition it is, where the scenario's default and not the request's is wrong."""
    asked = (error.field or "").partition(".")[0]
    if request.scenario is not None and asked not in request.model_fields_set:
        error.field = f"scenario.{error.field}"
    return error
