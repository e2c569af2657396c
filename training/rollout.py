"""Let a share of a tenant's people have another model than the served one, to see which is better."""

from __future__ import annotations

from collections.abc import Callable

from recolake.audit.entry import Actor
from recolake.errors import ArtifactError, NotFoundError, RecolakeError, ServiceUnavailableError
from recolake.experiments.document import Experiment, Guardrails
from recolake.experiments.lifecycle import begin, new_experiment, refuse_if_running
from recolake.features.online import redis_client, vectors_ready
from recolake.ranking.artifact import users_checksum
from recolake.ranking.pointer import current_version, served_manifest
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.locks import Work, exclusive
from training.publish import bring_vectors, refuse_failed, refuse_shrunken
from training.store import ensure_artifact
from training.tracking.registry import open_registry

Progress = Callable[[str], None]


class AlreadyServedError(RecolakeError):
    """The challenger is the model in service: there is nothing to compare."""

    code = "already_served"
    status = 409


def start_experiment(
    settings: Settings,
    tenant: Tenant,
    challenger: str,
    share: float,
    guardrails: Guardrails | None = None,
    *,
    force: bool = False,
    progress: Progress | None = None,
    by: Actor | None = None,
) -> Experiment:
    """Bring the challenger's vectors to where the champion's are, then let serving split the people.

    Killed at any step, either everybody has the champion or the experiment runs; a rerun completes it.

    Args:
        challenger: a version such as v3.
        share: of the people, who get it; more than 0 and less than 1.
        force: also a version that its gate turned down, or that is far smaller than the served one.
        by: who starts it, for the audit log; default: who acts in this process.

    Raises:
        ExperimentRunsError: one runs already.
        AlreadyServedError: the challenger is the champion.
        NotFoundError: there is no such version, or nothing is served.
        GateError: the version did not pass its gate, or is far smaller than the served one; not if forced.
        ArtifactError: the served artefact is damaged, or the challenger's is and MLflow has no better.
        ServiceUnavailableError: Spark, Redis or MLflow does not answer, or vectors cannot be online yet.
    """
    say = progress or (lambda _: None)
    with exclusive(settings, tenant, Work.PUBLICATION, say):
        refuse_if_running(settings, tenant)
        served = current_version(settings, tenant)
        if served is None:
            raise NotFoundError(
                f"Nothing is served for tenant '{tenant}' yet.",
                hint="Publish a model with `recolake publish`.",
            )
        if challenger == served:
            raise AlreadyServedError(f"{challenger} is served already: there is nothing to compare it with.")
        champion = served_manifest(settings, tenant)
        if champion is None:
            raise ArtifactError(
                f"The served {served} is damaged.", hint=f"`recolake publish --tenant {tenant}` mends it."
            )
        with open_registry(settings, tenant) as registry:
            entry = registry.version(challenger)
            if not force:
                refuse_failed(entry)
            artifact, fetched = ensure_artifact(settings, registry, challenger, entry.run_id, say)
        if fetched:
            say(f"{challenger} was fetched from MLflow")
        if not force:
            refuse_shrunken(artifact, champion)
        online = bring_vectors(settings, artifact, tenant, say)[1]
        there = vectors_ready(redis_client(settings), tenant, served, users_checksum(champion))
        if not (online and there):
            raise ServiceUnavailableError(
                f"The vectors of {served if online else challenger} are not online.",
                hint=f"Run `recolake materialize --tenant {tenant}`, then this again.",
            )
        experiment = new_experiment(tenant, champion, artifact.manifest, share, guardrails)
        begin(settings, experiment, by=by)
    say(f"{experiment.experiment_id} runs: {share:.1%} of the people get {challenger}, the others {served}")
    return experiment
