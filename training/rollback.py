"""Back to what was served before, in seconds: one rename, nothing trained, and no need of Spark or MLflow.

What is served then stays until a person promotes a version; a killed rollback leaves a whole version served.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from recolake.audit.entry import Action
from recolake.audit.record import recorded
from recolake.errors import RecolakeError, ServiceUnavailableError
from recolake.experiments.lifecycle import end_if_overtaken
from recolake.lineage.emit import lineage_run
from recolake.ranking.artifact import Artifact
from recolake.ranking.history import read_history, write_history
from recolake.ranking.pointer import activate
from recolake.ranking.retired import refuse_retired
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.locks import Work, exclusive
from training.lineage import tell_served
from training.publish import reconcile, vectors_of
from training.report import PublishReport
from training.store import ensure_artifact, sound_artifact
from training.tracking.registry import open_registry

Progress = Callable[[str], None]


class NothingToRollBackError(RecolakeError):
    """Nothing was served before what is served now, as far as this platform knows."""

    code = "nothing_to_roll_back"
    status = 409


def rollback(settings: Settings, tenant: Tenant, *, progress: Progress | None = None) -> PublishReport:
    """Serve the version that was served before this one; again: the one before that.

    The artefact that lies here is checked as serving checks it; only a missing or damaged one is asked of
    MLflow. Vectors that Redis does not keep any more come from it. Where MLflow or Redis is away, that is
    said, and set right by the next publication or materialization.

    Raises:
        NothingToRollBackError: nothing was served before.
        ErasedError: what was served before held somebody who was erased.
        ArtifactError: the artefact is damaged, and so is MLflow's.
        ServiceUnavailableError: the artefact is missing here or damaged, and MLflow does not answer.
    """
    began = time.perf_counter()
    say = progress or (lambda _: None)
    with (
        exclusive(settings, tenant, Work.PUBLICATION, say),
        lineage_run(settings, tenant, "rollback") as told,
    ):
        history = read_history(settings, tenant)
        previous, target = history.served, history.previous
        if target is None:
            served = f"{previous} is the first that was" if previous else "nothing is"
            raise NothingToRollBackError(
                f"Tenant '{tenant}' has nothing to roll back to: {served} served.",
                hint="`recolake models list` names all versions, `recolake models promote` serves any.",
            )
        refuse_retired(settings, tenant, target)
        artifact = _artifact(settings, tenant, target, say)
        online = _online(settings, tenant, artifact, say)
        # History first: killed before the pointer moves, it gives way to the pointer, and a rerun goes on.
        with recorded(settings, tenant, Action.MODEL_ROLLED_BACK, target, details={"previous": previous}):
            write_history(settings, tenant, history.moved_back(datetime.now(UTC)))
            activate(settings, tenant, target)
        tell_served(told, artifact.manifest)
        say(f"{target} is served")
        ended = end_if_overtaken(settings, tenant)
        if ended is not None:
            say(f"{ended.experiment_id} is over")
        _tell_mlflow(settings, tenant, target, say)
    return PublishReport(
        tenant=tenant.name,
        model_version=target,
        previous=previous,
        users=artifact.manifest.users,
        items=artifact.manifest.count,
        online=online,
        changed=True,
        seconds=time.perf_counter() - began,
    )


def _artifact(settings: Settings, tenant: Tenant, version: str, say: Progress) -> Artifact:
    found = sound_artifact(settings, tenant, version)
    if found is not None:
        return found
    say(f"{version} is missing here, or damaged; MLflow is asked for it")
    with open_registry(settings, tenant) as registry:
        return ensure_artifact(settings, registry, version, registry.version(version).run_id, say)[0]


def _online(settings: Settings, tenant: Tenant, artifact: Artifact, say: Progress) -> bool:
    """Whether Redis has the vectors, brought there if it answers; the lake has had them since publication."""
    from recolake.features.online import redis_client, redis_errors, vectors_ready, write_vectors

    version, checksum = artifact.model_version, artifact.users_checksum
    try:
        with redis_errors("vectors were written", f"recolake publish --tenant {tenant}"):
            if vectors_ready(redis_client(settings), tenant, version, checksum):
                return True
            return write_vectors(settings, tenant, version, checksum, vectors_of(artifact))
    except ServiceUnavailableError as error:
        say(f"{error.message} The next `recolake materialize` will see to the vectors.")
        return False


def _tell_mlflow(settings: Settings, tenant: Tenant, version: str, say: Progress) -> None:
    try:
        with open_registry(settings, tenant) as registry:
            reconcile(registry, version, by_hand=True)
    except ServiceUnavailableError as error:
        say(f"{error.message} Its alias follows with the next `recolake publish`.")
