"""Put a trained model into service. Killed at any step, one whole version is served; a rerun completes it."""

from __future__ import annotations

import time
from collections.abc import Callable

from recolake.errors import NotFoundError, RecolakeError
from recolake.lake.engine import connect
from recolake.lake.tables import GOLD_ITEM_EMBEDDINGS, GOLD_USER_EMBEDDINGS
from recolake.ranking.artifact import Artifact, load_artifact, load_user_vectors
from recolake.ranking.manifest import read_manifest
from recolake.ranking.pointer import activate, current_version, version_folder
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from training.report import PublishReport
from training.store import ensure_artifact, exclusive
from training.tracking import registry as tags
from training.tracking.registry import Registry, open_registry

Progress = Callable[[str], None]
# A model that knows less than this share of the served one's items or people is a mistake, not a refresh.
_SMALLEST_SHARE = 0.5


class GateError(RecolakeError):
    """The model did not pass, and nobody forced it."""

    code = "gate_failed"
    status = 409


def publish(
    settings: Settings,
    tenant: Tenant,
    version: str | None = None,
    *,
    force: bool = False,
    progress: Progress | None = None,
) -> PublishReport:
    """Serve the newest model that passed its gate, or the version named (an older one: a rollback).

    First the vectors go where serving will look for them, under the version's name; then one rename lets
    serving switch; MLflow's alias follows, and is set right by the next publication if it did not get there.

    Raises:
        GateError: the version did not pass its gate, or is far smaller than the served one; not if forced.
        NotFoundError: no such version, or none that passed.
        ArtifactError: its artefact is damaged.
        ServiceUnavailableError: Spark, Redis or MLflow does not answer; what was served is served on.
    """
    began = time.perf_counter()
    say = progress or (lambda _: None)
    with exclusive(settings, tenant), open_registry(settings, tenant) as registry:
        previous = current_version(settings, tenant)
        chosen = version or _newest(registry, previous)
        entry = registry.version(chosen)
        if entry.tags[tags.GATE] != tags.PASSED and not force and chosen != previous:
            reasons = entry.tags.get(tags.REASONS, "").replace("\n", "; ")
            raise GateError(
                f"{chosen} did not pass its gate: {reasons}.", hint="`--force` publishes it all the same."
            )
        artifact = load_artifact(ensure_artifact(settings, registry, chosen, entry.run_id), tenant)
        if previous not in (None, chosen) and not force:
            _refuse_shrunken(settings, artifact, previous)
        stored, online, users = _bring_vectors(settings, artifact, tenant, say)
        if chosen != previous:
            activate(settings, tenant, chosen)
            say(f"{chosen} is served")
        crowned = _reconcile(registry, chosen, by_hand=version is not None)
    return PublishReport(
        tenant=tenant.name,
        model_version=chosen,
        previous=previous,
        users=users,
        items=len(artifact.items),
        online=online,
        changed=stored or crowned or chosen != previous,
        seconds=time.perf_counter() - began,
    )


def _newest(registry: Registry, served: str | None) -> str:
    """The newest version that passed and was not withdrawn; never one older than the served."""
    for entry in registry.versions():
        name = f"v{entry.version}"
        withdrawn = entry.tags.get(tags.WITHDRAWN) == "true"
        if name == served or (entry.tags[tags.GATE] == tags.PASSED and not withdrawn):
            return name
    raise NotFoundError(
        f"Tenant '{registry.tenant}' has no model that passed its gate.",
        hint="Train one with `recolake train`.",
    )


def _refuse_shrunken(settings: Settings, artifact: Artifact, previous: str | None) -> None:
    if previous is None:
        return
    tenant = Tenant(artifact.manifest.tenant_id)
    served = read_manifest(version_folder(settings, tenant, previous))
    for what, now, before in (
        ("items", artifact.manifest.count, served.count),
        ("people", artifact.manifest.users, served.users),
    ):
        if now < _SMALLEST_SHARE * before:
            raise GateError(
                f"{artifact.model_version} knows {now} {what}, the served {previous} {before}.",
                hint="`--force` publishes it all the same.",
            )


def _bring_vectors(
    settings: Settings, artifact: Artifact, tenant: Tenant, say: Progress
) -> tuple[bool, bool, int]:
    """Vectors to Delta and Redis: whether anything was written, whether Redis has them, how many people."""
    from recolake.features.online import redis_client, vectors_mark, write_user_vectors
    from training.embeddings import store_vectors, vector_rows

    version, at = artifact.model_version, artifact.manifest.created_at
    people = load_user_vectors(artifact.folder)
    user_rows = vector_rows("user_id", people.ids, people.vectors, at)
    item_rows = vector_rows("item_id", artifact.items.ids, artifact.vectors, at)
    client, spark = redis_client(settings), connect(settings)
    stored = store_vectors(spark, settings, GOLD_USER_EMBEDDINGS, tenant, version, user_rows)
    stored |= store_vectors(spark, settings, GOLD_ITEM_EMBEDDINGS, tenant, version, item_rows)
    say("vectors are in the lake")
    if client.exists(vectors_mark(tenant, version)):
        return stored, True, len(people.ids)
    online = write_user_vectors(settings, tenant, version, user_rows)
    say("vectors are online" if online else "the first `recolake materialize` will bring the vectors online")
    return stored or online, online, len(people.ids)


def _reconcile(registry: Registry, served: str, *, by_hand: bool) -> bool:
    """Let MLflow say what is served, and remember what was rolled back; True if it said otherwise."""
    changed = False
    if by_hand:
        for entry in registry.versions():
            name = f"v{entry.version}"
            withdrawn = "true" if int(entry.version) > int(served.removeprefix("v")) else "false"
            if entry.tags.get(tags.WITHDRAWN, "false") != withdrawn:
                registry.tag(name, tags.WITHDRAWN, withdrawn)
    if registry.champion() != served:
        registry.crown(served)
        changed = True
    return changed
