"""What comes back with a browser, and what its person then answers."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, Field, SecretStr

from control_plane.oauth.schemas import AuthorizationRequest

_NO_NUL = r"^[^\x00]*$"


class Return(BaseModel):
    """What the provider sends a browser back with (RFC 6749, sections 4.1.2 and 4.1.2.1; RFC 9207)."""

    state: str = Field(default="", max_length=200)
    code: str = Field(default="", max_length=4000)
    error: str = Field(default="", max_length=200)
    iss: str = Field(default="", max_length=500)


class FurtherAnswer(AuthorizationRequest):
    """Form of a page between provider and client: what connects an account, or begins one."""

    ticket: str = Field(max_length=8000)
    password: SecretStr = Field(default=SecretStr(""), max_length=256)
    name: str = Field(default="", max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")
    invitation: str = Field(default="", max_length=100, pattern=_NO_NUL)
    new_organisation: str = Field(default="", max_length=39, pattern=_NO_NUL)


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody as the provider knows them. It is issuer and subject that name them, all else may change.

    Attributes:
        email: in lower case; empty where the provider tells none.
        email_verified: the provider vouches that the address is theirs.
    """

    issuer: str
    subject: str
    email: str = ""
    email_verified: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class Connect:
    """The person's address is that of an account here: is it theirs?"""

    ticket: str
    identity: Identity


@dataclass(frozen=True, slots=True)
class Welcome:
    """The person is in no organisation yet: which do they begin, or who invited them?"""

    ticket: str
    identity: Identity
