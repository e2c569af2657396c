"""From a fitted candidate to an index artefact that says what it was made from."""

from __future__ import annotations

from pathlib import Path

from recolake.ranking.artifact import UserVectors
from recolake.ranking.artifact_writer import Origin, write_artifact
from recolake.ranking.manifest import Manifest
from training.candidate import Candidate
from training.config import ModelConfig
from training.datasets.dataset import Dataset
from training.identity import git_commit
from training.machine import machine
from training.models.device import device_of
from training.tracking.record import log_index
from training.tracking.registry import Registry

UNREGISTERED = "unregistered"
"""The version that an artefact has until the registry gives it one."""


def write_candidate(
    folder: Path,
    registry: Registry,
    dataset: Dataset,
    config: ModelConfig,
    candidate: Candidate,
    seed: int,
    run_id: str,
) -> Manifest:
    """Write the artefact of a model that no registry knows yet; what its index reaches, into the active run.

    Raises:
        ArtifactError: it would not be accepted by those who load it.
    """
    origin = Origin(
        tenant=registry.tenant,
        model_name=registry.model_name,
        model_version=UNREGISTERED,
        mlflow_run_id=run_id,
        code_version=git_commit(),
        config=config.model_dump(mode="json"),
        seed=seed,
        inputs=dict(dataset.inputs),
        uploads=list(dataset.uploads),
        machine=machine(device_of(None)),
    )
    interactions, stage = candidate.interactions, candidate.second_stage
    # There may have been too little to learn from for what the configuration asks.
    ranking = config.ranking.model_copy(update={"second_stage": None if stage is None else stage.config})
    manifest = write_artifact(
        folder,
        origin,
        ranking,
        dataset.items(interactions.item_ids),
        candidate.model.item_vectors,
        candidate.trend_scores,
        UserVectors(tuple(interactions.user_ids.tolist()), candidate.model.user_vectors),
        candidate.evidence(),
        stage,
    )
    if manifest.index is not None:
        log_index(manifest.index)
    return manifest
