"""Teach the second stage that is served, for a model that serves as its first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from recolake.ranking.manifest import RankingConfig
from recolake.ranking.second_stage.features import FEATURES
from recolake.ranking.second_stage.networks import Networks
from recolake.ranking.second_stage.stage import SecondStage
from training.candidate import Candidate, fit
from training.config import Algorithm, ModelConfig
from training.datasets.dataset import Dataset
from training.datasets.interactions import Interactions
from training.evaluation.protocol import Target
from training.models.second_stage.config import Config
from training.models.second_stage.examples import Examples
from training.models.second_stage.networks import trained
from training.second_stage.catalogue import catalogue
from training.second_stage.lessons import lessons, windows

# Smaller networks than those of `recolake evaluate`: a request waits for them.
NETWORKS = Config(members=4, hidden=16)


def fit_served(
    dataset: Dataset, interactions: Interactions, as_of: int, config: ModelConfig, seed: int
) -> Candidate:
    """All that is served of a configuration, fitted to `interactions`, which end on day `as_of`."""
    candidate = fit(dataset, interactions, as_of, config.algorithm, seed)
    return replace(candidate, second_stage=taught(dataset, candidate, config.algorithm, config.ranking, seed))


def taught(
    dataset: Dataset, candidate: Candidate, algorithm: Algorithm, ranking: RankingConfig, seed: int
) -> SecondStage | None:
    """The second stage that `ranking` asks for, beside a fitted first stage.

    Returns:
        None where none is asked for, or the past is too short to learn from.
    """
    asked = ranking.second_stage
    if asked is None:
        return None
    targets = [target for target in Target if getattr(asked, target.value)]
    learnt: Mapping[Target, list[Examples]] = {target: [] for target in targets}
    for number, split in enumerate(windows(candidate.interactions, NETWORKS.windows)):
        before = fit(dataset, split.train, split.as_of, algorithm, seed)
        known = catalogue(split.train, split.as_of)
        for target in targets:
            random = np.random.default_rng([seed, number])
            learnt[target].extend(lessons(split, before, known, ranking, target, asked.depth, random))
    networks: dict[Target, Networks] = {}
    for target in targets:
        examples = Examples.joined(learnt[target])
        if examples is not None:
            networks[target] = trained(examples, NETWORKS, seed)
    if not networks:
        return None
    known = catalogue(candidate.interactions, candidate.as_of)
    return SecondStage(
        known,
        (*FEATURES, *known.names),
        networks.get(Target.NEW_ITEMS),
        networks.get(Target.ALL_ITEMS),
        asked.depth,
    )
