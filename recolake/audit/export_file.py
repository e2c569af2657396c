"""An exported log: a file by which a tenant verifies it offline. JSON Lines: a header, entries, checkpoints.

Every line is canonical JSON, so that no two texts mean the same entry.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from recolake.audit.checkpoint import Checkpoint, line
from recolake.audit.verify import Fault, Verdict, verify
from recolake.errors import InvalidInputError
from recolake.tenancy.signatures import canonical

FORMAT = "recolake-audit-1"
MEDIA_TYPE = "application/jsonl"


class AuditFileError(InvalidInputError):
    """The file is no export of an audit log."""

    code = "invalid_audit_file"


def render(
    tenant: str, exported_at: str, entries: Iterable[Mapping[str, Any]], checkpoints: Sequence[Checkpoint]
) -> Iterator[bytes]:
    """The file, line by line."""
    yield canonical({"format": FORMAT, "tenant_id": tenant, "exported_at": exported_at}) + b"\n"
    for entry in entries:
        yield canonical(dict(entry)) + b"\n"
    for checkpoint in checkpoints:
        yield line(checkpoint)


def verify_file(path: Path, key: str | None = None) -> tuple[str, Verdict]:
    """The tenant whose log it is, and what came of it.

    Raises:
        AuditFileError: it is no such file.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise AuditFileError(f"'{path}' cannot be read: {error.strerror}.") from error
    header = _value(lines[0]) or {}
    tenant = header.get("tenant_id")
    if header.get("format") != FORMAT or not isinstance(tenant, str):
        raise AuditFileError(
            f"'{path.name}' is no export of an audit log.", hint="`recolake audit export` makes one."
        )
    values = [_value(each) for each in lines[1:] if each]
    # Checkpoints come last; a line that is neither stands for an entry.
    ends = len(values)
    while ends and "statement" in (values[ends - 1] or {}):
        ends -= 1
    checkpoints: list[Checkpoint] = []
    for value in values[ends:]:
        try:
            checkpoints.append(Checkpoint.model_validate_json(canonical(value)))
        except ValidationError:
            return tenant, Verdict(0, 0, 0, "", 0, Fault(None, "a checkpoint is damaged"))
    if not checkpoints:
        return tenant, Verdict(0, 0, 0, "", 0, Fault(None, "the file has no checkpoint, so nobody vouches"))
    return tenant, verify(tenant, values[:ends], checkpoints, key)


def _value(text: bytes) -> dict[str, Any] | None:
    """A line's object; None where it is none, or is written in another way than ours."""
    with suppress(ValueError, RecursionError):
        value = json.loads(text)
        if isinstance(value, dict) and canonical(value) == text:
            return value
    return None
