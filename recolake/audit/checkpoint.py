"""Signed checkpoints: what the log was at a moment, kept outside of the database that holds the log.

A bare chain of hashes shows neither that its tail is cut nor that all of it was written anew. A checkpoint
lists the hashes of every entry since the one before it, so that the very entry can be named. It also says up
to where the log was cut on purpose, after its time was over.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from recolake.audit.entry import GENESIS
from recolake.errors import RecolakeError
from recolake.files import private_folder, write_atomically
from recolake.settings import Settings
from recolake.tenancy import signatures
from recolake.tenancy.context import Tenant
from recolake.tenancy.signatures import SigningKey, canonical


class CheckpointError(RecolakeError):
    """The file of checkpoints is damaged, so nobody can say whether the log is whole."""

    code = "audit_checkpoints_damaged"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Statement(_Frozen):
    """Everything that is signed.

    Attributes:
        number: of the checkpoint, from 1 on, without a gap.
        first: sequence of the entry that the first of `hashes` belongs to.
        cut: sequence of the last entry that was removed because its time was over; 0 where none was.
        cut_hash: that entry's hash.
    """

    version: Literal[1] = 1
    kind: Literal["audit_checkpoint"] = "audit_checkpoint"
    tenant_id: str
    number: int = Field(ge=1)
    at: str
    first: int = Field(ge=1)
    hashes: tuple[str, ...]
    cut: int = Field(default=0, ge=0)
    cut_hash: str = Field(default=GENESIS, pattern="^[0-9a-f]{64}$")

    @property
    def last(self) -> int:
        """Sequence of the newest entry that it knows; `first - 1` where it knows none."""
        return self.first + len(self.hashes) - 1


class Checkpoint(_Frozen):
    """A signed statement."""

    statement: Statement
    public_key: str
    signature: str

    @property
    def genuine(self) -> bool:
        """Whether the key that it names signed it."""
        return signatures.is_signed(self.public_key, self.signature, _content(self.statement))


def sign(settings: Settings, tenant: Tenant, statement: Statement) -> Checkpoint:
    """Sign with the tenant's key for the audit log."""
    signed = signatures.sign(settings, tenant, SigningKey.AUDIT, _content(statement))
    return Checkpoint(statement=statement, public_key=signed.public_key, signature=signed.signature)


def checkpoints_file(settings: Settings, tenant: Tenant) -> Path:
    """One checkpoint a line, oldest first."""
    return settings.audit_root / tenant.name / "checkpoints.jsonl"


def read_checkpoints(settings: Settings, tenant: Tenant) -> list[Checkpoint]:
    """All that there are, unverified.

    Raises:
        CheckpointError: the file cannot be read.
    """
    path = checkpoints_file(settings, tenant)
    try:
        return [Checkpoint.model_validate_json(line) for line in path.read_bytes().splitlines()]
    except FileNotFoundError:
        return []
    except (OSError, ValidationError) as error:
        raise CheckpointError(
            f"The checkpoints of tenant '{tenant}' cannot be read.", hint=f"Restore {path} from its backup."
        ) from error


def write_checkpoints(settings: Settings, tenant: Tenant, kept: Sequence[Checkpoint]) -> None:
    """Put these in the place of what is there."""
    path = checkpoints_file(settings, tenant)
    private_folder(path.parent)
    write_atomically(path, b"".join(line(each) for each in kept), mode=0o600)


def line(checkpoint: Checkpoint) -> bytes:
    """As it stands in a file."""
    return canonical(checkpoint.model_dump(mode="json")) + b"\n"


def _content(statement: Statement) -> bytes:
    return canonical(statement.model_dump(mode="json"))
