"""Where profiles lie in Redis, beside the rows that Feast keeps.

What belongs to no tenant has an empty name in the tenant's place: no tenant is called so.
"""

from __future__ import annotations

import zlib

from recolake.tenancy.context import Tenant

PARTITIONS = 16
"""People are spread over so many; each has one writer at a time."""


def partition_of(field: str) -> int:
    """Partition of whom a `field_of` names."""
    return zlib.crc32(field.encode()) % PARTITIONS


def field_of(tenant: Tenant, person: str) -> str:
    """What names a person among those of all tenants."""
    return f"{tenant}/{person}"


def of_field(field: str) -> tuple[Tenant, str]:
    """Tenant and pseudonym."""
    tenant, _, person = field.partition("/")
    return Tenant(tenant), person


def deeds_key(tenant: Tenant, person: str) -> str:
    """Sorted set of a person's last deeds, by time."""
    return f"recolake:{tenant}:deeds:{person}"


def seen_key(tenant: Tenant, person: str) -> str:
    """Sorted set of the items that a person took, by the last time."""
    return f"recolake:{tenant}:seen:{person}"


def epoch_key(tenant: Tenant) -> str:
    """Counter of how often people were to be forgotten: who writes meanwhile looks at the lists again."""
    return f"recolake:{tenant}:forgotten"


def changed_key(partition: int) -> str:
    """Hash of the people whose row is older than their sets, with how often these changed."""
    return f"recolake::changed:{partition}"


def wake_key(partition: int) -> str:
    """List of at most one entry, on which the partition's writer waits."""
    return f"recolake::wake:{partition}"


def lease_key(partition: int) -> str:
    """Who writes the partition's rows; expires."""
    return f"recolake::writer:{partition}"


def stated_key(tenant: Tenant) -> str:
    """Hash of what was said last of each item, attribute by attribute."""
    return f"recolake:{tenant}:items:stated"


def hidden_key(tenant: Tenant) -> str:
    """Set of the items that are not to be had now."""
    return f"recolake:{tenant}:items:hidden"


def described_key(tenant: Tenant) -> str:
    """Set of the items of which anything was said that a model may not know."""
    return f"recolake:{tenant}:items:described"


def described_version_key(tenant: Tenant) -> str:
    """Counter of the changes of what is said of these."""
    return f"recolake:{tenant}:items:described:version"


def hidden_version_key(tenant: Tenant) -> str:
    """Counter of the changes of that set."""
    return f"recolake:{tenant}:items:version"
