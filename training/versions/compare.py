"""Two versions of a tenant side by side: figures, and what was different about how they came to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recolake.errors import InvalidInputError
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from training.evaluation.protocol import METRIC
from training.tracking.paired import Difference, differences, read_paired
from training.tracking.registry import open_registry
from training.versions.catalogue import Version, describe

# Both values of something that is not the same; None where a version has no such thing.
Change = tuple[Any, Any]


@dataclass(frozen=True)
class Compared:
    """One metric of two versions on one target, or on one of its slices (`target, slice`).

    Each value is (value, low, high), where it is recorded.

    Attributes:
        difference: the second less the first, over the same people on the same window; None where there are
            none, or the metric is not recorded person by person.
    """

    target: str
    metric: str
    first: tuple[float, float, float] | None
    second: tuple[float, float, float] | None
    difference: Difference | None


@dataclass(frozen=True)
class Comparison:
    """What there is to know before one version takes the other's place.

    Attributes:
        paired: whether both were measured on the same window, so that `difference` means something.
        code: the commits, where the sources that make a model differ.
        configuration, tables: settings and Delta versions that are not the same.
    """

    first: Version
    second: Version
    paired: bool
    metrics: tuple[Compared, ...]
    code: Change | None
    configuration: Mapping[str, Change]
    tables: Mapping[str, Change]


def compare(settings: Settings, tenant: Tenant, first: str, second: str) -> Comparison:
    """Hold the second version against the first.

    Raises:
        InvalidInputError: they are the same.
        NotFoundError: there is no such version.
        ServiceUnavailableError: MLflow does not answer.
    """
    if first == second:
        raise InvalidInputError(f"{first} is compared with itself.", hint="Name two versions.")
    with open_registry(settings, tenant) as registry:
        one, other = describe(settings, registry, [registry.version(name) for name in (first, second)])
        pairs = [read_paired(registry, version.run_id) for version in (one, other)]
    found = differences(pairs[0], pairs[1]) if pairs[0] and pairs[1] else {}
    by_target = {target.value: difference for target, difference in found.items()}
    return Comparison(
        first=one,
        second=other,
        paired=bool(found),
        metrics=_metrics(one, other, by_target),
        code=_code(one, other),
        configuration=changes(one.configuration, other.configuration),
        tables=changes(one.tables, other.tables),
    )


def changes(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Change]:
    """Keys with different values, in order of the keys."""
    keys = sorted(one.keys() | other.keys())
    return {key: (one.get(key), other.get(key)) for key in keys if one.get(key) != other.get(key)}


def _metrics(one: Version, other: Version, paired: Mapping[str, Difference]) -> tuple[Compared, ...]:
    rows = []
    first, second = _by_part(one), _by_part(other)
    for target in sorted(first.keys() | second.keys(), key=lambda part: (", " in part, part)):
        mine, theirs = first.get(target, {}), second.get(target, {})
        names = dict.fromkeys(n for n in (*mine, *theirs) if not n.endswith(("_low", "_high")))
        rows += [
            Compared(
                target,
                name,
                _bounds(mine, name),
                _bounds(theirs, name),
                paired.get(target) if name == METRIC else None,
            )
            for name in sorted(names)
        ]
    return tuple(rows)


def _by_part(version: Version) -> dict[str, Mapping[str, float]]:
    """A version's own metrics by target, and by `target, slice`."""
    sliced = {f"{t}, {part}": found for t, parts in version.slices.items() for part, found in parts.items()}
    return {**version.measured, **sliced}


def _bounds(metrics: Mapping[str, float], name: str) -> tuple[float, float, float] | None:
    if name not in metrics:
        return None
    value = metrics[name]
    return value, metrics.get(f"{name}_low", value), metrics.get(f"{name}_high", value)


def _code(one: Version, other: Version) -> Change | None:
    """The sources decide: a commit may change what no model is made of."""
    if one.source_digest == other.source_digest:
        return None
    return one.code_version, other.code_version
