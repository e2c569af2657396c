"""Who was erased, and who opted out: keyed hashes with a moment, a JSON file a tenant each.

Both are read by whoever works with rows of people, so a list that is there and cannot be read stops the work:
going on without it would bring back who was erased.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from filelock import FileLock

from recolake.errors import ServiceUnavailableError
from recolake.files import private_folder, write_atomically
from recolake.moments import microseconds
from recolake.privacy.people import Purpose, person_hash
from recolake.settings import Settings
from recolake.tenancy.context import Tenant


def privacy_folder(settings: Settings, tenant: Tenant) -> Path:
    """Where a tenant's lists, requests and certificates lie."""
    return settings.home / "privacy" / tenant.name


class PrivacyListError(ServiceUnavailableError):
    """A list of people who are to be left out cannot be read."""

    code = "privacy_list_unreadable"


@dataclass(frozen=True, slots=True)
class PeopleList:
    """A file of keyed hashes, each with the moment since which it holds (microseconds since 1970)."""

    path: Path
    purpose: Purpose

    def read(self) -> dict[str, int]:
        """Moment by hash; empty where nobody was ever listed.

        Raises:
            PrivacyListError: the file is there and cannot be read.
        """
        try:
            content = json.loads(self.path.read_bytes())
            return {str(name): int(at) for name, at in content.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, AttributeError) as error:
            raise PrivacyListError(
                f"The list {self.path.name} of people cannot be read.",
                hint="Restore the folder `privacy` from the backup: without the list, they would come back.",
            ) from error

    def add(self, key: bytes, people: Iterable[str], at: datetime) -> int:
        """List these pseudonyms; of one who is listed already the later moment counts. Returns how many are
        new."""
        moment = microseconds(at)
        fresh = {person_hash(key, self.purpose, person): moment for person in people}
        with self._alone():
            known = self.read()
            merged = known | {name: max(moment, known.get(name, moment)) for name in fresh}
            if merged != known:
                self._write(merged)
        return len(fresh.keys() - known.keys())

    def remove(self, key: bytes, people: Iterable[str]) -> int:
        """Take these pseudonyms off the list; returns how many were on it."""
        gone = {person_hash(key, self.purpose, person) for person in people}
        with self._alone():
            known = self.read()
            kept = {name: at for name, at in known.items() if name not in gone}
            if kept != known:
                self._write(kept)
        return len(known) - len(kept)

    def _alone(self) -> FileLock:
        private_folder(self.path.parent)
        return FileLock(self.path.with_name(f".{self.path.name}.lock"))

    def _write(self, entries: Mapping[str, int]) -> None:
        content = json.dumps(dict(sorted(entries.items())), indent=0).encode()
        write_atomically(self.path, content, mode=0o600)


def suppressed(settings: Settings, tenant: Tenant) -> PeopleList:
    """Who was erased: what they did until then is not taken in again, whoever sends it."""
    return PeopleList(privacy_folder(settings, tenant) / "suppressed.json", Purpose.SUPPRESSION)


def opted_out(settings: Settings, tenant: Tenant) -> PeopleList:
    """Who is to be left out of training."""
    return PeopleList(privacy_folder(settings, tenant) / "opt_outs.json", Purpose.OPT_OUT)
