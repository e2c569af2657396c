"""A version of a scenario as one small document; it never changes."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from recolake.errors import InvalidInputError
from recolake.kinds.kinds import Kind
from recolake.kinds.specs import SPECS, ListSpec

NAME = r"^[a-z0-9][a-z0-9_-]{0,63}$"
LONGEST_DESCRIPTION = 500


class Scenario(BaseModel):
    """What requests that name it need not say.

    Attributes:
        version: counts from 1, and goes on where a scenario of the name was deleted before.
        defaults: fields of the kind's spec, as a request would write them; only those that were given.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tenant_id: str
    name: str = Field(pattern=NAME)
    version: int = Field(ge=1)
    kind: Kind
    description: str = Field(default="", max_length=LONGEST_DESCRIPTION)
    defaults: dict[str, Any]
    created_at: AwareDatetime

    @property
    def spec(self) -> ListSpec:
        """The defaults, checked; raises as `spec_of` does."""
        return spec_of(self.kind, self.defaults)


def spec_of(kind: Kind, defaults: dict[str, Any]) -> ListSpec:
    """The defaults of a kind as it reads them.

    Raises:
        InvalidInputError: they say what nobody may say of this kind; `field` names it.
    """
    spec = SPECS.get(kind)
    if spec is None:
        raise InvalidInputError(
            f"There are no scenarios of the kind '{kind}'.",
            hint=f"Kinds with scenarios: {', '.join(SPECS)}.",
            field="kind",
        )
    try:
        return spec.model_validate(defaults)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(["defaults", *(str(part) for part in first["loc"])])
        raise InvalidInputError(f"{place}: {first['msg']}", field=place) from error
