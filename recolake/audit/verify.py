"""The verifier: names the first entry that is not as it was written, or says that all are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recolake.audit.checkpoint import Checkpoint
from recolake.audit.entry import GENESIS, entry_hash


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing that is wrong; `sequence` is None where it is no entry but a checkpoint."""

    sequence: int | None
    why: str

    def __str__(self) -> str:
        return f"entry {self.sequence}: {self.why}" if self.sequence is not None else self.why


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a verification.

    Attributes:
        entries: how many are good, from the first on.
        first: sequence of the first entry; 0 where there is none.
        last: sequence and hash of the last good one.
        signed: up to which entry checkpoints vouch; what comes later is held together by its chain alone.
    """

    entries: int
    first: int
    last: int
    head: str
    signed: int
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Vouched:
    """What the checkpoints say together: hashes by sequence, and what a log may begin behind."""

    hashes: Mapping[int, str]
    starts: Mapping[int, str]

    @property
    def last(self) -> int:
        return max(self.hashes, default=max(self.starts))


def vouched(tenant: str, checkpoints: Sequence[Checkpoint], key: str | None) -> Vouched | Fault:
    """Check the checkpoints among themselves, oldest first.

    Args:
        key: the tenant's public key where the verifier has it; None trusts the one that signed the first.
    """
    hashes: dict[int, str] = {}
    starts = {0: GENESIS}
    before: Checkpoint | None = None
    for checkpoint in checkpoints:
        said = checkpoint.statement
        name = f"checkpoint {said.number}"
        if checkpoint.public_key != (key or checkpoints[0].public_key):
            return Fault(None, f"{name} was signed by another key than the tenant's")
        if not checkpoint.genuine:
            return Fault(None, f"{name} is not what was signed")
        if said.tenant_id != tenant:
            return Fault(None, f"{name} is another tenant's")
        # After a cut the checkpoints begin anew, with one that knows all entries that are left.
        follows = (
            (said.number, said.first) == (before.statement.number + 1, before.statement.last + 1)
            and said.cut >= before.statement.cut
            if before is not None
            else said.first == said.cut + 1 and (said.cut > 0 or said.number == 1)
        )
        if not follows:
            return Fault(None, f"{name} does not follow the one before it: a checkpoint is missing")
        starts[said.cut] = said.cut_hash
        hashes |= dict(enumerate(said.hashes, start=said.first))
        before = checkpoint
    return Vouched(hashes, starts)


def verify(
    tenant: str,
    entries: Iterable[Mapping[str, Any] | None],
    checkpoints: Sequence[Checkpoint] = (),
    key: str | None = None,
) -> Verdict:
    """Walk the log from its first entry on.

    Args:
        entries: whole entries in the order in which they are kept; None stands for a line that is none.
        checkpoints: oldest first.
        key: the tenant's public key in base64; None trusts the one that signed the first checkpoint.
    """
    known = vouched(tenant, checkpoints, key)
    if isinstance(known, Fault):
        return Verdict(0, 0, 0, GENESIS, 0, known)
    count, first, last, head = 0, 0, 0, GENESIS
    for entry in entries:
        if not count:
            last, head = _start(entry, known)
            first = last + 1
        why = _wrong(tenant, entry, last + 1, head, known)
        if why is not None:
            return Verdict(count, first if count else 0, last, head, known.last, Fault(last + 1, why))
        assert entry is not None
        count, last, head = count + 1, last + 1, entry["hash"]
    if not count:
        last = max(known.starts)
    fault = Fault(last + 1, "it is missing, and so is all that followed") if last < known.last else None
    return Verdict(count, first, last, head, known.last, fault)


def _start(entry: Mapping[str, Any] | None, known: Vouched) -> tuple[int, str]:
    """Where the log begins: behind a signed cut, or at its very first entry."""
    sequence = entry.get("sequence") if entry is not None else None
    if isinstance(sequence, int):
        # The latest cut may be signed and not carried out yet: then more is there than has to be.
        reached = [cut for cut in known.starts if cut < sequence]
        if reached:
            return max(reached), known.starts[max(reached)]
    return 0, GENESIS


def _wrong(
    tenant: str, entry: Mapping[str, Any] | None, expected: int, previous: str, known: Vouched
) -> str | None:
    """What is wrong with the entry that should be the one of this sequence."""
    if entry is None:
        return "its line is no entry"
    sequence = entry.get("sequence")
    if sequence != expected or isinstance(sequence, bool):
        return f"it is missing here; {sequence!r:.20} stands in its place"
    if entry.get("tenant_id") != tenant:
        return "it is another tenant's"
    content = {name: value for name, value in entry.items() if name not in ("previous", "hash")}
    if entry.get("previous") != previous:
        return "it does not follow the one before it: this one or that one was changed"
    own = entry.get("hash")
    if own != entry_hash(previous, content):
        return "it is not what its hash was made of"
    if expected in known.hashes and known.hashes[expected] != own:
        return "it is not the entry that a checkpoint signed"
    return None
