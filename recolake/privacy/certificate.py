"""What an erasure leaves behind: which stores were looked at and what was in them, signed.

Ed25519 over the canonical JSON of everything but the signature (`recolake.tenancy.signatures`). The public
key stands in the certificate; whoever verifies one compares it with the key that the tenant knows.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from recolake.errors import InvalidInputError
from recolake.settings import Settings
from recolake.tenancy import signatures
from recolake.tenancy.context import Tenant
from recolake.tenancy.signatures import SigningKey

S = TypeVar("S", bound=BaseModel)
C = TypeVar("C", bound=BaseModel)


class CertificateError(InvalidInputError):
    """The certificate is not what was signed, or not signed by the tenant's key."""

    code = "invalid_certificate"


class Frozen(BaseModel):
    """Part of what is signed: it does not change, and has no members but these."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Looked(Frozen):
    """One store that was looked at.

    `found` counts what was of the people (rows, lines, keys, files; `unit` says which), `left` what still is.
    """

    store: str
    unit: str
    found: int
    left: int = 0
    note: str = ""


class Scan(Frozen):
    """The search through all files that followed: by value, and within packed files too."""

    files: int
    bytes: int
    unreadable: int
    hits: list[str] = Field(default_factory=list, description="Files that still name one of the people")


class Statement(Frozen):
    """Everything that is signed."""

    schema_version: Literal[1] = 1
    certificate_id: str
    tenant_id: str
    reason: Literal["request", "retention"]
    people: list[str] = Field(description="Keyed hashes; neither ids nor pseudonyms")
    asked_at: datetime
    completed_at: datetime
    stores: list[Looked]
    retired_models: list[str]
    cut_tables: dict[str, int] = Field(description="By table the oldest version that can still be read")
    scan: Scan


class Signed(Frozen, Generic[S]):
    """A signed statement."""

    statement: S
    public_key: str = Field(description="Ed25519, base64")
    signature: str = Field(description="Of the canonical JSON of `statement`, base64")


class Certificate(Signed[Statement]):
    """A signed statement."""


def sign(settings: Settings, tenant: Tenant, statement: Statement) -> Certificate:
    """Sign with the tenant's key, made on first use."""
    signed = signatures.sign(settings, tenant, SigningKey.CERTIFICATE, canonical(statement))
    return Certificate(statement=statement, public_key=signed.public_key, signature=signed.signature)


def canonical(statement: BaseModel) -> bytes:
    """The bytes that are signed."""
    return signatures.canonical(statement.model_dump(mode="json"))


def read_certificate(path: Path) -> Certificate:
    """A certificate of an erasure from a file; raises as `read_signed`."""
    return read_signed(path, Certificate, "an erasure")


def read_signed(path: Path, kind: type[C], what: str) -> C:
    """A certificate of something from a file.

    Raises:
        CertificateError: the file is none.
    """
    try:
        return kind.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise CertificateError(f"'{path.name}' is no certificate of {what}.") from error


def verify(certificate: Signed[Any], known: str | None = None) -> None:
    """Raise unless the certificate is exactly what its key signed.

    Args:
        known: the tenant's public key, where the verifier has it; None trusts the one in the certificate.

    Raises:
        CertificateError: it was changed, or signed by another key.
    """
    if known is not None and known != certificate.public_key:
        raise CertificateError(
            "The certificate was signed by another key than the tenant's.",
            hint=f"The tenant's is {known}.",
        )
    if not signatures.is_signed(
        certificate.public_key, certificate.signature, canonical(certificate.statement)
    ):
        raise CertificateError("The certificate is not what was signed.")


def public_key(settings: Settings, tenant: Tenant) -> str | None:
    """The tenant's public key; None where this machine has never signed for the tenant."""
    return signatures.public_key(settings, tenant, SigningKey.CERTIFICATE)
