"""Who gets which variant: a keyed hash of the person's pseudonym, so that nothing has to be remembered.

The same person always gets the same variant of an experiment, on every server and after every restart. The
salt is each experiment's own, so that its halves are not those of another one. Somebody without an id cannot
be told again: they are in no experiment, get the champion, and count for neither side.
"""

from __future__ import annotations

from hashlib import blake2b

from recolake.experiments.document import Experiment, Variant

_BYTES = 8


def position(salt: bytes, subject: str) -> float:
    """Where a person stands in [0, 1): uniform over people, independent between salts.

    53 bits of BLAKE2b (RFC 7693) in its keyed mode: as many as a float holds.
    """
    digest = blake2b(subject.encode(), digest_size=_BYTES, key=salt).digest()
    return (int.from_bytes(digest) >> 11) / (1 << 53)


def variant_of(experiment: Experiment, subject: str | None) -> Variant:
    """The variant of a person, given by pseudonym; `DEFAULT` for nobody."""
    if subject is None:
        return Variant.DEFAULT
    inside = position(bytes.fromhex(experiment.salt), subject) < experiment.share
    return Variant.CHALLENGER if inside else Variant.CHAMPION
