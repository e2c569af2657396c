"""Bodies about people."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from control_plane.fields import DisplayName
from control_plane.permissions import Permission, Role

# One @ between a local part and a dotted domain; whether somebody reads it, only a message could tell.
_EMAIL = re.compile(
    r"[^@\s\x00-\x1f\x7f<>\"]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)+"
)


def _address(text: str) -> str:
    if not _EMAIL.fullmatch(text):
        message = "this is no e-mail address"
        raise ValueError(message)
    return text.lower()


Email = Annotated[
    str,
    Field(max_length=254, description="Told apart without regard to case"),
    AfterValidator(_address),
]
PersonName = Annotated[DisplayName, Field(min_length=1)]
Password = Annotated[SecretStr, Field(max_length=256, description="12 to 256 characters")]


class SignUp(BaseModel):
    """Somebody, and the organisation that they begin."""

    model_config = ConfigDict(extra="forbid", strict=True)

    email: Email
    password: Password
    name: PersonName
    organisation: str = Field(
        max_length=39,
        description="Its identity for good: 2 to 39 lower-case letters, digits, single hyphens",
        examples=["shop"],
    )
    organisation_name: DisplayName = Field(default="", description="As people read it")


class SignedUp(BaseModel):
    """A new person in a new organisation, of which they are the owner. They log in next."""

    model_config = ConfigDict(extra="forbid")

    person_id: str
    tenant_id: str
    role: Role


class Membership(BaseModel):
    """An organisation that lets the person in."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    tenant_id: str
    display_name: str
    role: Role


class Oneself(BaseModel):
    """Who one is, where, and what one may do there."""

    model_config = ConfigDict(extra="forbid")

    person_id: str
    email: str
    name: str
    tenant_id: str = Field(description="The organisation of this session")
    role: Role
    permissions: list[Permission]
    organisations: list[Membership] = Field(description="All that one may log in to")


class PasswordChange(BaseModel):
    """The password of now, and the next one."""

    model_config = ConfigDict(extra="forbid", strict=True)

    current: Password
    new: Password
