"""Which old table versions must stay readable: what models were trained on that may be trained again."""

from __future__ import annotations

from collections.abc import Iterable

from recolake.errors import ArtifactError
from recolake.experiments.store import running_experiment
from recolake.ranking.history import read_history
from recolake.ranking.manifest import Manifest, read_manifest
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.directory import known_tenants

Pins = dict[str, int]
"""By qualified table name the oldest version that must stay readable."""


def oldest_pins(settings: Settings) -> Pins:
    """Over all tenants: what `pinned_models` of each were trained on."""
    return oldest(
        manifest.inputs for tenant in known_tenants(settings) for manifest in pinned_models(settings, tenant)
    )


def oldest(inputs: Iterable[dict[str, int]]) -> Pins:
    """The oldest version of each table among the inputs of several models."""
    found: Pins = {}
    for versions in inputs:
        for table, version in versions.items():
            found[table] = min(version, found.get(table, version))
    return found


def pinned_models(settings: Settings, tenant: Tenant) -> list[Manifest]:
    """Models whose training can be repeated: the newest `pinned_models` of the settings, the served one, the
    one that a rollback leads to, and those of a running experiment. An artefact that cannot be read pins
    nothing: it cannot be trained again either.
    """
    folder = settings.index_root / tenant.name
    numbers = sorted(
        (int(path.name[1:]) for path in folder.glob("v*") if path.is_dir() and path.name[1:].isdigit()),
        reverse=True,
    )
    history = read_history(settings, tenant)
    experiment = running_experiment(settings, tenant)
    named = {history.served, history.previous, experiment.challenger if experiment else None}
    wanted = {f"v{number}" for number in numbers[: settings.pinned_models]} | (named - {None})
    found = []
    for version in sorted(name for name in wanted if name):
        try:
            found.append(read_manifest(folder / version))
        except ArtifactError:
            continue
    return found
