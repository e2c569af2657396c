"""People by keyed hashes: what lists and certificates may hold of somebody who is to be forgotten.

A pseudonym is itself a keyed hash, but it is the very value that an erasure removes from everywhere. So
what has to know a person afterwards holds a hash of the pseudonym under a key of its own, derived from the
tenant's (HMAC-SHA-256 as in RFC 5869's expand step, one label a purpose).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from recolake.tenancy.pseudonyms import pseudonym


class Purpose(StrEnum):
    """What a hash is for; hashes of one purpose say nothing about those of another."""

    SUPPRESSION = "suppression"
    OPT_OUT = "opt-out"
    CERTIFICATE = "certificate"
    RECEIPT = "receipt"


def derived_key(key: bytes, purpose: Purpose) -> bytes:
    """32 bytes for one purpose, from the tenant's key for pseudonyms."""
    return hmac.digest(key, f"recolake/privacy/{purpose}/v1".encode(), hashlib.sha256)


def person_hash(key: bytes, purpose: Purpose, person: str) -> str:
    """32 hex digits that stand for a person.

    Args:
        key: the tenant's.
        person: the pseudonym.
    """
    return pseudonym(derived_key(key, purpose), person)


@dataclass(frozen=True, slots=True)
class People:
    """Those whom one erasure is about.

    Attributes:
        key: the tenant's key for pseudonyms.
        pseudonyms: what the lake calls them.
        raw_ids: what the tenant calls them, where that is known: a retention knows pseudonyms alone.
    """

    key: bytes
    pseudonyms: frozenset[str]
    raw_ids: frozenset[str] = frozenset()

    @classmethod
    def named(cls, key: bytes, raw_ids: Iterable[str]) -> People:
        """By the tenant's own ids."""
        ids = frozenset(raw_ids)
        return cls(key, frozenset(pseudonym(key, raw) for raw in ids), ids)

    def named_by(self, text: str) -> bool:
        """Whether a text is the tenant's id of one of them, with blanks around it or not."""
        stripped = text.strip()
        return bool(stripped) and (
            stripped in self.pseudonyms or pseudonym(self.key, stripped) in self.pseudonyms
        )

    def hashes(self, purpose: Purpose) -> list[str]:
        """One for each of them, sorted."""
        return sorted(person_hash(self.key, purpose, person) for person in self.pseudonyms)

    def needles(self) -> frozenset[str]:
        """What a search on the disk looks for: pseudonyms, and ids too long to turn up by chance."""
        return self.pseudonyms | {raw for raw in self.raw_ids if len(raw) >= _LEAST_CHARACTERS}


_LEAST_CHARACTERS = 12
"""A shorter id turns up by chance: in prices, dates, counters and names of items."""
