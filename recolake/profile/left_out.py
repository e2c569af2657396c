"""Of whom nothing is to be kept: who was erased, for what they did until then, and who opted out."""

from __future__ import annotations

from collections.abc import Sequence

from recolake.privacy.lists import PeopleList, opted_out, suppressed
from recolake.privacy.people import person_hash
from recolake.profile.deeds import Deed
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import TenantKeys

_Stamp = tuple[int, int, int]


class LeftOut:
    """The two lists of each tenant, read again when their files change; safe to share between threads."""

    def __init__(self, settings: Settings, keys: TenantKeys) -> None:
        self._settings = settings
        self._keys = keys
        self._read: dict[tuple[Tenant, str], tuple[_Stamp, dict[str, int]]] = {}

    def admitted(self, tenant: Tenant, deeds: Sequence[Deed]) -> list[Deed]:
        """The deeds of whom something may be kept.

        Raises:
            PrivacyListError: a list cannot be read; keep nothing.
            PseudonymKeyError: the tenant's key is not there.
        """
        erased, out = suppressed(self._settings, tenant), opted_out(self._settings, tenant)
        moments, gone = self._of(tenant, erased), self._of(tenant, out)
        if not moments and not gone:
            return list(deeds)
        key = self._keys.of(tenant)
        until = {
            person: moments.get(person_hash(key, erased.purpose, person))
            for person in {deed.person for deed in deeds}
            if person_hash(key, out.purpose, person) not in gone
        }
        return [
            deed
            for deed in deeds
            if deed.person in until and ((last := until[deed.person]) is None or deed.at > last)
        ]

    def opted_out(self, tenant: Tenant, person: str) -> bool:
        """Whether a person, given by pseudonym, opted out.

        Raises:
            PrivacyListError: the list cannot be read.
            PseudonymKeyError: the tenant's key is not there.
        """
        listed = opted_out(self._settings, tenant)
        known = self._of(tenant, listed)
        return bool(known) and person_hash(self._keys.of(tenant), listed.purpose, person) in known

    def _of(self, tenant: Tenant, listed: PeopleList) -> dict[str, int]:
        try:
            status = listed.path.stat()
        except FileNotFoundError:
            return {}
        # Written anew and renamed each time, so it has another inode, too.
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        place = (tenant, listed.path.name)
        known = self._read.get(place)
        if known is None or known[0] != stamp:
            known = self._read[place] = (stamp, listed.read())
        return known[1]
