"""A tenant's own limits for the checks of its uploads; what it does not set is as the platform has it.

They lie in `<home>/quality/<tenant>.json`: limits by name.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path

from recolake.audit.entry import Action
from recolake.audit.record import recorded
from recolake.errors import InvalidInputError
from recolake.files import write_atomically
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.uploads.checks import DEFAULTS


class ThresholdError(InvalidInputError):
    """A threshold that does not exist, or a value that it cannot have."""

    code = "invalid_threshold"


def thresholds_file(settings: Settings, tenant: Tenant) -> Path:
    """Where a tenant's own limits lie, whether there are any or not."""
    return settings.home / "quality" / f"{tenant.name}.json"


def own_thresholds(settings: Settings, tenant: Tenant) -> dict[str, float]:
    """What the tenant set itself.

    Raises:
        ThresholdError: the file is damaged.
    """
    path = thresholds_file(settings, tenant)
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ThresholdError(f"{path} cannot be read.", hint="Mend it, or remove it.") from error
    if not isinstance(found, dict):
        raise ThresholdError(f"{path} holds no thresholds.", hint="Mend it, or remove it.")
    return {name: _checked(name, value) for name, value in found.items()}


def thresholds(settings: Settings, tenant: Tenant) -> dict[str, float]:
    """Every threshold by name, as it holds for the tenant."""
    return {**DEFAULTS, **own_thresholds(settings, tenant)}


def change_thresholds(
    settings: Settings, tenant: Tenant, changes: Mapping[str, float | None]
) -> dict[str, float]:
    """Set some, or bring some back to the platform's (None); gives what the tenant has of its own now.

    Raises:
        ThresholdError: a name is unknown or a value impossible; nothing was changed.
    """
    wanted = {name: None if value is None else _checked(name, value) for name, value in changes.items()}
    for name in wanted:
        _known(name)
    merged = {**own_thresholds(settings, tenant), **wanted}
    own = {name: value for name, value in sorted(merged.items()) if value is not None}
    # As text: entries of the audit log hold no floats.
    said = {name: "default" if value is None else f"{value:g}" for name, value in sorted(wanted.items())}
    with recorded(settings, tenant, Action.THRESHOLDS_CHANGED, "thresholds", details=said):
        write_atomically(thresholds_file(settings, tenant), json.dumps(own, indent=1).encode() + b"\n")
    return own


def parse_change(text: str) -> tuple[str, float]:
    """`name=value`, where the value may be a percentage.

    Raises:
        ThresholdError: it is not of that form.
    """
    name, equals, value = text.partition("=")
    number = value.strip()
    try:
        parsed = float(number.removesuffix("%")) / (100 if number.endswith("%") else 1)
    except ValueError:
        parsed = math.nan
    if not equals or math.isnan(parsed):
        raise ThresholdError(f"'{text}' is no threshold.", hint="Write name=0.05 or name=5%.", field="set")
    return name.strip(), _checked(name.strip(), parsed)


def _known(name: str) -> None:
    if name not in DEFAULTS:
        raise ThresholdError(
            f"There is no threshold '{name}'.", hint=f"There are {', '.join(sorted(DEFAULTS))}.", field="set"
        )


def _checked(name: str, value: object) -> float:
    _known(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise ThresholdError(f"{name} cannot be {value!r}.", hint="It is a number, 0 or more.", field="set")
    return float(value)
