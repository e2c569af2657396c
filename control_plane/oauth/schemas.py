"""What comes to, and goes from, the provider. OAuth has us ignore parameters that we do not know."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class AuthorizationRequest(BaseModel):
    """A client's wish for a code (RFC 6749, section 4.1.1; RFC 7636, section 4.3)."""

    client_id: str = Field(max_length=64)
    redirect_uri: str = Field(max_length=2000)
    response_type: str = Field(default="", max_length=40)
    state: str = Field(default="", max_length=500)
    code_challenge: str = Field(default="", max_length=128)
    code_challenge_method: str = Field(default="", max_length=10)
    organisation: str = Field(default="", max_length=39, description="Log in to this one")


class LoginForm(AuthorizationRequest):
    """The page's form: the client's wish, and a password, or a ticket for one and a chosen organisation."""

    email: str = Field(default="", max_length=254, pattern=r"^[^\x00]*$")
    password: SecretStr = Field(default=SecretStr(""), max_length=256)
    ticket: str = Field(default="", max_length=2000)


class TokenForm(BaseModel):
    """A wish for tokens: for a code (section 4.1.3) or for a refresh token (section 6)."""

    grant_type: str = Field(max_length=60)
    client_id: str = Field(max_length=64)
    code: str = Field(default="", max_length=100)
    redirect_uri: str = Field(default="", max_length=2000)
    code_verifier: str = Field(default="", max_length=200)
    refresh_token: str = Field(default="", max_length=100)


class RevocationForm(BaseModel):
    """A refresh token whose session is to end (RFC 7009)."""

    token: str = Field(max_length=2000)
    token_type_hint: str = Field(default="", max_length=40)
    client_id: str = Field(default="", max_length=64)


class Metadata(BaseModel):
    """The provider's description of itself (RFC 8414)."""

    model_config = ConfigDict(extra="forbid")

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    revocation_endpoint: str
    jwks_uri: str
    response_types_supported: list[Literal["code"]] = ["code"]
    grant_types_supported: list[str] = ["authorization_code", "refresh_token"]
    code_challenge_methods_supported: list[Literal["S256"]] = ["S256"]
    token_endpoint_auth_methods_supported: list[Literal["none"]] = ["none"]
    authorization_response_iss_parameter_supported: Literal[True] = True


class KeySet(BaseModel):
    """The public keys of access tokens (RFC 7517)."""

    model_config = ConfigDict(extra="forbid")

    keys: list[dict[str, Any]]
