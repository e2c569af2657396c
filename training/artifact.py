"""From a fitted candidate to an index artefact that says what it was made from."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from recolake.ranking.artifact import UserVectors
from recolake.ranking.artifact_writer import Origin, write_artifact
from recolake.ranking.manifest import Manifest
from training.candidate import Candidate
from training.companions import companions
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
    manifest = write_model(folder, origin, dataset, config, candidate)
    if manifest.index is not None:
        log_index(manifest.index)
    return manifest


def write_model(
    folder: Path, origin: Origin, dataset: Dataset, config: ModelConfig, candidate: Candidate
) -> Manifest:
    """The artefact of a candidate: what it learnt, and its newcomers after it.

    Raises:
        ArtifactError: it would not be accepted by those who load it.
    """
    interactions, stage, added = candidate.interactions, candidate.second_stage, candidate.newcomers
    # There may have been too little to learn from for what the configuration asks.
    ranking = config.ranking.model_copy(update={"second_stage": None if stage is None else stage.config})
    ids, vectors, trend = interactions.item_ids, candidate.model.item_vectors, candidate.trend_scores
    people = UserVectors(tuple(interactions.user_ids.tolist()), candidate.model.user_vectors)
    content = None if added is None else added.content
    together = companions(interactions)
    if added is not None and content is not None:
        ids, vectors = np.concatenate([ids, added.items]), np.concatenate([vectors, content.vectors])
        # Nobody known took them; visitors without a name may have.
        trend = np.concatenate([trend, dataset.item_days.trend_scores(added.items, candidate.as_of)])
        stage = None if stage is None else stage.with_unmet(len(content))
        together = None if together is None else together.with_unmet(len(content))
    if added is not None:
        people = UserVectors(
            (*people.ids, *added.people.tolist()), np.concatenate([people.vectors, added.vectors])
        )
    return write_artifact(
        folder,
        origin,
        ranking,
        dataset.items(ids),
        vectors,
        trend,
        people,
        candidate.evidence(),
        stage,
        content,
        cold_users=0 if added is None else len(added.people),
        companions=together,
        totals=dataset.item_days.totals(ids, candidate.as_of),
        placement=None if added is None else added.placement,
    )
