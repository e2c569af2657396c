"""Put a trained model into service. Killed at any step, one whole version is served; a rerun completes it."""

from __future__ import annotations

import time
from collections.abc import Callable, Container
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from recolake.audit.entry import Action, Detail
from recolake.audit.record import recorded
from recolake.errors import NotFoundError, RecolakeError
from recolake.experiments.document import Experiment
from recolake.experiments.lifecycle import end_if_overtaken, known_running
from recolake.features.names import View
from recolake.lake.engine import connect, engine_errors
from recolake.lineage.emit import lineage_run
from recolake.ranking.artifact import Artifact, load_user_vectors
from recolake.ranking.history import History, read_history, write_history
from recolake.ranking.manifest import Manifest
from recolake.ranking.pointer import activate, served_manifest
from recolake.ranking.retired import retired_versions
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.locks import Work, exclusive
from training.lineage import tell_served
from training.report import PublishReport
from training.store import ensure_artifact
from training.tracking import registry as tags
from training.tracking.registry import Registry, open_registry

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion

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
    """Serve the newest model that passed its gate, or the version named.

    After a rollback only a version that is named is a change: the served one stays until then.

    First the vectors go where serving will look for them, under the version's name; then one rename lets
    serving switch; MLflow's alias follows, and is set right by the next publication if it did not get there.
    A version whose artefact is missing or damaged here comes back from MLflow. No training holds this up.
    While an experiment runs its champion stays; a version that is named is published, and ends it.

    Raises:
        GateError: the version did not pass its gate, or is far smaller than the served one; not if forced.
        NotFoundError: no such version, or none that passed.
        ErasedError: the version held somebody who was erased.
        ArtifactError: MLflow's artefact of it is damaged, or another than the one that is served.
        ServiceUnavailableError: Spark, Redis or MLflow does not answer; what was served is served on.
    """
    began = time.perf_counter()
    say = progress or (lambda _: None)
    with (
        exclusive(settings, tenant, Work.PUBLICATION, say),
        open_registry(settings, tenant) as registry,
        lineage_run(settings, tenant, "publish") as told,
    ):
        history, trial = read_history(settings, tenant), known_running(settings, tenant)
        previous = history.served
        stays = _why_it_stays(history, trial) if version is None else None
        if stays is not None:
            say(f"{previous} stays{stays}")
        chosen = (
            version
            or (previous if stays is not None else None)
            or _newest(registry, previous, retired_versions(settings, tenant))
        )
        entry = registry.version(chosen)
        if not force and chosen != previous:
            refuse_failed(entry)
        artifact, fetched = ensure_artifact(settings, registry, chosen, entry.run_id, say)
        if fetched:
            say(f"{chosen} was fetched from MLflow")
        if chosen != previous and not force:
            refuse_shrunken(artifact, served_manifest(settings, tenant))
        stored, online = bring_vectors(settings, artifact, tenant, say)
        if chosen != previous:
            asked: dict[str, Detail] = {"previous": previous, "named": version is not None, "forced": force}
            with recorded(settings, tenant, Action.MODEL_PROMOTED, chosen, details=asked):
                activate(settings, tenant, chosen)
            say(f"{chosen} is served")
        if chosen != previous or (version is not None and history.held):
            write_history(settings, tenant, history.moved_on(chosen, datetime.now(UTC)))
        tell_served(told, artifact.manifest, stored=stored)
        ended = end_if_overtaken(settings, tenant)
        if ended is not None:
            say(f"{ended.experiment_id} is over")
        crowned = reconcile(registry, chosen, by_hand=version is not None or history.held)
    return PublishReport(
        tenant=tenant.name,
        model_version=chosen,
        previous=previous,
        users=artifact.manifest.users,
        items=artifact.manifest.count,
        online=online,
        changed=fetched or stored or crowned or chosen != previous,
        seconds=time.perf_counter() - began,
    )


def _why_it_stays(history: History, trial: Experiment | None) -> str | None:
    """Why nothing newer than the served version is published unasked; None where nothing forbids it."""
    if history.held and history.served is not None:
        return ", since it was rolled back to; `recolake models promote` ends that"
    if trial is not None and trial.champion == history.served:
        return f" while {trial.experiment_id} runs"
    return None


def _newest(registry: Registry, served: str | None, retired: Container[str]) -> str:
    """The newest version that passed and was not withdrawn or retired; never one older than the served."""
    for entry in registry.versions():
        name = f"v{entry.version}"
        if name in retired:
            continue
        withdrawn = entry.tags.get(tags.WITHDRAWN) == "true"
        if name == served or (entry.tags[tags.GATE] == tags.PASSED and not withdrawn):
            return name
    raise NotFoundError(
        f"Tenant '{registry.tenant}' has no model that passed its gate.",
        hint="Train one with `recolake train`.",
    )


def refuse_failed(entry: ModelVersion) -> None:
    """Let no version pass that its gate turned down."""
    if entry.tags[tags.GATE] != tags.PASSED:
        said = entry.tags.get(tags.REFUSALS) or entry.tags.get(tags.REASONS, "")
        reasons = said.replace("\n", "; ")
        raise GateError(
            f"v{entry.version} did not pass its gate: {reasons}.",
            hint="`--force` publishes it all the same.",
        )


def refuse_shrunken(artifact: Artifact, served: Manifest | None) -> None:
    """Hold a model's size against the served one's; None where nothing is served that can be read."""
    if served is None:
        return
    for what, now, before in (
        ("items", artifact.manifest.count, served.count),
        ("people", artifact.manifest.users, served.users),
    ):
        if now < _SMALLEST_SHARE * before:
            raise GateError(
                f"{artifact.model_version} knows {now} {what}, the served {served.model_version} {before}.",
                hint="`--force` publishes it all the same.",
            )


def bring_vectors(settings: Settings, artifact: Artifact, tenant: Tenant, say: Progress) -> tuple[bool, bool]:
    """Vectors to Delta and Redis: whether anything was written, and whether Redis has them.

    Raises:
        ServiceUnavailableError: Spark or Redis does not answer.
    """
    from recolake.features.online import redis_client, redis_errors, vectors_ready, write_vectors
    from training.embeddings import store_vectors

    version, checksum = artifact.model_version, artifact.users_checksum
    vectors = vectors_of(artifact)
    work, again = "vectors were written", f"recolake publish --tenant {tenant}"
    with engine_errors(work, again), redis_errors(work, again):
        client, spark = redis_client(settings), connect(settings)
        stored = False
        for view, rows in vectors.items():
            stored |= store_vectors(spark, settings, view, tenant, version, checksum, rows)
        say("vectors are in the lake")
        if vectors_ready(client, tenant, version, checksum):
            return stored, True
        online = write_vectors(settings, tenant, version, checksum, vectors)
    say("vectors are online" if online else "the first `recolake materialize` will bring the vectors online")
    return stored or online, online


def vectors_of(artifact: Artifact) -> dict[View, pa.Table]:
    """All vectors of an artefact as rows of the online store's views."""
    from training.embeddings import vector_rows

    people, at = load_user_vectors(artifact.folder), artifact.manifest.created_at
    return {
        View.USER_VECTOR: vector_rows("user_id", people.ids, people.vectors, at),
        View.ITEM_VECTOR: vector_rows("item_id", artifact.items.ids, artifact.vectors, at),
    }


def reconcile(registry: Registry, served: str, *, by_hand: bool) -> bool:
    """Let MLflow say what is served, and which newer ones a person withdrew; True if it said otherwise."""
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
