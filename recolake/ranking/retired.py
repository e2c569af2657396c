"""Model versions that are no more because they held an erased person: the file ERASED.json beside CURRENT."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

from recolake.errors import ServiceUnavailableError
from recolake.files import write_atomically
from recolake.privacy.errors import ErasedError
from recolake.ranking.pointer import current_file
from recolake.settings import Settings
from recolake.tenancy.context import Tenant


def retired_versions(settings: Settings, tenant: Tenant) -> dict[str, str]:
    """Since when (ISO 8601), by version.

    Raises:
        ServiceUnavailableError: the file is there and cannot be read; no version may be taken for a good one.
    """
    path = current_file(settings, tenant).with_name("ERASED.json")
    try:
        return {str(version): str(at) for version, at in json.loads(path.read_bytes()).items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError) as error:
        raise ServiceUnavailableError(
            f"It cannot be read which models of tenant '{tenant}' were erased.",
            hint=f"Restore {path} from the backup.",
        ) from error


def retire(settings: Settings, tenant: Tenant, versions: Iterable[str], at: datetime) -> None:
    """Note that these are no more; the caller holds the tenant's publication lock."""
    known = retired_versions(settings, tenant)
    merged = {version: at.isoformat() for version in versions} | known
    if merged != known:
        content = json.dumps(merged, indent=1, sort_keys=True).encode()
        write_atomically(current_file(settings, tenant).with_name("ERASED.json"), content)


def refuse_retired(settings: Settings, tenant: Tenant, version: str) -> None:
    """Raise where the version is no more.

    Raises:
        ErasedError: it held somebody who was erased.
        ServiceUnavailableError: nobody can tell.
    """
    if version in retired_versions(settings, tenant):
        raise ErasedError(
            f"Model {version} of tenant '{tenant}' held somebody who was erased, so it is no more.",
            hint="Train a new one with `recolake train`; `recolake models list` names those that are left.",
            field="version",
        )
